/* SPDX-License-Identifier: Apache-2.0
 * monitor.h: the life of the monitor process (DESIGN 8): one process that probes all
 * nodes, keeps their health in shared memory current, and does whatever else job.h is made for. */
#ifndef CFC_HEALTH_MONITOR_H
#define CFC_HEALTH_MONITOR_H

#include <apr_errno.h>
#include <apr_pools.h>
#include <apr_tables.h>
#include <signal.h>
#include <stdint.h>

#include "lb/segment.h"

struct cfc_job_kind;

#define CFC_JOBS_MAX 8

/** A monitor whose beat is older than this is taken for dead. */
#define CFC_MONITOR_SILENT apr_time_from_sec(3)

typedef struct {
    cfc_segment_t *segment;
    const apr_array_header_t *clusters;     /* cfc_cluster_t *, their slots set */
    uint32_t generation;                    /* the configuration's, in the segment */
    int64_t pid;                            /* of this process */
    int64_t parent;                         /* whose end is this process's end */
    const volatile sig_atomic_t *stop;      /* set by a signal handler: end soon */
    const struct cfc_job_kind *const *more; /* jobs besides those of health/, NULL-ended; or NULL */
} cfc_monitor_t;

/**
 * Take the lease on the segment and run the jobs (job.h), until within about 100 ms of one of these:
 * - *stop is set, or the parent is gone;
 * - the lease (segment->monitor_pid) is another's, or a newer configuration is in force
 *   (segment->generation): slots may by then belong to other nodes;
 * - segment->monitor_generation has been zero for 30 s: the configuration was taken down
 *   (cfc_monitor_release()) and nobody has taken over.
 *
 * Threads: call it in a process of its own, it initialises libcurl.
 *
 * @return APR_SUCCESS: ended for one of the reasons above; APR_EGENERAL: a job or libcurl failed,
 *         logged
 */
apr_status_t cfc_monitor_run(const cfc_monitor_t *monitor, apr_pool_t *p);

/** Tell the holder of the lease that its configuration is gone. The parent, before a restart. */
static inline void cfc_monitor_release(cfc_segment_t *segment)
{
    atomic_store(&segment->monitor_generation, 0);
}

#endif
