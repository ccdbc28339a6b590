/* SPDX-License-Identifier: Apache-2.0
 * carry_httpd.c: mod_proxy as our transport. A handler of our own calls its scheme handler
 * with a worker of our own, so mod_proxy opens, reuses and closes connections and speaks
 * HTTP and AJP; which node, whether again, and what the client sees is decided by us. Filters
 * on the node's connection and on the answer tell exactly how far an attempt got. */
#include "lb/carry_httpd.h"

#include <apr_portable.h>
#include <apr_strings.h>
#include <http_connection.h>
#include <http_log.h>

#include "conf/server_httpd.h"
#include "lb/ajp_httpd.h"
#include "lb/answer_httpd.h"
#include "lb/waiting.h"
#include "lb/worker_httpd.h"

APLOG_USE_MODULE(cfcluster);

static const char node_filter[] = "CFCLUSTER_NODE";

/* The attempt that this thread is carrying. mod_proxy opens and uses its connections in the
 * request's own thread, so this is how a connection finds the request it is used for. */
static _Thread_local cfc_attempt_t *current;

/* mod_proxy's settings for our requests, merged over whatever a section says of its own. */
static ap_conf_vector_t *overlay;

bool cfc_carry_ready(void)
{
    return &proxy_module != NULL && ap_proxy_define_worker != NULL;
}

const char *cfc_carry_complaint(cfc_scheme_t scheme)
{
    static const struct {
        const char *module, *line;
    } needs[] = {
        {"mod_proxy_http.c", "needs mod_proxy_http; add LoadModule proxy_http_module "
                             "modules/mod_proxy_http.so"},
        {"mod_ssl.c", "needs mod_ssl; add LoadModule ssl_module modules/mod_ssl.so, and "
                      "SSLProxyEngine on where its requests come in"},
        {"mod_proxy_ajp.c", "needs mod_proxy_ajp; add LoadModule proxy_ajp_module "
                            "modules/mod_proxy_ajp.so"},
    };

    if (scheme == CFC_SCHEME_HTTPS && ap_find_linked_module(needs[0].module) == NULL) {
        return needs[0].line;
    }
    return ap_find_linked_module(needs[scheme].module) == NULL ? needs[scheme].line : NULL;
}

/* --- what happens on the node's connection -------------------------------------------------- */

/* A connection of ours to a node; lives as long as it. */
typedef struct {
    const conn_rec *c;
    int fd;
    _Atomic(cfc_waiting_t *) waiting;   /* the attempt that used it last */
} link_t;

static apr_off_t length_of(apr_bucket_brigade *bb)
{
    apr_off_t length = 0;

    apr_brigade_length(bb, 0, &length);
    return length > 0 ? length : 0;
}

/* mod_proxy has passed an upgrade on: what it carries now are a tunnel's bytes. It reads from the
 * node first, so this is noticed without delay. */
static void note_upgrade(void)
{
    if (current->tunnel == NULL && current->r->status == HTTP_SWITCHING_PROTOCOLS) {
        current->client_has_bytes = true;
        current->answer = HTTP_SWITCHING_PROTOCOLS;     /* it goes past the answer's filter */
        current->tunnel = current->terms.upgrade(current->terms.journey);
    }
}

/* mod_proxy_http reads the head of an answer line by line. */
static bool is_interim(apr_bucket_brigade *bb, ap_input_mode_t mode, apr_off_t length)
{
    char line[CFC_INTERIM_BYTES];
    apr_size_t first = sizeof(line);

    return mode == AP_MODE_GETLINE && current->head != CFC_HEAD_FINAL && length > 0
           && apr_brigade_flatten(bb, line, &first) == APR_SUCCESS
           && cfc_interim_line(&current->head, line, (apr_size_t)length);
}

static void note_received(apr_off_t length)
{
    if (current->answered_at == 0 && length > 0) {
        current->answered_at = apr_time_now();
        if (current->waiting != NULL) {
            cfc_waiting_answered(current->waiting);
        }
    }
    current->received += length;
}

static apr_status_t count_received(ap_filter_t *f, apr_bucket_brigade *bb, ap_input_mode_t mode,
                                   apr_read_type_e block, apr_off_t readbytes)
{
    apr_status_t status;

    if (current != NULL && mode == AP_MODE_READBYTES) {
        note_upgrade();
    }
    status = ap_get_brigade(f->next, bb, mode, block, readbytes);
    if (current != NULL && status == APR_SUCCESS && mode != AP_MODE_SPECULATIVE
        && mode != AP_MODE_INIT) {
        apr_off_t length = length_of(bb);

        if (!is_interim(bb, mode, length)) {
            note_received(length);
        }
    }
    return status;
}

static apr_status_t count_sent(ap_filter_t *f, apr_bucket_brigade *bb)
{
    link_t *link = f->ctx;
    apr_off_t length = current != NULL ? length_of(bb) : 0;

    if (length > 0) {       /* mod_proxy flushes what it closes */
        if (current->sent == 0 && current->waiting != NULL) {
            atomic_store(&link->waiting, current->waiting);
            cfc_waiting_watch(current->waiting, link->fd, link->c);
        }
        current->sent += length;
        current->sent_at = apr_time_now();
    }
    return ap_pass_brigade(f->next, bb);
}

/* Before the socket is closed, in whatever thread that happens. */
static apr_status_t forget(void *data)
{
    link_t *link = data;
    cfc_waiting_t *waiting = atomic_load(&link->waiting);

    if (waiting != NULL) {
        cfc_waiting_forget(waiting, link->c);
    }
    return APR_SUCCESS;
}

/* A connection to a node was made for the attempt of this thread. A reused one has its filters
 * from then and does not come here. */
static int watch_connection(conn_rec *c, void *socket)
{
    if (c->outgoing && current != NULL) {
        link_t *link = apr_pcalloc(c->pool, sizeof(*link));

        link->c = c;
        apr_os_sock_get(&link->fd, socket);
        apr_pool_pre_cleanup_register(c->pool, link, forget);
        current->reused = false;
        ap_add_input_filter(node_filter, link, NULL, c);
        ap_add_output_filter(node_filter, link, NULL, c);
    }
    return OK;
}

void cfc_carry_register(apr_pool_t *p)
{
    (void)p;
    /* Below these types a filter needs a request; mod_ssl's sits further out, so we count
     * what HTTP says, not what TLS makes of it. */
    ap_register_input_filter(node_filter, count_received, NULL, AP_FTYPE_CONNECTION);
    ap_register_output_filter(node_filter, count_sent, NULL, AP_FTYPE_CONNECTION);
    ap_hook_pre_connection(watch_connection, NULL, NULL, APR_HOOK_MIDDLE);
    cfc_answer_register();
}

/* --- workers -------------------------------------------------------------------------------- */

static void make_overlay(apr_pool_t *p)
{
    proxy_dir_conf *dconf = proxy_module.create_dir_config(p, NULL);

    /* The node must see the host that the client asked for: Confluence compares it with its
     * base URL. X-Forwarded-* are written by us (forwarded_httpd.c). */
    dconf->preserve_host = 1;
    dconf->preserve_host_set = 1;
    dconf->add_forwarded_headers = 0;
    dconf->add_forwarded_headers_set = 1;
    overlay = ap_create_per_dir_config(p);
    ap_set_module_config(overlay, &proxy_module, dconf);
}

static const char *define(const cfc_cluster_t *cl, cfc_node_t *node, proxy_server_conf *conf,
                          apr_pool_t *pconf)
{
    proxy_worker *worker = NULL;
    const char *complaint;

    if (node->scheme == CFC_SCHEME_AJP) {
        return cfc_ajp_define(cl, node, pconf);
    }
    complaint = cfc_worker_define(cl, node, conf, pconf, &worker);
    node->carrier = worker;
    return complaint;
}

const char *cfc_carry_define(const cfc_conf_t *conf, server_rec *s, apr_pool_t *pconf)
{
    proxy_server_conf *proxy = ap_get_module_config(s->module_config, &proxy_module);

    make_overlay(pconf);
    for (int i = 0; i < conf->clusters->nelts; i++) {
        const cfc_cluster_t *cl = APR_ARRAY_IDX(conf->clusters, i, const cfc_cluster_t *);
        cfc_node_t **nodes = cfc_cluster_nodes(cl);

        for (int j = 0; j < cl->nodes->nelts; j++) {
            const char *complaint = define(cl, nodes[j], proxy, pconf);

            if (complaint != NULL) {
                return apr_psprintf(pconf, "cluster %s, node %s: %s", cl->name, nodes[j]->name,
                                    complaint);
            }
        }
    }
    return NULL;
}

/* --- one attempt ---------------------------------------------------------------------------- */

void cfc_carry_prepare(request_rec *r)
{
    r->per_dir_config = ap_merge_per_dir_configs(r->pool, r->per_dir_config, overlay);
    /* A tunnel is over when one side has closed it. Else mod_proxy would wait for the other side,
     * which is the client's free will, or a node that hangs. */
    apr_table_setn(r->subprocess_env, "proxy-nohalfclose", "1");
    r->proxyreq = PROXYREQ_REVERSE;
}

/* Noted by mod_proxy when a node was silent for too long. */
static const char timed_out[] = "proxy_timedout";

static bool nodes_fault(int status)
{
    return status == HTTP_BAD_GATEWAY || status == HTTP_SERVICE_UNAVAILABLE
           || status == HTTP_GATEWAY_TIME_OUT || status == HTTP_INTERNAL_SERVER_ERROR;
}

/* How soon a connection that its node had closed before the request came turns out to be so. Less
 * than any CFTimeout answer=, so silence is never taken for it. */
#define STALE_MS 1000

static bool is_stale(const cfc_attempt_t *attempt)
{
    return attempt->failed && attempt->reused && attempt->reach == CFC_REACH_SENT
           && !attempt->released
           && apr_time_now() - attempt->sent_at < apr_time_from_msec(STALE_MS);
}

static void judge(const request_rec *r, cfc_attempt_t *attempt)
{
    if (attempt->withheld && !attempt->replaced) {
        /* For the verdict as if nothing had come: the client has nothing of it. */
        attempt->status = attempt->answer;
        attempt->failed = true;
        attempt->reach = CFC_REACH_SENT;
        return;
    }
    /* What ap_proxy_backend_broke() sets, when it has an answer end without an end. */
    attempt->broken = attempt->client_has_bytes && r->no_cache && !r->connection->aborted;
    if (attempt->status == OK || attempt->status == DONE) {
        attempt->status = OK;
        attempt->reach = CFC_REACH_ANSWERED;
        return;
    }
    if (apr_table_get(r->notes, timed_out) != NULL) {
        attempt->status = HTTP_GATEWAY_TIME_OUT;    /* mod_proxy_http says 502 to that */
    }
    attempt->failed = nodes_fault(attempt->status) && !r->connection->aborted;
    if (attempt->client_has_bytes || attempt->received > 0) {
        attempt->reach = CFC_REACH_ANSWERED;
    }
    else if (attempt->node->scheme != CFC_SCHEME_AJP) {
        attempt->reach = attempt->sent > 0 ? CFC_REACH_SENT : CFC_REACH_NOTHING_SENT;
    }
    attempt->stale = is_stale(attempt);
}

/* On a kept-alive client connection mod_proxy_http answers a node that hangs up without a word by
 * closing the client's connection too, and nothing could be retried. Without one it looks for
 * proxy-initial-not-pooled; if that is set already, an administrator has set it. */
static int run_http(request_rec *r, proxy_server_conf *conf, char *url,
                    const cfc_attempt_t *attempt)
{
    static const char not_pooled[] = "proxy-initial-not-pooled";
    bool set = attempt->terms.fresh && apr_table_get(r->subprocess_env, not_pooled) == NULL;
    int keepalives = r->connection->keepalives;
    int status;

    r->connection->keepalives = 0;
    if (set) {
        apr_table_setn(r->subprocess_env, not_pooled, "1");
    }
    status = proxy_run_scheme_handler(r, attempt->node->carrier, conf, url, NULL, 0);
    if (set) {
        apr_table_unset(r->subprocess_env, not_pooled);
    }
    r->connection->keepalives = keepalives;
    return status;
}

void cfc_carry(request_rec *r, const cfc_node_t *node, const char *target,
               const cfc_terms_t *terms, cfc_attempt_t *attempt)
{
    proxy_server_conf *conf = ap_get_module_config(r->server->module_config, &proxy_module);
    char *url = apr_pstrcat(r->pool, node->url, target, NULL);

    memset(attempt, 0, sizeof(*attempt));
    attempt->node = node;
    attempt->r = r;
    attempt->reused = true;
    attempt->terms = *terms;
    attempt->error = ap_is_HTTP_ERROR(r->status) ? r->status : 0;
    r->no_cache = 0;
    apr_table_unset(r->notes, timed_out);
    r->filename = apr_pstrcat(r->pool, "proxy:", url, NULL);
    cfc_answer_watch(r, attempt);

    attempt->waiting = cfc_waiting_begin(node->slot, apr_time_now());
    cfc_waiting_ask(attempt->waiting, terms->elsewhere, terms->journey);
    if (node->scheme == CFC_SCHEME_AJP) {
        cfc_ajp_carry(r, conf, url, attempt);
    }
    else {
        current = attempt;
        attempt->status = run_http(r, conf, url, attempt);
        current = NULL;
    }
    attempt->released = cfc_waiting_end(attempt->waiting) || attempt->released;
    attempt->waiting = NULL;

    if (attempt->status == DECLINED) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      "CFC0111: no module of httpd carries requests to %s; load mod_proxy_http, "
                      "mod_proxy_ajp or mod_ssl, whichever its scheme needs", node->url);
        attempt->status = HTTP_INTERNAL_SERVER_ERROR;
    }
    if (attempt->answer == 0) {
        attempt->answer = r->status;
    }
    judge(r, attempt);
}
