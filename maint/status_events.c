/* SPDX-License-Identifier: Apache-2.0
 * status_events.c: see status_events.h. Reads shared memory, changes nothing. */
#include "maint/status_events.h"

#include <apr_strings.h>

#include "maint/event_json.h"
#include "maint/json.h"
#include "maint/text.h"

void cfc_event_list_look(const cfc_events_t *ring, uint64_t since, apr_time_t now,
                         cfc_event_list_t *list, apr_pool_t *p)
{
    *list = (cfc_event_list_t){.last = since};
    /* From before this start of httpd, or from nowhere: all that there are. */
    if (since < ring->base || since > atomic_load(&ring->last)) {
        list->last = ring->base;
    }
    list->events = apr_palloc(p, sizeof(*list->events) * CFC_EVENTS_KEPT);
    while (list->count < CFC_EVENTS_KEPT
           && cfc_events_next(ring, &list->last, now, &list->events[list->count], &list->lost)) {
        list->count++;
    }
}

json_t *cfc_event_list_json(const cfc_event_list_t *list, apr_pool_t *p)
{
    json_t *array = json_array();

    for (int i = 0; i < list->count; i++) {
        json_array_append_new(array, cfc_event_json(&list->events[i], p));
    }
    return array;
}

const char *cfc_events_since_json(const cfc_event_list_t *list, apr_pool_t *p)
{
    return cfc_json_dump(json_pack("{s:i, s:I, s:I, s:o}", "version", 1,
                                   "last", (json_int_t)list->last,
                                   "lost", (json_int_t)list->lost,
                                   "events", cfc_event_list_json(list, p)),
                         p);
}

static const char *severity_class(const cfc_event_t *event)
{
    return event->severity == CFC_LOG_ERROR     ? "bad"
           : event->severity == CFC_LOG_WARNING ? "care"
                                                : "calm";
}

static const char *clean(const char *text, apr_pool_t *p)
{
    return cfc_text_clean(text, p);
}

/* "drain -> stop", or what there is of it. */
static const char *change(const cfc_event_t *event, apr_pool_t *p)
{
    bool both = event->before[0] != '\0' && event->after[0] != '\0';

    return clean(apr_pstrcat(p, event->before, both ? " \xe2\x86\x92 " : "", event->after, NULL), p);
}

static void cell(cfc_html_t *html, const char *class, const char *text)
{
    cfc_html_add(html, "<td class=\"%s\"><bdi>%s</bdi></td>\n", class, text);
}

static void row(cfc_html_t *html, const cfc_event_t *event, apr_time_t now, apr_pool_t *p)
{
    const char *iso = cfc_time_iso(event->at, p);
    const char *kind = event->kind < CFC_EVENT_KINDS ? cfc_event_kind_words[event->kind] : "?";

    cfc_html_add(html, "<tr><td><time datetime=\"%s\" title=\"%s\">%s ago</time></td>\n"
                 "<td><span class=\"word %s\">%s</span></td>\n", iso, iso,
                 cfc_time_span(now - event->at, p), severity_class(event), kind);
    cell(html, "", clean(apr_pstrcat(p, event->cluster, " ", event->name, NULL), p));
    cell(html, "", change(event, p));
    cell(html, "who", clean(event->who, p));
    cell(html, "why", clean(event->why, p));
    cfc_html_add(html, "</tr>\n");
}

void cfc_event_list_html(cfc_html_t *html, const cfc_event_list_t *list, apr_time_t now,
                         apr_pool_t *p)
{
    if (list->count == 0) {
        return;
    }
    cfc_html_add(html, "<section class=\"cluster\" aria-label=\"Events\">\n"
                 "<div class=\"head\"><h2>Events</h2></div>\n<table class=\"events\">\n<thead><tr>"
                 "<th scope=\"col\">When</th><th scope=\"col\">What</th><th scope=\"col\">Of</th>"
                 "<th scope=\"col\">Change</th><th scope=\"col\">Who</th>"
                 "<th scope=\"col\">Why</th></tr></thead>\n<tbody id=\"events\" data-live>\n");
    for (int i = list->count - 1; i >= 0; i--) {
        row(html, &list->events[i], now, p);
    }
    cfc_html_add(html, "</tbody>\n</table>\n</section>\n");
}
