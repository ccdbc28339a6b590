/* SPDX-License-Identifier: Apache-2.0
 * spread.h: how long a node took to begin its answers in the last minutes, as a histogram from
 * which percentiles are read. What counts as an answer is books_httpd.c's to say.
 *
 *   buckets 0..7      8 us each, from 0
 *   buckets 8..199    eight to each doubling: 64 us, 72, 80 ... 120, 128, 144 ... to 17 minutes
 *
 * So what is read is wrong by at most 1/16 (6.3 %) above 64 us. There are three windows of five
 * minutes: the one that is being filled, the one before, and the next one, which is cleared ahead
 * of its time so that nobody clears what others count in.
 *
 * Source: the buckets are those of HdrHistogram, with three bits.
 * Cost:   one relaxed addition to note; 2.4 KiB a node. */
#ifndef CFC_LB_SPREAD_H
#define CFC_LB_SPREAD_H

#include <apr_time.h>
#include <stdatomic.h>
#include <stdint.h>

#define CFC_SPREAD_BUCKETS 200
#define CFC_SPREAD_WINDOWS 3
#define CFC_SPREAD_PERIOD apr_time_from_sec(300)

/** Zeroed memory: nothing is known until cfc_spread_prepare(). */
typedef struct {
    struct {
        _Atomic int64_t period;         /* since the epoch, that it was cleared for */
        _Atomic uint32_t counts[CFC_SPREAD_BUCKETS];
    } windows[CFC_SPREAD_WINDOWS];
} cfc_spread_t;

/** What is read of it, in microseconds. */
typedef struct {
    uint64_t answers;                   /* that were counted; 0: the others mean nothing */
    apr_interval_time_t p50, p95, p99;  /* so many percent of them took no longer */
} cfc_percentiles_t;

/** Count one answer. Any thread of any child; waits for nobody. */
void cfc_spread_note(cfc_spread_t *spread, apr_interval_time_t us, apr_time_t now);

/** Have a clear window for now and for what comes next. The monitor, oftener than once a period. */
void cfc_spread_prepare(cfc_spread_t *spread, apr_time_t now);

/** Of this period and the one before: of the last five to ten minutes. Any thread. */
void cfc_spread_read(const cfc_spread_t *spread, apr_time_t now, cfc_percentiles_t *percentiles);

#endif
