/* SPDX-License-Identifier: Apache-2.0
 * test_latency.c: what answers make of a node's latency, and what time makes of it. */
#include "lb/latency.h"
#include "t/unit/suites.h"

#define T0 INT64_C(1795000000000000)    /* microseconds since the epoch: 2026 */
#define MS(n) ((n) * INT64_C(1000))
#define HALF MS(CFC_LATENCY_HALF_MS)

typedef struct {
    int64_t at;                 /* after T0 */
    int64_t us;                 /* 0 ends the row */
} note_t;

static const struct {
    const char *label;
    note_t notes[6];
    int64_t look_at;
    uint32_t want;
} rows[] = {
    {"nothing was noted",            {{0, 0}},                                0,         0},
    {"the first answer",             {{0, MS(80)}},                           0,         80000},
    {"no answer counts as 0",        {{0, -5}},                               0,         1},
    {"a very long one is cut",       {{0, MS(300000)}},                       0,         10000000},
    {"a slower one, at once",        {{0, MS(80)}, {MS(1), MS(500)}},         MS(1),     500000},
    {"a quicker one, at once",       {{0, MS(80)}, {0, MS(20)}},              0,         80000},
    {"quicker, half-time later",     {{0, MS(80)}, {HALF, MS(20)}},           HALF,      50000},
    {"quicker, long after",          {{0, MS(80)}, {40 * HALF, MS(20)}},      40 * HALF, 20000},
    {"slower than what is left",     {{0, MS(80)}, {HALF, MS(60)}},           HALF,      70000},
    {"quick ones hide no slow one",  {{0, MS(80)}, {MS(1), MS(2)}, {MS(2), MS(2)}, {MS(3), MS(2)}},
     MS(3), 79988},
    {"no answer for half-time",      {{0, MS(80)}},                           HALF,      40000},
    {"no answer for a quarter",      {{0, MS(80)}},                           HALF / 2,  60000},
    {"no answer for three of them",  {{0, MS(80)}},                           3 * HALF,  10000},
    {"no answer for an hour",        {{0, MS(80)}},                           360 * HALF, 0},
    {"looked at from before",        {{MS(5), MS(80)}},                       0,         80000},
    {"noted from before",            {{MS(5), MS(80)}, {0, MS(20)}},          MS(5),     80000},
};

START_TEST(latency_follows_slow_answers_at_once_and_quick_ones_with_time)
{
    cfc_latency_t latency = 0;
    uint32_t got;

    for (const note_t *note = rows[_i].notes; note->us != 0; note++) {
        cfc_latency_note(&latency, note->us, T0 + note->at);
    }
    got = cfc_latency_us(&latency, T0 + rows[_i].look_at);
    ck_assert_msg(got == rows[_i].want, "%s: %u us, expected %u", rows[_i].label, got,
                  rows[_i].want);
}
END_TEST

START_TEST(a_node_that_is_quick_again_is_soon_taken_for_quick_however_much_it_answers)
{
    static const int64_t pauses_us[] = {300, 1000, 10000, 300000};
    cfc_latency_t latency = 0;
    uint32_t got;

    cfc_latency_note(&latency, MS(1000), T0);
    for (int64_t at = 0; at < 15 * HALF; at += pauses_us[_i]) {
        cfc_latency_note(&latency, MS(20), T0 + at);
    }
    got = cfc_latency_us(&latency, T0 + 15 * HALF);
    ck_assert_msg(got >= 20000 - 400 && got < 21000, "every %d us: %u us", (int)pauses_us[_i],
                  got);
}
END_TEST

/* The 32 bits of milliseconds begin anew every 50 days. */
START_TEST(the_clock_may_run_over_its_32_bits)
{
    const apr_time_t edge = MS((T0 / MS(1) / (INT64_C(1) << 32) + 1) * (INT64_C(1) << 32));
    cfc_latency_t latency = 0;

    cfc_latency_note(&latency, MS(80), edge - HALF / 2);
    ck_assert_uint_eq(cfc_latency_us(&latency, edge - HALF / 2), 80000);
    ck_assert_uint_eq(cfc_latency_us(&latency, edge + HALF / 2), 40000);
}
END_TEST

Suite *cfc_latency_suite(void)
{
    Suite *suite = suite_create("lb/latency");
    TCase *tcase = tcase_create("latency");

    tcase_add_loop_test(tcase, latency_follows_slow_answers_at_once_and_quick_ones_with_time, 0,
                        CFC_ROWS(rows));
    tcase_add_loop_test(
        tcase, a_node_that_is_quick_again_is_soon_taken_for_quick_however_much_it_answers, 0, 4);
    tcase_add_test(tcase, the_clock_may_run_over_its_32_bits);
    suite_add_tcase(suite, tcase);
    return suite;
}
