/* SPDX-License-Identifier: Apache-2.0
 * method.c: the balance methods and what they compare. Pure: reads the slots' counters. */
#include "lb/method.h"

#include <stddef.h>
#include <string.h>

#include "lb/segment.h"

/* Latencies below this are alike: so fast a node is not waited for. It is also what a node is
 * taken for that has answered nothing yet. */
#define LATENCY_FLOOR_US 1000

/* Costs are compared as fractions of this: amounts are up to 10^12, shares up to 10^4. */
#define UNIT (UINT64_C(1) << 16)

uint64_t cfc_node_turn(const cfc_node_t *node, int pct)
{
    return CFC_TURN * 100 / ((uint64_t)node->weight * (uint64_t)pct);
}

static uint64_t by_weight(uint64_t amount, const cfc_node_t *node, apr_time_t now)
{
    return amount * UNIT * 100 / cfc_node_share(node, now);
}

static uint64_t inflight_of(const cfc_node_t *node)
{
    int32_t inflight = atomic_load_explicit(&node->slot->traffic.inflight, memory_order_relaxed);

    return inflight > 0 ? (uint64_t)inflight : 0;
}

/* Requests in flight by weight. Requests of sticky sessions count: they are the load. */
static uint64_t least_busy(const cfc_node_t *node, apr_time_t now)
{
    return by_weight(inflight_of(node), node, now);
}

/* The node whose next turn comes first: with weights 2 and 1, of every three turns A has two.
 * What was missed while away is not owed: cfc_choice_taken() sees to that. */
static uint64_t round_robin(const cfc_node_t *node, apr_time_t now)
{
    return atomic_load_explicit(&node->slot->turns, memory_order_relaxed)
           + cfc_node_turn(node, cfc_slot_reported_pct(node->slot, now));
}

/* How long one more request would wait, if those in flight go before it one by one. */
static uint64_t latency(const cfc_node_t *node, apr_time_t now)
{
    uint64_t us = cfc_latency_us(&node->slot->latency, now);

    us = us > LATENCY_FLOOR_US ? us : LATENCY_FLOOR_US;
    return by_weight(us * (inflight_of(node) + 1), node, now);
}

static uint64_t sessions(const cfc_node_t *node, apr_time_t now)
{
    uint64_t picked = atomic_load_explicit(&node->slot->traffic.picked, memory_order_relaxed);

    return by_weight(cfc_sessions_live(&node->slot->sessions, picked), node, now);
}

const cfc_method_t cfc_methods[] = {
    {"least-busy", least_busy, 0, false},
    {"round-robin", round_robin, 0, true},
    {"random-two", least_busy, 2, false},
    {"latency", latency, 0, false},
    {"sessions", sessions, 0, false},
    {NULL, NULL, 0, false},
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
