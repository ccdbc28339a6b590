/* SPDX-License-Identifier: Apache-2.0
 * gates.c: see gates.h. The table of gates, and how a question is read. When a gate is met is
 * gate_judges.c's business. */
#include "maint/gates.h"

#include <apr_strings.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "conf/opt.h"
#include "lb/segment.h"
#include "maint/gate_judges.h"
#include "maint/text.h"

static const char *const verdict_words[] = {"not-met", "unknown", "met"};
static_assert(sizeof(verdict_words) / sizeof(verdict_words[0]) == CFC_GATE_VERDICTS, "one each");

const char *cfc_gate_verdict_word(cfc_gate_verdict_t verdict)
{
    return verdict_words[verdict];
}

typedef enum {
    NOTHING,                    /* takes no argument */
    NODE,                       /* the name of a node */
    DATABASE, REPLICA, DIRECTORY,   /* a name; without one it is about all: of DATABASE, sources */
    NUMBER
} argument_t;

static const struct gate {
    const char *name;
    argument_t argument;
    cfc_gate_finding_t (*judge)(const cfc_gate_ask_t *ask);
    const char *advice;
} gates[] = {
    {"monitor-alive", NOTHING, cfc_gate_monitor_alive,
     "Look for CFC0310 in the log; httpd starts another one by itself"},
    {"maintenance-on", NOTHING, cfc_gate_maintenance_on, "Begin a maintenance"},
    {"maintenance-off", NOTHING, cfc_gate_maintenance_off, "End the maintenance"},
    {"all-serving", NOTHING, cfc_gate_all_serving, "See at each node why it is not serving"},
    {"serving-at-least", NUMBER, cfc_gate_serving_at_least, "Bring another node back first"},
    {"nodes-stopped", NOTHING, cfc_gate_nodes_stopped,
     "Stop Confluence on each node that still answers, and wait; see to a silent one on its host"},
    {"node-stopped", NODE, cfc_gate_node_stopped,
     "Stop Confluence on it and wait; if it is silent, see on its host that no process is left"},
    {"node-running", NODE, cfc_gate_node_running,
     "Start Confluence on it and wait; its log says what it is doing"},
    {"node-drained", NODE, cfc_gate_node_drained,
     "Drain it and wait, or stop it, which moves its users to other nodes"},
    {"no-app-connections", DATABASE, cfc_gate_no_app_connections,
     "Stop what still connects from these hosts; if it cannot be seen, give the privilege"},
    {"replica-in-sync", REPLICA, cfc_gate_replica_in_sync,
     "Wait; if it does not replicate, repair that"},
    {"replica-complete", REPLICA, cfc_gate_replica_complete,
     "Stop all applications, and wait for two more looks at the replica"},
    {"database-up", DATABASE, cfc_gate_database_up,
     "See docs/health.md for the reason that is given"},
    {"database-stopped", DATABASE, cfc_gate_database_stopped,
     "Stop it and wait; if it does not answer, see on its host that no process is left"},
    {"directory-up", DIRECTORY, cfc_gate_directory_up,
     "See docs/health.md for the reason that is given"},
};
#define GATES (sizeof(gates) / sizeof(gates[0]))

static const char *advice_of(const struct gate *gate, const cfc_gate_finding_t *found)
{
    if (found->verdict == CFC_GATE_MET) {
        return NULL;
    }
    return found->stale ? "It was not looked at just now; ask for this gate by itself, which has it "
                          "looked at, and again a moment later"
                        : gate->advice;
}

static void answer(const struct gate *gate, const char *argument, const cfc_gate_ask_t *ask,
                   cfc_gate_view_t *view)
{
    cfc_gate_finding_t found = gate->judge(ask);

    *view = (cfc_gate_view_t){
        .gate = gate->name,
        .argument = argument,
        .verdict = found.verdict,
        .evidence = found.evidence,
        .advice = advice_of(gate, &found),
        .at = found.at,
        .stale = found.stale,
    };
}

/* @return NULL: there is none */
static const struct gate *gate_named(const char *name)
{
    for (size_t i = 0; i < GATES; i++) {
        if (strcmp(gates[i].name, name) == 0) {
            return &gates[i];
        }
    }
    return NULL;
}

static const struct gate *gate_find(const char *name, const char **complaint, apr_pool_t *p)
{
    const char *words[GATES + 1] = {NULL};
    const struct gate *gate = gate_named(name);

    if (gate != NULL) {
        return gate;
    }
    for (size_t i = 0; i < GATES; i++) {
        words[i] = gates[i].name;
    }
    name = cfc_text_clean(name, p);
    *complaint = apr_psprintf(p, "gate=%s is not a gate; %s", name,
                              cfc_did_you_mean(name, words, p));
    return NULL;
}

/* @return NULL, or why there is no such node */
static const char *node_read(const char *name, cfc_gate_ask_t *ask)
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

static const char *dependency_read(argument_t argument, const char *name, cfc_gate_ask_t *ask)
{
    static const struct {
        bool (*fits)(const cfc_dependency_view_t *view);
        const char *noun;
    } kinds[] = {
        [DATABASE] = {cfc_gate_is_database, "database"},
        [REPLICA] = {cfc_gate_is_replica, "replica"},
        [DIRECTORY] = {cfc_gate_is_directory, "directory"},
    };

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

static const char *number_read(const char *text, cfc_gate_ask_t *ask)
{
    size_t digits = strspn(text, "0123456789");

    ask->number = digits > 0 && digits < 4 && text[digits] == '\0' ? atoi(text) : 0;
    return ask->number >= 1 && ask->number <= ask->cl->nodes_count
               ? NULL
               : apr_psprintf(ask->p, "\"%s\" is not a number of nodes of cluster %s, which has %d",
                              cfc_text_clean(text, ask->p), ask->cl->name, ask->cl->nodes_count);
}

/* @param text NULL: none was given */
static const char *argument_read(const struct gate *gate, const char *text, cfc_gate_ask_t *ask)
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
    cfc_gate_ask_t ask = {.status = status, .cl = cluster, .p = p};
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

static void hasten_nodes(const cfc_cluster_t *cl, const char *name)
{
    for (int i = 0; i < cl->nodes->nelts; i++) {
        const cfc_node_t *node = cfc_cluster_nodes(cl)[i];

        if (name == NULL || strcmp(node->name, name) == 0) {
            atomic_store(&node->slot->probe_wanted, 1);
        }
    }
}

static void hasten_dependencies(const cfc_cluster_t *cl, const char *name)
{
    for (int i = 0; i < cl->dependencies->nelts; i++) {
        const cfc_dependency_t *dependency = cfc_cluster_dependencies(cl)[i];

        if (name == NULL || strcmp(dependency->name, name) == 0) {
            atomic_store(&dependency->slot->look_wanted, 1);
        }
    }
}

void cfc_gate_hasten(const cfc_cluster_t *cl, const cfc_gate_view_t *view)
{
    switch (gate_named(view->gate)->argument) {
    case NOTHING:
    case NUMBER:
    case NODE:
        hasten_nodes(cl, view->argument);
        break;
    case DATABASE:
    case REPLICA:
    case DIRECTORY:
        hasten_dependencies(cl, view->argument);
        break;
    }
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
        return any(cluster, cfc_gate_is_database);
    case REPLICA:
        return any(cluster, cfc_gate_is_replica);
    case DIRECTORY:
        return any(cluster, cfc_gate_is_directory);
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
            cfc_gate_ask_t ask = {.status = status, .cl = cluster, .number = 1, .p = p};
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
