/* SPDX-License-Identifier: Apache-2.0
 * place.h: a place at a node for one request: choice, node limits and the queue together. */
#ifndef CFC_LB_PLACE_H
#define CFC_LB_PLACE_H

#include "lb/choose.h"

typedef enum {
    CFC_PLACE_TAKEN,        /* choice is set, and the request counted at its node */
    CFC_PLACE_NONE,         /* no node is usable: the outage page */
    CFC_PLACE_BUSY          /* all places are taken, and the queue is full or took too long */
} cfc_place_t;

/**
 * Get a place for a request. Waits
 * - for the first probe of a node after httpd has started, up to 3 s;
 * - in the queue while the node it belongs to, or every node that would do, is at its max=. A
 *   request that belongs or is forced to a node takes a place at any other one when four fifths
 *   of the queue's time are over, unless stickiness is strict or it is a tester's.
 * What is handed to it is a place at one of the nodes that cfc_choose_wants() names at that moment,
 * of whatever generation the child is that leaves it.
 *
 * Threads: any thread of any child; the request's own waits.
 *
 * @param ask     its now is brought up to date
 * @param child   from cfc_segment_child_enter()
 * @param waited_ms how long it waited in the queue, added to what is there
 */
cfc_place_t cfc_place_take(const cfc_cluster_t *cl, cfc_ask_t *ask, int child,
                           cfc_choice_t *choice, apr_int64_t *waited_ms);

/** Give a place back: to the one that has waited longest of those who want it, if any does. */
void cfc_place_leave(const cfc_cluster_t *cl, const cfc_node_t *node, int child);

#endif
