/* SPDX-License-Identifier: Apache-2.0
 * history.h: the last results of one probe or check, in shared memory: a ring of small records,
 * each with a sequence lock of its own. One process writes (the monitor), any number read. */
#ifndef CFC_LB_HISTORY_H
#define CFC_LB_HISTORY_H

#include <stdatomic.h>
#include <stdint.h>

#include "lb/record.h"

#define CFC_HISTORY_RESULTS 20
#define CFC_HISTORY_WORDS 16
#define CFC_REASON_BYTES 108    /* fills the record */

/** One result. Plain, so that it can be copied whole. */
typedef struct {
    int64_t at;                 /* apr_time_t at which it ended; 0: no result */
    int32_t duration_ms;
    int32_t code;               /* HTTP status, or the server's error number; 0: none came */
    int32_t good;               /* 1: as expected */
    char reason[CFC_REASON_BYTES];  /* in words, NUL-ended */
} cfc_probe_result_t;

/** Zeroed memory is a history without results. */
typedef struct {
    _Atomic uint32_t count;     /* results ever added */
    struct {
        _Atomic uint32_t seq;
        _Atomic uint64_t words[CFC_HISTORY_WORDS];
    } results[CFC_HISTORY_RESULTS];
} cfc_history_t;

/** Add a result, in the place of the oldest one. Only one process may. */
void cfc_history_add(cfc_history_t *history, const cfc_probe_result_t *result);

/** The newest result; at is 0 and all else zero before the first one. Any thread. */
void cfc_history_last(const cfc_history_t *history, cfc_probe_result_t *result);

/**
 * The last results, the newest first. Any thread.
 * @param results room for CFC_HISTORY_RESULTS; reasons are NUL-ended
 * @return how many there are
 */
int cfc_history_read(const cfc_history_t *history, cfc_probe_result_t *results);

#endif
