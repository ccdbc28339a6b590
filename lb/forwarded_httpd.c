/* SPDX-License-Identifier: Apache-2.0
 * forwarded_httpd.c: makes the request headers that a node gets. */
#include "lb/forwarded_httpd.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>
#include <stdbool.h>
#include <strings.h>

/* Ours alone to send: everything that some Tomcat valve or filter could take for the client's
 * address, scheme, host or certificate, and what proves that a request came through here. */
static const char *const claims[] = {
    "X-Forwarded-For",    "X-Forwarded-Proto", "X-Forwarded-Host",    "X-Forwarded-Port",
    "X-Forwarded-Server", "X-Forwarded-By",    "X-Forwarded-Ssl",     "X-Forwarded-Scheme",
    "X-Real-IP",          "X-Client-IP",       "X-Cluster-Client-IP", "X-CFCluster-Secret",
    "Forwarded",
    /* of Tomcat's SSLValve */
    "SSL-Client-Cert",    "SSL-Cipher",        "SSL-Session-Id",      "SSL-Cipher-Usekeysize",
    "SSL-Client-Escaped-Cert", NULL,
};

/* What nobody may have taken out by naming it in Connection: mod_proxy needs it to carry the
 * message, or we have decided by it (route, area, login) and the node must see what we saw. */
static const char *const kept[] = {
    "Host", "Content-Length", "Transfer-Encoding", "Upgrade", "Cookie", "Authorization", NULL,
};

/* Some applications cannot tell X_Forwarded_For from X-Forwarded-For. */
static bool same_name(const char *name, const char *known)
{
    for (; *known != '\0'; name++, known++) {
        if (apr_tolower(*name == '_' ? '-' : *name) != apr_tolower(*known)) {
            return false;
        }
    }
    return *name == '\0';
}

static bool is_one_of(const char *name, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (same_name(name, *names)) {
            return true;
        }
    }
    return false;
}

static apr_table_t *without_claims(request_rec *r)
{
    const apr_array_header_t *all = apr_table_elts(r->headers_in);
    apr_table_t *headers = apr_table_make(r->pool, all->nelts + 5);

    for (int i = 0; i < all->nelts; i++) {
        const apr_table_entry_t *entry = &APR_ARRAY_IDX(all, i, apr_table_entry_t);

        if (!is_one_of(entry->key, claims)) {
            apr_table_addn(headers, entry->key, entry->val);
        }
    }
    return headers;
}

/* As mod_proxy does it, which also takes ';' for the end of a name, but for HTTP only. What
 * stays is what httpd itself wants to know of the client's connection. */
static void drop_named_in_connection(request_rec *r, apr_table_t *headers)
{
    static const char separators[] = ",; \t\"";
    const char *value = apr_table_getm(r->pool, headers, "Connection"), *stays = NULL;
    char *rest, *name;

    if (value == NULL) {
        return;
    }
    apr_table_unset(headers, "Connection");
    for (name = apr_strtok(apr_pstrdup(r->pool, value), separators, &rest); name != NULL;
         name = apr_strtok(NULL, separators, &rest)) {
        if (strcasecmp(name, "close") == 0 || (stays == NULL && !strcasecmp(name, "keep-alive"))) {
            stays = name;
        }
        if (!is_one_of(name, kept)) {
            apr_table_unset(headers, name);
        }
    }
    if (stays != NULL) {
        apr_table_setn(headers, "Connection", stays);
    }
}

apr_table_t *cfc_forwarded_headers(request_rec *r, const char *secret)
{
    apr_table_t *headers = without_claims(r);
    const char *host = apr_table_get(headers, "Host");

    drop_named_in_connection(r, headers);
    if (host == NULL) {     /* HTTP/1.0 */
        host = ap_get_server_name(r);
        apr_table_setn(headers, "Host", host);
    }
    apr_table_setn(headers, "X-Forwarded-For", r->useragent_ip);
    apr_table_setn(headers, "X-Forwarded-Proto", ap_http_scheme(r));
    apr_table_setn(headers, "X-Forwarded-Host", host);
    apr_table_setn(headers, "X-Forwarded-Port",
                   apr_itoa(r->pool, (int)ap_get_server_port(r)));
    if (secret != NULL) {
        apr_table_setn(headers, "X-CFCluster-Secret", secret);
    }
    return headers;
}
