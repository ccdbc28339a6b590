/* SPDX-License-Identifier: Apache-2.0
 * areas.c: matches readings against rules. Pure: no allocation, no I/O. */
#include "guard/areas.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#define ACTION ".action"

static bool ends_with(const char *text, size_t length, const char *end)
{
    size_t end_length = strlen(end);

    return length >= end_length && memcmp(text + length - end_length, end, end_length) == 0;
}

/* Most rules differ from a reading in one of the first letters, and there are dozens of them:
 * this ends there. */
static size_t common_length(const char *a, const char *b)
{
    size_t length = 0;

    while (a[length] == b[length] && a[length] != '\0') {
        length++;
    }
    return length;
}

/* Same beginning, and a segment ends there. */
static bool is_below(const char *reading, const char *prefix)
{
    size_t length = common_length(reading, prefix);

    return prefix[length] == '\0' && (reading[length] == '/' || reading[length] == '\0');
}

/* Struts takes the longest namespace that it knows, then the last segment, so further
 * directories change nothing; "name!method.action" calls another method of the same action. */
static bool is_action(const char *reading, const char *path)
{
    const char *name = strrchr(path, '/') + 1, *slash;
    size_t name_length;

    if (strncmp(reading, path, (size_t)(name - path)) != 0) {
        return false;   /* another namespace */
    }
    name_length = strlen(name) - strlen(ACTION);
    slash = reading + (name - 1 - path);
    for (; *slash == '/'; slash += 1 + strcspn(slash + 1, "/")) {
        const char *segment = slash + 1;

        if (strncmp(segment, name, name_length) == 0
            && (segment[name_length] == '.' || segment[name_length] == '!')
            && ends_with(segment, strcspn(segment, "/"), ACTION)) {
            return true;
        }
    }
    return false;
}

/* The same, beginning at any segment. */
static bool is_below_within(const char *reading, const char *prefix)
{
    for (const char *at = reading; (at = strstr(at, prefix)) != NULL; at++) {
        if (is_below(at, prefix)) {
            return true;
        }
    }
    return false;
}

static bool is_action_within(const char *reading, const char *path)
{
    size_t space = (size_t)(strrchr(path, '/') - path) + 1;
    const char *at = memmem(reading, strlen(reading), path, space);

    return at != NULL && is_action(at, path);
}

/* The text itself. What is still to be stripped from its end changes nothing: "/x;jsessionid=1",
 * but not what could yet become more of the path. */
static bool is_exactly(const char *reading, const char *path)
{
    size_t length = common_length(reading, path);

    return path[length] == '\0'
           && (reading[length] == '\0'
               || (reading[length] == ';' && strpbrk(reading + length, "/%\\?#") == NULL));
}

/* within: the rule's path may begin at any segment */
static bool matches(const cfc_rule_t *rule, const char *reading, bool within)
{
    switch (rule->kind) {
    case CFC_RULE_PREFIX:
        return within ? is_below_within(reading, rule->text) : is_below(reading, rule->text);
    case CFC_RULE_ACTION:
        return within ? is_action_within(reading, rule->text) : is_action(reading, rule->text);
    case CFC_RULE_SUFFIX:
        return ends_with(reading, strlen(reading), rule->text);
    case CFC_RULE_EXACT:
        return is_exactly(reading, rule->text);
    case CFC_RULE_PART:
        return strstr(reading, rule->text) != NULL;
    case CFC_RULE_KEY:
    case CFC_RULE_KEY_PART:
    case CFC_RULE_SCHEME:
        return false;
    }
    return true;    /* no such kind: protect */
}

static bool any_matches(const cfc_rule_t *rules, const char *reading, bool within)
{
    bool looked = false, no_action = false;

    for (; rules != NULL && rules->text != NULL; rules++) {
        if (rules->kind == CFC_RULE_ACTION && !looked) {
            no_action = strstr(reading, ACTION) == NULL;    /* once for all of them */
            looked = true;
        }
        if (!(rules->kind == CFC_RULE_ACTION && no_action) && matches(rules, reading, within)) {
            return true;
        }
    }
    return false;
}

static bool has_dot_segment(const char *path)
{
    for (const char *dot = strchr(path, '.'); dot != NULL; dot = strchr(dot + 1, '.')) {
        size_t length = strspn(dot, ".");

        if (dot > path && dot[-1] == '/' && length <= 2
            && (dot[length] == '/' || dot[length] == '\0')) {
            return true;
        }
        dot += length - 1;
    }
    return false;
}

static bool allows(const cfc_area_t *area, const char *reading)
{
    return any_matches(area->allowed, reading, false) && !has_dot_segment(reading);
}

/* Dots that are not resolved yet: somebody can begin to read anywhere in it, and end elsewhere.
 * Struts does: it takes the raw path from where Tomcat's is first found in it, up to a ';', so
 * "/./a/open.action/shut.action;/../../open.action" is /a/open.action/shut.action to it. */
static bool covers(const cfc_area_t *area, const char *reading)
{
    if (has_dot_segment(reading)) {
        return any_matches(area->rules, reading, true);
    }
    return any_matches(area->rules, reading, false) && !any_matches(area->allowed, reading, false);
}

/* The length of the first segment with the slash before it. */
static size_t segment_length(const char *path)
{
    return 1 + strcspn(path + 1, "/");
}

/* Go past the first segment if both have the same. */
static bool step_inside(const char **reading, const char **context)
{
    size_t length = segment_length(*context);

    if (segment_length(*reading) != length || strncasecmp(*reading, *context, length) != 0) {
        return false;
    }
    *reading += length;
    *context += length;
    return true;
}

static bool has_segment(const char *context)
{
    return context != NULL && context[0] == '/' && context[1] != '\0';
}

bool cfc_area_covers(const cfc_area_t *area, const char *reading, const char *context)
{
    bool covered = covers(area, reading);

    /* What is allowed as seen from the context clears what was found above it: ".vm" finds
     * /wiki/display/x.vm, a page. The other way round a context "/display" would allow all. */
    while (has_segment(context) && step_inside(&reading, &context) && *reading == '/') {
        covered = covers(area, reading) || (covered && !allows(area, reading));
    }
    return covered;
}

bool cfc_area_allows(const cfc_area_t *area, const char *reading, const char *context)
{
    bool allowed = allows(area, reading);

    while (!allowed && has_segment(context) && step_inside(&reading, &context)
           && *reading == '/') {
        allowed = allows(area, reading);
    }
    return allowed;
}

bool cfc_area_has(const cfc_area_t *area, cfc_rule_kind_t first, cfc_rule_kind_t last)
{
    for (const cfc_rule_t *rule = area->rules; rule->text != NULL; rule++) {
        if (rule->kind >= first && rule->kind <= last) {
            return true;
        }
    }
    return false;
}

/* The first segment is plain text: no step of target.c makes another one of it. */
static bool is_settled(const char *reading)
{
    size_t length = segment_length(reading);
    const char *percent = memchr(reading, '%', length);

    if (length == 1) {
        return reading[1] == '\0';
    }
    if (percent != NULL && isxdigit((unsigned char)percent[1])
        && isxdigit((unsigned char)percent[2])) {
        return false;
    }
    return strcspn(reading, ";\\?#") >= length && strncmp(reading, "/./", 3) != 0
           && strncmp(reading, "/../", 4) != 0;
}

bool cfc_reading_leaves(const char *reading, const char *context)
{
    while (has_segment(context)) {
        if (*reading != '/') {
            return true;
        }
        if (!step_inside(&reading, &context)) {
            return is_settled(reading);
        }
    }
    return false;
}

static bool reaches_into(const cfc_area_t *from, const cfc_area_t *area)
{
    for (const cfc_rule_t *rule = from->rules; rule->text != NULL; rule++) {
        if (covers(area, rule->text)) {
            return true;
        }
    }
    return false;
}

bool cfc_areas_overlap(const cfc_area_t *a, const cfc_area_t *b)
{
    return reaches_into(a, b) || reaches_into(b, a);
}

static void normalise(char *path)
{
    size_t length = strlen(path);

    if (length > 0 && path[length - 1] == '/') {
        path[length - 1] = '\0';
    }
    for (; *path != '\0'; path++) {
        if (*path >= 'A' && *path <= 'Z') {
            *path = (char)(*path - 'A' + 'a');
        }
    }
}

const char *cfc_rule_read(char *path, bool exact, cfc_rule_t *rule)
{
    if (path[0] != '/') {
        return "does not start with /; write the path as a browser shows it, for example /admin";
    }
    if (strpbrk(path, "%;\\?#*") != NULL) {
        return "has one of % ; ? # * or a backslash; write the plain path, decoded, no pattern:"
               " it covers all below and every way to spell it";
    }
    if (strstr(path, "//") != NULL || has_dot_segment(path)) {
        return "has an empty or a dot segment; write the plain path";
    }
    if (exact && path[1] == '\0') {
        rule->text = path;
        rule->kind = CFC_RULE_EXACT;
        return NULL;
    }
    normalise(path);
    rule->text = path;
    rule->kind = exact ? CFC_RULE_EXACT
                 : ends_with(path, strlen(path), ACTION) ? CFC_RULE_ACTION : CFC_RULE_PREFIX;
    return NULL;
}
