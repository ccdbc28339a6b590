/* SPDX-License-Identifier: Apache-2.0
 * tell_httpd.c: writes the environment and the header that docs/logging.md promises.
 * Source: the BALANCER_* names of mod_proxy_balancer's documentation. */
#include "lb/tell_httpd.h"

#include <apr_strings.h>

#include "lb/tunnel.h"

void cfc_tell(request_rec *r, const cfc_cluster_t *cl, const cfc_ask_t *ask,
              const cfc_choice_t *choice, const cfc_attempt_t *attempt, apr_int64_t attempts,
              apr_int64_t queued_ms)
{
    apr_table_t *env = r->subprocess_env;
    const cfc_node_t *node = choice->node;

    apr_table_setn(env, "CFC_CLUSTER", cl->name);
    apr_table_setn(env, "CFC_NODE", node->name);
    apr_table_setn(env, "CFC_WHY", cfc_why_word(choice->why));
    apr_table_setn(env, "CFC_ATTEMPTS", apr_itoa(r->pool, (int)attempts));
    apr_table_setn(env, "CFC_QUEUED_MS", apr_itoa(r->pool, (int)queued_ms));
    if (attempt->answered_at != 0) {
        apr_table_setn(env, "CFC_NODE_MS",
                       apr_psprintf(r->pool, "%" APR_TIME_T_FMT,
                                    apr_time_as_msec(attempt->answered_at - choice->at)));
    }
    else {
        apr_table_unset(env, "CFC_NODE_MS");
    }
    if (attempt->tunnel != NULL) {
        apr_table_setn(env, "CFC_TUNNEL", cfc_tunnel_word(attempt->tunnel->ended_by));
    }
    apr_table_setn(env, "BALANCER_NAME", cl->name);
    apr_table_setn(env, "BALANCER_WORKER_NAME", node->url);
    apr_table_setn(env, "BALANCER_WORKER_ROUTE", node->route);
    if (ask->routes.count > 0) {
        apr_table_setn(env, "BALANCER_SESSION_ROUTE", ask->routes.nodes[0]->route);
    }
    if (cfc_why_joins(choice->why)) {
        apr_table_setn(env, "BALANCER_ROUTE_CHANGED", "1");
    }
}

void cfc_tell_client(request_rec *r, const cfc_choice_t *choice, apr_int64_t attempts)
{
    const char *again = attempts > 1 ? apr_psprintf(r->pool, "; attempt %d", (int)attempts) : "";

    apr_table_setn(r->err_headers_out, "X-CFCluster",
                   apr_pstrcat(r->pool, choice->node->name, "; ", cfc_why_word(choice->why), again,
                               NULL));
}
