/* SPDX-License-Identifier: Apache-2.0
 * rows.h: the option rows of every directive that takes option=value. The documentation test
 * reads them through `cfc_rows_all`: an option that docs/directives.md does not name fails it. */
#ifndef CFC_CONF_ROWS_H
#define CFC_CONF_ROWS_H

#include "conf/opt.h"

extern const cfc_opt_t cfc_node_rows[];     /* into cfc_node_t */
extern const cfc_opt_t cfc_sticky_rows[];   /* into cfc_sticky_t */
extern const cfc_opt_t cfc_retry_rows[];    /* into cfc_retry_conf_t */
extern const cfc_opt_t cfc_queue_rows[];    /* into cfc_queue_conf_t */
extern const cfc_opt_t cfc_eject_rows[];    /* into cfc_eject_conf_t */
extern const cfc_opt_t cfc_timeout_rows[];  /* into cfc_cluster_t */
extern const cfc_opt_t cfc_logins_rows[];
extern const cfc_opt_t cfc_probe_rows[];    /* into cfc_probe_conf_t */
extern const cfc_opt_t cfc_database_rows[];     /* into cfc_dependency_t */
extern const cfc_opt_t cfc_directory_rows[];    /* into cfc_dependency_t */
extern const cfc_opt_t cfc_notify_rows[];       /* into cfc_notify_t */

#endif
