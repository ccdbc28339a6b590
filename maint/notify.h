/* SPDX-License-Identifier: Apache-2.0
 * notify.h: programs that are told events: one CFNotify line each. The ring of events is their
 * queue: each line has its place in it, and what is overwritten before its turn is counted. */
#ifndef CFC_MAINT_NOTIFY_H
#define CFC_MAINT_NOTIFY_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <stdint.h>

#include "health/job.h"
#include "lb/events.h"

/** One CFNotify line. */
typedef struct cfc_notify {
    const char *const *argv;    /* the program and its arguments, NULL-ended */
    const char *events;         /* words with commas, as written; NULL: all */
    uint32_t kinds;             /* 1 << cfc_event_kind_t of those that it is told */
    apr_int64_t timeout_ms;
} cfc_notify_t;

/**
 * Read `events`.
 * @param kinds bits as above; of NULL all kinds but notify, which would be told of itself
 * @return NULL, or the complaint, beginning with the word that is wrong
 */
const char *cfc_notify_kinds(const char *events, uint32_t *kinds, apr_pool_t *p);

/**
 * Have lines that are new begin with the next event, those that were there before go on. The
 * parent, at each start and reload, before there is an event of it.
 * @param count of lines
 */
void cfc_notify_settle(cfc_events_t *ring, int count);

/**
 * The environment of a program that is told an event: PATH and CFC_*, a variable for each field
 * (event_json.h) that the event has.
 */
const char *const *cfc_notify_env(const cfc_event_t *event, apr_pool_t *p);

/** The monitor's duty: each line's program runs for one event after the other, one at a time. */
extern const cfc_job_kind_t cfc_notify_job;

#endif
