/* SPDX-License-Identifier: Apache-2.0
 * body_httpd.c: an input filter that copies the body while it passes. It streams: the first
 * attempt waits for nothing that it would not have waited for anyway. */
#include "lb/body_httpd.h"

#include <http_protocol.h>
#include <util_filter.h>

static ap_filter_rec_t *body_filter;

/* The bytes are copied, not the buckets: a bucket of one byte that a slow client sent pins the
 * 8 KiB block it was read into, and 256K of such bytes would pin 2 GiB. */
static apr_status_t keep(cfc_body_t *body, apr_bucket *bucket)
{
    const char *data;
    apr_size_t length;
    apr_status_t status = apr_bucket_read(bucket, &data, &length, APR_BLOCK_READ);

    if (status != APR_SUCCESS || body->lost) {
        return status;
    }
    if (body->kept_bytes + (apr_off_t)length > body->limit_bytes) {
        body->lost = true;
        return apr_brigade_cleanup(body->kept);
    }
    body->kept_bytes += (apr_off_t)length;
    return apr_brigade_write(body->kept, NULL, NULL, data, length);
}

static apr_status_t read_client(ap_filter_t *f, apr_bucket_brigade *bb, ap_input_mode_t mode,
                                apr_read_type_e block, apr_off_t readbytes)
{
    cfc_body_t *body = f->ctx;
    apr_status_t status = ap_get_brigade(f->next, bb, mode, block, readbytes);

    for (apr_bucket *b = APR_BRIGADE_FIRST(bb);
         status == APR_SUCCESS && b != APR_BRIGADE_SENTINEL(bb); b = APR_BUCKET_NEXT(b)) {
        if (APR_BUCKET_IS_EOS(b)) {
            body->ended = true;
        }
        else if (!APR_BUCKET_IS_METADATA(b)) {
            status = keep(body, b);
        }
    }
    return status;
}

/* Up to readbytes of what an earlier attempt has read already. */
static apr_status_t read_replay(cfc_body_t *body, apr_bucket_brigade *bb, apr_off_t readbytes)
{
    apr_bucket *rest;
    apr_status_t status = apr_brigade_partition(body->replay, readbytes, &rest);

    if (status != APR_SUCCESS && status != APR_INCOMPLETE) {
        return status;
    }
    while (APR_BRIGADE_FIRST(body->replay) != rest
           && APR_BRIGADE_FIRST(body->replay) != APR_BRIGADE_SENTINEL(body->replay)) {
        apr_bucket *b = APR_BRIGADE_FIRST(body->replay);

        APR_BUCKET_REMOVE(b);
        APR_BRIGADE_INSERT_TAIL(bb, b);
    }
    return APR_SUCCESS;
}

static apr_status_t body_read(ap_filter_t *f, apr_bucket_brigade *bb, ap_input_mode_t mode,
                              apr_read_type_e block, apr_off_t readbytes)
{
    cfc_body_t *body = f->ctx;

    if (mode != AP_MODE_READBYTES) {
        return ap_get_brigade(f->next, bb, mode, block, readbytes);
    }
    if (!APR_BRIGADE_EMPTY(body->replay)) {
        return read_replay(body, bb, readbytes);
    }
    if (body->ended) {
        APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_eos_create(f->c->bucket_alloc));
        return APR_SUCCESS;
    }
    return read_client(f, bb, mode, block, readbytes);
}

void cfc_body_register(void)
{
    body_filter = ap_register_input_filter("CFCLUSTER_BODY", body_read, NULL, AP_FTYPE_RESOURCE);
}

/* By what the client says; of a chunked body it says nothing. */
static bool is_within(const request_rec *r, apr_off_t limit_bytes)
{
    const char *length = apr_table_get(r->headers_in, "Content-Length");
    apr_off_t bytes;

    return length != NULL && ap_parse_strict_length(&bytes, length) && bytes <= limit_bytes;
}

cfc_body_t *cfc_body_open(request_rec *r, apr_off_t limit_bytes)
{
    cfc_body_t *body;

    if (!ap_request_has_body(r)) {
        return NULL;
    }
    body = apr_pcalloc(r->pool, sizeof(*body));
    body->kept = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    body->replay = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    body->limit_bytes = limit_bytes;
    body->fits = is_within(r, limit_bytes);
    return body;
}

void cfc_body_rewind(request_rec *r, cfc_body_t *body)
{
    bool unfiltered = r->input_filters == r->proto_input_filters;

    apr_brigade_cleanup(body->replay);
    for (apr_bucket *b = APR_BRIGADE_FIRST(body->kept); b != APR_BRIGADE_SENTINEL(body->kept);
         b = APR_BUCKET_NEXT(b)) {
        apr_bucket *copy;

        /* Heap buckets only, which always can be copied: the copy shares the block. */
        if (apr_bucket_copy(b, &copy) == APR_SUCCESS) {
            APR_BRIGADE_INSERT_TAIL(body->replay, copy);
        }
    }
    ap_add_input_filter_handle(body_filter, body, r, r->connection);
    /* Where a filter stands above HTTP's own, mod_proxy_http takes it that the length will change
     * and first spools all of the body, on disk beyond 16K. Ours keeps the length. */
    if (unfiltered) {
        r->proto_input_filters = r->input_filters;
    }
}
