/* SPDX-License-Identifier: Apache-2.0
 * form_httpd.h: looks for parameters in a request's body while it is read (keys.h). The body
 * is neither held back nor copied: a piece in which something was found is not passed on, and
 * neither is anything after it, so that the node never gets a complete form. */
#ifndef CFC_GUARD_FORM_HTTPD_H
#define CFC_GUARD_FORM_HTTPD_H

#include <httpd.h>
#include <stdbool.h>

#include "guard/keys.h"

/**
 * Called when something was found, at most once for each watch, in the thread that reads.
 * @return whether the body must not go on: reading it fails from then on
 */
typedef bool cfc_form_found_t(request_rec *r, const cfc_keys_t *keys, const void *context);

/** Registers the filter; once, with the hooks. */
void cfc_form_register(void);

/** Watch the body for the parameters of rules. Not before the fixups. */
void cfc_form_watch(request_rec *r, cfc_form_t form, const cfc_rule_t *rules,
                    cfc_form_found_t *found, const void *context);

#endif
