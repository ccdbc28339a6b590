/* SPDX-License-Identifier: Apache-2.0
 * location.c: the two rewrites of location.h. Pure. */
#include "lb/location.h"

#include <apr_strings.h>
#include <string.h>
#include <strings.h>

/* What follows scheme://authority; NULL: no such URL. */
static const char *split(const char *url, const char **authority, size_t *length, bool *https)
{
    const char *at;

    if (strncasecmp(url, "http://", 7) == 0) {
        at = url + 7;
        *https = false;
    }
    else if (strncasecmp(url, "https://", 8) == 0) {
        at = url + 8;
        *https = true;
    }
    else {
        return NULL;
    }
    *authority = at;
    *length = strcspn(at, "/?#");
    return at + *length;
}

static bool same(const char *authority, size_t length, const char *other)
{
    return strlen(other) == length && strncasecmp(authority, other, length) == 0;
}

/* The node's address with its port, or without when the URL may leave it out. */
static bool is_node(const char *authority, size_t length, bool https, const cfc_node_t *node,
                    apr_pool_t *p)
{
    const char *bare = strchr(node->host, ':') ? apr_pstrcat(p, "[", node->host, "]", NULL)
                                               : node->host;

    if (same(authority, length, apr_psprintf(p, "%s:%d", bare, node->port))) {
        return true;
    }
    return node->port == (https ? 443 : 80) && same(authority, length, bare);
}

const char *cfc_location_for_client(const char *location, const cfc_node_t *node,
                                    const char *scheme, const char *host, apr_pool_t *p)
{
    const char *authority, *rest;
    size_t length;
    bool https;

    if (host == NULL) {
        return location;
    }
    rest = split(location, &authority, &length, &https);
    if (rest == NULL) {
        return location;
    }
    if (same(authority, length, host)) {
        return !https && strcmp(scheme, "https") == 0
                   ? apr_pstrcat(p, "https://", host, rest, NULL)
                   : location;
    }
    return is_node(authority, length, https, node, p)
               ? apr_pstrcat(p, scheme, "://", host, rest, NULL)
               : location;
}
