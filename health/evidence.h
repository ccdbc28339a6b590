/* SPDX-License-Identifier: Apache-2.0
 * evidence.h: what one probe found out, before rise_fall.c turns it into health. */
#ifndef CFC_HEALTH_EVIDENCE_H
#define CFC_HEALTH_EVIDENCE_H

#include <apr_time.h>
#include <stdint.h>

#include "lb/history.h"

/** The reason for which a gate takes a node for stopped: its host's kernel refused to connect. */
#define CFC_NOBODY_LISTENS "connection refused"

/** Likewise the reason of a database. What a server says has a number before it. */
#define CFC_DATABASE_STOPPED "connecting failed: " CFC_NOBODY_LISTENS

/** What one result says of the node. */
typedef enum {
    CFC_VERDICT_REFUSED,    /* it says what must never get users: FIRST_RUN, ERROR, unknown */
    CFC_VERDICT_HARD,       /* there is nobody to ask: connection refused, no route, or the
                               application is not there */
    CFC_VERDICT_SOFT,       /* bad, and yet it may serve: timeout, 5xx, reset, wrong status, no
                               address by its name */
    CFC_VERDICT_STARTING,   /* the node itself says that it is not ready, or no longer */
    CFC_VERDICT_GOOD,       /* as expected */
    CFC_VERDICT_COUNT
} cfc_verdict_t;

typedef struct {
    cfc_verdict_t verdict;
    int code;                       /* HTTP status; 0: none came */
    int32_t duration_ms;
    apr_time_t at;                  /* when it ended */
    apr_time_t certificate_end;     /* of the node's certificate; 0: none was seen */
    int weight_pct;                 /* of its share that the node wants, 1..100; 0: not said */
    char reason[CFC_REASON_BYTES];  /* for people, NUL-ended: "200 RUNNING", "connection refused";
                                       holds no byte that came from the node unchecked */
} cfc_evidence_t;

#endif
