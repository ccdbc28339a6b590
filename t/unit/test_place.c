/* SPDX-License-Identifier: Apache-2.0
 * test_place.c: who waits gets a place that suits him, by whoever's configuration it was left. */
#include "lb/place.h"

#include <apr_strings.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "lb/effective.h"
#include "t/unit/kit.h"
#include "t/unit/suites.h"

static cfc_kit_t kit;
static int child;

static void set_up(void)
{
    kit = cfc_kit_open("node1 node2");
    kit.cl->queue = (cfc_queue_conf_t){.depth = 10, .timeout_ms = 60000};
    for (int i = 0; i < kit.cl->nodes->nelts; i++) {
        cfc_cluster_nodes(kit.cl)[i]->max = 1;
    }
    child = cfc_segment_child_enter(kit.segment, getpid(), 1);
}

static void tear_down(void)
{
    cfc_kit_close(&kit);
}

/* The same cluster in another generation: some of the nodes, in another order, or others. */
static cfc_cluster_t *reloaded(const char *names)
{
    cfc_cluster_t *cl = apr_pmemdup(kit.pool, kit.cl, sizeof(*cl));
    char *rest, *name;

    cl->nodes = apr_array_make(kit.pool, 4, sizeof(cfc_node_t *));
    cfc_segment_next_generation(kit.segment);
    for (name = apr_strtok(apr_pstrdup(kit.pool, names), " ", &rest); name != NULL;
         name = apr_strtok(NULL, " ", &rest)) {
        cfc_node_t *node = apr_pmemdup(kit.pool, cfc_cluster_nodes(kit.cl)[0], sizeof(*node));

        node->name = name;
        node->slot = cfc_segment_node(kit.segment, cl->name, name);
        cfc_kit_state(node, CFC_ADMIN_ACTIVE, CFC_HEALTH_UP, CFC_CAUSE_NONE);
        APR_ARRAY_PUSH(cl->nodes, cfc_node_t *) = node;
    }
    return cl;
}

static void fill(const cfc_cluster_t *cl)
{
    for (int i = 0; i < cl->nodes->nelts; i++) {
        cfc_slot_begin(cfc_cluster_nodes(cl)[i]->slot, child);
    }
}

static void leave(const cfc_cluster_t *cl, const char *name)
{
    cfc_place_leave(cl, cfc_cluster_node(cl, name), child);
}

static int inflight(const cfc_cluster_t *cl, const char *name)
{
    return atomic_load(&cfc_cluster_node(cl, name)->slot->traffic.inflight);
}

/* A request of a new user, or of one who belongs to a node. */
typedef struct {
    const cfc_cluster_t *cl;
    cfc_ask_t ask;
    cfc_choice_t choice;
    cfc_place_t got;
    _Atomic bool over;
    pthread_t thread;
} visit_t;

static void *run_visit(void *data)
{
    visit_t *visit = data;
    apr_int64_t waited_ms = 0;

    visit->got = cfc_place_take(visit->cl, &visit->ask, child, &visit->choice, &waited_ms);
    atomic_store(&visit->over, true);
    return NULL;
}

static int waiting(void)
{
    return (int)atomic_load(&kit.cl->slot->queue.length);
}

/* Returns when it waits, or has done so already. */
static void begin_as(visit_t *visit, const cfc_cluster_t *cl, const cfc_ask_t *ask)
{
    int before = waiting();

    *visit = (visit_t){.cl = cl, .ask = *ask};
    ck_assert_int_eq(pthread_create(&visit->thread, NULL, run_visit, visit), 0);
    while (waiting() == before && !atomic_load(&visit->over)) {
        usleep(1000);
    }
}

static void begin(visit_t *visit, const cfc_cluster_t *cl, const char *own)
{
    cfc_ask_t ask = {.dice = cfc_kit_dice()};

    if (own != NULL) {
        ask.routes.nodes[ask.routes.count++] = cfc_cluster_node(cl, own);
    }
    begin_as(visit, cl, &ask);
}

static void got(visit_t *visit, const char *node, cfc_why_t why)
{
    pthread_join(visit->thread, NULL);
    ck_assert_int_eq(visit->got, CFC_PLACE_TAKEN);
    ck_assert_str_eq(visit->choice.node->name, node);
    ck_assert_ptr_eq(visit->choice.node, cfc_cluster_node(visit->cl, node));
    ck_assert_int_eq(visit->choice.why, why);
    cfc_place_leave(visit->cl, visit->choice.node, child);
}

START_TEST(a_place_is_handed_over_between_children_of_two_configurations)
{
    cfc_cluster_t *now = reloaded("node3 node2 node1");
    visit_t old, young;

    fill(now);
    begin(&old, kit.cl, NULL);
    leave(now, "node3");                /* the old configuration has no such node */
    ck_assert_int_eq(inflight(now, "node3"), 0);
    cfc_slot_begin(cfc_cluster_node(now, "node3")->slot, child);
    begin(&young, now, NULL);
    leave(now, "node1");                /* its last one here, its first one there */
    got(&old, "node1", CFC_WHY_NEW);
    got(&young, "node1", CFC_WHY_NEW);
    leave(now, "node2");
    leave(now, "node3");
    ck_assert_int_eq(inflight(now, "node1") + inflight(now, "node2") + inflight(now, "node3"), 0);
    ck_assert_int_eq(waiting(), 0);
}
END_TEST

START_TEST(who_belongs_to_a_node_gets_a_place_at_it_whatever_its_position)
{
    cfc_cluster_t *now = reloaded("node2 node3 node1");
    visit_t old;

    fill(now);
    begin(&old, kit.cl, "node2");
    leave(now, "node3");
    leave(now, "node1");
    leave(now, "node2");
    got(&old, "node2", CFC_WHY_STICKY);
    ck_assert_int_eq(inflight(now, "node1") + inflight(now, "node2") + inflight(now, "node3"), 0);
}
END_TEST

START_TEST(a_place_that_was_meant_for_another_configuration_is_passed_on)
{
    cfc_cluster_t *now = reloaded("node1 node2 node3");
    cfc_waiter_t *record = &kit.cl->slot->queue.waiters[0];
    visit_t old, young;

    fill(now);
    begin(&old, kit.cl, NULL);
    begin(&young, now, NULL);
    /* As if somebody had looked at the record while a request of the other one waited by it. */
    cfc_queue_want(record, &(cfc_places_t){{~UINT64_C(0), ~UINT64_C(0)}});
    leave(now, "node3");
    got(&young, "node3", CFC_WHY_NEW);
    ck_assert(!atomic_load(&old.over));
    leave(now, "node1");
    got(&old, "node1", CFC_WHY_NEW);
    leave(now, "node2");
    ck_assert_int_eq(inflight(now, "node1") + inflight(now, "node2") + inflight(now, "node3"), 0);
}
END_TEST

START_TEST(a_new_session_waits_for_the_lowest_tier_that_serves)
{
    visit_t visit;

    cfc_cluster_node(kit.cl, "node2")->tier = 1;
    fill(kit.cl);
    begin(&visit, kit.cl, NULL);
    leave(kit.cl, "node2");
    ck_assert_int_eq(inflight(kit.cl, "node2"), 0);
    leave(kit.cl, "node1");
    got(&visit, "node1", CFC_WHY_NEW);
}
END_TEST

START_TEST(it_goes_to_the_higher_tier_when_the_lower_one_has_nobody_any_more)
{
    visit_t visit;

    cfc_cluster_node(kit.cl, "node2")->tier = 1;
    fill(kit.cl);
    begin(&visit, kit.cl, NULL);
    cfc_kit_state(cfc_cluster_node(kit.cl, "node1"), CFC_ADMIN_ACTIVE, CFC_HEALTH_DOWN,
                  CFC_CAUSE_HARD);
    leave(kit.cl, "node1");             /* handed over, and not taken: it waits on */
    leave(kit.cl, "node2");
    got(&visit, "node2", CFC_WHY_NEW);
    ck_assert_int_eq(inflight(kit.cl, "node1"), 0);
}
END_TEST

START_TEST(a_draining_node_hands_its_places_to_its_own_sessions_only)
{
    cfc_node_t *node1 = cfc_cluster_node(kit.cl, "node1");
    visit_t visitor, own;

    atomic_store(&node1->slot->admin, CFC_ADMIN_DRAIN);
    fill(kit.cl);
    begin(&visitor, kit.cl, NULL);
    begin(&own, kit.cl, "node1");
    leave(kit.cl, "node1");
    got(&own, "node1", CFC_WHY_STICKY);
    ck_assert(!atomic_load(&visitor.over));
    leave(kit.cl, "node2");
    got(&visitor, "node2", CFC_WHY_NEW);
}
END_TEST

START_TEST(near_the_end_of_its_time_any_node_will_do_and_a_testers_own_one_only)
{
    cfc_ask_t ask = {.forced = cfc_cluster_node(kit.cl, "node1")};
    visit_t forced, tester;

    kit.cl->queue.timeout_ms = 3000;
    fill(kit.cl);
    begin_as(&forced, kit.cl, &ask);
    ask.bound = true;
    begin_as(&tester, kit.cl, &ask);
    leave(kit.cl, "node2");
    got(&forced, "node2", CFC_WHY_NEW);
    pthread_join(tester.thread, NULL);
    ck_assert_int_eq(tester.got, CFC_PLACE_BUSY);
    ck_assert_int_eq(waiting(), 0);
}
END_TEST

Suite *cfc_place_suite(void)
{
    Suite *suite = suite_create("lb/place");
    TCase *tcase = tcase_create("place");

    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, a_place_is_handed_over_between_children_of_two_configurations);
    tcase_add_test(tcase, who_belongs_to_a_node_gets_a_place_at_it_whatever_its_position);
    tcase_add_test(tcase, a_place_that_was_meant_for_another_configuration_is_passed_on);
    tcase_add_test(tcase, a_new_session_waits_for_the_lowest_tier_that_serves);
    tcase_add_test(tcase, it_goes_to_the_higher_tier_when_the_lower_one_has_nobody_any_more);
    tcase_add_test(tcase, a_draining_node_hands_its_places_to_its_own_sessions_only);
    tcase_add_test(tcase, near_the_end_of_its_time_any_node_will_do_and_a_testers_own_one_only);
    suite_add_tcase(suite, tcase);
    return suite;
}
