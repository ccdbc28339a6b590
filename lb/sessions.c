/* SPDX-License-Identifier: Apache-2.0
 * sessions.c: the sketch of sessions.h. Pure but for its memory; time is a parameter. */
#include "lb/sessions.h"

#include <assert.h>
#include <stdbool.h>

#include "lb/hash.h"

#define REGISTERS CFC_SKETCH_REGISTERS
#define INDEX_BITS 13
#define RANKS 15        /* the highest value of a register */
#define HALF_BITS 4

static_assert(REGISTERS == 1 << INDEX_BITS, "a register for each index");
static_assert(RANKS == (1 << HALF_BITS) - 1, "a register is half a byte");

uint64_t cfc_sessions_hash(const char *text, size_t length, uint64_t seed)
{
    uint64_t hash = cfc_hash(text, length, CFC_HASH_NOTHING ^ seed);

    /* MurmurHash3's finalizer: FNV alone leaves the high bits of short texts alike. */
    hash = (hash ^ hash >> 33) * UINT64_C(0xff51afd7ed558ccd);
    hash = (hash ^ hash >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    hash ^= hash >> 33;
    return hash != 0 ? hash : 1;
}

/* Zero bits at the low end of what follows the index, plus one: 1 to RANKS. */
static unsigned rank_of(uint64_t hash)
{
    return 1 + (unsigned)__builtin_ctzll(hash >> INDEX_BITS | UINT64_C(1) << (RANKS - 1));
}

void cfc_sketch_note(cfc_sketch_t *sketch, uint64_t hash)
{
    unsigned index = hash % REGISTERS, rank = rank_of(hash);
    unsigned shift = index % 2 * HALF_BITS;
    _Atomic uint8_t *at = &sketch->pairs[index / 2];
    uint8_t is = atomic_load_explicit(at, memory_order_relaxed), with;

    do {
        if ((is >> shift & RANKS) >= rank) {
            return;
        }
        with = (uint8_t)((is & ~(RANKS << shift)) | rank << shift);
    } while (!atomic_compare_exchange_weak_explicit(at, &is, with, memory_order_relaxed,
                                                    memory_order_relaxed));
}

void cfc_sketch_clear(cfc_sketch_t *sketch)
{
    for (int i = 0; i < REGISTERS / 2; i++) {
        atomic_store_explicit(&sketch->pairs[i], 0, memory_order_relaxed);
    }
}

/* Registers as sketches are laid over each other. */
typedef struct {
    uint8_t most[REGISTERS];
} layers_t;

static void lay(layers_t *layers, const cfc_sketch_t *sketch)
{
    for (int i = 0; i < REGISTERS / 2; i++) {
        uint8_t pair = atomic_load_explicit(&sketch->pairs[i], memory_order_relaxed);
        uint8_t low = pair & RANKS, high = pair >> HALF_BITS;
        uint8_t *most = &layers->most[2 * i];

        most[0] = low > most[0] ? low : most[0];
        most[1] = high > most[1] ? high : most[1];
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

/* Ertl's estimator without its part for full registers, of which there are too few to matter. */
static uint64_t estimate(const layers_t *layers)
{
    const double alpha = 0.721347520444481703680;   /* 1 / (2 ln 2) */
    uint32_t counts[RANKS + 1] = {0};
    double z = 0;

    for (int i = 0; i < REGISTERS; i++) {
        counts[layers->most[i]]++;
    }
    if (counts[0] == REGISTERS) {
        return 0;
    }
    for (int rank = RANKS; rank >= 1; rank--) {
        z = 0.5 * (z + counts[rank]);
    }
    z += REGISTERS * sigma((double)counts[0] / REGISTERS);
    return (uint64_t)(alpha * REGISTERS * REGISTERS / z + 0.5);
}

uint64_t cfc_sketch_count(const cfc_sketch_t *sketch)
{
    layers_t layers = {{0}};

    lay(&layers, sketch);
    return estimate(&layers);
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
    cfc_sketch_clear(&slice->sketch);
    atomic_store_explicit(&slice->epoch, epoch, memory_order_release);
    return true;
}

void cfc_sessions_note(cfc_sessions_t *sessions, uint64_t hash, apr_time_t now,
                       apr_int64_t window_ms)
{
    uint64_t epoch = epoch_of(now, window_ms);
    cfc_sessions_slice_t *slice = &sessions->slices[epoch % CFC_SESSIONS_SLICES];

    if (turn(slice, epoch)) {
        cfc_sketch_note(&slice->sketch, hash);
    }
}

uint64_t cfc_sessions_count(const cfc_sessions_t *sessions, apr_time_t now,
                            apr_int64_t window_ms)
{
    uint64_t epoch = epoch_of(now, window_ms);
    layers_t layers = {{0}};

    for (int i = 0; i < CFC_SESSIONS_SLICES; i++) {
        const cfc_sessions_slice_t *slice = &sessions->slices[i];

        if (epoch - atomic_load_explicit(&slice->epoch, memory_order_acquire)
            < CFC_SESSIONS_SLICES) {
            lay(&layers, &slice->sketch);
        }
    }
    return estimate(&layers);
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
