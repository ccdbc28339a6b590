/* SPDX-License-Identifier: Apache-2.0
 * choose.c: walks the nodes once for a request. Eligibility is effective.c's table, the
 * comparison is method.c's; here is only the order of preference. */
#include "lb/choose.h"

#include <assert.h>

#include "lb/effective.h"
#include "lb/method.h"

static const char *const why_words[] = {"sticky", "new", "moved"};
static_assert(sizeof(why_words) / sizeof(why_words[0]) == CFC_WHY_COUNT, "a word for each why");

const char *cfc_why_word(cfc_why_t why)
{
    return (unsigned)why < CFC_WHY_COUNT ? why_words[why] : "?";
}

cfc_effective_t cfc_node_effective(const cfc_node_t *node)
{
    cfc_cause_t cause;
    cfc_health_t health = cfc_slot_health(node->slot, &cause);

    return cfc_effective(cfc_slot_admin(node->slot), health, cause);
}

static bool tried(const cfc_tried_t *tried, int place)
{
    return tried->bits[place / 64] >> (place % 64) & 1u;
}

static int place_of(const cfc_cluster_t *cl, const cfc_node_t *node)
{
    cfc_node_t **nodes = cfc_cluster_nodes(cl);

    for (int i = 0; i < cl->nodes->nelts; i++) {
        if (nodes[i] == node) {
            return i;
        }
    }
    return -1;
}

void cfc_tried_add(cfc_tried_t *tried, const cfc_cluster_t *cl, const cfc_node_t *node)
{
    int place = place_of(cl, node);

    if (place >= 0) {
        tried->bits[place / 64] |= UINT64_C(1) << (place % 64);
    }
}

/* xorshift32: draws within one choice need to be cheap and uneven to nobody, no more. */
static uint32_t roll(uint32_t *dice)
{
    uint32_t x = *dice | 1u;

    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    *dice = x;
    return x;
}

static cfc_node_t *by_route(const cfc_cluster_t *cl, const cfc_ask_t *ask, cfc_effective_t least)
{
    for (unsigned i = 0; i < ask->routes.count; i++) {
        cfc_node_t *node = ask->routes.nodes[i];

        if (!tried(&ask->tried, place_of(cl, node)) && cfc_node_effective(node) >= least) {
            return node;
        }
    }
    return NULL;
}

/* The cheapest untried node that is exactly `wanted`. Among equals each is drawn with a chance
 * by its weight, in one pass: the newcomer wins with its share of the weights seen so far. */
static cfc_node_t *by_method(const cfc_cluster_t *cl, const cfc_ask_t *ask,
                             cfc_effective_t wanted)
{
    cfc_node_t **nodes = cfc_cluster_nodes(cl);
    cfc_node_t *best = NULL;
    uint64_t best_cost = 0, weights = 0;
    uint32_t dice = ask->dice;

    for (int i = 0; i < cl->nodes->nelts; i++) {
        uint64_t weight = (uint64_t)nodes[i]->weight;
        uint64_t cost;

        if (tried(&ask->tried, i) || cfc_node_effective(nodes[i]) != wanted) {
            continue;
        }
        cost = cl->method->cost(nodes[i]);
        if (best == NULL || cost < best_cost) {
            best = nodes[i];
            best_cost = cost;
            weights = weight;
        }
        else if (cost == best_cost) {
            weights += weight;
            if (roll(&dice) % weights < weight) {
                best = nodes[i];
            }
        }
    }
    return best;
}

apr_status_t cfc_choose(const cfc_cluster_t *cl, const cfc_ask_t *ask, cfc_choice_t *choice)
{
    choice->why = CFC_WHY_STICKY;
    choice->node = by_route(cl, ask, CFC_EFFECTIVE_STICKY_ONLY);
    if (choice->node == NULL) {
        choice->why = ask->routes.count > 0 ? CFC_WHY_MOVED : CFC_WHY_NEW;
        choice->node = by_method(cl, ask, CFC_EFFECTIVE_SERVING);
    }
    if (choice->node == NULL) {
        cfc_node_t *own = by_route(cl, ask, CFC_EFFECTIVE_LAST_RESORT);

        choice->node = own ? own : by_method(cl, ask, CFC_EFFECTIVE_LAST_RESORT);
        choice->why = own ? CFC_WHY_STICKY : choice->why;
    }
    return choice->node ? APR_SUCCESS : APR_ENOENT;
}

void cfc_choice_taken(const cfc_cluster_t *cl, const cfc_choice_t *choice)
{
    cfc_node_t **nodes = cfc_cluster_nodes(cl);
    cfc_node_t *chosen = choice->node;
    uint64_t picked = atomic_fetch_add(&chosen->slot->traffic.picked, 1) + 1;
    uint64_t most = 0;

    for (int i = 0; i < cl->nodes->nelts; i++) {
        if (nodes[i] != chosen && cfc_node_effective(nodes[i]) == CFC_EFFECTIVE_SERVING) {
            uint64_t turns = cfc_node_turns(nodes[i], atomic_load(&nodes[i]->slot->traffic.picked));

            /* The most, not the fewest: that could be another one that was away. */
            most = turns > most ? turns : most;
        }
    }
    if (cfc_node_turns(chosen, picked) + 2 * CFC_TURN < most) {
        /* Only if nobody else took a turn meanwhile; then that one lifts it. */
        atomic_compare_exchange_strong(&chosen->slot->traffic.picked, &picked,
                                       most * (uint64_t)chosen->weight / CFC_TURN);
    }
}

bool cfc_choice_pending(const cfc_cluster_t *cl)
{
    cfc_node_t **nodes = cfc_cluster_nodes(cl);

    for (int i = 0; i < cl->nodes->nelts; i++) {
        cfc_cause_t cause;

        if (cfc_slot_health(nodes[i]->slot, &cause) == CFC_HEALTH_UNKNOWN
            && cfc_slot_admin(nodes[i]->slot) == CFC_ADMIN_ACTIVE) {
            return true;
        }
    }
    return false;
}
