/* SPDX-License-Identifier: Apache-2.0
 * probing.h: the monitor's job that probes all nodes and keeps their health in shared memory
 * current.
 *
 * A probe of unknown standing is made at once. The others go on as the monitor before left them;
 * those overdue are spread over half a second. A probe begins its interval after it last began:
 * interval= while it is up, fast-interval= (half of that) while failing or recovering,
 * down-interval= while down or starting, never under 100 ms, and never before the last one of its
 * kind has ended. When a request has failed at a node, all its probes are made at once. No probe
 * waits for another. Intervals are measured on the monotonic clock. */
#ifndef CFC_HEALTH_PROBING_H
#define CFC_HEALTH_PROBING_H

#include "health/job.h"

extern const cfc_job_kind_t cfc_probing_job;

#endif
