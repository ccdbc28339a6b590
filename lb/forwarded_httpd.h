/* SPDX-License-Identifier: Apache-2.0
 * forwarded_httpd.h: what the node is told about the client. */
#ifndef CFC_LB_FORWARDED_HTTPD_H
#define CFC_LB_FORWARDED_HTTPD_H

#include <httpd.h>

/**
 * Set X-Forwarded-For, -Proto, -Host and -Port of r->headers_in to what httpd knows, in place
 * of whatever the client claimed (mod_remoteip's verdict counts). A Connection header cannot
 * make mod_proxy take them out again (CVE-2022-31813).
 */
void cfc_forwarded_set(request_rec *r);

#endif
