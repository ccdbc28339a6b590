/* SPDX-License-Identifier: Apache-2.0
 * test_status_json.c: what the status says, as JSON, as a page and as text. */
#include <jansson.h>
#include <string.h>

#include "maint/status.h"
#include "t/unit/small_cluster.h"
#include "t/unit/suites.h"

static cfc_small_cluster_t small;

static void begin(void)
{
    cfc_small_cluster_make(&small);
    atomic_store(&small.conf->segment->monitor_beat_at, apr_time_now());
}

static void end(void)
{
    cfc_small_cluster_end(&small);
}

static cfc_status_t *look(void)
{
    return cfc_status_look(small.conf, apr_time_now(), small.p);
}

static json_t *as_json(void)
{
    json_error_t error;
    const char *text = cfc_status_json(look(), small.p);
    json_t *json;

    ck_assert_ptr_nonnull(text);
    json = json_loads(text, 0, &error);
    ck_assert_msg(json != NULL, "%s", error.text);
    return json;
}

static void order(const char *node, const char *action, const char *reason)
{
    cfc_order_t o = {.cluster = "confluence", .node = node, .action = action, .reason = reason,
                     .who = "anna", .address = "10.0.9.3", .force = true};
    cfc_result_t result = cfc_control(small.conf, &o, apr_time_now(), small.p);

    ck_assert_msg(result.outcome == CFC_OUTCOME_DONE, "%s", result.text);
}

static void set_health(const cfc_node_t *node, cfc_health_t health, cfc_cause_t cause,
                       const char *reason)
{
    cfc_probe_result_t probe = {.at = apr_time_now(), .duration_ms = 7, .code = 0};

    strcpy(probe.reason, reason);
    cfc_slot_health_set(node->slot, health, cause);
    cfc_history_add(&node->slot->probes[0].history, &probe);
}

/* Every name that scripts may rely on. Taking one away needs a new version. */
START_TEST(version_1_has_these_names)
{
    static const char *const names[] = {
        "name", "url", "route", "weight", "tier", "effective", "share_pct", "reported_pct", "why",
        "sessions", "sessions_known_at", "admin", "drain", "health", "probe", "probes", "traffic"};
    json_t *json, *node, *ignored;
    const char *effective;

    set_health(small.node1, CFC_HEALTH_UP, CFC_CAUSE_NONE, "200 RUNNING");
    json = as_json();
    ck_assert_int_eq(
        json_unpack(json, "{s:o, s:o, s:o, s:s, s:s, s:{s:b, s:o}, s:{s:b, s:o}, s:[{s:s, s:s, "
                    "s:s, s:s, s:o, s:o, s:o, s:o, s:i, s:i, s:i, s:i, s:i, s:[o]}]}",
                    "version", &ignored, "now", &ignored, "generation", &ignored,
                    "level", &effective, "text", &effective,
                    "monitor", "alive", &(int){0}, "beat_at", &ignored,
                    "store", "writable", &(int){0}, "trouble", &ignored,
                    "clusters", "name", &effective, "state", &effective, "level", &effective,
                    "text", &effective, "message", &ignored, "who", &ignored, "since", &ignored,
                    "until", &ignored, "refused", &(int){0}, "logins_failed", &(int){0},
                    "logins_refused", &(int){0}, "waiting", &(int){0}, "serving", &(int){0}, "nodes", &node), 0);
    for (int i = 0; i < CFC_ROWS(names); i++) {
        ck_assert_msg(json_object_get(node, names[i]) != NULL, "%s", names[i]);
    }
    ck_assert_int_eq(
        json_unpack(node, "{s:s, s:{s:s, s:s, s:n, s:n, s:n}, s:{s:s, s:s, s:o, s:i}, "
                    "s:{s:s, s:b, s:o, s:i, s:s}, s:{s:i, s:i, s:{s:i, s:i, s:i, s:i, s:i, s:i}, "
                    "s:i, s:i, s:i, s:i, s:i}}",
                    "effective", &effective,
                    "admin", "state", &(char *){0}, "configured", &(char *){0}, "reason", "who",
                    "since",
                    "health", "state", &(char *){0}, "cause", &(char *){0}, "since", &ignored,
                    "streak", &(int){0},
                    "probe", "at", &(char *){0}, "good", &(int){0}, "code", &ignored,
                    "duration_ms", &(int){0}, "reason", &(char *){0},
                    "traffic", "in_flight", &(int){0}, "requests", &(int){0}, "answers", "none",
                    &(int){0}, "1xx", &(int){0}, "2xx", &(int){0}, "3xx", &(int){0}, "4xx",
                    &(int){0}, "5xx", &(int){0}, "new_sessions", &(int){0}, "connect_failures",
                    &(int){0}, "retried_elsewhere", &(int){0}, "bytes_to", &(int){0},
                    "bytes_from", &(int){0}), 0);
    ck_assert_str_eq(effective, "serving");
    json_decref(json);
}
END_TEST

/* Both nodes' health, node2's admin state, maintenance. */
static const struct {
    const char *label;
    cfc_health_t health1, health2;
    cfc_cause_t cause2;
    const char *action2;
    bool closed, silent;
    const char *level, *says;
} views[] = {
    {"all well", CFC_HEALTH_UP, CFC_HEALTH_UP, CFC_CAUSE_NONE, NULL, false, false, "ok",
     "All is well"},
    {"one down", CFC_HEALTH_UP, CFC_HEALTH_DOWN, CFC_CAUSE_HARD, NULL, false, false, "degraded",
     "not every node of confluence"},
    {"one drained", CFC_HEALTH_UP, CFC_HEALTH_UP, CFC_CAUSE_NONE, "drain", false, false,
     "degraded", "not every node of confluence"},
    {"only a last resort", CFC_HEALTH_DOWN, CFC_HEALTH_DOWN, CFC_CAUSE_SOFT, NULL, false, false,
     "degraded", "not every node of confluence"},
    {"only a draining one", CFC_HEALTH_DOWN, CFC_HEALTH_UP, CFC_CAUSE_NONE, "drain", false, false,
     "outage", "no node takes new users of confluence"},
    {"none", CFC_HEALTH_DOWN, CFC_HEALTH_DOWN, CFC_CAUSE_HARD, NULL, false, false, "outage",
     "Outage"},
    {"closed, none", CFC_HEALTH_DOWN, CFC_HEALTH_DOWN, CFC_CAUSE_HARD, NULL, true, false,
     "maintenance", "In maintenance: confluence"},
    {"monitor silent", CFC_HEALTH_UP, CFC_HEALTH_UP, CFC_CAUSE_NONE, NULL, false, true, "degraded",
     "needs attention"},
};

START_TEST(the_overview_tells_what_is_not_well)
{
    cfc_status_t *status;

    set_health(small.node1, views[_i].health1,
               views[_i].health1 == CFC_HEALTH_UP ? CFC_CAUSE_NONE : CFC_CAUSE_HARD, "x");
    set_health(small.node2, views[_i].health2, views[_i].cause2, "x");
    if (views[_i].action2 != NULL) {
        order("node2", views[_i].action2, NULL);
    }
    if (views[_i].closed) {
        order(NULL, "maintenance-on", NULL);
    }
    if (views[_i].silent) {
        atomic_store(&small.conf->segment->monitor_beat_at,
                     apr_time_now() - apr_time_from_sec(4));
    }
    status = look();
    ck_assert_msg(strcmp(cfc_level_word(status->level), views[_i].level) == 0, "%s: %s",
                  views[_i].label, cfc_level_word(status->level));
    ck_assert_msg(strstr(status->text, views[_i].says) != NULL, "%s: %s", views[_i].label,
                  status->text);
}
END_TEST

static const struct {
    const char *label;
    int days;                   /* that the certificate of node1 is valid */
    const char *level, *says;
} certificates[] = {
    {"for long",     100, "ok",       "2 of 2 nodes serving"},
    {"not for long", 10,  "degraded", "2 of 2 nodes serving; the certificate of node1 expires in "
                                "10 days"},
    {"over",         -3,  "degraded", "2 of 2 nodes serving; the certificate of node1 expired on"},
};

START_TEST(a_certificate_that_ends_needs_a_person)
{
    cfc_status_t *status;

    set_health(small.node1, CFC_HEALTH_UP, CFC_CAUSE_NONE, "200 RUNNING");
    set_health(small.node2, CFC_HEALTH_UP, CFC_CAUSE_NONE, "200 RUNNING");
    atomic_store(&small.node1->slot->probes[0].certificate_end,
                 apr_time_now() + apr_time_from_sec(certificates[_i].days * 86400 + 3600));
    status = look();
    ck_assert_msg(strcmp(cfc_level_word(status->level), certificates[_i].level) == 0, "%s: %s",
                  certificates[_i].label, cfc_level_word(status->level));
    ck_assert_msg(strstr(status->clusters[0].text, certificates[_i].says) != NULL, "%s: %s",
                  certificates[_i].label, status->clusters[0].text);
}
END_TEST

START_TEST(why_a_node_does_not_serve_is_told_with_people_first)
{
    cfc_status_t *status;

    order("node1", "drain", "upgrade");
    set_health(small.node1, CFC_HEALTH_DOWN, CFC_CAUSE_HARD, "connection refused");
    set_health(small.node2, CFC_HEALTH_DOWN, CFC_CAUSE_SOFT, "no answer within 800ms");
    status = look();
    ck_assert_str_eq(status->clusters[0].nodes[0].why,
                     "draining by anna: upgrade, and health down (connection refused)");
    ck_assert_str_eq(status->clusters[0].nodes[1].why, "health down (no answer within 800ms)");
}
END_TEST

START_TEST(a_warming_node_serves_and_says_how_warm_it_is)
{
    const cfc_status_page_t page = {.server = "x", .base = "x", .token = "x"};
    cfc_node_view_t *node;
    cfc_status_t *status;

    small.cl->slow_start_ms = 60000;
    small.node2->tier = 1;
    cfc_slot_returned(small.node2->slot, apr_time_now() - apr_time_from_sec(30), true);
    cfc_sessions_note(&small.node2->slot->sessions, 1, apr_time_now(), 1800000);
    status = look();
    node = &status->clusters[0].nodes[1];
    ck_assert_str_eq(cfc_effective_word(node->effective), "warming");
    ck_assert_int_ge(node->share_pct, 50);
    ck_assert_int_lt(node->share_pct, 60);
    ck_assert_ptr_nonnull(strstr(node->why, "% of its share of new sessions"));
    ck_assert_int_eq(status->clusters[0].serving, 2);
    ck_assert_int_eq(status->level, CFC_LEVEL_OK);
    ck_assert_uint_eq(node->users.sessions, 1);
    ck_assert_ptr_nonnull(strstr(cfc_status_html(status, &page, small.p), "tier 1"));
    ck_assert_int_eq(status->clusters[0].nodes[0].share_pct, 100);
}
END_TEST

static const struct {
    const char *label, *path, *from;
    cfc_health_t health;
    const char *level, *text, *line;
} maintenances[] = {
    {"a path", "/synchrony", NULL, CFC_HEALTH_UP, "maintenance",
     "In maintenance: /synchrony of confluence.",
     "<li><bdi>/synchrony</bdi> of confluence is in maintenance</li>"},
    {"a path, and a node is down", "/synchrony", NULL, CFC_HEALTH_DOWN, "degraded",
     "It works, but not every node of confluence is serving.",
     "<li><bdi>/synchrony</bdi> of confluence is in maintenance</li>"},
    {"a path later", "/synchrony", "2h", CFC_HEALTH_UP, "ok",
     "All is well: every node of confluence is serving.",
     "<li><bdi>/synchrony</bdi> of confluence will be in maintenance from 20"},
    {"all of it", NULL, NULL, CFC_HEALTH_UP, "maintenance", "In maintenance: confluence.",
     "<li>confluence is in maintenance</li>"},
    {"all of it later", NULL, "2h", CFC_HEALTH_UP, "ok",
     "All is well: every node of confluence is serving.",
     "<li>confluence will be in maintenance from 20"},
};

START_TEST(what_people_close_or_will_close_is_in_the_overview)
{
    const cfc_status_page_t page = {.server = "x", .base = "x", .token = "x"};
    const cfc_order_t order = {.cluster = "confluence", .action = "maintenance-on",
                               .path = maintenances[_i].path, .from = maintenances[_i].from,
                               .who = "anna", .address = "10.0.9.3"};
    cfc_status_t *status;

    cfc_slot_health_set(small.node2->slot, maintenances[_i].health, CFC_CAUSE_NONE);
    ck_assert_int_eq(cfc_control(small.conf, &order, apr_time_now(), small.p).outcome,
                     CFC_OUTCOME_DONE);
    status = look();
    ck_assert_msg(strcmp(cfc_level_word(status->level), maintenances[_i].level) == 0, "%s: %s",
                  maintenances[_i].label, cfc_level_word(status->level));
    ck_assert_msg(strcmp(status->text, maintenances[_i].text) == 0, "%s: %s",
                  maintenances[_i].label, status->text);
    ck_assert_msg(strstr(cfc_status_html(status, &page, small.p), maintenances[_i].line) != NULL,
                  "%s", maintenances[_i].label);
}
END_TEST

/* What stands in shared memory of a dependency that was looked at now. */
static void set_found(const cfc_dependency_t *dependency, cfc_dependency_state_t state,
                      const char *reason)
{
    cfc_found_t found = {.at = apr_time_now(), .state = state};

    strcpy(found.reason, reason);
    cfc_record_write(&dependency->slot->found, &found, sizeof(found));
}

START_TEST(an_acknowledged_alarm_is_shown_and_is_no_alarm)
{
    const cfc_status_page_t page = {.server = "x", .base = "x", .token = "x"};
    const cfc_order_t ack = {.cluster = "confluence", .dependency = "replica", .action = "ack",
                             .until = "4h", .reason = "<backup>", .who = "anna",
                             .address = "10.0.9.3"};
    const char *state, *who, *reason, *until, *html;
    json_t *json, *dependency;

    cfc_small_cluster_depend(&small);
    set_found(small.replica, CFC_DEPENDENCY_ALARM, "its SQL thread does not run");
    ck_assert_int_eq(look()->level, CFC_LEVEL_DEGRADED);
    ck_assert_int_eq(cfc_control(small.conf, &ack, apr_time_now(), small.p).outcome,
                     CFC_OUTCOME_DONE);
    ck_assert_int_eq(look()->level, CFC_LEVEL_OK);
    ck_assert_str_eq(look()->clusters[0].text, "2 of 2 nodes serving");
    json = as_json();
    ck_assert_int_eq(json_unpack(json, "{s:[{s:[o, o]}]}", "clusters", "dependencies",
                                 &(json_t *){NULL}, &dependency), 0);
    ck_assert_int_eq(json_unpack(dependency, "{s:s, s:{s:s, s:s, s:s}}", "state", &state, "acknowledged",
                                 "who", &who, "until", &until, "reason", &reason), 0);
    ck_assert_str_eq(state, "alarm");
    ck_assert_str_eq(who, "anna");
    ck_assert_str_eq(reason, "<backup>");
    json_decref(json);
    html = cfc_status_html(look(), &page, small.p);
    ck_assert_ptr_nonnull(strstr(html, "acknowledged by <bdi>anna</bdi> until "));
    ck_assert_ptr_nonnull(strstr(html, "&lt;backup&gt;"));
    set_found(small.master, CFC_DEPENDENCY_ALARM, "no answer");
    ck_assert_int_eq(look()->level, CFC_LEVEL_DEGRADED);
    ck_assert_str_eq(look()->clusters[0].text, "2 of 2 nodes serving; master: no answer");
}
END_TEST

static const char evil[] = "\"><script>alert('\xff')</script>";

START_TEST(json_stays_json_whatever_people_and_nodes_say)
{
    json_t *json;
    const char *reason, *probe;

    order("node1", "drain", evil);
    set_health(small.node1, CFC_HEALTH_DOWN, CFC_CAUSE_SOFT, evil);
    json = as_json();
    ck_assert_int_eq(json_unpack(json, "{s:[{s:[{s:{s:s}, s:{s:s}}]}]}", "clusters", "nodes",
                                 "admin", "reason", &reason, "probe", "reason", &probe), 0);
    ck_assert_str_eq(reason, "\"><script>alert('\xEF\xBF\xBD')</script>");
    ck_assert_str_eq(probe, reason);
    json_decref(json);
}
END_TEST

START_TEST(the_page_stays_a_page_whatever_people_and_nodes_say)
{
    const cfc_result_t answer = {.outcome = CFC_OUTCOME_REFUSED, .text = evil};
    const cfc_order_t refused = {.cluster = "confluence", .node = "node1", .action = "drain",
                                 .reason = evil};
    const cfc_preview_t preview = {.cluster = "confluence", .node = "node1", .harm = evil};
    const cfc_status_page_t pages[] = {
        {.server = evil, .base = evil, .token = evil, .answer = &answer},
        {.server = evil, .base = evil, .token = evil, .answer = &answer, .preview = &preview,
         .order = &refused},
    };
    const char *html;

    small.node1->url = evil;
    order("node1", "drain", evil);
    order(NULL, "maintenance-on", NULL);
    set_health(small.node1, CFC_HEALTH_DOWN, CFC_CAUSE_SOFT, evil);
    for (int i = 0; i < 2; i++) {
        html = cfc_status_html(look(), &pages[i], small.p);
        ck_assert_ptr_null(strstr(html, "<script>"));
        ck_assert_ptr_null(strstr(html, "alert('"));
        ck_assert_ptr_null(strstr(html, "{{"));
    }
    ck_assert_ptr_nonnull(strstr(html, "name=\"force\" value=\"1\""));
}
END_TEST

START_TEST(samples_stay_samples_whatever_names_there_are)
{
    small.node1->name = "a\"} 1\n\\";
    ck_assert_ptr_nonnull(strstr(cfc_status_prometheus(look(), small.p),
                                 "\ncfcluster_node_tunnels{cluster=\"confluence\","
                                 "node=\"a\\\"} 1 \\\\\"} 0\n"));
}
END_TEST

START_TEST(the_line_for_checks_is_one_line_whatever_people_say)
{
    const char *line;

    order("node1", "drain", "a\nok: b\r\n");
    line = cfc_status_plain(look(), small.p);
    ck_assert_int_eq(strncmp(line, "degraded: ", 10), 0);
    ck_assert_uint_eq(strcspn(line, "\r\n"), strlen(line) - 1);
}
END_TEST

START_TEST(a_page_without_any_cluster_says_so)
{
    apr_array_clear(small.conf->clusters);
    ck_assert_str_eq(look()->text, "No cluster is configured.");
}
END_TEST

Suite *cfc_status_json_suite(void)
{
    Suite *suite = suite_create("status");
    TCase *tcase = tcase_create("status");

    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, version_1_has_these_names);
    tcase_add_loop_test(tcase, the_overview_tells_what_is_not_well, 0,
                        CFC_ROWS(views));
    tcase_add_test(tcase, why_a_node_does_not_serve_is_told_with_people_first);
    tcase_add_loop_test(tcase, a_certificate_that_ends_needs_a_person, 0,
                        CFC_ROWS(certificates));
    tcase_add_test(tcase, a_warming_node_serves_and_says_how_warm_it_is);
    tcase_add_loop_test(tcase, what_people_close_or_will_close_is_in_the_overview, 0,
                        CFC_ROWS(maintenances));
    tcase_add_test(tcase, an_acknowledged_alarm_is_shown_and_is_no_alarm);
    tcase_add_test(tcase, json_stays_json_whatever_people_and_nodes_say);
    tcase_add_test(tcase, the_page_stays_a_page_whatever_people_and_nodes_say);
    tcase_add_test(tcase, samples_stay_samples_whatever_names_there_are);
    tcase_add_test(tcase, the_line_for_checks_is_one_line_whatever_people_say);
    tcase_add_test(tcase, a_page_without_any_cluster_says_so);
    suite_add_tcase(suite, tcase);
    return suite;
}
