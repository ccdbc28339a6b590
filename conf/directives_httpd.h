/* SPDX-License-Identifier: Apache-2.0
 * directives_httpd.h: the configuration directives, as httpd's command table. */
#ifndef CFC_CONF_DIRECTIVES_HTTPD_H
#define CFC_CONF_DIRECTIVES_HTTPD_H

#include "conf/server_httpd.h"

extern const command_rec cfc_commands[];

/** pre_config hook: a new, empty configuration. httpd reads its files twice, then at restarts. */
int cfc_conf_begin(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp);

/**
 * check_config hook, which `httpd -t` runs too: what only shows across lines. Every
 * contradiction is listed before it fails.
 */
int cfc_conf_check(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s);

void *cfc_server_conf_create(apr_pool_t *p, server_rec *s);
void *cfc_server_conf_merge(apr_pool_t *p, void *base, void *add);

#endif
