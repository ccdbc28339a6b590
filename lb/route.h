/* SPDX-License-Identifier: Apache-2.0
 * route.h: to which node a request belongs, by what the client sent; and the cookie that
 * makes the next one belong. Pure. */
#ifndef CFC_LB_ROUTE_H
#define CFC_LB_ROUTE_H

#include <apr_pools.h>
#include <apr_time.h>
#include <stdint.h>

#include "lb/cluster.h"

/* Clients may send several cookies of one name (PR 44116 of mod_jk: paths /a and /); each is
 * tried in turn, up to this many. */
#define CFC_ROUTES_MAX 8

typedef struct {
    cfc_node_t *nodes[CFC_ROUTES_MAX];  /* best first, each once */
    unsigned count;
    unsigned by_cookie;                 /* the first so many are what our own cookie says */
    apr_time_t at_work_at;              /* what our own cookie says for the first node: when its
                                         * user was last at work (rehome.h); 0: nothing */
    uint64_t session;                   /* cfc_sessions_hash() of the first session id that was
                                         * sent, whether or not it has a route; 0: none was */
} cfc_routes_t;

/**
 * The value of our route cookie for a node: 16 hex digits made from the names. It tells no
 * host name, and every balancer of a site makes the same one from the same names. It needs
 * no secret: a forged value picks at most a node that new sessions could get as well.
 */
const char *cfc_route_token(const char *cluster, const char *node, apr_pool_t *p);

/**
 * The nodes that a request belongs to, best first: our own cookie, then the session cookie's
 * route, then the session path parameter (;jsessionid=ID.route). Each node at most once.
 *
 * @param cookies the Cookie header as received, several of them joined; NULL: none
 * @param target  the raw request target; parameters are looked for before the '?'
 * @param routes  set to what was found
 * Source: Tomcat's session id is ID.jvmRoute (org.apache.catalina.util.SessionIdGeneratorBase).
 */
void cfc_routes_read(const cfc_cluster_t *cl, const char *cookies, const char *target,
                     cfc_routes_t *routes);

/**
 * Whether the client's own route cookie already says this node. Of several it is the first one
 * that names a node: if the client went to another one's, the first would lead it back.
 */
bool cfc_routes_cookie_says(const cfc_routes_t *routes, const cfc_node_t *node);

/**
 * The Set-Cookie value that ties a client to a node.
 * @param tls        the client came over TLS
 * @param at_work_at noted in it, in whole seconds, as TOKEN.8 hex digits; 0: nothing is
 * @return allocated from p; NULL: this cluster sets no cookie of its own
 * Source: RFC 6265 4.1.
 */
const char *cfc_route_cookie(const cfc_cluster_t *cl, const cfc_node_t *node, bool tls,
                             apr_time_t at_work_at, apr_pool_t *p);

#endif
