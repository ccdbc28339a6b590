/* SPDX-License-Identifier: Apache-2.0
 * due.h: what people ordered for later: the end of a drain, the return of a node, begin and end of
 * a maintenance, the end of an acknowledgement or of a tester link; and that a walker who is silent
 * has left. The monitor gives these orders when their time has come, also when it came while httpd
 * was down. */
#ifndef CFC_MAINT_DUE_H
#define CFC_MAINT_DUE_H

#include <apr_pools.h>
#include <apr_time.h>
#include <stdbool.h>
#include <stdint.h>

#include "conf/conf.h"
#include "health/job.h"
#include "maint/control.h"

/**
 * The order that is due now.
 * @param skip how many due ones to pass over: those that were not carried out
 * @param order filled with what lives in p; it counts only for the generation that was looked at
 * @return false: there is none (more)
 */
bool cfc_due(const cfc_conf_t *conf, apr_time_t now, int skip, cfc_order_t *order, apr_pool_t *p);

#define CFC_SETBACKS_MAX 256

/** A due order that could not be carried out. */
typedef struct {
    uint64_t order;             /* a hash of what it is; 0: the place is free */
    uint64_t said;              /* likewise of why it was refused, as told last */
    apr_time_t again_at;        /* it is not tried before */
    apr_interval_time_t pause;  /* 0: it was not tried in vain, or only refused */
    uint64_t round;             /* the last one in which it was due */
} cfc_setback_t;

/** All of them. Zeroed: there was none. */
typedef struct {
    uint64_t round;
    cfc_setback_t place[CFC_SETBACKS_MAX];
} cfc_setbacks_t;

/**
 * Give all orders that are due. What is refused is told once, and asked for again at each call;
 * what cannot be saved is told once, and tried again after a second, then less and less often, at
 * last twice a minute. Waits for the disk.
 */
void cfc_due_carry_out(const cfc_conf_t *conf, apr_time_t now, cfc_setbacks_t *setbacks,
                       apr_pool_t *p);

/** The job of the monitor (job.h): looks once a second, has orders carried out on a thread. */
extern const cfc_job_kind_t cfc_due_job;

#endif
