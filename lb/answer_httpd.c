/* SPDX-License-Identifier: Apache-2.0
 * answer_httpd.c: a filter that sees an answer before any other filter does, and before a
 * header of it has been sent. An answer that is an ErrorDocument gets the error's status: to the
 * client a refusal must not look like a page. It acts on the first brigade and takes itself out,
 * unless the whole answer is withheld because another node will be asked. */
#include "lb/answer_httpd.h"

#include <http_core.h>
#include <http_protocol.h>
#include <util_filter.h>

#include "lb/carry_httpd.h"
#include "lb/location.h"
#include "lb/waiting.h"

static ap_filter_rec_t *answer_filter;

static void fix(request_rec *r, apr_table_t *headers, const char *name, const cfc_node_t *node)
{
    const char *location = apr_table_get(headers, name);

    if (location != NULL) {
        const char *fixed = cfc_location_for_client(location, node, ap_http_scheme(r),
                                                    apr_table_get(r->headers_in, "Host"), r->pool);

        if (fixed != location) {
            apr_table_setn(headers, name, fixed);
        }
    }
}

static apr_status_t first_brigade(ap_filter_t *f, apr_bucket_brigade *bb)
{
    cfc_attempt_t *attempt = f->ctx;

    attempt->answer = f->r->status;
    attempt->withheld = attempt->withheld
                        || attempt->terms.withhold(attempt->terms.journey, attempt->answer);
    if (attempt->withheld) {
        return apr_brigade_cleanup(bb);
    }
    attempt->terms.answered(attempt->terms.journey);
    attempt->client_has_bytes = true;
    if (attempt->answered_at == 0) {
        /* AJP, whose bytes carry_httpd.c does not see. */
        attempt->answered_at = apr_time_now();
        if (attempt->waiting != NULL) {
            cfc_waiting_answered(attempt->waiting);
        }
    }
    if (attempt->error != 0) {
        f->r->status = attempt->error;
        f->r->status_line = NULL;
    }
    fix(f->r, f->r->headers_out, "Location", attempt->node);
    fix(f->r, f->r->headers_out, "Content-Location", attempt->node);
    ap_remove_output_filter(f);
    return ap_pass_brigade(f->next, bb);
}

void cfc_answer_register(void)
{
    answer_filter = ap_register_output_filter("CFCLUSTER_ANSWER", first_brigade, NULL,
                                              AP_FTYPE_RESOURCE - 1);
}

void cfc_answer_watch(request_rec *r, cfc_attempt_t *attempt)
{
    ap_add_output_filter_handle(answer_filter, attempt, r, r->connection);
}
