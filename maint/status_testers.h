/* SPDX-License-Identifier: Apache-2.0
 * status_testers.h: tester links as the status shows them. */
#ifndef CFC_MAINT_STATUS_TESTERS_H
#define CFC_MAINT_STATUS_TESTERS_H

#include <apr_pools.h>
#include <apr_time.h>
#include <jansson.h>

#include "lb/cluster.h"
#include "maint/control.h"
#include "maint/html.h"
#include "maint/kept.h"

/** A link that is good. */
typedef struct {
    const char *id;
    const char *node;
    cfc_note_t note;            /* who made it, why, since and until when it is good */
    apr_time_t open_until;      /* it can be opened */
    uint32_t opened;            /* how often it was */
    uint64_t uses;              /* requests by those browsers */
    apr_time_t used_at;         /* 0: none yet */
} cfc_tester_view_t;

/** Those of a cluster, the oldest first. */
cfc_tester_view_t *cfc_testers_look(const cfc_cluster_t *cl, int *count, apr_pool_t *p);

json_t *cfc_testers_json(const cfc_tester_view_t *testers, int count, apr_pool_t *p);

/** The link that was just made. */
json_t *cfc_tester_made_json(const cfc_tester_made_t *made, apr_pool_t *p);
void cfc_tester_made_html(cfc_html_t *html, const cfc_tester_made_t *made, apr_pool_t *p);

#endif
