/* SPDX-License-Identifier: Apache-2.0
 * event_json.h: an event as it leaves the module: one table of fields, which are the names in
 * JSON and, in capitals after CFC_, the environment of programs. */
#ifndef CFC_MAINT_EVENT_JSON_H
#define CFC_MAINT_EVENT_JSON_H

#include <apr_pools.h>
#include <jansson.h>

#include "lb/events.h"

typedef struct {
    const char *name;
    /** @return clean UTF-8; NULL: this event has none */
    const char *(*text)(const cfc_event_t *event, apr_pool_t *p);
} cfc_event_field_t;

/** All fields, in the order in which they are written; a NULL name ends them. `seq` is the first,
 *  and the only number. */
extern const cfc_event_field_t cfc_event_fields[];

/** @return a new object; NULL: out of memory */
json_t *cfc_event_json(const cfc_event_t *event, apr_pool_t *p);

/** The same on one line, with its line feed. @return NULL: out of memory */
const char *cfc_event_line(const cfc_event_t *event, apr_pool_t *p);

#endif
