/* SPDX-License-Identifier: Apache-2.0
 * opt.h: one row per setting. From a row follow parsing, bounds and their error, "did you
 * mean", the default, and the docs check; a default stands in its row and nowhere else. */
#ifndef CFC_CONF_OPT_H
#define CFC_CONF_OPT_H

#include <apr_pools.h>
#include <stdbool.h>
#include <stddef.h>

typedef enum {
    CFC_OPT_MS,         /* apr_int64_t, milliseconds; written with a unit: 800ms, 1s, 5m, 1h */
    CFC_OPT_BYTES,      /* apr_int64_t; written 4096, 64K, 2M */
    CFC_OPT_COUNT,      /* apr_int64_t; a whole number */
    CFC_OPT_WORD,       /* int, the index in `words` */
    CFC_OPT_CODES,      /* cfc_codes_t; HTTP statuses: 503, 502,503,504, or none */
    CFC_OPT_TEXT,       /* const char *, at least one character */
    CFC_OPT_LIST        /* apr_array_header_t * of such texts, NULL for none; may be repeated */
} cfc_opt_kind_t;

typedef struct cfc_opt {
    const char *name;           /* the word before '='; NULL ends the rows */
    cfc_opt_kind_t kind;
    size_t at;                  /* offsetof(struct, field) */
    apr_int64_t low, high;      /* inclusive; MS, BYTES, COUNT, CODES */
    apr_int64_t preset;         /* default; WORD: an index; CODES: one status, 0: none */
    const char *text_preset;    /* default of a TEXT, may be NULL */
    const char *const *words;   /* allowed, NULL-ended; WORD */
    const char *example;        /* a right value, for messages */
} cfc_opt_t;

/** Fill every row's field with its default. */
void cfc_opt_preset(const cfc_opt_t *rows, void *conf);

/**
 * Read one name=value into conf.
 * @param directive for messages, for example "CFProbe" or "CFNode node1"
 * @param set       bit i is set when row i was given; an option given twice is a complaint,
 *                  unless it is a list.
 *                  NULL: may be given again (a profile's values, which later ones override)
 * @param p         lives as long as conf
 * @return NULL, or the complaint; conf is then unchanged
 */
const char *cfc_opt_read(const cfc_opt_t *rows, const char *directive, const char *arg,
                         void *conf, apr_uint32_t *set, apr_pool_t *p);

/**
 * "did you mean X? Known: X, Y, Z": the tail of a complaint about an unknown word.
 * @param words NULL-ended
 */
const char *cfc_did_you_mean(const char *word, const char *const *words, apr_pool_t *p);

/** Index of word in the NULL-ended words; -1: none of them. */
int cfc_word_index(const char *word, const char *const *words);

/** Read a duration with its unit (ms, s, m, h, d). @return false: not a duration */
bool cfc_duration_read(const char *text, apr_int64_t *ms);

/** A duration as one would write it: "800ms", "10s", "5m". */
const char *cfc_duration_text(apr_int64_t ms, apr_pool_t *p);

#endif
