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
    CFC_WHY_COUNT
} cfc_why_t;

typedef struct {
    cfc_routes_t routes;                    /* from cfc_routes_read() */
    cfc_tried_t tried;
    uint32_t dice;                          /* random; draws among equals */
} cfc_ask_t;

typedef struct {
    cfc_node_t *node;
    cfc_why_t why;
} cfc_choice_t;

/**
 * Pick the node for one request: where it belongs, else by the method over the serving nodes,
 * else the last resorts in the same order. A node already tried is never picked.
 * Reads shared counters, changes nothing.
 *
 * Threads: any thread of any child; no lock, no allocation.
 * Source:  facts/peers.md D1: mod_jk's order of route, activation and forced recovery.
 *
 * @return APR_SUCCESS; APR_ENOENT: none usable, answer with the outage page
 */
apr_status_t cfc_choose(const cfc_cluster_t *cl, const cfc_ask_t *ask, cfc_choice_t *choice);

/**
 * Book a choice: a new or moved session takes its node's turn. A node that was away for more
 * than two turns is lifted to the node that had the most, or it would get every new session
 * until it had caught up with all it missed.
 */
void cfc_choice_taken(const cfc_cluster_t *cl, const cfc_choice_t *choice);

/**
 * Whether waiting a moment could help: no node is usable, but one that people want in service
 * has not been probed yet (httpd has just started).
 */
bool cfc_choice_pending(const cfc_cluster_t *cl);

/** Mark a node as tried. */
void cfc_tried_add(cfc_tried_t *tried, const cfc_cluster_t *cl, const cfc_node_t *node);

/** "sticky", "new", "moved". */
const char *cfc_why_word(cfc_why_t why);

/** What a node gets at this moment. */
cfc_effective_t cfc_node_effective(const cfc_node_t *node);

#endif
