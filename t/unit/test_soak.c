/* SPDX-License-Identifier: Apache-2.0
 * test_soak.c: what probing and looking leave behind: memory, descriptors, threads. A thousand
 * hours of a probe every five seconds are 720000 probes. This makes 20000, each outcome of each
 * kind more than a thousand times, after as many as it takes until all is allocated that is kept,
 * and looks at what these added. What is lost in one probe of 25 is found: of 32 bytes, malloc's
 * smallest piece, that would be 25600. What passes is under 0.62 byte for a probe, or 450 KB in the
 * thousand hours. What is lost in one probe of a million is not found.
 *
 * Looks at what is well, which need a server, are t/health/test_soak.py's. The nodes live in a
 * process of their own, so that what is measured is the monitor's. */
#include <apr_pools.h>
#include <apr_strings.h>
#include <dirent.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "health/client.h"
#include "health/monitor.h"
#include "health/probe.h"
#include "lb/cluster.h"
#include "lb/log.h"
#include "t/unit/kit.h"
#include "t/unit/scripted_node.h"
#include "t/unit/suites.h"
#include "t/unit/tls_node.h"

#ifdef __SANITIZE_ADDRESS__
size_t __sanitizer_get_current_allocated_bytes(void);   /* gcc brings no header of it */
#define ROUNDS 8
#define LOOKS 200
#else
#define ROUNDS 52
#define LOOKS 1000
#endif
#define WARM_ROUNDS 8           /* in which everything is allocated that is kept */
#define WARM_LOOKS 100
#define NODES 8                 /* of each kind; together CFC_NODES_MAX */
#define PROBES 3                /* of each node */
#define ALLOWED_BYTES 12288     /* of which half is chance: what malloc keeps for each thread */
#define PATIENCE_S 300          /* a machine may be slow; nothing here is about time */
#define NEVER_MS 3600000
#define STEP_MS 2
#define CLOSING_STEPS 5000

#define ANSWER(status) "HTTP/1.1 " status "\r\nConnection: close\r\n\r\n{\"state\":\"RUNNING\"}"
#define CPONG "AB\0\001\011"

static const struct {
    const char *label;
    cfc_probe_kind_t kind;
    cfc_scheme_t scheme;
    cfc_manner_t manner;        /* of a node without TLS */
    const char *answer;
    int length;
    bool tls;                   /* a node with TLS, which answers well */
    bool good;
} kinds[] = {
    {"tcp, accepted", CFC_PROBE_TCP, CFC_SCHEME_HTTP, CFC_NODE_SLAMS, NULL, 0, false, true},
    {"tcp, refused", CFC_PROBE_TCP, CFC_SCHEME_HTTP, CFC_NODE_ABSENT, NULL, 0, false, false},
    {"http, good", CFC_PROBE_HTTP, CFC_SCHEME_HTTP, CFC_NODE_ANSWERS, ANSWER("200 OK"), 0, false,
     true},
    {"http, bad", CFC_PROBE_HTTP, CFC_SCHEME_HTTP, CFC_NODE_ANSWERS, ANSWER("503 Busy"), 0, false,
     false},
    {"http, refused", CFC_PROBE_HTTP, CFC_SCHEME_HTTP, CFC_NODE_ABSENT, NULL, 0, false, false},
    {"http, reset", CFC_PROBE_HTTP, CFC_SCHEME_HTTP, CFC_NODE_RESETS, NULL, 0, false, false},
    {"http, silent", CFC_PROBE_HTTP, CFC_SCHEME_HTTP, CFC_NODE_HANGS, NULL, 0, false, false},
    {"http, dripping", CFC_PROBE_HTTP, CFC_SCHEME_HTTP, CFC_NODE_DRIPS, NULL, 0, false, false},
    {"http, too much", CFC_PROBE_HTTP, CFC_SCHEME_HTTP, CFC_NODE_FLOODS, NULL, 0, false, false},
    {"https, good", CFC_PROBE_HTTP, CFC_SCHEME_HTTPS, CFC_NODE_ABSENT, ANSWER("200 OK"), 0, true,
     true},
    {"https, no TLS there", CFC_PROBE_HTTP, CFC_SCHEME_HTTPS, CFC_NODE_GREETS, "220 smtp\r\n", 0,
     false, false},
    {"https, silent", CFC_PROBE_HTTP, CFC_SCHEME_HTTPS, CFC_NODE_HANGS, NULL, 0, false, false},
    {"ajp, good", CFC_PROBE_AJP, CFC_SCHEME_AJP, CFC_NODE_GREETS, CPONG, 5, false, true},
    {"ajp, refused", CFC_PROBE_AJP, CFC_SCHEME_AJP, CFC_NODE_ABSENT, NULL, 0, false, false},
    {"ajp, something else", CFC_PROBE_AJP, CFC_SCHEME_AJP, CFC_NODE_GREETS, "220 smtp\r\n", 0,
     false, false},
    {"ajp, silent", CFC_PROBE_AJP, CFC_SCHEME_AJP, CFC_NODE_HANGS, NULL, 0, false, false},
};

#define KINDS CFC_ROWS(kinds)
#define TARGETS ((unsigned)(KINDS * NODES * PROBES))

static void take_a_step(void)
{
    const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};

    nanosleep(&step, NULL);
}

/* --- what a process has ---------------------------------------------------------------------- */

typedef struct {
    size_t bytes;
    int descriptors, threads;
} belongings_t;

static int entries(const char *directory)
{
    DIR *open = opendir(directory);
    int count = 0;

    ck_assert_ptr_nonnull(open);
    while (readdir(open) != NULL) {
        count++;
    }
    closedir(open);
    return count;
}

static belongings_t belongings(void)
{
    belongings_t now = {.descriptors = entries("/proc/self/fd"),
                        .threads = entries("/proc/self/task")};

#ifdef __SANITIZE_ADDRESS__
    now.bytes = __sanitizer_get_current_allocated_bytes();
#else
    struct mallinfo2 heap = mallinfo2();

    now.bytes = heap.uordblks + heap.hblkhd;
#endif
    return now;
}

/* What the other side is just closing counts here too when it is in this process; and a thread
 * that was joined may be there a moment longer. */
static void check_nothing_left(const char *label, const belongings_t *before, int count)
{
    belongings_t after = belongings();

    for (int step = 0; step < CLOSING_STEPS
                       && (after.descriptors > before->descriptors
                           || after.threads > before->threads); step++) {
        take_a_step();
        after = belongings();
    }
    ck_assert_msg(after.descriptors <= before->descriptors, "%s: %d descriptors were %d", label,
                  after.descriptors, before->descriptors);
    ck_assert_msg(after.threads <= before->threads, "%s: %d threads were %d", label,
                  after.threads, before->threads);
    ck_assert_msg(after.bytes <= before->bytes + ALLOWED_BYTES, "%s: %zu bytes more after %d",
                  label, after.bytes - before->bytes, count);
}

/* --- nodes in a process of their own --------------------------------------------------------- */

static struct nodes {
    _Atomic bool ready;
    cfc_scripted_node_t plain[KINDS];
    cfc_tls_node_t tls[KINDS];
} *nodes;                       /* shared with that process */
static pid_t nodes_pid;

static void serve(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_IGN);       /* probes hang up as they like */
    for (int i = 0; i < KINDS; i++) {
        nodes->plain[i].manner = kinds[i].manner;
        nodes->plain[i].answer = kinds[i].answer;
        nodes->plain[i].length = kinds[i].length;
        cfc_scripted_node_start(&nodes->plain[i]);
        if (kinds[i].tls) {
            nodes->tls[i].answer = kinds[i].answer;
            cfc_tls_node_start(&nodes->tls[i]);
        }
    }
    nodes->ready = true;
    pause();
}

static int port_of(int kind)
{
    return kinds[kind].tls ? nodes->tls[kind].port : nodes->plain[kind].port;
}

#define WAIT_FOR(condition) CFC_KIT_WAIT(condition, PATIENCE_S, take_a_step())

static void start_nodes(void)
{
    nodes = mmap(NULL, sizeof(*nodes), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(nodes, MAP_FAILED);
    nodes_pid = fork();
    if (nodes_pid == 0) {
        serve();
        _exit(0);
    }
    WAIT_FOR(nodes->ready);
}

static void stop_nodes(void)
{
    kill(nodes_pid, SIGKILL);
    waitpid(nodes_pid, NULL, 0);
    munmap(nodes, sizeof(*nodes));
}

/* --- probes ---------------------------------------------------------------------------------- */

static apr_pool_t *pool;
static cfc_monitor_t monitor;
static volatile sig_atomic_t stop;

static void keep_nothing(cfc_log_level_t level, apr_status_t status, const char *line)
{
    (void)level;
    (void)status;
    (void)line;
}

/* Each probe is made when it is asked for, and else never: then it is known when none is under
 * way. */
static cfc_probe_conf_t *new_probe(int kind, int place)
{
    cfc_probe_conf_t *probe = apr_pcalloc(pool, sizeof(*probe));

    *probe = (cfc_probe_conf_t){
        .name = apr_psprintf(pool, "probe%d", place), .kind = (int)kinds[kind].kind,
        .path = "/status", .expect = CFC_EXPECT_CONFLUENCE, .interval_ms = NEVER_MS,
        .fast_ms = NEVER_MS, .rise = 2, .fall = 2,
        .timeout_ms = kinds[kind].manner == CFC_NODE_HANGS || kinds[kind].manner == CFC_NODE_DRIPS
                          ? 100 : PATIENCE_S * 1000,
    };
    return probe;
}

static cfc_node_t *new_node(const cfc_cluster_t *cl, int kind, int number)
{
    cfc_node_t *node = apr_pcalloc(pool, sizeof(*node));

    node->name = apr_psprintf(pool, "n%d", number);
    node->host = "127.0.0.1";
    node->port = port_of(kind);
    node->scheme = kinds[kind].scheme;
    node->slot = cfc_segment_node(monitor.segment, cl->name, node->name);
    ck_assert_ptr_nonnull(node->slot);
    return node;
}

static void new_cluster(int kind)
{
    cfc_cluster_t *cl = apr_pcalloc(pool, sizeof(*cl));

    cl->name = apr_psprintf(pool, "kind%d", kind);
    cl->sticky.window_ms = 1800000;
    cl->dependencies = apr_array_make(pool, 1, sizeof(void *));
    cl->nodes = apr_array_make(pool, NODES, sizeof(cfc_node_t *));
    cl->probes = apr_array_make(pool, PROBES, sizeof(cfc_probe_conf_t *));
    for (int i = 0; i < PROBES; i++) {
        APR_ARRAY_PUSH(cl->probes, cfc_probe_conf_t *) = new_probe(kind, i);
    }
    for (int i = 0; i < NODES; i++) {
        APR_ARRAY_PUSH(cl->nodes, cfc_node_t *) = new_node(cl, kind, i);
    }
    APR_ARRAY_PUSH((apr_array_header_t *)monitor.clusters, cfc_cluster_t *) = cl;
}

static void setup(void)
{
    start_nodes();
    apr_pool_create(&pool, NULL);
    cfc_log_to(keep_nothing);
    stop = 0;
    monitor = (cfc_monitor_t){.segment = cfc_kit_segment(), .pid = 4711, .parent = getppid(),
                              .stop = &stop};
    monitor.generation = cfc_segment_next_generation(monitor.segment);
    monitor.clusters = apr_array_make(pool, KINDS, sizeof(cfc_cluster_t *));
    for (int i = 0; i < KINDS; i++) {
        new_cluster(i);
    }
}

static void teardown(void)
{
    cfc_log_to(NULL);
    cfc_kit_segment_free(monitor.segment);
    apr_pool_destroy(pool);
    stop_nodes();
}

static void *live(void *data)
{
    (void)data;
    ck_assert_int_eq(cfc_monitor_run(&monitor, pool), APR_SUCCESS);
    return NULL;
}

static cfc_node_slot_t *slot_of(int kind, int number)
{
    const cfc_cluster_t *cl = APR_ARRAY_IDX(monitor.clusters, kind, const cfc_cluster_t *);

    return cfc_cluster_nodes(cl)[number]->slot;
}

static unsigned results(void)
{
    unsigned count = 0;

    for (int i = 0; i < KINDS * NODES * PROBES; i++) {
        cfc_node_slot_t *slot = slot_of(i / PROBES / NODES, i / PROBES % NODES);

        count += atomic_load(&slot->probes[i % PROBES].history.count);
    }
    return count;
}

/* Until the loop has come round once more, and waits. */
static void come_to_rest(void)
{
    for (int i = 0; i < 2; i++) {
        int64_t beat = atomic_load(&monitor.segment->monitor_beat_at);

        WAIT_FOR(atomic_load(&monitor.segment->monitor_beat_at) != beat);
    }
}

static void probe_all(int rounds)
{
    for (int round = 0; round < rounds; round++) {
        unsigned before = results();

        for (int i = 0; i < KINDS * NODES; i++) {
            atomic_store(&slot_of(i / NODES, i % NODES)->probe_wanted, 1);
        }
        WAIT_FOR(results() == before + TARGETS);
    }
    come_to_rest();
}

static void check_results(void)
{
    for (int i = 0; i < KINDS; i++) {
        cfc_probe_result_t result;

        cfc_history_last(&slot_of(i, 0)->probes[0].history, &result);
        ck_assert_msg(result.good == kinds[i].good, "%s: %s", kinds[i].label, result.reason);
    }
}

static pthread_t start_monitor(void)
{
    pthread_t thread;

    stop = 0;
    ck_assert_int_eq(pthread_create(&thread, NULL, live, NULL), 0);
    WAIT_FOR(atomic_load(&monitor.segment->monitor_pid) == monitor.pid);
    return thread;
}

static void stop_monitor(pthread_t thread)
{
    stop = 1;
    pthread_join(thread, NULL);
}

START_TEST(tens_of_thousands_of_probes_leave_nothing_behind)
{
    belongings_t without, before;
    pthread_t thread = start_monitor();

    WAIT_FOR(results() == TARGETS);         /* of nodes of which nothing is known: all at once */
    stop_monitor(thread);
    without = belongings();                 /* libraries keep something from their first use on */
    thread = start_monitor();
    probe_all(WARM_ROUNDS);
    before = belongings();
    probe_all(ROUNDS);
    check_nothing_left("while it runs", &before, (int)TARGETS * ROUNDS);
    check_results();
    stop_monitor(thread);
    check_nothing_left("when it has ended", &without, (int)TARGETS * ROUNDS);
}
END_TEST

/* --- looks ----------------------------------------------------------------------------------- */

static const struct {
    const char *label;
    const cfc_client_kind_t *client;
    cfc_dependency_kind_t kind;
    cfc_tls_t tls;
    cfc_manner_t manner;
    const char *answer;
} looks[] = {
    {"a database that refuses", &cfc_db_client, CFC_DEPENDENCY_MYSQL, CFC_TLS_OFF,
     CFC_NODE_ABSENT, NULL},
    {"something else than a database", &cfc_db_client, CFC_DEPENDENCY_MYSQL, CFC_TLS_OFF,
     CFC_NODE_GREETS, "SSH-2.0-OpenSSH_9.2\r\n"},
    {"a directory that refuses", &cfc_directory_client, CFC_DEPENDENCY_LDAP, CFC_TLS_OFF,
     CFC_NODE_ABSENT, NULL},
    {"something else than a directory", &cfc_directory_client, CFC_DEPENDENCY_LDAP, CFC_TLS_OFF,
     CFC_NODE_GREETS, "SSH-2.0-OpenSSH_9.2\r\n"},
    {"no TLS where ldaps is configured", &cfc_directory_client, CFC_DEPENDENCY_LDAP,
     CFC_TLS_VERIFY, CFC_NODE_GREETS, "SSH-2.0-OpenSSH_9.2\r\n"},
};

static void look(const cfc_client_kind_t *kind, void *client, int count)
{
    for (int i = 0; i < count; i++) {
        cfc_db_facts_t facts;

        kind->errand.run(client);
        ck_assert_ptr_nonnull(kind->result(client, &facts));
    }
}

START_TEST(thousands_of_looks_leave_nothing_behind)
{
    const cfc_client_kind_t *kind = looks[_i].client;
    cfc_scripted_node_t peer = {.manner = looks[_i].manner, .answer = looks[_i].answer};
    cfc_dependency_t conf = {.name = "d", .kind = (int)looks[_i].kind, .host = "127.0.0.1",
                             .tls = (int)looks[_i].tls, .timeout_ms = 60000};
    char address[32];
    belongings_t before;
    void *client;

    cfc_scripted_node_start(&peer);
    conf.port = peer.port;
    conf.address = address;
    snprintf(address, sizeof(address), "127.0.0.1:%d", peer.port);
    ck_assert(kind->begin());
    client = kind->make(&conf);
    look(kind, client, WARM_LOOKS);
    before = belongings();
    look(kind, client, LOOKS);
    check_nothing_left(looks[_i].label, &before, LOOKS);
    kind->errand.drop(client);
    cfc_scripted_node_stop(&peer);
}
END_TEST

Suite *cfc_soak_suite(void)
{
    Suite *suite = suite_create("soak");
    TCase *probing = tcase_create("probes");
    TCase *looking = tcase_create("looks");

    tcase_add_checked_fixture(probing, setup, teardown);
    tcase_set_timeout(probing, PATIENCE_S);
    tcase_add_test(probing, tens_of_thousands_of_probes_leave_nothing_behind);
    suite_add_tcase(suite, probing);
    tcase_set_timeout(looking, PATIENCE_S);
    tcase_add_loop_test(looking, thousands_of_looks_leave_nothing_behind, 0, CFC_ROWS(looks));
    suite_add_tcase(suite, looking);
    return suite;
}
