/* SPDX-License-Identifier: Apache-2.0
 * keys.h: looks for parameters by name, in the query of a target and in the body of a form,
 * while it passes. It reads names as Tomcat and the multipart readers above it do, and where
 * these differ, as each of them does. Which parameters are looked for the rules say (areas.h);
 * what follows from one is the binding's business.
 *
 * A body is scanned piece by piece, so its size does not matter: whoever passes a piece on only
 * after cfc_keys_feed() has found nothing in it never passes on the whole name of a parameter
 * that is looked for. Pure: libc only, no allocation. */
#ifndef CFC_GUARD_KEYS_H
#define CFC_GUARD_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "guard/areas.h"
#include "guard/target.h"

#define CFC_KEY_MAX 64      /* bytes of a CFC_RULE_KEY's text ("key=value"), or of a KEY_PART's */

typedef enum {
    CFC_FORM_NONE,          /* no form: its body has no parameters */
    CFC_FORM_URLENCODED,    /* application/x-www-form-urlencoded; queries are written so, too */
    CFC_FORM_MULTIPART,
    CFC_FORM_UNREADABLE     /* a form in an encoding in which names could hide (UTF-16, EBCDIC) */
} cfc_form_t;

typedef enum {
    CFC_KEYS_NONE,          /* nothing so far */
    CFC_KEYS_FOUND,         /* a parameter that is looked for */
    CFC_KEYS_HIDDEN         /* a name that is written as no browser does, so that readers differ */
} cfc_keys_verdict_t;

/** A scan in progress. All fields belong to keys.c, but `found` and `verdict`. */
typedef struct {
    cfc_keys_verdict_t verdict;
    const cfc_rule_t *found;    /* with CFC_KEYS_FOUND: the rule that did */
    const cfc_rule_t *rules;
    cfc_form_t form;
    int state, resumed;         /* where in a part's header; where a folded line goes on */
    int escape;                 /* what was read of a "%xx" */
    size_t matched;             /* bytes of the fixed word that the state waits for */
    size_t length;              /* of the parameter so far, decoded */
    bool in_value;              /* behind its '=' */
    bool quoted;
    unsigned char last;         /* the byte before */
    size_t held;                /* bytes in window */
    char window[2 * CFC_KEY_MAX];   /* the end of the parameter so far, decoded, lower case */
} cfc_keys_t;

/**
 * What kind of form a body with this Content-Type is. Whatever a node could take for a form is
 * one, so repeated and unusual headers are.
 *
 * @param content_type the header's value; NULL: there is none
 */
cfc_form_t cfc_form_of(const char *content_type);

/**
 * Begin a scan.
 *
 * Owner: rules and what they point to must live as long as the scan.
 *
 * @param rules of an area; those of other kinds than CFC_RULE_KEY and CFC_RULE_KEY_PART are
 *              passed over; ended by a rule whose text is NULL
 * @param form  CFC_FORM_UNREADABLE is CFC_KEYS_HIDDEN at once, CFC_FORM_NONE never finds anything
 */
void cfc_keys_begin(cfc_keys_t *keys, cfc_form_t form, const cfc_rule_t *rules);

/**
 * Scan the next piece. Verdicts do not depend on where pieces are cut, and stay once they are
 * not CFC_KEYS_NONE.
 *
 * Units: linear in the length; a multipart body's contents cost one memchr().
 *
 * @return the verdict on all pieces so far
 */
cfc_keys_verdict_t cfc_keys_feed(cfc_keys_t *keys, const char *bytes, size_t length);

/** The text is complete: the last parameter ends here. @return the verdict on all of it */
cfc_keys_verdict_t cfc_keys_end(cfc_keys_t *keys);

/** Scan the query of a target from cfc_target_path(). @return the verdict */
cfc_keys_verdict_t cfc_keys_query(cfc_keys_t *keys, const char *target, const cfc_rule_t *rules);

/**
 * Scan the query of a target, and of each of its readings: "/s/x/_/login.action%3fos_username=y"
 * has none, but Confluence forwards it to /login.action with one. No other paths have a '?'.
 *
 * @return the verdict on the first that is not CFC_KEYS_NONE
 */
cfc_keys_verdict_t cfc_keys_queries(cfc_keys_t *keys, const char *target,
                                    const cfc_readings_t *readings, const cfc_rule_t *rules);

#endif
