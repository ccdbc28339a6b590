/* SPDX-License-Identifier: Apache-2.0
 * probe_conf_httpd.h: reads CFProbe lines into the probes of a cluster. */
#ifndef CFC_CONF_PROBE_CONF_HTTPD_H
#define CFC_CONF_PROBE_CONF_HTTPD_H

#include <httpd.h>
#include <http_config.h>

#include "lb/cluster.h"

/** Give a new cluster its first probe, "main": by tcp, until a line says otherwise. */
void cfc_probe_conf_begin(cfc_cluster_t *cl, apr_pool_t *p);

/**
 * Read the words after CFProbe. With name= the line adds a probe; without, it changes "main".
 * @return NULL, or the complaint; cl is then unchanged
 */
const char *cfc_probe_conf_line(cmd_parms *cmd, cfc_cluster_t *cl, int argc, char *const argv[]);

/**
 * What the lines of a finished section contradict each other in.
 * @return NULL, or the complaint, about the cluster
 */
const char *cfc_probe_conf_check(const cfc_cluster_t *cl, apr_pool_t *p);

/** The same of a node and one of its probes. @return NULL, or the complaint, about the node */
const char *cfc_probe_conf_check_node(const cfc_cluster_t *cl, const cfc_node_t *node,
                                      apr_pool_t *p);

#endif
