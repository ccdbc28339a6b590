/* SPDX-License-Identifier: Apache-2.0
 * record.c: the sequence lock of record.h.
 * Source: H.-J. Boehm, "Can Seqlocks Get Along With Programming Language Memory Models?",
 * MSPC 2012: relaxed atomic data between an acquire load and an acquire fence. */
#include "lb/record.h"

#include <assert.h>
#include <string.h>

/* A write takes well under a microsecond: whoever meets an odd number this often met a
 * writer that was killed or stopped inside. */
#define READ_TRIES 10000

void cfc_words_write(_Atomic uint32_t *at, _Atomic uint64_t *to, size_t room, const void *data,
                     size_t bytes)
{
    uint64_t words[CFC_WORDS_MAX] = {0};
    uint32_t seq = atomic_load_explicit(at, memory_order_relaxed) | 1u;

    assert(room <= CFC_WORDS_MAX && bytes <= room * sizeof(uint64_t));
    memcpy(words, data, bytes);
    atomic_store_explicit(at, seq, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    for (size_t i = 0; i < room; i++) {
        atomic_store_explicit(&to[i], words[i], memory_order_relaxed);
    }
    atomic_store_explicit(at, seq + 1u, memory_order_release);
}

bool cfc_words_read(const _Atomic uint32_t *at, const _Atomic uint64_t *from, size_t room,
                    void *data, size_t bytes)
{
    uint64_t words[CFC_WORDS_MAX];

    assert(room <= CFC_WORDS_MAX && bytes <= room * sizeof(uint64_t));
    for (int tries = 0; tries < READ_TRIES; tries++) {
        uint32_t before = atomic_load_explicit(at, memory_order_acquire);

        if (before == 0) {
            break;
        }
        if (before & 1u) {
            continue;
        }
        for (size_t i = 0; i < room; i++) {
            words[i] = atomic_load_explicit(&from[i], memory_order_relaxed);
        }
        atomic_thread_fence(memory_order_acquire);
        if (atomic_load_explicit(at, memory_order_relaxed) == before) {
            memcpy(data, words, bytes);
            return true;
        }
    }
    memset(data, 0, bytes);
    return false;
}

void cfc_record_write(cfc_record_t *record, const void *data, size_t bytes)
{
    cfc_words_write(&record->seq, record->words, CFC_RECORD_WORDS, data, bytes);
}

bool cfc_record_read(const cfc_record_t *record, void *data, size_t bytes)
{
    return cfc_words_read(&record->seq, record->words, CFC_RECORD_WORDS, data, bytes);
}
