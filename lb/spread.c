/* SPDX-License-Identifier: Apache-2.0
 * spread.c: see spread.h. Pure but for its memory; time is a parameter. */
#include "lb/spread.h"

#include <string.h>

#define LINEAR_US 64            /* below, all buckets are of one size */
#define LINEAR_BITS 6
#define STEP_BITS 3             /* 2^3 buckets to each doubling */
#define LONGEST_US ((INT64_C(1) << 30) - 1)

static int64_t period_of(apr_time_t now)
{
    return now / CFC_SPREAD_PERIOD;
}

static int bucket_of(apr_interval_time_t us)
{
    int top;

    if (us < LINEAR_US) {
        return us > 0 ? (int)(us >> STEP_BITS) : 0;
    }
    us = us < LONGEST_US ? us : LONGEST_US;
    top = 63 - __builtin_clzll((unsigned long long)us);
    return ((top - LINEAR_BITS + 1) << STEP_BITS) + (int)((us >> (top - STEP_BITS)) & 7);
}

/* Half of what is in a bucket is on either side of it. */
static apr_interval_time_t middle_of(int bucket)
{
    int doublings = (bucket >> STEP_BITS) + LINEAR_BITS - 1;
    apr_interval_time_t width;

    if (bucket < 8) {
        return (bucket << STEP_BITS) + 4;
    }
    width = INT64_C(1) << (doublings - STEP_BITS);
    return (8 + (bucket & 7)) * width + width / 2;
}

void cfc_spread_note(cfc_spread_t *spread, apr_interval_time_t us, apr_time_t now)
{
    atomic_fetch_add_explicit(
        &spread->windows[period_of(now) % CFC_SPREAD_WINDOWS].counts[bucket_of(us)], 1,
        memory_order_relaxed);
}

static void prepare(cfc_spread_t *spread, int64_t period)
{
    int window = (int)(period % CFC_SPREAD_WINDOWS);

    if (atomic_load(&spread->windows[window].period) == period) {
        return;
    }
    for (int i = 0; i < CFC_SPREAD_BUCKETS; i++) {
        atomic_store_explicit(&spread->windows[window].counts[i], 0, memory_order_relaxed);
    }
    atomic_store(&spread->windows[window].period, period);
}

void cfc_spread_prepare(cfc_spread_t *spread, apr_time_t now)
{
    prepare(spread, period_of(now));
    prepare(spread, period_of(now) + 1);
}

static uint64_t add(const cfc_spread_t *spread, int64_t period, uint32_t *counts)
{
    int window = (int)(period % CFC_SPREAD_WINDOWS);
    uint64_t sum = 0;

    if (atomic_load(&spread->windows[window].period) != period) {
        return 0;
    }
    for (int i = 0; i < CFC_SPREAD_BUCKETS; i++) {
        uint32_t count =
            atomic_load_explicit(&spread->windows[window].counts[i], memory_order_relaxed);

        counts[i] += count;
        sum += count;
    }
    return sum;
}

static apr_interval_time_t percentile(const uint32_t *counts, uint64_t sum, unsigned pct)
{
    uint64_t rank = (sum * pct + 99) / 100, below = 0;

    for (int i = 0; i < CFC_SPREAD_BUCKETS; i++) {
        below += counts[i];
        if (below >= rank) {
            return middle_of(i);
        }
    }
    return middle_of(CFC_SPREAD_BUCKETS - 1);
}

void cfc_spread_read(const cfc_spread_t *spread, apr_time_t now, cfc_percentiles_t *percentiles)
{
    uint32_t counts[CFC_SPREAD_BUCKETS] = {0};
    uint64_t sum = add(spread, period_of(now), counts);

    sum += add(spread, period_of(now) - 1, counts);
    memset(percentiles, 0, sizeof(*percentiles));
    if (sum > 0) {
        percentiles->answers = sum;
        percentiles->p50 = percentile(counts, sum, 50);
        percentiles->p95 = percentile(counts, sum, 95);
        percentiles->p99 = percentile(counts, sum, 99);
    }
}
