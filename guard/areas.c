/* SPDX-License-Identifier: Apache-2.0
 * areas.c: matches readings against rules. Pure: no allocation, no I/O. */
#include "guard/areas.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#define ACTION ".action"

/* A reading, and what is asked of it for one rule after the other. */
typedef struct {
    const char *text;
    char first;             /* behind its slash */
    bool dotted;            /* it has dot segments that are not resolved */
    const char *action;     /* its first segment that ends with ".action"; NULL: none does */
    const char *last;       /* and the last one */
} view_t;

static bool is_dot_segment(const char *path, const char *dot)
{
    const char *end = dot[1] == '.' ? dot + 2 : dot + 1;

    return dot > path && dot[-1] == '/' && (*end == '/' || *end == '\0');
}

static bool ends_action(const char *dot)
{
    const char *end = dot + sizeof(ACTION) - 1;

    return dot[1] == ACTION[1] && strncmp(dot, ACTION, sizeof(ACTION) - 1) == 0
           && (*end == '/' || *end == '\0');
}

/* The begin of the segment that this place of a path is in. */
static const char *segment_of(const char *path, const char *place)
{
    while (place > path && place[-1] != '/') {
        place--;
    }
    return place;
}

/* Most readings have no dot, or one: this is quick. */
static view_t view_of(const char *reading)
{
    view_t view = {.text = reading, .first = reading[0] == '/' ? reading[1] : '\0'};

    for (const char *dot = reading; (dot = strchr(dot, '.')) != NULL; dot++) {
        view.dotted = view.dotted || is_dot_segment(reading, dot);
        if (ends_action(dot)) {
            view.last = segment_of(reading, dot);
            view.action = view.action == NULL ? view.last : view.action;
        }
    }
    return view;
}

/* The next segment that ends with ".action". */
static const char *next_action(const view_t *view, const char *action)
{
    const char *dot = action + strcspn(action, "/");

    if (action == view->last) {
        return NULL;
    }
    do {
        dot = strchr(dot, '.') + 1;
    } while (!ends_action(dot - 1));
    return segment_of(view->text, dot);
}

static bool ends_with(const char *text, size_t length, const char *end)
{
    size_t end_length = strlen(end);

    return length >= end_length && memcmp(text + length - end_length, end, end_length) == 0;
}

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
 * directories change nothing; "name!method.action" calls another method of the same action.
 * The namespace begins at `at`, within the view's text. */
static bool is_action(const view_t *view, const char *at, const char *path)
{
    const char *differs = path + common_length(at, path), *name;
    size_t length;

    if (strchr(differs, '/') != NULL) {
        return false;   /* another namespace */
    }
    name = segment_of(path, differs);
    length = strlen(name) - strlen(ACTION);
    for (const char *action = view->action; action != NULL; action = next_action(view, action)) {
        if (action >= at + (name - path) && action[0] == name[0]
            && strncmp(action, name, length) == 0
            && (action[length] == '.' || action[length] == '!')) {
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

static bool is_action_within(const view_t *view, const char *path)
{
    size_t space = (size_t)(strrchr(path, '/') - path) + 1;
    const char *at = memmem(view->text, strlen(view->text), path, space);

    return at != NULL && is_action(view, at, path);
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

/* A path without its first letter, which is most of them, is looked at by the quicker function. */
static bool has_part(const char *reading, const char *part)
{
    const char *at = strchr(reading, part[0]);

    return at != NULL && strstr(at, part) != NULL;
}

/* There are dozens of rules, and most differ from a reading at once: this is quick about it. */
static bool differs_at_once(const cfc_rule_t *rule, const view_t *view, bool within)
{
    if (rule->kind > CFC_RULE_ACTION) {
        return false;
    }
    if (rule->kind == CFC_RULE_ACTION && view->action == NULL) {
        return true;
    }
    if (within || rule->text[0] == '\0' || rule->text[1] == view->first) {
        return false;
    }
    /* an action of the root's namespace may lie anywhere */
    return rule->kind == CFC_RULE_PREFIX || strchr(rule->text + 1, '/') != NULL;
}

/* within: the rule's path may begin at any segment */
static bool matches(const cfc_rule_t *rule, const view_t *view, bool within)
{
    switch (rule->kind) {
    case CFC_RULE_PREFIX:
        return within ? is_below_within(view->text, rule->text)
                      : is_below(view->text, rule->text);
    case CFC_RULE_ACTION:
        return within ? is_action_within(view, rule->text)
                      : is_action(view, view->text, rule->text);
    case CFC_RULE_SUFFIX:
        return ends_with(view->text, strlen(view->text), rule->text);
    case CFC_RULE_EXACT:
        return is_exactly(view->text, rule->text);
    case CFC_RULE_PART:
        return has_part(view->text, rule->text);
    case CFC_RULE_KEY:
    case CFC_RULE_KEY_PART:
    case CFC_RULE_SCHEME:
        return false;
    }
    return true;    /* no such kind: protect */
}

static bool any_matches(const cfc_rule_t *rules, const view_t *view, bool within)
{
    for (; rules != NULL && rules->text != NULL; rules++) {
        if (!differs_at_once(rules, view, within) && matches(rules, view, within)) {
            return true;
        }
    }
    return false;
}

static bool allows(const cfc_area_t *area, const view_t *view)
{
    return !view->dotted && any_matches(area->allowed, view, false);
}

/* Dots that are not resolved yet: somebody can begin to read anywhere in it, and end elsewhere.
 * Struts does: it takes the raw path from where Tomcat's is first found in it, up to a ';', so
 * "/./a/open.action/shut.action;/../../open.action" is /a/open.action/shut.action to it. */
static bool covers(const cfc_area_t *area, const view_t *view)
{
    return any_matches(area->rules, view, view->dotted) && !allows(area, view);
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

bool cfc_area_has(const cfc_area_t *area, cfc_rule_kind_t first, cfc_rule_kind_t last)
{
    const cfc_rule_t *rule = area->rules;

    return rule->text != NULL && rule->kind >= first && rule->kind <= last;
}

bool cfc_area_covers(const cfc_area_t *area, const char *reading, const char *context)
{
    view_t view;
    bool covered;

    if (cfc_area_has(area, CFC_RULE_KEY, CFC_RULE_SCHEME)) {
        return false;
    }
    view = view_of(reading);
    covered = covers(area, &view);
    /* What is allowed as seen from the context clears what was found above it: ".vm" finds
     * /wiki/display/x.vm, a page. The other way round a context "/display" would allow all. */
    while (has_segment(context) && step_inside(&reading, &context) && *reading == '/') {
        view = view_of(reading);
        covered = covers(area, &view) || (covered && !allows(area, &view));
    }
    return covered;
}

bool cfc_area_allows(const cfc_area_t *area, const char *reading, const char *context)
{
    view_t view = view_of(reading);
    bool allowed = allows(area, &view);

    while (!allowed && has_segment(context) && step_inside(&reading, &context)
           && *reading == '/') {
        view = view_of(reading);
        allowed = allows(area, &view);
    }
    return allowed;
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
        view_t view = view_of(rule->text);

        if (covers(area, &view)) {
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
    if (strstr(path, "//") != NULL || view_of(path).dotted) {
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
