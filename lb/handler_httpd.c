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

#include "conf/opt.h"
#include "conf/server_httpd.h"
#include "guard/logins_httpd.h"
#include "guard/protect_httpd.h"
#include "lb/body_httpd.h"
#include "lb/books_httpd.h"
#include "lb/carry_httpd.h"
#include "lb/forwarded_httpd.h"
#include "lb/log.h"
#include "lb/map_httpd.h"
#include "lb/place.h"
#include "lb/rehome.h"
#include "lb/route.h"
#include "lb/tell_httpd.h"
#include "lb/tunnel.h"
#include "maint/maintenance_httpd.h"
#include "maint/tester_httpd.h"

APLOG_USE_MODULE(cfcluster);

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
    cfc_logins_at_t login;
    cfc_testing_t testing;
    cfc_ask_t ask;
    cfc_rehome_t rehome;        /* what it means for a user of a draining node */
    cfc_choice_t choice;
    cfc_attempt_t attempt;      /* the last one */
    cfc_tunnel_t tunnel;        /* if that became one */
    apr_int64_t attempts;       /* made */
    apr_int64_t queued_ms;      /* spent waiting for a place */
    apr_time_t failing_since;   /* 0: no attempt has failed */
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

/* Of the budget for attempts. How long the client took to send the request, or a node was at work
 * on it before it failed, is not of it; but silence that a node was given all its time for is. */
static apr_int64_t spent_ms(const journey_t *j)
{
    return j->failing_since == 0 ? 0 : apr_time_as_msec(apr_time_now() - j->failing_since);
}

static void note_failure(journey_t *j)
{
    bool silent = j->attempt.status == HTTP_GATEWAY_TIME_OUT && !j->attempt.withheld;

    if (j->failing_since == 0) {
        j->failing_since = silent ? j->choice.at : apr_time_now();
    }
}

/* A node and a place at it; a request that can go elsewhere if it fails may be a trial. */
static cfc_place_t take_place(journey_t *j)
{
    int child = cfc_conf()->child;

    j->ask.dice = dice();
    if (j->attempts == 0 && cfc_method_class(j->r->method) == CFC_METHOD_SAFE
        && cfc_choose_trial(j->cl, &j->ask, j->r->request_time, &j->choice)) {
        cfc_slot_begin(j->choice.node->slot, child);
        return CFC_PLACE_TAKEN;
    }
    return cfc_place_take(j->cl, &j->ask, child, &j->choice, &j->queued_ms);
}

/* Where a header of ours goes so that the answer has it. mod_proxy sends an upgrade as an interim
 * answer, which has nothing but headers_out; of these it keeps our cookie when it puts the node's
 * there, and empties them after any interim answer. */
static apr_table_t *cookie_place(request_rec *r)
{
    return apr_table_get(r->headers_in, "Upgrade") != NULL ? r->headers_out : r->err_headers_out;
}

static void tie_client(journey_t *j)
{
    bool tied = cfc_routes_cookie_says(&j->ask.routes, j->choice.node);
    bool at_work = j->rehome != CFC_REHOME_NO && j->choice.node == j->ask.routes.nodes[0];
    const char *cookie;

    /* The rule that forced this request may not hold for the client's next one. */
    if (j->choice.why == CFC_WHY_FORCED || (tied && !at_work)) {
        return;
    }
    cookie = cfc_route_cookie(j->cl, j->choice.node, strcmp(ap_http_scheme(j->r), "https") == 0,
                              at_work ? j->r->request_time : 0, j->r->pool);
    if (cookie != NULL) {
        apr_table_addn(cookie_place(j->r), "Set-Cookie", cookie);
    }
}

static void book(const journey_t *j)
{
    const cfc_attempt_t *attempt = &j->attempt;
    cfc_traffic_t *traffic = &j->choice.node->slot->traffic;
    bool answered = attempt->status == OK || attempt->withheld;
    int class = answered ? attempt->answer / 100 : 0;
    bool good = class > 0 && class < 5 && !attempt->broken;

    atomic_fetch_add_explicit(&traffic->attempts, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&traffic->by_class[class > 0 && class < 6 ? class : 0], 1,
                              memory_order_relaxed);
    atomic_store_explicit(good ? &traffic->good_at : &traffic->bad_at, apr_time_now(),
                          memory_order_relaxed);
    if (attempt->failed && attempt->reach == CFC_REACH_NOTHING_SENT) {
        atomic_fetch_add_explicit(&traffic->connect_failures, 1, memory_order_relaxed);
    }
}

static void book_bytes(const journey_t *j)
{
    const cfc_attempt_t *attempt = &j->attempt;
    cfc_traffic_t *traffic = &j->choice.node->slot->traffic;

    atomic_fetch_add_explicit(&traffic->bytes_to, (uint64_t)attempt->sent, memory_order_relaxed);
    atomic_fetch_add_explicit(&traffic->bytes_from, (uint64_t)attempt->received,
                              memory_order_relaxed);
}

static void tell_ejected(const journey_t *j, apr_int64_t ms)
{
    const cfc_node_t *node = j->choice.node;
    const char *span = cfc_duration_text(ms, j->r->pool);
    int status = j->attempt.broken         ? HTTP_BAD_GATEWAY
                 : j->attempt.status == OK ? j->attempt.answer
                                           : j->attempt.status;
    const cfc_what_t what = {
        .kind = CFC_EVENT_EJECTION, .bad = true, .cluster = j->cl->name, .noun = "node",
        .name = node->name, .effective = cfc_effective_word(cfc_node_effective(node)),
        .after = "ejected",
        .why = apr_psprintf(j->r->pool, "for %s: requests fail one after another, the last one "
                            "with %d", span, status),
    };

    cfc_event(&what, CFC_LOG_NOTICE, APR_SUCCESS, "CFC0122: cluster %s, node %s: ejected for %s: "
              "requests fail one after another, the last one with %d; it gets only what no "
              "other node can take", what.cluster, what.name, span, status);
}

/* What users' requests say of a node. */
static void judge_node(const journey_t *j)
{
    const cfc_attempt_t *attempt = &j->attempt;
    const cfc_node_t *node = j->choice.node;
    bool bad_answer = attempt->status == OK
                      && cfc_codes_has(&j->cl->retry.on_status, attempt->answer);
    apr_int64_t ejected_ms;

    if (j->ask.bound) {
        return;         /* a tester's node need not be fit for users */
    }
    if (!attempt->failed && !attempt->broken && !bad_answer) {
        apr_time_t now = apr_time_now();

        if (attempt->status == OK && cfc_eject_answered(&node->slot->eject, now)) {
            cfc_slot_returned(node->slot, now, false);
            cfc_event(&(cfc_what_t){.kind = CFC_EVENT_EJECTION, .cluster = j->cl->name,
                                    .noun = "node", .name = node->name,
                                    .effective = cfc_effective_word(cfc_node_effective(node)),
                                    .before = "ejected", .after = "returned",
                                    .why = "it answers requests again"},
                      CFC_LOG_NOTICE, APR_SUCCESS, "CFC0123: cluster %s, node %s: answers requests "
                      "again; it gets requests", j->cl->name, node->name);
        }
        return;
    }
    if (!bad_answer && !cfc_attempt_blames(attempt)) {
        return;
    }
    atomic_store(&node->slot->probe_wanted, 1);
    ejected_ms = cfc_eject_failed(&node->slot->eject, &j->cl->eject, apr_time_now());
    if (ejected_ms > 0) {
        tell_ejected(j, ejected_ms);
    }
}

/* Whether another node in full service could take the request if this one does not. */
static bool has_alternative(const void *journey)
{
    const journey_t *j = journey;
    cfc_ask_t ask = j->ask;
    cfc_choice_t other;

    cfc_tried_add(&ask.tried, j->cl, j->choice.node);
    return cfc_choose(j->cl, &ask, &other) == APR_SUCCESS
           && cfc_node_effective(other.node) > CFC_EFFECTIVE_LAST_RESORT;
}

static cfc_retry_t retry_verdict(const journey_t *j, cfc_reach_t reach)
{
    const cfc_retry_ask_t ask = {
        .method = cfc_method_class(j->r->method),
        .reach = reach,
        .client_has_bytes = j->attempt.client_has_bytes,
        .body_lost = j->body != NULL && j->body->lost,
        .attempts = j->attempts,
        .attempts_max = j->cl->retry.attempts,
        .spent_ms = spent_ms(j),
        .budget_ms = j->cl->retry.budget_ms,
    };

    return cfc_retry(&ask);
}

/* Whether the client is told of a database instead of what the node of the last attempt did. A
 * tester wants to see what it did. */
static bool blames_database(const journey_t *j, int status)
{
    const cfc_node_t *node = j->attempt.node;   /* the choice may be of nobody by now */
    const cfc_dependency_t *database =
        j->ask.bound ? NULL : cfc_maintenance_database(j->r, j->cl, node);

    if (database != NULL) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, j->r,
                      "CFC0125: cluster %s, node %s: failed with %d while the database %s does not "
                      "answer; the client gets the outage page", j->cl->name, node->name, status,
                      database->name);
    }
    return database != NULL;
}

/* A node answers "ask another one": its answer is withheld only if that will be done, so that
 * the client gets the last one; or one of ours, if that tells more. */
static bool withhold(void *journey, int status)
{
    journey_t *j = journey;

    if (cfc_codes_has(&j->cl->retry.on_status, status)
        && retry_verdict(j, CFC_REACH_SENT) == CFC_RETRY_YES && has_alternative(j)) {
        return true;
    }
    j->attempt.replaced = ap_is_HTTP_SERVER_ERROR(status) && blames_database(j, status);
    return j->attempt.replaced;
}

static bool may_retry(const journey_t *j)
{
    cfc_retry_t verdict = retry_verdict(j, j->attempt.reach);

    if (verdict == CFC_RETRY_YES) {
        return true;
    }
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, j->r,
                  "CFC0121: cluster %s, node %s: attempt %" APR_INT64_T_FMT " failed with %d and "
                  "is not repeated: %s", j->cl->name, j->choice.node->name, j->attempts,
                  j->attempt.status, cfc_retry_word(verdict));
    return false;
}

/* The request is over, as far as its node's place, verdict and counters go. */
static void settle(const journey_t *j)
{
    cfc_place_leave(j->cl, j->choice.node, cfc_conf()->child);
    book(j);
    judge_node(j);
    if (j->choice.why == CFC_WHY_TRIAL) {
        cfc_eject_tried(&j->choice.node->slot->eject, j->choice.at);
    }
    cfc_books_attempt(j->r, j->cl, &j->ask, &j->choice, &j->attempt);
}

/* A tunnel is settled when it begins: it says nothing more of the node, however it ends. */
static void answered(void *journey)
{
    const journey_t *j = journey;

    if (cfc_logins_answered(j->r, &j->login)) {
        atomic_fetch_add_explicit(&j->cl->slot->logins_failed, 1, memory_order_relaxed);
    }
}

static bool path_closed(const void *request)
{
    request_rec *r = (request_rec *)request;

    return cfc_maintenance_note(r, cfc_request(r)->pass->cluster) != NULL;
}

static cfc_tunnel_t *upgrade(void *journey)
{
    journey_t *j = journey;

    j->tunnel.part_closed = path_closed;
    j->tunnel.request = j->r;
    cfc_tunnel_begin(&j->tunnel, j->cl, j->choice.node, &j->testing.is, cfc_conf()->child,
                     j->attempt.waiting);
    settle(j);
    return &j->tunnel;
}

/* A node may be closing a connection just as it is used again (the keep-alive race). What cannot
 * be repeated then must not meet that, nor what has met it once. */
static bool needs_fresh(const journey_t *j)
{
    return j->attempts > 0 || cfc_method_class(j->r->method) == CFC_METHOD_UNSAFE
           || (j->body != NULL && !j->body->fits);
}

static void attempt_once(journey_t *j)
{
    const cfc_terms_t terms = {withhold, has_alternative, answered, upgrade, j, needs_fresh(j)};

    j->attempts++;
    if (j->body != NULL) {
        cfc_body_rewind(j->r, j->body);
    }
    tie_client(j);
    if (cfc_why_joins(j->choice.why)) {
        cfc_choice_taken(j->cl, &j->choice);
    }
    cfc_tell(j->r, j->cl, &j->ask, &j->choice, j->attempts, j->queued_ms);
    cfc_carry(j->r, j->choice.node, j->target, &terms, &j->attempt);
    if (j->attempt.tunnel != NULL) {
        cfc_tunnel_end(&j->tunnel, cfc_conf()->child);
    }
    else {
        settle(j);
    }
    book_bytes(j);
    cfc_tell_end(j->r, &j->choice, &j->attempt);
}

/* What the client gets of an attempt that failed, and after which none is made. */
static int give_up(const journey_t *j)
{
    if (j->attempt.reach != CFC_REACH_NOTHING_SENT && !j->ask.bound) {
        cfc_drain_cut_request(&j->attempt.node->slot->drain);
    }
    if (j->attempt.client_has_bytes || !blames_database(j, j->attempt.status)) {
        return j->attempt.status;
    }
    return cfc_maintenance_answer(j->r, j->cl, CFC_CLOSED_OUTAGE);
}

/* Make attempts until one is answered or none is left to make. */
static int travel(journey_t *j)
{
    cfc_place_t place;

    while ((place = take_place(j)) == CFC_PLACE_TAKEN) {
        bool again;

        attempt_once(j);
        if (j->attempt.replaced) {
            put_back(j);
            return cfc_maintenance_answer(j->r, j->cl, CFC_CLOSED_OUTAGE);
        }
        if (!j->attempt.failed) {
            return j->attempt.status;
        }
        note_failure(j);
        again = may_retry(j);
        if (!j->attempt.client_has_bytes) {
            put_back(j);    /* nor is a client tied to the node that has just failed it */
        }
        if (!again) {
            return give_up(j);
        }
        atomic_fetch_add_explicit(&j->choice.node->slot->traffic.retried, 1, memory_order_relaxed);
        /* A healthy node may just have closed the reused connection (the keep-alive race): it
         * is asked once more, over a fresh one. */
        if (!j->attempt.stale) {
            cfc_tried_add(&j->ask.tried, j->cl, j->choice.node);
        }
    }
    /* Nobody left. When a node took the request and failed, that is what happened; when none
     * could even be asked, the service is out, or too busy. */
    if (j->attempts > 0 && j->attempt.reach != CFC_REACH_NOTHING_SENT) {
        return give_up(j);
    }
    if (j->ask.bound && place == CFC_PLACE_NONE) {
        return cfc_tester_unreachable(j->r, &j->testing);
    }
    return cfc_maintenance_answer(j->r, j->cl,
                                  place == CFC_PLACE_BUSY ? CFC_CLOSED_BUSY : CFC_CLOSED_OUTAGE);
}

/* The node that a rule of httpd names for this request. @return NULL: none */
static cfc_node_t *forced_node(const journey_t *j)
{
    const char *name = apr_table_get(j->r->subprocess_env, "CFC_FORCE_NODE");
    cfc_node_t *node = name ? cfc_cluster_node(j->cl, name) : NULL;

    if (name != NULL && node == NULL) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, j->r,
                      "CFC0124: cluster %s: CFC_FORCE_NODE=%s is none of its nodes; the request "
                      "goes where it would go without it", j->cl->name, name);
    }
    return node;
}

/* Of users whose node drains. Without a cookie of ours nobody knows when they were at work. */
static cfc_rehome_t rehome_verdict(const journey_t *j)
{
    const apr_table_t *headers = j->r->headers_in;
    const cfc_routes_t *routes = &j->ask.routes;
    const cfc_node_t *node = routes->count > 0 ? routes->nodes[0] : NULL;
    cfc_rehome_t verdict;

    if (j->cl->sticky.rehome_ms == 0 || node == NULL
        || cfc_slot_admin(node->slot) != CFC_ADMIN_DRAIN) {
        return CFC_REHOME_NO;
    }
    verdict = cfc_rehome(&(cfc_rehome_ask_t){
        .pause_ms = j->cl->sticky.rehome_ms,
        .drains_since = atomic_load(&node->slot->drain.since),
        .at_work_at = routes->at_work_at,
        .now = j->r->request_time,
        .safe = cfc_method_class(j->r->method) == CFC_METHOD_SAFE,
        .document = cfc_is_document(apr_table_get(headers, "Sec-Fetch-Dest"),
                                    apr_table_get(headers, "Accept"),
                                    apr_table_get(headers, "X-Requested-With")),
    });
    return verdict == CFC_REHOME_MOVE && routes->by_cookie == 0 ? CFC_REHOME_AT_WORK : verdict;
}

/* An ErrorDocument is a page of its own, asked for with GET: it has the headers of the request
 * that went wrong, but nothing of its body. */
static void drop_body(request_rec *r)
{
    static const char *const about_body[] = {"Content-Length", "Content-Type", "Content-Encoding",
                                             "Transfer-Encoding", "Expect"};

    for (size_t i = 0; i < sizeof(about_body) / sizeof(about_body[0]); i++) {
        apr_table_unset(r->headers_in, about_body[i]);
    }
}

/* Carry the request with headers made for the node; the client's own come back afterwards,
 * for the log and for an ErrorDocument. */
static int forward(request_rec *r, journey_t *j)
{
    apr_table_t *clients = r->headers_in;
    int status;

    cfc_routes_read(j->cl, apr_table_get(clients, "Cookie"), j->target, &j->ask.routes);
    j->rehome = rehome_verdict(j);
    j->ask.leaves = j->rehome == CFC_REHOME_MOVE;
    j->ask.bound = j->testing.node != NULL;
    j->ask.forced = j->ask.bound ? j->testing.node : forced_node(j);
    r->headers_in = cfc_forwarded_headers(r, j->cl->node_secret);
    if (ap_is_HTTP_ERROR(r->status)) {
        drop_body(r);
    }
    cfc_tester_hide(r->headers_in, r->pool);
    cfc_protect_strip_credentials(r);
    status = cfc_logins_admit(r, &j->login);
    if (status == OK) {
        cfc_carry_prepare(r);
        j->body = cfc_body_open(r, j->cl->retry.body_bytes);
        remember(j);
        status = cfc_logins_settle(r, &j->login, travel(j));
    }
    if (status == HTTP_TOO_MANY_REQUESTS) {     /* ours: a node's own would be OK here */
        atomic_fetch_add_explicit(&j->cl->slot->logins_refused, 1, memory_order_relaxed);
    }
    r->headers_in = clients;
    /* A body that may not go on could not be read on: an error of the client's to mod_proxy. */
    return ap_is_HTTP_CLIENT_ERROR(status) && cfc_protect_refused(r) ? HTTP_FORBIDDEN : status;
}

int cfc_forward_handler(request_rec *r)
{
    const cfc_request_t *ours = cfc_request(r);
    journey_t journey = {.r = r};
    int status;

    if (r->handler == NULL || strcmp(r->handler, CFC_HANDLER_FORWARD) != 0 || ours == NULL
        || ours->pass == NULL) {
        return DECLINED;
    }
    journey.cl = ours->pass->cluster;
    journey.target = ours->target;
    journey.login = (cfc_logins_at_t){
        .conf = journey.cl->logins,
        .cluster = journey.cl->name,
        .target = ours->target,
        .context = ours->pass->context,
    };
    cfc_tester_look(r, journey.cl, &journey.testing);
    status = cfc_tester_door(r, ours->pass, &journey.testing);
    if (status != DECLINED) {
        return status;
    }
    if (cfc_maintenance_note(r, journey.cl) != NULL && !journey.testing.is.passes) {
        return cfc_maintenance_answer(r, journey.cl, CFC_CLOSED_MAINTENANCE);
    }
    return forward(r, &journey);
}
