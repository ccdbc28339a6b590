/* SPDX-License-Identifier: Apache-2.0
 * test_walk.c: the upgrade that is walked: who may, until when, and what is kept of it. */
#include <apr_strings.h>
#include <string.h>

#include "lb/log.h"
#include "maint/due.h"
#include "maint/status.h"
#include "maint/text.h"
#include "t/unit/small_cluster.h"
#include "t/unit/suites.h"

#define STEP "offline, step 5 of 22, stop-node:node1"

static cfc_small_cluster_t small;
static char logged[2048];
static apr_time_t now;          /* of the orders */

static void keep_lines(cfc_log_level_t level, apr_status_t status, const char *line)
{
    size_t length = strlen(logged);

    (void)level;
    (void)status;
    apr_snprintf(logged + length, sizeof(logged) - length, "%s\n", line);
}

static void begin(void)
{
    cfc_small_cluster_make(&small);
    now = apr_time_from_sec(apr_time_sec(apr_time_now()));
    cfc_log_to(keep_lines);
    logged[0] = '\0';
}

static void end(void)
{
    cfc_log_to(NULL);
    cfc_small_cluster_end(&small);
}

static cfc_order_t walk(const char *id, const char *walker, const char *step)
{
    return (cfc_order_t){.cluster = "confluence", .action = "walk", .walk = id, .walker = walker,
                         .step = step, .until = "2m", .who = "operator", .address = "10.0.9.3"};
}

static const char *give(const cfc_order_t *order, cfc_outcome_t want)
{
    cfc_result_t got = cfc_control(small.conf, order, now, small.p);

    ck_assert_msg(got.outcome == want, "%s: got %s: %s", order->action,
                  cfc_outcome_word(got.outcome), got.text);
    return got.text;
}

static const char *take(const char *id, const char *walker, const char *step, cfc_outcome_t want)
{
    cfc_order_t order = walk(id, walker, step);

    return give(&order, want);
}

static const char *stop_by(const char *action, const char *id, cfc_outcome_t want)
{
    const cfc_order_t order = {.cluster = "confluence", .action = action, .walk = id,
                               .who = "operator", .address = "10.0.9.3"};

    return give(&order, want);
}

/* "walked by anna@admin1 at STEP", "left silent ...", "none". */
static const char *seen(void)
{
    const cfc_walk_view_t *view = cfc_walk_look(small.cl, now, small.p);

    return view == NULL ? "none"
                        : apr_pstrcat(small.p, cfc_kind_walk.words[view->state],
                                      view->silent ? " silent" : "", " by ", view->walker, " at ",
                                      view->step, NULL);
}

static void assert_seen(const char *want)
{
    ck_assert_str_eq(seen(), want);
}

static void assert_says(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "%s", text);
}

static void pass_s(int seconds)
{
    now += apr_time_from_sec(seconds);
}

START_TEST(a_walk_begins_goes_on_is_left_resumed_and_over_with_a_line_for_each)
{
    take("w1", "anna@admin1", "offline, 22 steps", CFC_OUTCOME_DONE);
    assert_seen("walked by anna@admin1 at offline, 22 steps");
    take("w1", "anna@admin1", STEP, CFC_OUTCOME_DONE);
    assert_seen("walked by anna@admin1 at " STEP);
    stop_by("walk-leave", "w1", CFC_OUTCOME_DONE);
    assert_seen("left by anna@admin1 at " STEP);
    stop_by("walk-leave", "w1", CFC_OUTCOME_UNCHANGED);
    take("w1", "ben@admin2", STEP, CFC_OUTCOME_DONE);
    assert_seen("walked by ben@admin2 at " STEP);
    stop_by("walk-end", "w1", CFC_OUTCOME_DONE);
    assert_seen("none");
    stop_by("walk-end", "w1", CFC_OUTCOME_UNCHANGED);
    stop_by("walk-leave", "w1", CFC_OUTCOME_UNCHANGED);
    assert_says(logged, "CFC0401: cluster confluence, walk w1: none -> walked by operator "
                        "(10.0.9.3) until ");
    assert_says(logged, "walk w1: walked -> walked by operator");
    assert_says(logged, ": " STEP ", by anna@admin1\n");
    assert_says(logged, "walk w1: walked -> left by operator (10.0.9.3), at ");
    assert_says(logged, "walk w1: left -> walked by operator");
    assert_says(logged, "walk w1: walked -> none by operator (10.0.9.3): " STEP ", by "
                        "ben@admin2\n");
}
END_TEST

START_TEST(a_renewal_changes_nothing_but_the_end_of_the_lease)
{
    cfc_order_t renewal = walk("w1", "anna@admin1", STEP);
    uint64_t changes;
    char *file;

    take("w1", "anna@admin1", STEP, CFC_OUTCOME_DONE);
    changes = atomic_load(&small.conf->segment->changes);
    file = cfc_small_cluster_file(&small);
    logged[0] = '\0';
    pass_s(100);
    give(&renewal, CFC_OUTCOME_DONE);
    ck_assert_uint_eq(atomic_load(&small.conf->segment->changes), changes);
    ck_assert_str_eq(cfc_small_cluster_file(&small), file);
    ck_assert_str_eq(logged, "");
    pass_s(100);
    assert_seen("walked by anna@admin1 at " STEP);
    renewal.check = true;
    give(&renewal, CFC_OUTCOME_DONE);
    pass_s(20);
    assert_seen("left silent by anna@admin1 at " STEP);
}
END_TEST

/* What another walker is answered, by what is there. */
static const struct {
    const char *label;
    bool left;
    int silent_s;
    const char *instead;
    bool force;
    cfc_outcome_t want;
    const char *says;
} others[] = {
    {"while it lives", false, 0, NULL, false, CFC_OUTCOME_REFUSED,
     "Not done: anna@admin1 walks an upgrade of cluster confluence since "},
    {"while it lives, by name", false, 119, "w1", false, CFC_OUTCOME_REFUSED,
     "(" STEP "; walk w1). Wait, or ask that person."},
    {"while it lives, by force", false, 0, NULL, true, CFC_OUTCOME_DONE, "walked by ben@admin2"},
    {"when it was left", true, 0, NULL, false, CFC_OUTCOME_REFUSED,
     "was left by anna@admin1 (" STEP "; walk w1). Resume or abort it where it was begun, or give "
     "it up with instead=w1."},
    {"when it was left, by another name", true, 0, "w0", false, CFC_OUTCOME_REFUSED, "instead=w1"},
    {"when it was left, by name", true, 0, "w1", false, CFC_OUTCOME_DONE, "walked by ben@admin2"},
    {"when it is silent", false, 120, NULL, false, CFC_OUTCOME_REFUSED, "instead=w1"},
    {"when it is silent, by name", false, 120, "w1", false, CFC_OUTCOME_DONE,
     "walked by ben@admin2"},
};

START_TEST(another_walk_is_refused_unless_the_one_there_is_given_up)
{
    cfc_order_t other = walk("w2", "ben@admin2", "rolling, 30 steps");

    take("w1", "anna@admin1", STEP, CFC_OUTCOME_DONE);
    if (others[_i].left) {
        stop_by("walk-leave", "w1", CFC_OUTCOME_DONE);
    }
    pass_s(others[_i].silent_s);
    other.instead = others[_i].instead;
    other.force = others[_i].force;
    other.check = true;
    give(&other, others[_i].want);
    ck_assert_msg(strstr(seen(), "anna@admin1") != NULL, "%s: %s", others[_i].label, seen());
    other.check = false;
    logged[0] = '\0';
    assert_says(give(&other, others[_i].want), others[_i].says);
    if (others[_i].want == CFC_OUTCOME_DONE) {
        assert_seen("walked by ben@admin2 at rolling, 30 steps");
        assert_says(logged, "-> none by operator (10.0.9.3): " STEP ", by anna@admin1\n");
        assert_says(logged, "walk w2: none -> walked by operator");
        take("w1", "anna@admin1", STEP, CFC_OUTCOME_REFUSED);
    }
}
END_TEST

START_TEST(a_silent_walker_has_left_and_is_back_when_it_is_heard_again)
{
    cfc_order_t order;

    take("w1", "anna@admin1", STEP, CFC_OUTCOME_DONE);
    pass_s(119);
    ck_assert(!cfc_due(small.conf, now, 0, &order, small.p));
    pass_s(1);
    ck_assert(cfc_due(small.conf, now, 0, &order, small.p));
    ck_assert_str_eq(order.action, "walk-leave");
    give(&order, CFC_OUTCOME_DONE);
    assert_says(logged, "walk w1: walked -> left by cfcluster, left silent, at ");
    ck_assert(!cfc_due(small.conf, now, 0, &order, small.p));
    pass_s(1000);
    assert_seen("left silent by anna@admin1 at " STEP);
    take("w1", "anna@admin1", STEP, CFC_OUTCOME_DONE);
    assert_seen("walked by anna@admin1 at " STEP);
}
END_TEST

START_TEST(a_walk_survives_a_restart_and_its_walker_has_a_whole_lease_then)
{
    cfc_order_t order;

    now -= apr_time_from_sec(7200);     /* hours in one step: the file has an old lease */
    take("w1", "anna@admin1", STEP, CFC_OUTCOME_DONE);
    cfc_small_cluster_graceful(&small);
    assert_seen("walked by anna@admin1 at " STEP);
    cfc_small_cluster_restart(&small);
    now = apr_time_now() + CFC_WALK_LEASE - apr_time_from_sec(20);
    assert_seen("walked by anna@admin1 at " STEP);
    take("w2", "ben@admin2", "rolling", CFC_OUTCOME_REFUSED);
    ck_assert(!cfc_due(small.conf, now, 0, &order, small.p));
    pass_s(40);
    assert_seen("left silent by anna@admin1 at " STEP);
    stop_by("walk-leave", "w1", CFC_OUTCOME_DONE);
    cfc_small_cluster_restart(&small);
    assert_seen("left silent by anna@admin1 at " STEP);
    stop_by("walk-end", "w1", CFC_OUTCOME_DONE);
    assert_says(cfc_small_cluster_file(&small), "\"walks\": {}");
    cfc_small_cluster_restart(&small);
    assert_seen("none");
}
END_TEST

START_TEST(other_changes_write_the_renewed_lease)
{
    const cfc_order_t drain = {.cluster = "confluence", .node = "node1", .action = "drain",
                               .who = "ben", .address = "10.0.9.3"};
    const char *until = cfc_time_iso(now + apr_time_from_sec(220), small.p);

    take("w1", "anna@admin1", STEP, CFC_OUTCOME_DONE);
    pass_s(100);
    take("w1", "anna@admin1", STEP, CFC_OUTCOME_DONE);
    give(&drain, CFC_OUTCOME_DONE);
    assert_says(cfc_small_cluster_file(&small), until);
}
END_TEST

static const struct {
    const char *label;
    cfc_order_t order;
    const char *says;
} nonsense[] = {
    {"no id", {.action = "walk", .until = "2m"}, "walk= is not the id of a walk"},
    {"no good id", {.action = "walk-end", .walk = "a b"}, "walk=a b is not the id of a walk"},
    {"a long id", {.action = "walk", .until = "2m",
     .walk = "12345678901234567890123456789012345678901"}, "write 1 to 40 letters"},
    {"no end", {.action = "walk", .walk = "w1"}, "walk needs until="},
    {"a reason", {.action = "walk", .walk = "w1", .until = "2m", .reason = "x"},
     "walk takes step=, not reason="},
    {"a node", {.action = "walk", .walk = "w1", .until = "2m", .node = "node1"},
     "walk takes walk=, not node="},
    {"an end of leaving", {.action = "walk-leave", .walk = "w1", .until = "2m"},
     "walk-leave takes no until="},
    {"a walk of a maintenance", {.action = "maintenance-on", .walk = "w1"},
     "maintenance-on takes no walk="},
    {"a step of a node", {.action = "drain", .node = "node1", .step = "x"},
     "drain takes reason=, not step="},
    {"a long walker", {.action = "walk", .walk = "w1", .until = "2m", .walker =
     "123456789012345678901234567890123456789012345678901234567890123456789012"},
     "at most 71 bytes"},
};

START_TEST(what_makes_no_sense_is_told)
{
    cfc_order_t order = nonsense[_i].order;
    const char *text;

    order.cluster = "confluence";
    order.who = order.address = "10.0.9.3";
    text = give(&order, CFC_OUTCOME_BAD);
    ck_assert_msg(strstr(text, nonsense[_i].says) != NULL, "%s: %s", nonsense[_i].label, text);
}
END_TEST

START_TEST(the_walker_is_the_user_unless_it_is_said)
{
    take("w1", NULL, NULL, CFC_OUTCOME_DONE);
    assert_seen("walked by operator at ");
}
END_TEST

/* What the status says, as a sentence. */
START_TEST(the_status_tells_of_it_in_every_form)
{
    const char *text, *since = cfc_time_iso(now, small.p);
    cfc_status_page_t page = {.server = "s", .base = "", .token = "", .read_only = true};
    cfc_status_t *status;

    take("w1", "anna@admin1", "offline, <b>", CFC_OUTCOME_DONE);
    pass_s(30);
    status = cfc_status_look(small.conf, now, small.p);
    text = apr_psprintf(small.p, "An upgrade is under way by anna@admin1 since %s: offline, ",
                        since);
    assert_says(cfc_status_json(status, small.p), text);
    assert_says(cfc_status_plain(status, small.p), text);
    assert_says(cfc_status_html(status, &page, small.p),
                apr_pstrcat(small.p, text, "&lt;b&gt;", NULL));
    assert_says(cfc_status_prometheus(status, small.p),
                "cfcluster_cluster_walk{cluster=\"confluence\",state=\"walked\"} 1\n");
    stop_by("walk-leave", "w1", CFC_OUTCOME_DONE);
    status = cfc_status_look(small.conf, now, small.p);
    assert_says(cfc_status_json(status, small.p),
                apr_psprintf(small.p, "An upgrade was left by anna@admin1 at %s: offline, <b>; it "
                             "is to be resumed or aborted", cfc_time_iso(now, small.p)));
    assert_says(cfc_status_prometheus(status, small.p),
                "cfcluster_cluster_walk{cluster=\"confluence\",state=\"left\"} 1\n");
    ck_assert_int_eq(status->clusters[0].warnings->nelts, 0);
}
END_TEST

Suite *cfc_walk_suite(void)
{
    Suite *suite = suite_create("walk");
    TCase *tcase = tcase_create("walk");

    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, a_walk_begins_goes_on_is_left_resumed_and_over_with_a_line_for_each);
    tcase_add_test(tcase, a_renewal_changes_nothing_but_the_end_of_the_lease);
    tcase_add_loop_test(tcase, another_walk_is_refused_unless_the_one_there_is_given_up, 0,
                        CFC_ROWS(others));
    tcase_add_test(tcase, a_silent_walker_has_left_and_is_back_when_it_is_heard_again);
    tcase_add_test(tcase, a_walk_survives_a_restart_and_its_walker_has_a_whole_lease_then);
    tcase_add_test(tcase, other_changes_write_the_renewed_lease);
    tcase_add_loop_test(tcase, what_makes_no_sense_is_told, 0, CFC_ROWS(nonsense));
    tcase_add_test(tcase, the_walker_is_the_user_unless_it_is_said);
    tcase_add_test(tcase, the_status_tells_of_it_in_every_form);
    suite_add_tcase(suite, tcase);
    return suite;
}
