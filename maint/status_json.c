/* SPDX-License-Identifier: Apache-2.0
 * status_json.c: the status for scripts, version 1. Names are never changed or taken away
 * within a version; new ones may come. States are words, instants ISO 8601 in UTC, or null. */
#include <apr_strings.h>

#include "maint/json.h"
#include "maint/status.h"
#include "maint/status_gates.h"

static json_t *count(uint64_t value)
{
    return json_integer((json_int_t)value);
}

static json_t *admin_json(const cfc_node_view_t *node, apr_pool_t *p)
{
    return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:s, s:o}",
                     "state", cfc_admin_word(node->admin),
                     "configured", cfc_admin_word(node->configured),
                     "reason", cfc_json_text(node->plan.note.text),
                     "who", cfc_json_text(node->plan.note.who),
                     "since", cfc_json_instant(node->plan.note.since, p),
                     "deadline", cfc_json_instant(node->plan.at, p),
                     "return", cfc_kind_node.hows[node->plan.how],
                     "until", cfc_json_instant(node->plan.note.until, p));
}

static json_t *drain_json(const cfc_drain_report_t *drain, apr_pool_t *p)
{
    if (drain->since == 0) {
        return json_null();
    }
    return json_pack("{s:o, s:o, s:o, s:o, s:o}",
                     "since", cfc_json_instant(drain->since, p),
                     "sessions_before", count(drain->sessions),
                     "moved", count(drain->moved),
                     "cut_requests", count(drain->cut_requests),
                     "cut_tunnels", count(drain->cut_tunnels));
}

static json_t *health_json(const cfc_node_view_t *node, apr_pool_t *p)
{
    return json_pack("{s:s, s:s, s:o, s:o, s:i}",
                     "state", cfc_health_word(node->health),
                     "cause", cfc_cause_word(node->cause),
                     "since", cfc_json_instant(node->health_at, p),
                     "ejected_until", cfc_json_instant(node->ejected_until, p),
                     "streak", node->streak);
}

static json_t *result_json(const cfc_probe_result_t *result, apr_pool_t *p)
{
    if (result->at == 0) {
        return json_null();
    }
    return json_pack("{s:o, s:b, s:o, s:i, s:o}",
                     "at", cfc_json_instant(result->at, p),
                     "good", result->good != 0,
                     "code", result->code != 0 ? json_integer(result->code) : json_null(),
                     "duration_ms", result->duration_ms,
                     "reason", cfc_json_text(result->reason));
}

static json_t *certificate_json(const cfc_probe_view_t *probe, apr_time_t now, apr_pool_t *p)
{
    if (probe->certificate == CFC_CERTIFICATE_NONE) {
        return json_null();
    }
    return json_pack("{s:o, s:i, s:s}",
                     "expires", cfc_json_instant(probe->certificate_end, p),
                     "days", cfc_certificate_days(probe->certificate_end, now),
                     "state", cfc_certificate_word(probe->certificate));
}

static json_t *probe_json(const cfc_probe_view_t *probe, apr_time_t now, apr_pool_t *p)
{
    json_t *history = json_array();

    for (int i = 0; i < probe->history_count; i++) {
        json_array_append_new(history, result_json(&probe->history[i], p));
    }
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:i, s:o, s:o}",
                     "name", probe->name,
                     "kind", probe->kind,
                     "role", probe->required ? "required" : "advisory",
                     "state", cfc_health_word(probe->health),
                     "cause", cfc_cause_word(probe->cause),
                     "streak", probe->streak,
                     "rise", probe->rise,
                     "certificate", certificate_json(probe, now, p),
                     "history", history);
}

static json_t *probes_json(const cfc_node_view_t *node, apr_time_t now, apr_pool_t *p)
{
    json_t *probes = json_array();

    for (int i = 0; i < node->probes_count; i++) {
        json_array_append_new(probes, probe_json(&node->probes[i], now, p));
    }
    return probes;
}

static json_t *warnings_json(const apr_array_header_t *warnings)
{
    json_t *texts = json_array();

    for (int i = 0; i < warnings->nelts; i++) {
        json_array_append_new(texts, json_string(APR_ARRAY_IDX(warnings, i, const char *)));
    }
    return texts;
}

/* Milliseconds with as many digits as mean something: 0.07, 1.8, 340. */
static json_t *ms_json(const cfc_percentiles_t *spread, apr_interval_time_t us)
{
    apr_interval_time_t digit = us < 1000 ? 10 : us < 100000 ? 100 : 1000;

    return spread->answers == 0 ? json_null()
                                : json_real((double)((us + digit / 2) / digit * digit) / 1000);
}

static json_t *buckets_json(const cfc_histogram_t *histogram)
{
    json_t *buckets = json_array();

    for (int i = 0; i < CFC_HISTOGRAM_EDGES; i++) {
        json_array_append_new(buckets, json_pack("[f, o]", (double)cfc_histogram_edge(i) / 1000,
                                                 count(histogram->within[i])));
    }
    json_array_append_new(buckets, json_pack("[n, o]", count(histogram->answers)));
    return buckets;
}

static json_t *latency_json(const cfc_node_view_t *node)
{
    const cfc_percentiles_t *spread = &node->spread;

    return json_pack("{s:o, s:o, s:o, s:o, s:o}",
                     "answers", count(spread->answers),
                     "p50_ms", ms_json(spread, spread->p50),
                     "p95_ms", ms_json(spread, spread->p95),
                     "p99_ms", ms_json(spread, spread->p99),
                     "buckets", buckets_json(&node->histogram));
}

static json_t *rate_json(const cfc_rates_view_t *rates)
{
    return rates->known ? json_real((double)(int64_t)(rates->requests_per_s * 10 + 0.5) / 10)
                        : json_null();
}

static json_t *traffic_json(const cfc_node_view_t *node)
{
    json_t *answers = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}",
                                "none", count(node->by_class[0]), "1xx", count(node->by_class[1]),
                                "2xx", count(node->by_class[2]), "3xx", count(node->by_class[3]),
                                "4xx", count(node->by_class[4]), "5xx", count(node->by_class[5]));

    return json_pack("{s:i, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
                     "in_flight", node->in_flight,
                     "tunnels", node->tunnels,
                     "requests", count(node->attempts),
                     "requests_per_s", rate_json(&node->rates),
                     "errors_last_minute", node->rates.known ? count(node->rates.errors)
                                                             : json_null(),
                     "latency", latency_json(node),
                     "answers", answers,
                     "new_sessions", count(node->new_sessions),
                     "connect_failures", count(node->connect_failures),
                     "retried_elsewhere", count(node->retried),
                     "bytes_to", count(node->bytes_to),
                     "bytes_from", count(node->bytes_from));
}

static json_t *node_json(const cfc_node_view_t *node, apr_time_t now, apr_pool_t *p)
{
    return json_pack("{s:s, s:s, s:o, s:I, s:I, s:s, s:i, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
                     "s:o, s:o}",
                     "name", node->name,
                     "url", node->url,
                     "route", cfc_json_text(node->route),
                     "weight", (json_int_t)node->weight,
                     "tier", (json_int_t)node->tier,
                     "effective", cfc_effective_word(node->effective),
                     "share_pct", node->share_pct,
                     "reported_pct", node->reported_pct,
                     "why", cfc_json_text(node->why),
                     "sessions", count(node->users.sessions),
                     "sessions_known_at", cfc_json_instant(node->users.known_at, p),
                     "admin", admin_json(node, p),
                     "drain", drain_json(&node->drain, p),
                     "health", health_json(node, p),
                     "probe", result_json(&node->probe, p),
                     "probes", probes_json(node, now, p),
                     "traffic", traffic_json(node));
}

static const char *cluster_state(const cfc_cluster_view_t *cluster)
{
    return cfc_kind_maintenance.words[cluster->closed      ? CFC_CLUSTER_CLOSED
                                      : cluster->scheduled ? CFC_CLUSTER_SCHEDULED
                                                           : CFC_CLUSTER_OPEN];
}

static json_t *cluster_json(const cfc_status_t *status, const cfc_cluster_view_t *cluster,
                            apr_pool_t *p)
{
    json_t *nodes = json_array();

    for (int i = 0; i < cluster->nodes_count; i++) {
        json_array_append_new(nodes, node_json(&cluster->nodes[i], status->now, p));
    }
    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o, "
                     "s:o, s:i, s:i, s:o, s:o, s:o, s:o, s:o, s:o}",
                     "name", cluster->name,
                     "state", cluster_state(cluster),
                     "level", cfc_level_word(cluster->level),
                     "text", cluster->text,
                     "warnings", warnings_json(cluster->warnings),
                     "message", cfc_json_text(cluster->plan.note.text),
                     "who", cfc_json_text(cluster->plan.note.who),
                     "since", cfc_json_instant(cluster->plan.note.since, p),
                     "until", cfc_json_instant(cluster->plan.note.until, p),
                     "from", cfc_json_instant(cluster->plan.at, p),
                     "end", cfc_kind_maintenance.hows[cluster->plan.how],
                     "parts", cfc_parts_json(cluster->parts, cluster->parts_count, p),
                     "refused", count(cluster->refused),
                     "logins_failed", count(cluster->logins_failed),
                     "logins_refused", count(cluster->logins_refused),
                     "waiting", cluster->waiting,
                     "serving", cluster->serving,
                     "nodes", nodes,
                     "dependencies", cfc_dependencies_json(cluster->dependencies,
                                                           cluster->dependencies_count,
                                                           status->now, p),
                     "gates", cfc_gates_json(status, cluster, p),
                     "testers_refused", count(cluster->testers_refused),
                     "testers", cfc_testers_json(cluster->testers, cluster->testers_count, p),
                     "walk", cfc_walk_json(cluster->walk, p));
}

const char *cfc_status_json(const cfc_status_t *status, apr_pool_t *p)
{
    json_t *clusters = json_array();

    for (int i = 0; i < status->clusters_count; i++) {
        json_array_append_new(clusters, cluster_json(status, &status->clusters[i], p));
    }
    return cfc_json_dump(json_pack("{s:i, s:o, s:o, s:s, s:s, s:{s:b, s:o}, s:{s:b, s:o}, s:o, s:o}",
                          "version", 1,
                          "now", cfc_json_instant(status->now, p),
                          "generation", count(status->generation),
                          "level", cfc_level_word(status->level),
                          "text", status->text,
                          "monitor",
                              "alive", !status->monitor_silent,
                              "beat_at", cfc_json_instant(status->monitor_beat_at, p),
                          "store",
                              "writable", status->store_trouble == NULL,
                              "trouble", cfc_json_text(status->store_trouble),
                          "clusters", clusters,
                          "events", cfc_event_list_json(&status->events, p)),
                p);
}

const char *cfc_result_json(const cfc_result_t *result, uint64_t generation, apr_pool_t *p)
{
    json_t *json = json_pack("{s:i, s:s, s:s, s:o}", "version", 1,
                             "result", cfc_outcome_word(result->outcome),
                             "text", result->text,
                             "generation", count(generation));

    if (result->made != NULL) {
        json_object_set_new(json, "tester", cfc_tester_made_json(result->made, p));
    }
    return cfc_json_dump(json, p);
}
