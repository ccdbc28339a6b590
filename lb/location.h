/* SPDX-License-Identifier: Apache-2.0
 * location.h: redirects of a node as the client must see them. Pure. */
#ifndef CFC_LB_LOCATION_H
#define CFC_LB_LOCATION_H

#include <apr_pools.h>

#include "lb/cluster.h"

/**
 * What a Location header of a node must say to the client.
 * - the node's own address becomes the address that the client used;
 * - the client's own host with http, while the client came over https, becomes https: the
 *   node sees plain HTTP and built the URL from that. Never the other way round: a node
 *   that sends clients to https means it.
 * @param scheme the client's, "http" or "https"
 * @param host   the client's Host header, with its port if it has one; NULL: none was sent
 * @return location itself when it is right as it is, else allocated from p
 */
const char *cfc_location_for_client(const char *location, const cfc_node_t *node,
                                    const char *scheme, const char *host, apr_pool_t *p);

#endif
