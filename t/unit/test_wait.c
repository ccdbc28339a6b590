/* SPDX-License-Identifier: Apache-2.0
 * test_wait.c: when what a script waits for has come. */
#include <string.h>

#include "maint/wait.h"
#include "t/unit/small_cluster.h"
#include "t/unit/suites.h"

#define NOW apr_time_from_sec(1795442400)

static cfc_small_cluster_t small;

static void begin(void)
{
    cfc_small_cluster_make(&small);
}

static void end(void)
{
    cfc_small_cluster_end(&small);
}

static const struct {
    const char *label;
    cfc_admin_t admin;
    cfc_health_t health;
    int in_flight, tunnels, users;
    bool drained, up, out;
    int age_min;                /* of httpd; 0: more than the window of CFSticky */
} rows[] = {
    {"active and idle", CFC_ADMIN_ACTIVE, CFC_HEALTH_UP, 0, 0, 0, false, true, false, 0},
    {"active and down", CFC_ADMIN_ACTIVE, CFC_HEALTH_DOWN, 0, 0, 0, false, false, true, 0},
    {"draining with users", CFC_ADMIN_DRAIN, CFC_HEALTH_UP, 0, 0, 2, false, false, false, 0},
    {"draining with a request", CFC_ADMIN_DRAIN, CFC_HEALTH_UP, 1, 0, 0, false, false, false, 0},
    {"draining, nobody left", CFC_ADMIN_DRAIN, CFC_HEALTH_UP, 0, 0, 0, true, false, false, 0},
    {"stopped with a request", CFC_ADMIN_STOP, CFC_HEALTH_UP, 1, 0, 0, false, false, false, 0},
    {"stopped with a tunnel", CFC_ADMIN_STOP, CFC_HEALTH_UP, 0, 1, 0, false, false, false, 0},
    {"stopped with users", CFC_ADMIN_STOP, CFC_HEALTH_UP, 0, 0, 2, true, false, true, 0},
    {"stopped and down", CFC_ADMIN_STOP, CFC_HEALTH_DOWN, 0, 0, 0, true, false, true, 0},
    {"draining, nobody known of yet", CFC_ADMIN_DRAIN, CFC_HEALTH_UP, 0, 0, 0, false, false, false,
     29},
    {"draining, nobody left at last", CFC_ADMIN_DRAIN, CFC_HEALTH_UP, 0, 0, 0, true, false, false,
     30},
    {"stopped early, its users are others'", CFC_ADMIN_STOP, CFC_HEALTH_UP, 0, 0, 0, true, false,
     true, 1},
};

START_TEST(what_is_waited_for_has_come_or_not)
{
    cfc_node_slot_t *slot = small.node1->slot;
    const bool want[] = {rows[_i].drained, rows[_i].up, rows[_i].out};

    if (rows[_i].age_min != 0) {
        small.conf->segment->sessions_from = NOW - apr_time_from_sec(60 * rows[_i].age_min);
    }
    atomic_store(&slot->admin, (uint32_t)rows[_i].admin);
    cfc_slot_health_set(slot, rows[_i].health,
                        rows[_i].health == CFC_HEALTH_UP ? CFC_CAUSE_NONE : CFC_CAUSE_HARD);
    for (int i = 0; i < rows[_i].in_flight; i++) {
        cfc_slot_begin(slot, -1);
    }
    for (int i = 0; i < rows[_i].tunnels; i++) {
        cfc_slot_tunnel_begin(slot, -1);
    }
    for (int i = 0; i < rows[_i].users; i++) {
        cfc_sessions_note(&slot->sessions, (uint64_t)i + 1, NOW, small.cl->sticky.window_ms);
    }
    for (int what = CFC_WAIT_DRAINED; what <= CFC_WAIT_OUT; what++) {
        const cfc_wait_t wait = {.conf = small.conf, .cl = small.cl, .node = small.node1,
                                 .what = what};
        const char *evidence;

        ck_assert_msg(cfc_wait_reached(&wait, NOW, &evidence, small.p) == want[what], "%s, %s: %s",
                      rows[_i].label, cfc_wait_word(&wait), evidence);
    }
}
END_TEST

Suite *cfc_wait_suite(void)
{
    Suite *suite = suite_create("wait");
    TCase *tcase = tcase_create("wait");

    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_loop_test(tcase, what_is_waited_for_has_come_or_not, 0, CFC_ROWS(rows));
    suite_add_tcase(suite, tcase);
    return suite;
}
