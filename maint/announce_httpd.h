/* SPDX-License-Identifier: Apache-2.0
 * announce_httpd.h: the announcement of a maintenance, as a handler. */
#ifndef CFC_MAINT_ANNOUNCE_HTTPD_H
#define CFC_MAINT_ANNOUNCE_HTTPD_H

#include <httpd.h>

/**
 * Answers GET and HEAD where a section says SetHandler cfcluster-maintenance: announce.h's document
 * on the cluster that CFClusterPass would hand the request to. Caches may keep it for five seconds.
 * @return DECLINED: not for us
 */
int cfc_announce_handler(request_rec *r);

#endif
