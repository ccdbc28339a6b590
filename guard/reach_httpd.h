/* SPDX-License-Identifier: Apache-2.0
 * reach_httpd.h: what the guard knows of a request: its readings, and the sections that they
 * and the query reach. What becomes of it is protect_httpd.c's. */
#ifndef CFC_GUARD_REACH_HTTPD_H
#define CFC_GUARD_REACH_HTTPD_H

#include "guard/keys.h"
#include "guard/protect_conf_httpd.h"
#include "guard/target.h"

/** A section that a request reaches, and by what, for messages. */
typedef struct {
    const cfc_section_t *section;
    const char *why;
} cfc_reach_t;

struct cfc_protect_req {
    /* set by cfc_protect_claim() */
    const char *target, *context;
    const cfc_protect_conf_t *cluster;
    cfc_readings_t readings;
    /* set by cfc_reach_note() */
    bool browser;                   /* a browser goes on with its session */
    apr_array_header_t *reached;    /* cfc_reach_t, in the order configured; those that refuse */
    apr_array_header_t *observed;   /* cfc_reach_t, those that only observe */
    /* set later */
    const char *checked;            /* the Authorization header that httpd looked at; or NULL */
    bool refused;                   /* because of what stands in the body */
};

static inline const cfc_reach_t *cfc_reach_at(const apr_array_header_t *reaches, int i)
{
    return &APR_ARRAY_IDX(reaches, i, const cfc_reach_t);
}

/** Judge a request's target against all sections of its cluster and its server. */
void cfc_reach_note(request_rec *r, cfc_protect_req_t *req);

/** Is every reading one of the paths that the area allows, so that its rules about parameters
 * and logins do not concern the request? */
bool cfc_reach_spares(const cfc_area_t *area, const cfc_protect_req_t *req);

/** Does a section that somebody wrote stand in the place of this one of a profile's? */
bool cfc_reach_gives_way(request_rec *r, const cfc_protect_req_t *req,
                         const cfc_section_t *section);

/** What was found, to follow "applies, ". @param place "query" or "body" */
const char *cfc_reach_text(apr_pool_t *p, const char *place, const cfc_keys_t *keys);

#endif
