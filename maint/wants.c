/* SPDX-License-Identifier: Apache-2.0
 * wants.c: see wants.h. What the answer says is page.c's business. Pure.
 * Source: RFC 9110 section 12.5.1 (Accept); the Fetch standard (request destinations). */
#include "maint/wants.h"

#include <apr_lib.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* How nearly a range of Accept covers type: 3 by name, 2 as major/..., 1 as anything, 0 not. */
static int covers(const char *range, size_t length, const char *type)
{
    const char *slash = strchr(type, '/');
    size_t major = (size_t)(slash - type) + 1;

    if (length == strlen(type) && strncasecmp(range, type, length) == 0) {
        return 3;
    }
    if (length == major + 1 && range[major] == '*' && strncasecmp(range, type, major) == 0) {
        return 2;
    }
    return length == 3 && strncmp(range, "*/*", 3) == 0;
}

/* q=0.75 in thousandths, from the parameters of one range, which end at a comma. */
static int quality(const char *parameters, size_t length)
{
    for (size_t i = 1; i + 2 < length; i++) {
        if (apr_tolower(parameters[i]) == 'q' && parameters[i + 1] == '='
            && strchr("; \t", parameters[i - 1]) != NULL) {
            const char *digits = parameters + i + 2;
            int value = *digits == '1' ? 1000 : 0;

            if (*digits == '0' && digits[1] == '.') {
                for (int weight = 100, at = 2; weight > 0 && apr_isdigit(digits[at]); at++) {
                    value += (digits[at] - '0') * weight;
                    weight /= 10;
                }
            }
            return value;
        }
    }
    return 1000;
}

int cfc_accept_rank(const char *accept, const char *type)
{
    int nearest = 0, rank = 0;

    if (accept == NULL) {
        return 2000;
    }
    while (*accept != '\0') {
        size_t length = strcspn(accept, ","), name;
        int near;

        while (length > 0 && apr_isspace(*accept)) {
            accept++;
            length--;
        }
        name = strcspn(accept, ";, \t");
        near = covers(accept, name, type);
        if (near > nearest) {
            int q = quality(accept + name, length - name);

            nearest = near;
            rank = q == 0 ? 0 : 2 * q + (near == 3);
        }
        accept += length;
        accept += *accept == ',';
    }
    return rank;
}

static bool one_of(const char *word, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (strcasecmp(word, *words) == 0) {
            return true;
        }
    }
    return false;
}

/* @return true: the browser said what it is for */
static bool by_destination(const char *destination, cfc_wants_t *wants)
{
    static const char *const pages[] = {"document", "iframe", "frame", "embed", "object", NULL};

    if (destination == NULL) {
        return false;
    }
    *wants = one_of(destination, pages)             ? CFC_WANTS_HTML
            : strcasecmp(destination, "empty") == 0 ? CFC_WANTS_JSON
                                                    : CFC_WANTS_NOTHING;
    return true;
}

static cfc_wants_t by_path(const char *path)
{
    static const char *const parts[] = {"css", "js",   "map",  "png",  "gif",   "jpg",
                                        "jpeg", "svg", "ico",  "webp", "avif",  "woff",
                                        "woff2", "ttf", "eot", "mp4",  "webm",  NULL};
    const char *slash = strrchr(path, '/');
    const char *dot = strrchr(slash != NULL ? slash : path, '.');

    if (dot != NULL && one_of(dot + 1, parts)) {
        return CFC_WANTS_NOTHING;
    }
    return dot != NULL && strcasecmp(dot, ".json") == 0 ? CFC_WANTS_JSON : CFC_WANTS_HTML;
}

cfc_wants_t cfc_wants(const cfc_wants_ask_t *ask)
{
    int html = cfc_accept_rank(ask->accept, "text/html");
    int json = cfc_accept_rank(ask->accept, "application/json");
    cfc_wants_t wants;

    if (ask->upgrade != NULL && strcasecmp(ask->upgrade, "websocket") == 0) {
        return CFC_WANTS_NOTHING;
    }
    if (by_destination(ask->fetch_dest, &wants)) {
        return wants;
    }
    if (json > html || (ask->requested_with != NULL     /* Android's WebView sends it always */
                        && strcasecmp(ask->requested_with, "XMLHttpRequest") == 0)) {
        return CFC_WANTS_JSON;
    }
    if (html > json) {
        return CFC_WANTS_HTML;
    }
    return html == 0 ? CFC_WANTS_NOTHING : by_path(ask->path);
}
