/* SPDX-License-Identifier: Apache-2.0
 * test_gates.c: when each gate is met, when not, and when nobody knows. */
#include <string.h>

#include "health/evidence.h"
#include "maint/gates.h"
#include "t/unit/kit.h"
#include "t/unit/suites.h"

#define NOW apr_time_from_sec(1795442400)       /* 2026-11-23T14:00:00Z */
#define SECONDS(n) apr_time_from_sec(n)

/* Two nodes that serve, a source and its replica in sync, a directory; nobody is connected. */
typedef struct {
    cfc_status_t status;
    cfc_cluster_view_t cl;
    cfc_node_view_t nodes[2];
    cfc_probe_view_t probes[3];     /* one each, and a second one of node1 if a test has it */
    cfc_probe_result_t results[3];
    cfc_dependency_t conf[3];
    cfc_dependency_view_t dependencies[3];
} world_t;

static world_t world;
static apr_pool_t *p;

#define NODE1 world.nodes[0]
#define NODE2 world.nodes[1]
#define MASTER world.dependencies[0].found
#define REPLICA world.dependencies[1].found
#define AD world.dependencies[2].found

static void set_node(cfc_node_view_t *node, cfc_health_t health, cfc_cause_t cause, int code,
                     const char *reason)
{
    cfc_probe_view_t *probe = node->probes;

    node->health = probe->health = health;
    node->cause = probe->cause = cause;
    probe->timeout_ms = 800;
    probe->history->at = NOW;
    probe->history->code = code;
    strcpy(probe->history->reason, reason);
    probe->history_count = reason[0] != '\0';
    node->probe = *probe->history;
}

static void up(cfc_node_view_t *node)
{
    set_node(node, CFC_HEALTH_UP, CFC_CAUSE_NONE, 200, "200 RUNNING");
}

static void refused(cfc_node_view_t *node)
{
    set_node(node, CFC_HEALTH_DOWN, CFC_CAUSE_HARD, 0, CFC_NOBODY_LISTENS);
}

static void add_dependency(int i, const char *name, int kind, const char *of)
{
    cfc_dependency_view_t *view = &world.dependencies[i];

    world.conf[i].name = name;
    world.conf[i].kind = kind;
    world.conf[i].of = of;
    world.conf[i].timeout_ms = 3000;
    view->conf = &world.conf[i];
    view->found.at = NOW;
    view->found.state = CFC_DEPENDENCY_OK;
    view->found.reached = 1;
    strcpy(view->found.reason, "answers");
}

static void begin(void)
{
    memset(&world, 0, sizeof(world));
    apr_pool_create(&p, NULL);
    world.status.now = NOW;
    world.status.monitor_beat_at = NOW;
    world.cl.name = "confluence";
    world.cl.nodes = world.nodes;
    world.cl.nodes_count = world.cl.serving = 2;
    NODE1.name = "node1";
    NODE2.name = "node2";
    for (int i = 0; i < 3; i++) {
        world.probes[i].history = &world.results[i];
    }
    NODE1.probes = &world.probes[0];
    NODE2.probes = &world.probes[2];
    NODE1.probes_count = NODE2.probes_count = 1;
    up(&NODE1);
    up(&NODE2);
    add_dependency(0, "master", CFC_DEPENDENCY_MYSQL, NULL);
    add_dependency(1, "replica", CFC_DEPENDENCY_MYSQL, "master");
    add_dependency(2, "ad", CFC_DEPENDENCY_LDAP, NULL);
    world.cl.dependencies = world.dependencies;
    world.cl.dependencies_count = 3;
    MASTER.quiet_since = NOW - SECONDS(60);
    REPLICA.in_sync = CFC_TRUTH_YES;
    REPLICA.in_sync_at = NOW - SECONDS(1);
}

static void end(void)
{
    apr_pool_destroy(p);
}

/* What is other than in begin(). */

static void as_it_is(void)
{
}

static void monitor_silent(void)
{
    world.status.monitor_silent = true;
}

static void monitor_never(void)
{
    world.status.monitor_silent = true;
    world.status.monitor_beat_at = 0;
}

static void closed(void)
{
    world.cl.closed = true;
}

static void one_refuses(void)
{
    refused(&NODE1);
    world.cl.serving = 1;
}

static void both_refuse(void)
{
    refused(&NODE1);
    refused(&NODE2);
    world.cl.serving = 0;
}

static void both_refuse_silent(void)
{
    both_refuse();
    monitor_silent();
}

static void one_hangs(void)
{
    both_refuse();
    set_node(&NODE1, CFC_HEALTH_DOWN, CFC_CAUSE_SOFT, 0, "no answer within 800ms");
}

static void one_is_not_reached(void)
{
    both_refuse();
    set_node(&NODE1, CFC_HEALTH_DOWN, CFC_CAUSE_HARD, 0, "no route to host");
}

static void one_is_without_its_application(void)
{
    both_refuse();
    set_node(&NODE1, CFC_HEALTH_DOWN, CFC_CAUSE_HARD, 404, "404 not found");
}

static void one_says_first_run(void)
{
    both_refuse();
    set_node(&NODE1, CFC_HEALTH_DOWN, CFC_CAUSE_REFUSED, 200, "FIRST_RUN");
}

static void one_said_so_and_is_stopped(void)
{
    both_refuse();
    set_node(&NODE1, CFC_HEALTH_DOWN, CFC_CAUSE_REFUSED, 0, CFC_NOBODY_LISTENS);
}

static void one_starts(void)
{
    both_refuse();
    set_node(&NODE1, CFC_HEALTH_STARTING, CFC_CAUSE_NONE, 503, "STARTING");
}

static void one_fails(void)
{
    both_refuse();
    set_node(&NODE1, CFC_HEALTH_FAILING, CFC_CAUSE_HARD, 0, CFC_NOBODY_LISTENS);
}

static void one_recovers(void)
{
    both_refuse();
    set_node(&NODE1, CFC_HEALTH_RECOVERING, CFC_CAUSE_HARD, 200, "200 RUNNING");
}

/* Its other probe is refused, which makes its health, while Confluence runs. */
static void only_synchrony_is_stopped(void)
{
    refused(&NODE1);
    world.probes[1] = world.probes[0];
    world.probes[1].name = "synchrony";
    world.probes[1].history = &world.results[1];
    world.results[1] = world.results[0];
    NODE1.probes_count = 2;
    world.probes[0].name = "status";
    world.probes[0].health = CFC_HEALTH_UP;
    strcpy(world.results[0].reason, "200 RUNNING");
}

static void both_are_stopped(void)
{
    only_synchrony_is_stopped();
    world.probes[0].health = CFC_HEALTH_DOWN;
    world.results[0] = world.results[1];
}

static void nothing_known(void)
{
    both_refuse();
    set_node(&NODE1, CFC_HEALTH_UNKNOWN, CFC_CAUSE_NONE, 0, "");
}

/* Both are probed once an hour while they are down. */
static void both_refused_long_ago(void)
{
    both_refuse();
    world.results[0].at = NOW - SECONDS(3000);
}

static void both_refused_a_moment_ago(void)
{
    both_refuse();
    world.results[0].at = world.results[2].at = NOW - apr_time_from_msec(5800);
}

static void the_clock_was_set_back(void)
{
    both_refuse();
    world.results[0].at = NOW + SECONDS(3600);
}

static void one_probe_is_old(void)
{
    both_are_stopped();
    world.results[1].at = NOW - SECONDS(6);
}

static void up_long_ago(void)
{
    world.results[0].at = NOW - SECONDS(60);
}

static void drained(void)
{
    NODE1.admin = CFC_ADMIN_DRAIN;
}

static void drained_with_users(void)
{
    drained();
    NODE1.users.sessions = 3;
}

static void drained_after_a_start(void)
{
    drained();
    NODE1.users.known_at = NOW + 1;
}

static void stopped_after_a_start(void)
{
    drained_after_a_start();
    NODE1.admin = CFC_ADMIN_STOP;
}

static void drained_with_a_request(void)
{
    drained();
    NODE1.in_flight = 1;
}

static void drained_with_a_tunnel(void)
{
    drained();
    NODE1.tunnels = 1;
}

static void stopped_with_users_elsewhere(void)
{
    NODE1.admin = CFC_ADMIN_STOP;
    NODE1.users.sessions = 3;
}

static void in_use(void)
{
    cfc_found_hosts_t *hosts = &world.dependencies[0].hosts;

    MASTER.connections = 3;
    MASTER.quiet_since = 0;
    hosts->count = 2;
    hosts->hosts[0] = (cfc_db_host_t){"10.0.0.11", 2};
    hosts->hosts[1] = (cfc_db_host_t){"10.0.0.12", 1};
}

static void others_in_use(void)
{
    MASTER.elsewhere = 3;
}

static void no_such_database(void)
{
    others_in_use();
    MASTER.connections = CFC_DB_NUMBER_UNKNOWN;
    MASTER.database = CFC_TRUTH_NO;
    world.conf[0].path = "confluenc";
}

static void connections_hidden(void)
{
    MASTER.connections = CFC_DB_NUMBER_UNKNOWN;
    MASTER.quiet_since = 0;
    strcpy(world.dependencies[0].words.missing, "PROCESS");
}

static void master_down(void)
{
    MASTER.state = CFC_DEPENDENCY_ALARM;
    MASTER.reached = 0;
    MASTER.quiet_since = 0;
    strcpy(MASTER.reason, "no answer within 2000 ms");
    REPLICA.in_sync = CFC_TRUTH_UNKNOWN;
    REPLICA.state = CFC_DEPENDENCY_UNKNOWN;
    strcpy(REPLICA.reason, "master could not be read");
}

static void master_refuses(void)
{
    master_down();
    strcpy(MASTER.reason, CFC_DATABASE_STOPPED);
}

static void master_is_forbidden_to_us(void)
{
    master_down();
    strcpy(MASTER.reason, "connecting failed: 1045 Access denied");
}

static void master_is_read_only(void)
{
    MASTER.state = CFC_DEPENDENCY_ALARM;
    strcpy(MASTER.reason, "read-only: applications cannot write (read_only=ON)");
}

static void replica_behind(void)
{
    REPLICA.in_sync = CFC_TRUTH_NO;
    strcpy(REPLICA.reason, "behind by less than a minute");
}

static void master_seen(int seconds)
{
    MASTER.at = NOW - SECONDS(seconds);
}

static void master_seen_long_ago(void)
{
    master_seen(7200);
}

static void master_seen_just_now(void)
{
    master_seen(8);
}

static void master_seen_this_minute(void)
{
    master_seen(33);
}

static void in_use_long_ago(void)
{
    in_use();
    master_seen(60);
}

static void replica_seen_long_ago(void)
{
    REPLICA.at = NOW - SECONDS(9);
}

static void directory_seen_long_ago(void)
{
    AD.at = NOW - SECONDS(34);
}

static void replica_in_use(void)
{
    world.dependencies[1].found.connections = 1;
}

static void proven_too_early(void)
{
    MASTER.quiet_since = NOW - SECONDS(0);
}

static void master_not_looked_at(void)
{
    MASTER.state = CFC_DEPENDENCY_UNKNOWN;
    MASTER.reached = 0;
    strcpy(MASTER.reason, "not looked at for 60 s");
}

static void master_with_a_warning(void)
{
    MASTER.state = CFC_DEPENDENCY_WARNING;
    strcpy(MASTER.reason, "its certificate expires in 3 days");
}

static void directory_down(void)
{
    AD.state = CFC_DEPENDENCY_ALARM;
    strcpy(AD.reason, "connecting failed");
}

static void directory_not_looked_at(void)
{
    AD.at = 0;
    AD.state = CFC_DEPENDENCY_UNKNOWN;
    strcpy(AD.reason, "not looked at yet");
}

static void no_dependencies(void)
{
    world.cl.dependencies_count = 0;
}

#define MET CFC_GATE_MET
#define NOT_MET CFC_GATE_NOT_MET
#define UNKNOWN CFC_GATE_UNKNOWN

static const struct {
    const char *gate;
    void (*given)(void);
    cfc_gate_verdict_t want;
    const char *evidence;
} rows[] = {
    {"monitor-alive", as_it_is, MET, "showed itself last at 2026-11-23T14:00:00Z"},
    {"monitor-alive", monitor_silent, NOT_MET, "showed itself last at 2026-11-23T14:00:00Z"},
    {"monitor-alive", monitor_never, NOT_MET, "not begun yet"},

    {"maintenance-on", as_it_is, NOT_MET, "open"},
    {"maintenance-on", closed, MET, "closed"},
    {"maintenance-off", as_it_is, MET, "open"},
    {"maintenance-off", closed, NOT_MET, "closed"},

    {"all-serving", as_it_is, MET, "2 of 2 nodes serving"},
    {"all-serving", one_refuses, NOT_MET, "1 of 2 nodes serving"},
    {"all-serving", monitor_silent, UNKNOWN, "the monitor is silent"},
    {"serving-at-least:2", as_it_is, MET, "2 of 2"},
    {"serving-at-least:2", one_refuses, NOT_MET, "1 of 2"},
    {"serving-at-least:1", one_refuses, MET, "1 of 2"},
    {"serving-at-least:1", both_refuse, NOT_MET, "0 of 2"},
    {"serving-at-least:1", monitor_silent, UNKNOWN, "the monitor is silent"},

    {"nodes-stopped", both_refuse, MET,
     "node1 is down (connection refused); node2 is down (connection refused)"},
    {"nodes-stopped", one_refuses, NOT_MET, "node2 is up (200 RUNNING)"},
    {"nodes-stopped", one_hangs, UNKNOWN, "node1 is down (no answer within 800ms)"},
    {"nodes-stopped", both_refuse_silent, UNKNOWN, "the monitor is silent"},
    {"nodes-stopped", nothing_known, UNKNOWN, "node1 is unknown"},

    {"node-stopped:node1", both_refuse, MET, "node1 is down (connection refused)"},
    {"node-stopped:node2", one_refuses, NOT_MET, "node2 is up"},
    {"node-stopped:node1", as_it_is, NOT_MET, "node1 is up (200 RUNNING)"},
    {"node-stopped:node1", one_hangs, UNKNOWN, "no answer within 800ms"},
    {"node-stopped:node1", one_is_not_reached, UNKNOWN, "no route to host"},
    {"node-stopped:node1", one_is_without_its_application, NOT_MET, "404"},
    {"node-stopped:node1", one_says_first_run, NOT_MET, "FIRST_RUN"},
    {"node-stopped:node1", one_said_so_and_is_stopped, MET, "connection refused"},
    {"node-stopped:node1", one_starts, NOT_MET, "STARTING"},
    {"node-stopped:node1", one_recovers, NOT_MET, "recovering"},
    {"node-stopped:node1", only_synchrony_is_stopped, NOT_MET,
     "node1 is up by status (200 RUNNING)"},
    {"node-stopped:node1", both_are_stopped, MET, "node1 is down by synchrony (connection refused)"},
    {"node-stopped:node1", one_fails, UNKNOWN, "failing"},
    {"node-stopped:node1", nothing_known, UNKNOWN, "unknown"},
    {"node-stopped:node1", both_refuse_silent, UNKNOWN, "the monitor is silent"},

    {"node-stopped:node1", both_refused_long_ago, UNKNOWN,
     "node1 is down (connection refused), as of 50 min ago"},
    {"node-stopped:node2", both_refused_long_ago, MET, "node2 is down"},
    {"nodes-stopped", both_refused_long_ago, UNKNOWN, "node1 is down (connection refused), as of"},
    {"nodes-stopped", both_refused_a_moment_ago, MET, "node1 is down (connection refused);"},
    {"node-stopped:node1", the_clock_was_set_back, UNKNOWN, "connection refused"},
    {"node-stopped:node1", one_probe_is_old, UNKNOWN, "by synchrony (connection refused), as of 6 s"},
    {"node-running:node1", up_long_ago, UNKNOWN, "node1 is up (200 RUNNING), as of 1 min ago"},
    {"node-stopped:node1", up_long_ago, NOT_MET, "node1 is up (200 RUNNING), as of 1 min ago"},

    {"node-running:node1", as_it_is, MET, "node1 is up (200 RUNNING)"},
    {"node-running:node1", one_refuses, NOT_MET, "connection refused"},
    {"node-running:node1", one_starts, NOT_MET, "STARTING"},
    {"node-running:node1", one_says_first_run, NOT_MET, "FIRST_RUN"},
    {"node-running:node1", one_fails, UNKNOWN, "failing"},
    {"node-running:node1", one_recovers, UNKNOWN, "recovering"},
    {"node-running:node1", nothing_known, UNKNOWN, "node1 is unknown"},
    {"node-running:node1", monitor_silent, UNKNOWN, "the monitor is silent"},

    {"node-drained:node1", as_it_is, NOT_MET, "node1 is at active"},
    {"node-drained:node1", drained, MET, "0 requests in flight, 0 tunnels and about 0 sessions"},
    {"node-drained:node1", drained_with_users, NOT_MET, "about 3 sessions"},
    {"node-drained:node1", drained_after_a_start, UNKNOWN, "and maybe more: not all are known until 20"},
    {"node-drained:node1", stopped_after_a_start, MET, "about 0 sessions"},
    {"node-drained:node1", drained_with_a_request, NOT_MET, "1 requests in flight"},
    {"node-drained:node1", drained_with_a_tunnel, NOT_MET, "1 tunnels"},
    {"node-drained:node1", stopped_with_users_elsewhere, MET, "about 0 sessions"},

    {"no-app-connections", as_it_is, MET, "0 connections of applications to master"},
    {"no-app-connections", in_use, NOT_MET,
     "3 connections of applications to master, from 10.0.0.11 (2), 10.0.0.12 (1)"},
    {"no-app-connections", replica_in_use, MET, "to master"},
    {"no-app-connections", others_in_use, MET,
     "0 connections of applications to master; 3 to other databases there, at"},
    {"no-app-connections", no_such_database, UNKNOWN,
     "no database confluenc is seen on master, to others there are 3 connections; correct"},
    {"no-app-connections:replica", replica_in_use, NOT_MET, "1 connections"},
    {"no-app-connections", connections_hidden, UNKNOWN, "missing: PROCESS"},
    {"no-app-connections:master", master_down, UNKNOWN, "no answer within 2000 ms"},
    {"no-app-connections", master_not_looked_at, UNKNOWN, "not looked at for 60 s"},
    {"no-app-connections", master_seen_just_now, MET, "0 connections"},
    {"no-app-connections", master_seen_long_ago, UNKNOWN, "as of 2 h ago"},
    {"no-app-connections", in_use_long_ago, NOT_MET, "as of 1 min ago"},
    {"no-app-connections", no_dependencies, UNKNOWN, "none is configured"},

    {"replica-in-sync", as_it_is, MET,
     "replica has all that master had written until 2026-11-23T13:59:59Z"},
    {"replica-in-sync:replica", replica_behind, NOT_MET, "behind by less than a minute"},
    {"replica-in-sync", master_down, UNKNOWN, "master could not be read"},
    {"replica-in-sync", in_use, MET, "replica has all"},
    {"replica-in-sync", replica_seen_long_ago, UNKNOWN, "replica has all that master had written "
     "until 2026-11-23T13:59:59Z, as of 9 s ago"},
    {"replica-in-sync", no_dependencies, UNKNOWN, "none is configured"},

    {"replica-complete", as_it_is, MET, "0 connections of applications to master"},
    {"replica-complete", in_use, NOT_MET, "3 connections of applications to master"},
    {"replica-complete:replica", replica_behind, NOT_MET, "behind by less than a minute"},
    {"replica-complete", connections_hidden, UNKNOWN, "missing: PROCESS"},
    {"replica-complete", proven_too_early, UNKNOWN, "before the last application left master"},
    {"replica-complete", master_down, UNKNOWN, "master could not be read"},
    {"replica-complete", master_seen_long_ago, UNKNOWN, "as of 2 h ago"},
    {"replica-complete", replica_seen_long_ago, UNKNOWN, "as of 9 s ago"},
    {"replica-complete", no_dependencies, UNKNOWN, "none is configured"},

    {"database-up", as_it_is, MET, "master is at ok (answers); replica is at ok (answers)"},
    {"database-up:master", master_with_a_warning, MET, "its certificate expires"},
    {"database-up", master_down, NOT_MET, "master is at alarm (no answer within 2000 ms)"},
    {"database-up:replica", master_down, UNKNOWN, "replica is at unknown"},
    {"database-up:master", master_not_looked_at, UNKNOWN, "not looked at for 60 s"},
    {"database-up:master", master_seen_this_minute, MET, "master is at ok (answers)"},
    {"database-up", master_seen_long_ago, UNKNOWN, "master is at ok (answers), as of 2 h ago"},
    {"database-up", no_dependencies, UNKNOWN, "none is configured"},

    {"database-stopped:master", master_refuses, MET,
     "master is at alarm (connecting failed: connection refused)"},
    {"database-stopped:master", master_down, UNKNOWN, "no answer within 2000 ms"},
    {"database-stopped:master", master_is_forbidden_to_us, UNKNOWN, "1045 Access denied"},
    {"database-stopped:master", master_is_read_only, NOT_MET, "read-only"},
    {"database-stopped:master", as_it_is, NOT_MET, "master is at ok (answers)"},
    {"database-stopped", master_refuses, NOT_MET, "replica is at unknown"},
    {"database-stopped:master", master_not_looked_at, UNKNOWN, "not looked at for 60 s"},
    {"database-stopped", no_dependencies, UNKNOWN, "none is configured"},

    {"directory-up", as_it_is, MET, "ad is at ok (answers)"},
    {"directory-up:ad", directory_down, NOT_MET, "ad is at alarm (connecting failed)"},
    {"directory-up", directory_not_looked_at, UNKNOWN, "not looked at yet"},
    {"directory-up", directory_seen_long_ago, UNKNOWN, "ad is at ok (answers), as of 34 s ago"},
    {"directory-up", no_dependencies, UNKNOWN, "none is configured"},
};

static cfc_gate_view_t ask(const char *text)
{
    cfc_gate_view_t view;
    const char *complaint = cfc_gate_ask(&world.status, &world.cl, text, &view, p);

    ck_assert_msg(complaint == NULL, "%s: %s", text, complaint);
    return view;
}

START_TEST(a_gate_is_met_by_what_is_known_and_by_nothing_else)
{
    cfc_gate_view_t view;

    rows[_i].given();
    view = ask(rows[_i].gate);
    ck_assert_msg(view.verdict == rows[_i].want, "%s: %s: %s", rows[_i].gate,
                  cfc_gate_verdict_word(view.verdict), view.evidence);
    ck_assert_msg(strstr(view.evidence, rows[_i].evidence) != NULL, "%s: %s", rows[_i].gate,
                  view.evidence);
    ck_assert_msg((view.advice == NULL) == (view.verdict == MET), "%s", rows[_i].gate);
}
END_TEST

START_TEST(the_oldest_look_is_told_and_whether_it_is_too_old)
{
    cfc_gate_view_t view;

    both_refused_a_moment_ago();
    world.results[2].at = NOW;
    view = ask("nodes-stopped");
    ck_assert_int_eq(view.at, NOW - apr_time_from_msec(5800));
    ck_assert(!view.stale);
    up_long_ago();
    view = ask("nodes-stopped");
    ck_assert_int_eq(view.at, NOW - SECONDS(60));
    ck_assert(view.stale);
    ck_assert_ptr_nonnull(strstr(view.advice, "ask for this gate by itself"));
    ck_assert_int_eq(ask("maintenance-off").at, 0);
    ck_assert(!ask("maintenance-off").stale);
    nothing_known();
    ck_assert(ask("node-stopped:node1").stale);
}
END_TEST

/* What is unknown of one is not made up for by what is known not to be so of another. */
START_TEST(of_several_the_worst_decides_and_all_that_hinder_are_named)
{
    cfc_gate_view_t view;

    one_hangs();
    up(&NODE2);
    view = ask("nodes-stopped");
    ck_assert_int_eq(view.verdict, NOT_MET);
    ck_assert_str_eq(view.evidence,
                     "node1 is down (no answer within 800ms); node2 is up (200 RUNNING)");
}
END_TEST

static const struct {
    const char *text, *says;
} nonsense[] = {
    {"nodes-stoped", "did you mean nodes-stopped?"},
    {"", "is not a gate"},
    {"\n", "is not a gate"},
    {"nodes-stopped:node1", "takes nothing after it"},
    {"node-stopped", "needs a node, for example gate=node-stopped:node1"},
    {"node-stopped:", "\"\" is not a node of cluster confluence"},
    {"node-stopped:node3", "did you mean node"},
    {"serving-at-least", "gate=serving-at-least:1"},
    {"serving-at-least:0", "is not a number of nodes"},
    {"serving-at-least:3", "which has 2"},
    {"serving-at-least:1x", "is not a number of nodes"},
    {"serving-at-least:99999999999999999999", "is not a number of nodes"},
    {"no-app-connections:slave", "\"slave\" is not a database of cluster confluence"},
    {"no-app-connections:ad", "\"ad\" is not a database"},
    {"replica-in-sync:master", "\"master\" is not a replica"},
    {"directory-up:master", "\"master\" is not a directory"},
};

START_TEST(a_question_that_makes_no_sense_is_answered_with_what_would)
{
    cfc_gate_view_t view;
    const char *complaint = cfc_gate_ask(&world.status, &world.cl, nonsense[_i].text, &view, p);

    ck_assert_msg(complaint != NULL && strstr(complaint, nonsense[_i].says) != NULL, "%s: %s",
                  nonsense[_i].text, complaint);
    ck_assert_ptr_null(view.gate);
}
END_TEST

static int count_gates(void)
{
    return cfc_gates_look(&world.status, &world.cl, p)->nelts;
}

START_TEST(all_gates_that_make_sense_are_answered_and_no_others)
{
    ck_assert_int_eq(count_gates(), 3 + 1 + 1 + 1 + 3 * 2 + 6);
    no_dependencies();
    ck_assert_int_eq(count_gates(), 3 + 1 + 1 + 1 + 3 * 2);
    world.cl.nodes_count = 1;
    ck_assert_int_eq(count_gates(), 3 + 1 + 1 + 1 + 3);
}
END_TEST

Suite *cfc_gates_suite(void)
{
    Suite *suite = suite_create("gates");
    TCase *tcase = tcase_create("gates");

    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_loop_test(tcase, a_gate_is_met_by_what_is_known_and_by_nothing_else, 0,
                        CFC_ROWS(rows));
    tcase_add_test(tcase, the_oldest_look_is_told_and_whether_it_is_too_old);
    tcase_add_test(tcase, of_several_the_worst_decides_and_all_that_hinder_are_named);
    tcase_add_loop_test(tcase, a_question_that_makes_no_sense_is_answered_with_what_would, 0,
                        CFC_ROWS(nonsense));
    tcase_add_test(tcase, all_gates_that_make_sense_are_answered_and_no_others);
    suite_add_tcase(suite, tcase);
    return suite;
}
