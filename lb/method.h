/* SPDX-License-Identifier: Apache-2.0
 * method.h: balance methods. A method compares, nothing else: who may be asked, stickiness,
 * slow start and the books are choose.c's. A new method is one row, its cost function, its test
 * and its paragraph in docs/directives.md. */
#ifndef CFC_LB_METHOD_H
#define CFC_LB_METHOD_H

#include <apr_time.h>
#include <stdbool.h>
#include <stdint.h>

#include "lb/cluster.h"
#include "lb/segment.h"

typedef struct cfc_method {
    const char *name;       /* the word after CFBalance */
    uint64_t (*cost)(const cfc_node_t *node, apr_time_t now);   /* lowest wins; ties are drawn
                                                                 * by weight */
    unsigned sample;        /* so many are drawn by weight and compared; 0: all */
    bool turns;             /* compares turns, which cfc_choice_taken() keeps for it */
} cfc_method_t;

/** Every method, ended by a row without a name. The first one is the default. */
extern const cfc_method_t cfc_methods[];

/** @return NULL: no such method */
const cfc_method_t *cfc_method_find(const char *name);

/**
 * A node's share beside others: its weight, times what it reports of itself in percent
 * (CFProbe weight-key=).
 */
static inline uint64_t cfc_node_share(const cfc_node_t *node, apr_time_t now)
{
    return (uint64_t)node->weight * (uint64_t)cfc_slot_reported_pct(node->slot, now);
}

/**
 * Round-robin: by how much a new session moves a node back in the queue. Shorter by weight,
 * longer while the node is warming. CFC_TURN is that of weight 1: so large that rounding costs
 * less than one in 100,000, so small that 2^35 sessions fit.
 * @param pct from cfc_warming_pct(), and of what the node reports
 */
#define CFC_TURN (UINT64_C(1) << 24)
uint64_t cfc_node_turn(const cfc_node_t *node, int pct);

#endif
