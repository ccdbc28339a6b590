/* SPDX-License-Identifier: Apache-2.0
 * login.c: see login.h. */
#include "guard/login.h"

#include <string.h>
#include <strings.h>

#include "guard/areas.h"
#include "guard/keys.h"
#include "guard/presets.h"

/* Pages that take a name or a password when something is sent to them. */
static const cfc_rule_t pages[] = {
    {CFC_RULE_ACTION, "/login.action"},
    {CFC_RULE_ACTION, "/dologin.action"},           /* the form's */
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

/* Nothing but a password goes there, in whatever way. */
static const cfc_rule_t password[] = {
    {CFC_RULE_ACTION, "/doauthenticate.action"},    /* WebSudo: an administrator's second login */
    {CFC_RULE_PREFIX, NULL}
};
static const cfc_area_t password_page = {.name = "password", .rules = password};

static bool query_has_login(const cfc_login_ask_t *ask)
{
    cfc_keys_t keys;

    return cfc_keys_queries(&keys, ask->target, ask->readings, cfc_credential_keys)
           != CFC_KEYS_NONE;
}

static bool asks(const cfc_login_ask_t *ask, const cfc_area_t *pages_of_logins)
{
    for (size_t i = 0; i < ask->readings->count; i++) {
        if (cfc_area_covers(pages_of_logins, ask->readings->path[i], ask->context)) {
            return true;
        }
    }
    return false;
}

bool cfc_login_asked(const cfc_login_ask_t *ask)
{
    bool reads = strcmp(ask->method, "GET") == 0 || strcmp(ask->method, "HEAD") == 0;

    return begins_with(ask->authorization, "basic") || begins_with(ask->authorization, "bearer")
           || query_has_login(ask) || asks(ask, &password_page)
           || (!reads && asks(ask, &login_pages));
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
