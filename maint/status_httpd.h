/* SPDX-License-Identifier: Apache-2.0
 * status_httpd.h: the status page and its API, as a handler. */
#ifndef CFC_MAINT_STATUS_HTTPD_H
#define CFC_MAINT_STATUS_HTTPD_H

#include <httpd.h>

#define CFC_HANDLER_STATUS "cfcluster-status"

/**
 * Answers what a section hands to it by SetHandler cfcluster-status; who may come there is
 * that section's Require.
 *
 *   GET  LOCATION              the page; JSON with ?format=json or when Accept prefers it
 *   GET  LOCATION?wait=...     JSON, when what is waited for has come (wait.h)
 *   GET  LOCATION/status.css   and status.js, the page's own
 *   POST LOCATION              an order (order_httpd.h). From a page: 303 back to it, or the
 *                              page with what is wrong. From a script: JSON and its status
 *
 * @return DECLINED: not for us
 */
int cfc_status_handler(request_rec *r);

#endif
