/* SPDX-License-Identifier: Apache-2.0
 * cluster_httpd.h: the <CFCluster> section and the directives inside it, for the command table. */
#ifndef CFC_CONF_CLUSTER_HTTPD_H
#define CFC_CONF_CLUSTER_HTTPD_H

#include <httpd.h>
#include <http_config.h>

#include "conf/opt.h"
#include "lb/cluster.h"

/** Reads a whole section, and adds its cluster to cfc_conf() when nothing is wrong with it. */
const char *cfc_cluster_section(cmd_parms *cmd, void *unused, const char *args);

/** The cluster whose section httpd is reading. @return NULL: it is reading something else */
cfc_cluster_t *cfc_cluster_read(void);

/* The setters of one line each; a complaint outside a section. */
const char *cfc_cluster_set_balance(cmd_parms *cmd, void *unused, const char *arg);
const char *cfc_cluster_set_slow_start(cmd_parms *cmd, void *unused, const char *arg);
const char *cfc_cluster_set_tell(cmd_parms *cmd, void *unused, const char *arg);
const char *cfc_cluster_set_node_secret(cmd_parms *cmd, void *unused, const char *arg);
const char *cfc_cluster_set_page(cmd_parms *cmd, void *unused, const char *arg);
const char *cfc_cluster_set_outage_page(cmd_parms *cmd, void *unused, const char *arg);
const char *cfc_cluster_add_tester(cmd_parms *cmd, void *unused, const char *arg);
const char *cfc_cluster_set_profile(cmd_parms *cmd, void *unused, const char *arg);
const char *cfc_cluster_add_node(cmd_parms *cmd, void *unused, int argc, char *const argv[]);
const char *cfc_cluster_set_sticky(cmd_parms *cmd, void *unused, int argc, char *const argv[]);
const char *cfc_cluster_set_probe(cmd_parms *cmd, void *unused, int argc, char *const argv[]);
const char *cfc_cluster_set_retry(cmd_parms *cmd, void *unused, int argc, char *const argv[]);
const char *cfc_cluster_set_queue(cmd_parms *cmd, void *unused, int argc, char *const argv[]);
const char *cfc_cluster_set_eject(cmd_parms *cmd, void *unused, int argc, char *const argv[]);
const char *cfc_cluster_set_logins(cmd_parms *cmd, void *unused, int argc, char *const argv[]);
const char *cfc_cluster_set_timeout(cmd_parms *cmd, void *unused, int argc, char *const argv[]);
const char *cfc_cluster_add_database(cmd_parms *cmd, void *unused, int argc, char *const argv[]);
const char *cfc_cluster_add_directory(cmd_parms *cmd, void *unused, int argc, char *const argv[]);

/** Read the options from argv on into conf, each at most once. @return NULL, or the complaint */
const char *cfc_options(cmd_parms *cmd, const char *directive, const cfc_opt_t *rows, void *conf,
                        int argc, char *const argv[]);

/** Where a directive stands, and the same as text: "conf/wiki.conf:14". */
cfc_where_t cfc_where(const cmd_parms *cmd);
const char *cfc_where_text(const cfc_where_t *place, apr_pool_t *p);

#endif
