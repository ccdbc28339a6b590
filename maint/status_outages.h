/* SPDX-License-Identifier: Apache-2.0
 * status_outages.h: the form that acknowledges planned outages of databases and directories. */
#ifndef CFC_MAINT_STATUS_OUTAGES_H
#define CFC_MAINT_STATUS_OUTAGES_H

#include "maint/html.h"
#include "maint/status.h"

/** Nothing if the cluster has no dependency. @param id of the cluster's section */
void cfc_outages_html(cfc_html_t *html, const char *id, const char *token,
                      const cfc_cluster_view_t *cluster);

#endif
