/* SPDX-License-Identifier: Apache-2.0
 * test_target.c: which targets are refused, which pass, and how a path can be read. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "guard/target.h"

Suite *cfc_target_suite(void);

/* Read path with scratch of exactly the promised size, so that a sanitizer sees each byte too
 * many. The caller frees what comes back. */
static char *read_path(const char *path, bool encoded_slash, cfc_readings_t *readings,
                       const char **complaint)
{
    char *scratch = malloc(cfc_target_scratch_bytes(path));

    *complaint = cfc_target_read(path, encoded_slash, scratch, readings);
    return scratch;
}

static bool has_reading(const cfc_readings_t *readings, const char *path)
{
    for (size_t i = 0; i < readings->count; i++) {
        if (strcmp(readings->path[i], path) == 0) {
            return true;
        }
    }
    return false;
}

static const struct {
    const char *label, *path, *complaint;
} refused[] = {
    {"raw newline",                 "/a\nb",                "raw control"},
    {"raw tab",                     "/a\tb",                "raw control"},
    {"raw DEL",                     "/a\x7f",               "raw control"},
    {"encoded NUL",                 "/a%00b",               "encoded control"},
    {"encoded carriage return",     "/a%0d%0aSet-Cookie:x", "encoded control"},
    {"encoded DEL",                 "/a%7f",                "encoded control"},
    {"NUL encoded twice",           "/a%2500b",             "encoded control"},
    {"newline encoded three times", "/a%25250Ab",           "encoded control"},
    {"raw backslash",               "/x\\..\\admin",        "raw backslash"},
    {"encoded backslash",           "/x%5c..%5cadmin",      "encoded backslash"},
    {"encoded slash",               "/x%2fadmin",           "encoded slash"},
    {"encoded slash, capital",      "/x%2Fadmin",           "encoded slash"},
    {"encoded slash in parameter",  "/admin;%2f../console", "encoded slash"},
    {"raw #",                       "/a#b",                 "must be percent-encoded"},
    {"raw blank",                   "/a b",                 "must be percent-encoded"},
    {"raw quote",                   "/a\"b",                "must be percent-encoded"},
    {"raw <",                       "/a<b",                 "must be percent-encoded"},
    {"raw ^",                       "/a^b",                 "must be percent-encoded"},
    {"raw backtick",                "/a`b",                 "must be percent-encoded"},
    {"raw ${",                      "/${x}",                "must be percent-encoded"},
    {"raw UTF-8",                   "/\xc3\xbc",            "must be percent-encoded"},
    {"percent at the end",          "/a%",                  "hexadecimal"},
    {"percent and one digit",       "/a%4",                 "hexadecimal"},
    {"percent and no digits",       "/100%+sure",           "hexadecimal"},
    {"%u",                          "/%u0061dmin",          "hexadecimal"},
    {"overlong slash",              "/x/..%c0%afadmin",     "UTF-8"},
    {"overlong dot",                "/%e0%80%ae%e0%80%ae/", "UTF-8"},
    {"overlong in four bytes",      "/%f0%80%80%af",        "UTF-8"},
    {"lone continuation byte",      "/a%80",                "UTF-8"},
    {"two continuation bytes",      "/a%9f%80",             "UTF-8"},
    {"text cut in a character",     "/a%c3",                "UTF-8"},
    {"surrogate",                   "/%ed%a0%80",           "UTF-8"},
    {"above U+10FFFF",              "/%f4%90%80%80",        "UTF-8"},
    {"five-byte form",              "/%f8%88%80%80%80",     "UTF-8"},
    {"no lead byte of four",        "/%f9%80%80%80",        "UTF-8"},
    {"Latin-1",                     "/%fcber",              "UTF-8"},
    {"above the root",              "/../admin",            "above its root"},
    {"above the root at the end",   "/x/../..",             "above its root"},
    {"above the root, encoded",     "/%2e%2e/admin",        "above its root"},
    {"above the root, parameters",  "/..;x/admin",          "above its root"},
    {"above the root, encoded 2x",  "/%252e%252e/admin",    "above its root"},
    {"above the root, slashes",     "/a//../../b",          "above its root"},
    {"encoded nine times",          "/%252525252525252561", "too many times"},
    {"newline in the query",        "/a?b\nc",              "query"},
    {"# in the query",              "/a?b#c",               "query"},
    {"blank in the query",          "/a?b c",               "query"},
    {"no slash first",              "admin",                "begin with /"},
    {"empty",                       "",                     "begin with /"},
};

START_TEST(what_layers_disagree_on_is_refused)
{
    cfc_readings_t readings;
    const char *complaint;
    char *scratch = read_path(refused[_i].path, false, &readings, &complaint);

    ck_assert_msg(complaint != NULL, "%s: let through", refused[_i].label);
    ck_assert_msg(strstr(complaint, refused[_i].complaint) != NULL, "%s: got \"%s\"",
                  refused[_i].label, complaint);
    ck_assert_uint_eq(readings.count, 0);
    free(scratch);
}
END_TEST

static const struct {
    const char *label, *path;
    size_t readings;
} honest[] = {
    {"root",                 "/", 1},
    {"page",                 "/display/DOC/Home", 1},
    {"action and query",     "/pages/viewpage.action?pageId=123&x=%0d%0a%5c%2f", 1},
    {"broken query",         "/dosearchsite.action?queryString=100%", 1},
    {"brackets in query",    "/x.action?a[0]={\"b\":\"\\u00e4\"}|<c>^`", 1},
    {"session in the path",  "/dashboard.action;jsessionid=0A1B.node1", 2},
    {"plus",                 "/display/DOC/Release+Notes", 1},
    {"blank",                "/download/attachments/12/a%20b.pdf", 2},
    {"UTF-8 title",          "/display/DOC/%C3%9Cbersicht", 2},
    {"four-byte UTF-8",      "/display/DOC/%F0%9F%98%80", 2},
    {"encoded plus",         "/display/DOC/C%2B%2B", 2},
    {"percent in a title",   "/display/DOC/100%25+sure", 2},
    {"title about %2F",      "/display/DOC/What+is+%252F", 3},
    {"question mark",        "/download/attachments/12/why%3F.txt", 3},
    {"sharp in a title",     "/display/DOC/C%23", 3},
    {"personal space",       "/display/~user", 1},
    {"brackets and bar",     "/display/DOC/[draft]|x", 1},
    {"dots in a name",       "/download/attachments/12/a..b...c", 1},
    {"hidden file",          "/download/attachments/12/.profile", 1},
    {"double slash",         "/download//attachments", 2},
    {"bundle",               "/s/1a2b-CDN/en_GB/8703/hash/1.0/_/download/batch/a/a.css", 2},
    {"bundle and session",   "/s/1a2b/_/images/a.png;jsessionid=1", 4},
    {"image of a bundle",    "/s/1a2b/_/download/images/a.png", 3},
};

START_TEST(honest_targets_pass_with_few_readings)
{
    cfc_readings_t readings;
    const char *complaint;
    char *scratch = read_path(honest[_i].path, false, &readings, &complaint);

    ck_assert_msg(complaint == NULL, "%s: refused, it %s", honest[_i].label, complaint);
    ck_assert_msg(readings.count == honest[_i].readings, "%s: %zu readings, expected %zu",
                  honest[_i].label, readings.count, honest[_i].readings);
    free(scratch);
}
END_TEST

static const struct {
    const char *label, *path, *reading;
} readable[] = {
    {"as it is",                        "/admin/x",                     "/admin/x"},
    {"in lower case",                   "/ADMIN/x",                     "/admin/x"},
    {"query taken off",                 "/admin?x",                     "/admin"},
    {"decoded",                         "/%61dmin",                     "/admin"},
    {"decoded to a capital",            "/%41dmin",                     "/admin"},
    {"decoded twice",                   "/%2561dmin",                   "/admin"},
    {"decoded eight times",             "/%2525252525252561dmin",         "/admin"},
    {"parameters stripped",             "/admin;x=1;y/a;z",             "/admin/a"},
    {"encoded parameters stripped",     "/admin%3bx/a",                 "/admin/a"},
    {"parameters, then decoded",        "/x/..%3b;%25/admin",           "/admin"},
    {"dots",                            "/x/./y/../../admin",           "/admin"},
    {"dots with parameters",            "/x/..;a/admin",                "/admin"},
    {"dot with parameters",             "/.;/admin",                    "/admin"},
    {"encoded dots",                    "/x/%2e%2E/admin",              "/admin"},
    {"dots after a parameter's name",   "/x/..%3bz/admin",              "/admin"},
    {"dots at the end",                 "/admin/x/..",                  "/admin/"},
    {"dots at the end, no slash left",  "/x.vm/y/..",                   "/x.vm"},
    {"dot at the end, no slash left",   "/x.vm/.",                      "/x.vm"},
    {"dots at the end, nothing left",   "/x/..",                        "/"},
    {"encoded dots at the end",         "/x.vm/y%252fz/%2e%2e",         "/x.vm"},
    {"dots at the end, parameters",     "/x.vm/y%3b/..",                "/x.vm"},
    {"wrapped dots at the end",         "/s/_/x.vm/.",                  "/x.vm"},
    {"slashes merged",                  "//admin///x",                  "/admin/x"},
    {"dots before slashes are merged",  "/a//../admin",                 "/a/admin"},
    {"slashes merged before dots",      "/a//../admin",                 "/admin"},
    {"dots before decoding",            "/y%252fz/../%2561dmin",        "/admin"},
    {"dots after decoding",             "/y/x%252f../../admin",         "/admin"},
    {"backslash below",                 "/x%255c..%255cadmin",          "/admin"},
    {"backslash as text",               "/x%255cy/../admin",            "/admin"},
    {"query in the path",               "/rpc%3fx",                     "/rpc"},
    {"fragment in the path",            "/rpc%23x",                     "/rpc"},
    {"unwrapped",                       "/s/abc/_/admin/x",             "/admin/x"},
    {"unwrapped, nothing between",      "/s/_/admin",                   "/admin"},
    {"unwrapped with context path",     "/wiki/s/abc/_/admin",          "/wiki/admin"},
    {"unwrapped, /s/ in the context",   "/s/x/s/a/_/admin",             "/s/x/admin"},
    {"unwrapped at the first /_/",      "/s/a/_/admin/_/b",             "/admin/_/b"},
    {"unwrapped at the last /_/",       "/s/a/_/b/_/admin",             "/admin"},
    {"unwrapped twice",                 "/s/a/_/s/b/_/admin",           "/admin"},
    {"unwrapped, encoded",              "/%73/a/%5f/admin",             "/admin"},
    {"unwrapped, capital",              "/S/a/_/admin",                 "/admin"},
    {"unwrapped with parameters",       "/s;x/a/_;y/;z/admin",          "/admin"},
    {"unwrapped tail decoded",          "/s/a/_/%2561dmin",             "/admin"},
    {"unwrapped tail resolved",         "/s/a/_/x%252f..%252fadmin",    "/admin"},
    {"unwrapped tail with query",       "/s/a/_/rpc%3f.css",            "/rpc"},
    {"images, one directory less",      "/s/a/_/download/images/b.png", "/images/b.png"},
    {"images as they are, too",         "/s/a/_/download/images/b.png", "/download/images/b.png"},
    {"images, dots with parameters",    "/s/a/_/download/images/..;/admin", "/admin"},
    {"images, a longer name",           "/s/a/_/download/imagesX/..;/admin", "/admin"},
    {"images, encoded",                 "/s/a/_/d%256fwnload/images/..;/admin", "/admin"},
    {"images with context path",        "/wiki/s/a/_/download/images/..;/admin", "/wiki/admin"},
    {"images, the second /_/",          "/s/a/_/b/_/download/images/..;/admin", "/admin"},
    {"WEB-INF behind parameters",       "/s/123cfx/_/;/WEB-INF/web.xml", "/web-inf/web.xml"},
};

START_TEST(every_way_to_read_a_path_is_found)
{
    cfc_readings_t readings;
    const char *complaint;
    char *scratch = read_path(readable[_i].path, false, &readings, &complaint);

    ck_assert_msg(complaint == NULL, "%s: refused, it %s", readable[_i].label, complaint);
    ck_assert_msg(has_reading(&readings, readable[_i].reading), "%s: %s not found in %s",
                  readable[_i].label, readable[_i].reading, readable[_i].path);
    free(scratch);
}
END_TEST

static const struct {
    const char *label, *path, *as_text, *as_slash;
} slashes[] = {
    {"dots behind it",              "/y%2Fadmin/../z",          "/z",       "/y/z"},
    {"encoded dots behind it",      "/y%2fz/%2e%2e/admin",      "/admin",   "/y/admin"},
    {"a name encoded around it",    "/y%2fz/%2e%2e/%61dmin",    "/admin",   "/y/admin"},
    {"in a parameter",              "/admin;%2f../x",           "/admin/x", "/x"},
};

START_TEST(an_encoded_slash_that_is_allowed_is_read_as_text_and_as_slash)
{
    cfc_readings_t readings;
    const char *complaint;
    char *scratch = read_path(slashes[_i].path, true, &readings, &complaint);

    ck_assert_msg(complaint == NULL, "%s: refused, it %s", slashes[_i].label, complaint);
    ck_assert_msg(has_reading(&readings, slashes[_i].as_text), "%s: not read as text",
                  slashes[_i].label);
    ck_assert_msg(has_reading(&readings, slashes[_i].as_slash), "%s: not read as a slash",
                  slashes[_i].label);
    free(scratch);
}
END_TEST

static const struct {
    const char *label, *target, *path;
} targets[] = {
    {"origin form",           "/a?b=c",                     "/a?b=c"},
    {"absolute form",         "http://h:80/a?b",            "/a?b"},
    {"absolute, user",        "https://u:p@h/a//b",         "/a//b"},
    {"absolute, no path",     "http://h",                   "/"},
    {"absolute, query only",  "http://h?a/b",               NULL},
    {"absolute, fragment",    "http://h#/a",                NULL},
    {"absolute, no host",     "http:///a",                  "/a"},
    {"path with a URL in it", "/redirect/http://h/a",       "/redirect/http://h/a"},
    {"query with a URL",      "x?http://h/a",               NULL},
    {"no scheme",             "x/http://h/a",               NULL},
    {"asterisk",              "*",                          NULL},
    {"authority",             "host:443",                   NULL},
    {"nothing",               "",                           NULL},
};

START_TEST(the_path_of_a_target_is_what_follows_its_host)
{
    const char *got = cfc_target_path(targets[_i].target);

    if (targets[_i].path == NULL) {
        ck_assert_msg(got == NULL, "%s: got %s", targets[_i].label, got);
        return;
    }
    ck_assert_msg(got != NULL && strcmp(got, targets[_i].path) == 0, "%s: got %s",
                  targets[_i].label, got);
}
END_TEST

/* Of 465 pairs of "/s/" and "/_/" most give a path that others have given. */
#define SAME_5  "/s/_/s/_/s/_/s/_/s/_"
#define SAME_30 SAME_5 SAME_5 SAME_5 SAME_5 SAME_5 SAME_5 "/"

static const struct {
    const char *label, *begin, *repeat;
    bool passes;
} floods[] = {
    {"parameters",        "/",      ";",            true},
    {"slashes",           "/",      "/",            true},
    {"dots",              "/",      "/./",          true},
    {"names",             "/",      "a",            true},
    {"encoded percents",  "/",      "%25",          true},
    {"encoded blanks",    "/",      "%20",          true},
    {"wrappers",          "/s/",    "/_/",          false},
    {"wrappers unclosed", "/s",     "/s",           true},
    {"one of them closed", "/s/a/_", "/s",         true},
    {"wrappers, respelt", "/s/_/;%253b%2523//", "/s", true},
    {"wrapped wrappers",  "/s",     "/s/_/s",       false},
    {"the same tails",    SAME_30,  "a",            false},
    {"images unwrapped",  "/s/_/download/images", "/..;", false},
    {"everything",        "/s/",    "/%253b;/_//./x", false},
    {"ups",               "/",      "/..",          false},
    {"backslashes",       "/",      "%255c",        true},
    {"question marks",    "/",      "%3f%23",       true},
};

/* A path of this length, made of one hostile piece. */
static char *flood(const char *begin, const char *repeat, size_t bytes)
{
    char *path = calloc(1, bytes + 1);
    size_t length = strlen(begin);

    memcpy(path, begin, length);
    for (; length + strlen(repeat) <= bytes; length += strlen(repeat)) {
        memcpy(path + length, repeat, strlen(repeat));
    }
    return path;
}

/* Of our own CPU, and the quickest of a few goes: what else the machine does is not counted. */
static double cost_ns(const char *path, cfc_readings_t *readings, const char **complaint)
{
    double best = 1e18;

    for (int i = 0; i < 20; i++) {
        struct timespec start, end;
        double ns;
        char *scratch = malloc(cfc_target_scratch_bytes(path));

        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
        *complaint = cfc_target_read(path, false, scratch, readings);
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
        free(scratch);
        ns = (double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec);
        best = ns < best ? ns : best;
    }
    return best;
}

START_TEST(eight_times_the_length_costs_eight_times_the_time)
{
    char *some = flood(floods[_i].begin, floods[_i].repeat, CFC_PATH_MAX / 8);
    char *most = flood(floods[_i].begin, floods[_i].repeat, CFC_PATH_MAX);
    cfc_readings_t readings;
    const char *complaint;
    double some_ns = cost_ns(some, &readings, &complaint);
    double most_ns = cost_ns(most, &readings, &complaint);

    /* were it quadratic, 64 times; the other bound is tenfold what a sanitizer needs */
    ck_assert_msg(most_ns < 24 * some_ns + 1000, "%s: %.0f ns, then %.0f", floods[_i].label,
                  some_ns, most_ns);
    ck_assert_msg(most_ns < 5e7, "%s: %.0f ns", floods[_i].label, most_ns);
    ck_assert_msg((complaint == NULL) == floods[_i].passes, "%s: %s, %zu readings",
                  floods[_i].label, complaint ? complaint : "passes", readings.count);
    free(some);
    free(most);
}
END_TEST

START_TEST(a_path_over_the_limit_is_refused_and_one_at_the_limit_is_not)
{
    char path[CFC_PATH_MAX + 2];
    cfc_readings_t readings;
    const char *complaint;

    memset(path, 'a', sizeof(path));
    path[0] = '/';
    path[CFC_PATH_MAX + 1] = '\0';
    ck_assert_uint_eq(cfc_target_scratch_bytes(path), 0);
    ck_assert_str_eq(cfc_target_read(path, false, NULL, &readings), "is longer than 8 KiB");
    path[CFC_PATH_MAX] = '\0';
    free(read_path(path, false, &readings, &complaint));
    ck_assert_ptr_null(complaint);
    path[CFC_PATH_MAX] = '?';
    free(read_path(path, false, &readings, &complaint));
    ck_assert_ptr_null(complaint);
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

Suite *cfc_target_suite(void)
{
    Suite *suite = suite_create("guard/target");
    TCase *tcase = tcase_create("target");

    tcase_add_loop_test(tcase, what_layers_disagree_on_is_refused, 0, ROWS(refused));
    tcase_add_loop_test(tcase, honest_targets_pass_with_few_readings, 0, ROWS(honest));
    tcase_add_loop_test(tcase, every_way_to_read_a_path_is_found, 0, ROWS(readable));
    tcase_add_loop_test(tcase, an_encoded_slash_that_is_allowed_is_read_as_text_and_as_slash, 0,
                        ROWS(slashes));
    tcase_add_loop_test(tcase, the_path_of_a_target_is_what_follows_its_host, 0, ROWS(targets));
    tcase_add_loop_test(tcase, eight_times_the_length_costs_eight_times_the_time, 0, ROWS(floods));
    tcase_add_test(tcase, a_path_over_the_limit_is_refused_and_one_at_the_limit_is_not);
    suite_add_tcase(suite, tcase);
    return suite;
}
