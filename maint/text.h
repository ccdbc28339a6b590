/* SPDX-License-Identifier: Apache-2.0
 * text.h: small texts for people and files: clean UTF-8, instants, spans of time. */
#ifndef CFC_MAINT_TEXT_H
#define CFC_MAINT_TEXT_H

#include <apr_pools.h>
#include <apr_time.h>
#include <stdbool.h>
#include <stddef.h>

/**
 * A copy that is valid UTF-8 on one line: bytes that are not UTF-8 become U+FFFD, control
 * characters become blanks. For everything that a node, a client or a file could have said.
 */
const char *cfc_text_clean(const char *text, apr_pool_t *p);

/** Copy as much of clean text as fits, never cutting a character in two; always NUL-ended. */
void cfc_text_fit(char *to, size_t bytes, const char *text);

/** "2026-11-23T14:05:09Z": how instants stand in files and JSON; whole seconds. */
const char *cfc_time_iso(apr_time_t at, apr_pool_t *p);

/**
 * Read an ISO 8601 instant with its zone: seconds may be left out, the zone is Z or +hh:mm.
 * @return false: it is not one; *at is then 0
 */
bool cfc_time_read(const char *text, apr_time_t *at);

/** A span as one would say it: "0 s", "59 s", "5 min", "1 h 30 min", "20 h", "4 d"; negative: 0. */
const char *cfc_time_span(apr_time_t span, apr_pool_t *p);

#endif
