/* SPDX-License-Identifier: Apache-2.0
 * gate_judges.h: what stands behind the rows of gates.c, and nobody else's business: one function
 * for each gate. Pure; evidence lives in ask->p. docs/gates.md says when each is met. */
#ifndef CFC_MAINT_GATE_JUDGES_H
#define CFC_MAINT_GATE_JUDGES_H

#include "maint/gates.h"

/** What a question is about. */
typedef struct {
    const cfc_status_t *status;
    const cfc_cluster_view_t *cl;
    const cfc_node_view_t *node;                /* of a gate of one node */
    const cfc_dependency_view_t *dependency;    /* the one that was named; NULL: all */
    int number;                                 /* of nodes, of a gate that takes one */
    apr_pool_t *p;
} cfc_gate_ask_t;

typedef struct {
    cfc_gate_verdict_t verdict;
    const char *evidence;                       /* a sentence without its full stop */
    apr_time_t at;                              /* of the oldest look it rests on; 0: on none */
    bool stale;                                 /* that is too old to prove anything */
} cfc_gate_finding_t;

static inline bool cfc_gate_is_directory(const cfc_dependency_view_t *view)
{
    return view->conf->kind == CFC_DEPENDENCY_LDAP;
}

static inline bool cfc_gate_is_database(const cfc_dependency_view_t *view)
{
    return view->conf->kind == CFC_DEPENDENCY_MYSQL;
}

static inline bool cfc_gate_is_replica(const cfc_dependency_view_t *view)
{
    return cfc_gate_is_database(view) && view->conf->of != NULL;
}

cfc_gate_finding_t cfc_gate_monitor_alive(const cfc_gate_ask_t *ask);
cfc_gate_finding_t cfc_gate_maintenance_on(const cfc_gate_ask_t *ask);
cfc_gate_finding_t cfc_gate_maintenance_off(const cfc_gate_ask_t *ask);
cfc_gate_finding_t cfc_gate_all_serving(const cfc_gate_ask_t *ask);
cfc_gate_finding_t cfc_gate_serving_at_least(const cfc_gate_ask_t *ask);
cfc_gate_finding_t cfc_gate_nodes_stopped(const cfc_gate_ask_t *ask);
cfc_gate_finding_t cfc_gate_node_stopped(const cfc_gate_ask_t *ask);
cfc_gate_finding_t cfc_gate_node_running(const cfc_gate_ask_t *ask);
cfc_gate_finding_t cfc_gate_node_drained(const cfc_gate_ask_t *ask);
cfc_gate_finding_t cfc_gate_no_app_connections(const cfc_gate_ask_t *ask);
cfc_gate_finding_t cfc_gate_replica_in_sync(const cfc_gate_ask_t *ask);
cfc_gate_finding_t cfc_gate_replica_complete(const cfc_gate_ask_t *ask);
cfc_gate_finding_t cfc_gate_database_up(const cfc_gate_ask_t *ask);
cfc_gate_finding_t cfc_gate_database_stopped(const cfc_gate_ask_t *ask);
cfc_gate_finding_t cfc_gate_directory_up(const cfc_gate_ask_t *ask);

#endif
