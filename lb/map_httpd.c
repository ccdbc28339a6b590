/* SPDX-License-Identifier: Apache-2.0
 * map_httpd.c: claims requests for clusters in translate_name. What will be forwarded is fixed
 * here, from the client's own bytes; nothing that rewrites r->uri later changes it, because
 * the guard has judged these bytes and no others (DESIGN 4 and 6). */
#include "lb/map_httpd.h"

#include <http_core.h>
#include <string.h>

#include "guard/protect_httpd.h"
#include "guard/target.h"

/* r->filename of what we claim: no path in it, so that no extension means anything. */
#define CLAIMED "cfcluster:"

static bool covers(const cfc_pass_t *pass, const char *uri)
{
    return strncmp(uri, pass->path, pass->length) == 0
           && (uri[pass->length] == '/' || uri[pass->length] == '\0');
}

const cfc_pass_t *cfc_pass_find(const cfc_server_conf_t *conf, const char *uri)
{
    const cfc_pass_t *best = NULL;

    for (int i = 0; i < conf->passes->nelts; i++) {
        const cfc_pass_t *pass = APR_ARRAY_IDX(conf->passes, i, const cfc_pass_t *);

        if ((best == NULL || pass->length > best->length) && covers(pass, uri)) {
            best = pass;
        }
    }
    return best != NULL && best->cluster_name != NULL ? best : NULL;
}

/* Whether a section hands this request to a page of ours by SetHandler. */
static bool is_page(request_rec *r)
{
    core_dir_config *core = ap_get_core_module_config(r->per_dir_config);

    return core->handler != NULL && (strcmp(core->handler, CFC_HANDLER_STATUS) == 0
                                     || strcmp(core->handler, CFC_HANDLER_ANNOUNCE) == 0);
}

static int claim(request_rec *r, const cfc_pass_t *pass)
{
    cfc_request_t *ours = cfc_request_make(r);

    ours->pass = pass;
    ours->target = cfc_target_path(r->unparsed_uri);
    r->filename = CLAIMED;
    r->handler = CFC_HANDLER_FORWARD;
    return cfc_protect_claim(r, ours->target, pass->path, pass->context, pass->cluster->protect);
}

int cfc_map_translate(request_rec *r)
{
    const cfc_pass_t *pass;

    if (r->uri == NULL || r->uri[0] != '/' || r->proxyreq) {
        return DECLINED;
    }
    if (is_page(r)) {
        cfc_request_make(r);
        r->filename = CLAIMED;
        return OK;
    }
    pass = cfc_pass_find(cfc_server_conf(r->server), r->uri);
    return pass != NULL ? claim(r, pass) : DECLINED;
}

int cfc_map_storage(request_rec *r)
{
    /* TRACE is answered or refused by httpd in this hook (TraceEnable), never by a node. */
    return cfc_request(r) != NULL && r->method_number != M_TRACE ? OK : DECLINED;
}
