/* SPDX-License-Identifier: Apache-2.0
 * monitor.c: the loop of the monitor process: its lease, its jobs, its end. What the jobs do is
 * theirs (job.h), how the process comes to be monitor_httpd.c's. */
#include "health/monitor.h"

#include <curl/curl.h>
#include <unistd.h>

#include "health/books.h"
#include "health/job.h"
#include "health/probing.h"
#include "health/watch.h"
#include "lb/clock.h"
#include "lb/events.h"
#include "lb/log.h"

#define TICK_MS 100             /* reasons to end are looked at this often */
#define RELEASED_MS 30000       /* longer than httpd takes to read any configuration */

static const cfc_job_kind_t *const own_kinds[] = {
    &cfc_probing_job,
    &cfc_books_job,
    &cfc_watch_job,
    NULL
};

typedef struct {
    cfc_work_t work;
    int count;                      /* of jobs that have begun */
    const cfc_job_kind_t *kinds[CFC_JOBS_MAX];
    void *jobs[CFC_JOBS_MAX];
    int64_t released_ms;            /* since when nobody wants this process; 0: it is wanted */
} loop_t;

static bool released_for_long(loop_t *loop, int64_t now)
{
    if (atomic_load(&loop->work.monitor->segment->monitor_generation) != 0) {
        loop->released_ms = 0;
        return false;
    }
    if (loop->released_ms == 0) {
        loop->released_ms = now;
    }
    return now - loop->released_ms >= RELEASED_MS;
}

/* Why to end; NULL: go on. */
static const char *reason_to_end(loop_t *loop, int64_t now)
{
    const cfc_monitor_t *monitor = loop->work.monitor;

    if (*monitor->stop) {
        return "it was told to";
    }
    if (getppid() != (pid_t)monitor->parent) {
        return "its parent is gone";
    }
    if (atomic_load(&monitor->segment->generation) != monitor->generation) {
        return "a newer configuration is in force";
    }
    if (atomic_load(&monitor->segment->monitor_pid) != monitor->pid) {
        return "its lease was taken away";
    }
    return released_for_long(loop, now) ? "its configuration is gone" : NULL;
}

static void take_lease(const cfc_monitor_t *monitor)
{
    atomic_store(&monitor->segment->monitor_generation, monitor->generation);
    atomic_store(&monitor->segment->monitor_beat_at, apr_time_now());
    atomic_store(&monitor->segment->monitor_pid, monitor->pid);
}

/* A stale one would have somebody else killed who got our process id. */
static void give_lease_back(const cfc_monitor_t *monitor)
{
    int64_t own = monitor->pid;

    atomic_compare_exchange_strong(&monitor->segment->monitor_pid, &own, 0);
}

static bool begin_jobs(loop_t *loop, const cfc_job_kind_t *const *kinds, apr_pool_t *p)
{
    for (int i = 0; kinds != NULL && kinds[i] != NULL; i++) {
        void *job = loop->count < CFC_JOBS_MAX ? kinds[i]->begin(&loop->work, p) : NULL;

        if (job == NULL) {
            return false;
        }
        loop->kinds[loop->count] = kinds[i];
        loop->jobs[loop->count++] = job;
    }
    return true;
}

/* @return when the first of them wants to run again; CFC_JOB_FAILED if one has failed */
static int64_t run_jobs(loop_t *loop, int64_t now)
{
    int64_t next = now + TICK_MS;

    apr_array_clear(loop->work.watched);
    for (int i = 0; i < loop->count; i++) {
        int64_t wanted = loop->kinds[i]->run(loop->jobs[i], now);

        if (wanted == CFC_JOB_FAILED) {
            return CFC_JOB_FAILED;
        }
        next = wanted < next ? wanted : next;
    }
    return next;
}

static bool wait_until(loop_t *loop, int64_t when)
{
    int64_t wait = when - cfc_now_ms();

    return curl_multi_poll(loop->work.multi, (struct curl_waitfd *)loop->work.watched->elts,
                           (unsigned)loop->work.watched->nelts, wait > 0 ? (int)wait : 0, NULL)
           == CURLM_OK;
}

/* Nobody else can tell that it hung: children only see that its beat is old. */
static void beat(cfc_segment_t *segment)
{
    apr_time_t now = apr_time_now();
    apr_interval_time_t pause = now - atomic_exchange(&segment->monitor_beat_at, now);

    if (pause > CFC_MONITOR_SILENT) {
        cfc_event(&(cfc_what_t){.kind = CFC_EVENT_MONITOR, .bad = true, .before = "silent",
                                .after = "alive", .why = "it, or the machine, stood still"},
                  CFC_LOG_NOTICE, APR_SUCCESS, "CFC0305: the monitor was silent for %d s; "
                  "health was as last known", (int)apr_time_sec(pause));
    }
}

/* @return why it ended; NULL: something has failed */
static const char *work_until_told(loop_t *loop)
{
    for (;;) {
        int64_t now = cfc_now_ms(), next;
        const char *why = reason_to_end(loop, now);

        if (why != NULL) {
            return why;
        }
        beat(loop->work.monitor->segment);
        next = run_jobs(loop, now);
        if (next == CFC_JOB_FAILED || !wait_until(loop, next)) {
            return NULL;
        }
    }
}

/* By the monitor, because the parent of the prefork MPM lets all its children know at once, and
 * comes to its own end when they have ended. */
static void tell_stop(const cfc_monitor_t *monitor)
{
    if (*monitor->stop && atomic_load(&monitor->segment->monitor_pid) == monitor->pid) {
        cfc_event(&(cfc_what_t){.kind = CFC_EVENT_SERVER, .before = "running",
                                .after = "stopped"},
                  CFC_LOG_INFO, APR_SUCCESS, "CFC0003: httpd is stopped, or has no cluster any "
                  "more");
    }
}

static void end_jobs(loop_t *loop)
{
    for (int i = 0; i < loop->count; i++) {
        if (loop->kinds[i]->end != NULL) {
            loop->kinds[i]->end(loop->jobs[i]);
        }
    }
}

apr_status_t cfc_monitor_run(const cfc_monitor_t *monitor, apr_pool_t *p)
{
    loop_t loop = {.work = {.monitor = monitor}};
    const char *why = NULL;
    apr_pool_t *jobs;

    if (atomic_load(&monitor->segment->generation) != monitor->generation) {
        return APR_SUCCESS;     /* overtaken before it began: the lease is not for it to take */
    }
    take_lease(monitor);
    apr_pool_create(&jobs, p);
    loop.work.watched = apr_array_make(jobs, 8, sizeof(struct curl_waitfd));
    if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK
        && (loop.work.multi = curl_multi_init()) != NULL) {
        if (begin_jobs(&loop, own_kinds, jobs) && begin_jobs(&loop, monitor->more, jobs)) {
            why = work_until_told(&loop);
        }
        tell_stop(monitor);
        end_jobs(&loop);
    }
    apr_pool_destroy(jobs);
    curl_multi_cleanup(loop.work.multi);
    give_lease_back(monitor);
    if (why == NULL) {
        cfc_event(&(cfc_what_t){.kind = CFC_EVENT_MONITOR, .before = "alive", .after = "ends",
                                .why = "it cannot go on"},
                  CFC_LOG_ERROR, APR_SUCCESS, "CFC0304: the monitor cannot go on (no memory?) and "
                  "ends; httpd starts another one");
        return APR_EGENERAL;
    }
    cfc_log(CFC_LOG_INFO, APR_SUCCESS, "CFC0303: the monitor ends: %s", why);
    return APR_SUCCESS;
}
