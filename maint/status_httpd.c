/* SPDX-License-Identifier: Apache-2.0
 * status_httpd.c: see status_httpd.h. What is said is status.c's, what is done control.c's
 * business; here it travels. All links are relative, so that the page works at any location
 * and behind any prefix, and no redirect can lead elsewhere. */
#include "maint/status_httpd.h"

#include <apr_escape.h>
#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>
#include <string.h>
#include <util_script.h>

#include "conf/conf.h"
#include "conf/opt.h"
#include "maint/assets.h"
#include "maint/order_httpd.h"
#include "maint/sign.h"
#include "maint/status.h"
#include "maint/status_gates.h"
#include "maint/status_order.h"
#include "maint/tester_httpd.h"
#include "maint/text.h"
#include "maint/wait_httpd.h"
#include "maint/wants.h"

APLOG_USE_MODULE(cfcluster);

#define SAID_FOR apr_time_from_sec(60)      /* how long a page repeats what was done */

static int send_text(request_rec *r, const char *type, const char *text)
{
    if (text == NULL) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    ap_set_content_type(r, type);
    ap_set_content_length(r, (apr_off_t)strlen(text));
    ap_rputs(text, r);
    return OK;
}

/* Nothing but our own style and script, in nobody's frame. Referrer-Policy must not be
 * no-referrer: browsers would then send "Origin: null" with our own forms. */
static void protect(request_rec *r)
{
    apr_table_t *out = r->headers_out;

    apr_table_setn(out, "Cache-Control", "no-store");
    apr_table_setn(out, "Content-Security-Policy",
                   "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
                   "form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
    apr_table_setn(out, "X-Content-Type-Options", "nosniff");
    apr_table_setn(out, "Referrer-Policy", "same-origin");
}

/* The forms that the status comes in; the words of format=. */
typedef enum { AS_PAGE, AS_JSON, AS_PROMETHEUS, AS_LINE } form_t;

static const char *const form_words[] = {"html", "json", "prometheus", "plain", NULL};

/* @return a form_t; -1: format= says something else */
static int form_of(request_rec *r)
{
    const char *accept = apr_table_get(r->headers_in, "Accept");
    int html = cfc_accept_rank(accept, "text/html");
    const char *format;
    apr_table_t *args;

    ap_args_to_table(r, &args);
    format = apr_table_get(args, "format");
    if (format != NULL) {
        return cfc_word_index(format, form_words);
    }
    if (apr_table_get(r->headers_in, "X-CFCluster") != NULL
        || cfc_order_has_type(r, "application/json")
        || cfc_accept_rank(accept, "application/json") > html) {
        return AS_JSON;
    }
    /* Only scrapers name it, as their first choice; they take the older format, too. */
    return cfc_accept_rank(accept, "application/openmetrics-text") > html ? AS_PROMETHEUS
                                                                          : AS_PAGE;
}

/* What was done travels over the redirect in the address, signed: nobody can make a link that
 * has our page say something. In hex, which no escaping on the way can change. */
static const char *said_text(const char *outcome, const char *at, const char *hex, apr_pool_t *p)
{
    return apr_pstrcat(p, outcome, "\n", at, "\n", hex, NULL);
}

static const char *said_url(request_rec *r, const cfc_result_t *result)
{
    const char *at = apr_psprintf(r->pool, "%" APR_TIME_T_FMT, r->request_time);
    const char *outcome = cfc_outcome_word(result->outcome);
    const char *hex = apr_pescape_hex(r->pool, result->text, strlen(result->text), 0);
    const char *signature = cfc_sign(cfc_conf()->segment->secret, "said",
                                     said_text(outcome, at, hex, r->pool), r->pool);

    return apr_psprintf(r->pool, "?said=%s&outcome=%s&at=%s&signature=%s", hex, outcome, at,
                        signature != NULL ? signature : "");
}

/* @return true: this server said it a moment ago */
static bool said_read(request_rec *r, cfc_result_t *result)
{
    const char *hex, *outcome, *at, *signature, *text;
    apr_size_t length;
    apr_table_t *args;

    ap_args_to_table(r, &args);
    hex = apr_table_get(args, "said");
    outcome = apr_table_get(args, "outcome");
    at = apr_table_get(args, "at");
    signature = apr_table_get(args, "signature");
    if (hex == NULL || outcome == NULL || at == NULL || signature == NULL
        || !cfc_sign_check(cfc_conf()->segment->secret, "said",
                           said_text(outcome, at, hex, r->pool), signature, r->pool)
        || r->request_time - apr_atoi64(at) > SAID_FOR) {
        return false;
    }
    text = apr_punescape_hex(r->pool, hex, 0, &length);
    *result = cfc_result(strcmp(outcome, cfc_outcome_word(CFC_OUTCOME_DONE)) == 0
                             ? CFC_OUTCOME_DONE
                             : CFC_OUTCOME_UNCHANGED,
                         apr_pstrmemdup(r->pool, text, length));
    return true;
}

static cfc_status_t *look(request_rec *r)
{
    return cfc_status_look(cfc_conf(), apr_time_now(), r->pool);
}

/* Where status.css is, seen from the page: at /cluster it is cluster/status.css. */
static const char *base_of(request_rec *r)
{
    const char *last = strrchr(r->uri, '/');

    if (last == NULL || last[1] == '\0') {
        return "";
    }
    return ap_os_escape_path(r->pool, apr_pstrcat(r->pool, last + 1, "/", NULL), 0);
}

/* @param order to be shown on a page of its own, if there is one for it; or NULL */
static int send_page(request_rec *r, const cfc_result_t *answer, const cfc_order_t *order)
{
    cfc_preview_t preview;
    cfc_result_t bad;
    bool read_only = !cfc_order_allowed(r);
    bool known = !read_only && order != NULL && order->action != NULL
                 && cfc_order_page_known(order->action)
                 && cfc_preview(cfc_conf(), order, apr_time_now(), &preview, &bad, r->pool);
    const char *token =
        cfc_form_token(cfc_conf()->segment->secret, cfc_order_who(r), r->request_time, r->pool);
    const cfc_status_page_t page = {
        .server = ap_escape_logitem(r->pool, ap_get_server_name(r)),
        .base = base_of(r),
        .token = token != NULL ? token : "",
        .read_only = read_only,
        .answer = answer,
        .preview = known ? &preview : NULL,
        .order = order,
    };

    return send_text(r, "text/html; charset=utf-8",
                     cfc_status_html(look(r), &page, r->pool));
}

static int send_result(request_rec *r, const cfc_result_t *result)
{
    uint64_t generation = atomic_load(&cfc_conf()->segment->changes);

    r->status = cfc_outcome_status(result->outcome);
    return send_text(r, "application/json", cfc_result_json(result, generation, r->pool));
}

/* GET ?wait=drained&cluster=confluence&node=node1&timeout=15m */
static int wait_only(request_rec *r, const apr_table_t *args, const char *word)
{
    cfc_result_t result = {.outcome = CFC_OUTCOME_DONE};
    cfc_wait_t wait;
    const char *complaint =
        cfc_wait_read(cfc_conf(), apr_table_get(args, "cluster"), apr_table_get(args, "node"), word,
                      apr_table_get(args, "timeout"), &wait, r->pool);

    if (complaint != NULL) {
        result = cfc_result(CFC_OUTCOME_BAD, complaint);
    }
    else {
        cfc_wait(r, &wait, &result);
    }
    return send_result(r, &result);
}

/* GET ?events_since=1763921234001 */
static int events_only(request_rec *r, const char *since)
{
    const cfc_events_t *ring = &cfc_conf()->segment->events;
    cfc_event_list_t events;
    char *end;
    uint64_t seq = (uint64_t)apr_strtoi64(since, &end, 10);

    if (since[strspn(since, "0123456789")] != '\0' || since[0] == '\0') {
        const cfc_result_t bad = {
            .outcome = CFC_OUTCOME_BAD,
            .text = "events_since has to be the number of an event, or 0 for all there are",
        };

        return send_result(r, &bad);
    }
    cfc_event_list_look(ring, seq, apr_time_now(), &events, r->pool);
    return send_text(r, "application/json", cfc_events_since_json(&events, r->pool));
}

/* The cluster that a question is about. It need not be named if there is one only. */
static const cfc_cluster_view_t *cluster_asked(const cfc_status_t *status, const char *name)
{
    for (int i = 0; i < status->clusters_count; i++) {
        if (name == NULL ? status->clusters_count == 1
                         : strcmp(status->clusters[i].name, name) == 0) {
            return &status->clusters[i];
        }
    }
    return NULL;
}

/* GET ?gate=node-stopped:node1&cluster=confluence */
static int gate_only(request_rec *r, const apr_table_t *args, const char *text)
{
    const cfc_status_t *status = look(r);
    const cfc_cluster_view_t *cl = cluster_asked(status, apr_table_get(args, "cluster"));
    cfc_result_t bad = {.outcome = CFC_OUTCOME_UNKNOWN};
    cfc_gate_view_t view;

    if (cl == NULL) {
        bad.text = "gate= is about one cluster: cluster= is missing, or is not the name of one";
        return send_result(r, &bad);
    }
    bad.outcome = CFC_OUTCOME_BAD;
    bad.text = cfc_gate_ask(status, cl, text, &view, r->pool);
    if (view.stale) {
        cfc_gate_hasten(cfc_conf_cluster(cfc_conf(), cl->name), &view);
    }
    return bad.text != NULL
               ? send_result(r, &bad)
               : send_text(r, "application/json", cfc_gate_json(status, cl, &view, r->pool));
}

/* GET ?ask=drain&cluster=confluence&node=node1 */
static int order_only(request_rec *r, const apr_table_t *args, const char *action)
{
    const cfc_order_t order = {
        .action = action,
        .cluster = apr_table_get(args, "cluster"),
        .node = apr_table_get(args, "node"),
        .dependency = apr_table_get(args, "dependency"),
        .tester = apr_table_get(args, "tester"),
        .path = apr_table_get(args, "path"),
    };
    cfc_result_t bad;
    cfc_preview_t preview;

    if (cfc_preview(cfc_conf(), &order, apr_time_now(), &preview, &bad, r->pool)) {
        return send_page(r, NULL, &order);
    }
    r->status = cfc_outcome_status(bad.outcome);
    return send_page(r, &bad, NULL);
}

static int send_status(request_rec *r)
{
    const char *format;
    apr_table_t *args;
    cfc_result_t said;

    switch (form_of(r)) {
    case AS_PAGE:
        return send_page(r, said_read(r, &said) ? &said : NULL, NULL);
    case AS_JSON:
        return send_text(r, "application/json", cfc_status_json(look(r), r->pool));
    case AS_PROMETHEUS:
        return send_text(r, "text/plain; version=0.0.4; charset=utf-8",
                         cfc_status_prometheus(look(r), r->pool));
    case AS_LINE:
        return send_text(r, "text/plain; charset=utf-8", cfc_status_plain(look(r), r->pool));
    }
    ap_args_to_table(r, &args);
    format = cfc_text_clean(apr_table_get(args, "format"), r->pool);
    said = cfc_result(CFC_OUTCOME_BAD,
                      apr_psprintf(r->pool, "format=%s is not known; %s", format,
                                   cfc_did_you_mean(format, form_words, r->pool)));
    return send_result(r, &said);
}

static int get(request_rec *r)
{
    const char *slash = strrchr(r->uri, '/'), *wait, *since, *gate, *ask;
    apr_table_t *args;

    if (slash != NULL && strcmp(slash, "/status.css") == 0) {
        return send_text(r, "text/css; charset=utf-8", cfc_asset_status_css);
    }
    if (slash != NULL && strcmp(slash, "/status.js") == 0) {
        return send_text(r, "text/javascript; charset=utf-8", cfc_asset_status_js);
    }
    ap_args_to_table(r, &args);
    wait = apr_table_get(args, "wait");
    if (wait != NULL) {
        return wait_only(r, args, wait);
    }
    since = apr_table_get(args, "events_since");
    if (since != NULL) {
        return events_only(r, since);
    }
    gate = apr_table_get(args, "gate");
    if (gate != NULL) {
        return gate_only(r, args, gate);
    }
    ask = apr_table_get(args, "ask");
    if (ask != NULL) {
        return order_only(r, args, ask);
    }
    apr_table_setn(r->headers_out, "Vary", "Accept, X-CFCluster");
    return send_status(r);
}

/* What is wrong with the wait is said before anything is done. */
static void carry_out(request_rec *r, const cfc_order_t *order, cfc_result_t *result)
{
    const cfc_conf_t *conf = cfc_conf();
    bool waits = order->wait != NULL && order->wait[0] != '\0';
    const char *complaint = NULL;
    cfc_wait_t wait;

    if (waits) {
        complaint = cfc_wait_read(conf, order->cluster, order->node, order->wait, order->timeout,
                                  &wait, r->pool);
    }
    if (complaint != NULL) {
        *result = cfc_result(CFC_OUTCOME_BAD, complaint);
        return;
    }
    *result = cfc_control(conf, order, apr_time_now(), r->pool);
    if (result->made != NULL) {
        result->made->url = cfc_tester_url(r, result->made);
    }
    if (waits && !order->check && result->outcome >= CFC_OUTCOME_UNCHANGED) {
        cfc_wait(r, &wait, result);
    }
}

static int post(request_rec *r)
{
    cfc_order_t order;
    cfc_result_t result;
    int status = cfc_order_read(r, &order, &result);

    if (status != OK) {
        return status;
    }
    if (result.text == NULL) {
        carry_out(r, &order, &result);
    }
    if (form_of(r) == AS_JSON) {
        return send_result(r, &result);
    }
    r->status = cfc_outcome_status(result.outcome);
    if (result.outcome < CFC_OUTCOME_UNCHANGED) {
        return send_page(r, &result, &order);
    }
    if (result.made != NULL) {      /* its link must not be in another address */
        return send_page(r, &result, NULL);
    }
    r->status = HTTP_SEE_OTHER;
    apr_table_setn(r->headers_out, "Location", said_url(r, &result));
    return send_text(r, "text/plain; charset=utf-8", result.text);
}

int cfc_status_handler(request_rec *r)
{
    if (r->handler == NULL || strcmp(r->handler, CFC_HANDLER_STATUS) != 0) {
        return DECLINED;
    }
    if (cfc_conf()->segment == NULL) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "CFC0404: no <CFCluster> is configured, so "
                      "there is no status to show");
        return HTTP_NOT_FOUND;
    }
    protect(r);
    if (r->method_number == M_GET) {
        return get(r);
    }
    if (r->method_number == M_POST) {
        return post(r);
    }
    ap_allow_standard_methods(r, REPLACE_ALLOW, M_GET, M_POST, -1);
    return HTTP_METHOD_NOT_ALLOWED;
}
