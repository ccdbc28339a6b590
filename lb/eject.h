/* SPDX-License-Identifier: Apache-2.0
 * eject.h: what real requests say of a node. A node whose probe is good but which fails one
 * request after another (it resets, closes, or answers 503) would get every new session, since
 * nobody is less busy. So failures in a row take it out for a time that grows, and one request
 * at a time then tries it. Soft evidence: an ejected node is still the last resort. Pure. */
#ifndef CFC_LB_EJECT_H
#define CFC_LB_EJECT_H

#include <apr_time.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    apr_int64_t failures;       /* in a row that eject; 0: never */
    apr_int64_t time_ms;        /* of the first ejection; doubled for each next one */
    apr_int64_t max_ms;         /* but never longer */
} cfc_eject_conf_t;

/** In a node's slot; zeroed: nothing against it. */
typedef struct {
    _Atomic uint32_t failures;  /* in a row */
    _Atomic uint32_t times;     /* ejected, without a calm between */
    _Atomic int64_t until;      /* apr_time_t from which it is tried; 0: not ejected */
    _Atomic int64_t tried_at;   /* apr_time_t of the last trial; negative: it goes on */
    _Atomic int64_t back_at;    /* apr_time_t at which the last ejection ended */
} cfc_eject_t;

static inline bool cfc_ejected(const cfc_eject_t *eject)
{
    return atomic_load_explicit(&eject->until, memory_order_relaxed) != 0;
}

/**
 * Book a failed request. Any thread.
 * @return for how many ms the node was ejected by this one; 0: it was not
 */
apr_int64_t cfc_eject_failed(cfc_eject_t *eject, const cfc_eject_conf_t *conf, apr_time_t now);

/**
 * Book an answered request. Any thread; writes nothing while all is well.
 * @return whether it ended an ejection
 */
bool cfc_eject_answered(cfc_eject_t *eject, apr_time_t now);

/**
 * Take the next trial of an ejected node, if one is due: after its time, one at a time and one a
 * second. One that is not over after a minute is waited for no longer: its child may have died.
 * @return true: the caller sends it one request that can go elsewhere if it fails, and then calls
 *         cfc_eject_tried(), whatever became of it
 */
bool cfc_eject_try(cfc_eject_t *eject, apr_time_t now);

/** The trial that was taken at this time is over. */
void cfc_eject_tried(cfc_eject_t *eject, apr_time_t at);

/** Forget everything: the node was restarted, by the probes' account. */
void cfc_eject_clear(cfc_eject_t *eject);

#endif
