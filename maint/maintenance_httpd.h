/* SPDX-License-Identifier: Apache-2.0
 * maintenance_httpd.h: answers for a cluster that is closed or has no node, and who may pass. */
#ifndef CFC_MAINT_MAINTENANCE_HTTPD_H
#define CFC_MAINT_MAINTENANCE_HTTPD_H

#include <httpd.h>
#include <stdbool.h>

#include "health/dependency.h"
#include "lb/cluster.h"
#include "lb/record.h"
#include "maint/page.h"

/**
 * Answer a request in the cluster's stead: 503 with Retry-After, never cached, in the form that
 * the client wants. The site has an own page for maintenance, another one for an outage.
 * If a database is why (maint/outage.h), the outage says so.
 * Sent as an answer of a handler, so that no ErrorDocument takes its place.
 * @return OK, or what httpd is to answer when the request's body cannot be read
 */
int cfc_maintenance_answer(request_rec *r, const cfc_cluster_t *cl, cfc_closed_t why);

/**
 * Whether the outage page takes the place of a node's failure: for who opens a page, while a
 * database is why (maint/outage.h). Scripts get what the node says, and so does who sends
 * something, of which the node knows best what became.
 * @param failed the node that has answered with 5xx, or not at all
 * @return the database; NULL: it does not
 */
const cfc_dependency_t *cfc_maintenance_database(const request_rec *r, const cfc_cluster_t *cl,
                                                 const cfc_node_t *failed);

/**
 * Why people have closed this request's cluster, or its path, to it. A path is closed to whatever
 * any layer could read as lying in it, as for <CFClusterProtect>. Any thread, allocates nothing;
 * two loads when nothing is closed.
 * @return a cfc_note_t; NULL: it is open
 */
const cfc_record_t *cfc_maintenance_note(const request_rec *r, const cfc_cluster_t *cl);

/** Read what the client sends, and forget it. @return OK, or what httpd is to answer */
int cfc_maintenance_drain(request_rec *r);

/** Whether the client's address is one of the cluster's CFTesters, who pass a maintenance. */
bool cfc_maintenance_tester(const request_rec *r, const cfc_cluster_t *cl);

#endif
