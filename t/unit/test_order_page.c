/* SPDX-License-Identifier: Apache-2.0
 * test_order_page.c: what the page of an order says that it would do. */
#include <apr_strings.h>
#include <string.h>

#include "maint/status.h"
#include "maint/status_order.h"
#include "t/unit/small_cluster.h"
#include "t/unit/suites.h"

static cfc_small_cluster_t small;

static void begin(void)
{
    cfc_small_cluster_make(&small);
    cfc_small_cluster_depend(&small);
}

static void end(void)
{
    cfc_small_cluster_end(&small);
}

static void give(const char *node, const char *action, const char *until)
{
    cfc_order_t o = {.cluster = "confluence", .node = node, .action = action, .until = until,
                     .who = "anna", .address = "10.0.9.3", .force = true};

    ck_assert_int_eq(cfc_control(small.conf, &o, apr_time_now(), small.p).outcome,
                     CFC_OUTCOME_DONE);
}

static void nothing(void)
{
}

static void busy(void)
{
    for (uint64_t i = 1; i <= 40; i++) {
        cfc_sessions_note(&small.node1->slot->sessions, i * UINT64_C(0x9e3779b97f4a7c15),
                          apr_time_now(), small.cl->sticky.window_ms);
    }
    atomic_store(&small.node1->slot->traffic.tunnels, 3);
    atomic_store(&small.node1->slot->traffic.inflight, 1);
}

static void one_session(void)
{
    cfc_sessions_note(&small.node1->slot->sessions, 1, apr_time_now(),
                      small.cl->sticky.window_ms);
}

static void other_stopped(void)
{
    give("node2", "stop", NULL);
}

static void other_last_resort(void)
{
    busy();
    cfc_slot_health_set(small.node2->slot, CFC_HEALTH_DOWN, CFC_CAUSE_SOFT);
}

static void just_started(void)
{
    small.conf->segment->sessions_from = apr_time_now() - apr_time_from_sec(60);
}

static void drained(void)
{
    give("node1", "drain", "2h");
}

static void down(void)
{
    cfc_slot_health_set(small.node1->slot, CFC_HEALTH_DOWN, CFC_CAUSE_HARD);
}

static void closed(void)
{
    give(NULL, "maintenance-on", "2h");
}

static const struct {
    const char *label;
    void (*before)(void);
    const char *action, *node, *dependency;
    const char *says;
} rows[] = {
    {"title", nothing, "drain", "node1", NULL, "<h2 id=\"order-title\">Drain node1</h2>"},
    {"nobody there", nothing, "drain", "node1", NULL, "<li>It has no session.</li>"},
    {"new users", nothing, "drain", "node1", NULL, "<li>New users go to node2.</li>"},
    {"one stays", one_session, "drain", "node1", NULL, "<li>1 session stays until it ends.</li>"},
    {"they stay", busy, "drain", "node1", NULL, " sessions stay until they end.</li>"},
    {"tunnels stay", busy, "drain", "node1", NULL, "<li>3 open tunnels (WebSockets) stay.</li>"},
    {"one moves", one_session, "stop", "node1", NULL,
     "<li>1 session moves to node2 at the next click.</li>"},
    {"they move", busy, "stop", "node1", NULL, " sessions move to node2 at the next click.</li>"},
    {"requests end", busy, "stop", "node1", NULL, "<li>1 request at the node is finished.</li>"},
    {"tunnels end", busy, "stop", "node1", NULL, "<li>3 open tunnels (WebSockets) end within "},
    {"nobody is left", other_stopped, "stop", "node1", NULL,
     "<p>After this no node is left for anybody: all users see the outage page.</p>"},
    {"to be insisted on", other_stopped, "drain", "node1", NULL, "name=\"force\" value=\"1\""},
    {"to a last resort", other_last_resort, "stop", "node1", NULL,
     " sessions move to node2 as a last resort at the next click.</li>"},
    {"new ones too", other_last_resort, "drain", "node1", NULL,
     "<li>New users go to node2 as a last resort.</li>"},
    {"which is a warning", other_last_resort, "drain", "node1", NULL,
     "<div class=\"answer care\"><p>After this new users have only a last resort: node2, whose "
     "probes fail.</p></div>"},
    {"not known yet", just_started, "drain", "node1", NULL,
     "<li>About 0 sessions stay until they end.</li>\n<li>It may have more sessions: not all are "
     "known until 20"},
    {"its plan", drained, "drain", "node1", NULL, "<option value=\"until\" selected>"},
    {"another's plan", drained, "stop", "node1", NULL, "<option value=\"\" selected>"},
    {"well", drained, "activate", "node1", NULL, "<li>It takes new users.</li>"},
    {"not well", down, "activate", "node1", NULL,
     "<li>Its health is down: it takes new users when it is up.</li>"},
    {"probe", down, "recover", "node1", NULL, ">Probe now: node1</button>"},
    {"begin", nothing, "maintenance-on", NULL, NULL, ">Begin maintenance of confluence</button>"},
    {"interrupted", one_session, "maintenance-on", NULL, NULL, "<li>1 session is interrupted.</li>"},
    {"change", closed, "maintenance-on", NULL, NULL, ">Change maintenance of confluence</button>"},
    {"open", closed, "maintenance-off", NULL, NULL, "again at once; 2 of 2 are serving.</li>"},
    {"may fail", nothing, "ack", NULL, "replica", "name=\"dependency\" value=\"replica\""},
    {"watched", nothing, "unack", NULL, "replica", "Now it is at unknown.</li>"},
};

START_TEST(an_orders_page_tells_what_it_would_do)
{
    const cfc_order_t order = {.cluster = "confluence", .action = rows[_i].action,
                               .node = rows[_i].node, .dependency = rows[_i].dependency};
    cfc_status_page_t page = {.server = "x", .base = "x", .token = "x", .order = &order};
    cfc_preview_t preview;
    cfc_result_t bad;
    const char *html;

    rows[_i].before();
    ck_assert(cfc_preview(small.conf, &order, apr_time_now(), &preview, &bad, small.p));
    page.preview = &preview;
    html = cfc_status_html(cfc_status_look(small.conf, apr_time_now(), small.p), &page, small.p);
    ck_assert_msg(strstr(html, rows[_i].says) != NULL, "%s: %s", rows[_i].label,
                  strstr(html, "<section"));
}
END_TEST

START_TEST(looking_at_an_order_changes_nothing)
{
    const cfc_order_t order = {.cluster = "confluence", .action = "stop", .node = "node1",
                               .force = true, .deadline = "nonsense"};
    cfc_preview_t preview;
    cfc_result_t bad;

    ck_assert(cfc_preview(small.conf, &order, apr_time_now(), &preview, &bad, small.p));
    ck_assert_ptr_null(preview.harm);
    ck_assert_int_eq(cfc_slot_admin(small.node1->slot), CFC_ADMIN_ACTIVE);
    ck_assert_uint_eq(atomic_load(&small.conf->segment->changes), 0);
}
END_TEST

Suite *cfc_order_page_suite(void)
{
    Suite *suite = suite_create("order_page");
    TCase *tcase = tcase_create("order_page");

    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_loop_test(tcase, an_orders_page_tells_what_it_would_do, 0, CFC_ROWS(rows));
    tcase_add_test(tcase, looking_at_an_order_changes_nothing);
    suite_add_tcase(suite, tcase);
    return suite;
}
