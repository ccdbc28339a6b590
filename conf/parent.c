/* SPDX-License-Identifier: Apache-2.0
 * parent.c: makes graceful restarts smooth. httpd's parent looks for ended children, and
 * when there is none it sleeps for a second. On a graceful restart the old children have stopped
 * accepting by then, and the first new one is started when an old one has ended or the second is
 * over: so long nobody accepts, if all old ones have something to finish. (server_main_loop of
 * the MPMs, ap_wait_or_timeout in httpd's server/mpm_common.c.)
 *
 * A signal that has a handler ends the sleep. So SIGCHLD gets one that does nothing: the monitor
 * of the old configuration ends within a tenth of a second (health/monitor.c), the parent
 * wakes, and starts all new children. What else the parent does is not touched. */
#include "conf/parent.h"

#include <signal.h>
#include <string.h>

static void wake(int signum)
{
    (void)signum;
}

void cfc_parent_sleeps(void)
{
    struct sigaction is;

    if (sigaction(SIGCHLD, NULL, &is) == 0 && is.sa_handler == wake) {
        signal(SIGCHLD, SIG_DFL);
    }
}

/* The handler must be gone before the module is unloaded. */
static apr_status_t end(void *data)
{
    (void)data;
    cfc_parent_sleeps();
    return APR_SUCCESS;
}

void cfc_parent_wakes(apr_pool_t *pconf)
{
    struct sigaction is, ours;

    if (sigaction(SIGCHLD, NULL, &is) != 0 || is.sa_handler != SIG_DFL) {
        return;
    }
    memset(&ours, 0, sizeof(ours));
    ours.sa_handler = wake;
    ours.sa_flags = SA_RESTART | SA_NOCLDSTOP;      /* sleeps are ended all the same */
    sigemptyset(&ours.sa_mask);
    if (sigaction(SIGCHLD, &ours, NULL) == 0) {
        apr_pool_cleanup_register(pconf, NULL, end, apr_pool_cleanup_null);
    }
}
