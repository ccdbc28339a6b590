/* SPDX-License-Identifier: Apache-2.0
 * tester.h: what a request or a tunnel may because its client is a tester. Who is one is
 * maint/tester.h's business. */
#ifndef CFC_LB_TESTER_H
#define CFC_LB_TESTER_H

#include <stdbool.h>

#include "lb/segment.h"

/** Zeroed: no tester. */
typedef struct {
    bool passes;                        /* a maintenance, and into a stopped node */
    const cfc_tester_slot_t *link;      /* by which; NULL: by its address */
    uint32_t id;                        /* of that link */
} cfc_tester_t;

/** Whether it passes now: a link may have been revoked, or be over. Any thread. */
static inline bool cfc_tester_passes(const cfc_tester_t *tester)
{
    return tester->passes
           && (tester->link == NULL
               || atomic_load_explicit(&tester->link->id, memory_order_acquire) == tester->id);
}

#endif
