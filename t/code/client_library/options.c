/* SPDX-License-Identifier: Apache-2.0
 * options.c: a client library that says which TLS options it is given, and connects to nothing.
 * The argument is one of off, on, verify, as of tls=. */
#include <mysql.h>
#include <stdio.h>
#include <string.h>

#include "health/client.h"

int mysql_server_init(int argc, char **argv, char **groups)
{
    return argc != 0 || argv != NULL || groups != NULL;
}

bool mysql_thread_init(void)
{
    return false;
}

void mysql_thread_end(void)
{
}

MYSQL *mysql_init(MYSQL *mysql)
{
    static MYSQL only;

    return mysql == NULL ? &only : mysql;
}

int mysql_options(MYSQL *mysql, enum mysql_option option, const void *arg)
{
    (void)mysql;
    switch ((int)option) {
#ifdef STUB_MARIADB
    case MYSQL_OPT_SSL_ENFORCE:
        printf("enforce=%d ", *(const my_bool *)arg);
        break;
    case MYSQL_OPT_SSL_VERIFY_SERVER_CERT:
        printf("verify=%d ", *(const my_bool *)arg);
        break;
#else
    case MYSQL_OPT_SSL_MODE:
        printf("mode=%u ", *(const unsigned *)arg);
        break;
#endif
    case MYSQL_OPT_SSL_CA:
        printf("ca=%s ", (const char *)arg);
        break;
    default:
        break;
    }
    return 0;
}

MYSQL *mysql_real_connect(MYSQL *mysql, const char *host, const char *user, const char *passwd,
                          const char *db, unsigned int port, const char *unix_socket,
                          unsigned long clientflag)
{
    (void)mysql, (void)host, (void)user, (void)passwd, (void)db, (void)port, (void)unix_socket;
    (void)clientflag;
    return NULL;
}

int mysql_query(MYSQL *mysql, const char *q)
{
    return mysql == NULL || q == NULL;
}

MYSQL_RES *mysql_store_result(MYSQL *mysql)
{
    (void)mysql;
    return NULL;
}

MYSQL_FIELD *mysql_fetch_fields(MYSQL_RES *res)
{
    (void)res;
    return NULL;
}

unsigned int mysql_num_fields(MYSQL_RES *res)
{
    (void)res;
    return 0;
}

uint64_t mysql_num_rows(MYSQL_RES *res)
{
    (void)res;
    return 0;
}

MYSQL_ROW mysql_fetch_row(MYSQL_RES *result)
{
    (void)result;
    return NULL;
}

void mysql_free_result(MYSQL_RES *result)
{
    (void)result;
}

unsigned int mysql_errno(MYSQL *mysql)
{
    (void)mysql;
    return 2002;
}

const char *mysql_error(MYSQL *mysql)
{
    (void)mysql;
    return "nobody there";
}

void mysql_close(MYSQL *sock)
{
    (void)sock;
}

int main(int argc, char **argv)
{
    static const char *const words[] = {[CFC_TLS_OFF] = "off", [CFC_TLS_ON] = "on",
                                        [CFC_TLS_VERIFY] = "verify"};
    cfc_dependency_t conf = {.name = "d", .host = "127.0.0.1", .port = 1, .ca = "/dev/null"};
    cfc_db_facts_t facts;
    void *client;

    while (argc > 1 && conf.tls < CFC_TLS_VERIFY && strcmp(argv[1], words[conf.tls]) != 0) {
        conf.tls++;
    }
    client = cfc_db_client.make(&conf);
    cfc_db_client.errand.run(client);
    printf("%s, %s\n", cfc_db_client.result(client, &facts),
           cfc_db_client.silent(client) ? "silent" : "not silent");
    cfc_db_client.errand.drop(client);
    return 0;
}
