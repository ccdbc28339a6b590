/* SPDX-License-Identifier: Apache-2.0
 * test_control.c: what becomes of orders. */
#include <apr_strings.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lb/log.h"
#include "maint/control.h"
#include "t/unit/small_cluster.h"
#include "t/unit/suites.h"

#define NOW apr_time_from_sec(1795442400)       /* 2026-11-23T14:00:00Z */

static cfc_small_cluster_t small;
static char logged[1024];

static void keep_line(cfc_log_level_t level, apr_status_t status, const char *line)
{
    (void)level;
    (void)status;
    apr_cpystrn(logged, line, sizeof(logged));
}

static void begin(void)
{
    cfc_small_cluster_make(&small);
    cfc_log_to(keep_line);
    logged[0] = '\0';
}

static void end(void)
{
    cfc_log_to(NULL);
    cfc_small_cluster_end(&small);
}

static cfc_order_t order_for(const char *node, const char *action)
{
    return (cfc_order_t){.cluster = "confluence", .node = node, .action = action, .who = "anna",
                         .address = "10.0.9.3"};
}

static cfc_result_t give(const cfc_order_t *order)
{
    return cfc_control(small.conf, order, NOW, small.p);
}

static void assert_outcome(const cfc_order_t *order, cfc_outcome_t want)
{
    cfc_result_t got = give(order);

    ck_assert_msg(got.outcome == want, "%s: got %s: %s", order->action,
                  cfc_outcome_word(got.outcome), got.text);
}

static void do_order(const char *node, const char *action)
{
    cfc_order_t order = order_for(node, action);

    assert_outcome(&order, CFC_OUTCOME_DONE);
}

static cfc_note_t note_of(const cfc_record_t *record)
{
    cfc_note_t note;

    cfc_record_read(record, &note, sizeof(note));
    return note;
}

START_TEST(an_order_changes_the_node_and_is_one_line_in_the_log)
{
    cfc_order_t order = order_for("node1", "drain");

    order.reason = "upgrade";
    assert_outcome(&order, CFC_OUTCOME_DONE);
    ck_assert_int_eq(cfc_slot_admin(small.node1->slot), CFC_ADMIN_DRAIN);
    ck_assert_str_eq(logged, "CFC0401: cluster confluence, node node1: active -> drain by anna "
                             "(10.0.9.3): upgrade");
    order = order_for("node1", "activate");
    order.who = order.address;
    assert_outcome(&order, CFC_OUTCOME_DONE);
    ck_assert_str_eq(logged, "CFC0401: cluster confluence, node node1: drain -> active by "
                             "10.0.9.3");
}
END_TEST

static const struct {
    const char *action;
    unsigned sessions;
    int tunnels;
    const char *says;
    int age_min;                /* of httpd; 0: more than the window of CFSticky */
} consequences[] = {
    {"drain", 0, 0, "it keeps its users and takes no new ones; it has no session", 0},
    {"drain", 1, 1, "and takes no new ones; 1 session stays; 1 open tunnel stays", 0},
    {"drain", 7, 5, "no new ones; about 7 sessions stay; 5 open tunnels stay", 0},
    {"stop",  1, 1, "other nodes; 1 session moves; 1 open tunnel ends within 30s", 0},
    {"stop",  7, 5, "other nodes; about 7 sessions move; 5 open tunnels end within 30s", 0},
    {"drain", 0, 0, "no new ones; about 0 sessions stay, and maybe more: not all are known until "
                    "2026-11-23T14:20:00Z", 10},
    {"stop",  7, 0, "other nodes; about 7 sessions move, and maybe more: not all are known until "
                    "2026-11-23T14:20:00Z", 10},
};

START_TEST(an_order_is_answered_with_what_becomes_of_sessions_and_tunnels)
{
    cfc_order_t order = order_for("node1", consequences[_i].action);
    const char *text, *says = consequences[_i].says;

    small.cl->tunnel_end_ms = 30000;
    if (consequences[_i].age_min != 0) {
        small.conf->segment->sessions_from = NOW - apr_time_from_sec(60 * consequences[_i].age_min);
    }
    atomic_store(&small.node1->slot->traffic.tunnels, consequences[_i].tunnels);

    for (uint64_t client = 1; client <= consequences[_i].sessions; client++) {
        cfc_sessions_note(&small.node1->slot->sessions, client, NOW, small.cl->sticky.window_ms);
    }
    text = cfc_control(small.conf, &order, NOW, small.p).text;
    ck_assert_msg(strcmp(text + strlen(text) - strlen(says), says) == 0, "%s", text);
    order = order_for("node1", "activate");
    text = cfc_control(small.conf, &order, NOW, small.p).text;
    ck_assert_msg(strchr(text, ';') == NULL, "%s", text);
}
END_TEST

START_TEST(the_same_order_twice_changes_nothing_the_second_time)
{
    static const char *const actions[] = {"drain", "maintenance-on"};
    cfc_order_t order = order_for(_i == 0 ? "node1" : NULL, actions[_i]);
    uint64_t changes;

    assert_outcome(&order, CFC_OUTCOME_DONE);
    changes = atomic_load(&small.conf->segment->changes);
    logged[0] = '\0';
    assert_outcome(&order, CFC_OUTCOME_UNCHANGED);
    ck_assert_uint_eq(atomic_load(&small.conf->segment->changes), changes);
    ck_assert_str_eq(logged, "");
}
END_TEST

START_TEST(a_new_reason_is_kept_and_the_beginning_stays)
{
    cfc_order_t order = order_for("node1", "drain");
    cfc_note_t note;

    order.reason = "upgrade";
    assert_outcome(&order, CFC_OUTCOME_DONE);
    order.reason = "upgrade and a new disk";
    ck_assert_int_eq(cfc_control(small.conf, &order, NOW + 1000000, small.p).outcome,
                     CFC_OUTCOME_DONE);
    note = note_of(&small.node1->slot->admin_note);
    ck_assert_str_eq(note.text, "upgrade and a new disk");
    ck_assert_int_eq(note.since, NOW);
    order.reason = "";
    assert_outcome(&order, CFC_OUTCOME_UNCHANGED);
    ck_assert_str_eq(note_of(&small.node1->slot->admin_note).text, "upgrade and a new disk");
}
END_TEST

static const struct {
    const char *label;
    cfc_order_t order;
    cfc_outcome_t want;
    const char *says;
} nonsense[] = {
    {"no action", {.cluster = "confluence"}, CFC_OUTCOME_BAD, "activate, drain"},
    {"a typo", {.cluster = "confluence", .action = "drian", .node = "node1"}, CFC_OUTCOME_BAD,
     "did you mean drain?"},
    {"no cluster", {.action = "drain", .node = "node1"}, CFC_OUTCOME_UNKNOWN, "no cluster"},
    {"another cluster", {.cluster = "jira", .action = "drain", .node = "node1"},
     CFC_OUTCOME_UNKNOWN, "no cluster \"jira\""},
    {"no node", {.cluster = "confluence", .action = "drain"}, CFC_OUTCOME_UNKNOWN, "no node"},
    {"another node", {.cluster = "confluence", .action = "drain", .node = "node3"},
     CFC_OUTCOME_UNKNOWN, "no node \"node3\""},
    {"maintenance of a node", {.cluster = "confluence", .action = "maintenance-on",
     .node = "node1"}, CFC_OUTCOME_BAD, "leave node= out"},
    {"an acknowledgement without an end", {.cluster = "confluence", .action = "ack",
     .dependency = "replica"}, CFC_OUTCOME_BAD, "ack needs until=, for example until=4h"},
    {"an acknowledgement of a node", {.cluster = "confluence", .action = "ack", .node = "node1",
     .until = "4h"}, CFC_OUTCOME_BAD, "ack takes dependency=, not node="},
    {"an acknowledgement of nothing", {.cluster = "confluence", .action = "ack", .until = "4h"},
     CFC_OUTCOME_UNKNOWN, "has no dependency \"\""},
    {"another dependency", {.cluster = "confluence", .action = "ack", .dependency = "slave",
     .until = "4h"}, CFC_OUTCOME_UNKNOWN, "has no dependency \"slave\""},
    {"a drain of a database", {.cluster = "confluence", .action = "drain", .node = "node1",
     .dependency = "replica"}, CFC_OUTCOME_BAD, "drain takes node=, not dependency="},
    {"a maintenance of a database", {.cluster = "confluence", .action = "maintenance-on",
     .dependency = "replica"}, CFC_OUTCOME_BAD, "leave dependency= out"},
    {"a message for a node", {.cluster = "confluence", .action = "drain", .node = "node1",
     .message = "hello"}, CFC_OUTCOME_BAD, "takes reason=, not message="},
    {"a return of an active node", {.cluster = "confluence", .action = "activate",
     .node = "node1", .until = "2h"}, CFC_OUTCOME_BAD, "activate takes no until="},
    {"a deadline of a stop", {.cluster = "confluence", .action = "stop", .node = "node1",
     .deadline = "2h"}, CFC_OUTCOME_BAD, "stop takes no deadline="},
    {"a deadline of no length", {.cluster = "confluence", .action = "drain", .node = "node1",
     .deadline = "soon"}, CFC_OUTCOME_BAD, "deadline=soon is neither"},
    {"a return of a maintenance", {.cluster = "confluence", .action = "maintenance-on",
     .comes_back = "restart"}, CFC_OUTCOME_BAD, "maintenance-on takes no return="},
    {"an unknown return", {.cluster = "confluence", .action = "drain", .node = "node1",
     .comes_back = "restrat"}, CFC_OUTCOME_BAD, "did you mean restart?"},
    {"a return without its time", {.cluster = "confluence", .action = "drain", .node = "node1",
     .comes_back = "until"}, CFC_OUTCOME_BAD, "return=until needs until="},
    {"two returns", {.cluster = "confluence", .action = "drain", .node = "node1",
     .comes_back = "restart", .until = "2h"}, CFC_OUTCOME_BAD, "give one of them"},
    {"a begin of a drain", {.cluster = "confluence", .action = "drain", .node = "node1",
     .from = "2h"}, CFC_OUTCOME_BAD, "drain takes no from="},
    {"a begin in the past", {.cluster = "confluence", .action = "maintenance-on",
     .from = "2026-11-23T13:00Z"}, CFC_OUTCOME_BAD,
     "from=2026-11-23T13:00Z is not in the future"},
    {"an end before the begin", {.cluster = "confluence", .action = "maintenance-on",
     .from = "2h", .until = "2026-11-23T15:00Z"}, CFC_OUTCOME_BAD,
     "until=2026-11-23T15:00Z is not after from=2h"},
    {"an end by itself, but when", {.cluster = "confluence", .action = "maintenance-on",
     .end = "by-itself"}, CFC_OUTCOME_BAD, "end=by-itself needs until="},
    {"an unknown end", {.cluster = "confluence", .action = "maintenance-on",
     .end = "by-itsefl"}, CFC_OUTCOME_BAD, "did you mean by-itself?"},
    {"an end without a zone", {.cluster = "confluence", .action = "maintenance-on",
     .until = "2026-11-23T15:00"}, CFC_OUTCOME_BAD, "neither a duration nor an instant"},
    {"an end in the past", {.cluster = "confluence", .action = "maintenance-on",
     .until = "2026-11-23T13:59Z"}, CFC_OUTCOME_BAD, "not in the future"},
    {"an end next year", {.cluster = "confluence", .action = "maintenance-on", .until = "366d"},
     CFC_OUTCOME_BAD, "more than 90 days"},
    {"an end of no length", {.cluster = "confluence", .action = "maintenance-on", .until = "0s"},
     CFC_OUTCOME_BAD, "not in the future"},
};

START_TEST(nonsense_is_answered_with_what_would_be_right)
{
    cfc_order_t order = nonsense[_i].order;
    cfc_result_t got;

    cfc_small_cluster_depend(&small);
    order.who = order.address = "10.0.9.3";
    got = give(&order);
    ck_assert_msg(got.outcome == nonsense[_i].want, "%s: %s", nonsense[_i].label, got.text);
    ck_assert_msg(strstr(got.text, nonsense[_i].says) != NULL, "%s: %s", nonsense[_i].label,
                  got.text);
    ck_assert_uint_eq(atomic_load(&small.conf->segment->changes), 0);
}
END_TEST

START_TEST(a_reason_that_does_not_fit_is_refused_and_not_cut)
{
    cfc_order_t order = order_for("node1", "drain");
    char longest[384];

    memset(longest, 'x', sizeof(longest));
    longest[383] = '\0';
    order.reason = apr_pstrcat(small.p, longest, "y", NULL);
    assert_outcome(&order, CFC_OUTCOME_BAD);
    order.reason = longest;
    assert_outcome(&order, CFC_OUTCOME_DONE);
    ck_assert_str_eq(note_of(&small.node1->slot->admin_note).text, longest);
}
END_TEST

START_TEST(what_people_write_is_kept_on_one_line_of_utf8)
{
    cfc_order_t order = order_for("node1", "drain");

    order.reason = "one\r\ntwo \xff \xc3\xa4";
    order.who = "an\nna";
    assert_outcome(&order, CFC_OUTCOME_DONE);
    ck_assert_str_eq(note_of(&small.node1->slot->admin_note).text,
                     "one  two \xEF\xBF\xBD \xc3\xa4");
    ck_assert_str_eq(note_of(&small.node1->slot->admin_note).who, "an na");
    ck_assert_ptr_null(strchr(logged, '\n'));
}
END_TEST

#define UP CFC_HEALTH_UP
#define DOWN CFC_HEALTH_DOWN

/* What is ordered for node1 while node2 is as said. */
static const struct {
    const char *label;
    cfc_health_t health1;
    cfc_admin_t admin1;
    cfc_health_t health2;
    cfc_cause_t cause2;
    cfc_admin_t admin2;
    const char *action;
    cfc_outcome_t want;
} acts[] = {
    {"another one serves", UP, CFC_ADMIN_ACTIVE, UP, CFC_CAUSE_NONE, CFC_ADMIN_ACTIVE, "stop",
     CFC_OUTCOME_DONE},
    {"draining the last", UP, CFC_ADMIN_ACTIVE, DOWN, CFC_CAUSE_HARD, CFC_ADMIN_ACTIVE, "drain",
     CFC_OUTCOME_REFUSED},
    {"stopping the last", UP, CFC_ADMIN_ACTIVE, DOWN, CFC_CAUSE_HARD, CFC_ADMIN_ACTIVE, "stop",
     CFC_OUTCOME_REFUSED},
    {"the other one drains", UP, CFC_ADMIN_ACTIVE, UP, CFC_CAUSE_NONE, CFC_ADMIN_DRAIN, "drain",
     CFC_OUTCOME_REFUSED},
    {"the other one is unknown yet", UP, CFC_ADMIN_ACTIVE, CFC_HEALTH_UNKNOWN, CFC_CAUSE_NONE,
     CFC_ADMIN_ACTIVE, "stop", CFC_OUTCOME_REFUSED},
    {"the other one says FIRST_RUN", UP, CFC_ADMIN_ACTIVE, DOWN, CFC_CAUSE_REFUSED,
     CFC_ADMIN_ACTIVE, "drain", CFC_OUTCOME_REFUSED},
    {"the other one is a last resort", UP, CFC_ADMIN_ACTIVE, DOWN, CFC_CAUSE_SOFT,
     CFC_ADMIN_ACTIVE, "stop", CFC_OUTCOME_DONE},
    {"stopping the last that keeps sessions", UP, CFC_ADMIN_DRAIN, UP, CFC_CAUSE_NONE,
     CFC_ADMIN_STOP, "stop", CFC_OUTCOME_REFUSED},
    {"it serves nobody anyway", DOWN, CFC_ADMIN_ACTIVE, DOWN, CFC_CAUSE_HARD, CFC_ADMIN_ACTIVE,
     "stop", CFC_OUTCOME_DONE},
    {"bringing one back", UP, CFC_ADMIN_STOP, UP, CFC_CAUSE_NONE, CFC_ADMIN_STOP, "activate",
     CFC_OUTCOME_DONE},
};

static void set_acts(int i)
{
    cfc_slot_health_set(small.node1->slot, acts[i].health1,
                        acts[i].health1 == DOWN ? CFC_CAUSE_HARD : CFC_CAUSE_NONE);
    cfc_slot_health_set(small.node2->slot, acts[i].health2, acts[i].cause2);
    atomic_store(&small.node1->slot->admin, acts[i].admin1);
    atomic_store(&small.node2->slot->admin, acts[i].admin2);
}

START_TEST(what_leaves_users_without_a_node_is_refused)
{
    cfc_order_t order = order_for("node1", acts[_i].action);
    cfc_result_t got;

    set_acts(_i);
    got = give(&order);
    ck_assert_msg(got.outcome == acts[_i].want, "%s: %s", acts[_i].label, got.text);
    if (got.outcome == CFC_OUTCOME_REFUSED) {
        ck_assert_msg(strstr(got.text, "outage page") != NULL, "%s", got.text);
        ck_assert_msg(cfc_slot_admin(small.node1->slot) == acts[_i].admin1, "%s", acts[_i].label);
    }
}
END_TEST

START_TEST(whom_only_a_last_resort_is_left_is_told_of)
{
    static const char *const actions[] = {"drain", "stop"};
    cfc_order_t order = order_for("node1", actions[_i]);
    const char *says = "; new users have only a last resort: node2, whose probes fail", *text;

    order.check = true;
    ck_assert_int_eq(give(&order).outcome, CFC_OUTCOME_DONE);
    order.check = false;
    cfc_slot_health_set(small.node2->slot, DOWN, CFC_CAUSE_SOFT);
    text = give(&order).text;
    ck_assert_msg(strlen(text) > strlen(says)
                      && strcmp(text + strlen(text) - strlen(says), says) == 0, "%s", text);
    order = order_for("node1", "activate");
    ck_assert_ptr_null(strstr(give(&order).text, "last resort"));
}
END_TEST

START_TEST(a_refused_order_is_done_when_forced_or_in_maintenance)
{
    cfc_order_t order = order_for("node1", acts[_i].action);

    set_acts(_i);
    order.force = true;
    assert_outcome(&order, CFC_OUTCOME_DONE);
    set_acts(_i);
    do_order(NULL, "maintenance-on");
    order.force = false;
    assert_outcome(&order, CFC_OUTCOME_DONE);
}
END_TEST

START_TEST(an_order_that_only_checks_is_judged_and_changes_nothing)
{
    static const char *const actions[] = {"drain", "recover"};
    cfc_order_t order = order_for("node1", actions[_i]);

    order.check = true;
    atomic_store(&small.node1->slot->probe_wanted, 0);
    assert_outcome(&order, CFC_OUTCOME_DONE);
    ck_assert_ptr_nonnull(strstr(give(&order).text, "Nothing was changed"));
    ck_assert_int_eq(cfc_slot_admin(small.node1->slot), CFC_ADMIN_ACTIVE);
    ck_assert_int_eq(atomic_load(&small.node1->slot->probe_wanted), 0);
    ck_assert_str_eq(logged, "");
}
END_TEST

START_TEST(an_order_that_only_checks_is_refused_like_any_other)
{
    cfc_order_t order = order_for("node1", "drain");

    order.check = true;
    cfc_slot_health_set(small.node2->slot, DOWN, CFC_CAUSE_HARD);
    assert_outcome(&order, CFC_OUTCOME_REFUSED);
}
END_TEST

START_TEST(maintenance_begins_and_ends)
{
    cfc_order_t order = order_for(NULL, "maintenance-on");
    cfc_note_t note;

    order.message = "back at three";
    order.until = "1h";
    assert_outcome(&order, CFC_OUTCOME_DONE);
    ck_assert(cfc_slot_closed(small.cl->slot));
    note = note_of(&small.cl->slot->maintenance_note);
    ck_assert_str_eq(note.text, "back at three");
    ck_assert_int_eq(note.until, NOW + apr_time_from_sec(3600));
    ck_assert_str_eq(logged, "CFC0401: cluster confluence: open -> maintenance by anna (10.0.9.3) "
                             "until 2026-11-23T15:00:00Z: back at three");
    do_order(NULL, "maintenance-off");
    ck_assert(!cfc_slot_closed(small.cl->slot));
    ck_assert_int_eq(note_of(&small.cl->slot->maintenance_note).until, 0);
}
END_TEST

START_TEST(the_message_and_end_of_a_maintenance_can_be_changed_one_by_one)
{
    cfc_order_t order = order_for(NULL, "maintenance-on");
    cfc_note_t note;

    order.message = "back at three";
    order.until = "2026-11-23T16:00+01:00";
    assert_outcome(&order, CFC_OUTCOME_DONE);
    order.message = NULL;
    order.until = "2026-11-23T15:30:00Z";
    assert_outcome(&order, CFC_OUTCOME_DONE);
    note = note_of(&small.cl->slot->maintenance_note);
    ck_assert_str_eq(note.text, "back at three");
    ck_assert_int_eq(note.until, NOW + apr_time_from_sec(5400));
    order.message = order.until = "";
    assert_outcome(&order, CFC_OUTCOME_DONE);
    note = note_of(&small.cl->slot->maintenance_note);
    ck_assert_str_eq(note.text, "");
    ck_assert_int_eq(note.until, 0);
}
END_TEST

static cfc_plan_t plan_now(void)
{
    cfc_plan_t plan;

    ck_assert(cfc_record_read(&small.cl->slot->maintenance_note, &plan, sizeof(plan)));
    return plan;
}

START_TEST(a_maintenance_can_be_scheduled_begun_early_and_cancelled)
{
    cfc_order_t order = order_for(NULL, "maintenance-on");

    order.message = "an update";
    order.from = "2h";
    order.until = "30m";
    order.end = "by-itself";
    assert_outcome(&order, CFC_OUTCOME_DONE);
    ck_assert(!cfc_slot_closed(small.cl->slot));
    ck_assert_str_eq(logged, "CFC0401: cluster confluence: open -> scheduled by anna (10.0.9.3) "
                             "until 2026-11-23T16:30:00Z, end by-itself, from "
                             "2026-11-23T16:00:00Z: an update");
    do_order(NULL, "maintenance-on");
    ck_assert(cfc_slot_closed(small.cl->slot));
    ck_assert_str_eq(plan_now().note.text, "an update");
    ck_assert_int_eq(plan_now().note.until, NOW + apr_time_from_sec(9000));
    ck_assert_int_eq(plan_now().how, CFC_END_BY_ITSELF);
    ck_assert_int_eq(plan_now().at, 0);
    do_order(NULL, "maintenance-off");
    assert_outcome(&order, CFC_OUTCOME_DONE);
    do_order(NULL, "maintenance-off");
    ck_assert_int_eq(plan_now().at, 0);
    ck_assert_int_eq(plan_now().how, CFC_END_ORDERED);
}
END_TEST

START_TEST(another_begin_is_another_plan_and_another_end_ends_likewise)
{
    cfc_order_t order = order_for(NULL, "maintenance-on");

    order.from = order.until = "2h";
    order.end = "by-itself";
    assert_outcome(&order, CFC_OUTCOME_DONE);
    order.end = order.until = NULL;
    order.from = "5h";
    assert_outcome(&order, CFC_OUTCOME_DONE);
    ck_assert_int_eq(plan_now().note.until, 0);
    ck_assert_int_eq(plan_now().how, CFC_END_ORDERED);
    order.from = NULL;
    order.until = "1h";
    order.end = "by-itself";
    assert_outcome(&order, CFC_OUTCOME_DONE);
    order.until = "2h";
    order.end = NULL;
    assert_outcome(&order, CFC_OUTCOME_DONE);
    ck_assert_int_eq(plan_now().how, CFC_END_BY_ITSELF);
    order.until = "";
    assert_outcome(&order, CFC_OUTCOME_DONE);
    ck_assert_int_eq(plan_now().how, CFC_END_ORDERED);
}
END_TEST

START_TEST(scheduling_does_not_open_a_closed_cluster_unless_forced)
{
    cfc_order_t order = order_for(NULL, "maintenance-on");

    do_order(NULL, "maintenance-on");
    order.from = "2h";
    assert_outcome(&order, CFC_OUTCOME_REFUSED);
    ck_assert_ptr_nonnull(strstr(give(&order).text, "its maintenance ends at once"));
    ck_assert(cfc_slot_closed(small.cl->slot));
    order.force = true;
    assert_outcome(&order, CFC_OUTCOME_DONE);
    ck_assert(!cfc_slot_closed(small.cl->slot));
}
END_TEST

START_TEST(opening_a_cluster_without_a_serving_node_says_so)
{
    cfc_order_t order = order_for(NULL, "maintenance-off");

    do_order(NULL, "maintenance-on");
    cfc_slot_health_set(small.node1->slot, DOWN, CFC_CAUSE_HARD);
    cfc_slot_health_set(small.node2->slot, DOWN, CFC_CAUSE_HARD);
    ck_assert_ptr_nonnull(strstr(give(&order).text, "no node is serving"));
}
END_TEST

START_TEST(a_change_that_cannot_be_saved_is_told_with_its_reason)
{
    cfc_order_t order = order_for("node1", "drain");
    const char *hidden = apr_pstrcat(small.p, small.dir, ".away", NULL);
    cfc_result_t got;

    ck_assert_int_eq(rename(small.dir, hidden), 0);
    got = give(&order);
    ck_assert_int_eq(rename(hidden, small.dir), 0);
    ck_assert_int_eq(got.outcome, CFC_OUTCOME_FAILED);
    ck_assert_int_eq(cfc_outcome_status(got.outcome), 507);
    ck_assert_ptr_nonnull(strstr(got.text, "No such file or directory"));
    ck_assert_int_eq(cfc_slot_admin(small.node1->slot), CFC_ADMIN_ACTIVE);
}
END_TEST

START_TEST(a_planned_outage_is_acknowledged_prolonged_and_taken_back)
{
    cfc_order_t order = {.cluster = "confluence", .dependency = "replica", .action = "ack",
                         .until = "4h", .reason = "backup", .who = "anna", .address = "10.0.9.3"};
    apr_time_t four = NOW + apr_time_from_sec(4 * 3600), five = NOW + apr_time_from_sec(5 * 3600);

    cfc_small_cluster_depend(&small);
    assert_outcome(&order, CFC_OUTCOME_DONE);
    ck_assert_str_eq(logged, "CFC0401: cluster confluence, dependency replica: watched -> "
                             "acknowledged by anna (10.0.9.3) until 2026-11-23T18:00:00Z: backup");
    ck_assert(cfc_dependency_acknowledged(small.replica, four - 1));
    assert_outcome(&order, CFC_OUTCOME_UNCHANGED);
    order.until = "5h";
    order.reason = NULL;
    assert_outcome(&order, CFC_OUTCOME_DONE);
    ck_assert(cfc_dependency_acknowledged(small.replica, five - 1));
    ck_assert_str_eq(note_of(&small.replica->slot->acknowledged_note).text, "backup");
    order.action = "unack";
    order.until = NULL;
    assert_outcome(&order, CFC_OUTCOME_DONE);
    ck_assert(!cfc_dependency_acknowledged(small.replica, NOW));
    assert_outcome(&order, CFC_OUTCOME_UNCHANGED);
}
END_TEST

Suite *cfc_control_suite(void)
{
    Suite *suite = suite_create("control");
    TCase *tcase = tcase_create("control");

    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, an_order_changes_the_node_and_is_one_line_in_the_log);
    tcase_add_loop_test(tcase, an_order_is_answered_with_what_becomes_of_sessions_and_tunnels, 0,
                        CFC_ROWS(consequences));
    tcase_add_loop_test(tcase, the_same_order_twice_changes_nothing_the_second_time, 0, 2);
    tcase_add_test(tcase, a_new_reason_is_kept_and_the_beginning_stays);
    tcase_add_loop_test(tcase, nonsense_is_answered_with_what_would_be_right, 0,
                        CFC_ROWS(nonsense));
    tcase_add_test(tcase, a_reason_that_does_not_fit_is_refused_and_not_cut);
    tcase_add_test(tcase, what_people_write_is_kept_on_one_line_of_utf8);
    tcase_add_loop_test(tcase, what_leaves_users_without_a_node_is_refused, 0,
                        CFC_ROWS(acts));
    tcase_add_loop_test(tcase, whom_only_a_last_resort_is_left_is_told_of, 0, 2);
    tcase_add_loop_test(tcase, a_refused_order_is_done_when_forced_or_in_maintenance, 0,
                        CFC_ROWS(acts));
    tcase_add_loop_test(tcase, an_order_that_only_checks_is_judged_and_changes_nothing, 0, 2);
    tcase_add_test(tcase, an_order_that_only_checks_is_refused_like_any_other);
    tcase_add_test(tcase, maintenance_begins_and_ends);
    tcase_add_test(tcase, the_message_and_end_of_a_maintenance_can_be_changed_one_by_one);
    tcase_add_test(tcase, a_maintenance_can_be_scheduled_begun_early_and_cancelled);
    tcase_add_test(tcase, another_begin_is_another_plan_and_another_end_ends_likewise);
    tcase_add_test(tcase, scheduling_does_not_open_a_closed_cluster_unless_forced);
    tcase_add_test(tcase, opening_a_cluster_without_a_serving_node_says_so);
    tcase_add_test(tcase, a_change_that_cannot_be_saved_is_told_with_its_reason);
    tcase_add_test(tcase, a_planned_outage_is_acknowledged_prolonged_and_taken_back);
    suite_add_tcase(suite, tcase);
    return suite;
}
