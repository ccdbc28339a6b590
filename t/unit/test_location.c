/* SPDX-License-Identifier: Apache-2.0
 * test_location.c: what clients see of the redirects that nodes send. */
#include "lb/location.h"

#include <apr_pools.h>
#include <string.h>

#include "t/unit/suites.h"

static const struct {
    const char *label;
    const char *node;           /* host, before its port */
    int port;
    const char *scheme, *host;  /* the client's */
    const char *location, *want;
} rows[] = {
    {"a path",                     "10.0.0.11", 8090, "https", "wiki.example.com",
     "/login?x=http://10.0.0.11:8090/", "/login?x=http://10.0.0.11:8090/"},
    {"a relative path",            "10.0.0.11", 8090, "https", "wiki.example.com",
     "login.action", "login.action"},
    {"without a scheme",           "10.0.0.11", 8090, "https", "wiki.example.com",
     "//10.0.0.11:8090/x", "//10.0.0.11:8090/x"},
    {"nothing",                    "10.0.0.11", 8090, "https", "wiki.example.com", "", ""},
    {"the node's address",         "10.0.0.11", 8090, "https", "wiki.example.com",
     "http://10.0.0.11:8090/x?y#z", "https://wiki.example.com/x?y#z"},
    {"the node's, no path",        "10.0.0.11", 8090, "http", "wiki.example.com",
     "http://10.0.0.11:8090", "http://wiki.example.com"},
    {"the node's, query only",     "10.0.0.11", 8090, "http", "wiki.example.com",
     "http://10.0.0.11:8090?x", "http://wiki.example.com?x"},
    {"the node's, client's port",  "10.0.0.11", 8090, "https", "wiki.example.com:8443",
     "http://10.0.0.11:8090/x", "https://wiki.example.com:8443/x"},
    {"the node's, by https",       "10.0.0.11", 8443, "http", "wiki.example.com",
     "https://10.0.0.11:8443/x", "http://wiki.example.com/x"},
    {"the node's name",            "Node1.local", 8090, "http", "wiki.example.com",
     "HTTP://node1.LOCAL:8090/x", "http://wiki.example.com/x"},
    {"the node's IPv6 address",    "fd00::11", 8090, "http", "wiki.example.com",
     "http://[FD00::11]:8090/x", "http://wiki.example.com/x"},
    {"port 80 left out",           "10.0.0.11", 80, "http", "wiki.example.com",
     "http://10.0.0.11/x", "http://wiki.example.com/x"},
    {"port 443 left out",          "10.0.0.11", 443, "https", "wiki.example.com",
     "https://10.0.0.11/x", "https://wiki.example.com/x"},
    {"IPv6, port 80 left out",     "fd00::11", 80, "http", "wiki.example.com",
     "http://[fd00::11]/x", "http://wiki.example.com/x"},
    {"port 80 by https is other",  "10.0.0.11", 80, "https", "wiki.example.com",
     "https://10.0.0.11/x", "https://10.0.0.11/x"},
    {"another port of its host",   "10.0.0.11", 8090, "http", "wiki.example.com",
     "http://10.0.0.11:8091/x", "http://10.0.0.11:8091/x"},
    {"no port at its host",        "10.0.0.11", 8090, "http", "wiki.example.com",
     "http://10.0.0.11/x", "http://10.0.0.11/x"},
    {"a longer port",              "10.0.0.11", 8090, "http", "wiki.example.com",
     "http://10.0.0.11:80901/x", "http://10.0.0.11:80901/x"},
    {"own host, http to https",    "10.0.0.11", 8090, "https", "wiki.example.com",
     "http://wiki.example.com/x?y", "https://wiki.example.com/x?y"},
    {"own host with port",         "10.0.0.11", 8090, "https", "wiki.example.com:8443",
     "http://wiki.example.com:8443/x", "https://wiki.example.com:8443/x"},
    {"own host in capitals",       "10.0.0.11", 8090, "https", "wiki.example.com",
     "http://WIKI.example.com/x", "https://wiki.example.com/x"},
    {"own host, already https",    "10.0.0.11", 8090, "https", "wiki.example.com",
     "https://WIKI.example.com/x", "https://WIKI.example.com/x"},
    {"own host, https kept",       "10.0.0.11", 8090, "http", "wiki.example.com",
     "https://wiki.example.com/x", "https://wiki.example.com/x"},
    {"own host, already right",    "10.0.0.11", 8090, "http", "wiki.example.com",
     "http://wiki.example.com/x", "http://wiki.example.com/x"},
    {"own host at another port",   "10.0.0.11", 8090, "https", "wiki.example.com",
     "http://wiki.example.com:8080/x", "http://wiki.example.com:8080/x"},
    {"a longer host",              "10.0.0.11", 8090, "https", "wiki.example.com",
     "http://wiki.example.com.evil.test/x", "http://wiki.example.com.evil.test/x"},
    {"own host as a user name",    "10.0.0.11", 8090, "https", "wiki.example.com",
     "http://wiki.example.com@evil.test/x", "http://wiki.example.com@evil.test/x"},
    {"elsewhere",                  "10.0.0.11", 8090, "https", "wiki.example.com",
     "http://sso.example.com/?back=http://10.0.0.11:8090/",
     "http://sso.example.com/?back=http://10.0.0.11:8090/"},
    {"another scheme",             "10.0.0.11", 8090, "https", "wiki.example.com",
     "ftp://wiki.example.com/x", "ftp://wiki.example.com/x"},
    {"a client without a host",    "10.0.0.11", 8090, "https", NULL,
     "http://10.0.0.11:8090/x", "http://10.0.0.11:8090/x"},
};

START_TEST(a_redirect_leads_where_the_client_can_follow)
{
    cfc_node_t node = {.host = rows[_i].node, .port = rows[_i].port};
    apr_pool_t *pool;
    const char *got;

    ck_assert_int_eq(apr_pool_create(&pool, NULL), APR_SUCCESS);
    got = cfc_location_for_client(rows[_i].location, &node, rows[_i].scheme, rows[_i].host, pool);
    ck_assert_msg(strcmp(got, rows[_i].want) == 0, "%s: got %s, expected %s", rows[_i].label, got,
                  rows[_i].want);
    apr_pool_destroy(pool);
}
END_TEST

Suite *cfc_location_suite(void)
{
    Suite *suite = suite_create("lb/location");
    TCase *tcase = tcase_create("location");

    tcase_add_loop_test(tcase, a_redirect_leads_where_the_client_can_follow, 0, CFC_ROWS(rows));
    suite_add_tcase(suite, tcase);
    return suite;
}
