/* SPDX-License-Identifier: Apache-2.0
 * announce_httpd.c: see announce_httpd.h. That such a request is not passed to a node is
 * lb/map_httpd.c's business. */
#include "maint/announce_httpd.h"

#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>
#include <string.h>

#include "conf/server_httpd.h"
#include "lb/map_httpd.h"
#include "maint/announce.h"

APLOG_USE_MODULE(cfcluster);

int cfc_announce_handler(request_rec *r)
{
    const cfc_pass_t *pass;
    const char *text;

    if (r->handler == NULL || strcmp(r->handler, CFC_HANDLER_ANNOUNCE) != 0) {
        return DECLINED;
    }
    if (r->method_number != M_GET) {
        ap_allow_standard_methods(r, REPLACE_ALLOW, M_GET, -1);
        return HTTP_METHOD_NOT_ALLOWED;
    }
    pass = cfc_pass_find(cfc_server_conf(r->server), r->uri);
    if (pass == NULL) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "CFC0407: %s has SetHandler "
                      "cfcluster-maintenance, but no CFClusterPass leads from there to a cluster",
                      ap_escape_logitem(r->pool, r->uri));
        return HTTP_NOT_FOUND;
    }
    text = cfc_announcement(pass->cluster, r->pool);
    if (text == NULL) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    apr_table_setn(r->headers_out, "Cache-Control", "public, max-age=5");
    apr_table_setn(r->headers_out, "X-Content-Type-Options", "nosniff");
    ap_set_content_type(r, "application/json");
    ap_set_content_length(r, (apr_off_t)strlen(text));
    ap_rputs(text, r);
    return OK;
}
