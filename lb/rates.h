/* SPDX-License-Identifier: Apache-2.0
 * rates.h: how many requests and errors a node had lately, from looks at its counters about once
 * a second. The looks are in shared memory: one process writes (the monitor), any number read, and
 * the monitor that follows goes on. */
#ifndef CFC_LB_RATES_H
#define CFC_LB_RATES_H

#include <apr_time.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define CFC_RATES_LOOKS 64              /* more than a minute's, so that none is read and written */
#define CFC_RATES_STALE apr_time_from_sec(5)

/** Zeroed memory: no look was taken. */
typedef struct {
    _Atomic uint32_t count;             /* looks ever taken */
    struct {
        _Atomic int64_t at;             /* apr_time_t */
        _Atomic uint64_t requests;
        _Atomic uint64_t errors;
    } looks[CFC_RATES_LOOKS];
} cfc_rates_t;

typedef struct {
    bool known;                         /* false: too few looks, or the last one is old */
    double requests_per_s;              /* over the last ten seconds, or as long as is known */
    uint64_t errors;                    /* in the last minute, likewise */
} cfc_rates_view_t;

/** Take a look. Only one process may, about once a second. */
void cfc_rates_look(cfc_rates_t *rates, uint64_t requests, uint64_t errors, apr_time_t now);

/** Any thread. */
void cfc_rates_read(const cfc_rates_t *rates, apr_time_t now, cfc_rates_view_t *view);

#endif
