/* SPDX-License-Identifier: Apache-2.0
 * watch.h: the job of the monitor that looks at databases and directories, each on a thread of
 * its own, and writes into shared memory what it finds.
 *
 * A database that is nobody's replica, and a directory, is looked at every interval_ms; its
 * replicas whenever a look at it has ended, however it did, because what a replica has says
 * something only beside what its source had just before. While a replica is in doubt its source
 * is looked at again after a second. Each change of state is a line in the log.
 *
 * A thread that is five minutes past its deadline makes the job fail, and with it this process. */
#ifndef CFC_HEALTH_WATCH_H
#define CFC_HEALTH_WATCH_H

#include "health/client.h"
#include "health/job.h"

extern const cfc_job_kind_t cfc_watch_job;

/** How each kind is looked at, by cfc_dependency_kind_t. A test has clients of its own. */
extern const cfc_client_kind_t *cfc_watch_kinds[];

#endif
