/* SPDX-License-Identifier: Apache-2.0
 * status_text.c: the status as one line, for checks, and as samples, for monitoring systems that
 * scrape. Of these, names are never changed within version 1 of the API; a state is a sample for
 * each word of it, 1 for the one that is so and 0 for the others; what is not known has no sample.
 * Pure.
 * Source: the text format 0.0.4 and the naming rules of the Prometheus documentation: base
 * units, _total for what only grows, all samples of a name together. */
#include <apr_strings.h>
#include <stddef.h>
#include <string.h>

#include "maint/status.h"

/* What a sample is of. */
typedef enum { OF_SERVER, OF_CLUSTER, OF_NODE, OF_PROBE, OF_DEPENDENCY } of_t;

typedef enum { NUMBER, BIG_NUMBER, FLAG, BY_FUNCTION } value_t;

typedef struct {
    const char *name;           /* of the samples at work */
    const char *labels;         /* 'cluster="confluence",node="node1"'; empty for the server */
    apr_array_header_t *lines;  /* const char * */
    apr_pool_t *p;
} scrape_t;

typedef struct {
    of_t of;
    const char *name;           /* after cfcluster_ */
    const char *type;
    const char *help;
    value_t value;
    size_t at;                  /* in the view of what it is of, unless by function */
    void (*add)(const scrape_t *s, const void *view);
} family_t;

static void add_line(const scrape_t *s, const char *line)
{
    APR_ARRAY_PUSH(s->lines, const char *) = line;
}

static const char *label(const char *name, const char *value, apr_pool_t *p)
{
    char *escaped = apr_palloc(p, 2 * strlen(value) + 1), *to = escaped;

    for (; *value != '\0'; value++) {
        if (*value == '\\' || *value == '"') {
            *to++ = '\\';
        }
        *to++ = *value;         /* no ends of lines: texts of a view are one line */
    }
    *to = '\0';
    return apr_pstrcat(p, name, "=\"", escaped, "\"", NULL);
}

static void sample(const scrape_t *s, const char *more, const char *value)
{
    const char *comma = s->labels[0] != '\0' && more[0] != '\0' ? "," : "";
    bool bare = s->labels[0] == '\0' && more[0] == '\0';

    add_line(s, apr_pstrcat(s->p, "cfcluster_", s->name, bare ? "" : "{", s->labels, comma, more,
                            bare ? "" : "}", " ", value, "\n", NULL));
}

static void add_number(const scrape_t *s, const char *more, int64_t value)
{
    sample(s, more, apr_psprintf(s->p, "%" APR_INT64_T_FMT, (apr_int64_t)value));
}

static void add_seconds(const scrape_t *s, double seconds)
{
    sample(s, "", apr_psprintf(s->p, "%.3f", seconds));
}

static void add_instant(const scrape_t *s, apr_time_t at)
{
    if (at != 0) {
        add_number(s, "", apr_time_sec(at));
    }
}

static void add_state(const scrape_t *s, const char *name, const char *word, bool is)
{
    add_number(s, label(name, word, s->p), is);
}

/* --- of the server, clusters --------------------------------------------------------------- */

static void add_level(const scrape_t *s, const void *view)
{
    for (int i = 0; i < CFC_LEVEL_COUNT; i++) {
        add_state(s, "level", cfc_level_word(i),
                  ((const cfc_status_t *)view)->level == (cfc_level_t)i);
    }
}

static void add_monitor(const scrape_t *s, const void *view)
{
    add_number(s, "", !((const cfc_status_t *)view)->monitor_silent);
}

static void add_store(const scrape_t *s, const void *view)
{
    add_number(s, "", ((const cfc_status_t *)view)->store_trouble == NULL);
}

static void add_cluster_level(const scrape_t *s, const void *view)
{
    for (int i = 0; i < CFC_LEVEL_COUNT; i++) {
        add_state(s, "level", cfc_level_word(i),
                  ((const cfc_cluster_view_t *)view)->level == (cfc_level_t)i);
    }
}

static void add_warnings(const scrape_t *s, const void *view)
{
    add_number(s, "", ((const cfc_cluster_view_t *)view)->warnings->nelts);
}

static void add_walk(const scrape_t *s, const void *view)
{
    const cfc_walk_view_t *walk = ((const cfc_cluster_view_t *)view)->walk;
    cfc_walk_state_t is = walk != NULL ? walk->state : CFC_WALK_NONE;

    for (int i = 0; cfc_kind_walk.words[i] != NULL; i++) {
        add_state(s, "state", cfc_kind_walk.words[i], is == (cfc_walk_state_t)i);
    }
}

/* --- of nodes ------------------------------------------------------------------------------- */

static void add_admin(const scrape_t *s, const void *view)
{
    for (int i = 0; i < CFC_ADMIN_COUNT; i++) {
        add_state(s, "state", cfc_admin_word(i),
                  ((const cfc_node_view_t *)view)->admin == (cfc_admin_t)i);
    }
}

static void add_health(const scrape_t *s, const void *view)
{
    for (int i = 0; i < CFC_HEALTH_COUNT; i++) {
        add_state(s, "state", cfc_health_word(i),
                  ((const cfc_node_view_t *)view)->health == (cfc_health_t)i);
    }
}

static void add_effective(const scrape_t *s, const void *view)
{
    for (int i = 0; i < CFC_EFFECTIVE_COUNT; i++) {
        add_state(s, "state", cfc_effective_word(i),
                  ((const cfc_node_view_t *)view)->effective == (cfc_effective_t)i);
    }
}

static void add_share(const scrape_t *s, const void *view)
{
    sample(s, "", apr_psprintf(s->p, "%.2f", ((const cfc_node_view_t *)view)->share_pct / 100.0));
}

static void add_answers(const scrape_t *s, const void *view)
{
    static const char *const classes[] = {"none", "1xx", "2xx", "3xx", "4xx", "5xx"};

    for (int i = 0; i < 6; i++) {
        add_number(s, label("status", classes[i], s->p),
                   (int64_t)((const cfc_node_view_t *)view)->by_class[i]);
    }
}

/* One of the three kinds of samples that a histogram has. */
static scrape_t part_of(const scrape_t *s, const char *suffix)
{
    scrape_t part = *s;

    part.name = apr_pstrcat(s->p, s->name, suffix, NULL);
    return part;
}

static void add_latency(const scrape_t *s, const void *view)
{
    const cfc_histogram_t *histogram = &((const cfc_node_view_t *)view)->histogram;
    scrape_t bucket = part_of(s, "_bucket"), sum = part_of(s, "_sum"), all = part_of(s, "_count");

    for (int i = 0; i < CFC_HISTOGRAM_EDGES; i++) {
        const char *edge = apr_psprintf(s->p, "%.6f", (double)cfc_histogram_edge(i) / 1e6);

        add_number(&bucket, label("le", edge, s->p), (int64_t)histogram->within[i]);
    }
    add_number(&bucket, label("le", "+Inf", s->p), (int64_t)histogram->answers);
    sample(&sum, "", apr_psprintf(s->p, "%.6f", (double)histogram->sum_us / 1e6));
    add_number(&all, "", (int64_t)histogram->answers);
}

/* --- of probes, databases and directories --------------------------------------------------- */

static void add_probe_state(const scrape_t *s, const void *view)
{
    for (int i = 0; i < CFC_HEALTH_COUNT; i++) {
        add_state(s, "state", cfc_health_word(i),
                  ((const cfc_probe_view_t *)view)->health == (cfc_health_t)i);
    }
}

static void add_probe_duration(const scrape_t *s, const void *view)
{
    const cfc_probe_view_t *probe = view;

    if (probe->history_count > 0) {
        add_seconds(s, probe->history[0].duration_ms / 1000.0);
    }
}

static void add_probe_certificate(const scrape_t *s, const void *view)
{
    add_instant(s, ((const cfc_probe_view_t *)view)->certificate_end);
}

static void add_dependency_state(const scrape_t *s, const void *view)
{
    for (int i = 0; i < CFC_DEPENDENCY_COUNT; i++) {
        add_state(s, "state", cfc_dependency_state_word(i),
                  ((const cfc_dependency_view_t *)view)->found.state == i);
    }
}

static void add_dependency_duration(const scrape_t *s, const void *view)
{
    const cfc_found_t *found = &((const cfc_dependency_view_t *)view)->found;

    if (found->at != 0) {
        add_seconds(s, found->duration_ms / 1000.0);
    }
}

static void add_dependency_certificate(const scrape_t *s, const void *view)
{
    add_instant(s, ((const cfc_dependency_view_t *)view)->found.certificate_end);
}

/* Facts that are those of the last look, if it could read any. */
static const cfc_found_t *facts(const void *view)
{
    const cfc_dependency_view_t *dependency = view;

    return dependency->conf->kind == CFC_DEPENDENCY_MYSQL && dependency->found.reached
               ? &dependency->found
               : NULL;
}

static void add_in_sync(const scrape_t *s, const void *view)
{
    const cfc_found_t *found = facts(view);

    if (found != NULL && found->replica == CFC_TRUTH_YES && found->in_sync != CFC_TRUTH_UNKNOWN) {
        add_number(s, "", found->in_sync == CFC_TRUTH_YES);
    }
}

static void add_lag(const scrape_t *s, const void *view)
{
    const cfc_found_t *found = facts(view);

    if (found != NULL && found->lag_s != CFC_DB_NUMBER_UNKNOWN) {
        add_number(s, "", found->lag_s);
    }
}

static void add_connections(const scrape_t *s, const void *view)
{
    const cfc_found_t *found = facts(view);

    if (found != NULL && found->connections != CFC_DB_NUMBER_UNKNOWN) {
        add_number(s, "", found->connections);
    }
}

/* --- all of them ---------------------------------------------------------------------------- */

#define GAUGE "gauge"
#define COUNTER "counter"
#define FUNCTION(function) BY_FUNCTION, 0, function
#define CLUSTER(value, field) value, offsetof(cfc_cluster_view_t, field), NULL
#define NODE(value, field) value, offsetof(cfc_node_view_t, field), NULL

static const family_t families[] = {
    {OF_SERVER, "level", GAUGE, "How things are; 1 for the level that it is.", FUNCTION(add_level)},
    {OF_SERVER, "changes_total", COUNTER, "Admin changes since the start of httpd.",
     BIG_NUMBER, offsetof(cfc_status_t, generation), NULL},
    {OF_SERVER, "monitor_alive", GAUGE, "Whether the process that probes shows itself.",
     FUNCTION(add_monitor)},
    {OF_SERVER, "store_writable", GAUGE, "Whether changes can be saved.", FUNCTION(add_store)},

    {OF_CLUSTER, "cluster_level", GAUGE, "How it is with a cluster; 1 for the level that it is.",
     FUNCTION(add_cluster_level)},
    {OF_CLUSTER, "cluster_maintenance", GAUGE, "Whether users see the maintenance page.",
     CLUSTER(FLAG, closed)},
    {OF_CLUSTER, "cluster_nodes", GAUGE, "Nodes that are configured.",
     CLUSTER(NUMBER, nodes_count)},
    {OF_CLUSTER, "cluster_nodes_serving", GAUGE, "Nodes that are serving or warming.",
     CLUSTER(NUMBER, serving)},
    {OF_CLUSTER, "cluster_warnings", GAUGE, "What a person should see to.",
     FUNCTION(add_warnings)},
    {OF_CLUSTER, "cluster_walk", GAUGE, "The upgrade that is walked; 1 for the state that it is.",
     FUNCTION(add_walk)},
    {OF_CLUSTER, "cluster_waiting", GAUGE, "Requests that wait for a place at a node.",
     CLUSTER(NUMBER, waiting)},
    {OF_CLUSTER, "cluster_refused_total", COUNTER, "Requests answered with a maintenance or "
     "outage page, or told that the queue is full.", CLUSTER(BIG_NUMBER, refused)},
    {OF_CLUSTER, "cluster_logins_failed_total", COUNTER, "Failed logins.",
     CLUSTER(BIG_NUMBER, logins_failed)},
    {OF_CLUSTER, "cluster_logins_refused_total", COUNTER, "Requests refused after too many "
     "failed logins.", CLUSTER(BIG_NUMBER, logins_refused)},

    {OF_NODE, "node_admin", GAUGE, "What people want of a node; 1 for the state that it is.",
     FUNCTION(add_admin)},
    {OF_NODE, "node_health", GAUGE, "What probes say of a node; 1 for the state that it is.",
     FUNCTION(add_health)},
    {OF_NODE, "node_effective", GAUGE, "What a node gets; 1 for the state that it is.",
     FUNCTION(add_effective)},
    {OF_NODE, "node_share_ratio", GAUGE, "How much of its share of new sessions a node gets.",
     FUNCTION(add_share)},
    {OF_NODE, "node_sessions", GAUGE, "Live sessions, estimated.",
     NODE(BIG_NUMBER, users.sessions)},
    {OF_NODE, "node_in_flight", GAUGE, "Requests at the node at this moment.",
     NODE(NUMBER, in_flight)},
    {OF_NODE, "node_tunnels", GAUGE, "Open WebSockets.", NODE(NUMBER, tunnels)},
    {OF_NODE, "node_requests_total", COUNTER, "Attempts made at the node.",
     NODE(BIG_NUMBER, attempts)},
    {OF_NODE, "node_answers_total", COUNTER, "Of these, by the status of the answer.",
     FUNCTION(add_answers)},
    {OF_NODE, "node_latency_seconds", "histogram", "How long the node took to begin its answers.",
     FUNCTION(add_latency)},
    {OF_NODE, "node_new_sessions_total", COUNTER, "Users given to the node who had none or had "
     "to leave theirs.", NODE(BIG_NUMBER, new_sessions)},
    {OF_NODE, "node_connect_failures_total", COUNTER, "Attempts that never reached the node.",
     NODE(BIG_NUMBER, connect_failures)},
    {OF_NODE, "node_retried_elsewhere_total", COUNTER, "Attempts that failed here and were made "
     "again.", NODE(BIG_NUMBER, retried)},
    {OF_NODE, "node_sent_bytes_total", COUNTER, "Bytes sent to the node, with headers.",
     NODE(BIG_NUMBER, bytes_to)},
    {OF_NODE, "node_received_bytes_total", COUNTER, "Bytes that came from the node, with headers.",
     NODE(BIG_NUMBER, bytes_from)},

    {OF_PROBE, "probe_health", GAUGE, "The health that the node would have by this probe alone.",
     FUNCTION(add_probe_state)},
    {OF_PROBE, "probe_duration_seconds", GAUGE, "Time that the last probe took.",
     FUNCTION(add_probe_duration)},
    {OF_PROBE, "probe_certificate_expiry_timestamp_seconds", GAUGE, "When the node's certificate "
     "ends.", FUNCTION(add_probe_certificate)},

    {OF_DEPENDENCY, "dependency_state", GAUGE, "How it is with a database or directory; 1 for "
     "the state that it is.", FUNCTION(add_dependency_state)},
    {OF_DEPENDENCY, "dependency_acknowledged", GAUGE, "Whether its failure is planned.",
     FLAG, offsetof(cfc_dependency_view_t, acknowledged), NULL},
    {OF_DEPENDENCY, "dependency_duration_seconds", GAUGE, "Time that the last look took.",
     FUNCTION(add_dependency_duration)},
    {OF_DEPENDENCY, "dependency_certificate_expiry_timestamp_seconds", GAUGE, "When its "
     "certificate ends.", FUNCTION(add_dependency_certificate)},
    {OF_DEPENDENCY, "database_in_sync", GAUGE, "Whether a replica is proven to have all.",
     FUNCTION(add_in_sync)},
    {OF_DEPENDENCY, "database_lag_seconds", GAUGE, "How far behind a replica says it is.",
     FUNCTION(add_lag)},
    {OF_DEPENDENCY, "database_connections", GAUGE, "Connections of applications.",
     FUNCTION(add_connections)},
};

static void add_of(scrape_t *s, const family_t *family, const char *labels, const void *view)
{
    const char *at = (const char *)view + family->at;

    s->labels = labels;
    switch (family->value) {
    case NUMBER:
        add_number(s, "", *(const int *)at);
        break;
    case BIG_NUMBER:
        add_number(s, "", (int64_t)*(const uint64_t *)at);
        break;
    case FLAG:
        add_number(s, "", *(const bool *)at);
        break;
    case BY_FUNCTION:
        family->add(s, view);
        break;
    }
}

static void add_of_node(scrape_t *s, const family_t *family, const char *labels,
                        const cfc_node_view_t *node)
{
    labels = apr_pstrcat(s->p, labels, ",", label("node", node->name, s->p), NULL);
    if (family->of == OF_NODE) {
        add_of(s, family, labels, node);
        return;
    }
    for (int i = 0; i < node->probes_count; i++) {
        const char *probe = label("probe", node->probes[i].name, s->p);

        add_of(s, family, apr_pstrcat(s->p, labels, ",", probe, NULL), &node->probes[i]);
    }
}

static void add_of_cluster(scrape_t *s, const family_t *family, const cfc_cluster_view_t *cluster)
{
    const char *labels = label("cluster", cluster->name, s->p);

    if (family->of == OF_CLUSTER) {
        add_of(s, family, labels, cluster);
    }
    else if (family->of == OF_DEPENDENCY) {
        for (int i = 0; i < cluster->dependencies_count; i++) {
            const cfc_dependency_view_t *view = &cluster->dependencies[i];
            const char *name = label("dependency", view->conf->name, s->p);

            add_of(s, family, apr_pstrcat(s->p, labels, ",", name, NULL), view);
        }
    }
    else {
        for (int i = 0; i < cluster->nodes_count; i++) {
            add_of_node(s, family, labels, &cluster->nodes[i]);
        }
    }
}

const char *cfc_status_prometheus(const cfc_status_t *status, apr_pool_t *p)
{
    scrape_t s = {.p = p, .lines = apr_array_make(p, 512, sizeof(char *))};

    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        const family_t *family = &families[i];

        s.name = family->name;
        add_line(&s, apr_psprintf(p, "# HELP cfcluster_%s %s\n# TYPE cfcluster_%s %s\n",
                                  family->name, family->help, family->name, family->type));
        if (family->of == OF_SERVER) {
            add_of(&s, family, "", status);
            continue;
        }
        for (int j = 0; j < status->clusters_count; j++) {
            add_of_cluster(&s, family, &status->clusters[j]);
        }
    }
    return apr_array_pstrcat(p, s.lines, '\0');
}

const char *cfc_status_plain(const cfc_status_t *status, apr_pool_t *p)
{
    const char *line = apr_pstrcat(p, cfc_level_word(status->level), ": ", status->text, NULL);

    for (int i = 0; i < status->clusters_count; i++) {
        const cfc_cluster_view_t *cluster = &status->clusters[i];

        line = apr_pstrcat(p, line, " ", cluster->name, ": ", cluster->text,
                           cluster->walk != NULL ? ". " : "",
                           cluster->walk != NULL ? cluster->walk->text : "",
                           i + 1 < status->clusters_count ? ";" : "", NULL);
    }
    return apr_pstrcat(p, line, "\n", NULL);
}
