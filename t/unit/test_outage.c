/* SPDX-License-Identifier: Apache-2.0
 * test_outage.c: when a database is the reason for which users get no page. */
#include "maint/outage.h"
#include "t/unit/small_cluster.h"
#include "t/unit/suites.h"

#define NOW apr_time_from_sec(1000000)
#define NEVER (-1)

/* How many seconds ago a node answered. */
typedef struct {
    int good, bad;
    bool out;
} answers_t;

#define NOT_ASKED {NEVER, NEVER, false}
#define FAILS {NEVER, 1, false}
#define FAILS_PARTLY {1, 5, false}
#define WORKS {1, NEVER, false}
#define STOPPED {1, NEVER, true}

#define OFF CFC_OUTAGE_PAGE_OFF
#define ON CFC_OUTAGE_PAGE_ON

static const struct {
    const char *label;
    int outage_page;
    int silent;         /* seconds ago its silence began, NEVER: it answers */
    int looked;         /* seconds ago */
    int failed;         /* node that has just failed; 0: none */
    answers_t nodes[2];
    bool want;
} rows[] = {
    {"all fail", ON, 30, 1, 0, {FAILS, FAILS}, true},
    {"not asked for", OFF, 30, 1, 0, {FAILS, FAILS}, false},
    {"the database answers", ON, NEVER, 1, 0, {FAILS, FAILS}, false},
    {"nobody looks at it any more", ON, 60, 40, 0, {FAILS, FAILS}, false},
    {"one works", ON, 30, 1, 0, {FAILS, WORKS}, false},
    {"one works, and the other has just failed", ON, 30, 1, 1, {NOT_ASKED, WORKS}, false},
    {"one worked, but is stopped", ON, 30, 1, 0, {FAILS, STOPPED}, true},
    {"one is not asked", ON, 30, 1, 0, {FAILS, NOT_ASKED}, true},
    {"nobody is asked", ON, 30, 1, 0, {NOT_ASKED, NOT_ASKED}, true},
    {"pictures are fine", ON, 30, 1, 0, {FAILS_PARTLY, FAILS_PARTLY}, true},
    {"the first failure of one that worked", ON, 30, 1, 1, {WORKS, FAILS}, true},
    {"the same of the other one", ON, 30, 1, 2, {FAILS, WORKS}, true},
    {"one worked until then", ON, 30, 1, 0, {FAILS, {31, NEVER, false}}, true},
    {"one failed before", ON, 30, 1, 0, {FAILS, {1, 31, false}}, false},
    {"one worked more than a minute ago", ON, 300, 1, 0, {FAILS, {61, NEVER, false}}, true},
    {"one works, and failed more than a minute ago", ON, 300, 1, 0, {FAILS, {1, 61, false}}, false},
};

static void note(_Atomic int64_t *at, int seconds_ago)
{
    atomic_store(at, seconds_ago == NEVER ? 0 : NOW - apr_time_from_sec(seconds_ago));
}

static void set_node(cfc_node_t *node, const answers_t *answers)
{
    cfc_kit_state(node, answers->out ? CFC_ADMIN_STOP : CFC_ADMIN_ACTIVE, CFC_HEALTH_UP,
                  CFC_CAUSE_NONE);
    note(&node->slot->traffic.good_at, answers->good);
    note(&node->slot->traffic.bad_at, answers->bad);
}

START_TEST(a_database_is_the_reason_by_the_table)
{
    cfc_small_cluster_t small = {0};
    cfc_found_t found = {.at = NOW - apr_time_from_sec(rows[_i].looked)};
    const cfc_node_t *failed;
    const cfc_dependency_t *got;

    cfc_small_cluster_make(&small);
    cfc_small_cluster_depend(&small);
    failed = rows[_i].failed == 0 ? NULL : rows[_i].failed == 1 ? small.node1 : small.node2;
    small.master->outage_page = rows[_i].outage_page;
    found.silent_since = rows[_i].silent == NEVER ? 0 : NOW - apr_time_from_sec(rows[_i].silent);
    cfc_record_write(&small.master->slot->found, &found, sizeof(found));
    set_node(small.node1, &rows[_i].nodes[0]);
    set_node(small.node2, &rows[_i].nodes[1]);
    got = cfc_outage_database(small.cl, failed, NOW);
    ck_assert_msg(got == (rows[_i].want ? small.master : NULL), "%s", rows[_i].label);
    cfc_small_cluster_end(&small);
}
END_TEST

Suite *cfc_outage_suite(void)
{
    Suite *suite = suite_create("maint/outage");
    TCase *tcase = tcase_create("outage");

    tcase_add_loop_test(tcase, a_database_is_the_reason_by_the_table, 0, CFC_ROWS(rows));
    suite_add_tcase(suite, tcase);
    return suite;
}
