/* SPDX-License-Identifier: Apache-2.0
 * monitor.c: the loop of the monitor process: when to probe, what to do with the result, when to
 * end. How to probe is transfer.c's, what a result means expect.c's and rise_fall.c's, how the
 * process comes to be monitor_httpd.c's. */
#include "health/monitor.h"

#include <apr_strings.h>
#include <curl/curl.h>
#include <time.h>
#include <unistd.h>

#include "health/probe.h"
#include "health/rise_fall.h"
#include "health/transfer.h"
#include "lb/cluster.h"
#include "lb/effective.h"
#include "lb/log.h"

#define TICK_MS 100             /* reasons to end are looked at this often */
#define FAST_FLOOR_MS 100       /* the shortest pause between two probes of one node */
#define BOOKS_MS 1000
#define RELEASED_MS 30000       /* longer than httpd takes to read any configuration */

typedef struct {
    const cfc_cluster_t *cl;
    const cfc_node_t *node;
    cfc_transfer_t *transfer;
    bool running;
    int64_t began_ms;           /* monotonic, as all *_ms here */
    int64_t due_ms;
} target_t;

typedef struct {
    const cfc_monitor_t *monitor;
    CURLM *multi;
    apr_array_header_t *targets;    /* target_t */
    int64_t books_ms;               /* when the books were last repaired and counted */
    int64_t released_ms;            /* since when nobody wants this process; 0: it is wanted */
} loop_t;

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static target_t *target_at(const loop_t *loop, int i)
{
    return &APR_ARRAY_IDX(loop->targets, i, target_t);
}

static cfc_standing_t standing_of(const cfc_node_slot_t *slot)
{
    cfc_standing_t standing;

    standing.health = cfc_slot_health(slot, &standing.cause);
    standing.streak = atomic_load(&slot->streak);
    if (standing.health >= CFC_HEALTH_COUNT) {
        standing = (cfc_standing_t){CFC_HEALTH_UNKNOWN, CFC_CAUSE_NONE, 0};
    }
    return standing;
}

static int64_t pause_ms(const target_t *target)
{
    cfc_health_t health = standing_of(target->node->slot).health;
    int64_t pause = target->cl->probe->interval_ms;

    if (health == CFC_HEALTH_FAILING || health == CFC_HEALTH_RECOVERING) {
        pause /= 2;
    }
    return pause > FAST_FLOOR_MS ? pause : FAST_FLOOR_MS;
}

static const char *what_happens_now(const cfc_node_slot_t *slot, const cfc_standing_t *standing)
{
    switch (cfc_effective(cfc_slot_admin(slot), standing->health, standing->cause)) {
    case CFC_EFFECTIVE_SERVING:
    case CFC_EFFECTIVE_WARMING:
        return "it gets requests";
    case CFC_EFFECTIVE_STICKY_ONLY:
        return "it gets the requests of its sessions";
    case CFC_EFFECTIVE_LAST_RESORT:
        return "it gets only what no other node can take";
    case CFC_EFFECTIVE_OUT:
    case CFC_EFFECTIVE_COUNT:
        break;
    }
    return "it gets no requests";
}

static void log_change(const target_t *target, const cfc_standing_t *was,
                       const cfc_standing_t *standing, const char *reason)
{
    cfc_log(CFC_LOG_NOTICE, APR_SUCCESS, "CFC0301: cluster %s, node %s: %s -> %s: %s; %s",
            target->cl->name, target->node->name, cfc_health_word(was->health),
            cfc_health_word(standing->health), reason,
            what_happens_now(target->node->slot, standing));
}

/* Back in service; not from unknown, which is httpd's start and not the node's. */
static bool has_returned(cfc_health_t was, cfc_health_t is)
{
    return is == CFC_HEALTH_UP && (was == CFC_HEALTH_STARTING || was == CFC_HEALTH_DOWN
                                   || was == CFC_HEALTH_RECOVERING);
}

static void record(const loop_t *loop, const target_t *target, const cfc_evidence_t *ev)
{
    const cfc_probe_conf_t *conf = target->cl->probe;
    cfc_node_slot_t *slot = target->node->slot;
    const cfc_standing_t was = standing_of(slot);
    cfc_standing_t standing = was;
    bool notable = cfc_rise_fall(&standing, ev->verdict, (uint32_t)conf->rise,
                                 (uint32_t)conf->fall);
    cfc_probe_result_t result = {
        .at = ev->at,
        .duration_ms = ev->duration_ms,
        .code = ev->code,
        .good = ev->verdict == CFC_VERDICT_GOOD,
    };

    apr_cpystrn(result.reason, ev->reason, sizeof(result.reason));
    cfc_record_write(&slot->last_probe, &result, sizeof(result));
    atomic_store(&slot->streak, standing.streak);
    if (standing.health != was.health) {
        atomic_store(&slot->health_at, ev->at);
    }
    if (has_returned(was.health, standing.health)) {
        cfc_slot_returned(slot, ev->at, true);
    }
    cfc_slot_health_set(slot, standing.health, standing.cause);
    if (standing.health == CFC_HEALTH_UP && was.health != CFC_HEALTH_UP
        && was.health != CFC_HEALTH_FAILING) {
        cfc_eject_clear(&slot->eject);  /* it was away: what it did before counts no more */
    }
    if (standing.health == CFC_HEALTH_DOWN && was.health != CFC_HEALTH_DOWN) {
        cfc_bell_ring(&loop->monitor->segment->downs);
    }
    if (notable) {
        log_change(target, &was, &standing, ev->reason);
    }
}

/* A request has failed there: look at once, but no more often than the floor allows. */
static bool is_wanted(const target_t *target, int64_t now)
{
    return now - target->began_ms >= FAST_FLOOR_MS
           && atomic_exchange(&target->node->slot->probe_wanted, 0) != 0;
}

static void begin_due(loop_t *loop, int64_t now)
{
    for (int i = 0; i < loop->targets->nelts; i++) {
        target_t *target = target_at(loop, i);

        if (!target->running && (target->due_ms <= now || is_wanted(target, now))) {
            target->began_ms = now;
            target->running = cfc_transfer_begin(target->transfer, loop->multi);
            target->due_ms = now + pause_ms(target);
        }
    }
}

static void collect(loop_t *loop)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(loop->multi, &left)) != NULL) {
        target_t *target = cfc_transfer_owner(message->easy_handle);
        cfc_evidence_t ev;

        cfc_transfer_judge(target->transfer, message->data.result, &ev);
        cfc_transfer_end(target->transfer, loop->multi);
        record(loop, target, &ev);
        target->running = false;
        target->due_ms = target->began_ms + pause_ms(target);
    }
}

/* What the children would take too long to count for each request. */
static void count_sessions(const loop_t *loop)
{
    for (int i = 0; i < loop->targets->nelts; i++) {
        const target_t *target = target_at(loop, i);
        cfc_node_slot_t *slot = target->node->slot;

        cfc_sessions_mark(&slot->sessions, atomic_load(&slot->traffic.picked), apr_time_now(),
                          target->cl->sticky.window_ms);
    }
}

/* Children run as this user: a process that we may not signal is somebody else's by now. */
static bool alive(int64_t pid)
{
    return kill((pid_t)pid, 0) == 0;
}

static void keep_books(loop_t *loop, int64_t now)
{
    if (now - loop->books_ms >= BOOKS_MS) {
        loop->books_ms = now;
        cfc_segment_repair(loop->monitor->segment, alive);
        count_sessions(loop);
    }
}

static int wait_ms(const loop_t *loop, int64_t now)
{
    int64_t wait = TICK_MS;

    for (int i = 0; i < loop->targets->nelts; i++) {
        const target_t *target = target_at(loop, i);

        if (!target->running && target->due_ms - now < wait) {
            wait = target->due_ms - now;
        }
    }
    return wait > 0 ? (int)wait : 0;
}

static bool released_for_long(loop_t *loop, int64_t now)
{
    if (atomic_load(&loop->monitor->segment->monitor_generation) != 0) {
        loop->released_ms = 0;
        return false;
    }
    if (loop->released_ms == 0) {
        loop->released_ms = now;
    }
    return now - loop->released_ms >= RELEASED_MS;
}

/* Why to end; NULL: go on. */
static const char *reason_to_end(loop_t *loop, int64_t now)
{
    const cfc_monitor_t *monitor = loop->monitor;

    if (*monitor->stop) {
        return "it was told to";
    }
    if (getppid() != (pid_t)monitor->parent) {
        return "its parent is gone";
    }
    if (atomic_load(&monitor->segment->generation) != monitor->generation) {
        return "a newer configuration is in force";
    }
    if (atomic_load(&monitor->segment->monitor_pid) != monitor->pid) {
        return "another one has taken over";
    }
    return released_for_long(loop, now) ? "its configuration is gone" : NULL;
}

static void add_targets(loop_t *loop, const cfc_cluster_t *cl)
{
    for (int i = 0; i < cl->nodes->nelts; i++) {
        target_t *target = apr_array_push(loop->targets);

        target->cl = cl;
        target->node = cfc_cluster_nodes(cl)[i];
    }
}

/* Transfers point into the array of targets, so they come when it grows no more. */
static bool make_targets(loop_t *loop, apr_pool_t *p)
{
    const apr_array_header_t *clusters = loop->monitor->clusters;

    loop->targets = apr_array_make(p, 8, sizeof(target_t));
    for (int i = 0; i < clusters->nelts; i++) {
        add_targets(loop, APR_ARRAY_IDX(clusters, i, const cfc_cluster_t *));
    }
    for (int i = 0; i < loop->targets->nelts; i++) {
        target_t *target = target_at(loop, i);

        target->transfer = cfc_transfer_make(target->node, target->cl->probe, target, p);
        if (target->transfer == NULL) {
            return false;
        }
    }
    return true;
}

static void schedule_first(loop_t *loop, int64_t now)
{
    for (int i = 0; i < loop->targets->nelts; i++) {
        target_t *target = target_at(loop, i);
        bool known = standing_of(target->node->slot).health != CFC_HEALTH_UNKNOWN;

        target->due_ms = now + (known ? target->cl->probe->interval_ms * i / loop->targets->nelts
                                      : 0);
    }
}

static void take_lease(const cfc_monitor_t *monitor)
{
    atomic_store(&monitor->segment->monitor_generation, monitor->generation);
    atomic_store(&monitor->segment->monitor_beat_at, apr_time_now());
    atomic_store(&monitor->segment->monitor_pid, monitor->pid);
}

/* @return why it ended; NULL: libcurl failed */
static const char *probe_until_told(loop_t *loop)
{
    int64_t now = now_ms();
    const char *why;

    schedule_first(loop, now);
    while ((why = reason_to_end(loop, now)) == NULL) {
        int running;

        atomic_store(&loop->monitor->segment->monitor_beat_at, apr_time_now());
        begin_due(loop, now);
        if (curl_multi_perform(loop->multi, &running) != CURLM_OK) {
            break;
        }
        collect(loop);
        keep_books(loop, now);
        if (curl_multi_poll(loop->multi, NULL, 0, wait_ms(loop, now_ms()), NULL) != CURLM_OK) {
            break;
        }
        now = now_ms();
    }
    return why;
}

static void end_all(loop_t *loop)
{
    for (int i = 0; i < loop->targets->nelts; i++) {
        target_t *target = target_at(loop, i);

        if (target->running) {
            cfc_transfer_end(target->transfer, loop->multi);
        }
    }
}

apr_status_t cfc_monitor_run(const cfc_monitor_t *monitor, apr_pool_t *p)
{
    loop_t loop = {.monitor = monitor};
    const char *why = NULL;
    apr_pool_t *transfers;

    if (atomic_load(&monitor->segment->generation) != monitor->generation) {
        return APR_SUCCESS;     /* overtaken before it began: the lease is not for it to take */
    }
    take_lease(monitor);
    apr_pool_create(&transfers, p);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK
        && (loop.multi = curl_multi_init()) != NULL && make_targets(&loop, transfers)) {
        cfc_log(CFC_LOG_INFO, APR_SUCCESS, "CFC0302: the monitor probes %d nodes",
                loop.targets->nelts);
        why = probe_until_told(&loop);
        end_all(&loop);
    }
    apr_pool_destroy(transfers);
    curl_multi_cleanup(loop.multi);
    if (why == NULL) {
        cfc_log(CFC_LOG_ERROR, APR_SUCCESS, "CFC0304: libcurl cannot go on (no memory?); no node "
                "is probed until the monitor has been started again");
        return APR_EGENERAL;
    }
    cfc_log(CFC_LOG_INFO, APR_SUCCESS, "CFC0303: the monitor ends: %s", why);
    return APR_SUCCESS;
}
