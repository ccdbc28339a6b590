/* SPDX-License-Identifier: Apache-2.0
 * db_client.c: the thin part that speaks to a server. It builds with Oracle's libmysqlclient and
 * with MariaDB's; they differ in their TLS options. The libraries' timeouts are for each read
 * and whole seconds, so a server that sends a byte now and then would keep them for hours: the
 * deadline is hang_up()'s, which shuts the socket down. */
#include "health/client.h"

#include <errmsg.h>
#include <errno.h>
#include <mysql.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "health/evidence.h"

/* Servers' error numbers, from their documentation: one or the other of these is said to whoever
 * lacks a privilege. */
#define ACCESS_DENIED 1227
#define TABLE_ACCESS_DENIED 1142
#define NO_SUCH_TABLE 1109      /* in information_schema: as good as denied */

/* MariaDB's library has this header only, Oracle's none of the name. */
#ifdef MARIADB_BASE_VERSION
#define IS_MARIADB 1
#else
#define IS_MARIADB 0
#endif

typedef struct {
    const cfc_dependency_t *conf;
    pthread_mutex_t lock;           /* of mysql and hung_up */
    MYSQL *mysql;                   /* NULL: no connection is there or being made */
    bool hung_up;
    unsigned error;                 /* the library's number; 0: there was none */
    const char *_Atomic step;
    char complaint[256];            /* "": facts are there */
    cfc_db_facts_t facts;
} client_t;

static bool begin(void)
{
    return mysql_library_init(0, NULL, NULL) == 0;
}

static void *make(const cfc_dependency_t *conf)
{
    client_t *client = calloc(1, sizeof(*client));

    if (client != NULL) {
        client->conf = conf;
        client->step = "";
        pthread_mutex_init(&client->lock, NULL);
        cfc_db_facts_clear(&client->facts);
    }
    return client;
}

static void drop(void *work)
{
    client_t *client = work;

    pthread_mutex_destroy(&client->lock);
    free(client);
}

/* --- the connection -------------------------------------------------------------------------- */

/* A descriptor that this connection has closed may be somebody else's by now: only one that
 * leads to the server's port is shut. */
static void shut(int descriptor, int port)
{
    struct sockaddr_storage peer;
    socklen_t length = sizeof(peer);
    in_port_t found;

    if (getpeername(descriptor, (struct sockaddr *)&peer, &length) != 0) {
        return;
    }
    found = peer.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&peer)->sin6_port
                                       : ((struct sockaddr_in *)&peer)->sin_port;
    if (ntohs(found) == port) {
        shutdown(descriptor, SHUT_RDWR);
    }
}

static void hang_up(void *work)
{
    client_t *client = work;

    pthread_mutex_lock(&client->lock);
    client->hung_up = true;
    if (client->mysql != NULL) {
        shut((int)client->mysql->net.fd, client->conf->port);
    }
    pthread_mutex_unlock(&client->lock);
}

/* @return whether there is still somebody who waits for the result */
static bool publish(client_t *client, MYSQL *mysql)
{
    bool wanted;

    pthread_mutex_lock(&client->lock);
    client->mysql = mysql;
    wanted = !client->hung_up;
    pthread_mutex_unlock(&client->lock);
    return wanted;
}

static void set_tls(MYSQL *mysql, const cfc_dependency_t *conf)
{
    if (conf->ca != NULL) {
        mysql_options(mysql, MYSQL_OPT_SSL_CA, conf->ca);
    }
#if IS_MARIADB
    my_bool enforce = conf->tls != CFC_TLS_OFF, verify = conf->tls == CFC_TLS_VERIFY;

    if (enforce) {
        mysql_options(mysql, MYSQL_OPT_SSL_ENFORCE, &enforce);
    }
    /* Since its version 3.4 it verifies when nothing is said, and then also insists on TLS. */
    mysql_options(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
#else
    unsigned mode = conf->tls == CFC_TLS_VERIFY ? SSL_MODE_VERIFY_IDENTITY : SSL_MODE_REQUIRED;

    if (conf->tls != CFC_TLS_OFF) {
        mysql_options(mysql, MYSQL_OPT_SSL_MODE, &mode);
    }
#endif
}

/* Both libraries pass over an option file that they cannot read, and the server would then tell
 * of a wrong password. */
static bool readable(client_t *client, const char *option, const char *file)
{
    if (file == NULL || access(file, R_OK) == 0) {
        return true;
    }
    snprintf(client->complaint, sizeof(client->complaint),
             "%s=%s cannot be read by httpd's user: %s", option, file, strerror(errno));
    return false;
}

static void set_options(MYSQL *mysql, const cfc_dependency_t *conf)
{
    unsigned seconds = (unsigned)(conf->timeout_ms / 1000);
    unsigned protocol = MYSQL_PROTOCOL_TCP;     /* for localhost, too */

    seconds = seconds > 0 ? seconds : 1;
    mysql_options(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &seconds);
    mysql_options(mysql, MYSQL_OPT_READ_TIMEOUT, &seconds);
    mysql_options(mysql, MYSQL_OPT_WRITE_TIMEOUT, &seconds);
    mysql_options(mysql, MYSQL_OPT_PROTOCOL, &protocol);
    if (conf->file != NULL) {
        mysql_options(mysql, MYSQL_READ_DEFAULT_FILE, conf->file);
        mysql_options(mysql, MYSQL_READ_DEFAULT_GROUP, "cfcluster");
    }
    set_tls(mysql, conf);
}

static void complain(client_t *client, MYSQL *mysql)
{
    if (client->complaint[0] == '\0') {
        client->error = mysql_errno(mysql);
        snprintf(client->complaint, sizeof(client->complaint), "%s failed: %u %s",
                 client->step, client->error, mysql_error(mysql));
    }
}

/* --- whether nobody listens ------------------------------------------------------------------- */

static bool refuses(const struct addrinfo *at, int timeout_ms)
{
    int error = 0, s = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct pollfd made = {.fd = s, .events = POLLOUT};
    socklen_t length = sizeof(error);

    if (s < 0) {
        return false;
    }
    if (connect(s, at->ai_addr, at->ai_addrlen) != 0) {
        error = errno;
    }
    if (error == EINPROGRESS
        && (poll(&made, 1, timeout_ms) != 1
            || getsockopt(s, SOL_SOCKET, SO_ERROR, &error, &length) != 0)) {
        error = 0;
    }
    close(s);
    return error == ECONNREFUSED;
}

/* By one number the libraries tell of a host that refuses and of one that is not reached, which may
 * work on without us; MariaDB's gives the same errno with both. So the kernel is asked once more. */
static bool nobody_listens(const cfc_dependency_t *conf)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG}, *all = NULL;
    bool refused = true;
    char port[16];

    snprintf(port, sizeof(port), "%d", conf->port);
    if (getaddrinfo(conf->host, port, &hints, &all) != 0) {
        return false;
    }
    for (const struct addrinfo *at = all; at != NULL && refused; at = at->ai_next) {
        refused = refuses(at, (int)conf->timeout_ms);
    }
    freeaddrinfo(all);
    return refused;
}

static bool host_error(unsigned error)
{
    return error == CR_CONNECTION_ERROR || error == CR_CONN_HOST_ERROR;
}

/* --- questions ------------------------------------------------------------------------------- */

static void table_free(cfc_table_t *table)
{
    for (int i = 0; table->names != NULL && i < table->columns; i++) {
        free(table->names[i]);
    }
    for (int i = 0; table->cells != NULL && i < table->rows * table->columns; i++) {
        free(table->cells[i]);
    }
    free(table->names);
    free(table->cells);
    *table = (cfc_table_t){0};
}

static bool table_fill(cfc_table_t *table, MYSQL_RES *result)
{
    MYSQL_FIELD *fields = mysql_fetch_fields(result);
    size_t columns = mysql_num_fields(result), rows = (size_t)mysql_num_rows(result);
    bool whole = true;
    MYSQL_ROW row;

    table->names = calloc(columns + 1, sizeof(char *));
    table->cells = calloc(columns * rows + 1, sizeof(char *));
    if (table->names == NULL || table->cells == NULL) {
        return false;
    }
    table->columns = (int)columns;
    for (size_t i = 0; i < columns; i++) {
        table->names[i] = strdup(fields[i].name);
        whole = whole && table->names[i] != NULL;
    }
    while ((row = mysql_fetch_row(result)) != NULL && (size_t)table->rows < rows) {
        for (size_t i = 0; i < columns; i++) {
            char **cell = &table->cells[(size_t)table->rows * columns + i];

            *cell = row[i] != NULL ? strdup(row[i]) : NULL;
            whole = whole && (row[i] == NULL || *cell != NULL);
        }
        table->rows++;
    }
    return whole;
}

typedef enum {
    ANSWERED,
    DENIED,         /* a privilege is missing */
    FAILED          /* the look is over; the complaint says why */
} answer_t;

/* Ask; the table must be freed whatever comes of it. */
static answer_t ask(client_t *client, MYSQL *mysql, const char *doing,
                    const char *question, cfc_table_t *table)
{
    MYSQL_RES *rows;
    bool filled;

    *table = (cfc_table_t){0};
    client->step = doing;
    if (mysql_query(mysql, question) != 0) {
        unsigned number = mysql_errno(mysql);

        if (number == ACCESS_DENIED || number == TABLE_ACCESS_DENIED || number == NO_SUCH_TABLE) {
            return DENIED;
        }
        complain(client, mysql);
        return FAILED;
    }
    rows = mysql_store_result(mysql);
    if (rows == NULL) {
        complain(client, mysql);
        return FAILED;
    }
    filled = table_fill(table, rows);
    mysql_free_result(rows);
    if (!filled) {
        snprintf(client->complaint, sizeof(client->complaint), "%s failed: no memory", doing);
    }
    return filled ? ANSWERED : FAILED;
}

/* --- a look, step by step; each returns false when it is over --------------------------------- */

static bool read_variables(client_t *client, MYSQL *mysql)
{
    cfc_table_t table;
    answer_t answer = ask(client, mysql, "reading variables",
                          "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('version', 'server_id', "
                          "'server_uuid', 'read_only', 'super_read_only')", &table);

    cfc_db_read_variables(&client->facts, &table);
    table_free(&table);
    return answer != FAILED;
}

/* A source's place is read before anything else that takes time, a replica's likewise: db_judge.h
 * compares what its source had before with what the replica has after. */
static bool read_replication(client_t *client, MYSQL *mysql)
{
    cfc_db_facts_t *facts = &client->facts;
    cfc_table_t table;
    answer_t answer = ask(client, mysql, "reading the state of replication",
                          cfc_db_ask_replica(facts), &table);

    if (answer == ANSWERED) {
        cfc_db_read_replica(facts, &table);
    }
    facts->missing |= answer == DENIED ? CFC_DB_NEEDS_REPLICA : 0u;
    table_free(&table);
    if (answer == FAILED) {
        return false;
    }
    answer = ask(client, mysql, "reading the place in the binary log",
                 cfc_db_ask_binlog(facts), &table);
    if (answer == ANSWERED) {
        cfc_db_read_binlog(facts, &table);
    }
    facts->missing |= answer == DENIED ? CFC_DB_NEEDS_BINLOG : 0u;
    table_free(&table);
    return answer != FAILED;
}

static bool read_gtids(client_t *client, MYSQL *mysql)
{
    cfc_table_t table;
    answer_t answer = ask(client, mysql, "reading GTIDs",
                          "SELECT @@GLOBAL.gtid_binlog_pos AS written, "
                          "@@GLOBAL.gtid_slave_pos AS applied", &table);

    if (answer == ANSWERED) {
        cfc_db_read_gtids(&client->facts, &table);
    }
    table_free(&table);
    return answer != FAILED;
}

static bool read_status(client_t *client, MYSQL *mysql)
{
    cfc_table_t table;
    answer_t answer = ask(client, mysql, "reading counters",
                          "SHOW GLOBAL STATUS WHERE Variable_name IN ('Threads_connected', "
                          "'Threads_running', 'Questions', 'Slow_queries', 'Bytes_received', "
                          "'Bytes_sent', 'Uptime', 'Ssl_server_not_after')", &table);

    if (answer == ANSWERED) {
        cfc_db_read_status(&client->facts, &table);
    }
    table_free(&table);
    return answer != FAILED;
}

static answer_t list_connections(client_t *client, MYSQL *mysql, cfc_table_t *table)
{
    const char *question = cfc_db_ask_connections(&client->facts, 0);
    answer_t answer = ask(client, mysql, "reading connections", question, table);

    question = cfc_db_ask_connections(&client->facts, 1);
    if (question != NULL && (answer == DENIED || (answer == ANSWERED && table->rows == 0))) {
        table_free(table);
        answer = ask(client, mysql, "reading connections", question, table);
    }
    return answer;
}

static answer_t read_list(client_t *client, MYSQL *mysql, const cfc_table_t *self)
{
    const char *name = cfc_table_cell(self, 0, "name", NULL);
    const cfc_db_viewer_t viewer = {
        .user = name != NULL ? name : "",
        .id = cfc_table_number(cfc_table_cell(self, 0, "id", NULL), 0),
        .database = client->conf->path,
    };
    cfc_table_t table;
    answer_t answer = list_connections(client, mysql, &table);

    if (answer == ANSWERED) {
        cfc_db_read_connections(&client->facts, &table, &viewer);
    }
    table_free(&table);
    return answer;
}

static bool read_connections(client_t *client, MYSQL *mysql)
{
    cfc_table_t self;
    answer_t answer = ask(client, mysql, "reading the own name",
                          "SELECT SUBSTRING_INDEX(USER(), '@', 1) AS name, CONNECTION_ID() AS id",
                          &self);

    if (answer == ANSWERED) {
        answer = read_list(client, mysql, &self);
    }
    table_free(&self);
    return answer != FAILED;
}

static bool read_database(client_t *client, MYSQL *mysql)
{
    char question[CFC_DB_QUESTION_BYTES];
    cfc_table_t table;
    answer_t answer;

    if (!cfc_db_wants_database(&client->facts)) {
        return true;
    }
    cfc_db_ask_database(&client->facts, client->conf->path, question);
    answer = ask(client, mysql, "looking for the database", question, &table);
    if (answer != FAILED) {
        cfc_db_read_database(&client->facts, &table);
    }
    table_free(&table);
    return answer != FAILED;
}

static void read_all(client_t *client, MYSQL *mysql)
{
    (void)(read_variables(client, mysql) && read_replication(client, mysql)
           && (!client->facts.mariadb || read_gtids(client, mysql))
           && read_status(client, mysql) && read_connections(client, mysql)
           && read_database(client, mysql));
}

static void look(client_t *client)
{
    const cfc_dependency_t *conf = client->conf;
    MYSQL *mysql = mysql_init(NULL);

    if (mysql == NULL) {
        snprintf(client->complaint, sizeof(client->complaint), "no memory");
        return;
    }
    set_options(mysql, conf);
    client->step = "connecting";
    if (publish(client, mysql)) {
        /* The password comes from the option file alone. The database is for counting only: to
         * open it would need a privilege in it. */
        if (mysql_real_connect(mysql, conf->host, conf->user, NULL, NULL, (unsigned)conf->port,
                               NULL, 0) != NULL) {
            read_all(client, mysql);
        }
        else {
            complain(client, mysql);
        }
    }
    publish(client, NULL);
    if (host_error(client->error) && nobody_listens(conf)) {
        snprintf(client->complaint, sizeof(client->complaint), CFC_DATABASE_STOPPED);
    }
    mysql_close(mysql);
}

static void run(void *work)
{
    client_t *client = work;

    mysql_thread_init();
    cfc_db_facts_clear(&client->facts);
    client->complaint[0] = '\0';
    client->error = 0;
    client->step = "";
    pthread_mutex_lock(&client->lock);
    client->hung_up = false;
    pthread_mutex_unlock(&client->lock);
    if (readable(client, "option-file", client->conf->file)
        && readable(client, "ca", client->conf->ca)) {
        look(client);
    }
    mysql_thread_end();
}

static const char *result(const void *work, cfc_db_facts_t *facts)
{
    const client_t *client = work;

    if (client->complaint[0] != '\0') {
        return client->complaint;
    }
    *facts = client->facts;
    return NULL;
}

static int code(const void *work)
{
    const client_t *client = work;

    return (int)client->error;
}

/* A server that refuses us (1045), or that has no place left (1040), is there. */
static bool silent(const void *work)
{
    const client_t *client = work;

    switch (client->error) {
    case CR_CONNECTION_ERROR:
    case CR_CONN_HOST_ERROR:
    case CR_UNKNOWN_HOST:
    case CR_SERVER_GONE_ERROR:
    case CR_SERVER_LOST:
        return true;
    default:
        return false;
    }
}

static const char *step(const void *work)
{
    const client_t *client = work;

    return client->step;
}

const cfc_client_kind_t cfc_db_client = {begin, make, {run, hang_up, drop}, result, code,
                                          silent, step};
