/* SPDX-License-Identifier: Apache-2.0
 * worker_httpd.c: the settings of worker_httpd.h. What is done with a worker is carry_httpd.c's and
 * ajp_httpd.c's. */
#include "lb/worker_httpd.h"

#include <apr_strings.h>

static void configure(const cfc_cluster_t *cl, const cfc_node_t *node, proxy_worker *worker)
{
    proxy_worker_shared *s = worker->s;

    /* Whether a node is fit is our business: mod_proxy must never refuse one by itself. */
    s->status |= PROXY_WORKER_IGNORE_ERRORS;
    s->retry = 0;
    s->retry_set = 1;
    s->conn_timeout = apr_time_from_msec(cl->connect_ms);
    s->conn_timeout_set = 1;
    s->timeout = apr_time_from_msec(cl->answer_ms);
    s->timeout_set = 1;
    s->ttl = apr_time_from_sec(CFC_IDLE_SECONDS);
    s->smax = 0;
    apr_cpystrn(s->upgrade, "websocket", sizeof(s->upgrade));
    if (node->secret != NULL) {
        apr_cpystrn(s->secret, node->secret, sizeof(s->secret));
    }
}

const char *cfc_worker_define(const cfc_cluster_t *cl, const cfc_node_t *node,
                              proxy_server_conf *conf, apr_pool_t *p, proxy_worker **worker)
{
    const char *complaint = ap_proxy_define_worker(p, worker, NULL, conf, node->url, 0);

    if (complaint == NULL) {
        configure(cl, node, *worker);
    }
    return complaint;
}
