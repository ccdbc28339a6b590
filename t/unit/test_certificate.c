/* SPDX-License-Identifier: Apache-2.0
 * test_certificate.c: reading the end of a certificate, days left, level and words. */
#include <check.h>

#include "health/certificate.h"
#include "suites.h"

#define HOUR (APR_USEC_PER_SEC * 3600)
#define DAY (24 * HOUR)
#define END INT64_C(1796472000000000)       /* 2026-12-05 12:00:00 UTC, by date -d */

static const struct {
    const char *label;
    const char *text;
    apr_time_t end;
} ends[] = {
    {"day of one digit",      "Dec  5 12:00:00 2026 GMT", END},
    {"day of two digits",     "Dec 15 12:00:00 2026 GMT", END + 10 * DAY},
    {"first month",           "Jan  1 00:00:00 1970 GMT", 0},
    {"after 2038",            "Jan 19 03:14:08 2038 GMT", INT64_C(2147483648000000)},
    {"no such month",         "Foo  5 12:00:00 2026 GMT", 0},
    {"month cut across two",  "anF  5 12:00:00 2026 GMT", 0},
    {"another zone",          "Dec  5 12:00:00 2026 CET", 0},
    {"no such day",           "Dec 45 12:00:00 2026 GMT", 0},
    {"negative",              "Dec -5 12:00:00 2026 GMT", 0},
    {"cut off",               "Dec  5 12:00", 0},
    {"empty",                 "", 0},
    {"something else",        "2026-12-05T12:00:00Z", 0},
};

START_TEST(an_end_is_read_as_openssl_prints_it)
{
    apr_time_t got = cfc_certificate_end(ends[_i].text);

    ck_assert_msg(got == ends[_i].end, "%s: got %lld", ends[_i].label, (long long)got);
}
END_TEST

static const struct {
    const char *label;
    apr_time_t end, now;
    int warn_days;
    cfc_certificate_t want;
    int days;
    const char *text;
} rows[] = {
    {"long to go",         END, END - 90 * DAY, 14, CFC_CERTIFICATE_VALID, 90,
     "expires in 90 days, on 2026-12-05"},
    {"to the day",         END, END - 14 * DAY, 14, CFC_CERTIFICATE_VALID, 14,
     "expires in 14 days, on 2026-12-05"},
    {"a moment later",     END, END - 14 * DAY + 1, 14, CFC_CERTIFICATE_ENDING, 13,
     "expires in 13 days, on 2026-12-05"},
    {"one day",            END, END - DAY - HOUR, 14, CFC_CERTIFICATE_ENDING, 1,
     "expires in 1 day, on 2026-12-05"},
    {"some hours",         END, END - HOUR, 14, CFC_CERTIFICATE_ENDING, 0,
     "expires within a day, on 2026-12-05"},
    {"its last moment",    END, END, 14, CFC_CERTIFICATE_ENDING, 0,
     "expires within a day, on 2026-12-05"},
    {"just over",          END, END + 1, 14, CFC_CERTIFICATE_EXPIRED, -1,
     "expired on 2026-12-05"},
    {"long over",          END, END + 3 * DAY, 14, CFC_CERTIFICATE_EXPIRED, -3,
     "expired on 2026-12-05"},
    {"no warning wanted",  END, END - HOUR, 0, CFC_CERTIFICATE_VALID, 0,
     "expires within a day, on 2026-12-05"},
};

START_TEST(the_days_left_decide)
{
    apr_pool_t *p;
    const char *text;

    apr_pool_create(&p, NULL);
    text = cfc_certificate_text(rows[_i].end, rows[_i].now, p);
    ck_assert_msg(cfc_certificate_judge(rows[_i].end, rows[_i].now, rows[_i].warn_days)
                      == rows[_i].want, "%s", rows[_i].label);
    ck_assert_msg(cfc_certificate_days(rows[_i].end, rows[_i].now) == rows[_i].days, "%s: got %d",
                  rows[_i].label, cfc_certificate_days(rows[_i].end, rows[_i].now));
    ck_assert_msg(strcmp(text, rows[_i].text) == 0, "%s: got %s", rows[_i].label, text);
    apr_pool_destroy(p);
}
END_TEST

START_TEST(no_certificate_is_no_trouble)
{
    ck_assert_int_eq(cfc_certificate_judge(0, END, 14), CFC_CERTIFICATE_NONE);
    ck_assert_str_eq(cfc_certificate_word(CFC_CERTIFICATE_NONE), "none");
    ck_assert_str_eq(cfc_certificate_word(CFC_CERTIFICATE_EXPIRED), "expired");
}
END_TEST

Suite *cfc_certificate_suite(void)
{
    Suite *suite = suite_create("certificate");
    TCase *tc = tcase_create("certificate");

    tcase_add_loop_test(tc, an_end_is_read_as_openssl_prints_it, 0, CFC_ROWS(ends));
    tcase_add_loop_test(tc, the_days_left_decide, 0, CFC_ROWS(rows));
    tcase_add_test(tc, no_certificate_is_no_trouble);
    suite_add_tcase(suite, tc);
    return suite;
}
