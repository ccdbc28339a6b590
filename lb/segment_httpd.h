/* SPDX-License-Identifier: Apache-2.0
 * segment_httpd.h: the shared segment's life in httpd: made once by the parent, found again at
 * each restart, entered by each child. */
#ifndef CFC_LB_SEGMENT_HTTPD_H
#define CFC_LB_SEGMENT_HTTPD_H

#include <httpd.h>

#include "conf/conf.h"

/**
 * Find or make the segment, begin a generation in it and give each configured cluster and node
 * its slot. Parent only, in post_config.
 * @return NULL, or the complaint: no memory, or too many nodes
 */
const char *cfc_segment_open(cfc_conf_t *conf, server_rec *s, apr_pool_t *ptemp);

/** Enter this child in the in-flight books, until pchild is cleaned up. */
void cfc_segment_enter(cfc_conf_t *conf, server_rec *s, apr_pool_t *pchild);

#endif
