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
static_assert(CFC_CAUSE_NONE < CFC_CAUSE_SOFT && CFC_CAUSE_SOFT < CFC_CAUSE_HARD
              && CFC_CAUSE_HARD < CFC_CAUSE_REFUSED, "a greater cause is a worse one");

/* What a node has been guilty of since it was up. One that says that it is not ready has no
 * application to serve, however it goes on. */
static cfc_cause_t cause_so_far(const cfc_standing_t *was)
{
    bool not_ready = was->health == STARTING || was->health == RECOVERING;

    return not_ready && was->cause == CFC_CAUSE_NONE ? CFC_CAUSE_HARD : was->cause;
}

static cfc_cause_t next_cause(const cfc_standing_t *was, cfc_verdict_t verdict, cfc_health_t next)
{
    static const cfc_cause_t causes[CFC_VERDICT_COUNT] = {
        [CFC_VERDICT_REFUSED] = CFC_CAUSE_REFUSED,
        [CFC_VERDICT_HARD] = CFC_CAUSE_HARD,
        [CFC_VERDICT_SOFT] = CFC_CAUSE_SOFT,
    };
    cfc_cause_t so_far = cause_so_far(was), cause = causes[verdict];

    if (verdict == CFC_VERDICT_GOOD) {
        return next == RECOVERING ? was->cause : CFC_CAUSE_NONE;
    }
    return cause != CFC_CAUSE_NONE && so_far > cause ? so_far : cause;
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
    standing->cause = next_cause(&was, verdict, next);
    return next != was.health
           || (standing->cause == CFC_CAUSE_REFUSED && was.cause != CFC_CAUSE_REFUSED);
}
