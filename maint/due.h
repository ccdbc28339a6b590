/* SPDX-License-Identifier: Apache-2.0
 * due.h: what people ordered for later: the end of a drain, the return of a node, begin and end of
 * a maintenance, the end of an acknowledgement or of a tester link. The monitor gives these orders
 * when their time has come, also when it came while httpd was down. */
#ifndef CFC_MAINT_DUE_H
#define CFC_MAINT_DUE_H

#include <apr_pools.h>
#include <apr_time.h>
#include <stdbool.h>

#include "conf/conf.h"
#include "health/job.h"
#include "maint/control.h"

/**
 * The order that is due now.
 * @param skip how many due ones to pass over: those that were refused
 * @param order filled with what lives in p; it counts only for the generation that was looked at
 * @return false: there is none (more)
 */
bool cfc_due(const cfc_conf_t *conf, apr_time_t now, int skip, cfc_order_t *order, apr_pool_t *p);

/** The job of the monitor (job.h): looks once a second, has orders carried out on a thread. */
extern const cfc_job_kind_t cfc_due_job;

#endif
