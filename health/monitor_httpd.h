/* SPDX-License-Identifier: Apache-2.0
 * monitor_httpd.h: how httpd's parent starts, keeps and ends the monitor process. */
#ifndef CFC_HEALTH_MONITOR_HTTPD_H
#define CFC_HEALTH_MONITOR_HTTPD_H

#include <httpd.h>

#include "conf/conf.h"

struct cfc_job_kind;

/**
 * Start the monitor of this configuration. Call it once a generation, in the parent, from
 * post_config, after cfc_segment_next_generation() and with the slots of all nodes set; never in
 * the pass that only checks the configuration (AP_SQ_MS_CREATE_PRE_CONFIG).
 *
 * The process is forked: it runs as the children's user, is named "cfc-monitor", and holds no
 * listening socket. When it dies while httpd runs, the parent starts another one, at most one a
 * second. The monitor of the configuration before ends by itself. At httpd's end it is ended and
 * waited for; when the parent is killed the kernel kills it, too.
 *
 * Without clusters no process is started, one from before is ended, and conf->segment is not
 * looked at.
 *
 * @param more jobs besides those of health/, NULL-ended (job.h); NULL: none
 *
 * Owner:   conf must live as long as pconf.
 * Source:  the rules of httpd's mod_cgid for its daemon.
 *
 * @return APR_SUCCESS, or why there was no fork (logged): httpd can run, health is unknown
 */
apr_status_t cfc_monitor_start(apr_pool_t *pconf, server_rec *s, cfc_conf_t *conf,
                               const struct cfc_job_kind *const *more);

/**
 * A monitor hook: httpd's parent calls it every ten seconds. Starts a monitor where that failed,
 * and kills one that has been silent for five seconds. The children do that sooner (lb/beat.h).
 */
int cfc_monitor_tend(apr_pool_t *p, server_rec *s);

#endif
