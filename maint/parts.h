/* SPDX-License-Identifier: Apache-2.0
 * parts.h: paths of a cluster that are in maintenance by themselves, or will be: a few places in
 * the cluster's slot (lb/segment.h). A place is taken by closing a path and free when it is open
 * again. Who matches requests against them is maintenance_httpd.c. */
#ifndef CFC_MAINT_PARTS_H
#define CFC_MAINT_PARTS_H

#include <stdbool.h>

#include "lb/segment.h"
#include "maint/kept.h"

/**
 * Read a path as it is kept: lower case, without a slash at its end.
 * @param kept "" on complaint
 * @return NULL, or what is wrong with it (to follow "path=/x ")
 */
const char *cfc_part_read(const char *path, char kept[CFC_NAME_MAX]);

/** The path of a place. Any thread of any process. @return false: it is free; path is "" */
bool cfc_part_path(const cfc_part_slot_t *part, char path[CFC_NAME_MAX]);

/** The place of a path. @return NULL: it has none, that is it is open */
cfc_part_slot_t *cfc_part_find(cfc_cluster_slot_t *slot, const char *path);

/** Is there a place for this path? True if it has one. */
bool cfc_part_room(cfc_cluster_slot_t *slot, const char *path);

/** Close it, schedule that, or open it. The store's lock holder; without room nothing happens. */
void cfc_part_set(cfc_cluster_slot_t *slot, const char *path, cfc_cluster_state_t state,
                  const cfc_plan_t *plan);

#endif
