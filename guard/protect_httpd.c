/* SPDX-License-Identifier: Apache-2.0
 * protect_httpd.c: applies <CFClusterProtect> sections to a request: which it reaches, their
 * configuration on top of its own, the credentials that stay here. Reading the sections is in
 * protect_conf_httpd.c, judging paths in target.c and areas.c; admitting is httpd's. */
#include "guard/protect_httpd.h"

#include <http_core.h>
#include <http_log.h>
#include <string.h>

#include "guard/areas.h"
#include "guard/protect_conf_httpd.h"
#include "guard/target.h"

APLOG_USE_MODULE(cfcluster);

struct cfc_protect_req {
    apr_array_header_t *reached;    /* const cfc_section_t *, in the order configured */
    const char *checked;            /* the Authorization header that httpd looked at; or NULL */
};

static bool section_covers(const cfc_section_t *section, const char *reading, const char *context)
{
    for (int i = 0; i < section->areas->nelts; i++) {
        if (cfc_area_covers(APR_ARRAY_IDX(section->areas, i, const cfc_area_t *), reading,
                            context)) {
            return true;
        }
    }
    return false;
}

/* One reading in the area is enough: some layer may be the one that reads it so. */
static bool section_applies(const cfc_section_t *section, const cfc_readings_t *readings,
                            const char *context)
{
    for (size_t i = 0; i < readings->count; i++) {
        if (section_covers(section, readings->path[i], context)) {
            return true;
        }
    }
    return false;
}

static void note_sections(request_rec *r, const cfc_readings_t *readings, const char *context)
{
    const cfc_protect_conf_t *conf = cfc_protect_conf_of(r->server);
    cfc_protect_req_t *req = apr_pcalloc(r->pool, sizeof(*req));

    req->reached = apr_array_make(r->pool, conf->sections->nelts, sizeof(const cfc_section_t *));
    for (int i = 0; i < conf->sections->nelts; i++) {
        const cfc_section_t *section = APR_ARRAY_IDX(conf->sections, i, const cfc_section_t *);

        if (!section_applies(section, readings, context)) {
            continue;
        }
        APR_ARRAY_PUSH(req->reached, const cfc_section_t *) = section;
        ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, r, "CFC0204: CFClusterProtect %s applies",
                      section->name);
    }
    *cfc_protect_slot(r) = req;
}

/* %2f is httpd's to allow; without AllowEncodedSlashes it answers 404 itself before we come. */
static bool encoded_slash_allowed(request_rec *r)
{
    const core_dir_config *core = ap_get_core_module_config(r->per_dir_config);

    return core->allow_encoded_slashes;
}

static const char *judge(request_rec *r, const char *target, const char *context,
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
        if (cfc_reading_leaves(readings->path[i], context)) {
            complaint = "leaves the path that CFClusterPass passes";
        }
    }
    return complaint;
}

int cfc_protect_claim(request_rec *r, const char *target, const char *context)
{
    cfc_readings_t readings;
    const char *complaint = judge(r, target, context, &readings);

    if (complaint != NULL) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                      "CFC0203: request refused with 400, its path %s: %s", complaint,
                      r->unparsed_uri);     /* ap_log_rerror() escapes what a line cannot hold */
        return HTTP_BAD_REQUEST;
    }
    note_sections(r, &readings, context);
    return OK;
}

/* The login of the section merged last takes the place of those before it, and their Require
 * lines would then be asked about a user of the wrong kind. */
static const cfc_section_t *other_login(const apr_array_header_t *sections)
{
    const cfc_section_t *first = NULL;

    for (int i = 0; i < sections->nelts; i++) {
        const cfc_section_t *section = APR_ARRAY_IDX(sections, i, const cfc_section_t *);

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
        section = APR_ARRAY_IDX(req->reached, i, const cfc_section_t *);
        r->per_dir_config = ap_merge_per_dir_configs(r->pool, r->per_dir_config, section->perdir);
    }
    if (ap_satisfies(r) == SATISFY_ANY) {
        section = APR_ARRAY_IDX(req->reached, 0, const cfc_section_t *);
        return unfaithful(r, section, "Satisfy Any is in force for the path, which would let"
                          " Allow and Deny alone decide; replace it by <RequireAny>");
    }
    section = other_login(req->reached);
    if (section != NULL) {
        return unfaithful(r, section, "so does another section with another login; write the"
                          " same AuthType lines in both");
    }
    return OK;
}

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

int cfc_protect_fixups(request_rec *r)
{
    cfc_protect_req_t *req = noted(r);

    if (req == NULL) {
        return DECLINED;
    }
    if (login_was_checked(r)) {
        req->checked = apr_table_get(r->headers_in, "Authorization");
    }
    return OK;
}

void cfc_protect_strip_credentials(request_rec *r)
{
    const cfc_protect_req_t *req = noted(r);
    const char *present = apr_table_get(r->headers_in, "Authorization");

    if (req != NULL && req->checked != NULL && present != NULL
        && strcmp(req->checked, present) == 0) {
        apr_table_unset(r->headers_in, "Authorization");
    }
}
