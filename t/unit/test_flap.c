/* SPDX-License-Identifier: Apache-2.0
 * test_flap.c: how many good results a node needs that falls again and again. */
#include <check.h>

#include "health/flap.h"
#include "suites.h"

#define MINUTE apr_time_from_sec(60)
#define NOW apr_time_from_sec(1000000)

static const struct {
    const char *label;
    cfc_health_t was, is;
    bool fall;
} changes[] = {
    {"fell",                      CFC_HEALTH_FAILING,    CFC_HEALTH_DOWN,       true},
    {"fell at once",              CFC_HEALTH_UP,         CFC_HEALTH_DOWN,       true},
    {"in doubt",                  CFC_HEALTH_UP,         CFC_HEALTH_FAILING,    false},
    {"restarted",                 CFC_HEALTH_UP,         CFC_HEALTH_STARTING,   false},
    {"never was up",              CFC_HEALTH_UNKNOWN,    CFC_HEALTH_DOWN,       false},
    {"failed while rising",       CFC_HEALTH_RECOVERING, CFC_HEALTH_DOWN,       false},
    {"still down",                CFC_HEALTH_DOWN,       CFC_HEALTH_DOWN,       false},
    {"up again",                  CFC_HEALTH_RECOVERING, CFC_HEALTH_UP,         false},
};

START_TEST(only_a_fall_from_service_counts)
{
    cfc_flaps_t flaps = {0};

    cfc_flap_note(&flaps, changes[_i].was, changes[_i].is, NOW);
    ck_assert_msg((flaps.count == 1) == changes[_i].fall, "%s", changes[_i].label);
}
END_TEST

static const struct {
    const char *label;
    int falls;              /* one a minute */
    int later_min;          /* asked so long after the last one */
    uint32_t rise;          /* of 3 configured */
} rows[] = {
    {"never fell",                     0,  0,  3},
    {"the first fall",                 1,  0,  3},
    {"the second",                     2,  0,  6},
    {"the third",                      3,  0,  12},
    {"the fourth",                     4,  0,  24},
    {"no more than eight times",       99, 0,  24},
    {"remembered for a while",         3,  10, 12},
    {"and forgiven",                   3,  11, 3},
    {"the clock was set back",         3,  -5, 3},
};

START_TEST(each_further_fall_asks_for_more)
{
    cfc_flaps_t flaps = {0};
    apr_time_t now = NOW;
    uint32_t rise;

    for (int i = 0; i < rows[_i].falls; i++) {
        now += MINUTE;
        cfc_flap_note(&flaps, CFC_HEALTH_FAILING, CFC_HEALTH_DOWN, now);
    }
    rise = cfc_flap_rise(&flaps, 3, now + rows[_i].later_min * MINUTE);
    ck_assert_msg(rise == rows[_i].rise, "%s: got %u", rows[_i].label, rise);
}
END_TEST

START_TEST(falls_far_apart_are_each_the_first)
{
    cfc_flaps_t flaps = {0};

    for (int i = 0; i < 50; i++) {
        apr_time_t now = NOW + i * 11 * MINUTE;

        cfc_flap_note(&flaps, CFC_HEALTH_UP, CFC_HEALTH_DOWN, now);
        ck_assert_uint_eq(cfc_flap_rise(&flaps, 2, now), 2);
    }
}
END_TEST

Suite *cfc_flap_suite(void)
{
    Suite *suite = suite_create("flap");
    TCase *tc = tcase_create("flap");

    tcase_add_loop_test(tc, only_a_fall_from_service_counts, 0, CFC_ROWS(changes));
    tcase_add_loop_test(tc, each_further_fall_asks_for_more, 0, CFC_ROWS(rows));
    tcase_add_test(tc, falls_far_apart_are_each_the_first);
    suite_add_tcase(suite, tc);
    return suite;
}
