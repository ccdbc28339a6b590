/* SPDX-License-Identifier: Apache-2.0
 * gates.h: what must be true before somebody pulls a plug, as named questions with evidence. The
 * status answers them; cfclusterctl and people ask. docs/gates.md says when each is met. */
#ifndef CFC_MAINT_GATES_H
#define CFC_MAINT_GATES_H

#include <apr_pools.h>
#include <apr_tables.h>

#include "maint/status.h"

/** In this order, so that of several the least is that of all. */
typedef enum {
    CFC_GATE_NOT_MET,           /* known not to be so */
    CFC_GATE_UNKNOWN,           /* it cannot be told; never taken for met */
    CFC_GATE_MET,               /* known to be so */
    CFC_GATE_VERDICTS
} cfc_gate_verdict_t;

/** One answer; texts are clean UTF-8. */
typedef struct {
    const char *gate;
    const char *argument;       /* what follows the colon; NULL: nothing */
    cfc_gate_verdict_t verdict;
    const char *evidence;       /* a sentence without its full stop */
    const char *advice;         /* what to do about it; NULL: it is met */
    apr_time_t at;              /* of the oldest look that it rests on; 0: on none, or none yet */
    bool stale;                 /* that is too old; see cfc_gate_hasten() */
} cfc_gate_view_t;

/** "not-met", "unknown", "met" */
const char *cfc_gate_verdict_word(cfc_gate_verdict_t verdict);

/**
 * Answer one. Pure.
 * @param text "nodes-stopped", "node-stopped:node1"
 * @return NULL, or what is wrong with the question; *view is then zeroed
 */
const char *cfc_gate_ask(const cfc_status_t *status, const cfc_cluster_view_t *cluster,
                         const char *text, cfc_gate_view_t *view, apr_pool_t *p);

/**
 * Have what a stale answer rests on looked at now, as far as that is not under way; whoever asks
 * again a moment later gets a fresh one. Waits for nothing. For whoever asked for that one gate:
 * a page that shows them all, open all day, must not probe all day.
 * @param cl the cluster that view is of
 */
void cfc_gate_hasten(const cfc_cluster_t *cl, const cfc_gate_view_t *view);

/**
 * Answer all that make sense for the cluster: those of nodes for each node; those of databases and
 * directories, for all of them, if it has any; serving-at-least for one node. Pure.
 * @return of cfc_gate_view_t
 */
apr_array_header_t *cfc_gates_look(const cfc_status_t *status, const cfc_cluster_view_t *cluster,
                                   apr_pool_t *p);

#endif
