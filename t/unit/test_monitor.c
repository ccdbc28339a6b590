/* SPDX-License-Identifier: Apache-2.0
 * test_monitor.c: the monitor's loop, in a thread, against nodes on loopback. */
#include <apr_pools.h>
#include <apr_strings.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "health/evidence.h"
#include "health/monitor.h"
#include "health/probe.h"
#include "lb/cluster.h"
#include "lb/log.h"
#include "t/unit/kit.h"
#include "t/unit/scripted_node.h"
#include "t/unit/suites.h"

#define OK(body) "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" body
#define RUNNING OK("{\"state\":\"RUNNING\"}")
#define UNAVAILABLE "HTTP/1.1 503 Busy\r\nConnection: close\r\n\r\n"
#define PATIENCE_S 10
#define STEP_MS 2
#define NEVER_MS 3600000        /* as an interval: one probe only */
/* Good beginnings, without a NUL byte: of CPONG, and of a TLS record of 16 KiB with a greeting. */
#define AJP_HEAD "AB"
#define TLS_HEAD "\x16\x03\x03\x40\x04\x02\x01\x3f\xfc\x03\x03"
#define PID 4711                /* the monitor's, in the lease */

static apr_pool_t *pool;
static cfc_segment_t *segment;
static cfc_monitor_t monitor;
static volatile sig_atomic_t stop;
static pthread_t thread;
static _Atomic bool ended;
static apr_interval_time_t stalled;     /* what the machine took away */

static char lines[4096];        /* what was logged; read it when the monitor has ended */

static void keep_line(cfc_log_level_t level, apr_status_t status, const char *line)
{
    (void)status;
    if (level == CFC_LOG_NOTICE) {
        strncat(lines, line, sizeof(lines) - strlen(lines) - 1);
        strncat(lines, "\n", sizeof(lines) - strlen(lines) - 1);
    }
}

static int count_lines(void)
{
    int count = 0;

    for (const char *c = lines; *c != '\0'; c++) {
        count += *c == '\n';
    }
    return count;
}

static void setup(void)
{
    setenv("http_proxy", "http://127.0.0.1:1", 1);      /* must be of no effect */
    apr_pool_create(&pool, NULL);
    segment = cfc_kit_segment();
    stop = 0;
    ended = false;
    stalled = 0;
    lines[0] = '\0';
    cfc_log_to(keep_line);
    monitor.segment = segment;
    monitor.clusters = apr_array_make(pool, 4, sizeof(cfc_cluster_t *));
    monitor.generation = cfc_segment_next_generation(segment);
    monitor.pid = PID;
    monitor.parent = getppid();
    monitor.stop = &stop;
}

static void teardown(void)
{
    cfc_log_to(NULL);
    cfc_kit_segment_free(segment);
    apr_pool_destroy(pool);
}

static cfc_probe_conf_t *new_cluster(const char *name)
{
    cfc_cluster_t *cl = apr_pcalloc(pool, sizeof(*cl));
    cfc_probe_conf_t *probe = apr_pcalloc(pool, sizeof(*probe));

    *probe = (cfc_probe_conf_t){.name = "main", .kind = CFC_PROBE_HTTP, .path = "/status",
                                .expect = CFC_EXPECT_CONFLUENCE, .interval_ms = NEVER_MS,
                                .timeout_ms = PATIENCE_S * 1000, .rise = 2, .fall = 2};
    cl->name = name;
    cl->sticky.window_ms = 1800000;
    cl->dependencies = apr_array_make(pool, 1, sizeof(void *));
    cl->nodes = apr_array_make(pool, 4, sizeof(cfc_node_t *));
    cl->probes = apr_array_make(pool, 4, sizeof(cfc_probe_conf_t *));
    APR_ARRAY_PUSH(cl->probes, cfc_probe_conf_t *) = probe;
    APR_ARRAY_PUSH((apr_array_header_t *)monitor.clusters, cfc_cluster_t *) = cl;
    return probe;
}

/* In the cluster made last. */
static cfc_node_t *new_node(const char *name, int port)
{
    cfc_cluster_t *cl = APR_ARRAY_IDX(monitor.clusters, monitor.clusters->nelts - 1,
                                      cfc_cluster_t *);
    cfc_node_t *node = apr_pcalloc(pool, sizeof(*node));

    node->name = name;
    node->host = "127.0.0.1";
    node->port = port;
    node->slot = cfc_segment_node(segment, cl->name, name);
    APR_ARRAY_PUSH(cl->nodes, cfc_node_t *) = node;
    return node;
}

static void *live(void *data)
{
    (void)data;
    ck_assert_int_eq(cfc_monitor_run(&monitor, pool), APR_SUCCESS);
    ended = true;
    return NULL;
}

static void start_monitor(void)
{
    ck_assert_int_eq(pthread_create(&thread, NULL, live, NULL), 0);
}

static void stop_monitor(void)
{
    stop = 1;
    pthread_join(thread, NULL);
}

/* What waiting took longer than it should: for that long the machine had no time for this process,
 * nor for the monitor in it. */
static void take_a_step(void)
{
    const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};
    apr_time_t began_at = apr_time_now();

    nanosleep(&step, NULL);
    stalled += apr_time_now() - began_at - apr_time_from_msec(STEP_MS);
}

#define WAIT_FOR(condition) CFC_KIT_WAIT(condition, PATIENCE_S, take_a_step())

static cfc_health_t health_of(const cfc_node_t *node)
{
    cfc_cause_t cause;

    return cfc_slot_health(node->slot, &cause);
}

static const struct {
    const char *label;
    const char *answer;
    cfc_manner_t manner;
    cfc_probe_kind_t kind;
    cfc_expect_t expect;
    cfc_scheme_t scheme;
    const char *host;           /* NULL: 127.0.0.1 */
    cfc_health_t health;
    cfc_cause_t cause;
    int code;
    const char *reason;
} rows[] = {
    {"a running node is up", RUNNING, CFC_NODE_ANSWERS, CFC_PROBE_HTTP, CFC_EXPECT_CONFLUENCE,
     CFC_SCHEME_HTTP, NULL, CFC_HEALTH_UP, CFC_CAUSE_NONE, 200, "200 RUNNING"},
    {"a node in setup is refused", OK("{\"state\":\"FIRST_RUN\"}"), CFC_NODE_ANSWERS,
     CFC_PROBE_HTTP, CFC_EXPECT_CONFLUENCE, CFC_SCHEME_HTTP, NULL, CFC_HEALTH_DOWN,
     CFC_CAUSE_REFUSED, 200, "200 FIRST_RUN: setup is not complete, never used"},
    {"a redirect is judged, not followed",
     "HTTP/1.1 302 Found\r\nLocation: /other\r\nConnection: close\r\n\r\n", CFC_NODE_ANSWERS,
     CFC_PROBE_HTTP, CFC_EXPECT_CONFLUENCE, CFC_SCHEME_HTTP, NULL, CFC_HEALTH_DOWN,
     CFC_CAUSE_SOFT, 302,
     "302 where 200 RUNNING is expected"},
    {"nobody listens", NULL, CFC_NODE_ABSENT, CFC_PROBE_HTTP, CFC_EXPECT_CONFLUENCE,
     CFC_SCHEME_HTTP, NULL, CFC_HEALTH_DOWN, CFC_CAUSE_HARD, 0, "connection refused"},
    {"the host has no address", NULL, CFC_NODE_ABSENT, CFC_PROBE_HTTP, CFC_EXPECT_CONFLUENCE,
     CFC_SCHEME_HTTP, "no..such..host", CFC_HEALTH_DOWN, CFC_CAUSE_SOFT, 0, "host unknown"},
    {"no answer in time", NULL, CFC_NODE_HANGS, CFC_PROBE_HTTP, CFC_EXPECT_CONFLUENCE,
     CFC_SCHEME_HTTP, NULL, CFC_HEALTH_DOWN, CFC_CAUSE_SOFT, 0, "no answer within 400ms"},
    {"dripping does not stretch the deadline", NULL, CFC_NODE_DRIPS, CFC_PROBE_HTTP,
     CFC_EXPECT_CONFLUENCE, CFC_SCHEME_HTTP, NULL, CFC_HEALTH_DOWN, CFC_CAUSE_SOFT, 200,
     "no complete answer within 400ms"},
    {"a body too long is no state", NULL, CFC_NODE_FLOODS, CFC_PROBE_HTTP, CFC_EXPECT_CONFLUENCE,
     CFC_SCHEME_HTTP, NULL, CFC_HEALTH_DOWN, CFC_CAUSE_REFUSED, 200,
     "200 without the state of a Confluence, never used"},
    {"a body too long does not matter to a status", NULL, CFC_NODE_FLOODS, CFC_PROBE_HTTP,
     CFC_EXPECT_STATUS, CFC_SCHEME_HTTP, NULL, CFC_HEALTH_UP, CFC_CAUSE_NONE, 200,
     "200 as expected"},
    {"closed without a word", NULL, CFC_NODE_SLAMS, CFC_PROBE_HTTP, CFC_EXPECT_CONFLUENCE,
     CFC_SCHEME_HTTP, NULL, CFC_HEALTH_DOWN, CFC_CAUSE_SOFT, 0,
     "connection closed without an answer"},
    {"reset", NULL, CFC_NODE_RESETS, CFC_PROBE_HTTP, CFC_EXPECT_CONFLUENCE, CFC_SCHEME_HTTP, NULL,
     CFC_HEALTH_DOWN, CFC_CAUSE_SOFT, 0, "connection reset"},
    {"broken off", "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", CFC_NODE_ANSWERS,
     CFC_PROBE_HTTP, CFC_EXPECT_CONFLUENCE, CFC_SCHEME_HTTP, NULL, CFC_HEALTH_DOWN,
     CFC_CAUSE_SOFT, 200, "answer broken off"},
    {"something else than HTTP", "SSH-2.0-OpenSSH_9.2\r\n", CFC_NODE_ANSWERS, CFC_PROBE_HTTP,
     CFC_EXPECT_STATUS, CFC_SCHEME_HTTP, NULL, CFC_HEALTH_DOWN, CFC_CAUSE_SOFT, 0,
     "answer is not HTTP"},
    {"no TLS where https is configured", "220 smtp\r\n", CFC_NODE_GREETS, CFC_PROBE_HTTP,
     CFC_EXPECT_STATUS, CFC_SCHEME_HTTPS, NULL, CFC_HEALTH_DOWN, CFC_CAUSE_SOFT, 0,
     "SSL connect error"},
    {"tcp: a connection is enough", NULL, CFC_NODE_HANGS, CFC_PROBE_TCP, CFC_EXPECT_STATUS,
     CFC_SCHEME_HTTP, NULL, CFC_HEALTH_UP, CFC_CAUSE_NONE, 0, "connection made"},
    {"tcp: nobody listens", NULL, CFC_NODE_ABSENT, CFC_PROBE_TCP, CFC_EXPECT_STATUS,
     CFC_SCHEME_HTTP, NULL, CFC_HEALTH_DOWN, CFC_CAUSE_HARD, 0, "connection refused"},
    {"ajp: nobody listens", NULL, CFC_NODE_ABSENT, CFC_PROBE_AJP, CFC_EXPECT_STATUS,
     CFC_SCHEME_AJP, NULL, CFC_HEALTH_DOWN, CFC_CAUSE_HARD, 0, "connection refused"},
    {"ajp: no answer in time", NULL, CFC_NODE_HANGS, CFC_PROBE_AJP, CFC_EXPECT_STATUS,
     CFC_SCHEME_AJP, NULL, CFC_HEALTH_DOWN, CFC_CAUSE_SOFT, 0, "no answer within 400ms"},
    {"ajp: dripping does not stretch the deadline", AJP_HEAD, CFC_NODE_TRICKLES, CFC_PROBE_AJP,
     CFC_EXPECT_STATUS, CFC_SCHEME_AJP, NULL, CFC_HEALTH_DOWN, CFC_CAUSE_SOFT, 0,
     "no answer within 400ms"},
    {"https: nor does dripping in the handshake", TLS_HEAD, CFC_NODE_TRICKLES, CFC_PROBE_HTTP,
     CFC_EXPECT_STATUS, CFC_SCHEME_HTTPS, NULL, CFC_HEALTH_DOWN, CFC_CAUSE_SOFT, 0,
     "no connection within 400ms"},
    {"https: no handshake in time", NULL, CFC_NODE_HANGS, CFC_PROBE_HTTP, CFC_EXPECT_STATUS,
     CFC_SCHEME_HTTPS, NULL, CFC_HEALTH_DOWN, CFC_CAUSE_SOFT, 0, "no connection within 400ms"},
    {"ajp: something else", "220 smtp\r\n", CFC_NODE_GREETS, CFC_PROBE_AJP, CFC_EXPECT_STATUS,
     CFC_SCHEME_AJP, NULL, CFC_HEALTH_DOWN, CFC_CAUSE_SOFT, 0, "answer is not AJP"},
};

START_TEST(the_first_result_says_what_the_node_did)
{
    cfc_scripted_node_t peer = {.manner = rows[_i].manner, .answer = rows[_i].answer};
    cfc_probe_conf_t *probe = new_cluster("wiki");
    cfc_probe_result_t result;
    cfc_cause_t cause;
    cfc_node_t *node;

    cfc_scripted_node_start(&peer);
    probe->kind = rows[_i].kind;
    probe->expect = rows[_i].expect;
    if (strstr(rows[_i].reason, "400ms") != NULL) {
        probe->timeout_ms = 400;
    }
    node = new_node("n1", peer.port);
    node->scheme = rows[_i].scheme;
    node->host = rows[_i].host != NULL ? rows[_i].host : node->host;
    start_monitor();
    WAIT_FOR(health_of(node) != CFC_HEALTH_UNKNOWN);
    stop_monitor();
    cfc_scripted_node_stop(&peer);

    cfc_history_last(&node->slot->probes[0].history, &result);
    ck_assert_msg(cfc_slot_health(node->slot, &cause) == rows[_i].health
                      && cause == rows[_i].cause && result.code == rows[_i].code,
                  "%s: got %s, %s, %d", rows[_i].label, cfc_health_word(health_of(node)),
                  cfc_cause_word(cause), result.code);
    ck_assert_msg(strcmp(result.reason, rows[_i].reason) == 0, "%s: got \"%s\"", rows[_i].label,
                  result.reason);
    ck_assert_int_eq(result.good, rows[_i].health == CFC_HEALTH_UP);
    ck_assert_msg(result.duration_ms < 1000 + apr_time_as_msec(stalled), "%s: took %d ms",
                  rows[_i].label, result.duration_ms);
    ck_assert_int_eq(result.at, atomic_load(&node->slot->health_at));
}
END_TEST

START_TEST(unknown_nodes_are_probed_at_once_and_known_ones_spread_over_the_interval)
{
    cfc_scripted_node_t peers[3] = {{.manner = CFC_NODE_ANSWERS, .answer = RUNNING},
                                    {.manner = CFC_NODE_ANSWERS, .answer = RUNNING},
                                    {.manner = CFC_NODE_ANSWERS, .answer = RUNNING}};
    static const char *const names[] = {"n1", "n2", "n3"};

    new_cluster("wiki");
    for (int i = 0; i < 3; i++) {
        cfc_node_t *node;

        cfc_scripted_node_start(&peers[i]);
        node = new_node(names[i], peers[i].port);
        cfc_slot_health_set(node->slot, i < 2 ? CFC_HEALTH_UP : CFC_HEALTH_UNKNOWN,
                            CFC_CAUSE_NONE);
    }
    start_monitor();
    WAIT_FOR(peers[0].heard && peers[2].heard);
    stop_monitor();
    for (int i = 0; i < 3; i++) {
        cfc_scripted_node_stop(&peers[i]);
    }
    ck_assert_int_eq(peers[1].accepted, 0);
}
END_TEST

START_TEST(an_ajp_node_is_probed_by_http_at_the_port_given)
{
    cfc_scripted_node_t peer = {.manner = CFC_NODE_ANSWERS, .answer = RUNNING};
    cfc_probe_conf_t *probe = new_cluster("wiki");
    cfc_node_t *node = new_node("n1", 1);

    cfc_scripted_node_start(&peer);
    node->scheme = CFC_SCHEME_AJP;
    probe->port = peer.port;
    start_monitor();
    WAIT_FOR(health_of(node) == CFC_HEALTH_UP);
    stop_monitor();
    cfc_scripted_node_stop(&peer);
    ck_assert_int_eq(peer.heard, 1);
}
END_TEST

START_TEST(the_path_is_sent_as_configured_and_so_is_the_host)
{
    cfc_scripted_node_t peer = {.manner = CFC_NODE_ANSWERS, .answer = RUNNING};
    cfc_probe_conf_t *probe = new_cluster("wiki");

    cfc_scripted_node_start(&peer);
    probe->path = "/a/../b%2f;c?d=e";
    probe->host = "wiki.example.org";
    new_node("n1", peer.port);
    start_monitor();
    WAIT_FOR(peer.heard);
    stop_monitor();
    cfc_scripted_node_stop(&peer);
    ck_assert_ptr_nonnull(strstr(peer.request, "GET /a/../b%2f;c?d=e HTTP/1.1\r\n"));
    ck_assert_ptr_nonnull(strstr(peer.request, "\r\nHost: wiki.example.org\r\n"));
}
END_TEST

START_TEST(a_node_that_hangs_delays_no_other)
{
    cfc_scripted_node_t slow = {.manner = CFC_NODE_HANGS};
    cfc_scripted_node_t quick = {.manner = CFC_NODE_ANSWERS, .answer = RUNNING};
    cfc_node_t *hung;

    cfc_scripted_node_start(&slow);
    cfc_scripted_node_start(&quick);
    new_cluster("slow")->timeout_ms = NEVER_MS;
    hung = new_node("n1", slow.port);
    new_cluster("quick")->interval_ms = 100;
    new_node("n1", quick.port);
    start_monitor();
    WAIT_FOR(slow.accepted == 1 && quick.accepted >= 4);
    stop_monitor();
    cfc_scripted_node_stop(&slow);
    cfc_scripted_node_stop(&quick);
    ck_assert_int_eq(health_of(hung), CFC_HEALTH_UNKNOWN);
}
END_TEST

START_TEST(probes_of_one_node_never_overlap)
{
    cfc_scripted_node_t peer = {.manner = CFC_NODE_HANGS};
    cfc_probe_conf_t *probe = new_cluster("wiki");

    cfc_scripted_node_start(&peer);
    probe->interval_ms = 100;
    probe->timeout_ms = 400;
    new_node("n1", peer.port);
    start_monitor();
    WAIT_FOR(peer.accepted >= 3);
    stop_monitor();
    cfc_scripted_node_stop(&peer);
    ck_assert(!peer.overlapped);
}
END_TEST

START_TEST(health_from_before_is_kept_and_doubt_is_cleared_in_half_the_interval)
{
    cfc_scripted_node_t peer = {.manner = CFC_NODE_ANSWERS, .answer = UNAVAILABLE};
    cfc_probe_conf_t *probe = new_cluster("wiki");
    cfc_probe_result_t results[CFC_HISTORY_RESULTS];    /* the newest first */
    cfc_node_t *node;
    int count;

    cfc_scripted_node_start(&peer);
    probe->interval_ms = 2000;
    node = new_node("n1", peer.port);
    cfc_slot_health_set(node->slot, CFC_HEALTH_UP, CFC_CAUSE_NONE);
    start_monitor();
    WAIT_FOR(health_of(node) == CFC_HEALTH_DOWN);
    stop_monitor();
    cfc_scripted_node_stop(&peer);
    ck_assert_ptr_nonnull(strstr(lines, "up -> failing"));
    count = cfc_history_read(&node->slot->probes[0].history, results);
    ck_assert_int_ge(count, 2);
    ck_assert_int_lt(results[count - 2].at - results[count - 1].at,
                     apr_time_from_msec(1900) + stalled);
}
END_TEST

static void run_monitor_until(const cfc_node_t *node, const cfc_probe_conf_t *probe, int results)
{
    stop = 0;
    start_monitor();
    WAIT_FOR(cfc_probe_is_of(node, probe, 0)
             && atomic_load(&node->slot->probes[0].history.count) >= (uint32_t)results);
    stop_monitor();
}

START_TEST(a_node_at_another_address_is_a_node_that_nobody_knows)
{
    cfc_scripted_node_t peer = {.manner = CFC_NODE_ANSWERS, .answer = RUNNING};
    cfc_probe_conf_t *probe = new_cluster("wiki");
    cfc_node_t *node;

    cfc_scripted_node_start(&peer);
    probe->interval_ms = 100;
    node = new_node("n1", peer.port);
    run_monitor_until(node, probe, 3);
    cfc_scripted_node_stop(&peer);
    ck_assert_int_eq(health_of(node), CFC_HEALTH_UP);
    atomic_store(&node->slot->admin, CFC_ADMIN_DRAIN);

    node->port = 1;
    ck_assert(!cfc_probe_is_of(node, probe, 0));
    run_monitor_until(node, probe, 1);
    ck_assert_int_eq(health_of(node), CFC_HEALTH_DOWN);     /* by its very first result */
    ck_assert_int_eq(atomic_load(&node->slot->admin), CFC_ADMIN_DRAIN);
}
END_TEST

START_TEST(a_probe_that_asks_for_something_else_begins_anew_with_the_health_of_the_node)
{
    cfc_scripted_node_t peer = {.manner = CFC_NODE_ANSWERS, .answer = RUNNING};
    cfc_probe_conf_t *probe = new_cluster("wiki");
    cfc_node_t *node;

    cfc_scripted_node_start(&peer);
    probe->interval_ms = 100;
    node = new_node("n1", peer.port);
    run_monitor_until(node, probe, 3);
    probe->interval_ms = NEVER_MS;
    probe->port = 1;
    run_monitor_until(node, probe, 1);
    cfc_scripted_node_stop(&peer);
    ck_assert_uint_eq(atomic_load(&node->slot->probes[0].history.count), 1);
    ck_assert_int_eq(health_of(node), CFC_HEALTH_FAILING);
}
END_TEST

static const struct {
    const char *label;
    cfc_health_t before;
    bool returns;
} returns[] = {
    {"was never probed", CFC_HEALTH_UNKNOWN,    false},
    {"was starting",     CFC_HEALTH_STARTING,   true},
    {"was up",           CFC_HEALTH_UP,         false},
    {"was in doubt",     CFC_HEALTH_FAILING,    false},
    {"was down",         CFC_HEALTH_DOWN,       true},
    {"was coming back",  CFC_HEALTH_RECOVERING, true},
};

START_TEST(a_node_that_is_up_again_has_returned_without_its_sessions)
{
    cfc_scripted_node_t peer = {.manner = CFC_NODE_ANSWERS, .answer = RUNNING};
    cfc_node_slot_t *slot;

    cfc_scripted_node_start(&peer);
    new_cluster("wiki")->interval_ms = 100;
    slot = new_node("n1", peer.port)->slot;
    cfc_slot_health_set(slot, returns[_i].before, CFC_CAUSE_NONE);
    cfc_sessions_note(&slot->sessions, 1, apr_time_now(), 1800000);
    start_monitor();
    WAIT_FOR(peer.accepted >= 3 && atomic_load(&slot->probes[0].streak) >= 2);
    stop_monitor();
    cfc_scripted_node_stop(&peer);
    ck_assert_msg((atomic_load(&slot->returned_at) != 0) == returns[_i].returns, "%s",
                  returns[_i].label);
    ck_assert_msg((atomic_load(&slot->risen_at) != 0) == returns[_i].returns, "%s",
                  returns[_i].label);
    ck_assert_msg(cfc_sessions_count(&slot->sessions, apr_time_now(), 1800000)
                      == (returns[_i].returns ? 0 : 1), "%s", returns[_i].label);
}
END_TEST

START_TEST(sessions_are_counted_while_nodes_are_probed)
{
    cfc_scripted_node_t peer = {.manner = CFC_NODE_ANSWERS, .answer = RUNNING};
    cfc_node_slot_t *slot;

    cfc_scripted_node_start(&peer);
    new_cluster("wiki");
    slot = new_node("n1", peer.port)->slot;
    for (uint64_t client = 1; client <= 5; client++) {
        cfc_sessions_note(&slot->sessions, client, apr_time_now(), 1800000);
    }
    atomic_store(&slot->traffic.picked, 70);
    start_monitor();
    WAIT_FOR(cfc_sessions_live(&slot->sessions, 70) == 5);
    stop_monitor();
    cfc_scripted_node_stop(&peer);
    ck_assert_uint_eq(cfc_sessions_live(&slot->sessions, 72), 7);
}
END_TEST

START_TEST(each_change_of_health_is_one_line_and_one_instant)
{
    cfc_scripted_node_t good = {.manner = CFC_NODE_ANSWERS, .answer = RUNNING};
    cfc_scripted_node_t bad = {.manner = CFC_NODE_ABSENT};
    cfc_probe_result_t result;
    cfc_node_t *node;

    cfc_scripted_node_start(&good);
    cfc_scripted_node_start(&bad);
    new_cluster("wiki")->interval_ms = 100;
    new_node("n1", good.port);
    node = new_node("n2", bad.port);
    start_monitor();
    WAIT_FOR(good.accepted >= 3 && atomic_load(&node->slot->probes[0].streak) >= 3);
    stop_monitor();
    cfc_scripted_node_stop(&good);
    cfc_scripted_node_stop(&bad);
    ck_assert_ptr_nonnull(strstr(lines, "CFC0301: cluster wiki, node n1: unknown -> up: "
                                        "200 RUNNING; it gets requests\n"));
    ck_assert_ptr_nonnull(strstr(lines, "CFC0301: cluster wiki, node n2: unknown -> down: "
                                        "connection refused; it gets no requests\n"));
    ck_assert_int_eq(count_lines(), 2);
    cfc_history_last(&node->slot->probes[0].history, &result);
    ck_assert_int_lt(atomic_load(&node->slot->health_at), result.at);
}
END_TEST

START_TEST(the_books_of_a_dead_child_are_closed)
{
    pid_t child = fork();
    int place;

    if (child == 0) {
        _exit(0);
    }
    waitpid(child, NULL, 0);
    place = cfc_segment_child_enter(segment, child, monitor.generation);
    start_monitor();
    WAIT_FOR(atomic_load(&segment->children[place].pid) == 0);
    stop_monitor();
}
END_TEST

static cfc_probe_conf_t *another_probe(const char *name, cfc_role_t role)
{
    cfc_cluster_t *cl = APR_ARRAY_IDX(monitor.clusters, monitor.clusters->nelts - 1,
                                      cfc_cluster_t *);
    cfc_probe_conf_t *probe = apr_pmemdup(pool, cfc_probe_at(cl, 0), sizeof(*probe));

    probe->name = name;
    probe->role = (int)role;
    APR_ARRAY_PUSH(cl->probes, cfc_probe_conf_t *) = probe;
    return probe;
}

static const struct {
    const char *label;
    cfc_role_t role;            /* of the second probe */
    cfc_manner_t manner;        /* of what it asks */
    cfc_health_t health;        /* of the node, whose first probe is good */
    const char *line;
} pairs[] = {
    {"both good", CFC_ROLE_REQUIRED, CFC_NODE_ANSWERS, CFC_HEALTH_UP,
     "CFC0301: cluster wiki, node n1: unknown -> up: main: 200 RUNNING; it gets requests\n"},
    {"the second one bad", CFC_ROLE_REQUIRED, CFC_NODE_ABSENT, CFC_HEALTH_DOWN,
     "CFC0301: cluster wiki, node n1: unknown -> down: second: connection refused; it gets no "
     "requests\n"},
    {"the second one bad, and only advice", CFC_ROLE_ADVISORY, CFC_NODE_ABSENT, CFC_HEALTH_UP,
     "CFC0306: cluster wiki, node n1: probe second: unknown -> down: connection refused; it is "
     "advisory, the node gets what it got before\n"},
};

START_TEST(a_node_is_as_well_as_its_worst_required_probe)
{
    cfc_scripted_node_t first = {.manner = CFC_NODE_ANSWERS, .answer = RUNNING};
    cfc_scripted_node_t second = {.manner = pairs[_i].manner, .answer = RUNNING};
    cfc_node_slot_t *slot;

    cfc_scripted_node_start(&first);
    cfc_scripted_node_start(&second);
    new_cluster("wiki");
    another_probe("second", pairs[_i].role)->port = second.port;
    slot = new_node("n1", first.port)->slot;
    start_monitor();
    WAIT_FOR(atomic_load(&slot->probes[0].history.count) > 0
             && atomic_load(&slot->probes[1].history.count) > 0);
    stop_monitor();
    cfc_scripted_node_stop(&first);
    cfc_scripted_node_stop(&second);
    ck_assert_msg((cfc_slot_health(slot, &(cfc_cause_t){0}) == pairs[_i].health), "%s",
                  pairs[_i].label);
    ck_assert_msg(strstr(lines, pairs[_i].line) != NULL, "%s: %s", pairs[_i].label, lines);
}
END_TEST

START_TEST(a_node_is_not_used_before_all_its_required_probes_were_heard)
{
    cfc_scripted_node_t quick = {.manner = CFC_NODE_ANSWERS, .answer = RUNNING};
    cfc_scripted_node_t slow = {.manner = CFC_NODE_HANGS};
    cfc_probe_conf_t *second;
    cfc_node_t *node;

    cfc_scripted_node_start(&quick);
    cfc_scripted_node_start(&slow);
    new_cluster("wiki");
    second = another_probe("second", CFC_ROLE_REQUIRED);
    second->port = slow.port;
    second->timeout_ms = NEVER_MS;
    node = new_node("n1", quick.port);
    start_monitor();
    WAIT_FOR(slow.accepted == 1 && atomic_load(&node->slot->probes[0].history.count) > 0);
    stop_monitor();
    cfc_scripted_node_stop(&quick);
    cfc_scripted_node_stop(&slow);
    ck_assert_int_eq(health_of(node), CFC_HEALTH_UNKNOWN);
}
END_TEST

START_TEST(a_new_probe_of_a_node_that_is_up_must_fail_as_often_as_any_other)
{
    cfc_scripted_node_t good = {.manner = CFC_NODE_ANSWERS, .answer = RUNNING};
    cfc_scripted_node_t bad = {.manner = CFC_NODE_ABSENT};
    cfc_node_t *node;

    cfc_scripted_node_start(&good);
    cfc_scripted_node_start(&bad);
    new_cluster("wiki");
    another_probe("second", CFC_ROLE_REQUIRED)->port = bad.port;
    node = new_node("n1", good.port);
    cfc_slot_health_set(node->slot, CFC_HEALTH_UP, CFC_CAUSE_NONE);
    start_monitor();
    WAIT_FOR(atomic_load(&node->slot->probes[1].history.count) > 0);
    stop_monitor();
    cfc_scripted_node_stop(&good);
    cfc_scripted_node_stop(&bad);
    ck_assert_int_eq(health_of(node), CFC_HEALTH_FAILING);
}
END_TEST

START_TEST(a_monitor_goes_on_where_the_one_before_left_off)
{
    cfc_scripted_node_t peer = {.manner = CFC_NODE_ANSWERS, .answer = RUNNING};
    cfc_node_t *node;

    cfc_scripted_node_start(&peer);
    new_cluster("wiki");
    node = new_node("n1", peer.port);
    start_monitor();
    WAIT_FOR(health_of(node) == CFC_HEALTH_UP);
    stop_monitor();
    ck_assert_int_eq(atomic_load(&segment->monitor_pid), 0);    /* the lease was given back */
    stop = 0;
    start_monitor();
    WAIT_FOR(atomic_load(&segment->monitor_pid) == PID);
    apr_sleep(apr_time_from_msec(700));     /* in which an overdue probe would have come */
    stop_monitor();
    cfc_scripted_node_stop(&peer);
    ck_assert_int_eq(peer.accepted, 1);
}
END_TEST

static void be_told(void)
{
    stop = 1;
}

static void lose_the_lease(void)
{
    atomic_store(&segment->monitor_pid, PID + 1);
}

static void be_superseded(void)
{
    cfc_segment_next_generation(segment);
}

static void (*const endings[])(void) = {be_told, lose_the_lease, be_superseded};

START_TEST(it_ends_soon_when_it_should)
{
    cfc_scripted_node_t slow = {.manner = CFC_NODE_HANGS};
    apr_time_t asked_at;

    cfc_scripted_node_start(&slow);
    new_cluster("slow")->timeout_ms = NEVER_MS;
    new_node("n1", slow.port);
    start_monitor();
    WAIT_FOR(slow.accepted == 1 && atomic_load(&segment->monitor_pid) == PID);
    ck_assert_int_eq(atomic_load(&segment->monitor_generation), monitor.generation);
    ck_assert_int_ne(atomic_load(&segment->monitor_beat_at), 0);
    asked_at = apr_time_now();
    endings[_i]();
    WAIT_FOR(ended);
    ck_assert_int_lt(apr_time_now() - asked_at, apr_time_from_sec(5) + stalled);
    pthread_join(thread, NULL);
    cfc_scripted_node_stop(&slow);
}
END_TEST

START_TEST(it_ends_when_its_parent_is_another)
{
    monitor.parent = getpid();
    ck_assert_int_eq(cfc_monitor_run(&monitor, pool), APR_SUCCESS);
}
END_TEST

START_TEST(it_goes_on_when_released_until_there_is_a_successor)
{
    cfc_scripted_node_t peer = {.manner = CFC_NODE_ANSWERS, .answer = RUNNING};
    int before;

    cfc_scripted_node_start(&peer);
    new_cluster("wiki")->interval_ms = 100;
    new_node("n1", peer.port);
    start_monitor();
    WAIT_FOR(peer.accepted >= 1);
    cfc_monitor_release(segment);
    before = peer.accepted;
    WAIT_FOR(peer.accepted >= before + 3);
    lose_the_lease();
    WAIT_FOR(ended);
    pthread_join(thread, NULL);
    cfc_scripted_node_stop(&peer);
}
END_TEST

START_TEST(one_that_comes_too_late_does_not_take_the_lease)
{
    cfc_segment_next_generation(segment);
    ck_assert_int_eq(cfc_monitor_run(&monitor, pool), APR_SUCCESS);
    ck_assert_int_eq(atomic_load(&segment->monitor_pid), 0);
}
END_TEST

Suite *cfc_monitor_suite(void)
{
    Suite *suite = suite_create("monitor");
    TCase *tc = tcase_create("monitor");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 2 * PATIENCE_S);
    tcase_add_loop_test(tc, the_first_result_says_what_the_node_did, 0,
                        CFC_ROWS(rows));
    tcase_add_test(tc, unknown_nodes_are_probed_at_once_and_known_ones_spread_over_the_interval);
    tcase_add_test(tc, an_ajp_node_is_probed_by_http_at_the_port_given);
    tcase_add_test(tc, the_path_is_sent_as_configured_and_so_is_the_host);
    tcase_add_test(tc, a_node_that_hangs_delays_no_other);
    tcase_add_test(tc, probes_of_one_node_never_overlap);
    tcase_add_test(tc, health_from_before_is_kept_and_doubt_is_cleared_in_half_the_interval);
    tcase_add_test(tc, a_node_at_another_address_is_a_node_that_nobody_knows);
    tcase_add_test(tc, a_probe_that_asks_for_something_else_begins_anew_with_the_health_of_the_node);
    tcase_add_loop_test(tc, a_node_that_is_up_again_has_returned_without_its_sessions, 0,
                        CFC_ROWS(returns));
    tcase_add_test(tc, sessions_are_counted_while_nodes_are_probed);
    tcase_add_test(tc, each_change_of_health_is_one_line_and_one_instant);
    tcase_add_test(tc, the_books_of_a_dead_child_are_closed);
    tcase_add_loop_test(tc, a_node_is_as_well_as_its_worst_required_probe, 0, CFC_ROWS(pairs));
    tcase_add_test(tc, a_node_is_not_used_before_all_its_required_probes_were_heard);
    tcase_add_test(tc, a_new_probe_of_a_node_that_is_up_must_fail_as_often_as_any_other);
    tcase_add_test(tc, a_monitor_goes_on_where_the_one_before_left_off);
    tcase_add_loop_test(tc, it_ends_soon_when_it_should, 0, CFC_ROWS(endings));
    tcase_add_test(tc, it_ends_when_its_parent_is_another);
    tcase_add_test(tc, it_goes_on_when_released_until_there_is_a_successor);
    tcase_add_test(tc, one_that_comes_too_late_does_not_take_the_lease);
    suite_add_tcase(suite, tc);
    return suite;
}
