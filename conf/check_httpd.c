/* SPDX-License-Identifier: Apache-2.0
 * check_httpd.c: contradictions that only show across lines. Runs in the check_config hook,
 * which `httpd -t` runs too; lists all of them before it fails. What only run time can know
 * (the state file, the network) never refuses a configuration. */
#include <apr_strings.h>
#include <httpd.h>
#include <http_log.h>

#include "conf/directives_httpd.h"
#include "conf/opt.h"
#include "conf/probe_conf_httpd.h"
#include "guard/protect_httpd.h"
#include "lb/carry_httpd.h"

APLOG_USE_MODULE(cfcluster);

typedef struct {
    server_rec *s;
    apr_pool_t *ptemp;
    int count;
} complaints_t;

static void complain(complaints_t *list, const cfc_where_t *where, const char *text)
{
    /* APLOG_STARTUP prints the bare text, as httpd's own syntax errors look. */
    if (list->count++ == 0) {
        ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, list->s,
                     "mod_cfcluster: the configuration contradicts itself:");
    }
    if (where != NULL) {
        ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, list->s, "line %d of %s: %s",
                     where->line, where->file, text);
    }
    else {
        ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, list->s, "%s", text);
    }
}

static void check_node(complaints_t *list, const cfc_cluster_t *cl, const cfc_node_t *node)
{
    const char *complaint = cfc_carry_complaint(node->scheme);

    if (complaint != NULL) {
        complain(list, &node->where, apr_psprintf(list->ptemp, "CFNode %s: %s", node->name,
                                                  complaint));
    }
    complaint = cfc_probe_conf_check_node(cl, node, list->ptemp);
    if (complaint != NULL) {
        complain(list, &node->where, complaint);
    }
}

static void check_cluster(complaints_t *list, const cfc_cluster_t *cl)
{
    const char *complaint = cfc_probe_conf_check(cl, list->ptemp);

    if (complaint != NULL) {
        complain(list, &cl->where, complaint);
    }
    for (int i = 0; i < cl->nodes->nelts; i++) {
        check_node(list, cl, cfc_cluster_nodes(cl)[i]);
    }
}

static const char *missing_cluster(const complaints_t *list, const cfc_conf_t *conf,
                                   const cfc_pass_t *pass)
{
    const char **names = apr_pcalloc(list->ptemp,
                                     sizeof(*names) * (size_t)(conf->clusters->nelts + 1));

    for (int i = 0; i < conf->clusters->nelts; i++) {
        names[i] = APR_ARRAY_IDX(conf->clusters, i, cfc_cluster_t *)->name;
    }
    return apr_psprintf(list->ptemp, "CFClusterPass \"%s\": there is no cluster \"%s\"; %s",
                        pass->length > 0 ? pass->path : "/", pass->cluster_name,
                        conf->clusters->nelts == 0
                            ? "define it with <CFCluster NAME>"
                            : cfc_did_you_mean(pass->cluster_name, names, list->ptemp));
}

/* Also ties each pass to its cluster. A virtual host has the main server's passes too. */
static void check_passes(complaints_t *list, const cfc_conf_t *conf, server_rec *s)
{
    cfc_server_conf_t *server = cfc_server_conf(s);

    for (int i = 0; i < server->passes->nelts; i++) {
        cfc_pass_t *pass = APR_ARRAY_IDX(server->passes, i, cfc_pass_t *);

        if (pass->cluster_name == NULL || pass->checked) {
            continue;
        }
        pass->checked = true;
        pass->cluster = cfc_conf_cluster(conf, pass->cluster_name);
        if (pass->cluster == NULL) {
            complain(list, &pass->where, missing_cluster(list, conf, pass));
        }
    }
}

static void check_room(complaints_t *list, const cfc_conf_t *conf)
{
    int nodes = 0, dependencies = 0;

    for (int i = 0; i < conf->clusters->nelts; i++) {
        const cfc_cluster_t *cl = APR_ARRAY_IDX(conf->clusters, i, cfc_cluster_t *);

        nodes += cl->nodes->nelts;
        dependencies += cl->dependencies->nelts;
        if (i == CFC_CLUSTERS_MAX) {
            complain(list, &cl->where, apr_psprintf(list->ptemp, "<CFCluster %s>: at most %d "
                                                    "clusters can be defined", cl->name,
                                                    CFC_CLUSTERS_MAX));
        }
        if (nodes > CFC_NODES_MAX && nodes - cl->nodes->nelts <= CFC_NODES_MAX) {
            complain(list, &cl->where, apr_psprintf(list->ptemp, "<CFCluster %s>: at most %d nodes "
                                                    "can be defined in all clusters together",
                                                    cl->name, CFC_NODES_MAX));
        }
        if (dependencies > CFC_DEPENDENCIES_MAX
            && dependencies - cl->dependencies->nelts <= CFC_DEPENDENCIES_MAX) {
            complain(list, &cl->where, apr_psprintf(list->ptemp, "<CFCluster %s>: at most %d "
                                                    "databases and directories can be defined in "
                                                    "all clusters together", cl->name,
                                                    CFC_DEPENDENCIES_MAX));
        }
    }
}

static bool passes_to(server_rec *s, const cfc_cluster_t *cl)
{
    const apr_array_header_t *passes = cfc_server_conf(s)->passes;

    for (int i = 0; i < passes->nelts; i++) {
        if (APR_ARRAY_IDX(passes, i, const cfc_pass_t *)->cluster == cl) {
            return true;
        }
    }
    return false;
}

/* The sections of <CFClusterProtect>; the guard logs its complaints by itself. */
static bool check_protection(const cfc_conf_t *conf, server_rec *main_server)
{
    bool good = true;

    for (int i = 0; i < conf->clusters->nelts; i++) {
        const cfc_cluster_t *cl = APR_ARRAY_IDX(conf->clusters, i, const cfc_cluster_t *);

        good = cfc_protect_check(main_server, cl->protect) && good;
    }
    for (server_rec *s = main_server; s != NULL; s = s->next) {
        const cfc_protect_conf_t *own = cfc_protect_conf_of(s);

        /* a virtual host without directives of ours has the main server's very struct */
        if (s == main_server || own != cfc_protect_conf_of(main_server)) {
            good = cfc_protect_check(s, own) && good;
        }
        for (int i = 0; i < conf->clusters->nelts; i++) {
            const cfc_cluster_t *cl = APR_ARRAY_IDX(conf->clusters, i, const cfc_cluster_t *);

            if (passes_to(s, cl)) {
                good = cfc_protect_check_both(s, cl->protect, own) && good;
            }
        }
    }
    return good;
}

int cfc_conf_check(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    const cfc_conf_t *conf = cfc_conf();
    complaints_t list = {s, ptemp, 0};
    bool guarded;

    (void)pconf, (void)plog;
    if (conf->clusters->nelts > 0 && !cfc_carry_ready()) {
        complain(&list, NULL, "mod_cfcluster needs mod_proxy, loaded before it; write LoadModule "
                              "proxy_module modules/mod_proxy.so above LoadModule "
                              "cfcluster_module");
    }
    for (int i = 0; i < conf->clusters->nelts; i++) {
        check_cluster(&list, APR_ARRAY_IDX(conf->clusters, i, const cfc_cluster_t *));
    }
    check_room(&list, conf);
    for (server_rec *host = s; host != NULL; host = host->next) {
        check_passes(&list, conf, host);
    }
    /* Not a hook of its own: httpd asks no further hook once one has refused. */
    guarded = check_protection(conf, s);
    return list.count == 0 && guarded ? OK : HTTP_INTERNAL_SERVER_ERROR;
}
