/* SPDX-License-Identifier: Apache-2.0
 * bell.h: one word of shared memory that processes can wait on until another one rings. Costs
 * nothing while nobody rings: no polling. */
#ifndef CFC_LB_BELL_H
#define CFC_LB_BELL_H

#include <stdatomic.h>
#include <stdint.h>

/** How often it was rung. Zeroed memory is a bell. */
typedef struct {
    _Atomic uint32_t rung;
} cfc_bell_t;

/** What to pass to cfc_bell_wait(): taken before looking at what the bell is about. */
static inline uint32_t cfc_bell_look(cfc_bell_t *bell)
{
    return atomic_load_explicit(&bell->rung, memory_order_acquire);
}

/** Wake everybody who waits, in all processes. Any thread. */
void cfc_bell_ring(cfc_bell_t *bell);

/**
 * Wait until the bell is rung; not at all if it was since cfc_bell_look(). May also return
 * early without a ring: look again at what it is about.
 * @param seen       from cfc_bell_look()
 * @param timeout_ms at most so long
 */
void cfc_bell_wait(cfc_bell_t *bell, uint32_t seen, int timeout_ms);

#endif
