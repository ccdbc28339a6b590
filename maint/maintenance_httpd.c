/* SPDX-License-Identifier: Apache-2.0
 * maintenance_httpd.c: sends what page.c words. Whether a request is to be answered here is
 * lb/handler_httpd.c's business. */
#include "maint/maintenance_httpd.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <string.h>

#include "maint/maint.h"
#include "maint/wants.h"

static const char *page_html(const cfc_cluster_t *cl, cfc_closed_t why, const cfc_note_t *note,
                             request_rec *r)
{
    if (why == CFC_CLOSED_MAINTENANCE && cl->maint->page != NULL) {
        return cl->maint->page;
    }
    apr_table_setn(r->headers_out, "Content-Security-Policy",
                   "default-src 'none'; style-src 'unsafe-inline'");
    return cfc_page_html(why, note, r->request_time, r->pool);
}

static void send_form(request_rec *r, const cfc_cluster_t *cl, cfc_closed_t why,
                      const cfc_note_t *note)
{
    const cfc_wants_ask_t ask = {
        .path = r->uri,
        .accept = apr_table_get(r->headers_in, "Accept"),
        .requested_with = apr_table_get(r->headers_in, "X-Requested-With"),
        .fetch_dest = apr_table_get(r->headers_in, "Sec-Fetch-Dest"),
        .upgrade = apr_table_get(r->headers_in, "Upgrade"),
    };
    const char *body = "";

    switch (cfc_wants(&ask)) {
    case CFC_WANTS_HTML:
        ap_set_content_type(r, "text/html; charset=utf-8");
        body = page_html(cl, why, note, r);
        break;
    case CFC_WANTS_JSON:
        ap_set_content_type(r, "application/json");
        body = cfc_page_json(why, note, r->request_time, r->pool);
        break;
    case CFC_WANTS_NOTHING:
        break;
    }
    ap_set_content_length(r, (apr_off_t)strlen(body));
    ap_rputs(body, r);
}

int cfc_maintenance_answer(request_rec *r, const cfc_cluster_t *cl, cfc_closed_t why)
{
    cfc_note_t note;
    int status;

    /* A client that sends its whole body before it reads gets its answer only when we have read
     * that body. One that asks first (Expect: 100-continue) is told at once. This comes before
     * r->status is set, which would make httpd leave the body to a reset connection. */
    if (!r->expecting_100 && (status = ap_discard_request_body(r)) != OK) {
        return status;
    }
    cfc_record_read(&cl->slot->maintenance_note, &note, sizeof(note));
    r->status = HTTP_SERVICE_UNAVAILABLE;
    apr_table_setn(r->headers_out, "Retry-After",
                   apr_itoa(r->pool, cfc_page_retry_after(why, note.until, r->request_time)));
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    atomic_fetch_add_explicit(&cl->slot->refused, 1, memory_order_relaxed);
    send_form(r, cl, why, &note);
    return OK;
}

bool cfc_maintenance_tester(const request_rec *r, const cfc_cluster_t *cl)
{
    apr_ipsubnet_t **testers = (apr_ipsubnet_t **)cl->maint->testers->elts;

    for (int i = 0; i < cl->maint->testers->nelts; i++) {
        if (apr_ipsubnet_test(testers[i], r->useragent_addr)) {
            return true;
        }
    }
    return false;
}
