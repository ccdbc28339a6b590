/* SPDX-License-Identifier: Apache-2.0
 * choose.h: which node gets a request. */
#ifndef CFC_LB_CHOOSE_H
#define CFC_LB_CHOOSE_H

#include <apr_errno.h>

#include "lb/cluster.h"
#include "lb/route.h"
#include "lb/segment.h"

/** Nodes already tried for this request, by their place in the cluster. */
typedef struct {
    uint64_t bits[CFC_NODES_MAX / 64];
} cfc_tried_t;

typedef enum {
    CFC_WHY_STICKY,         /* it belongs there */
    CFC_WHY_NEW,            /* it belongs nowhere yet */
    CFC_WHY_MOVED,          /* its own node cannot take it */
    CFC_WHY_TRIAL,          /* it tries out a node that was ejected */
    CFC_WHY_FORCED,         /* a rule of httpd sent it there */
    CFC_WHY_REHOMED,        /* its own node drains, and its user has paused */
    CFC_WHY_COUNT
} cfc_why_t;

typedef struct {
    cfc_node_t *forced;                     /* NULL: none */
    bool bound;                             /* it goes to `forced` whatever that one's state is,
                                             * and nowhere else: a tester's */
    cfc_routes_t routes;                    /* from cfc_routes_read() */
    bool leaves;                            /* another node in full service may have it, though
                                             * its own can take it: rehome.h */
    bool anywhere;                          /* it has waited so long that any node will do */
    cfc_tried_t tried;
    uint32_t dice;                          /* random; all draws of one choice come from it */
    apr_time_t now;
} cfc_ask_t;

typedef struct {
    cfc_node_t *node;
    cfc_why_t why;
    apr_time_t at;                          /* the ask's now */
} cfc_choice_t;

/**
 * Pick the node for one request: where it is forced to, else where it belongs, else by the method
 * over the serving nodes of the lowest tier that has any, else the last resorts in the same
 * order. In a strict cluster a request that is forced or belongs somewhere goes nowhere else.
 * A node already tried is never picked. A warming node is passed over by chance, according to how
 * warm it is, unless its tier has nobody else; round-robin makes its turns longer instead. Reads
 * shared counters, changes nothing.
 *
 * Threads: any thread of any child; no lock, no allocation.
 * Source:  facts/peers.md D1: mod_jk's order of route, activation and forced recovery.
 *
 * @return APR_SUCCESS; the node that a request belongs to or is forced to may be at its max=;
 *         APR_EAGAIN: every node that would do is at its max=;
 *         APR_ENOENT: none usable, answer with the outage page
 */
apr_status_t cfc_choose(const cfc_cluster_t *cl, const cfc_ask_t *ask, cfc_choice_t *choice);

/**
 * Where a request that has to wait would take a place that is handed to it: at the node that it
 * belongs or is forced to; else at any of those that the method would have chosen among if they
 * were not at their max=, which are of one tier.
 * @param choice from cfc_choose(), which returned APR_SUCCESS or APR_EAGAIN
 */
void cfc_choose_wants(const cfc_cluster_t *cl, const cfc_ask_t *ask, const cfc_choice_t *choice,
                      cfc_places_t *wants);

/**
 * Whether a request takes a place at a given node that was handed to it; sets choice if so. No
 * longer, if the node's state or its own tier's has changed since the request said what it wants.
 */
bool cfc_choose_takes(const cfc_cluster_t *cl, const cfc_ask_t *ask, cfc_node_t *node,
                      cfc_choice_t *choice);

/**
 * Pick an ejected node that is due for a trial, for a request that can go elsewhere if it
 * fails; only while another node is serving, and never with a session of another node or a
 * forced request. Takes the trial: one request a second.
 * @param now microseconds since the epoch
 * @return false: none is due; choose as ever
 */
bool cfc_choose_trial(const cfc_cluster_t *cl, const cfc_ask_t *ask, apr_time_t now,
                      cfc_choice_t *choice);

/**
 * Book a choice: a new or moved session takes its node's turn. A node that was away for more
 * than two turns is put level with the node of its tier that had the most, or it would get
 * every new session until it had caught up with all it missed.
 */
void cfc_choice_taken(const cfc_cluster_t *cl, const cfc_choice_t *choice);

/**
 * Whether waiting a moment could help: no node is usable, but one that people want in service
 * has not been probed yet (httpd has just started).
 */
bool cfc_choice_pending(const cfc_cluster_t *cl);

/** Mark a node as tried; whether it was. */
void cfc_tried_add(cfc_tried_t *tried, const cfc_cluster_t *cl, const cfc_node_t *node);
bool cfc_tried_has(const cfc_tried_t *tried, const cfc_cluster_t *cl, const cfc_node_t *node);

/** "sticky", "new", "moved", "trial", "forced", "rehomed". */
const char *cfc_why_word(cfc_why_t why);

/** Whether the client becomes the node's by this request, and was not before. */
static inline bool cfc_why_joins(cfc_why_t why)
{
    return why != CFC_WHY_STICKY && why != CFC_WHY_FORCED;
}

/** What a node gets at this moment. Never CFC_EFFECTIVE_WARMING: see cfc_node_warming_pct(). */
cfc_effective_t cfc_node_effective(const cfc_node_t *node);

/** How much of its share of new sessions a serving node gets, in percent; under 100: warming. */
int cfc_node_warming_pct(const cfc_cluster_t *cl, const cfc_node_t *node, apr_time_t now);

#endif
