/* SPDX-License-Identifier: Apache-2.0
 * test_due.c: what people ordered for later, and when it is given. */
#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#include "lb/events.h"
#include "maint/control.h"
#include "maint/due.h"
#include "t/unit/small_cluster.h"
#include "t/unit/suites.h"

#define NOW apr_time_from_sec(1795442400)       /* 2026-11-23T14:00:00Z */
#define MINUTES(n) apr_time_from_sec(60 * (n))

static cfc_small_cluster_t small;

static void begin(void)
{
    cfc_small_cluster_make(&small);
}

static void end(void)
{
    cfc_small_cluster_end(&small);
}

static void give(const char *action, const char *deadline, const char *until,
                 const char *comes_back)
{
    cfc_order_t order = {.cluster = "confluence", .node = "node1", .action = action,
                         .reason = "upgrade", .who = "anna", .address = "10.0.9.3"};
    cfc_result_t result;

    order.deadline = deadline;
    order.until = until;
    order.comes_back = comes_back;
    result = cfc_control(small.conf, &order, NOW, small.p);
    ck_assert_msg(result.outcome == CFC_OUTCOME_DONE, "%s", result.text);
}

/* What is due at that time: "action: reason", "" for nothing. */
static const char *due_at(apr_time_t now)
{
    cfc_order_t order;

    return cfc_due(small.conf, now, 0, &order, small.p)
               ? apr_psprintf(small.p, "%s: %s", order.action, order.reason)
               : "";
}

static const struct {
    const char *label, *action, *deadline, *until;
    int minutes;
    const char *due;
} times[] = {
    {"a drain without an end", "drain", NULL, NULL, 100000, ""},
    {"before its deadline", "drain", "15m", NULL, 14, ""},
    {"at its deadline", "drain", "15m", NULL, 15,
     "stop: drain of anna: its deadline is over; upgrade"},
    {"before its return", "stop", NULL, "2h", 119, ""},
    {"at its return", "stop", NULL, "2h", 120,
     "activate: stop of anna: its time is over; upgrade"},
    {"returned rather than stopped", "drain", "15m", "10m", 20,
     "activate: drain of anna: its time is over; upgrade"},
};

START_TEST(an_order_is_due_when_its_time_has_come)
{
    apr_time_t at = NOW + MINUTES(times[_i].minutes);

    give(times[_i].action, times[_i].deadline, times[_i].until, NULL);
    ck_assert_msg(strcmp(due_at(at), times[_i].due) == 0, "%s: %s", times[_i].label, due_at(at));
}
END_TEST

START_TEST(a_time_that_passed_while_httpd_was_down_is_due_at_once)
{
    give("drain", "15m", NULL, "restart");
    cfc_small_cluster_restart(&small);
    ck_assert_str_eq(due_at(NOW + MINUTES(600)),
                     "stop: drain of anna: its deadline is over; upgrade");
}
END_TEST

START_TEST(a_node_returns_when_it_was_restarted_and_not_before)
{
    give("stop", NULL, NULL, "restart");
    atomic_store(&small.node1->slot->risen_at, NOW - MINUTES(60));
    ck_assert_str_eq(due_at(NOW + MINUTES(5)), "");
    cfc_slot_health_set(small.node1->slot, CFC_HEALTH_DOWN, CFC_CAUSE_HARD);
    atomic_store(&small.node1->slot->risen_at, NOW + MINUTES(6));
    ck_assert_str_eq(due_at(NOW + MINUTES(6)), "");
    cfc_slot_health_set(small.node1->slot, CFC_HEALTH_UP, CFC_CAUSE_NONE);
    ck_assert_str_eq(due_at(NOW + MINUTES(7)),
                     "activate: stop of anna: the node was restarted and is up; upgrade");
}
END_TEST

START_TEST(the_end_of_an_ejection_is_no_restart)
{
    give("drain", NULL, NULL, "restart");
    cfc_slot_returned(small.node1->slot, NOW + MINUTES(5), false);
    ck_assert_str_eq(due_at(NOW + MINUTES(6)), "");
}
END_TEST

/* Who says afterwards that a stopped node returns when it was restarted means the next time. */
START_TEST(a_restart_before_the_return_was_ordered_does_not_count)
{
    give("stop", NULL, NULL, NULL);
    atomic_store(&small.node1->slot->risen_at, NOW + MINUTES(10));
    give("stop", NULL, NULL, "restart");
    ck_assert_str_eq(due_at(NOW + MINUTES(21)), "");
    atomic_store(&small.node1->slot->risen_at, NOW + MINUTES(30));
    ck_assert_str_eq(due_at(NOW + MINUTES(31)),
                     "activate: stop of anna: the node was restarted and is up; upgrade");
}
END_TEST

/* The order that is due at that time, carried out then. */
static cfc_outcome_t carry_out_at(apr_time_t at)
{
    cfc_order_t order;

    ck_assert(cfc_due(small.conf, at, 0, &order, small.p));
    return cfc_control(small.conf, &order, at, small.p).outcome;
}

START_TEST(a_stop_at_the_deadline_keeps_how_the_node_returns)
{
    cfc_subject_t subject = cfc_kind_node.subject(small.cl, 0);
    cfc_kept_t kept;

    give("drain", "15m", NULL, "restart");
    ck_assert_int_eq(carry_out_at(NOW + MINUTES(15)), CFC_OUTCOME_DONE);
    cfc_kind_node.now(&subject, &kept);
    ck_assert_int_eq(kept.state, CFC_ADMIN_STOP);
    ck_assert_int_eq(kept.plan.how, CFC_RETURN_RESTART);
    ck_assert_str_eq(due_at(NOW + MINUTES(16)), "");
}
END_TEST

static void acknowledge(const char *until)
{
    const cfc_order_t order = {.cluster = "confluence", .dependency = "replica", .action = "ack",
                               .until = until, .reason = "backup", .who = "anna",
                               .address = "10.0.9.3"};
    cfc_result_t result;

    cfc_small_cluster_depend(&small);
    result = cfc_control(small.conf, &order, NOW, small.p);
    ck_assert_msg(result.outcome == CFC_OUTCOME_DONE, "%s", result.text);
}

static void give_maintenance(const char *from, const char *until, const char *end)
{
    cfc_order_t order = {.cluster = "confluence", .action = "maintenance-on", .message = "update",
                         .who = "anna", .address = "10.0.9.3", .from = from, .until = until,
                         .end = end};
    cfc_result_t result = cfc_control(small.conf, &order, NOW, small.p);

    ck_assert_msg(result.outcome == CFC_OUTCOME_DONE, "%s", result.text);
}

/* What is due of the cluster at that time: "action by who", "" for nothing. */
static const char *cluster_due_at(apr_time_t now)
{
    cfc_order_t order;

    return cfc_due(small.conf, now, 0, &order, small.p)
               ? apr_psprintf(small.p, "%s by %s", order.action, order.who)
               : "";
}

static const struct {
    const char *label, *from, *until, *end;
    int minutes;
    const char *due;
} windows[] = {
    {"an announced end is only announced", NULL, "1h", NULL, 100000, ""},
    {"before its end", NULL, "1h", "by-itself", 59, ""},
    {"at its end", NULL, "1h", "by-itself", 60, "maintenance-off by anna"},
    {"before its begin", "2h", NULL, NULL, 119, ""},
    {"at its begin", "2h", NULL, NULL, 120, "maintenance-on by anna"},
    {"begin and announced end passed", "2h", "1h", NULL, 200, "maintenance-on by anna"},
    {"before its end, but after its begin", "2h", "1h", "by-itself", 179,
     "maintenance-on by anna"},
    {"all of it passed", "2h", "1h", "by-itself", 180, "maintenance-off by anna"},
};

START_TEST(a_maintenance_begins_and_ends_when_its_time_has_come)
{
    apr_time_t at = NOW + MINUTES(windows[_i].minutes);

    give_maintenance(windows[_i].from, windows[_i].until, windows[_i].end);
    ck_assert_msg(strcmp(cluster_due_at(at), windows[_i].due) == 0, "%s: %s", windows[_i].label,
                  cluster_due_at(at));
    cfc_small_cluster_restart(&small);
    ck_assert_msg(strcmp(cluster_due_at(at), windows[_i].due) == 0, "%s, after a restart: %s",
                  windows[_i].label, cluster_due_at(at));
}
END_TEST

START_TEST(a_maintenance_that_begins_keeps_its_message_and_end)
{
    cfc_subject_t subject = cfc_kind_maintenance.subject(small.cl, 0);
    cfc_kept_t kept;

    give_maintenance("2h", "1h", "by-itself");
    ck_assert_int_eq(carry_out_at(NOW + MINUTES(120)), CFC_OUTCOME_DONE);
    cfc_kind_maintenance.now(&subject, &kept);
    ck_assert_int_eq(kept.state, CFC_CLUSTER_CLOSED);
    ck_assert_str_eq(kept.plan.note.text, "update");
    ck_assert_str_eq(kept.plan.note.who, "anna");
    ck_assert_int_eq(kept.plan.note.until, NOW + MINUTES(180));
    ck_assert_str_eq(cluster_due_at(NOW + MINUTES(179)), "");
    ck_assert_int_eq(carry_out_at(NOW + MINUTES(180)), CFC_OUTCOME_DONE);
    ck_assert(!cfc_slot_closed(small.cl->slot));
    ck_assert_str_eq(cluster_due_at(NOW + MINUTES(181)), "");
}
END_TEST

START_TEST(a_deadline_does_not_take_the_last_node)
{
    cfc_order_t order;

    give("drain", "15m", NULL, NULL);
    cfc_slot_health_set(small.node2->slot, CFC_HEALTH_DOWN, CFC_CAUSE_HARD);
    ck_assert_int_eq(carry_out_at(NOW + MINUTES(15)), CFC_OUTCOME_REFUSED);
    ck_assert(!cfc_due(small.conf, NOW + MINUTES(15), 1, &order, small.p));
}
END_TEST

/* How many events of that code there are since the last call, "CFC0402" for example. */
static int told(const char *code)
{
    static uint64_t seq;
    const cfc_events_t *ring = &small.conf->segment->events;
    cfc_event_t event;
    uint64_t lost = 0;
    int count = 0;

    while (cfc_events_next(ring, &seq, apr_time_now(), &event, &lost)) {
        count += strcmp(event.code, code) == 0;
    }
    return count;
}

START_TEST(what_is_refused_is_told_once_and_given_as_soon_as_it_may_be)
{
    cfc_setbacks_t setbacks = {.round = 0};

    cfc_events_to(&small.conf->segment->events);
    give("drain", "15m", NULL, NULL);
    cfc_slot_health_set(small.node2->slot, CFC_HEALTH_DOWN, CFC_CAUSE_HARD);
    told("");
    for (int second = 0; second < 10; second++) {
        cfc_due_carry_out(small.conf, NOW + MINUTES(15) + apr_time_from_sec(second), &setbacks,
                          small.p);
    }
    ck_assert_int_eq(told("CFC0405"), 1);
    cfc_slot_health_set(small.node2->slot, CFC_HEALTH_UP, CFC_CAUSE_NONE);
    cfc_due_carry_out(small.conf, NOW + MINUTES(16), &setbacks, small.p);
    ck_assert_int_eq(cfc_slot_admin(small.node1->slot), CFC_ADMIN_STOP);
    cfc_events_to(NULL);
}
END_TEST

START_TEST(what_cannot_be_saved_is_told_once_and_tried_less_and_less_often)
{
    const char *hidden = apr_pstrcat(small.p, small.dir, ".away", NULL);
    cfc_setbacks_t setbacks = {.round = 0};
    apr_interval_time_t pause = 0;

    cfc_events_to(&small.conf->segment->events);
    give("drain", "15m", NULL, NULL);
    acknowledge("10m");
    told("");
    ck_assert_int_eq(rename(small.dir, hidden), 0);
    for (int second = 0; second < 100; second++) {
        cfc_due_carry_out(small.conf, NOW + MINUTES(15) + apr_time_from_sec(second), &setbacks,
                          small.p);
        ck_assert_int_ge(setbacks.place[0].pause, pause);
        pause = setbacks.place[0].pause;
    }
    ck_assert_int_eq(rename(hidden, small.dir), 0);
    ck_assert_int_eq(told("CFC0402"), 2);
    ck_assert_int_eq(pause, apr_time_from_sec(30));
    cfc_due_carry_out(small.conf, setbacks.place[0].again_at - 1, &setbacks, small.p);
    ck_assert_int_eq(cfc_slot_admin(small.node1->slot), CFC_ADMIN_DRAIN);
    cfc_due_carry_out(small.conf, setbacks.place[0].again_at, &setbacks, small.p);
    ck_assert_int_eq(cfc_slot_admin(small.node1->slot), CFC_ADMIN_STOP);
    ck_assert(!cfc_dependency_acknowledged(small.replica, NOW + MINUTES(9)));
    cfc_events_to(NULL);
}
END_TEST

START_TEST(an_order_that_a_person_has_overtaken_is_not_given)
{
    cfc_order_t order;

    give("drain", "15m", NULL, NULL);
    ck_assert(cfc_due(small.conf, NOW + MINUTES(15), 0, &order, small.p));
    give("activate", NULL, NULL, NULL);
    ck_assert_int_eq(cfc_control(small.conf, &order, NOW + MINUTES(15), small.p).outcome,
                     CFC_OUTCOME_CONFLICT);
    ck_assert_int_eq(cfc_slot_admin(small.node1->slot), CFC_ADMIN_ACTIVE);
}
END_TEST

START_TEST(an_acknowledgement_ends_when_its_time_is_over)
{
    acknowledge("4h");
    ck_assert_str_eq(due_at(NOW + MINUTES(239)), "");
    ck_assert(cfc_dependency_acknowledged(small.replica, NOW + MINUTES(239)));
    ck_assert_str_eq(due_at(NOW + MINUTES(240)),
                     "unack: acknowledgement of anna: its time is over; backup");
    ck_assert(!cfc_dependency_acknowledged(small.replica, NOW + MINUTES(240)));
    ck_assert_int_eq(carry_out_at(NOW + MINUTES(240)), CFC_OUTCOME_DONE);
    ck_assert_str_eq(due_at(NOW + MINUTES(241)), "");
}
END_TEST

START_TEST(what_is_due_of_nodes_and_of_dependencies_is_found_one_after_the_other)
{
    cfc_order_t order;

    acknowledge("10m");
    give("drain", "15m", NULL, NULL);
    ck_assert(cfc_due(small.conf, NOW + MINUTES(15), 0, &order, small.p));
    ck_assert_str_eq(order.node, "node1");
    ck_assert_ptr_null(order.dependency);
    ck_assert(cfc_due(small.conf, NOW + MINUTES(15), 1, &order, small.p));
    ck_assert_str_eq(order.dependency, "replica");
    ck_assert_ptr_null(order.node);
    ck_assert(!cfc_due(small.conf, NOW + MINUTES(15), 2, &order, small.p));
}
END_TEST

Suite *cfc_due_suite(void)
{
    Suite *suite = suite_create("due");
    TCase *tcase = tcase_create("due");

    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_loop_test(tcase, an_order_is_due_when_its_time_has_come, 0, CFC_ROWS(times));
    tcase_add_test(tcase, a_time_that_passed_while_httpd_was_down_is_due_at_once);
    tcase_add_test(tcase, a_node_returns_when_it_was_restarted_and_not_before);
    tcase_add_test(tcase, the_end_of_an_ejection_is_no_restart);
    tcase_add_test(tcase, a_restart_before_the_return_was_ordered_does_not_count);
    tcase_add_test(tcase, a_stop_at_the_deadline_keeps_how_the_node_returns);
    tcase_add_loop_test(tcase, a_maintenance_begins_and_ends_when_its_time_has_come, 0,
                        CFC_ROWS(windows));
    tcase_add_test(tcase, a_maintenance_that_begins_keeps_its_message_and_end);
    tcase_add_test(tcase, a_deadline_does_not_take_the_last_node);
    tcase_add_test(tcase, what_is_refused_is_told_once_and_given_as_soon_as_it_may_be);
    tcase_add_test(tcase, what_cannot_be_saved_is_told_once_and_tried_less_and_less_often);
    tcase_add_test(tcase, an_order_that_a_person_has_overtaken_is_not_given);
    tcase_add_test(tcase, an_acknowledgement_ends_when_its_time_is_over);
    tcase_add_test(tcase, what_is_due_of_nodes_and_of_dependencies_is_found_one_after_the_other);
    suite_add_tcase(suite, tcase);
    return suite;
}
