/* SPDX-License-Identifier: Apache-2.0
 * protect_httpd.c: applies <CFClusterProtect> sections to a request: which it reaches, their
 * configuration on top of its own, the credentials that stay here. Reading the sections is in
 * protect_conf_httpd.c, judging paths in target.c and areas.c; admitting is httpd's. */
#include "guard/protect_httpd.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>
#include <http_request.h>
#include <string.h>
#include <strings.h>

#include "guard/form_httpd.h"
#include "guard/reach_httpd.h"

APLOG_USE_MODULE(cfcluster);

/* For the log: a query can hold a password. */
static const char *path_of(request_rec *r)
{
    return apr_pstrmemdup(r->pool, r->unparsed_uri, strcspn(r->unparsed_uri, "?"));
}

/* --- claim ---------------------------------------------------------------------------------- */

/* %2f is httpd's to allow; without AllowEncodedSlashes it answers 404 itself before we come. */
static bool encoded_slash_allowed(request_rec *r)
{
    const core_dir_config *core = ap_get_core_module_config(r->per_dir_config);

    return core->allow_encoded_slashes;
}

static const char *judge(request_rec *r, const char *target, const char *passed,
                         cfc_readings_t *readings)
{
    const char *complaint;

    readings->count = 0;
    if (target == NULL) {
        return "is missing";
    }
    complaint = cfc_target_read(target, encoded_slash_allowed(r),
                                apr_palloc(r->pool, cfc_target_scratch_bytes(target)), readings);
    for (size_t i = 0; complaint == NULL && i < readings->count; i++) {
        if (cfc_reading_leaves(readings->path[i], passed)) {
            complaint = "leaves the path that CFClusterPass passes";
        }
    }
    return complaint;
}

int cfc_protect_claim(request_rec *r, const char *target, const char *passed,
                      const char *context, const cfc_protect_conf_t *cluster)
{
    cfc_protect_req_t *req = apr_pcalloc(r->pool, sizeof(*req));
    const char *complaint = judge(r, target, passed, &req->readings);

    if (complaint != NULL) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                      "CFC0203: request refused with 400, its path %s: %s", complaint,
                      path_of(r));      /* ap_log_rerror() escapes what a line cannot hold */
        return HTTP_BAD_REQUEST;
    }
    req->target = target;
    req->context = context;
    req->cluster = cluster;
    cfc_reach_note(r, req);
    *cfc_protect_slot(r) = req;
    return OK;
}

/* --- post_perdir_config --------------------------------------------------------------------- */

/* The login of the section merged last takes the place of those before it, and their Require
 * lines would then be asked about a user of the wrong kind. */
static const cfc_section_t *other_login(const apr_array_header_t *reaches)
{
    const cfc_section_t *first = NULL;

    for (int i = 0; i < reaches->nelts; i++) {
        const cfc_section_t *section = cfc_reach_at(reaches, i)->section;

        if (section->login == NULL) {
            continue;
        }
        if (first == NULL) {
            first = section;
        }
        else if (strcmp(first->login, section->login) != 0) {
            return section;
        }
    }
    return NULL;
}

/* Refuse what httpd's own evaluation of the merged configuration would let through. */
static int unfaithful(request_rec *r, const cfc_section_t *section, const char *why)
{
    ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                  "CFC0205: request refused with 403: CFClusterProtect %s (%s:%d) applies, but %s",
                  section->name, section->file, section->line, why);
    return HTTP_FORBIDDEN;
}

static int refuse(request_rec *r, const cfc_section_t *section, const char *why)
{
    ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                  "CFC0207: request refused with 403: CFClusterProtect %s (%s:%d) applies, %s: %s",
                  section->name, section->file, section->line, why, path_of(r));
    return HTTP_FORBIDDEN;
}

/* @return NULL: the request was not claimed. */
static cfc_protect_req_t *noted(request_rec *r)
{
    cfc_protect_req_t **slot = cfc_protect_slot(r);

    return slot != NULL ? *slot : NULL;
}

int cfc_protect_post_perdir(request_rec *r)
{
    const cfc_protect_req_t *req = noted(r);
    const cfc_section_t *section;

    if (req == NULL || req->reached->nelts == 0) {
        return DECLINED;
    }
    for (int i = 0; i < req->reached->nelts; i++) {
        section = cfc_reach_at(req->reached, i)->section;
        if (section->perdir == NULL) {
            return refuse(r, section, cfc_reach_at(req->reached, i)->why);
        }
        r->per_dir_config = ap_merge_per_dir_configs(r->pool, r->per_dir_config, section->perdir);
    }
    if (ap_satisfies(r) == SATISFY_ANY) {
        return unfaithful(r, cfc_reach_at(req->reached, 0)->section,
                          "Satisfy Any is in force for the path, which would let Allow and Deny"
                          " alone decide; replace it by <RequireAny>");
    }
    section = other_login(req->reached);
    if (section != NULL) {
        return unfaithful(r, section, "so does another section with another login; write the"
                          " same AuthType lines in both");
    }
    return OK;
}

/* --- fixups --------------------------------------------------------------------------------- */

/* For this request, or for the one that it is an error page or a part of: it has that one's
 * headers, but not its user. */
static bool login_was_checked(const request_rec *r)
{
    for (; r != NULL; r = r->prev != NULL ? r->prev : r->main) {
        /* both are set by the module that checks a login, and only by it */
        if (r->user != NULL && r->ap_auth_type != NULL) {
            return true;
        }
    }
    return false;
}

/* Would httpd admit the request, were there only this section? Asked in silence: httpd would log
 * a refusal that is none. @return OK; HTTP_UNAUTHORIZED: after a login, perhaps; HTTP_FORBIDDEN */
static int verdict(request_rec *r, const cfc_section_t *section)
{
    static const struct ap_logconf silence = {NULL, APLOG_EMERG};
    ap_conf_vector_t *perdir = r->per_dir_config;
    const struct ap_logconf *log = r->log;
    int status;

    if (section->perdir == NULL) {
        return HTTP_FORBIDDEN;
    }
    r->per_dir_config = ap_merge_per_dir_configs(r->pool, r->server->lookup_defaults,
                                                 section->perdir);
    r->log = &silence;
    status = ap_run_access_checker_ex(r);
    r->log = log;
    r->per_dir_config = perdir;
    return status == OK ? OK : status == DECLINED ? HTTP_UNAUTHORIZED : HTTP_FORBIDDEN;
}

static void tell_observed(request_rec *r, const cfc_section_t *section, int status,
                          const char *why)
{
    apr_uint32_t withheld;

    if (!cfc_pace(section->pace, (apr_uint32_t)apr_time_sec(r->request_time), &withheld)) {
        return;
    }
    ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                  "CFC0206: observed: CFClusterProtect %s (%s:%d) would %s, %s: %s %s%s",
                  section->name, section->file, section->line,
                  status == HTTP_UNAUTHORIZED ? "ask for a login" : "refuse with 403", why,
                  r->method, path_of(r),
                  withheld == 0 ? ""
                  : apr_psprintf(r->pool, " (%u lines before this were left out)", withheld));
}

/* A section was reached by something that httpd does not ask it about by itself. */
static int ask(request_rec *r, const cfc_section_t *section, const char *why)
{
    int status = verdict(r, section);

    if (status == OK) {
        return OK;
    }
    if (section->observe) {
        tell_observed(r, section, status, why);
        return OK;
    }
    return refuse(r, section, why);
}

/* @return by which login for the node the request reaches the area; NULL: by none */
static const char *login_why(const request_rec *r, const cfc_area_t *area)
{
    const char *present = apr_table_get(r->headers_in, "Authorization");

    for (const cfc_rule_t *rule = area->rules; present != NULL && rule->text != NULL; rule++) {
        size_t length = strlen(rule->text);

        present += strspn(present, " \t");
        if (rule->kind == CFC_RULE_SCHEME && strncasecmp(present, rule->text, length) == 0
            && strcspn(present, " \t,") == length) {
            return apr_psprintf(r->pool, "it brings a %s login", rule->text);
        }
    }
    return NULL;
}

typedef struct {
    cfc_protect_req_t *req;
    const cfc_section_t *section;
} watcher_t;

static bool found_in_body(request_rec *r, const cfc_keys_t *keys, const void *context)
{
    const watcher_t *watcher = context;
    const char *why = cfc_reach_text(r->pool, "body", keys);

    if (watcher->section->observe) {
        tell_observed(r, watcher->section, HTTP_FORBIDDEN, why);
        return false;
    }
    watcher->req->refused = true;
    refuse(r, watcher->section, why);
    return true;
}

/* The body comes when httpd asks nobody any more, so whether the section would admit the client
 * is found out before. */
static void watch_body(request_rec *r, cfc_protect_req_t *req, const cfc_section_t *section,
                       const cfc_area_t *area)
{
    cfc_form_t form = cfc_form_of(apr_table_get(r->headers_in, "Content-Type"));
    watcher_t *watcher;

    if (form == CFC_FORM_NONE || !ap_request_has_body(r) || cfc_reach_spares(area, req)
        || verdict(r, section) == OK) {
        return;
    }
    watcher = apr_palloc(r->pool, sizeof(*watcher));
    watcher->req = req;
    watcher->section = section;
    cfc_form_watch(r, form, area->rules, found_in_body, watcher);
}

static int look_further(request_rec *r, cfc_protect_req_t *req, const cfc_section_t *section)
{
    bool logged_in = login_was_checked(r);
    int status = OK;

    if (cfc_reach_gives_way(r, req, section)) {
        return OK;
    }
    for (int i = 0; status == OK && i < section->areas->nelts; i++) {
        const cfc_area_t *area = APR_ARRAY_IDX(section->areas, i, const cfc_area_t *);
        const char *why = logged_in ? NULL : login_why(r, area);

        if (why != NULL) {
            status = ask(r, section, why);
        }
        else if (cfc_area_has(area, CFC_RULE_KEY, CFC_RULE_KEY_PART)) {
            watch_body(r, req, section, area);
        }
    }
    return status;
}

static int look_at_all(request_rec *r, cfc_protect_req_t *req, const apr_array_header_t *sections)
{
    int status = OK;

    for (int i = 0; status == OK && i < sections->nelts; i++) {
        status = look_further(r, req, cfc_section_at(sections, i));
    }
    return status;
}

int cfc_protect_fixups(request_rec *r)
{
    cfc_protect_req_t *req = noted(r);
    int status;

    if (req == NULL) {
        return DECLINED;
    }
    if (login_was_checked(r)) {
        req->checked = apr_table_get(r->headers_in, "Authorization");
    }
    for (int i = 0; i < req->observed->nelts; i++) {
        ask(r, cfc_reach_at(req->observed, i)->section, cfc_reach_at(req->observed, i)->why);
    }
    status = look_at_all(r, req, req->cluster->sections);
    return status == OK ? look_at_all(r, req, cfc_protect_conf_of(r->server)->sections) : status;
}

/* --- the handler asks ----------------------------------------------------------------------- */

void cfc_protect_strip_credentials(request_rec *r)
{
    const cfc_protect_req_t *req = noted(r);
    const char *present = apr_table_get(r->headers_in, "Authorization");

    if (req != NULL && req->checked != NULL && present != NULL
        && strcmp(req->checked, present) == 0) {
        apr_table_unset(r->headers_in, "Authorization");
    }
}

bool cfc_protect_refused(request_rec *r)
{
    const cfc_protect_req_t *req = noted(r);

    return req != NULL && req->refused;
}
