/* SPDX-License-Identifier: Apache-2.0
 * target.c: judges a raw target and computes its readings (target.h says what these are).
 *
 * The readings are a worklist: the raw path comes first, every step is tried on every reading,
 * what comes out and is new joins the list. All steps shrink the path or keep its length, so it
 * ends; CFC_READINGS_MAX ends it early, with a refusal. Every step has a sign without which it
 * cannot change anything; one look at a path finds them all, and an ordinary one has none.
 *
 *     /S/x/_/%61dmin;y  is  0  /s/x/_/%61dmin;y   raw, in lower case
 *                           1  /s/x/_/%61dmin     0 stripped
 *                           2  /s/x/_/admin;y     0 decoded
 *                           3  /%61dmin;y         0 unwrapped
 *                           4  /s/x/_/admin       1 decoded, 2 stripped
 *                           5  /%61dmin           1 unwrapped, 3 stripped
 *                           6  /admin;y           2 unwrapped, 3 decoded
 *                           7  /admin             4 unwrapped, 5 decoded, 6 stripped */
#include "guard/target.h"

#include <string.h>

/* Many more than 32 readings need: what unwraps to the same again and again costs a copy each. */
#define UNWRAPS_MAX (4 * CFC_READINGS_MAX)

typedef struct {
    cfc_readings_t *readings;
    size_t length[CFC_READINGS_MAX];
    unsigned decoded[CFC_READINGS_MAX];     /* how often this reading was decoded */
    unsigned unwraps;                       /* tails that were copied so far */
    char *spare;                            /* the first unused byte of the scratch */
} worklist_t;

typedef enum {
    PARAMETERS    = 1,          /* ; */
    ENCODED       = 2,          /* % */
    ENCODED_SLASH = 4,          /* %2f */
    SLASHES       = 8,          /* two of them */
    DOTS          = 16,         /* behind a slash */
    BACKSLASH     = 32,
    QUERY         = 64,         /* ? */
    FRAGMENT      = 128,        /* # */
    WRAPPED       = 256         /* /s/ */
} sign_t;

/* A step writes another reading of `in` to `out`, which has room for strlen(in) + 1 bytes. */
typedef const char *(*step_t)(const char *in, char *out);

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static int hex_digit(char c)
{
    c = lower(c);
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that "%xx" stands for; -1: these are not a percent sign and two digits. */
static int escaped_byte(const char *text)
{
    int high, low;

    if (text[0] != '%' || (high = hex_digit(text[1])) < 0 || (low = hex_digit(text[2])) < 0) {
        return -1;
    }
    return high * 16 + low;
}

static bool is_control(unsigned char byte)
{
    return byte < 0x20 || byte == 0x7f;
}

/* From ';' to the end of its segment: what Tomcat takes off before it decodes. */
static const char *strip_parameters(const char *in, char *out)
{
    while (*in != '\0') {
        if (*in == ';') {
            in += strcspn(in, "/");
        }
        else {
            *out++ = *in++;
        }
    }
    *out = '\0';
    return NULL;
}

/* A percent sign without two digits stays: after the first decoding it can be a title's. */
static const char *decode(const char *in, char *out, int kept)
{
    while (*in != '\0') {
        int byte = escaped_byte(in);

        if (byte < 0 || byte == kept) {
            *out++ = *in++;
            continue;
        }
        if (is_control((unsigned char)byte)) {
            return "has an encoded control character";
        }
        *out++ = lower((char)byte);
        in += 3;
    }
    *out = '\0';
    return NULL;
}

static const char *decode_once(const char *in, char *out)
{
    return decode(in, out, -1);
}

/* Tomcat with encodedSolidusHandling="passthrough": "/y%2fz/%2e%2e" is "/", not "/y". */
static const char *decode_but_slashes(const char *in, char *out)
{
    return decode(in, out, '/');
}

static const char *merge_slashes(const char *in, char *out)
{
    for (; *in != '\0'; in++) {
        if (in[0] != '/' || in[1] != '/') {
            *out++ = *in;
        }
    }
    *out = '\0';
    return NULL;
}

static const char *turn_backslashes(const char *in, char *out)
{
    for (; *in != '\0'; in++) {
        *out++ = *in == '\\' ? '/' : *in;
    }
    *out = '\0';
    return NULL;
}

/* Segment by segment, each with the slash before it. Slashes are not merged here: a layer that
 * resolves dots without merging first ends somewhere else. `end` is what "/a/." and "/a/b/.."
 * have behind "/a". */
static const char *resolve(const char *in, char *out, const char *end)
{
    char *start = out;

    while (*in == '/') {
        size_t length = 1 + strcspn(in + 1, "/");
        bool last = in[length] == '\0';

        if (length == 3 && in[1] == '.' && in[2] == '.') {
            if (out == start) {
                return "climbs above its root";
            }
            while (*--out != '/') {
            }
        }
        else if (length != 2 || in[1] != '.') {
            memmove(out, in, length);
            out += length;
            last = false;
        }
        if (last) {
            strcpy(out, out == start ? "/" : end);
            return NULL;
        }
        in += length;
    }
    *out = '\0';
    return NULL;
}

/* RFC 3986, Tomcat 9: dots at the end leave a directory. */
static const char *resolve_dots(const char *in, char *out)
{
    return resolve(in, out, "/");
}

/* Tomcat 10.1: they leave the name without a slash, so "/x.vm/." is a template. */
static const char *resolve_dots_bare(const char *in, char *out)
{
    return resolve(in, out, "");
}

static void copy_up_to(char end, const char *in, char *out)
{
    while (*in != '\0' && *in != end) {
        *out++ = *in++;
    }
    *out = '\0';
}

/* Tomcat's request dispatcher takes what follows a '?' for the query. */
static const char *cut_query(const char *in, char *out)
{
    copy_up_to('?', in, out);
    return NULL;
}

/* java.net.URI takes what follows a '#' for the fragment. */
static const char *cut_fragment(const char *in, char *out)
{
    copy_up_to('#', in, out);
    return NULL;
}

static const struct {
    sign_t sign;
    step_t step;
    unsigned decodes;
} steps[] = {
    {PARAMETERS,    strip_parameters,   0},
    {ENCODED,       decode_once,        1},
    {ENCODED_SLASH, decode_but_slashes, 1},
    {SLASHES,       merge_slashes,      0},
    {DOTS,          resolve_dots,       0},
    {DOTS,          resolve_dots_bare,  0},
    {BACKSLASH,     turn_backslashes,   0},
    {QUERY,         cut_query,          0},
    {FRAGMENT,      cut_fragment,       0},
};

static unsigned signs_at(const char *text)
{
    switch (text[0]) {
    case ';':
        return PARAMETERS;
    case '%':
        return text[1] == '2' && text[2] == 'f' ? ENCODED | ENCODED_SLASH : ENCODED;
    case '/':
        return text[1] == '/' ? SLASHES : text[1] == '.' ? DOTS
               : text[1] == 's' && text[2] == '/' ? WRAPPED : 0;
    case '\\':
        return BACKSLASH;
    case '?':
        return QUERY;
    case '#':
        return FRAGMENT;
    default:
        return 0;
    }
}

/* Of all steps that may change the path. */
static unsigned signs_of(const char *path)
{
    unsigned signs = 0;

    for (; *path != '\0'; path++) {
        if (*path < '@' || *path == '\\') {      /* no letter is a sign: be quick */
            signs |= signs_at(path);
        }
    }
    return signs;
}

static bool is_listed(const worklist_t *list, const char *path, size_t length)
{
    for (size_t i = 0; i < list->readings->count; i++) {
        if (list->length[i] == length && memcmp(list->readings->path[i], path, length) == 0) {
            return true;
        }
    }
    return false;
}

static const char too_many[] = "can be read in too many ways";

/* Take the path that was just written to the spare bytes into the list, unless it is known. */
static const char *list_spare(worklist_t *list, unsigned decoded)
{
    cfc_readings_t *readings = list->readings;
    size_t length = strlen(list->spare);

    if (is_listed(list, list->spare, length)) {
        return NULL;
    }
    if (decoded > CFC_DECODE_MAX) {
        return "is encoded too many times";
    }
    if (readings->count == CFC_READINGS_MAX) {
        return too_many;
    }
    list->length[readings->count] = length;
    list->decoded[readings->count] = decoded;
    readings->path[readings->count++] = list->spare;
    list->spare += length + 1;
    return NULL;
}

static const char *list_tail(worklist_t *list, const char *path, size_t context,
                             const char *tail, unsigned decoded)
{
    if (list->unwraps++ == UNWRAPS_MAX) {
        return too_many;
    }
    memcpy(list->spare, path, context);
    strcpy(list->spare + context, tail);
    return list_spare(list, decoded);
}

/* Every tail of one "/s/", whose first this is. */
static const char *unwrap_tails(worklist_t *list, const char *path, size_t context,
                                const char *tail, unsigned decoded)
{
    static const char download[] = "/download", images[] = "/download/images";
    const char *complaint = NULL;

    for (; tail != NULL && complaint == NULL; tail = strstr(tail + 2, "/_/")) {
        complaint = list_tail(list, path, context, tail + 2, decoded);
        /* The rule has another name for these, whatever follows: one directory less. */
        if (complaint == NULL && strncmp(tail + 2, images, sizeof(images) - 1) == 0) {
            complaint = list_tail(list, path, context, tail + 2 + sizeof(download) - 1, decoded);
        }
    }
    return complaint;
}

/* Confluence forwards <context>/s/<any>/_/<tail> to <context>/<tail>, and what begins with
 * download/images to images. <any> and <tail> may hold more of the same: every tail is taken,
 * for every place where the context can end. */
static const char *unwrap(worklist_t *list, const char *path, unsigned decoded)
{
    const char *complaint = NULL;

    for (const char *s = strstr(path, "/s/"); s != NULL; s = strstr(s + 2, "/s/")) {
        const char *tail = strstr(s + 2, "/_/");

        if (tail == NULL) {
            break;      /* nor does any /s/ further on have one: or this would be quadratic */
        }
        complaint = unwrap_tails(list, path, (size_t)(s - path), tail, decoded);
        if (complaint != NULL) {
            break;
        }
    }
    return complaint;
}

static const char *expand(worklist_t *list, size_t i)
{
    const char *path = list->readings->path[i];
    const char *complaint;
    unsigned signs = signs_of(path);

    for (size_t s = 0; s < sizeof(steps) / sizeof(steps[0]); s++) {
        if ((signs & steps[s].sign) == 0) {
            continue;
        }
        complaint = steps[s].step(path, list->spare);
        if (complaint == NULL) {
            complaint = list_spare(list, list->decoded[i] + steps[s].decodes);
        }
        if (complaint != NULL) {
            return complaint;
        }
    }
    return (signs & WRAPPED) != 0 ? unwrap(list, path, list->decoded[i]) : NULL;
}

static const char *check_query(const char *query)
{
    for (; *query != '\0'; query++) {
        if (*query == ' ' || *query == '#' || is_control((unsigned char)*query)) {
            return "is followed by a query with a raw control character, blank or #";
        }
    }
    return NULL;
}

/* Most of what paths are made of, to be quick about it. */
static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/';
}

/* Raw bytes. [ ] and | pass: Confluence's own server.xml relaxes Tomcat for these three. */
static const char *check_raw(const char *path, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)path[i];

        if (is_word(path[i])) {
            continue;
        }
        if (is_control(byte)) {
            return "has a raw control character";
        }
        if (byte == '\\') {
            return "has a raw backslash";
        }
        if (byte >= 0x80 || strchr(" \"#<>^`{}", byte) != NULL) {
            return "has a raw character that must be percent-encoded";
        }
    }
    return NULL;
}

static const char *next_percent(const char *from, const char *end)
{
    return memchr(from, '%', (size_t)(end - from));
}

/* What the first decoding, Tomcat's own, would have to make sense of. */
static const char *check_encoding(const char *path, const char *end, bool encoded_slash)
{
    const char *at = next_percent(path, end);

    for (; at != NULL; at = next_percent(at + 1, end)) {
        int byte = escaped_byte(at);

        if (byte < 0) {
            return "has a percent sign without two hexadecimal digits";
        }
        if (byte == '\\') {
            return "has an encoded backslash";
        }
        if (byte == '/' && !encoded_slash) {
            return "has an encoded slash";
        }
    }
    return NULL;
}

/* RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
static bool is_utf8(const char *text)
{
    static const unsigned long least[] = {0, 0x80, 0x800, 0x10000};     /* by `more` */
    const unsigned char *byte = (const unsigned char *)text;

    for (;;) {
        unsigned long code;
        size_t more;

        while (*byte != '\0' && *byte < 0x80) {
            byte++;
        }
        if (*byte == '\0') {
            return true;
        }
        if (*byte < 0xc0 || *byte >= 0xf8) {
            return false;
        }
        more = *byte < 0xe0 ? 1 : *byte < 0xf0 ? 2 : 3;
        code = *byte++ & (0x3fu >> more);
        for (size_t i = 0; i < more; i++, byte++) {
            if ((*byte & 0xc0) != 0x80) {
                return false;
            }
            code = code << 6 | (*byte & 0x3f);
        }
        if (code < least[more] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
            return false;
        }
    }
}

/* The first decoding must give text. Further down a title can spell out any bytes. */
static const char *check_characters(const char *path, char *spare)
{
    const char *complaint;

    if (strchr(path, '%') == NULL) {
        return NULL;    /* it is all ASCII */
    }
    complaint = decode_once(path, spare);
    return complaint == NULL && !is_utf8(spare) ? "is not UTF-8" : complaint;
}

const char *cfc_target_path(const char *target)
{
    const char *authority, *path;

    if (target[0] == '/') {
        return target;
    }
    authority = strstr(target, "://");
    if (authority == NULL || authority != target + strcspn(target, ":/?#")) {
        return NULL;
    }
    path = authority + 3 + strcspn(authority + 3, "/?#");
    if (*path == '\0') {
        return "/";
    }
    return *path == '/' ? path : NULL;
}

static size_t path_length(const char *path)
{
    return strcspn(path, "?");
}

size_t cfc_target_scratch_bytes(const char *path)
{
    size_t length = path_length(path);

    /* one more than fit in the list: the next candidate is written before it is compared */
    return length > CFC_PATH_MAX ? 0 : (CFC_READINGS_MAX + 1) * (length + 1);
}

static const char *check(const char *path, size_t length, bool encoded_slash)
{
    const char *complaint;

    if (path[0] != '/') {
        return "does not begin with /";
    }
    if (length > CFC_PATH_MAX) {
        return "is longer than 8 KiB";
    }
    complaint = check_raw(path, length);
    if (complaint == NULL) {
        complaint = check_encoding(path, path + length, encoded_slash);
    }
    return complaint != NULL ? complaint : check_query(path + length);
}

const char *cfc_target_read(const char *path, bool encoded_slash, char *scratch,
                            cfc_readings_t *readings)
{
    worklist_t list = {.readings = readings, .spare = scratch};
    size_t length = path_length(path);
    const char *complaint = check(path, length, encoded_slash);

    readings->count = 0;
    if (complaint != NULL) {
        return complaint;
    }
    for (size_t i = 0; i < length; i++) {
        scratch[i] = lower(path[i]);
    }
    scratch[length] = '\0';
    complaint = list_spare(&list, 0);
    if (complaint == NULL) {
        complaint = check_characters(scratch, list.spare);
    }
    for (size_t i = 0; complaint == NULL && i < readings->count; i++) {
        complaint = expand(&list, i);
    }
    if (complaint != NULL) {
        readings->count = 0;
    }
    return complaint;
}
