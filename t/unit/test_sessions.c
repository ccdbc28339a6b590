/* SPDX-License-Identifier: Apache-2.0
 * test_sessions.c: how well live sessions are counted, and when they stop to be. */
#include "lb/sessions.h"

#include <apr_thread_proc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lb/segment.h"
#include "t/unit/kit.h"
#include "t/unit/suites.h"

#define WINDOW_MS 1800000
#define SLICE apr_time_from_sec(300)
#define T0 (SLICE * 5980000)    /* the beginning of a slice, in 2026 */

static cfc_sessions_t *sessions;

static void begin(void)
{
    sessions = calloc(1, sizeof(*sessions));
}

static void end(void)
{
    free(sessions);
}

static uint64_t client(unsigned set, unsigned number)
{
    char id[64];
    int length = snprintf(id, sizeof(id), "%08X%08X.node1", set, number);

    return cfc_sessions_hash(id, (size_t)length, 0);
}

static void note(unsigned set, unsigned clients, apr_time_t at)
{
    for (unsigned i = 0; i < clients; i++) {
        cfc_sessions_note(sessions, client(set, i), at, WINDOW_MS);
    }
}

static uint64_t count(apr_time_t at)
{
    return cfc_sessions_count(sessions, at, WINDOW_MS);
}

START_TEST(nobody_is_counted_as_nobody)
{
    ck_assert_uint_eq(count(T0), 0);
}
END_TEST

START_TEST(a_client_counts_once_however_often_it_comes)
{
    for (int i = 0; i < 1000; i++) {
        note(1, 1, T0 + i * apr_time_from_sec(1));
    }
    ck_assert_uint_eq(count(T0 + 1000), 1);
}
END_TEST

START_TEST(a_handful_is_counted_exactly)
{
    for (unsigned n = 1; n <= 20; n++) {
        note(1, n, T0);
        ck_assert_uint_eq(count(T0), n);
    }
}
END_TEST

/* Errors in percent over many sets of clients: the standard error that sessions.h promises,
 * with room for chance. One set alone may be off by more. */
static const struct {
    unsigned clients, sets;
    double rms_max;
} sizes[] = {
    {100, 50, 1.15}, {1000, 50, 1.15}, {5000, 50, 1.5}, {12000, 50, 1.5}, {50000, 50, 1.5},
    {400000, 12, 2.0}, {3000000, 2, 2.0},
};

START_TEST(many_are_counted_with_a_standard_error_below_1_5_percent)
{
    double squares = 0, sum = 0;

    for (unsigned set = 0; set < sizes[_i].sets; set++) {
        double off;

        memset(sessions, 0, sizeof(*sessions));
        note(set, sizes[_i].clients, T0);
        off = 100.0 * ((double)count(T0) / sizes[_i].clients - 1);
        ck_assert_msg(off * off < 36 * 1.15 * 1.15, "%u clients: off by %.1f %%", sizes[_i].clients,
                      off);
        squares += off * off;
        sum += off;
    }
    squares /= sizes[_i].sets;
    sum /= sizes[_i].sets;
    ck_assert_msg(squares < sizes[_i].rms_max * sizes[_i].rms_max,
                  "%u clients: root mean square of the error squared %.2f", sizes[_i].clients,
                  squares);
    /* six standard errors of the mean */
    ck_assert_msg(sum * sum < 36 * 1.15 * 1.15 / sizes[_i].sets, "%u clients: bias %.2f %%",
                  sizes[_i].clients, sum);
}
END_TEST

/* Noted so long after the beginning of a slice, looked at so long after that beginning. */
static const struct {
    const char *label;
    apr_time_t noted, looked;
    uint64_t want;
} windows[] = {
    {"at once",                            0,             0,                 1},
    {"at the end of its slice",            0,             SLICE - 1,         1},
    {"25 minutes on, noted early",         0,             5 * SLICE,         1},
    {"the last moment, noted early",       0,             6 * SLICE - 1,     1},
    {"30 minutes on, noted early",         0,             6 * SLICE,         0},
    {"25 minutes on, noted late",          SLICE - 1,     6 * SLICE - 1,     1},
    {"25 minutes and a moment, noted late", SLICE - 1,    6 * SLICE,         0},
    {"a day on",                           0,             288 * SLICE,       0},
    {"from before, the clock was set back", 6 * SLICE,    SLICE,             0},
};

START_TEST(a_sketch_alone_counts_until_it_is_cleared)
{
    cfc_sketch_t *sketch = &sessions->slices[0].sketch;

    ck_assert_uint_eq(cfc_sketch_count(sketch), 0);
    for (unsigned i = 0; i < 20; i++) {
        cfc_sketch_note(sketch, client(1, i));
        cfc_sketch_note(sketch, client(1, i / 2));
        ck_assert_uint_eq(cfc_sketch_count(sketch), i + 1);
    }
    cfc_sketch_clear(sketch);
    ck_assert_uint_eq(cfc_sketch_count(sketch), 0);
}
END_TEST

/* Two registers share a byte. */
START_TEST(a_register_keeps_its_highest_value_and_its_neighbour_its_own)
{
    cfc_sketch_t *sketch = &sessions->slices[0].sketch;

    for (unsigned zeros = 0; zeros < 51; zeros++) {
        unsigned most = zeros < 14 ? zeros + 1 : 15;

        cfc_sketch_note(sketch, UINT64_C(1) << (13 + zeros) | 6);
        cfc_sketch_note(sketch, UINT64_C(1) << 13 | 6);
        ck_assert_uint_eq(sketch->pairs[3], most);
    }
    cfc_sketch_note(sketch, UINT64_C(1) << 15 | 7);
    ck_assert_uint_eq(sketch->pairs[3], 3 << 4 | 15);
    cfc_sketch_note(sketch, UINT64_C(1) << 14 | 7);
    ck_assert_uint_eq(sketch->pairs[3], 3 << 4 | 15);
}
END_TEST

START_TEST(a_client_that_was_quiet_for_the_window_is_not_counted)
{
    note(1, 1, T0 + windows[_i].noted);
    ck_assert_msg(count(T0 + windows[_i].looked) == windows[_i].want, "%s", windows[_i].label);
}
END_TEST

START_TEST(slices_turn_by_themselves)
{
    for (int slice = 0; slice < 40; slice++) {
        note((unsigned)slice, 1, T0 + slice * SLICE);
        ck_assert_uint_eq(count(T0 + slice * SLICE), slice < 6 ? (unsigned)slice + 1 : 6);
    }
    note(99, 3, T0 + 100 * SLICE);
    ck_assert_uint_eq(count(T0 + 100 * SLICE), 3);
}
END_TEST

START_TEST(another_window_begins_anew)
{
    note(1, 10, T0);
    ck_assert_uint_eq(cfc_sessions_count(sessions, T0, 2 * WINDOW_MS), 0);
    cfc_sessions_note(sessions, client(2, 0), T0, 2 * WINDOW_MS);
    ck_assert_uint_eq(cfc_sessions_count(sessions, T0, 2 * WINDOW_MS), 1);
}
END_TEST

START_TEST(what_was_cleared_is_gone_and_what_comes_counts)
{
    note(1, 10, T0);
    note(2, 10, T0 + SLICE);
    cfc_sessions_clear(sessions);
    ck_assert_uint_eq(count(T0 + SLICE), 0);
    note(3, 4, T0 + SLICE);
    ck_assert_uint_eq(count(T0 + SLICE), 4);
}
END_TEST

START_TEST(a_child_that_died_while_clearing_costs_one_slice_once)
{
    cfc_sessions_slice_t *slice;

    note(1, 10, T0);
    slice = &sessions->slices[T0 / SLICE % CFC_SESSIONS_SLICES];
    ck_assert_uint_eq(atomic_load(&slice->epoch), T0 / SLICE);
    atomic_store(&slice->epoch, ~atomic_load(&slice->epoch));
    note(2, 10, T0);
    ck_assert_uint_eq(count(T0), 0);
    note(3, 10, T0 + 6 * SLICE);
    ck_assert_uint_eq(count(T0 + 6 * SLICE), 10);
}
END_TEST

START_TEST(garbage_in_the_registers_is_counted_as_something)
{
    note(1, 10, T0);
    for (int i = 0; i < CFC_SESSIONS_SLICES; i++) {
        memset(&sessions->slices[i].sketch, 0xff, sizeof(sessions->slices[i].sketch));
    }
    ck_assert_uint_gt(count(T0), 0);
}
END_TEST

static void *APR_THREAD_FUNC note_some(apr_thread_t *thread, void *set)
{
    (void)thread;
    note((unsigned)(uintptr_t)set, 20000, T0);
    return NULL;
}

START_TEST(threads_lose_nothing_between_them)
{
    apr_thread_t *threads[4];
    apr_status_t status;
    apr_pool_t *pool;
    uint64_t together;

    apr_pool_create(&pool, NULL);
    note(9, 1, T0);     /* whoever finds a slice of another time clears it, the others go on */
    for (uintptr_t i = 0; i < 4; i++) {
        ck_assert_int_eq(apr_thread_create(&threads[i], NULL, note_some, (void *)i, pool), 0);
    }
    for (int i = 0; i < 4; i++) {
        apr_thread_join(&status, threads[i]);
    }
    apr_pool_destroy(pool);
    together = count(T0);
    memset(sessions, 0, sizeof(*sessions));
    note(9, 1, T0);
    for (unsigned set = 0; set < 4; set++) {
        note(set, 20000, T0);
    }
    ck_assert_uint_eq(together, count(T0));
}
END_TEST

START_TEST(live_sessions_are_those_of_the_mark_and_the_new_ones_since)
{
    ck_assert_uint_eq(cfc_sessions_live(sessions, 7), 7);
    note(1, 10, T0);
    cfc_sessions_mark(sessions, UINT64_C(0x1fffffffe), T0, WINDOW_MS);
    ck_assert_uint_eq(cfc_sessions_live(sessions, UINT64_C(0x1fffffffe)), 10);
    ck_assert_uint_eq(cfc_sessions_live(sessions, UINT64_C(0x200000003)), 15);
}
END_TEST

START_TEST(hashes_differ_and_are_never_0)
{
    ck_assert_uint_ne(cfc_sessions_hash("", 0, 0), 0);
    ck_assert_uint_ne(cfc_sessions_hash("ab", 2, 0), cfc_sessions_hash("ba", 2, 0));
    ck_assert_uint_ne(cfc_sessions_hash("ab", 2, 0), cfc_sessions_hash("ab", 1, 0));
    ck_assert_uint_ne(cfc_sessions_hash("ab", 2, 0), cfc_sessions_hash("ab", 2, 1));
    ck_assert_uint_eq(cfc_sessions_hash("ab", 2, 1), cfc_sessions_hash("abc", 2, 1));
}
END_TEST

START_TEST(a_node_that_returns_keeps_its_sessions_only_if_it_still_has_them)
{
    cfc_kit_t kit = cfc_kit_open("node1");
    cfc_node_slot_t *slot = cfc_cluster_nodes(kit.cl)[0]->slot;

    cfc_sessions_note(&slot->sessions, client(1, 1), T0, WINDOW_MS);
    cfc_slot_returned(slot, T0, false);
    ck_assert_int_eq(atomic_load(&slot->returned_at), T0);
    ck_assert_uint_eq(cfc_sessions_count(&slot->sessions, T0, WINDOW_MS), 1);
    cfc_slot_returned(slot, T0 + 1, true);
    ck_assert_int_eq(atomic_load(&slot->returned_at), T0 + 1);
    ck_assert_uint_eq(cfc_sessions_count(&slot->sessions, T0, WINDOW_MS), 0);
    cfc_kit_close(&kit);
}
END_TEST

Suite *cfc_sessions_suite(void)
{
    Suite *suite = suite_create("lb/sessions");
    TCase *tcase = tcase_create("sessions");

    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, nobody_is_counted_as_nobody);
    tcase_add_test(tcase, a_client_counts_once_however_often_it_comes);
    tcase_add_test(tcase, a_handful_is_counted_exactly);
    tcase_add_loop_test(tcase, many_are_counted_with_a_standard_error_below_1_5_percent, 0,
                        CFC_ROWS(sizes));
    tcase_add_test(tcase, a_sketch_alone_counts_until_it_is_cleared);
    tcase_add_test(tcase, a_register_keeps_its_highest_value_and_its_neighbour_its_own);
    tcase_add_loop_test(tcase, a_client_that_was_quiet_for_the_window_is_not_counted, 0,
                        CFC_ROWS(windows));
    tcase_add_test(tcase, slices_turn_by_themselves);
    tcase_add_test(tcase, another_window_begins_anew);
    tcase_add_test(tcase, what_was_cleared_is_gone_and_what_comes_counts);
    tcase_add_test(tcase, a_child_that_died_while_clearing_costs_one_slice_once);
    tcase_add_test(tcase, garbage_in_the_registers_is_counted_as_something);
    tcase_add_test(tcase, threads_lose_nothing_between_them);
    tcase_add_test(tcase, live_sessions_are_those_of_the_mark_and_the_new_ones_since);
    tcase_add_test(tcase, hashes_differ_and_are_never_0);
    tcase_add_test(tcase, a_node_that_returns_keeps_its_sessions_only_if_it_still_has_them);
    suite_add_tcase(suite, tcase);
    return suite;
}
