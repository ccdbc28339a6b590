/* SPDX-License-Identifier: Apache-2.0
 * node_url.c: reads the address of a node; the URL's grammar is apr_uri's. Pure. */
#include "conf/node_url.h"

#include <apr_strings.h>
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "lb/segment.h"

/* Of names of ours and of hosts. */
static const char name_chars[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

static const struct {
    const char *name;
    cfc_scheme_t scheme;
    int port;
} schemes[] = {
    {"http", CFC_SCHEME_HTTP, 80},
    {"https", CFC_SCHEME_HTTPS, 443},
    {"ajp", CFC_SCHEME_AJP, 8009},
};

static int scheme_index(const char *name)
{
    for (int i = 0; i < (int)(sizeof(schemes) / sizeof(schemes[0])); i++) {
        if (strcmp(schemes[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

/* apr_uri takes anything up to the next delimiter for a host, and cuts ports to 16 bits. */
bool cfc_uri_host_ok(const apr_uri_t *uri)
{
    struct in6_addr address;

    return uri->hostinfo[0] == '[' ? inet_pton(AF_INET6, uri->hostname, &address) == 1
                                   : uri->hostname[strspn(uri->hostname, name_chars)] == '\0';
}

bool cfc_uri_port_ok(const char *port)
{
    size_t digits = strspn(port, "0123456789");
    long number = strtol(port, NULL, 10);

    return port[digits] == '\0' && number >= 1 && number <= 65535;
}

static const char *check_parts(const apr_uri_t *uri, const char *directive, const char *text,
                               apr_pool_t *p)
{
    if (uri->hostname == NULL || uri->hostname[0] == '\0') {
        return apr_psprintf(p, "%s: \"%s\" names no host; for example http://10.0.0.11:8090",
                            directive, text);
    }
    if (uri->port_str != NULL && !cfc_uri_port_ok(uri->port_str)) {
        return apr_psprintf(p, "%s: \"%s\": port \"%s\" is not a number from 1 to 65535",
                            directive, text, uri->port_str);
    }
    if (uri->user != NULL || uri->password != NULL) {
        /* Without the value: the message goes to screens and logs. */
        return apr_psprintf(p, "%s: write no user or password into a node's address", directive);
    }
    if (!cfc_uri_host_ok(uri)) {
        return apr_psprintf(p, "%s: \"%s\": \"%s\" is not a host; write a name, an IPv4 address, "
                               "or an IPv6 address in brackets, for example http://[fd00::11]:8090",
                            directive, text, uri->hostname);
    }
    if ((uri->path != NULL && strcmp(uri->path, "/") != 0) || uri->query || uri->fragment) {
        return apr_psprintf(p,
                            "%s: \"%s\" has a path; write %s://%s only: requests keep the path "
                            "that the client sent, and CFClusterPass says which paths go there",
                            directive, text, uri->scheme, uri->hostinfo);
    }
    return NULL;
}

const char *cfc_node_url_read(cfc_node_t *node, const char *directive, const char *text,
                              apr_pool_t *p)
{
    apr_uri_t uri;
    const char *complaint;
    int index;

    if (strstr(text, "://") == NULL) {
        return apr_psprintf(p,
                            "%s: \"%s\" has no scheme; write http://%s, https://%s or ajp://%s",
                            directive, text, text, text, text);
    }
    if (apr_uri_parse(p, text, &uri) != APR_SUCCESS || uri.scheme == NULL) {
        return apr_psprintf(p, "%s: \"%s\" is not an address; for example http://10.0.0.11:8090",
                            directive, text);
    }
    index = scheme_index(uri.scheme);
    if (index < 0) {
        return apr_psprintf(p, "%s: \"%s\": nodes are reached over http, https or ajp, not %s",
                            directive, text, uri.scheme);
    }
    complaint = check_parts(&uri, directive, text, p);
    if (complaint != NULL) {
        return complaint;
    }
    node->scheme = schemes[index].scheme;
    node->host = uri.hostname;
    node->port = uri.port_str ? uri.port : schemes[index].port;
    node->url = apr_psprintf(p, strchr(node->host, ':') ? "%s://[%s]:%d" : "%s://%s:%d",
                             schemes[index].name, node->host, node->port);
    return NULL;
}

bool cfc_name_ok(const char *name)
{
    size_t good = strspn(name, name_chars);

    return good > 0 && good < CFC_NAME_MAX && name[good] == '\0';
}
