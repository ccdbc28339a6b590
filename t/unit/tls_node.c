/* SPDX-License-Identifier: Apache-2.0
 * tls_node.c: the node of tls_node.h. */
#include "t/unit/tls_node.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 64

static EVP_PKEY *new_key(void)
{
    EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, NULL);
    EVP_PKEY *key = NULL;

    ck_assert_int_eq(EVP_PKEY_keygen_init(maker), 1);
    ck_assert_int_eq(EVP_PKEY_CTX_set_ec_paramgen_curve_nid(maker, NID_X9_62_prime256v1), 1);
    ck_assert_int_eq(EVP_PKEY_keygen(maker, &key), 1);
    EVP_PKEY_CTX_free(maker);
    return key;
}

static SSL_CTX *new_context(void)
{
    EVP_PKEY *key = new_key();
    X509 *certificate = X509_new();
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());

    ck_assert(key != NULL && certificate != NULL && context != NULL);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
    X509_set_pubkey(certificate, key);
    ck_assert_int_gt(X509_sign(certificate, key, EVP_sha256()), 0);
    ck_assert_int_eq(SSL_CTX_use_certificate(context, certificate), 1);
    ck_assert_int_eq(SSL_CTX_use_PrivateKey(context, key), 1);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return context;
}

static void serve(const cfc_tls_node_t *node, SSL *tls)
{
    char request[1024];

    if (SSL_accept(tls) == 1 && SSL_read(tls, request, sizeof(request)) > 0) {
        SSL_write(tls, node->answer, (int)strlen(node->answer));
        SSL_shutdown(tls);
    }
}

static void *live(void *data)
{
    const cfc_tls_node_t *node = data;
    SSL_CTX *context = new_context();
    int fd;

    while ((fd = accept(node->listener, NULL, NULL)) >= 0) {
        SSL *tls = SSL_new(context);

        SSL_set_fd(tls, fd);
        serve(node, tls);
        SSL_free(tls);
        close(fd);
    }
    return NULL;
}

void cfc_tls_node_start(cfc_tls_node_t *node)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    pthread_t thread;

    node->listener = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(node->listener, (struct sockaddr *)&address, sizeof(address)), 0);
    ck_assert_int_eq(getsockname(node->listener, (struct sockaddr *)&address, &length), 0);
    node->port = ntohs(address.sin_port);
    ck_assert_int_eq(listen(node->listener, BACKLOG), 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, live, node), 0);
}
