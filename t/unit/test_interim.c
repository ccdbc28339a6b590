/* SPDX-License-Identifier: Apache-2.0
 * test_interim.c: which lines of an answer are not yet the answer. */
#include "lb/interim.h"

#include <string.h>

#include "t/unit/suites.h"

static const struct {
    const char *label;
    const char *lines;      /* "|" ends each */
    const char *interim;    /* '+' for each that is, '-' for each that is not */
} answers[] = {
    {"an answer",             "HTTP/1.1 200 OK\r\n|Server: x\r\n|\r\n|", "---"},
    {"an error",              "HTTP/1.1 500 \r\n|\r\n|", "--"},
    {"100, then the answer",  "HTTP/1.1 100 Continue\r\n|\r\n|HTTP/1.1 200 OK\r\n|\r\n|", "++--"},
    {"100 without a reason",  "HTTP/1.1 100\r\n|\r\n|HTTP/1.1 200\r\n|", "++-"},
    {"plain line ends",       "HTTP/1.1 100 Continue\n|\n|HTTP/1.1 200 OK\n|\n|", "++--"},
    {"103 with headers",      "HTTP/1.1 103 Early Hints\r\n|Link: x\r\n|\r\n|HTTP/1.1 200 OK\r\n|",
                              "+++-"},
    {"102, then 100",         "HTTP/1.1 102 Processing\r\n|\r\n|HTTP/1.1 100 Continue\r\n|\r\n|"
                              "HTTP/1.1 201 Created\r\n|", "++++-"},
    {"another version",       "HTTP/1.0 100 Continue\r\n|\r\n|HTTP/1.0 200 OK\r\n|", "++-"},
    {"an upgrade",            "HTTP/1.1 101 Switching Protocols\r\n|Upgrade: x\r\n|\r\n|", "---"},
    {"no number",             "HTTP/1.1 1\r\n|\r\n|HTTP/1.1 200 OK\r\n|", "---"},
    {"no HTTP",               "xyzt/1.1 100 Continue\r\n|\r\n|", "--"},
    {"HTTP/2 over HTTP/1",    "HTTP/2.0 100 Continue\r\n|\r\n|", "--"},
    {"an empty line first",   "\r\n|HTTP/1.1 100 Continue\r\n|", "--"},
    {"100 within the head",   "HTTP/1.1 200 OK\r\n|HTTP/1.1 100 Continue\r\n|", "--"},
};

START_TEST(what_comes_before_the_answer_is_told_from_it)
{
    const char *line = answers[_i].lines;
    cfc_head_t head = CFC_HEAD_BEGINS;
    char got[8] = "";

    for (int i = 0; *line != '\0'; i++) {
        size_t length = strcspn(line, "|");
        char first[CFC_INTERIM_BYTES];

        memcpy(first, line, length < sizeof(first) ? length : sizeof(first));
        got[i] = cfc_interim_line(&head, first, length) ? '+' : '-';
        line += length + 1;
    }
    ck_assert_msg(strcmp(got, answers[_i].interim) == 0, "%s: %s, expected %s", answers[_i].label,
                  got, answers[_i].interim);
}
END_TEST

Suite *cfc_interim_suite(void)
{
    Suite *suite = suite_create("lb/interim");
    TCase *tcase = tcase_create("interim");

    tcase_add_loop_test(tcase, what_comes_before_the_answer_is_told_from_it, 0, CFC_ROWS(answers));
    suite_add_tcase(suite, tcase);
    return suite;
}
