/* SPDX-License-Identifier: Apache-2.0
 * map_httpd.h: CFClusterPass: which requests go to a cluster. */
#ifndef CFC_LB_MAP_HTTPD_H
#define CFC_LB_MAP_HTTPD_H

#include <httpd.h>

#include "conf/server_httpd.h"

/** The handlers' names: the forwarding one, set here, and what SetHandler says for the status page
 *  and for the announcement of a maintenance. */
#define CFC_HANDLER_FORWARD "cfcluster-forward"
#define CFC_HANDLER_STATUS "cfcluster-status"
#define CFC_HANDLER_ANNOUNCE "cfcluster-maintenance"

/** translate_name hook: claims requests of passed paths; 400 for targets the guard refuses. */
int cfc_map_translate(request_rec *r);

/** map_to_storage hook: what is claimed has no file, so no <Directory> is looked up for it. */
int cfc_map_storage(request_rec *r);

/** The longest pass that covers a decoded path. @return NULL: none, or it is excluded by "!" */
const cfc_pass_t *cfc_pass_find(const cfc_server_conf_t *conf, const char *uri);

#endif
