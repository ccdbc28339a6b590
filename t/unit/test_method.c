/* SPDX-License-Identifier: Apache-2.0
 * test_method.c: how each balance method spreads new sessions over nodes that all serve. */
#include "lb/method.h"

#include <apr_strings.h>
#include <string.h>

#include "lb/choose.h"
#include "lb/effective.h"
#include "t/unit/kit.h"
#include "t/unit/suites.h"

#define NODES_MAX 8

START_TEST(methods_are_found_by_name_and_the_default_is_least_busy)
{
    for (const cfc_method_t *method = cfc_methods; method->name != NULL; method++) {
        ck_assert_ptr_eq(cfc_method_find(method->name), method);
    }
    ck_assert_str_eq(cfc_methods[0].name, "least-busy");
    ck_assert_ptr_nonnull(cfc_method_find("round-robin"));
    ck_assert_ptr_null(cfc_method_find("least-bussy"));
    ck_assert_ptr_null(cfc_method_find(""));
}
END_TEST

START_TEST(a_turn_is_shorter_by_weight_and_longer_while_warming)
{
    cfc_node_t node = {.weight = 1};

    ck_assert_uint_eq(cfc_node_turn(&node, 100), CFC_TURN);
    ck_assert_uint_eq(cfc_node_turn(&node, 50), 2 * CFC_TURN);
    ck_assert_uint_eq(cfc_node_turn(&node, 5), 20 * CFC_TURN);
    node.weight = 4;
    ck_assert_uint_eq(cfc_node_turn(&node, 100), CFC_TURN / 4);
    ck_assert_uint_eq(cfc_node_turn(&node, 25), CFC_TURN);
    node.weight = 100;
    ck_assert_uint_eq(cfc_node_turn(&node, 1), CFC_TURN);
    ck_assert_uint_lt(CFC_TURN / 100 - cfc_node_turn(&node, 100), CFC_TURN / 100000);
}
END_TEST

/* Give a new session to the node that the method wants. @return its place */
static int give_session(const cfc_kit_t *kit)
{
    cfc_ask_t ask = {.dice = cfc_kit_dice()};
    cfc_choice_t choice;

    ck_assert_int_eq(cfc_choose(kit->cl, &ask, &choice), APR_SUCCESS);
    ck_assert_int_eq(choice.why, CFC_WHY_NEW);
    cfc_choice_taken(kit->cl, &choice);
    cfc_slot_begin(choice.node->slot, 0);
    for (int i = 0;; i++) {
        if (cfc_cluster_nodes(kit->cl)[i] == choice.node) {
            return i;
        }
    }
}

static const struct {
    const char *label, *method, *nodes;
    int inflight[NODES_MAX];    /* before */
    int sessions;               /* given */
    const char *want;
} spreads[] = {
    {"even",             "least-busy",  "node1 node2",         {0},         10,
     "node1: 5, node2: 5"},
    {"by weight",        "least-busy",  "node1:2 node2",       {0},         9,
     "node1: 6, node2: 3"},
    {"to the idle one",  "least-busy",  "node1 node2",         {4, 0},      4,
     "node1: 0, node2: 4"},
    {"levels",           "least-busy",  "node1 node2 node3",   {5, 0, 2},   8,
     "node1: 0, node2: 5, node3: 3"},
    {"levels by weight", "least-busy",  "node1:3 node2",       {6, 2},      4,
     "node1: 3, node2: 1"},
    {"drifted below 0",  "least-busy",  "node1 node2",         {-5, 1},     1,
     "node1: 1, node2: 0"},
    {"one node",         "least-busy",  "node1",               {9},         3,
     "node1: 3"},
    {"even",             "round-robin", "node1 node2",         {0},         10,
     "node1: 5, node2: 5"},
    {"whatever is busy", "round-robin", "node1 node2",         {50, 0},     10,
     "node1: 5, node2: 5"},
    {"by weight",        "round-robin", "node1:3 node2:2 node3", {0},       12,
     "node1: 6, node2: 4, node3: 2"},
    {"weights 7 and 3",  "round-robin", "node1:7 node2:3",     {0},         100,
     "node1: 70, node2: 30"},
    {"heavy ones first", "round-robin", "node1:9 node2",       {0},         8,
     "node1: 8, node2: 0"},
    {"weights far off",  "round-robin", "node1:100 node2",     {0},         202,
     "node1: 200, node2: 2"},
    {"one node",         "round-robin", "node1",               {0},         3,
     "node1: 3"},
};

START_TEST(a_method_spreads_sessions_as_it_says)
{
    cfc_kit_t kit = cfc_kit_open(spreads[_i].nodes);
    unsigned given[NODES_MAX] = {0};
    const char *spread;

    kit.cl->method = cfc_method_find(spreads[_i].method);
    for (int i = 0; i < kit.cl->nodes->nelts; i++) {
        atomic_store(&cfc_cluster_nodes(kit.cl)[i]->slot->traffic.inflight,
                     spreads[_i].inflight[i]);
    }
    for (int i = 0; i < spreads[_i].sessions; i++) {
        given[give_session(&kit)]++;
    }
    spread = cfc_kit_spread(&kit, given);
    ck_assert_msg(strcmp(spread, spreads[_i].want) == 0, "%s, %s: %s, expected %s",
                  spreads[_i].method, spreads[_i].label, spread, spreads[_i].want);
    cfc_kit_close(&kit);
}
END_TEST

START_TEST(round_robin_gives_each_its_share_in_every_round)
{
    cfc_kit_t kit = cfc_kit_open("node1:3 node2:2 node3");

    kit.cl->method = cfc_method_find("round-robin");
    for (int round = 0; round < 50; round++) {
        unsigned given[NODES_MAX] = {0};

        for (int i = 0; i < 6; i++) {
            given[give_session(&kit)]++;
        }
        ck_assert_str_eq(cfc_kit_spread(&kit, given), "node1: 3, node2: 2, node3: 1");
    }
    cfc_kit_close(&kit);
}
END_TEST

/* Nodes that cost the same because nothing is in flight. */
static const struct {
    const char *label, *nodes;
} ties[] = {
    {"two alike",        "node1 node2"},
    {"three alike",      "node1 node2 node3"},
    {"eight alike",      "a b c d e f g h"},
    {"one to two",       "node1 node2:2"},
    {"two to one",       "node1:2 node2"},
    {"four unlike",      "node1:4 node2 node3:7 node4:2"},
    {"a hundred to one", "node1:100 node2"},
};

START_TEST(equals_are_drawn_by_their_weights)
{
    const int draws = 40000;
    cfc_kit_t kit = cfc_kit_open(ties[_i].nodes);
    cfc_node_t **nodes = cfc_cluster_nodes(kit.cl);
    unsigned drawn[NODES_MAX] = {0};
    double weights = 0;

    for (int i = 0; i < draws; i++) {
        int place = give_session(&kit);

        cfc_slot_end(nodes[place]->slot, 0);
        drawn[place]++;
    }
    for (int i = 0; i < kit.cl->nodes->nelts; i++) {
        weights += (double)nodes[i]->weight;
    }
    for (int i = 0; i < kit.cl->nodes->nelts; i++) {
        double share = (double)nodes[i]->weight / weights;
        double off = drawn[i] - draws * share;

        /* six standard errors */
        ck_assert_msg(off * off < 36 * draws * share * (1 - share), "%s: %s after %d draws",
                      ties[_i].label, cfc_kit_spread(&kit, drawn), draws);
    }
    cfc_kit_close(&kit);
}
END_TEST

/* The share of new sessions that each node gets when nothing else changes. */
typedef struct {
    int inflight;
    int latency_ms;
    int sessions;
    int tier;
    int pct;                    /* warm; 0: it never was away */
} load_t;

static const struct {
    const char *label, *method, *nodes;
    load_t loads[4];
    double want[4];
} shares[] = {
    {"three alike",                 "random-two", "node1 node2 node3", {{0}},
     {1 / 3., 1 / 3., 1 / 3.}},
    {"the worst of three is never the better of two", "random-two", "node1 node2 node3",
     {{0}, {0}, {.inflight = 5}}, {1 / 2., 1 / 2., 0}},
    {"the second gets its one pair of three", "random-two", "node1 node2 node3",
     {{0}, {.inflight = 1}, {.inflight = 2}}, {2 / 3., 1 / 3., 0}},
    {"drawn by weight",             "random-two", "node1:2 node2 node3",
     {{0}, {.inflight = 1}, {.inflight = 2}}, {5 / 6., 1 / 6., 0}},
    {"two are least-busy",          "random-two", "node1 node2", {{.inflight = 1}, {0}}, {0, 1}},

    {"the quick one",               "latency", "node1 node2",
     {{.latency_ms = 10}, {.latency_ms = 100}}, {1, 0}},
    {"the quick one is busy",       "latency", "node1 node2",
     {{.latency_ms = 10, .inflight = 10}, {.latency_ms = 100}}, {0, 1}},
    {"equally long to wait",        "latency", "node1 node2",
     {{.latency_ms = 10, .inflight = 9}, {.latency_ms = 100}}, {1 / 2., 1 / 2.}},
    {"the heavy one may be slower", "latency", "node1 node2:4",
     {{.latency_ms = 10}, {.latency_ms = 30}}, {0, 1}},
    {"nothing is known of one",     "latency", "node1 node2", {{.latency_ms = 10}, {0}}, {0, 1}},
    {"nothing is known, but busy",  "latency", "node1 node2",
     {{.latency_ms = 10}, {.inflight = 10}}, {1, 0}},

    {"the one with fewer",          "sessions", "node1 node2", {{.sessions = 9}, {.sessions = 8}},
     {0, 1}},
    {"the one with fewer by weight", "sessions", "node1 node2:2",
     {{.sessions = 9}, {.sessions = 17}}, {0, 1}},
    {"equal by weight",             "sessions", "node1 node2:2",
     {{.sessions = 8}, {.sessions = 16}}, {1 / 3., 2 / 3.}},

    {"tier 0 only",                 "least-busy", "node1 node2 node3",
     {{0}, {.tier = 1}, {.inflight = 9}}, {1, 0, 0}},
    {"the lowest there is",         "least-busy", "node1 node2 node3",
     {{.tier = 9}, {.tier = 3}, {.tier = 3}}, {0, 1 / 2., 1 / 2.}},
    {"tiers with turns",            "round-robin", "node1 node2 node3",
     {{0}, {0}, {.tier = 1}}, {1 / 2., 1 / 2., 0}},
    {"tiers with draws",            "random-two", "node1 node2 node3",
     {{.tier = 1}, {0}, {.inflight = 1}}, {0, 1, 0}},

    {"just back, all idle",         "least-busy", "node1 node2", {{0}, {.pct = 5}},
     {0.975, 0.025}},
    {"half warm, all idle",         "least-busy", "node1 node2", {{0}, {.pct = 50}},
     {0.75, 0.25}},
    {"just back, others at work",   "least-busy", "node1 node2", {{.inflight = 9}, {.pct = 5}},
     {0.95, 0.05}},
    {"half warm, others at work",   "least-busy", "node1 node2", {{.inflight = 9}, {.pct = 50}},
     {0.5, 0.5}},
    {"nobody else in its tier",     "least-busy", "node1 node2", {{.pct = 5}, {.tier = 1}}, {1, 0}},
    {"all are just back",           "least-busy", "node1 node2", {{.pct = 5}, {.pct = 5}},
     {1 / 2., 1 / 2.}},
    {"just back and drawn",         "random-two", "node1 node2 node3",
     {{.inflight = 9}, {.inflight = 9}, {.pct = 10}}, {7 / 15., 7 / 15., 1 / 15.}},
    {"just back and quick",         "latency", "node1 node2",
     {{.latency_ms = 100}, {.latency_ms = 10, .pct = 20}}, {0.8, 0.2}},
    {"just back without sessions",  "sessions", "node1 node2", {{.sessions = 500}, {.pct = 20}},
     {0.8, 0.2}},
    {"its turns are longer",        "round-robin", "node1 node2", {{0}, {.pct = 25}}, {0.8, 0.2}},
    {"its turns are longer by weight", "round-robin", "node1:2 node2 node3",
     {{0}, {.pct = 50}, {0}}, {4 / 7., 1 / 7., 2 / 7.}},
};

#define NOW apr_time_from_sec(1795000000)

static void set_loads(const cfc_kit_t *kit, const load_t *loads)
{
    kit->cl->slow_start_ms = 60000;
    for (int i = 0; i < kit->cl->nodes->nelts; i++) {
        cfc_node_t *node = cfc_cluster_nodes(kit->cl)[i];

        node->tier = loads[i].tier;
        atomic_store(&node->slot->traffic.inflight, loads[i].inflight);
        atomic_store(&node->slot->traffic.picked, 1000u * (unsigned)i);
        atomic_store(&node->slot->sessions.mark,
                     (uint64_t)loads[i].sessions << 32 | 1000u * (unsigned)i);
        if (loads[i].latency_ms > 0) {
            cfc_latency_note(&node->slot->latency, loads[i].latency_ms * 1000, NOW);
        }
        if (loads[i].pct > 0) {
            atomic_store(&node->slot->returned_at,
                         NOW - apr_time_from_msec(kit->cl->slow_start_ms * loads[i].pct / 100));
        }
    }
}

static void check_share(const char *label, const char *what, double got, double draws, double want)
{
    double off = got - draws * want;

    /* six standard errors; and two, for what is not drawn but taken in turn */
    ck_assert_msg(off * off <= 36 * draws * want * (1 - want) + 4, "%s: %s got %.0f of %.0f, "
                  "expected %.1f", label, what, got, draws, draws * want);
}

START_TEST(a_node_gets_the_share_that_its_load_tier_and_warmth_give_it)
{
    const int draws = 20000;
    cfc_kit_t kit = cfc_kit_open(shares[_i].nodes);
    cfc_node_t **nodes = cfc_cluster_nodes(kit.cl);
    unsigned drawn[NODES_MAX] = {0};

    kit.cl->method = cfc_method_find(shares[_i].method);
    set_loads(&kit, shares[_i].loads);
    for (int i = 0; i < draws; i++) {
        cfc_ask_t ask = {.dice = cfc_kit_dice(), .now = NOW};
        cfc_choice_t choice;

        ck_assert_int_eq(cfc_choose(kit.cl, &ask, &choice), APR_SUCCESS);
        if (kit.cl->method->turns) {
            cfc_choice_taken(kit.cl, &choice);
        }
        for (int j = 0; j < kit.cl->nodes->nelts; j++) {
            drawn[j] += nodes[j] == choice.node;
        }
    }
    for (int i = 0; i < kit.cl->nodes->nelts; i++) {
        check_share(apr_pstrcat(kit.pool, shares[_i].method, ", ", shares[_i].label, NULL),
                    nodes[i]->name, drawn[i], draws, shares[_i].want[i]);
    }
    cfc_kit_close(&kit);
}
END_TEST

START_TEST(round_robin_follows_a_changed_weight_at_once)
{
    cfc_kit_t kit = cfc_kit_open("node1:3 node2");
    unsigned given[NODES_MAX] = {0};

    kit.cl->method = cfc_method_find("round-robin");
    for (int i = 0; i < 4000; i++) {
        give_session(&kit);
    }
    cfc_cluster_nodes(kit.cl)[0]->weight = 1;
    for (int i = 0; i < 100; i++) {
        given[give_session(&kit)]++;
    }
    ck_assert_str_eq(cfc_kit_spread(&kit, given), "node1: 50, node2: 50");
    cfc_kit_close(&kit);
}
END_TEST

static const struct {
    const char *label;
    int pct;                    /* that node1 reports */
    apr_interval_time_t ago;    /* since it has expired; negative: it holds */
    double want;                /* node1's share beside one like it */
} reports[] = {
    {"nothing reported",  0,   0,                        1.0 / 2},
    {"half",              50,  -apr_time_from_sec(1),    1.0 / 3},
    {"a quarter",         25,  -apr_time_from_sec(1),    1.0 / 5},
    {"all",               100, -apr_time_from_sec(1),    1.0 / 2},
    {"expired",           25,  apr_time_from_sec(1),     1.0 / 2},
};

START_TEST(what_a_node_reports_scales_its_share_by_every_method)
{
    for (const cfc_method_t *method = cfc_methods; method->name != NULL; method++) {
        cfc_kit_t kit = cfc_kit_open("node1 node2");
        const int draws = 4000;
        int given = 0;

        kit.cl->method = method;
        if (reports[_i].pct != 0) {
            cfc_slot_report(cfc_cluster_nodes(kit.cl)[0]->slot, reports[_i].pct,
                            NOW - reports[_i].ago);
        }
        for (int i = 0; i < draws; i++) {
            cfc_ask_t ask = {.dice = cfc_kit_dice(), .now = NOW};
            cfc_choice_t choice;

            ck_assert_int_eq(cfc_choose(kit.cl, &ask, &choice), APR_SUCCESS);
            cfc_choice_taken(kit.cl, &choice);
            cfc_slot_begin(choice.node->slot, 0);
            given += choice.node == cfc_cluster_nodes(kit.cl)[0];
        }
        check_share(apr_pstrcat(kit.pool, method->name, ", ", reports[_i].label, NULL), "node1",
                    given, draws, reports[_i].want);
        cfc_kit_close(&kit);
    }
}
END_TEST

/* A node that returns, over its slow start: new sessions per tenth of it, on average of many. */
START_TEST(a_node_that_returns_gets_a_share_that_grows_evenly)
{
    const int rounds = 400, each = 20;
    cfc_kit_t kit = cfc_kit_open("node1 node2");
    cfc_node_t *back = cfc_cluster_nodes(kit.cl)[1];
    unsigned drawn[12] = {0};

    kit.cl->slow_start_ms = 60000;
    cfc_slot_returned(back->slot, NOW, true);
    for (int i = 0; i < rounds * each * 12; i++) {
        int tenth = i % 12;
        apr_time_t at = NOW + apr_time_from_msec(6000 * tenth + 6000 * (i / 12 % each) / each);
        cfc_ask_t ask = {.dice = cfc_kit_dice(), .now = at};
        cfc_choice_t choice;

        ck_assert_int_eq(cfc_choose(kit.cl, &ask, &choice), APR_SUCCESS);
        drawn[tenth] += choice.node == back;
    }
    for (int tenth = 0; tenth < 12; tenth++) {
        double pct = 0;

        for (int i = 0; i < each; i++) {
            pct += cfc_warming_pct(NOW, NOW + apr_time_from_msec(6000 * tenth + 6000 * i / each),
                                   60000) / 100. / each;
        }
        check_share("after so many tenths", apr_psprintf(kit.pool, "%d", tenth), drawn[tenth],
                    rounds * each, pct / 2);
    }
    ck_assert_uint_lt(drawn[0] * 10, drawn[10]);
    cfc_kit_close(&kit);
}
END_TEST

/* Two nodes in virtual time: a new user every 10 ms or so, each with one request. node1 takes
 * 50 ms for one, node2 slow_ms. */
#define FLOW_MAX 16384

typedef struct {
    cfc_kit_t kit;
    cfc_node_t *node2;
    apr_time_t now;
    apr_time_t ends[FLOW_MAX];
    int place[FLOW_MAX];        /* which node has it; -1: it has been answered */
    unsigned first, next;
    int slow_ms;
} flow_t;

static void flow_open(flow_t *flow, const char *method)
{
    memset(flow, 0, sizeof(*flow));
    flow->kit = cfc_kit_open("node1 node2");
    flow->kit.cl->method = cfc_method_find(method);
    flow->node2 = cfc_cluster_nodes(flow->kit.cl)[1];
    flow->now = NOW;
    flow->slow_ms = 50;
}

static void answer_those_due(flow_t *flow)
{
    for (unsigned i = flow->first; i != flow->next; i++) {
        int *place = &flow->place[i % FLOW_MAX];
        apr_time_t ends = flow->ends[i % FLOW_MAX];

        if (*place >= 0 && ends <= flow->now) {
            cfc_node_slot_t *slot = cfc_cluster_nodes(flow->kit.cl)[*place]->slot;

            cfc_slot_end(slot, 0);
            cfc_latency_note(&slot->latency,
                             apr_time_from_msec(*place == 1 ? flow->slow_ms : 50), ends);
            *place = -1;
        }
    }
    while (flow->first != flow->next && flow->place[flow->first % FLOW_MAX] < 0) {
        flow->first++;
    }
}

/* So many seconds of it. @return node2's part of the users */
static double part_of_node2(flow_t *flow, int seconds)
{
    apr_time_t end = flow->now + apr_time_from_sec(seconds);
    int users = 0, twos = 0;

    for (; flow->now < end; flow->now += apr_time_from_msec(1 + cfc_kit_dice() % 19)) {
        cfc_ask_t ask = {.dice = cfc_kit_dice(), .now = flow->now};
        cfc_choice_t choice;
        int place;

        answer_those_due(flow);
        ck_assert_int_eq(cfc_choose(flow->kit.cl, &ask, &choice), APR_SUCCESS);
        cfc_choice_taken(flow->kit.cl, &choice);
        place = choice.node == flow->node2;
        cfc_slot_begin(choice.node->slot, 0);
        flow->ends[flow->next % FLOW_MAX] =
            flow->now + apr_time_from_msec(place ? flow->slow_ms : 50);
        flow->place[flow->next++ % FLOW_MAX] = place;
        users++;
        twos += place;
    }
    return (double)twos / users;
}

static void check_part(const char *method, const char *when, double part, double low, double high)
{
    ck_assert_msg(part >= low && part <= high, "%s, %s: node2 gets %.3f, expected %.3f to %.3f",
                  method, when, part, low, high);
}

/* Of one that is twenty times as slow: by its requests in flight, or as ever. */
static const struct {
    const char *method;
    double low, high;
} slow[] = {
    {"least-busy",  0.02, 0.10},
    {"random-two",  0.02, 0.10},
    {"latency",     0.0001, 0.05},
    {"round-robin", 0.49, 0.51},
    {"sessions",    0.49, 0.51},
};

START_TEST(a_slow_node_gets_what_its_method_gives_it_and_half_when_it_is_well)
{
    const char *method = slow[_i].method;
    static flow_t flow;

    flow_open(&flow, method);
    check_part(method, "alike", part_of_node2(&flow, 60), 0.45, 0.55);
    flow.slow_ms = 1000;
    check_part(method, "slow", part_of_node2(&flow, 300), slow[_i].low, slow[_i].high);
    flow.slow_ms = 50;
    part_of_node2(&flow, 120);      /* time to see it */
    check_part(method, "well again", part_of_node2(&flow, 60), 0.45, 0.55);
    cfc_kit_close(&flow.kit);
}
END_TEST

/* With weight 3 in place of 1. A few requests in flight do not divide evenly. */
static const struct {
    const char *method;
    double low, high;
} heavier[] = {
    {"least-busy",  0.70, 0.85},
    {"random-two",  0.70, 0.85},
    {"latency",     0.70, 0.90},
    {"round-robin", 0.74, 0.76},
    {"sessions",    0.74, 0.76},
};

START_TEST(every_method_follows_a_weight_that_changes_meanwhile)
{
    const char *method = heavier[_i].method;
    static flow_t flow;

    flow_open(&flow, method);
    check_part(method, "alike", part_of_node2(&flow, 60), 0.45, 0.55);
    flow.node2->weight = 3;
    part_of_node2(&flow, 120);      /* sessions: until it has three times as many */
    check_part(method, "heavier", part_of_node2(&flow, 60), heavier[_i].low, heavier[_i].high);
    flow.node2->weight = 1;
    part_of_node2(&flow, 600);      /* and until the other one has caught up again */
    check_part(method, "alike again", part_of_node2(&flow, 60), 0.45, 0.55);
    cfc_kit_close(&flow.kit);
}
END_TEST

START_TEST(by_every_method_a_node_that_returns_gets_more_up_to_its_share)
{
    const char *method = slow[_i].method;
    const int parts = 5, each_s = 12;
    static flow_t flow;
    double before = 0, part;

    flow_open(&flow, method);
    flow.kit.cl->slow_start_ms = parts * each_s * 1000;
    part_of_node2(&flow, 30);
    cfc_kit_state(flow.node2, CFC_ADMIN_ACTIVE, CFC_HEALTH_DOWN, CFC_CAUSE_HARD);
    check_part(method, "down", part_of_node2(&flow, 60), 0, 0);
    cfc_slot_returned(flow.node2->slot, flow.now, true);
    cfc_kit_state(flow.node2, CFC_ADMIN_ACTIVE, CFC_HEALTH_UP, CFC_CAUSE_NONE);
    for (int i = 1; i <= parts; i++) {
        part = part_of_node2(&flow, each_s);
        check_part(method, "warming", part, before, 1.0 * i / parts);
        before = part;
    }
    part_of_node2(&flow, 120);      /* sessions: until it has as many */
    check_part(method, "in full service", part_of_node2(&flow, 60), 0.45, 0.55);
    cfc_kit_close(&flow.kit);
}
END_TEST

Suite *cfc_method_suite(void)
{
    Suite *suite = suite_create("lb/method");
    TCase *tcase = tcase_create("method");

    tcase_add_test(tcase, methods_are_found_by_name_and_the_default_is_least_busy);
    tcase_add_test(tcase, a_turn_is_shorter_by_weight_and_longer_while_warming);
    tcase_add_loop_test(tcase, a_method_spreads_sessions_as_it_says, 0, CFC_ROWS(spreads));
    tcase_add_test(tcase, round_robin_gives_each_its_share_in_every_round);
    tcase_add_loop_test(tcase, equals_are_drawn_by_their_weights, 0, CFC_ROWS(ties));
    tcase_add_loop_test(tcase, a_node_gets_the_share_that_its_load_tier_and_warmth_give_it, 0,
                        CFC_ROWS(shares));
    tcase_add_test(tcase, round_robin_follows_a_changed_weight_at_once);
    tcase_add_loop_test(tcase, what_a_node_reports_scales_its_share_by_every_method, 0,
                        CFC_ROWS(reports));
    tcase_add_test(tcase, a_node_that_returns_gets_a_share_that_grows_evenly);
    tcase_add_loop_test(tcase, a_slow_node_gets_what_its_method_gives_it_and_half_when_it_is_well,
                        0, CFC_ROWS(slow));
    tcase_add_loop_test(tcase, every_method_follows_a_weight_that_changes_meanwhile, 0,
                        CFC_ROWS(heavier));
    tcase_add_loop_test(tcase, by_every_method_a_node_that_returns_gets_more_up_to_its_share,
                        0, CFC_ROWS(slow));
    suite_add_tcase(suite, tcase);
    return suite;
}
