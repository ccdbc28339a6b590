/* SPDX-License-Identifier: Apache-2.0
 * forwarded_httpd.c: rewrites the X-Forwarded-* request headers. */
#include "lb/forwarded_httpd.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>
#include <stdbool.h>
#include <strings.h>

/* Everything that some Tomcat valve or filter could take for the client's address, scheme or
 * host; first of them the ones that we set ourselves. */
static const char *const claims[] = {
    "X-Forwarded-For",    "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port",
    "X-Forwarded-Server", "X-Forwarded-By",    "X-Forwarded-Ssl",  "X-Real-IP",
    "Forwarded",          NULL,
};

static bool is_claim(const char *name)
{
    for (int i = 0; claims[i] != NULL; i++) {
        if (strcasecmp(name, claims[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Headers named in Connection are for the next hop only and mod_proxy removes them: a client
 * that names ours would hide itself. */
static void clean_connection(request_rec *r)
{
    const char *value = apr_table_get(r->headers_in, "Connection");
    const char *cleaned = NULL;
    char *rest, *token;

    if (value == NULL) {
        return;
    }
    for (token = apr_strtok(apr_pstrdup(r->pool, value), ", \t", &rest); token != NULL;
         token = apr_strtok(NULL, ", \t", &rest)) {
        if (!is_claim(token)) {
            cleaned = cleaned ? apr_pstrcat(r->pool, cleaned, ", ", token, NULL) : token;
        }
    }
    if (cleaned != NULL) {
        apr_table_setn(r->headers_in, "Connection", cleaned);
    }
    else {
        apr_table_unset(r->headers_in, "Connection");
    }
}

void cfc_forwarded_set(request_rec *r)
{
    const char *host = apr_table_get(r->headers_in, "Host");

    clean_connection(r);
    for (int i = 0; claims[i] != NULL; i++) {
        apr_table_unset(r->headers_in, claims[i]);
    }
    apr_table_setn(r->headers_in, "X-Forwarded-For", r->useragent_ip);
    apr_table_setn(r->headers_in, "X-Forwarded-Proto", ap_http_scheme(r));
    if (host != NULL) {
        apr_table_setn(r->headers_in, "X-Forwarded-Host", host);
    }
    apr_table_setn(r->headers_in, "X-Forwarded-Port",
                   apr_itoa(r->pool, (int)ap_get_server_port(r)));
}
