/* SPDX-License-Identifier: Apache-2.0
 * users.h: which users a node still has, and whether that is known. One criterion for whoever
 * waits, for the gate, for the report of a drain, and for what people are told before an order.
 *
 * Sessions are counted since shared memory was made, that is since httpd was started; a reload, and
 * another version of the module, go on with them. Until that is CFSticky's window ago there may be
 * users who have not been heard of yet. */
#ifndef CFC_MAINT_USERS_H
#define CFC_MAINT_USERS_H

#include <apr_pools.h>
#include <apr_time.h>
#include <stdint.h>

#include "lb/cluster.h"
#include "lb/segment.h"

typedef struct {
    uint64_t sessions;          /* live ones, estimated */
    apr_time_t known_at;        /* 0: these are all; else until then there may be more */
} cfc_users_t;

/** The users of a node. Any thread of any process. */
cfc_users_t cfc_users(const cfc_segment_t *segment, const cfc_cluster_t *cl,
                      const cfc_node_t *node, apr_time_t now);

/**
 * "about 12 sessions", "about 12 sessions, and maybe more: not all are known until
 * 2026-11-23T14:30:00Z"
 * @param verb follows "sessions", with the space before it; or ""
 */
const char *cfc_users_text(const cfc_users_t *users, const char *verb, apr_pool_t *p);

typedef enum {
    CFC_LEFT_SOMEBODY,
    CFC_LEFT_UNKNOWN,           /* nobody who is known of */
    CFC_LEFT_NOBODY
} cfc_left_t;

/**
 * Whether somebody would notice that the node goes. A stopped node gets no requests, so its
 * sessions are others' already; what is under way there is not. Pure.
 */
cfc_left_t cfc_users_left(cfc_admin_t admin, int in_flight, int tunnels,
                          const cfc_users_t *users);

#endif
