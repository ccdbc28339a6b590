/* SPDX-License-Identifier: Apache-2.0
 * status_walk.h: the upgrade of a cluster that is walked, or was left, as the status shows it.
 * Included by status.h. */
#ifndef CFC_MAINT_STATUS_WALK_H
#define CFC_MAINT_STATUS_WALK_H

#include <apr_pools.h>
#include <apr_time.h>
#include <jansson.h>
#include <stdbool.h>

#include "maint/kept.h"

typedef struct {
    cfc_walk_state_t state;
    const char *id;
    const char *walker;             /* "anna@admin1" */
    const char *who;                /* gave the last order about it */
    const char *step;               /* as its walker calls it */
    apr_time_t since;
    apr_time_t until;               /* of the lease; 0: it was left */
    apr_time_t left_at;             /* 0: it is walked */
    bool silent;                    /* left by a walker of whom nothing was heard any more */
    const char *text;               /* a sentence without its full stop */
} cfc_walk_view_t;

/** Look. @return NULL: there is none */
cfc_walk_view_t *cfc_walk_look(const cfc_cluster_t *cl, apr_time_t now, apr_pool_t *p);

/** @param walk NULL: null */
json_t *cfc_walk_json(const cfc_walk_view_t *walk, apr_pool_t *p);

#endif
