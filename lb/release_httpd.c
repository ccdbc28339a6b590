/* SPDX-License-Identifier: Apache-2.0
 * release_httpd.c: waits for the monitor to say that a node has turned down, then has this
 * child's requests freed that wait on it, and tunnels ended. Whom and how: waiting.c, tunnel.c.
 * The same thread looks after the monitor: beat.c. */
#include "lb/release_httpd.h"

#include <ap_mpm.h>
#include <apr_signal.h>
#include <apr_thread_proc.h>
#include <http_log.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lb/beat.h"
#include "lb/clock.h"
#include "lb/log.h"
#include "lb/tunnel.h"
#include "lb/waiting.h"

APLOG_USE_MODULE(cfcluster);

typedef struct {
    cfc_segment_t *segment;
    apr_thread_t *thread;
    _Atomic int stop;
} releaser_t;

/* Told to end once its requests are done: a reload, a graceful stop, too many idle children. httpd
 * sets no time for that, and a tunnel would keep the child, and all it holds, for days. The state
 * and not the child_stopping hook, because prefork calls that only when the request is over. */
static bool leaving(void)
{
    int state;

    return ap_mpm_query(AP_MPMQ_MPM_STATE, &state) == APR_SUCCESS && state == AP_MPMQ_STOPPING;
}

/* @return whether it was alive; a process that has died has no beat either, until its parent
 * sees it. By descriptor: it cannot become another process's while we look. */
static bool kill_living(pid_t pid)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct pollfd end = {.fd = fd, .events = POLLIN};
    bool killed = fd >= 0 && poll(&end, 1, 0) == 0
                  && syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0) == 0;

    if (fd >= 0) {
        close(fd);
    }
    return killed;
}

/* The monitor runs as our user. Its parent sees its death and starts another one. */
static void end_hung_monitor(cfc_beat_t *watch, cfc_segment_t *segment)
{
    int64_t pid = cfc_beat_look(watch, segment, apr_time_now());

    if (pid != 0 && kill_living((pid_t)pid)) {
        cfc_log(CFC_LOG_WARNING, APR_SUCCESS, "CFC0313: the monitor (pid %ld) hangs: no beat for "
                "%d ms; it is killed, httpd starts another one", (long)pid,
                CFC_BEAT_LOOKS * CFC_BEAT_CLOSE_MS);
    }
}

static void *APR_THREAD_FUNC run(apr_thread_t *thread, void *data)
{
    releaser_t *self = data;
    cfc_beat_t watch = {0};

    (void)thread;
    apr_setup_signal_thread();      /* signals are for the MPM's threads */
    while (!atomic_load(&self->stop)) {
        uint32_t seen = cfc_bell_look(&self->segment->downs);
        int64_t next_ms;
        int pause_ms;

        cfc_waiting_release();
        end_hung_monitor(&watch, self->segment);
        next_ms = cfc_tunnels_look(leaving(), cfc_now_ms());
        /* Nobody rings for what people do, nor when this child is told to end; and a monitor can
         * die between its verdict and the ring. */
        pause_ms = cfc_beat_pause_ms(&watch);
        cfc_bell_wait(&self->segment->downs, seen, next_ms < pause_ms ? (int)next_ms : pause_ms);
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
