/* SPDX-License-Identifier: Apache-2.0
 * cluster.c: look-ups in a configured cluster. Pure. */
#include "lb/cluster.h"

#include <string.h>

cfc_node_t *cfc_cluster_node(const cfc_cluster_t *cl, const char *name)
{
    cfc_node_t **nodes = cfc_cluster_nodes(cl);

    for (int i = 0; i < cl->nodes->nelts; i++) {
        if (strcmp(nodes[i]->name, name) == 0) {
            return nodes[i];
        }
    }
    return NULL;
}

int cfc_cluster_place(const cfc_cluster_t *cl, const cfc_node_t *node)
{
    cfc_node_t **nodes = cfc_cluster_nodes(cl);

    for (int i = 0; i < cl->nodes->nelts; i++) {
        if (nodes[i] == node) {
            return i;
        }
    }
    return -1;
}
