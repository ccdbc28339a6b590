/* SPDX-License-Identifier: Apache-2.0
 * forwarded_httpd.h: what the node is told about the client, and by whom. */
#ifndef CFC_LB_FORWARDED_HTTPD_H
#define CFC_LB_FORWARDED_HTTPD_H

#include <httpd.h>

/**
 * The request headers for the node: the client's own, without those that speak of one hop only,
 * and with X-Forwarded-For, -Proto, -Host and -Port as httpd knows them (mod_remoteip's verdict
 * counts) in place of whatever the client claimed. Connection says "close", "keep-alive" or
 * nothing, so mod_proxy takes nothing out because a client named it there (CVE-2022-31813).
 *
 * Owner: a new table in r->pool; r->headers_in is not changed.
 *
 * @param secret what tells the node that the request comes from us; NULL: nothing does
 */
apr_table_t *cfc_forwarded_headers(request_rec *r, const char *secret);

#endif
