/* SPDX-License-Identifier: Apache-2.0
 * dependency_url.c: see dependency_url.h; the URL's grammar is apr_uri's. */
#include "conf/dependency_url.h"

#include <apr_escape.h>
#include <apr_strings.h>
#include <apr_uri.h>
#include <string.h>

#include "conf/node_url.h"

static const struct {
    const char *name;
    cfc_dependency_kind_t kind;
    int port;
    cfc_tls_t tls;
} schemes[] = {
    {"mysql", CFC_DEPENDENCY_MYSQL, 3306, CFC_TLS_OFF},
    {"ldap", CFC_DEPENDENCY_LDAP, 389, CFC_TLS_OFF},
    {"ldaps", CFC_DEPENDENCY_LDAP, 636, CFC_TLS_VERIFY},
};

static const char *const examples[] = {
    [CFC_DEPENDENCY_MYSQL] = "mysql://monitor@db1:3306/confluence",
    [CFC_DEPENDENCY_LDAP] = "ldaps://ad1.example.org/dc=example,dc=org",
};

static int scheme_index(const char *name, cfc_dependency_kind_t kind)
{
    for (int i = 0; i < (int)(sizeof(schemes) / sizeof(schemes[0])); i++) {
        if (schemes[i].kind == kind && strcmp(schemes[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

static const char *check_secrets(const apr_uri_t *uri, cfc_dependency_kind_t kind,
                                 const char *directive, apr_pool_t *p)
{
    if (kind == CFC_DEPENDENCY_LDAP && uri->user != NULL) {
        return apr_psprintf(p, "%s: write no user into the address; put its DN and its password "
                               "into a file, and name that by credentials=", directive);
    }
    if (uri->password != NULL) {
        return apr_psprintf(p, "%s: write no password into the address; put it into a file as "
                               "password=... below [client], and name that by option-file=",
                            directive);
    }
    return NULL;
}

static const char *check_parts(const apr_uri_t *uri, cfc_dependency_kind_t kind,
                               const char *directive, const char *text, apr_pool_t *p)
{
    if (uri->hostname == NULL || uri->hostname[0] == '\0') {
        return apr_psprintf(p, "%s: \"%s\" names no host; for example %s", directive, text,
                            examples[kind]);
    }
    if (uri->port_str != NULL && !cfc_uri_port_ok(uri->port_str)) {
        return apr_psprintf(p, "%s: \"%s\": port \"%s\" is not a number from 1 to 65535",
                            directive, text, uri->port_str);
    }
    if (!cfc_uri_host_ok(uri)) {
        return apr_psprintf(p, "%s: \"%s\": \"%s\" is not a host; write a name, an IPv4 address, "
                               "or an IPv6 address in brackets", directive, text, uri->hostname);
    }
    if (uri->query != NULL || uri->fragment != NULL) {
        return apr_psprintf(p, "%s: \"%s\" has something after its path; write %s at most",
                            directive, text, examples[kind]);
    }
    return NULL;
}

/* "" when there is none; NULL: it is not well encoded. */
static const char *path_of(const apr_uri_t *uri, apr_pool_t *p)
{
    if (uri->path == NULL || uri->path[0] == '\0') {
        return "";
    }
    return apr_punescape_url(p, uri->path + 1, NULL, NULL, 0);
}

const char *cfc_dependency_url_read(cfc_dependency_t *dependency, cfc_dependency_kind_t kind,
                                    const char *directive, const char *text, apr_pool_t *p)
{
    apr_uri_t uri;
    const char *complaint, *path;
    int index;

    if (apr_uri_parse(p, text, &uri) != APR_SUCCESS || uri.scheme == NULL
        || uri.hostinfo == NULL) {
        return apr_psprintf(p, "%s: \"%s\" is not an address; for example %s", directive, text,
                            examples[kind]);
    }
    complaint = check_secrets(&uri, kind, directive, p);
    if (complaint != NULL) {
        return complaint;
    }
    index = scheme_index(uri.scheme, kind);
    if (index < 0) {
        return apr_psprintf(p, "%s: \"%s\": %s, not %s; for example %s", directive, text,
                            kind == CFC_DEPENDENCY_LDAP
                                ? "directories are reached over ldap or ldaps"
                                : "databases are reached over mysql",
                            uri.scheme, examples[kind]);
    }
    complaint = check_parts(&uri, kind, directive, text, p);
    if (complaint != NULL) {
        return complaint;
    }
    path = path_of(&uri, p);
    if (path == NULL || (kind == CFC_DEPENDENCY_MYSQL && strchr(path, '/') != NULL)) {
        return apr_psprintf(p, "%s: \"%s\": \"%s\" is not %s; for example %s", directive, text,
                            uri.path, kind == CFC_DEPENDENCY_LDAP ? "a percent-encoded base DN"
                                                                  : "the name of a database",
                            examples[kind]);
    }
    dependency->kind = (int)kind;
    dependency->host = uri.hostname;
    dependency->port = uri.port_str != NULL ? uri.port : schemes[index].port;
    dependency->address = apr_psprintf(p, strchr(uri.hostname, ':') ? "[%s]:%d" : "%s:%d",
                                       uri.hostname, dependency->port);
    dependency->user = uri.user;
    dependency->path = path[0] != '\0' ? path : NULL;
    dependency->tls = schemes[index].tls;
    return NULL;
}
