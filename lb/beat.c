/* SPDX-License-Identifier: Apache-2.0
 * beat.c: who watches, and when the monitor hangs. Whom to kill is the caller's. */
#include "lb/beat.h"

#define LATE apr_time_from_msec(3 * CFC_BEAT_CLOSE_MS)
#define EARLY apr_time_from_msec(CFC_BEAT_CLOSE_MS * 9 / 10)
#define NOBODY apr_time_from_msec(CFC_BEAT_FAR_MS)

/* Become or stay the one that watches. Whoever finds another's look in place of its own last
 * one has been too slow, and leaves it to that one. */
static bool take_turn(cfc_beat_t *watch, cfc_segment_t *segment, apr_time_t now)
{
    int64_t last = atomic_load(&segment->watched_at);

    if (watch->close ? last != watch->looked_at : last <= now && now - last < NOBODY) {
        return false;
    }
    return atomic_compare_exchange_strong(&segment->watched_at, &last, now);
}

int64_t cfc_beat_look(cfc_beat_t *watch, cfc_segment_t *segment, apr_time_t now)
{
    int64_t pid = atomic_load(&segment->monitor_pid);
    int64_t beat_at = atomic_load(&segment->monitor_beat_at);
    bool late = now - watch->looked_at > LATE || now < watch->looked_at;
    bool same = watch->close && !late && pid != 0 && pid == watch->pid
                && beat_at == watch->beat_at;

    if (!late && now - watch->looked_at < EARLY) {
        return 0;       /* woken for something else */
    }
    watch->close = take_turn(watch, segment, now);
    watch->looked_at = now;
    watch->pid = pid;
    watch->beat_at = beat_at;
    watch->same = watch->close && same ? watch->same + 1 : 0;
    if (watch->same < CFC_BEAT_LOOKS) {
        return 0;
    }
    watch->same = 0;
    return atomic_compare_exchange_strong(&segment->monitor_pid, &pid, 0) ? pid : 0;
}
