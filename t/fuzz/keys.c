/* SPDX-License-Identifier: Apache-2.0
 * keys.c: what must hold of every query and form, however hostile, for guard/keys.c. libFuzzer
 * makes them; tools/fuzz builds and runs it.
 *
 *  input   byte 0     which form
 *          byte 1, 2  where it is cut into pieces, which letters change their case
 *          the rest   the query or body */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "guard/keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PART "bootstrapstatusprovider"
#define KEY  "os_username"
#define PAIR "os_authtype=basic"

static const cfc_rule_t rules[] = {
    {CFC_RULE_PREFIX, "/admin"},
    {CFC_RULE_KEY_PART, PART},
    {CFC_RULE_KEY, KEY},
    {CFC_RULE_KEY, PAIR},
    {CFC_RULE_KEY, NULL}
};

static const char quoted[] = "\nContent-Disposition: form-data; name=\"" KEY "\"";
static const char unquoted[] = "\nContent-Disposition: form-data; name=" KEY ";";

#define MUST(holds) \
    do { \
        if (!(holds)) { \
            fprintf(stderr, "does not hold: %s\n", #holds); \
            abort(); \
        } \
    } while (0)

/* In pieces of 1 to `longest` bytes, each in memory of its own, exactly so long. A verdict that
 * was given stays. */
static cfc_keys_t scan(cfc_form_t form, const char *text, size_t length, size_t longest, int litter)
{
    cfc_keys_t keys;
    cfc_keys_verdict_t verdict, before = CFC_KEYS_NONE;

    memset(&keys, litter, sizeof(keys));
    cfc_keys_begin(&keys, form, rules);
    for (size_t at = 0, turn = 0; at < length; turn++) {
        size_t piece = 1 + turn % longest;
        char *copy;

        piece = piece < length - at ? piece : length - at;
        copy = malloc(piece);
        memcpy(copy, text + at, piece);
        verdict = cfc_keys_feed(&keys, copy, piece);
        MUST(before == CFC_KEYS_NONE || verdict == before);
        before = verdict;
        free(copy);
        at += piece;
    }
    verdict = cfc_keys_end(&keys);
    MUST(before == CFC_KEYS_NONE || verdict == before);
    MUST(verdict == keys.verdict);
    MUST((verdict == CFC_KEYS_FOUND) == (keys.found != NULL));
    MUST(keys.found == NULL || (keys.found > rules && keys.found->text != NULL));
    return keys;
}

/* One piece of an escape, or the byte itself, as Tomcat decodes a parameter. */
static char decoded(const char **at)
{
    unsigned value;

    if (**at == '%' && strspn(*at + 1, "0123456789abcdefABCDEF") >= 2) {
        char digits[3] = {(*at)[1], (*at)[2], '\0'};

        value = (unsigned)strtoul(digits, NULL, 16);
        *at += 3;
        return (char)value;
    }
    return *(*at)++;
}

/* Is `pair`, "name" or "name=value", the parameter that begins at text? */
static bool is_parameter(const char *text, const char *pair)
{
    bool any_value = strchr(pair, '=') == NULL;

    for (; *pair != '\0'; pair++) {
        char c;

        if (*text == '\0' || *text == '&' || (*text == '=') != (*pair == '=')) {
            return false;
        }
        c = decoded(&text);
        if (strncasecmp(&c, pair, 1) != 0) {
            return false;
        }
    }
    return *text == '\0' || *text == '&' || (*text == '=' && any_value);
}

/* The plain way to look for them, with all of the text at hand. */
static bool has_parameter(const char *text, const char *pair)
{
    const char *at = text;

    while (at != NULL) {
        if (is_parameter(at, pair)) {
            return true;
        }
        at = strchr(at, '&');
        at = at != NULL ? at + 1 : NULL;
    }
    return false;
}

/* Does a name hold the part, in a text without any escape? */
static bool has_part(const char *text)
{
    const char *part = strcasestr(text, PART), *at = part;

    while (at != NULL && at > text && strchr("&=", at[-1]) == NULL) {
        at--;
    }
    return part != NULL && strchr(text, '%') == NULL && (at == text || at[-1] == '&');
}

static void check_query(const char *text, cfc_keys_verdict_t verdict)
{
    size_t length = strlen(text);
    char *target = malloc(length + 4);
    cfc_keys_t keys;

    sprintf(target, "/x?%s", text);
    MUST(cfc_keys_query(&keys, target, rules) == verdict);
    MUST(verdict != CFC_KEYS_NONE || !has_parameter(text, KEY));
    MUST(verdict != CFC_KEYS_NONE || !has_parameter(text, PAIR));
    MUST(verdict != CFC_KEYS_NONE || !has_part(text));
    free(target);
}

static void check_form(cfc_form_t form, const char *text, size_t length, unsigned mask)
{
    cfc_keys_t whole = scan(form, text, length, length + 1, 0);
    cfc_keys_t pieces = scan(form, text, length, 1 + mask % 37, 0xff);
    cfc_keys_t bytes = scan(form, text, length, 1, '%');

    MUST(pieces.verdict == whole.verdict && pieces.found == whole.found);
    MUST(bytes.verdict == whole.verdict && bytes.found == whole.found);
    MUST(form != CFC_FORM_NONE || whole.verdict == CFC_KEYS_NONE);
    MUST(form != CFC_FORM_UNREADABLE || whole.verdict == CFC_KEYS_HIDDEN);
    if (form == CFC_FORM_MULTIPART && whole.verdict == CFC_KEYS_NONE) {
        MUST(strcasestr(text, quoted) == NULL);
        MUST(strcasestr(text, unquoted) == NULL);
    }
    if (form == CFC_FORM_URLENCODED && strlen(text) == length) {
        check_query(text, whole.verdict);
    }
}

/* Names are found in any case, so this changes nothing. */
static void check_case(cfc_form_t form, char *text, size_t length, unsigned mask)
{
    cfc_keys_t before = scan(form, text, length, length + 1, 0), after;

    for (size_t i = 0, turn = 0; i < length; i++) {
        if (((text[i] >= 'a' && text[i] <= 'z') || (text[i] >= 'A' && text[i] <= 'Z'))
            && (mask >> turn++ % 16 & 1)) {
            text[i] ^= 'a' ^ 'A';
        }
    }
    after = scan(form, text, length, length + 1, 0);
    MUST(after.verdict == before.verdict && after.found == before.found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const cfc_form_t forms[] = {CFC_FORM_URLENCODED, CFC_FORM_MULTIPART,
                                       CFC_FORM_UNREADABLE, CFC_FORM_NONE};
    unsigned mask;
    char *text;

    if (size < 3) {
        return 0;
    }
    mask = data[1] | (unsigned)data[2] << 8;
    text = malloc(size - 2);
    memcpy(text, data + 3, size - 3);
    text[size - 3] = '\0';
    cfc_form_of(text);
    check_form(forms[data[0] % 4], text, size - 3, mask);
    check_case(forms[data[0] % 4], text, size - 3, mask);
    free(text);
    return 0;
}
