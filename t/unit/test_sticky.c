/* SPDX-License-Identifier: Apache-2.0
 * test_sticky.c: which CFSticky lines make sense. */
#include "conf/sticky.h"

#include <string.h>

#include "conf/opt.h"
#include "conf/rows.h"
#include "t/unit/suites.h"

#define NO_NAME(name) \
    "CFSticky: \"" name "\" cannot be a cookie's name; write letters and digits, for example " \
    "cookie=CFROUTE"
#define NO_PATH(path) \
    "CFSticky: path=" path " is not a cookie's path; write it beginning with /, without blanks " \
    "and ;, for example path=/wiki"
#define NO_DOMAIN(domain) \
    "CFSticky: domain=" domain " is not a domain; write the end that all host names share, " \
    "without a dot before it, for example domain=example.com"
#define NO_COOKIE(option) \
    "CFSticky: " option "= is for a cookie of the balancer's own, which this line does not set; " \
    "add cookie=NAME, or remove " option "="
#define NOTHING \
    "CFSticky: write cookie=NAME for a cookie of the balancer's own, session=NAME for the route " \
    "in Tomcat's session id, or both; for example CFSticky cookie=CFROUTE"

/* Lines as arrays of their options. */
static const struct {
    const char *label, *args[5], *complaint;    /* NULL: none */
} rows[] = {
    {"own cookie alone",         {"cookie=R"}, NULL},
    {"session alone",            {"session=S"}, NULL},
    {"a strict session",         {"session=S", "strict=on"}, NULL},
    {"all of the own cookie",    {"cookie=R", "path=/a/b", "domain=a-1.example.com",
                                  "lifetime=8h", "secure=always"}, NULL},
    {"the path of the host",     {"cookie=R", "path=/"}, NULL},
    {"a host without a dot",     {"cookie=R", "domain=wiki"}, NULL},
    {"nothing",                  {NULL}, NOTHING},
    {"no name at all",           {"strict=on"}, NOTHING},
    {"a blank in a name",        {"cookie=a b"}, NO_NAME("a b")},
    {"a session's name",         {"cookie=R", "session=a;b"}, NO_NAME("a;b")},
    {"a relative path",          {"cookie=R", "path=wiki"}, NO_PATH("wiki")},
    {"a path with attributes",   {"cookie=R", "path=/;Secure"}, NO_PATH("/;Secure")},
    {"a blank in a path",        {"cookie=R", "path=/a b"}, NO_PATH("/a b")},
    {"a path with a control",    {"cookie=R", "path=/\x01"}, NO_PATH("/\x01")},
    {"a path that is no ASCII",  {"cookie=R", "path=/\xc3\xa4"}, NO_PATH("/\xc3\xa4")},
    {"a dot before the domain",  {"cookie=R", "domain=.a.com"}, NO_DOMAIN(".a.com")},
    {"a domain with a port",     {"cookie=R", "domain=a.com:80"}, NO_DOMAIN("a.com:80")},
    {"a URL for a domain",       {"cookie=R", "domain=https://a.com"}, NO_DOMAIN("https://a.com")},
    {"a path of no cookie",      {"session=S", "path=/"}, NO_COOKIE("path")},
    {"a domain of no cookie",    {"session=S", "domain=a.com"}, NO_COOKIE("domain")},
    {"a lifetime of no cookie",  {"session=S", "lifetime=8h"}, NO_COOKIE("lifetime")},
    {"a samesite of no cookie",  {"session=S", "samesite=none"}, NO_COOKIE("samesite")},
    {"a secure of no cookie",    {"session=S", "secure=always"}, NO_COOKIE("secure")},
    {"moves, by our cookie",     {"cookie=R", "rehome=10m"}, NULL},
    {"moves of no cookie",       {"session=S", "rehome=10m"}, NO_COOKIE("rehome")},
    {"moves, and none",          {"cookie=R", "strict=on", "rehome=10m"},
     "CFSticky: strict=on moves nobody, and rehome= moves those who pause; remove one of them"},
};

START_TEST(a_line_is_accepted_or_told_what_would_be_right)
{
    cfc_sticky_t sticky;
    apr_pool_t *pool;
    const char *got;

    ck_assert_int_eq(apr_pool_create(&pool, NULL), APR_SUCCESS);
    cfc_opt_preset(cfc_sticky_rows, &sticky);
    for (int i = 0; i < CFC_ROWS(rows[_i].args) && rows[_i].args[i] != NULL; i++) {
        ck_assert_ptr_null(cfc_opt_read(cfc_sticky_rows, "CFSticky", rows[_i].args[i], &sticky,
                                        NULL, pool));
    }
    got = cfc_sticky_check(&sticky, pool);
    ck_assert_msg(got == rows[_i].complaint
                      || (got && rows[_i].complaint && strcmp(got, rows[_i].complaint) == 0),
                  "%s: %s", rows[_i].label, got ? got : "accepted");
    apr_pool_destroy(pool);
}
END_TEST

Suite *cfc_sticky_suite(void)
{
    Suite *suite = suite_create("conf/sticky");
    TCase *tcase = tcase_create("sticky");

    tcase_add_loop_test(tcase, a_line_is_accepted_or_told_what_would_be_right, 0, CFC_ROWS(rows));
    suite_add_tcase(suite, tcase);
    return suite;
}
