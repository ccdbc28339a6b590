/* SPDX-License-Identifier: Apache-2.0
 * maintenance_httpd.h: answers for a cluster that is closed or has no node, and who may pass. */
#ifndef CFC_MAINT_MAINTENANCE_HTTPD_H
#define CFC_MAINT_MAINTENANCE_HTTPD_H

#include <httpd.h>
#include <stdbool.h>

#include "lb/cluster.h"
#include "maint/page.h"

/**
 * Answer a request in the cluster's stead: 503 with Retry-After, never cached, in the form that
 * the client wants. The site's own page is for maintenance only; an outage says what is true.
 * Sent as an answer of a handler, so that no ErrorDocument takes its place.
 * @return OK, or what httpd is to answer when the request's body cannot be read
 */
int cfc_maintenance_answer(request_rec *r, const cfc_cluster_t *cl, cfc_closed_t why);

/** Whether the client is one of the cluster's testers, who pass a maintenance. */
bool cfc_maintenance_tester(const request_rec *r, const cfc_cluster_t *cl);

#endif
