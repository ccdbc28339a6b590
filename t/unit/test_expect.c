/* SPDX-License-Identifier: Apache-2.0
 * test_expect.c: what the answers of nodes are worth. */
#include <stdlib.h>
#include <string.h>

#include "health/expect.h"
#include "t/unit/suites.h"

static const struct {
    const char *label;
    cfc_expect_t expect;
    int code;
    const char *body;
    cfc_verdict_t want;
    const char *reason;
} rows[] = {
    {"RUNNING with 200 is good", CFC_EXPECT_CONFLUENCE, 200, "{\"state\":\"RUNNING\"}",
     CFC_VERDICT_GOOD, "200 RUNNING"},
    {"white space and other keys do not matter", CFC_EXPECT_CONFLUENCE, 200,
     " {\n \"build\": [1, {}], \"state\" : \"RUNNING\" }\n", CFC_VERDICT_GOOD, "200 RUNNING"},
    {"RUNNING with 500 is soft", CFC_EXPECT_CONFLUENCE, 500, "{\"state\":\"RUNNING\"}",
     CFC_VERDICT_SOFT, "500 RUNNING, where 200 is expected"},
    {"RUNNING behind a redirect is soft", CFC_EXPECT_CONFLUENCE, 302, "{\"state\":\"RUNNING\"}",
     CFC_VERDICT_SOFT, "302 RUNNING, where 200 is expected"},
    {"STARTING is starting", CFC_EXPECT_CONFLUENCE, 503, "{\"state\":\"STARTING\"}",
     CFC_VERDICT_STARTING, "503 STARTING"},
    {"STARTING with 200, as Jira has it, is starting", CFC_EXPECT_CONFLUENCE, 200,
     "{\"state\":\"STARTING\"}", CFC_VERDICT_STARTING, "200 STARTING"},
    {"STOPPING is starting", CFC_EXPECT_CONFLUENCE, 503, "{\"state\":\"STOPPING\"}",
     CFC_VERDICT_STARTING, "503 STOPPING"},
    {"MAINTENANCE is starting", CFC_EXPECT_CONFLUENCE, 503, "{\"state\":\"MAINTENANCE\"}",
     CFC_VERDICT_STARTING, "503 MAINTENANCE"},
    {"FIRST_RUN is refused although it is 200", CFC_EXPECT_CONFLUENCE, 200,
     "{\"state\":\"FIRST_RUN\"}", CFC_VERDICT_REFUSED,
     "200 FIRST_RUN: setup is not complete, never used"},
    {"FIRST_RUN is refused whatever the code", CFC_EXPECT_CONFLUENCE, 503,
     "{\"state\":\"FIRST_RUN\"}", CFC_VERDICT_REFUSED,
     "503 FIRST_RUN: setup is not complete, never used"},
    {"ERROR is refused", CFC_EXPECT_CONFLUENCE, 500, "{\"state\":\"ERROR\"}", CFC_VERDICT_REFUSED,
     "500 ERROR: the application has stopped itself, never used"},
    {"a word that is not known is refused", CFC_EXPECT_CONFLUENCE, 200,
     "{\"state\":\"READ<b>ONLY\"}", CFC_VERDICT_REFUSED,
     "200 with a state that is not known, never used"},
    {"words are compared whole", CFC_EXPECT_CONFLUENCE, 200, "{\"state\":\"RUNNING2\"}",
     CFC_VERDICT_REFUSED, "200 with a state that is not known, never used"},
    {"words are compared with their case", CFC_EXPECT_CONFLUENCE, 200, "{\"state\":\"running\"}",
     CFC_VERDICT_REFUSED, "200 with a state that is not known, never used"},
    {"two states are none", CFC_EXPECT_CONFLUENCE, 200,
     "{\"state\":\"FIRST_RUN\",\"state\":\"RUNNING\"}", CFC_VERDICT_REFUSED,
     "200 without the state of a Confluence, never used"},
    {"a state deeper in is none", CFC_EXPECT_CONFLUENCE, 200, "{\"a\":{\"state\":\"RUNNING\"}}",
     CFC_VERDICT_REFUSED, "200 without the state of a Confluence, never used"},
    {"a state that is no string is none", CFC_EXPECT_CONFLUENCE, 200, "{\"state\":true}",
     CFC_VERDICT_REFUSED, "200 without the state of a Confluence, never used"},
    {"an array is no state", CFC_EXPECT_CONFLUENCE, 200, "[\"state\",\"RUNNING\"]",
     CFC_VERDICT_REFUSED, "200 without the state of a Confluence, never used"},
    {"a page that has the word RUNNING is refused", CFC_EXPECT_CONFLUENCE, 200,
     "<html>RUNNING {\"state\":\"RUNNING\"}</html>", CFC_VERDICT_REFUSED,
     "200 without the state of a Confluence, never used"},
    {"JSON with something after it is refused", CFC_EXPECT_CONFLUENCE, 200,
     "{\"state\":\"RUNNING\"}x", CFC_VERDICT_REFUSED,
     "200 without the state of a Confluence, never used"},
    {"an empty 200 is refused", CFC_EXPECT_CONFLUENCE, 200, "", CFC_VERDICT_REFUSED,
     "200 without the state of a Confluence, never used"},
    {"a 503 page is soft", CFC_EXPECT_CONFLUENCE, 503, "<html>", CFC_VERDICT_SOFT,
     "503 where 200 RUNNING is expected"},
    {"an empty 500 is soft", CFC_EXPECT_CONFLUENCE, 500, "", CFC_VERDICT_SOFT,
     "500 where 200 RUNNING is expected"},
    {"a redirect is soft", CFC_EXPECT_CONFLUENCE, 302, "", CFC_VERDICT_SOFT,
     "302 where 200 RUNNING is expected"},
    {"401 is soft", CFC_EXPECT_CONFLUENCE, 401, "", CFC_VERDICT_SOFT,
     "401 where 200 RUNNING is expected"},
    {"404 is hard: the application is not there", CFC_EXPECT_CONFLUENCE, 404, "<html>",
     CFC_VERDICT_HARD, "404 not found: application not deployed, or wrong probe path"},
    {"status: 200 is good", CFC_EXPECT_STATUS, 200, "", CFC_VERDICT_GOOD, "200 as expected"},
    {"status: 302 is good", CFC_EXPECT_STATUS, 302, "", CFC_VERDICT_GOOD, "302 as expected"},
    {"status: 399 is good", CFC_EXPECT_STATUS, 399, "", CFC_VERDICT_GOOD, "399 as expected"},
    {"status: 199 is soft", CFC_EXPECT_STATUS, 199, "", CFC_VERDICT_SOFT,
     "199 where 2xx or 3xx is expected"},
    {"status: 400 is soft", CFC_EXPECT_STATUS, 400, "", CFC_VERDICT_SOFT,
     "400 where 2xx or 3xx is expected"},
    {"status: 404 is soft", CFC_EXPECT_STATUS, 404, "", CFC_VERDICT_SOFT,
     "404 where 2xx or 3xx is expected"},
    {"status: 503 is soft", CFC_EXPECT_STATUS, 503, "", CFC_VERDICT_SOFT,
     "503 where 2xx or 3xx is expected"},
};

static cfc_evidence_t judge_by(const cfc_probe_conf_t *conf, int code, const char *body,
                               bool truncated)
{
    cfc_evidence_t ev = {.duration_ms = 7, .at = 9};
    size_t length = strlen(body);
    char *bytes = malloc(length + 1);       /* with an x where the NUL was */
    cfc_answer_t answer = {code, bytes, length, truncated};

    ck_assert_ptr_nonnull(bytes);
    memset(bytes, 'x', length + 1);
    for (size_t i = 0; i < length; i++) {
        bytes[i] = body[i];
    }
    cfc_expect_judge(conf, &answer, &ev);
    free(bytes);
    return ev;
}

static cfc_evidence_t judge(cfc_expect_t expect, int code, const char *body, bool truncated)
{
    cfc_probe_conf_t conf = {.expect = (int)expect};

    return judge_by(&conf, code, body, truncated);
}

#define STATUS_JSON "{\"a\":{\"b\":\"up\",\"n\":3,\"t\":true,\"z\":null},\"a.b\":\"x\"}"

static const struct {
    const char *label;
    int status;                 /* that is configured; 0: none */
    const char *body_wanted, *json;
    int code;
    const char *body;
    cfc_verdict_t want;
    const char *reason;
} wishes[] = {
    {"a status that is named", 204, NULL, NULL, 204, "", CFC_VERDICT_GOOD, "204 as expected"},
    {"one that may be an error elsewhere", 401, NULL, NULL, 401, "", CFC_VERDICT_GOOD,
     "401 as expected"},
    {"one that is not named", 204, NULL, NULL, 200, "", CFC_VERDICT_SOFT,
     "200 which status= does not name"},
    {"a text that is there", 0, "up", NULL, 200, "is up.", CFC_VERDICT_GOOD, "200 as expected"},
    {"a text in nothing", 0, "x", NULL, 200, "", CFC_VERDICT_SOFT,
     "200 without the text of body="},
    {"a text that is not there", 0, "up", NULL, 200, "is u", CFC_VERDICT_SOFT,
     "200 without the text of body="},
    {"a text with a bad status", 0, "up", NULL, 500, "up", CFC_VERDICT_SOFT,
     "500 where 2xx or 3xx is expected"},
    {"a JSON string", 0, NULL, "a.b=up", 200, STATUS_JSON, CFC_VERDICT_GOOD, "200 as expected"},
    {"a JSON number", 0, NULL, "a.n=3", 200, STATUS_JSON, CFC_VERDICT_GOOD, "200 as expected"},
    {"a JSON truth", 0, NULL, "a.t=true", 200, STATUS_JSON, CFC_VERDICT_GOOD, "200 as expected"},
    {"a JSON null", 0, NULL, "a.z=null", 200, STATUS_JSON, CFC_VERDICT_GOOD, "200 as expected"},
    {"another value", 0, NULL, "a.b=down", 200, STATUS_JSON, CFC_VERDICT_SOFT,
     "200 where json= does not hold"},
    {"a part of the value", 0, NULL, "a.b=u", 200, STATUS_JSON, CFC_VERDICT_SOFT,
     "200 where json= does not hold"},
    {"no such key", 0, NULL, "a.c=up", 200, STATUS_JSON, CFC_VERDICT_SOFT,
     "200 where json= does not hold"},
    {"a key below a string", 0, NULL, "a.b.c=up", 200, STATUS_JSON, CFC_VERDICT_SOFT,
     "200 where json= does not hold"},
    {"a value with = in it", 0, NULL, "k=a=b", 200, "{\"k\":\"a=b\"}", CFC_VERDICT_GOOD,
     "200 as expected"},
    {"no JSON", 0, NULL, "a=b", 200, "<html>", CFC_VERDICT_SOFT,
     "200 without JSON, which json= asks for"},
};

START_TEST(what_is_configured_must_hold)
{
    cfc_probe_conf_t conf = {.body = wishes[_i].body_wanted, .json = wishes[_i].json};
    cfc_evidence_t ev;

    if (wishes[_i].status != 0) {
        cfc_codes_add(&conf.status, wishes[_i].status);
    }
    ev = judge_by(&conf, wishes[_i].code, wishes[_i].body, false);
    ck_assert_msg(ev.verdict == wishes[_i].want && strcmp(ev.reason, wishes[_i].reason) == 0,
                  "%s: got %d, \"%s\"", wishes[_i].label, ev.verdict, ev.reason);
}
END_TEST

static const struct {
    const char *label, *body;
    int pct;
} weights[] = {
    {"a number",       "{\"load\":{\"weight\":40}}",     40},
    {"a fraction",     "{\"load\":{\"weight\":39.6}}",   40},
    {"more than all",  "{\"load\":{\"weight\":1e300}}",  100},
    {"nothing",        "{\"load\":{\"weight\":0}}",      1},
    {"less",           "{\"load\":{\"weight\":-5}}",     1},
    {"a word",         "{\"load\":{\"weight\":\"40\"}}", 0},
    {"none",           "{\"load\":{}}",                  0},
    {"no JSON",        "40",                             0},
};

START_TEST(a_weight_is_a_number_from_1_to_100)
{
    cfc_probe_conf_t conf = {.weight_key = "load.weight"};
    cfc_evidence_t ev = judge_by(&conf, 200, weights[_i].body, false);

    ck_assert_msg(ev.weight_pct == weights[_i].pct, "%s: got %d", weights[_i].label,
                  ev.weight_pct);
    ck_assert_int_eq(ev.verdict, CFC_VERDICT_GOOD);
}
END_TEST

START_TEST(jira_and_bitbucket_say_it_as_confluence_does)
{
    ck_assert_int_eq(judge(CFC_EXPECT_JIRA, 200, "{\"state\":\"RUNNING\"}", false).verdict,
                     CFC_VERDICT_GOOD);
    ck_assert_int_eq(judge(CFC_EXPECT_JIRA, 200, "{\"state\":\"STARTING\"}", false).verdict,
                     CFC_VERDICT_STARTING);
    ck_assert_str_eq(judge(CFC_EXPECT_JIRA, 200, "", false).reason,
                     "200 without the state of a Jira, never used");
    ck_assert_str_eq(judge(CFC_EXPECT_BITBUCKET, 200, "", false).reason,
                     "200 without the state of a Bitbucket, never used");
}
END_TEST

START_TEST(answers_are_judged_by_the_table)
{
    cfc_evidence_t ev = judge(rows[_i].expect, rows[_i].code, rows[_i].body, false);

    ck_assert_msg(ev.verdict == rows[_i].want, "%s: got verdict %d", rows[_i].label, ev.verdict);
    ck_assert_msg(strcmp(ev.reason, rows[_i].reason) == 0, "%s: got \"%s\"", rows[_i].label,
                  ev.reason);
    ck_assert_msg(ev.code == rows[_i].code, "%s: got code %d", rows[_i].label, ev.code);
}
END_TEST

START_TEST(judging_leaves_time_and_duration_alone)
{
    cfc_evidence_t ev = judge(CFC_EXPECT_STATUS, 200, "", false);

    ck_assert_int_eq(ev.duration_ms, 7);
    ck_assert_int_eq(ev.at, 9);
}
END_TEST

START_TEST(a_body_cut_off_is_no_state_even_if_what_is_there_reads_well)
{
    cfc_evidence_t ev = judge(CFC_EXPECT_CONFLUENCE, 200, "{\"state\":\"RUNNING\"}", true);

    ck_assert_int_eq(ev.verdict, CFC_VERDICT_REFUSED);
}
END_TEST

START_TEST(a_body_cut_off_does_not_matter_where_the_status_decides)
{
    cfc_evidence_t ev = judge(CFC_EXPECT_STATUS, 200, "{", true);

    ck_assert_int_eq(ev.verdict, CFC_VERDICT_GOOD);
}
END_TEST

Suite *cfc_expect_suite(void)
{
    Suite *suite = suite_create("expect");
    TCase *tc = tcase_create("expect");

    tcase_add_loop_test(tc, answers_are_judged_by_the_table, 0, CFC_ROWS(rows));
    tcase_add_loop_test(tc, what_is_configured_must_hold, 0, CFC_ROWS(wishes));
    tcase_add_loop_test(tc, a_weight_is_a_number_from_1_to_100, 0, CFC_ROWS(weights));
    tcase_add_test(tc, jira_and_bitbucket_say_it_as_confluence_does);
    tcase_add_test(tc, judging_leaves_time_and_duration_alone);
    tcase_add_test(tc, a_body_cut_off_is_no_state_even_if_what_is_there_reads_well);
    tcase_add_test(tc, a_body_cut_off_does_not_matter_where_the_status_decides);
    suite_add_tcase(suite, tc);
    return suite;
}
