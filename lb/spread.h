/* SPDX-License-Identifier: Apache-2.0
 * spread.h: how long a node took to begin its answers, as a histogram of all the time, and
 * percentiles of the last minutes. What counts as an answer is books_httpd.c's to say.
 *
 *   buckets 0..7      8 us each, from 0
 *   buckets 8..199    eight to each doubling: 64 us, 72, 80 ... 120, 128, 144 ... to 17 minutes
 *
 * So what is read is wrong by at most 1/16 (6.3 %) above 64 us. The counts only grow. What was
 * lately is the difference to a mark: what they were when a period of five minutes began.
 *
 * Source: the buckets are those of HdrHistogram, with three bits.
 * Cost:   one relaxed addition to note; 4 KiB a node. */
#ifndef CFC_LB_SPREAD_H
#define CFC_LB_SPREAD_H

#include <apr_time.h>
#include <stdatomic.h>
#include <stdint.h>

#define CFC_SPREAD_BUCKETS 200
#define CFC_SPREAD_MARKS 3              /* this period's, the one before's, and one to write */
#define CFC_SPREAD_PERIOD apr_time_from_sec(300)

/* Two to each doubling, from 1.024 ms to 67 s. */
#define CFC_HISTOGRAM_EDGES 33

/** Zeroed memory: nothing is known until cfc_spread_mark(). */
typedef struct {
    _Atomic uint64_t counts[CFC_SPREAD_BUCKETS];
    struct {
        _Atomic int64_t period;         /* since the epoch */
        _Atomic uint32_t counts[CFC_SPREAD_BUCKETS];    /* the low half of each */
    } marks[CFC_SPREAD_MARKS];
} cfc_spread_t;

/** What is read of the last minutes, in microseconds. */
typedef struct {
    uint64_t answers;                   /* that were counted; 0: the others mean nothing */
    apr_interval_time_t p50, p95, p99;  /* so many percent of them took no longer */
} cfc_percentiles_t;

/** What is read of all the time since the counts began. */
typedef struct {
    uint64_t within[CFC_HISTOGRAM_EDGES];       /* answers that took less than the edge */
    uint64_t answers;
    apr_interval_time_t sum_us;         /* of how long they took, within 6.3 % */
} cfc_histogram_t;

/** Count one answer. Any thread of any child; waits for nobody. */
void cfc_spread_note(cfc_spread_t *spread, apr_interval_time_t us);

/** Mark a period that has begun. The monitor, oftener than once a period. */
void cfc_spread_mark(cfc_spread_t *spread, apr_time_t now);

/** Of this period and the one before: of the last five to ten minutes. Any thread. */
void cfc_spread_read(const cfc_spread_t *spread, apr_time_t now, cfc_percentiles_t *percentiles);

/** Each field only grows from one call to the next. Any thread. */
void cfc_spread_histogram(const cfc_spread_t *spread, cfc_histogram_t *histogram);

/** An edge in microseconds: 1024, 1536, 2048, 3072 ... */
apr_interval_time_t cfc_histogram_edge(int i);

#endif
