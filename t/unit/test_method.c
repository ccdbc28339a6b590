/* SPDX-License-Identifier: Apache-2.0
 * test_method.c: how each balance method spreads new sessions over nodes that all serve. */
#include "lb/method.h"

#include <string.h>

#include "lb/choose.h"
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

START_TEST(a_turn_of_a_node_is_shorter_by_its_weight)
{
    cfc_node_t node = {.weight = 1};

    ck_assert_uint_eq(cfc_node_turns(&node, 0), 0);
    ck_assert_uint_eq(cfc_node_turns(&node, 1), CFC_TURN);
    node.weight = 4;
    ck_assert_uint_eq(cfc_node_turns(&node, 1), CFC_TURN / 4);
    ck_assert_uint_eq(cfc_node_turns(&node, 8), 2 * CFC_TURN);
    node.weight = 100;
    ck_assert_uint_eq(cfc_node_turns(&node, UINT64_C(100000000000)),
                      UINT64_C(1000000000) * CFC_TURN);
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

Suite *cfc_method_suite(void)
{
    Suite *suite = suite_create("lb/method");
    TCase *tcase = tcase_create("method");

    tcase_add_test(tcase, methods_are_found_by_name_and_the_default_is_least_busy);
    tcase_add_test(tcase, a_turn_of_a_node_is_shorter_by_its_weight);
    tcase_add_loop_test(tcase, a_method_spreads_sessions_as_it_says, 0, CFC_ROWS(spreads));
    tcase_add_test(tcase, round_robin_gives_each_its_share_in_every_round);
    tcase_add_loop_test(tcase, equals_are_drawn_by_their_weights, 0, CFC_ROWS(ties));
    suite_add_tcase(suite, tcase);
    return suite;
}
