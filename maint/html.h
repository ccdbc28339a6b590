/* SPDX-License-Identifier: Apache-2.0
 * html.h: writes HTML in which every value is escaped, because there is no way to write one
 * that is not. Markup stands in the format, values go in by %s, %d and %lld. */
#ifndef CFC_MAINT_HTML_H
#define CFC_MAINT_HTML_H

#include <apr_pools.h>
#include <apr_tables.h>

/** A growing text; lives in the pool it was made of. */
typedef struct cfc_html cfc_html_t;

cfc_html_t *cfc_html_new(apr_pool_t *p);

/**
 * Append markup. Each %s is escaped for text and for quoted attribute values (& < > " ').
 * @param format a literal; knows %s (clean UTF-8, see cfc_text_clean), %d, %lld and %%
 */
void cfc_html_add(cfc_html_t *html, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Append markup that is ours from end to end, as it is. */
void cfc_html_markup(cfc_html_t *html, const char *markup);

/** What was written so far, NUL-ended. */
const char *cfc_html_text(cfc_html_t *html);

/** A place in a template. */
typedef struct {
    const char *name;           /* "title" fills each {{title}}; NULL ends the fills */
    const char *text;           /* a value, escaped */
    const cfc_html_t *html;     /* or markup made with cfc_html_add, as it is */
} cfc_fill_t;

/** Fill the {{places}} of a template. What names no place of ours stays as it is. */
const char *cfc_html_fill(const char *template_text, const cfc_fill_t *fills, apr_pool_t *p);

#endif
