/* SPDX-License-Identifier: Apache-2.0
 * maintenance_httpd.c: sends what page.c words. Whether a request is to be answered here is
 * lb/handler_httpd.c's business. */
#include "maint/maintenance_httpd.h"

#include <apr_strings.h>
#include <http_protocol.h>

#include "guard/protect_httpd.h"
#include "lb/retry.h"
#include "lb/segment.h"
#include "maint/maint.h"
#include "maint/outage.h"
#include "maint/parts.h"

static cfc_wants_t wanted(const request_rec *r)
{
    const cfc_wants_ask_t ask = {
        .method = r->method,
        .path = r->uri,
        .accept = apr_table_get(r->headers_in, "Accept"),
        .requested_with = apr_table_get(r->headers_in, "X-Requested-With"),
        .fetch_dest = apr_table_get(r->headers_in, "Sec-Fetch-Dest"),
        .upgrade = apr_table_get(r->headers_in, "Upgrade"),
        .soap_action = apr_table_get(r->headers_in, "SOAPAction"),
    };

    return cfc_wants(&ask);
}

/* A page for an outage would say of a busy cluster what is not true. */
static const char *own_page(const cfc_cluster_t *cl, cfc_closed_t why)
{
    switch (why) {
    case CFC_CLOSED_OUTAGE:
    case CFC_CLOSED_DATABASE:
        return cl->maint->outage_page;
    case CFC_CLOSED_MAINTENANCE:
        return cl->maint->page;
    case CFC_CLOSED_BUSY:
        break;
    }
    return NULL;
}

static void send_page(request_rec *r, const cfc_cluster_t *cl, cfc_closed_t why,
                      const cfc_note_t *note)
{
    const cfc_page_ask_t ask = {
        .wants = wanted(r),
        .why = why,
        .note = note,
        .now = r->request_time,
        .own = own_page(cl, why),
        .sent = r->method_number != M_GET,      /* that of HEAD, too */
    };
    cfc_page_t page;

    cfc_page_make(&ask, &page, r->pool);
    if (page.type != NULL) {
        ap_set_content_type(r, page.type);
    }
    if (page.policy != NULL) {
        apr_table_setn(r->headers_out, "Content-Security-Policy", page.policy);
    }
    ap_set_content_length(r, (apr_off_t)page.length);
    ap_rwrite(page.bytes, (int)page.length, r);
}

/* mod_http2 marks a stream's connection as closing, by
 * which httpd would leave the body unread; mod_http2 then resets the stream after the answer, and
 * curl 7.88, for one, loses the answer by that (seen with 5 MB). */
int cfc_maintenance_drain(request_rec *r)
{
    conn_rec *c = r->connection;
    ap_conn_keepalive_e keepalive = c->keepalive;
    int status;

    if (c->master == NULL) {
        return ap_discard_request_body(r);
    }
    c->keepalive = AP_CONN_UNKNOWN;
    status = ap_discard_request_body(r);
    c->keepalive = keepalive;
    return status;
}

static const cfc_record_t *part_note(const request_rec *r, cfc_cluster_slot_t *slot)
{
    char path[CFC_NAME_MAX];

    for (int i = 0; i < CFC_PARTS_MAX; i++) {
        if ((atomic_load(&slot->parts_closed) & 1u << i) != 0
            && cfc_part_path(&slot->parts[i], path) && cfc_protect_lies_below(r, path)) {
            return &slot->parts[i].note;
        }
    }
    return NULL;
}

const cfc_record_t *cfc_maintenance_note(const request_rec *r, const cfc_cluster_t *cl)
{
    if (cfc_slot_closed(cl->slot)) {
        return &cl->slot->maintenance_note;
    }
    return cfc_slot_parts_closed(cl->slot) ? part_note(r, cl->slot) : NULL;
}

int cfc_maintenance_answer(request_rec *r, const cfc_cluster_t *cl, cfc_closed_t why)
{
    const cfc_record_t *record = cfc_maintenance_note(r, cl);
    cfc_note_t note = {.since = 0};
    int status;

    if (why == CFC_CLOSED_OUTAGE && cfc_outage_database(cl, NULL, apr_time_now()) != NULL) {
        why = CFC_CLOSED_DATABASE;
    }
    /* A client that sends its whole body before it reads gets its answer only when we have read
     * that body. One that asks first (Expect: 100-continue) is told at once. This comes before
     * r->status is set, which would make httpd leave the body to a reset connection. */
    if (!r->expecting_100 && (status = cfc_maintenance_drain(r)) != OK) {
        return status;
    }
    if (record != NULL) {       /* else it is not closed, or opened in this moment */
        cfc_record_read(record, &note, sizeof(note));
    }
    r->status = HTTP_SERVICE_UNAVAILABLE;
    apr_table_setn(r->headers_out, "Retry-After",
                   apr_itoa(r->pool, cfc_page_retry_after(why, note.until, r->request_time)));
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    atomic_fetch_add_explicit(&cl->slot->refused, 1, memory_order_relaxed);
    send_page(r, cl, why, &note);
    return OK;
}

const cfc_dependency_t *cfc_maintenance_database(const request_rec *r, const cfc_cluster_t *cl,
                                                 const cfc_node_t *failed)
{
    const cfc_dependency_t *database = cfc_outage_database(cl, failed, apr_time_now());

    return database != NULL && cfc_method_class(r->method) == CFC_METHOD_SAFE
                   && wanted(r) == CFC_WANTS_HTML
               ? database
               : NULL;
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
