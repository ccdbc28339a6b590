/* SPDX-License-Identifier: Apache-2.0
 * moved.c: the words of moved.h. The choice itself is choose.c's. */
#include "lb/moved.h"

static bool is_well(cfc_health_t health)
{
    return health == CFC_HEALTH_UP || health == CFC_HEALTH_FAILING;
}

const char *cfc_moved_reason(const cfc_cluster_t *cl, const cfc_ask_t *ask)
{
    const cfc_node_t *own = ask->routes.nodes[0];
    cfc_cause_t cause;
    cfc_health_t health = cfc_slot_health(own->slot, &cause);

    if (cfc_tried_has(&ask->tried, cl, own)) {
        return "failed";
    }
    if (cfc_slot_admin(own->slot) == CFC_ADMIN_STOP) {
        return "stopped";
    }
    if (!is_well(health)) {
        return cfc_health_word(health);
    }
    if (cfc_ejected(&own->slot->eject)) {
        return "ejected";
    }
    return ask->anywhere ? "full" : cfc_health_word(CFC_HEALTH_DOWN);
}
