/* SPDX-License-Identifier: Apache-2.0
 * test_history.c: the ring of the last results. */
#include <check.h>
#include <stdio.h>

#include "lb/history.h"
#include "suites.h"

static void add(cfc_history_t *history, int number)
{
    cfc_probe_result_t result = {.at = number, .duration_ms = number * 2, .code = 200, .good = 1};

    snprintf(result.reason, sizeof(result.reason), "result %d", number);
    cfc_history_add(history, &result);
}

START_TEST(before_the_first_result_there_is_none)
{
    cfc_probe_result_t last, all[CFC_HISTORY_RESULTS];
    cfc_history_t history = {0};

    cfc_history_last(&history, &last);
    ck_assert_int_eq(last.at, 0);
    ck_assert_str_eq(last.reason, "");
    ck_assert_int_eq(cfc_history_read(&history, all), 0);
}
END_TEST

static const struct {
    const char *label;
    int added, kept;
} rows[] = {
    {"the first",         1,    1},
    {"some",              7,    7},
    {"just full",         20,   20},
    {"one more",          21,   20},
    {"many times around", 1007, 20},
};

START_TEST(the_last_ones_are_kept_the_newest_first)
{
    cfc_probe_result_t last, all[CFC_HISTORY_RESULTS];
    cfc_history_t history = {0};
    char reason[32];

    for (int i = 1; i <= rows[_i].added; i++) {
        add(&history, i);
    }
    cfc_history_last(&history, &last);
    ck_assert_int_eq(last.at, rows[_i].added);
    ck_assert_int_eq(cfc_history_read(&history, all), rows[_i].kept);
    for (int i = 0; i < rows[_i].kept; i++) {
        snprintf(reason, sizeof(reason), "result %d", rows[_i].added - i);
        ck_assert_str_eq(all[i].reason, reason);
        ck_assert_int_eq(all[i].duration_ms, 2 * (rows[_i].added - i));
    }
}
END_TEST

Suite *cfc_history_suite(void)
{
    Suite *suite = suite_create("history");
    TCase *tc = tcase_create("history");

    tcase_add_test(tc, before_the_first_result_there_is_none);
    tcase_add_loop_test(tc, the_last_ones_are_kept_the_newest_first, 0, CFC_ROWS(rows));
    suite_add_tcase(suite, tc);
    return suite;
}
