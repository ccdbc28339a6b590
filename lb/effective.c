/* SPDX-License-Identifier: Apache-2.0
 * effective.c: the truth table of effective.h. Pure. */
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
