/* SPDX-License-Identifier: Apache-2.0
 * errand.c: see errand.h. One thread for all runs of an errand, made at the first: libraries keep
 * something for each thread that has ever been (GnuTLS its source of random numbers). */
#include "health/errand.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "lb/clock.h"

struct cfc_errand {
    const cfc_errand_kind_t *kind;
    void *work;
    cfc_errand_plan_t plan;
    bool has_thread;
    pthread_mutex_t lock;           /* of what follows */
    pthread_cond_t told;            /* one of them has changed */
    bool at_work;                   /* set by the loop, cleared by the thread */
    int64_t took_ms;                /* the last run, by the thread's own clock */
    bool left;                      /* the loop has ended it: the thread gives all back */
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
    pthread_mutex_init(&errand->lock, NULL);
    pthread_cond_init(&errand->told, NULL);
    return errand;
}

static void drop(cfc_errand_t *errand)
{
    errand->kind->drop(errand->work);
    pthread_cond_destroy(&errand->told);
    pthread_mutex_destroy(&errand->lock);
    free(errand);
}

static void *live(void *data)
{
    cfc_errand_t *errand = data;
    int64_t began_ms;

    pthread_mutex_lock(&errand->lock);
    while (!errand->left) {
        if (!errand->at_work) {
            pthread_cond_wait(&errand->told, &errand->lock);
            continue;
        }
        pthread_mutex_unlock(&errand->lock);
        began_ms = cfc_now_ms();
        errand->kind->run(errand->work);
        pthread_mutex_lock(&errand->lock);
        errand->took_ms = cfc_now_ms() - began_ms;
        errand->at_work = false;
    }
    pthread_mutex_unlock(&errand->lock);
    drop(errand);
    return NULL;
}

/* Signals are the loop's to see: it ends the process. */
static bool make_thread(cfc_errand_t *errand)
{
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all, before;
    bool made;

    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    made = pthread_create(&thread, &attributes, live, errand) == 0;
    pthread_attr_destroy(&attributes);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return made;
}

static bool begin(cfc_errand_t *errand)
{
    errand->has_thread = errand->has_thread || make_thread(errand);
    if (errand->has_thread) {
        pthread_mutex_lock(&errand->lock);
        errand->at_work = true;
        pthread_cond_signal(&errand->told);
        pthread_mutex_unlock(&errand->lock);
    }
    return errand->has_thread;
}

static bool is_at_work(cfc_errand_t *errand)
{
    bool at_work;

    pthread_mutex_lock(&errand->lock);
    at_work = errand->at_work;
    pthread_mutex_unlock(&errand->lock);
    return at_work;
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
    cfc_errand_event_t event = cfc_errand_plan(&errand->plan, !is_at_work(errand), now_ms);

    if (event == CFC_ERRAND_BEGIN && !begin(errand)) {
        errand->plan.phase = CFC_ERRAND_LATE;
        return CFC_ERRAND_OVERDUE;
    }
    if (errand->plan.phase == CFC_ERRAND_LATE) {
        errand->kind->hang_up(errand->work);    /* again: it may only now have what to hang up */
    }
    return event;
}

int64_t cfc_errand_took_ms(cfc_errand_t *errand)
{
    int64_t took_ms;

    pthread_mutex_lock(&errand->lock);
    took_ms = errand->took_ms;
    pthread_mutex_unlock(&errand->lock);
    return took_ms;
}

void cfc_errand_end(cfc_errand_t *errand)
{
    if (!errand->has_thread) {
        drop(errand);
        return;
    }
    errand->kind->hang_up(errand->work);
    pthread_mutex_lock(&errand->lock);
    errand->left = true;
    pthread_cond_signal(&errand->told);
    pthread_mutex_unlock(&errand->lock);
}
