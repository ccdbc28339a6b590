/* SPDX-License-Identifier: Apache-2.0
 * server_httpd.h: what a virtual host and a request hold of ours. */
#ifndef CFC_CONF_SERVER_HTTPD_H
#define CFC_CONF_SERVER_HTTPD_H

#include <httpd.h>
#include <http_config.h>

#include "conf/conf.h"

struct cfc_protect_conf;
struct cfc_protect_req;

extern module AP_MODULE_DECLARE_DATA cfcluster_module;

/** One CFClusterPass line. */
typedef struct {
    const char *path;           /* "" for "/", else without a slash at its end */
    size_t length;
    const char *context;        /* where the application is, at or below path */
    const char *cluster_name;   /* NULL: this path is not passed ("!") */
    cfc_cluster_t *cluster;     /* set by the check_config hook */
    bool checked;
    cfc_where_t where;
} cfc_pass_t;

typedef struct {
    apr_array_header_t *passes;         /* cfc_pass_t *; the virtual host's come first */
    struct cfc_protect_conf *protect;
} cfc_server_conf_t;

/** What we know of a request; made when a CFClusterPass or the status handler claims it. */
typedef struct {
    const cfc_pass_t *pass;
    const char *target;                 /* the client's own path and query, byte for byte */
    struct cfc_protect_req *protect;
} cfc_request_t;

static inline cfc_server_conf_t *cfc_server_conf(server_rec *s)
{
    return ap_get_module_config(s->module_config, &cfcluster_module);
}

/** @return NULL: the request is not ours */
static inline cfc_request_t *cfc_request(request_rec *r)
{
    return ap_get_module_config(r->request_config, &cfcluster_module);
}

/** Our part of the request, made from r->pool when it is not there yet. */
static inline cfc_request_t *cfc_request_make(request_rec *r)
{
    cfc_request_t *ours = cfc_request(r);

    if (ours == NULL) {
        ours = apr_pcalloc(r->pool, sizeof(*ours));
        ap_set_module_config(r->request_config, &cfcluster_module, ours);
    }
    return ours;
}

#endif
