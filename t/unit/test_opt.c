/* SPDX-License-Identifier: Apache-2.0
 * test_opt.c: option=value as administrators write it: what is read, and how what is wrong is
 * said; and that the rows of conf/rows.c agree with themselves. */
#include "conf/opt.h"

#include <apr_strings.h>
#include <string.h>

#include "conf/rows.h"
#include "health/probe.h"
#include "t/unit/suites.h"

typedef struct {
    apr_int64_t time_ms, size_bytes, count, any;
    int word;
    const char *text;
} conf_t;

static const char *const words[] = {"status", "confluence", "tomcat", NULL};

static const cfc_opt_t rows[] = {
    {"interval", CFC_OPT_MS, offsetof(conf_t, time_ms), 100, 3600000, 1000, NULL, NULL, "2s"},
    {"body", CFC_OPT_BYTES, offsetof(conf_t, size_bytes), 1024, 16777216, 65536, NULL, NULL,
     "256K"},
    {"rise", CFC_OPT_COUNT, offsetof(conf_t, count), 1, 100, 2, NULL, NULL, "3"},
    {"any", CFC_OPT_COUNT, offsetof(conf_t, any), 0, APR_INT64_MAX, 0, NULL, NULL, "0"},
    {"expect", CFC_OPT_WORD, offsetof(conf_t, word), 0, 0, 1, NULL, words, NULL},
    {"cookie", CFC_OPT_TEXT, offsetof(conf_t, text), 0, 0, 0, "CFROUTE", NULL, "CFROUTE"},
    {NULL, CFC_OPT_TEXT, 0, 0, 0, 0, NULL, NULL, NULL},
};

static apr_pool_t *pool;

static void set_up(void)
{
    ck_assert_int_eq(apr_pool_create(&pool, NULL), APR_SUCCESS);
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

/* "1000 65536 2 0 confluence CFROUTE": all of a conf_t. */
static const char *conf_text(const conf_t *conf)
{
    return apr_psprintf(pool, "%" APR_INT64_T_FMT " %" APR_INT64_T_FMT " %" APR_INT64_T_FMT
                        " %" APR_INT64_T_FMT " %s %s", conf->time_ms, conf->size_bytes,
                        conf->count, conf->any, words[conf->word], conf->text);
}

START_TEST(presets_are_those_of_the_rows)
{
    conf_t conf;

    memset(&conf, 0xee, sizeof(conf));
    cfc_opt_preset(rows, &conf);
    ck_assert_str_eq(conf_text(&conf), "1000 65536 2 0 confluence CFROUTE");
}
END_TEST

static const struct {
    const char *arg, *want;
} good[] = {
    {"interval=100ms",            "100 65536 2 0 confluence CFROUTE"},
    {"interval=1s",               "1000 65536 2 0 confluence CFROUTE"},
    {"interval=5m",               "300000 65536 2 0 confluence CFROUTE"},
    {"interval=1h",               "3600000 65536 2 0 confluence CFROUTE"},
    {"interval=0500ms",           "500 65536 2 0 confluence CFROUTE"},
    {"body=1024",                 "1000 1024 2 0 confluence CFROUTE"},
    {"body=64K",                  "1000 65536 2 0 confluence CFROUTE"},
    {"body=16M",                  "1000 16777216 2 0 confluence CFROUTE"},
    {"rise=1",                    "1000 65536 1 0 confluence CFROUTE"},
    {"rise=100",                  "1000 65536 100 0 confluence CFROUTE"},
    {"any=9223372036854775807",   "1000 65536 2 9223372036854775807 confluence CFROUTE"},
    {"expect=status",             "1000 65536 2 0 status CFROUTE"},
    {"expect=tomcat",             "1000 65536 2 0 tomcat CFROUTE"},
    {"cookie=R",                  "1000 65536 2 0 confluence R"},
    {"cookie=a=b c",              "1000 65536 2 0 confluence a=b c"},
};

START_TEST(a_right_value_sets_its_field_and_no_other)
{
    conf_t conf;
    const char *complaint;

    cfc_opt_preset(rows, &conf);
    complaint = cfc_opt_read(rows, "CFProbe", good[_i].arg, &conf, NULL, pool);
    ck_assert_msg(complaint == NULL, "%s: %s", good[_i].arg, complaint);
    ck_assert_str_eq(conf_text(&conf), good[_i].want);
}
END_TEST

#define NO_DURATION(value) \
    "CFProbe: interval=" value " is not a duration; write 100ms to 1h with its unit, for " \
    "example interval=2s"
#define NO_SIZE(value) \
    "CFProbe: body=" value " is not a size; write 1K to 16M, for example body=256K"
#define NO_NUMBER(value) \
    "CFProbe: rise=" value " is not a whole number; write 1 to 100, for example rise=3"
#define KNOWN "interval, body, rise, any, expect, cookie"

static const struct {
    const char *arg, *complaint;
} bad[] = {
    {"interval=2x",    NO_DURATION("2x")},
    {"interval=2",     NO_DURATION("2")},
    {"interval=0",     NO_DURATION("0")},
    {"interval=",      NO_DURATION("")},
    {"interval=s",     NO_DURATION("s")},
    {"interval=2S",    NO_DURATION("2S")},
    {"interval=2 s",   NO_DURATION("2 s")},
    {"interval= 2s",   NO_DURATION(" 2s")},
    {"interval=2s ",   NO_DURATION("2s ")},
    {"interval=2sec",  NO_DURATION("2sec")},
    {"interval=1.5s",  NO_DURATION("1.5s")},
    {"interval=1h30m", NO_DURATION("1h30m")},
    {"interval=-2s",   NO_DURATION("-2s")},
    {"interval=+2s",   NO_DURATION("+2s")},
    {"interval=0x2s",  NO_DURATION("0x2s")},
    {"interval=2K",    NO_DURATION("2K")},
    {"interval=9223372036854775808ms", NO_DURATION("9223372036854775808ms")},
    {"interval=9223372036854775807s",  NO_DURATION("9223372036854775807s")},
    {"interval=106751991168d",         NO_DURATION("106751991168d")},
    {"interval=99ms",
     "CFProbe: interval=99ms is out of range; allowed is 100ms to 1h, for example interval=2s"},
    {"interval=3600001ms",
     "CFProbe: interval=3600001ms is out of range; allowed is 100ms to 1h, for example "
     "interval=2s"},
    {"interval=1d",
     "CFProbe: interval=1d is out of range; allowed is 100ms to 1h, for example interval=2s"},
    {"interval=0s",
     "CFProbe: interval=0s is out of range; allowed is 100ms to 1h, for example interval=2s"},
    {"body=1023",      "CFProbe: body=1023 is out of range; allowed is 1K to 16M, for example "
                       "body=256K"},
    {"body=17M",       "CFProbe: body=17M is out of range; allowed is 1K to 16M, for example "
                       "body=256K"},
    {"body=64k",       NO_SIZE("64k")},
    {"body=64KB",      NO_SIZE("64KB")},
    {"body=8589934592G", NO_SIZE("8589934592G")},
    {"rise=abc",       NO_NUMBER("abc")},
    {"rise=2s",        NO_NUMBER("2s")},
    {"rise=12abc",     NO_NUMBER("12abc")},
    {"rise=-1",        NO_NUMBER("-1")},
    {"rise=0",         "CFProbe: rise=0 is out of range; allowed is 1 to 100, for example rise=3"},
    {"rise=101",       "CFProbe: rise=101 is out of range; allowed is 1 to 100, for example "
                       "rise=3"},
    {"any=9223372036854775808",
     "CFProbe: any=9223372036854775808 is not a whole number; write 0 to 9223372036854775807, "
     "for example any=0"},
    {"expect=confluense",
     "CFProbe: expect=confluense is not known; did you mean confluence? Known: status, "
     "confluence, tomcat"},
    {"expect=running",
     "CFProbe: expect=running is not known; known: status, confluence, tomcat"},
    {"expect=",        "CFProbe: expect= is not known; known: status, confluence, tomcat"},
    {"cookie=",        "CFProbe: cookie= has no value; for example cookie=CFROUTE"},
    {"intervall=2s",
     "CFProbe: \"intervall\" is not an option; did you mean interval? Known: " KNOWN},
    {"Rise=2",         "CFProbe: \"Rise\" is not an option; did you mean rise? Known: " KNOWN},
    {"weight=2",       "CFProbe: \"weight\" is not an option; known: " KNOWN},
    {"=2",             "CFProbe: \"\" is not an option; known: " KNOWN},
    {"rise",
     "CFProbe: \"rise\" is not of the form option=value; did you mean rise? Known: " KNOWN},
    {"somewhere",      "CFProbe: \"somewhere\" is not of the form option=value; known: " KNOWN},
    {"",               "CFProbe: \"\" is not of the form option=value; known: " KNOWN},
};

START_TEST(a_wrong_value_is_named_with_what_would_be_right)
{
    apr_uint32_t set = 0;
    conf_t conf;
    const char *complaint;

    cfc_opt_preset(rows, &conf);
    complaint = cfc_opt_read(rows, "CFProbe", bad[_i].arg, &conf, &set, pool);
    ck_assert_msg(complaint != NULL, "%s: accepted", bad[_i].arg);
    ck_assert_str_eq(complaint, bad[_i].complaint);
    ck_assert_str_eq(conf_text(&conf), "1000 65536 2 0 confluence CFROUTE");
    ck_assert_uint_eq(set, 0);
}
END_TEST

START_TEST(an_option_given_twice_is_refused)
{
    apr_uint32_t set = 0;
    conf_t conf;

    cfc_opt_preset(rows, &conf);
    ck_assert_ptr_null(cfc_opt_read(rows, "CFProbe", "rise=5", &conf, &set, pool));
    ck_assert_ptr_null(cfc_opt_read(rows, "CFProbe", "interval=5s", &conf, &set, pool));
    ck_assert_uint_eq(set, 1u << 0 | 1u << 2);
    ck_assert_str_eq(cfc_opt_read(rows, "CFProbe", "rise=6", &conf, &set, pool),
                     "CFProbe: rise= is given twice; keep one of them");
    ck_assert_int_eq(conf.count, 5);
}
END_TEST

START_TEST(an_option_whose_first_value_was_wrong_is_not_given_yet)
{
    apr_uint32_t set = 0;
    conf_t conf;

    cfc_opt_preset(rows, &conf);
    ck_assert_ptr_nonnull(cfc_opt_read(rows, "CFProbe", "rise=x", &conf, &set, pool));
    ck_assert_ptr_null(cfc_opt_read(rows, "CFProbe", "rise=6", &conf, &set, pool));
    ck_assert_int_eq(conf.count, 6);
}
END_TEST

START_TEST(values_that_may_be_overridden_are_taken_twice)
{
    conf_t conf;

    cfc_opt_preset(rows, &conf);
    ck_assert_ptr_null(cfc_opt_read(rows, "CFProbe", "rise=5", &conf, NULL, pool));
    ck_assert_ptr_null(cfc_opt_read(rows, "CFProbe", "rise=6", &conf, NULL, pool));
    ck_assert_int_eq(conf.count, 6);
}
END_TEST

START_TEST(a_text_outlives_the_line_that_it_was_read_from)
{
    char line[] = "cookie=ROUTE";
    conf_t conf;

    ck_assert_ptr_null(cfc_opt_read(rows, "CFSticky", line, &conf, NULL, pool));
    memset(line, 'x', sizeof(line) - 1);
    ck_assert_str_eq(conf.text, "ROUTE");
}
END_TEST

static const struct {
    apr_int64_t ms;
    const char *text;
} durations[] = {
    {0, "0ms"},        {1, "1ms"},         {999, "999ms"},      {1000, "1s"},
    {1500, "1500ms"},  {90000, "90s"},     {300000, "5m"},      {3600000, "1h"},
    {5400000, "90m"},  {86400000, "1d"},   {172800000, "2d"},
};

START_TEST(a_duration_is_written_as_it_is_read)
{
    apr_int64_t ms = -1;

    ck_assert_str_eq(cfc_duration_text(durations[_i].ms, pool), durations[_i].text);
    ck_assert(cfc_duration_read(durations[_i].text, &ms));
    ck_assert_int_eq(ms, durations[_i].ms);
}
END_TEST

static const struct {
    const char *label, *word, *want;
} guesses[] = {
    {"a letter too many",   "least-bussy", "did you mean least-busy? Known: least-busy, tcp"},
    {"a letter too few",    "least-bsy",   "did you mean least-busy? Known: least-busy, tcp"},
    {"two letters swapped", "tpc",         "did you mean tcp? Known: least-busy, tcp"},
    {"in capitals",         "TCP",         "known: least-busy, tcp"},
    {"three letters off",   "tcpabc",      "known: least-busy, tcp"},
    {"nothing",             "",            "known: least-busy, tcp"},
    {"a whole line",        "tcp tcp tcp tcp tcp tcp tcp tcp tcp tcp tcp tcp tcp",
     "known: least-busy, tcp"},
};

START_TEST(a_typo_is_answered_with_the_word_that_was_meant)
{
    static const char *const known[] = {"least-busy", "tcp", NULL};
    const char *got = cfc_did_you_mean(guesses[_i].word, known, pool);

    ck_assert_msg(strcmp(got, guesses[_i].want) == 0, "%s: %s", guesses[_i].label, got);
}
END_TEST

/* --- the module's own rows --- */

static const struct {
    const char *directive;
    const cfc_opt_t *rows;
} tables[] = {
    {"CFNode", cfc_node_rows},       {"CFSticky", cfc_sticky_rows}, {"CFRetry", cfc_retry_rows},
    {"CFTimeout", cfc_timeout_rows}, {"CFProbe", cfc_probe_rows},
};

/* Large enough for every struct that rows point into. */
typedef union {
    apr_int64_t numbers[128];
    void *pointers[128];
} any_conf_t;

START_TEST(a_list_grows_by_each_of_its_options)
{
    cfc_probe_conf_t conf;
    apr_uint32_t set = 0;

    cfc_opt_preset(cfc_probe_rows, &conf);
    ck_assert_ptr_null(conf.headers);
    ck_assert_ptr_null(cfc_opt_read(cfc_probe_rows, "CFProbe", "header=A: 1", &conf, &set, pool));
    ck_assert_ptr_null(cfc_opt_read(cfc_probe_rows, "CFProbe", "header=B: 2", &conf, &set, pool));
    ck_assert_int_eq(conf.headers->nelts, 2);
    ck_assert_str_eq(APR_ARRAY_IDX(conf.headers, 1, const char *), "B: 2");
    ck_assert_str_eq(cfc_opt_read(cfc_probe_rows, "CFProbe", "header=", &conf, &set, pool),
                     "CFProbe: header= has no value; for example header=\"X-Probe: yes\"");
}
END_TEST

START_TEST(every_example_is_a_right_value)
{
    for (const cfc_opt_t *row = tables[_i].rows; row->name != NULL; row++) {
        const char *example = row->kind == CFC_OPT_WORD ? row->words[0] : row->example;
        const char *arg = apr_psprintf(pool, "%s=%s", row->name, example);
        any_conf_t conf = {0};

        ck_assert_ptr_nonnull(example);
        ck_assert_int_lt(row->at, sizeof(conf));
        ck_assert_ptr_null(
            cfc_opt_read(tables[_i].rows, tables[_i].directive, arg, &conf, NULL, pool));
    }
}
END_TEST

START_TEST(every_default_lies_within_its_bounds)
{
    for (const cfc_opt_t *row = tables[_i].rows; row->name != NULL; row++) {
        /* 0 says that none is set: the node's own port, a cookie until the browser is closed,
         * an interval that follows from another one. */
        if (row->kind <= CFC_OPT_COUNT && row->preset != 0) {
            ck_assert_msg(row->low <= row->preset && row->preset <= row->high, "%s %s",
                          tables[_i].directive, row->name);
        }
    }
}
END_TEST

START_TEST(no_two_options_of_a_directive_share_a_name_or_a_field)
{
    for (const cfc_opt_t *row = tables[_i].rows; row->name != NULL; row++) {
        for (const cfc_opt_t *other = tables[_i].rows; other != row; other++) {
            ck_assert_str_ne(row->name, other->name);
            ck_assert_uint_ne(row->at, other->at);
        }
    }
}
END_TEST

static TCase *own_rows(void)
{
    TCase *tcase = tcase_create("rows");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, a_list_grows_by_each_of_its_options);
    tcase_add_loop_test(tcase, every_example_is_a_right_value, 0, CFC_ROWS(tables));
    tcase_add_loop_test(tcase, every_default_lies_within_its_bounds, 0, CFC_ROWS(tables));
    tcase_add_loop_test(tcase, no_two_options_of_a_directive_share_a_name_or_a_field, 0,
                        CFC_ROWS(tables));
    return tcase;
}

Suite *cfc_opt_suite(void)
{
    Suite *suite = suite_create("conf/opt");
    TCase *tcase = tcase_create("opt");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, presets_are_those_of_the_rows);
    tcase_add_loop_test(tcase, a_right_value_sets_its_field_and_no_other, 0, CFC_ROWS(good));
    tcase_add_loop_test(tcase, a_wrong_value_is_named_with_what_would_be_right, 0, CFC_ROWS(bad));
    tcase_add_test(tcase, an_option_given_twice_is_refused);
    tcase_add_test(tcase, an_option_whose_first_value_was_wrong_is_not_given_yet);
    tcase_add_test(tcase, values_that_may_be_overridden_are_taken_twice);
    tcase_add_test(tcase, a_text_outlives_the_line_that_it_was_read_from);
    tcase_add_loop_test(tcase, a_duration_is_written_as_it_is_read, 0, CFC_ROWS(durations));
    tcase_add_loop_test(tcase, a_typo_is_answered_with_the_word_that_was_meant, 0,
                        CFC_ROWS(guesses));
    suite_add_tcase(suite, tcase);
    suite_add_tcase(suite, own_rows());
    return suite;
}
