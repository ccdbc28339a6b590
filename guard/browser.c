/* SPDX-License-Identifier: Apache-2.0
 * browser.c: browser.h says what is told from what. Pure: no allocation. */
#include "guard/browser.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

/* Tomcat's session, and the remembered login of Confluence and its relatives. */
static const char *const session_cookies[] = {"JSESSIONID", "seraph.confluence",
                                              "seraph.rememberme.cookie"};

static bool names_session(const char *pair)
{
    for (size_t i = 0; i < sizeof(session_cookies) / sizeof(session_cookies[0]); i++) {
        size_t length = strlen(session_cookies[i]);

        if (strncmp(pair, session_cookies[i], length) == 0 && pair[length] == '='
            && strcspn(pair + length + 1, "; \t") > 0) {
            return true;
        }
    }
    return false;
}

static bool has_session(const char *cookie)
{
    while (cookie != NULL) {
        cookie += strspn(cookie, " \t;");
        if (names_session(cookie)) {
            return true;
        }
        cookie = strchr(cookie, ';');
    }
    return false;
}

/* Both as browsers write them: without the port that the scheme has anyway. */
static bool is_of_host(const char *url, const char *host)
{
    const char *authority = strstr(url, "://");
    size_t length;

    if (authority == NULL || host == NULL || host[0] == '\0') {
        return false;
    }
    authority += 3;
    length = strcspn(authority, "/?#");
    return length == strlen(host) && strncasecmp(authority, host, length) == 0;
}

bool cfc_browser_session(const cfc_browser_t *headers)
{
    if (headers->authorization != NULL || !has_session(headers->cookie)) {
        return false;
    }
    if (headers->fetch_site != NULL) {
        return strcasecmp(headers->fetch_site, "same-origin") == 0
               || strcasecmp(headers->fetch_site, "none") == 0;
    }
    if (headers->origin != NULL) {
        return is_of_host(headers->origin, headers->host);
    }
    return headers->referer != NULL && is_of_host(headers->referer, headers->host);
}
