/* SPDX-License-Identifier: Apache-2.0
 * login.h: which requests can be a login, and which answers say that one failed. Who failed too
 * often is logins.h's. Pure: libc only, no allocation. */
#ifndef CFC_GUARD_LOGIN_H
#define CFC_GUARD_LOGIN_H

#include <stdbool.h>

#include "guard/target.h"

/** What of a request is looked at. */
typedef struct {
    const char *method;
    const char *authorization;      /* the header that the node will get; NULL: missing */
    const char *target;             /* from cfc_target_path() */
    const char *context;            /* as for cfc_area_covers() */
    const cfc_readings_t *readings; /* of the target */
} cfc_login_ask_t;

/**
 * Does the request bring credentials, in its headers or its query, or go to a page that takes
 * them, by whatever method if it takes nothing else? Seraph also takes them from a form, on every
 * path: cfc_credential_keys (presets.h), with form_httpd.h.
 *
 * Source: Confluence's login pages: /dologin.action, /rest/tsv/1.0/authenticate,
 *         /doauthenticate.action (an administrator's second password), login() of /rpc.
 */
bool cfc_login_asked(const cfc_login_ask_t *ask);

/**
 * What an answer says of a login.
 *
 * Source: Seraph's LoginReason; REST answers wrong credentials with 401.
 *
 * @param reason the X-Seraph-LoginReason header, several joined by commas; NULL: none
 * @param asked  what cfc_login_asked() said of the request
 * @return NULL: no login failed; else why, constant and fit for the log
 */
const char *cfc_login_failure(const char *reason, int status, bool asked);

#endif
