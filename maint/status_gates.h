/* SPDX-License-Identifier: Apache-2.0
 * status_gates.h: the gates (gates.h) as JSON. */
#ifndef CFC_MAINT_STATUS_GATES_H
#define CFC_MAINT_STATUS_GATES_H

#include <jansson.h>

#include "maint/gates.h"

/** All of a cluster, as a list. */
json_t *cfc_gates_json(const cfc_status_t *status, const cfc_cluster_view_t *cluster,
                       apr_pool_t *p);

/** One, as a document of its own, version 1. @return NULL: out of memory */
const char *cfc_gate_json(const cfc_status_t *status, const cfc_cluster_view_t *cluster,
                          const cfc_gate_view_t *view, apr_pool_t *p);

#endif
