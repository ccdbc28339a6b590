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

/* The shortest time that is counted in a bucket. */
static apr_interval_time_t begin_of(int bucket)
{
    if (bucket < 8) {
        return bucket << STEP_BITS;
    }
    return (INT64_C(8) + (bucket & 7)) << ((bucket >> STEP_BITS) + LINEAR_BITS - 1 - STEP_BITS);
}

/* Half of what is in a bucket is on either side of it. */
static apr_interval_time_t middle_of(int bucket)
{
    return (begin_of(bucket) + begin_of(bucket + 1)) / 2;
}

void cfc_spread_note(cfc_spread_t *spread, apr_interval_time_t us)
{
    atomic_fetch_add_explicit(&spread->counts[bucket_of(us)], 1, memory_order_relaxed);
}

static void mark(cfc_spread_t *spread, int64_t period)
{
    int place = (int)(period % CFC_SPREAD_MARKS);

    if (atomic_load(&spread->marks[place].period) == period) {
        return;
    }
    for (int i = 0; i < CFC_SPREAD_BUCKETS; i++) {
        atomic_store_explicit(&spread->marks[place].counts[i],
                              (uint32_t)atomic_load_explicit(&spread->counts[i],
                                                             memory_order_relaxed),
                              memory_order_relaxed);
    }
    atomic_store(&spread->marks[place].period, period);
}

/* Where nobody has marked the period before, only what comes from now on counts as of the last
 * minutes: what was there when it began is not known any more. */
void cfc_spread_mark(cfc_spread_t *spread, apr_time_t now)
{
    mark(spread, period_of(now) - 1);
    mark(spread, period_of(now));
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
    int64_t period = period_of(now) - 1;
    int place = (int)(period % CFC_SPREAD_MARKS);
    uint32_t counts[CFC_SPREAD_BUCKETS];
    uint64_t sum = 0;

    memset(percentiles, 0, sizeof(*percentiles));
    if (atomic_load(&spread->marks[place].period) != period) {
        return;
    }
    for (int i = 0; i < CFC_SPREAD_BUCKETS; i++) {
        counts[i] = (uint32_t)atomic_load_explicit(&spread->counts[i], memory_order_relaxed)
                    - atomic_load_explicit(&spread->marks[place].counts[i], memory_order_relaxed);
        sum += counts[i];
    }
    if (sum > 0) {
        percentiles->answers = sum;
        percentiles->p50 = percentile(counts, sum, 50);
        percentiles->p95 = percentile(counts, sum, 95);
        percentiles->p99 = percentile(counts, sum, 99);
    }
}

void cfc_spread_histogram(const cfc_spread_t *spread, cfc_histogram_t *histogram)
{
    memset(histogram, 0, sizeof(*histogram));
    for (int i = 0, edge = 0; i < CFC_SPREAD_BUCKETS; i++) {
        uint64_t count = atomic_load_explicit(&spread->counts[i], memory_order_relaxed);

        if (edge < CFC_HISTOGRAM_EDGES && begin_of(i) == cfc_histogram_edge(edge)) {
            histogram->within[edge++] = histogram->answers;
        }
        histogram->answers += count;
        histogram->sum_us += (apr_interval_time_t)count * middle_of(i);
    }
}

apr_interval_time_t cfc_histogram_edge(int i)
{
    return (INT64_C(512) * (2 + i % 2)) << (i / 2);
}
