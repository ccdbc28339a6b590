/* SPDX-License-Identifier: Apache-2.0
 * tester_httpd.c: see tester_httpd.h. What a token is worth is tester.c's to say, what a tester's
 * request gets choose.c's. The token of a link comes in an address, which ends up in histories and
 * logs: so it is good for an hour, and answered with a redirect and without a Referer. */
#include "maint/tester_httpd.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>
#include <http_main.h>
#include <http_protocol.h>
#include <http_request.h>
#include <string.h>
#include <util_script.h>

#include "guard/pace.h"
#include "lb/events.h"
#include "lb/hash.h"
#include "lb/map_httpd.h"
#include "maint/maintenance_httpd.h"
#include "maint/tester_page.h"
#include "maint/text.h"

APLOG_USE_MODULE(cfcluster);

#define RESERVED "/.cfcluster"
#define DOOR RESERVED "/tester"

static const char *cookie_name(const cfc_cluster_t *cl, apr_pool_t *p)
{
    return apr_pstrcat(p, CFC_TESTER_COOKIE, cl->name, NULL);
}

/* The host as the client calls it, without the port: what its cookies are for. */
static const char *host_of(const request_rec *r)
{
    char *host = apr_pstrdup(r->pool, r->hostname != NULL ? r->hostname
                                                          : r->server->server_hostname);

    ap_str_tolower(host);
    return host;
}

/* @param token NULL: the client is to forget it */
static void cookie_set(request_rec *r, const cfc_cluster_t *cl, const char *token,
                       apr_time_t until)
{
    apr_int64_t seconds = token != NULL ? apr_time_sec(until - r->request_time) : 0;
    const char *secure = strcmp(ap_http_scheme(r), "https") == 0 ? "; Secure" : "";

    apr_table_addn(r->err_headers_out, "Set-Cookie",
                   apr_psprintf(r->pool, "%s=%s; Path=/; Max-Age=%" APR_INT64_T_FMT
                                "; HttpOnly; SameSite=Lax%s", cookie_name(cl, r->pool),
                                token != NULL ? token : "", seconds, secure));
}

/* A browser asks for many things at once, and each comes with the same bad cookie: one line. */
static void refuse(request_rec *r, const cfc_cluster_t *cl, const char *what, const char *token,
                   cfc_tester_worth_t worth)
{
    static cfc_pace_t pace;
    static _Atomic uint64_t last;
    uint64_t this = cfc_hash(token, strlen(token), CFC_HASH_NOTHING);
    uint32_t withheld = 0;

    this = cfc_hash(r->useragent_ip, strlen(r->useragent_ip), this);
    atomic_fetch_add_explicit(&cl->slot->testers_refused, 1, memory_order_relaxed);
    if (atomic_exchange(&last, this) == this
        || !cfc_pace(&pace, (uint32_t)apr_time_sec(r->request_time), &withheld)) {
        return;
    }
    ap_log_rerror(APLOG_MARK, APLOG_NOTICE, 0, r, "CFC0441: cluster %s: a tester's %s was refused: "
                  "%s; lines withheld before this one: %d", cl->name, what,
                  cfc_tester_complaint(worth), (int)withheld);
}

/* @return true: the cookie makes its client a tester */
static bool by_cookie(request_rec *r, const cfc_cluster_t *cl, cfc_testing_t *testing)
{
    const char *cookies = apr_table_get(r->headers_in, "Cookie"), *token;
    cfc_tester_claim_t claim;
    cfc_tester_slot_t *slot;
    cfc_tester_worth_t worth;

    if (cookies == NULL || strstr(cookies, CFC_TESTER_COOKIE) == NULL
        || (token = cfc_tester_cookie(cookies, cookie_name(cl, r->pool), r->pool)) == NULL) {
        return false;
    }
    worth = cfc_tester_judge(cl, CFC_TESTER_FOR_COOKIE, host_of(r), token, r->request_time, &claim,
                             &slot, r->pool);
    if (worth != CFC_TESTER_WORTHY) {
        refuse(r, cl, "cookie", token, worth);
        cookie_set(r, cl, NULL, 0);
        return false;
    }
    atomic_fetch_add_explicit(&slot->uses, 1, memory_order_relaxed);
    atomic_store_explicit(&slot->used_at, r->request_time, memory_order_relaxed);
    testing->is = (cfc_tester_t){.passes = true, .link = slot, .id = claim.id};
    testing->node = cfc_cluster_node(cl, claim.node);
    testing->until = claim.until;
    return true;
}

void cfc_tester_look(request_rec *r, const cfc_cluster_t *cl, cfc_testing_t *testing)
{
    const char *says = "listed address";

    *testing = (cfc_testing_t){.node = NULL};
    if (by_cookie(r, cl, testing)) {
        says = apr_pstrcat(r->pool, testing->node->name, " until ",
                           cfc_time_iso(testing->until, r->pool), NULL);
        apr_table_setn(r->subprocess_env, "CFC_TESTER",
                       apr_psprintf(r->pool, "%08x", testing->is.id));
    }
    else if (cfc_maintenance_tester(r, cl)) {
        testing->is.passes = true;
        if (cfc_maintenance_note(r, cl) == NULL) {
            return;     /* as for anybody */
        }
    }
    if (testing->is.passes) {
        apr_table_setn(r->err_headers_out, "X-CFCluster-Tester", says);
    }
}

void cfc_tester_hide(apr_table_t *headers, apr_pool_t *p)
{
    const char *cookies = apr_table_get(headers, "Cookie");
    const char *left = cfc_tester_strip(cookies, p);

    if (left == NULL) {
        apr_table_unset(headers, "Cookie");
    }
    else if (left != cookies) {
        apr_table_setn(headers, "Cookie", left);
    }
}

/* The page of testers */

static int send_page(request_rec *r, int status, const cfc_tester_page_t *page)
{
    const char *text = cfc_tester_page(page, r->pool);

    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    apr_table_setn(r->headers_out, "Referrer-Policy", "no-referrer");
    apr_table_setn(r->headers_out, "X-Content-Type-Options", "nosniff");
    apr_table_setn(r->headers_out, "Content-Security-Policy",
                   "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
                   "base-uri 'none'; frame-ancestors 'none'");
    r->status = status;
    ap_set_content_type(r, "text/html; charset=utf-8");
    ap_set_content_length(r, (apr_off_t)strlen(text));
    ap_rputs(text, r);
    return OK;
}

static const char *door_of(const cfc_pass_t *pass, apr_pool_t *p)
{
    return apr_pstrcat(p, pass->path, DOOR, NULL);
}

static int redirect(request_rec *r, const char *path)
{
    apr_table_setn(r->headers_out, "Location", ap_os_escape_path(r->pool, path, 0));
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    apr_table_setn(r->headers_out, "Referrer-Policy", "no-referrer");
    r->status = HTTP_SEE_OTHER;
    ap_set_content_length(r, 0);
    return OK;
}

/* What this browser is, and the button that ends it. */
static int show(request_rec *r, const cfc_pass_t *pass, const cfc_testing_t *testing)
{
    cfc_tester_page_t page = {
        .title = "You are no tester",
        .text = "This browser reaches the site as everybody does. To test a node, ask an "
                "administrator for a link.",
    };

    if (testing->node != NULL) {
        page.title = apr_pstrcat(r->pool, "You are a tester of ", testing->node->name, NULL);
        page.text = apr_psprintf(r->pool, "Until %s all that this browser asks of this site goes "
                                 "to %s, also while that is stopped or the site is in maintenance.",
                                 cfc_time_iso(testing->until, r->pool), testing->node->name);
        page.door = door_of(pass, r->pool);
        page.home = apr_pstrcat(r->pool, pass->path, "/", NULL);
    }
    else if (testing->is.passes) {
        page.title = "You pass a maintenance";
        page.text = "Your address is one of those that CFTesters lists. Which node you get is "
                    "not yours to choose.";
    }
    return send_page(r, HTTP_OK, &page);
}

static void tell_opened(request_rec *r, const cfc_cluster_t *cl, const cfc_tester_claim_t *claim)
{
    const cfc_what_t what = {
        .kind = CFC_EVENT_TESTER, .cluster = cl->name, .noun = "tester",
        .name = apr_psprintf(r->pool, "%08x", claim->id), .after = "opened",
        .who = r->user != NULL ? r->user : r->useragent_ip, .address = r->useragent_ip,
        .why = apr_pstrcat(r->pool, "a browser is a tester of ", claim->node, " by it", NULL),
    };

    cfc_event(&what, CFC_LOG_NOTICE, APR_SUCCESS, "CFC0440: cluster %s, tester link %s: opened by "
              "%s, which is a tester of %s until %s", what.cluster, what.name,
              cfc_order_by(what.who, what.address, r->pool), claim->node,
              cfc_time_iso(claim->until, r->pool));
}

/* The link's own end is sooner than that of the cookie, which the slot has. */
static cfc_tester_worth_t open_judge(request_rec *r, const cfc_cluster_t *cl, const char *token,
                                     cfc_tester_claim_t *claim, cfc_tester_slot_t **slot)
{
    cfc_tester_worth_t worth = cfc_tester_judge(cl, CFC_TESTER_FOR_LINK, "", token,
                                                r->request_time, claim, slot, r->pool);
    cfc_plan_t plan;

    if (worth == CFC_TESTER_WORTHY) {
        cfc_record_read(&(*slot)->plan, &plan, sizeof(plan));
        claim->until = plan.note.until;
        worth = claim->until > r->request_time ? worth : CFC_TESTER_REVOKED;
    }
    return worth;
}

static int open_link(request_rec *r, const cfc_pass_t *pass, const char *token)
{
    const cfc_cluster_t *cl = pass->cluster;
    cfc_tester_claim_t claim;
    cfc_tester_slot_t *slot;
    cfc_tester_worth_t worth = open_judge(r, cl, token, &claim, &slot);
    const char *cookie = worth != CFC_TESTER_WORTHY
                             ? NULL
                             : cfc_tester_token(cl, CFC_TESTER_FOR_COOKIE, host_of(r), &claim,
                                                r->pool);

    if (cookie == NULL) {
        refuse(r, cl, "link", token, worth);
        return send_page(r, HTTP_FORBIDDEN, &(cfc_tester_page_t){
            .title = "This link is not good",
            .text = apr_pstrcat(r->pool, "It does not make you a tester: ",
                                cfc_tester_complaint(worth), ". A link can be opened within an "
                                "hour after it was made. Ask for a new one.", NULL)});
    }
    atomic_fetch_add_explicit(&slot->opened, 1, memory_order_relaxed);
    cookie_set(r, cl, cookie, claim.until);
    tell_opened(r, cl, &claim);
    return redirect(r, apr_pstrcat(r->pool, pass->path, "/", NULL));
}

int cfc_tester_door(request_rec *r, const cfc_pass_t *pass, const cfc_testing_t *testing)
{
    const char *rest = r->uri + pass->length;
    const char *token;
    apr_table_t *args;
    int status;

    if (strncmp(rest, RESERVED, strlen(RESERVED)) != 0
        || (rest[strlen(RESERVED)] != '/' && rest[strlen(RESERVED)] != '\0')) {
        return DECLINED;
    }
    if (strcmp(rest, DOOR) != 0) {
        return HTTP_NOT_FOUND;
    }
    status = cfc_maintenance_drain(r);
    if (status != OK) {
        return status;
    }
    if (r->method_number == M_POST) {
        cookie_set(r, pass->cluster, NULL, 0);
        return redirect(r, door_of(pass, r->pool));
    }
    if (r->method_number != M_GET) {
        ap_allow_standard_methods(r, REPLACE_ALLOW, M_GET, M_POST, -1);
        return HTTP_METHOD_NOT_ALLOWED;
    }
    ap_args_to_table(r, &args);
    token = apr_table_get(args, "token");
    return token != NULL ? open_link(r, pass, token) : show(r, pass, testing);
}

int cfc_tester_unreachable(request_rec *r, const cfc_testing_t *testing)
{
    const cfc_pass_t *pass = cfc_request(r)->pass;
    int status = cfc_maintenance_drain(r);

    if (status != OK) {
        return status;
    }
    apr_table_setn(r->headers_out, "Retry-After", "5");
    return send_page(r, HTTP_SERVICE_UNAVAILABLE, &(cfc_tester_page_t){
        .title = apr_pstrcat(r->pool, "Nobody listens at ", testing->node->name, NULL),
        .text = apr_psprintf(r->pool, "You are a tester of %s until %s. It takes no connection: it "
                             "is not running, or has only just been started.",
                             testing->node->name, cfc_time_iso(testing->until, r->pool)),
        .door = door_of(pass, r->pool)});
}

/* The link */

/* How a server passes to the cluster, by the shortest path. @return NULL: not at all */
static const cfc_pass_t *pass_of(server_rec *s, const cfc_cluster_t *cl)
{
    const cfc_server_conf_t *conf = cfc_server_conf(s);
    const cfc_pass_t *best = NULL;

    for (int i = 0; i < conf->passes->nelts; i++) {
        const cfc_pass_t *pass = APR_ARRAY_IDX(conf->passes, i, const cfc_pass_t *);

        if (pass->cluster == cl && (best == NULL || pass->length < best->length)
            && cfc_pass_find(conf, pass->length > 0 ? pass->path : "/") == pass) {
            best = pass;
        }
    }
    return best;
}

/* As its ServerName says; without one there, by its port. */
static const char *server_url(const server_rec *s, apr_pool_t *p)
{
    apr_port_t port = s->port != 0 ? s->port : s->addrs != NULL ? s->addrs->host_port : 0;
    const char *scheme = s->server_scheme != NULL ? s->server_scheme
                         : port == 443            ? "https"
                                                  : "http";

    if (port == 0 || port == apr_uri_port_of_scheme(scheme)) {
        return apr_pstrcat(p, scheme, "://", s->server_hostname, NULL);
    }
    return apr_psprintf(p, "%s://%s:%u", scheme, s->server_hostname, port);
}

const char *cfc_tester_url(request_rec *r, const cfc_tester_made_t *made)
{
    const cfc_pass_t *pass = pass_of(r->server, made->cl);
    const char *path;

    for (server_rec *s = ap_server_conf; s != NULL; s = s->next) {
        const cfc_pass_t *there = pass == NULL ? pass_of(s, made->cl) : NULL;

        if (there != NULL) {
            return apr_pstrcat(r->pool, server_url(s, r->pool), door_of(there, r->pool),
                               "?token=", made->token, NULL);
        }
    }
    if (pass == NULL) {
        return NULL;
    }
    path = apr_pstrcat(r->pool, door_of(pass, r->pool), "?token=", made->token, NULL);
    return ap_construct_url(r->pool, path, r);
}
