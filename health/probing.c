/* SPDX-License-Identifier: Apache-2.0
 * probing.c: when to probe. How to probe is transfer.c's and ajp.c's, what an answer means
 * expect.c's, what follows from it verdict.c's. */
#include "health/probing.h"

#include "health/ajp.h"
#include "health/probe.h"
#include "health/transfer.h"
#include "health/verdict.h"
#include "lb/cluster.h"
#include "lb/events.h"
#include "lb/log.h"
#include "lb/segment.h"

#define FLOOR_MS 100            /* the shortest pause between two probes of one kind at a node */
#define SPREAD_MS 500           /* over which those are spread that are due at the start */

typedef enum {
    RESTING,
    TRANSFERRING,               /* libcurl has it */
    ASKING_AJP                  /* connected by libcurl, whose transfer is kept for that */
} phase_t;

/** One probe of one node. Those of a node follow each other. */
typedef struct {
    const cfc_cluster_t *cl;
    const cfc_node_t *node;
    int place;                  /* of the probe among the cluster's */
    cfc_transfer_t *transfer;
    cfc_ajp_t ajp;
    phase_t phase;
    bool wanted;                /* a request has failed at the node, or somebody asks */
    bool second;                /* the next pause is that before its second probe */
    int64_t began_ms;           /* monotonic, as all *_ms here */
    int64_t due_ms;
} target_t;

typedef struct {
    const cfc_work_t *work;
    apr_array_header_t *targets;    /* target_t */
    bool begun;
} probing_t;

static target_t *target_at(const probing_t *probing, int i)
{
    return &APR_ARRAY_IDX(probing->targets, i, target_t);
}

static const cfc_probe_conf_t *conf_of(const target_t *target)
{
    return cfc_probe_at(target->cl, target->place);
}

static int64_t pause_ms(const target_t *target)
{
    const cfc_probe_conf_t *conf = conf_of(target);
    int64_t pause = conf->interval_ms;
    cfc_cause_t cause;

    switch (cfc_probe_health(&target->node->slot->probes[target->place], &cause)) {
    case CFC_HEALTH_FAILING:
    case CFC_HEALTH_RECOVERING:
        pause = conf->fast_ms != 0 ? conf->fast_ms : pause / 2;
        break;
    case CFC_HEALTH_DOWN:
    case CFC_HEALTH_STARTING:
        pause = conf->down_ms != 0 ? conf->down_ms : pause;
        break;
    default:
        break;
    }
    return pause > FLOOR_MS ? pause : FLOOR_MS;
}

/* All that begin with httpd begin at once, so that users wait for nobody; their second probes are
 * spread over the interval, or all would be in step for ever. */
static int64_t next_pause_ms(const probing_t *probing, target_t *target)
{
    int64_t pause = pause_ms(target);
    int64_t place = target - target_at(probing, 0) + 1;

    if (target->second) {
        target->second = false;
        pause = FLOOR_MS + (pause - FLOOR_MS) * place / probing->targets->nelts;
    }
    return pause;
}

/* Requests have failed at the node, or somebody asks for fresh evidence of it: all its probes look
 * at once, but no more often than the floor allows. */
static void heed_requests(probing_t *probing)
{
    bool wanted = false;

    for (int i = 0; i < probing->targets->nelts; i++) {
        target_t *target = target_at(probing, i);

        if (target->place == 0) {
            wanted = atomic_load(&target->node->slot->probe_wanted) != 0
                     && atomic_exchange(&target->node->slot->probe_wanted, 0) != 0;
        }
        target->wanted = target->wanted || wanted;
    }
}

static bool is_due(const target_t *target, int64_t now)
{
    return target->phase == RESTING
           && (target->due_ms <= now || (target->wanted && now - target->began_ms >= FLOOR_MS));
}

static void begin_due(probing_t *probing, int64_t now)
{
    for (int i = 0; i < probing->targets->nelts; i++) {
        target_t *target = target_at(probing, i);

        if (is_due(target, now)) {
            target->began_ms = now;
            target->wanted = false;
            if (cfc_transfer_begin(target->transfer, probing->work->multi)) {
                target->phase = TRANSFERRING;
            }
            target->due_ms = now + pause_ms(target);
        }
    }
}

/* A monitor that was stopped and goes on meets a successor, and nodes that are not its own. */
static bool still_ours(const probing_t *probing)
{
    const cfc_monitor_t *monitor = probing->work->monitor;

    return atomic_load(&monitor->segment->monitor_pid) == monitor->pid
           && atomic_load(&monitor->segment->generation) == monitor->generation;
}

static void conclude(probing_t *probing, target_t *target, const cfc_evidence_t *ev)
{
    cfc_transfer_end(target->transfer, probing->work->multi);
    target->phase = RESTING;
    if (still_ours(probing)) {
        cfc_verdict_record(probing->work->monitor->segment, target->cl, target->node,
                           target->place, ev);
    }
    target->due_ms = target->began_ms + next_pause_ms(probing, target);
}

static void collect(probing_t *probing)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(probing->work->multi, &left)) != NULL) {
        target_t *target = cfc_transfer_owner(message->easy_handle);
        int fd = -1;
        cfc_evidence_t ev;

        if (conf_of(target)->kind == CFC_PROBE_AJP && message->data.result == CURLE_OK) {
            fd = cfc_transfer_socket(target->transfer);
        }
        if (fd >= 0) {
            cfc_ajp_begin(&target->ajp, fd);
            target->phase = ASKING_AJP;
            continue;
        }
        cfc_transfer_judge(target->transfer, message->data.result, &ev);
        conclude(probing, target, &ev);
    }
}

static void ask_ajp(probing_t *probing, int64_t now)
{
    for (int i = 0; i < probing->targets->nelts; i++) {
        target_t *target = target_at(probing, i);
        cfc_ajp_result_t result;
        cfc_evidence_t ev;

        if (target->phase != ASKING_AJP) {
            continue;
        }
        result = cfc_ajp_step(&target->ajp);
        if (result == CFC_AJP_WAITS && now - target->began_ms < conf_of(target)->timeout_ms) {
            struct curl_waitfd *watched = apr_array_push(probing->work->watched);

            watched->fd = target->ajp.fd;
            watched->events = cfc_ajp_writes(&target->ajp) ? CURL_WAIT_POLLOUT : CURL_WAIT_POLLIN;
            watched->revents = 0;
            continue;
        }
        cfc_transfer_judge_ajp(target->transfer, result, &ev);
        ev.duration_ms = (int32_t)(now - target->began_ms);
        conclude(probing, target, &ev);
    }
}

/* When something has to be done that no descriptor tells. */
static int64_t next_due(const probing_t *probing)
{
    int64_t next = INT64_MAX;

    for (int i = 0; i < probing->targets->nelts; i++) {
        const target_t *target = target_at(probing, i);
        int64_t due = target->phase == RESTING      ? target->due_ms
                      : target->phase == ASKING_AJP ? target->began_ms
                                                          + conf_of(target)->timeout_ms
                                                    : INT64_MAX;

        next = due < next ? due : next;
    }
    return next;
}

static void add_targets(probing_t *probing, const cfc_cluster_t *cl)
{
    for (int i = 0; i < cl->nodes->nelts; i++) {
        for (int place = 0; place < cl->probes->nelts; place++) {
            target_t *target = apr_array_push(probing->targets);

            target->cl = cl;
            target->node = cfc_cluster_nodes(cl)[i];
            target->place = place;
        }
        cfc_verdict_begin(cl, cfc_cluster_nodes(cl)[i]);
    }
}

/* Transfers point into the array of targets, so they come when it grows no more. */
static bool make_targets(probing_t *probing, apr_pool_t *p)
{
    const apr_array_header_t *clusters = probing->work->monitor->clusters;

    probing->targets = apr_array_make(p, 8, sizeof(target_t));
    for (int i = 0; i < clusters->nelts; i++) {
        add_targets(probing, APR_ARRAY_IDX(clusters, i, const cfc_cluster_t *));
    }
    for (int i = 0; i < probing->targets->nelts; i++) {
        target_t *target = target_at(probing, i);

        target->transfer = cfc_transfer_make(target->node, conf_of(target), target, p);
        if (target->transfer == NULL) {
            return false;
        }
    }
    return true;
}

static void *begin(const cfc_work_t *work, apr_pool_t *p)
{
    probing_t *probing = apr_pcalloc(p, sizeof(*probing));

    probing->work = work;
    if (!make_targets(probing, p)) {
        return NULL;
    }
    cfc_event(&(cfc_what_t){.kind = CFC_EVENT_MONITOR, .after = "alive"}, CFC_LOG_INFO,
              APR_SUCCESS, "CFC0302: the monitor begins %d probes", probing->targets->nelts);
    return probing;
}

/* Goes on where the monitor before left off; what is overdue is spread. */
static void schedule_first(probing_t *probing, int64_t now)
{
    for (int i = 0; i < probing->targets->nelts; i++) {
        target_t *target = target_at(probing, i);
        const cfc_probe_slot_t *slot = &target->node->slot->probes[target->place];
        int64_t pause = pause_ms(target), since;
        cfc_probe_result_t last;
        cfc_cause_t cause;

        cfc_history_last(&slot->history, &last);
        since = apr_time_as_msec(apr_time_now() - last.at);
        target->began_ms = now - FLOOR_MS;
        if (cfc_probe_health(slot, &cause) == CFC_HEALTH_UNKNOWN) {
            target->due_ms = now;
            target->second = true;
        }
        else if (last.at != 0 && since >= 0 && since < pause) {
            target->due_ms = now + pause - since;
        }
        else {
            target->due_ms = now + (pause < SPREAD_MS ? pause : SPREAD_MS) * i
                                       / probing->targets->nelts;
        }
    }
}

static int64_t run(void *job, int64_t now_ms)
{
    probing_t *probing = job;
    int running;

    if (!probing->begun) {
        schedule_first(probing, now_ms);
        probing->begun = true;
    }
    heed_requests(probing);
    begin_due(probing, now_ms);
    if (curl_multi_perform(probing->work->multi, &running) != CURLM_OK) {
        return CFC_JOB_FAILED;
    }
    collect(probing);
    ask_ajp(probing, now_ms);
    return next_due(probing);
}

static void end(void *job)
{
    probing_t *probing = job;

    for (int i = 0; i < probing->targets->nelts; i++) {
        target_t *target = target_at(probing, i);

        if (target->phase != RESTING) {
            cfc_transfer_end(target->transfer, probing->work->multi);
        }
    }
}

const cfc_job_kind_t cfc_probing_job = {"probing", begin, run, end};
