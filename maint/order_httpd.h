/* SPDX-License-Identifier: Apache-2.0
 * order_httpd.h: reads an order from a POST, and judges whether its sender meant to give it. */
#ifndef CFC_MAINT_ORDER_HTTPD_H
#define CFC_MAINT_ORDER_HTTPD_H

#include <httpd.h>
#include <stdbool.h>

#include "maint/control.h"

/** Who the client is: the user that httpd has authenticated, or the address. */
const char *cfc_order_who(const request_rec *r);

/** Whether the body is of this type, whatever its parameters. @param type "application/json" */
bool cfc_order_has_type(const request_rec *r, const char *type);

/**
 * Whether httpd's `Require` would let this client give an order; also true for one that has not
 * logged in and would be asked to. For showing buttons: httpd judges the order itself when it
 * comes.
 */
bool cfc_order_allowed(request_rec *r);

/**
 * Read the order: the fields of cfc_order_t, force and csrf, as a form or as one JSON object,
 * at most 8 KiB. It is meant when it comes from a page of ours (csrf, a token that other
 * sites cannot read) or from a script (JSON, or header X-CFCluster: 1: a browser sends those to
 * another site only if it allows them, and we never do); and never when the browser says that
 * another site sent it.
 * @param refused set when there is none that can be carried out; its text is NULL otherwise
 * @return OK, or what httpd is to answer when the body cannot be read
 */
int cfc_order_read(request_rec *r, cfc_order_t *order, cfc_result_t *refused);

#endif
