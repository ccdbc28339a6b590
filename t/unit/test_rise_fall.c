/* SPDX-License-Identifier: Apache-2.0
 * test_rise_fall.c: how results become health. */
#include <stdlib.h>
#include <string.h>

#include "health/rise_fall.h"
#include "lb/effective.h"
#include "t/unit/suites.h"

#define UNKNOWN CFC_HEALTH_UNKNOWN
#define STARTING CFC_HEALTH_STARTING
#define UP CFC_HEALTH_UP
#define FAILING CFC_HEALTH_FAILING
#define DOWN CFC_HEALTH_DOWN
#define RECOVERING CFC_HEALTH_RECOVERING

#define NONE CFC_CAUSE_NONE
#define SOFT CFC_CAUSE_SOFT
#define HARD CFC_CAUSE_HARD
#define REFUSED CFC_CAUSE_REFUSED

/* Results as letters: g good, t starting, s soft, h hard, r refused. */
static cfc_verdict_t verdict_of(char letter)
{
    switch (letter) {
    case 'g':
        return CFC_VERDICT_GOOD;
    case 't':
        return CFC_VERDICT_STARTING;
    case 's':
        return CFC_VERDICT_SOFT;
    case 'h':
        return CFC_VERDICT_HARD;
    default:
        ck_assert_int_eq(letter, 'r');
        return CFC_VERDICT_REFUSED;
    }
}

/* The table of rise_fall.h with rise 3 and fall 3, so that nothing is passed over. */
static const struct {
    cfc_health_t from;
    cfc_cause_t cause;
    char result;
    cfc_health_t to;
    cfc_cause_t new_cause;
    uint32_t streak;            /* from 1 before */
} table[] = {
    {UNKNOWN, NONE, 'g', UP, NONE, 1},
    {UNKNOWN, NONE, 't', STARTING, NONE, 1},
    {UNKNOWN, NONE, 's', DOWN, SOFT, 1},
    {UNKNOWN, NONE, 'h', DOWN, HARD, 1},
    {UNKNOWN, NONE, 'r', DOWN, REFUSED, 1},
    {STARTING, NONE, 'g', RECOVERING, NONE, 1},
    {STARTING, NONE, 't', STARTING, NONE, 2},
    {STARTING, NONE, 's', DOWN, HARD, 1},
    {STARTING, NONE, 'h', DOWN, HARD, 1},
    {STARTING, NONE, 'r', DOWN, REFUSED, 1},
    {UP, NONE, 'g', UP, NONE, 2},
    {UP, NONE, 't', STARTING, NONE, 1},
    {UP, NONE, 's', FAILING, SOFT, 1},
    {UP, NONE, 'h', FAILING, HARD, 1},
    {UP, NONE, 'r', DOWN, REFUSED, 1},
    {FAILING, SOFT, 'g', UP, NONE, 1},
    {FAILING, SOFT, 't', STARTING, NONE, 1},
    {FAILING, SOFT, 's', FAILING, SOFT, 2},
    {FAILING, HARD, 's', FAILING, HARD, 2},
    {FAILING, SOFT, 'h', FAILING, HARD, 2},
    {FAILING, SOFT, 'r', DOWN, REFUSED, 2},
    {DOWN, SOFT, 'g', RECOVERING, SOFT, 1},
    {DOWN, HARD, 'g', RECOVERING, HARD, 1},
    {DOWN, REFUSED, 'g', RECOVERING, REFUSED, 1},
    {DOWN, REFUSED, 't', STARTING, NONE, 1},
    {DOWN, SOFT, 's', DOWN, SOFT, 2},
    {DOWN, HARD, 's', DOWN, HARD, 2},
    {DOWN, REFUSED, 's', DOWN, REFUSED, 2},
    {DOWN, SOFT, 'h', DOWN, HARD, 2},
    {DOWN, REFUSED, 'h', DOWN, REFUSED, 2},
    {DOWN, SOFT, 'r', DOWN, REFUSED, 2},
    {RECOVERING, REFUSED, 'g', RECOVERING, REFUSED, 2},
    {RECOVERING, NONE, 'g', RECOVERING, NONE, 2},
    {RECOVERING, SOFT, 't', STARTING, NONE, 1},
    {RECOVERING, SOFT, 's', DOWN, SOFT, 1},
    {RECOVERING, NONE, 's', DOWN, HARD, 1},
    {RECOVERING, HARD, 's', DOWN, HARD, 1},
    {RECOVERING, REFUSED, 's', DOWN, REFUSED, 1},
    {RECOVERING, SOFT, 'h', DOWN, HARD, 1},
    {RECOVERING, REFUSED, 'h', DOWN, REFUSED, 1},
    {RECOVERING, SOFT, 'r', DOWN, REFUSED, 1},
};

START_TEST(each_result_leads_from_each_health_to_the_next_by_the_table)
{
    cfc_standing_t standing = {table[_i].from, table[_i].cause, 1};
    bool said = cfc_rise_fall(&standing, verdict_of(table[_i].result), 3, 3);
    bool refused = table[_i].new_cause == REFUSED && table[_i].cause != REFUSED;

    ck_assert_msg(standing.health == table[_i].to && standing.cause == table[_i].new_cause
                      && standing.streak == table[_i].streak
                      && said == (table[_i].to != table[_i].from || refused),
                  "%s with %c: got %s, %s, %u, %d", cfc_health_word(table[_i].from),
                  table[_i].result, cfc_health_word(standing.health),
                  cfc_cause_word(standing.cause), standing.streak, said);
}
END_TEST

static bool table_has(cfc_health_t from, char result)
{
    for (int i = 0; i < CFC_ROWS(table); i++) {
        if (table[i].from == from && table[i].result == result) {
            return true;
        }
    }
    return false;
}

START_TEST(the_table_has_a_row_for_each_result_in_each_health)
{
    for (int health = 0; health < CFC_HEALTH_COUNT; health++) {
        for (const char *result = "gtshr"; *result != '\0'; result++) {
            ck_assert_msg(table_has((cfc_health_t)health, *result), "no row for %s with %c",
                          cfc_health_word((cfc_health_t)health), *result);
        }
    }
}
END_TEST

static const struct {
    const char *label;
    uint32_t rise, fall;
    const char *results;
    const char *healths;        /* after each: ? unknown, t starting, U up, f, D down, r */
    const char *lines;          /* x where a line is logged */
} stories[] = {
    {"a node that never fails is up from its first answer", 2, 2, "ggg", "UUU", "x.."},
    {"a dead node is down from its first answer", 2, 2, "hhh", "DDD", "x.."},
    {"fall counts results in a row", 2, 3, "gsssss", "UffDDD", "xx.x.."},
    {"one pass resets the count of failures", 2, 3, "gssgssgsss", "UffUffUffD", "xx.xx.xx.x"},
    {"soft and hard ones count together", 2, 3, "gshs", "UffD", "xx.x"},
    {"fall=1 takes a node out at once", 2, 1, "gs", "UD", "xx"},
    {"rise counts results in a row", 3, 2, "hgggg", "DrrUU", "xx.x."},
    {"one failure resets the count of passes", 3, 2, "hgghggg", "DrrDrrU", "xx.xx.x"},
    {"rise=1 brings a node back at once", 1, 2, "hg", "DU", "xx"},
    {"a starting node must rise", 2, 2, "ttgg", "ttrU", "x.xx"},
    {"a starting node with rise=1 is up at once", 1, 2, "tg", "tU", "xx"},
    {"a starting node that breaks is down at once", 2, 3, "ts", "tD", "xx"},
    {"a node that is stopped and started again", 2, 2, "gthhtsttgg", "UtDDtDttrU", "xxx.xxx.xx"},
    {"FIRST_RUN takes out at once whatever fall is", 2, 100, "gr", "UD", "xx"},
    {"FIRST_RUN of a node that was down is said once", 2, 2, "hrrg", "DDDr", "xx.x"},
};

START_TEST(results_in_a_row_make_the_health_they_should)
{
    static const char letters[] = {'?', 't', 'U', 'f', 'D', 'r'};
    cfc_standing_t standing = {0};

    for (size_t i = 0; stories[_i].results[i] != '\0'; i++) {
        bool said = cfc_rise_fall(&standing, verdict_of(stories[_i].results[i]), stories[_i].rise,
                                  stories[_i].fall);

        ck_assert_msg(letters[standing.health] == stories[_i].healths[i]
                          && said == (stories[_i].lines[i] == 'x'),
                      "%s, result %zu: got %s, %s", stories[_i].label, i + 1,
                      cfc_health_word(standing.health), said ? "a line" : "no line");
    }
}
END_TEST

static const struct {
    const char *results;        /* of a node with rise 2 and fall 2 */
    const char *causes;         /* after each: - none, s, h, r */
} pasts[] = {
    {"gsss", "-sss"},
    {"rs", "rr"},
    {"rshs", "rrrr"},
    {"rgs", "rrr"},             /* one good result does not make it up */
    {"rggss", "rr-ss"},
    {"rtshs", "r-hhh"},
    {"ts", "-h"},
    {"ths", "-hh"},
    {"tgs", "--h"},
    {"ghs", "-hh"},             /* killed, and started again: nobody knows as what */
    {"ghgs", "-h-s"},
    {"tggss", "---ss"},
};

START_TEST(what_made_a_node_unusable_counts_until_it_is_up_again)
{
    static const char letters[] = {'-', 's', 'h', 'r'};
    cfc_standing_t standing = {0};

    for (size_t i = 0; pasts[_i].results[i] != '\0'; i++) {
        cfc_rise_fall(&standing, verdict_of(pasts[_i].results[i]), 2, 2);
        ck_assert_msg(letters[standing.cause] == pasts[_i].causes[i], "%s, result %zu: got %s",
                      pasts[_i].results, i + 1, cfc_cause_word(standing.cause));
    }
}
END_TEST

/* The oracle looks at the whole past at each step, where the code keeps two words and a count. */
static char kind_of(char result)
{
    if (result == 'g' || result == 't') {
        return result;
    }
    return 'b';
}

static int row_at_end(const char *past, int count)
{
    int row = 0;

    while (row < count && kind_of(past[count - 1 - row]) == kind_of(past[count - 1])) {
        row++;
    }
    return row;
}

static bool row_has_refused(const char *past, int count, int row)
{
    return memchr(past + count - row, 'r', (size_t)row) != NULL;
}

/* @param before the health at the end of the row before this one */
static cfc_health_t after_row(const char *past, int count, cfc_health_t before, int rise, int fall)
{
    int row = row_at_end(past, count);

    switch (kind_of(past[count - 1])) {
    case 't':
        return STARTING;
    case 'g':
        return before == UNKNOWN || before == FAILING || row >= rise ? UP : RECOVERING;
    default:
        return before != UP || row >= fall || row_has_refused(past, count, row) ? DOWN : FAILING;
    }
}

static cfc_health_t oracle(const char *past, int count, int rise, int fall)
{
    cfc_health_t before = UNKNOWN;

    for (int end = 1; end < count; end++) {
        if (kind_of(past[end]) != kind_of(past[end - 1])) {
            before = after_row(past, end, before, rise, fall);
        }
    }
    return after_row(past, count, before, rise, fall);
}

#define SEEDS 200
#define LENGTH 60

START_TEST(random_results_agree_with_an_oracle_that_sees_the_whole_past)
{
    unsigned seed = (unsigned)_i;
    int rise = 1 + rand_r(&seed) % 4;
    int fall = 1 + rand_r(&seed) % 4;
    cfc_standing_t standing = {0};
    char past[LENGTH + 1] = "";

    for (int i = 0; i < LENGTH; i++) {
        past[i] = "ggggggssssshhhttr"[rand_r(&seed) % 17];
        cfc_rise_fall(&standing, verdict_of(past[i]), (uint32_t)rise, (uint32_t)fall);
        ck_assert_msg(standing.health == oracle(past, i + 1, rise, fall)
                          && standing.streak == (uint32_t)row_at_end(past, i + 1),
                      "rise %d, fall %d, %s: got %s, %u", rise, fall, past,
                      cfc_health_word(standing.health), standing.streak);
    }
}
END_TEST

static bool is_last_resort(const cfc_standing_t *standing)
{
    return cfc_effective(CFC_ADMIN_ACTIVE, standing->health, standing->cause)
           == CFC_EFFECTIVE_LAST_RESORT;
}

/* DESIGN 3: what says FIRST_RUN, or is not known, is never used. */
START_TEST(a_node_is_a_last_resort_only_if_all_that_is_bad_since_it_was_up_is_soft)
{
    unsigned seed = (unsigned)_i;
    uint32_t rise = 1 + (uint32_t)rand_r(&seed) % 4, fall = 1 + (uint32_t)rand_r(&seed) % 4;
    cfc_standing_t standing = {0};
    bool spoilt = false;

    for (int i = 0; i < 1000; i++) {
        char result = "gggggssssshhtr"[rand_r(&seed) % 14];

        spoilt = spoilt || strchr("htr", result) != NULL;
        cfc_rise_fall(&standing, verdict_of(result), rise, fall);
        spoilt = spoilt && standing.health != UP;
        ck_assert(!spoilt || !is_last_resort(&standing));
    }
}
END_TEST

/* Peers have counted failures over months. */
START_TEST(a_pass_always_resets_the_count_of_failures)
{
    unsigned seed = (unsigned)_i;
    uint32_t rise = 1 + (uint32_t)rand_r(&seed) % 5, fall = 2 + (uint32_t)rand_r(&seed) % 5;
    cfc_standing_t standing = {CFC_HEALTH_UP, CFC_CAUSE_NONE, 1};

    for (int round = 0; round < 1000; round++) {
        uint32_t failures = (uint32_t)rand_r(&seed) % fall;     /* always one too few */

        for (uint32_t i = 0; i < failures; i++) {
            cfc_rise_fall(&standing, rand_r(&seed) % 2 ? CFC_VERDICT_SOFT : CFC_VERDICT_HARD, rise,
                          fall);
            ck_assert_int_eq(standing.health, CFC_HEALTH_FAILING);
        }
        cfc_rise_fall(&standing, CFC_VERDICT_GOOD, rise, fall);
        ck_assert_int_eq(standing.health, CFC_HEALTH_UP);
        ck_assert_int_eq(standing.cause, CFC_CAUSE_NONE);
    }
}
END_TEST

Suite *cfc_rise_fall_suite(void)
{
    Suite *suite = suite_create("rise_fall");
    TCase *tc = tcase_create("rise_fall");

    tcase_add_loop_test(tc, each_result_leads_from_each_health_to_the_next_by_the_table, 0,
                        CFC_ROWS(table));
    tcase_add_test(tc, the_table_has_a_row_for_each_result_in_each_health);
    tcase_add_loop_test(tc, results_in_a_row_make_the_health_they_should, 0,
                        CFC_ROWS(stories));
    tcase_add_loop_test(tc, what_made_a_node_unusable_counts_until_it_is_up_again, 0,
                        CFC_ROWS(pasts));
    tcase_add_loop_test(tc, a_node_is_a_last_resort_only_if_all_that_is_bad_since_it_was_up_is_soft,
                        0, SEEDS);
    tcase_add_loop_test(tc, random_results_agree_with_an_oracle_that_sees_the_whole_past, 0, SEEDS);
    tcase_add_loop_test(tc, a_pass_always_resets_the_count_of_failures, 0, 20);
    suite_add_tcase(suite, tc);
    return suite;
}
