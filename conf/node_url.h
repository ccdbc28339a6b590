/* SPDX-License-Identifier: Apache-2.0
 * node_url.h: reads the address of a node. Pure. */
#ifndef CFC_CONF_NODE_URL_H
#define CFC_CONF_NODE_URL_H

#include <apr_uri.h>
#include <stdbool.h>

#include "lb/cluster.h"

/**
 * Read scheme://host[:port] into a node's scheme, host, port and url.
 * A path is refused: the client's own target is forwarded unchanged, so the application must
 * be deployed under the path that clients use.
 * @param directive for messages, for example "CFNode node1"
 * @param p         lives as long as node
 * @return NULL, or the complaint; node is then unchanged
 */
const char *cfc_node_url_read(cfc_node_t *node, const char *directive, const char *text,
                              apr_pool_t *p);

/** Whether host and port of a parsed address are such; apr_uri lets more pass. */
bool cfc_uri_host_ok(const apr_uri_t *uri);
bool cfc_uri_port_ok(const char *port);

/** Whether a name is fit for clusters and nodes: 1 to 63 of A-Z a-z 0-9 . _ - */
bool cfc_name_ok(const char *name);

#endif
