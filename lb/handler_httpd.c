/* SPDX-License-Identifier: Apache-2.0
 * handler_httpd.c: walks a claimed request through DESIGN 4, items 4 to 9: maintenance,
 * choice, attempts, books. The verdicts are pure functions elsewhere (choose.c, retry.c); how
 * an attempt is carried is carry_httpd.c's. */
#include "lb/handler_httpd.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <string.h>

#include "conf/server_httpd.h"
#include "guard/protect_httpd.h"
#include "lb/body_httpd.h"
#include "lb/carry_httpd.h"
#include "lb/choose.h"
#include "lb/forwarded_httpd.h"
#include "lb/map_httpd.h"
#include "lb/route.h"
#include "maint/maintenance_httpd.h"

APLOG_USE_MODULE(cfcluster);

/* How long a request waits for the first probe of a node after httpd has started. */
#define FIRST_PROBE_WAIT_MS 3000
#define FIRST_PROBE_LOOK_MS 20

/* What a request looked like before its first attempt. */
typedef struct {
    apr_table_t *headers_in, *headers_out, *err_headers_out;
    ap_filter_t *input_filters, *proto_input_filters, *output_filters, *proto_output_filters;
    const char *content_type, *status_line;
    int status;
} origin_t;

typedef struct {
    request_rec *r;
    const cfc_cluster_t *cl;
    const char *target;
    cfc_ask_t ask;
    cfc_choice_t choice;
    cfc_attempt_t attempt;      /* the last one */
    apr_int64_t attempts;       /* made */
    cfc_body_t *body;           /* NULL: none */
    origin_t origin;
} journey_t;

static void remember(journey_t *j)
{
    request_rec *r = j->r;

    /* Copies, because mod_proxy edits the tables themselves. */
    j->origin.headers_in = apr_table_copy(r->pool, r->headers_in);
    j->origin.headers_out = apr_table_copy(r->pool, r->headers_out);
    j->origin.err_headers_out = apr_table_copy(r->pool, r->err_headers_out);
    j->origin.input_filters = r->input_filters;
    j->origin.proto_input_filters = r->proto_input_filters;
    j->origin.output_filters = r->output_filters;
    j->origin.proto_output_filters = r->proto_output_filters;
    j->origin.content_type = r->content_type;
    j->origin.status = r->status;
    j->origin.status_line = r->status_line;
}

/* As if the attempt had not been. Filters first: theirs may still hold the answer's brigade. */
static void put_back(journey_t *j)
{
    request_rec *r = j->r;

    r->input_filters = j->origin.input_filters;
    r->proto_input_filters = j->origin.proto_input_filters;
    r->output_filters = j->origin.output_filters;
    r->proto_output_filters = j->origin.proto_output_filters;
    r->headers_in = apr_table_copy(r->pool, j->origin.headers_in);
    r->headers_out = apr_table_copy(r->pool, j->origin.headers_out);
    r->err_headers_out = apr_table_copy(r->pool, j->origin.err_headers_out);
    r->content_type = j->origin.content_type;
    r->status = j->origin.status;
    r->status_line = j->origin.status_line;
    r->sent_bodyct = 0;
    r->eos_sent = 0;
    /* mod_proxy_http keeps what it has read of a body for a balancer's next member; ours is
     * given again from the beginning, and both together would double it. */
    apr_pool_userdata_setn(NULL, "proxy-req-input", NULL, r->pool);
}

static uint32_t dice(void)
{
    static _Thread_local uint32_t state;

    if (state == 0) {
        ap_random_insecure_bytes(&state, sizeof(state));
    }
    state = state * 1664525u + 1013904223u;
    return state ^ state >> 16;
}

static apr_int64_t elapsed_ms(const request_rec *r)
{
    return apr_time_as_msec(apr_time_now() - r->request_time);
}

/* Choose; right after httpd's start wait for the first probes rather than turn users away. */
static apr_status_t choose(journey_t *j)
{
    j->ask.dice = dice();
    for (int waited = 0;; waited += FIRST_PROBE_LOOK_MS) {
        apr_status_t status = cfc_choose(j->cl, &j->ask, &j->choice);

        if (status == APR_SUCCESS || waited >= FIRST_PROBE_WAIT_MS || !cfc_choice_pending(j->cl)) {
            return status;
        }
        apr_sleep(apr_time_from_msec(FIRST_PROBE_LOOK_MS));
    }
}

/* What LogFormat can show, by %{NAME}e. */
static void tell_log(journey_t *j)
{
    apr_table_t *env = j->r->subprocess_env;

    apr_table_setn(env, "CFC_NODE", j->choice.node->name);
    apr_table_setn(env, "CFC_WHY", cfc_why_word(j->choice.why));
    apr_table_setn(env, "CFC_ATTEMPTS", apr_itoa(j->r->pool, (int)j->attempts));
}

static void tie_client(journey_t *j)
{
    const char *cookie;

    if (cfc_routes_cookie_says(&j->ask.routes, j->choice.node)) {
        return;
    }
    cookie = cfc_route_cookie(j->cl, j->choice.node, strcmp(ap_http_scheme(j->r), "https") == 0,
                              j->r->pool);
    if (cookie != NULL) {
        apr_table_addn(j->r->err_headers_out, "Set-Cookie", cookie);
    }
}

static void book(const journey_t *j)
{
    const cfc_attempt_t *attempt = &j->attempt;
    cfc_traffic_t *traffic = &j->choice.node->slot->traffic;
    int class = attempt->status == OK ? j->r->status / 100 : 0;

    atomic_fetch_add_explicit(&traffic->attempts, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&traffic->by_class[class > 0 && class < 6 ? class : 0], 1,
                              memory_order_relaxed);
    atomic_fetch_add_explicit(&traffic->bytes_to, (uint64_t)attempt->sent, memory_order_relaxed);
    atomic_fetch_add_explicit(&traffic->bytes_from, (uint64_t)attempt->received,
                              memory_order_relaxed);
    if (attempt->failed && attempt->reach == CFC_REACH_NOTHING_SENT) {
        atomic_fetch_add_explicit(&traffic->connect_failures, 1, memory_order_relaxed);
    }
}

static void attempt_once(journey_t *j)
{
    cfc_node_slot_t *slot = j->choice.node->slot;
    int child = cfc_conf()->child;

    j->attempts++;
    if (j->body != NULL) {
        cfc_body_rewind(j->r, j->body);
    }
    tie_client(j);
    if (j->choice.why != CFC_WHY_STICKY) {
        cfc_choice_taken(j->cl, &j->choice);
    }
    cfc_slot_begin(slot, child);
    cfc_carry(j->r, j->choice.node, j->target, &j->attempt);
    cfc_slot_end(slot, child);
    book(j);
    tell_log(j);
}

static bool may_retry(journey_t *j)
{
    const cfc_retry_ask_t ask = {
        .method = cfc_method_class(j->r->method),
        .reach = j->attempt.reach,
        .client_has_bytes = j->attempt.client_has_bytes,
        .body_lost = j->body != NULL && j->body->lost,
        .attempts = j->attempts,
        .attempts_max = j->cl->retry.attempts,
        .elapsed_ms = elapsed_ms(j->r),
        .budget_ms = j->cl->retry.budget_ms,
    };
    cfc_retry_t verdict = cfc_retry(&ask);

    if (verdict == CFC_RETRY_YES) {
        return true;
    }
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, j->r,
                  "CFC0121: cluster %s, node %s: attempt %" APR_INT64_T_FMT " failed with %d and "
                  "is not repeated: %s", j->cl->name, j->choice.node->name, j->attempts,
                  j->attempt.status, cfc_retry_word(verdict));
    return false;
}

/* Make attempts until one is answered or none is left to make. */
static int travel(journey_t *j)
{
    while (choose(j) == APR_SUCCESS) {
        bool again;

        attempt_once(j);
        if (!j->attempt.failed) {
            return j->attempt.status;
        }
        again = may_retry(j);
        if (!j->attempt.client_has_bytes) {
            put_back(j);    /* nor is a client tied to the node that has just failed it */
        }
        if (!again) {
            return j->attempt.status;
        }
        atomic_fetch_add_explicit(&j->choice.node->slot->traffic.retried, 1, memory_order_relaxed);
        /* A healthy node may just have closed the reused connection (the keep-alive race): it
         * may be asked once more, over another one. */
        if (!j->attempt.reused || j->attempts > 1) {
            cfc_tried_add(&j->ask.tried, j->cl, j->choice.node);
        }
    }
    /* Nobody left. When a node took the request and failed, that is what happened; when none
     * could even be asked, the service is out. */
    if (j->attempts > 0 && j->attempt.reach != CFC_REACH_NOTHING_SENT) {
        return j->attempt.status;
    }
    return cfc_maintenance_answer(j->r, j->cl, CFC_CLOSED_OUTAGE);
}

/* Carry the request with headers made for the node; the client's own come back afterwards,
 * for the log and for an ErrorDocument. */
static int forward(request_rec *r, journey_t *j)
{
    apr_table_t *clients = r->headers_in;
    int status;

    cfc_routes_read(j->cl, apr_table_get(clients, "Cookie"), j->target, &j->ask.routes);
    r->headers_in = apr_table_copy(r->pool, clients);
    cfc_protect_strip_credentials(r);
    cfc_forwarded_set(r);
    cfc_carry_prepare(r);
    j->body = cfc_body_open(r, j->cl->retry.body_bytes);
    remember(j);
    status = travel(j);
    r->headers_in = clients;
    return status;
}

int cfc_forward_handler(request_rec *r)
{
    const cfc_request_t *ours = cfc_request(r);
    journey_t journey = {.r = r};

    if (r->handler == NULL || strcmp(r->handler, CFC_HANDLER_FORWARD) != 0 || ours == NULL
        || ours->pass == NULL) {
        return DECLINED;
    }
    journey.cl = ours->pass->cluster;
    journey.target = ours->target;
    if (cfc_slot_closed(journey.cl->slot) && !cfc_maintenance_tester(r, journey.cl)) {
        return cfc_maintenance_answer(r, journey.cl, CFC_CLOSED_MAINTENANCE);
    }
    return forward(r, &journey);
}
