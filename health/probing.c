/* SPDX-License-Identifier: Apache-2.0
 * probing.c: when to probe, and what to do with the result. How to probe is transfer.c's, what a
 * result means expect.c's and rise_fall.c's. */
#include "health/probing.h"

#include <apr_strings.h>

#include "health/probe.h"
#include "health/rise_fall.h"
#include "health/transfer.h"
#include "lb/choose.h"
#include "lb/cluster.h"
#include "lb/effective.h"
#include "lb/events.h"
#include "lb/log.h"
#include "lb/segment.h"

#define FAST_FLOOR_MS 100       /* the shortest pause between two probes of one node */

typedef struct {
    const cfc_cluster_t *cl;
    const cfc_node_t *node;
    cfc_transfer_t *transfer;
    bool running;
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
    const cfc_node_t *node = target->node;
    const cfc_what_t what = {
        .kind = CFC_EVENT_HEALTH,
        .bad = standing->health == CFC_HEALTH_DOWN || standing->cause == CFC_CAUSE_REFUSED,
        .cluster = target->cl->name, .noun = "node", .name = node->name,
        .effective = cfc_effective_word(cfc_node_effective(node)),
        .before = cfc_health_word(was->health), .after = cfc_health_word(standing->health),
        .why = reason,
    };

    cfc_event(&what, CFC_LOG_NOTICE, APR_SUCCESS, "CFC0301: cluster %s, node %s: %s -> %s: %s; %s",
              what.cluster, what.name, what.before, what.after, what.why,
              what_happens_now(node->slot, standing));
}

/* Back in service; not from unknown, which is httpd's start and not the node's. */
static bool has_returned(cfc_health_t was, cfc_health_t is)
{
    return is == CFC_HEALTH_UP && (was == CFC_HEALTH_STARTING || was == CFC_HEALTH_DOWN
                                   || was == CFC_HEALTH_RECOVERING);
}

static void record(const probing_t *probing, const target_t *target, const cfc_evidence_t *ev)
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
        cfc_bell_ring(&probing->work->monitor->segment->downs);
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

static void begin_due(probing_t *probing, int64_t now)
{
    for (int i = 0; i < probing->targets->nelts; i++) {
        target_t *target = target_at(probing, i);

        if (!target->running && (target->due_ms <= now || is_wanted(target, now))) {
            target->began_ms = now;
            target->running = cfc_transfer_begin(target->transfer, probing->work->multi);
            target->due_ms = now + pause_ms(target);
        }
    }
}

static void collect(probing_t *probing)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(probing->work->multi, &left)) != NULL) {
        target_t *target = cfc_transfer_owner(message->easy_handle);
        cfc_evidence_t ev;

        cfc_transfer_judge(target->transfer, message->data.result, &ev);
        cfc_transfer_end(target->transfer, probing->work->multi);
        record(probing, target, &ev);
        target->running = false;
        target->due_ms = target->began_ms + pause_ms(target);
    }
}

static void add_targets(probing_t *probing, const cfc_cluster_t *cl)
{
    for (int i = 0; i < cl->nodes->nelts; i++) {
        target_t *target = apr_array_push(probing->targets);

        target->cl = cl;
        target->node = cfc_cluster_nodes(cl)[i];
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

        target->transfer = cfc_transfer_make(target->node, target->cl->probe, target, p);
        if (target->transfer == NULL) {
            return false;
        }
    }
    return true;
}

static void schedule_first(probing_t *probing, int64_t now)
{
    for (int i = 0; i < probing->targets->nelts; i++) {
        target_t *target = target_at(probing, i);
        bool known = standing_of(target->node->slot).health != CFC_HEALTH_UNKNOWN;

        target->due_ms = now + (known ? target->cl->probe->interval_ms * i / probing->targets->nelts
                                      : 0);
    }
}

static void *begin(const cfc_work_t *work, apr_pool_t *p)
{
    probing_t *probing = apr_pcalloc(p, sizeof(*probing));

    probing->work = work;
    if (!make_targets(probing, p)) {
        return NULL;
    }
    cfc_event(&(cfc_what_t){.kind = CFC_EVENT_MONITOR, .after = "alive"}, CFC_LOG_INFO,
              APR_SUCCESS, "CFC0302: the monitor probes %d nodes", probing->targets->nelts);
    return probing;
}

static int64_t next_due(const probing_t *probing)
{
    int64_t next = INT64_MAX;

    for (int i = 0; i < probing->targets->nelts; i++) {
        const target_t *target = target_at(probing, i);

        if (!target->running && target->due_ms < next) {
            next = target->due_ms;
        }
    }
    return next;
}

static int64_t run(void *job, int64_t now_ms)
{
    probing_t *probing = job;
    int running;

    if (!probing->begun) {
        schedule_first(probing, now_ms);
        probing->begun = true;
    }
    begin_due(probing, now_ms);
    if (curl_multi_perform(probing->work->multi, &running) != CURLM_OK) {
        return CFC_JOB_FAILED;
    }
    collect(probing);
    return next_due(probing);
}

static void end(void *job)
{
    probing_t *probing = job;

    for (int i = 0; i < probing->targets->nelts; i++) {
        target_t *target = target_at(probing, i);

        if (target->running) {
            cfc_transfer_end(target->transfer, probing->work->multi);
        }
    }
}

const cfc_job_kind_t cfc_probing_job = {"probing", begin, run, end};
