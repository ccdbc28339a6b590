/* SPDX-License-Identifier: Apache-2.0
 * maint_conf_httpd.h: reads the directives of maintenance into a cfc_maint_conf_t. */
#ifndef CFC_MAINT_MAINT_CONF_HTTPD_H
#define CFC_MAINT_MAINT_CONF_HTTPD_H

#include <httpd.h>
#include <http_config.h>

#include "maint/maint.h"

/**
 * CFMaintenancePage FILE, CFOutagePage FILE: the site's own page, an HTML file in UTF-8 of at most
 * 1 MiB. It is read now, so that it is there when the disk or its place is not.
 * @param page of the cfc_maint_conf_t, the one that the directive is about
 * @return NULL, or the complaint
 */
const char *cfc_maint_set_page(cmd_parms *cmd, const char **page, const char *arg);

/**
 * CFTesters ADDRESS...: one address or network (10.0.9.3, 10.0.9.0/24, 2001:db8::/32) whose
 * clients pass a maintenance.
 * @return NULL, or the complaint
 */
const char *cfc_maint_add_tester(cmd_parms *cmd, cfc_maint_conf_t *maint, const char *arg);

#endif
