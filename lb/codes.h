/* SPDX-License-Identifier: Apache-2.0
 * codes.h: a set of HTTP statuses, 100 to 599. Pure. */
#ifndef CFC_LB_CODES_H
#define CFC_LB_CODES_H

#include <stdbool.h>
#include <stdint.h>

#define CFC_CODE_LOW 100
#define CFC_CODE_HIGH 599

typedef struct {
    uint64_t bits[8];
} cfc_codes_t;

static inline bool cfc_codes_has(const cfc_codes_t *codes, int status)
{
    unsigned place = (unsigned)(status - CFC_CODE_LOW);

    return status >= CFC_CODE_LOW && status <= CFC_CODE_HIGH
           && (codes->bits[place / 64] >> place % 64 & 1u);
}

static inline bool cfc_codes_none(const cfc_codes_t *codes)
{
    uint64_t any = 0;

    for (int i = 0; i < 8; i++) {
        any |= codes->bits[i];
    }
    return any == 0;
}

static inline void cfc_codes_add(cfc_codes_t *codes, int status)
{
    unsigned place = (unsigned)(status - CFC_CODE_LOW);

    codes->bits[place / 64] |= UINT64_C(1) << place % 64;
}

#endif
