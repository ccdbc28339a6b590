/* SPDX-License-Identifier: Apache-2.0
 * page.h: the answer of a cluster that is closed: in which form, how long to wait, what text. */
#ifndef CFC_MAINT_PAGE_H
#define CFC_MAINT_PAGE_H

#include <apr_pools.h>
#include <apr_time.h>
#include <stdbool.h>

#include "lb/segment.h"

/** Why a cluster answers itself. */
typedef enum {
    CFC_CLOSED_OUTAGE,          /* no node can take the request */
    CFC_CLOSED_BUSY,            /* all nodes are at their max=, and the queue is full */
    CFC_CLOSED_MAINTENANCE      /* closed by people */
} cfc_closed_t;

/** The forms an answer comes in. */
typedef enum {
    CFC_FORM_HTML,              /* people with a browser, and whoever does not say */
    CFC_FORM_JSON,              /* scripts in pages and API clients */
    CFC_FORM_EMPTY              /* images, styles, scripts, WebSockets: nobody would read it */
} cfc_form_t;

/** What a request says about the answer it wants; NULL: the header was not sent. */
typedef struct {
    const char *path;               /* decoded, without query */
    const char *accept;
    const char *requested_with;     /* X-Requested-With */
    const char *fetch_dest;         /* Sec-Fetch-Dest */
    const char *upgrade;
} cfc_page_ask_t;

/**
 * The form that a client wants. The first that knows decides: Upgrade, Sec-Fetch-Dest,
 * X-Requested-With, Accept, the path.
 * Threads: pure.
 */
cfc_form_t cfc_page_form(const cfc_page_ask_t *ask);

/**
 * How much an Accept header wants a type, 0 (not at all) to 2001. Comparable between types;
 * among equal qualities one that is named beats one that only a wildcard covers.
 * @param accept NULL: everything is welcome
 * @param type   "application/json"
 */
int cfc_accept_rank(const char *accept, const char *type);

/**
 * Seconds for Retry-After. Until the announced end, but at least half a minute, and at most an
 * hour, since many a maintenance ends early; five minutes without an announced end or after
 * it; half a minute in an outage, which ends when the next probe succeeds.
 */
int cfc_page_retry_after(cfc_closed_t why, apr_time_t until, apr_time_t now);

/** The built-in page, which asks again by itself. */
const char *cfc_page_html(cfc_closed_t why, const cfc_note_t *note, apr_time_t now,
                          apr_pool_t *p);

/** The same as JSON. */
const char *cfc_page_json(cfc_closed_t why, const cfc_note_t *note, apr_time_t now,
                          apr_pool_t *p);

#endif
