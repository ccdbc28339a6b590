/* SPDX-License-Identifier: Apache-2.0
 * test_browser.c: what counts as a browser that goes on with its session. */
#include <check.h>

#include "guard/browser.h"

Suite *cfc_browser_suite(void);

#define HOST "wiki.example.com"
#define SESSION "CFROUTE=a; JSESSIONID=0A1B.node1"

static const struct {
    const char *label;
    bool want;
    cfc_browser_t headers;      /* host, cookie, authorization, Sec-Fetch-Site, origin, referer */
} rows[] = {
    {"a page's script",         true,  {HOST, SESSION, NULL, "same-origin", NULL, NULL}},
    {"typed by the user",       true,  {HOST, SESSION, NULL, "none", NULL, NULL}},
    {"a remembered login",      true,  {HOST, "seraph.confluence=1%3Ax", NULL, "same-origin",
                                        NULL, NULL}},
    {"an older browser",        true,  {HOST, SESSION, NULL, NULL, "https://" HOST, NULL}},
    {"with its Referer only",   true,  {HOST, SESSION, NULL, NULL, NULL, "http://" HOST "/x?y"}},
    {"in capitals",             true,  {HOST, SESSION, NULL, NULL, "https://WIKI.example.com",
                                        NULL}},
    {"with a port",             true,  {HOST ":8443", SESSION, NULL, NULL,
                                        "https://" HOST ":8443", NULL}},
    {"without blanks",          true,  {HOST, "a=b;JSESSIONID=x", NULL, "none", NULL, NULL}},
    {"nothing",                 false, {HOST, NULL, NULL, NULL, NULL, NULL}},
    {"a program with a login",  false, {HOST, NULL, "Basic eA==", NULL, NULL, NULL}},
    {"a login and a session",   false, {HOST, SESSION, "Bearer x", "same-origin", NULL, NULL}},
    {"a session alone",         false, {HOST, SESSION, NULL, NULL, NULL, NULL}},
    {"no session",              false, {HOST, "CFROUTE=a", NULL, "same-origin", NULL, NULL}},
    {"an empty session",        false, {HOST, "JSESSIONID=; x=y", NULL, "same-origin", NULL, NULL}},
    {"a cookie named alike",    false, {HOST, "XJSESSIONID=a; JSESSIONID2=b", NULL, "none", NULL,
                                        NULL}},
    {"a session in a value",    false, {HOST, "a=JSESSIONID=b", NULL, "none", NULL, NULL}},
    {"another site's page",     false, {HOST, SESSION, NULL, "cross-site", NULL,
                                        "https://" HOST}},
    {"a neighbour's page",      false, {HOST, SESSION, NULL, "same-site", NULL, NULL}},
    {"another origin",          false, {HOST, SESSION, NULL, NULL, "https://evil.example.com",
                                        "https://" HOST}},
    {"an origin that is hidden", false, {HOST, SESSION, NULL, NULL, "null", NULL}},
    {"a host that goes on",     false, {HOST, SESSION, NULL, NULL, "https://" HOST ".evil.com",
                                        NULL}},
    {"a host in the path",      false, {HOST, SESSION, NULL, NULL, NULL,
                                        "https://evil.com/" HOST}},
    {"a host as a user",        false, {HOST, SESSION, NULL, NULL, NULL,
                                        "https://" HOST "@evil.com/"}},
    {"another port",            false, {HOST ":8443", SESSION, NULL, NULL, "https://" HOST, NULL}},
    {"no host",                 false, {NULL, SESSION, NULL, NULL, "https://", NULL}},
};

START_TEST(a_browser_is_told_by_session_and_origin)
{
    ck_assert_msg(cfc_browser_session(&rows[_i].headers) == rows[_i].want, "%s", rows[_i].label);
}
END_TEST

Suite *cfc_browser_suite(void)
{
    Suite *suite = suite_create("guard/browser");
    TCase *tcase = tcase_create("browser");

    tcase_add_loop_test(tcase, a_browser_is_told_by_session_and_origin, 0,
                        (int)(sizeof(rows) / sizeof(rows[0])));
    suite_add_tcase(suite, tcase);
    return suite;
}
