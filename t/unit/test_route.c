/* SPDX-License-Identifier: Apache-2.0
 * test_route.c: to which nodes a request belongs, by its cookies and path, honest or forged;
 * and the cookie that ties it. */
#include "lb/route.h"

#include <apr_strings.h>
#include <string.h>

#include "lb/sessions.h"
#include "t/unit/kit.h"
#include "t/unit/suites.h"

#define BOTH "CFROUTE", "JSESSIONID"
#define NODES "node1 node2 node3 b.3 a.b.3 3"
/* httpd's own limit of a header line */
#define LINE_MAX_BYTES 8190

static cfc_kit_t kit;

static void set_up(void)
{
    kit = cfc_kit_open(NODES);
}

static void tear_down(void)
{
    cfc_kit_close(&kit);
}

/* "node2 node1" for what was read; "|" follows the nodes of our own cookie. */
static const char *read_routes(const char *cookies, const char *target)
{
    cfc_routes_t routes;
    const char *text = "";

    memset(&routes, 0xee, sizeof(routes));
    cfc_routes_read(kit.cl, cookies, target, &routes);
    for (unsigned i = 0; i < routes.count; i++) {
        text = apr_pstrcat(kit.pool, text, *text ? " " : "", routes.nodes[i]->name,
                           i + 1 == routes.by_cookie ? "|" : "", NULL);
    }
    return text;
}

static const struct {
    const char *label, *cookie, *session;       /* as configured */
    const char *cookies, *target;               /* as received */
    const char *want;
} rows[] = {
    {"nothing sent",             BOTH, NULL, "/", ""},
    {"an empty header",          BOTH, "", "/", ""},
    {"own cookie",               BOTH, "CFROUTE=token-node2", "/", "node2|"},
    {"own cookie among others",  BOTH, "a=b; CFROUTE=token-node2; c=d", "/", "node2|"},
    {"no blanks",                BOTH, "a=b;CFROUTE=token-node2;c=d", "/", "node2|"},
    {"blanks and tabs",          BOTH, " \t a=b ; \tCFROUTE=token-node2 \t; c=d", "/", "node2|"},
    {"quoted",                   BOTH, "CFROUTE=\"token-node2\"", "/", "node2|"},
    {"half a quote before",      BOTH, "CFROUTE=\"token-node2", "/", "node2|"},
    {"only a quote",             BOTH, "CFROUTE=\"", "/", ""},
    {"only quotes",              BOTH, "CFROUTE=\"\"\"", "/", ""},
    {"headers joined",           BOTH, "a=b, CFROUTE=token-node2, c=d", "/", "node2|"},
    {"two of one name",          BOTH, "CFROUTE=token-node3; CFROUTE=token-node1", "/",
     "node3 node1|"},
    {"two, the first is stale",  BOTH, "CFROUTE=gone; CFROUTE=token-node1", "/", "node1|"},
    {"two, joined",              BOTH, "CFROUTE=gone, CFROUTE=token-node1", "/", "node1|"},
    {"the same twice",           BOTH, "CFROUTE=token-node1; CFROUTE=token-node1", "/", "node1|"},
    {"a node's name as token",   BOTH, "CFROUTE=node1", "/", ""},
    {"a token cut short",        BOTH, "CFROUTE=token-node", "/", ""},
    {"a token with more",        BOTH, "CFROUTE=token-node11", "/", ""},
    {"a token in capitals",      BOTH, "CFROUTE=TOKEN-NODE1", "/", ""},
    {"an empty token",           BOTH, "CFROUTE=", "/", ""},
    {"no value",                 BOTH, "CFROUTE", "/", ""},
    {"no name",                  BOTH, "=token-node1", "/", ""},
    {"separators only",          BOTH, "; ,;,\t ;", "/", ""},
    {"a longer name",            BOTH, "XCFROUTE=token-node1", "/", ""},
    {"a name that goes on",      BOTH, "CFROUTES=token-node1", "/", ""},
    {"the name in small",        BOTH, "cfroute=token-node1", "/", ""},
    {"inside another's value",   BOTH, "a=CFROUTE=token-node1", "/", ""},
    {"session cookie",           BOTH, "JSESSIONID=0A1B.node2", "/", "node2"},
    {"session cookie, quoted",   BOTH, "JSESSIONID=\"0A1B.node2\"", "/", "node2"},
    {"session without route",    BOTH, "JSESSIONID=0A1B", "/", ""},
    {"session, empty route",     BOTH, "JSESSIONID=0A1B.", "/", ""},
    {"session, unknown route",   BOTH, "JSESSIONID=0A1B.node9", "/", ""},
    {"session, only a route",    BOTH, "JSESSIONID=.node2", "/", "node2"},
    {"session, route and more",  BOTH, "JSESSIONID=0A1B.node22", "/", ""},
    {"dots in the id",           BOTH, "JSESSIONID=0A.1B..node2", "/", "node2"},
    {"a node in the id",         BOTH, "JSESSIONID=0A.node1.node2", "/", "node2"},
    {"a dot in the route",       BOTH, "JSESSIONID=0A1B.b.3", "/", "b.3"},
    {"dots in id and route",     BOTH, "JSESSIONID=0A.1B.b.3", "/", "b.3"},
    {"a route that ends others", BOTH, "JSESSIONID=0A1B.3", "/", "3"},
    {"a route others end",       BOTH, "JSESSIONID=0A1B.a.b.3", "/", "a.b.3"},
    {"two sessions",             BOTH, "JSESSIONID=A.node3; JSESSIONID=B.node1", "/",
     "node3 node1"},
    {"own cookie goes first",    BOTH, "JSESSIONID=A.node3; CFROUTE=token-node1", "/x",
     "node1| node3"},
    {"both say the same",        BOTH, "JSESSIONID=A.node1; CFROUTE=token-node1", "/", "node1|"},
    {"session in the path",      BOTH, NULL, "/x;jsessionid=0A1B.node2", "node2"},
    {"then a query",             BOTH, NULL, "/x;jsessionid=0A1B.node2?a=b", "node2"},
    {"only in the query",        BOTH, NULL, "/x?a;jsessionid=0A1B.node2", ""},
    {"only in the fragment",     BOTH, NULL, "/x#;jsessionid=0A1B.node2", ""},
    {"in a middle segment",      BOTH, NULL, "/x;jsessionid=0A1B.node2/y/z.action?a", "node2"},
    {"behind another parameter", BOTH, NULL, "/x;a=b;jsessionid=0A1B.node2;c=d/y", "node2"},
    {"behind an empty one",      BOTH, NULL, "/x;;jsessionid=0A1B.node2", "node2"},
    {"in two segments",          BOTH, NULL, "/x;jsessionid=A.node3/y;jsessionid=B.node1",
     "node3 node1"},
    {"in capitals",              BOTH, NULL, "/x;JSESSIONID=0A1B.node2", "node2"},
    {"a longer parameter",       BOTH, NULL, "/x;xjsessionid=0A1B.node2", ""},
    {"a parameter that goes on", BOTH, NULL, "/x;jsessionids=0A1B.node2", ""},
    {"no value in the path",     BOTH, NULL, "/x;jsessionid", ""},
    {"an empty one in the path", BOTH, NULL, "/x;jsessionid=", ""},
    {"a semicolon at the end",   BOTH, NULL, "/x;", ""},
    {"cookie before path",       BOTH, "JSESSIONID=A.node3", "/x;jsessionid=B.node1",
     "node3 node1"},
    {"no cookie of our own",     NULL, "JSESSIONID", "CFROUTE=token-node1; JSESSIONID=A.node2",
     "/", "node2"},
    {"no session looked at",     "CFROUTE", NULL, "CFROUTE=token-node1; JSESSIONID=A.node2",
     "/x;jsessionid=B.node3", "node1|"},
    {"other names configured",   "R", "SID", "R=token-node1; SID=A.node2; JSESSIONID=A.node3",
     "/x;sid=B.node3", "node1| node2 node3"},
};

START_TEST(a_request_belongs_where_its_cookies_and_path_say)
{
    const char *got;

    kit.cl->sticky.cookie = rows[_i].cookie;
    kit.cl->sticky.session = rows[_i].session;
    got = read_routes(rows[_i].cookies, rows[_i].target);
    ck_assert_msg(strcmp(got, rows[_i].want) == 0, "%s: got \"%s\", expected \"%s\"",
                  rows[_i].label, got, rows[_i].want);
}
END_TEST

START_TEST(more_routes_than_fit_are_left_out)
{
    const char *cookies = "";
    cfc_kit_t large = cfc_kit_open("a b c d e f g h i j");
    cfc_routes_t routes;

    for (int i = 0; i < large.cl->nodes->nelts; i++) {
        cookies = apr_pstrcat(large.pool, cookies, "CFROUTE=",
                              cfc_cluster_nodes(large.cl)[i]->token, "; ", NULL);
    }
    cfc_routes_read(large.cl, cookies, "/;jsessionid=A.j", &routes);
    ck_assert_uint_eq(routes.count, CFC_ROUTES_MAX);
    ck_assert_uint_eq(routes.by_cookie, CFC_ROUTES_MAX);
    ck_assert_str_eq(routes.nodes[CFC_ROUTES_MAX - 1]->name, "h");
    cfc_kit_close(&large);
}
END_TEST

static const char *const fillers[] = {";", ",", "=", "\"", ".", " ", "CFROUTE=", "JSESSIONID=.",
                                      ";jsessionid=", ";jsessionid=.", "JSESSIONID=\"\","};

START_TEST(the_longest_hostile_line_is_nobodys)
{
    char line[LINE_MAX_BYTES + 1] = "";
    size_t length = 0;

    for (; length + strlen(fillers[_i]) < sizeof(line); length += strlen(fillers[_i])) {
        strcpy(line + length, fillers[_i]);
    }
    ck_assert_str_eq(read_routes(line, line), "");
}
END_TEST

START_TEST(the_clients_cookie_says_a_node_only_if_it_was_our_own_cookie)
{
    cfc_routes_t routes;

    cfc_routes_read(kit.cl, "CFROUTE=token-node1; JSESSIONID=A.node2", "/", &routes);
    ck_assert(cfc_routes_cookie_says(&routes, cfc_cluster_node(kit.cl, "node1")));
    ck_assert(!cfc_routes_cookie_says(&routes, cfc_cluster_node(kit.cl, "node2")));
    ck_assert(!cfc_routes_cookie_says(&routes, cfc_cluster_node(kit.cl, "node3")));
    cfc_routes_read(kit.cl, "JSESSIONID=A.node2", "/", &routes);
    ck_assert(!cfc_routes_cookie_says(&routes, cfc_cluster_node(kit.cl, "node2")));
}
END_TEST

START_TEST(of_two_own_cookies_the_first_that_names_a_node_says_it)
{
    cfc_routes_t routes;

    cfc_routes_read(kit.cl, "CFROUTE=gone; CFROUTE=token-node2; CFROUTE=token-node1", "/",
                    &routes);
    ck_assert(cfc_routes_cookie_says(&routes, cfc_cluster_node(kit.cl, "node2")));
    ck_assert(!cfc_routes_cookie_says(&routes, cfc_cluster_node(kit.cl, "node1")));
}
END_TEST

static const struct {
    const char *label, *cookies, *target;
    const char *want;           /* the session id that is hashed; NULL: none */
} sessions[] = {
    {"none",                     "CFROUTE=token-node1", "/",           NULL},
    {"with a route",             "JSESSIONID=A.node1", "/",            "A.node1"},
    {"without a route",          "CFROUTE=token-node1; JSESSIONID=A", "/", "A"},
    {"quoted",                   "JSESSIONID=\"A\"", "/",              "A"},
    {"an empty one",             "JSESSIONID=", "/",                   NULL},
    {"the first of two",         "JSESSIONID=A; JSESSIONID=B", "/",    "A"},
    {"the first that says anything", "JSESSIONID=; JSESSIONID=B", "/", "B"},
    {"in the path",              NULL, "/x;jsessionid=C",              "C"},
    {"cookie before path",       "JSESSIONID=A", "/x;jsessionid=C",    "A"},
};

START_TEST(a_client_is_known_by_its_session_id)
{
    const char *want = sessions[_i].want;
    cfc_routes_t routes;

    cfc_routes_read(kit.cl, sessions[_i].cookies, sessions[_i].target, &routes);
    ck_assert_msg(routes.session == (want ? cfc_sessions_hash(want, strlen(want), 0) : 0), "%s",
                  sessions[_i].label);
}
END_TEST

#define HOST_WIDE NULL, NULL, 0
#define EIGHT_HOURS_MS 28800000

static const struct {
    const char *label;
    const char *path, *domain;
    apr_int64_t lifetime_ms;
    cfc_samesite_t samesite;
    cfc_secure_t secure;
    bool tls;
    const char *want;
} cookies[] = {
    {"over http", HOST_WIDE, CFC_SAMESITE_LAX, CFC_SECURE_AUTO, false,
     "CFROUTE=token-node2; Path=/; HttpOnly; SameSite=Lax"},
    {"over https", HOST_WIDE, CFC_SAMESITE_LAX, CFC_SECURE_AUTO, true,
     "CFROUTE=token-node2; Path=/; HttpOnly; SameSite=Lax; Secure"},
    {"strict", HOST_WIDE, CFC_SAMESITE_STRICT, CFC_SECURE_AUTO, true,
     "CFROUTE=token-node2; Path=/; HttpOnly; SameSite=Strict; Secure"},
    {"none, for iframes", HOST_WIDE, CFC_SAMESITE_NONE, CFC_SECURE_AUTO, true,
     "CFROUTE=token-node2; Path=/; HttpOnly; SameSite=None; Secure"},
    {"TLS ends before httpd", HOST_WIDE, CFC_SAMESITE_LAX, CFC_SECURE_ALWAYS, false,
     "CFROUTE=token-node2; Path=/; HttpOnly; SameSite=Lax; Secure"},
    {"always, over https", HOST_WIDE, CFC_SAMESITE_LAX, CFC_SECURE_ALWAYS, true,
     "CFROUTE=token-node2; Path=/; HttpOnly; SameSite=Lax; Secure"},
    {"a path", "/wiki", NULL, 0, CFC_SAMESITE_LAX, CFC_SECURE_AUTO, false,
     "CFROUTE=token-node2; Path=/wiki; HttpOnly; SameSite=Lax"},
    {"a domain", NULL, "example.com", 0, CFC_SAMESITE_LAX, CFC_SECURE_AUTO, false,
     "CFROUTE=token-node2; Path=/; Domain=example.com; HttpOnly; SameSite=Lax"},
    {"a lifetime", NULL, NULL, EIGHT_HOURS_MS, CFC_SAMESITE_LAX, CFC_SECURE_AUTO, false,
     "CFROUTE=token-node2; Path=/; Max-Age=28800; HttpOnly; SameSite=Lax"},
    {"all of it", "/w", "a.b", EIGHT_HOURS_MS, CFC_SAMESITE_NONE, CFC_SECURE_ALWAYS, false,
     "CFROUTE=token-node2; Path=/w; Domain=a.b; Max-Age=28800; HttpOnly; SameSite=None; Secure"},
};

START_TEST(the_route_cookie_has_the_attributes_that_its_client_needs)
{
    cfc_sticky_t *sticky = &kit.cl->sticky;
    const char *got;

    sticky->path = cookies[_i].path;
    sticky->domain = cookies[_i].domain;
    sticky->lifetime_ms = cookies[_i].lifetime_ms;
    sticky->samesite = cookies[_i].samesite;
    sticky->secure = cookies[_i].secure;
    got = cfc_route_cookie(kit.cl, cfc_cluster_node(kit.cl, "node2"), cookies[_i].tls, 0, kit.pool);
    ck_assert_msg(strcmp(got, cookies[_i].want) == 0, "%s: %s", cookies[_i].label, got);
}
END_TEST

START_TEST(the_route_cookie_is_read_back)
{
    for (int i = 0; i < kit.cl->nodes->nelts; i++) {
        cfc_node_t *node = cfc_cluster_nodes(kit.cl)[i];

        node->token = cfc_route_token(CFC_KIT_CLUSTER, node->name, kit.pool);
        ck_assert_str_eq(read_routes(cfc_route_cookie(kit.cl, node, true, 0, kit.pool), "/"),
                         apr_pstrcat(kit.pool, node->name, "|", NULL));
    }
}
END_TEST

static const struct {
    const char *label, *cookies;
    const char *want;           /* the node, and when its user was at work, in seconds */
} moments[] = {
    {"none",                   "CFROUTE=token-node2", "node2| 0"},
    {"the epoch",              "CFROUTE=token-node2.00000000", "node2| 0"},
    {"one second later",       "CFROUTE=token-node2.00000001", "node2| 1"},
    {"every digit",            "CFROUTE=token-node2.89abcdef", "node2| 2309737967"},
    {"quoted",                 "CFROUTE=\"token-node2.0000000a\"", "node2| 10"},
    {"of the first node only", "CFROUTE=token-node1; CFROUTE=token-node2.0000000a",
     "node1 node2| 0"},
    {"too short",              "CFROUTE=token-node2.000000a", " 0"},
    {"too long",               "CFROUTE=token-node2.00000000a", " 0"},
    {"no digits",              "CFROUTE=token-node2.0000000g", " 0"},
    {"upper case",             "CFROUTE=token-node2.0000000A", " 0"},
    {"twice",                  "CFROUTE=token-node2.0000000a.0000000a", " 0"},
    {"a moment alone",         "CFROUTE=.0000000a", " 0"},
    {"only its digits",        "CFROUTE=0000000a", " 0"},
};

START_TEST(the_route_cookie_may_say_when_its_user_was_at_work)
{
    cfc_routes_t routes;
    const char *got;

    cfc_routes_read(kit.cl, moments[_i].cookies, "/", &routes);
    got = apr_psprintf(kit.pool, "%s %" APR_TIME_T_FMT, read_routes(moments[_i].cookies, "/"),
                       apr_time_sec(routes.at_work_at));
    ck_assert_msg(strcmp(got, moments[_i].want) == 0, "%s: %s", moments[_i].label, got);
}
END_TEST

START_TEST(a_moment_in_the_route_cookie_is_read_back_in_seconds)
{
    cfc_node_t *node = cfc_cluster_node(kit.cl, "node2");
    apr_time_t at = apr_time_from_sec(1764324000);
    cfc_routes_t routes;

    cfc_routes_read(kit.cl, cfc_route_cookie(kit.cl, node, true, at + 999999, kit.pool), "/",
                    &routes);
    ck_assert_ptr_eq(routes.nodes[0], node);
    ck_assert_int_eq(routes.at_work_at, at);
}
END_TEST

START_TEST(a_cluster_without_a_cookie_of_its_own_sets_none)
{
    kit.cl->sticky.cookie = NULL;
    ck_assert_ptr_null(
        cfc_route_cookie(kit.cl, cfc_cluster_node(kit.cl, "node1"), false, 0, kit.pool));
}
END_TEST

START_TEST(a_token_is_the_same_on_every_balancer_and_in_every_version)
{
    /* Users' cookies outlive an upgrade: another value here moves every session. */
    ck_assert_str_eq(cfc_route_token("confluence", "node1", kit.pool), "1b164e5683e9c593");
    ck_assert_str_eq(cfc_route_token("confluence", "node2", kit.pool), "1b164f5683e9c746");
}
END_TEST

START_TEST(tokens_differ_by_cluster_and_by_node)
{
    static const char *const names[][2] = {{"a", "b"}, {"ab", ""}, {"", "ab"}, {"b", "a"},
                                           {"a", "bb"}, {"aa", "b"}, {"a", "B"}};

    for (int i = 0; i < CFC_ROWS(names); i++) {
        const char *token = cfc_route_token(names[i][0], names[i][1], kit.pool);

        ck_assert_uint_eq(strlen(token), 16);
        ck_assert_uint_eq(strspn(token, "0123456789abcdef"), 16);
        for (int j = 0; j < i; j++) {
            ck_assert_str_ne(token, cfc_route_token(names[j][0], names[j][1], kit.pool));
        }
    }
}
END_TEST

Suite *cfc_route_suite(void)
{
    Suite *suite = suite_create("lb/route");
    TCase *tcase = tcase_create("route");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, a_request_belongs_where_its_cookies_and_path_say, 0,
                        CFC_ROWS(rows));
    tcase_add_test(tcase, more_routes_than_fit_are_left_out);
    tcase_add_loop_test(tcase, the_longest_hostile_line_is_nobodys, 0, CFC_ROWS(fillers));
    tcase_add_test(tcase, the_clients_cookie_says_a_node_only_if_it_was_our_own_cookie);
    tcase_add_test(tcase, of_two_own_cookies_the_first_that_names_a_node_says_it);
    tcase_add_loop_test(tcase, a_client_is_known_by_its_session_id, 0, CFC_ROWS(sessions));
    tcase_add_loop_test(tcase, the_route_cookie_has_the_attributes_that_its_client_needs, 0,
                        CFC_ROWS(cookies));
    tcase_add_test(tcase, the_route_cookie_is_read_back);
    tcase_add_loop_test(tcase, the_route_cookie_may_say_when_its_user_was_at_work, 0,
                        CFC_ROWS(moments));
    tcase_add_test(tcase, a_moment_in_the_route_cookie_is_read_back_in_seconds);
    tcase_add_test(tcase, a_cluster_without_a_cookie_of_its_own_sets_none);
    tcase_add_test(tcase, a_token_is_the_same_on_every_balancer_and_in_every_version);
    tcase_add_test(tcase, tokens_differ_by_cluster_and_by_node);
    suite_add_tcase(suite, tcase);
    return suite;
}
