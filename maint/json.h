/* SPDX-License-Identifier: Apache-2.0
 * json.h: how absent texts, instants and numbers stand in JSON. For .c files that make JSON. */
#ifndef CFC_MAINT_JSON_H
#define CFC_MAINT_JSON_H

#include <apr_strings.h>
#include <jansson.h>
#include <stdlib.h>

#include "maint/text.h"

/** null for NULL and for "". */
static inline json_t *cfc_json_text(const char *text)
{
    return text != NULL && text[0] != '\0' ? json_string(text) : json_null();
}

/** ISO 8601; null for 0. */
static inline json_t *cfc_json_instant(apr_time_t at, apr_pool_t *p)
{
    return at != 0 ? json_string(cfc_time_iso(at, p)) : json_null();
}

/**
 * The text of a value, which is given up. Compact would save bytes; indented, a person with curl
 * can read it. @return NULL: out of memory
 */
static inline const char *cfc_json_dump(json_t *json, apr_pool_t *p)
{
    char *dumped = json_dumps(json, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
    const char *text = dumped != NULL ? apr_pstrcat(p, dumped, "\n", NULL) : NULL;

    json_decref(json);
    free(dumped);
    return text;
}

#endif
