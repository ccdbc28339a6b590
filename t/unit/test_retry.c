/* SPDX-License-Identifier: Apache-2.0
 * test_retry.c: which failed attempts are repeated: the full table. */
#include "lb/retry.h"

#include "t/unit/suites.h"

static const struct {
    const char *label;
    cfc_method_class_t method;
    cfc_reach_t reach;
    cfc_retry_t want;           /* with attempts, time and the body left */
} rows[] = {
    {"unsafe, never sent",     CFC_METHOD_UNSAFE,     CFC_REACH_NOTHING_SENT, CFC_RETRY_YES},
    {"unsafe, sent",           CFC_METHOD_UNSAFE,     CFC_REACH_SENT,         CFC_RETRY_METHOD},
    {"unsafe, answered",       CFC_METHOD_UNSAFE,     CFC_REACH_ANSWERED,     CFC_RETRY_ANSWERED},
    {"idempotent, never sent", CFC_METHOD_IDEMPOTENT, CFC_REACH_NOTHING_SENT, CFC_RETRY_YES},
    {"idempotent, sent",       CFC_METHOD_IDEMPOTENT, CFC_REACH_SENT,         CFC_RETRY_YES},
    {"idempotent, answered",   CFC_METHOD_IDEMPOTENT, CFC_REACH_ANSWERED,     CFC_RETRY_ANSWERED},
    {"safe, never sent",       CFC_METHOD_SAFE,       CFC_REACH_NOTHING_SENT, CFC_RETRY_YES},
    {"safe, sent",             CFC_METHOD_SAFE,       CFC_REACH_SENT,         CFC_RETRY_YES},
    {"safe, answered",         CFC_METHOD_SAFE,       CFC_REACH_ANSWERED,     CFC_RETRY_ANSWERED},
};

/* What forbids a retry, the strongest reason first. */
enum { CLIENT_HAS_BYTES = 1, BODY_LOST = 2, ATTEMPTS_USED = 4, BUDGET_SPENT = 8, ALL = 15 };

static cfc_retry_t verdict(int row, int against)
{
    const cfc_retry_ask_t ask = {
        .method = rows[row].method,
        .reach = rows[row].reach,
        .client_has_bytes = against & CLIENT_HAS_BYTES,
        .body_lost = against & BODY_LOST,
        .attempts = against & ATTEMPTS_USED ? 3 : 2,
        .attempts_max = 3,
        .spent_ms = against & BUDGET_SPENT ? 10000 : 9999,
        .budget_ms = 10000,
    };

    return cfc_retry(&ask);
}

static cfc_retry_t expected(int row, int against)
{
    return against & CLIENT_HAS_BYTES          ? CFC_RETRY_ANSWERED
           : rows[row].want != CFC_RETRY_YES   ? rows[row].want
           : against & BODY_LOST               ? CFC_RETRY_BODY
           : against & ATTEMPTS_USED           ? CFC_RETRY_ATTEMPTS
           : against & BUDGET_SPENT            ? CFC_RETRY_BUDGET
                                               : CFC_RETRY_YES;
}

START_TEST(a_failed_attempt_is_repeated_only_as_the_table_says)
{
    for (int against = 0; against <= ALL; against++) {
        cfc_retry_t got = verdict(_i, against);

        ck_assert_msg(got == expected(_i, against), "%s, against it %d: %s, expected %s",
                      rows[_i].label, against, cfc_retry_word(got),
                      cfc_retry_word(expected(_i, against)));
    }
}
END_TEST

START_TEST(no_budget_means_one_attempt)
{
    const cfc_retry_ask_t ask = {.method = CFC_METHOD_SAFE, .reach = CFC_REACH_NOTHING_SENT,
                                 .attempts = 1, .attempts_max = 3};

    ck_assert_int_eq(cfc_retry(&ask), CFC_RETRY_BUDGET);
}
END_TEST

static const struct {
    const char *name;
    cfc_method_class_t want;
} methods[] = {
    {"GET", CFC_METHOD_SAFE},         {"HEAD", CFC_METHOD_SAFE},
    {"OPTIONS", CFC_METHOD_SAFE},     {"TRACE", CFC_METHOD_SAFE},
    {"PROPFIND", CFC_METHOD_SAFE},    {"REPORT", CFC_METHOD_SAFE},
    {"SEARCH", CFC_METHOD_SAFE},      {"PUT", CFC_METHOD_IDEMPOTENT},
    {"DELETE", CFC_METHOD_IDEMPOTENT}, {"COPY", CFC_METHOD_IDEMPOTENT},
    {"MOVE", CFC_METHOD_IDEMPOTENT},  {"MKCOL", CFC_METHOD_IDEMPOTENT},
    {"UNLOCK", CFC_METHOD_IDEMPOTENT}, {"PROPPATCH", CFC_METHOD_IDEMPOTENT},
    {"POST", CFC_METHOD_UNSAFE},      {"PATCH", CFC_METHOD_UNSAFE},
    {"LOCK", CFC_METHOD_UNSAFE},      {"CONNECT", CFC_METHOD_UNSAFE},
    {"get", CFC_METHOD_UNSAFE},       {"GETS", CFC_METHOD_UNSAFE},
    {"GE", CFC_METHOD_UNSAFE},        {"", CFC_METHOD_UNSAFE},
};

START_TEST(a_method_promises_what_iana_registered)
{
    ck_assert_msg(cfc_method_class(methods[_i].name) == methods[_i].want, "%s",
                  methods[_i].name);
}
END_TEST

START_TEST(every_verdict_has_its_own_words)
{
    for (cfc_retry_t i = 0; i < CFC_RETRY_COUNT; i++) {
        for (cfc_retry_t j = 0; j < i; j++) {
            ck_assert_str_ne(cfc_retry_word(i), cfc_retry_word(j));
        }
    }
    ck_assert_str_eq(cfc_retry_word(CFC_RETRY_METHOD), "the method must not be sent twice");
    ck_assert_str_eq(cfc_retry_word(CFC_RETRY_COUNT), "?");
}
END_TEST

Suite *cfc_retry_suite(void)
{
    Suite *suite = suite_create("lb/retry");
    TCase *tcase = tcase_create("retry");

    tcase_add_loop_test(tcase, a_failed_attempt_is_repeated_only_as_the_table_says, 0,
                        CFC_ROWS(rows));
    tcase_add_test(tcase, no_budget_means_one_attempt);
    tcase_add_loop_test(tcase, a_method_promises_what_iana_registered, 0, CFC_ROWS(methods));
    tcase_add_test(tcase, every_verdict_has_its_own_words);
    suite_add_tcase(suite, tcase);
    return suite;
}
