/* SPDX-License-Identifier: Apache-2.0
 * ajp_httpd.c: lines to AJP nodes. mod_proxy_ajp reads and writes its socket itself, past every
 * filter and hook, so while it is at work nobody can tell whose socket is whose. Here each
 * connection has a worker of its own, a line, which one attempt at a time has to itself: so the
 * socket is known before mod_proxy_ajp takes it over, and settings can be made for one attempt.
 * mod_proxy makes, checks and closes the connections as ever, by its public functions only. */
#include "lb/ajp_httpd.h"

#include <apr_portable.h>
#include <http_log.h>
#include <http_protocol.h>
#include <pthread.h>

#include "conf/server_httpd.h"
#include "lb/waiting.h"
#include "lb/worker_httpd.h"

APLOG_USE_MODULE(cfcluster);

#define PING_SECONDS 1
#define SWEEP_SECONDS 1

static const char scheme[] = "AJP";

/* A connection to a node, or none yet. What is not atomic is touched by whoever made it busy. */
typedef struct line {
    _Atomic bool busy;
    _Atomic int64_t used_at;                /* apr_time_t; 0: it has no connection */
    _Atomic(cfc_waiting_t *) waiting;       /* of the attempt that used it last */
    proxy_worker *worker;
    struct line *next;                      /* of the same node, for ever */
} line_t;

/* A node's carrier. Made by the parent; its lines are the child's own. */
typedef struct {
    const cfc_cluster_t *cl;
    const cfc_node_t *node;
    _Atomic(line_t *) lines;
    _Atomic int64_t swept_at;               /* apr_time_t */
} lines_t;

/* Lines are made rarely, and one at a time: there are as many as there were attempts at once. */
static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER;
static apr_pool_t *made_from;

const char *cfc_ajp_define(const cfc_cluster_t *cl, cfc_node_t *node, apr_pool_t *pconf)
{
    lines_t *lines = apr_pcalloc(pconf, sizeof(*lines));
    proxy_worker *trial;

    lines->cl = cl;
    lines->node = node;
    node->carrier = lines;
    return cfc_worker_define(cl, node, NULL, pconf, &trial);
}

/* With an allocator of its own, which needs no lock but ours. */
void cfc_ajp_start(apr_pool_t *pchild)
{
    apr_allocator_t *allocator;

    apr_allocator_create(&allocator);
    apr_pool_create_ex(&made_from, pchild, NULL, allocator);
    apr_allocator_owner_set(allocator, made_from);
}

/* --- lines ---------------------------------------------------------------------------------- */

static bool claim(line_t *line)
{
    return !atomic_load_explicit(&line->busy, memory_order_relaxed)
           && !atomic_exchange(&line->busy, true);
}

static const char *make_worker(const lines_t *lines, server_rec *s, proxy_worker **worker)
{
    const char *complaint = cfc_worker_define(lines->cl, lines->node, NULL, made_from, worker);

    if (complaint == NULL) {
        (*worker)->s->hmax = 1;
        (*worker)->s->ping_timeout = apr_time_from_sec(PING_SECONDS);
        if (ap_proxy_initialize_worker(*worker, s, made_from) != APR_SUCCESS) {
            complaint = "mod_proxy cannot make a pool of connections";
        }
    }
    return complaint;
}

static line_t *make(lines_t *lines, server_rec *s)
{
    const char *complaint;
    line_t *line;

    pthread_mutex_lock(&making);
    line = apr_pcalloc(made_from, sizeof(*line));
    complaint = make_worker(lines, s, &line->worker);
    if (complaint == NULL) {
        atomic_store(&line->busy, true);
        line->next = atomic_load(&lines->lines);
        atomic_store(&lines->lines, line);
    }
    pthread_mutex_unlock(&making);
    if (complaint != NULL) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, s, "CFC0112: cluster %s, node %s: no connection "
                     "can be made: %s", lines->cl->name, lines->node->name, complaint);
        return NULL;
    }
    return line;
}

static line_t *take(lines_t *lines, server_rec *s)
{
    for (line_t *line = atomic_load(&lines->lines); line != NULL; line = line->next) {
        if (claim(line)) {
            return line;
        }
    }
    return make(lines, s);
}

static bool is_old(const line_t *line, apr_time_t now)
{
    int64_t used_at = atomic_load_explicit(&line->used_at, memory_order_relaxed);

    return used_at != 0 && now - used_at > apr_time_from_sec(CFC_IDLE_SECONDS);
}

static void hang_up(line_t *line, server_rec *s)
{
    proxy_conn_rec *backend = NULL;

    if (ap_proxy_acquire_connection(scheme, &backend, line->worker, s) == OK) {
        backend->close = 1;
        ap_proxy_release_connection(scheme, backend, s);
        atomic_store(&line->used_at, 0);
    }
}

/* Lines beyond those that the load needs now are looked at by nobody else. */
static void sweep(lines_t *lines, server_rec *s, apr_time_t now)
{
    int64_t swept_at = atomic_load_explicit(&lines->swept_at, memory_order_relaxed);

    if (now - swept_at < apr_time_from_sec(SWEEP_SECONDS)
        || !atomic_compare_exchange_strong(&lines->swept_at, &swept_at, now)) {
        return;
    }
    for (line_t *line = atomic_load(&lines->lines); line != NULL; line = line->next) {
        if (is_old(line, now) && claim(line)) {
            if (is_old(line, now)) {
                hang_up(line, s);
            }
            atomic_store(&line->busy, false);
        }
    }
}

/* --- one attempt ---------------------------------------------------------------------------- */

/* Before the socket is closed, in whatever thread that happens. */
static apr_status_t forget(void *data)
{
    line_t *line = data;
    cfc_waiting_t *waiting = atomic_load(&line->waiting);

    if (waiting != NULL) {
        cfc_waiting_forget(waiting, line);
    }
    return APR_SUCCESS;
}

static int connect_line(request_rec *r, proxy_server_conf *conf, line_t *line,
                        proxy_conn_rec *backend, char *url)
{
    apr_uri_t uri;
    char port[32];
    int status = ap_proxy_determine_connection(r->pool, r, conf, line->worker, backend, &uri, &url,
                                               NULL, 0, port, sizeof(port));

    if (status == OK && ap_proxy_connect_backend(scheme, backend, line->worker, r->server) != OK) {
        status = HTTP_SERVICE_UNAVAILABLE;
    }
    if (status == OK) {
        apr_pool_pre_cleanup_register(backend->scpool, line, forget);
    }
    return status;
}

/* Have a living connection on the line, and have the attempt freed if the node turns down.
 * mod_proxy_ajp finds the connection in the line's worker, where there is no other. If it pings the
 * node it finds out itself whether the node is closing that one, and takes another. */
static int prepare(request_rec *r, proxy_server_conf *conf, line_t *line, char *url,
                   apr_time_t now, bool pinged, cfc_attempt_t *attempt)
{
    proxy_conn_rec *backend = NULL;
    int status = ap_proxy_acquire_connection(scheme, &backend, line->worker, r->server);
    int fd;

    if (status != OK) {
        return status;
    }
    backend->close = is_old(line, now) || (attempt->terms.fresh && !pinged);
    attempt->reused = !backend->close
                      && ap_proxy_check_connection(scheme, backend, r->server, 0,
                                                   PROXY_CHECK_CONN_EMPTY) == APR_SUCCESS;
    if (!attempt->reused) {
        status = connect_line(r, conf, line, backend, url);
    }
    if (status == OK && attempt->waiting != NULL) {
        atomic_store(&line->waiting, attempt->waiting);
        apr_os_sock_get(&fd, backend->sock);
        cfc_waiting_watch(attempt->waiting, fd, line);
    }
    ap_proxy_release_connection(scheme, backend, r->server);
    return status;
}

/* What mod_proxy_ajp says when it got no answer: 503 if its ping failed, or for a request that it
 * takes for idempotent; 500 else; 504 after a ping only. */
static void judge(const request_rec *r, bool pinged, bool timed_out, cfc_attempt_t *attempt)
{
    attempt->reach = CFC_REACH_SENT;
    if (attempt->status != HTTP_SERVICE_UNAVAILABLE
        && attempt->status != HTTP_INTERNAL_SERVER_ERROR) {
        return;
    }
    if (pinged && attempt->status == HTTP_SERVICE_UNAVAILABLE
        && cfc_method_class(r->method) == CFC_METHOD_UNSAFE) {
        attempt->reach = CFC_REACH_NOTHING_SENT;
        return;
    }
    attempt->status = timed_out ? HTTP_GATEWAY_TIME_OUT : HTTP_BAD_GATEWAY;
}

/* A request that can be repeated needs no ping: what a closed connection loses is sent again. */
static bool needs_ping(request_rec *r)
{
    return cfc_method_class(r->method) == CFC_METHOD_UNSAFE || ap_request_has_body(r);
}

static void use(request_rec *r, proxy_server_conf *conf, line_t *line, char *url, apr_time_t now,
                cfc_attempt_t *attempt)
{
    bool ping = needs_ping(r);
    apr_time_t ended_at;

    attempt->status = prepare(r, conf, line, url, now, ping, attempt);
    if (attempt->status == OK) {
        line->worker->s->ping_timeout_set = ping;
        attempt->reused = attempt->reused && !ping;
        attempt->sent_at = now;
        attempt->status = proxy_run_scheme_handler(r, line->worker, conf, url, NULL, 0);
        ended_at = apr_time_now();
        judge(r, ping, ended_at - now >= line->worker->s->timeout, attempt);
        atomic_store(&line->used_at, ended_at);
    }
}

void cfc_ajp_carry(request_rec *r, proxy_server_conf *conf, char *url, cfc_attempt_t *attempt)
{
    lines_t *lines = attempt->node->carrier;
    line_t *line = take(lines, r->server);
    apr_time_t now = apr_time_now();

    attempt->status = HTTP_SERVICE_UNAVAILABLE;
    attempt->reach = CFC_REACH_NOTHING_SENT;
    attempt->reused = false;
    if (line == NULL) {
        return;
    }
    use(r, conf, line, url, now, attempt);
    /* Before somebody else gets the connection. */
    attempt->released = cfc_waiting_end(attempt->waiting);
    attempt->waiting = NULL;
    atomic_store(&line->busy, false);
    sweep(lines, r->server, now);
}
