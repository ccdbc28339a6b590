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

static const char *page_html(cfc_closed_t why, const cfc_note_t *note, apr_time_t now,
                             apr_pool_t *p)
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

static const char *page_json(cfc_closed_t why, const cfc_note_t *note, apr_time_t now,
                             apr_pool_t *p)
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

/* 503 and not 200 goes with them: what monitors a balancer looks at the status. */
static const char xmlrpc_fault[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<methodResponse><fault><value><struct>"
    "<member><name>faultCode</name><value><int>503</int></value></member>"
    "<member><name>faultString</name><value><string>{{text}}</string></value></member>"
    "</struct></value></fault></methodResponse>\n";
static const char soap_fault[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Body>"
    "<soap:Fault><faultcode>soap:Server</faultcode><faultstring>{{text}}</faultstring>"
    "</soap:Fault></soap:Body></soap:Envelope>\n";

static const char *fault(const char *template_text, cfc_closed_t why, const cfc_note_t *note,
                         apr_pool_t *p)
{
    cfc_fill_t fills[] = {
        {"text", apr_pstrcat(p, titles[why], ": ", message_of(why, note, p), NULL), NULL},
        {NULL, NULL, NULL},
    };
    return cfc_html_fill(template_text, fills, p);
}

/* One transparent pixel. */
static const char gif[] = "GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\4\1\0\0\0\0"
                          ",\0\0\0\0\1\0\1\0\0\2\2D\1\0;";

static const char *const types[] = {
    [CFC_WANTS_HTML] = "text/html; charset=utf-8",
    [CFC_WANTS_JSON] = "application/json",
    [CFC_WANTS_IMAGE] = "image/gif",
    [CFC_WANTS_STYLE] = "text/css; charset=utf-8",
    [CFC_WANTS_SCRIPT] = "text/javascript; charset=utf-8",
    [CFC_WANTS_XMLRPC] = "text/xml; charset=utf-8",
    [CFC_WANTS_SOAP] = "text/xml; charset=utf-8",
    [CFC_WANTS_NOTHING] = NULL,
};

static const char *text_for(cfc_wants_t wants, cfc_closed_t why, const cfc_note_t *note,
                            apr_time_t now, apr_pool_t *p)
{
    switch (wants) {
    case CFC_WANTS_HTML:
        return page_html(why, note, now, p);
    case CFC_WANTS_JSON:
        return page_json(why, note, now, p);
    case CFC_WANTS_XMLRPC:
        return fault(xmlrpc_fault, why, note, p);
    case CFC_WANTS_SOAP:
        return fault(soap_fault, why, note, p);
    case CFC_WANTS_STYLE:
    case CFC_WANTS_SCRIPT:
        return apr_psprintf(p, "/* 503: %s */\n", titles[why]);
    case CFC_WANTS_IMAGE:
    case CFC_WANTS_NOTHING:
        break;
    }
    return "";
}

void cfc_page_make(cfc_wants_t wants, cfc_closed_t why, const cfc_note_t *note, apr_time_t now,
                   cfc_page_t *page, apr_pool_t *p)
{
    const char *text = text_for(wants, why, note, now, p);

    *page = (cfc_page_t){types[wants], text, strlen(text)};
    if (wants == CFC_WANTS_IMAGE) {
        page->bytes = gif;
        page->length = sizeof(gif) - 1;
    }
}
