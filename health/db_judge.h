/* SPDX-License-Identifier: Apache-2.0
 * db_judge.h: what a look at a database is worth: is it well, and is a replica in sync. */
#ifndef CFC_HEALTH_DB_JUDGE_H
#define CFC_HEALTH_DB_JUDGE_H

#include <apr_pools.h>
#include <apr_time.h>
#include <stdbool.h>

#include "health/db_facts.h"
#include "health/dependency.h"

/** One look at one server. */
typedef struct {
    const char *name;               /* as configured */
    const char *complaint;          /* why nothing is known; NULL: facts are there */
    const cfc_db_facts_t *facts;
    apr_time_t began_at;
} cfc_db_look_t;

/** What a replica's verdict needs of the looks before. Zeroed: nothing. */
typedef struct {
    int matches;                    /* looks in a row that found all there; counted to 2 */
    apr_time_t matched_at;          /* began_at of the look at the source of the last of these */
    cfc_db_position_t pending;      /* the first place that it had not reached */
    apr_time_t pending_at;          /* when its source was there; 0: it was not behind */
    char source_uuid[40];           /* of the source, once it has been seen */
    int64_t source_id;
} cfc_db_memory_t;

typedef struct {
    cfc_dependency_state_t state;
    cfc_truth_t in_sync;            /* of a replica */
    apr_time_t in_sync_at;          /* 0: not known */
    bool look_again;                /* soon, another look decides */
    int channel;                    /* of a replica: that which comes from its source, by index */
    const char *reason;
} cfc_db_verdict_t;

/** A database that is nobody's replica by configuration: it must answer, and be writable. */
void cfc_db_judge_source(const cfc_db_look_t *look, cfc_db_verdict_t *verdict, apr_pool_t *p);

/**
 * A replica. In sync means: its source was read first; then the replica had applied all that had
 * been written there, both threads run and there is no error; and all this at two looks that
 * lie at least a second apart. What may not be seen is UNKNOWN, neither YES nor NO.
 *
 * ALARM: it does not answer, is no replica, follows another server, does not replicate, or can
 * be written to while its source can, too, whatever else is known of it. WARNING: it is a minute
 * or more behind, or a minute more than it is delayed by configuration.
 *
 * Source:  facts/confluence.md 8b: a replica's own view never proves anything; with its source
 *          frozen it says Yes, Yes, 0 seconds behind.
 *
 * @param source the look at its source that ended before this one began
 * @param memory of this replica, kept from look to look
 */
void cfc_db_judge_replica(const cfc_db_look_t *look, const cfc_db_look_t *source, apr_time_t now,
                          cfc_db_memory_t *memory, cfc_db_verdict_t *verdict, apr_pool_t *p);

#endif
