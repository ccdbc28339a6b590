/* SPDX-License-Identifier: Apache-2.0
 * test_spread.c: percentiles of how long answers took, and for how long they are remembered. */
#include <stdlib.h>
#include <string.h>

#include "lb/spread.h"
#include "t/unit/suites.h"

#define T0 (INT64_C(5983333) * CFC_SPREAD_PERIOD)      /* a period begins: 2026 */
#define MS(n) ((n) * INT64_C(1000))

static cfc_spread_t spread;

static void begin(void)
{
    memset(&spread, 0, sizeof(spread));
    cfc_spread_mark(&spread, T0);
}

static cfc_percentiles_t at(apr_time_t now)
{
    cfc_percentiles_t got;

    cfc_spread_read(&spread, now, &got);
    return got;
}

START_TEST(what_is_read_is_wrong_by_a_sixteenth_at_most)
{
    for (int64_t us = 1; us < INT64_C(1) << 30; us += 1 + us / 7) {
        int64_t allowed = us < 64 ? 4 : us / 16 + 1;
        int64_t got;

        begin();
        cfc_spread_note(&spread, us);
        got = at(T0).p50;
        ck_assert_msg(llabs(got - us) <= allowed, "%lld us: %lld", (long long)us, (long long)got);
    }
}
END_TEST

static const struct {
    const char *label;
    int64_t us;
    int64_t low, high;
} edges[] = {
    {"a clock that was set back", -MS(5), 0, 8},
    {"nothing",                   0,      0, 8},
    {"the longest",               INT64_C(1) << 30, INT64_C(1) << 29, INT64_C(1) << 30},
    {"longer than that",          INT64_C(1) << 50, INT64_C(1) << 29, INT64_C(1) << 30},
};

START_TEST(no_duration_is_out_of_bounds)
{
    int64_t got;

    cfc_spread_note(&spread, edges[_i].us);
    got = at(T0).p99;
    ck_assert_msg(got >= edges[_i].low && got <= edges[_i].high, "%s: %lld", edges[_i].label,
                  (long long)got);
}
END_TEST

START_TEST(percentiles_are_those_of_all_answers)
{
    cfc_percentiles_t got;

    for (int i = 1; i <= 1000; i++) {
        cfc_spread_note(&spread, MS(i));
    }
    got = at(T0);
    ck_assert_uint_eq(got.answers, 1000);
    ck_assert_int_le(llabs(got.p50 - MS(500)), MS(500) / 16);
    ck_assert_int_le(llabs(got.p95 - MS(950)), MS(950) / 16);
    ck_assert_int_le(llabs(got.p99 - MS(990)), MS(990) / 16);
}
END_TEST

START_TEST(one_slow_answer_among_a_hundred_shows_in_none_but_the_last)
{
    cfc_percentiles_t got;

    for (int i = 0; i < 98; i++) {
        cfc_spread_note(&spread, MS(2));
    }
    cfc_spread_note(&spread, MS(4000));
    cfc_spread_note(&spread, MS(4000));
    got = at(T0);
    ck_assert_int_lt(got.p95, MS(3));
    ck_assert_int_gt(got.p99, MS(3700));
}
END_TEST

static const struct {
    const char *label;
    int64_t after;              /* of the look */
    unsigned want;
} ages[] = {
    {"at once",                                  0,                          1},
    {"in the next period",                       CFC_SPREAD_PERIOD,          1},
    {"at its end",                               2 * CFC_SPREAD_PERIOD - 1,  1},
    {"in the one after it",                      2 * CFC_SPREAD_PERIOD,      0},
    {"when its own is used again",               3 * CFC_SPREAD_PERIOD,      0},
    {"long after, the monitor having stood still", 300 * CFC_SPREAD_PERIOD,  0},
    {"when the clock was set back",              -5 * CFC_SPREAD_PERIOD,     0},
};

START_TEST(answers_are_forgotten_after_five_to_ten_minutes)
{
    cfc_spread_note(&spread, MS(2));
    if (ages[_i].after >= 0 && ages[_i].after < 9 * CFC_SPREAD_PERIOD) {
        for (int64_t t = 0; t <= ages[_i].after; t += apr_time_from_sec(1)) {
            cfc_spread_mark(&spread, T0 + t);
        }
    }
    cfc_spread_mark(&spread, T0 + ages[_i].after);
    ck_assert_msg(at(T0 + ages[_i].after).answers == ages[_i].want, "%s", ages[_i].label);
}
END_TEST

START_TEST(what_is_read_is_of_this_period_and_the_one_before)
{
    for (int i = 0; i < 7; i++) {
        cfc_spread_mark(&spread, T0 + i * CFC_SPREAD_PERIOD);
        cfc_spread_note(&spread, MS(2));
        ck_assert_uint_eq(at(T0 + i * CFC_SPREAD_PERIOD).answers, i == 0 ? 1 : 2);
    }
}
END_TEST

START_TEST(counts_that_pass_the_low_half_are_read_as_what_they_are)
{
    spread.counts[0] = UINT32_MAX;
    cfc_spread_mark(&spread, T0 + 9 * CFC_SPREAD_PERIOD);
    for (int i = 0; i < 5; i++) {
        cfc_spread_note(&spread, 0);
    }
    ck_assert_uint_eq(at(T0 + 9 * CFC_SPREAD_PERIOD).answers, 5);
}
END_TEST

START_TEST(a_histogram_counts_what_took_less_than_each_edge)
{
    cfc_histogram_t got;

    ck_assert_int_eq(cfc_histogram_edge(0), 1024);
    ck_assert_int_eq(cfc_histogram_edge(1), 1536);
    ck_assert_int_eq(cfc_histogram_edge(CFC_HISTOGRAM_EDGES - 1), INT64_C(1) << 26);
    for (int i = 0; i < CFC_HISTOGRAM_EDGES; i++) {
        begin();
        cfc_spread_note(&spread, cfc_histogram_edge(i) - 1);
        cfc_spread_note(&spread, cfc_histogram_edge(i));
        cfc_spread_histogram(&spread, &got);
        for (int j = 0; j < CFC_HISTOGRAM_EDGES; j++) {
            ck_assert_uint_eq(got.within[j], j < i ? 0 : j == i ? 1 : 2);
        }
        ck_assert_uint_eq(got.answers, 2);
    }
}
END_TEST

START_TEST(a_histogram_is_of_all_the_time_and_knows_the_longest)
{
    cfc_histogram_t got;

    for (int i = 0; i < 100; i++) {
        cfc_spread_mark(&spread, T0 + i * CFC_SPREAD_PERIOD);
        cfc_spread_note(&spread, MS(20));
    }
    cfc_spread_note(&spread, MS(100000));
    cfc_spread_histogram(&spread, &got);
    ck_assert_uint_eq(got.answers, 101);
    ck_assert_uint_eq(got.within[CFC_HISTOGRAM_EDGES - 1], 100);
    ck_assert_int_le(llabs(got.sum_us - MS(102000)), MS(102000) / 16);
}
END_TEST

START_TEST(a_spread_that_nobody_marked_knows_nothing_of_the_last_minutes)
{
    memset(&spread, 0, sizeof(spread));
    cfc_spread_note(&spread, MS(2));
    ck_assert_uint_eq(at(T0).answers, 0);
}
END_TEST

START_TEST(a_node_costs_less_than_four_kilobytes)
{
    ck_assert_uint_lt(sizeof(cfc_spread_t), 4096);
}
END_TEST

Suite *cfc_spread_suite(void)
{
    Suite *suite = suite_create("lb/spread");
    TCase *tcase = tcase_create("spread");

    tcase_add_checked_fixture(tcase, begin, NULL);
    tcase_add_test(tcase, what_is_read_is_wrong_by_a_sixteenth_at_most);
    tcase_add_loop_test(tcase, no_duration_is_out_of_bounds, 0, CFC_ROWS(edges));
    tcase_add_test(tcase, percentiles_are_those_of_all_answers);
    tcase_add_test(tcase, one_slow_answer_among_a_hundred_shows_in_none_but_the_last);
    tcase_add_loop_test(tcase, answers_are_forgotten_after_five_to_ten_minutes, 0, CFC_ROWS(ages));
    tcase_add_test(tcase, what_is_read_is_of_this_period_and_the_one_before);
    tcase_add_test(tcase, counts_that_pass_the_low_half_are_read_as_what_they_are);
    tcase_add_test(tcase, a_histogram_counts_what_took_less_than_each_edge);
    tcase_add_test(tcase, a_histogram_is_of_all_the_time_and_knows_the_longest);
    tcase_add_test(tcase, a_spread_that_nobody_marked_knows_nothing_of_the_last_minutes);
    tcase_add_test(tcase, a_node_costs_less_than_four_kilobytes);
    suite_add_tcase(suite, tcase);
    return suite;
}
