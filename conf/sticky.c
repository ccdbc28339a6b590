/* SPDX-License-Identifier: Apache-2.0
 * sticky.c: checks a CFSticky line. One option's bounds are rows.c's; what a cookie looks like
 * on the wire is lb/route.c's. Pure. */
#include "conf/sticky.h"

#include <apr_strings.h>
#include <string.h>

/* A token by RFC 6265 4.1.1, as far as it can be written as an argument. */
static bool cookie_name_ok(const char *name)
{
    return name == NULL || strcspn(name, "()<>@,;:\\\"/[]?={} \t") == strlen(name);
}

static bool path_ok(const char *path)
{
    if (path[0] != '/') {
        return false;   /* a browser would take the directory of the page instead */
    }
    for (; *path != '\0'; path++) {
        if (*path == ';' || (unsigned char)*path <= ' ' || (unsigned char)*path >= 0x7f) {
            return false;
        }
    }
    return true;
}

static bool domain_ok(const char *domain)
{
    static const char chars[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-";

    return domain[0] != '.' && strspn(domain, chars) == strlen(domain);
}

/* The first option that only our own cookie has. */
static const char *of_our_cookie(const cfc_sticky_t *sticky)
{
    return sticky->path != NULL                   ? "path"
           : sticky->domain != NULL               ? "domain"
           : sticky->lifetime_ms != 0             ? "lifetime"
           : sticky->samesite != CFC_SAMESITE_LAX ? "samesite"
           : sticky->secure != CFC_SECURE_AUTO    ? "secure"
           : sticky->rehome_ms != 0               ? "rehome"
                                                  : NULL;
}

static const char *check_cookie(const cfc_sticky_t *sticky, apr_pool_t *p)
{
    if (sticky->path != NULL && !path_ok(sticky->path)) {
        return apr_psprintf(p, "CFSticky: path=%s is not a cookie's path; write it beginning with "
                               "/, without blanks and ;, for example path=/wiki", sticky->path);
    }
    if (sticky->domain != NULL && !domain_ok(sticky->domain)) {
        return apr_psprintf(p, "CFSticky: domain=%s is not a domain; write the end that all host "
                               "names share, without a dot before it, for example "
                               "domain=example.com", sticky->domain);
    }
    return NULL;
}

const char *cfc_sticky_check(const cfc_sticky_t *sticky, apr_pool_t *p)
{
    const char *option = of_our_cookie(sticky);

    if (sticky->cookie == NULL && sticky->session == NULL) {
        return "CFSticky: write cookie=NAME for a cookie of the balancer's own, session=NAME for "
               "the route in Tomcat's session id, or both; for example CFSticky cookie=CFROUTE";
    }
    if (!cookie_name_ok(sticky->cookie) || !cookie_name_ok(sticky->session)) {
        return apr_psprintf(p, "CFSticky: \"%s\" cannot be a cookie's name; write letters and "
                               "digits, for example cookie=CFROUTE",
                            cookie_name_ok(sticky->cookie) ? sticky->session : sticky->cookie);
    }
    if (sticky->cookie == NULL && option != NULL) {
        return apr_psprintf(p, "CFSticky: %s= is for a cookie of the balancer's own, which this "
                               "line does not set; add cookie=NAME, or remove %s=", option, option);
    }
    if (sticky->strict == CFC_STRICT_ON && sticky->rehome_ms != 0) {
        return "CFSticky: strict=on moves nobody, and rehome= moves those who pause; remove one of "
               "them";
    }
    return check_cookie(sticky, p);
}
