/* SPDX-License-Identifier: Apache-2.0
 * test_dependency.c: addresses of databases and directories, and what is still true of them. */
#include <apr_pools.h>
#include <string.h>

#include "conf/dependency_url.h"
#include "health/dependency.h"
#include "lb/segment.h"
#include "t/unit/suites.h"

#define SECOND APR_USEC_PER_SEC
#define NOW apr_time_from_sec(1000000)

static apr_pool_t *pool;

static void setup(void)
{
    apr_pool_create(&pool, NULL);
}

static void teardown(void)
{
    apr_pool_destroy(pool);
}

/* --- addresses; what is refused is in t/conf --------------------------------------------------- */

static const struct {
    const char *text;
    cfc_dependency_kind_t kind;
    const char *host, *address, *user, *path;
    int port, tls;
} urls[] = {
    {"mysql://db1", CFC_DEPENDENCY_MYSQL, "db1", "db1:3306", NULL, NULL, 3306, CFC_TLS_OFF},
    {"mysql://db1/", CFC_DEPENDENCY_MYSQL, "db1", "db1:3306", NULL, NULL, 3306, CFC_TLS_OFF},
    {"mysql://me@10.0.0.5:3307/wiki", CFC_DEPENDENCY_MYSQL, "10.0.0.5", "10.0.0.5:3307", "me",
     "wiki", 3307, CFC_TLS_OFF},
    {"mysql://[fd00::5]", CFC_DEPENDENCY_MYSQL, "fd00::5", "[fd00::5]:3306", NULL, NULL, 3306,
     CFC_TLS_OFF},
    {"ldap://ad1", CFC_DEPENDENCY_LDAP, "ad1", "ad1:389", NULL, NULL, 389, CFC_TLS_OFF},
    {"ldaps://ad1/ou=Our%20people,dc=x", CFC_DEPENDENCY_LDAP, "ad1", "ad1:636", NULL,
     "ou=Our people,dc=x", 636, CFC_TLS_VERIFY},
};

START_TEST(addresses_are_read_by_the_table)
{
    cfc_dependency_t got = {0};

    ck_assert_pstr_eq(cfc_dependency_url_read(&got, urls[_i].kind, "CFX", urls[_i].text, pool),
                      NULL);
    ck_assert_str_eq(got.host, urls[_i].host);
    ck_assert_str_eq(got.address, urls[_i].address);
    ck_assert_pstr_eq(got.user, urls[_i].user);
    ck_assert_pstr_eq(got.path, urls[_i].path);
    ck_assert_int_eq(got.port, urls[_i].port);
    ck_assert_int_eq(got.tls, urls[_i].tls);
}
END_TEST

/* --- what was found, as others see it ----------------------------------------------------------- */

static cfc_dependency_slot_t slot;
static const cfc_dependency_t conf = {.name = "master", .interval_ms = 5000, .timeout_ms = 3000,
                                      .slot = &slot};

static void found_at(apr_time_t at)
{
    const cfc_found_t found = {.at = at, .state = CFC_DEPENDENCY_OK, .reached = 1,
                               .in_sync = CFC_TRUTH_YES, .read_only = CFC_TRUTH_YES,
                               .connections = 7, .reason = "in sync"};

    memset(&slot, 0, sizeof(slot));
    cfc_record_write(&slot.found, &found, sizeof(found));
}

/* Nothing of it may be taken for a fact: not "no connections", not "in sync". */
static void expect_nothing(const cfc_found_t *found)
{
    ck_assert_int_eq(found->reached, 0);
    ck_assert_int_eq(found->in_sync, CFC_TRUTH_UNKNOWN);
    ck_assert_int_eq(found->read_only, CFC_TRUTH_UNKNOWN);
    ck_assert_int_eq(found->connections, CFC_DB_NUMBER_UNKNOWN);
    ck_assert_int_eq(found->lag_s, CFC_DB_NUMBER_UNKNOWN);
    ck_assert(found->queries_per_s < 0);
}

START_TEST(what_was_never_looked_at_is_unknown)
{
    cfc_found_t found;

    memset(&slot, 0, sizeof(slot));
    cfc_dependency_look(&conf, NOW, &found);
    ck_assert_int_eq(found.state, CFC_DEPENDENCY_UNKNOWN);
    ck_assert_str_eq(found.reason, "not looked at yet");
    expect_nothing(&found);
}
END_TEST

START_TEST(what_was_found_holds_for_three_intervals_and_a_look)
{
    cfc_found_t found;

    found_at(NOW);
    cfc_dependency_look(&conf, NOW + 18 * SECOND, &found);
    ck_assert_int_eq(found.state, CFC_DEPENDENCY_OK);
    ck_assert_int_eq(found.in_sync, CFC_TRUTH_YES);
    ck_assert_int_eq(found.connections, 7);
    cfc_dependency_look(&conf, NOW + 18 * SECOND + 1, &found);
    ck_assert_int_eq(found.state, CFC_DEPENDENCY_UNKNOWN);
    ck_assert_str_eq(found.reason, "not looked at for 18 s");
    expect_nothing(&found);
}
END_TEST

START_TEST(a_look_that_read_nothing_has_no_facts)
{
    cfc_found_t found = {.at = NOW, .state = CFC_DEPENDENCY_ALARM, .reason = "gone"};

    memset(&slot, 0, sizeof(slot));
    cfc_record_write(&slot.found, &found, sizeof(found));
    cfc_dependency_look(&conf, NOW, &found);
    ck_assert_int_eq(found.state, CFC_DEPENDENCY_ALARM);
    ck_assert_str_eq(found.reason, "gone");
    expect_nothing(&found);
}
END_TEST

static cfc_dependency_t at_db9, with_a_base, of_db9;

static const struct {
    const char *label;
    const cfc_dependency_t *is;
    bool known;
} successors[] = {
    {"the same", &conf, true},
    {"at another host", &at_db9, false},
    {"with another database", &with_a_base, false},
    {"of another source", &of_db9, false},
};

START_TEST(what_was_found_of_another_one_of_that_name_is_nothing)
{
    cfc_found_t found;

    at_db9 = with_a_base = of_db9 = conf;
    at_db9.host = "db9";
    with_a_base.path = "confluence";
    of_db9.source = &at_db9;
    found_at(NOW);
    atomic_store(&slot.identity, cfc_dependency_identity(&conf));
    cfc_dependency_look(successors[_i].is, NOW, &found);
    ck_assert_msg((found.state == CFC_DEPENDENCY_OK) == successors[_i].known, "%s",
                  successors[_i].label);
    if (!successors[_i].known) {
        ck_assert_str_eq(found.reason, "not looked at yet");
        expect_nothing(&found);
    }
}
END_TEST

START_TEST(bytes_that_are_no_state_have_a_word)
{
    ck_assert_str_eq(cfc_dependency_state_word(CFC_DEPENDENCY_ALARM), "alarm");
    ck_assert_str_eq(cfc_dependency_state_word(-1), "unknown");
    ck_assert_str_eq(cfc_dependency_state_word(99), "unknown");
    ck_assert_str_eq(cfc_truth_word(CFC_TRUTH_YES), "yes");
    ck_assert_str_eq(cfc_truth_word(99), "unknown");
}
END_TEST

Suite *cfc_dependency_suite(void)
{
    Suite *suite = suite_create("health/dependency");
    TCase *tcase = tcase_create("dependency");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, addresses_are_read_by_the_table, 0, CFC_ROWS(urls));
    tcase_add_test(tcase, what_was_never_looked_at_is_unknown);
    tcase_add_test(tcase, what_was_found_holds_for_three_intervals_and_a_look);
    tcase_add_test(tcase, a_look_that_read_nothing_has_no_facts);
    tcase_add_loop_test(tcase, what_was_found_of_another_one_of_that_name_is_nothing, 0,
                        CFC_ROWS(successors));
    tcase_add_test(tcase, bytes_that_are_no_state_have_a_word);
    suite_add_tcase(suite, tcase);
    return suite;
}
