/* SPDX-License-Identifier: Apache-2.0
 * test_beat.c: which child watches the monitor, and when it calls it hung. */
#include <check.h>

#include "kit.h"
#include "lb/beat.h"
#include "suites.h"

#define MS apr_time_from_msec(1)
#define PID 4711

static cfc_segment_t *segment;
static apr_time_t now;

static void setup(void)
{
    segment = cfc_kit_segment();
    now = apr_time_from_sec(1000000);
    atomic_store(&segment->monitor_pid, PID);
}

static void teardown(void)
{
    cfc_kit_segment_free(segment);
}

/* So many looks, `pause` apart, the monitor beating before each one or not.
 * @return the look that called it hung, from 1; 0: none did */
static int look_often(cfc_beat_t *watch, int looks, apr_time_t pause, bool beats)
{
    for (int i = 1; i <= looks; i++) {
        now += pause;
        if (beats) {
            atomic_store(&segment->monitor_beat_at, now);
        }
        if (cfc_beat_look(watch, segment, now) == PID) {
            return i;
        }
    }
    return 0;
}

static const struct {
    const char *label;
    int pause_ms;
    bool beats;
    int hung_at;
} rows[] = {
    {"it beats",                          CFC_BEAT_CLOSE_MS,     true,  0},
    {"it does not",                       CFC_BEAT_CLOSE_MS,     false, 1 + CFC_BEAT_LOOKS + 1},
    {"we are a little slow",              CFC_BEAT_CLOSE_MS * 2, false, 1 + CFC_BEAT_LOOKS + 1},
    {"we are stalled, as it may be, too", CFC_BEAT_CLOSE_MS * 4, false, 0},
};

START_TEST(a_monitor_without_a_beat_hangs)
{
    cfc_beat_t watch = {0};
    int hung_at = look_often(&watch, 20, rows[_i].pause_ms * MS, rows[_i].beats);

    ck_assert_msg((hung_at != 0) == (rows[_i].hung_at != 0) && hung_at <= rows[_i].hung_at,
                  "%s: called hung at look %d", rows[_i].label, hung_at);
    ck_assert_int_eq(atomic_load(&segment->monitor_pid), hung_at != 0 ? 0 : PID);
}
END_TEST

START_TEST(it_is_called_so_once)
{
    cfc_beat_t watch = {0};

    ck_assert_int_ne(look_often(&watch, 20, CFC_BEAT_CLOSE_MS * MS, false), 0);
    ck_assert_int_eq(look_often(&watch, 20, CFC_BEAT_CLOSE_MS * MS, false), 0);
}
END_TEST

START_TEST(a_look_for_another_reason_does_not_count)
{
    cfc_beat_t watch = {0};

    ck_assert_int_eq(look_often(&watch, 400, MS, false), 0);
}
END_TEST

START_TEST(a_successor_is_given_its_time)
{
    cfc_beat_t watch = {0};

    look_often(&watch, 3, CFC_BEAT_CLOSE_MS * MS, false);
    atomic_store(&segment->monitor_pid, PID + 1);
    for (int i = 0; i < CFC_BEAT_LOOKS; i++) {
        now += CFC_BEAT_CLOSE_MS * MS;
        ck_assert_int_eq(cfc_beat_look(&watch, segment, now), 0);
    }
}
END_TEST

START_TEST(one_child_watches_and_another_one_when_it_has_gone)
{
    cfc_beat_t first = {0}, second = {0};

    for (int i = 0; i < 50; i++) {
        now += CFC_BEAT_CLOSE_MS * MS;
        cfc_beat_look(&first, segment, now);
        cfc_beat_look(&second, segment, now + MS);
        ck_assert(first.close && !second.close);
    }
    ck_assert_int_eq(cfc_beat_pause_ms(&first), CFC_BEAT_CLOSE_MS);
    ck_assert_int_eq(cfc_beat_pause_ms(&second), CFC_BEAT_FAR_MS);
    now += CFC_BEAT_FAR_MS * MS + MS;
    cfc_beat_look(&second, segment, now);
    ck_assert(second.close);
    now += CFC_BEAT_CLOSE_MS * MS;
    cfc_beat_look(&first, segment, now);           /* it was only slow, and sees it */
    ck_assert(!first.close);
}
END_TEST

Suite *cfc_beat_suite(void)
{
    Suite *suite = suite_create("beat");
    TCase *tc = tcase_create("beat");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, a_monitor_without_a_beat_hangs, 0, CFC_ROWS(rows));
    tcase_add_test(tc, it_is_called_so_once);
    tcase_add_test(tc, a_look_for_another_reason_does_not_count);
    tcase_add_test(tc, a_successor_is_given_its_time);
    tcase_add_test(tc, one_child_watches_and_another_one_when_it_has_gone);
    suite_add_tcase(suite, tc);
    return suite;
}
