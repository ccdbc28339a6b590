/* SPDX-License-Identifier: Apache-2.0
 * keys.c: finds parameters by name (keys.h). Two readers feed one matcher. Pure: no allocation.
 *
 * The matcher gets names decoded, byte by byte, and holds the end of the current one: so much
 * that a text across two fillings of the window is found. NULs are dropped, so that UTF-16 is
 * read as well.
 *
 * In a multipart body every line that says Content-Disposition counts, between whatever
 * boundaries it stands, and in it whatever follows name=, quoted or not: readers disagree about
 * boundaries and quotes, and an attacker chooses the reader that suits. What some readers decode
 * further (name*=, "=?utf-8?q?..?=", a backslash) no browser sends; such a name is hidden. */
#include "guard/keys.h"

#include <string.h>
#include <strings.h>

enum { NO_ESCAPE = -1, PERCENT = 256 };     /* keys->escape; else the first digit's value */

/* keys->state */
enum {
    LINE_START,
    HEADER,         /* in what may become "content-disposition" */
    HEADER_END,     /* between it and the colon */
    LINE,           /* behind the colon, looking for "name" */
    NAMED,          /* between it and the equals sign */
    OPEN,           /* between that and the value */
    VALUE,
    FOLD,           /* at the beginning of a line that may go on with the one before */
    SKIP            /* in a line, or a query's value, that is none of our business */
};

static const char disposition[] = "content-disposition";
static const char name[] = "name";

static unsigned char lower(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c - 'A' + 'a') : c;
}

static bool is_word(unsigned char c)
{
    c = lower(c);
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* Java's trim() takes off all of these. */
static bool is_blank(unsigned char c)
{
    return c <= ' ';
}

static int hex_digit(unsigned char c)
{
    c = lower(c);
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* --- the matcher ---------------------------------------------------------------------------- */

static void find(cfc_keys_t *keys, const cfc_rule_t *rule)
{
    if (keys->verdict == CFC_KEYS_NONE) {
        keys->verdict = CFC_KEYS_FOUND;
        keys->found = rule;
    }
}

static bool window_has(const cfc_keys_t *keys, const char *text)
{
    size_t length = strlen(text);

    for (size_t i = 0; i + length <= keys->held; i++) {
        if (keys->window[i] == text[0] && memcmp(keys->window + i, text, length) == 0) {
            return true;
        }
    }
    return false;
}

static void match_parts(cfc_keys_t *keys)
{
    for (const cfc_rule_t *rule = keys->rules; !keys->in_value && rule->text != NULL; rule++) {
        if (rule->kind == CFC_RULE_KEY_PART && window_has(keys, rule->text)) {
            find(keys, rule);
        }
    }
}

/* In a multipart body the value stands apart, so there the name is enough. */
static bool is_whole(const cfc_keys_t *keys, const char *text)
{
    size_t length = keys->form == CFC_FORM_MULTIPART ? strcspn(text, "=") : strlen(text);

    return keys->length == length && memcmp(keys->window, text, length) == 0;
}

/* A name, or a name with its value, is complete. */
static void match_whole(cfc_keys_t *keys)
{
    match_parts(keys);
    for (const cfc_rule_t *rule = keys->rules; rule->text != NULL; rule++) {
        if (rule->kind == CFC_RULE_KEY && is_whole(keys, rule->text)) {
            find(keys, rule);
        }
    }
}

/* Behind a name and its '=': does a rule go on? */
static bool is_value_wanted(const cfc_keys_t *keys)
{
    for (const cfc_rule_t *rule = keys->rules; rule->text != NULL; rule++) {
        if (rule->kind == CFC_RULE_KEY && strncmp(rule->text, keys->window, keys->held) == 0) {
            return true;
        }
    }
    return false;
}

static void hide(cfc_keys_t *keys)
{
    match_parts(keys);
    if (keys->verdict == CFC_KEYS_NONE) {
        keys->verdict = CFC_KEYS_HIDDEN;
    }
}

static void begin_key(cfc_keys_t *keys)
{
    keys->length = 0;
    keys->held = 0;
    keys->in_value = false;
}

static void hold(cfc_keys_t *keys, unsigned char c)
{
    if (c == '\0' || (keys->in_value && keys->length > CFC_KEY_MAX)) {
        return;
    }
    if (keys->held == sizeof(keys->window)) {
        match_parts(keys);
        memmove(keys->window, keys->window + keys->held - CFC_KEY_MAX, CFC_KEY_MAX);
        keys->held = CFC_KEY_MAX;
    }
    keys->window[keys->held++] = (char)lower(c);
    keys->length++;
}

/* --- queries and application/x-www-form-urlencoded ------------------------------------------ */

/* What looked like an escape was none. */
static void drop_escape(cfc_keys_t *keys)
{
    if (keys->escape != NO_ESCAPE) {
        hold(keys, '%');
    }
    if (keys->escape != NO_ESCAPE && keys->escape != PERCENT) {
        hold(keys, (unsigned char)"0123456789abcdef"[keys->escape]);
    }
    keys->escape = NO_ESCAPE;
}

/* @return whether c belongs to an escape */
static bool unescape(cfc_keys_t *keys, unsigned char c)
{
    if (keys->escape != NO_ESCAPE) {
        int digit = hex_digit(c);

        if (digit >= 0 && keys->escape == PERCENT) {
            keys->escape = digit;
            return true;
        }
        if (digit >= 0) {
            hold(keys, (unsigned char)(keys->escape * 16 + digit));
            keys->escape = NO_ESCAPE;
            return true;
        }
        drop_escape(keys);
    }
    if (c == '%') {
        keys->escape = PERCENT;
        return true;
    }
    return false;
}

/* What a name mostly is made of, as hold() would do it. */
static const char *hold_words(cfc_keys_t *keys, const char *bytes, const char *end)
{
    while (bytes < end && keys->held < sizeof(keys->window) && is_word((unsigned char)*bytes)) {
        keys->window[keys->held++] = (char)lower((unsigned char)*bytes++);
        keys->length++;
    }
    return bytes;
}

/* Most of a query or a form are values that nobody looks for. */
static const char *value_end(const char *bytes, const char *end)
{
    while (bytes < end && *bytes != '&' && *bytes != ';') {
        bytes++;
    }
    return bytes;
}

/* A name, with its value if a rule wants that. What is skipped was matched at its '='. */
static void end_pair(cfc_keys_t *keys)
{
    if (keys->state != SKIP) {
        match_whole(keys);
    }
    begin_key(keys);
    keys->state = LINE_START;
}

static void urlencoded_byte(cfc_keys_t *keys, unsigned char c)
{
    if (unescape(keys, c)) {
        return;
    }
    if (c == '&' || c == ';') {     /* ';' for servers before the URL standard */
        end_pair(keys);
    }
    else if (c == '=' && !keys->in_value) {
        match_whole(keys);
        keys->in_value = true;
        hold(keys, '=');
        keys->state = is_value_wanted(keys) ? VALUE : SKIP;
    }
    else {
        hold(keys, c == '+' ? ' ' : c);
    }
}

/* --- multipart ------------------------------------------------------------------------------ */

static void end_value(cfc_keys_t *keys, int state)
{
    if (state == VALUE) {
        match_whole(keys);
    }
    begin_key(keys);
}

static void value_byte(cfc_keys_t *keys, unsigned char c)
{
    if (c == '\\' || (c == '?' && keys->last == '=')) {
        hide(keys);
    }
    if (c == (keys->quoted ? '"' : ';')) {
        end_value(keys, VALUE);
        keys->matched = 0;
        keys->state = LINE;
    }
    else if (!is_blank(c)) {
        hold(keys, c);
    }
}

/* Looks for the word wherever it stands: where a quoted string ends readers disagree. */
static void line_byte(cfc_keys_t *keys, unsigned char c)
{
    bool may_begin = keys->matched > 0 || !is_word(keys->last);

    keys->matched = may_begin && lower(c) == (unsigned char)name[keys->matched]
                    ? keys->matched + 1 : 0;
    if (name[keys->matched] == '\0') {
        keys->state = NAMED;
    }
}

static void after_name(cfc_keys_t *keys, unsigned char c)
{
    if (c == '*') {
        hide(keys);
    }
    if (!is_blank(c)) {
        keys->matched = 0;
        keys->state = c == '=' ? OPEN : LINE;
    }
}

static void open_value(cfc_keys_t *keys, unsigned char c)
{
    if (is_blank(c)) {
        return;
    }
    begin_key(keys);
    keys->quoted = c == '"';
    keys->state = VALUE;
    if (!keys->quoted) {
        value_byte(keys, c);
    }
}

static void header_byte(cfc_keys_t *keys, unsigned char c)
{
    if (keys->state == HEADER) {
        bool fits = lower(c) == (unsigned char)disposition[keys->matched];

        keys->matched++;
        keys->state = !fits ? SKIP : disposition[keys->matched] == '\0' ? HEADER_END : HEADER;
    }
    else if (!is_blank(c)) {
        keys->matched = 0;
        keys->state = c == ':' ? LINE : SKIP;
    }
}

/* At the beginning of a line: a blank goes on with the line before, if that was of interest. */
static bool unfold(cfc_keys_t *keys, unsigned char c)
{
    if (c == '\r') {
        return true;
    }
    if (c == ' ' || c == '\t') {
        keys->state = keys->resumed;
        return true;
    }
    end_value(keys, keys->resumed);
    keys->state = LINE_START;
    return false;
}

static void multipart_byte(cfc_keys_t *keys, unsigned char c)
{
    if (keys->state == FOLD && unfold(keys, c)) {
        return;
    }
    if (keys->state == LINE_START) {
        if (is_blank(c)) {
            return;
        }
        keys->matched = 0;
        keys->state = HEADER;
    }
    if (c == '\n') {
        keys->resumed = keys->state;
        keys->state = keys->state == HEADER || keys->state == SKIP ? LINE_START : FOLD;
        return;
    }
    switch (keys->state) {
    case HEADER:
    case HEADER_END:
        header_byte(keys, c);
        break;
    case LINE:
        line_byte(keys, c);
        break;
    case NAMED:
        after_name(keys, c);
        break;
    case OPEN:
        open_value(keys, c);
        break;
    case VALUE:
        value_byte(keys, c);
        break;
    default:
        break;
    }
    keys->last = c;
}

/* --- from outside --------------------------------------------------------------------------- */

/* Encodings in which a name that is all ASCII reads as it is written. */
static bool is_plain_charset(const char *charset, size_t length)
{
    static const char *const plain[] = {"utf-8", "utf8", "us-ascii", "iso-8859-1", "iso-8859-15",
                                        "windows-1252"};

    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        if (strlen(plain[i]) == length && strncasecmp(charset, plain[i], length) == 0) {
            return true;
        }
    }
    return false;
}

static bool has_plain_charsets(const char *type)
{
    while ((type = strcasestr(type, "charset")) != NULL) {
        type += strlen("charset");
        if (type[strspn(type, " \t*")] == '=') {
            size_t length;

            type += strcspn(type, "=") + 1;
            type += strspn(type, " \t\"");
            length = strcspn(type, " \t\";,");
            if (!is_plain_charset(type, length)) {
                return false;
            }
        }
    }
    return true;
}

cfc_form_t cfc_form_of(const char *content_type)
{
    bool urlencoded = content_type != NULL && strcasestr(content_type, "urlencoded") != NULL;
    bool multipart = content_type != NULL && strcasestr(content_type, "multipart") != NULL;

    if (!urlencoded && !multipart) {
        return CFC_FORM_NONE;
    }
    if ((urlencoded && multipart) || !has_plain_charsets(content_type)) {
        return CFC_FORM_UNREADABLE;
    }
    return urlencoded ? CFC_FORM_URLENCODED : CFC_FORM_MULTIPART;
}

void cfc_keys_begin(cfc_keys_t *keys, cfc_form_t form, const cfc_rule_t *rules)
{
    *keys = (cfc_keys_t){.form = form, .rules = rules, .state = LINE_START, .escape = NO_ESCAPE,
                         .verdict = form == CFC_FORM_UNREADABLE ? CFC_KEYS_HIDDEN : CFC_KEYS_NONE};
}

cfc_keys_verdict_t cfc_keys_feed(cfc_keys_t *keys, const char *bytes, size_t length)
{
    const char *end = bytes + length;

    while (bytes < end && keys->verdict == CFC_KEYS_NONE) {
        if (keys->form == CFC_FORM_NONE) {
            break;
        }
        if (keys->form == CFC_FORM_URLENCODED) {
            if (keys->state == SKIP) {
                bytes = value_end(bytes, end);
            }
            else if (!keys->in_value && keys->escape == NO_ESCAPE) {
                bytes = hold_words(keys, bytes, end);
            }
            if (bytes < end) {
                urlencoded_byte(keys, (unsigned char)*bytes++);
            }
        }
        else if (keys->state == SKIP) {
            const char *line_end = memchr(bytes, '\n', (size_t)(end - bytes));

            bytes = line_end != NULL ? line_end + 1 : end;
            keys->state = line_end != NULL ? LINE_START : SKIP;
        }
        else {
            multipart_byte(keys, (unsigned char)*bytes++);
        }
    }
    match_parts(keys);      /* before the piece is passed on */
    return keys->verdict;
}

cfc_keys_verdict_t cfc_keys_end(cfc_keys_t *keys)
{
    if (keys->form == CFC_FORM_URLENCODED) {
        drop_escape(keys);
        end_pair(keys);
    }
    else if (keys->form == CFC_FORM_MULTIPART) {
        end_value(keys, keys->state == FOLD ? keys->resumed : keys->state);
    }
    return keys->verdict;
}

cfc_keys_verdict_t cfc_keys_query(cfc_keys_t *keys, const char *target, const cfc_rule_t *rules)
{
    const char *query = strchr(target, '?');

    cfc_keys_begin(keys, CFC_FORM_URLENCODED, rules);
    if (query == NULL) {
        return CFC_KEYS_NONE;
    }
    cfc_keys_feed(keys, query + 1, strlen(query + 1));
    return cfc_keys_end(keys);
}

cfc_keys_verdict_t cfc_keys_queries(cfc_keys_t *keys, const char *target,
                                    const cfc_readings_t *readings, const cfc_rule_t *rules)
{
    cfc_keys_verdict_t verdict = cfc_keys_query(keys, target, rules);

    for (size_t i = 0; verdict == CFC_KEYS_NONE && i < readings->count; i++) {
        if (strchr(readings->path[i], '?') != NULL) {
            verdict = cfc_keys_query(keys, readings->path[i], rules);
        }
    }
    return verdict;
}
