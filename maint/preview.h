/* SPDX-License-Identifier: Apache-2.0
 * preview.h: an order that somebody thinks about: what it would do, before it is given. */
#ifndef CFC_MAINT_PREVIEW_H
#define CFC_MAINT_PREVIEW_H

#include <apr_pools.h>
#include <apr_time.h>
#include <stdbool.h>

#include "maint/control.h"

typedef struct {
    const char *cluster;
    const char *node;           /* NULL: it is not about a node */
    const char *dependency;     /* NULL: it is not about one */
    const char *tester;         /* the id of a link, likewise */
    const char *path;           /* NULL: it is not about a path only */
    const char *tunnels_end;    /* within this the tunnels of a stopped node end, "30s" */
    const char *rehome;         /* whoever pauses so long leaves a draining node, "10m"; NULL:
                                 * nobody does */
    const char *harm;           /* NULL; or what users would see: it has to be insisted on */
    const char *warning;        /* NULL; or what else is worse for them than it was */
} cfc_preview_t;

/**
 * Look at what an order is about; its other fields are not read. Changes nothing. Any thread.
 * @param bad why there is nothing to think about: no such action, cluster, node or dependency,
 *        or it is no path
 * @return false: *bad says why
 */
bool cfc_preview(const cfc_conf_t *conf, const cfc_order_t *order, apr_time_t now,
                 cfc_preview_t *preview, cfc_result_t *bad, apr_pool_t *p);

#endif
