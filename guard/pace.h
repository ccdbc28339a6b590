/* SPDX-License-Identifier: Apache-2.0
 * pace.h: how many lines of one kind go to the log. Pure: time is a parameter, no I/O. */
#ifndef CFC_GUARD_PACE_H
#define CFC_GUARD_PACE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define CFC_PACE_LINES 10       /* in one second */

/** Zeroed: nothing was written yet. */
typedef struct {
    _Atomic uint32_t second, lines, withheld;
} cfc_pace_t;

/**
 * May one more line be written?
 *
 * Threads: any; two that meet at the turn of a second may write a line more or less.
 *
 * @param now_s    seconds since any fixed moment
 * @param withheld with true: how many lines were not written before this one, and not told yet
 */
bool cfc_pace(cfc_pace_t *pace, uint32_t now_s, uint32_t *withheld);

#endif
