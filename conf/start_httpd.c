/* SPDX-License-Identifier: Apache-2.0
 * start_httpd.c: puts the parts together once the configuration stands. */
#include "conf/start_httpd.h"

#include <http_config.h>
#include <http_core.h>
#include <http_log.h>
#include <unixd.h>

#include "conf/cluster_httpd.h"
#include "conf/parent.h"
#include "conf/server_httpd.h"
#include "guard/logins_httpd.h"
#include "guard/protect_httpd.h"
#include "health/dependency_httpd.h"
#include "health/monitor_httpd.h"
#include "lb/ajp_httpd.h"
#include "lb/carry_httpd.h"
#include "lb/events.h"
#include "lb/log_httpd.h"
#include "lb/release_httpd.h"
#include "lb/segment_httpd.h"
#include "maint/drains.h"
#include "maint/due.h"
#include "maint/events_file.h"
#include "maint/notify.h"
#include "maint/store.h"

APLOG_USE_MODULE(cfcluster);

/* What the monitor does for maint/. */
static const cfc_job_kind_t *const more_jobs[] = {
    &cfc_due_job, &cfc_drains_job, &cfc_events_file_job, &cfc_notify_job, NULL};

static int refuse(server_rec *s, const char *complaint)
{
    ap_log_error(APLOG_MARK, APLOG_CRIT, 0, s, "CFC0001: httpd cannot start: %s", complaint);
    return HTTP_INTERNAL_SERVER_ERROR;
}

/* What is told from here on is an event, too. */
static void tell_start(const cfc_conf_t *conf)
{
    bool reloaded = conf->generation > 1;

    cfc_notify_settle(&conf->segment->events, conf->notify->nelts);
    cfc_events_to(&conf->segment->events);
    cfc_event(&(cfc_what_t){.kind = CFC_EVENT_SERVER, .before = reloaded ? "running" : NULL,
                            .after = reloaded ? "reloaded" : "started"},
              CFC_LOG_INFO, APR_SUCCESS, "CFC0002: httpd was %s; clusters: %d",
              reloaded ? "reloaded" : "started", conf->clusters->nelts);
}

int cfc_start(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    cfc_conf_t *conf = cfc_conf();
    const char *complaint;

    (void)plog;
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) {
        return OK;
    }
    cfc_log_install(s);
    cfc_parent_wakes(pconf);
    if (conf->clusters->nelts == 0) {
        cfc_monitor_start(pconf, s, conf, NULL);    /* ends that of the configuration before */
        return OK;
    }
    complaint = cfc_segment_open(conf, s, ptemp);
    if (complaint == NULL) {
        tell_start(conf);
        complaint = cfc_dependencies_open(conf, s, ptemp);
    }
    if (complaint == NULL) {
        complaint = cfc_logins_open(s, ptemp);
    }
    if (complaint == NULL) {
        complaint = cfc_carry_define(conf, s, pconf);
    }
    if (complaint != NULL) {
        return refuse(s, complaint);
    }
    if (conf->state_dir == NULL) {
        conf->state_dir = CFC_STATE_DIR;
    }
    conf->store = cfc_store_open(conf->state_dir, ap_unixd_config.user_id,
                                 ap_unixd_config.group_id, pconf);
    cfc_store_load(conf->store, conf, ptemp);
    /* Without a monitor httpd still runs: it is logged, and health stays what it was. */
    cfc_monitor_start(pconf, s, conf, more_jobs);
    return OK;
}

void cfc_start_child(apr_pool_t *pchild, server_rec *s)
{
    cfc_conf_t *conf = cfc_conf();

    cfc_parent_sleeps();
    if (conf->segment != NULL) {
        cfc_segment_enter(conf, s, pchild);
        cfc_ajp_start(pchild);
        cfc_release_start(conf, s, pchild);
    }
}

/* Where the guard keeps its part; it does not know our structs. */

cfc_protect_conf_t *cfc_protect_conf_of(server_rec *s)
{
    return cfc_server_conf(s)->protect;
}

cfc_protect_conf_t *cfc_protect_conf_read(const cmd_parms *cmd)
{
    cfc_cluster_t *cl = cfc_cluster_read();

    return cl != NULL ? cl->protect : cfc_protect_conf_of(cmd->server);
}

cfc_protect_req_t **cfc_protect_slot(request_rec *r)
{
    cfc_request_t *ours = cfc_request(r);

    return ours != NULL ? &ours->protect : NULL;
}
