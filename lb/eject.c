/* SPDX-License-Identifier: Apache-2.0
 * eject.c: counts failures in a row and doubles the time out. Pure: time is a parameter.
 * Source: Envoy's outlier detection (consecutive failures, growing ejection time) and mod_jk's
 * ERR/PRB (one request at a time recovers a worker); facts/peers.md A4 and D1. */
#include "lb/eject.h"

#define TRIAL_PAUSE apr_time_from_sec(1)
#define TRIAL_LOST apr_time_from_sec(60)
#define CALM_TIMES 10       /* so many times its first ejection without a new one: forgiven */
#define DOUBLINGS_MAX 20

static apr_int64_t duration_ms(const cfc_eject_conf_t *conf, uint32_t times)
{
    apr_int64_t ms = conf->time_ms << (times < DOUBLINGS_MAX ? times : DOUBLINGS_MAX);

    return ms < conf->max_ms ? ms : conf->max_ms;
}

static bool calm(const cfc_eject_t *eject, const cfc_eject_conf_t *conf, apr_time_t now)
{
    return now - atomic_load(&eject->back_at) > apr_time_from_msec(conf->time_ms * CALM_TIMES);
}

apr_int64_t cfc_eject_failed(cfc_eject_t *eject, const cfc_eject_conf_t *conf, apr_time_t now)
{
    int64_t until = atomic_load(&eject->until);
    uint32_t failures = atomic_fetch_add(&eject->failures, 1) + 1;
    apr_int64_t ms;

    if (conf->failures == 0) {
        return 0;
    }
    /* Ejected: what fails before the trials was under way, or had no other node to go to. */
    if (until == 0 ? failures < conf->failures : now < until) {
        return 0;
    }
    if (until == 0 && calm(eject, conf, now)) {
        atomic_store(&eject->times, 0);
    }
    ms = duration_ms(conf, atomic_load(&eject->times));
    if (!atomic_compare_exchange_strong(&eject->until, &until, now + apr_time_from_msec(ms))) {
        return 0;   /* another thread's failure did it at this moment */
    }
    atomic_fetch_add(&eject->times, 1);
    return ms;
}

bool cfc_eject_answered(cfc_eject_t *eject, apr_time_t now)
{
    int64_t until;

    if (atomic_load_explicit(&eject->failures, memory_order_relaxed) != 0) {
        atomic_store(&eject->failures, 0);
    }
    until = atomic_load_explicit(&eject->until, memory_order_relaxed);
    if (until == 0 || now < until) {
        return false;
    }
    if (!atomic_compare_exchange_strong(&eject->until, &until, 0)) {
        return false;
    }
    atomic_store(&eject->back_at, now);
    return true;
}

bool cfc_eject_try(cfc_eject_t *eject, apr_time_t now)
{
    int64_t until = atomic_load_explicit(&eject->until, memory_order_relaxed);
    int64_t last = atomic_load_explicit(&eject->tried_at, memory_order_relaxed);

    return until != 0 && now >= until && (last < 0 ? now + last >= TRIAL_LOST
                                                   : now - last >= TRIAL_PAUSE)
           && atomic_compare_exchange_strong(&eject->tried_at, &last, -now);
}

void cfc_eject_tried(cfc_eject_t *eject, apr_time_t at)
{
    int64_t mine = -at;     /* or a later one's, if this one was given up */

    atomic_compare_exchange_strong(&eject->tried_at, &mine, at);
}

void cfc_eject_clear(cfc_eject_t *eject)
{
    atomic_store(&eject->failures, 0);
    atomic_store(&eject->times, 0);
    atomic_store(&eject->until, 0);
    atomic_store(&eject->tried_at, 0);
}
