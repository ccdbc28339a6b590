/* SPDX-License-Identifier: Apache-2.0
 * test_areas.c: which readings lie in an area, and which paths a configuration may name. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "guard/areas.h"

Suite *cfc_areas_suite(void);

static const cfc_rule_t rules[] = {
    {CFC_RULE_PREFIX, "/admin"},
    {CFC_RULE_ACTION, "/spaces/drop.action"},
    {CFC_RULE_ACTION, "/login.action"},
    {CFC_RULE_SUFFIX, ".vm"},
    {CFC_RULE_EXACT,  "/status"},
    {CFC_RULE_PREFIX, "/json"},
    {CFC_RULE_PREFIX, NULL}
};
static const cfc_rule_t allowed[] = {
    {CFC_RULE_EXACT,  "/json/beat.action"},
    {CFC_RULE_PREFIX, "/display"},
    {CFC_RULE_PREFIX, NULL}
};
static const cfc_area_t area = {"test", rules, allowed, false};

static const struct {
    const char *label, *reading, *context;
    bool covered;
} rows[] = {
    {"prefix itself",              "/admin",                        NULL,   true},
    {"prefix and slash",           "/admin/",                       NULL,   true},
    {"below prefix",               "/admin/x/y",                    NULL,   true},
    {"longer name",                "/administrator",                NULL,   false},
    {"prefix with extension",      "/admin.action",                 NULL,   false},
    {"prefix further down",        "/x/admin",                      NULL,   false},
    {"shorter name",               "/adm",                          NULL,   false},
    {"root",                       "/",                             NULL,   false},
    {"action",                     "/spaces/drop.action",           NULL,   true},
    {"action's other method",      "/spaces/drop!now.action",       NULL,   true},
    {"action below namespace",     "/spaces/x/y/drop.action",       NULL,   true},
    {"action and path info",       "/spaces/drop.action/x",         NULL,   true},
    {"action elsewhere",           "/pages/drop.action",            NULL,   false},
    {"another action",             "/spaces/dropped.action",        NULL,   false},
    {"another action, same end",   "/spaces/teardrop.action",       NULL,   false},
    {"page with an action's name", "/spaces/drop",                  NULL,   false},
    {"page with an exclamation",   "/spaces/drop!",                 NULL,   false},
    {"namespace alone",            "/spaces",                       NULL,   false},
    {"namespace's longer name",    "/spaces2/drop.action",          NULL,   false},
    {"root action",                "/login.action",                 NULL,   true},
    {"root action anywhere",       "/x/y/login.action",             NULL,   true},
    {"dots, action anywhere",      "/x/./spaces/a.action/drop.action/../b", NULL, true},
    {"dots, action's longer space", "/x/./spaces2/drop.action/..",  NULL,   false},
    {"dots, prefix anywhere",      "/x/json/a/..",                  NULL,   true},
    {"dots, longer name first",    "/./admins/admin/..",            NULL,   true},
    {"dots, longer name",          "/./admins/..",                  NULL,   false},
    {"dots, nothing is allowed",   "/display/../x.vm",              NULL,   true},
    {"dots, allowed exactly",      "/json/beat.action/.",           NULL,   true},
    {"dots in names",              "/x/.json/admin/a..b/...",       NULL,   false},
    {"suffix",                     "/template/x.vm",                NULL,   true},
    {"suffix in the middle",       "/template/x.vm/y",              NULL,   false},
    {"suffix's longer name",       "/template/x.vms",               NULL,   false},
    {"exact",                      "/status",                       NULL,   true},
    {"below exact",                "/status/x",                     NULL,   false},
    {"exact with a parameter",     "/status;x=1",                   NULL,   true},
    {"exact, longer name",         "/status2;x",                    NULL,   false},
    {"not allowed",                "/json/x.action",                NULL,   true},
    {"allowed exactly",            "/json/beat.action",             NULL,   false},
    {"allowed with a session",     "/json/beat.action;jsessionid=1.n", NULL, false},
    {"allowed, then a path",       "/json/beat.action;x/y",         NULL,   true},
    {"allowed, then an encoded one", "/json/beat.action;x%2fy",     NULL,   true},
    {"below what is allowed",      "/json/beat.action/x",           NULL,   true},
    {"allowed action's method",    "/json/beat!x.action",           NULL,   true},
    {"allowed prefix",             "/display/x.vm",                 NULL,   false},
    {"context unknown",            "/wiki/admin",                   "",     false},
    {"context",                    "/wiki/admin",                   "/wiki", true},
    {"context and slash",          "/wiki/admin",                   "/wiki/", true},
    {"context in capitals",        "/wiki/admin",                   "/Wiki", true},
    {"context's longer name",      "/wikis/admin",                  "/wiki", false},
    {"context is all",             "/wiki",                         "/wiki", false},
    {"context is the prefix",      "/admin/x",                      "/admin", true},
    {"context is below",           "/admin/x/y",                    "/admin/x", true},
    {"context below the app's",    "/wiki/admin/y",                 "/wiki/admin", true},
    {"context of two segments",    "/a/b/admin",                    "/a/b", true},
    {"context is /",               "/admin",                        "/",    true},
    {"allowed in context",         "/wiki/json/beat.action",        "/wiki", false},
    {"allowed only in context",    "/wiki/display/x.vm",            "/wiki", false},
    {"context has an allowed name", "/display/admin",               "/display", true},
    {"allowed outside of context", "/json/admin/beat.action",       "/json", true},
};

START_TEST(an_area_covers_its_rules_but_what_is_allowed)
{
    bool got = cfc_area_covers(&area, rows[_i].reading, rows[_i].context);

    ck_assert_msg(got == rows[_i].covered, "%s: %s is %s", rows[_i].label, rows[_i].reading,
                  got ? "covered" : "not covered");
}
END_TEST

static const struct {
    const char *label, *reading, *context;
    bool leaves;
} exits[] = {
    {"inside",                     "/wiki/x",         "/wiki",   false},
    {"the context itself",         "/wiki",           "/wiki",   false},
    {"the context in capitals",    "/wiki/x",         "/WIKI/",  false},
    {"another application",        "/manager/html",   "/wiki",   true},
    {"the root application",       "/",               "/wiki",   true},
    {"a longer name",              "/wikis/x",        "/wiki",   true},
    {"half of two segments",       "/a/c",            "/a/b",    true},
    {"first of two segments",      "/a",              "/a/b",    true},
    {"all of two segments",        "/a/b/c",          "/a/b",    false},
    {"everything is passed",       "/manager/html",   "",        false},
    {"everything is passed, /",    "/manager/html",   "/",       false},
    {"no context",                 "/manager/html",   NULL,      false},
    {"still encoded",              "/%77iki/x",       "/wiki",   false},
    {"a percent sign as text",     "/100%/x",         "/wiki",   true},
    {"half an escape as text",     "/5%a/x",          "/wiki",   true},
    {"parameters not stripped",    "/wiki;x/x",       "/wiki",   false},
    {"slashes not merged",         "//wiki/x",        "/wiki",   false},
    {"dot not resolved",           "/./wiki/x",       "/wiki",   false},
    {"dots not resolved",          "/a/../b/c",       "/a/b",    false},
    {"dots behind another name",   "/x/../wiki",      "/wiki",   true},
};

START_TEST(a_reading_outside_of_the_passed_path_is_told)
{
    bool got = cfc_reading_leaves(exits[_i].reading, exits[_i].context);

    ck_assert_msg(got == exits[_i].leaves, "%s: %s %s", exits[_i].label, exits[_i].reading,
                  got ? "leaves" : "does not leave");
}
END_TEST

static const struct {
    const char *label, *written;
    cfc_rule_kind_t kind;
    const char *path;
} readable[] = {
    {"path",                "/secret",          CFC_RULE_PREFIX, "/secret"},
    {"slash at the end",    "/secret/",         CFC_RULE_PREFIX, "/secret"},
    {"capitals",            "/Secret/X",        CFC_RULE_PREFIX, "/secret/x"},
    {"everything",          "/",                CFC_RULE_PREFIX, ""},
    {"dots in a name",      "/a..b/.c",         CFC_RULE_PREFIX, "/a..b/.c"},
    {"UTF-8",               "/\xc3\xbc",        CFC_RULE_PREFIX, "/\xc3\xbc"},
    {"action",              "/a/Drop.action",   CFC_RULE_ACTION, "/a/drop.action"},
};

START_TEST(an_exact_path_is_neither_what_is_below_it_nor_another_spelling_of_an_action)
{
    char path[] = "/a/Drop.action/";
    cfc_rule_t exact[2] = {{CFC_RULE_PREFIX, NULL}, {CFC_RULE_PREFIX, NULL}};
    cfc_area_t one = {"one", exact, NULL, false};

    ck_assert_ptr_null(cfc_rule_read(path, true, &exact[0]));
    ck_assert(cfc_area_covers(&one, "/a/drop.action", NULL));
    ck_assert(cfc_area_covers(&one, "/wiki/a/drop.action", "/wiki"));
    ck_assert(!cfc_area_covers(&one, "/a/drop!x.action", NULL));
    ck_assert(!cfc_area_covers(&one, "/a/drop.action/x", NULL));
}
END_TEST

START_TEST(an_exact_slash_is_the_first_page_alone)
{
    char path[] = "/";
    cfc_rule_t exact[2] = {{CFC_RULE_PREFIX, NULL}, {CFC_RULE_PREFIX, NULL}};
    cfc_area_t one = {"one", exact, NULL, false};

    ck_assert_ptr_null(cfc_rule_read(path, true, &exact[0]));
    ck_assert(cfc_area_covers(&one, "/", NULL));
    ck_assert(!cfc_area_covers(&one, "/x", NULL));
}
END_TEST

START_TEST(what_an_area_allows_is_allowed_as_seen_from_the_context_and_above)
{
    static const cfc_rule_t keys[] = {{CFC_RULE_KEY, "k"}, {CFC_RULE_KEY, NULL}};
    static const cfc_rule_t login[] = {{CFC_RULE_EXACT, "/login"}, {CFC_RULE_EXACT, NULL}};
    static const cfc_area_t one = {"one", keys, login, false};

    ck_assert(cfc_area_allows(&one, "/login", NULL));
    ck_assert(cfc_area_allows(&one, "/a/b/login", "/a/b"));
    ck_assert(!cfc_area_allows(&one, "/a/b/login", NULL));
    ck_assert(!cfc_area_allows(&one, "/login/x", NULL));
    ck_assert(!cfc_area_covers(&one, "k", NULL));
    ck_assert(cfc_area_has(&one, CFC_RULE_KEY, CFC_RULE_KEY_PART));
    ck_assert(!cfc_area_has(&one, CFC_RULE_PREFIX, CFC_RULE_PART));
}
END_TEST

START_TEST(a_configured_path_becomes_a_rule)
{
    char path[32];
    cfc_rule_t rule;
    const char *complaint;

    snprintf(path, sizeof(path), "%s", readable[_i].written);
    complaint = cfc_rule_read(path, false, &rule);
    ck_assert_msg(complaint == NULL, "%s: %s", readable[_i].label, complaint);
    ck_assert_msg(rule.kind == readable[_i].kind && strcmp(rule.text, readable[_i].path) == 0,
                  "%s: kind %d, %s", readable[_i].label, rule.kind, rule.text);
}
END_TEST

static const struct {
    const char *label, *written, *complaint;
} refused[] = {
    {"no slash",        "admin",        "start with /"},
    {"nothing",         "",             "start with /"},
    {"URL",             "http://h/a",   "start with /"},
    {"encoded",         "/a%20b",       "plain path"},
    {"parameters",      "/a;b",         "plain path"},
    {"query",           "/a?b",         "plain path"},
    {"fragment",        "/a#b",         "plain path"},
    {"pattern",         "/a*",          "plain path"},
    {"backslash",       "/a\\b",        "plain path"},
    {"two slashes",     "/a//b",        "empty or a dot segment"},
    {"slashes only",    "//",           "empty or a dot segment"},
    {"dot",             "/a/./b",       "empty or a dot segment"},
    {"dots at the end", "/a/..",        "empty or a dot segment"},
};

START_TEST(a_configured_path_that_could_never_match_is_refused)
{
    char path[32];
    cfc_rule_t rule;
    const char *complaint;

    snprintf(path, sizeof(path), "%s", refused[_i].written);
    complaint = cfc_rule_read(path, false, &rule);
    ck_assert_msg(complaint != NULL, "%s: accepted", refused[_i].label);
    ck_assert_msg(strstr(complaint, refused[_i].complaint) != NULL, "%s: got \"%s\"",
                  refused[_i].label, complaint);
}
END_TEST

START_TEST(a_path_slash_covers_everything)
{
    char path[] = "/";
    cfc_rule_t all[2] = {{CFC_RULE_EXACT, NULL}, {CFC_RULE_PREFIX, NULL}};
    cfc_area_t everything = {"all", all, NULL, false};

    ck_assert_ptr_null(cfc_rule_read(path, false, &all[0]));
    ck_assert(cfc_area_covers(&everything, "/", NULL));
    ck_assert(cfc_area_covers(&everything, "/x/y", NULL));
    ck_assert(cfc_areas_overlap(&everything, &area));
}
END_TEST

static const struct {
    const char *label;
    cfc_rule_t rule;
    bool overlaps;
} pairs[] = {
    {"the same path",           {CFC_RULE_PREFIX, "/admin"},            true},
    {"a path below",            {CFC_RULE_PREFIX, "/admin/x"},          true},
    {"a path above an action",  {CFC_RULE_PREFIX, "/spaces"},           true},
    {"another path",            {CFC_RULE_PREFIX, "/rpc"},              false},
    {"only what is allowed",    {CFC_RULE_EXACT, "/json/beat.action"},  false},
};

START_TEST(areas_with_a_common_path_overlap_both_ways)
{
    cfc_rule_t other_rules[2] = {pairs[_i].rule, {CFC_RULE_PREFIX, NULL}};
    cfc_area_t other = {"other", other_rules, NULL, false};

    ck_assert_msg(cfc_areas_overlap(&area, &other) == pairs[_i].overlaps, "%s", pairs[_i].label);
    ck_assert_msg(cfc_areas_overlap(&other, &area) == pairs[_i].overlaps, "%s", pairs[_i].label);
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

Suite *cfc_areas_suite(void)
{
    Suite *suite = suite_create("guard/areas");
    TCase *tcase = tcase_create("areas");

    tcase_add_loop_test(tcase, an_area_covers_its_rules_but_what_is_allowed, 0, ROWS(rows));
    tcase_add_loop_test(tcase, a_reading_outside_of_the_passed_path_is_told, 0, ROWS(exits));
    tcase_add_loop_test(tcase, a_configured_path_becomes_a_rule, 0, ROWS(readable));
    tcase_add_loop_test(tcase, a_configured_path_that_could_never_match_is_refused, 0,
                        ROWS(refused));
    tcase_add_test(tcase, a_path_slash_covers_everything);
    tcase_add_test(tcase,
                   an_exact_path_is_neither_what_is_below_it_nor_another_spelling_of_an_action);
    tcase_add_test(tcase, an_exact_slash_is_the_first_page_alone);
    tcase_add_test(tcase, what_an_area_allows_is_allowed_as_seen_from_the_context_and_above);
    tcase_add_loop_test(tcase, areas_with_a_common_path_overlap_both_ways, 0, ROWS(pairs));
    suite_add_tcase(suite, tcase);
    return suite;
}
