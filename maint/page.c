/* SPDX-License-Identifier: Apache-2.0
 * page.c: see page.h. Sending it is maintenance_httpd.c's business. Pure.
 * Source: RFC 9110 section 12.5.1 (Accept); the Fetch standard (request destinations). */
#include "maint/page.h"

#include <apr_lib.h>
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

/* How nearly a range of Accept covers type: 3 by name, 2 as major/..., 1 as anything, 0 not. */
static int covers(const char *range, size_t length, const char *type)
{
    const char *slash = strchr(type, '/');
    size_t major = (size_t)(slash - type) + 1;

    if (length == strlen(type) && strncasecmp(range, type, length) == 0) {
        return 3;
    }
    if (length == major + 1 && range[major] == '*' && strncasecmp(range, type, major) == 0) {
        return 2;
    }
    return length == 3 && strncmp(range, "*/*", 3) == 0;
}

/* q=0.75 in thousandths, from the parameters of one range, which end at a comma. */
static int quality(const char *parameters, size_t length)
{
    for (size_t i = 1; i + 2 < length; i++) {
        if (apr_tolower(parameters[i]) == 'q' && parameters[i + 1] == '='
            && strchr("; \t", parameters[i - 1]) != NULL) {
            const char *digits = parameters + i + 2;
            int value = *digits == '1' ? 1000 : 0;

            if (*digits == '0' && digits[1] == '.') {
                for (int weight = 100, at = 2; weight > 0 && apr_isdigit(digits[at]); at++) {
                    value += (digits[at] - '0') * weight;
                    weight /= 10;
                }
            }
            return value;
        }
    }
    return 1000;
}

int cfc_accept_rank(const char *accept, const char *type)
{
    int nearest = 0, rank = 0;

    if (accept == NULL) {
        return 2000;
    }
    while (*accept != '\0') {
        size_t length = strcspn(accept, ","), name;
        int near;

        while (length > 0 && apr_isspace(*accept)) {
            accept++;
            length--;
        }
        name = strcspn(accept, ";, \t");
        near = covers(accept, name, type);
        if (near > nearest) {
            int q = quality(accept + name, length - name);

            nearest = near;
            rank = q == 0 ? 0 : 2 * q + (near == 3);
        }
        accept += length;
        accept += *accept == ',';
    }
    return rank;
}

static bool one_of(const char *word, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (strcasecmp(word, *words) == 0) {
            return true;
        }
    }
    return false;
}

/* @return true: the browser said what it is for */
static bool form_by_destination(const char *destination, cfc_form_t *form)
{
    static const char *const pages[] = {"document", "iframe", "frame", "embed", "object", NULL};

    if (destination == NULL) {
        return false;
    }
    *form = one_of(destination, pages)             ? CFC_FORM_HTML
            : strcasecmp(destination, "empty") == 0 ? CFC_FORM_JSON
                                                    : CFC_FORM_EMPTY;
    return true;
}

static cfc_form_t form_by_path(const char *path)
{
    static const char *const parts[] = {"css", "js",   "map",  "png",  "gif",   "jpg",
                                        "jpeg", "svg", "ico",  "webp", "avif",  "woff",
                                        "woff2", "ttf", "eot", "mp4",  "webm",  NULL};
    const char *slash = strrchr(path, '/');
    const char *dot = strrchr(slash != NULL ? slash : path, '.');

    if (dot != NULL && one_of(dot + 1, parts)) {
        return CFC_FORM_EMPTY;
    }
    return dot != NULL && strcasecmp(dot, ".json") == 0 ? CFC_FORM_JSON : CFC_FORM_HTML;
}

cfc_form_t cfc_page_form(const cfc_page_ask_t *ask)
{
    int html = cfc_accept_rank(ask->accept, "text/html");
    int json = cfc_accept_rank(ask->accept, "application/json");
    cfc_form_t form;

    if (ask->upgrade != NULL && strcasecmp(ask->upgrade, "websocket") == 0) {
        return CFC_FORM_EMPTY;
    }
    if (form_by_destination(ask->fetch_dest, &form)) {
        return form;
    }
    if (json > html || (ask->requested_with != NULL     /* Android's WebView sends it always */
                        && strcasecmp(ask->requested_with, "XMLHttpRequest") == 0)) {
        return CFC_FORM_JSON;
    }
    if (html > json) {
        return CFC_FORM_HTML;
    }
    return html == 0 ? CFC_FORM_EMPTY : form_by_path(ask->path);
}

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
