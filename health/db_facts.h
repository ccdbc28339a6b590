/* SPDX-License-Identifier: Apache-2.0
 * db_facts.h: what one look at a MySQL or MariaDB server found, read from its answers. What it is
 * worth is db_judge.h's. Every fact can be unknown: the server is too old for it, or the user
 * may not see it. */
#ifndef CFC_HEALTH_DB_FACTS_H
#define CFC_HEALTH_DB_FACTS_H

#include <apr_time.h>
#include <stdbool.h>
#include <stdint.h>

#include "health/table.h"

#define CFC_DB_CHANNELS 4       /* sources of one replica that are looked at */
#define CFC_DB_HOSTS 8          /* hosts of connections that are named */
#define CFC_DB_HOST_BYTES 48
#define CFC_DB_GTID_BYTES 8192
#define CFC_DB_NUMBER_UNKNOWN (-1)
#define CFC_DB_QUESTION_BYTES 1200

typedef enum {
    CFC_TRUTH_UNKNOWN,
    CFC_TRUTH_NO,
    CFC_TRUTH_YES,
    CFC_TRUTH_COUNT
} cfc_truth_t;

/** Privileges that a look wants, as bits. */
enum {
    CFC_DB_NEEDS_REPLICA = 1,   /* to read SHOW REPLICA STATUS */
    CFC_DB_NEEDS_BINLOG = 2,    /* to read SHOW BINARY LOG STATUS */
    CFC_DB_NEEDS_PROCESS = 4    /* to see the connections of others */
};

/** A place in the history of changes: in the binary log, and in GTIDs. */
typedef struct {
    char file[128];             /* "": not known */
    uint64_t offset;
    char gtid[CFC_DB_GTID_BYTES];   /* MySQL: a set; MariaDB: one GTID for each domain; "" : nothing */
    bool gtid_known;
} cfc_db_position_t;

/** One source of a replica. */
typedef struct {
    char name[64];              /* of the channel or connection; "" : the default one */
    char source[160];           /* host:port */
    char source_uuid[40];       /* MySQL; "": not known */
    int64_t source_id;          /* server_id; 0: not known, the threads have not met it yet */
    cfc_truth_t io, sql;        /* whether the threads run */
    bool connecting;            /* io is NO, but it tries */
    bool uses_gtid;
    int64_t lag_s;              /* as the replica says, which is a hint only */
    int64_t delay_s;            /* by which it is configured to lag */
    char error[192];            /* the last one; "": none */
    char file[128];             /* the place in the source's log up to which it has applied */
    uint64_t offset;
} cfc_db_channel_t;

typedef struct {
    char host[CFC_DB_HOST_BYTES];
    int32_t count;
} cfc_db_host_t;

typedef struct {
    bool mariadb;
    int number;                 /* 50744, 80036, 80403, 101119; 0: not known */
    char version[64];
    char uuid[40];              /* MySQL */
    int64_t server_id;
    cfc_truth_t read_only, super_read_only;

    cfc_truth_t logs;           /* whether it writes a binary log */
    cfc_db_position_t written;  /* what has been written here */

    cfc_truth_t replica;        /* whether it replicates from anybody */
    int channels_count;
    int channels_unseen;        /* that it has besides */
    cfc_db_channel_t channels[CFC_DB_CHANNELS];
    char applied[CFC_DB_GTID_BYTES];    /* GTIDs that it has */
    bool applied_known;

    int64_t connections;        /* of applications */
    int64_t elsewhere;          /* more of them, to other databases than the one that is named */
    cfc_truth_t database;       /* whether the one that is named is there; UNKNOWN: nobody asked */
    int hosts_count;            /* whence these come, most connections first */
    cfc_db_host_t hosts[CFC_DB_HOSTS];

    int64_t threads_connected, threads_running;
    int64_t queries, slow_queries, bytes_in, bytes_out;     /* since uptime_s began */
    int64_t uptime_s;
    apr_time_t certificate_end; /* of its TLS certificate; 0: not known */
    unsigned missing;           /* privileges */
} cfc_db_facts_t;

/** Everything unknown. */
void cfc_db_facts_clear(cfc_db_facts_t *facts);

/** SHOW GLOBAL VARIABLES: version, identity, read_only, log_bin. First, the others need it. */
void cfc_db_read_variables(cfc_db_facts_t *facts, const cfc_table_t *table);

/** SHOW BINARY LOG STATUS, SHOW MASTER STATUS. An empty one: no binary log is written. */
void cfc_db_read_binlog(cfc_db_facts_t *facts, const cfc_table_t *table);

/** SHOW REPLICA STATUS, SHOW SLAVE STATUS, SHOW ALL SLAVES STATUS. An empty one: no replica. */
void cfc_db_read_replica(cfc_db_facts_t *facts, const cfc_table_t *table);

/** MariaDB's GTIDs: columns `written` and `applied`. After cfc_db_read_binlog(). */
void cfc_db_read_gtids(cfc_db_facts_t *facts, const cfc_table_t *table);

/** SHOW GLOBAL STATUS: counters. */
void cfc_db_read_status(cfc_db_facts_t *facts, const cfc_table_t *table);

/** Who looks, and at what. */
typedef struct {
    const char *user;           /* without host */
    int64_t id;                 /* of the connection that it looks by */
    const char *database;       /* of the applications; NULL: any */
} cfc_db_viewer_t;

/**
 * The list of connections, columns ID, USER, HOST, DB and COMMAND; after cfc_db_read_status().
 * Applications' are those that are not the server's own threads, a replica's, or the viewer's:
 * his own one, and those of his name without a database, which are other balancers'. Whoever may
 * not see others sees an empty list of them: it counts only if the server's own number of
 * connections agrees with it.
 */
void cfc_db_read_connections(cfc_db_facts_t *facts, const cfc_table_t *table,
                             const cfc_db_viewer_t *viewer);

/** Whether it has to be asked for, because all that are connected are so to other databases. */
static inline bool cfc_db_wants_database(const cfc_db_facts_t *facts)
{
    return facts->connections == 0 && facts->elsewhere > 0;
}

/** What is then answered. Without a row nobody knows who is connected to it: a name that is
 * mistyped has no connections either. */
void cfc_db_read_database(cfc_db_facts_t *facts, const cfc_table_t *table);

/** What to ask this server for. Known after cfc_db_read_variables(). */
const char *cfc_db_ask_replica(const cfc_db_facts_t *facts);
const char *cfc_db_ask_binlog(const cfc_db_facts_t *facts);

/** The same for connections; the second answer (attempt 1) is for when the first one is denied or
 * empty: performance_schema can be switched off. NULL: there is no further one. */
const char *cfc_db_ask_connections(const cfc_db_facts_t *facts, int attempt);

/**
 * The same for a database. Who has no right in it may not see it in the list of databases; PROCESS
 * shows its tables, if it has any in InnoDB.
 * @param database what is longer than a name can be is asked for by its beginning, and not there
 * @param question CFC_DB_QUESTION_BYTES
 */
void cfc_db_ask_database(const cfc_db_facts_t *facts, const char *database, char *question);

/** The names of the missing privileges as GRANT of this server takes them: "PROCESS, ...". */
void cfc_db_missing_text(const cfc_db_facts_t *facts, char *text, int bytes);

#endif
