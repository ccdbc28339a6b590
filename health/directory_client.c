/* SPDX-License-Identifier: Apache-2.0
 * directory_client.c: one look at an LDAP directory, by libldap: connect, bind, read one entry.
 * The entry is the base DN of the address, or the root of the directory, which every server
 * shows. libldap's timeouts are for each step; the deadline is hang_up()'s, which shuts the
 * socket down. */
#include <ldap.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "health/certificate.h"
#include "health/client.h"
#include "health/credentials.h"

typedef struct {
    const cfc_dependency_t *conf;
    ldap_conncb connection;         /* libldap tells by it of its socket */
    pthread_mutex_t lock;           /* of what follows */
    int socket;                     /* -1: none */
    bool connected;                 /* somebody at its address has accepted, since prepare() */
    bool hung_up;
    const char *_Atomic step;
    char complaint[256];            /* "": it was read */
    int code;                       /* libldap's or the server's; LDAP_SUCCESS: nothing failed */
    apr_time_t certificate_end;
} client_t;

/* --- the socket ------------------------------------------------------------------------------- */

static int socket_opened(LDAP *ld, Sockbuf *buffer, LDAPURLDesc *url, struct sockaddr *address,
                         struct ldap_conncb *connection)
{
    client_t *client = connection->lc_arg;
    ber_socket_t opened = -1;

    (void)ld;
    (void)url;
    (void)address;
    ber_sockbuf_ctrl(buffer, LBER_SB_OPT_GET_FD, &opened);
    pthread_mutex_lock(&client->lock);
    client->socket = (int)opened;
    client->connected = true;
    if (client->hung_up && client->socket >= 0) {
        shutdown(client->socket, SHUT_RDWR);
    }
    pthread_mutex_unlock(&client->lock);
    return 0;
}

static void socket_closing(LDAP *ld, Sockbuf *buffer, struct ldap_conncb *connection)
{
    client_t *client = connection->lc_arg;

    (void)ld;
    (void)buffer;
    pthread_mutex_lock(&client->lock);
    client->socket = -1;
    pthread_mutex_unlock(&client->lock);
}

static void hang_up(void *work)
{
    client_t *client = work;

    pthread_mutex_lock(&client->lock);
    client->hung_up = true;
    if (client->socket >= 0) {
        shutdown(client->socket, SHUT_RDWR);
    }
    pthread_mutex_unlock(&client->lock);
}

/* --- the certificate -------------------------------------------------------------------------- */

static X509 *certificate_of(LDAP *ld)
{
    struct berval der = {0, NULL};
    const unsigned char *bytes;
    X509 *certificate;

    if (ldap_get_option(ld, LDAP_OPT_X_TLS_PEERCERT, &der) != LDAP_OPT_SUCCESS
        || der.bv_val == NULL) {
        return NULL;
    }
    bytes = (const unsigned char *)der.bv_val;
    certificate = d2i_X509(NULL, &bytes, (long)der.bv_len);
    ldap_memfree(der.bv_val);
    return certificate;
}

static apr_time_t end_of(const X509 *certificate)
{
    struct tm end;

    return certificate != NULL && ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end)
               ? apr_time_from_sec(timegm(&end))
               : 0;
}

static void note_certificate(client_t *client, LDAP *ld)
{
    X509 *certificate = certificate_of(ld);

    client->certificate_end = end_of(certificate);
    X509_free(certificate);
}

/* --- a look ----------------------------------------------------------------------------------- */

static void complain(client_t *client, LDAP *ld, int code)
{
    char *said = NULL;

    client->code = code;
    ldap_get_option(ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &said);
    snprintf(client->complaint, sizeof(client->complaint), "%s failed: %d %s%s%s", client->step,
             code, ldap_err2string(code), said != NULL && said[0] != '\0' ? ": " : "",
             said != NULL ? said : "");
    ldap_memfree(said);
}

/* @param require LDAP_OPT_X_TLS_DEMAND, or _ALLOW to see a certificate that is not good */
static LDAP *prepare(client_t *client, int require)
{
    const cfc_dependency_t *conf = client->conf;
    struct timeval timeout = {conf->timeout_ms / 1000, conf->timeout_ms % 1000 * 1000};
    int version = LDAP_VERSION3, client_side = 0;
    char url[300];
    LDAP *ld;

    client->connected = false;
    snprintf(url, sizeof(url), "%s://%s", conf->tls != CFC_TLS_OFF ? "ldaps" : "ldap",
             conf->address);
    if (ldap_initialize(&ld, url) != LDAP_SUCCESS) {
        snprintf(client->complaint, sizeof(client->complaint), "no memory");
        return NULL;
    }
    ldap_set_option(ld, LDAP_OPT_PROTOCOL_VERSION, &version);
    ldap_set_option(ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
    ldap_set_option(ld, LDAP_OPT_NETWORK_TIMEOUT, &timeout);
    ldap_set_option(ld, LDAP_OPT_TIMEOUT, &timeout);
    ldap_set_option(ld, LDAP_OPT_CONNECT_CB, &client->connection);
    ldap_set_option(ld, LDAP_OPT_X_TLS_REQUIRE_CERT, &require);
    if (conf->ca != NULL) {
        ldap_set_option(ld, LDAP_OPT_X_TLS_CACERTFILE, conf->ca);
    }
    ldap_set_option(ld, LDAP_OPT_X_TLS_NEWCTX, &client_side);   /* takes what was set above */
    return ld;
}

/* Whether it still does not connect. A server that has just begun or ended breaks connections
 * off, too, which says nothing of its certificate. */
static bool refuses_again(client_t *client)
{
    LDAP *ld = prepare(client, LDAP_OPT_X_TLS_DEMAND);
    bool refuses = ld != NULL && ldap_connect(ld) != LDAP_SUCCESS && client->connected;

    if (ld != NULL) {
        ldap_unbind_ext_s(ld, NULL, NULL);
    }
    return refuses;
}

/* libldap says only that it cannot connect when it does not like a certificate: look at it. No
 * name and no password are sent. */
static void explain_certificate(client_t *client)
{
    LDAP *ld = prepare(client, LDAP_OPT_X_TLS_ALLOW);
    X509 *certificate;
    apr_time_t end;

    if (ld == NULL) {
        return;
    }
    certificate = ldap_connect(ld) == LDAP_SUCCESS ? certificate_of(ld) : NULL;
    end = end_of(certificate);
    ldap_unbind_ext_s(ld, NULL, NULL);
    if (certificate != NULL && refuses_again(client)) {
        snprintf(client->complaint, sizeof(client->complaint), "its certificate %s",
                 cfc_certificate_judge(end, apr_time_now(), 0) == CFC_CERTIFICATE_EXPIRED
                     ? "has expired"
                     : "is of no known authority, or not this host's");
    }
    X509_free(certificate);
}

static bool bind_to(client_t *client, LDAP *ld)
{
    cfc_credentials_t credentials = {.dn = ""};
    struct berval password;
    int code;

    if (client->conf->file != NULL
        && !cfc_credentials_read(client->conf->file, &credentials, client->complaint,
                                 sizeof(client->complaint))) {
        explicit_bzero(&credentials, sizeof(credentials));
        return false;
    }
    client->step = "binding";
    ber_str2bv(credentials.password, 0, 0, &password);
    code = ldap_sasl_bind_s(ld, credentials.dn, LDAP_SASL_SIMPLE, &password, NULL, NULL, NULL);
    explicit_bzero(&credentials, sizeof(credentials));
    if (code != LDAP_SUCCESS) {
        complain(client, ld, code);
    }
    return code == LDAP_SUCCESS;
}

static void read_entry(client_t *client, LDAP *ld)
{
    const char *base = client->conf->path != NULL ? client->conf->path : "";
    struct timeval timeout = {client->conf->timeout_ms / 1000,
                              client->conf->timeout_ms % 1000 * 1000};
    char none[] = LDAP_NO_ATTRS, *attributes[] = {none, NULL};
    LDAPMessage *answer = NULL;
    int code;

    client->step = "reading the base entry";
    code = ldap_search_ext_s(ld, base, LDAP_SCOPE_BASE, "(objectClass=*)", attributes, 0, NULL,
                             NULL, &timeout, 1, &answer);
    if (code != LDAP_SUCCESS) {
        complain(client, ld, code);
    }
    else if (ldap_count_entries(ld, answer) != 1) {
        snprintf(client->complaint, sizeof(client->complaint),
                 "reading the base entry failed: it is not there, or may not be seen");
    }
    ldap_msgfree(answer);
}

static void look(client_t *client)
{
    LDAP *ld = prepare(client, LDAP_OPT_X_TLS_DEMAND);
    int code;

    if (ld == NULL) {
        return;
    }
    client->step = "connecting";
    code = ldap_connect(ld);
    if (code != LDAP_SUCCESS) {
        complain(client, ld, code);
        if (client->conf->tls != CFC_TLS_OFF && client->connected) {
            explain_certificate(client);
        }
    }
    else {
        note_certificate(client, ld);
        if (bind_to(client, ld)) {
            read_entry(client, ld);
        }
    }
    ldap_unbind_ext_s(ld, NULL, NULL);
}

static void run(void *work)
{
    client_t *client = work;

    client->complaint[0] = '\0';
    client->code = LDAP_SUCCESS;
    client->step = "";
    client->certificate_end = 0;
    pthread_mutex_lock(&client->lock);
    client->hung_up = false;
    pthread_mutex_unlock(&client->lock);
    if (client->conf->ca != NULL && access(client->conf->ca, R_OK) != 0) {
        snprintf(client->complaint, sizeof(client->complaint),
                 "ca=%s cannot be read by httpd's user", client->conf->ca);
        return;
    }
    look(client);
}

/* --- for watch.c ------------------------------------------------------------------------------ */

/* The first call initialises libldap, which is not for two threads at a time. */
static bool begin(void)
{
    LDAPAPIInfo info = {.ldapai_info_version = LDAP_API_INFO_VERSION};

    if (ldap_get_option(NULL, LDAP_OPT_API_INFO, &info) != LDAP_OPT_SUCCESS) {
        return false;
    }
    ldap_memfree(info.ldapai_vendor_name);
    ldap_memvfree((void **)info.ldapai_extensions);
    return true;
}

static void *make(const cfc_dependency_t *conf)
{
    client_t *client = calloc(1, sizeof(*client));

    if (client != NULL) {
        client->conf = conf;
        client->connection = (ldap_conncb){socket_opened, socket_closing, client};
        client->socket = -1;
        client->step = "";
        pthread_mutex_init(&client->lock, NULL);
    }
    return client;
}

static void drop(void *work)
{
    client_t *client = work;

    pthread_mutex_destroy(&client->lock);
    free(client);
}

static const char *result(const void *work, cfc_db_facts_t *facts)
{
    const client_t *client = work;

    if (client->complaint[0] != '\0') {
        return client->complaint;
    }
    cfc_db_facts_clear(facts);
    facts->certificate_end = client->certificate_end;
    return NULL;
}

static int code(const void *work)
{
    const client_t *client = work;

    return client->code;
}

/* Nobody asks it of a directory. */
static bool silent(const void *work)
{
    (void)work;
    return false;
}

static const char *step(const void *work)
{
    const client_t *client = work;

    return client->step;
}

const cfc_client_kind_t cfc_directory_client = {begin, make, {run, hang_up, drop}, result,
                                                 code, silent, step};
