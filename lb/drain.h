/* SPDX-License-Identifier: Apache-2.0
 * drain.h: what became of a node's users while it drains, and while it is stopped after that: the
 * numbers of one drain, in the node's slot. Who tells them, and when, is maint/drains.h's. */
#ifndef CFC_LB_DRAIN_H
#define CFC_LB_DRAIN_H

#include <apr_time.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "lb/sessions.h"

/** In a node's slot; zeroed: it never drained. */
typedef struct {
    /* the store's lock holder */
    _Atomic int64_t since;          /* apr_time_t; 0: neither drains nor was stopped after that */
    _Atomic uint64_t sessions;      /* estimated, at that moment */
    _Atomic uint32_t told;          /* 1: that nobody is left was told; the monitor */

    /* children, whether it drains or not: a drain begins with none */
    _Atomic uint64_t cut_requests;
    _Atomic uint64_t cut_tunnels;
    cfc_sketch_t moved;             /* no window: it is cleared when a drain begins */
} cfc_drain_t;

typedef struct {
    apr_time_t since;               /* 0: no drain */
    uint64_t sessions;              /* that the node had when it began, estimated */
    uint64_t moved;                 /* sessions of the node that another one has served, estimated;
                                     * a handful is exact */
    uint64_t cut_requests;          /* that failed at the node for good */
    uint64_t cut_tunnels;           /* that were ended because it was stopped, or down */
} cfc_drain_report_t;

/** The node drains from now on. */
void cfc_drain_begin(cfc_drain_t *drain, uint64_t sessions, apr_time_t now);

/** It is over, or was none: nothing is to be told of it any more. */
void cfc_drain_none(cfc_drain_t *drain);

/** A session of the node was served by another one. Any thread of any child; waits for nobody.
 *  @param session from cfc_sessions_hash() */
void cfc_drain_moved(cfc_drain_t *drain, uint64_t session);

/** Count one request, or one tunnel, that was cut. Likewise. */
void cfc_drain_cut_request(cfc_drain_t *drain);
void cfc_drain_cut_tunnel(cfc_drain_t *drain);

/** Any thread of any process. @return false: there is no drain */
bool cfc_drain_read(const cfc_drain_t *drain, cfc_drain_report_t *report);

#endif
