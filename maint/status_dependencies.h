/* SPDX-License-Identifier: Apache-2.0
 * status_dependencies.h: databases and directories in the status: looked at, as JSON. */
#ifndef CFC_MAINT_STATUS_DEPENDENCIES_H
#define CFC_MAINT_STATUS_DEPENDENCIES_H

#include <apr_tables.h>
#include <jansson.h>

#include "health/dependency.h"
#include "lb/history.h"
#include "maint/kept.h"

/** One of them at one moment; texts are clean UTF-8. */
typedef struct {
    const cfc_dependency_t *conf;
    cfc_found_t found;
    cfc_found_words_t words;
    cfc_found_hosts_t hosts;
    bool acknowledged;              /* it may fail now: a planned outage */
    cfc_note_t note;                /* who said so, until when, and why */
    int history_count;
    cfc_probe_result_t *history;    /* the last results, the newest first */
} cfc_dependency_view_t;

/**
 * Look at those of a cluster.
 * @param warnings const char *: a sentence is added for each that needs a person, and of
 *        which nobody has said that he knows
 * @return as many as the cluster has
 */
cfc_dependency_view_t *cfc_dependencies_look(const cfc_cluster_t *cl, apr_time_t now,
                                             apr_array_header_t *warnings, apr_pool_t *p);

json_t *cfc_dependencies_json(const cfc_dependency_view_t *views, int count, apr_time_t now,
                              apr_pool_t *p);

#endif
