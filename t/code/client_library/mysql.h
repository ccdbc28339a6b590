/* SPDX-License-Identifier: Apache-2.0
 * mysql.h: what health/db_client.c uses of a client library, in the shape of Oracle's 8.4, or with
 * STUB_MARIADB in that of MariaDB's, which differs in its TLS options. The functions are
 * options.c's.
 * Source: MySQL 8.4 C API Developer Guide; MariaDB Connector/C's documentation. */
#ifndef CFC_T_CODE_MYSQL_H
#define CFC_T_CODE_MYSQL_H

#include <stdbool.h>
#include <stdint.h>

enum mysql_option {
    MYSQL_OPT_CONNECT_TIMEOUT,
    MYSQL_READ_DEFAULT_FILE,
    MYSQL_READ_DEFAULT_GROUP,
    MYSQL_OPT_PROTOCOL,
    MYSQL_OPT_READ_TIMEOUT,
    MYSQL_OPT_WRITE_TIMEOUT,
    MYSQL_OPT_SSL_CA,
#ifdef STUB_MARIADB
    MYSQL_OPT_SSL_VERIFY_SERVER_CERT,
    MYSQL_OPT_SSL_ENFORCE
#else
    MYSQL_OPT_SSL_MODE
#endif
};

#ifdef STUB_MARIADB
#define MARIADB_BASE_VERSION "mariadb-11.4"
typedef char my_bool;
#else
enum mysql_ssl_mode {
    SSL_MODE_DISABLED = 1,
    SSL_MODE_PREFERRED,
    SSL_MODE_REQUIRED,
    SSL_MODE_VERIFY_CA,
    SSL_MODE_VERIFY_IDENTITY
};
#endif

enum mysql_protocol_type { MYSQL_PROTOCOL_DEFAULT, MYSQL_PROTOCOL_TCP };

typedef struct {
    int fd;
} NET;

typedef struct {
    NET net;
} MYSQL;

typedef struct MYSQL_RES MYSQL_RES;
typedef char **MYSQL_ROW;

typedef struct {
    char *name;
} MYSQL_FIELD;

#define mysql_library_init mysql_server_init

int mysql_server_init(int argc, char **argv, char **groups);
bool mysql_thread_init(void);
void mysql_thread_end(void);
MYSQL *mysql_init(MYSQL *mysql);
int mysql_options(MYSQL *mysql, enum mysql_option option, const void *arg);
MYSQL *mysql_real_connect(MYSQL *mysql, const char *host, const char *user, const char *passwd,
                          const char *db, unsigned int port, const char *unix_socket,
                          unsigned long clientflag);
int mysql_query(MYSQL *mysql, const char *q);
MYSQL_RES *mysql_store_result(MYSQL *mysql);
MYSQL_FIELD *mysql_fetch_fields(MYSQL_RES *res);
unsigned int mysql_num_fields(MYSQL_RES *res);
uint64_t mysql_num_rows(MYSQL_RES *res);
MYSQL_ROW mysql_fetch_row(MYSQL_RES *result);
void mysql_free_result(MYSQL_RES *result);
unsigned int mysql_errno(MYSQL *mysql);
const char *mysql_error(MYSQL *mysql);
void mysql_close(MYSQL *sock);

#endif
