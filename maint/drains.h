/* SPDX-License-Identifier: Apache-2.0
 * drains.h: tells what a drain did to users: when nobody is left at the node, which the monitor
 * notices, and when it is active again. */
#ifndef CFC_MAINT_DRAINS_H
#define CFC_MAINT_DRAINS_H

#include <apr_pools.h>
#include <apr_time.h>

#include "conf/conf.h"
#include "health/job.h"
#include "lb/drain.h"

/** "about 12 sessions moved to other nodes, 0 requests and 1 tunnel were cut" */
const char *cfc_drain_text(const cfc_drain_report_t *report, apr_pool_t *p);

/**
 * The node's drain has come to where it is now (drained, stopped, active again): an event with its
 * report and a line of the log. Nothing if it had none, nor if it is active again and nobody has
 * noticed anything. Any thread of any process.
 */
void cfc_drain_tell(const cfc_cluster_t *cl, const cfc_node_t *node, apr_time_t now,
                    apr_pool_t *p);

/** Tell of all nodes where nobody is left (users.h), once a drain. The monitor. */
void cfc_drains_look(const cfc_conf_t *conf, apr_time_t now);

/** The job of the monitor (job.h): looks once a second. */
extern const cfc_job_kind_t cfc_drains_job;

#endif
