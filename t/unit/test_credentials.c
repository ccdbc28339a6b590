/* SPDX-License-Identifier: Apache-2.0
 * test_credentials.c: files with the DN and the password for a directory. */
#include <string.h>

#include "health/credentials.h"
#include "t/unit/suites.h"

#define LONG "123456789012345678901234567890123456789012345678901234567890123456789012345678901234"

static const struct {
    const char *label, *text, *wrong, *dn, *password;
} rows[] = {
    {"both", "dn: cn=m,dc=x\npassword: a b:c \n", NULL, "cn=m,dc=x", "a b:c "},
    {"in the other order, with a comment", "# of ad1\n\npassword: p\r\n\r\ndn: cn=m\r\n", NULL,
     "cn=m", "p"},
    {"no line end at the end", "dn: d\npassword: p", NULL, "d", "p"},
    {"a password that begins like a comment", "dn: d\npassword: #p", NULL, "d", "#p"},
    {"nothing", "", "it has no line \"dn: ...\"", NULL, NULL},
    {"no dn", "password: p\n", "it has no line \"dn: ...\"", NULL, NULL},
    {"no password", "dn: d\n", "it has no line \"password: ...\"", NULL, NULL},
    {"an empty password", "dn: d\npassword: \n",
     "it has a line that begins neither with \"dn: \" nor with \"password: \"", NULL, NULL},
    {"two of them", "dn: d\ndn: e\npassword: p\n", "it has two lines of one kind", NULL, NULL},
    {"another line", "dn: d\npassword: p\nuser: x\n",
     "it has a line that begins neither with \"dn: \" nor with \"password: \"", NULL, NULL},
    {"too long", "dn: " LONG LONG LONG LONG LONG LONG LONG "\npassword: p\n",
     "a line of it is too long", NULL, NULL},
};

START_TEST(files_are_read_by_the_table)
{
    cfc_credentials_t got;
    const char *wrong = cfc_credentials_parse(rows[_i].text, &got);

    ck_assert_pstr_eq(wrong, rows[_i].wrong);
    if (wrong == NULL) {
        ck_assert_msg(strcmp(got.dn, rows[_i].dn) == 0, "%s: got \"%s\"", rows[_i].label, got.dn);
        ck_assert_msg(strcmp(got.password, rows[_i].password) == 0, "%s: got \"%s\"",
                      rows[_i].label, got.password);
    }
}
END_TEST

START_TEST(a_file_that_is_not_there_is_named)
{
    cfc_credentials_t got;
    char complaint[256];

    ck_assert(!cfc_credentials_read("/nowhere/x", &got, complaint, sizeof(complaint)));
    ck_assert_str_eq(complaint, "credentials=/nowhere/x cannot be read by httpd's user: No such "
                                "file or directory");
}
END_TEST

Suite *cfc_credentials_suite(void)
{
    Suite *suite = suite_create("health/credentials");
    TCase *tcase = tcase_create("credentials");

    tcase_add_loop_test(tcase, files_are_read_by_the_table, 0, CFC_ROWS(rows));
    tcase_add_test(tcase, a_file_that_is_not_there_is_named);
    suite_add_tcase(suite, tcase);
    return suite;
}
