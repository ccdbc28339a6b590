/* SPDX-License-Identifier: Apache-2.0
 * rise_fall.h: how results in a row become health. */
#ifndef CFC_HEALTH_RISE_FALL_H
#define CFC_HEALTH_RISE_FALL_H

#include <stdbool.h>
#include <stdint.h>

#include "health/evidence.h"
#include "lb/words.h"

/** What is known of a node; zeroed: nothing. */
typedef struct {
    cfc_health_t health;
    cfc_cause_t cause;      /* the worst since it was up; none again once it is up or starting */
    uint32_t streak;        /* results of one kind in a row: good, bad or starting ones */
} cfc_standing_t;

/**
 * Take one result into account.
 *
 *   result     unknown    starting    up        failing    down        recovering
 *   good       up         recovering  up        up         recovering  recovering
 *   starting   starting   starting    starting  starting   starting    starting
 *   soft,hard  down       down        failing   failing    down        down
 *   refused    down       down        down      down       down        down
 *
 * with recovering becoming up at the `rise`th good result in a row, and failing becoming down at
 * the `fall`th bad one; with 1 these two are passed over. Any other result begins a new row.
 * The very first result counts alone, so that start-up waits for nobody. A node that has been
 * starting must rise like one that was down.
 *
 * The cause gets worse only, until the node is up again or says that it starts: soft, hard, refused.
 * From starting it is hard at least. So a node that is restarted, or said FIRST_RUN, and then is
 * slow or hangs, is no last resort: what it will serve is not known.
 *
 * Threads: pure; time plays no part.
 * Source:  HAProxy's rise and fall (consecutive results); DESIGN 8.
 *
 * @param rise from 1
 * @param fall from 1
 * @return whether this is worth a line in the log: the health changed, or the node has begun to
 *         say what makes it never used
 */
bool cfc_rise_fall(cfc_standing_t *standing, cfc_verdict_t verdict, uint32_t rise, uint32_t fall);

#endif
