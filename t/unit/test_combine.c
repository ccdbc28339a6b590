/* SPDX-License-Identifier: Apache-2.0
 * test_combine.c: which probe decides, and that no better one ever does. */
#include <check.h>

#include "health/combine.h"
#include "kit.h"
#include "lb/effective.h"
#include "suites.h"

#define UP {CFC_HEALTH_UP, CFC_CAUSE_NONE, 1}
#define FAILING {CFC_HEALTH_FAILING, CFC_CAUSE_SOFT, 1}
#define DOWN_SOFT {CFC_HEALTH_DOWN, CFC_CAUSE_SOFT, 1}
#define DOWN_HARD {CFC_HEALTH_DOWN, CFC_CAUSE_HARD, 1}
#define RISING_SOFT {CFC_HEALTH_RECOVERING, CFC_CAUSE_SOFT, 1}
#define RISING {CFC_HEALTH_RECOVERING, CFC_CAUSE_NONE, 1}
#define STARTING {CFC_HEALTH_STARTING, CFC_CAUSE_NONE, 1}
#define UNKNOWN {CFC_HEALTH_UNKNOWN, CFC_CAUSE_NONE, 0}
#define SETUP {CFC_HEALTH_DOWN, CFC_CAUSE_REFUSED, 1}
#define SETUP_OVER {CFC_HEALTH_RECOVERING, CFC_CAUSE_REFUSED, 1}

static const struct {
    const char *label;
    cfc_vote_t votes[3];
    int decides;
} rows[] = {
    {"all well: the first",           {{UP, true}, {UP, true}, {UP, true}},                 0},
    {"one in doubt",                  {{UP, true}, {FAILING, true}, {UP, true}},            1},
    {"down beats doubt",              {{FAILING, true}, {UP, true}, {DOWN_SOFT, true}},     2},
    {"down beats recovering",         {{RISING_SOFT, true}, {DOWN_SOFT, true}, {UP, true}}, 1},
    {"nobody there beats slow",       {{DOWN_SOFT, true}, {DOWN_HARD, true}, {UP, true}},   1},
    {"starting beats slow",           {{DOWN_SOFT, true}, {STARTING, true}, {UP, true}},    1},
    {"nobody there beats starting",   {{STARTING, true}, {DOWN_HARD, true}, {UP, true}},    1},
    {"not heard yet beats slow",      {{DOWN_SOFT, true}, {UNKNOWN, true}, {UP, true}},     1},
    {"rising from a start, too",      {{DOWN_SOFT, true}, {RISING, true}, {UP, true}},      1},
    {"setup beats nobody there",      {{DOWN_HARD, true}, {SETUP, true}, {UP, true}},       1},
    {"setup, good once, still",       {{DOWN_HARD, true}, {UP, true}, {SETUP_OVER, true}},  2},
    {"of equals the first",           {{UP, true}, {DOWN_SOFT, true}, {DOWN_SOFT, true}},   1},
    {"advisory ones do not count",    {{DOWN_HARD, false}, {UP, true}, {SETUP, false}},     1},
};

START_TEST(the_worst_required_probe_decides)
{
    int decides = cfc_combine(rows[_i].votes, 3);

    ck_assert_msg(decides == rows[_i].decides, "%s: got %d", rows[_i].label, decides);
}
END_TEST

/* Whatever they say: with one more required probe a node never gets more. */
START_TEST(another_probe_never_gives_a_node_more)
{
    for (int round = 0; round < 20000; round++) {
        cfc_effective_t before, after;
        cfc_vote_t votes[3];

        for (int i = 0; i < 3; i++) {
            votes[i].required = true;
            votes[i].standing.health = (cfc_health_t)(cfc_kit_dice() % CFC_HEALTH_COUNT);
            votes[i].standing.cause = (cfc_cause_t)(cfc_kit_dice() % CFC_CAUSE_COUNT);
            votes[i].standing.streak = 1;
        }
        before = cfc_effective(CFC_ADMIN_ACTIVE, votes[cfc_combine(votes, 2)].standing.health,
                               votes[cfc_combine(votes, 2)].standing.cause);
        after = cfc_effective(CFC_ADMIN_ACTIVE, votes[cfc_combine(votes, 3)].standing.health,
                              votes[cfc_combine(votes, 3)].standing.cause);
        ck_assert_int_le(after, before);
    }
}
END_TEST

Suite *cfc_combine_suite(void)
{
    Suite *suite = suite_create("combine");
    TCase *tc = tcase_create("combine");

    tcase_add_loop_test(tc, the_worst_required_probe_decides, 0, CFC_ROWS(rows));
    tcase_add_test(tc, another_probe_never_gives_a_node_more);
    suite_add_tcase(suite, tc);
    return suite;
}
