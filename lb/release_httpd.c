/* SPDX-License-Identifier: Apache-2.0
 * release_httpd.c: waits for the monitor to say that a node has turned down, then has this
 * child's requests freed that wait on it, and tunnels ended. Whom and how: waiting.c, tunnel.c. */
#include "lb/release_httpd.h"

#include <ap_mpm.h>
#include <apr_signal.h>
#include <apr_thread_proc.h>
#include <http_log.h>
#include <time.h>

#include "lb/tunnel.h"
#include "lb/waiting.h"

APLOG_USE_MODULE(cfcluster);

/* Nobody rings for what people do, nor when this child is told to end; and a monitor can die
 * between its verdict and the ring. */
#define LOOK_MS 1000

typedef struct {
    cfc_segment_t *segment;
    apr_thread_t *thread;
    _Atomic int stop;
} releaser_t;

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Told to end once its requests are done: a reload, a graceful stop, too many idle children. httpd
 * sets no time for that, and a tunnel would keep the child, and all it holds, for days. The state
 * and not the child_stopping hook, because prefork calls that only when the request is over. */
static bool leaving(void)
{
    int state;

    return ap_mpm_query(AP_MPMQ_MPM_STATE, &state) == APR_SUCCESS && state == AP_MPMQ_STOPPING;
}

static void *APR_THREAD_FUNC run(apr_thread_t *thread, void *data)
{
    releaser_t *self = data;

    (void)thread;
    apr_setup_signal_thread();      /* signals are for the MPM's threads */
    while (!atomic_load(&self->stop)) {
        uint32_t seen = cfc_bell_look(&self->segment->downs);
        int64_t next_ms;

        cfc_waiting_release();
        next_ms = cfc_tunnels_look(leaving(), now_ms());
        cfc_bell_wait(&self->segment->downs, seen, next_ms < LOOK_MS ? (int)next_ms : LOOK_MS);
    }
    return NULL;
}

static apr_status_t end(void *data)
{
    releaser_t *self = data;
    apr_status_t status;

    atomic_store(&self->stop, 1);
    cfc_bell_ring(&self->segment->downs);
    return apr_thread_join(&status, self->thread);
}

void cfc_release_start(const cfc_conf_t *conf, server_rec *s, apr_pool_t *pchild)
{
    releaser_t *self = apr_pcalloc(pchild, sizeof(*self));
    apr_status_t status;

    self->segment = conf->segment;
    status = apr_thread_create(&self->thread, NULL, run, self, pchild);
    if (status != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_ERR, status, s,
                     "CFC0141: no thread can be started in this child: its requests wait on a "
                     "node that hangs until CFTimeout's answer= is over, and its WebSockets are "
                     "not ended");
        return;
    }
    apr_pool_pre_cleanup_register(pchild, self, end);
}

void cfc_release_all(apr_pool_t *pchild, int graceful)
{
    (void)pchild;
    if (!graceful) {
        cfc_waiting_end_all();
    }
}
