/* SPDX-License-Identifier: Apache-2.0
 * test_rates.c: what looks at counters tell of the last seconds. */
#include <string.h>

#include "lb/rates.h"
#include "t/unit/suites.h"

#define T0 INT64_C(1795000000000000)
#define SECONDS(n) apr_time_from_sec(n)

static const struct {
    const char *label;
    int looks;                  /* one a second; each sees `requests` and `errors` more */
    unsigned requests, errors;
    int64_t later;              /* seconds from the last of them to the reading */
    bool known;
    double per_s;
    unsigned in_the_minute;
} rows[] = {
    {"nobody looked",           0,   5, 1,  0, false, 0, 0},
    {"one look tells nothing",  1,   5, 1,  0, false, 0, 0},
    {"two do",                  2,   5, 1,  0, true,  5, 1},
    {"nothing happens",         30,  0, 0,  0, true,  0, 0},
    {"after a minute",          61,  5, 1,  0, true,  5, 60},
    {"after an hour",           3600, 5, 1, 0, true,  5, 60},
    {"the monitor is late",     30,  5, 1,  4, true,  5, 29},
    {"the monitor is silent",   30,  5, 1,  6, false, 0, 0},
};

START_TEST(rates_are_those_of_the_last_seconds)
{
    cfc_rates_t rates;
    cfc_rates_view_t view;
    apr_time_t now = T0;

    memset(&rates, 0, sizeof(rates));
    for (int i = 0; i < rows[_i].looks; i++) {
        now = T0 + SECONDS(i);
        cfc_rates_look(&rates, 1000 + (unsigned)i * rows[_i].requests,
                       1000 + (unsigned)i * rows[_i].errors, now);
    }
    cfc_rates_read(&rates, now + SECONDS(rows[_i].later), &view);
    ck_assert_msg(view.known == rows[_i].known && view.requests_per_s == rows[_i].per_s
                      && view.errors == rows[_i].in_the_minute,
                  "%s: %d, %f a second, %d errors", rows[_i].label, view.known,
                  view.requests_per_s, (int)view.errors);
}
END_TEST

START_TEST(a_burst_is_seen_at_once_and_over_ten_seconds_later)
{
    static const double want[] = {10, 10, 0};
    static const int at[] = {20, 29, 30};
    cfc_rates_t rates;
    cfc_rates_view_t view;

    memset(&rates, 0, sizeof(rates));
    for (int i = 0, next = 0; i <= 30; i++) {
        cfc_rates_look(&rates, i < 20 ? 0 : 100, 0, T0 + SECONDS(i));
        if (i == at[next]) {
            cfc_rates_read(&rates, T0 + SECONDS(i), &view);
            ck_assert_msg(view.requests_per_s == want[next], "at %d: %f", i, view.requests_per_s);
            next++;
        }
    }
}
END_TEST

START_TEST(a_clock_that_was_set_back_makes_no_nonsense)
{
    cfc_rates_t rates;
    cfc_rates_view_t view;

    memset(&rates, 0, sizeof(rates));
    cfc_rates_look(&rates, 10, 0, T0);
    cfc_rates_look(&rates, 20, 0, T0 - SECONDS(3600));
    cfc_rates_read(&rates, T0 - SECONDS(3600), &view);
    ck_assert(!view.known);
}
END_TEST

Suite *cfc_rates_suite(void)
{
    Suite *suite = suite_create("lb/rates");
    TCase *tcase = tcase_create("rates");

    tcase_add_loop_test(tcase, rates_are_those_of_the_last_seconds, 0, CFC_ROWS(rows));
    tcase_add_test(tcase, a_burst_is_seen_at_once_and_over_ten_seconds_later);
    tcase_add_test(tcase, a_clock_that_was_set_back_makes_no_nonsense);
    suite_add_tcase(suite, tcase);
    return suite;
}
