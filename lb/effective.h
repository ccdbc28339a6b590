/* SPDX-License-Identifier: Apache-2.0
 * effective.h: what a node may get, from what people want and what probes say. Inline, because a
 * choice asks it of every node. */
#ifndef CFC_LB_EFFECTIVE_H
#define CFC_LB_EFFECTIVE_H

#include <apr_time.h>
#include <stdbool.h>
#include <stdint.h>

#include "lb/words.h"

/**
 * What a node may get. Admin wins over health; but a soft reason takes nobody's last node, so a
 * draining one stays the last resort of its own sessions.
 *
 *   admin    health               cause           effective
 *   stop     any                  any             out
 *   any      unknown, starting    any             out          never, not even as last resort
 *   any      any                  refused         out          FIRST_RUN and the like: never
 *   active   up, failing          none,soft,hard  serving
 *   drain    up, failing          none,soft,hard  sticky-only
 *   active   down, recovering     soft            last-resort
 *   drain    down, recovering     soft            last-resort  of its own sessions only
 *   a. or d. down, recovering     none,hard       out          its sessions move
 *
 * A serving node is called warming while cfc_warming_pct() is below 100.
 *
 * Threads: pure; reads nothing but its arguments.
 * Source:  DESIGN 3; mod_jk's two axes (activation and state).
 */
static inline cfc_effective_t cfc_effective(cfc_admin_t admin, cfc_health_t health,
                                            cfc_cause_t cause)
{
    if (cause == CFC_CAUSE_REFUSED) {
        return CFC_EFFECTIVE_OUT;
    }
    switch (health) {
    case CFC_HEALTH_UP:
    case CFC_HEALTH_FAILING:
        return admin == CFC_ADMIN_ACTIVE  ? CFC_EFFECTIVE_SERVING
               : admin == CFC_ADMIN_DRAIN ? CFC_EFFECTIVE_STICKY_ONLY
                                          : CFC_EFFECTIVE_OUT;
    case CFC_HEALTH_DOWN:
    case CFC_HEALTH_RECOVERING:
        return (admin == CFC_ADMIN_ACTIVE || admin == CFC_ADMIN_DRAIN) && cause == CFC_CAUSE_SOFT
                   ? CFC_EFFECTIVE_LAST_RESORT
                   : CFC_EFFECTIVE_OUT;
    case CFC_HEALTH_UNKNOWN:
    case CFC_HEALTH_STARTING:
    case CFC_HEALTH_COUNT:
        break;
    }
    return CFC_EFFECTIVE_OUT;
}

/** Whether a node that gets this much gets it also of requests that are not its own: new sessions,
 * and other nodes'. Threads: pure. */
static inline bool cfc_takes_others(cfc_admin_t admin, cfc_effective_t effective)
{
    return effective >= CFC_EFFECTIVE_WARMING
           || (effective == CFC_EFFECTIVE_LAST_RESORT && admin == CFC_ADMIN_ACTIVE);
}

/* Less would be nothing at all for minutes on a quiet site. */
#define CFC_WARMING_FLOOR_PCT 5

/**
 * How much of its share of new sessions a node gets that has returned to service: it grows
 * evenly over the slow start, from CFC_WARMING_FLOOR_PCT on. Its own sessions stay its own.
 *
 * Threads: pure.
 * Source:  HAProxy's slowstart (linear, never at the balancer's own start).
 *
 * @param returned_at   apr_time_t; 0: it never was out of service
 * @param slow_start_ms 0: none
 * @return percent; 100: all of it
 */
static inline int cfc_warming_pct(int64_t returned_at, apr_time_t now,
                                  apr_int64_t slow_start_ms)
{
    apr_interval_time_t age = now - returned_at, slow_start = apr_time_from_msec(slow_start_ms);
    int pct;

    /* Returned ahead of now: a moment, if another process set it after our clock was read;
     * more, if the clock was set back since, which must not keep the node small for hours. */
    if (returned_at == 0 || age >= slow_start || age <= -slow_start) {
        return 100;
    }
    pct = age > 0 ? (int)(age * 100 / slow_start) : 0;
    return pct > CFC_WARMING_FLOOR_PCT ? pct : CFC_WARMING_FLOOR_PCT;
}

#endif
