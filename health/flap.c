/* SPDX-License-Identifier: Apache-2.0
 * flap.c: the rule of flap.h. Pure: time is a parameter. */
#include "health/flap.h"

#include <stdbool.h>

/* A fall ahead of now was before the clock was set back: when it was is not known. */
static bool recent(const cfc_flaps_t *flaps, apr_time_t now)
{
    return flaps->count > 0 && flaps->at <= now && now - flaps->at <= CFC_FLAP_WINDOW;
}

void cfc_flap_note(cfc_flaps_t *flaps, cfc_health_t was, cfc_health_t is, apr_time_t now)
{
    if ((was == CFC_HEALTH_UP || was == CFC_HEALTH_FAILING) && is == CFC_HEALTH_DOWN) {
        flaps->count = recent(flaps, now) ? flaps->count + 1 : 1;
        flaps->at = now;
    }
}

uint32_t cfc_flap_rise(const cfc_flaps_t *flaps, uint32_t rise, apr_time_t now)
{
    uint32_t factor = 1;

    for (uint32_t fall = 1; recent(flaps, now) && fall < flaps->count
                            && factor < CFC_FLAP_FACTOR_MAX; fall++) {
        factor *= 2;
    }
    return rise * factor;
}
