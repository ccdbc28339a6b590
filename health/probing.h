/* SPDX-License-Identifier: Apache-2.0
 * probing.h: the monitor's job that probes all nodes and keeps their health in shared memory
 * current.
 *
 * Nodes of unknown health are probed at once, the others spread over their interval. A probe
 * begins `interval` after the last one began, in half that time (not under 100 ms) while the
 * health is failing or recovering, and never before the last one has ended. Probes of different
 * nodes do not wait for each other. Intervals are measured on the monotonic clock.
 *
 * Each change of health is one line in the log. Health from before is kept: what an earlier
 * monitor found out stays true until the probes say otherwise. */
#ifndef CFC_HEALTH_PROBING_H
#define CFC_HEALTH_PROBING_H

#include "health/job.h"

extern const cfc_job_kind_t cfc_probing_job;

#endif
