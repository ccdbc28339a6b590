/* SPDX-License-Identifier: Apache-2.0
 * rise_fall.c: turns evidence into health. Not traffic (lb/effective.h), not when to probe
 * (monitor.c). Pure. Rules: the table in rise_fall.h. */
#include "health/rise_fall.h"

#include <assert.h>

#define UNKNOWN CFC_HEALTH_UNKNOWN
#define STARTING CFC_HEALTH_STARTING
#define UP CFC_HEALTH_UP
#define FAILING CFC_HEALTH_FAILING
#define DOWN CFC_HEALTH_DOWN
#define RECOVERING CFC_HEALTH_RECOVERING

static const cfc_health_t next_health[CFC_VERDICT_COUNT][CFC_HEALTH_COUNT] = {
    /* from                  unknown   starting    up        failing   down        recovering */
    [CFC_VERDICT_GOOD]     = {UP,       RECOVERING, UP,       UP,       RECOVERING, RECOVERING},
    [CFC_VERDICT_STARTING] = {STARTING, STARTING,   STARTING, STARTING, STARTING,   STARTING},
    [CFC_VERDICT_SOFT]     = {DOWN,     DOWN,       FAILING,  FAILING,  DOWN,       DOWN},
    [CFC_VERDICT_HARD]     = {DOWN,     DOWN,       FAILING,  FAILING,  DOWN,       DOWN},
    [CFC_VERDICT_REFUSED]  = {DOWN,     DOWN,       DOWN,     DOWN,     DOWN,       DOWN},
};

/* The kind of the result that led to each health: two of one kind continue a row. */
static const enum { NO_RESULT, STARTING_RESULT, GOOD_RESULT, BAD_RESULT } last[] = {
    [UNKNOWN] = NO_RESULT,  [STARTING] = STARTING_RESULT, [UP] = GOOD_RESULT,
    [FAILING] = BAD_RESULT, [DOWN] = BAD_RESULT,          [RECOVERING] = GOOD_RESULT,
};

static_assert(sizeof(last) / sizeof(last[0]) == CFC_HEALTH_COUNT, "a kind for each health");

static cfc_cause_t next_cause(const cfc_standing_t *standing, cfc_verdict_t verdict)
{
    switch (verdict) {
    case CFC_VERDICT_SOFT:
        return CFC_CAUSE_SOFT;
    case CFC_VERDICT_HARD:
        return CFC_CAUSE_HARD;
    case CFC_VERDICT_GOOD:
        return standing->health == RECOVERING ? standing->cause : CFC_CAUSE_NONE;
    case CFC_VERDICT_STARTING:
        return CFC_CAUSE_NONE;
    case CFC_VERDICT_REFUSED:
    case CFC_VERDICT_COUNT:
        break;
    }
    return CFC_CAUSE_REFUSED;
}

bool cfc_rise_fall(cfc_standing_t *standing, cfc_verdict_t verdict, uint32_t rise, uint32_t fall)
{
    const cfc_standing_t was = *standing;
    cfc_health_t next = next_health[verdict][was.health];

    standing->streak = last[next] == last[was.health] ? was.streak + 1 : 1;
    if (next == RECOVERING && standing->streak >= rise) {
        next = UP;
    }
    else if (next == FAILING && standing->streak >= fall) {
        next = DOWN;
    }
    standing->health = next;
    standing->cause = next_cause(standing, verdict);
    return next != was.health
           || (standing->cause == CFC_CAUSE_REFUSED && was.cause != CFC_CAUSE_REFUSED);
}
