/* SPDX-License-Identifier: Apache-2.0
 * dependency_httpd.c: see dependency_httpd.h. The address is dependency_url.c's, option=value are
 * rows (conf/rows.c). */
#include "health/dependency_httpd.h"

#include <apr_file_info.h>
#include <apr_strings.h>
#include <http_log.h>
#include <string.h>

#include "conf/cluster_httpd.h"
#include "conf/dependency_url.h"
#include "conf/node_url.h"
#include "conf/opt.h"
#include "conf/rows.h"

APLOG_USE_MODULE(cfcluster);

/* What differs between the two directives. */
static const struct {
    const char *example;
    const cfc_opt_t *rows;
    const char *file_option;
} kinds[] = {
    [CFC_DEPENDENCY_MYSQL] = {"CFDatabase master mysql://monitor@db1:3306/confluence "
                              "option-file=/etc/cfcluster/db.cnf", cfc_database_rows,
                              "option-file"},
    [CFC_DEPENDENCY_LDAP] = {"CFDirectory ad ldaps://ad1.example.org/dc=example,dc=org",
                             cfc_directory_rows, "credentials"},
};

/* Makes *file absolute. A file that is there but not ours to look at is the monitor's business:
 * httpd -t may be run by anybody. */
static const char *find_file(cmd_parms *cmd, const char *directive, const char *option,
                             const char **file)
{
    apr_finfo_t info;
    apr_status_t status;

    if (*file == NULL) {
        return NULL;
    }
    *file = ap_server_root_relative(cmd->pool, *file);
    if (*file == NULL) {
        return apr_psprintf(cmd->pool, "%s: %s= is not a path", directive, option);
    }
    status = apr_stat(&info, *file, APR_FINFO_TYPE, cmd->temp_pool);
    if (APR_STATUS_IS_ENOENT(status) || (status == APR_SUCCESS && info.filetype != APR_REG)) {
        return apr_psprintf(cmd->pool, "%s: %s=%s: there is no such file", directive, option,
                            *file);
    }
    return NULL;
}

static const char *check_source(cfc_cluster_t *cl, cfc_dependency_t *dependency,
                                const char *directive, bool has_interval, apr_pool_t *p)
{
    if (dependency->of == NULL) {
        return NULL;
    }
    dependency->source = cfc_cluster_dependency(cl, dependency->of);
    if (dependency->source == NULL || dependency->source->kind != CFC_DEPENDENCY_MYSQL) {
        return apr_psprintf(p, "%s: of=%s names no CFDatabase above this line; write the line of "
                               "its source first", directive, dependency->of);
    }
    if (has_interval) {
        return apr_psprintf(p, "%s: interval= is that of its source, %s, after which it is always "
                               "looked at; write it there", directive, dependency->of);
    }
    if (dependency->outage_page == CFC_OUTAGE_PAGE_ON) {
        return apr_psprintf(p, "%s: outage-page=on is for a source, which nodes write to; write it "
                               "at %s", directive, dependency->of);
    }
    dependency->interval_ms = dependency->source->interval_ms;
    return NULL;
}

static const char *check(const cfc_cluster_t *cl, const cfc_dependency_t *dependency,
                         const char *directive, apr_pool_t *p)
{
    const cfc_dependency_t *other = cfc_cluster_dependency(cl, dependency->name);

    if (other != NULL) {
        return apr_psprintf(p, "%s: already defined at %s; names are unique among the databases "
                               "and directories of a cluster", directive,
                            cfc_where_text(&other->where, p));
    }
    if (dependency->ca != NULL && dependency->tls == CFC_TLS_OFF) {
        return apr_psprintf(p, "%s: ca= is without effect here; %s", directive,
                            dependency->kind == CFC_DEPENDENCY_LDAP ? "write ldaps:// for TLS"
                                                                    : "add tls=verify");
    }
    if (dependency->kind == CFC_DEPENDENCY_LDAP && dependency->file != NULL
        && dependency->tls == CFC_TLS_OFF) {
        return apr_psprintf(p, "%s: credentials= over ldap:// would send the password in clear "
                               "text; write ldaps://", directive);
    }
    return NULL;
}

/* @param has_interval whether interval= was among them */
static const char *read_options(cmd_parms *cmd, cfc_dependency_t *dependency,
                                const char *directive, int argc, char *const argv[],
                                bool *has_interval)
{
    const cfc_opt_t *rows = kinds[dependency->kind].rows;
    const char *complaint = NULL;
    apr_uint32_t set = 0;

    *has_interval = false;
    for (int i = 0; i < argc && complaint == NULL; i++) {
        *has_interval = *has_interval || strncmp(argv[i], "interval=", 9) == 0;
        complaint = cfc_opt_read(rows, directive, argv[i], dependency, &set, cmd->pool);
    }
    if (complaint == NULL) {
        complaint = find_file(cmd, directive, kinds[dependency->kind].file_option,
                              &dependency->file);
    }
    if (complaint == NULL) {
        complaint = find_file(cmd, directive, "ca", &dependency->ca);
    }
    return complaint;
}

const char *cfc_dependency_add(cmd_parms *cmd, cfc_cluster_t *cl, cfc_dependency_kind_t kind,
                               int argc, char *const argv[])
{
    const char *name = cmd->cmd->name, *directive, *complaint;
    cfc_dependency_t *dependency;
    bool has_interval;

    if (argc < 2) {
        return apr_psprintf(cmd->pool, "%s: write a name and an address, for example %s", name,
                            kinds[kind].example);
    }
    if (!cfc_name_ok(argv[0])) {
        return apr_psprintf(cmd->pool, "%s: \"%s\" is not a name; write 1 to 63 of A-Z a-z 0-9 . "
                                       "_ -, for example %s", name, argv[0], kinds[kind].example);
    }
    directive = apr_pstrcat(cmd->pool, name, " ", argv[0], NULL);
    dependency = apr_pcalloc(cmd->pool, sizeof(*dependency));
    dependency->name = apr_pstrdup(cmd->pool, argv[0]);
    dependency->where = cfc_where(cmd);
    cfc_opt_preset(kinds[kind].rows, dependency);
    complaint = cfc_dependency_url_read(dependency, kind, directive, argv[1], cmd->pool);
    if (complaint == NULL) {
        complaint = read_options(cmd, dependency, directive, argc - 2, argv + 2, &has_interval);
    }
    if (complaint == NULL) {
        complaint = check_source(cl, dependency, directive, has_interval, cmd->pool);
    }
    if (complaint == NULL) {
        complaint = check(cl, dependency, directive, cmd->pool);
    }
    if (complaint == NULL) {
        APR_ARRAY_PUSH(cl->dependencies, cfc_dependency_t *) = dependency;
    }
    return complaint;
}

static void warn_of_file(const cfc_cluster_t *cl, const cfc_dependency_t *dependency,
                         server_rec *s, apr_pool_t *ptemp)
{
    apr_finfo_t info;

    if (dependency->file != NULL
        && apr_stat(&info, dependency->file, APR_FINFO_PROT, ptemp) == APR_SUCCESS
        && (info.protection & APR_FPROT_WREAD)) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s, "CFC0332: cluster %s, dependency %s: "
                     "everybody on this machine can read %s, which holds a password; let "
                     "httpd's user alone read it", cl->name, dependency->name, dependency->file);
    }
}

const char *cfc_dependencies_open(cfc_conf_t *conf, server_rec *s, apr_pool_t *ptemp)
{
    for (int i = 0; i < conf->clusters->nelts; i++) {
        const cfc_cluster_t *cl = APR_ARRAY_IDX(conf->clusters, i, const cfc_cluster_t *);

        for (int j = 0; j < cl->dependencies->nelts; j++) {
            cfc_dependency_t *dependency = cfc_cluster_dependencies(cl)[j];

            dependency->slot = cfc_segment_dependency(conf->segment, cl->name, dependency->name);
            if (dependency->slot == NULL) {
                return "all slots of databases and directories are still in use by children of "
                       "earlier configurations; stop and start httpd";
            }
            warn_of_file(cl, dependency, s, ptemp);
        }
    }
    return NULL;
}
