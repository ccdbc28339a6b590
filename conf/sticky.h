/* SPDX-License-Identifier: Apache-2.0
 * sticky.h: what CFSticky may say as a whole. Pure. */
#ifndef CFC_CONF_STICKY_H
#define CFC_CONF_STICKY_H

#include "lb/cluster.h"

/**
 * Check what was read from a CFSticky line: that it says something, nothing that would be lost
 * without a word, and nothing that a browser would drop or misread.
 * Source: RFC 6265 4.1.1 (the grammar of a cookie), 5.2.3 and 5.2.4 (what browsers make of it).
 * @return NULL, or the complaint
 */
const char *cfc_sticky_check(const cfc_sticky_t *sticky, apr_pool_t *p);

#endif
