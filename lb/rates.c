/* SPDX-License-Identifier: Apache-2.0
 * rates.c: see rates.h. Pure but for its memory; time is a parameter. */
#include "lb/rates.h"

#include <string.h>

#define RATE_LOOKS 10           /* back, about a second each */
#define ERROR_LOOKS 60

typedef struct {
    apr_time_t at;
    uint64_t requests, errors;
} look_t;

void cfc_rates_look(cfc_rates_t *rates, uint64_t requests, uint64_t errors, apr_time_t now)
{
    uint32_t count = atomic_load(&rates->count);
    uint32_t at = count % CFC_RATES_LOOKS;

    atomic_store_explicit(&rates->looks[at].at, now, memory_order_relaxed);
    atomic_store_explicit(&rates->looks[at].requests, requests, memory_order_relaxed);
    atomic_store_explicit(&rates->looks[at].errors, errors, memory_order_relaxed);
    atomic_store(&rates->count, count + 1);
}

/* The look so many before the last one, or the first there is. */
static look_t look_back(const cfc_rates_t *rates, uint32_t count, uint32_t back)
{
    uint32_t at = (count - 1 - (back < count ? back : count - 1)) % CFC_RATES_LOOKS;

    return (look_t){
        .at = atomic_load_explicit(&rates->looks[at].at, memory_order_relaxed),
        .requests = atomic_load_explicit(&rates->looks[at].requests, memory_order_relaxed),
        .errors = atomic_load_explicit(&rates->looks[at].errors, memory_order_relaxed),
    };
}

void cfc_rates_read(const cfc_rates_t *rates, apr_time_t now, cfc_rates_view_t *view)
{
    uint32_t count = atomic_load(&rates->count);
    look_t last, before, minute;

    memset(view, 0, sizeof(*view));
    if (count < 2) {
        return;
    }
    last = look_back(rates, count, 0);
    before = look_back(rates, count, RATE_LOOKS);
    minute = look_back(rates, count, ERROR_LOOKS);
    if (now - last.at > CFC_RATES_STALE || last.at <= before.at) {
        return;
    }
    view->known = true;
    view->requests_per_s = (double)(last.requests - before.requests) * APR_USEC_PER_SEC
                           / (double)(last.at - before.at);
    view->errors = last.errors - minute.errors;
}
