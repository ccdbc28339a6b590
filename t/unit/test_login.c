/* SPDX-License-Identifier: Apache-2.0
 * test_login.c: which requests can be logins, and which answers say that one failed. */
#include "guard/login.h"

#include <check.h>
#include <string.h>

#include "t/unit/suites.h"

static const struct {
    const char *label, *method, *target, *authorization;
    bool want;
} requests[] = {
    {"a page",                  "GET", "/display/X/Y?z=1", NULL, false},
    {"the login page",          "GET", "/login.action?os_destination=%2Fx", NULL, false},
    {"its form",                "POST", "/dologin.action", NULL, true},
    {"another spelling",        "POST", "/x/..;/%64ologin.action;y", NULL, true},
    {"another namespace",       "POST", "/json/dologin!do.action", NULL, true},
    {"below the context",       "POST", "/wiki/dologin.action", NULL, true},
    {"the page of two steps",   "POST", "/rest/tsv/1.0/authenticate?os_authType=none", NULL, true},
    {"an administrator's",      "POST", "/doauthenticate.action", NULL, true},
    {"the same in the query",   "GET", "/doauthenticate.action?password=x", NULL, true},
    {"its page",                "GET", "/authenticate.action?destination=/admin", NULL, false},
    {"XML-RPC",                 "POST", "/rpc/xmlrpc", NULL, true},
    {"in the query",            "GET", "/x?a=b&os_username=me&os_password=x", NULL, true},
    {"first in the query",      "GET", "/x?os_password=x", NULL, true},
    {"encoded in the query",    "GET", "/x?%6fs_%75sername=me", NULL, true},
    {"in a forwarded query",    "GET", "/s/x/_/y%3fa=b%2526os_password=x", NULL, true},
    {"nothing but its name",    "GET", "/x?os_username", NULL, true},
    {"a longer name",           "GET", "/x?os_usernames=me&aos_username=y", NULL, false},
    {"a name in a value",       "GET", "/x?a=os_username&b=?os_username=", NULL, false},
    {"a broken encoding",       "GET", "/x?os_usernam%6", NULL, false},
    {"Basic",                   "GET", "/rest/api/content", "Basic bWU6eA==", true},
    {"a token",                 "GET", "/rest/api/content", "  bearer x", true},
    {"a ticket",                "GET", "/x", "Negotiate x", false},
    {"any form",                "POST", "/pages/doeditpage.action", NULL, false},
    {"saving a page",           "PUT", "/rest/api/content/1", NULL, false},
};

START_TEST(a_request_brings_credentials_or_not)
{
    static char scratch[16384];
    cfc_readings_t readings;
    const cfc_login_ask_t ask = {
        .method = requests[_i].method,
        .authorization = requests[_i].authorization,
        .target = requests[_i].target,
        .context = "/wiki",
        .readings = &readings,
    };

    ck_assert_uint_le(cfc_target_scratch_bytes(ask.target), sizeof(scratch));
    ck_assert_ptr_null(cfc_target_read(ask.target, true, scratch, &readings));
    ck_assert_msg(cfc_login_asked(&ask) == requests[_i].want, "%s", requests[_i].label);
}
END_TEST

static const struct {
    const char *label, *reason;
    int status;
    bool asked;
    const char *want;
} answers[] = {
    {"an ordinary page",           NULL, 200, false, NULL},
    {"a good login",               "OK", 302, true, NULL},
    {"a wrong password",           "AUTHENTICATED_FAILED", 200, true,
                                   "AUTHENTICATED_FAILED"},
    {"one to any page",            "AUTHENTICATED_FAILED", 200, false,
                                   "AUTHENTICATED_FAILED"},
    {"a wrong CAPTCHA",            "AUTHENTICATION_DENIED", 403, true,
                                   "AUTHENTICATION_DENIED"},
    {"said twice",                 "OK, AUTHENTICATED_FAILED", 200, false,
                                   "AUTHENTICATED_FAILED"},
    {"not allowed in",             "AUTHORISATION_FAILED", 401, true, NULL},
    {"logged out",                 "OUT", 200, false, NULL},
    {"another word",               "NOT_AUTHENTICATED_FAILED", 200, true, NULL},
    {"an empty header",            " , ", 200, true, NULL},
    {"refused without the header", NULL, 401, true, "401"},
    {"nobody asked to log in",     NULL, 401, false, NULL},
    {"forbidden",                  NULL, 403, true, NULL},
};

START_TEST(an_answer_is_a_failed_login_or_not)
{
    const char *got = cfc_login_failure(answers[_i].reason, answers[_i].status, answers[_i].asked);

    if (answers[_i].want == NULL) {
        ck_assert_msg(got == NULL, "%s: %s", answers[_i].label, got);
    }
    else {
        ck_assert_msg(got != NULL && strcmp(got, answers[_i].want) == 0, "%s", answers[_i].label);
    }
}
END_TEST

Suite *cfc_login_suite(void)
{
    Suite *suite = suite_create("guard/login");
    TCase *tcase = tcase_create("login");

    tcase_add_loop_test(tcase, a_request_brings_credentials_or_not, 0, CFC_ROWS(requests));
    tcase_add_loop_test(tcase, an_answer_is_a_failed_login_or_not, 0, CFC_ROWS(answers));
    suite_add_tcase(suite, tcase);
    return suite;
}
