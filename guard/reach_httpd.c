/* SPDX-License-Identifier: Apache-2.0
 * reach_httpd.c: which sections the target of a request reaches, and by what. Readings are
 * target.c's, rules areas.c's, parameters keys.c's. */
#include "guard/reach_httpd.h"

#include <apr_strings.h>
#include <http_log.h>
#include <string.h>

#include "guard/browser.h"
#include "guard/presets.h"

APLOG_USE_MODULE(cfcluster);

static bool lies_in(const cfc_area_t *area, const cfc_protect_req_t *req)
{
    if (area->browsers && req->browser) {
        return false;
    }
    /* One reading in the area is enough: some layer may be the one that reads it so. */
    for (size_t i = 0; i < req->readings.count; i++) {
        if (cfc_area_covers(area, req->readings.path[i], req->context)) {
            return true;
        }
    }
    return false;
}

bool cfc_protect_lies_below(const request_rec *r, const char *path)
{
    const cfc_protect_req_t *req = *cfc_protect_slot((request_rec *)r);
    char text[256] = "";
    cfc_rule_t rules[2] = {{.text = NULL}};
    const cfc_area_t area = {.name = path, .rules = rules};

    strncpy(text, path, sizeof(text) - 1);
    return cfc_rule_read(text, false, &rules[0]) == NULL && lies_in(&area, req);
}

bool cfc_reach_spares(const cfc_area_t *area, const cfc_protect_req_t *req)
{
    for (size_t i = 0; i < req->readings.count; i++) {
        if (!cfc_area_allows(area, req->readings.path[i], req->context)) {
            return false;
        }
    }
    return true;
}

const char *cfc_reach_text(apr_pool_t *p, const char *place, const cfc_keys_t *keys)
{
    if (keys->verdict == CFC_KEYS_HIDDEN) {
        return apr_psprintf(p, "its %s hides the names of its parameters", place);
    }
    return apr_psprintf(p, "its %s has the parameter %s", place, keys->found->text);
}

/* @return by what the target reaches the area; NULL: it does not */
static const char *reaches(request_rec *r, const cfc_protect_req_t *req, const cfc_area_t *area)
{
    cfc_keys_t keys;

    if (lies_in(area, req)) {
        return "its path lies there";
    }
    if (cfc_area_has(area, CFC_RULE_KEY, CFC_RULE_KEY_PART) && !cfc_reach_spares(area, req)
        && cfc_keys_queries(&keys, req->target, &req->readings, area->rules) != CFC_KEYS_NONE) {
        return cfc_reach_text(r->pool, "query", &keys);
    }
    return NULL;
}

static bool has_area(const apr_array_header_t *sections, const cfc_area_t *area)
{
    for (int i = 0; i < sections->nelts; i++) {
        const cfc_section_t *section = cfc_section_at(sections, i);

        for (int j = 0; section->perdir != NULL && j < section->areas->nelts; j++) {
            if (APR_ARRAY_IDX(section->areas, j, const cfc_area_t *) == area) {
                return true;
            }
        }
    }
    return false;
}

/* A profile's section gives way to one that somebody wrote for the same preset. */
bool cfc_reach_gives_way(request_rec *r, const cfc_protect_req_t *req,
                         const cfc_section_t *section)
{
    const cfc_area_t *area = APR_ARRAY_IDX(section->areas, 0, const cfc_area_t *);

    return section->perdir == NULL
           && (has_area(req->cluster->sections, area)
               || has_area(cfc_protect_conf_of(r->server)->sections, area));
}

static void note(request_rec *r, cfc_protect_req_t *req, const cfc_section_t *section)
{
    const char *why = NULL;
    cfc_reach_t *reach;

    for (int i = 0; why == NULL && i < section->areas->nelts; i++) {
        why = reaches(r, req, APR_ARRAY_IDX(section->areas, i, const cfc_area_t *));
    }
    if (why == NULL || cfc_reach_gives_way(r, req, section)) {
        return;
    }
    reach = apr_array_push(section->observe ? req->observed : req->reached);
    reach->section = section;
    reach->why = why;
    ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, r, "CFC0204: CFClusterProtect %s applies, %s",
                  section->name, why);
}

static bool is_browser(request_rec *r, const cfc_protect_req_t *req)
{
    const cfc_browser_t headers = {
        .host = apr_table_get(r->headers_in, "Host"),
        .cookie = apr_table_get(r->headers_in, "Cookie"),
        .authorization = apr_table_get(r->headers_in, "Authorization"),
        .fetch_site = apr_table_get(r->headers_in, "Sec-Fetch-Site"),
        .origin = apr_table_get(r->headers_in, "Origin"),
        .referer = apr_table_get(r->headers_in, "Referer"),
    };
    cfc_keys_t keys;

    return cfc_browser_session(&headers)
           && cfc_keys_queries(&keys, req->target, &req->readings, cfc_credential_keys)
              == CFC_KEYS_NONE;
}

static void note_all(request_rec *r, cfc_protect_req_t *req, const apr_array_header_t *sections)
{
    for (int i = 0; i < sections->nelts; i++) {
        note(r, req, cfc_section_at(sections, i));
    }
}

void cfc_reach_note(request_rec *r, cfc_protect_req_t *req)
{
    const apr_array_header_t *servers = cfc_protect_conf_of(r->server)->sections;
    int most = req->cluster->sections->nelts + servers->nelts;

    req->browser = is_browser(r, req);
    req->reached = apr_array_make(r->pool, most, sizeof(cfc_reach_t));
    req->observed = apr_array_make(r->pool, 0, sizeof(cfc_reach_t));
    note_all(r, req, req->cluster->sections);
    note_all(r, req, servers);
}
