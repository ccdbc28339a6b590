/* SPDX-License-Identifier: Apache-2.0
 * cluster_httpd.c: reads a <CFCluster> section into plain structs. A setter checks what one line
 * can show; option=value is read by rows (rows.c), contradictions across lines are
 * check_httpd.c's. */
#include "conf/cluster_httpd.h"

#include <apr_strings.h>
#include <http_core.h>
#include <string.h>
#include <strings.h>

#include "conf/conf.h"
#include "conf/node_url.h"
#include "conf/opt.h"
#include "conf/probe_conf_httpd.h"
#include "conf/profile.h"
#include "conf/rows.h"
#include "conf/secret.h"
#include "conf/sticky.h"
#include "guard/logins.h"
#include "guard/protect_httpd.h"
#include "health/dependency_httpd.h"
#include "health/probe.h"
#include "lb/method.h"
#include "lb/route.h"
#include "maint/maint.h"
#include "maint/maint_conf_httpd.h"

/* A Confluence that was restarted is slow until its caches and its compiled code are warm. */
#define SLOW_START_MS 60000
#define SLOW_START_MAX_MS 3600000

#define NOT_INSIDE "%s: only inside <CFCluster>; move it between <CFCluster NAME> and </CFCluster>"

/* The section being read. httpd reads its configuration in one thread, and a section's lines
 * are walked by cfc_cluster_section() only. */
static cfc_cluster_t *section;
static bool section_has_lines;

cfc_where_t cfc_where(const cmd_parms *cmd)
{
    cfc_where_t here = {cmd->directive->filename, cmd->directive->line_num};

    return here;
}

const char *cfc_where_text(const cfc_where_t *place, apr_pool_t *p)
{
    return apr_psprintf(p, "%s:%d", place->file, place->line);
}

cfc_cluster_t *cfc_cluster_read(void)
{
    return section;
}

const char *cfc_options(cmd_parms *cmd, const char *directive, const cfc_opt_t *rows, void *conf,
                        int argc, char *const argv[])
{
    apr_uint32_t set = 0;

    for (int i = 0; i < argc; i++) {
        const char *complaint = cfc_opt_read(rows, directive, argv[i], conf, &set, cmd->pool);

        if (complaint != NULL) {
            return complaint;
        }
    }
    return NULL;
}

static const char *inside(const cmd_parms *cmd)
{
    if (section == NULL) {
        return apr_psprintf(cmd->pool, NOT_INSIDE, cmd->cmd->name);
    }
    section_has_lines = true;
    return NULL;
}

static const char *check_node(const cfc_node_t *node, const char *directive, apr_pool_t *p)
{
    cfc_node_t **nodes = cfc_cluster_nodes(section);

    if (node->secret != NULL && node->scheme != CFC_SCHEME_AJP) {
        return apr_psprintf(p, "%s: secret= is for ajp:// nodes; remove it", directive);
    }
    for (int i = 0; i < section->nodes->nelts; i++) {
        const char *line = cfc_where_text(&nodes[i]->where, p);

        if (strcmp(nodes[i]->name, node->name) == 0) {
            return apr_psprintf(p, "%s: already defined at %s; names are unique in a cluster",
                                directive, line);
        }
        if (strcmp(nodes[i]->url, node->url) == 0) {
            return apr_psprintf(p, "%s: %s already belongs to %s (%s); each node has its own "
                                   "address", directive, node->url, nodes[i]->name, line);
        }
        if (strcmp(nodes[i]->route, node->route) == 0) {
            return apr_psprintf(p, "%s: route=%s already belongs to %s (%s); give each node its "
                                   "own, equal to its Tomcat jvmRoute",
                                directive, node->route, nodes[i]->name, line);
        }
    }
    return NULL;
}

const char *cfc_cluster_add_node(cmd_parms *cmd, void *unused, int argc, char *const argv[])
{
    const char *complaint = inside(cmd), *directive;
    cfc_node_t *node;

    (void)unused;
    if (complaint != NULL) {
        return complaint;
    }
    if (argc < 2) {
        return "CFNode: write a name and an address, for example CFNode node1 "
               "http://10.0.0.11:8090";
    }
    if (!cfc_name_ok(argv[0])) {
        return apr_psprintf(cmd->pool, "CFNode: \"%s\" is not a name; write 1 to 63 of A-Z a-z "
                                       "0-9 . _ -, for example node1", argv[0]);
    }
    directive = apr_pstrcat(cmd->pool, "CFNode ", argv[0], NULL);
    node = apr_pcalloc(cmd->pool, sizeof(*node));
    node->name = apr_pstrdup(cmd->pool, argv[0]);
    node->where = cfc_where(cmd);
    cfc_opt_preset(cfc_node_rows, node);
    complaint = cfc_node_url_read(node, directive, argv[1], cmd->pool);
    if (complaint == NULL) {
        complaint = cfc_options(cmd, directive, cfc_node_rows, node, argc - 2, argv + 2);
    }
    if (node->route == NULL) {
        node->route = node->name;
    }
    if (complaint == NULL) {
        complaint = check_node(node, directive, cmd->pool);
    }
    if (complaint == NULL) {
        node->token = cfc_route_token(section->name, node->name, cmd->pool);
        APR_ARRAY_PUSH(section->nodes, cfc_node_t *) = node;
    }
    return complaint;
}

const char *cfc_cluster_set_sticky(cmd_parms *cmd, void *unused, int argc, char *const argv[])
{
    const char *complaint = inside(cmd);
    cfc_sticky_t sticky;

    (void)unused;
    if (complaint != NULL) {
        return complaint;
    }
    cfc_opt_preset(cfc_sticky_rows, &sticky);
    complaint = cfc_options(cmd, "CFSticky", cfc_sticky_rows, &sticky, argc, argv);
    if (complaint == NULL) {
        complaint = cfc_sticky_check(&sticky, cmd->pool);
    }
    if (complaint == NULL) {
        section->sticky = sticky;
    }
    return complaint;
}

const char *cfc_cluster_set_balance(cmd_parms *cmd, void *unused, const char *arg)
{
    const char *complaint = inside(cmd), *names[16];
    int count = 0;

    (void)unused;
    if (complaint != NULL) {
        return complaint;
    }
    section->method = cfc_method_find(arg);
    if (section->method != NULL) {
        return NULL;
    }
    for (; cfc_methods[count].name != NULL && count < 15; count++) {
        names[count] = cfc_methods[count].name;
    }
    names[count] = NULL;
    return apr_psprintf(cmd->pool, "CFBalance: \"%s\" is not a method; %s", arg,
                        cfc_did_you_mean(arg, names, cmd->pool));
}

const char *cfc_cluster_set_slow_start(cmd_parms *cmd, void *unused, const char *arg)
{
    const char *complaint = inside(cmd);
    apr_int64_t ms;

    (void)unused;
    if (complaint != NULL) {
        return complaint;
    }
    if (!cfc_duration_read(arg, &ms) || ms > SLOW_START_MAX_MS) {
        return apr_psprintf(cmd->pool, "CFSlowStart: \"%s\" is not a duration of 0s to %s; write "
                                       "it with its unit, for example CFSlowStart %s",
                            arg, cfc_duration_text(SLOW_START_MAX_MS, cmd->pool),
                            cfc_duration_text(SLOW_START_MS, cmd->pool));
    }
    section->slow_start_ms = ms;
    return NULL;
}

const char *cfc_cluster_set_probe(cmd_parms *cmd, void *unused, int argc, char *const argv[])
{
    const char *complaint = inside(cmd);

    (void)unused;
    return complaint ? complaint : cfc_probe_conf_line(cmd, section, argc, argv);
}

const char *cfc_cluster_set_retry(cmd_parms *cmd, void *unused, int argc, char *const argv[])
{
    const char *complaint = inside(cmd);

    (void)unused;
    return complaint ? complaint
                     : cfc_options(cmd, "CFRetry", cfc_retry_rows, &section->retry, argc, argv);
}

const char *cfc_cluster_set_queue(cmd_parms *cmd, void *unused, int argc, char *const argv[])
{
    const char *complaint = inside(cmd);

    (void)unused;
    return complaint ? complaint
                     : cfc_options(cmd, "CFQueue", cfc_queue_rows, &section->queue, argc, argv);
}

const char *cfc_cluster_set_eject(cmd_parms *cmd, void *unused, int argc, char *const argv[])
{
    const char *complaint = inside(cmd);

    (void)unused;
    if (complaint == NULL) {
        complaint = cfc_options(cmd, "CFEject", cfc_eject_rows, &section->eject, argc, argv);
    }
    if (complaint == NULL && section->eject.max_ms < section->eject.time_ms) {
        complaint = apr_psprintf(cmd->pool, "CFEject: max=%s is shorter than time=%s; the time "
                                 "grows from time= up to max=",
                                 cfc_duration_text(section->eject.max_ms, cmd->pool),
                                 cfc_duration_text(section->eject.time_ms, cmd->pool));
    }
    return complaint;
}

const char *cfc_cluster_set_logins(cmd_parms *cmd, void *unused, int argc, char *const argv[])
{
    const char *complaint = inside(cmd);

    (void)unused;
    return complaint ? complaint
                     : cfc_options(cmd, "CFLogins", cfc_logins_rows, section->logins, argc, argv);
}

const char *cfc_cluster_set_timeout(cmd_parms *cmd, void *unused, int argc, char *const argv[])
{
    const char *complaint = inside(cmd);

    (void)unused;
    return complaint ? complaint
                     : cfc_options(cmd, "CFTimeout", cfc_timeout_rows, section, argc, argv);
}

const char *cfc_cluster_set_tell(cmd_parms *cmd, void *unused, const char *arg)
{
    static const char *const tell_words[] = {"off", "on", NULL};    /* as cfc_tell_t */
    const char *complaint = inside(cmd);
    int tell = cfc_word_index(arg, tell_words);

    (void)unused;
    if (complaint != NULL) {
        return complaint;
    }
    if (tell < 0) {
        return apr_psprintf(cmd->pool, "CFTell: %s is not known; known: off, on", arg);
    }
    section->tell = tell;
    return NULL;
}

const char *cfc_cluster_set_node_secret(cmd_parms *cmd, void *unused, const char *arg)
{
    const char *complaint = inside(cmd), *path;

    (void)unused;
    if (complaint != NULL) {
        return complaint;
    }
    if (section->node_secret != NULL) {
        return "CFNodeSecret: given twice; all nodes of a cluster are told the same, keep one line";
    }
    path = ap_server_root_relative(cmd->pool, arg);
    if (path == NULL) {
        return apr_psprintf(cmd->pool, "CFNodeSecret: \"%s\" is not a path; write for example "
                                       "CFNodeSecret /etc/cfcluster/node-secret", arg);
    }
    complaint = cfc_secret_read(path, &section->node_secret, cmd->pool);
    return complaint == NULL ? NULL
                             : apr_psprintf(cmd->pool, "CFNodeSecret: %s cannot be used: %s", path,
                                            complaint);
}

const char *cfc_cluster_set_page(cmd_parms *cmd, void *unused, const char *arg)
{
    const char *complaint = inside(cmd);

    (void)unused;
    return complaint ? complaint : cfc_maint_set_page(cmd, &section->maint->page, arg);
}

const char *cfc_cluster_set_outage_page(cmd_parms *cmd, void *unused, const char *arg)
{
    const char *complaint = inside(cmd);

    (void)unused;
    return complaint ? complaint : cfc_maint_set_page(cmd, &section->maint->outage_page, arg);
}

const char *cfc_cluster_add_tester(cmd_parms *cmd, void *unused, const char *arg)
{
    const char *complaint = inside(cmd);

    (void)unused;
    return complaint ? complaint : cfc_maint_add_tester(cmd, section->maint, arg);
}

const char *cfc_cluster_add_database(cmd_parms *cmd, void *unused, int argc, char *const argv[])
{
    const char *complaint = inside(cmd);

    (void)unused;
    return complaint ? complaint
                     : cfc_dependency_add(cmd, section, CFC_DEPENDENCY_MYSQL, argc, argv);
}

const char *cfc_cluster_add_directory(cmd_parms *cmd, void *unused, int argc, char *const argv[])
{
    const char *complaint = inside(cmd);

    (void)unused;
    return complaint ? complaint
                     : cfc_dependency_add(cmd, section, CFC_DEPENDENCY_LDAP, argc, argv);
}

/* Run one line of a profile through the setter that the directive has. */
static const char *profile_line(cmd_parms *cmd, const char *directive, const char *args)
{
    static const struct {
        const char *name;
        const char *(*set)(cmd_parms *, void *, int, char *const[]);
    } setters[] = {{"CFProbe", cfc_cluster_set_probe},
                   {"CFSticky", cfc_cluster_set_sticky},
                   {"CFTimeout", cfc_cluster_set_timeout}};
    char **argv;
    int argc = 0;

    apr_tokenize_to_argv(args, &argv, cmd->pool);
    while (argv[argc] != NULL) {
        argc++;
    }
    for (size_t i = 0; i < sizeof(setters) / sizeof(setters[0]); i++) {
        if (strcmp(setters[i].name, directive) == 0) {
            return setters[i].set(cmd, NULL, argc, argv);
        }
    }
    return apr_psprintf(cmd->pool, "CFProfile: the profile uses %s, which it cannot set",
                        directive);
}

const char *cfc_cluster_set_profile(cmd_parms *cmd, void *unused, const char *arg)
{
    bool first = !section_has_lines;
    const char *complaint = inside(cmd), *names[16];
    int count = 0;

    (void)unused;
    if (complaint != NULL) {
        return complaint;
    }
    if (!first) {
        return "CFProfile: write it first in the section; the lines after it override what it sets";
    }
    for (const cfc_profile_t *profile = cfc_profiles; profile->name != NULL; profile++) {
        if (strcmp(profile->name, arg) == 0) {
            section->profile = profile->name;
            for (int i = 0; profile->closes[i] != NULL; i++) {
                cfc_protect_close(cmd->pool, section->protect, profile->closes[i],
                                  cmd->directive->filename, cmd->directive->line_num);
            }
            for (int i = 0; complaint == NULL && profile->lines[i].directive != NULL; i++) {
                complaint = profile_line(cmd, profile->lines[i].directive, profile->lines[i].args);
            }
            return complaint;
        }
        if (count < 15) {
            names[count++] = profile->name;
        }
    }
    names[count] = NULL;
    return apr_psprintf(cmd->pool, "CFProfile: \"%s\" is not a profile; %s", arg,
                        cfc_did_you_mean(arg, names, cmd->pool));
}

/* --- the section ---------------------------------------------------------------------------- */

static cfc_cluster_t *cluster_new(cmd_parms *cmd, const char *name)
{
    cfc_cluster_t *cl = apr_pcalloc(cmd->pool, sizeof(*cl));

    cl->name = name;
    cl->where = cfc_where(cmd);
    cl->nodes = apr_array_make(cmd->pool, 4, sizeof(cfc_node_t *));
    cl->method = &cfc_methods[0];
    cl->slow_start_ms = SLOW_START_MS;
    cfc_opt_preset(cfc_sticky_rows, &cl->sticky);
    cl->sticky.cookie = "CFROUTE";
    cfc_opt_preset(cfc_retry_rows, &cl->retry);
    cfc_opt_preset(cfc_eject_rows, &cl->eject);
    cfc_opt_preset(cfc_queue_rows, &cl->queue);
    cfc_opt_preset(cfc_timeout_rows, cl);
    cl->logins = apr_pcalloc(cmd->pool, sizeof(*cl->logins));
    cfc_opt_preset(cfc_logins_rows, cl->logins);
    cfc_probe_conf_begin(cl, cmd->pool);
    cl->protect = cfc_protect_conf_create(cmd->pool);
    cl->dependencies = apr_array_make(cmd->pool, 2, sizeof(cfc_dependency_t *));
    cl->maint = apr_pcalloc(cmd->pool, sizeof(*cl->maint));
    cl->maint->testers = apr_array_make(cmd->pool, 2, sizeof(apr_ipsubnet_t *));
    return cl;
}

/* The name out of "<CFCluster NAME>": httpd hands over what follows the directive, '>' included,
 * and accepts a missing one. */
static const char *section_name(cmd_parms *cmd, const char *args, const char **name)
{
    const char *end = ap_strrchr_c(args, '>');
    char **argv;

    if (end == NULL || end[1] != '\0') {
        return "<CFCluster: the line must end with '>'; for example <CFCluster confluence>";
    }
    apr_tokenize_to_argv(apr_pstrmemdup(cmd->temp_pool, args, (apr_size_t)(end - args)), &argv,
                         cmd->pool);
    if (argv[0] == NULL || argv[1] != NULL || !cfc_name_ok(argv[0])) {
        return apr_psprintf(cmd->pool,
                            "<CFCluster>: \"%s\" is not a name; write one word of 1 to 63 of A-Z "
                            "a-z 0-9 . _ -, for example <CFCluster confluence>",
                            apr_pstrmemdup(cmd->pool, args, (apr_size_t)(end - args)));
    }
    *name = argv[0];
    return NULL;
}

/* httpd would take another's directive, or a section in the section, as if it stood outside. */
static const char *foreign_line(cmd_parms *cmd, ap_directive_t *line)
{
    for (; line != NULL; line = line->next) {
        if (strcasecmp(line->directive, "<CFClusterProtect") != 0
            && (strncasecmp(line->directive, "CF", 2) != 0
                || strncasecmp(line->directive, "CFCluster", 9) == 0)) {
            cmd->err_directive = line;
            return apr_psprintf(cmd->pool, "<CFCluster>: %s%s cannot stand inside; move it out of "
                                           "the section", line->directive,
                                line->directive[0] == '<' ? ">" : "");
        }
    }
    return NULL;
}

const char *cfc_cluster_section(cmd_parms *cmd, void *unused, const char *args)
{
    const char *complaint = ap_check_cmd_context(cmd, GLOBAL_ONLY), *name = NULL;
    ap_directive_t *own = cmd->directive;   /* ap_walk_config moves cmd->directive */
    cfc_cluster_t *cl;

    (void)unused;
    if (complaint == NULL) {
        complaint = section_name(cmd, args, &name);
    }
    if (complaint != NULL) {
        return complaint;
    }
    cl = cfc_conf_cluster(cfc_conf(), name);
    if (cl != NULL) {
        return apr_psprintf(cmd->pool, "<CFCluster %s>: already defined at %s; clusters are shared "
                                       "by all virtual hosts, define each once",
                            name, cfc_where_text(&cl->where, cmd->pool));
    }
    complaint = foreign_line(cmd, own->first_child);
    if (complaint != NULL) {
        return complaint;
    }
    cl = cluster_new(cmd, name);
    section = cl;
    section_has_lines = false;
    complaint = ap_walk_config(own->first_child, cmd, cmd->context);
    section = NULL;
    cmd->directive = own;
    if (complaint != NULL) {
        return complaint;
    }
    if (cl->nodes->nelts == 0) {
        return apr_psprintf(cmd->pool, "<CFCluster %s>: has no CFNode; add one for each node, for "
                                       "example CFNode node1 http://10.0.0.11:8090", name);
    }
    for (int i = 0; i < cl->probes->nelts; i++) {   /* or its nodes would refuse them */
        APR_ARRAY_IDX(cl->probes, i, cfc_probe_conf_t *)->secret = cl->node_secret;
    }
    APR_ARRAY_PUSH(cfc_conf()->clusters, cfc_cluster_t *) = cl;
    return NULL;
}
