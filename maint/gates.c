/* SPDX-License-Identifier: Apache-2.0
 * gates.c: see gates.h. Reads the status, nothing else. What may not be seen, is not fresh, or is
 * in doubt is UNKNOWN, never MET: whoever asks is about to do what cannot be undone. */
#include "maint/gates.h"

#include <apr_strings.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "conf/opt.h"
#include "health/evidence.h"
#include "maint/text.h"

#define MET CFC_GATE_MET
#define NOT_MET CFC_GATE_NOT_MET
#define UNKNOWN CFC_GATE_UNKNOWN

static const char *const verdict_words[] = {"not-met", "unknown", "met"};
static_assert(sizeof(verdict_words) / sizeof(verdict_words[0]) == CFC_GATE_VERDICTS, "one each");

const char *cfc_gate_verdict_word(cfc_gate_verdict_t verdict)
{
    return verdict_words[verdict];
}

/* What a question is about. */
typedef struct {
    const cfc_status_t *status;
    const cfc_cluster_view_t *cl;
    const cfc_node_view_t *node;                /* of a gate of one node */
    const cfc_dependency_view_t *dependency;    /* the one that was named; NULL: all of the gate's */
    int number;
    apr_pool_t *p;
} ask_t;

typedef struct {
    cfc_gate_verdict_t verdict;
    const char *evidence;
} finding_t;

static finding_t finding(cfc_gate_verdict_t verdict, const char *evidence)
{
    return (finding_t){verdict, evidence};
}

/* Of several, the worst, with the evidence of all that are not met, or of all. Of none: UNKNOWN. */
static finding_t all_of(const finding_t *each, int count, apr_pool_t *p)
{
    finding_t all = {count > 0 ? MET : UNKNOWN, ""};

    for (int i = 0; i < count; i++) {
        all.verdict = each[i].verdict < all.verdict ? each[i].verdict : all.verdict;
    }
    for (int i = 0; i < count; i++) {
        if (all.verdict == MET || each[i].verdict != MET) {
            all.evidence = apr_pstrcat(p, all.evidence, all.evidence[0] != '\0' ? "; " : "",
                                       each[i].evidence, NULL);
        }
    }
    return all;
}

static bool silent(const ask_t *ask, finding_t *found)
{
    if (!ask->status->monitor_silent) {
        return false;
    }
    *found = finding(UNKNOWN, "the monitor is silent, so health is only as last known");
    return true;
}

/* --- nodes ----------------------------------------------------------------------------------- */

/* "node1 is down (connection refused)" */
static const char *health_of(const cfc_node_view_t *node, apr_pool_t *p)
{
    return node->probe.reason[0] != '\0'
               ? apr_psprintf(p, "%s is %s (%s)", node->name, cfc_health_word(node->health),
                              node->probe.reason)
               : apr_psprintf(p, "%s is %s", node->name, cfc_health_word(node->health));
}

/* Only the refusal of its host's kernel proves that nobody listens: a node that is silent may hang,
 * and a host that is not reached may go on without us. */
static cfc_gate_verdict_t down_is_stopped(const cfc_probe_view_t *probe)
{
    const cfc_probe_result_t *last = probe->history;

    if (probe->history_count > 0 && last->code != 0) {
        return NOT_MET;
    }
    return probe->cause == CFC_CAUSE_HARD && probe->history_count > 0
                   && strcmp(last->reason, CFC_NOBODY_LISTENS) == 0
               ? MET
               : UNKNOWN;
}

static cfc_gate_verdict_t probe_says_stopped(const cfc_probe_view_t *probe)
{
    switch (probe->health) {
    case CFC_HEALTH_UP:
    case CFC_HEALTH_STARTING:
    case CFC_HEALTH_RECOVERING:
        return NOT_MET;
    case CFC_HEALTH_DOWN:
        return down_is_stopped(probe);
    case CFC_HEALTH_FAILING:
    case CFC_HEALTH_UNKNOWN:
    case CFC_HEALTH_COUNT:
        break;
    }
    return UNKNOWN;
}

static const char *probe_evidence(const cfc_node_view_t *node, const cfc_probe_view_t *probe,
                                  apr_pool_t *p)
{
    const char *by = node->probes_count > 1 ? apr_pstrcat(p, " by ", probe->name, NULL) : "";

    return probe->history_count > 0
               ? apr_psprintf(p, "%s is %s%s (%s)", node->name, cfc_health_word(probe->health), by,
                              probe->history[0].reason)
               : apr_psprintf(p, "%s is %s%s", node->name, cfc_health_word(probe->health), by);
}

/* All probes have to say so, advisory ones too: what makes a node's health down may be another
 * process than the one that still runs. */
static finding_t stopped(const ask_t *ask, const cfc_node_view_t *node)
{
    finding_t *each = apr_palloc(ask->p, sizeof(*each) * (size_t)(node->probes_count + 1)), found;

    if (silent(ask, &found)) {
        return found;
    }
    for (int i = 0; i < node->probes_count; i++) {
        each[i] = finding(probe_says_stopped(&node->probes[i]),
                          probe_evidence(node, &node->probes[i], ask->p));
    }
    return all_of(each, node->probes_count, ask->p);
}

static finding_t node_stopped(const ask_t *ask)
{
    return stopped(ask, ask->node);
}

static finding_t nodes_stopped(const ask_t *ask)
{
    int count = ask->cl->nodes_count;
    finding_t *each = apr_palloc(ask->p, sizeof(*each) * (size_t)(count + 1)), found;

    if (silent(ask, &found)) {
        return found;
    }
    for (int i = 0; i < count; i++) {
        each[i] = stopped(ask, &ask->cl->nodes[i]);
    }
    return all_of(each, count, ask->p);
}

static finding_t node_running(const ask_t *ask)
{
    static const cfc_gate_verdict_t verdicts[] = {
        [CFC_HEALTH_UNKNOWN] = UNKNOWN, [CFC_HEALTH_STARTING] = NOT_MET, [CFC_HEALTH_UP] = MET,
        [CFC_HEALTH_FAILING] = UNKNOWN, [CFC_HEALTH_DOWN] = NOT_MET,
        [CFC_HEALTH_RECOVERING] = UNKNOWN,
    };
    finding_t found;

    static_assert(sizeof(verdicts) / sizeof(verdicts[0]) == CFC_HEALTH_COUNT, "one each");
    return silent(ask, &found)
               ? found
               : finding(verdicts[ask->node->health], health_of(ask->node, ask->p));
}

static finding_t node_drained(const ask_t *ask)
{
    const cfc_node_view_t *node = ask->node;
    uint64_t users = node->admin == CFC_ADMIN_STOP ? 0 : node->sessions;
    bool empty = node->in_flight == 0 && node->tunnels == 0 && users == 0;

    return finding(node->admin != CFC_ADMIN_ACTIVE && empty ? MET : NOT_MET,
                   apr_psprintf(ask->p, "%s is at %s, with %d requests in flight, %d tunnels and "
                                "about %" APR_UINT64_T_FMT " sessions", node->name,
                                cfc_admin_word(node->admin), node->in_flight, node->tunnels,
                                (apr_uint64_t)users));
}

static finding_t at_least(const ask_t *ask, int wanted)
{
    finding_t found;

    if (silent(ask, &found)) {
        return found;
    }
    return finding(ask->cl->serving >= wanted ? MET : NOT_MET,
                   apr_psprintf(ask->p, "%d of %d nodes serving", ask->cl->serving,
                                ask->cl->nodes_count));
}

static finding_t all_serving(const ask_t *ask)
{
    return at_least(ask, ask->cl->nodes_count);
}

static finding_t serving_at_least(const ask_t *ask)
{
    return at_least(ask, ask->number);
}

/* --- the cluster ----------------------------------------------------------------------------- */

static finding_t maintenance_on(const ask_t *ask)
{
    return ask->cl->closed ? finding(MET, "the cluster is closed: users see the maintenance page")
                           : finding(NOT_MET, "the cluster is open");
}

static finding_t maintenance_off(const ask_t *ask)
{
    return ask->cl->closed ? finding(NOT_MET, "the cluster is closed: users see the maintenance "
                                              "page")
                           : finding(MET, "the cluster is open");
}

static finding_t monitor_alive(const ask_t *ask)
{
    apr_time_t at = ask->status->monitor_beat_at;

    if (at == 0) {
        return finding(NOT_MET, "the monitor has not begun yet");
    }
    return finding(ask->status->monitor_silent ? NOT_MET : MET,
                   apr_pstrcat(ask->p, "the monitor showed itself last at ",
                               cfc_time_iso(at, ask->p), NULL));
}

/* --- databases and directories --------------------------------------------------------------- */

static bool is_directory(const cfc_dependency_view_t *view)
{
    return view->conf->kind == CFC_DEPENDENCY_LDAP;
}

static bool is_database(const cfc_dependency_view_t *view)
{
    return view->conf->kind == CFC_DEPENDENCY_MYSQL;
}

static bool is_replica(const cfc_dependency_view_t *view)
{
    return is_database(view) && view->conf->of != NULL;
}

static bool is_source(const cfc_dependency_view_t *view)
{
    return is_database(view) && view->conf->of == NULL;
}

/* The one that was named, or all of a kind. */
static finding_t of_dependencies(const ask_t *ask, bool (*counts)(const cfc_dependency_view_t *),
                                 finding_t (*judge)(const ask_t *, const cfc_dependency_view_t *))
{
    finding_t *each = apr_palloc(ask->p,
                                 sizeof(*each) * (size_t)(ask->cl->dependencies_count + 1));
    int count = 0;

    if (ask->dependency != NULL) {
        return judge(ask, ask->dependency);
    }
    for (int i = 0; i < ask->cl->dependencies_count; i++) {
        if (counts(&ask->cl->dependencies[i])) {
            each[count++] = judge(ask, &ask->cl->dependencies[i]);
        }
    }
    return count > 0 ? all_of(each, count, ask->p)
                     : finding(UNKNOWN, "none is configured, so nothing is known");
}

/* "master is at alarm (no answer within 2s)" */
static const char *state_of(const ask_t *ask, const cfc_dependency_view_t *view)
{
    return apr_psprintf(ask->p, "%s is at %s (%s)", view->conf->name,
                        cfc_dependency_state_word(view->found.state), view->found.reason);
}

static finding_t works(const ask_t *ask, const cfc_dependency_view_t *view)
{
    static const cfc_gate_verdict_t verdicts[] = {
        [CFC_DEPENDENCY_UNKNOWN] = UNKNOWN, [CFC_DEPENDENCY_OK] = MET,
        [CFC_DEPENDENCY_WARNING] = MET, [CFC_DEPENDENCY_ALARM] = NOT_MET,
    };
    int state = view->found.state;

    static_assert(sizeof(verdicts) / sizeof(verdicts[0]) == CFC_DEPENDENCY_COUNT, "one each");
    return finding(state >= 0 && state < CFC_DEPENDENCY_COUNT ? verdicts[state] : UNKNOWN,
                   state_of(ask, view));
}

static finding_t database_up(const ask_t *ask)
{
    return of_dependencies(ask, is_database, works);
}

static finding_t directory_up(const ask_t *ask)
{
    return of_dependencies(ask, is_directory, works);
}

/* ", from 10.0.0.11 (2), 10.0.0.12 (1)" */
static const char *hosts_of(const cfc_dependency_view_t *view, apr_pool_t *p)
{
    const char *text = "";

    for (int i = 0; i < view->hosts.count; i++) {
        text = apr_psprintf(p, "%s%s%s (%d)", text, i == 0 ? ", from " : ", ",
                            view->hosts.hosts[i].host, (int)view->hosts.hosts[i].count);
    }
    return text;
}

static finding_t unused(const ask_t *ask, const cfc_dependency_view_t *view)
{
    const cfc_found_t *found = &view->found;

    if (!found->reached) {
        return finding(UNKNOWN, state_of(ask, view));
    }
    if (found->connections < 0) {
        return finding(UNKNOWN, apr_pstrcat(ask->p, "the connections to ", view->conf->name,
                                            " may not be seen",
                                            view->words.missing[0] != '\0' ? "; missing: " : "",
                                            view->words.missing, NULL));
    }
    return finding(found->connections == 0 ? MET : NOT_MET,
                   apr_psprintf(ask->p, "%d connections of applications to %s%s, at %s",
                                (int)found->connections, view->conf->name,
                                found->connections > 0 ? hosts_of(view, ask->p) : "",
                                cfc_time_iso(found->at, ask->p)));
}

static finding_t no_app_connections(const ask_t *ask)
{
    return of_dependencies(ask, is_source, unused);
}

static finding_t in_sync(const ask_t *ask, const cfc_dependency_view_t *view)
{
    const cfc_found_t *found = &view->found;

    if (found->in_sync != CFC_TRUTH_YES) {
        return finding(found->in_sync == CFC_TRUTH_NO ? NOT_MET : UNKNOWN, state_of(ask, view));
    }
    return finding(MET, apr_psprintf(ask->p, "%s has all that %s had written until %s",
                                     view->conf->name, view->conf->of,
                                     cfc_time_iso(found->in_sync_at, ask->p)));
}

static finding_t replica_in_sync(const ask_t *ask)
{
    return of_dependencies(ask, is_replica, in_sync);
}

static const cfc_dependency_view_t *source_of(const ask_t *ask, const cfc_dependency_view_t *view)
{
    for (int i = 0; i < ask->cl->dependencies_count; i++) {
        if (strcmp(ask->cl->dependencies[i].conf->name, view->conf->of) == 0) {
            return &ask->cl->dependencies[i];
        }
    }
    return NULL;
}

/* In sync at a moment since when no application could write any more. */
static finding_t complete(const ask_t *ask, const cfc_dependency_view_t *view)
{
    const cfc_dependency_view_t *source = source_of(ask, view);
    finding_t both[] = {in_sync(ask, view), finding(UNKNOWN, "")};

    if (source != NULL) {
        both[1] = unused(ask, source);
    }
    if (both[0].verdict == MET && both[1].verdict == MET
        && (source->found.quiet_since == 0
            || view->found.in_sync_at < source->found.quiet_since)) {
        both[0] = finding(UNKNOWN, apr_psprintf(ask->p, "%s was in sync before the last "
                                                "application left %s; the next looks decide",
                                                view->conf->name, view->conf->of));
    }
    return all_of(both, 2, ask->p);
}

static finding_t replica_complete(const ask_t *ask)
{
    return of_dependencies(ask, is_replica, complete);
}

/* --- the table ------------------------------------------------------------------------------- */

typedef enum {
    NOTHING,                    /* takes no argument */
    NODE,                       /* the name of a node */
    DATABASE, REPLICA, DIRECTORY,   /* a name; without one it is about all: of DATABASE, sources */
    NUMBER
} argument_t;

static const struct gate {
    const char *name;
    argument_t argument;
    finding_t (*judge)(const ask_t *ask);
    const char *advice;
} gates[] = {
    {"monitor-alive", NOTHING, monitor_alive,
     "Look for CFC0310 in the log; httpd starts another one by itself"},
    {"maintenance-on", NOTHING, maintenance_on, "Begin a maintenance"},
    {"maintenance-off", NOTHING, maintenance_off, "End the maintenance"},
    {"all-serving", NOTHING, all_serving, "See at each node why it is not serving"},
    {"serving-at-least", NUMBER, serving_at_least, "Bring another node back first"},
    {"nodes-stopped", NOTHING, nodes_stopped,
     "Stop Confluence on each node that still answers, and wait; see to a silent one on its host"},
    {"node-stopped", NODE, node_stopped,
     "Stop Confluence on it and wait; if it is silent, see on its host that no process is left"},
    {"node-running", NODE, node_running,
     "Start Confluence on it and wait; its log says what it is doing"},
    {"node-drained", NODE, node_drained,
     "Drain it and wait, or stop it, which moves its users to other nodes"},
    {"no-app-connections", DATABASE, no_app_connections,
     "Stop what still connects from these hosts; if it cannot be seen, give the privilege"},
    {"replica-in-sync", REPLICA, replica_in_sync, "Wait; if it does not replicate, repair that"},
    {"replica-complete", REPLICA, replica_complete,
     "Stop all applications, and wait for two more looks at the replica"},
    {"database-up", DATABASE, database_up, "See docs/health.md for the reason that is given"},
    {"directory-up", DIRECTORY, directory_up, "See docs/health.md for the reason that is given"},
};
#define GATES (sizeof(gates) / sizeof(gates[0]))

static void answer(const struct gate *gate, const char *argument, const ask_t *ask,
                   cfc_gate_view_t *view)
{
    finding_t found = gate->judge(ask);

    *view = (cfc_gate_view_t){
        .gate = gate->name,
        .argument = argument,
        .verdict = found.verdict,
        .evidence = found.evidence,
        .advice = found.verdict == MET ? NULL : gate->advice,
    };
}

static const struct gate *gate_find(const char *name, const char **complaint, apr_pool_t *p)
{
    const char *words[GATES + 1] = {NULL};

    for (size_t i = 0; i < GATES; i++) {
        if (strcmp(gates[i].name, name) == 0) {
            return &gates[i];
        }
        words[i] = gates[i].name;
    }
    name = cfc_text_clean(name, p);
    *complaint = apr_psprintf(p, "gate=%s is not a gate; %s", name,
                              cfc_did_you_mean(name, words, p));
    return NULL;
}

/* @return NULL, or why there is no such node */
static const char *node_read(const char *name, ask_t *ask)
{
    const char **words = apr_pcalloc(ask->p, sizeof(*words) * (size_t)(ask->cl->nodes_count + 1));

    for (int i = 0; i < ask->cl->nodes_count; i++) {
        words[i] = ask->cl->nodes[i].name;
        if (strcmp(words[i], name) == 0) {
            ask->node = &ask->cl->nodes[i];
            return NULL;
        }
    }
    name = cfc_text_clean(name, ask->p);
    return apr_psprintf(ask->p, "\"%s\" is not a node of cluster %s; %s", name, ask->cl->name,
                        cfc_did_you_mean(name, words, ask->p));
}

static const char *dependency_read(argument_t argument, const char *name, ask_t *ask)
{
    static const struct {
        bool (*fits)(const cfc_dependency_view_t *view);
        const char *noun;
    } kinds[] = {[DATABASE] = {is_database, "database"}, [REPLICA] = {is_replica, "replica"},
                 [DIRECTORY] = {is_directory, "directory"}};

    for (int i = 0; i < ask->cl->dependencies_count; i++) {
        const cfc_dependency_view_t *view = &ask->cl->dependencies[i];

        if (strcmp(view->conf->name, name) == 0 && kinds[argument].fits(view)) {
            ask->dependency = view;
            return NULL;
        }
    }
    return apr_psprintf(ask->p, "\"%s\" is not a %s of cluster %s", cfc_text_clean(name, ask->p),
                        kinds[argument].noun, ask->cl->name);
}

static const char *number_read(const char *text, ask_t *ask)
{
    size_t digits = strspn(text, "0123456789");

    ask->number = digits > 0 && digits < 4 && text[digits] == '\0' ? atoi(text) : 0;
    return ask->number >= 1 && ask->number <= ask->cl->nodes_count
               ? NULL
               : apr_psprintf(ask->p, "\"%s\" is not a number of nodes of cluster %s, which has %d",
                              cfc_text_clean(text, ask->p), ask->cl->name, ask->cl->nodes_count);
}

/* @param text NULL: none was given */
static const char *argument_read(const struct gate *gate, const char *text, ask_t *ask)
{
    switch (gate->argument) {
    case NOTHING:
        return text == NULL ? NULL
                            : apr_psprintf(ask->p, "gate=%s takes nothing after it", gate->name);
    case NODE:
        return text != NULL ? node_read(text, ask)
                            : apr_psprintf(ask->p, "gate=%s needs a node, for example gate=%s:%s",
                                           gate->name, gate->name, ask->cl->nodes_count > 0
                                               ? ask->cl->nodes[0].name : "node1");
    case NUMBER:
        return text != NULL ? number_read(text, ask)
                            : apr_psprintf(ask->p, "gate=%s needs a number, for example gate=%s:1",
                                           gate->name, gate->name);
    case DATABASE:
    case REPLICA:
    case DIRECTORY:
        break;
    }
    return text != NULL ? dependency_read(gate->argument, text, ask) : NULL;
}

const char *cfc_gate_ask(const cfc_status_t *status, const cfc_cluster_view_t *cluster,
                         const char *text, cfc_gate_view_t *view, apr_pool_t *p)
{
    ask_t ask = {.status = status, .cl = cluster, .p = p};
    const char *colon = strchr(text, ':'), *argument = colon != NULL ? colon + 1 : NULL;
    const char *name = colon != NULL ? apr_pstrmemdup(p, text, (apr_size_t)(colon - text)) : text;
    const char *complaint = NULL;
    const struct gate *gate = gate_find(name, &complaint, p);

    memset(view, 0, sizeof(*view));
    if (gate != NULL) {
        complaint = argument_read(gate, argument, &ask);
    }
    if (complaint == NULL) {
        answer(gate, argument, &ask, view);
    }
    return complaint;
}

static bool any(const cfc_cluster_view_t *cluster, bool (*fits)(const cfc_dependency_view_t *))
{
    for (int i = 0; i < cluster->dependencies_count; i++) {
        if (fits(&cluster->dependencies[i])) {
            return true;
        }
    }
    return false;
}

static bool makes_sense(const struct gate *gate, const cfc_cluster_view_t *cluster)
{
    switch (gate->argument) {
    case DATABASE:
        return any(cluster, is_database);
    case REPLICA:
        return any(cluster, is_replica);
    case DIRECTORY:
        return any(cluster, is_directory);
    case NOTHING:
    case NODE:
    case NUMBER:
        break;
    }
    return true;
}

apr_array_header_t *cfc_gates_look(const cfc_status_t *status, const cfc_cluster_view_t *cluster,
                                   apr_pool_t *p)
{
    apr_array_header_t *views = apr_array_make(p, 16, sizeof(cfc_gate_view_t));

    for (size_t i = 0; i < GATES; i++) {
        bool of_node = gates[i].argument == NODE;
        int count = of_node ? cluster->nodes_count : makes_sense(&gates[i], cluster);

        for (int n = 0; n < count; n++) {
            ask_t ask = {.status = status, .cl = cluster, .number = 1, .p = p};
            const char *argument = gates[i].argument == NUMBER ? "1" : NULL;

            if (of_node) {
                ask.node = &cluster->nodes[n];
                argument = ask.node->name;
            }
            answer(&gates[i], argument, &ask, &APR_ARRAY_PUSH(views, cfc_gate_view_t));
        }
    }
    return views;
}
