/* SPDX-License-Identifier: Apache-2.0
 * browser.h: tells a page that goes on with its user's session from a program that brings its
 * own login. All of it stands in headers that a program can write as well: this keeps out API
 * tokens and scripts, not somebody who copies a session out of a browser. Pure: libc only. */
#ifndef CFC_GUARD_BROWSER_H
#define CFC_GUARD_BROWSER_H

#include <stdbool.h>

/** Headers of a request as they came; NULL: not there. */
typedef struct {
    const char *host;
    const char *cookie;
    const char *authorization;
    const char *fetch_site;     /* Sec-Fetch-Site */
    const char *origin;
    const char *referer;
} cfc_browser_t;

/**
 * Does a browser send this from a page of the same site, with the cookie of a session? That is:
 * a session's or a remembered login's cookie, no Authorization header, and Sec-Fetch-Site saying
 * that the page is of the same origin or that the user typed the address. Browsers send that
 * header over TLS only; where it is missing, Origin must name the host of the request, or where
 * that is missing too, Referer must.
 */
bool cfc_browser_session(const cfc_browser_t *headers);

#endif
