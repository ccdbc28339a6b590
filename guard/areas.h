/* SPDX-License-Identifier: Apache-2.0
 * areas.h: says whether a reading of a path lies in a protected area. Readings come from
 * target.h, named areas from presets.h; what protects an area (Require, logins) is the
 * binding's business. Pure: libc only. */
#ifndef CFC_GUARD_AREAS_H
#define CFC_GUARD_AREAS_H

#include <stdbool.h>

typedef enum {
    CFC_RULE_PREFIX,    /* "/admin": it and all below, not /administrator; "": everything */
    CFC_RULE_ACTION,    /* "/spaces/x.action": Struts runs it as /spaces/any/x!method.action too */
    CFC_RULE_SUFFIX,    /* ".vm": every path that ends so */
    CFC_RULE_EXACT,     /* "/json/x.action", ";parameters" or not, and nothing else */
    CFC_RULE_PART,      /* "${": every path that has it anywhere */
    /* not about paths: keys.h and the binding look at these */
    CFC_RULE_KEY,       /* "os_username": a parameter of this name; "key=value": with this value */
    CFC_RULE_KEY_PART,  /* "bootstrap": a parameter that has it anywhere in its name */
    CFC_RULE_SCHEME     /* "basic": a login of this kind in the Authorization header */
} cfc_rule_kind_t;

typedef struct {
    cfc_rule_kind_t kind;
    const char *text;           /* lower case; no '/' at the end; NULL ends an array of rules */
} cfc_rule_t;

typedef struct {
    const char *name;           /* for messages */
    const cfc_rule_t *rules;    /* what is in the area: all paths, all parameters or all logins */
    const cfc_rule_t *allowed;  /* paths that are not, although a rule says so; NULL: none */
    bool browsers;              /* a browser may enter that goes on with its session (browser.h) */
} cfc_area_t;

/**
 * Does this reading lie in the area: as it is, or seen from the context path or one of its
 * parents? (Where "/confluence/download" is passed, the application is at "/confluence".) Of a
 * reading whose dots are not resolved any end counts that begins with a segment, and none is
 * allowed: who resolves them later can come out anywhere. Browsers send none.
 *
 * Source: Struts' RequestUtils.getServletPath(), which reads on in the raw URI.
 *
 * @param reading one of cfc_readings_t
 * @param context where the application is, as far as is known: the path that is passed to the
 *                cluster, or one below it ("/confluence"); "", "/" or NULL: at the root
 */
bool cfc_area_covers(const cfc_area_t *area, const char *reading, const char *context);

/**
 * Is this reading one of the paths that the area allows, seen from the context path or one of
 * its parents? For rules that are not about paths, where no rule covers the reading; they spare
 * a request only if all of its readings are allowed.
 */
bool cfc_area_allows(const cfc_area_t *area, const char *reading, const char *context);

/** Are the area's rules of these kinds, from first to last in the enumeration? They are all of one
 * sort, so this looks at the first. */
bool cfc_area_has(const cfc_area_t *area, cfc_rule_kind_t first, cfc_rule_kind_t last);

/**
 * Does this reading lie outside of the path that is passed? "/wiki/..;/manager" does: Tomcat
 * would answer it from another application. False while the beginning of the reading can
 * still change its meaning ("/%77iki/x"): then one of its other readings tells.
 *
 * @param passed the path that is passed to the cluster; "", "/" or NULL: all
 */
bool cfc_reading_leaves(const char *reading, const char *passed);

/**
 * Can one plain path lie in both? Looks at the paths of the rules, so it finds "/" against
 * "/admin"; a ".vm" below the other area's prefix, or a path with readings in both, shows only
 * when the request is there.
 */
bool cfc_areas_overlap(const cfc_area_t *a, const cfc_area_t *b);

/**
 * Make a rule of a path from the configuration: EXACT if asked for, an ACTION if it ends in
 * ".action", else a PREFIX.
 *
 * Owner: path is changed in place (lower case, no '/' at the end), and the rule points to it.
 *
 * @return NULL, or what is wrong with it (constant, to follow the path in a message)
 */
const char *cfc_rule_read(char *path, bool exact, cfc_rule_t *rule);

#endif
