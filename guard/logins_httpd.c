/* SPDX-License-Identifier: Apache-2.0
 * logins_httpd.c: see logins_httpd.h. The table has memory of its own, in the process pool and
 * in httpd's retained data, as the segment has (lb/segment_httpd.c). */
#include "guard/logins_httpd.h"

#include <apr_general.h>
#include <apr_shm.h>
#include <apr_strings.h>
#include <http_config.h>
#include <http_log.h>
#include <http_protocol.h>
#include <string.h>

#include "conf/opt.h"
#include "guard/form_httpd.h"
#include "guard/login.h"
#include "guard/logins.h"
#include "guard/presets.h"

APLOG_USE_MODULE(cfcluster);

#define REASON "X-Seraph-LoginReason"

static const char retained_key[] = "mod_cfcluster.logins";

static cfc_logins_t *table;     /* set before the children are forked */

static apr_status_t make(server_rec *s, cfc_logins_t **made)
{
    unsigned char salt[sizeof((*made)->salt)];
    apr_shm_t *shm;
    apr_status_t status = apr_generate_random_bytes(salt, sizeof(salt));

    if (status == APR_SUCCESS) {
        status = apr_shm_create(&shm, sizeof(**made) + alignof(cfc_logins_t), NULL,
                                s->process->pool);
    }
    if (status == APR_SUCCESS) {
        memset(apr_shm_baseaddr_get(shm), 0, apr_shm_size_get(shm));
        *made = (void *)APR_ALIGN((uintptr_t)apr_shm_baseaddr_get(shm), alignof(cfc_logins_t));
        (*made)->layout = cfc_logins_layout();
        memcpy((*made)->salt, salt, sizeof(salt));
    }
    return status;
}

const char *cfc_logins_open(server_rec *s, apr_pool_t *ptemp)
{
    cfc_logins_t **retained = ap_retained_data_get(retained_key);
    apr_status_t status = APR_SUCCESS;

    if (retained == NULL) {
        retained = ap_retained_data_create(retained_key, sizeof(*retained));
    }
    /* another version of the module may have made it */
    if (*retained == NULL || (*retained)->layout != cfc_logins_layout()) {
        status = make(s, retained);
    }
    table = *retained;
    return status == APR_SUCCESS
               ? NULL
               : apr_psprintf(ptemp, "%" APR_SIZE_T_FMT " bytes of shared memory for failed logins "
                              "cannot be had: %pm", sizeof(*table), &status);
}

static uint64_t key_of(const request_rec *r, const cfc_logins_at_t *at)
{
    const apr_sockaddr_t *address = r->useragent_addr;

    return cfc_logins_key(table, at->cluster, address->ipaddr_ptr, (size_t)address->ipaddr_len);
}

/* The readings are computed once more: only for requests of an address over its limit, and for
 * answers that refuse. */
static bool asked(request_rec *r, const cfc_logins_at_t *at)
{
    cfc_readings_t readings = {0};
    const cfc_login_ask_t ask = {
        .method = r->method,
        .authorization = apr_table_get(r->headers_in, "Authorization"),
        .target = at->target,
        .context = at->context,
        .readings = &readings,
    };

    cfc_target_read(at->target, true,
                    apr_palloc(r->pool, cfc_target_scratch_bytes(at->target)), &readings);
    return cfc_login_asked(&ask);
}

static int refuse(request_rec *r, const cfc_logins_at_t *at)
{
    apr_int64_t wait_s = at->wait_ms / 1000 + 1;

    ap_log_error(APLOG_MARK, APLOG_INFO, 0, r->server,
                 "CFC0213: cluster %s: refused with 429, client %s: over the limit of failed "
                 "logins for another %" APR_INT64_T_FMT " s", at->cluster, r->useragent_ip, wait_s);
    apr_table_setn(r->err_headers_out, "Retry-After",
                   apr_psprintf(r->pool, "%" APR_INT64_T_FMT, wait_s));
    apr_table_setn(r->err_headers_out, "Cache-Control", "no-store");
    return HTTP_TOO_MANY_REQUESTS;
}

typedef struct {
    bool *found;
} watcher_t;

static bool found_in_form(request_rec *r, const cfc_keys_t *keys, const void *context)
{
    const watcher_t *watcher = context;

    (void)r;
    (void)keys;
    *watcher->found = true;
    return true;
}

/* What is left of a body is read and dropped after the handler, when `at` may be gone. */
static void watch_form(request_rec *r, cfc_logins_at_t *at)
{
    cfc_form_t form = cfc_form_of(apr_table_get(r->headers_in, "Content-Type"));
    watcher_t *watcher;

    if (form != CFC_FORM_NONE && ap_request_has_body(r)) {
        watcher = apr_palloc(r->pool, sizeof(*watcher));
        at->found = watcher->found = apr_pcalloc(r->pool, sizeof(*watcher->found));
        cfc_form_watch(r, form, cfc_credential_keys, found_in_form, watcher);
    }
}

int cfc_logins_admit(request_rec *r, cfc_logins_at_t *at)
{
    if (at->conf->answer != CFC_LOGINS_429) {
        return OK;
    }
    at->wait_ms = cfc_logins_over(table, at->conf, key_of(r, at), apr_time_as_msec(r->request_time));
    if (at->wait_ms == 0) {
        return OK;
    }
    if (asked(r, at)) {
        return refuse(r, at);
    }
    watch_form(r, at);
    return OK;
}

int cfc_logins_settle(request_rec *r, const cfc_logins_at_t *at, int status)
{
    /* A body that may not go on could not be read on: an error of the client's to mod_proxy. */
    return at->found != NULL && *at->found && ap_is_HTTP_CLIENT_ERROR(status) ? refuse(r, at)
                                                                              : status;
}

/* ap_log_error, not ap_log_rerror: nothing that a client can write stands in these lines, so
 * nobody can have another one banned. */
static void count(const request_rec *r, const cfc_logins_at_t *at, const char *why)
{
    ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, r->server,
                 "CFC0211: cluster %s: login failed, client %s: %s", at->cluster, r->useragent_ip,
                 why);
    if (cfc_logins_failed(table, at->conf, key_of(r, at), apr_time_as_msec(apr_time_now()))) {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, r->server,
                     "CFC0212: cluster %s: client %s has reached the limit of %" APR_INT64_T_FMT
                     " failed logins in %s; %s", at->cluster, r->useragent_ip, at->conf->limit,
                     cfc_duration_text(at->conf->window_ms, r->pool),
                     at->conf->answer == CFC_LOGINS_429
                         ? "its logins are refused with 429 for a while"
                         : "nothing is done about it, as CFLogins answer=log says");
    }
}

bool cfc_logins_answered(request_rec *r, const cfc_logins_at_t *at)
{
    const char *reason = apr_table_getm(r->pool, r->headers_out, REASON);
    bool credentials = reason == NULL && r->status == HTTP_UNAUTHORIZED && asked(r, at);
    const char *why = cfc_login_failure(reason, r->status, credentials);

    if (reason != NULL && at->conf->header == CFC_LOGINS_HIDE) {
        apr_table_unset(r->headers_out, REASON);
    }
    if (why != NULL) {
        count(r, at, why);
    }
    return why != NULL;
}
