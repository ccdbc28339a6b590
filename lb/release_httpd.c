/* SPDX-License-Identifier: Apache-2.0
 * release_httpd.c: waits for the monitor to say that a node has turned down, then has this
 * child's requests freed that wait on it. Whom and how: waiting.c. */
#include "lb/release_httpd.h"

#include <apr_signal.h>
#include <apr_thread_proc.h>
#include <http_log.h>

#include "lb/waiting.h"

APLOG_USE_MODULE(cfcluster);

/* A ring can be missed only by a monitor that died between its verdict and the ring. */
#define LOOK_MS 1000

typedef struct {
    cfc_segment_t *segment;
    apr_thread_t *thread;
    _Atomic int stop;
} releaser_t;

static void *APR_THREAD_FUNC run(apr_thread_t *thread, void *data)
{
    releaser_t *self = data;

    (void)thread;
    apr_setup_signal_thread();      /* signals are for the MPM's threads */
    while (!atomic_load(&self->stop)) {
        uint32_t seen = cfc_bell_look(&self->segment->downs);

        cfc_waiting_release();
        cfc_bell_wait(&self->segment->downs, seen, LOOK_MS);
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
                     "node that hangs until CFTimeout's answer= is over");
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
