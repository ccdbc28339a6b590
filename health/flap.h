/* SPDX-License-Identifier: Apache-2.0
 * flap.h: flap damping. Who falls again and again must stay well for longer before it is used
 * again, since each fall costs users a failed or repeated request and each move a login. */
#ifndef CFC_HEALTH_FLAP_H
#define CFC_HEALTH_FLAP_H

#include <apr_time.h>
#include <stdint.h>

#include "lb/words.h"

#define CFC_FLAP_WINDOW apr_time_from_sec(600)
#define CFC_FLAP_FACTOR_MAX 8

/** Falls, each within CFC_FLAP_WINDOW of the one before. Zeroed: none. */
typedef struct {
    uint32_t count;
    apr_time_t at;              /* of the last one */
} cfc_flaps_t;

/** Book a change of health; only that from up or failing to down is a fall. Pure. */
void cfc_flap_note(cfc_flaps_t *flaps, cfc_health_t was, cfc_health_t is, apr_time_t now);

/**
 * The good results in a row that are asked for now: `rise` after the first fall, and twice as
 * many for each further one, up to CFC_FLAP_FACTOR_MAX times. The configured number again when
 * the last fall is longer ago than CFC_FLAP_WINDOW. Pure.
 */
uint32_t cfc_flap_rise(const cfc_flaps_t *flaps, uint32_t rise, apr_time_t now);

#endif
