/* SPDX-License-Identifier: Apache-2.0
 * mod_cfcluster.c: the module record and the hooks, in the order in which a server starts and
 * a request passes through them. What they do is in the folders. */
#include <httpd.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>
#include <mpm_common.h>

#include "conf/directives_httpd.h"
#include "conf/start_httpd.h"
#include "guard/form_httpd.h"
#include "guard/protect_httpd.h"
#include "health/monitor_httpd.h"
#include "lb/body_httpd.h"
#include "lb/carry_httpd.h"
#include "lb/handler_httpd.h"
#include "lb/map_httpd.h"
#include "lb/release_httpd.h"
#include "maint/announce_httpd.h"
#include "maint/status_httpd.h"

static void register_hooks(apr_pool_t *p)
{
    /* Server-wide RewriteRules (redirects to https, for example) come before us; anything that
     * maps to files or to other balancers after us. */
    static const char *const after[] = {"mod_rewrite.c", NULL};
    static const char *const before[] = {"mod_proxy.c", "mod_jk.c", "mod_alias.c", NULL};
    static const char *const proxy[] = {"mod_proxy.c", NULL};

    ap_hook_pre_config(cfc_conf_begin, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_check_config(cfc_conf_check, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(cfc_start, proxy, NULL, APR_HOOK_MIDDLE);
    ap_hook_monitor(cfc_monitor_tend, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_init(cfc_start_child, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_stopping(cfc_release_all, NULL, NULL, APR_HOOK_MIDDLE);

    ap_hook_translate_name(cfc_map_translate, after, before, APR_HOOK_FIRST);
    ap_hook_map_to_storage(cfc_map_storage, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_post_perdir_config(cfc_protect_post_perdir, NULL, NULL, APR_HOOK_LAST);
    ap_hook_fixups(cfc_protect_fixups, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_handler(cfc_forward_handler, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_handler(cfc_status_handler, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_handler(cfc_announce_handler, NULL, NULL, APR_HOOK_MIDDLE);

    cfc_carry_register(p);
    cfc_body_register();
    cfc_form_register();
}

module AP_MODULE_DECLARE_DATA cfcluster_module = {
    STANDARD20_MODULE_STUFF,
    NULL,
    NULL,
    cfc_server_conf_create,
    cfc_server_conf_merge,
    cfc_commands,
    register_hooks,
    AP_MODULE_FLAG_NONE,
};
