/* SPDX-License-Identifier: Apache-2.0
 * order_httpd.c: see order_httpd.h. What the order means is control.c's business.
 * Source: Fetch Metadata (Sec-Fetch-Site); RFC 6454 section 7 (Origin). */
#include "maint/order_httpd.h"

#include <apr_buckets.h>
#include <apr_strings.h>
#include <http_log.h>
#include <http_protocol.h>
#include <stddef.h>
#include <string.h>

#include "conf/conf.h"
#include "maint/sign.h"
#include "maint/text.h"

APLOG_USE_MODULE(cfcluster);

#define FORM_BYTES_MAX 8192
#define FORM_FIELDS_MAX 32

typedef struct {
    cfc_order_t order;
    const char *force;
    const char *csrf;
} form_t;

static const struct {
    const char *name;
    size_t at;
} fields[] = {
    {"cluster", offsetof(form_t, order.cluster)}, {"node", offsetof(form_t, order.node)},
    {"action", offsetof(form_t, order.action)},   {"reason", offsetof(form_t, order.reason)},
    {"message", offsetof(form_t, order.message)}, {"until", offsetof(form_t, order.until)},
    {"force", offsetof(form_t, force)},           {"csrf", offsetof(form_t, csrf)},
};

const char *cfc_order_who(const request_rec *r)
{
    return r->user != NULL ? r->user : r->useragent_ip;
}

/* @return NULL, or what is wrong with this field */
static const char *field_read(request_rec *r, const ap_form_pair_t *pair, form_t *form)
{
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        const char **value = (const char **)((char *)form + fields[i].at);
        char *text;
        apr_size_t length;

        if (strcmp(fields[i].name, pair->name) != 0) {
            continue;
        }
        if (*value != NULL) {
            return apr_psprintf(r->pool, "the field %s is given twice", fields[i].name);
        }
        if (apr_brigade_pflatten(pair->value, &text, &length, r->pool) != APR_SUCCESS
            || memchr(text, '\0', length) != NULL) {
            return apr_psprintf(r->pool, "the field %s cannot be read", fields[i].name);
        }
        *value = apr_pstrmemdup(r->pool, text, length);
        return NULL;
    }
    return apr_psprintf(r->pool, "there is no field \"%s\"; known: cluster, node, action, reason, "
                        "message, until, force, csrf", cfc_text_clean(pair->name, r->pool));
}

/* @return NULL, or what is wrong with the form; *status is what httpd says of the body */
static const char *form_read(request_rec *r, form_t *form, int *status)
{
    static const char urlencoded[] = "application/x-www-form-urlencoded";
    const char *type = apr_table_get(r->headers_in, "Content-Type");
    apr_array_header_t *pairs = NULL;
    const char *complaint = NULL;
    size_t length = type != NULL ? strcspn(type, "; \t") : 0;

    *status = OK;
    if (length != sizeof(urlencoded) - 1 || strncasecmp(type, urlencoded, length) != 0) {
        return "the body has to be application/x-www-form-urlencoded";
    }
    *status = ap_parse_form_data(r, NULL, &pairs, FORM_FIELDS_MAX, FORM_BYTES_MAX);
    if (*status != OK || pairs == NULL) {
        return NULL;
    }
    for (int i = 0; i < pairs->nelts && complaint == NULL; i++) {
        complaint = field_read(r, &APR_ARRAY_IDX(pairs, i, ap_form_pair_t), form);
    }
    form->order.force = form->force != NULL && strcmp(form->force, "1") == 0;
    return complaint;
}

/* "https://wiki.example.org:8443" against "wiki.example.org:8443". The scheme is not compared:
 * a TLS terminator before httpd leaves us unaware of it. */
static bool same_host(const char *origin, const char *host)
{
    const char *name = strstr(origin, "://");

    return name != NULL && host != NULL && strcasecmp(name + 3, host) == 0;
}

/* @return NULL: the sender meant it; or why that is not shown */
static const char *distrust(request_rec *r, const char *token)
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
    if (script != NULL && strcmp(script, "1") == 0) {
        return NULL;
    }
    if (token == NULL) {
        return "the field csrf is missing; a script sends the header \"X-CFCluster: 1\" instead";
    }
    return cfc_form_token_check(cfc_conf()->segment->secret, cfc_order_who(r), r->request_time,
                                token, r->pool)
               ? NULL
               : "the page was too old, or opened before a restart; this one is new: please "
                 "press again";
}

int cfc_order_read(request_rec *r, cfc_order_t *order, cfc_result_t *refused)
{
    form_t form = {.force = NULL};
    int status;
    const char *complaint = form_read(r, &form, &status);

    refused->outcome = CFC_OUTCOME_BAD;
    refused->text = complaint;
    if (status == OK && complaint == NULL) {
        complaint = distrust(r, form.csrf);
        if (complaint != NULL) {
            refused->outcome = CFC_OUTCOME_FORBIDDEN;
            refused->text = apr_pstrcat(r->pool, "Not done: ", complaint, NULL);
            ap_log_rerror(APLOG_MARK, APLOG_NOTICE, 0, r, "CFC0403: an order by %s was not "
                          "carried out: %s", cfc_order_who(r), complaint);
        }
    }
    *order = form.order;
    order->who = cfc_order_who(r);
    order->address = r->useragent_ip;
    return status;
}
