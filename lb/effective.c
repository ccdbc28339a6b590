/* SPDX-License-Identifier: Apache-2.0
 * effective.c: the truth table of effective.h, and how a node warms up. Pure. */
#include "lb/effective.h"

cfc_effective_t cfc_effective(cfc_admin_t admin, cfc_health_t health, cfc_cause_t cause)
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
        return admin == CFC_ADMIN_ACTIVE && cause == CFC_CAUSE_SOFT ? CFC_EFFECTIVE_LAST_RESORT
                                                                     : CFC_EFFECTIVE_OUT;
    case CFC_HEALTH_UNKNOWN:
    case CFC_HEALTH_STARTING:
    case CFC_HEALTH_COUNT:
        break;
    }
    return CFC_EFFECTIVE_OUT;
}

int cfc_warming_pct(int64_t returned_at, apr_time_t now, apr_int64_t slow_start_ms)
{
    apr_int64_t age_ms = apr_time_as_msec(now - returned_at);
    int pct;

    /* Returned ahead of now: a moment, if another process set it after our clock was read;
     * more, if the clock was set back since, which must not keep the node small for hours. */
    if (returned_at == 0 || age_ms >= slow_start_ms || age_ms <= -slow_start_ms) {
        return 100;
    }
    pct = age_ms > 0 ? (int)(age_ms * 100 / slow_start_ms) : 0;
    return pct > CFC_WARMING_FLOOR_PCT ? pct : CFC_WARMING_FLOOR_PCT;
}
