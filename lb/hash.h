/* SPDX-License-Identifier: Apache-2.0
 * hash.h: one hash for what must come out alike in every process and on every balancer. It
 * spreads bytes, it hides nothing. Pure.
 * Source: FNV-1a, 64 bits; draft-eastlake-fnv, sections 2 and 5. */
#ifndef CFC_LB_HASH_H
#define CFC_LB_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define CFC_HASH_NOTHING UINT64_C(14695981039346656037)     /* FNV's offset basis */

/**
 * The hash of some bytes.
 * @param before CFC_HASH_NOTHING, or the hash of what goes before
 */
static inline uint64_t cfc_hash(const void *bytes, size_t length, uint64_t before)
{
    const unsigned char *at = bytes;
    uint64_t hash = before;

    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ at[i]) * UINT64_C(1099511628211);
    }
    return hash;
}

/** The same for a text and its end, so that one of several that follow each other is told from the
 * next; NULL is another text than "". */
static inline uint64_t cfc_hash_text(const char *text, uint64_t before)
{
    return text != NULL ? cfc_hash(text, strlen(text) + 1, before) : cfc_hash("\1", 1, before);
}

#endif
