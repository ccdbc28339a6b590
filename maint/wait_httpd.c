/* SPDX-License-Identifier: Apache-2.0
 * wait_httpd.c: see wait_httpd.h. Looks often instead of being told: what is waited for changes
 * in many places, and few wait. */
#include "maint/wait_httpd.h"

#include <ap_mpm.h>
#include <apr_portable.h>
#include <apr_strings.h>
#include <http_core.h>
#include <poll.h>
#include <stdatomic.h>

#include "conf/opt.h"

#define STEP_MS 50

static atomic_int waiters;

/* Sleep a step, or less when the client goes away. @return false: it has gone */
static bool client_stays(request_rec *r)
{
    conn_rec *c = r->connection->master != NULL ? r->connection->master : r->connection;
    struct pollfd fd = {.events = POLLRDHUP};
    apr_os_sock_t number;

    fd.fd = apr_os_sock_get(&number, ap_get_conn_socket(c)) == APR_SUCCESS ? number : -1;
    return poll(&fd, 1, STEP_MS) <= 0;
}

static bool httpd_stays(const cfc_conf_t *conf)
{
    int state;

    return ap_mpm_query(AP_MPMQ_MPM_STATE, &state) == APR_SUCCESS && state != AP_MPMQ_STOPPING
           && atomic_load(&conf->segment->generation) == conf->generation;
}

/* @return why it has not come; NULL: it has */
static const char *wait_for_it(request_rec *r, const cfc_wait_t *wait, const char **evidence)
{
    apr_time_t end = apr_time_now() + apr_time_from_msec(wait->timeout_ms);
    apr_pool_t *step;
    const char *why = NULL;

    apr_pool_create(&step, r->pool);
    while (!cfc_wait_reached(wait, apr_time_now(), evidence, step)) {
        if (apr_time_now() >= end) {
            why = apr_psprintf(r->pool, "not so after %s",
                               cfc_duration_text(wait->timeout_ms, r->pool));
        }
        else if (!httpd_stays(cfc_conf())) {
            why = "httpd is being reloaded or stopped; ask again";
        }
        else if (!client_stays(r)) {
            why = "the client has gone";
        }
        if (why != NULL) {
            break;
        }
        apr_pool_clear(step);
    }
    *evidence = apr_pstrdup(r->pool, *evidence);
    apr_pool_destroy(step);
    return why;
}

void cfc_wait(request_rec *r, const cfc_wait_t *wait, cfc_result_t *result)
{
    const char *said = result->text != NULL ? apr_pstrcat(r->pool, result->text, ". ", NULL) : "";
    const char *evidence, *why;

    if (atomic_fetch_add(&waiters, 1) >= CFC_WAITERS_MAX) {
        result->outcome = CFC_OUTCOME_BUSY;
        result->text = apr_psprintf(r->pool, "%sNot waited: %d others wait already; ask again",
                                    said, CFC_WAITERS_MAX);
    }
    else {
        why = wait_for_it(r, wait, &evidence);
        if (why != NULL) {
            result->outcome = CFC_OUTCOME_TIMEOUT;
        }
        result->text = apr_psprintf(r->pool, "%sWaited for %s: %s%s%s", said,
                                    cfc_wait_word(wait), why != NULL ? why : "",
                                    why != NULL ? "; " : "", evidence);
    }
    atomic_fetch_sub(&waiters, 1);
}
