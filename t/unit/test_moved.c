/* SPDX-License-Identifier: Apache-2.0
 * test_moved.c: what is said of a node that could not take a request of its own. */
#include "lb/moved.h"

#include <string.h>

#include "t/unit/kit.h"
#include "t/unit/suites.h"

static const struct {
    const char *label;
    cfc_admin_t admin;
    cfc_health_t health;
    bool tried, ejected, anywhere;
    const char *want;
} rows[] = {
    {"asked in vain",      CFC_ADMIN_ACTIVE, CFC_HEALTH_UP,         true,  false, false, "failed"},
    {"asked, down now",    CFC_ADMIN_ACTIVE, CFC_HEALTH_DOWN,       true,  false, false, "failed"},
    {"stopped",            CFC_ADMIN_STOP,   CFC_HEALTH_UP,         false, false, false, "stopped"},
    {"stopped and down",   CFC_ADMIN_STOP,   CFC_HEALTH_DOWN,       false, false, false, "stopped"},
    {"down",               CFC_ADMIN_ACTIVE, CFC_HEALTH_DOWN,       false, false, false, "down"},
    {"drains, and down",   CFC_ADMIN_DRAIN,  CFC_HEALTH_DOWN,       false, false, false, "down"},
    {"comes back",         CFC_ADMIN_ACTIVE, CFC_HEALTH_RECOVERING, false, false, false,
     "recovering"},
    {"starts",             CFC_ADMIN_ACTIVE, CFC_HEALTH_STARTING,   false, false, false,
     "starting"},
    {"never probed",       CFC_ADMIN_ACTIVE, CFC_HEALTH_UNKNOWN,    false, false, false, "unknown"},
    {"ejected",            CFC_ADMIN_ACTIVE, CFC_HEALTH_UP,         false, true,  false, "ejected"},
    {"ejected, and down",  CFC_ADMIN_ACTIVE, CFC_HEALTH_DOWN,       false, true,  false, "down"},
    {"waited for it",      CFC_ADMIN_ACTIVE, CFC_HEALTH_UP,         false, false, true,  "full"},
    {"waited, drains",     CFC_ADMIN_DRAIN,  CFC_HEALTH_FAILING,    false, false, true,  "full"},
    {"waited, went down",  CFC_ADMIN_ACTIVE, CFC_HEALTH_DOWN,       false, false, true,  "down"},
    {"well by now",        CFC_ADMIN_ACTIVE, CFC_HEALTH_UP,         false, false, false, "down"},
};

START_TEST(a_moved_request_says_what_its_own_node_is)
{
    cfc_kit_t kit = cfc_kit_open("node1 node2");
    cfc_node_t *own = cfc_cluster_nodes(kit.cl)[1];
    cfc_ask_t ask = {.routes = {.nodes = {own}, .count = 1}, .anywhere = rows[_i].anywhere};
    const char *got;

    cfc_kit_state(own, rows[_i].admin, rows[_i].health, CFC_CAUSE_NONE);
    atomic_store(&own->slot->eject.until, rows[_i].ejected ? 1 : 0);
    if (rows[_i].tried) {
        cfc_tried_add(&ask.tried, kit.cl, own);
    }
    got = cfc_moved_reason(kit.cl, &ask);
    ck_assert_msg(strcmp(got, rows[_i].want) == 0, "%s: %s, expected %s", rows[_i].label, got,
                  rows[_i].want);
    cfc_kit_close(&kit);
}
END_TEST

Suite *cfc_moved_suite(void)
{
    Suite *suite = suite_create("lb/moved");
    TCase *tcase = tcase_create("moved");

    tcase_add_loop_test(tcase, a_moved_request_says_what_its_own_node_is, 0, CFC_ROWS(rows));
    suite_add_tcase(suite, tcase);
    return suite;
}
