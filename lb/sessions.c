/* SPDX-License-Identifier: Apache-2.0
 * sessions.c: the sketch of sessions.h. Pure but for its memory; time is a parameter. */
#include "lb/sessions.h"

#include <stdbool.h>

#include "lb/hash.h"

#define REGISTERS CFC_SESSIONS_REGISTERS
#define INDEX_BITS 13
#define RANKS (64 - INDEX_BITS + 1)     /* the highest value of a register */

static_assert(REGISTERS == 1 << INDEX_BITS, "a register for each index");

uint64_t cfc_sessions_hash(const char *text, size_t length, uint64_t seed)
{
    uint64_t hash = cfc_hash(text, length, CFC_HASH_NOTHING ^ seed);

    /* MurmurHash3's finalizer: FNV alone leaves the high bits of short texts alike. */
    hash = (hash ^ hash >> 33) * UINT64_C(0xff51afd7ed558ccd);
    hash = (hash ^ hash >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    hash ^= hash >> 33;
    return hash != 0 ? hash : 1;
}

static uint64_t epoch_of(apr_time_t now, apr_int64_t window_ms)
{
    return (uint64_t)(apr_time_as_msec(now) / (window_ms / CFC_SESSIONS_SLICES));
}

/* Make the slice one of this epoch. @return false: somebody else is at it; what is not noted
 * meanwhile is noted with the client's next request */
static bool turn(cfc_sessions_slice_t *slice, uint64_t epoch)
{
    uint64_t found = atomic_load_explicit(&slice->epoch, memory_order_acquire);

    if (found == epoch) {
        return true;
    }
    /* One who died while clearing is passed over when the slice's turn comes again. */
    if (found == ~epoch || !atomic_compare_exchange_strong(&slice->epoch, &found, ~epoch)) {
        return false;
    }
    for (int i = 0; i < REGISTERS; i++) {
        atomic_store_explicit(&slice->registers[i], 0, memory_order_relaxed);
    }
    atomic_store_explicit(&slice->epoch, epoch, memory_order_release);
    return true;
}

/* Zero bits at the low end of what follows the index, plus one: 1 to RANKS. */
static uint8_t rank_of(uint64_t hash)
{
    return (uint8_t)(1 + __builtin_ctzll(hash >> INDEX_BITS | UINT64_C(1) << (RANKS - 1)));
}

void cfc_sessions_note(cfc_sessions_t *sessions, uint64_t hash, apr_time_t now,
                       apr_int64_t window_ms)
{
    uint64_t epoch = epoch_of(now, window_ms);
    cfc_sessions_slice_t *slice = &sessions->slices[epoch % CFC_SESSIONS_SLICES];
    _Atomic uint8_t *at = &slice->registers[hash % REGISTERS];
    uint8_t rank = rank_of(hash), is;

    if (!turn(slice, epoch)) {
        return;
    }
    is = atomic_load_explicit(at, memory_order_relaxed);
    while (is < rank
           && !atomic_compare_exchange_weak_explicit(at, &is, rank, memory_order_relaxed,
                                                     memory_order_relaxed)) {
    }
}

/* Each register's maximum over the slices of the window, counted by value. */
static void histogram(const cfc_sessions_t *sessions, uint64_t epoch, uint32_t *counts)
{
    uint8_t most[REGISTERS] = {0};

    for (int i = 0; i < CFC_SESSIONS_SLICES; i++) {
        const cfc_sessions_slice_t *slice = &sessions->slices[i];

        if (epoch - atomic_load_explicit(&slice->epoch, memory_order_acquire)
            >= CFC_SESSIONS_SLICES) {
            continue;
        }
        for (int j = 0; j < REGISTERS; j++) {
            uint8_t value = atomic_load_explicit(&slice->registers[j], memory_order_relaxed);

            most[j] = value > most[j] ? value : most[j];
        }
    }
    for (int j = 0; j < REGISTERS; j++) {
        counts[most[j] <= RANKS ? most[j] : RANKS]++;
    }
}

/* Ertl's sigma: what registers that are still 0 tell, as their share of all. */
static double sigma(double share)
{
    double power = 1, sum = share, before;

    do {
        share *= share;
        before = sum;
        sum += share * power;
        power += power;
    } while (sum != before);
    return sum;
}

/* Ertl's estimator without its part for full registers: 51 zero bits in a row do not occur. */
static double estimate(const uint32_t *counts)
{
    const double alpha = 0.721347520444481703680;   /* 1 / (2 ln 2) */
    double z = 0;

    if (counts[0] == REGISTERS) {
        return 0;
    }
    for (int rank = RANKS; rank >= 1; rank--) {
        z = 0.5 * (z + counts[rank]);
    }
    z += REGISTERS * sigma((double)counts[0] / REGISTERS);
    return alpha * REGISTERS * REGISTERS / z;
}

uint64_t cfc_sessions_count(const cfc_sessions_t *sessions, apr_time_t now,
                            apr_int64_t window_ms)
{
    uint32_t counts[RANKS + 1] = {0};
    double count;

    histogram(sessions, epoch_of(now, window_ms), counts);
    count = estimate(counts);
    return count < UINT32_MAX ? (uint64_t)(count + 0.5) : UINT32_MAX;   /* of garbage: anything */
}

void cfc_sessions_clear(cfc_sessions_t *sessions)
{
    for (int i = 0; i < CFC_SESSIONS_SLICES; i++) {
        atomic_store(&sessions->slices[i].epoch, 0);
    }
}

void cfc_sessions_mark(cfc_sessions_t *sessions, uint64_t picked, apr_time_t now,
                       apr_int64_t window_ms)
{
    uint64_t count = cfc_sessions_count(sessions, now, window_ms);

    atomic_store_explicit(&sessions->mark, count << 32 | (picked & UINT32_MAX),
                          memory_order_relaxed);
}

uint64_t cfc_sessions_live(const cfc_sessions_t *sessions, uint64_t picked)
{
    uint64_t mark = atomic_load_explicit(&sessions->mark, memory_order_relaxed);

    /* In 32 bits, as `picked` was cut to them. */
    return (mark >> 32) + (uint32_t)(picked - mark);
}
