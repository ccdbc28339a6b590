/* SPDX-License-Identifier: Apache-2.0
 * start_httpd.h: what happens between a checked configuration and the first request. */
#ifndef CFC_CONF_START_HTTPD_H
#define CFC_CONF_START_HTTPD_H

#include <httpd.h>

/**
 * post_config hook, after mod_proxy's: shared memory, saved admin states, workers, monitor.
 * Refuses only what leaves no way to run; during a restart a refusal ends the running server.
 */
int cfc_start(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s);

/** child_init hook. */
void cfc_start_child(apr_pool_t *pchild, server_rec *s);

#endif
