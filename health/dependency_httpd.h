/* SPDX-License-Identifier: Apache-2.0
 * dependency_httpd.h: CFDatabase and CFDirectory, and what becomes of them when httpd starts. */
#ifndef CFC_HEALTH_DEPENDENCY_HTTPD_H
#define CFC_HEALTH_DEPENDENCY_HTTPD_H

#include <httpd.h>
#include <http_config.h>

#include "conf/conf.h"
#include "health/dependency.h"

/**
 * Read one line into the cluster's dependencies.
 * @return NULL, or the complaint
 */
const char *cfc_dependency_add(cmd_parms *cmd, cfc_cluster_t *cl, cfc_dependency_kind_t kind,
                               int argc, char *const argv[]);

/**
 * Tie the dependencies to their slots, and warn of files that everybody can read. At start-up,
 * after cfc_segment_open().
 * @return NULL, or why httpd cannot start
 */
const char *cfc_dependencies_open(cfc_conf_t *conf, server_rec *s, apr_pool_t *ptemp);

#endif
