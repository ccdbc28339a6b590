/* SPDX-License-Identifier: Apache-2.0
 * test_parts.c: paths of a cluster that are in maintenance by themselves, from the order to the
 * state file and back. */
#include <apr_strings.h>
#include <string.h>

#include "maint/control.h"
#include "maint/due.h"
#include "maint/parts.h"
#include "maint/state_doc.h"
#include "t/unit/small_cluster.h"
#include "t/unit/suites.h"

#define NOW apr_time_from_sec(1795442400)       /* 2026-11-23T14:00:00Z */
#define HOURS(n) apr_time_from_sec((n) * 3600)

static cfc_small_cluster_t small;

static void begin(void)
{
    cfc_small_cluster_make(&small);
}

static void end(void)
{
    cfc_small_cluster_end(&small);
}

static cfc_result_t give(const char *action, const char *path, const char *from, const char *until)
{
    const cfc_order_t order = {.cluster = "confluence", .action = action, .path = path,
                               .from = from, .until = until,
                               .end = until != NULL ? "by-itself" : NULL, .who = "anna",
                               .address = "10.0.9.3"};

    return cfc_control(small.conf, &order, NOW, small.p);
}

static void done(const char *action, const char *path)
{
    cfc_result_t got = give(action, path, NULL, NULL);

    ck_assert_msg(got.outcome == CFC_OUTCOME_DONE, "%s %s: %s", action, path, got.text);
}

static cfc_cluster_state_t state_of(const char *path)
{
    cfc_subject_t part = cfc_subject_part(small.cl, path);
    cfc_kept_t kept;

    cfc_kind_maintenance.now(&part, &kept);
    return (cfc_cluster_state_t)kept.state;
}

START_TEST(a_path_is_closed_by_itself_and_stays_so_over_a_restart)
{
    done("maintenance-on", "/Synchrony/");
    done("maintenance-on", "/plugins/x");
    cfc_small_cluster_restart(&small);
    ck_assert_int_eq(state_of("/synchrony"), CFC_CLUSTER_CLOSED);
    ck_assert_int_eq(state_of("/plugins/x"), CFC_CLUSTER_CLOSED);
    ck_assert_int_eq(state_of("/plugins"), CFC_CLUSTER_OPEN);
    ck_assert(cfc_slot_parts_closed(small.cl->slot));
    ck_assert(!cfc_slot_closed(small.cl->slot));
}
END_TEST

START_TEST(a_path_that_is_open_again_leaves_nothing_behind)
{
    done("maintenance-on", "/synchrony");
    done("maintenance-on", "/plugins/x");
    done("maintenance-off", "/synchrony");
    cfc_small_cluster_restart(&small);
    ck_assert_ptr_null(cfc_part_find(small.cl->slot, "/synchrony"));
    ck_assert_ptr_nonnull(cfc_part_find(small.cl->slot, "/plugins/x"));
    done("maintenance-off", "/plugins/x");
    ck_assert(!cfc_slot_parts_closed(small.cl->slot));
    cfc_small_cluster_restart(&small);
    ck_assert_ptr_null(cfc_part_find(small.cl->slot, "/plugins/x"));
    ck_assert_int_eq(give("maintenance-off", "/plugins/x", NULL, NULL).outcome,
                     CFC_OUTCOME_UNCHANGED);
}
END_TEST

START_TEST(the_root_is_the_whole_cluster)
{
    done("maintenance-on", "/");
    ck_assert(cfc_slot_closed(small.cl->slot));
    ck_assert(!cfc_slot_parts_closed(small.cl->slot));
}
END_TEST

START_TEST(a_window_of_a_path_begins_and_ends_by_itself)
{
    cfc_order_t order;

    ck_assert_int_eq(give("maintenance-on", "/synchrony", "2h", "1h").outcome, CFC_OUTCOME_DONE);
    ck_assert_int_eq(state_of("/synchrony"), CFC_CLUSTER_SCHEDULED);
    ck_assert(!cfc_slot_parts_closed(small.cl->slot));
    ck_assert(!cfc_due(small.conf, NOW + HOURS(1), 0, &order, small.p));
    ck_assert(cfc_due(small.conf, NOW + HOURS(2), 0, &order, small.p));
    ck_assert_str_eq(order.path, "/synchrony");
    ck_assert_int_eq(cfc_control(small.conf, &order, NOW + HOURS(2), small.p).outcome,
                     CFC_OUTCOME_DONE);
    ck_assert(cfc_slot_parts_closed(small.cl->slot));
    ck_assert(cfc_due(small.conf, NOW + HOURS(3), 0, &order, small.p));
    ck_assert_int_eq(cfc_control(small.conf, &order, NOW + HOURS(3), small.p).outcome,
                     CFC_OUTCOME_DONE);
    ck_assert(!cfc_slot_parts_closed(small.cl->slot));
}
END_TEST

START_TEST(a_closed_path_is_not_opened_by_scheduling_it)
{
    done("maintenance-on", "/synchrony");
    ck_assert_int_eq(give("maintenance-on", "/synchrony", "2h", NULL).outcome,
                     CFC_OUTCOME_REFUSED);
    done("maintenance-on", NULL);
    ck_assert_int_eq(give("maintenance-on", "/other", "2h", NULL).outcome, CFC_OUTCOME_DONE);
}
END_TEST

START_TEST(more_paths_than_can_be_kept_are_refused)
{
    cfc_result_t got;

    for (int i = 0; i < CFC_PARTS_MAX; i++) {
        done("maintenance-on", apr_psprintf(small.p, "/p%d", i));
    }
    got = give("maintenance-on", "/more", NULL, NULL);
    ck_assert_int_eq(got.outcome, CFC_OUTCOME_FAILED);
    ck_assert_ptr_nonnull(strstr(got.text, "8 paths of cluster confluence are in maintenance"));
    done("maintenance-off", "/p3");
    done("maintenance-on", "/more");
    ck_assert_int_eq(state_of("/p7"), CFC_CLUSTER_CLOSED);
}
END_TEST

static const struct {
    const char *action, *path, *says;
} bad[] = {
    {"maintenance-on", "synchrony", "path=synchrony does not start with /"},
    {"maintenance-on", "/a%2fb", "has one of %"},
    {"maintenance-on", "/a//b", "has an empty or a dot segment"},
    {"maintenance-on", "/a/../b", "has an empty or a dot segment"},
    {"maintenance-on", "/0123456789012345678901234567890123456789012345678901234567890123",
     "is too long"},
    {"maintenance-off", "x", "does not start with /"},
    {"drain", "/x", "drain takes no path="},
};

START_TEST(what_is_no_path_is_refused)
{
    const cfc_order_t order = {.cluster = "confluence", .action = bad[_i].action,
                               .path = bad[_i].path, .who = "anna", .address = "10.0.9.3",
                               .node = strcmp(bad[_i].action, "drain") == 0 ? "node1" : NULL};
    cfc_result_t got = cfc_control(small.conf, &order, NOW, small.p);

    ck_assert_int_eq(got.outcome, CFC_OUTCOME_BAD);
    ck_assert_msg(strstr(got.text, bad[_i].says) != NULL, "%s: %s", bad[_i].path, got.text);
}
END_TEST

START_TEST(a_file_with_a_path_that_closes_nothing_is_not_used)
{
    static const char text[] =
        "{\"format\": 1, \"clusters\": {\"confluence\": {\"maintenance\": {\"%s\": {"
        "\"state\": \"maintenance\", \"configured\": \"open\", \"who\": \"anna\", "
        "\"since\": \"2026-11-23T14:00:00Z\"}}}}}";
    static const char *const names[] = {"/synchrony", "/Synchrony", "synchrony", "/a%2fb", ""};
    const char *complaint, *doc = apr_psprintf(small.p, text, names[_i]);

    cfc_doc_read(doc, strlen(doc), &complaint, small.p);
    ck_assert_msg((complaint == NULL) == (_i == 0), "%s: %s", names[_i], complaint);
}
END_TEST

Suite *cfc_parts_suite(void)
{
    Suite *suite = suite_create("parts");
    TCase *tcase = tcase_create("parts");

    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, a_path_is_closed_by_itself_and_stays_so_over_a_restart);
    tcase_add_test(tcase, a_path_that_is_open_again_leaves_nothing_behind);
    tcase_add_test(tcase, the_root_is_the_whole_cluster);
    tcase_add_test(tcase, a_window_of_a_path_begins_and_ends_by_itself);
    tcase_add_test(tcase, a_closed_path_is_not_opened_by_scheduling_it);
    tcase_add_test(tcase, more_paths_than_can_be_kept_are_refused);
    tcase_add_loop_test(tcase, what_is_no_path_is_refused, 0, CFC_ROWS(bad));
    tcase_add_loop_test(tcase, a_file_with_a_path_that_closes_nothing_is_not_used, 0, 5);
    suite_add_tcase(suite, tcase);
    return suite;
}
