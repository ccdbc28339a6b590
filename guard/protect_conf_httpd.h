/* SPDX-License-Identifier: Apache-2.0
 * protect_conf_httpd.h: a <CFClusterProtect> section as read, for the two halves of the
 * binding: protect_conf_httpd.c reads it, protect_httpd.c applies it to requests. */
#ifndef CFC_GUARD_PROTECT_CONF_HTTPD_H
#define CFC_GUARD_PROTECT_CONF_HTTPD_H

#include <apr_tables.h>

#include "guard/areas.h"
#include "guard/pace.h"
#include "guard/protect_httpd.h"

typedef struct {
    const char *name;               /* its arguments, as written */
    const char *file;               /* where it begins */
    int line;
    apr_array_header_t *areas;      /* const cfc_area_t *; any of them makes the section apply */
    ap_conf_vector_t *perdir;       /* what stands inside, as of a <Location>; NULL: a profile's,
                                       which nobody may enter and any section of the same
                                       preset takes the place of */
    const char *login;              /* how one logs in: its lines but Require; NULL: it does not */
    bool refuses_all;               /* no Require inside */
    bool closed;                    /* and that is no oversight: nobody need enter its presets */
    bool observe;                   /* say what would be refused, refuse nothing */
    cfc_pace_t *pace;               /* of what is said; each child its own */
} cfc_section_t;

struct cfc_protect_conf {
    apr_array_header_t *sections;   /* const cfc_section_t * */
    int inherited;                  /* the first so many are the main server's */
};

static inline const cfc_section_t *cfc_section_at(const apr_array_header_t *sections, int i)
{
    return APR_ARRAY_IDX(sections, i, const cfc_section_t *);
}

#endif
