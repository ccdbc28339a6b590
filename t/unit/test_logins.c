/* SPDX-License-Identifier: Apache-2.0
 * test_logins.c: when an address had too many failed logins. */
#include "guard/logins.h"

#include <check.h>
#include <pthread.h>
#include <string.h>

#include "t/unit/suites.h"

#define MINUTE 60000
#define NOW INT64_C(1795454000000)      /* 2026-11-23 */

static const cfc_logins_conf_t conf = {.limit = 10, .window_ms = 10 * MINUTE};
static cfc_logins_t table;

static void setup(void)
{
    memset(&table, 0, sizeof(table));
    table.salt[0] = 0x1234567;
    table.salt[1] = 0x89abcde;
}

/* The key of a numbered IPv4 address. */
static uint64_t key(uint32_t number)
{
    unsigned char address[4] = {(unsigned char)(number >> 24), (unsigned char)(number >> 16),
                                (unsigned char)(number >> 8), (unsigned char)number};

    return cfc_logins_key(&table, "wiki", address, sizeof(address));
}

/* So many failures at one moment. @return by which of them it came over its limit; 0: by none */
static int fail_often(uint64_t client, int count, int64_t now)
{
    int by = 0;

    for (int i = 1; i <= count; i++) {
        if (cfc_logins_failed(&table, &conf, client, now)) {
            ck_assert_int_eq(by, 0);
            by = i;
        }
    }
    return by;
}

START_TEST(the_limit_is_reached_once_and_runs_out_by_and_by)
{
    ck_assert_int_eq(cfc_logins_over(&table, &conf, key(1), NOW), 0);
    ck_assert_int_eq(fail_often(key(1), 9, NOW), 0);
    ck_assert_int_eq(cfc_logins_over(&table, &conf, key(1), NOW), 0);
    ck_assert_int_eq(fail_often(key(1), 1, NOW + 5000), 1);
    ck_assert_int_eq(cfc_logins_over(&table, &conf, key(1), NOW + 5000), MINUTE - 5000);
    ck_assert_int_eq(cfc_logins_over(&table, &conf, key(1), NOW + MINUTE), 0);
    ck_assert_int_eq(fail_often(key(1), 1, NOW + MINUTE), 1);
    ck_assert_int_eq(cfc_logins_over(&table, &conf, key(1), NOW + MINUTE), MINUTE);
}
END_TEST

START_TEST(slow_guesses_never_reach_it)
{
    for (int i = 0; i < 1000; i++) {
        ck_assert(!cfc_logins_failed(&table, &conf, key(1), NOW + i * MINUTE));
    }
}
END_TEST

START_TEST(many_at_one_moment_count_up_to_ten_windows)
{
    ck_assert_int_eq(fail_often(key(1), 5000, NOW), 10);
    ck_assert_int_eq(cfc_logins_over(&table, &conf, key(1), NOW), 91 * MINUTE);
    ck_assert_int_eq(cfc_logins_over(&table, &conf, key(1), NOW + 91 * MINUTE), 0);
}
END_TEST

START_TEST(a_clock_that_is_set_back_blocks_nobody_for_long)
{
    fail_often(key(1), 10, NOW);
    ck_assert_int_eq(cfc_logins_over(&table, &conf, key(1), NOW - 86400000), 91 * MINUTE);
    fail_often(key(1), 1, NOW - 86400000);
    ck_assert_int_eq(cfc_logins_over(&table, &conf, key(1), NOW - 86400000 + 91 * MINUTE), 0);
}
END_TEST

START_TEST(a_limit_of_one_blocks_after_one)
{
    const cfc_logins_conf_t one = {.limit = 1, .window_ms = MINUTE};

    ck_assert(cfc_logins_failed(&table, &one, key(1), NOW));
    ck_assert_int_eq(cfc_logins_over(&table, &one, key(1), NOW + 1), MINUTE - 1);
    ck_assert_int_eq(cfc_logins_over(&table, &one, key(1), NOW + MINUTE), 0);
}
END_TEST

/* Addresses in network order; IPv4 ones are 4 bytes long. */
static const struct {
    const char *label, *a, *b;
    size_t a_bytes, b_bytes;
    bool same;
} pairs[] = {
    {"two neighbours",         "\xc0\0\2\1", "\xc0\0\2\2", 4, 4, false},
    {"an address in IPv6",     "\xc0\0\2\1", "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\1", 4, 16, true},
    {"two of one /64",         "\x20\1\xd\xb8\0\0\0\1\0\0\0\0\0\0\0\1",
                               "\x20\1\xd\xb8\0\0\0\1\xff\xff\xff\xff\xff\xff\xff\xff", 16, 16, true},
    {"two /64",                "\x20\1\xd\xb8\0\0\0\1\0\0\0\0\0\0\0\1",
                               "\x20\1\xd\xb8\0\0\0\2\0\0\0\0\0\0\0\1", 16, 16, false},
    {"no address of the two",  "\0\0\0\0", "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 4, 16, false},
};

START_TEST(addresses_share_a_bucket_or_not)
{
    uint64_t a = cfc_logins_key(&table, "wiki", (const unsigned char *)pairs[_i].a,
                                pairs[_i].a_bytes);
    uint64_t b = cfc_logins_key(&table, "wiki", (const unsigned char *)pairs[_i].b,
                                pairs[_i].b_bytes);

    ck_assert_msg((a == b) == pairs[_i].same, "%s", pairs[_i].label);
    ck_assert_uint_ne(a, cfc_logins_key(&table, "wikj", (const unsigned char *)pairs[_i].a,
                                        pairs[_i].a_bytes));
}
END_TEST

/* A million addresses that fail once each, in between, make the table forget nobody who is near
 * his limit, and blame next to nobody for them. */
START_TEST(a_flood_from_many_addresses_hides_no_guesser)
{
    int blamed = 0;

    fail_often(key(1), 10, NOW);
    for (uint32_t i = 1000; i < 1001000; i++) {
        blamed += cfc_logins_failed(&table, &conf, key(i), NOW);
    }
    ck_assert_int_gt(cfc_logins_over(&table, &conf, key(1), NOW), 0);
    ck_assert_int_le(blamed, 2);
}
END_TEST

#define THREADS 8
#define FAILURES_EACH 50000

static void *fail_at_once(void *counter)
{
    for (int i = 0; i < FAILURES_EACH; i++) {
        if (cfc_logins_failed(&table, &(cfc_logins_conf_t){.limit = 100000, .window_ms = 10000000},
                              key(1), NOW)) {
            atomic_fetch_add((_Atomic int *)counter, 1);
        }
        cfc_logins_failed(&table, &conf, key((uint32_t)i * 7), NOW + i);
    }
    return NULL;
}

START_TEST(threads_that_count_at_the_same_time_lose_next_to_nothing)
{
    const cfc_logins_conf_t wide = {.limit = 100000, .window_ms = 10000000};
    pthread_t threads[THREADS];
    _Atomic int reached = 0;
    int64_t counted;

    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, fail_at_once, &reached), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    /* 400,000 failures of 100 ms each, of which 99,999 are below the limit */
    counted = cfc_logins_over(&table, &wide, key(1), NOW) / 100 + 99999;
    ck_assert_int_eq(atomic_load(&reached), 1);
    ck_assert_int_le(counted, THREADS * FAILURES_EACH);
    ck_assert_int_ge(counted, THREADS * FAILURES_EACH - THREADS * FAILURES_EACH / 100);
}
END_TEST

Suite *cfc_logins_suite(void)
{
    Suite *suite = suite_create("guard/logins");
    TCase *tcase = tcase_create("logins");

    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, the_limit_is_reached_once_and_runs_out_by_and_by);
    tcase_add_test(tcase, slow_guesses_never_reach_it);
    tcase_add_test(tcase, many_at_one_moment_count_up_to_ten_windows);
    tcase_add_test(tcase, a_clock_that_is_set_back_blocks_nobody_for_long);
    tcase_add_test(tcase, a_limit_of_one_blocks_after_one);
    tcase_add_loop_test(tcase, addresses_share_a_bucket_or_not, 0, CFC_ROWS(pairs));
    tcase_add_test(tcase, a_flood_from_many_addresses_hides_no_guesser);
    tcase_add_test(tcase, threads_that_count_at_the_same_time_lose_next_to_nothing);
    suite_add_tcase(suite, tcase);
    return suite;
}
