/* SPDX-License-Identifier: Apache-2.0
 * protect_conf_httpd.c: reads <CFClusterProtect> sections, inherits them, checks them against
 * each other. What they do to a request is in protect_httpd.c. */
#include "guard/protect_conf_httpd.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>
#include <string.h>
#include <strings.h>

#include "conf/opt.h"
#include "guard/presets.h"

APLOG_USE_MODULE(cfcluster);

#define EXAMPLE "write for example <CFClusterProtect admin-console> or <CFClusterProtect path /x>"

cfc_protect_conf_t *cfc_protect_conf_create(apr_pool_t *p)
{
    cfc_protect_conf_t *conf = apr_pcalloc(p, sizeof(*conf));

    conf->sections = apr_array_make(p, 2, sizeof(const cfc_section_t *));
    return conf;
}

cfc_protect_conf_t *cfc_protect_conf_merge(apr_pool_t *p, const cfc_protect_conf_t *base,
                                           const cfc_protect_conf_t *add)
{
    cfc_protect_conf_t *conf = apr_pcalloc(p, sizeof(*conf));

    conf->sections = apr_array_append(p, base->sections, add->sections);
    conf->inherited = base->sections->nelts;
    return conf;
}

static void add_area(cfc_section_t *section, const cfc_area_t *area)
{
    APR_ARRAY_PUSH(section->areas, const cfc_area_t *) = area;
}

static bool is_path_word(const char *word)
{
    return strcmp(word, "path") == 0 || strcmp(word, "exact") == 0;
}

/* The words from "path" or "exact" on are one area of their own. */
static const char *read_paths(cmd_parms *cmd, cfc_section_t *section, const char *kind,
                              const char *args)
{
    apr_array_header_t *rules = apr_array_make(cmd->pool, 4, sizeof(cfc_rule_t));
    cfc_area_t *area = apr_pcalloc(cmd->pool, sizeof(*area));
    const char *complaint;
    bool followed = false;

    while (*args != '\0') {
        char *path = ap_getword_conf(cmd->pool, &args);
        const char *written = apr_pstrdup(cmd->pool, path);

        if (followed && is_path_word(path)) {
            kind = path;
            followed = false;
            continue;
        }
        complaint = cfc_rule_read(path, strcmp(kind, "exact") == 0,
                                  &APR_ARRAY_PUSH(rules, cfc_rule_t));
        if (complaint != NULL) {
            return apr_psprintf(cmd->pool, "CFClusterProtect: %s \"%s\" %s", kind, written,
                                complaint);
        }
        followed = true;
    }
    if (!followed) {
        return apr_psprintf(cmd->pool, "CFClusterProtect: \"%s\" is followed by no path; " EXAMPLE,
                            kind);
    }
    memset(&APR_ARRAY_PUSH(rules, cfc_rule_t), 0, sizeof(cfc_rule_t));
    area->name = section->name;
    area->rules = (const cfc_rule_t *)rules->elts;
    add_area(section, area);
    return NULL;
}

static void add_preset(cfc_section_t *section, const cfc_preset_t *preset)
{
    for (size_t i = 0; i < preset->count; i++) {
        add_area(section, &preset->areas[i]);
    }
}

static const char *not_a_preset(apr_pool_t *p, const char *word)
{
    if (word[0] == '/') {
        return apr_psprintf(p, "CFClusterProtect: %s is a path; write the word path before it:"
                            " path %s", word, word);
    }
    return apr_psprintf(p, "CFClusterProtect: \"%s\" is not a preset; %s; own paths follow the word"
                        " path", word, cfc_did_you_mean(word, cfc_preset_names, p));
}

static const char *read_areas(cmd_parms *cmd, cfc_section_t *section, const char *args)
{
    section->closed = true;
    while (*args != '\0') {
        const char *word = ap_getword_conf(cmd->pool, &args);
        const cfc_preset_t *preset = cfc_preset_find(word);

        if (is_path_word(word)) {
            section->closed = false;
            return read_paths(cmd, section, word, args);
        }
        if (strcmp(word, "observe") == 0) {
            section->observe = true;
            continue;
        }
        if (preset == NULL) {
            return not_a_preset(cmd->pool, word);
        }
        section->closed = section->closed && preset->closed;
        add_preset(section, preset);
    }
    return section->areas->nelts > 0
               ? NULL : "CFClusterProtect: does not say what it protects; " EXAMPLE;
}

static bool is_one_of(const char *word, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (strcasecmp(word, *words) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_require_section(const char *name)
{
    static const char *const names[] = {"<RequireAll", "<RequireAny", "<RequireNone", NULL};

    return is_one_of(name, names);
}

/* What would make a section protect less than it seems to. */
static const char *inner_complaint(apr_pool_t *p, const char *name)
{
    /* mod_access_compat merges by replacing, so an Allow here would undo a <Location>'s Deny */
    static const char *const compat[] = {"Order", "Allow", "Deny", "Satisfy", NULL};

    if (is_one_of(name, compat)) {
        return apr_psprintf(p, "CFClusterProtect: %s is of the old access control, which Require"
                            " does not combine with; write Require lines only", name);
    }
    if (strcasecmp(name, "AuthMerging") == 0) {
        return "CFClusterProtect: AuthMerging has no place here, every section that a request"
               " reaches must admit it; remove the line";
    }
    /* <Limit> leaves other methods open, <If> has been evaluated before we come */
    if (name[0] == '<' && !is_require_section(name)) {
        return apr_psprintf(p, "CFClusterProtect: %s> cannot stand here, a section protects its"
                            " paths for every request; <RequireAll>, <RequireAny> and"
                            " <RequireNone> can", name);
    }
    return NULL;
}

/* AuthType and its kind; Authz... are about who is admitted, not about how one logs in. */
static bool names_login(const char *name)
{
    return strncasecmp(name, "Auth", 4) == 0 && strncasecmp(name, "Authz", 5) != 0;
}

/* Look at what stands inside, before httpd's modules read it. */
static const char *survey(cmd_parms *cmd, cfc_section_t *section)
{
    const char *login = "";
    bool logs_in = false;

    for (ap_directive_t *line = cmd->directive->first_child; line != NULL; line = line->next) {
        const char *complaint = inner_complaint(cmd->pool, line->directive);

        if (complaint != NULL) {
            cmd->err_directive = line;
            return complaint;
        }
        /* httpd refuses a <RequireAll> and its kind without a Require in it */
        if (strcasecmp(line->directive, "Require") == 0 || is_require_section(line->directive)) {
            section->refuses_all = false;
            continue;
        }
        logs_in = logs_in || names_login(line->directive);
        login = apr_pstrcat(cmd->pool, login, line->directive, " ", line->args, "\n", NULL);
    }
    section->login = logs_in && !section->observe ? login : NULL;   /* nobody is asked for it */
    return NULL;
}

/* As in a <Location>, wherever the section itself stands. */
static const char *walk(cmd_parms *cmd, ap_directive_t *lines, ap_conf_vector_t *perdir)
{
    static char context[] = "CFClusterProtect";     /* not NULL: this is no server context */
    ap_directive_t *directive = cmd->directive;
    int override = cmd->override;
    char *path = cmd->path;
    const char *complaint;

    cmd->override = OR_ALL | ACCESS_CONF;
    cmd->path = context;
    complaint = ap_walk_config(lines, cmd, perdir);
    cmd->path = path;
    cmd->override = override;
    cmd->directive = directive;     /* the walk moves it */
    return complaint;
}

static const char *walk_own_line(cmd_parms *cmd, ap_conf_vector_t *perdir, const char *name,
                                 const char *args)
{
    ap_directive_t *line = apr_pcalloc(cmd->pool, sizeof(*line));

    line->directive = name;
    line->args = args;
    line->parent = cmd->directive;
    line->filename = cmd->directive->filename;
    line->line_num = cmd->directive->line_num;
    return walk(cmd, line, perdir);
}

/* AuthMerging And makes this section, those before it and <Location> all have to admit. */
static const char *read_inside(cmd_parms *cmd, cfc_section_t *section)
{
    const char *complaint = survey(cmd, section);

    section->perdir = ap_create_per_dir_config(cmd->pool);
    if (complaint == NULL) {
        complaint = walk_own_line(cmd, section->perdir, "AuthMerging", "And");
    }
    if (complaint == NULL && section->refuses_all) {
        complaint = walk_own_line(cmd, section->perdir, "Require", "all denied");
    }
    if (complaint == NULL) {
        complaint = walk(cmd, cmd->directive->first_child, section->perdir);
    }
    return complaint;
}

static cfc_section_t *section_new(apr_pool_t *p, const char *name, const char *file, int line)
{
    cfc_section_t *section = apr_pcalloc(p, sizeof(*section));

    section->name = name;
    section->file = file;
    section->line = line;
    section->areas = apr_array_make(p, 2, sizeof(const cfc_area_t *));
    section->pace = apr_pcalloc(p, sizeof(*section->pace));
    return section;
}

void cfc_protect_close(apr_pool_t *p, cfc_protect_conf_t *conf, const char *preset,
                       const char *file, int line)
{
    cfc_section_t *section = section_new(p, preset, file, line);

    add_preset(section, cfc_preset_find(preset));
    section->closed = true;
    APR_ARRAY_PUSH(conf->sections, const cfc_section_t *) = section;
}

const char *cfc_protect_section(cmd_parms *cmd, void *unused, const char *args)
{
    cfc_section_t *section;
    const char *end = strrchr(args, '>');
    const char *complaint = ap_check_cmd_context(cmd, NOT_IN_DIR_CONTEXT);

    (void)unused;
    if (complaint != NULL) {
        return complaint;
    }
    if (ap_find_linked_module("mod_authz_core.c") == NULL) {
        return "CFClusterProtect: mod_authz_core is not loaded; load it, it evaluates Require";
    }
    if (end == NULL || end[1] != '\0') {
        return "CFClusterProtect: the section's line does not end in \">\"; " EXAMPLE;
    }
    section = section_new(cmd->pool, apr_pstrmemdup(cmd->pool, args, (apr_size_t)(end - args)),
                          cmd->directive->filename, cmd->directive->line_num);
    section->refuses_all = true;
    complaint = read_areas(cmd, section, section->name);
    if (complaint == NULL) {
        complaint = read_inside(cmd, section);
    }
    if (complaint == NULL) {
        APR_ARRAY_PUSH(cfc_protect_conf_read(cmd)->sections, const cfc_section_t *) = section;
    }
    return complaint;
}

static bool section_overlaps(const cfc_section_t *section, const cfc_area_t *area)
{
    for (int i = 0; i < section->areas->nelts; i++) {
        if (cfc_areas_overlap(APR_ARRAY_IDX(section->areas, i, const cfc_area_t *), area)) {
            return true;
        }
    }
    return false;
}

static bool sections_overlap(const cfc_section_t *a, const cfc_section_t *b)
{
    for (int i = 0; i < b->areas->nelts; i++) {
        if (section_overlaps(a, APR_ARRAY_IDX(b->areas, i, const cfc_area_t *))) {
            return true;
        }
    }
    return false;
}

static bool logins_clash(const cfc_section_t *a, const cfc_section_t *b)
{
    return a->login != NULL && b->login != NULL && strcmp(a->login, b->login) != 0
           && sections_overlap(a, b);
}

static void report_clash(server_rec *s, const cfc_section_t *section, const cfc_section_t *other)
{
    ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, s,
                 "CFC0202: CFClusterProtect %s (%s:%d): shares paths with CFClusterProtect %s"
                 " (%s:%d), which has another login, and one request cannot carry two; write the"
                 " same AuthType lines in both",
                 section->name, section->file, section->line, other->name, other->file,
                 other->line);
}

/* Log each of the sections that the section cannot stand beside; true: there is none. */
static bool agrees(server_rec *s, const cfc_section_t *section, const cfc_protect_conf_t *conf,
                   int count)
{
    bool good = true;

    for (int i = 0; i < count; i++) {
        const cfc_section_t *other = cfc_section_at(conf->sections, i);

        if (logins_clash(section, other)) {
            report_clash(s, section, other);
            good = false;
        }
    }
    return good;
}

bool cfc_protect_check(server_rec *s, const cfc_protect_conf_t *conf)
{
    bool good = true;

    for (int i = conf->inherited; i < conf->sections->nelts; i++) {
        const cfc_section_t *section = cfc_section_at(conf->sections, i);

        if (section->refuses_all && !section->closed) {
            ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_WARNING, 0, s,
                         "CFC0201: CFClusterProtect %s (%s:%d): has no Require, so it refuses"
                         " everybody; add for example: Require ip 10.0.9.0/24",
                         section->name, section->file, section->line);
        }
        good = agrees(s, section, conf, i) && good;
    }
    return good;
}

bool cfc_protect_check_both(server_rec *s, const cfc_protect_conf_t *cluster,
                            const cfc_protect_conf_t *server)
{
    bool good = true;

    for (int i = 0; i < cluster->sections->nelts; i++) {
        good = agrees(s, cfc_section_at(cluster->sections, i), server, server->sections->nelts)
               && good;
    }
    return good;
}
