/* SPDX-License-Identifier: Apache-2.0
 * outage.h: whether a database is the reason for which users get no page. */
#ifndef CFC_MAINT_OUTAGE_H
#define CFC_MAINT_OUTAGE_H

#include <apr_time.h>

#include "health/dependency.h"
#include "lb/cluster.h"

/** Answers of nodes count for so long. */
#define CFC_OUTAGE_RECENT apr_time_from_sec(60)

/**
 * Which database is the reason: one with outage-page=on of which nobody says a word, while every
 * node fails that may be asked. What counts of a node are its answers since the database is
 * silent, of the last minute:
 *
 *   below 500    5xx or none    the node
 *   no           no             was not asked: says nothing
 *   no           yes            fails
 *   yes          yes            fails: pictures and the like need no database
 *   yes          no             works without it: the database is not the reason
 *
 * Reads shared memory, changes nothing; while databases answer it costs a look at each with
 * outage-page=on.
 *
 * Threads: any thread of any child.
 *
 * @param failed a node that has just failed, whatever is known of it; NULL: none
 * @return NULL: none is
 */
const cfc_dependency_t *cfc_outage_database(const cfc_cluster_t *cl, const cfc_node_t *failed,
                                            apr_time_t now);

#endif
