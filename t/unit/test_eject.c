/* SPDX-License-Identifier: Apache-2.0
 * test_eject.c: what failures in a row do, how long, and how a node comes back. */
#include <check.h>

#include "lb/eject.h"
#include "suites.h"

#define SECOND APR_USEC_PER_SEC

static const cfc_eject_conf_t conf = {.failures = 3, .time_ms = 10000, .max_ms = 60000};

/* So many failures at one moment. @return what the last one brought */
static apr_int64_t fail_often(cfc_eject_t *eject, int count, apr_time_t now)
{
    apr_int64_t ms = 0;

    while (count-- > 0) {
        ms = cfc_eject_failed(eject, &conf, now);
    }
    return ms;
}

START_TEST(failures_in_a_row_eject)
{
    cfc_eject_t eject = {0};

    ck_assert_int_eq(fail_often(&eject, 2, SECOND), 0);
    ck_assert(!cfc_ejected(&eject));
    ck_assert_int_eq(fail_often(&eject, 1, SECOND), 10000);
    ck_assert(cfc_ejected(&eject));
}
END_TEST

START_TEST(an_answer_between_begins_the_row_anew)
{
    cfc_eject_t eject = {0};

    for (int i = 0; i < 100; i++) {
        ck_assert_int_eq(fail_often(&eject, 2, i * SECOND), 0);
        ck_assert(!cfc_eject_answered(&eject, i * SECOND));
    }
    ck_assert(!cfc_ejected(&eject));
}
END_TEST

START_TEST(what_was_under_way_neither_prolongs_nor_ends_it)
{
    cfc_eject_t eject = {0};

    fail_often(&eject, 3, SECOND);
    ck_assert_int_eq(fail_often(&eject, 20, 2 * SECOND), 0);
    ck_assert(!cfc_eject_answered(&eject, 3 * SECOND));
    ck_assert(cfc_ejected(&eject));
}
END_TEST

START_TEST(one_request_a_second_tries_it_after_its_time)
{
    cfc_eject_t eject = {0};

    fail_often(&eject, 3, SECOND);
    ck_assert(!cfc_eject_try(&eject, 10 * SECOND));
    ck_assert(cfc_eject_try(&eject, 11 * SECOND));
    cfc_eject_tried(&eject, 11 * SECOND);
    ck_assert(!cfc_eject_try(&eject, 11 * SECOND));
    ck_assert(!cfc_eject_try(&eject, 12 * SECOND - 1));
    ck_assert(cfc_eject_try(&eject, 12 * SECOND));
}
END_TEST

START_TEST(a_trial_that_goes_on_is_the_only_one_until_it_must_be_lost)
{
    cfc_eject_t eject = {0};

    fail_often(&eject, 3, SECOND);
    ck_assert(cfc_eject_try(&eject, 11 * SECOND));
    for (int s = 11; s < 11 + 60; s++) {
        ck_assert(!cfc_eject_try(&eject, s * SECOND));
    }
    ck_assert(cfc_eject_try(&eject, 71 * SECOND));
    cfc_eject_tried(&eject, 11 * SECOND);       /* over at last: not the one that goes on */
    ck_assert(!cfc_eject_try(&eject, 73 * SECOND));
    cfc_eject_tried(&eject, 71 * SECOND);
    ck_assert(cfc_eject_try(&eject, 73 * SECOND));
}
END_TEST

START_TEST(a_good_trial_brings_it_back)
{
    cfc_eject_t eject = {0};

    fail_often(&eject, 3, SECOND);
    ck_assert(cfc_eject_answered(&eject, 11 * SECOND));
    ck_assert(!cfc_ejected(&eject));
    ck_assert(!cfc_eject_try(&eject, 12 * SECOND));
    ck_assert_int_eq(fail_often(&eject, 2, 12 * SECOND), 0);
}
END_TEST

START_TEST(each_bad_trial_doubles_the_time_up_to_the_longest)
{
    static const apr_int64_t want_s[] = {10, 20, 40, 60, 60};
    cfc_eject_t eject = {0};
    apr_time_t now = SECOND;

    fail_often(&eject, 2, now);
    for (int i = 0; i < CFC_ROWS(want_s); i++) {
        ck_assert_int_eq(fail_often(&eject, 1, now), want_s[i] * 1000);
        now += want_s[i] * SECOND;
        ck_assert(cfc_eject_try(&eject, now));
        cfc_eject_tried(&eject, now);
    }
}
END_TEST

START_TEST(soon_after_a_return_the_time_goes_on_growing_and_later_begins_anew)
{
    cfc_eject_t eject = {0};

    fail_often(&eject, 3, SECOND);
    ck_assert(cfc_eject_answered(&eject, 11 * SECOND));
    ck_assert_int_eq(fail_often(&eject, 3, 20 * SECOND), 20000);
    ck_assert(cfc_eject_answered(&eject, 40 * SECOND));
    ck_assert_int_eq(fail_often(&eject, 3, 141 * SECOND), 10000);
}
END_TEST

START_TEST(zero_failures_is_never)
{
    const cfc_eject_conf_t never = {.failures = 0, .time_ms = 10000, .max_ms = 60000};
    cfc_eject_t eject = {0};

    for (int i = 0; i < 1000; i++) {
        ck_assert_int_eq(cfc_eject_failed(&eject, &never, SECOND), 0);
    }
    ck_assert(!cfc_ejected(&eject));
}
END_TEST

START_TEST(a_restart_by_the_probes_account_forgets_everything)
{
    cfc_eject_t eject = {0};

    fail_often(&eject, 3, SECOND);
    cfc_eject_clear(&eject);
    ck_assert(!cfc_ejected(&eject));
    ck_assert_int_eq(fail_often(&eject, 3, 2 * SECOND), 10000);
}
END_TEST

Suite *cfc_eject_suite(void)
{
    Suite *suite = suite_create("eject");
    TCase *tcase = tcase_create("eject");

    tcase_add_test(tcase, failures_in_a_row_eject);
    tcase_add_test(tcase, an_answer_between_begins_the_row_anew);
    tcase_add_test(tcase, what_was_under_way_neither_prolongs_nor_ends_it);
    tcase_add_test(tcase, one_request_a_second_tries_it_after_its_time);
    tcase_add_test(tcase, a_trial_that_goes_on_is_the_only_one_until_it_must_be_lost);
    tcase_add_test(tcase, a_good_trial_brings_it_back);
    tcase_add_test(tcase, each_bad_trial_doubles_the_time_up_to_the_longest);
    tcase_add_test(tcase, soon_after_a_return_the_time_goes_on_growing_and_later_begins_anew);
    tcase_add_test(tcase, zero_failures_is_never);
    tcase_add_test(tcase, a_restart_by_the_probes_account_forgets_everything);
    suite_add_tcase(suite, tcase);
    return suite;
}
