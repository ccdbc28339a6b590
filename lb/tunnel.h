/* SPDX-License-Identifier: Apache-2.0
 * tunnel.h: upgraded connections (WebSockets): how they are counted, and when they are ended
 * although both sides would go on. Carrying them is mod_proxy's, one thread each.
 *
 *   reason                            ends                      not if
 *   the node has turned down          at once                   its client had nowhere to go
 *   the node is stopped               within CFTimeout          a tester's, begun while stopped
 *   it, or the path is in maintenance tunnel-end=, each at a    a tester's
 *   this child is told to end         moment of its own
 *
 * A tester's is an ordinary one from when his link is revoked or over.
 * A reason that goes away in time (the node is active again) lets the remaining ones be. */
#ifndef CFC_LB_TUNNEL_H
#define CFC_LB_TUNNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "lb/cluster.h"
#include "lb/tester.h"
#include "lb/waiting.h"

/** What ended a tunnel, in the order in which reasons count. */
typedef enum {
    CFC_TUNNEL_CLOSED,          /* one of its sides, or none: it is open */
    CFC_TUNNEL_NODE_DOWN,
    CFC_TUNNEL_NODE_STOPPED,
    CFC_TUNNEL_MAINTENANCE,
    CFC_TUNNEL_RESTART,         /* of httpd, or of this child only */
    CFC_TUNNEL_COUNT
} cfc_tunnel_end_t;

/** "closed", "node-down", "node-stopped", "maintenance", "restart". */
const char *cfc_tunnel_word(cfc_tunnel_end_t end);

/** One tunnel; lives with the request that it was. */
typedef struct cfc_tunnel {
    const cfc_cluster_t *cl;
    const cfc_node_t *node;
    bool (*part_closed)(const void *request);   /* see cfc_tunnel_begin() */
    const void *request;
    cfc_tester_t tester;        /* whose it is: it may go on in a maintenance */
    const cfc_waiting_t *waiting;
    uint32_t turn;              /* its moment in the time given; 2^32 would be the end of it */
    bool let_in;                /* a tester's, and the node was stopped already */
    cfc_tunnel_end_t reason;    /* to end, at the last look; CLOSED: none */
    int64_t reason_ms;          /* since when, as the looks' now_ms */
    cfc_tunnel_end_t ended_by;
} cfc_tunnel_t;

/**
 * A node has answered an attempt with an upgrade: count the tunnel, and let it be ended. The
 * attempt's own thread, as for cfc_tunnel_end().
 * @param tunnel  all of it is set, but for part_closed and request: with these the caller has said
 *                who knows whether the path of this request is in maintenance by itself. That is
 *                asked from another thread, and only while some path of the cluster is.
 * @param tester  whose it is; copied
 * @param child   from cfc_segment_child_enter()
 * @param waiting of the attempt; NULL: it cannot be ended
 */
void cfc_tunnel_begin(cfc_tunnel_t *tunnel, const cfc_cluster_t *cl, const cfc_node_t *node,
                      const cfc_tester_t *tester, int child, cfc_waiting_t *waiting);

/** It is over. Once, after cfc_waiting_end(). */
void cfc_tunnel_end(const cfc_tunnel_t *tunnel, int child);

/**
 * End those tunnels of this child that are to end by now. One thread of the child, again and
 * again: a reason counts from the first look that finds it.
 *
 * @param leaving this child has been told to end when its requests are done
 * @param now_ms  of a clock that nobody sets
 * @return in how many ms the next one is to end, if reasons stay; INT64_MAX: none is
 */
int64_t cfc_tunnels_look(bool leaving, int64_t now_ms);

#endif
