/* SPDX-License-Identifier: Apache-2.0
 * drain.c: see drain.h. Pure: time is a parameter. */
#include "lb/drain.h"

void cfc_drain_begin(cfc_drain_t *drain, uint64_t sessions, apr_time_t now)
{
    cfc_sketch_clear(&drain->moved);
    atomic_store(&drain->cut_requests, 0);
    atomic_store(&drain->cut_tunnels, 0);
    atomic_store(&drain->sessions, sessions);
    atomic_store(&drain->told, 0);
    atomic_store(&drain->since, now);
}

void cfc_drain_none(cfc_drain_t *drain)
{
    atomic_store(&drain->since, 0);
}

/* A session that moves sends many requests, several at a time, so sessions are told apart and not
 * counted one by one. */
void cfc_drain_moved(cfc_drain_t *drain, uint64_t session)
{
    cfc_sketch_note(&drain->moved, session);
}

void cfc_drain_cut_request(cfc_drain_t *drain)
{
    atomic_fetch_add_explicit(&drain->cut_requests, 1, memory_order_relaxed);
}

void cfc_drain_cut_tunnel(cfc_drain_t *drain)
{
    atomic_fetch_add_explicit(&drain->cut_tunnels, 1, memory_order_relaxed);
}

bool cfc_drain_read(const cfc_drain_t *drain, cfc_drain_report_t *report)
{
    *report = (cfc_drain_report_t){.since = atomic_load(&drain->since)};
    if (report->since == 0) {
        return false;
    }
    report->sessions = atomic_load(&drain->sessions);
    report->moved = cfc_sketch_count(&drain->moved);
    report->cut_requests = atomic_load(&drain->cut_requests);
    report->cut_tunnels = atomic_load(&drain->cut_tunnels);
    return true;
}
