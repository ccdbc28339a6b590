/* SPDX-License-Identifier: Apache-2.0
 * books.h: the monitor's job that keeps the shared books right, once a second: it strikes out
 * dead children, repairs the totals that they left, and counts live sessions, which the children
 * would take too long to do for each request. */
#ifndef CFC_HEALTH_BOOKS_H
#define CFC_HEALTH_BOOKS_H

#include "health/job.h"

extern const cfc_job_kind_t cfc_books_job;

#endif
