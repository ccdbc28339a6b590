/* SPDX-License-Identifier: Apache-2.0
 * errand.h: work that may block, done again and again on a thread of its own in the monitor, with
 * a deadline that holds whatever a library waits for: the loop goes on without the thread.
 *
 *              due            back in time
 *      HOME --------> OUT ------------------> HOME       its result counts
 *                      |
 *                      | deadline: hung up on, "no answer" is its result
 *                      v        back at last
 *                     LATE -----------------> HOME       its result is dropped
 *                      |
 *                      | five minutes later
 *                      v
 *                     stuck: only another process helps
 */
#ifndef CFC_HEALTH_ERRAND_H
#define CFC_HEALTH_ERRAND_H

#include <stdbool.h>
#include <stdint.h>

/* Longer than the look-up of a name takes, when no server of names answers, to give up: with three
 * of them and a few domains to search through that can be minutes. */
#define CFC_ERRAND_STUCK_MS 300000
#define CFC_ERRAND_WHEN_TOLD INT64_MAX

typedef enum {
    CFC_ERRAND_HOME,            /* no thread works on it */
    CFC_ERRAND_OUT,
    CFC_ERRAND_LATE
} cfc_errand_phase_t;

/** When it is to begin and to end. Times are monotonic milliseconds. */
typedef struct {
    cfc_errand_phase_t phase;
    int64_t timeout_ms;
    int64_t due_ms;
    int64_t began_ms;
} cfc_errand_plan_t;

typedef enum {
    CFC_ERRAND_NOTHING,
    CFC_ERRAND_BEGIN,           /* it is due */
    CFC_ERRAND_BACK,            /* it has ended in time: look at the result */
    CFC_ERRAND_OVERDUE,         /* it has not; the work must not be touched while it is LATE.
                                   Again each time that it is due while it is still LATE */
    CFC_ERRAND_STUCK            /* each time from five minutes after its deadline on */
} cfc_errand_event_t;

/**
 * What there is to do now; the plan takes it for done. Pure.
 * @param ended whether the thread that works on it has ended
 */
cfc_errand_event_t cfc_errand_plan(cfc_errand_plan_t *plan, bool ended, int64_t now_ms);

/** How the work is done. */
typedef struct {
    void (*run)(void *work);        /* on its thread; all signals are blocked there */
    void (*hang_up)(void *work);    /* from the loop: have run() end soon. Must not block; also
                                       called between runs, and again while one does not end */
    void (*drop)(void *work);       /* give it back; on its thread if it has one */
} cfc_errand_kind_t;

typedef struct cfc_errand cfc_errand_t;

/**
 * Owner:   the errand owns work from now on, also when NULL is returned (then it was dropped).
 * @return NULL: no memory
 */
cfc_errand_t *cfc_errand_make(const cfc_errand_kind_t *kind, void *work, int64_t timeout_ms);

/** Begin at that time, or at once when it has passed; CFC_ERRAND_WHEN_TOLD: not by itself. */
void cfc_errand_due(cfc_errand_t *errand, int64_t due_ms);
int64_t cfc_errand_due_ms(const cfc_errand_t *errand);

/**
 * Do what there is to do. A thread that cannot be started counts as one that missed its deadline.
 * @return what happened
 */
cfc_errand_event_t cfc_errand_tend(cfc_errand_t *errand, int64_t now_ms);

/** How long the last run took that has ended; the loop may see its end a moment later. */
int64_t cfc_errand_took_ms(cfc_errand_t *errand);

/** Forget it: hangs up, and leaves the rest to its thread, if it has one. */
void cfc_errand_end(cfc_errand_t *errand);

#endif
