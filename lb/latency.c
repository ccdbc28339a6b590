/* SPDX-License-Identifier: Apache-2.0
 * latency.c: the average of latency.h. Pure but for its one word; time is a parameter. */
#include "lb/latency.h"

#define NOTE_TRIES 4

/* Quick answers count so often and no oftener: the little that time has changed between two of
 * them would be lost in rounding, and many of them would keep the average up for ever. */
#define QUICK_PAUSE_MS 100

static uint32_t stamp_of(apr_time_t now)
{
    return (uint32_t)apr_time_as_msec(now);
}

/* How many ms ago it was noted. A stamp from ahead (another child's clock was read later, or the
 * clock was set back) is one of now; beyond 24 days the difference means nothing, nor does what
 * was noted so long ago. */
static uint32_t age_of(uint64_t packed, uint32_t now)
{
    int32_t age = (int32_t)(now - (uint32_t)(packed >> 32));

    return age > 0 ? (uint32_t)age : 0;
}

/* Halved once in every CFC_LATENCY_HALF_MS, straight in between. */
static uint32_t decayed(uint64_t packed, uint32_t now)
{
    uint32_t age = age_of(packed, now);
    uint64_t us = packed & UINT32_MAX;
    uint32_t halves = age / CFC_LATENCY_HALF_MS, rest = age % CFC_LATENCY_HALF_MS;

    if (halves >= 32) {
        return 0;
    }
    us >>= halves;
    return (uint32_t)(us - us * rest / (2 * CFC_LATENCY_HALF_MS));
}

/* What remains of `us` above `floor` when the part above it decays. */
static uint32_t towards(uint64_t packed, uint32_t floor, uint32_t now)
{
    uint32_t us = (uint32_t)packed;

    if (us <= floor) {
        return floor;
    }
    return floor + decayed((packed & ~(uint64_t)UINT32_MAX) | (us - floor), now);
}

void cfc_latency_note(cfc_latency_t *latency, apr_interval_time_t us, apr_time_t now)
{
    uint32_t stamp = stamp_of(now);
    uint32_t sample = us < 1                    ? 1
                      : us < CFC_LATENCY_MAX_US ? (uint32_t)us
                                                : CFC_LATENCY_MAX_US;
    uint64_t before = atomic_load_explicit(latency, memory_order_relaxed);

    for (int i = 0; i < NOTE_TRIES; i++) {
        uint64_t after = (uint64_t)stamp << 32 | towards(before, sample, stamp);

        if (sample < (uint32_t)before && age_of(before, stamp) < QUICK_PAUSE_MS) {
            return;
        }
        if (atomic_compare_exchange_weak_explicit(latency, &before, after, memory_order_relaxed,
                                                  memory_order_relaxed)) {
            return;
        }
    }
}

uint32_t cfc_latency_us(const cfc_latency_t *latency, apr_time_t now)
{
    return decayed(atomic_load_explicit(latency, memory_order_relaxed), stamp_of(now));
}
