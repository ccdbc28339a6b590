/* SPDX-License-Identifier: Apache-2.0
 * maint.h: what is configured of a cluster's maintenance. */
#ifndef CFC_MAINT_MAINT_H
#define CFC_MAINT_MAINT_H

#include <apr_tables.h>

typedef struct cfc_maint_conf {
    const char *page;               /* the site's own HTML page, whole; NULL: the built-in one */
    const char *outage_page;        /* likewise, when no node can answer */
    apr_array_header_t *testers;    /* apr_ipsubnet_t *: addresses that pass a maintenance */
} cfc_maint_conf_t;

#endif
