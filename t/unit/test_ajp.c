/* SPDX-License-Identifier: Apache-2.0
 * test_ajp.c: CPING and its answers, over a socket pair. */
#include <check.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "health/ajp.h"
#include "suites.h"

static int ends[2];
static cfc_ajp_t ajp;

static void setup(void)
{
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    cfc_ajp_begin(&ajp, ends[0]);
}

static void teardown(void)
{
    close(ends[0]);
    close(ends[1]);
}

START_TEST(it_sends_cping_and_waits)
{
    unsigned char heard[16];

    ck_assert(cfc_ajp_writes(&ajp));
    ck_assert_int_eq(cfc_ajp_step(&ajp), CFC_AJP_WAITS);
    ck_assert(!cfc_ajp_writes(&ajp));
    ck_assert_int_eq(cfc_ajp_step(&ajp), CFC_AJP_WAITS);
    ck_assert_int_eq(read(ends[1], heard, sizeof(heard)), 5);
    ck_assert_int_eq(memcmp(heard, "\x12\x34\x00\x01\x0a", 5), 0);
}
END_TEST

static const struct {
    const char *label;
    const char *bytes;
    int length;
    bool closes;
    cfc_ajp_result_t want;
} rows[] = {
    {"CPONG",                     "\x41\x42\x00\x01\x09", 5, false, CFC_AJP_CPONG},
    {"CPONG and the end",         "\x41\x42\x00\x01\x09", 5, true,  CFC_AJP_CPONG},
    {"part of it",                "\x41\x42\x00",         3, false, CFC_AJP_WAITS},
    {"part of it and the end",    "\x41\x42\x00",         3, true,  CFC_AJP_CLOSED},
    {"nothing",                   "",                     0, false, CFC_AJP_WAITS},
    {"nothing and the end",       "",                     0, true,  CFC_AJP_CLOSED},
    {"another AJP message",       "\x41\x42\x00\x01\x05", 5, false, CFC_AJP_OTHER},
    {"HTTP",                      "HTTP/1.1 400",        12, false, CFC_AJP_OTHER},
};

START_TEST(only_cpong_is_good)
{
    cfc_ajp_result_t got;

    ck_assert_int_eq(write(ends[1], rows[_i].bytes, (size_t)rows[_i].length), rows[_i].length);
    if (rows[_i].closes) {
        shutdown(ends[1], SHUT_WR);
    }
    got = cfc_ajp_step(&ajp);
    ck_assert_msg(got == rows[_i].want, "%s: got %d", rows[_i].label, got);
}
END_TEST

START_TEST(it_may_come_byte_by_byte)
{
    static const char cpong[] = "\x41\x42\x00\x01\x09";

    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(cfc_ajp_step(&ajp), CFC_AJP_WAITS);
        ck_assert_int_eq(write(ends[1], cpong + i, 1), 1);
    }
    ck_assert_int_eq(cfc_ajp_step(&ajp), CFC_AJP_CPONG);
}
END_TEST

START_TEST(a_peer_that_is_gone_is_noticed_without_a_signal)
{
    close(ends[1]);
    ck_assert_int_eq(cfc_ajp_step(&ajp), CFC_AJP_RESET);
    ends[1] = -1;
}
END_TEST

Suite *cfc_ajp_suite(void)
{
    Suite *suite = suite_create("ajp");
    TCase *tc = tcase_create("ajp");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, it_sends_cping_and_waits);
    tcase_add_loop_test(tc, only_cpong_is_good, 0, CFC_ROWS(rows));
    tcase_add_test(tc, it_may_come_byte_by_byte);
    tcase_add_test(tc, a_peer_that_is_gone_is_noticed_without_a_signal);
    suite_add_tcase(suite, tc);
    return suite;
}
