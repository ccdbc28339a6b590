/* SPDX-License-Identifier: Apache-2.0
 * test_secret.c: which files can be a secret. */
#include "conf/secret.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "t/unit/suites.h"

#define GOOD "0123456789abcdef"
#define FORM "it has to be one line of 16 to 128 of"
#define OPEN "everybody may read or write it; take that away with chmod 600"
#define HUNDRED \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
    const char *label, *content;
    mode_t mode;
    const char *secret, *complaint;     /* the complaint's beginning; NULL: none */
} rows[] = {
    {"a line",               GOOD "\n", 0600, GOOD, NULL},
    {"without its end",      GOOD, 0600, GOOD, NULL},
    {"from another system",  GOOD "\r\n", 0600, GOOD, NULL},
    {"for a group",          GOOD "\n", 0640, GOOD, NULL},
    {"all characters",       "abcXYZ0189._-._-\n", 0600, "abcXYZ0189._-._-", NULL},
    {"the longest",          HUNDRED "0123456789012345678901234567\n", 0600,
                             HUNDRED "0123456789012345678901234567", NULL},
    {"too long",             HUNDRED "01234567890123456789012345678\n", 0600, NULL, FORM},
    {"too short",            "0123456789abcde\n", 0600, NULL, FORM},
    {"nothing",              "", 0600, NULL, FORM},
    {"an empty first line",  "\n" GOOD "\n", 0600, NULL, FORM},
    {"a blank",              "0123456789 abcdef\n", 0600, NULL, FORM},
    {"what regexes know",    "0123456789abc$^.*\n", 0600, NULL, FORM},
    {"a byte above ASCII",   "0123456789abcde\xe4\n", 0600, NULL, FORM},
    {"readable to all",      GOOD "\n", 0604, NULL, OPEN},
    {"writable to all",      GOOD "\n", 0602, NULL, OPEN},
};

START_TEST(a_file_is_a_secret_or_is_refused_with_help)
{
    char path[] = "/tmp/cfc-secret-XXXXXX";
    const char *secret, *complaint;
    apr_pool_t *pool;
    FILE *file = fdopen(mkstemp(path), "w");

    ck_assert_ptr_nonnull(file);
    fputs(rows[_i].content, file);
    fclose(file);
    chmod(path, rows[_i].mode);
    apr_pool_create(&pool, NULL);
    complaint = cfc_secret_read(path, &secret, pool);
    unlink(path);
    if (rows[_i].complaint == NULL) {
        ck_assert_msg(complaint == NULL, "%s: %s", rows[_i].label, complaint);
        ck_assert_str_eq(secret, rows[_i].secret);
    }
    else {
        ck_assert_msg(complaint != NULL && strstr(complaint, rows[_i].complaint) == complaint,
                      "%s: %s", rows[_i].label, complaint);
        ck_assert_msg(strstr(complaint, "0123456789a") == NULL, "%s: it is told", rows[_i].label);
    }
    apr_pool_destroy(pool);
}
END_TEST

START_TEST(what_is_no_file_is_refused)
{
    const char *secret;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    ck_assert_str_eq(cfc_secret_read("/tmp", &secret, pool), "it is not a file");
    ck_assert_str_eq(cfc_secret_read("/dev/null", &secret, pool), "it is not a file");
    ck_assert_str_eq(cfc_secret_read("/none/x", &secret, pool), "No such file or directory");
    apr_pool_destroy(pool);
}
END_TEST

Suite *cfc_secret_suite(void)
{
    Suite *suite = suite_create("conf/secret");
    TCase *tcase = tcase_create("read");

    tcase_add_loop_test(tcase, a_file_is_a_secret_or_is_refused_with_help, 0, CFC_ROWS(rows));
    tcase_add_test(tcase, what_is_no_file_is_refused);
    suite_add_tcase(suite, tcase);
    return suite;
}
