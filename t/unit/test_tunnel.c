/* SPDX-License-Identifier: Apache-2.0
 * test_tunnel.c: which tunnels are ended, when, and that they are not ended all at once. */
#include <check.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kit.h"
#include "lb/tunnel.h"
#include "suites.h"

#define TUNNELS 20
#define TIME_MS 30000
#define BEGAN 1000              /* apr_time_t */
#define CHILD 0

static cfc_kit_t kit;
static cfc_node_t *node;
static cfc_waiting_t *waitings[TUNNELS];
static cfc_tunnel_t tunnels[TUNNELS];
static int pairs[TUNNELS][2];

static void setup(void)
{
    kit = cfc_kit_open("node1 node2");
    node = cfc_cluster_nodes(kit.cl)[0];
    kit.cl->tunnel_end_ms = TIME_MS;
}

static void teardown(void)
{
    cfc_kit_close(&kit);
}

static void open_one(int i, bool tester)
{
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i]), 0);
    waitings[i] = cfc_waiting_begin(node->slot, BEGAN);
    cfc_waiting_watch(waitings[i], pairs[i][0], &pairs[i]);
    cfc_waiting_answered(waitings[i]);
    cfc_tunnel_begin(&tunnels[i], kit.cl, node, &(cfc_tester_t){.passes = tester}, CHILD,
                     waitings[i]);
}

static void open_some(int count)
{
    for (int i = 0; i < count; i++) {
        open_one(i, false);
    }
}

/* A socket that was shut down is at its end; one that was not has nothing to read. */
static bool is_ended(int i)
{
    char byte;

    return recv(pairs[i][0], &byte, 1, MSG_DONTWAIT) == 0;
}

static int ended(int count)
{
    int sum = 0;

    for (int i = 0; i < count; i++) {
        sum += is_ended(i);
    }
    return sum;
}

static void close_some(int count)
{
    for (int i = 0; i < count; i++) {
        cfc_waiting_end(waitings[i]);
        cfc_tunnel_end(&tunnels[i], CHILD);
        close(pairs[i][0]);
        close(pairs[i][1]);
    }
    ck_assert_int_eq(atomic_load(&node->slot->traffic.tunnels), 0);
}

static void set_admin(cfc_admin_t admin)
{
    atomic_store(&node->slot->admin, (uint32_t)admin);
}

static void close_cluster(bool closed)
{
    atomic_store(&kit.cl->slot->maintenance, closed);
}

static void turn_down(cfc_cause_t cause)
{
    atomic_store(&node->slot->health_at, BEGAN + 1);
    cfc_slot_health_set(node->slot, CFC_HEALTH_DOWN, cause);
}

START_TEST(a_tunnel_that_nobody_has_a_reason_to_end_goes_on)
{
    open_some(3);
    ck_assert_int_eq(atomic_load(&node->slot->traffic.tunnels), 3);
    ck_assert_int_eq(cfc_tunnels_look(false, 1), INT64_MAX);
    set_admin(CFC_ADMIN_DRAIN);
    ck_assert_int_eq(cfc_tunnels_look(false, 10 * TIME_MS), INT64_MAX);
    ck_assert_int_eq(ended(3), 0);
    ck_assert_str_eq(cfc_tunnel_word(tunnels[0].ended_by), "closed");
    close_some(3);
}
END_TEST

START_TEST(a_stopped_nodes_tunnels_end_spread_evenly_over_the_time)
{
    int most = 0, before = 0;

    open_some(TUNNELS);
    set_admin(CFC_ADMIN_STOP);
    for (int ms = 0; ms < TIME_MS; ms += TIME_MS / TUNNELS) {
        int64_t next_ms = cfc_tunnels_look(false, 5 + ms);
        int now = ended(TUNNELS);

        ck_assert_msg(now == TUNNELS || (next_ms > 0 && next_ms < TIME_MS - ms),
                      "after %d ms the next one is due in %d ms", ms, (int)next_ms);
        ck_assert_msg(now >= ms * TUNNELS / TIME_MS - 3 && now <= ms * TUNNELS / TIME_MS + 3,
                      "%d ended after %d ms", now, ms);
        most = now - before > most ? now - before : most;
        before = now;
    }
    ck_assert_int_le(most, 2);
    ck_assert_int_eq(cfc_tunnels_look(false, 5 + TIME_MS), INT64_MAX);
    ck_assert_int_eq(ended(TUNNELS), TUNNELS);
    ck_assert_str_eq(cfc_tunnel_word(tunnels[0].ended_by), "node-stopped");
    close_some(TUNNELS);
}
END_TEST

START_TEST(a_node_put_back_keeps_the_rest_and_another_stop_gives_the_whole_time)
{
    int half;

    open_some(TUNNELS);
    set_admin(CFC_ADMIN_STOP);
    cfc_tunnels_look(false, 0);
    cfc_tunnels_look(false, TIME_MS / 2);
    half = ended(TUNNELS);
    ck_assert_int_gt(half, TUNNELS / 4);
    ck_assert_int_lt(half, TUNNELS * 3 / 4);
    set_admin(CFC_ADMIN_ACTIVE);
    ck_assert_int_eq(cfc_tunnels_look(false, 2 * TIME_MS), INT64_MAX);
    ck_assert_int_eq(ended(TUNNELS), half);
    set_admin(CFC_ADMIN_STOP);
    cfc_tunnels_look(false, 3 * TIME_MS);
    ck_assert_int_eq(ended(TUNNELS), half);
    cfc_tunnels_look(false, 4 * TIME_MS);
    ck_assert_int_eq(ended(TUNNELS), TUNNELS);
    close_some(TUNNELS);
}
END_TEST

START_TEST(no_time_at_all_is_at_once)
{
    kit.cl->tunnel_end_ms = 0;
    open_some(3);
    set_admin(CFC_ADMIN_STOP);
    cfc_tunnels_look(false, 7);
    ck_assert_int_eq(ended(3), 3);
    close_some(3);
}
END_TEST

static const struct {
    const char *label;
    cfc_admin_t admin;
    bool closed;
    cfc_health_t health;
    cfc_cause_t cause;
    bool leaving;
    const char *at_once, *in_time, *tester_in_time;
} rows[] = {
    {"down, hard",             CFC_ADMIN_ACTIVE, false, CFC_HEALTH_DOWN, CFC_CAUSE_HARD, false,
     "node-down", "node-down", "node-down"},
    {"down, soft",             CFC_ADMIN_ACTIVE, false, CFC_HEALTH_DOWN, CFC_CAUSE_SOFT, false,
     "node-down", "node-down", "node-down"},
    {"down and stopped",       CFC_ADMIN_STOP,   false, CFC_HEALTH_DOWN, CFC_CAUSE_HARD, true,
     "node-down", "node-down", "node-down"},
    {"failing is not down",    CFC_ADMIN_ACTIVE, false, CFC_HEALTH_FAILING, CFC_CAUSE_SOFT, false,
     "closed", "closed", "closed"},
    {"stopped",                CFC_ADMIN_STOP,   false, CFC_HEALTH_UP, CFC_CAUSE_NONE, false,
     "closed", "node-stopped", "node-stopped"},
    {"draining",               CFC_ADMIN_DRAIN,  false, CFC_HEALTH_UP, CFC_CAUSE_NONE, false,
     "closed", "closed", "closed"},
    {"maintenance",            CFC_ADMIN_ACTIVE, true,  CFC_HEALTH_UP, CFC_CAUSE_NONE, false,
     "closed", "maintenance", "closed"},
    {"stopped in maintenance", CFC_ADMIN_STOP,   true,  CFC_HEALTH_UP, CFC_CAUSE_NONE, false,
     "closed", "node-stopped", "node-stopped"},
    {"httpd restarts",         CFC_ADMIN_ACTIVE, false, CFC_HEALTH_UP, CFC_CAUSE_NONE, true,
     "closed", "restart", "restart"},
    {"restart, maintenance",   CFC_ADMIN_ACTIVE, true,  CFC_HEALTH_UP, CFC_CAUSE_NONE, true,
     "closed", "maintenance", "restart"},
};

static void check_end(int i, int row, const char *when, const char *want)
{
    const char *got = cfc_tunnel_word(tunnels[i].ended_by);

    ck_assert_msg(strcmp(got, want) == 0, "%s: %s: %s", rows[row].label, when, got);
    ck_assert_msg(is_ended(i) == (strcmp(want, "closed") != 0), "%s: %s", rows[row].label, when);
}

START_TEST(what_ends_a_tunnel_and_whether_it_is_given_time)
{
    open_one(0, false);
    open_one(1, true);
    set_admin(rows[_i].admin);
    close_cluster(rows[_i].closed);
    atomic_store(&node->slot->health_at, BEGAN + 1);
    cfc_slot_health_set(node->slot, rows[_i].health, rows[_i].cause);
    cfc_tunnels_look(rows[_i].leaving, 1);
    check_end(0, _i, "at once", rows[_i].at_once);
    cfc_tunnels_look(rows[_i].leaving, 1 + TIME_MS);
    check_end(0, _i, "in time", rows[_i].in_time);
    check_end(1, _i, "a tester's", rows[_i].tester_in_time);
    close_some(2);
}
END_TEST

START_TEST(a_tunnel_that_began_after_the_verdict_is_a_last_resorts_and_goes_on)
{
    turn_down(CFC_CAUSE_SOFT);
    atomic_store(&node->slot->health_at, BEGAN - 1);
    open_some(1);
    ck_assert_int_eq(cfc_tunnels_look(false, 10 * TIME_MS), INT64_MAX);
    ck_assert_int_eq(ended(1), 0);
    close_some(1);
}
END_TEST

static bool as_told(const void *answer)
{
    return *(const bool *)answer;
}

START_TEST(a_tunnel_whose_client_has_nowhere_else_to_go_is_left_to_a_node_that_is_down)
{
    bool elsewhere = false;

    open_some(1);
    cfc_waiting_ask(waitings[0], as_told, &elsewhere);
    turn_down(CFC_CAUSE_SOFT);
    ck_assert_int_eq(cfc_tunnels_look(false, 1), INT64_MAX);
    ck_assert_int_eq(ended(1), 0);
    elsewhere = true;
    cfc_tunnels_look(false, 2);
    ck_assert_int_eq(ended(1), 1);
    close_some(1);
}
END_TEST

START_TEST(a_tunnel_ends_when_its_path_is_in_maintenance_by_itself)
{
    bool in_it[2] = {true, false};

    for (int i = 0; i < 2; i++) {
        tunnels[i].part_closed = as_told;
        tunnels[i].request = &in_it[i];
        open_one(i, false);
    }
    ck_assert_int_eq(cfc_tunnels_look(false, 1), INT64_MAX);
    atomic_store(&kit.cl->slot->parts_closed, 1);
    cfc_tunnels_look(false, 2);
    cfc_tunnels_look(false, 2 + TIME_MS);
    ck_assert(is_ended(0));
    ck_assert(!is_ended(1));
    close_some(2);
}
END_TEST

START_TEST(a_tester_let_in_to_a_stopped_node_stays_until_it_is_stopped_again)
{
    set_admin(CFC_ADMIN_STOP);
    open_one(0, true);
    open_one(1, false);                 /* was on its way when the node was stopped */
    cfc_tunnels_look(false, 0);
    cfc_tunnels_look(false, TIME_MS);
    ck_assert(!is_ended(0));
    ck_assert(is_ended(1));
    set_admin(CFC_ADMIN_ACTIVE);
    cfc_tunnels_look(false, 2 * TIME_MS);
    set_admin(CFC_ADMIN_STOP);
    cfc_tunnels_look(false, 3 * TIME_MS);
    cfc_tunnels_look(false, 4 * TIME_MS);
    ck_assert(is_ended(0));
    close_some(2);
}
END_TEST

START_TEST(a_second_reason_does_not_begin_the_time_anew)
{
    open_some(1);
    close_cluster(true);
    cfc_tunnels_look(false, 0);
    set_admin(CFC_ADMIN_STOP);
    cfc_tunnels_look(true, TIME_MS);
    ck_assert_int_eq(ended(1), 1);
    ck_assert_str_eq(cfc_tunnel_word(tunnels[0].ended_by), "node-stopped");
    close_some(1);
}
END_TEST

START_TEST(other_requests_and_closed_connections_are_left_alone)
{
    open_some(2);
    cfc_waiting_forget(waitings[0], &pairs[0]);
    waitings[2] = cfc_waiting_begin(node->slot, BEGAN);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[2]), 0);
    cfc_waiting_watch(waitings[2], pairs[2][0], &pairs[2]);
    cfc_waiting_answered(waitings[2]);
    turn_down(CFC_CAUSE_HARD);
    cfc_waiting_release();
    ck_assert_int_eq(ended(3), 0);
    cfc_tunnels_look(false, 1);
    ck_assert(!is_ended(0) && is_ended(1) && !is_ended(2));
    cfc_waiting_end(waitings[2]);
    close(pairs[2][0]);
    close(pairs[2][1]);
    close_some(2);
}
END_TEST

Suite *cfc_tunnel_suite(void)
{
    Suite *suite = suite_create("tunnel");
    TCase *tcase = tcase_create("tunnel");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_tunnel_that_nobody_has_a_reason_to_end_goes_on);
    tcase_add_test(tcase, a_stopped_nodes_tunnels_end_spread_evenly_over_the_time);
    tcase_add_test(tcase, a_node_put_back_keeps_the_rest_and_another_stop_gives_the_whole_time);
    tcase_add_test(tcase, no_time_at_all_is_at_once);
    tcase_add_loop_test(tcase, what_ends_a_tunnel_and_whether_it_is_given_time, 0, CFC_ROWS(rows));
    tcase_add_test(tcase, a_tunnel_that_began_after_the_verdict_is_a_last_resorts_and_goes_on);
    tcase_add_test(tcase,
                   a_tunnel_whose_client_has_nowhere_else_to_go_is_left_to_a_node_that_is_down);
    tcase_add_test(tcase, a_tunnel_ends_when_its_path_is_in_maintenance_by_itself);
    tcase_add_test(tcase, a_tester_let_in_to_a_stopped_node_stays_until_it_is_stopped_again);
    tcase_add_test(tcase, a_second_reason_does_not_begin_the_time_anew);
    tcase_add_test(tcase, other_requests_and_closed_connections_are_left_alone);
    suite_add_tcase(suite, tcase);
    return suite;
}
