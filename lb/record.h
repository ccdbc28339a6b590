/* SPDX-License-Identifier: Apache-2.0
 * record.h: a small plain struct in shared memory that many processes read whole while one
 * writes it: a sequence lock over relaxed atomic words, so that it is defined C11, needs no
 * lock to read, and a writer killed half-way harms nobody for longer than the next write. */
#ifndef CFC_LB_RECORD_H
#define CFC_LB_RECORD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CFC_RECORD_WORDS 64
#define CFC_WORDS_MAX 128       /* of a record of another size */
#define CFC_RECORD_BYTES (CFC_RECORD_WORDS * sizeof(uint64_t))

typedef struct {
    _Atomic uint32_t seq;                       /* odd while a writer is inside; 0: never written */
    _Atomic uint64_t words[CFC_RECORD_WORDS];
} cfc_record_t;

/**
 * Write a record. Writers must be serialised by the caller (only one process writes it, or
 * they hold the store's lock). Recovers a record whose last writer died inside.
 * @param bytes at most CFC_RECORD_BYTES, asserted
 */
void cfc_record_write(cfc_record_t *record, const void *data, size_t bytes);

/**
 * Read a record whole. Any thread of any process; waits for nobody.
 * @param data filled with zeros when there is nothing to read
 * @return false: never written, or a writer died inside it (nothing is known)
 */
bool cfc_record_read(const cfc_record_t *record, void *data, size_t bytes);

/**
 * The same for a record of another size, whose sequence and words are the caller's.
 * @param room words there are, at most CFC_WORDS_MAX; bytes fit them; both asserted
 */
void cfc_words_write(_Atomic uint32_t *seq, _Atomic uint64_t *words, size_t room, const void *data,
                     size_t bytes);
bool cfc_words_read(const _Atomic uint32_t *seq, const _Atomic uint64_t *words, size_t room,
                    void *data, size_t bytes);

#endif
