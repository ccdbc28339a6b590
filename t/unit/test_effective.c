/* SPDX-License-Identifier: Apache-2.0
 * test_effective.c: what a node may get, for every combination; and the words for it all. */
#include "lb/effective.h"
#include "t/unit/suites.h"

#define OUT CFC_EFFECTIVE_OUT
#define LAST CFC_EFFECTIVE_LAST_RESORT
#define STICKY CFC_EFFECTIVE_STICKY_ONLY
#define SERVE CFC_EFFECTIVE_SERVING

static const struct {
    const char *label;
    cfc_admin_t admin;
    cfc_health_t health;
    cfc_effective_t want[CFC_CAUSE_COUNT];      /* cause none, soft, hard, refused */
} rows[] = {
    {"active, unknown",    CFC_ADMIN_ACTIVE, CFC_HEALTH_UNKNOWN,    {OUT, OUT, OUT, OUT}},
    {"active, starting",   CFC_ADMIN_ACTIVE, CFC_HEALTH_STARTING,   {OUT, OUT, OUT, OUT}},
    {"active, up",         CFC_ADMIN_ACTIVE, CFC_HEALTH_UP,         {SERVE, SERVE, SERVE, OUT}},
    {"active, failing",    CFC_ADMIN_ACTIVE, CFC_HEALTH_FAILING,    {SERVE, SERVE, SERVE, OUT}},
    {"active, down",       CFC_ADMIN_ACTIVE, CFC_HEALTH_DOWN,       {OUT, LAST, OUT, OUT}},
    {"active, recovering", CFC_ADMIN_ACTIVE, CFC_HEALTH_RECOVERING, {OUT, LAST, OUT, OUT}},
    {"drain, unknown",     CFC_ADMIN_DRAIN,  CFC_HEALTH_UNKNOWN,    {OUT, OUT, OUT, OUT}},
    {"drain, starting",    CFC_ADMIN_DRAIN,  CFC_HEALTH_STARTING,   {OUT, OUT, OUT, OUT}},
    {"drain, up",          CFC_ADMIN_DRAIN,  CFC_HEALTH_UP,         {STICKY, STICKY, STICKY, OUT}},
    {"drain, failing",     CFC_ADMIN_DRAIN,  CFC_HEALTH_FAILING,    {STICKY, STICKY, STICKY, OUT}},
    {"drain, down",        CFC_ADMIN_DRAIN,  CFC_HEALTH_DOWN,       {OUT, LAST, OUT, OUT}},
    {"drain, recovering",  CFC_ADMIN_DRAIN,  CFC_HEALTH_RECOVERING, {OUT, LAST, OUT, OUT}},
    {"stop, unknown",      CFC_ADMIN_STOP,   CFC_HEALTH_UNKNOWN,    {OUT, OUT, OUT, OUT}},
    {"stop, starting",     CFC_ADMIN_STOP,   CFC_HEALTH_STARTING,   {OUT, OUT, OUT, OUT}},
    {"stop, up",           CFC_ADMIN_STOP,   CFC_HEALTH_UP,         {OUT, OUT, OUT, OUT}},
    {"stop, failing",      CFC_ADMIN_STOP,   CFC_HEALTH_FAILING,    {OUT, OUT, OUT, OUT}},
    {"stop, down",         CFC_ADMIN_STOP,   CFC_HEALTH_DOWN,       {OUT, OUT, OUT, OUT}},
    {"stop, recovering",   CFC_ADMIN_STOP,   CFC_HEALTH_RECOVERING, {OUT, OUT, OUT, OUT}},
    {"a garbled admin",    CFC_ADMIN_COUNT,  CFC_HEALTH_UP,         {OUT, OUT, OUT, OUT}},
    {"a garbled health",   CFC_ADMIN_ACTIVE, CFC_HEALTH_COUNT,      {OUT, OUT, OUT, OUT}},
};

START_TEST(effective_state_follows_the_truth_table)
{
    for (cfc_cause_t cause = 0; cause < CFC_CAUSE_COUNT; cause++) {
        cfc_effective_t got = cfc_effective(rows[_i].admin, rows[_i].health, cause);

        ck_assert_msg(got == rows[_i].want[cause], "%s, %s: got %s, expected %s", rows[_i].label,
                      cfc_cause_word(cause), cfc_effective_word(got),
                      cfc_effective_word(rows[_i].want[cause]));
    }
}
END_TEST

START_TEST(the_table_has_every_combination_once)
{
    unsigned seen[CFC_ADMIN_COUNT][CFC_HEALTH_COUNT] = {{0}};

    for (int i = 0; i < CFC_ROWS(rows); i++) {
        if (rows[i].admin < CFC_ADMIN_COUNT && rows[i].health < CFC_HEALTH_COUNT) {
            seen[rows[i].admin][rows[i].health]++;
        }
    }
    for (cfc_admin_t admin = 0; admin < CFC_ADMIN_COUNT; admin++) {
        for (cfc_health_t health = 0; health < CFC_HEALTH_COUNT; health++) {
            ck_assert_msg(seen[admin][health] == 1, "%s, %s: %u rows", cfc_admin_word(admin),
                          cfc_health_word(health), seen[admin][health]);
        }
    }
}
END_TEST

static const struct {
    const char *label;
    cfc_admin_t admin;
    cfc_effective_t effective;
    bool want;
} others[] = {
    {"active, serving",     CFC_ADMIN_ACTIVE, SERVE,                 true},
    {"active, warming",     CFC_ADMIN_ACTIVE, CFC_EFFECTIVE_WARMING, true},
    {"active, last resort", CFC_ADMIN_ACTIVE, LAST,                  true},
    {"active, out",         CFC_ADMIN_ACTIVE, OUT,                   false},
    {"drain, sticky only",  CFC_ADMIN_DRAIN,  STICKY,                false},
    {"drain, last resort",  CFC_ADMIN_DRAIN,  LAST,                  false},
    {"drain, out",          CFC_ADMIN_DRAIN,  OUT,                   false},
    {"stop, out",           CFC_ADMIN_STOP,   OUT,                   false},
};

START_TEST(a_draining_node_takes_nobody_elses_requests_even_as_a_last_resort)
{
    ck_assert_msg(cfc_takes_others(others[_i].admin, others[_i].effective) == others[_i].want,
                  "%s", others[_i].label);
}
END_TEST

#define MS(n) ((n) * INT64_C(1000))
#define RETURN MS(1795000000000)

static const struct {
    const char *label;
    int64_t returned_at, now;
    apr_int64_t slow_start_ms;
    int want;
} warmth[] = {
    {"never was away",             0,      RETURN,             60000, 100},
    {"no slow start",              RETURN, RETURN,             0,     100},
    {"at once: the floor",         RETURN, RETURN,             60000, 5},
    {"until it is above the floor", RETURN, RETURN + MS(3599), 60000, 5},
    {"a tenth",                    RETURN, RETURN + MS(6000),  60000, 10},
    {"half",                       RETURN, RETURN + MS(30000), 60000, 50},
    {"the last moment",            RETURN, RETURN + MS(59999), 60000, 99},
    {"the end",                    RETURN, RETURN + MS(60000), 60000, 100},
    {"long ago",                   RETURN, RETURN * 2,         60000, 100},
    {"an hour, half-way",          RETURN, RETURN + MS(1800000), 3600000, 50},
    {"a clock read just before",   RETURN, RETURN - MS(2),     60000, 5},
    {"a clock set back",           RETURN, RETURN - MS(60000), 60000, 100},
};

START_TEST(a_node_that_returned_warms_up_evenly)
{
    int got = cfc_warming_pct(warmth[_i].returned_at, warmth[_i].now, warmth[_i].slow_start_ms);

    ck_assert_msg(got == warmth[_i].want, "%s: %d %%, expected %d", warmth[_i].label, got,
                  warmth[_i].want);
}
END_TEST

START_TEST(zeroed_memory_gets_no_traffic)
{
    ck_assert_int_eq(cfc_effective(0, 0, 0), CFC_EFFECTIVE_OUT);
}
END_TEST

START_TEST(admin_words_are_read_back)
{
    for (cfc_admin_t admin = 0; admin < CFC_ADMIN_COUNT; admin++) {
        cfc_admin_t got = CFC_ADMIN_COUNT;

        ck_assert(cfc_admin_parse(cfc_admin_word(admin), &got));
        ck_assert_int_eq(got, admin);
    }
}
END_TEST

static const char *const no_admin_words[] = {"", "Active", "active ", "actives", "activ", "up",
                                             "out", "?", "0"};

START_TEST(other_words_are_no_admin_state)
{
    cfc_admin_t got = CFC_ADMIN_STOP;

    ck_assert_msg(!cfc_admin_parse(no_admin_words[_i], &got), "\"%s\"", no_admin_words[_i]);
    ck_assert_int_eq(got, CFC_ADMIN_STOP);
}
END_TEST

START_TEST(a_garbled_value_has_the_word_question_mark)
{
    ck_assert_str_eq(cfc_admin_word(CFC_ADMIN_COUNT), "?");
    ck_assert_str_eq(cfc_health_word(CFC_HEALTH_COUNT), "?");
    ck_assert_str_eq(cfc_cause_word(CFC_CAUSE_COUNT), "?");
    ck_assert_str_eq(cfc_effective_word(CFC_EFFECTIVE_COUNT), "?");
    ck_assert_str_eq(cfc_health_word((cfc_health_t)-1), "?");
}
END_TEST

Suite *cfc_effective_suite(void)
{
    Suite *suite = suite_create("lb/effective");
    TCase *tcase = tcase_create("effective");

    tcase_add_loop_test(tcase, effective_state_follows_the_truth_table, 0, CFC_ROWS(rows));
    tcase_add_test(tcase, the_table_has_every_combination_once);
    tcase_add_loop_test(tcase, a_draining_node_takes_nobody_elses_requests_even_as_a_last_resort, 0,
                        CFC_ROWS(others));
    tcase_add_loop_test(tcase, a_node_that_returned_warms_up_evenly, 0, CFC_ROWS(warmth));
    tcase_add_test(tcase, zeroed_memory_gets_no_traffic);
    tcase_add_test(tcase, admin_words_are_read_back);
    tcase_add_loop_test(tcase, other_words_are_no_admin_state, 0, CFC_ROWS(no_admin_words));
    tcase_add_test(tcase, a_garbled_value_has_the_word_question_mark);
    suite_add_tcase(suite, tcase);
    return suite;
}
