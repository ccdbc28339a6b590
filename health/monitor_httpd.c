/* SPDX-License-Identifier: Apache-2.0
 * monitor_httpd.c: the monitor as a process of httpd: fork, privileges, signals, restart, end.
 * What it does is monitor.c's.
 *
 *   parent:  post_config          fork; the monitor of before is awaited as `leaving`
 *            main loop            died: fork again; every ten seconds: look whether all is well
 *            pconf is cleared     restart: release it, it goes on until its successor runs
 *                                 exit: end it, wait
 *
 * A restart unloads this module's code and data; the process ids outlive it as retained data,
 * so that each death meets somebody who knows it (httpd warns of children that nobody knows). */
#include "health/monitor_httpd.h"

#include <ap_listen.h>
#include <ap_mpm.h>
#include <apr_signal.h>
#include <apr_thread_proc.h>
#include <http_config.h>
#include <http_core.h>
#include <mpm_common.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "health/monitor.h"
#include "lb/events.h"
#include "lb/log.h"
#include "lb/log_httpd.h"

#define RETAINED_KEY "cfc-monitor"
#define LEAVING_MAX 8                           /* restarts within the 100 ms that one needs */
#define RESTART_PAUSE apr_time_from_sec(1)
#define SILENT_AFTER apr_time_from_sec(5)
#define END_WITHIN apr_time_from_sec(1)
#define END_STEP apr_time_from_msec(10)

/* Outlives the module: another form of it needs another key. */
typedef struct {
    apr_proc_t running;                         /* pid 0 here and below: no process */
    apr_proc_t leaving[LEAVING_MAX];            /* monitors of configurations before */
} processes_t;

static struct {
    processes_t *processes;
    apr_pool_t *pconf;
    server_rec *server;
    cfc_conf_t *conf;
    cfc_segment_t *segment;
    const struct cfc_job_kind *const *more;
    apr_time_t launched_at;
} self;

static volatile sig_atomic_t stop_asked;

static void ask_to_stop(int signum)
{
    (void)signum;
    stop_asked = 1;
}

/* The signals that httpd sends to its process group mean its children, but the last one. */
static void set_signals(void)
{
    apr_signal(SIGHUP, SIG_IGN);
    apr_signal(AP_SIG_GRACEFUL, SIG_IGN);
    apr_signal(AP_SIG_GRACEFUL_STOP, SIG_IGN);
    apr_signal(SIGPIPE, SIG_IGN);
    apr_signal(SIGCHLD, SIG_DFL);
    apr_signal(SIGTERM, ask_to_stop);
}

/* Never returns to httpd's code, and never to its exit handlers: they would take down what the
 * parent needs. */
static void live(apr_interval_time_t delay, pid_t parent) __attribute__((noreturn));
static void live(apr_interval_time_t delay, pid_t parent)
{
    const cfc_monitor_t monitor = {
        .segment = self.segment,
        .clusters = self.conf->clusters,
        .generation = self.conf->generation,
        .pid = getpid(),
        .parent = parent,
        .stop = &stop_asked,
        .more = self.more,
    };

    prctl(PR_SET_NAME, "cfc-monitor");
    set_signals();
    ap_close_listeners();
    if (ap_run_drop_privileges(self.pconf, self.server) != OK) {
        cfc_event(&(cfc_what_t){.kind = CFC_EVENT_MONITOR, .after = "ends",
                                .why = "it cannot become the user of httpd's children"},
                  CFC_LOG_ERROR, APR_SUCCESS, "CFC0311: the monitor cannot become the user of "
                  "httpd's children and ends; no node is probed");
        _exit(1);
    }
    /* Not before: the change of user clears it. KILL: whatever it may hang in by then. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    apr_sleep(delay);
    _exit(cfc_monitor_run(&monitor, self.pconf) == APR_SUCCESS ? 0 : 1);
}

static void tend(int reason, void *data, int status);

/* One life lasts at least a second, so that a monitor that dies at once cannot keep the parent
 * busy forking: the new process waits out what is left. */
static apr_status_t launch(void)
{
    apr_proc_t *proc = &self.processes->running;
    apr_time_t now = apr_time_now();
    apr_interval_time_t delay = self.launched_at + RESTART_PAUSE - now;
    pid_t parent = getpid();
    apr_status_t status;

    if (delay < 0 || delay > RESTART_PAUSE) {
        delay = 0;
    }
    self.launched_at = now + delay;
    status = apr_proc_fork(proc, self.pconf);
    if (status == APR_INCHILD) {
        live(delay, parent);
    }
    if (status != APR_INPARENT) {
        proc->pid = 0;
        cfc_event(&(cfc_what_t){.kind = CFC_EVENT_MONITOR, .after = "lost",
                                .why = "it cannot be started"},
                  CFC_LOG_ERROR, status, "CFC0312: the monitor cannot be started; no node is "
                  "probed until that succeeds; it is tried again every ten seconds");
        return status;
    }
    apr_proc_other_child_register(proc, tend, proc, NULL, self.pconf);
    return APR_SUCCESS;
}

static bool httpd_is_stopping(void)
{
    int state;

    return ap_mpm_query(AP_MPMQ_MPM_STATE, &state) != APR_SUCCESS || state == AP_MPMQ_STOPPING;
}

static bool has_ended(apr_proc_t *proc, apr_wait_how_e how)
{
    return apr_proc_wait(proc, NULL, NULL, how) != APR_CHILD_NOTDONE;
}

static void end(apr_proc_t *proc)
{
    kill(proc->pid, SIGTERM);
    for (apr_interval_time_t waited = 0; waited < END_WITHIN; waited += END_STEP) {
        if (has_ended(proc, APR_NOWAIT)) {
            return;
        }
        apr_sleep(END_STEP);
    }
    kill(proc->pid, SIGKILL);
    has_ended(proc, APR_WAIT);
}

/* @return whether it was its own until now */
static bool take_lease_away(int64_t pid)
{
    return self.segment != NULL
           && atomic_compare_exchange_strong(&self.segment->monitor_pid, &pid, 0);
}

static void note_death(apr_proc_t *proc)
{
    long pid = proc->pid;

    proc->pid = 0;
    take_lease_away(pid);   /* the process id may soon be another's, whom nobody shall kill */
    apr_proc_other_child_unregister(proc);
    if (proc == &self.processes->running && !httpd_is_stopping()) {
        cfc_event(&(cfc_what_t){.kind = CFC_EVENT_MONITOR, .before = "alive", .after = "lost",
                                .why = "it has died"},
                  CFC_LOG_WARNING, APR_SUCCESS, "CFC0310: the monitor (pid %ld) has died; health "
                  "stays as last known until the next one, started now, has probed", pid);
        launch();
    }
}

/* What the children cannot see to: there are none, or the monitor is beyond their reach. */
int cfc_monitor_tend(apr_pool_t *p, server_rec *s)
{
    apr_proc_t *proc = self.processes != NULL ? &self.processes->running : NULL;

    (void)p;
    (void)s;
    if (proc == NULL || self.segment == NULL || httpd_is_stopping()) {
        return DECLINED;
    }
    if (proc->pid == 0) {
        launch();
    }
    else if (apr_time_now() - atomic_load(&self.segment->monitor_beat_at) > SILENT_AFTER
             && apr_time_now() - self.launched_at > SILENT_AFTER) {
        take_lease_away(proc->pid);
        kill(proc->pid, SIGKILL);
    }
    return DECLINED;
}

/* pconf goes away: for good, or for the next configuration. */
static void note_unregistered(apr_proc_t *proc)
{
    if (proc->pid == 0) {
        return;
    }
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_EXITING) {
        end(proc);
        proc->pid = 0;
    }
    else if (proc == &self.processes->running) {
        cfc_monitor_release(self.segment);
    }
}

static void tend(int reason, void *data, int status)
{
    (void)status;
    switch (reason) {
    case APR_OC_REASON_DEATH:
    case APR_OC_REASON_LOST:
        note_death(data);
        break;
    case APR_OC_REASON_UNREGISTER:
        note_unregistered(data);
        break;
    default:
        break;
    }
}

/* A free place among the leaving; when there is none, the first one has to hurry. */
static apr_proc_t *leaving_place(processes_t *processes)
{
    for (int i = 0; i < LEAVING_MAX; i++) {
        if (processes->leaving[i].pid == 0) {
            return &processes->leaving[i];
        }
    }
    end(&processes->leaving[0]);
    return &processes->leaving[0];
}

/* What httpd's main loop may still have to reap of the configurations before. */
static void await_leaving(processes_t *processes, apr_pool_t *pconf)
{
    for (int i = 0; i < LEAVING_MAX; i++) {
        apr_proc_t *proc = &processes->leaving[i];

        if (proc->pid != 0 && has_ended(proc, APR_NOWAIT)) {
            proc->pid = 0;
        }
    }
    if (processes->running.pid != 0) {
        *leaving_place(processes) = processes->running;
        processes->running.pid = 0;
    }
    for (int i = 0; i < LEAVING_MAX; i++) {
        apr_proc_t *proc = &processes->leaving[i];

        if (proc->pid != 0) {
            apr_proc_other_child_register(proc, tend, proc, NULL, pconf);
        }
    }
}

apr_status_t cfc_monitor_start(apr_pool_t *pconf, server_rec *s, cfc_conf_t *conf,
                               const struct cfc_job_kind *const *more)
{
    processes_t *processes = ap_retained_data_get(RETAINED_KEY);

    if (processes == NULL) {
        processes = ap_retained_data_create(RETAINED_KEY, sizeof(*processes));
    }
    self.processes = processes;
    self.pconf = pconf;
    self.server = s;
    self.conf = conf;
    self.segment = conf->segment;
    self.more = more;
    self.launched_at = 0;
    cfc_log_install(s);
    if (conf->clusters->nelts == 0 && processes->running.pid != 0) {
        end(&processes->running);
        processes->running.pid = 0;
    }
    await_leaving(processes, pconf);
    return conf->clusters->nelts > 0 ? launch() : APR_SUCCESS;
}
