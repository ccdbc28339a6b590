/* SPDX-License-Identifier: Apache-2.0
 * form_httpd.c: an input filter that scans a form while it passes; form_httpd.h. */
#include "guard/form_httpd.h"

#include <util_filter.h>

static ap_filter_rec_t *form_filter;

typedef struct {
    const request_rec *r;
    cfc_keys_t keys;
    cfc_form_found_t *found;
    const void *context;
    bool told, stopped;
} watch_t;

static apr_status_t scan(watch_t *watch, apr_bucket_brigade *bb)
{
    for (apr_bucket *b = APR_BRIGADE_FIRST(bb); b != APR_BRIGADE_SENTINEL(bb);
         b = APR_BUCKET_NEXT(b)) {
        const char *data;
        apr_size_t length;
        apr_status_t status;

        if (APR_BUCKET_IS_EOS(b)) {
            cfc_keys_end(&watch->keys);
        }
        if (APR_BUCKET_IS_METADATA(b)) {
            continue;
        }
        status = apr_bucket_read(b, &data, &length, APR_BLOCK_READ);
        if (status != APR_SUCCESS) {
            return status;
        }
        cfc_keys_feed(&watch->keys, data, length);
    }
    return APR_SUCCESS;
}

static apr_status_t form_read(ap_filter_t *f, apr_bucket_brigade *bb, ap_input_mode_t mode,
                              apr_read_type_e block, apr_off_t readbytes)
{
    watch_t *watch = f->ctx;
    apr_status_t status;

    if (watch->stopped && f->r != watch->r) {
        /* of the ErrorDocument, which httpd gave its predecessor's filters */
        APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_eos_create(f->c->bucket_alloc));
        return APR_SUCCESS;
    }
    if (watch->stopped) {
        return APR_EGENERAL;
    }
    status = ap_get_brigade(f->next, bb, mode, block, readbytes);
    if (status != APR_SUCCESS || watch->told || mode == AP_MODE_SPECULATIVE
        || mode == AP_MODE_INIT) {
        return status;
    }
    status = scan(watch, bb);
    if (status == APR_SUCCESS && watch->keys.verdict != CFC_KEYS_NONE) {
        watch->told = true;
        watch->stopped = watch->found(f->r, &watch->keys, watch->context);
    }
    if (watch->stopped) {
        apr_brigade_cleanup(bb);
        f->c->keepalive = AP_CONN_CLOSE;    /* what is left of the body stays unread */
        status = APR_EGENERAL;
    }
    return status;
}

void cfc_form_register(void)
{
    /* nearer to the client than what keeps the body for another attempt: each byte comes once */
    form_filter = ap_register_input_filter("CFCLUSTER_FORM", form_read, NULL,
                                           AP_FTYPE_CONTENT_SET);
}

void cfc_form_watch(request_rec *r, cfc_form_t form, const cfc_rule_t *rules,
                    cfc_form_found_t *found, const void *context)
{
    bool unfiltered = r->input_filters == r->proto_input_filters;
    watch_t *watch = apr_pcalloc(r->pool, sizeof(*watch));

    cfc_keys_begin(&watch->keys, form, rules);
    watch->r = r;
    watch->found = found;
    watch->context = context;
    ap_add_input_filter_handle(form_filter, watch, r, r->connection);
    /* Where a filter stands above HTTP's own, mod_proxy_http takes it that the length will change
     * and first spools all of the body, on disk beyond 16K. Ours keeps the length. */
    if (unfiltered) {
        r->proto_input_filters = r->input_filters;
    }
}
