/* SPDX-License-Identifier: Apache-2.0
 * db_facts.c: reads the answers of MySQL 5.7, 8.0, 8.4 and MariaDB 10, 11. Columns are found by
 * name, in the newer spelling and the older one; what is not there stays unknown. Pure.
 *
 *              replica                    binary log                   privilege
 *   MySQL 5.7  SHOW SLAVE STATUS          SHOW MASTER STATUS           REPLICATION CLIENT
 *   8.0.22     SHOW REPLICA STATUS        SHOW MASTER STATUS           REPLICATION CLIENT
 *   8.2        SHOW REPLICA STATUS        SHOW BINARY LOG STATUS       REPLICATION CLIENT
 *   MariaDB    SHOW ALL SLAVES STATUS     SHOW MASTER STATUS           REPLICATION CLIENT
 *   10.5       SHOW ALL SLAVES STATUS     SHOW MASTER STATUS           SLAVE MONITOR and
 *                                                                      BINLOG MONITOR
 */
#include "health/db_facts.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "health/certificate.h"

static void copy(char *to, size_t bytes, const char *from)
{
    snprintf(to, bytes, "%s", from != NULL ? from : "");
}

/* A thread's "Yes"; "No", "Connecting" and "Preparing" are none. */
static cfc_truth_t runs(const char *text)
{
    return text == NULL ? CFC_TRUTH_UNKNOWN
           : strcasecmp(text, "Yes") == 0 ? CFC_TRUTH_YES : CFC_TRUTH_NO;
}

/* A switch; MariaDB 12 has several words for read_only=ON. */
static cfc_truth_t is_on(const char *text)
{
    return text == NULL ? CFC_TRUTH_UNKNOWN
           : strcasecmp(text, "OFF") == 0 ? CFC_TRUTH_NO : CFC_TRUTH_YES;
}

void cfc_db_facts_clear(cfc_db_facts_t *facts)
{
    memset(facts, 0, sizeof(*facts));
    facts->connections = facts->elsewhere = CFC_DB_NUMBER_UNKNOWN;
    facts->threads_connected = facts->threads_running = CFC_DB_NUMBER_UNKNOWN;
    facts->queries = facts->slow_queries = CFC_DB_NUMBER_UNKNOWN;
    facts->bytes_in = facts->bytes_out = facts->uptime_s = CFC_DB_NUMBER_UNKNOWN;
}

void cfc_db_read_variables(cfc_db_facts_t *facts, const cfc_table_t *table)
{
    const char *version = cfc_table_value(table, "version");
    int major = 0, minor = 0, patch = 0;

    copy(facts->version, sizeof(facts->version), version);
    if (version != NULL) {
        facts->mariadb = strstr(version, "MariaDB") != NULL;
        sscanf(version, "%d.%d.%d", &major, &minor, &patch);
    }
    facts->number = major * 10000 + minor * 100 + patch;
    copy(facts->uuid, sizeof(facts->uuid), cfc_table_value(table, "server_uuid"));
    facts->server_id = cfc_table_number(cfc_table_value(table, "server_id"), 0);
    facts->read_only = is_on(cfc_table_value(table, "read_only"));
    facts->super_read_only = is_on(cfc_table_value(table, "super_read_only"));
}

void cfc_db_read_binlog(cfc_db_facts_t *facts, const cfc_table_t *table)
{
    const char *gtid = cfc_table_cell(table, 0, "Executed_Gtid_Set", NULL);

    facts->logs = table->rows > 0 ? CFC_TRUTH_YES : CFC_TRUTH_NO;
    copy(facts->written.file, sizeof(facts->written.file),
         cfc_table_cell(table, 0, "File", NULL));
    facts->written.offset =
        (uint64_t)cfc_table_number(cfc_table_cell(table, 0, "Position", NULL), 0);
    if (gtid != NULL && strlen(gtid) < CFC_DB_GTID_BYTES) {
        copy(facts->written.gtid, CFC_DB_GTID_BYTES, gtid);
        facts->written.gtid_known = true;
    }
}

static void keep_applied(cfc_db_facts_t *facts, const char *gtid)
{
    if (gtid != NULL && strlen(gtid) < CFC_DB_GTID_BYTES) {
        copy(facts->applied, CFC_DB_GTID_BYTES, gtid);
        facts->applied_known = true;
    }
}

void cfc_db_read_gtids(cfc_db_facts_t *facts, const cfc_table_t *table)
{
    const char *written = cfc_table_cell(table, 0, "written", NULL);

    if (written != NULL && strlen(written) < CFC_DB_GTID_BYTES) {
        copy(facts->written.gtid, CFC_DB_GTID_BYTES, written);
        /* Empty is also what a server says that writes no log. */
        facts->written.gtid_known = written[0] != '\0' || facts->logs == CFC_TRUTH_YES;
    }
    keep_applied(facts, cfc_table_cell(table, 0, "applied", NULL));
}

/* Both threads, and what they said last. An error that is over is not shown by servers. */
static void read_threads(cfc_db_channel_t *channel, const cfc_table_t *table, int row)
{
    const char *io = cfc_table_cell(table, row, "Replica_IO_Running", "Slave_IO_Running");
    const char *error = cfc_table_cell(table, row, "Last_SQL_Error", NULL);

    channel->io = runs(io);
    channel->connecting = io != NULL && strcasecmp(io, "Connecting") == 0;
    channel->sql = runs(cfc_table_cell(table, row, "Replica_SQL_Running",
                                           "Slave_SQL_Running"));
    if (error == NULL || error[0] == '\0') {
        error = cfc_table_cell(table, row, "Last_IO_Error", NULL);
    }
    copy(channel->error, sizeof(channel->error), error);
    channel->lag_s = cfc_table_number(cfc_table_cell(table, row, "Seconds_Behind_Source",
                                                     "Seconds_Behind_Master"),
                                      CFC_DB_NUMBER_UNKNOWN);
    channel->delay_s = cfc_table_number(cfc_table_cell(table, row, "SQL_Delay", NULL), 0);
}

static void read_channel(cfc_db_channel_t *channel, const cfc_table_t *table, int row)
{
    const char *gtid = cfc_table_cell(table, row, "Auto_Position", "Using_Gtid");
    const char *host = cfc_table_cell(table, row, "Source_Host", "Master_Host");
    const char *port = cfc_table_cell(table, row, "Source_Port", "Master_Port");

    copy(channel->name, sizeof(channel->name),
         cfc_table_cell(table, row, "Channel_Name", "Connection_name"));
    snprintf(channel->source, sizeof(channel->source), "%s:%s", host != NULL ? host : "?",
             port != NULL ? port : "?");
    copy(channel->source_uuid, sizeof(channel->source_uuid),
         cfc_table_cell(table, row, "Source_UUID", "Master_UUID"));
    channel->source_id = cfc_table_number(cfc_table_cell(table, row, "Source_Server_Id",
                                                         "Master_Server_Id"), 0);
    /* MySQL: 0 or 1; MariaDB: No, Slave_Pos or Current_Pos. */
    channel->uses_gtid = gtid != NULL && strcmp(gtid, "0") != 0 && strcasecmp(gtid, "No") != 0;
    copy(channel->file, sizeof(channel->file),
         cfc_table_cell(table, row, "Relay_Source_Log_File", "Relay_Master_Log_File"));
    channel->offset = (uint64_t)cfc_table_number(
        cfc_table_cell(table, row, "Exec_Source_Log_Pos", "Exec_Master_Log_Pos"), 0);
    read_threads(channel, table, row);
}

void cfc_db_read_replica(cfc_db_facts_t *facts, const cfc_table_t *table)
{
    facts->replica = table->rows > 0 ? CFC_TRUTH_YES : CFC_TRUTH_NO;
    facts->channels_count = table->rows < CFC_DB_CHANNELS ? table->rows : CFC_DB_CHANNELS;
    facts->channels_unseen = table->rows - facts->channels_count;
    for (int row = 0; row < facts->channels_count; row++) {
        read_channel(&facts->channels[row], table, row);
    }
    if (!facts->mariadb) {
        keep_applied(facts, cfc_table_cell(table, 0, "Executed_Gtid_Set", NULL));
    }
}

static int64_t counter(const cfc_table_t *table, const char *name)
{
    return cfc_table_number(cfc_table_value(table, name), CFC_DB_NUMBER_UNKNOWN);
}

void cfc_db_read_status(cfc_db_facts_t *facts, const cfc_table_t *table)
{
    const char *end = cfc_table_value(table, "Ssl_server_not_after");

    facts->threads_connected = counter(table, "Threads_connected");
    facts->threads_running = counter(table, "Threads_running");
    facts->queries = counter(table, "Questions");
    facts->slow_queries = counter(table, "Slow_queries");
    facts->bytes_in = counter(table, "Bytes_received");
    facts->bytes_out = counter(table, "Bytes_sent");
    facts->uptime_s = counter(table, "Uptime");
    facts->certificate_end = end != NULL ? cfc_certificate_end(end) : 0;
}

/* --- connections ----------------------------------------------------------------------------- */

typedef struct {
    const cfc_table_t *table;
    const cfc_db_viewer_t *viewer;
    int own;        /* connections of the user who looks */
    int others;     /* and of anybody else, the server's own threads included */
    int elsewhere;  /* applications' to other databases */
} listed_t;

static const char *user_of(const listed_t *list, int row)
{
    return cfc_table_cell(list->table, row, "USER", NULL);
}

/* The user who looks can be an application's own one. */
static bool is_viewers(const listed_t *list, int row)
{
    int64_t id = cfc_table_number(cfc_table_cell(list->table, row, "ID", NULL), -1);

    return strcmp(user_of(list, row), list->viewer->user) == 0
           && (id == list->viewer->id || cfc_table_cell(list->table, row, "DB", NULL) == NULL);
}

static bool is_applications(const listed_t *list, int row)
{
    const char *user = user_of(list, row);
    const char *command = cfc_table_cell(list->table, row, "COMMAND", NULL);

    if (user == NULL || is_viewers(list, row) || strcmp(user, "system user") == 0
        || strcmp(user, "event_scheduler") == 0) {
        return false;
    }
    return command == NULL
           || (strncasecmp(command, "Binlog Dump", 11) != 0 && strcasecmp(command, "Daemon") != 0);
}

/* Without case: where that matters to the server, two names that differ by it alone count for one
 * another, which errs on the safe side. */
static bool is_here(const listed_t *list, int row)
{
    const char *wanted = list->viewer->database;
    const char *database = cfc_table_cell(list->table, row, "DB", NULL);

    return wanted == NULL || (database != NULL && strcasecmp(database, wanted) == 0);
}

/* "10.0.0.11:53422" counts for 10.0.0.11; addresses of version 6 have colons of their own. */
static void count_host(cfc_db_facts_t *facts, const char *host)
{
    const char *colon = strrchr(host, ':');
    char name[CFC_DB_HOST_BYTES];

    snprintf(name, sizeof(name), "%.*s", (int)(colon != NULL ? (size_t)(colon - host)
                                                             : strlen(host)), host);
    for (int i = 0; i < facts->hosts_count; i++) {
        if (strcmp(facts->hosts[i].host, name) == 0) {
            facts->hosts[i].count++;
            return;
        }
    }
    if (facts->hosts_count < CFC_DB_HOSTS) {
        copy(facts->hosts[facts->hosts_count].host, CFC_DB_HOST_BYTES, name);
        facts->hosts[facts->hosts_count++].count = 1;
    }
}

static int by_count(const void *a, const void *b)
{
    const cfc_db_host_t *left = a, *right = b;

    return left->count != right->count ? (left->count < right->count ? 1 : -1)
                                       : strcmp(left->host, right->host);
}

static int64_t count_applications(cfc_db_facts_t *facts, listed_t *list)
{
    int64_t count = 0;

    for (int row = 0; row < list->table->rows; row++) {
        const char *user = user_of(list, row);
        const char *host = cfc_table_cell(list->table, row, "HOST", NULL);

        if (user != NULL && strcmp(user, list->viewer->user) == 0) {
            list->own++;
        }
        else {
            list->others++;
        }
        if (!is_applications(list, row)) {
            continue;
        }
        if (is_here(list, row)) {
            count++;
            count_host(facts, host != NULL && host[0] != '\0' ? host : "?");
        }
        else {
            list->elsewhere++;
        }
    }
    return count;
}

void cfc_db_read_connections(cfc_db_facts_t *facts, const cfc_table_t *table,
                             const cfc_db_viewer_t *viewer)
{
    listed_t list = {.table = table, .viewer = viewer};
    int64_t count = count_applications(facts, &list);

    qsort(facts->hosts, (size_t)facts->hosts_count, sizeof(facts->hosts[0]), by_count);
    if (list.others > 0 || (list.own > 0 && facts->threads_connected == list.own)) {
        facts->connections = count;
        facts->elsewhere = viewer->database != NULL ? list.elsewhere : CFC_DB_NUMBER_UNKNOWN;
    }
    else {
        facts->missing |= CFC_DB_NEEDS_PROCESS;
    }
}

void cfc_db_read_database(cfc_db_facts_t *facts, const cfc_table_t *table)
{
    facts->database = table->rows > 0 ? CFC_TRUTH_YES : CFC_TRUTH_NO;
    if (facts->database == CFC_TRUTH_NO) {
        facts->connections = CFC_DB_NUMBER_UNKNOWN;
    }
}

/* --- what to ask ----------------------------------------------------------------------------- */

const char *cfc_db_ask_replica(const cfc_db_facts_t *facts)
{
    if (facts->mariadb) {
        return "SHOW ALL SLAVES STATUS";
    }
    return facts->number >= 80022 ? "SHOW REPLICA STATUS" : "SHOW SLAVE STATUS";
}

const char *cfc_db_ask_binlog(const cfc_db_facts_t *facts)
{
    return !facts->mariadb && facts->number >= 80200 ? "SHOW BINARY LOG STATUS"
                                                     : "SHOW MASTER STATUS";
}

const char *cfc_db_ask_connections(const cfc_db_facts_t *facts, int attempt)
{
    /* information_schema.PROCESSLIST of MySQL 8 holds a lock that new connections want. */
    static const char *const ways[] = {
        "SELECT ID, USER, HOST, DB, COMMAND FROM performance_schema.processlist",
        "SELECT ID, USER, HOST, DB, COMMAND FROM information_schema.PROCESSLIST",
        NULL};

    return ways[attempt + (facts->mariadb || facts->number < 80022)];
}

/* As a literal that needs no quoting, in lower case. */
static void hex(char *to, const char *name, int length)
{
    for (int i = 0; i < length; i++) {
        to += sprintf(to, "%02x", (unsigned)(unsigned char)tolower((unsigned char)name[i]));
    }
    *to = '\0';
}

/* How InnoDB writes the name of a database. @return its length; to has 5 bytes for each of name */
static int in_innodb(char *to, const char *name, int length)
{
    int written = 0;

    for (int i = 0; i < length; i++) {
        unsigned char c = (unsigned char)name[i];

        written += sprintf(to + written, isalnum(c) || c == '_' ? "%c" : "@%04x", c);
    }
    return written;
}

void cfc_db_ask_database(const cfc_db_facts_t *facts, const char *database, char *question)
{
    enum { NAME = 65 };         /* one more than any name has */
    char file[NAME * 5 + 1], listed[NAME * 2 + 1], stored[NAME * 10 + 1];
    int length = (int)strnlen(database, NAME);

    hex(listed, database, length);
    hex(stored, file, in_innodb(file, database, length));
    snprintf(question, CFC_DB_QUESTION_BYTES,
             "SELECT 1 FROM information_schema.SCHEMATA WHERE LOWER(SCHEMA_NAME) = 0x%s UNION "
             "SELECT 1 FROM information_schema.%s "
             "WHERE LOWER(SUBSTRING_INDEX(NAME, '/', 1)) = 0x%s LIMIT 1", listed,
             !facts->mariadb && facts->number >= 80000 ? "INNODB_TABLES" : "INNODB_SYS_TABLES",
             stored);
}

void cfc_db_missing_text(const cfc_db_facts_t *facts, char *text, int bytes)
{
    bool split = facts->mariadb && facts->number >= 100500;
    const char *names[3];
    int count = 0, length = 0;

    if (facts->missing & CFC_DB_NEEDS_REPLICA) {
        names[count++] = split ? "SLAVE MONITOR" : "REPLICATION CLIENT";
    }
    if ((facts->missing & CFC_DB_NEEDS_BINLOG) && (split || count == 0)) {
        names[count++] = split ? "BINLOG MONITOR" : "REPLICATION CLIENT";
    }
    if (facts->missing & CFC_DB_NEEDS_PROCESS) {
        names[count++] = "PROCESS";
    }
    text[0] = '\0';
    for (int i = 0; i < count && length < bytes; i++) {
        length += snprintf(text + length, (size_t)(bytes - length), "%s%s", i > 0 ? ", " : "",
                           names[i]);
    }
}
