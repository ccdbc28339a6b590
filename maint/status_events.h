/* SPDX-License-Identifier: Apache-2.0
 * status_events.h: the last events in the status: looked at, as JSON, as HTML. */
#ifndef CFC_MAINT_STATUS_EVENTS_H
#define CFC_MAINT_STATUS_EVENTS_H

#include <apr_pools.h>
#include <apr_time.h>
#include <jansson.h>

#include "lb/events.h"
#include "maint/html.h"

#define CFC_EVENTS_SHOWN 20     /* on the page and in the status */

typedef struct {
    int count;
    cfc_event_t *events;        /* the oldest first */
    uint64_t last;              /* all up to this number were looked at */
    uint64_t lost;              /* of these, how many are no longer in the ring */
} cfc_event_list_t;

/** Look at all events after a number. */
void cfc_event_list_look(const cfc_events_t *ring, uint64_t since, apr_time_t now,
                         cfc_event_list_t *list, apr_pool_t *p);

/** As a JSON array, in the order in which they happened. */
json_t *cfc_event_list_json(const cfc_event_list_t *list, apr_pool_t *p);

/** The answer to ?events_since=, version 1. @return NULL: out of memory */
const char *cfc_events_since_json(const cfc_event_list_t *list, apr_pool_t *p);

/** A table, the newest first; nothing if there is none. */
void cfc_event_list_html(cfc_html_t *html, const cfc_event_list_t *list, apr_time_t now,
                         apr_pool_t *p);

#endif
