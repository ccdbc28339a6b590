/* SPDX-License-Identifier: Apache-2.0
 * choose.c: walks the nodes once for a request. Eligibility is effective.h's table, the
 * comparison is method.c's; here is only the order of preference. */
#include "lb/choose.h"

#include <assert.h>

#include "lb/effective.h"
#include "lb/method.h"

static const char *const why_words[] = {"sticky", "new", "moved", "trial", "forced",
                                        "rehomed"};
static_assert(sizeof(why_words) / sizeof(why_words[0]) == CFC_WHY_COUNT, "a word for each why");

const char *cfc_why_word(cfc_why_t why)
{
    return (unsigned)why < CFC_WHY_COUNT ? why_words[why] : "?";
}

/* By what people want and probes say. */
static cfc_effective_t by_table(const cfc_node_t *node)
{
    cfc_cause_t cause;
    cfc_health_t health = cfc_slot_health(node->slot, &cause);

    return cfc_effective(cfc_slot_admin(node->slot), health, cause);
}

/* What requests say is soft evidence: it makes a node the last resort, no less. */
cfc_effective_t cfc_node_effective(const cfc_node_t *node)
{
    cfc_effective_t effective = by_table(node);

    return effective > CFC_EFFECTIVE_LAST_RESORT && cfc_ejected(&node->slot->eject)
               ? CFC_EFFECTIVE_LAST_RESORT
               : effective;
}

int cfc_node_warming_pct(const cfc_cluster_t *cl, const cfc_node_t *node, apr_time_t now)
{
    return cfc_warming_pct(atomic_load_explicit(&node->slot->returned_at, memory_order_relaxed),
                           now, cl->slow_start_ms);
}

static bool tried(const cfc_tried_t *tried, int place)
{
    return tried->bits[place / 64] >> (place % 64) & 1u;
}

void cfc_tried_add(cfc_tried_t *tried, const cfc_cluster_t *cl, const cfc_node_t *node)
{
    int place = cfc_cluster_place(cl, node);

    if (place >= 0) {
        tried->bits[place / 64] |= UINT64_C(1) << (place % 64);
    }
}

bool cfc_tried_has(const cfc_tried_t *nodes, const cfc_cluster_t *cl, const cfc_node_t *node)
{
    int place = cfc_cluster_place(cl, node);

    return place >= 0 && tried(nodes, place);
}

/* 0 to limit - 1, limit below 2^32. xorshift32, and a product in place of a remainder: draws within
 * one choice need to be cheap and uneven to nobody, no more. */
static uint64_t draw_below(uint32_t *dice, uint64_t limit)
{
    uint32_t x = *dice | 1u;

    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    *dice = x;
    return x * limit >> 32;
}

static void swap(cfc_node_t **a, cfc_node_t **b)
{
    cfc_node_t *kept = *a;

    *a = *b;
    *b = kept;
}

static bool can_take(const cfc_cluster_t *cl, const cfc_ask_t *ask, const cfc_node_t *node,
                     cfc_effective_t least)
{
    return !tried(&ask->tried, cfc_cluster_place(cl, node))
           && (ask->bound ? node == ask->forced : cfc_node_effective(node) >= least);
}

static cfc_node_t *by_route(const cfc_cluster_t *cl, const cfc_ask_t *ask, cfc_effective_t least)
{
    for (unsigned i = 0; i < ask->routes.count && !ask->anywhere; i++) {
        if (can_take(cl, ask, ask->routes.nodes[i], least)) {
            return ask->routes.nodes[i];
        }
    }
    return NULL;
}

static bool is_full(const cfc_node_t *node)
{
    return node->max > 0
           && atomic_load_explicit(&node->slot->traffic.inflight, memory_order_relaxed)
                  >= node->max;
}

/* Nodes that a choice is made among. */
typedef struct {
    cfc_node_t *nodes[CFC_NODES_MAX];
    int count;
} field_t;

/* Whether a warming node takes part in this choice. Not so by a lesser weight: idle it would
 * still be the least busy of all, and get everything that comes while another is at work. */
static bool admitted(const cfc_cluster_t *cl, const cfc_ask_t *ask, const cfc_node_t *node,
                     uint32_t *dice)
{
    int pct = cl->method->turns ? 100 : cfc_node_warming_pct(cl, node, ask->now);

    return pct == 100 || draw_below(dice, 100) < (uint64_t)pct;
}

/* Whether a request that is not the node's own may go there at this stage of a choice. */
static bool open_to_others(const cfc_node_t *node, cfc_effective_t wanted)
{
    return cfc_node_effective(node) == wanted
           && cfc_takes_others(cfc_slot_admin(node->slot), wanted);
}

/* The untried nodes that are `wanted`, of the lowest tier that has any; those that are not
 * admitted aside. @return those to choose among */
static field_t *gather(const cfc_cluster_t *cl, const cfc_ask_t *ask, cfc_effective_t wanted,
                       uint32_t *dice, field_t *in, field_t *aside)
{
    cfc_node_t **nodes = cfc_cluster_nodes(cl);
    apr_int64_t tier = APR_INT64_MAX;

    in->count = aside->count = 0;
    for (int i = 0; i < cl->nodes->nelts; i++) {
        field_t *field;

        if (nodes[i]->tier > tier || tried(&ask->tried, i)
            || !open_to_others(nodes[i], wanted)) {
            continue;
        }
        if (nodes[i]->tier < tier) {
            tier = nodes[i]->tier;
            in->count = aside->count = 0;
        }
        if (is_full(nodes[i])) {
            continue;       /* but its tier has somebody: the next one stays out of it */
        }
        field = admitted(cl, ask, nodes[i], dice) ? in : aside;
        field->nodes[field->count++] = nodes[i];
    }
    return in->count > 0 ? in : aside;
}

/* Leave `count` nodes in the field, drawn by their weights. */
static void draw(field_t *field, int count, apr_time_t now, uint32_t *dice)
{
    for (int drawn = 0; drawn < count && count < field->count; drawn++) {
        uint64_t weights = 0;
        int64_t mark;
        int i = drawn;

        for (int j = drawn; j < field->count; j++) {
            weights += cfc_node_share(field->nodes[j], now);
        }
        mark = (int64_t)draw_below(dice, weights);
        while ((mark -= (int64_t)cfc_node_share(field->nodes[i], now)) >= 0) {
            i++;
        }
        swap(&field->nodes[drawn], &field->nodes[i]);
    }
    field->count = count < field->count ? count : field->count;
}

/* Among equals each is drawn with a chance by its weight, in one pass: the newcomer wins with
 * its share of the weights seen so far. */
static cfc_node_t *cheapest(const cfc_method_t *method, const field_t *field, apr_time_t now,
                            uint32_t *dice)
{
    cfc_node_t *best = NULL;
    uint64_t best_cost = UINT64_MAX, weights = 0;

    for (int i = 0; i < field->count; i++) {
        uint64_t cost = method->cost(field->nodes[i], now);
        uint64_t weight = cfc_node_share(field->nodes[i], now);

        if (best == NULL || cost < best_cost) {
            best = field->nodes[i];
            best_cost = cost;
            weights = weight;
        }
        else if (cost == best_cost) {
            weights += weight;
            if (draw_below(dice, weights) < weight) {
                best = field->nodes[i];
            }
        }
    }
    return best;
}

static cfc_node_t *by_method(const cfc_cluster_t *cl, const cfc_ask_t *ask,
                             cfc_effective_t wanted)
{
    uint32_t dice = ask->dice;
    field_t in, aside, *field = gather(cl, ask, wanted, &dice, &in, &aside);

    if (cl->method->sample > 0) {
        draw(field, (int)cl->method->sample, ask->now, &dice);
    }
    return cheapest(cl->method, field, ask->now, &dice);
}

/* Whether there is an untried node that is `wanted`. */
static bool anyone(const cfc_cluster_t *cl, const cfc_ask_t *ask, cfc_effective_t wanted)
{
    cfc_node_t **nodes = cfc_cluster_nodes(cl);

    for (int i = 0; i < cl->nodes->nelts; i++) {
        if (!tried(&ask->tried, i) && open_to_others(nodes[i], wanted)) {
            return true;
        }
    }
    return false;
}

/* Whether a trial of the node would take the request from where it has to go, or from where it
 * could go if the trial fails; or give a draining node somebody new. */
static bool unfit_for_trial(const cfc_cluster_t *cl, const cfc_ask_t *ask, const cfc_node_t *node)
{
    if (ask->routes.count == 0) {
        return ask->forced != NULL || by_table(node) != CFC_EFFECTIVE_SERVING;
    }
    return ask->forced != NULL || cl->sticky.strict || ask->routes.nodes[0] != node;
}

bool cfc_choose_trial(const cfc_cluster_t *cl, const cfc_ask_t *ask, apr_time_t now,
                      cfc_choice_t *choice)
{
    cfc_node_t **nodes = cfc_cluster_nodes(cl);

    for (int i = 0; i < cl->nodes->nelts; i++) {
        cfc_eject_t *eject = &nodes[i]->slot->eject;

        if (cfc_ejected(eject) && by_table(nodes[i]) > CFC_EFFECTIVE_LAST_RESORT
            && !unfit_for_trial(cl, ask, nodes[i]) && anyone(cl, ask, CFC_EFFECTIVE_SERVING)
            && !is_full(nodes[i]) && cfc_eject_try(eject, now)) {
            choice->node = nodes[i];
            choice->why = CFC_WHY_TRIAL;
            choice->at = now;
            return true;
        }
    }
    return false;
}

static bool may_move(const cfc_cluster_t *cl, const cfc_ask_t *ask)
{
    return !ask->bound
           && (!cl->sticky.strict || (ask->routes.count == 0 && ask->forced == NULL));
}

static cfc_why_t elsewhere(const cfc_ask_t *ask)
{
    return ask->routes.count > 0 ? CFC_WHY_MOVED : CFC_WHY_NEW;
}

/* Own node, others, and the same among the last resorts unless somebody serves who is only
 * full. */
static cfc_node_t *by_preference(const cfc_cluster_t *cl, const cfc_ask_t *ask, cfc_why_t *why)
{
    bool move = may_move(cl, ask);
    cfc_node_t *node = NULL;

    if (ask->leaves && move) {
        *why = CFC_WHY_REHOMED;
        node = by_method(cl, ask, CFC_EFFECTIVE_SERVING);
    }
    if (node != NULL) {
        return node;
    }
    *why = CFC_WHY_STICKY;
    node = by_route(cl, ask, CFC_EFFECTIVE_STICKY_ONLY);
    if (node == NULL && move) {
        *why = elsewhere(ask);
        node = by_method(cl, ask, CFC_EFFECTIVE_SERVING);
        if (node == NULL && anyone(cl, ask, CFC_EFFECTIVE_SERVING)) {
            return NULL;
        }
    }
    if (node == NULL) {
        *why = CFC_WHY_STICKY;
        node = by_route(cl, ask, CFC_EFFECTIVE_LAST_RESORT);
    }
    if (node == NULL && move) {
        *why = elsewhere(ask);
        node = by_method(cl, ask, CFC_EFFECTIVE_LAST_RESORT);
    }
    return node;
}

apr_status_t cfc_choose(const cfc_cluster_t *cl, const cfc_ask_t *ask, cfc_choice_t *choice)
{
    choice->at = ask->now;
    choice->why = CFC_WHY_FORCED;
    choice->node = NULL;
    if (ask->forced != NULL && (ask->bound || !ask->anywhere)
        && can_take(cl, ask, ask->forced, CFC_EFFECTIVE_LAST_RESORT)) {
        choice->node = ask->forced;
    }
    else if (ask->forced == NULL || !cl->sticky.strict) {
        choice->node = by_preference(cl, ask, &choice->why);
    }
    if (choice->node != NULL) {
        return APR_SUCCESS;
    }
    return may_move(cl, ask)
                   && (anyone(cl, ask, CFC_EFFECTIVE_SERVING)
                       || anyone(cl, ask, CFC_EFFECTIVE_LAST_RESORT))
               ? APR_EAGAIN
               : APR_ENOENT;
}

/* The untried nodes that are `wanted`, of the lowest tier that has any: gather() without its
 * chances, for whoever waits until one of them is not full any more. */
static void gather_full(const cfc_cluster_t *cl, const cfc_ask_t *ask, cfc_effective_t wanted,
                        cfc_places_t *wants)
{
    cfc_node_t **nodes = cfc_cluster_nodes(cl);
    apr_int64_t tier = APR_INT64_MAX;

    for (int i = 0; i < cl->nodes->nelts; i++) {
        if (nodes[i]->tier > tier || tried(&ask->tried, i) || !open_to_others(nodes[i], wanted)) {
            continue;
        }
        if (nodes[i]->tier < tier) {
            tier = nodes[i]->tier;
            *wants = (cfc_places_t){{0}};
        }
        cfc_places_add(wants, nodes[i]->slot->owner.number);
    }
}

static bool is_own(const cfc_ask_t *ask, const cfc_node_t *node)
{
    for (unsigned i = 0; i < ask->routes.count; i++) {
        if (ask->routes.nodes[i] == node) {
            return true;
        }
    }
    return false;
}

void cfc_choose_wants(const cfc_cluster_t *cl, const cfc_ask_t *ask, const cfc_choice_t *choice,
                      cfc_places_t *wants)
{
    *wants = (cfc_places_t){{0}};
    if (choice->node != NULL && !cfc_why_joins(choice->why)) {
        cfc_places_add(wants, choice->node->slot->owner.number);
        return;
    }
    gather_full(cl, ask, anyone(cl, ask, CFC_EFFECTIVE_SERVING) ? CFC_EFFECTIVE_SERVING
                                                                : CFC_EFFECTIVE_LAST_RESORT, wants);
}

bool cfc_choose_takes(const cfc_cluster_t *cl, const cfc_ask_t *ask, cfc_node_t *node,
                      cfc_choice_t *choice)
{
    apr_status_t status = cfc_choose(cl, ask, choice);
    cfc_places_t wants;

    if (status == APR_ENOENT) {
        return false;
    }
    cfc_choose_wants(cl, ask, choice, &wants);
    if (!cfc_places_has(&wants, node->slot->owner.number)) {
        return false;
    }
    choice->node = node;
    choice->why = node == ask->forced ? CFC_WHY_FORCED
                  : is_own(ask, node) ? CFC_WHY_STICKY
                                      : elsewhere(ask);
    return true;
}

/* The most turns of another node in full service. Not the fewest: that could be one that was
 * away. Nor a warming one's, which has turns ahead of all others. */
static uint64_t most_turns(const cfc_cluster_t *cl, const cfc_choice_t *choice)
{
    cfc_node_t **nodes = cfc_cluster_nodes(cl);
    uint64_t most = 0;

    for (int i = 0; i < cl->nodes->nelts; i++) {
        uint64_t turns = atomic_load_explicit(&nodes[i]->slot->turns, memory_order_relaxed);

        if (turns > most && nodes[i] != choice->node && nodes[i]->tier == choice->node->tier
            && cfc_node_effective(nodes[i]) == CFC_EFFECTIVE_SERVING
            && cfc_node_warming_pct(cl, nodes[i], choice->at) == 100) {
            most = turns;
        }
    }
    return most;
}

static void take_turn(const cfc_cluster_t *cl, const cfc_choice_t *choice)
{
    _Atomic uint64_t *at = &choice->node->slot->turns;
    int reported = cfc_slot_reported_pct(choice->node->slot, choice->at);
    int pct = cfc_node_warming_pct(cl, choice->node, choice->at) * reported / 100;
    uint64_t turn = cfc_node_turn(choice->node, pct > 0 ? pct : 1);
    uint64_t turns = atomic_fetch_add(at, turn) + turn;
    uint64_t most = most_turns(cl, choice);

    if (turns + 2 * CFC_TURN < most) {
        /* Level, but for what a warming node's turn is longer. Only if nobody else took a turn
         * meanwhile; then that one does this. */
        most += turn - cfc_node_turn(choice->node, reported);
        atomic_compare_exchange_strong(at, &turns, most);
    }
}

void cfc_choice_taken(const cfc_cluster_t *cl, const cfc_choice_t *choice)
{
    atomic_fetch_add(&choice->node->slot->traffic.picked, 1);
    if (cl->method->turns) {
        take_turn(cl, choice);
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
