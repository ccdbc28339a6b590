/* SPDX-License-Identifier: Apache-2.0
 * test_keys.c: parameters are found however their names are written and wherever a piece ends,
 * and only parameters are. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "guard/keys.h"

Suite *cfc_keys_suite(void);

static const cfc_rule_t rules[] = {
    {CFC_RULE_PREFIX, "/admin"},
    {CFC_RULE_KEY, "os_username"},
    {CFC_RULE_KEY, "os_authtype=basic"},
    {CFC_RULE_KEY_PART, "statusprovider"},
    {CFC_RULE_KEY, NULL}
};

static const char *const words[] = {"none", "found", "hidden"};

#define NONE CFC_KEYS_NONE
#define FOUND CFC_KEYS_FOUND
#define HIDDEN CFC_KEYS_HIDDEN
#define LONG "0123456789012345678901234567890123456789012345678901234567890123456789"

typedef struct {
    const char *label, *text;
    cfc_keys_verdict_t want;
} row_t;

static const row_t urlencoded[] = {
    {"nothing",                     "",                                     NONE},
    {"alone",                       "os_username",                          FOUND},
    {"with a value",                "os_username=root",                     FOUND},
    {"with an empty value",         "os_username=",                         FOUND},
    {"in the middle",               "a=b&os_username=root&c",               FOUND},
    {"at the end",                  "a=b&os_username",                      FOUND},
    {"after a semicolon",           "a=b;os_username=root",                 FOUND},
    {"after empty ones",            "&&;=&os_username=root",                FOUND},
    {"capitals",                    "OS_UserName=root",                     FOUND},
    {"encoded",                     "%6f%73_u%73ername=root",               FOUND},
    {"encoded in capitals",         "os%5Fusername=root",                   FOUND},
    {"after a broken escape",       "%&os_username=root",                   FOUND},
    {"after half an escape",        "%6&os_username=root",                  FOUND},
    {"UTF-16",                      "%00o%00s%00_%00u%00s%00e%00r%00n%00a%00m%00e=x", FOUND},
    {"encoded twice",               "%256fs_username=root",                 NONE},
    {"a longer name",               "xos_username=root",                    NONE},
    {"a name that goes on",         "os_username2=root",                    NONE},
    {"with a blank",                "os_username+=root",                    NONE},
    {"in a value",                  "a=os_username",                        NONE},
    {"in a value, encoded",         "a=%26os_username%3droot",              NONE},
    {"after an encoded ampersand",  "a%26os_username=root",                 NONE},
    {"broken by a bad escape",      "os%zz_username=root",                  NONE},
    {"a second equals sign",        "a=b=os_username",                      NONE},

    {"name and value",              "os_authType=basic",                    FOUND},
    {"name and value, encoded",     "os_authType=%62asic&x",                FOUND},
    {"another value",               "os_authType=none",                     NONE},
    {"a value that goes on",        "os_authType=basically",                NONE},
    {"without value",               "os_authType",                          NONE},
    {"a very long value",           "x=" LONG LONG LONG "&os_authType=basic", FOUND},

    {"a part",                      "bootstrapStatusProvider.x.y=false",    FOUND},
    {"a part in brackets",          "x['statusProvider'](1)",               FOUND},
    {"a part, encoded",             "x%53tatusProvide%72=",                 FOUND},
    {"a part late in a long name",  LONG LONG "statusprovider" LONG,        FOUND},
    {"a part at the window's end",  LONG "012345678901234567890123456789012345678901"
                                    "statusprovider",                       FOUND},
    {"across the window's end",     LONG "01234567890123456789012345678901234567890123456789"
                                    "statusprovider",                       FOUND},
    {"in a value after a long name", LONG LONG "=statusprovider",           NONE},
    {"in a value",                  "q=bootstrapStatusProvider.x",          NONE},
    {"broken",                      "status.provider",                      NONE},
    {"of another kind",             "/admin=1",                             NONE},
};

#define PART(disposition) \
    "--b\r\nContent-Disposition: form-data; " disposition "\r\n\r\nvalue\r\n--b--\r\n"

static const row_t multipart[] = {
    {"quoted",                  PART("name=\"os_username\""),               FOUND},
    {"not quoted",              PART("name=os_username"),                   FOUND},
    {"not quoted, goes on",     PART("name=os_username; x=y"),              FOUND},
    {"capitals",                PART("NAME=\"OS_username\""),               FOUND},
    {"blanks",                  PART(" name = \"os_username\" "),           FOUND},
    {"without blanks",          "--b\nContent-Disposition:form-data;name=os_username\n\nv", FOUND},
    {"a header in capitals",    "--b\r\nCONTENT-DISPOSITION: x; name=os_username\r\n\r\n", FOUND},
    {"blanks about the header", "--b\r\n \tContent-Disposition \t: x; name=os_username\r\n",
                                                                            FOUND},
    {"not the first header",    "--b\r\nX: y\r\nContent-Disposition: x; name=os_username\r\n",
                                                                            FOUND},
    {"in a nested part",        "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n"
                                "Content-Disposition: form-data; name=os_username\r\n",    FOUND},
    {"without an end of line",  "Content-Disposition: x; name=os_username",                FOUND},
    {"the second part",         PART("name=\"a\"") PART("name=\"os_username\""),           FOUND},
    {"folded",                  "Content-Disposition: form-data;\r\n\tname=os_username\r\n", FOUND},
    {"folded in the name",      "Content-Disposition: x; name=\"\r\n os_username\"",       FOUND},
    {"folded before the colon", "Content-Disposition\r\n : x; name=os_username\r\n",       FOUND},
    {"after a file's name",     PART("filename=\"a.txt\"; name=\"os_username\""),          FOUND},
    {"after a quote's trick",   PART("filename=\"a\\\"; name=\"os_username\""),            FOUND},
    {"twice",                   PART("name=\"a\"; name=\"os_username\""),                  FOUND},
    {"a part of the name",      PART("name=\"bootstrapStatusProvider.x\""),                FOUND},
    {"name and value",          PART("name=\"os_authType\""),                              FOUND},
    {"encoded by RFC 5987",     PART("name*=UTF-8''os%5fusername"),                        HIDDEN},
    {"encoded by RFC 2047",     PART("name=\"=?utf-8?q?os=5fusername?=\""),                HIDDEN},
    {"a backslash",             PART("name=\"os\\_username\""),                            HIDDEN},
    {"another name",            PART("name=\"os_username2\""),                             NONE},
    {"a file's name",           PART("name=\"f\"; filename=\"os_username\""),              NONE},
    {"a file's name, a part",   PART("name=\"f\"; filename=\"StatusProvider.java\""),      NONE},
    {"a path for a file's name", PART("name=\"f\"; filename=\"C:\\a\\b.txt\""),            NONE},
    {"a file's name, RFC 5987", PART("name=\"f\"; filename*=UTF-8''a%20b"),                NONE},
    {"another header",          "--b\r\nX-Content-Disposition: x; name=os_username\r\n",   NONE},
    {"in the content",          PART("name=\"a\"") "os_username=1&os_username\r\n",        NONE},
    {"quoted in the content",   "\r\nsay: Content-Disposition: form-data; name=os_username", NONE},
    {"after an unquoted name",  "Content-Disposition: x; name=a\r\n\r\n statusprovider\r\n", NONE},
};

static cfc_keys_verdict_t scan(cfc_form_t form, const char *text, size_t step)
{
    size_t length = strlen(text);
    cfc_keys_t keys;

    cfc_keys_begin(&keys, form, rules);
    for (size_t at = 0; at < length; at += step) {
        cfc_keys_feed(&keys, text + at, length - at < step ? length - at : step);
    }
    return cfc_keys_end(&keys);
}

static void check_row(cfc_form_t form, const row_t *row)
{
    for (size_t step = 1; step < 300; step += step < 8 ? 1 : 97) {
        cfc_keys_verdict_t got = scan(form, row->text, step);

        ck_assert_msg(got == row->want, "%s, in pieces of %zu: %s", row->label, step, words[got]);
    }
}

START_TEST(a_parameter_of_a_query_or_form_is_found_by_its_name)
{
    check_row(CFC_FORM_URLENCODED, &urlencoded[_i]);
}
END_TEST

START_TEST(a_parameter_of_a_multipart_form_is_found_by_its_name)
{
    check_row(CFC_FORM_MULTIPART, &multipart[_i]);
}
END_TEST

/* What a guard that passes on clean pieces relies on. */
START_TEST(a_name_is_told_of_with_the_piece_in_which_it_ends)
{
    static const struct {
        cfc_form_t form;
        const char *first, *second;
    } pieces[] = {
        {CFC_FORM_URLENCODED, "x=1&bootstrapStatusProvide", "r"},
        {CFC_FORM_URLENCODED, "x=1&os_username", "="},
        {CFC_FORM_MULTIPART, "Content-Disposition: x; name=\"statusprovide", "r"},
        {CFC_FORM_MULTIPART, "Content-Disposition: x; name=\"os_username", "\""},
    };

    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        cfc_keys_t keys;

        cfc_keys_begin(&keys, pieces[i].form, rules);
        ck_assert_int_eq(cfc_keys_feed(&keys, pieces[i].first, strlen(pieces[i].first)), NONE);
        ck_assert_int_eq(cfc_keys_feed(&keys, pieces[i].second, 1), FOUND);
    }
}
END_TEST

START_TEST(the_query_of_a_target_begins_at_its_question_mark)
{
    cfc_keys_t keys;

    ck_assert_int_eq(cfc_keys_query(&keys, "/os_username", rules), NONE);
    ck_assert_int_eq(cfc_keys_query(&keys, "/a&os_username=1", rules), NONE);
    ck_assert_int_eq(cfc_keys_query(&keys, "/a?os_username=1", rules), FOUND);
    ck_assert_str_eq(keys.found->text, "os_username");
    ck_assert_int_eq(cfc_keys_query(&keys, "/a?", rules), NONE);
}
END_TEST

static const struct {
    const char *type;
    cfc_form_t want;
} types[] = {
    {NULL,                                                          CFC_FORM_NONE},
    {"",                                                            CFC_FORM_NONE},
    {"application/json; charset=utf-16",                            CFC_FORM_NONE},
    {"text/plain",                                                  CFC_FORM_NONE},
    {"application/x-www-form-urlencoded",                           CFC_FORM_URLENCODED},
    {"Application/X-WWW-Form-URLencoded; Charset=UTF-8",            CFC_FORM_URLENCODED},
    {"text/plain, application/x-www-form-urlencoded",               CFC_FORM_URLENCODED},
    {"application/x-www-form-urlencoded;charset=\"ISO-8859-1\"",    CFC_FORM_URLENCODED},
    {"application/x-www-form-urlencoded; charset = utf-8 ; x=y",    CFC_FORM_URLENCODED},
    {"application/x-www-form-urlencoded; charset=utf-16",           CFC_FORM_UNREADABLE},
    {"application/x-www-form-urlencoded; charset=utf-8; charset=ibm037", CFC_FORM_UNREADABLE},
    {"application/x-www-form-urlencoded; charset*=utf-8''ibm037",   CFC_FORM_UNREADABLE},
    {"application/x-www-form-urlencoded; charset=",                 CFC_FORM_UNREADABLE},
    {"multipart/form-data; boundary=b",                             CFC_FORM_MULTIPART},
    {"MULTIPART/related; boundary=charset",                         CFC_FORM_MULTIPART},
    {"multipart/form-data; charset=utf-7; boundary=b",              CFC_FORM_UNREADABLE},
    {"multipart/form-data, application/x-www-form-urlencoded",      CFC_FORM_UNREADABLE},
};

START_TEST(a_content_type_says_what_kind_of_form_it_is)
{
    cfc_form_t got = cfc_form_of(types[_i].type);

    ck_assert_msg(got == types[_i].want, "%s: %d", types[_i].type, got);
}
END_TEST

START_TEST(a_form_that_cannot_be_read_hides_its_names_and_other_bodies_have_none)
{
    ck_assert_int_eq(scan(CFC_FORM_UNREADABLE, "a=b", 3), HIDDEN);
    ck_assert_int_eq(scan(CFC_FORM_UNREADABLE, "", 1), HIDDEN);
    ck_assert_int_eq(scan(CFC_FORM_NONE, "os_username=1", 13), NONE);
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

Suite *cfc_keys_suite(void)
{
    Suite *suite = suite_create("guard/keys");
    TCase *tcase = tcase_create("keys");

    tcase_add_loop_test(tcase, a_parameter_of_a_query_or_form_is_found_by_its_name, 0,
                        ROWS(urlencoded));
    tcase_add_loop_test(tcase, a_parameter_of_a_multipart_form_is_found_by_its_name, 0,
                        ROWS(multipart));
    tcase_add_test(tcase, a_name_is_told_of_with_the_piece_in_which_it_ends);
    tcase_add_test(tcase, the_query_of_a_target_begins_at_its_question_mark);
    tcase_add_loop_test(tcase, a_content_type_says_what_kind_of_form_it_is, 0, ROWS(types));
    tcase_add_test(tcase, a_form_that_cannot_be_read_hides_its_names_and_other_bodies_have_none);
    suite_add_tcase(suite, tcase);
    return suite;
}
