/* SPDX-License-Identifier: Apache-2.0
 * test_node_url.c: which addresses and names nodes can have. */
#include "conf/node_url.h"

#include <apr_pools.h>
#include <string.h>

#include "t/unit/suites.h"

static apr_pool_t *pool;

static void set_up(void)
{
    ck_assert_int_eq(apr_pool_create(&pool, NULL), APR_SUCCESS);
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

static const struct {
    const char *label, *text;
    cfc_scheme_t scheme;
    const char *host;
    int port;
    const char *url;
} good[] = {
    {"http and port",      "http://10.0.0.11:8090",     CFC_SCHEME_HTTP,  "10.0.0.11", 8090,
     "http://10.0.0.11:8090"},
    {"http alone",         "http://node1.example.com",  CFC_SCHEME_HTTP,  "node1.example.com", 80,
     "http://node1.example.com:80"},
    {"https alone",        "https://node1",             CFC_SCHEME_HTTPS, "node1", 443,
     "https://node1:443"},
    {"ajp alone",          "ajp://node1",               CFC_SCHEME_AJP,   "node1", 8009,
     "ajp://node1:8009"},
    {"a slash at the end", "http://node1:8090/",        CFC_SCHEME_HTTP,  "node1", 8090,
     "http://node1:8090"},
    {"an underscore",      "http://node_1:8090",        CFC_SCHEME_HTTP,  "node_1", 8090,
     "http://node_1:8090"},
    {"IPv6 and port",      "http://[fd00::11]:8090",    CFC_SCHEME_HTTP,  "fd00::11", 8090,
     "http://[fd00::11]:8090"},
    {"IPv6 alone",         "ajp://[::1]",               CFC_SCHEME_AJP,   "::1", 8009,
     "ajp://[::1]:8009"},
    {"IPv4 in IPv6",       "http://[::ffff:10.0.0.11]", CFC_SCHEME_HTTP,  "::ffff:10.0.0.11", 80,
     "http://[::ffff:10.0.0.11]:80"},
    {"the lowest port",    "http://node1:1",            CFC_SCHEME_HTTP,  "node1", 1,
     "http://node1:1"},
    {"the highest port",   "http://node1:65535",        CFC_SCHEME_HTTP,  "node1", 65535,
     "http://node1:65535"},
    {"zeros in the port",  "http://node1:08090",        CFC_SCHEME_HTTP,  "node1", 8090,
     "http://node1:8090"},
};

START_TEST(an_address_is_read_into_its_parts)
{
    cfc_node_t node = {.weight = 7};
    const char *complaint = cfc_node_url_read(&node, "CFNode n", good[_i].text, pool);

    ck_assert_msg(complaint == NULL, "%s: %s", good[_i].label, complaint);
    ck_assert_int_eq(node.scheme, good[_i].scheme);
    ck_assert_str_eq(node.host, good[_i].host);
    ck_assert_int_eq(node.port, good[_i].port);
    ck_assert_str_eq(node.url, good[_i].url);
    ck_assert_int_eq(node.weight, 7);
}
END_TEST

static const struct {
    const char *label, *text, *complaint;
} bad[] = {
    {"no scheme",         "10.0.0.11:8090",         "\"10.0.0.11:8090\" has no scheme; write "
     "http://10.0.0.11:8090, https://10.0.0.11:8090 or ajp://10.0.0.11:8090"},
    {"nothing",           "",                       "has no scheme"},
    {"one slash",         "http:/node1",            "has no scheme"},
    {"nothing before",    "://node1",               "is not an address; for example http://"},
    {"another scheme",    "ftp://node1",            "http, https or ajp, not ftp"},
    {"scheme, capitals",  "HTTP://node1",           "http, https or ajp, not HTTP"},
    {"WebSocket",         "ws://node1",             "http, https or ajp, not ws"},
    {"a socket",          "unix:///run/x|http://h", "http, https or ajp, not unix"},
    {"no host",           "http://",                "names no host; for example http://"},
    {"only a port",       "http://:8090",           "names no host"},
    {"only a path",       "http:///x",              "names no host"},
    {"empty brackets",    "http://[]:8090",         "names no host"},
    {"no port at colon",  "http://node1:",          "port \"\" is not a number from 1 to 65535"},
    {"port 0",            "http://node1:0",         "port \"0\" is not a number from 1 to 65535"},
    {"port 65536",        "http://node1:65536",     "port \"65536\" is not a number"},
    {"port 65537",        "http://node1:65537",     "port \"65537\" is not a number"},
    {"a huge port",       "http://node1:18446744073709551617", "is not a number"},
    {"negative port",     "http://node1:-1",        "port \"-1\" is not a number"},
    {"port with a sign",  "http://node1:+80",       "port \"+80\" is not a number"},
    {"port with a blank", "http://node1: 80",       "port \" 80\" is not a number"},
    {"port with letters", "http://node1:8o",        "is not an address"},
    {"bare IPv6",         "http://fd00::11:8090",   "is not an address"},
    {"open bracket",      "http://[fd00::11",       "is not an address"},
    {"after the bracket", "http://[::1]x:80",       "is not a host; write a name, an IPv4 address, "
     "or an IPv6 address in brackets, for example http://[fd00::11]:8090"},
    {"a name in brackets", "http://[node1]:80",     "\"node1\" is not a host"},
    {"IPv6 with a zone",  "http://[fe80::1%eth0]",  "\"fe80::1%eth0\" is not a host"},
    {"a blank",           "http://node 1",          "\"node 1\" is not a host"},
    {"a comma",           "http://node1,node2",     "\"node1,node2\" is not a host"},
    {"a semicolon",       "http://node1;route=a",   "\"node1;route=a\" is not a host"},
    {"an asterisk",       "http://*:80",            "\"*\" is not a host"},
    {"a user",            "http://u@node1",         "write no user or password"},
    {"a password",        "http://u:p@node1:80",    "write no user or password"},
    {"an empty user",     "http://@node1",          "write no user or password"},
    {"a path",            "http://node1:80/wiki",   "has a path; write http://node1:80 only"},
    {"two slashes",       "http://node1//",         "has a path"},
    {"a query",           "http://node1?x",         "has a path"},
    {"slash and query",   "http://node1/?x",        "has a path"},
    {"a fragment",        "http://node1#x",         "has a path"},
};

START_TEST(another_address_is_refused_with_the_reason)
{
    cfc_node_t node, before;
    const char *complaint;

    memset(&node, 0x5a, sizeof(node));
    before = node;
    complaint = cfc_node_url_read(&node, "CFNode node1", bad[_i].text, pool);
    ck_assert_msg(complaint != NULL, "%s: accepted", bad[_i].label);
    /* A password is never repeated, everything else is. */
    ck_assert_msg((strncmp(complaint, "CFNode node1: \"", 15) == 0) == !strchr(bad[_i].text, '@'),
                  "%s: %s", bad[_i].label, complaint);
    ck_assert_msg(strstr(complaint, bad[_i].complaint) != NULL, "%s: %s", bad[_i].label,
                  complaint);
    ck_assert_mem_eq(&node, &before, sizeof(node));
}
END_TEST

static const struct {
    const char *name;
    bool want;
} names[] = {
    {"node1", true},
    {"n", true},
    {"Node-1_a.example", true},
    {"123456789012345678901234567890123456789012345678901234567890123", true},
    {"1234567890123456789012345678901234567890123456789012345678901234", false},
    {"", false},
    {"node 1", false},
    {"node/1", false},
    {"node;1", false},
    {"node=1", false},
    {"n\xc3\xb6" "de", false},
    {"node1\n", false},
};

START_TEST(a_name_is_short_and_plain)
{
    ck_assert_msg(cfc_name_ok(names[_i].name) == names[_i].want, "\"%s\"", names[_i].name);
}
END_TEST

Suite *cfc_node_url_suite(void)
{
    Suite *suite = suite_create("conf/node_url");
    TCase *tcase = tcase_create("node_url");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, an_address_is_read_into_its_parts, 0, CFC_ROWS(good));
    tcase_add_loop_test(tcase, another_address_is_refused_with_the_reason, 0, CFC_ROWS(bad));
    tcase_add_loop_test(tcase, a_name_is_short_and_plain, 0, CFC_ROWS(names));
    suite_add_tcase(suite, tcase);
    return suite;
}
