/* SPDX-License-Identifier: Apache-2.0
 * target.h: reads a raw request target once, in every way that a layer behind us could.
 *
 * Tomcat strips ;parameters, decodes once and resolves dots; Confluence decodes again, up to a
 * fixpoint, and forwards /s/<any>/_/<tail> to /<tail>, of which download/images becomes images.
 * A guard that knows one reading can be talked around with another, so there is one answer here:
 * all of them, or a refusal. Which readings are protected is areas.h's business. Pure: libc only,
 * no allocation. */
#ifndef CFC_GUARD_TARGET_H
#define CFC_GUARD_TARGET_H

#include <stdbool.h>
#include <stddef.h>

#define CFC_PATH_MAX        8192    /* bytes of a raw path; a longer one is refused */
#define CFC_READINGS_MAX    32      /* an honest path has 1 to 8; one with more is refused */
#define CFC_DECODE_MAX      8       /* an honest path is encoded once or twice */

typedef struct {
    size_t count;
    const char *path[CFC_READINGS_MAX];     /* NUL-ended, begin with '/', ASCII in lower case */
} cfc_readings_t;

/**
 * Find path and query in a request target. httpd keeps an absolute target
 * (http://host/path?query) as the client sent it.
 *
 * Owner: the result points into target, or is a constant.
 *
 * @param target as received, NUL-ended
 * @return what begins with '/'; NULL: the target has no path ("*", "host:443", "http://h?q")
 */
const char *cfc_target_path(const char *target);

/** Bytes of scratch that cfc_target_read() needs for this path; 0: it will refuse it. */
size_t cfc_target_scratch_bytes(const char *path);

/**
 * Judge a target and compute its readings: everything that comes out of it when the steps
 * "strip ;parameters", "decode once" (all, or all but slashes), "merge slashes", "resolve dots"
 * (those at the end leaving a slash or none), "take \ for /", "cut at a decoded ? or #" and
 * "unwrap /s/../_/" are done in any order, any number of times.
 *
 * Refused are paths that no honest client sends and that layers disagree on: controls, raw or
 * at any level of encoding; what Tomcat refuses raw; \ and (switchable) / once encoded; broken
 * percent-encoding and UTF-8; dots above the root; too long, too deep, too many readings. What
 * is odd only below the first decoding (a page about "%2F") is one more reading, no refusal.
 *
 * Units:  linear in the length for each reading, at most CFC_READINGS_MAX readings.
 * Owner:  scratch is the caller's, and the readings live in it.
 * Source: Tomcat CoyoteAdapter.postParseRequest() (parameters before decoding, dots after it),
 *         RFC 3986 2.1 and 5.2.4, RFC 3629; CVE-2021-26085 for /s/../_/.
 *
 * @param path          path and query, from cfc_target_path()
 * @param encoded_slash %2f is let through, and read both as text and as a slash
 * @param scratch       at least cfc_target_scratch_bytes(path)
 * @param readings      count is 0 when refused
 * @return NULL, or why the target is refused (constant, to follow "the path ")
 */
const char *cfc_target_read(const char *path, bool encoded_slash, char *scratch,
                            cfc_readings_t *readings);

#endif
