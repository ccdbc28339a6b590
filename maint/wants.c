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

/* Whether some folders of the path are these, wherever the application begins. */
static bool has_folders(const char *path, const char *folders)
{
    const char *at = strstr(path, folders);

    while (at != NULL && strchr("/", at[strlen(folders)]) == NULL) {
        at = strstr(at + 1, folders);
    }
    return at != NULL;
}

/* @return true: it is a call that is answered in XML */
static bool by_call(const cfc_wants_ask_t *ask, cfc_wants_t *wants)
{
    bool soap = ask->soap_action != NULL || strstr(ask->path, "/rpc/soap") != NULL
                || has_folders(ask->path, "/plugins/servlet/soap-axis1");

    *wants = soap ? CFC_WANTS_SOAP : CFC_WANTS_XMLRPC;
    return strcmp(ask->method, "POST") == 0 && (soap || has_folders(ask->path, "/rpc/xmlrpc"));
}

/* @return true: the browser said what it is for */
static bool by_destination(const char *destination, cfc_wants_t *wants)
{
    static const struct {
        const char *word;
        cfc_wants_t wants;
    } words[] = {
        {"document", CFC_WANTS_HTML}, {"iframe", CFC_WANTS_HTML}, {"frame", CFC_WANTS_HTML},
        {"embed", CFC_WANTS_HTML},    {"object", CFC_WANTS_HTML}, {"empty", CFC_WANTS_JSON},
        {"image", CFC_WANTS_IMAGE},   {"style", CFC_WANTS_STYLE}, {"script", CFC_WANTS_SCRIPT},
    };

    *wants = CFC_WANTS_NOTHING;
    for (size_t i = 0; destination != NULL && i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcasecmp(destination, words[i].word) == 0) {
            *wants = words[i].wants;
        }
    }
    return destination != NULL;
}

static cfc_wants_t by_path(const char *path)
{
    static const char *const images[] = {"png", "gif", "jpg", "jpeg", "svg", "ico", "webp", "avif",
                                         NULL};
    static const char *const others[] = {"map",  "woff", "woff2", "ttf", "eot", "mp4", "webm",
                                         NULL};
    const char *slash = strrchr(path, '/');
    const char *dot = strrchr(slash != NULL ? slash : path, '.');
    const char *ending = dot != NULL ? dot + 1 : "";

    if (has_folders(path, "/rest") || has_folders(path, "/rpc/json-rpc")
        || strcasecmp(ending, "json") == 0) {
        return CFC_WANTS_JSON;
    }
    return one_of(ending, images)            ? CFC_WANTS_IMAGE
           : one_of(ending, others)          ? CFC_WANTS_NOTHING
           : strcasecmp(ending, "css") == 0  ? CFC_WANTS_STYLE
           : strcasecmp(ending, "js") == 0   ? CFC_WANTS_SCRIPT
                                             : CFC_WANTS_HTML;
}

/* Accept of those that prefer neither HTML nor JSON: what <img> and <link> send in a browser that
 * does not say the destination, which none does over plain HTTP. html is the rank of HTML. */
static bool by_accept(const char *accept, int html, cfc_wants_t *wants)
{
    *wants = cfc_accept_rank(accept, "text/css") > html     ? CFC_WANTS_STYLE
             : cfc_accept_rank(accept, "image/webp") > html
                     || cfc_accept_rank(accept, "image/gif") > html
                 ? CFC_WANTS_IMAGE
                 : CFC_WANTS_NOTHING;
    return *wants != CFC_WANTS_NOTHING;
}

cfc_wants_t cfc_wants(const cfc_wants_ask_t *ask)
{
    int html = cfc_accept_rank(ask->accept, "text/html");
    int json = cfc_accept_rank(ask->accept, "application/json");
    cfc_wants_t wants;

    if (ask->upgrade != NULL && strcasecmp(ask->upgrade, "websocket") == 0) {
        return CFC_WANTS_NOTHING;
    }
    if (by_call(ask, &wants) || by_destination(ask->fetch_dest, &wants)) {
        return wants;
    }
    if (json > html || (ask->requested_with != NULL     /* Android's WebView sends it always */
                        && strcasecmp(ask->requested_with, "XMLHttpRequest") == 0)) {
        return CFC_WANTS_JSON;
    }
    if (html > json) {
        return CFC_WANTS_HTML;
    }
    if (by_accept(ask->accept, html, &wants)) {
        return wants;
    }
    return html == 0 ? CFC_WANTS_NOTHING : by_path(ask->path);
}
