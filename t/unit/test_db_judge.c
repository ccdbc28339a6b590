/* SPDX-License-Identifier: Apache-2.0
 * test_db_judge.c: what is made of databases, and when a replica counts as in sync. */
#include <apr_pools.h>
#include <stdio.h>
#include <string.h>

#include "health/db_judge.h"
#include "t/unit/suites.h"

#define SECOND APR_USEC_PER_SEC
#define NOW apr_time_from_sec(1000000)

static apr_pool_t *pool;
static cfc_db_facts_t source_facts, replica_facts;
static cfc_db_look_t source, replica;
static cfc_db_memory_t memory;
static cfc_db_verdict_t verdict;

/* A source and a replica that has all of it, MariaDB, both well. */
static void setup(void)
{
    apr_pool_create(&pool, NULL);
    cfc_db_facts_clear(&source_facts);
    source_facts.mariadb = true;
    source_facts.number = 101119;
    source_facts.server_id = 1;
    source_facts.read_only = CFC_TRUTH_NO;
    source_facts.logs = CFC_TRUTH_YES;
    source_facts.replica = CFC_TRUTH_NO;
    strcpy(source_facts.written.gtid, "0-1-15");
    source_facts.written.gtid_known = true;
    replica_facts = source_facts;
    replica_facts.server_id = 2;
    replica_facts.read_only = CFC_TRUTH_YES;
    replica_facts.replica = CFC_TRUTH_YES;
    replica_facts.channels_count = 1;
    replica_facts.channels[0] = (cfc_db_channel_t){
        .source = "db1:3306", .source_id = 1, .io = CFC_TRUTH_YES, .sql = CFC_TRUTH_YES,
        .uses_gtid = true};
    strcpy(replica_facts.applied, "0-1-15");
    replica_facts.applied_known = true;
    source = (cfc_db_look_t){"master", NULL, &source_facts, NOW};
    replica = (cfc_db_look_t){"replica", NULL, &replica_facts, NOW};
    memset(&memory, 0, sizeof(memory));
}

static void teardown(void)
{
    apr_pool_destroy(pool);
}

/* A look at both, so many seconds after the first one. */
static void look(int seconds)
{
    source.began_at = replica.began_at = NOW + seconds * SECOND;
    cfc_db_judge_replica(&replica, &source, replica.began_at + SECOND / 100, &memory, &verdict,
                         pool);
}

static void expect(const char *label, cfc_dependency_state_t state, cfc_truth_t in_sync,
                   const char *reason)
{
    ck_assert_msg(verdict.state == state, "%s: got state %s", label,
                  cfc_dependency_state_word(verdict.state));
    ck_assert_msg(verdict.in_sync == in_sync, "%s: got in_sync %s", label,
                  cfc_truth_word(verdict.in_sync));
    ck_assert_msg(strcmp(verdict.reason, reason) == 0, "%s: got \"%s\"", label, verdict.reason);
}

/* --- sources ---------------------------------------------------------------------------------- */

static void expect_source(const char *label, cfc_dependency_state_t state, const char *reason)
{
    cfc_db_judge_source(&source, &verdict, pool);
    expect(label, state, CFC_TRUTH_UNKNOWN, reason);
}

START_TEST(a_source_must_answer_and_be_writable)
{
    expect_source("well", CFC_DEPENDENCY_OK, "answers, and can be written to");
    source_facts.read_only = CFC_TRUTH_UNKNOWN;
    expect_source("of an age without read_only", CFC_DEPENDENCY_OK,
                  "answers, and can be written to");
    source_facts.read_only = CFC_TRUTH_YES;
    expect_source("read-only", CFC_DEPENDENCY_ALARM,
                  "read-only: applications cannot write (read_only=ON)");
    source_facts.super_read_only = CFC_TRUTH_YES;
    expect_source("read-only for all", CFC_DEPENDENCY_ALARM,
                  "read-only: applications cannot write (super_read_only=ON)");
    source.complaint = "connecting failed: 2002 no route";
    expect_source("gone", CFC_DEPENDENCY_ALARM, "connecting failed: 2002 no route");
}
END_TEST

/* --- replicas: one thing wrong at a time ------------------------------------------------------- */

static void gone(void)
{
    replica.complaint = "connecting failed: 2002 refused";
}

static void denied(void)
{
    replica_facts.replica = CFC_TRUTH_UNKNOWN;
    replica_facts.missing = CFC_DB_NEEDS_REPLICA;
}

static void denied_by_mysql(void)
{
    denied();
    replica_facts.mariadb = false;
    replica_facts.number = 80403;
}

static void no_replica(void)
{
    replica_facts.replica = CFC_TRUTH_NO;
    replica_facts.channels_count = 0;
}

static void io_stopped(void)
{
    replica_facts.channels[0].io = CFC_TRUTH_NO;
}

static void io_connecting(void)
{
    io_stopped();
    replica_facts.channels[0].connecting = true;
    strcpy(replica_facts.channels[0].error, "Access denied for user 'replica'");
}

static void sql_stopped(void)
{
    replica_facts.channels[0].sql = CFC_TRUTH_NO;
}

static void duplicate_key(void)
{
    sql_stopped();
    strcpy(replica_facts.channels[0].error, "Duplicate entry '2'");
}

static void io_error_of_a_running_thread(void)
{
    strcpy(replica_facts.channels[0].error, "log event entry exceeded max_allowed_packet");
}

static void elsewhere(void)
{
    replica_facts.channels[0].source_id = 9;
}

static void elsewhere_by_uuid(void)
{
    strcpy(source_facts.uuid, "aaaa");
    strcpy(replica_facts.channels[0].source_uuid, "bbbb");
}

static void same_uuid_other_id(void)
{
    strcpy(source_facts.uuid, "aaaa");
    strcpy(replica_facts.channels[0].source_uuid, "aaaa");
    replica_facts.channels[0].source_id = 9;
}

static void a_second_source_is_broken(void)
{
    replica_facts.channels_count = 2;
    replica_facts.channels[1] = replica_facts.channels[0];
    strcpy(replica_facts.channels[1].source, "db7:3306");
    replica_facts.channels[1].source_id = 7;
    replica_facts.channels[1].sql = CFC_TRUTH_NO;
}

static void the_second_source_is_ours(void)
{
    replica_facts.channels_count = 2;
    replica_facts.channels[1] = replica_facts.channels[0];
    replica_facts.channels[0].source_id = 7;
}

static void both_writable(void)
{
    replica_facts.read_only = CFC_TRUTH_NO;
}

static void denied_and_both_writable(void)
{
    denied();
    both_writable();
}

static void broken_and_both_writable(void)
{
    duplicate_key();
    both_writable();
}

static void no_replica_and_both_writable(void)
{
    no_replica();
    both_writable();
}

static void broken_and_the_source_unknown(void)
{
    broken_and_both_writable();
    source_facts.read_only = CFC_TRUTH_UNKNOWN;
}

static void with_more_sources_than_are_looked_at(void)
{
    replica_facts.channels_unseen = 2;
}

static void one_of_too_many_sources_is_broken(void)
{
    a_second_source_is_broken();
    replica_facts.channels_unseen = 2;
}

static void ours_may_be_the_fifth(void)
{
    elsewhere();
    replica_facts.channels_unseen = 1;
}

static void writable_beside_a_read_only_one(void)
{
    both_writable();
    source_facts.read_only = CFC_TRUTH_YES;
}

static void source_gone(void)
{
    source.complaint = "no answer within 3000 ms";
}

static void source_without_log(void)
{
    source_facts.logs = CFC_TRUTH_NO;
    source_facts.written.gtid_known = false;
}

static void source_hides_its_place(void)
{
    source_facts.missing = CFC_DB_NEEDS_BINLOG;
    source_facts.logs = CFC_TRUTH_UNKNOWN;
    source_facts.written.gtid_known = false;
    replica_facts.channels[0].uses_gtid = false;
}

static void behind(void)
{
    strcpy(replica_facts.applied, "0-1-14");
}

static void delayed(void)
{
    behind();
    replica_facts.channels[0].delay_s = 3600;
}

static const struct {
    const char *label;
    void (*change)(void);
    cfc_dependency_state_t state;
    cfc_truth_t in_sync;
    const char *reason;
} wrongs[] = {
    {"gone", gone, CFC_DEPENDENCY_ALARM, CFC_TRUTH_UNKNOWN, "connecting failed: 2002 refused"},
    {"without the privilege", denied, CFC_DEPENDENCY_UNKNOWN, CFC_TRUTH_UNKNOWN,
     "its replication may not be seen; GRANT SLAVE MONITOR ON *.* to its user"},
    {"without the privilege, MySQL", denied_by_mysql, CFC_DEPENDENCY_UNKNOWN, CFC_TRUTH_UNKNOWN,
     "its replication may not be seen; GRANT REPLICATION CLIENT ON *.* to its user"},
    {"no replica", no_replica, CFC_DEPENDENCY_ALARM, CFC_TRUTH_NO,
     "is not a replica of any server"},
    {"IO thread stopped", io_stopped, CFC_DEPENDENCY_ALARM, CFC_TRUTH_NO,
     "gets nothing from db1:3306: its IO thread does not run"},
    {"IO thread refused", io_connecting, CFC_DEPENDENCY_ALARM, CFC_TRUTH_NO,
     "cannot connect to db1:3306, and tries again: Access denied for user 'replica'"},
    {"SQL thread stopped", sql_stopped, CFC_DEPENDENCY_ALARM, CFC_TRUTH_NO,
     "does not apply what db1:3306 sends: its SQL thread does not run"},
    {"broken by a duplicate key", duplicate_key, CFC_DEPENDENCY_ALARM, CFC_TRUTH_NO,
     "does not apply what db1:3306 sends: its SQL thread does not run: Duplicate entry '2'"},
    {"an error although it runs", io_error_of_a_running_thread, CFC_DEPENDENCY_ALARM,
     CFC_TRUTH_NO,
     "replication from db1:3306 has failed: log event entry exceeded max_allowed_packet"},
    {"follows another server", elsewhere, CFC_DEPENDENCY_ALARM, CFC_TRUTH_NO,
     "follows db1:3306, which is not master"},
    {"follows another server, by uuid", elsewhere_by_uuid, CFC_DEPENDENCY_ALARM, CFC_TRUTH_NO,
     "follows db1:3306, which is not master"},
    {"a uuid outweighs a number", same_uuid_other_id, CFC_DEPENDENCY_OK, CFC_TRUTH_YES,
     "in sync"},
    {"one of two sources broken", a_second_source_is_broken, CFC_DEPENDENCY_ALARM, CFC_TRUTH_NO,
     "does not apply what db7:3306 sends: its SQL thread does not run"},
    {"the second of two sources is ours", the_second_source_is_ours, CFC_DEPENDENCY_OK,
     CFC_TRUTH_YES, "in sync"},
    {"both writable", both_writable, CFC_DEPENDENCY_ALARM, CFC_TRUTH_YES,
     "can be written to, and so can master: set read_only=ON here"},
    {"both writable, without the privilege", denied_and_both_writable, CFC_DEPENDENCY_ALARM,
     CFC_TRUTH_UNKNOWN, "can be written to, and so can master: set read_only=ON here"},
    {"both writable, and broken", broken_and_both_writable, CFC_DEPENDENCY_ALARM, CFC_TRUTH_NO,
     "can be written to, and so can master: set read_only=ON here; it does not apply what "
     "db1:3306 sends: its SQL thread does not run: Duplicate entry '2'"},
    {"both writable, and no replica", no_replica_and_both_writable, CFC_DEPENDENCY_ALARM,
     CFC_TRUTH_NO, "can be written to, and so can master: set read_only=ON here; it is not a "
     "replica of any server"},
    {"broken, and nobody knows of its source", broken_and_the_source_unknown, CFC_DEPENDENCY_ALARM,
     CFC_TRUTH_NO, "does not apply what db1:3306 sends: its SQL thread does not run: Duplicate "
     "entry '2'"},
    {"more sources than are looked at", with_more_sources_than_are_looked_at,
     CFC_DEPENDENCY_UNKNOWN, CFC_TRUTH_UNKNOWN,
     "replicates from 3 servers, of which only 1 are looked at"},
    {"one of too many sources broken", one_of_too_many_sources_is_broken, CFC_DEPENDENCY_ALARM,
     CFC_TRUTH_NO, "does not apply what db7:3306 sends: its SQL thread does not run"},
    {"too many sources, and ours not among the first", ours_may_be_the_fifth,
     CFC_DEPENDENCY_UNKNOWN, CFC_TRUTH_UNKNOWN,
     "replicates from 2 servers, of which only 1 are looked at"},
    {"writable while its source is not", writable_beside_a_read_only_one, CFC_DEPENDENCY_OK,
     CFC_TRUTH_YES, "in sync"},
    {"source gone", source_gone, CFC_DEPENDENCY_UNKNOWN, CFC_TRUTH_UNKNOWN,
     "replicates; whether it is in sync is not known: master could not be read"},
    {"source without a log", source_without_log, CFC_DEPENDENCY_UNKNOWN, CFC_TRUTH_UNKNOWN,
     "replicates; whether it is in sync is not known: master writes no binary log"},
    {"source hides its place", source_hides_its_place, CFC_DEPENDENCY_UNKNOWN, CFC_TRUTH_UNKNOWN,
     "replicates; whether it is in sync is not known: the place in the binary log of master may "
     "not be seen; there, GRANT BINLOG MONITOR ON *.* to its user"},
    {"behind", behind, CFC_DEPENDENCY_OK, CFC_TRUTH_NO, "behind by less than a minute"},
    {"delayed", delayed, CFC_DEPENDENCY_OK, CFC_TRUTH_NO,
     "behind, as it is configured to be: delayed by 3600 s"},
};

START_TEST(a_replica_with_one_thing_wrong_is_judged_by_the_table)
{
    wrongs[_i].change();
    look(0);
    look(2);
    expect(wrongs[_i].label, wrongs[_i].state, wrongs[_i].in_sync, wrongs[_i].reason);
}
END_TEST

START_TEST(nothing_wrong_is_forgiven_after_two_good_looks)
{
    look(0);
    look(2);
    expect("well", CFC_DEPENDENCY_OK, CFC_TRUTH_YES, "in sync");
    wrongs[_i].change();
    look(4);
    ck_assert_msg(verdict.in_sync == wrongs[_i].in_sync, "%s: got in_sync %s",
                  wrongs[_i].label, cfc_truth_word(verdict.in_sync));
}
END_TEST

/* --- in sync ----------------------------------------------------------------------------------- */

START_TEST(in_sync_takes_two_looks)
{
    look(0);
    expect("first look", CFC_DEPENDENCY_OK, CFC_TRUTH_UNKNOWN,
           "in sync at one look; the next one decides");
    ck_assert(verdict.look_again);
    look(5);
    expect("second look", CFC_DEPENDENCY_OK, CFC_TRUTH_YES, "in sync");
    ck_assert(!verdict.look_again);
    ck_assert_int_eq(verdict.in_sync_at, NOW + 5 * SECOND);
    look(10);
    ck_assert_int_eq(verdict.in_sync_at, NOW + 10 * SECOND);
}
END_TEST

START_TEST(the_channel_from_its_source_is_the_one_that_is_shown)
{
    look(0);
    ck_assert_int_eq(verdict.channel, 0);
    the_second_source_is_ours();
    look(2);
    ck_assert_int_eq(verdict.channel, 1);
}
END_TEST

START_TEST(two_looks_within_a_second_are_one)
{
    look(0);
    source.began_at += SECOND - 1;
    cfc_db_judge_replica(&replica, &source, NOW, &memory, &verdict, pool);
    ck_assert_int_eq(verdict.in_sync, CFC_TRUTH_UNKNOWN);
    look(1);
    ck_assert_int_eq(verdict.in_sync, CFC_TRUTH_YES);
}
END_TEST

START_TEST(a_look_behind_begins_the_count_anew)
{
    look(0);
    look(2);
    behind();
    look(4);
    expect("behind", CFC_DEPENDENCY_OK, CFC_TRUTH_NO, "behind by less than a minute");
    strcpy(replica_facts.applied, "0-1-15");
    look(6);
    ck_assert_int_eq(verdict.in_sync, CFC_TRUTH_UNKNOWN);
    look(8);
    ck_assert_int_eq(verdict.in_sync, CFC_TRUTH_YES);
}
END_TEST

START_TEST(a_frozen_source_is_never_in_sync_whatever_the_replica_says)
{
    look(0);
    look(2);
    source_gone();
    replica_facts.channels[0].lag_s = 0;
    for (int i = 4; i < 20; i += 2) {
        look(i);
        ck_assert_int_eq(verdict.in_sync, CFC_TRUTH_UNKNOWN);
    }
    source.complaint = NULL;
    look(20);
    ck_assert_int_eq(verdict.in_sync, CFC_TRUTH_UNKNOWN);
    look(22);
    ck_assert_int_eq(verdict.in_sync, CFC_TRUTH_YES);
}
END_TEST

START_TEST(behind_is_measured_from_the_first_place_not_reached)
{
    behind();
    look(0);
    strcpy(source_facts.written.gtid, "0-1-30");    /* its source goes on, it stands */
    look(59);
    expect("a second short of a minute", CFC_DEPENDENCY_OK, CFC_TRUTH_NO,
           "behind by less than a minute");
    look(60);
    expect("a minute", CFC_DEPENDENCY_WARNING, CFC_TRUTH_NO, "behind by at least 60 s");
    look(600);
    expect("ten minutes", CFC_DEPENDENCY_WARNING, CFC_TRUTH_NO, "behind by at least 600 s");
}
END_TEST

START_TEST(a_busy_pair_with_a_small_lag_is_no_warning)
{
    for (int i = 0; i < 200; i += 5) {
        snprintf(source_facts.written.gtid, CFC_DB_GTID_BYTES, "0-1-%d", 1000 + i);
        snprintf(replica_facts.applied, CFC_DB_GTID_BYTES, "0-1-%d", 1000 + i - 3);
        look(i);
        expect("busy", CFC_DEPENDENCY_OK, CFC_TRUTH_NO, "behind by less than a minute");
    }
}
END_TEST

START_TEST(a_delayed_replica_is_a_warning_when_it_is_later_than_it_should_be)
{
    delayed();
    look(0);
    look(3659);
    ck_assert_int_eq(verdict.state, CFC_DEPENDENCY_OK);
    ck_assert_int_eq(verdict.in_sync, CFC_TRUTH_NO);
    look(3660);
    expect("later", CFC_DEPENDENCY_WARNING, CFC_TRUTH_NO,
           "behind by at least 3660 s; it is delayed by 3600 s");
}
END_TEST

START_TEST(who_its_source_is_stays_known_while_that_is_gone)
{
    look(0);
    source_gone();
    elsewhere();
    look(2);
    expect("elsewhere", CFC_DEPENDENCY_ALARM, CFC_TRUTH_NO,
           "follows db1:3306, which is not master");
}
END_TEST

START_TEST(threads_that_never_met_their_source_are_not_called_elsewhere)
{
    replica_facts.channels[0].source_id = 0;
    io_connecting();
    look(0);
    expect("never met", CFC_DEPENDENCY_ALARM, CFC_TRUTH_NO,
           "cannot connect to db1:3306, and tries again: Access denied for user 'replica'");
}
END_TEST

Suite *cfc_db_judge_suite(void)
{
    Suite *suite = suite_create("health/db_judge");
    TCase *tcase = tcase_create("judge");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_source_must_answer_and_be_writable);
    tcase_add_loop_test(tcase, a_replica_with_one_thing_wrong_is_judged_by_the_table, 0,
                        CFC_ROWS(wrongs));
    tcase_add_loop_test(tcase, nothing_wrong_is_forgiven_after_two_good_looks, 0,
                        CFC_ROWS(wrongs));
    tcase_add_test(tcase, in_sync_takes_two_looks);
    tcase_add_test(tcase, the_channel_from_its_source_is_the_one_that_is_shown);
    tcase_add_test(tcase, two_looks_within_a_second_are_one);
    tcase_add_test(tcase, a_look_behind_begins_the_count_anew);
    tcase_add_test(tcase, a_frozen_source_is_never_in_sync_whatever_the_replica_says);
    tcase_add_test(tcase, behind_is_measured_from_the_first_place_not_reached);
    tcase_add_test(tcase, a_busy_pair_with_a_small_lag_is_no_warning);
    tcase_add_test(tcase, a_delayed_replica_is_a_warning_when_it_is_later_than_it_should_be);
    tcase_add_test(tcase, who_its_source_is_stays_known_while_that_is_gone);
    tcase_add_test(tcase, threads_that_never_met_their_source_are_not_called_elsewhere);
    suite_add_tcase(suite, tcase);
    return suite;
}
