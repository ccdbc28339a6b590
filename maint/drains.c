/* SPDX-License-Identifier: Apache-2.0
 * drains.c: see drains.h. When a node is drained is users.h's criterion, the numbers are
 * lb/drain.c's. */
#include "maint/drains.h"

#include <apr_strings.h>
#include <stdatomic.h>

#include "lb/choose.h"
#include "lb/events.h"
#include "maint/text.h"
#include "maint/wait.h"

#define LOOK_MS 1000

static const char *const arrived[CFC_ADMIN_COUNT] = {
    [CFC_ADMIN_ACTIVE] = "active again",
    [CFC_ADMIN_DRAIN] = "drained",
    [CFC_ADMIN_STOP] = "stopped",
};

static const char *many(uint64_t count, const char *what, apr_pool_t *p)
{
    return apr_psprintf(p, "%" APR_UINT64_T_FMT " %s%s", (apr_uint64_t)count, what,
                        count == 1 ? "" : "s");
}

const char *cfc_drain_text(const cfc_drain_report_t *report, apr_pool_t *p)
{
    return apr_psprintf(p, "about %s moved to other nodes, %s and %s were cut",
                        many(report->moved, "session", p),
                        many(report->cut_requests, "request", p),
                        many(report->cut_tunnels, "tunnel", p));
}

void cfc_drain_tell(const cfc_cluster_t *cl, const cfc_node_t *node, apr_time_t now,
                    apr_pool_t *p)
{
    cfc_admin_t admin = cfc_slot_admin(node->slot);
    const char *is = arrived[admin], *text, *span;
    cfc_drain_report_t report;

    if (!cfc_drain_read(&node->slot->drain, &report)
        || (admin == CFC_ADMIN_ACTIVE
            && report.moved + report.cut_requests + report.cut_tunnels == 0)) {
        return;
    }
    text = cfc_drain_text(&report, p);
    span = cfc_time_span(now - report.since, p);
    cfc_event(&(cfc_what_t){.kind = CFC_EVENT_ADMIN, .cluster = cl->name, .noun = "node",
                            .name = node->name, .before = "drain", .after = is, .why = text,
                            .effective = cfc_effective_word(cfc_node_effective(node))},
              CFC_LOG_NOTICE, APR_SUCCESS, "CFC0408: cluster %s, node %s: %s, %s after its drain "
              "began: %s", cl->name, node->name, is, span, text);
}

static bool nobody_left(const cfc_conf_t *conf, const cfc_cluster_t *cl, const cfc_node_t *node,
                        apr_time_t now, apr_pool_t *p)
{
    const cfc_wait_t drained = {.conf = conf, .cl = cl, .node = node, .what = CFC_WAIT_DRAINED};
    const char *evidence;

    return cfc_wait_reached(&drained, now, &evidence, p);
}

static void look_at(const cfc_conf_t *conf, const cfc_cluster_t *cl, const cfc_node_t *node,
                    apr_time_t now)
{
    cfc_drain_t *drain = &node->slot->drain;
    apr_pool_t *p;

    if (atomic_load(&drain->since) == 0 || atomic_load(&drain->told) != 0
        || apr_pool_create_unmanaged(&p) != APR_SUCCESS) {
        return;
    }
    if (nobody_left(conf, cl, node, now, p)) {
        atomic_store(&drain->told, 1);
        cfc_drain_tell(cl, node, now, p);
    }
    apr_pool_destroy(p);
}

void cfc_drains_look(const cfc_conf_t *conf, apr_time_t now)
{
    for (int i = 0; i < conf->clusters->nelts; i++) {
        const cfc_cluster_t *cl = APR_ARRAY_IDX(conf->clusters, i, const cfc_cluster_t *);

        for (int j = 0; j < cl->nodes->nelts; j++) {
            look_at(conf, cl, cfc_cluster_nodes(cl)[j], now);
        }
    }
}

static void *begin(const cfc_work_t *work, apr_pool_t *p)
{
    (void)work;
    return apr_pcalloc(p, sizeof(int64_t));
}

static int64_t run(void *job, int64_t now_ms)
{
    int64_t *due_ms = job;

    if (now_ms >= *due_ms) {
        *due_ms = now_ms + LOOK_MS;
        cfc_drains_look(cfc_conf(), apr_time_now());
    }
    return *due_ms;
}

const cfc_job_kind_t cfc_drains_job = {"drains", begin, run, NULL};
