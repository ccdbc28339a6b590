/* SPDX-License-Identifier: Apache-2.0
 * worker_httpd.h: mod_proxy's idea of a node, with our settings. */
#ifndef CFC_LB_WORKER_HTTPD_H
#define CFC_LB_WORKER_HTTPD_H

#include <mod_proxy.h>

#include "lb/cluster.h"

/* Weak, so that httpd can load us without mod_proxy and the check_config hook can say what to
 * do, instead of a loader error about an undefined symbol. */
#pragma weak proxy_module
#pragma weak ap_proxy_acquire_connection
#pragma weak ap_proxy_check_connection
#pragma weak ap_proxy_connect_backend
#pragma weak ap_proxy_define_worker
#pragma weak ap_proxy_determine_connection
#pragma weak ap_proxy_initialize_worker
#pragma weak ap_proxy_release_connection
#pragma weak proxy_run_scheme_handler

/* Idle connections to a node are given up well before Tomcat closes them (keepAliveTimeout,
 * 20 s): otherwise a request may be sent just as the node hangs up. */
#define CFC_IDLE_SECONDS 15

/**
 * Make a worker for a node.
 * @param conf   mod_proxy's, which then initializes the worker in each child; NULL: the caller does
 * @param worker allocated from p
 * @return NULL, or the complaint
 */
const char *cfc_worker_define(const cfc_cluster_t *cl, const cfc_node_t *node,
                              proxy_server_conf *conf, apr_pool_t *p, proxy_worker **worker);

#endif
