/* SPDX-License-Identifier: Apache-2.0
 * method.c: the balance methods and what they compare. Pure: reads the slots' counters. */
#include "lb/method.h"

#include <stddef.h>
#include <string.h>

#include "lb/segment.h"

uint64_t cfc_node_turns(const cfc_node_t *node, uint64_t picked)
{
    return picked * CFC_TURN / (uint64_t)node->weight;
}

/* Requests in flight by weight. Requests of sticky sessions count: they are the load. */
static uint64_t least_busy(const cfc_node_t *node)
{
    int32_t inflight = atomic_load_explicit(&node->slot->traffic.inflight, memory_order_relaxed);

    return inflight > 0 ? cfc_node_turns(node, (uint64_t)inflight) : 0;
}

/* The node whose next turn comes first: with weights 2 and 1, of every three turns A has two.
 * A node that was away is lifted to the others' turn by cfc_choice_taken(). */
static uint64_t round_robin(const cfc_node_t *node)
{
    return cfc_node_turns(
        node, atomic_load_explicit(&node->slot->traffic.picked, memory_order_relaxed) + 1);
}

const cfc_method_t cfc_methods[] = {
    {"least-busy", least_busy},
    {"round-robin", round_robin},
    {NULL, NULL},
};

const cfc_method_t *cfc_method_find(const char *name)
{
    for (const cfc_method_t *method = cfc_methods; method->name != NULL; method++) {
        if (strcmp(method->name, name) == 0) {
            return method;
        }
    }
    return NULL;
}
