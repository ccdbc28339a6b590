/* SPDX-License-Identifier: Apache-2.0
 * order_httpd.c: see order_httpd.h. What the order means is control.c's business.
 * Source: Fetch Metadata (Sec-Fetch-Site); RFC 6454 section 7 (Origin). A page of another site
 * can send JSON only after a CORS preflight, which nobody here answers. */
#include "maint/order_httpd.h"

#include <apr_buckets.h>
#include <apr_strings.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>
#include <jansson.h>
#include <stddef.h>
#include <string.h>

#include "conf/conf.h"
#include "lb/events.h"
#include "maint/sign.h"
#include "maint/text.h"

#define BODY_BYTES_MAX 8192
#define FORM_FIELDS_MAX 32

typedef struct {
    cfc_order_t order;
    const char *force;
    const char *check;
    const char *csrf;
    bool json;              /* sent as JSON, which no form of another site can do */
} form_t;

static const struct {
    const char *name;
    size_t at;
} fields[] = {
    {"cluster", offsetof(form_t, order.cluster)}, {"node", offsetof(form_t, order.node)},
    {"dependency", offsetof(form_t, order.dependency)}, {"path", offsetof(form_t, order.path)},
    {"tester", offsetof(form_t, order.tester)},
    {"walk", offsetof(form_t, order.walk)},       {"walker", offsetof(form_t, order.walker)},
    {"step", offsetof(form_t, order.step)},       {"instead", offsetof(form_t, order.instead)},
    {"action", offsetof(form_t, order.action)},   {"reason", offsetof(form_t, order.reason)},
    {"message", offsetof(form_t, order.message)}, {"until", offsetof(form_t, order.until)},
    {"deadline", offsetof(form_t, order.deadline)},
    {"return", offsetof(form_t, order.comes_back)},
    {"from", offsetof(form_t, order.from)},       {"end", offsetof(form_t, order.end)},
    {"generation", offsetof(form_t, order.generation)},
    {"wait", offsetof(form_t, order.wait)},       {"timeout", offsetof(form_t, order.timeout)},
    {"force", offsetof(form_t, force)},           {"check", offsetof(form_t, check)},
    {"csrf", offsetof(form_t, csrf)},
};

const char *cfc_order_who(const request_rec *r)
{
    return r->user != NULL ? r->user : r->useragent_ip;
}

/* httpd is asked as it asks itself, and in silence: it would log a refusal that is none, and add
 * a header that asks for a login. Access by Order and Allow is not looked at. */
bool cfc_order_allowed(request_rec *r)
{
    static const struct ap_logconf silence = {NULL, APLOG_EMERG};
    request_rec asked = *r;
    int status;

    asked.method = "POST";
    asked.method_number = M_POST;
    asked.log = &silence;
    asked.err_headers_out = apr_table_make(r->pool, 1);
    status = ap_run_access_checker_ex(&asked);
    if (status == DECLINED && r->user != NULL) {
        status = ap_run_auth_checker(&asked);
    }
    return status == OK || status == DECLINED;
}

/* @return NULL, or what is wrong with this field */
static const char *field_set(form_t *form, const char *name, const char *text, apr_pool_t *p)
{
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        const char **value = (const char **)((char *)form + fields[i].at);

        if (strcmp(fields[i].name, name) != 0) {
            continue;
        }
        if (*value != NULL) {
            return apr_psprintf(p, "the field %s is given twice", fields[i].name);
        }
        *value = text;
        return NULL;
    }
    return apr_psprintf(p, "there is no field \"%s\"; known: cluster, node, dependency, path, "
                        "tester, walk, walker, step, instead, action, reason, message, until, "
                        "deadline, return, from, end, generation, wait, timeout, force, check, "
                        "csrf",
                        cfc_text_clean(name, p));
}

/* @return NULL, or what is wrong with the form; *status is what httpd says of the body */
static const char *form_read(request_rec *r, form_t *form, int *status)
{
    apr_array_header_t *pairs = NULL;
    const char *complaint = NULL;

    *status = ap_parse_form_data(r, NULL, &pairs, FORM_FIELDS_MAX, BODY_BYTES_MAX);
    if (*status != OK || pairs == NULL) {
        return NULL;
    }
    for (int i = 0; i < pairs->nelts && complaint == NULL; i++) {
        const ap_form_pair_t *pair = &APR_ARRAY_IDX(pairs, i, ap_form_pair_t);
        char *text;
        apr_size_t length;

        if (apr_brigade_pflatten(pair->value, &text, &length, r->pool) != APR_SUCCESS
            || memchr(text, '\0', length) != NULL) {
            return apr_psprintf(r->pool, "the field %s cannot be read",
                                cfc_text_clean(pair->name, r->pool));
        }
        complaint = field_set(form, pair->name, apr_pstrmemdup(r->pool, text, length), r->pool);
    }
    return complaint;
}

/* The body as text. @return OK, or httpd's status for a body that is too long or does not come */
static int body_read(request_rec *r, char *text, size_t *bytes)
{
    int status = ap_setup_client_block(r, REQUEST_CHUNKED_DECHUNK);
    long got = 0;

    *bytes = 0;
    if (status != OK || !ap_should_client_block(r)) {
        return status;
    }
    while ((got = ap_get_client_block(r, text + *bytes, BODY_BYTES_MAX + 1 - *bytes)) > 0) {
        *bytes += (size_t)got;
        if (*bytes > BODY_BYTES_MAX) {
            return HTTP_REQUEST_ENTITY_TOO_LARGE;
        }
    }
    return got < 0 ? HTTP_BAD_REQUEST : OK;
}

/* What JSON says as a form would. @return NULL: a value that no field can have */
static const char *value_text(const json_t *value, apr_pool_t *p)
{
    switch (json_typeof(value)) {
    case JSON_STRING:
        return apr_pstrdup(p, json_string_value(value));
    case JSON_TRUE:
        return "1";
    case JSON_FALSE:
        return "0";
    case JSON_INTEGER:
        /* not JSON_INTEGER_FORMAT: APR does not know "ll" */
        return apr_psprintf(p, "%" APR_INT64_T_FMT, (apr_int64_t)json_integer_value(value));
    default:
        return NULL;
    }
}

static const char *object_read(request_rec *r, form_t *form, json_t *object)
{
    const char *name, *complaint;
    json_t *value;

    if (!json_is_object(object)) {
        return "the body has to be one JSON object, such as {\"cluster\": \"confluence\", "
               "\"node\": \"node1\", \"action\": \"drain\"}";
    }
    json_object_foreach(object, name, value) {
        const char *text = value_text(value, r->pool);

        if (text == NULL && !json_is_null(value)) {
            return apr_psprintf(r->pool, "the field %s has to be a text, a number, true or false",
                                cfc_text_clean(name, r->pool));
        }
        complaint = text != NULL ? field_set(form, name, text, r->pool) : NULL;
        if (complaint != NULL) {
            return complaint;
        }
    }
    return NULL;
}

static const char *json_read(request_rec *r, form_t *form, int *status)
{
    char *text = apr_palloc(r->pool, BODY_BYTES_MAX + 1);
    const char *complaint;
    json_error_t error;
    json_t *object;
    size_t bytes;

    *status = body_read(r, text, &bytes);
    if (*status != OK) {
        return NULL;
    }
    object = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &error);
    if (object == NULL) {
        return apr_psprintf(r->pool, "the body is not JSON: line %d, column %d", error.line,
                            error.column);
    }
    complaint = object_read(r, form, object);
    json_decref(object);
    return complaint;
}

bool cfc_order_has_type(const request_rec *r, const char *type)
{
    const char *given = apr_table_get(r->headers_in, "Content-Type");
    size_t length = given != NULL ? strcspn(given, "; \t") : 0;

    return length == strlen(type) && strncasecmp(given, type, length) == 0;
}

/* A check=true that is not understood would carry the order out. @return NULL, or why it is neither
 * yes nor no */
static const char *flag_read(const char *name, const char *text, bool *flag, apr_pool_t *p)
{
    *flag = text != NULL && strcmp(text, "1") == 0;
    if (text == NULL || text[0] == '\0' || *flag || strcmp(text, "0") == 0) {
        return NULL;
    }
    return apr_psprintf(p, "%s=%s is neither 1 nor 0; write %s=1, or true in JSON, or leave it out",
                        name, cfc_text_clean(text, p), name);
}

/* @return NULL, or what is wrong with the body; *status is what httpd says of it */
static const char *fields_read(request_rec *r, form_t *form, int *status)
{
    const char *complaint;

    *status = OK;
    form->json = cfc_order_has_type(r, "application/json");
    if (!form->json && !cfc_order_has_type(r, "application/x-www-form-urlencoded")) {
        return "the body has to be application/x-www-form-urlencoded or application/json";
    }
    complaint = form->json ? json_read(r, form, status) : form_read(r, form, status);
    if (complaint == NULL) {
        complaint = flag_read("force", form->force, &form->order.force, r->pool);
    }
    return complaint != NULL ? complaint
                             : flag_read("check", form->check, &form->order.check, r->pool);
}

/* "https://wiki.example.org:8443" against "wiki.example.org:8443". The scheme is not compared:
 * a TLS terminator before httpd leaves us unaware of it. */
static bool same_host(const char *origin, const char *host)
{
    const char *name = strstr(origin, "://");

    return name != NULL && host != NULL && strcasecmp(name + 3, host) == 0;
}

/* @return NULL: the sender meant it; or why that is not shown */
static const char *distrust(request_rec *r, const form_t *form)
{
    const char *site = apr_table_get(r->headers_in, "Sec-Fetch-Site");
    const char *origin = apr_table_get(r->headers_in, "Origin");
    const char *script = apr_table_get(r->headers_in, "X-CFCluster");

    if (site != NULL && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0) {
        return "the request was sent by a page of another site";
    }
    if (origin != NULL && !same_host(origin, apr_table_get(r->headers_in, "Host"))) {
        return "the request's Origin is not this server; a proxy before it has to leave the Host "
               "header as it is";
    }
    if (form->json || (script != NULL && strcmp(script, "1") == 0)) {
        return NULL;
    }
    if (form->csrf == NULL) {
        return "the field csrf is missing; a script sends the header \"X-CFCluster: 1\" instead";
    }
    return cfc_form_token_check(cfc_conf()->segment->secret, cfc_order_who(r), r->request_time,
                                form->csrf, r->pool)
               ? NULL
               : "the page was too old, or opened before a restart; this one is new: please "
                 "press again";
}

static void tell_distrust(request_rec *r, const char *complaint)
{
    const cfc_what_t what = {
        .kind = CFC_EVENT_REFUSED, .bad = true, .who = cfc_order_who(r),
        .address = r->useragent_ip, .why = complaint,
    };

    cfc_event(&what, CFC_LOG_NOTICE, APR_SUCCESS, "CFC0403: an order by %s was not carried out: %s",
              cfc_order_by(what.who, what.address, r->pool), complaint);
}

int cfc_order_read(request_rec *r, cfc_order_t *order, cfc_result_t *refused)
{
    form_t form = {.force = NULL};
    int status;
    const char *complaint = fields_read(r, &form, &status);

    *refused = cfc_result(CFC_OUTCOME_BAD, complaint);
    if (status == OK && complaint == NULL) {
        complaint = distrust(r, &form);
        if (complaint != NULL) {
            *refused = cfc_result(CFC_OUTCOME_FORBIDDEN,
                                  apr_pstrcat(r->pool, "Not done: ", complaint, NULL));
            tell_distrust(r, complaint);
        }
    }
    *order = form.order;
    order->who = cfc_order_who(r);
    order->address = r->useragent_ip;
    return status;
}
