/* SPDX-License-Identifier: Apache-2.0
 * route.c: reads cookies and path parameters for routes. Nothing here trusts its input: a
 * value either equals a configured token or route, or it is nobody's. */
#include "lb/route.h"

#include <apr_strings.h>
#include <string.h>
#include <strings.h>

#include "lb/hash.h"
#include "lb/sessions.h"

#define MOMENT_DIGITS 8         /* of 32 bits: until 2106 */

static const char hex[] = "0123456789abcdef";

typedef struct {
    const char *at;
    size_t length;
} span_t;

typedef struct {
    const cfc_cluster_t *cl;
    cfc_routes_t *routes;
} finder_t;

const char *cfc_route_token(const char *cluster, const char *node, apr_pool_t *p)
{
    uint64_t hash = cfc_hash(cluster, strlen(cluster), CFC_HASH_NOTHING);

    hash = cfc_hash(node, strlen(node), cfc_hash("/", 1, hash));
    return apr_psprintf(p, "%016" APR_UINT64_T_HEX_FMT, (apr_uint64_t)hash);
}

static bool equals(span_t span, const char *text)
{
    return text != NULL && strlen(text) == span.length && memcmp(text, span.at, span.length) == 0;
}

static void add(finder_t *finder, cfc_node_t *node)
{
    cfc_routes_t *routes = finder->routes;

    for (unsigned i = 0; i < routes->count; i++) {
        if (routes->nodes[i] == node) {
            return;
        }
    }
    if (routes->count < CFC_ROUTES_MAX) {
        routes->nodes[routes->count++] = node;
    }
}

/* Cut ".8 hex digits" off. @return what they say, in seconds; 0: there are none */
static uint32_t cut_moment(span_t *value)
{
    const char *digits = value->at + value->length - MOMENT_DIGITS;
    uint32_t seconds = 0;

    if (value->length <= MOMENT_DIGITS || digits[-1] != '.') {
        return 0;
    }
    for (int i = 0; i < MOMENT_DIGITS; i++) {
        const char *digit = memchr(hex, digits[i], sizeof(hex) - 1);

        if (digit == NULL) {
            return 0;
        }
        seconds = seconds << 4 | (uint32_t)(digit - hex);
    }
    value->length -= MOMENT_DIGITS + 1;
    return seconds;
}

static void add_token(finder_t *finder, span_t value)
{
    cfc_node_t **nodes = cfc_cluster_nodes(finder->cl);
    uint32_t seconds = cut_moment(&value);

    for (int i = 0; i < finder->cl->nodes->nelts; i++) {
        if (equals(value, nodes[i]->token)) {
            if (finder->routes->count == 0) {
                finder->routes->at_work_at = apr_time_from_sec(seconds);
            }
            add(finder, nodes[i]);
        }
    }
}

/* A session id ends in '.' and its node's route. Both may hold dots themselves, so it is the
 * node with the longest route that fits. */
static void add_session(finder_t *finder, span_t id)
{
    cfc_node_t **nodes = cfc_cluster_nodes(finder->cl);
    cfc_node_t *best = NULL;
    size_t best_length = 0;

    if (finder->routes->session == 0 && id.length > 0) {
        finder->routes->session = cfc_sessions_hash(id.at, id.length, 0);
    }
    for (int i = 0; i < finder->cl->nodes->nelts; i++) {
        size_t length = strlen(nodes[i]->route);

        if (length > best_length && id.length > length && id.at[id.length - length - 1] == '.'
            && memcmp(id.at + id.length - length, nodes[i]->route, length) == 0) {
            best = nodes[i];
            best_length = length;
        }
    }
    if (best != NULL) {
        add(finder, best);
    }
}

/* Every value of the cookie `name`, in order. ',' separates too: httpd joins several Cookie
 * headers with it. */
static void each_cookie(finder_t *finder, const char *cookies, const char *name,
                        void (*take)(finder_t *, span_t))
{
    size_t length = strlen(name);

    while (*cookies != '\0') {
        size_t skip = strspn(cookies, "; ,\t");
        size_t size = strcspn(cookies + skip, ";,");
        const char *pair = cookies + skip;

        if (size > length && pair[length] == '=' && memcmp(pair, name, length) == 0) {
            span_t value = {pair + length + 1, size - length - 1};

            while (value.length > 0 && strchr(" \t\"", value.at[value.length - 1])) {
                value.length--;
            }
            if (value.length > 0 && value.at[0] == '"') {
                value.at++;
                value.length--;
            }
            take(finder, value);
        }
        cookies = pair + size;
    }
}

/* Every ;name=value of the path; Tomcat matches the name without regard to case only in its
 * own lower-case form, so ours is lower-case "jsessionid" for the cookie JSESSIONID. */
static void each_parameter(finder_t *finder, const char *target, const char *name)
{
    size_t length = strlen(name);
    const char *end = target + strcspn(target, "?#");

    for (const char *at = memchr(target, ';', (size_t)(end - target)); at != NULL;
         at = memchr(at, ';', (size_t)(end - at))) {
        at++;
        if ((size_t)(end - at) > length && strncasecmp(at, name, length) == 0
            && at[length] == '=') {
            span_t value = {at + length + 1, 0};

            while (value.at + value.length < end && !strchr(";/", value.at[value.length])) {
                value.length++;
            }
            add_session(finder, value);
        }
    }
}

void cfc_routes_read(const cfc_cluster_t *cl, const char *cookies, const char *target,
                     cfc_routes_t *routes)
{
    finder_t finder = {cl, routes};

    memset(routes, 0, sizeof(*routes));
    if (cookies != NULL && cl->sticky.cookie != NULL) {
        each_cookie(&finder, cookies, cl->sticky.cookie, add_token);
        routes->by_cookie = routes->count;
    }
    if (cookies != NULL && cl->sticky.session != NULL) {
        each_cookie(&finder, cookies, cl->sticky.session, add_session);
    }
    if (cl->sticky.session != NULL) {
        each_parameter(&finder, target, cl->sticky.session);
    }
}

bool cfc_routes_cookie_says(const cfc_routes_t *routes, const cfc_node_t *node)
{
    return routes->by_cookie > 0 && routes->nodes[0] == node;
}

const char *cfc_route_cookie(const cfc_cluster_t *cl, const cfc_node_t *node, bool tls,
                             apr_time_t at_work_at, apr_pool_t *p)
{
    static const char *const samesite[] = {"Lax", "Strict", "None"};
    const cfc_sticky_t *sticky = &cl->sticky;
    const char *domain = "", *max_age = "", *moment = "";

    if (sticky->cookie == NULL) {
        return NULL;
    }
    if (at_work_at != 0) {
        moment = apr_psprintf(p, ".%08x", (unsigned)apr_time_sec(at_work_at));
    }
    if (sticky->domain != NULL) {
        domain = apr_pstrcat(p, "; Domain=", sticky->domain, NULL);
    }
    if (sticky->lifetime_ms > 0) {
        max_age = apr_psprintf(p, "; Max-Age=%" APR_INT64_T_FMT, sticky->lifetime_ms / 1000);
    }
    return apr_pstrcat(p, sticky->cookie, "=", node->token, moment, "; Path=",
                       sticky->path ? sticky->path : "/", domain, max_age,
                       "; HttpOnly; SameSite=", samesite[sticky->samesite],
                       tls || sticky->secure == CFC_SECURE_ALWAYS ? "; Secure" : "", NULL);
}
