/* SPDX-License-Identifier: Apache-2.0
 * tell_httpd.c: writes the environment and the header that docs/logging.md promises.
 * Source: the BALANCER_* names of mod_proxy_balancer's documentation. */
#include "lb/tell_httpd.h"

#include <apr_strings.h>

#include "lb/moved.h"
#include "lb/tunnel.h"

static void set(apr_table_t *env, const char *name, const char *value)
{
    if (value != NULL) {
        apr_table_setn(env, name, value);
    }
    else {
        apr_table_unset(env, name);
    }
}

static const char *why_text(const cfc_cluster_t *cl, const cfc_ask_t *ask,
                            const cfc_choice_t *choice, apr_pool_t *p)
{
    const char *word = cfc_why_word(choice->why);

    return choice->why == CFC_WHY_MOVED
               ? apr_pstrcat(p, word, ":", cfc_moved_reason(cl, ask), NULL)
               : word;
}

static void tell_as_balancer(apr_table_t *env, const cfc_cluster_t *cl, const cfc_ask_t *ask,
                             const cfc_choice_t *choice)
{
    const cfc_routes_t *routes = &ask->routes;
    const cfc_node_t *node = choice->node;

    apr_table_setn(env, "BALANCER_NAME", cl->name);
    apr_table_setn(env, "BALANCER_WORKER_NAME", node->url);
    apr_table_setn(env, "BALANCER_WORKER_ROUTE", node->route);
    set(env, "BALANCER_SESSION_ROUTE", routes->count > 0 ? routes->nodes[0]->route : NULL);
    set(env, "BALANCER_SESSION_STICKY", routes->count == 0    ? NULL
                                        : routes->by_cookie > 0 ? cl->sticky.cookie
                                                                : cl->sticky.session);
    set(env, "BALANCER_ROUTE_CHANGED", cfc_why_joins(choice->why) ? "1" : NULL);
}

static void tell_client(request_rec *r, const cfc_node_t *node, const char *why,
                        apr_int64_t attempts)
{
    const char *again = attempts > 1 ? apr_psprintf(r->pool, "; attempt %d", (int)attempts) : "";

    apr_table_setn(r->err_headers_out, "X-CFCluster",
                   apr_pstrcat(r->pool, node->name, "; ", why, again, NULL));
}

void cfc_tell(request_rec *r, const cfc_cluster_t *cl, const cfc_ask_t *ask,
              const cfc_choice_t *choice, apr_int64_t attempts, apr_int64_t queued_ms)
{
    apr_table_t *env = r->subprocess_env;
    const char *why = why_text(cl, ask, choice, r->pool);

    apr_table_setn(env, "CFC_CLUSTER", cl->name);
    apr_table_setn(env, "CFC_NODE", choice->node->name);
    apr_table_setn(env, "CFC_WHY", why);
    apr_table_setn(env, "CFC_ATTEMPTS", apr_itoa(r->pool, (int)attempts));
    apr_table_setn(env, "CFC_QUEUED_MS", apr_itoa(r->pool, (int)queued_ms));
    tell_as_balancer(env, cl, ask, choice);
    if (cl->tell == CFC_TELL_ON) {
        tell_client(r, choice->node, why, attempts);
    }
}

void cfc_tell_end(request_rec *r, const cfc_choice_t *choice, const cfc_attempt_t *attempt)
{
    apr_table_t *env = r->subprocess_env;

    set(env, "CFC_NODE_MS", attempt->answered_at == 0
                                ? NULL
                                : apr_psprintf(r->pool, "%" APR_TIME_T_FMT,
                                               apr_time_as_msec(attempt->answered_at
                                                                - choice->at)));
    if (attempt->tunnel != NULL) {
        apr_table_setn(env, "CFC_TUNNEL", cfc_tunnel_word(attempt->tunnel->ended_by));
    }
}
