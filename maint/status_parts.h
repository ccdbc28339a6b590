/* SPDX-License-Identifier: Apache-2.0
 * status_parts.h: the paths of a cluster that are in maintenance by themselves, as the status shows
 * them. Included by status.h. */
#ifndef CFC_MAINT_STATUS_PARTS_H
#define CFC_MAINT_STATUS_PARTS_H

#include <apr_pools.h>
#include <jansson.h>

#include "maint/kept.h"

typedef struct {
    const char *path;
    bool closed;                    /* false: scheduled */
    cfc_plan_t plan;
} cfc_part_view_t;

/** Look. @return how many there are; *parts lives in p */
int cfc_parts_look(const cfc_cluster_t *cl, cfc_part_view_t **parts, apr_pool_t *p);

/** To follow the cluster's own sentence: "; /synchrony is in maintenance"; "" : there are none. */
const char *cfc_parts_text(const cfc_part_view_t *parts, int count, apr_pool_t *p);

json_t *cfc_parts_json(const cfc_part_view_t *parts, int count, apr_pool_t *p);

#endif
