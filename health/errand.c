/* SPDX-License-Identifier: Apache-2.0
 * errand.c: see errand.h. A thread is made for each run: between two runs there is none. */
#include "health/errand.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

/* Who is still there: the loop and the thread meet here, and the last one cleans up. */
enum { WITH_THREAD, THREAD_ENDED, LOOP_LEFT };

struct cfc_errand {
    const cfc_errand_kind_t *kind;
    void *work;
    cfc_errand_plan_t plan;
    _Atomic int meeting;
};

cfc_errand_event_t cfc_errand_plan(cfc_errand_plan_t *plan, bool ended, int64_t now_ms)
{
    switch (plan->phase) {
    case CFC_ERRAND_HOME:
        if (now_ms < plan->due_ms) {
            return CFC_ERRAND_NOTHING;
        }
        plan->phase = CFC_ERRAND_OUT;
        plan->began_ms = now_ms;
        plan->due_ms = CFC_ERRAND_WHEN_TOLD;
        return CFC_ERRAND_BEGIN;
    case CFC_ERRAND_OUT:
        if (ended) {
            plan->phase = CFC_ERRAND_HOME;
            return CFC_ERRAND_BACK;
        }
        if (now_ms - plan->began_ms < plan->timeout_ms) {
            return CFC_ERRAND_NOTHING;
        }
        plan->phase = CFC_ERRAND_LATE;
        return CFC_ERRAND_OVERDUE;
    case CFC_ERRAND_LATE:
        if (ended) {
            plan->phase = CFC_ERRAND_HOME;
            return CFC_ERRAND_NOTHING;
        }
        break;
    }
    if (now_ms - plan->began_ms - plan->timeout_ms >= CFC_ERRAND_STUCK_MS) {
        return CFC_ERRAND_STUCK;
    }
    if (now_ms < plan->due_ms) {
        return CFC_ERRAND_NOTHING;
    }
    plan->due_ms = CFC_ERRAND_WHEN_TOLD;
    return CFC_ERRAND_OVERDUE;
}

cfc_errand_t *cfc_errand_make(const cfc_errand_kind_t *kind, void *work, int64_t timeout_ms)
{
    cfc_errand_t *errand = work != NULL ? calloc(1, sizeof(*errand)) : NULL;

    if (errand == NULL) {
        if (work != NULL) {
            kind->drop(work);
        }
        return NULL;
    }
    errand->kind = kind;
    errand->work = work;
    errand->plan.timeout_ms = timeout_ms;
    errand->meeting = THREAD_ENDED;
    return errand;
}

static void drop(cfc_errand_t *errand)
{
    errand->kind->drop(errand->work);
    free(errand);
}

static void *run(void *data)
{
    cfc_errand_t *errand = data;
    int expected = WITH_THREAD;

    errand->kind->run(errand->work);
    if (!atomic_compare_exchange_strong(&errand->meeting, &expected, THREAD_ENDED)) {
        drop(errand);
    }
    return NULL;
}

/* Signals are the loop's to see: it ends the process. */
static bool begin(cfc_errand_t *errand)
{
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all, before;
    bool begun;

    errand->meeting = WITH_THREAD;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    begun = pthread_create(&thread, &attributes, run, errand) == 0;
    pthread_attr_destroy(&attributes);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!begun) {
        errand->meeting = THREAD_ENDED;
    }
    return begun;
}

void cfc_errand_due(cfc_errand_t *errand, int64_t due_ms)
{
    errand->plan.due_ms = due_ms;
}

int64_t cfc_errand_due_ms(const cfc_errand_t *errand)
{
    const cfc_errand_plan_t *plan = &errand->plan;

    return plan->phase == CFC_ERRAND_OUT ? plan->began_ms + plan->timeout_ms : plan->due_ms;
}

cfc_errand_event_t cfc_errand_tend(cfc_errand_t *errand, int64_t now_ms)
{
    bool ended = atomic_load(&errand->meeting) == THREAD_ENDED;
    cfc_errand_event_t event = cfc_errand_plan(&errand->plan, ended, now_ms);

    if (event == CFC_ERRAND_BEGIN && !begin(errand)) {
        errand->plan.phase = CFC_ERRAND_LATE;
        return CFC_ERRAND_OVERDUE;
    }
    if (event == CFC_ERRAND_OVERDUE) {
        errand->kind->hang_up(errand->work);
    }
    return event;
}

void cfc_errand_end(cfc_errand_t *errand)
{
    int expected = WITH_THREAD;

    if (atomic_load(&errand->meeting) == WITH_THREAD) {
        errand->kind->hang_up(errand->work);
    }
    if (!atomic_compare_exchange_strong(&errand->meeting, &expected, LOOP_LEFT)) {
        drop(errand);
    }
}
