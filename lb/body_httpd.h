/* SPDX-License-Identifier: Apache-2.0
 * body_httpd.h: the request body, given again to a second attempt. mod_proxy reads a body from
 * the client as it goes; what it has read is gone, and a second attempt would send an empty
 * one in silence. So we keep a copy while it passes, up to a limit. */
#ifndef CFC_LB_BODY_HTTPD_H
#define CFC_LB_BODY_HTTPD_H

#include <apr_buckets.h>
#include <httpd.h>
#include <stdbool.h>

typedef struct {
    apr_bucket_brigade *kept;       /* copy of all that was read; empty once lost */
    apr_bucket_brigade *replay;     /* what this attempt has still to be given again */
    apr_off_t kept_bytes;
    apr_off_t limit_bytes;
    bool fits;                      /* it is known that all of it may be kept */
    bool lost;                      /* more was read than may be kept: no second attempt */
    bool ended;                     /* the client's body has been read to its end */
} cfc_body_t;

/** Registers the filter. Once. */
void cfc_body_register(void);

/** @return NULL: the request has no body. Else in r->pool. */
cfc_body_t *cfc_body_open(request_rec *r, apr_off_t limit_bytes);

/**
 * Let the next attempt read the body from its beginning. Adds a filter to r: put
 * r->input_filters back to what it was before the first call, before calling again.
 */
void cfc_body_rewind(request_rec *r, cfc_body_t *body);

#endif
