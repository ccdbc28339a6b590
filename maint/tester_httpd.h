/* SPDX-License-Identifier: Apache-2.0
 * tester_httpd.h: who a tester is, seen from a request, and the page of testers: the address
 * PASS/.cfcluster/tester, which no node ever sees. It opens links, says what the browser is, and
 * ends it. */
#ifndef CFC_MAINT_TESTER_HTTPD_H
#define CFC_MAINT_TESTER_HTTPD_H

#include <httpd.h>

#include "conf/server_httpd.h"
#include "lb/tester.h"
#include "maint/control.h"

/** What a request is because of its client. */
typedef struct {
    cfc_tester_t is;
    cfc_node_t *node;           /* by a link: the one that it goes to; NULL: as anybody */
    apr_time_t until;           /* by a link */
} cfc_testing_t;

/**
 * Find out whether the client is a tester: by the cookie that opening a link leaves, or by its
 * address (CFTesters). A tester is told so by the header X-CFCluster-Tester, the log by CFC_TESTER.
 * A cookie that is not good is taken from the client, counted, and told to the log.
 */
void cfc_tester_look(request_rec *r, const cfc_cluster_t *cl, cfc_testing_t *testing);

/**
 * Answer if the request is for the page of testers, or beside it.
 * @return DECLINED: it is for the nodes
 */
int cfc_tester_door(request_rec *r, const cfc_pass_t *pass, const cfc_testing_t *testing);

/** Tell a tester that nobody listens at his node. @return as a handler */
int cfc_tester_unreachable(request_rec *r, const cfc_testing_t *testing);

/** Take testers' cookies out of what a node gets. */
void cfc_tester_hide(apr_table_t *headers, apr_pool_t *p);

/** The address of a new link, at the first host that passes to its cluster, this one if it does.
 *  @return NULL: none does */
const char *cfc_tester_url(request_rec *r, const cfc_tester_made_t *made);

#endif
