/* SPDX-License-Identifier: Apache-2.0
 * directives_httpd.c: the command table, and the setters of what stands outside <CFCluster>;
 * those inside it are cluster_httpd.c's. */
#include "conf/directives_httpd.h"

#include <apr_strings.h>
#include <http_core.h>
#include <string.h>

#include "conf/cluster_httpd.h"
#include "guard/protect_httpd.h"
#include "maint/notify.h"
#include "maint/notify_conf_httpd.h"

static cfc_conf_t *global;

cfc_conf_t *cfc_conf(void)
{
    return global;
}

int cfc_conf_begin(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
    (void)plog;
    (void)ptemp;
    global = apr_pcalloc(pconf, sizeof(*global));
    global->clusters = apr_array_make(pconf, 4, sizeof(cfc_cluster_t *));
    global->notify = apr_array_make(pconf, CFC_NOTIFY_MAX, sizeof(cfc_notify_t));
    global->child = -1;
    return OK;
}

void *cfc_server_conf_create(apr_pool_t *p, server_rec *s)
{
    cfc_server_conf_t *conf = apr_pcalloc(p, sizeof(*conf));

    (void)s;
    conf->passes = apr_array_make(p, 4, sizeof(cfc_pass_t *));
    conf->protect = cfc_protect_conf_create(p);
    return conf;
}

void *cfc_server_conf_merge(apr_pool_t *p, void *base, void *add)
{
    const cfc_server_conf_t *main_server = base, *host = add;
    cfc_server_conf_t *conf = apr_pcalloc(p, sizeof(*conf));

    /* The virtual host's first: of two passes of one path the first is taken. */
    conf->passes = apr_array_append(p, host->passes, main_server->passes);
    conf->protect = cfc_protect_conf_merge(p, main_server->protect, host->protect);
    return conf;
}

static const char *set_state_dir(cmd_parms *cmd, void *unused, const char *arg)
{
    const char *wrong = ap_check_cmd_context(cmd, GLOBAL_ONLY);

    (void)unused;
    if (wrong != NULL) {
        return wrong;
    }
    if (global->state_dir != NULL) {
        return "CFClusterStateDir: given twice; all clusters share one directory, keep one line";
    }
    global->state_dir = ap_server_root_relative(cmd->pool, arg);
    if (global->state_dir == NULL) {
        return apr_psprintf(cmd->pool, "CFClusterStateDir: \"%s\" is not a path; for example "
                                       "/var/lib/cfcluster", arg);
    }
    return NULL;
}

/* A path as it is after decoding, without the slash at its end. @return NULL: it is none */
static char *path_read(const char *text, apr_pool_t *p)
{
    size_t length = strlen(text);

    if (text[0] != '/' || text[strcspn(text, "?#;%")] != '\0') {
        return NULL;
    }
    while (length > 0 && text[length - 1] == '/') {
        length--;
    }
    return apr_pstrmemdup(p, text, length);
}

/* @return NULL, or why option is not where in pass the application is */
static const char *context_read(cfc_pass_t *pass, const char *path, const char *option,
                                apr_pool_t *p)
{
    static const char key[] = "context=";

    if (option == NULL) {
        pass->context = pass->path;
        return NULL;
    }
    if (strncmp(option, key, sizeof(key) - 1) != 0) {
        return apr_psprintf(p, "CFClusterPass \"%s\": %s is not known here; known: context=/PATH",
                            path, option);
    }
    pass->context = path_read(option + sizeof(key) - 1, p);
    if (pass->context == NULL || strncmp(pass->context, pass->path, pass->length) != 0
        || (pass->context[pass->length] != '/' && pass->context[pass->length] != '\0')) {
        return apr_psprintf(p, "CFClusterPass \"%s\": %s has to be a path at or below that, such as "
                               "context=%s/wiki", path, option, pass->path);
    }
    return NULL;
}

static const char *add_pass(cmd_parms *cmd, void *unused, const char *path, const char *cluster,
                            const char *option)
{
    cfc_server_conf_t *conf = cfc_server_conf(cmd->server);
    const char *wrong = ap_check_cmd_context(cmd, NOT_IN_DIR_CONTEXT);
    cfc_pass_t *pass = apr_pcalloc(cmd->pool, sizeof(*pass));

    (void)unused;
    if (wrong != NULL) {
        return wrong;
    }
    if ((pass->path = path_read(path, cmd->pool)) == NULL) {
        return apr_psprintf(cmd->pool, "CFClusterPass: \"%s\" is not a path; write it as it is "
                                       "after decoding, beginning with /, for example "
                                       "CFClusterPass \"/\" %s", path, cluster);
    }
    pass->length = strlen(pass->path);
    pass->cluster_name = strcmp(cluster, "!") == 0 ? NULL : apr_pstrdup(cmd->pool, cluster);
    pass->where = cfc_where(cmd);
    for (int i = 0; i < conf->passes->nelts; i++) {
        const cfc_pass_t *other = APR_ARRAY_IDX(conf->passes, i, const cfc_pass_t *);

        if (strcmp(other->path, pass->path) == 0) {
            return apr_psprintf(cmd->pool, "CFClusterPass \"%s\": already passed at %s; keep one "
                                           "line for a path",
                                path, cfc_where_text(&other->where, cmd->pool));
        }
    }
    APR_ARRAY_PUSH(conf->passes, cfc_pass_t *) = pass;
    return context_read(pass, path, option, cmd->pool);
}

const command_rec cfc_commands[] = {
    AP_INIT_TAKE1("CFClusterStateDir", set_state_dir, NULL, RSRC_CONF,
                  "CFClusterStateDir DIRECTORY: where admin states are kept over restarts"),
    AP_INIT_TAKE_ARGV("CFNotify", cfc_notify_add, NULL, RSRC_CONF,
                      "CFNotify PROGRAM [ARGUMENT...] [events=KIND,..] [timeout=TIME]: is run for "
                      "each event"),
    AP_INIT_RAW_ARGS("<CFCluster", cfc_cluster_section, NULL, RSRC_CONF,
                     "<CFCluster NAME>: a cluster and its nodes"),
    AP_INIT_TAKE1("CFProfile", cfc_cluster_set_profile, NULL, RSRC_CONF,
                  "CFProfile confluence: sets probe, stickiness and timeouts at one stroke"),
    AP_INIT_TAKE_ARGV("CFNode", cfc_cluster_add_node, NULL, RSRC_CONF,
                      "CFNode NAME SCHEME://HOST:PORT [weight=N] [tier=N] [route=R] [secret=S] "
                      "[state=S]"),
    AP_INIT_TAKE_ARGV("CFSticky", cfc_cluster_set_sticky, NULL, RSRC_CONF,
                      "CFSticky [cookie=NAME] [session=NAME] [strict=on|off] [path=/PATH] "
                      "[domain=DOMAIN] [lifetime=TIME] [samesite=lax|strict|none] "
                      "[secure=auto|always] [window=TIME]"),
    AP_INIT_TAKE1("CFBalance", cfc_cluster_set_balance, NULL, RSRC_CONF, "CFBalance METHOD"),
    AP_INIT_TAKE1("CFSlowStart", cfc_cluster_set_slow_start, NULL, RSRC_CONF,
                  "CFSlowStart TIME: how long a node that returned gets less new sessions"),
    AP_INIT_TAKE_ARGV("CFProbe", cfc_cluster_set_probe, NULL, RSRC_CONF,
                      "CFProbe tcp|http [/PATH] [expect=..] [interval=..] [timeout=..] [rise=N] "
                      "[fall=N] [host=..] [port=N]"),
    AP_INIT_TAKE_ARGV("CFRetry", cfc_cluster_set_retry, NULL, RSRC_CONF,
                      "CFRetry [attempts=N] [budget=TIME] [body=SIZE] [on-status=STATUS,..]"),
    AP_INIT_TAKE_ARGV("CFQueue", cfc_cluster_set_queue, NULL, RSRC_CONF,
                      "CFQueue [depth=N] [timeout=TIME]"),
    AP_INIT_TAKE_ARGV("CFEject", cfc_cluster_set_eject, NULL, RSRC_CONF,
                      "CFEject [failures=N] [time=TIME] [max=TIME]"),
    AP_INIT_TAKE_ARGV("CFTimeout", cfc_cluster_set_timeout, NULL, RSRC_CONF,
                      "CFTimeout [connect=TIME] [answer=TIME] [tunnel-end=TIME]"),
    AP_INIT_TAKE1("CFTell", cfc_cluster_set_tell, NULL, RSRC_CONF,
                  "CFTell on|off: whether answers name their node, and why it was, in X-CFCluster"),
    AP_INIT_TAKE_ARGV("CFDatabase", cfc_cluster_add_database, NULL, RSRC_CONF,
                      "CFDatabase NAME mysql://[USER@]HOST[:PORT][/DATABASE] [option-file=FILE] "
                      "[of=NAME] [tls=..] [ca=FILE] [interval=TIME] [timeout=TIME] [cert-days=N]"),
    AP_INIT_TAKE_ARGV("CFDirectory", cfc_cluster_add_directory, NULL, RSRC_CONF,
                      "CFDirectory NAME ldap|ldaps://HOST[:PORT][/BASE] [credentials=FILE] "
                      "[ca=FILE] [interval=TIME] [timeout=TIME] [cert-days=N]"),
    AP_INIT_TAKE_ARGV("CFLogins", cfc_cluster_set_logins, NULL, RSRC_CONF,
                      "CFLogins [limit=N] [window=TIME] [answer=log|429] [header=pass|hide]"),
    AP_INIT_TAKE1("CFNodeSecret", cfc_cluster_set_node_secret, NULL, RSRC_CONF,
                  "CFNodeSecret FILE: what tells the nodes that a request comes from here"),
    AP_INIT_TAKE1("CFMaintenancePage", cfc_cluster_set_page, NULL, RSRC_CONF,
                  "CFMaintenancePage FILE: the site's own maintenance page, HTML"),
    AP_INIT_TAKE1("CFOutagePage", cfc_cluster_set_outage_page, NULL, RSRC_CONF,
                  "CFOutagePage FILE: the site's own page for an outage, HTML"),
    AP_INIT_ITERATE("CFTesters", cfc_cluster_add_tester, NULL, RSRC_CONF,
                    "CFTesters ADDRESS...: addresses that pass a maintenance"),
    AP_INIT_TAKE23("CFClusterPass", add_pass, NULL, RSRC_CONF,
                  "CFClusterPass PATH CLUSTER|! [context=/PATH]: requests under PATH go to CLUSTER"),
    AP_INIT_RAW_ARGS("<CFClusterProtect", cfc_protect_section, NULL, RSRC_CONF,
                     "<CFClusterProtect PRESET... [path /PATH...]>: who may enter these areas"),
    {NULL, {NULL}, NULL, 0, RAW_ARGS, NULL},
};
