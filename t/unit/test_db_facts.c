/* SPDX-License-Identifier: Apache-2.0
 * test_db_facts.c: what the answers of MySQL 5.7, 8.0, 8.4 and MariaDB 10.4, 10.11, 11.4 say. */
#include <stdio.h>
#include <string.h>

#include "health/db_facts.h"
#include "t/unit/suites.h"

#define CELLS 200

/* An answer as a client shows it with \G: "Column: value" lines; a blank line ends a row. A value
 * of NULL is SQL's. The texts are cut down to the columns that are looked at, and some others. */
typedef struct {
    cfc_table_t table;
    char text[4096];
    char *names[CELLS], *cells[CELLS];
} answer_t;

static const cfc_table_t *answer(answer_t *a, const char *text)
{
    char *rest = NULL;
    int lines = 0;

    memset(a, 0, sizeof(*a));
    a->table.names = a->names;
    a->table.cells = a->cells;
    ck_assert_uint_lt(strlen(text), sizeof(a->text));
    strcpy(a->text, text);
    for (char *line = strtok_r(a->text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        char *colon = strstr(line, ": ");

        ck_assert_msg(colon != NULL, "%s", line);
        *colon = '\0';
        for (int i = 0; i < lines && a->table.columns == 0; i++) {
            if (strcmp(a->names[i], line) == 0) {
                a->table.columns = lines;
            }
        }
        a->names[lines] = line;
        a->cells[lines++] = strcmp(colon + 2, "NULL") == 0 ? NULL : colon + 2;
        ck_assert_int_lt(lines, CELLS);
    }
    a->table.columns = a->table.columns != 0 ? a->table.columns : lines;
    a->table.rows = lines > 0 ? lines / a->table.columns : 0;
    return &a->table;
}

/* SHOW VARIABLES and SHOW STATUS: "name value" lines. */
static const cfc_table_t *pairs(answer_t *a, const char *text)
{
    char *rest = NULL;

    memset(a, 0, sizeof(*a));
    a->table.names = a->names;
    a->table.cells = a->cells;
    a->table.columns = 2;
    a->names[0] = "Variable_name";
    a->names[1] = "Value";
    strcpy(a->text, text);
    for (char *line = strtok_r(a->text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        char *blank = strchr(line, ' ');

        *blank = '\0';
        a->cells[2 * a->table.rows] = line;
        a->cells[2 * a->table.rows++ + 1] = blank + 1;
    }
    return &a->table;
}

/* --- versions --------------------------------------------------------------------------------- */

static const struct {
    const char *version;
    bool mariadb;
    int number;
    const char *replica, *binlog, *missing;     /* the last: of all privileges */
} versions[] = {
    {"5.7.44-log", false, 50744, "SHOW SLAVE STATUS", "SHOW MASTER STATUS",
     "REPLICATION CLIENT, PROCESS"},
    {"8.0.21", false, 80021, "SHOW SLAVE STATUS", "SHOW MASTER STATUS",
     "REPLICATION CLIENT, PROCESS"},
    {"8.0.36-28.1", false, 80036, "SHOW REPLICA STATUS", "SHOW MASTER STATUS",
     "REPLICATION CLIENT, PROCESS"},
    {"8.4.3", false, 80403, "SHOW REPLICA STATUS", "SHOW BINARY LOG STATUS",
     "REPLICATION CLIENT, PROCESS"},
    {"9.1.0-commercial", false, 90100, "SHOW REPLICA STATUS", "SHOW BINARY LOG STATUS",
     "REPLICATION CLIENT, PROCESS"},
    {"10.4.34-MariaDB", true, 100434, "SHOW ALL SLAVES STATUS", "SHOW MASTER STATUS",
     "REPLICATION CLIENT, PROCESS"},
    {"10.11.19-MariaDB-0+deb12u1", true, 101119, "SHOW ALL SLAVES STATUS", "SHOW MASTER STATUS",
     "SLAVE MONITOR, BINLOG MONITOR, PROCESS"},
    {"11.4.2-MariaDB-log", true, 110402, "SHOW ALL SLAVES STATUS", "SHOW MASTER STATUS",
     "SLAVE MONITOR, BINLOG MONITOR, PROCESS"},
};

START_TEST(each_version_is_asked_in_its_own_words)
{
    cfc_db_facts_t facts;
    char text[256], missing[96];
    answer_t a;

    cfc_db_facts_clear(&facts);
    snprintf(text, sizeof(text), "version %s", versions[_i].version);
    cfc_db_read_variables(&facts, pairs(&a, text));
    facts.missing = CFC_DB_NEEDS_REPLICA | CFC_DB_NEEDS_BINLOG | CFC_DB_NEEDS_PROCESS;
    cfc_db_missing_text(&facts, missing, sizeof(missing));
    ck_assert_int_eq(facts.mariadb, versions[_i].mariadb);
    ck_assert_int_eq(facts.number, versions[_i].number);
    ck_assert_str_eq(facts.version, versions[_i].version);
    ck_assert_str_eq(cfc_db_ask_replica(&facts), versions[_i].replica);
    ck_assert_str_eq(cfc_db_ask_binlog(&facts), versions[_i].binlog);
    ck_assert_str_eq(missing, versions[_i].missing);
}
END_TEST

static const struct {
    const char *label, *text;
    cfc_truth_t read_only, super_read_only;
    const char *uuid;
    int64_t id;
} variables[] = {
    {"MySQL, writable",
     "version 8.0.36\nserver_id 1\nserver_uuid 3e11fa47-71ca-11e1-9e33-c80aa9429562\n"
     "read_only OFF\nsuper_read_only OFF",
     CFC_TRUTH_NO, CFC_TRUTH_NO, "3e11fa47-71ca-11e1-9e33-c80aa9429562", 1},
    {"MySQL, for nobody to write",
     "version 8.0.36\nserver_id 2\nserver_uuid x\nread_only ON\nsuper_read_only ON",
     CFC_TRUTH_YES, CFC_TRUTH_YES, "x", 2},
    {"MariaDB has no super_read_only", "version 10.11.19-MariaDB\nserver_id 7\nread_only ON",
     CFC_TRUTH_YES, CFC_TRUTH_UNKNOWN, "", 7},
    {"MariaDB 12 has words for read_only", "version 12.1.1-MariaDB\nread_only NO_LOCK_NO_ADMIN",
     CFC_TRUTH_YES, CFC_TRUTH_UNKNOWN, "", 0},
    {"no answer at all", "", CFC_TRUTH_UNKNOWN, CFC_TRUTH_UNKNOWN, "", 0},
};

START_TEST(variables_are_read_by_the_table)
{
    cfc_db_facts_t facts;
    answer_t a;

    cfc_db_facts_clear(&facts);
    cfc_db_read_variables(&facts, pairs(&a, variables[_i].text));
    ck_assert_msg(facts.read_only == variables[_i].read_only, "%s: read_only %d",
                  variables[_i].label, facts.read_only);
    ck_assert_int_eq(facts.super_read_only, variables[_i].super_read_only);
    ck_assert_str_eq(facts.uuid, variables[_i].uuid);
    ck_assert_int_eq(facts.server_id, variables[_i].id);
}
END_TEST

/* --- replicas --------------------------------------------------------------------------------- */

#define MYSQL_57 \
    "Slave_IO_State: Waiting for master to send event\nMaster_Host: db1.example.org\n" \
    "Master_User: replica\nMaster_Port: 3306\nMaster_Log_File: mysql-bin.000003\n" \
    "Read_Master_Log_Pos: 73\nRelay_Master_Log_File: mysql-bin.000002\n" \
    "Slave_IO_Running: Yes\nSlave_SQL_Running: Yes\nLast_Errno: 0\n" \
    "Exec_Master_Log_Pos: 931\nSeconds_Behind_Master: 0\nLast_IO_Errno: 0\n" \
    "Last_IO_Error: \nLast_SQL_Errno: 0\nLast_SQL_Error: \nMaster_Server_Id: 1\n" \
    "Master_UUID: 3e11fa47-71ca-11e1-9e33-c80aa9429562\nSQL_Delay: 0\n" \
    "Executed_Gtid_Set: \nAuto_Position: 0\nChannel_Name: \n"

#define MYSQL_84 \
    "Replica_IO_State: Waiting for source to send event\nSource_Host: db1\nSource_Port: 3307\n" \
    "Source_Log_File: binlog.000012\nRead_Source_Log_Pos: 4\n" \
    "Relay_Source_Log_File: binlog.000012\nReplica_IO_Running: Yes\n" \
    "Replica_SQL_Running: Yes\nExec_Source_Log_Pos: 157\nSeconds_Behind_Source: 12\n" \
    "Last_IO_Error: \nLast_SQL_Error: \nSource_Server_Id: 9\nSource_UUID: aaaa\n" \
    "SQL_Delay: 3600\nExecuted_Gtid_Set: aaaa:1-77\nAuto_Position: 1\nChannel_Name: east\n"

#define MARIADB_STOPPED \
    "Connection_name: \nSlave_SQL_State: \nSlave_IO_State: \nMaster_Host: 10.0.0.5\n" \
    "Master_Port: 3306\nMaster_Log_File: bin.000001\nRead_Master_Log_Pos: 791\n" \
    "Relay_Master_Log_File: bin.000001\nSlave_IO_Running: No\nSlave_SQL_Running: No\n" \
    "Last_Errno: 1062\nExec_Master_Log_Pos: 342\nSeconds_Behind_Master: NULL\n" \
    "Last_IO_Error: \nLast_SQL_Error: Error 'Duplicate entry '2' for key 'PRIMARY''\n" \
    "Master_Server_Id: 1\nUsing_Gtid: No\nGtid_IO_Pos: \nSQL_Delay: 0\n"

#define MARIADB_CONNECTING \
    "Connection_name: west\nMaster_Host: 10.0.0.6\nMaster_Port: 3306\n" \
    "Relay_Master_Log_File: \nSlave_IO_Running: Connecting\nSlave_SQL_Running: Yes\n" \
    "Exec_Master_Log_Pos: 0\nSeconds_Behind_Master: NULL\n" \
    "Last_IO_Error: error connecting to master 'replica@10.0.0.6:3306'\nLast_SQL_Error: \n" \
    "Master_Server_Id: 0\nUsing_Gtid: Slave_Pos\nSQL_Delay: 0\n"

static const struct {
    const char *label, *text;
    cfc_db_channel_t want;
} replicas[] = {
    {"MySQL 5.7, file and place", MYSQL_57,
     {"", "db1.example.org:3306", "3e11fa47-71ca-11e1-9e33-c80aa9429562", 1, CFC_TRUTH_YES,
      CFC_TRUTH_YES, false, false, 0, 0, "", "mysql-bin.000002", 931}},
    {"MySQL 8.4, GTIDs, delayed", MYSQL_84,
     {"east", "db1:3307", "aaaa", 9, CFC_TRUTH_YES, CFC_TRUTH_YES, false, true, 12, 3600, "",
      "binlog.000012", 157}},
    {"MariaDB, stopped by an error", MARIADB_STOPPED,
     {"", "10.0.0.5:3306", "", 1, CFC_TRUTH_NO, CFC_TRUTH_NO, false, false, -1, 0,
      "Error 'Duplicate entry '2' for key 'PRIMARY''", "bin.000001", 342}},
    {"MariaDB, cannot connect", MARIADB_CONNECTING,
     {"west", "10.0.0.6:3306", "", 0, CFC_TRUTH_NO, CFC_TRUTH_YES, true, true, -1, 0,
      "error connecting to master 'replica@10.0.0.6:3306'", "", 0}},
};

START_TEST(a_replica_is_read_in_both_spellings)
{
    const cfc_db_channel_t *want = &replicas[_i].want, *got;
    cfc_db_facts_t facts;
    answer_t a;

    cfc_db_facts_clear(&facts);
    cfc_db_read_replica(&facts, answer(&a, replicas[_i].text));
    got = &facts.channels[0];
    ck_assert_int_eq(facts.replica, CFC_TRUTH_YES);
    ck_assert_int_eq(facts.channels_count, 1);
    ck_assert_str_eq(got->name, want->name);
    ck_assert_str_eq(got->source, want->source);
    ck_assert_str_eq(got->source_uuid, want->source_uuid);
    ck_assert_int_eq(got->source_id, want->source_id);
    ck_assert_msg(got->io == want->io && got->sql == want->sql
                  && got->connecting == want->connecting, "%s: threads", replicas[_i].label);
    ck_assert_int_eq(got->uses_gtid, want->uses_gtid);
    ck_assert_int_eq(got->lag_s, want->lag_s);
    ck_assert_int_eq(got->delay_s, want->delay_s);
    ck_assert_str_eq(got->error, want->error);
    ck_assert_str_eq(got->file, want->file);
    ck_assert_uint_eq(got->offset, want->offset);
}
END_TEST

START_TEST(an_empty_answer_is_no_replica_and_none_is_unknown)
{
    cfc_db_facts_t facts;
    cfc_table_t empty = {.columns = 0};

    cfc_db_facts_clear(&facts);
    ck_assert_int_eq(facts.replica, CFC_TRUTH_UNKNOWN);
    ck_assert_int_eq(facts.logs, CFC_TRUTH_UNKNOWN);
    cfc_db_read_replica(&facts, &empty);
    cfc_db_read_binlog(&facts, &empty);
    ck_assert_int_eq(facts.replica, CFC_TRUTH_NO);
    ck_assert_int_eq(facts.logs, CFC_TRUTH_NO);
}
END_TEST

START_TEST(a_replica_of_two_has_two_channels)
{
    cfc_db_facts_t facts;
    answer_t a;

    cfc_db_facts_clear(&facts);
    facts.mariadb = true;
    cfc_db_read_replica(&facts, answer(&a, "Connection_name: a\nMaster_Host: x\nMaster_Port: 1\n"
                                           "Connection_name: b\nMaster_Host: y\nMaster_Port: 2\n"));
    ck_assert_int_eq(facts.channels_count, 2);
    ck_assert_str_eq(facts.channels[0].source, "x:1");
    ck_assert_str_eq(facts.channels[1].source, "y:2");
    ck_assert_str_eq(facts.channels[1].name, "b");
}
END_TEST

START_TEST(a_replica_of_more_than_are_looked_at_says_so)
{
    cfc_db_facts_t facts;
    answer_t a;

    cfc_db_facts_clear(&facts);
    cfc_db_read_replica(&facts, answer(&a, "Master_Host: a\nMaster_Host: b\nMaster_Host: c\n"
                                           "Master_Host: d\nMaster_Host: e\n"));
    ck_assert_int_eq(facts.channels_count, CFC_DB_CHANNELS);
    ck_assert_int_eq(facts.channels_unseen, 1);
}
END_TEST

START_TEST(places_and_gtids_are_read)
{
    cfc_db_facts_t facts;
    answer_t a;

    cfc_db_facts_clear(&facts);
    cfc_db_read_binlog(&facts, answer(&a, "File: binlog.000007\nPosition: 4294967400\n"
                                          "Binlog_Do_DB: \nExecuted_Gtid_Set: aaaa:1-9\n"));
    ck_assert_str_eq(facts.written.file, "binlog.000007");
    ck_assert_uint_eq(facts.written.offset, 4294967400u);
    ck_assert(facts.written.gtid_known);
    ck_assert_str_eq(facts.written.gtid, "aaaa:1-9");
    cfc_db_read_replica(&facts, answer(&a, MYSQL_84));
    ck_assert(facts.applied_known);
    ck_assert_str_eq(facts.applied, "aaaa:1-77");

    cfc_db_facts_clear(&facts);
    cfc_db_read_gtids(&facts, answer(&a, "written: 0-1-15\napplied: 0-1-14\n"));
    ck_assert(facts.written.gtid_known && facts.applied_known);
    ck_assert_str_eq(facts.written.gtid, "0-1-15");
    ck_assert_str_eq(facts.applied, "0-1-14");
}
END_TEST

START_TEST(a_source_that_has_written_nothing_yet_is_known_to_have_done_so)
{
    cfc_db_facts_t facts;
    answer_t a;

    cfc_db_facts_clear(&facts);
    cfc_db_read_gtids(&facts, answer(&a, "written: \napplied: 0-1-1\n"));
    ck_assert_msg(!facts.written.gtid_known, "it may write no log at all");
    cfc_db_read_binlog(&facts, answer(&a, "File: bin.000001\nPosition: 4\nBinlog_Do_DB: \n"));
    cfc_db_read_gtids(&facts, answer(&a, "written: \napplied: 0-1-1\n"));
    ck_assert(facts.written.gtid_known);
}
END_TEST

START_TEST(a_gtid_set_that_is_too_long_is_not_known)
{
    static char text[CFC_DB_GTID_BYTES + 1];
    static char *names[] = {"Executed_Gtid_Set"}, *cells[] = {text};
    const cfc_table_t table = {1, 1, names, cells};
    cfc_db_facts_t facts;

    memset(text, 'a', CFC_DB_GTID_BYTES);
    cfc_db_facts_clear(&facts);
    cfc_db_read_binlog(&facts, &table);
    cfc_db_read_replica(&facts, &table);
    ck_assert(!facts.written.gtid_known && !facts.applied_known);
}
END_TEST

START_TEST(counters_are_read_and_absent_ones_stay_unknown)
{
    cfc_db_facts_t facts;
    answer_t a;

    cfc_db_facts_clear(&facts);
    cfc_db_read_status(&facts, pairs(&a, "Bytes_received 10\nBytes_sent 20\nQuestions 30\n"
                                         "Slow_queries 1\nThreads_connected 4\n"
                                         "Ssl_server_not_after Nov 20 17:46:09 2036 GMT\n"
                                         "Uptime 99"));
    ck_assert_int_eq(facts.bytes_in, 10);
    ck_assert_int_eq(facts.bytes_out, 20);
    ck_assert_int_eq(facts.queries, 30);
    ck_assert_int_eq(facts.slow_queries, 1);
    ck_assert_int_eq(facts.threads_connected, 4);
    ck_assert_int_eq(facts.threads_running, CFC_DB_NUMBER_UNKNOWN);
    ck_assert_int_eq(facts.uptime_s, 99);
    ck_assert_int_eq(apr_time_sec(facts.certificate_end), 2110815969);
}
END_TEST

/* --- connections ------------------------------------------------------------------------------ */

#define ROW(user, host, db, command) \
    "ID: 1\nUSER: " user "\nHOST: " host "\nDB: " db "\nCOMMAND: " command "\n"
#define OWN "ID: 7\nUSER: monitor\nHOST: 10.0.0.1:5000\nDB: NULL\nCOMMAND: Query\n"
#define OTHERS ROW("monitor", "10.0.0.2:5000", "NULL", "Query")     /* another balancer's */
#define DUMP ROW("replica", "10.0.0.7:4000", "NULL", "Binlog Dump")
#define GTID_DUMP ROW("replica", "10.0.0.7:4000", "NULL", "Binlog Dump GTID")
#define THREAD ROW("system user", "", "NULL", "Slave_SQL")
#define EVENTS ROW("event_scheduler", "localhost", "NULL", "Daemon")
#define APP(host) ROW("confluence", host, "confluence", "Sleep")

static const struct {
    const char *label, *text;
    int connected;          /* as the server counts them */
    const char *database;
    int64_t want;           /* -1: not known */
    const char *hosts;
    int64_t elsewhere;      /* 0: none, or nobody asked */
} lists[] = {
    {"an idle pool on two hosts counts", OWN DUMP APP("10.0.0.11:1") APP("10.0.0.12:1")
     APP("10.0.0.12:2"), 5, NULL, 3, "10.0.0.12 2, 10.0.0.11 1", 0},
    {"nobody but replicas and threads", OWN GTID_DUMP THREAD EVENTS, 2, NULL, 0, "", 0},
    {"others of the same user are other balancers", OWN OTHERS DUMP, 3, NULL, 0, "", 0},
    {"alone, whatever the privilege", OWN, 1, NULL, 0, "", 0},
    {"others are there and not to be seen", OWN, 2, NULL, -1, "", 0},
    {"nothing is to be seen at all", "", 2, NULL, -1, "", 0},
    {"alone by a list, but the server does not count", OWN, -1, NULL, -1, "", 0},
    {"another database's do not count", OWN APP("h:1") ROW("wiki", "h:2", "other", "Sleep")
     ROW("root", "localhost", "NULL", "Query"), 4, "confluence", 1, "h 1", 2},
    {"the case of a database's name does not matter", OWN APP("h:1"), 2, "Confluence", 1, "h 1", 0},
    {"a mistyped name has none", OWN APP("h:1"), 2, "confluenc", 0, "", 1},
    {"an application that uses our account counts", OWN OTHERS ROW("monitor", "h:1", "confluence",
     "Sleep"), 3, NULL, 1, "h 1", 0},
    {"our own one does not, whatever its database", "ID: 7\nUSER: monitor\nHOST: h:1\n"
     "DB: confluence\nCOMMAND: Query\n" DUMP, 2, "confluence", 0, "", 0},
    {"without a database named all count", OWN APP("h:1") ROW("root", "localhost", "NULL",
     "Query"), 3, NULL, 2, "h 1, localhost 1", 0},
    {"IPv6 addresses keep their colons", OWN APP("fd00::11:51234"), 2, NULL, 1, "fd00::11 1", 0},
};

START_TEST(only_connections_of_applications_count)
{
    char hosts[256] = "";
    cfc_db_facts_t facts;
    answer_t a;

    cfc_db_facts_clear(&facts);
    facts.threads_connected = lists[_i].connected;
    cfc_db_read_connections(&facts, answer(&a, lists[_i].text),
                            &(cfc_db_viewer_t){"monitor", 7, lists[_i].database});
    for (int i = 0; i < facts.hosts_count; i++) {
        snprintf(hosts + strlen(hosts), sizeof(hosts) - strlen(hosts), "%s%s %d",
                 i > 0 ? ", " : "", facts.hosts[i].host, facts.hosts[i].count);
    }
    ck_assert_msg(facts.connections == lists[_i].want, "%s: got %d", lists[_i].label,
                  (int)facts.connections);
    ck_assert_msg(strcmp(hosts, lists[_i].hosts) == 0, "%s: got \"%s\"", lists[_i].label, hosts);
    ck_assert_int_eq((facts.missing & CFC_DB_NEEDS_PROCESS) != 0, lists[_i].want < 0);
    ck_assert_msg((facts.elsewhere > 0 ? facts.elsewhere : 0) == lists[_i].elsewhere, "%s: got %d",
                  lists[_i].label, (int)facts.elsewhere);
}
END_TEST

START_TEST(a_database_that_is_not_there_has_no_connections_that_are_known)
{
    cfc_table_t none = {.columns = 0};
    cfc_db_facts_t facts;
    answer_t a;

    cfc_db_facts_clear(&facts);
    ck_assert(!cfc_db_wants_database(&facts));
    facts.connections = 0;
    ck_assert(!cfc_db_wants_database(&facts));      /* nobody is connected to anything */
    facts.elsewhere = 3;
    ck_assert(cfc_db_wants_database(&facts));
    cfc_db_read_database(&facts, answer(&a, "1: 1\n"));
    ck_assert_int_eq(facts.connections, 0);
    cfc_db_read_database(&facts, &none);
    ck_assert_int_eq(facts.connections, CFC_DB_NUMBER_UNKNOWN);
    ck_assert_int_eq(facts.database, CFC_TRUTH_NO);
}
END_TEST

START_TEST(a_database_is_asked_for_by_the_names_that_it_has)
{
    static const char *const too_long = "------------------------------------------------------"
                                        "--------------------";
    char question[CFC_DB_QUESTION_BYTES];

    cfc_db_ask_database(&(cfc_db_facts_t){.number = 80403}, "My-w", question);
    ck_assert_ptr_nonnull(strstr(question, "LOWER(SCHEMA_NAME) = 0x6d792d77 "));
    ck_assert_ptr_nonnull(strstr(question, "INNODB_TABLES "));
    ck_assert_ptr_nonnull(strstr(question, " = 0x6d79403030326477 LIMIT 1"));  /* my@002dw */
    cfc_db_ask_database(&(cfc_db_facts_t){.number = 101119, .mariadb = true}, too_long, question);
    ck_assert_ptr_nonnull(strstr(question, "INNODB_SYS_TABLES "));
    ck_assert_ptr_nonnull(strstr(question, "LIMIT 1"));
}
END_TEST

static void expect_ways(const cfc_db_facts_t *facts, const char *first, const char *second)
{
    ck_assert_ptr_nonnull(strstr(cfc_db_ask_connections(facts, 0), first));
    if (second != NULL) {
        ck_assert_ptr_nonnull(strstr(cfc_db_ask_connections(facts, 1), second));
    }
    else {
        ck_assert_ptr_null(cfc_db_ask_connections(facts, 1));
    }
}

START_TEST(connections_of_MySQL_8_are_asked_for_where_no_lock_is)
{
    expect_ways(&(cfc_db_facts_t){.number = 80403}, "performance_schema", "information_schema");
    expect_ways(&(cfc_db_facts_t){.number = 80021}, "information_schema", NULL);
    expect_ways(&(cfc_db_facts_t){.number = 110402, .mariadb = true}, "information_schema", NULL);
}
END_TEST

Suite *cfc_db_facts_suite(void)
{
    Suite *suite = suite_create("health/db_facts");
    TCase *tcase = tcase_create("facts");

    tcase_add_loop_test(tcase, each_version_is_asked_in_its_own_words, 0, CFC_ROWS(versions));
    tcase_add_loop_test(tcase, variables_are_read_by_the_table, 0, CFC_ROWS(variables));
    tcase_add_loop_test(tcase, a_replica_is_read_in_both_spellings, 0, CFC_ROWS(replicas));
    tcase_add_test(tcase, an_empty_answer_is_no_replica_and_none_is_unknown);
    tcase_add_test(tcase, a_replica_of_two_has_two_channels);
    tcase_add_test(tcase, a_replica_of_more_than_are_looked_at_says_so);
    tcase_add_test(tcase, places_and_gtids_are_read);
    tcase_add_test(tcase, a_source_that_has_written_nothing_yet_is_known_to_have_done_so);
    tcase_add_test(tcase, a_gtid_set_that_is_too_long_is_not_known);
    tcase_add_test(tcase, counters_are_read_and_absent_ones_stay_unknown);
    tcase_add_loop_test(tcase, only_connections_of_applications_count, 0, CFC_ROWS(lists));
    tcase_add_test(tcase, a_database_that_is_not_there_has_no_connections_that_are_known);
    tcase_add_test(tcase, a_database_is_asked_for_by_the_names_that_it_has);
    tcase_add_test(tcase, connections_of_MySQL_8_are_asked_for_where_no_lock_is);
    suite_add_tcase(suite, tcase);
    return suite;
}
