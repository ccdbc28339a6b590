/* SPDX-License-Identifier: Apache-2.0
 * login.c: see login.h. */
#include "guard/login.h"

#include <string.h>
#include <strings.h>

#include "guard/areas.h"
#include "guard/keys.h"
#include "guard/presets.h"

/* Pages that take a name or a password. */
static const cfc_rule_t pages[] = {
    {CFC_RULE_ACTION, "/login.action"},
    {CFC_RULE_ACTION, "/dologin.action"},           /* the form's */
    {CFC_RULE_ACTION, "/doauthenticate.action"},    /* WebSudo: an administrator's second login */
    {CFC_RULE_PREFIX, "/rest/tsv"},                 /* the login page with two steps */
    {CFC_RULE_PREFIX, "/rpc"},                      /* login() of XML-RPC, SOAP, JSON-RPC */
    {CFC_RULE_PREFIX, "/plugins/servlet/soap-axis1"},   /* where /rpc/soap-axis lands */
    {CFC_RULE_PREFIX, NULL}
};
static const cfc_area_t login_pages = {.name = "login", .rules = pages};

static bool begins_with(const char *text, const char *word)
{
    return text != NULL && strncasecmp(text + strspn(text, " \t"), word, strlen(word)) == 0;
}

/* A name that readers differ on is taken for one of a login's. */
static bool query_has_login(const char *target)
{
    cfc_keys_t keys;

    return cfc_keys_query(&keys, target, cfc_credential_keys) != CFC_KEYS_NONE;
}

static bool asks_login_page(const cfc_login_ask_t *ask)
{
    for (size_t i = 0; i < ask->readings->count; i++) {
        if (cfc_area_covers(&login_pages, ask->readings->path[i], ask->context)) {
            return true;
        }
    }
    return false;
}

bool cfc_login_asked(const cfc_login_ask_t *ask)
{
    bool reads = strcmp(ask->method, "GET") == 0 || strcmp(ask->method, "HEAD") == 0;

    return begins_with(ask->authorization, "basic") || begins_with(ask->authorization, "bearer")
           || query_has_login(ask->target) || (!reads && asks_login_page(ask));
}

/* Whether the comma-separated list has this word. */
static bool has_word(const char *list, const char *word)
{
    size_t length = strlen(word);

    for (list += strspn(list, ", \t"); *list != '\0'; list += strspn(list, ", \t")) {
        size_t found = strcspn(list, ", \t");

        if (found == length && memcmp(list, word, length) == 0) {
            return true;
        }
        list += found;
    }
    return false;
}

const char *cfc_login_failure(const char *reason, int status, bool asked)
{
    if (reason != NULL && has_word(reason, "AUTHENTICATED_FAILED")) {
        return "AUTHENTICATED_FAILED";
    }
    if (reason != NULL && has_word(reason, "AUTHENTICATION_DENIED")) {
        return "AUTHENTICATION_DENIED";     /* Confluence wants its CAPTCHA solved */
    }
    return reason == NULL && status == 401 && asked ? "401" : NULL;
}
