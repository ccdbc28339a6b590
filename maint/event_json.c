/* SPDX-License-Identifier: Apache-2.0
 * event_json.c: the fields of an event. Texts in the ring are as peers and people gave them, and
 * may have been cut within a character: here they are made clean. */
#include "maint/event_json.h"

#include <apr_strings.h>
#include <stdlib.h>

#include "maint/json.h"
#include "maint/text.h"

static const char *text_of(const char *text, apr_pool_t *p)
{
    return text[0] != '\0' ? cfc_text_clean(text, p) : NULL;
}

static const char *seq(const cfc_event_t *event, apr_pool_t *p)
{
    return apr_psprintf(p, "%" APR_UINT64_T_FMT, (apr_uint64_t)event->seq);
}

static const char *at(const cfc_event_t *event, apr_pool_t *p)
{
    return cfc_time_iso(event->at, p);
}

static const char *kind(const cfc_event_t *event, apr_pool_t *p)
{
    (void)p;
    return event->kind < CFC_EVENT_KINDS ? cfc_event_kind_words[event->kind] : NULL;
}

static const char *severity(const cfc_event_t *event, apr_pool_t *p)
{
    (void)p;
    return cfc_event_severity(event);
}

static const char *about(const cfc_event_t *event, apr_pool_t *p)
{
    return event->noun[0] != '\0'      ? text_of(event->noun, p)
           : event->cluster[0] != '\0' ? "cluster"
                                       : "server";
}

#define TEXT(field) \
    static const char *field(const cfc_event_t *event, apr_pool_t *p) \
    { \
        return text_of(event->field, p); \
    }

TEXT(code)
TEXT(cluster)
TEXT(name)
TEXT(before)
TEXT(after)
TEXT(effective)
TEXT(who)
TEXT(address)
TEXT(why)

const cfc_event_field_t cfc_event_fields[] = {
    {"seq", seq},
    {"at", at},
    {"kind", kind},
    {"severity", severity},
    {"code", code},
    {"about", about},
    {"cluster", cluster},
    {"name", name},
    {"before", before},
    {"after", after},
    {"effective", effective},
    {"who", who},
    {"address", address},
    {"why", why},
    {NULL, NULL},
};

json_t *cfc_event_json(const cfc_event_t *event, apr_pool_t *p)
{
    json_t *object = json_object();

    json_object_set_new(object, "seq", json_integer((json_int_t)event->seq));
    for (const cfc_event_field_t *field = cfc_event_fields + 1; field->name != NULL; field++) {
        json_object_set_new(object, field->name, cfc_json_text(field->text(event, p)));
    }
    return object;
}

const char *cfc_event_line(const cfc_event_t *event, apr_pool_t *p)
{
    json_t *object = cfc_event_json(event, p);
    char *dumped = json_dumps(object, JSON_COMPACT);
    const char *line = dumped != NULL ? apr_pstrcat(p, dumped, "\n", NULL) : NULL;

    json_decref(object);
    free(dumped);
    return line;
}
