/* SPDX-License-Identifier: Apache-2.0
 * test_db_position.c: whether a replica has what its source had. */
#include <string.h>

#include "health/db_position.h"
#include "t/unit/suites.h"

#define U1 "3e11fa47-71ca-11e1-9e33-c80aa9429562"
#define U2 "4f22fa47-71ca-11e1-9e33-c80aa9429562"
#define YES CFC_TRUTH_YES
#define NO CFC_TRUTH_NO
#define UNKNOWN CFC_TRUTH_UNKNOWN

typedef struct {
    const char *label, *part, *whole;
    cfc_truth_t want;
} pair_t;

static const pair_t mysql[] = {
    {"the same", U1 ":1-5", U1 ":1-5", YES},
    {"more", U1 ":1-5", U1 ":1-6", YES},
    {"one less", U1 ":1-5", U1 ":1-4", NO},
    {"a single one", U1 ":5", U1 ":1-5", YES},
    {"a gap in it", U1 ":1-5", U1 ":1-3:5", NO},
    {"the same gap in both", U1 ":1-3:5", U1 ":1-3:5", YES},
    {"a later interval is lacking", U1 ":1-3:7-9", U1 ":1-5", NO},
    {"an interval beyond is of no account", U1 ":1-3", U1 ":1-5:9", YES},
    {"two sources", U1 ":1-5," U2 ":1-3", U1 ":1-5," U2 ":1-3", YES},
    {"in the other order", U1 ":1-5," U2 ":1-3", U2 ":1-3," U1 ":1-5", YES},
    {"line ends and blanks between", U1 ":1-5,\n" U2 ":1-3", " " U1 ":1-9, \n" U2 ":1-9", YES},
    {"a comma at the end", U1 ":1-5,", U1 ":1-5", UNKNOWN},
    {"a source is lacking", U1 ":1-5," U2 ":1-3", U1 ":1-5", NO},
    {"its own writes do not matter", U1 ":1-5", U1 ":1-5," U2 ":1-900", YES},
    {"the other source's number is no help", U1 ":1-5", U2 ":1-5", NO},
    {"upper case is the same", "3E11FA47-71CA-11E1-9E33-C80AA9429562:1-5", U1 ":1-5", YES},
    {"nothing was written", "", U1 ":1", YES},
    {"nothing is there", U1 ":1", "", NO},
    {"tags are histories of their own", U1 ":tag:1-5", U1 ":1-5", NO},
    {"a tag", U1 ":tag:1-5", U1 ":tag:1-5", YES},
    {"a tag after intervals", U1 ":1-3:tag:1-5", U1 ":1-3:tag:1-5", YES},
    {"a tag after intervals, behind", U1 ":1-3:tag:1-5", U1 ":1-3:tag:1-4", NO},
    {"a tag does not reach to the next source", U1 ":tag:1-5," U2 ":1-3",
     U1 ":tag:1-5," U2 ":1-3", YES},
    {"large numbers", U1 ":1-9223372036854775806", U1 ":1-9223372036854775806", YES},
    {"words are no set", "none", U1 ":1-5", UNKNOWN},
    {"an interval backwards", U1 ":5-1", U1 ":1-5", UNKNOWN},
    {"an interval from zero", U1 ":0-5", U1 ":1-5", UNKNOWN},
    {"no interval", U1 ":", U1 ":1-5", UNKNOWN},
    {"no interval in the other", U1 ":1", U1, UNKNOWN},
    {"text after an interval", U1 ":1x", U1 ":1-5", UNKNOWN},
    {"no source", ":1-5", U1 ":1-5", UNKNOWN},
};

static const pair_t mariadb[] = {
    {"the same", "0-1-15", "0-1-15", YES},
    {"later", "0-1-15", "0-1-16", YES},
    {"earlier", "0-1-15", "0-1-14", NO},
    {"numbers, not text", "0-1-9", "0-1-10", YES},
    {"another server wrote the last one", "0-1-15", "0-2-16", YES},
    {"two domains", "0-1-15,1-1-7", "1-1-7,0-1-15", YES},
    {"one of two domains is behind", "0-1-15,1-1-7", "0-1-15,1-1-6", NO},
    {"a domain is lacking", "0-1-15,1-1-7", "0-1-15", NO},
    {"a domain more is of no account", "0-1-15", "0-1-15,7-1-1", YES},
    {"nothing was written", "", "0-1-1", YES},
    {"nothing is there", "0-1-15", "", NO},
    {"words are none", "0-1-15", "none", UNKNOWN},
    {"too short", "0-15", "0-1-15", UNKNOWN},
    {"too long", "0-1-15-2", "0-1-15", UNKNOWN},
    {"a sign", "0-1--15", "0-1-15", UNKNOWN},
};

START_TEST(sets_of_MySQL_are_compared_by_the_table)
{
    cfc_truth_t got = cfc_gtid_mysql_within(mysql[_i].part, mysql[_i].whole);

    ck_assert_msg(got == mysql[_i].want, "%s: got %d", mysql[_i].label, got);
}
END_TEST

START_TEST(GTIDs_of_MariaDB_are_compared_by_the_table)
{
    cfc_truth_t got = cfc_gtid_mariadb_within(mariadb[_i].part, mariadb[_i].whole);

    ck_assert_msg(got == mariadb[_i].want, "%s: got %d", mariadb[_i].label, got);
}
END_TEST

static const struct {
    const char *label, *written;
    uint64_t written_at;
    const char *applied;
    uint64_t applied_at;
    cfc_truth_t want;
} logs[] = {
    {"the same place", "bin.000003", 120, "bin.000003", 120, YES},
    {"a byte short", "bin.000003", 120, "bin.000003", 119, NO},
    {"beyond", "bin.000003", 120, "bin.000003", 121, YES},
    {"in the next file", "bin.000003", 999, "bin.000004", 4, YES},
    {"in the file before", "bin.000003", 4, "bin.000002", 999, NO},
    {"files by number, not by text", "bin.999999", 4, "bin.1000000", 4, YES},
    {"dots in the name", "db1.bin.000003", 120, "db1.bin.000003", 120, YES},
    {"another server's log", "db1-bin.000003", 120, "db2-bin.000003", 120, UNKNOWN},
    {"nothing was applied yet", "bin.000003", 120, "", 0, UNKNOWN},
    {"no number", "bin", 120, "bin", 120, UNKNOWN},
    {"text after the number", "bin.000003x", 120, "bin.000003x", 120, UNKNOWN},
};

START_TEST(places_in_logs_are_compared_by_the_table)
{
    cfc_truth_t got = cfc_log_reached(logs[_i].written, logs[_i].written_at, logs[_i].applied,
                                      logs[_i].applied_at);

    ck_assert_msg(got == logs[_i].want, "%s: got %d", logs[_i].label, got);
}
END_TEST

static const struct {
    const char *label;
    bool mariadb, uses_gtid, written_known, applied_known;
    const char *written, *applied, *file;
    cfc_truth_t want;
    const char *why;
} ways[] = {
    {"a channel by GTID goes by GTIDs", false, true, true, true, "a:1-5", "a:1-5", "bin.000001",
     YES, NULL},
    {"and not by the place in the log", false, true, true, true, "a:1-5", "a:1-4", "bin.000009",
     NO, NULL},
    {"MariaDB's GTIDs", true, true, true, true, "0-1-5", "0-1-5", "", YES, NULL},
    {"GTIDs of which one side is not known", false, true, false, true, "", "a:1-4", "bin.000009",
     UNKNOWN, "the GTIDs of the two cannot be compared"},
    {"a channel by place goes by places", false, false, true, true, "a:1-5", "a:1-4",
     "bin.000003", YES, NULL},
    {"a place that says nothing", false, false, true, true, "a:1-5", "a:1-5", "", UNKNOWN,
     "the places in the binary logs cannot be compared"},
};

START_TEST(a_channel_is_judged_by_what_it_goes_by)
{
    cfc_db_position_t written = {.file = "bin.000003", .offset = 4,
                                 .gtid_known = ways[_i].written_known};
    cfc_db_channel_t channel = {.uses_gtid = ways[_i].uses_gtid, .offset = 4};
    cfc_db_facts_t replica = {.mariadb = ways[_i].mariadb,
                              .applied_known = ways[_i].applied_known};
    const char *why;
    cfc_truth_t got;

    strcpy(written.gtid, ways[_i].written);
    strcpy(replica.applied, ways[_i].applied);
    strcpy(channel.file, ways[_i].file);
    got = cfc_db_reached(&written, &replica, &channel, &why);
    ck_assert_msg(got == ways[_i].want, "%s: got %d", ways[_i].label, got);
    ck_assert_pstr_eq(why, ways[_i].why);
}
END_TEST

START_TEST(a_source_whose_place_is_not_known_leaves_it_unknown)
{
    const cfc_db_channel_t channel = {.file = "bin.000003", .offset = 4};
    static const cfc_db_position_t nowhere;
    static const cfc_db_facts_t replica;
    const char *why;

    ck_assert_int_eq(cfc_db_reached(&nowhere, &replica, &channel, &why), UNKNOWN);
    ck_assert_str_eq(why, "the place in the source's binary log is not known");
}
END_TEST

Suite *cfc_db_position_suite(void)
{
    Suite *suite = suite_create("health/db_position");
    TCase *tcase = tcase_create("position");

    tcase_add_loop_test(tcase, sets_of_MySQL_are_compared_by_the_table, 0, CFC_ROWS(mysql));
    tcase_add_loop_test(tcase, GTIDs_of_MariaDB_are_compared_by_the_table, 0, CFC_ROWS(mariadb));
    tcase_add_loop_test(tcase, places_in_logs_are_compared_by_the_table, 0, CFC_ROWS(logs));
    tcase_add_loop_test(tcase, a_channel_is_judged_by_what_it_goes_by, 0, CFC_ROWS(ways));
    tcase_add_test(tcase, a_source_whose_place_is_not_known_leaves_it_unknown);
    suite_add_tcase(suite, tcase);
    return suite;
}
