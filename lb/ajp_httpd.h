/* SPDX-License-Identifier: Apache-2.0
 * ajp_httpd.h: the way to AJP nodes, a part of carry_httpd.c's transport. */
#ifndef CFC_LB_AJP_HTTPD_H
#define CFC_LB_AJP_HTTPD_H

#include <mod_proxy.h>

#include "lb/carry_httpd.h"

/**
 * Make an AJP node's carrier. In post_config.
 * @return NULL, or the complaint
 */
const char *cfc_ajp_define(const cfc_cluster_t *cl, cfc_node_t *node, apr_pool_t *pconf);

/** Before this child's first request. */
void cfc_ajp_start(apr_pool_t *pchild);

/**
 * Carry one attempt to an AJP node: as proxy_run_scheme_handler(), but that the attempt can be
 * freed (waiting.h) and that the node is only pinged before what must not be sent twice. Sets the
 * attempt's status, reach (nothing sent, or sent) and reused.
 */
void cfc_ajp_carry(request_rec *r, proxy_server_conf *conf, char *url, cfc_attempt_t *attempt);

#endif
