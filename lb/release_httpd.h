/* SPDX-License-Identifier: Apache-2.0
 * release_httpd.h: the one thread of each child that frees requests from nodes that hang, and
 * ends tunnels whose time has come. */
#ifndef CFC_LB_RELEASE_HTTPD_H
#define CFC_LB_RELEASE_HTTPD_H

#include <httpd.h>

#include "conf/conf.h"

/** Start the thread; it ends with pchild. In child_init, under every MPM. */
void cfc_release_start(const cfc_conf_t *conf, server_rec *s, apr_pool_t *pchild);

/** child_stopping hook: at an ungraceful stop no request waits for its node to the end. */
void cfc_release_all(apr_pool_t *pchild, int graceful);

#endif
