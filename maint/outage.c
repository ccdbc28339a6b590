/* SPDX-License-Identifier: Apache-2.0
 * outage.c: see outage.h. Whose answers are replaced is maintenance_httpd.c's. */
#include "maint/outage.h"

#include "lb/choose.h"
#include "lb/segment.h"

static bool works(const cfc_node_t *node, apr_time_t since)
{
    const cfc_traffic_t *traffic = &node->slot->traffic;

    return cfc_node_effective(node) != CFC_EFFECTIVE_OUT && atomic_load(&traffic->good_at) >= since
           && atomic_load(&traffic->bad_at) < since;
}

static bool any_works(const cfc_cluster_t *cl, const cfc_node_t *failed, apr_time_t since)
{
    for (int i = 0; i < cl->nodes->nelts; i++) {
        const cfc_node_t *node = cfc_cluster_nodes(cl)[i];

        if (node != failed && works(node, since)) {
            return true;
        }
    }
    return false;
}

const cfc_dependency_t *cfc_outage_database(const cfc_cluster_t *cl, const cfc_node_t *failed,
                                            apr_time_t now)
{
    for (int i = 0; i < cl->dependencies->nelts; i++) {
        const cfc_dependency_t *database = cfc_cluster_dependencies(cl)[i];
        apr_time_t recent = now - CFC_OUTAGE_RECENT, since;
        cfc_found_t found;

        if (database->outage_page == CFC_OUTAGE_PAGE_OFF) {
            continue;
        }
        cfc_dependency_look(database, now, &found);
        since = found.silent_since > recent ? found.silent_since : recent;
        if (found.silent_since != 0 && !any_works(cl, failed, since)) {
            return database;
        }
    }
    return NULL;
}
