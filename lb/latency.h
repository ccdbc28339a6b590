/* SPDX-License-Identifier: Apache-2.0
 * latency.h: how long a node takes to begin an answer, as one atomic word. What counts as an
 * answer is books_httpd.c's to say, what follows from it method.c's.
 *
 *   bits 63..32  when it was last noted: milliseconds, the low 32 bits of the clock's
 *   bits 31..0   microseconds; 0: nothing was noted yet
 *
 * A slow answer counts at once and in full, a quick one by as much as time has passed: the
 * average moves half-way to it in CFC_LATENCY_HALF_MS. So one bad second is seen while it lasts,
 * and some quick answers among slow ones do not hide them. Without answers the value itself is
 * halved in that time, or a node that was slow once and is avoided since would stay avoided.
 *
 * Source: the peak-sensitive average of Twitter's Finagle (PeakEwma), with its decay of 10 s.
 * Cost:   one load and one compare-and-swap to note, one load to read. */
#ifndef CFC_LB_LATENCY_H
#define CFC_LB_LATENCY_H

#include <apr_time.h>
#include <stdatomic.h>
#include <stdint.h>

#define CFC_LATENCY_HALF_MS 10000

/* Longer says more of the request (an export, a report) than of its node. */
#define CFC_LATENCY_MAX_US 10000000

typedef _Atomic uint64_t cfc_latency_t;

/**
 * Take one answer into account. When several are noted at the same moment one of them may be
 * left out. Any thread of any child; waits for nobody.
 * @param us from the choice of the node to the first byte; counted as 1 to CFC_LATENCY_MAX_US
 */
void cfc_latency_note(cfc_latency_t *latency, apr_interval_time_t us, apr_time_t now);

/** The average now, in microseconds. @return 0: nothing was noted, or long ago */
uint32_t cfc_latency_us(const cfc_latency_t *latency, apr_time_t now);

#endif
