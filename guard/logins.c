/* SPDX-License-Identifier: Apache-2.0
 * logins.c: see logins.h. The bucket is a virtual clock (the generic cell rate algorithm, ITU-T
 * I.371): one instant says both how full it is and how it runs out, so one compare-and-swap is
 * enough. */
#include "guard/logins.h"

#include <string.h>

#define DUE_BITS 42
#define DUE_MASK ((UINT64_C(1) << DUE_BITS) - 1)
#define WINDOWS_MAX 10      /* of debt */
#define TRIES_MAX 64        /* each failed one means that another thread has counted */

uint64_t cfc_logins_layout(void)
{
    return sizeof(cfc_logins_t) << 16 | offsetof(cfc_logins_t, places) << 8 | DUE_BITS;
}

static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);      /* splitmix64 */
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

uint64_t cfc_logins_key(const cfc_logins_t *logins, const char *cluster,
                        const unsigned char *address, size_t bytes)
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    uint64_t hash = logins->salt[0], head = 0;

    if (bytes == 16 && memcmp(address, mapped, sizeof(mapped)) == 0) {
        address += sizeof(mapped);
        bytes = 4;
    }
    memcpy(&head, address, bytes == 4 ? 4 : 8);
    for (; *cluster != '\0'; cluster++) {
        hash = mix(hash ^ (unsigned char)*cluster);
    }
    return mix(mix(hash ^ head) ^ logins->salt[1] ^ bytes);
}

static uint64_t tag_of(uint64_t key)
{
    uint64_t tag = key >> DUE_BITS;

    return tag != 0 ? tag : 1;
}

/* How full the bucket of a place is, as time; a clock that was set back must not block anybody
 * for longer than a bucket can hold. */
static int64_t debt_of(uint64_t place, const cfc_logins_conf_t *conf, int64_t now_ms)
{
    int64_t debt = (int64_t)(place & DUE_MASK) - now_ms, most = WINDOWS_MAX * conf->window_ms;

    return debt < 0 ? 0 : debt > most ? most : debt;
}

static int64_t step_of(const cfc_logins_conf_t *conf)
{
    return conf->window_ms / conf->limit;
}

static bool is_over(int64_t debt, const cfc_logins_conf_t *conf)
{
    return debt > conf->window_ms - step_of(conf);
}

bool cfc_logins_failed(cfc_logins_t *logins, const cfc_logins_conf_t *conf, uint64_t key,
                       int64_t now_ms)
{
    _Atomic uint64_t *set = logins->places[key % CFC_LOGINS_SETS];
    int64_t most = WINDOWS_MAX * conf->window_ms;

    for (int tries = 0; tries < TRIES_MAX; tries++) {
        _Atomic uint64_t *place = NULL;
        uint64_t old = 0;
        int64_t before, after;

        for (int i = 0; i < CFC_LOGINS_PLACES; i++) {   /* its own, else the soonest empty */
            uint64_t word = atomic_load_explicit(&set[i], memory_order_relaxed);
            bool own = word >> DUE_BITS == tag_of(key);

            if (own || place == NULL || (word & DUE_MASK) < (old & DUE_MASK)) {
                place = &set[i];
                old = word;
            }
            if (own) {
                break;
            }
        }
        before = old >> DUE_BITS == tag_of(key) ? debt_of(old, conf, now_ms) : 0;
        after = before + step_of(conf) < most ? before + step_of(conf) : most;
        if (atomic_compare_exchange_strong_explicit(
                place, &old, tag_of(key) << DUE_BITS | (uint64_t)(now_ms + after),
                memory_order_relaxed, memory_order_relaxed)) {
            return !is_over(before, conf) && is_over(after, conf);
        }
    }
    return false;
}

int64_t cfc_logins_over(const cfc_logins_t *logins, const cfc_logins_conf_t *conf, uint64_t key,
                        int64_t now_ms)
{
    const _Atomic uint64_t *set = logins->places[key % CFC_LOGINS_SETS];

    for (int i = 0; i < CFC_LOGINS_PLACES; i++) {
        uint64_t word = atomic_load_explicit(&set[i], memory_order_relaxed);

        if (word >> DUE_BITS == tag_of(key)) {
            int64_t debt = debt_of(word, conf, now_ms);

            return is_over(debt, conf) ? debt - (conf->window_ms - step_of(conf)) : 0;
        }
    }
    return 0;
}
