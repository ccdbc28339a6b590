/* SPDX-License-Identifier: Apache-2.0
 * job.h: one of the duties of the monitor process. The loop (monitor.c) has a table of kinds; it
 * begins each one, calls it when it wants to be called, and ends it. A new duty is a file with
 * its kind, and a row in that table; those of layers above are given to it (conf/start_httpd.c). */
#ifndef CFC_HEALTH_JOB_H
#define CFC_HEALTH_JOB_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <curl/curl.h>
#include <stdint.h>

#include "health/monitor.h"

/** What a job works with; lives until it has ended. */
typedef struct {
    const cfc_monitor_t *monitor;   /* segment and clusters among others */
    CURLM *multi;                   /* probing's alone: it reads all messages */
    apr_array_header_t *watched;    /* struct curl_waitfd, emptied before each round: run() adds
                                       what it waits for, and is called when something comes */
} cfc_work_t;

#define CFC_JOB_FAILED INT64_MIN

typedef struct cfc_job_kind {
    const char *name;               /* for messages */

    /** @return the job; NULL: it cannot begin */
    void *(*begin)(const cfc_work_t *work, apr_pool_t *p);

    /**
     * Do what is due. Must not block: all other jobs wait meanwhile, and a monitor that does not
     * come round for some hundred milliseconds is taken for dead.
     *
     * Called once a round: at the latest when the earliest job wants to, when something comes in,
     * and every 100 ms.
     *
     * @param now_ms monotonic
     * @return when to be called next, on the same clock; CFC_JOB_FAILED: this process is of no
     *         more use (said why in the log), it ends and its parent forks another
     */
    int64_t (*run)(void *job, int64_t now_ms);

    /** Give everything back that is not the pool's; the process ends soon. Must not block.
     *  NULL: nothing to do */
    void (*end)(void *job);
} cfc_job_kind_t;

#endif
