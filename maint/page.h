/* SPDX-License-Identifier: Apache-2.0
 * page.h: the answer of a cluster that is closed: how long to wait, and the text. */
#ifndef CFC_MAINT_PAGE_H
#define CFC_MAINT_PAGE_H

#include <apr_pools.h>
#include <apr_time.h>
#include <stdbool.h>
#include <stddef.h>

#include "lb/segment.h"
#include "maint/wants.h"

/** Why a cluster answers itself. */
typedef enum {
    CFC_CLOSED_OUTAGE,          /* no node can take the request */
    CFC_CLOSED_DATABASE,        /* an outage of which the database is the reason */
    CFC_CLOSED_BUSY,            /* all nodes are at their max=, and the queue is full */
    CFC_CLOSED_MAINTENANCE      /* closed by people */
} cfc_closed_t;

/**
 * Seconds for Retry-After. Until the announced end, but at least half a minute, and at most an
 * hour, since many a maintenance ends early; five minutes without an announced end or after
 * it; half a minute in an outage, which ends when the next probe succeeds.
 */
int cfc_page_retry_after(cfc_closed_t why, apr_time_t until, apr_time_t now);

/** What is to be answered. */
typedef struct {
    cfc_wants_t wants;
    cfc_closed_t why;
    const cfc_note_t *note;     /* of the maintenance; looked at for that only */
    apr_time_t now;
    const char *own;            /* the site's page, a template; NULL: the built-in one */
    bool sent;                  /* the request sent something, which is lost */
} cfc_page_ask_t;

/** A body and its type; type NULL: an empty one. */
typedef struct {
    const char *type;
    const char *bytes;          /* not NUL-ended if it is an image */
    size_t length;
    const char *policy;         /* Content-Security-Policy; NULL: none */
} cfc_page_t;

/**
 * The answer in the form that is wanted: a page for people, the same as JSON, a fault, or the least
 * that a browser takes for an image, a style or a script. A page has {{title}}, {{message}} and
 * {{end}} filled; the built-in one asks again by itself.
 * @param page lives in p, or for ever
 */
void cfc_page_make(const cfc_page_ask_t *ask, cfc_page_t *page, apr_pool_t *p);

#endif
