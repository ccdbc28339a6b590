/* SPDX-License-Identifier: Apache-2.0
 * opt.c: reads option values by their rows and words the complaints. Pure: the config file,
 * its lines and its sections are directives_httpd.c's business. */
#include "conf/opt.h"

#include <apr_strings.h>
#include <apr_tables.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lb/codes.h"

#define WORD_MAX 32     /* longer ones are nobody's typo */

typedef struct {
    const char *suffix;
    apr_int64_t factor;
} unit_t;

static const unit_t durations[] = {
    {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}, {NULL, 0}};
static const unit_t sizes[] = {
    {"", 1}, {"K", 1 << 10}, {"M", 1 << 20}, {"G", 1 << 30}, {NULL, 0}};

/* A whole number and one of the units; no sign, no blanks, no overflow. */
static bool quantity_read(const char *text, const unit_t *units, apr_int64_t *value)
{
    char *end;
    apr_int64_t number;

    if (text[0] < '0' || text[0] > '9') {
        return false;
    }
    errno = 0;
    number = apr_strtoi64(text, &end, 10);
    if (errno != 0) {
        return false;
    }
    for (; units->suffix != NULL; units++) {
        if (strcmp(end, units->suffix) == 0) {
            if (number > APR_INT64_MAX / units->factor) {
                return false;
            }
            *value = number * units->factor;
            return true;
        }
    }
    return false;
}

bool cfc_duration_read(const char *text, apr_int64_t *ms)
{
    return quantity_read(text, durations, ms);
}

static const char *quantity_text(apr_int64_t value, const unit_t *units, apr_pool_t *p)
{
    const unit_t *best = units;

    for (; units->suffix != NULL; units++) {
        if (value != 0 && value % units->factor == 0) {
            best = units;
        }
    }
    return apr_psprintf(p, "%" APR_INT64_T_FMT "%s", value / best->factor, best->suffix);
}

const char *cfc_duration_text(apr_int64_t ms, apr_pool_t *p)
{
    return quantity_text(ms, durations, p);
}

int cfc_word_index(const char *word, const char *const *words)
{
    for (int i = 0; words[i] != NULL; i++) {
        if (strcmp(word, words[i]) == 0) {
            return i;
        }
    }
    return -1;
}

/* Levenshtein's distance of two short words. */
static int distance(const char *a, const char *b)
{
    int row[WORD_MAX + 1];
    int length = (int)strlen(b);

    for (int j = 0; j <= length; j++) {
        row[j] = j;
    }
    for (int i = 1; a[i - 1] != '\0'; i++) {
        int corner = row[0];

        row[0] = i;
        for (int j = 1; j <= length; j++) {
            int best = corner + (a[i - 1] != b[j - 1]);

            corner = row[j];
            best = row[j] + 1 < best ? row[j] + 1 : best;
            row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
        }
    }
    return row[length];
}

const char *cfc_did_you_mean(const char *word, const char *const *words, apr_pool_t *p)
{
    const char *known = "", *nearest = NULL;
    int nearest_distance = 3;   /* further away it is a guess, not a typo */

    for (int i = 0; words[i] != NULL; i++) {
        known = apr_pstrcat(p, known, i ? ", " : "", words[i], NULL);
        if (strlen(word) <= WORD_MAX && strlen(words[i]) <= WORD_MAX) {
            int d = distance(word, words[i]);

            if (d < nearest_distance) {
                nearest_distance = d;
                nearest = words[i];
            }
        }
    }
    if (nearest != NULL) {
        return apr_psprintf(p, "did you mean %s? Known: %s", nearest, known);
    }
    return apr_psprintf(p, "known: %s", known);
}

void cfc_opt_preset(const cfc_opt_t *rows, void *conf)
{
    for (; rows->name != NULL; rows++) {
        void *field = (char *)conf + rows->at;

        switch (rows->kind) {
        case CFC_OPT_MS:
        case CFC_OPT_BYTES:
        case CFC_OPT_COUNT:
            *(apr_int64_t *)field = rows->preset;
            break;
        case CFC_OPT_WORD:
            *(int *)field = (int)rows->preset;
            break;
        case CFC_OPT_CODES:
            *(cfc_codes_t *)field = (cfc_codes_t){{0}};
            if (rows->preset != 0) {
                cfc_codes_add(field, (int)rows->preset);
            }
            break;
        case CFC_OPT_TEXT:
            *(const char **)field = rows->text_preset;
            break;
        case CFC_OPT_LIST:
            *(apr_array_header_t **)field = NULL;
            break;
        }
    }
}

static const char *read_quantity(const cfc_opt_t *row, const char *directive, const char *value,
                                 void *field, apr_pool_t *p)
{
    static const char *const nouns[] = {"a duration", "a size", "a whole number"};
    static const unit_t plain[] = {{"", 1}, {NULL, 0}};
    const unit_t *units = row->kind == CFC_OPT_MS      ? durations
                          : row->kind == CFC_OPT_BYTES ? sizes
                                                       : plain;
    apr_int64_t number;

    if (!quantity_read(value, units, &number)) {
        return apr_psprintf(p, "%s: %s=%s is not %s; write %s to %s%s, for example %s=%s",
                            directive, row->name, value, nouns[row->kind],
                            quantity_text(row->low, units, p), quantity_text(row->high, units, p),
                            row->kind == CFC_OPT_MS ? " with its unit" : "", row->name,
                            row->example);
    }
    if (number < row->low || number > row->high) {
        return apr_psprintf(p, "%s: %s=%s is out of range; allowed is %s to %s, for example %s=%s",
                            directive, row->name, value, quantity_text(row->low, units, p),
                            quantity_text(row->high, units, p), row->name, row->example);
    }
    *(apr_int64_t *)field = number;
    return NULL;
}

/* Statuses joined by commas; "none" for none of them. */
static bool codes_read(const cfc_opt_t *row, const char *value, cfc_codes_t *codes)
{
    *codes = (cfc_codes_t){{0}};
    if (strcmp(value, "none") == 0) {
        return true;
    }
    for (;;) {
        char *end;
        long status = strtol(value, &end, 10);

        if (end - value != 3 || status < row->low || status > row->high) {
            return false;
        }
        cfc_codes_add(codes, (int)status);
        if (*end != ',') {
            return *end == '\0';
        }
        value = end + 1;
    }
}

static const char *read_codes(const cfc_opt_t *row, const char *directive, const char *value,
                              void *field, apr_pool_t *p)
{
    cfc_codes_t codes;

    if (!codes_read(row, value, &codes)) {
        return apr_psprintf(p, "%s: %s=%s is not a list of statuses; write some of %d to %d with "
                            "commas, or none, for example %s=%s",
                            directive, row->name, value, (int)row->low, (int)row->high, row->name,
                            row->example);
    }
    *(cfc_codes_t *)field = codes;
    return NULL;
}

static const char *read_text(const cfc_opt_t *row, const char *directive, const char *value,
                             void *field, apr_pool_t *p)
{
    apr_array_header_t **list = field;

    if (value[0] == '\0') {
        return apr_psprintf(p, "%s: %s= has no value; for example %s=%s", directive, row->name,
                            row->name, row->example);
    }
    if (row->kind == CFC_OPT_TEXT) {
        *(const char **)field = apr_pstrdup(p, value);
        return NULL;
    }
    if (*list == NULL) {
        *list = apr_array_make(p, 2, sizeof(const char *));
    }
    APR_ARRAY_PUSH(*list, const char *) = apr_pstrdup(p, value);
    return NULL;
}

static const char *read_value(const cfc_opt_t *row, const char *directive, const char *value,
                              void *field, apr_pool_t *p)
{
    if (row->kind == CFC_OPT_WORD) {
        int index = cfc_word_index(value, row->words);

        if (index < 0) {
            return apr_psprintf(p, "%s: %s=%s is not known; %s", directive, row->name, value,
                                cfc_did_you_mean(value, row->words, p));
        }
        *(int *)field = index;
        return NULL;
    }
    if (row->kind == CFC_OPT_TEXT || row->kind == CFC_OPT_LIST) {
        return read_text(row, directive, value, field, p);
    }
    return row->kind == CFC_OPT_CODES ? read_codes(row, directive, value, field, p)
                                      : read_quantity(row, directive, value, field, p);
}

static const char *unknown_option(const cfc_opt_t *rows, const char *directive, const char *name,
                                  const char *arg, apr_pool_t *p)
{
    const char *names[WORD_MAX + 1];
    int count = 0;

    for (const cfc_opt_t *row = rows; row->name != NULL && count < WORD_MAX; row++) {
        names[count++] = row->name;
    }
    names[count] = NULL;
    if (strchr(arg, '=') == NULL) {
        return apr_psprintf(p, "%s: \"%s\" is not of the form option=value; %s", directive, arg,
                            cfc_did_you_mean(arg, names, p));
    }
    return apr_psprintf(p, "%s: \"%s\" is not an option; %s", directive, name,
                        cfc_did_you_mean(name, names, p));
}

const char *cfc_opt_read(const cfc_opt_t *rows, const char *directive, const char *arg,
                         void *conf, apr_uint32_t *set, apr_pool_t *p)
{
    const char *equals = strchr(arg, '=');
    const char *name = equals ? apr_pstrndup(p, arg, (apr_size_t)(equals - arg)) : arg;
    const char *complaint;
    apr_uint32_t bit = 1;

    for (const cfc_opt_t *row = rows; row->name != NULL; row++, bit <<= 1) {
        if (equals == NULL || strcmp(row->name, name) != 0) {
            continue;
        }
        if (set != NULL && (*set & bit) && row->kind != CFC_OPT_LIST) {
            return apr_psprintf(p, "%s: %s= is given twice; keep one of them", directive, name);
        }
        complaint = read_value(row, directive, equals + 1, (char *)conf + row->at, p);
        if (complaint == NULL && set != NULL) {
            *set |= bit;
        }
        return complaint;
    }
    return unknown_option(rows, directive, name, arg, p);
}
