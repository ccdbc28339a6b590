/* SPDX-License-Identifier: Apache-2.0
 * events_file.h: the file of events: one JSON object a line, written by the monitor. How much of
 * the ring is in it stands in the ring itself, so that the next monitor goes on where the last one
 * was killed. */
#ifndef CFC_MAINT_EVENTS_FILE_H
#define CFC_MAINT_EVENTS_FILE_H

#include <apr_pools.h>
#include <stdint.h>

#include "health/job.h"
#include "lb/events.h"

/**
 * Append what the file has not yet of the ring. The file is opened anew each time, so it may be
 * renamed or removed at any moment. Several processes may do so at one time. May block.
 * @param dir  where events.jsonl is, or is made
 * @param lost raised by the number of events that came and went unwritten
 * @return NULL, or the complaint; what was not written is tried again by the next call
 */
const char *cfc_events_file_append(const char *dir, cfc_events_t *ring, uint64_t *lost,
                                   apr_pool_t *p);

/** The monitor's duty of doing so within a tenth of a second of each event. */
extern const cfc_job_kind_t cfc_events_file_job;

#endif
