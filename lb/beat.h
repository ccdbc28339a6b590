/* SPDX-License-Identifier: Apache-2.0
 * beat.h: how the children find out that the monitor hangs. httpd's parent sees at once when it
 * dies, but looks at nothing else more often than every ten seconds; so one of the children looks
 * after the monitor's beat, and takes the lease from one that has stopped. */
#ifndef CFC_LB_BEAT_H
#define CFC_LB_BEAT_H

#include <apr_time.h>
#include <stdbool.h>
#include <stdint.h>

#include "lb/segment.h"

#define CFC_BEAT_CLOSE_MS 150      /* between two looks of the child that watches */
#define CFC_BEAT_FAR_MS 1000       /* and of the others: is there somebody who watches? */
#define CFC_BEAT_LOOKS 4           /* in a row that see the same beat: the monitor hangs. Its
                                       beat comes every 100 ms */

/** What one child remembers. Zeroed: nothing seen. */
typedef struct {
    bool close;                 /* it is the child that watches */
    apr_time_t looked_at;
    int64_t pid, beat_at;       /* seen at the last look */
    int same;                   /* looks in a row that saw just that */
} cfc_beat_t;

/**
 * Look once. One child at a time watches: the first one to notice that nobody has for a second.
 * A look that comes late proves nothing, since then the machine has stalled us both.
 *
 * Threads: one of each child.
 * @return pid of a monitor whose lease was just taken away because it hangs, for the caller to
 *         kill; it may wake up later and will then end by itself. 0: nothing to do
 */
int64_t cfc_beat_look(cfc_beat_t *watch, cfc_segment_t *segment, apr_time_t now);

/** How long to wait until the next look. */
static inline int cfc_beat_pause_ms(const cfc_beat_t *watch)
{
    return watch->close ? CFC_BEAT_CLOSE_MS : CFC_BEAT_FAR_MS;
}

#endif
