/* SPDX-License-Identifier: Apache-2.0
 * page.c: see page.h. In which form is wants.c's business, sending it maintenance_httpd.c's.
 * Pure. */
#include "maint/page.h"

#include <apr_strings.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <string.h>

#include "maint/assets.h"
#include "maint/html.h"
#include "maint/text.h"

#define RETRY_BUSY_S 10
#define RETRY_LEAST_S 30
#define RETRY_MOST_S 3600
#define RETRY_UNANNOUNCED_S 300
#define REFRESH_S 30        /* of the built-in page without scripts; closed.js has its own */

int cfc_page_retry_after(cfc_closed_t why, apr_time_t until, apr_time_t now)
{
    apr_int64_t left;

    if (why == CFC_CLOSED_BUSY) {
        return RETRY_BUSY_S;
    }
    if (why == CFC_CLOSED_OUTAGE || why == CFC_CLOSED_DATABASE) {
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
                       "in about <span class=\"left\">%s</span>.</p>\n",
                 cfc_time_iso(until, p), text,
                 cfc_time_span(until - now + apr_time_from_sec(59), p));
}

static const char *const titles[] = {
    [CFC_CLOSED_OUTAGE] = "Temporarily unavailable",
    [CFC_CLOSED_DATABASE] = "Temporarily unavailable",
    [CFC_CLOSED_BUSY] = "Very busy",
    [CFC_CLOSED_MAINTENANCE] = "Down for maintenance",
};
static const char *const texts[] = {
    [CFC_CLOSED_OUTAGE] = "The service cannot be reached right now. It should be back shortly.",
    [CFC_CLOSED_DATABASE] = "The service cannot reach its database right now. It should be back "
                            "shortly.",
    [CFC_CLOSED_BUSY] = "The service is very busy right now. This page tries again by itself.",
    [CFC_CLOSED_MAINTENANCE] = "The service is being worked on and will be back soon.",
};

static const char *const states[] = {
    [CFC_CLOSED_OUTAGE] = "outage",
    [CFC_CLOSED_DATABASE] = "outage",
    [CFC_CLOSED_BUSY] = "busy",
    [CFC_CLOSED_MAINTENANCE] = "maintenance",
};

static const char *message_of(const cfc_page_ask_t *ask, apr_pool_t *p)
{
    return ask->why == CFC_CLOSED_MAINTENANCE && ask->note->text[0] != '\0'
               ? cfc_text_clean(ask->note->text, p)
               : texts[ask->why];
}

/* When it is to be over. @return NULL: nobody has said */
static const char *until_of(const cfc_page_ask_t *ask, apr_pool_t *p)
{
    return ask->why == CFC_CLOSED_MAINTENANCE && ask->note->until != 0
               ? cfc_time_iso(ask->note->until, p)
               : NULL;
}

/* Nothing but the page's own style and script, which is known by its hash, and asking us again. */
static const char *policy_of(const char *script, apr_pool_t *p)
{
    unsigned char hash[EVP_MAX_MD_SIZE], text[2 * EVP_MAX_MD_SIZE];
    unsigned int bytes = 0;

    EVP_Digest(script, strlen(script), hash, &bytes, EVP_sha256(), NULL);
    EVP_EncodeBlock(text, hash, (int)bytes);
    return apr_psprintf(p, "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-%s'; "
                        "connect-src 'self'; base-uri 'none'; form-action 'none'", text);
}

/* Asking again with GET does not bring back what a form has sent. */
static const char *const foots[] = {
    "This page checks by itself every 30 seconds and takes you on as soon as the service is back. "
    "There is nothing you need to do.",
    "What you have just sent has not arrived. When the service is back, go back in your browser "
    "and send it again.",
};
static const char refresh[] = "<noscript><meta http-equiv=\"refresh\" content=\"%d\"></noscript>";

/* The built-in page, with the places of any page still in it. */
static const char *built_in(const cfc_page_ask_t *ask, const char *until, apr_pool_t *p)
{
    cfc_html_t *again = cfc_html_new(p), *script = cfc_html_new(p);
    const cfc_fill_t fills[] = {
        {"state", states[ask->why], NULL},
        {"now", cfc_time_iso(ask->now, p), NULL},
        {"until", until != NULL ? until : "", NULL},
        {"sent", ask->sent ? "yes" : "", NULL},
        {"foot", foots[ask->sent], NULL},
        {"refresh", NULL, again},
        {"script", NULL, script},
        {NULL, NULL, NULL},
    };

    if (!ask->sent) {
        cfc_html_add(again, refresh, REFRESH_S);
    }
    cfc_html_markup(script, cfc_asset_closed_js);
    return cfc_html_fill(cfc_asset_closed_html, fills, p);
}

static void page_html(const cfc_page_ask_t *ask, cfc_page_t *page, apr_pool_t *p)
{
    const char *until = until_of(ask, p);
    cfc_html_t *end = cfc_html_new(p);
    const cfc_fill_t fills[] = {
        {"title", titles[ask->why], NULL},
        {"message", message_of(ask, p), NULL},
        {"end", NULL, end},
        {NULL, NULL, NULL},
    };

    if (until != NULL) {
        end_html(end, ask->note->until, ask->now, p);
    }
    page->bytes = cfc_html_fill(ask->own != NULL ? ask->own : built_in(ask, until, p), fills, p);
    page->policy = ask->own != NULL ? NULL : policy_of(cfc_asset_closed_js, p);
}

static const char *page_json(const cfc_page_ask_t *ask, apr_pool_t *p)
{
    json_t *json = json_pack("{s:i, s:s, s:s, s:s*, s:i}", "status", 503, "state",
                             states[ask->why], "message", message_of(ask, p), "until",
                             until_of(ask, p), "retry_after_s",
                             cfc_page_retry_after(ask->why, ask->note->until, ask->now));
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

static const char *fault(const char *template_text, const cfc_page_ask_t *ask, apr_pool_t *p)
{
    cfc_fill_t fills[] = {
        {"text", apr_pstrcat(p, titles[ask->why], ": ", message_of(ask, p), NULL), NULL},
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

void cfc_page_make(const cfc_page_ask_t *ask, cfc_page_t *page, apr_pool_t *p)
{
    *page = (cfc_page_t){.type = types[ask->wants], .bytes = ""};
    switch (ask->wants) {
    case CFC_WANTS_HTML:
        page_html(ask, page, p);
        break;
    case CFC_WANTS_JSON:
        page->bytes = page_json(ask, p);
        break;
    case CFC_WANTS_XMLRPC:
        page->bytes = fault(xmlrpc_fault, ask, p);
        break;
    case CFC_WANTS_SOAP:
        page->bytes = fault(soap_fault, ask, p);
        break;
    case CFC_WANTS_STYLE:
    case CFC_WANTS_SCRIPT:
        page->bytes = apr_psprintf(p, "/* 503: %s */\n", titles[ask->why]);
        break;
    case CFC_WANTS_IMAGE:
        page->bytes = gif;
        page->length = sizeof(gif) - 1;
        return;
    case CFC_WANTS_NOTHING:
        break;
    }
    page->length = strlen(page->bytes);
}
