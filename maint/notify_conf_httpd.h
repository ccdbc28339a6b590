/* SPDX-License-Identifier: Apache-2.0
 * notify_conf_httpd.h: reads CFNotify into cfc_notify_t. */
#ifndef CFC_MAINT_NOTIFY_CONF_HTTPD_H
#define CFC_MAINT_NOTIFY_CONF_HTTPD_H

#include <httpd.h>
#include <http_config.h>

/**
 * CFNotify PROGRAM [ARGUMENT...] [events=KIND,...] [timeout=TIME]: adds a line to the
 * configuration.
 * @return NULL, or the complaint
 */
const char *cfc_notify_add(cmd_parms *cmd, void *unused, int argc, char *const argv[]);

#endif
