/* SPDX-License-Identifier: Apache-2.0
 * small_cluster.h: a configuration as post_config leaves it, without httpd: one cluster
 * "confluence" of node1 and node2, both up, its state in a directory of its own. */
#ifndef CFC_T_UNIT_SMALL_CLUSTER_H
#define CFC_T_UNIT_SMALL_CLUSTER_H

#include <apr_pools.h>

#include "conf/conf.h"
#include "health/dependency.h"
#include "t/unit/kit.h"

typedef struct {
    cfc_kit_t kit;
    apr_pool_t *p;              /* the kit's */
    char dir[64];               /* the state directory */
    cfc_conf_t *conf;
    cfc_cluster_t *cl;
    cfc_node_t *node1, *node2;
    cfc_dependency_t *master, *replica, *directory;     /* NULL: it has none */
} cfc_small_cluster_t;

/** Make it, with an open store that has been loaded. */
void cfc_small_cluster_make(cfc_small_cluster_t *small);

/** Have it depend on the databases master and replica, of master, and the directory ad, which have
 * not been looked at yet. */
void cfc_small_cluster_depend(cfc_small_cluster_t *small);

/** As if httpd was stopped and started: fresh shared memory, the same configuration. The
 * nodes' health is not known then. */
void cfc_small_cluster_restart(cfc_small_cluster_t *small);

/** As a graceful restart: the same shared memory, the store loaded again. */
void cfc_small_cluster_graceful(cfc_small_cluster_t *small);

/** Remove the directory and everything else. */
void cfc_small_cluster_end(cfc_small_cluster_t *small);

/** The state file; NULL: there is none. Lives in small->p. */
char *cfc_small_cluster_file(const cfc_small_cluster_t *small);

/** Put these bytes in the state file's place. */
void cfc_small_cluster_write(const cfc_small_cluster_t *small, const char *text, size_t bytes);

/** How many files in the directory have this in their name. */
int cfc_small_cluster_files(const cfc_small_cluster_t *small, const char *part);

#endif
