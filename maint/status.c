/* SPDX-License-Identifier: Apache-2.0
 * status.c: reads the slots and says in words how things are. Reads shared memory, changes
 * nothing. How it looks is status_html.c's and status_json.c's business. */
#include "maint/status.h"

#include <apr_strings.h>
#include <assert.h>

#include "health/monitor.h"
#include "lb/choose.h"
#include "lb/effective.h"
#include "maint/text.h"


static const char *const level_words[] = {"outage", "degraded", "maintenance", "ok"};
static_assert(sizeof(level_words) / sizeof(level_words[0]) == CFC_LEVEL_COUNT, "one each");

const char *cfc_level_word(cfc_level_t level)
{
    return level_words[level];
}

static void plan_look(const cfc_record_t *record, cfc_plan_t *plan, apr_pool_t *p)
{
    cfc_note_t *note = &plan->note;

    cfc_record_read(record, plan, sizeof(*plan));
    note->who[sizeof(note->who) - 1] = '\0';
    note->text[sizeof(note->text) - 1] = '\0';
    cfc_text_fit(note->who, sizeof(note->who), cfc_text_clean(note->who, p));
    cfc_text_fit(note->text, sizeof(note->text), cfc_text_clean(note->text, p));
}

/* Why a node does not serve: people first, since they know best what they did. */
static const char *why_not(const cfc_node_view_t *view, apr_time_t returned, apr_pool_t *p)
{
    static const char *const by_people[] = {
        [CFC_ADMIN_ACTIVE] = NULL, [CFC_ADMIN_DRAIN] = "draining", [CFC_ADMIN_STOP] = "stopped"};
    const char *people = by_people[view->admin], *by = "", *probe = "";

    if (view->effective == CFC_EFFECTIVE_SERVING) {
        return NULL;
    }
    if (view->effective == CFC_EFFECTIVE_WARMING) {
        return apr_psprintf(p, "back since %s, gets %d %% of its share of new sessions",
                            cfc_time_iso(returned, p), view->share_pct);
    }
    if (people != NULL && view->plan.note.who[0] != '\0') {
        by = apr_psprintf(p, " by %s%s%s", view->plan.note.who, view->plan.note.text[0] ? ": " : "",
                          view->plan.note.text);
    }
    else if (people != NULL) {
        by = " by configuration";
    }
    if (view->health == CFC_HEALTH_UP || view->health == CFC_HEALTH_FAILING) {
        return people != NULL && view->effective != CFC_EFFECTIVE_LAST_RESORT
                   ? apr_pstrcat(p, people, by, NULL)
                   : apr_pstrcat(p, people != NULL ? people : "", by, people != NULL ? ", and " : "",
                                 "ejected: its requests fail, its probes do not; tried again from ",
                                 cfc_time_iso(view->ejected_until, p), NULL);
    }
    if (view->probe.reason[0] != '\0') {
        probe = view->probes_count == 1
                    ? apr_psprintf(p, " (%s)", view->probe.reason)
                    : apr_psprintf(p, " (%s: %s)", view->probes[view->deciding].name,
                                   view->probe.reason);
    }
    return apr_pstrcat(p, people != NULL ? people : "", by, people != NULL ? ", and " : "",
                       "health ", cfc_health_word(view->health), probe, NULL);
}

static void effective_look(const cfc_cluster_t *cl, const cfc_node_t *node, apr_time_t now,
                           cfc_node_view_t *view, apr_pool_t *p)
{
    view->effective = cfc_node_effective(node);
    view->share_pct = 100;
    if (view->effective == CFC_EFFECTIVE_SERVING) {
        view->share_pct = cfc_node_warming_pct(cl, node, now);
    }
    if (view->share_pct < 100) {
        view->effective = CFC_EFFECTIVE_WARMING;
    }
    view->why = why_not(view, atomic_load(&node->slot->returned_at), p);
}

static void node_look(const cfc_segment_t *segment, const cfc_cluster_t *cl,
                      const cfc_node_t *node, apr_time_t now, cfc_node_view_t *view,
                      apr_pool_t *p)
{
    const cfc_node_slot_t *slot = node->slot;
    const cfc_traffic_t *traffic = &slot->traffic;

    view->name = cfc_text_clean(node->name, p);
    view->url = cfc_text_clean(node->url, p);
    view->route = node->route != NULL ? cfc_text_clean(node->route, p) : NULL;
    view->weight = node->weight;
    view->tier = node->tier;
    view->admin = cfc_slot_admin(slot);
    view->configured = (cfc_admin_t)node->admin;
    plan_look(&slot->admin_note, &view->plan, p);
    view->health = cfc_slot_health(slot, &view->cause);
    view->health_at = atomic_load(&slot->health_at);
    view->ejected_until = atomic_load(&slot->eject.until);
    cfc_status_probes(cl, node, now, view, p);
    view->reported_pct = cfc_slot_reported_pct(slot, now);
    effective_look(cl, node, now, view, p);
    view->in_flight = atomic_load(&traffic->inflight);
    view->tunnels = atomic_load(&traffic->tunnels);
    view->users = cfc_users(segment, cl, node, now);
    if (view->admin != CFC_ADMIN_ACTIVE) {
        cfc_drain_read(&slot->drain, &view->drain);
    }
    view->attempts = atomic_load(&traffic->attempts);
    for (int i = 0; i < 6; i++) {
        view->by_class[i] = atomic_load(&traffic->by_class[i]);
    }
    view->new_sessions = atomic_load(&traffic->picked);
    view->connect_failures = atomic_load(&traffic->connect_failures);
    view->retried = atomic_load(&traffic->retried);
    view->bytes_to = atomic_load(&traffic->bytes_to);
    view->bytes_from = atomic_load(&traffic->bytes_from);
    cfc_rates_read(&slot->rates, now, &view->rates);
    cfc_spread_read(&slot->spread, now, &view->spread);
    cfc_spread_histogram(&slot->spread, &view->histogram);
}

/* "/synchrony, /plugins"; "" : none is closed. */
static const char *closed_parts(const cfc_cluster_view_t *view, apr_pool_t *p)
{
    const char *paths = "";

    for (int i = 0; i < view->parts_count; i++) {
        if (view->parts[i].closed) {
            paths = apr_pstrcat(p, paths, paths[0] != '\0' ? ", " : "", view->parts[i].path, NULL);
        }
    }
    return paths;
}

static cfc_level_t cluster_level(const cfc_cluster_view_t *view, apr_pool_t *p)
{
    int for_new = 0;

    if (view->closed) {
        return CFC_LEVEL_MAINTENANCE;
    }
    for (int i = 0; i < view->nodes_count; i++) {
        for_new += cfc_takes_others(view->nodes[i].admin, view->nodes[i].effective);
    }
    if (view->serving == view->nodes_count && view->warnings->nelts == 0) {
        return closed_parts(view, p)[0] == '\0' ? CFC_LEVEL_OK : CFC_LEVEL_MAINTENANCE;
    }
    return for_new > 0 ? CFC_LEVEL_DEGRADED : CFC_LEVEL_OUTAGE;
}

static const char *cluster_text(const cfc_cluster_view_t *view, apr_pool_t *p)
{
    const char *text = apr_psprintf(p, "%d of %d nodes serving", view->serving, view->nodes_count);

    if (view->closed) {
        text = apr_pstrcat(p, "in maintenance; ", text, NULL);
    }
    else if (view->scheduled) {
        text = apr_psprintf(p, "maintenance begins at %s; %s", cfc_time_iso(view->plan.at, p),
                            text);
    }
    text = apr_pstrcat(p, text, cfc_parts_text(view->parts, view->parts_count, p), NULL);
    if (view->level == CFC_LEVEL_OUTAGE) {
        text = apr_pstrcat(p, "new users see the outage page; ", text, NULL);
    }
    for (int i = 0; i < view->nodes_count; i++) {
        if (view->nodes[i].why != NULL) {
            text = apr_pstrcat(p, text, "; ", view->nodes[i].name, " is ",
                               cfc_effective_word(view->nodes[i].effective), ": ",
                               view->nodes[i].why, NULL);
        }
    }
    for (int i = 0; i < view->warnings->nelts; i++) {
        text = apr_pstrcat(p, text, "; ", APR_ARRAY_IDX(view->warnings, i, const char *), NULL);
    }
    return text;
}

static void cluster_look(const cfc_segment_t *segment, const cfc_cluster_t *cl, apr_time_t now,
                         cfc_cluster_view_t *view, apr_pool_t *p)
{
    cfc_node_t **nodes = cfc_cluster_nodes(cl);

    view->name = cfc_text_clean(cl->name, p);
    view->closed = cfc_slot_closed(cl->slot);
    view->scheduled = atomic_load(&cl->slot->maintenance) == CFC_CLUSTER_SCHEDULED;
    plan_look(&cl->slot->maintenance_note, &view->plan, p);
    view->parts_count = cfc_parts_look(cl, &view->parts, p);
    view->refused = atomic_load(&cl->slot->refused);
    view->logins_failed = atomic_load(&cl->slot->logins_failed);
    view->logins_refused = atomic_load(&cl->slot->logins_refused);
    view->waiting = (int)atomic_load(&cl->slot->queue.length);
    view->nodes_count = cl->nodes->nelts;
    view->nodes = apr_pcalloc(p, sizeof(*view->nodes) * (size_t)(cl->nodes->nelts + 1));
    view->warnings = apr_array_make(p, 2, sizeof(const char *));
    for (int i = 0; i < cl->nodes->nelts; i++) {
        node_look(segment, cl, nodes[i], now, &view->nodes[i], p);
        cfc_status_probe_warnings(&view->nodes[i], now, view->warnings, p);
        view->serving += view->nodes[i].effective >= CFC_EFFECTIVE_WARMING;
    }
    view->dependencies_count = cl->dependencies->nelts;
    view->dependencies = cfc_dependencies_look(cl, now, view->warnings, p);
    view->testers_refused = atomic_load(&cl->slot->testers_refused);
    view->testers = cfc_testers_look(cl, &view->testers_count, p);
    view->walk = cfc_walk_look(cl, now, p);
    view->level = cluster_level(view, p);
    view->text = cluster_text(view, p);
}

static bool all_serve(const cfc_status_t *status)
{
    for (int i = 0; i < status->clusters_count; i++) {
        if (status->clusters[i].serving < status->clusters[i].nodes_count) {
            return false;
        }
    }
    return true;
}

/* What of a cluster has its level: it, or paths of it. */
static const char *affected(const cfc_cluster_view_t *view, apr_pool_t *p)
{
    return view->level == CFC_LEVEL_MAINTENANCE && !view->closed
               ? apr_pstrcat(p, closed_parts(view, p), " of ", view->name, NULL)
               : view->name;
}

/* The worst level of all, and a sentence about the clusters that have it. */
static void overall(cfc_status_t *status, apr_pool_t *p)
{
    const char *names = "";
    int count = 0;

    status->level = CFC_LEVEL_OK;
    for (int i = 0; i < status->clusters_count; i++) {
        if (status->clusters[i].level < status->level) {
            status->level = status->clusters[i].level;
        }
    }
    for (int i = 0; i < status->clusters_count; i++) {
        if (status->clusters[i].level == status->level) {
            names = apr_pstrcat(p, names, count++ ? ", " : "", affected(&status->clusters[i], p),
                                NULL);
        }
    }
    switch (status->level) {
    case CFC_LEVEL_OUTAGE:
        status->text = apr_pstrcat(p, "Outage: no node takes new users of ", names, ".", NULL);
        break;
    case CFC_LEVEL_DEGRADED:
        status->text = apr_pstrcat(p, "It works, but ",
                                   all_serve(status) ? "something of " : "not every node of ",
                                   names, all_serve(status) ? " needs attention." : " is serving.",
                                   NULL);
        break;
    case CFC_LEVEL_MAINTENANCE:
        status->text = apr_pstrcat(p, "In maintenance: ", names, ".", NULL);
        break;
    case CFC_LEVEL_OK:
    case CFC_LEVEL_COUNT:
        status->text = status->clusters_count == 0
                           ? "No cluster is configured."
                           : apr_pstrcat(p, "All is well: every node of ", names, " is serving.",
                                         NULL);
        break;
    }
    if (status->level > CFC_LEVEL_DEGRADED
        && (status->monitor_silent || status->store_trouble != NULL)) {
        status->text = apr_pstrcat(p, status->level == CFC_LEVEL_OK ? "" : status->text,
                                   status->level == CFC_LEVEL_OK ? "" : " ",
                                   "Something needs attention.", NULL);
        status->level = CFC_LEVEL_DEGRADED;
    }
}

cfc_status_t *cfc_status_look(const cfc_conf_t *conf, apr_time_t now, apr_pool_t *p)
{
    cfc_cluster_t **clusters = (cfc_cluster_t **)conf->clusters->elts;
    cfc_status_t *status = apr_pcalloc(p, sizeof(*status));

    status->now = now;
    status->generation = atomic_load(&conf->segment->changes);
    status->monitor_beat_at = atomic_load(&conf->segment->monitor_beat_at);
    status->monitor_silent = now - status->monitor_beat_at > CFC_MONITOR_SILENT;
    status->store_trouble = cfc_store_trouble(conf->store, p);
    if (status->store_trouble != NULL) {
        status->store_trouble = cfc_text_clean(status->store_trouble, p);
    }
    status->clusters_count = conf->clusters->nelts;
    status->clusters =
        apr_pcalloc(p, sizeof(*status->clusters) * (size_t)(conf->clusters->nelts + 1));
    for (int i = 0; i < conf->clusters->nelts; i++) {
        cluster_look(conf->segment, clusters[i], now, &status->clusters[i], p);
    }
    cfc_event_list_look(&conf->segment->events,
                        cfc_events_before_last(&conf->segment->events, CFC_EVENTS_SHOWN), now,
                        &status->events, p);
    overall(status, p);
    return status;
}
