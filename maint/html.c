/* SPDX-License-Identifier: Apache-2.0
 * html.c: see html.h. Pure. */
#include "maint/html.h"

#include <apr_strings.h>
#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

struct cfc_html {
    apr_pool_t *p;
    char *text;         /* always NUL-ended */
    size_t length;
    size_t room;        /* bytes of text, the NUL included */
};

cfc_html_t *cfc_html_new(apr_pool_t *p)
{
    cfc_html_t *html = apr_palloc(p, sizeof(*html));

    html->p = p;
    html->room = 1024;
    html->length = 0;
    html->text = apr_palloc(p, html->room);
    html->text[0] = '\0';
    return html;
}

static void append(cfc_html_t *html, const char *bytes, size_t count)
{
    if (html->room - html->length <= count) {
        char *grown = apr_palloc(html->p, (html->room + count) * 2);

        memcpy(grown, html->text, html->length);
        html->text = grown;
        html->room = (html->room + count) * 2;
    }
    memcpy(html->text + html->length, bytes, count);
    html->length += count;
    html->text[html->length] = '\0';
}

static void append_escaped(cfc_html_t *html, const char *value)
{
    for (; *value != '\0'; value++) {
        const char *entity = *value == '&'    ? "&amp;"
                             : *value == '<'  ? "&lt;"
                             : *value == '>'  ? "&gt;"
                             : *value == '"'  ? "&quot;"
                             : *value == '\'' ? "&#39;"
                                              : NULL;

        if (entity != NULL) {
            append(html, entity, strlen(entity));
        }
        else {
            append(html, value, 1);
        }
    }
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

void cfc_html_add(cfc_html_t *html, const char *format, ...)
{
    char number[24];
    va_list args;

    va_start(args, format);
    while (*format != '\0') {
        size_t plain = strcspn(format, "%");

        append(html, format, plain);
        format += plain;
        if (begins(format, "%s")) {
            append_escaped(html, va_arg(args, const char *));
            format += 2;
        }
        else if (begins(format, "%d")) {
            apr_snprintf(number, sizeof(number), "%d", va_arg(args, int));
            append(html, number, strlen(number));
            format += 2;
        }
        else if (begins(format, "%lld")) {
            apr_snprintf(number, sizeof(number), "%" APR_INT64_T_FMT,
                         (apr_int64_t)va_arg(args, long long));
            append(html, number, strlen(number));
            format += 4;
        }
        else if (*format == '%') {
            assert(begins(format, "%%"));
            append(html, "%", 1);
            format += 2;
        }
    }
    va_end(args);
}

const char *cfc_html_text(cfc_html_t *html)
{
    return html->text;
}

void cfc_html_markup(cfc_html_t *html, const char *markup)
{
    append(html, markup, strlen(markup));
}

/* @return NULL: there is no place of this name */
static const cfc_fill_t *fill_find(const cfc_fill_t *fills, const char *name, size_t length)
{
    for (; fills->name != NULL; fills++) {
        if (strlen(fills->name) == length && memcmp(fills->name, name, length) == 0) {
            return fills;
        }
    }
    return NULL;
}

static void append_fill(cfc_html_t *html, const cfc_fill_t *fill)
{
    if (fill->html != NULL) {
        append(html, fill->html->text, fill->html->length);
    }
    else {
        append_escaped(html, fill->text);
    }
}

const char *cfc_html_fill(const char *template_text, const cfc_fill_t *fills, apr_pool_t *p)
{
    cfc_html_t *html = cfc_html_new(p);
    const char *open, *close;

    while ((open = strstr(template_text, "{{")) != NULL
           && (close = strstr(open, "}}")) != NULL) {
        const cfc_fill_t *fill = fill_find(fills, open + 2, (size_t)(close - open - 2));

        append(html, template_text, (size_t)(open - template_text));
        if (fill != NULL) {
            append_fill(html, fill);
            template_text = close + 2;
        }
        else {
            append(html, "{", 1);
            template_text = open + 1;
        }
    }
    append(html, template_text, strlen(template_text));
    return html->text;
}
