/* SPDX-License-Identifier: Apache-2.0
 * test_drains.c: what a drain did to users, and when that is told. */
#include <string.h>

#include "lb/events.h"
#include "maint/control.h"
#include "maint/drains.h"
#include "t/unit/small_cluster.h"
#include "t/unit/suites.h"

#define NOW apr_time_now()
#define LONG_AFTER (NOW + apr_time_from_sec(7200))     /* than the window of CFSticky */

static cfc_small_cluster_t small;
static uint64_t seq;            /* of the last event that told() has seen */

static void begin(void)
{
    seq = 0;
    cfc_small_cluster_make(&small);
    small.conf->segment->sessions_from = NOW;
    cfc_events_to(&small.conf->segment->events);
}

static void end(void)
{
    cfc_events_to(NULL);
    cfc_small_cluster_end(&small);
}

static void order(const char *action)
{
    cfc_order_t o = {.cluster = "confluence", .node = "node1", .action = action, .who = "anna",
                     .address = "10.0.9.3", .force = true};
    cfc_result_t result = cfc_control(small.conf, &o, NOW, small.p);

    ck_assert_msg(result.outcome == CFC_OUTCOME_DONE, "%s", result.text);
}

/* The last report since the last call. @return false: there was none */
static bool told(cfc_event_t *found)
{
    const cfc_events_t *ring = &small.conf->segment->events;
    cfc_event_t event;
    uint64_t lost = 0;
    bool any = false;

    if (seq < ring->base) {
        seq = ring->base;
    }
    while (cfc_events_next(ring, &seq, NOW, &event, &lost)) {
        if (strcmp(event.code, "CFC0408") == 0) {
            *found = event;
            any = true;
        }
    }
    return any;
}

static cfc_drain_t *drain(void)
{
    return &small.node1->slot->drain;
}

static const struct {
    const char *label;
    uint64_t moved, requests, tunnels;
    const char *text;
} texts[] = {
    {"nothing", 0, 0, 0, "about 0 sessions moved to other nodes, 0 requests and 0 tunnels were cut"},
    {"one each", 1, 1, 1, "about 1 session moved to other nodes, 1 request and 1 tunnel were cut"},
    {"many", 12, 2, 3, "about 12 sessions moved to other nodes, 2 requests and 3 tunnels were cut"},
};

START_TEST(a_report_counts_each_session_once)
{
    cfc_drain_report_t report;

    cfc_drain_begin(drain(), 40, NOW);
    for (uint64_t i = 0; i < 3 * texts[_i].moved; i++) {
        char name = (char)('a' + i % texts[_i].moved);

        cfc_drain_moved(drain(), cfc_sessions_hash(&name, 1, 0));
    }
    for (uint64_t i = 0; i < texts[_i].requests; i++) {
        cfc_drain_cut_request(drain());
    }
    for (uint64_t i = 0; i < texts[_i].tunnels; i++) {
        cfc_drain_cut_tunnel(drain());
    }
    ck_assert(cfc_drain_read(drain(), &report));
    ck_assert_uint_eq(report.sessions, 40);
    ck_assert_msg(strcmp(cfc_drain_text(&report, small.p), texts[_i].text) == 0, "%s: %s",
                  texts[_i].label, cfc_drain_text(&report, small.p));
}
END_TEST

START_TEST(a_drain_begins_with_nothing)
{
    cfc_drain_report_t report;

    cfc_drain_moved(drain(), 77);
    cfc_drain_cut_request(drain());
    cfc_drain_cut_tunnel(drain());
    ck_assert(!cfc_drain_read(drain(), &report));
    order("drain");
    ck_assert(cfc_drain_read(drain(), &report));
    ck_assert_uint_eq(report.moved + report.cut_requests + report.cut_tunnels, 0);
}
END_TEST

START_TEST(a_stop_keeps_the_report_of_its_drain_only)
{
    cfc_drain_report_t report;

    order("drain");
    cfc_drain_cut_tunnel(drain());
    order("stop");
    ck_assert(cfc_drain_read(drain(), &report));
    ck_assert_uint_eq(report.cut_tunnels, 1);
    order("activate");
    order("stop");
    ck_assert(!cfc_drain_read(drain(), &report));
}
END_TEST

START_TEST(drained_is_told_once)
{
    cfc_event_t event;

    order("drain");
    cfc_slot_begin(small.node1->slot, -1);
    cfc_drains_look(small.conf, LONG_AFTER);
    ck_assert(!told(&event));
    cfc_slot_end(small.node1->slot, -1);
    cfc_drains_look(small.conf, LONG_AFTER);
    ck_assert(told(&event));
    ck_assert_str_eq(event.before, "drain");
    ck_assert_str_eq(event.after, "drained");
    ck_assert_str_eq(event.name, "node1");
    cfc_drains_look(small.conf, LONG_AFTER);
    order("stop");
    cfc_drains_look(small.conf, LONG_AFTER);
    ck_assert(!told(&event));
}
END_TEST

/* Whoever has not come since httpd started is not known of. */
START_TEST(nobody_known_is_not_nobody_left)
{
    cfc_event_t event;

    order("drain");
    cfc_drains_look(small.conf, NOW);
    ck_assert(!told(&event));
    cfc_drains_look(small.conf, LONG_AFTER);
    ck_assert(told(&event));
}
END_TEST

START_TEST(a_stop_after_a_drain_is_told_when_its_tunnels_are_over)
{
    cfc_event_t event;

    order("drain");
    cfc_slot_tunnel_begin(small.node1->slot, -1);
    order("stop");
    cfc_drains_look(small.conf, NOW);
    ck_assert(!told(&event));
    cfc_drain_cut_tunnel(drain());
    cfc_slot_tunnel_end(small.node1->slot, -1);
    cfc_drains_look(small.conf, NOW);
    ck_assert(told(&event));
    ck_assert_str_eq(event.after, "stopped");
    ck_assert_ptr_nonnull(strstr(event.why, "1 tunnel were cut"));
}
END_TEST

START_TEST(active_again_is_told_of_a_drain_that_did_something)
{
    cfc_event_t event;

    order("drain");
    order("activate");
    ck_assert(!told(&event));
    order("drain");
    cfc_drain_cut_request(drain());
    order("stop");
    order("activate");
    ck_assert(told(&event));
    ck_assert_str_eq(event.after, "active again");
    cfc_drains_look(small.conf, LONG_AFTER);
    order("stop");
    cfc_drains_look(small.conf, LONG_AFTER);
    order("activate");
    ck_assert(!told(&event));
}
END_TEST

Suite *cfc_drains_suite(void)
{
    Suite *suite = suite_create("drains");
    TCase *tcase = tcase_create("drains");

    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_loop_test(tcase, a_report_counts_each_session_once, 0, CFC_ROWS(texts));
    tcase_add_test(tcase, a_drain_begins_with_nothing);
    tcase_add_test(tcase, a_stop_keeps_the_report_of_its_drain_only);
    tcase_add_test(tcase, drained_is_told_once);
    tcase_add_test(tcase, nobody_known_is_not_nobody_left);
    tcase_add_test(tcase, a_stop_after_a_drain_is_told_when_its_tunnels_are_over);
    tcase_add_test(tcase, active_again_is_told_of_a_drain_that_did_something);
    suite_add_tcase(suite, tcase);
    return suite;
}
