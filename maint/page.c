/* SPDX-License-Identifier: Apache-2.0
 * page.c: see page.h. In which form is wants.c's business, sending it maintenance_httpd.c's.
 * Pure. */
#include "maint/page.h"

#include <apr_strings.h>
#include <jansson.h>
#include <string.h>

#include "maint/assets.h"
#include "maint/html.h"
#include "maint/text.h"

#define RETRY_BUSY_S 10
#define RETRY_LEAST_S 30
#define RETRY_MOST_S 3600
#define RETRY_UNANNOUNCED_S 300
#define REFRESH_S 30        /* of the built-in page, for people who wait before it */

int cfc_page_retry_after(cfc_closed_t why, apr_time_t until, apr_time_t now)
{
    apr_int64_t left;

    if (why == CFC_CLOSED_BUSY) {
        return RETRY_BUSY_S;
    }
    if (why == CFC_CLOSED_OUTAGE) {
        return RETRY_LEAST_S;
    }
    if (until <= now) {
        return RETRY_UNANNOUNCED_S;
    }
    left = apr_time_sec(until - now + APR_USEC_PER_SEC - 1);
    return left < RETRY_LEAST_S ? RETRY_LEAST_S : left > RETRY_MOST_S ? RETRY_MOST_S : (int)left;
}

/* The announced end for people: in the server's own zone, with the date unless it is today. */
static void end_html(cfc_html_t *html, apr_time_t until, apr_time_t now, apr_pool_t *p)
{
    apr_time_exp_t at, today;
    apr_size_t length;
    char text[64];

    apr_time_exp_lt(&at, until);
    apr_time_exp_lt(&today, now);
    if (until <= now) {
        cfc_html_add(html, "<p class=\"end\">This takes a little longer than planned.</p>\n");
        return;
    }
    apr_strftime(text, &length, sizeof(text),
                 at.tm_yday == today.tm_yday && at.tm_year == today.tm_year
                     ? "%H:%M %Z"
                     : "%A, %d %B, %H:%M %Z",
                 &at);
    cfc_html_add(html, "<p class=\"end\">Expected back at <time datetime=\"%s\"><b>%s</b></time>, "
                       "in about %s.</p>\n",
                 cfc_time_iso(until, p), text,
                 cfc_time_span(until - now + apr_time_from_sec(59), p));
}

static const char *const titles[] = {
    [CFC_CLOSED_OUTAGE] = "Temporarily unavailable",
    [CFC_CLOSED_BUSY] = "Very busy",
    [CFC_CLOSED_MAINTENANCE] = "Down for maintenance",
};
static const char *const texts[] = {
    [CFC_CLOSED_OUTAGE] = "The service cannot be reached right now. It should be back shortly.",
    [CFC_CLOSED_BUSY] = "The service is very busy right now. This page tries again by itself.",
    [CFC_CLOSED_MAINTENANCE] = "The service is being worked on and will be back soon.",
};

static const char *const states[] = {
    [CFC_CLOSED_OUTAGE] = "outage",
    [CFC_CLOSED_BUSY] = "busy",
    [CFC_CLOSED_MAINTENANCE] = "maintenance",
};

static const char *message_of(cfc_closed_t why, const cfc_note_t *note, apr_pool_t *p)
{
    return why == CFC_CLOSED_MAINTENANCE && note->text[0] != '\0' ? cfc_text_clean(note->text, p)
                                                                  : texts[why];
}

const char *cfc_page_html(cfc_closed_t why, const cfc_note_t *note, apr_time_t now, apr_pool_t *p)
{
    cfc_html_t *end = cfc_html_new(p);

    if (why == CFC_CLOSED_MAINTENANCE && note->until != 0) {
        end_html(end, note->until, now, p);
    }
    cfc_fill_t fills[] = {
        {"title", titles[why], NULL},
        {"message", message_of(why, note, p), NULL},
        {"end", NULL, end},
        {"refresh", apr_itoa(p, REFRESH_S), NULL},
        {NULL, NULL, NULL},
    };
    return cfc_html_fill(cfc_asset_closed_html, fills, p);
}

const char *cfc_page_json(cfc_closed_t why, const cfc_note_t *note, apr_time_t now, apr_pool_t *p)
{
    bool announced = why == CFC_CLOSED_MAINTENANCE && note->until != 0;
    json_t *json = json_pack("{s:i, s:s, s:s, s:s*, s:i}", "status", 503, "state",
                             states[why], "message",
                             message_of(why, note, p), "until",
                             announced ? cfc_time_iso(note->until, p) : NULL, "retry_after_s",
                             cfc_page_retry_after(why, note->until, now));
    char *dumped = json_dumps(json, JSON_COMPACT);
    const char *text = apr_pstrcat(p, dumped != NULL ? dumped : "{\"status\":503}", "\n", NULL);

    json_decref(json);
    free(dumped);
    return text;
}
