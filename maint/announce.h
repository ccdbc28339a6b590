/* SPDX-License-Identifier: Apache-2.0
 * announce.h: what users may know of a cluster's maintenance, as a small JSON document. */
#ifndef CFC_MAINT_ANNOUNCE_H
#define CFC_MAINT_ANNOUNCE_H

#include <apr_pools.h>

#include "lb/cluster.h"

/**
 * State, message, begin and planned end, of the cluster and of its closed paths; not who ordered
 * it, and nothing of nodes. Reads shared memory. Any thread of any child.
 * @return NULL: out of memory
 */
const char *cfc_announcement(const cfc_cluster_t *cl, apr_pool_t *p);

#endif
