/* SPDX-License-Identifier: Apache-2.0
 * transfer.c: one probe as a libcurl transfer, and what its end says of the node. What an HTTP
 * answer is worth is expect.c's. */
#include "health/transfer.h"

#include <apr_errno.h>
#include <apr_strings.h>
#include <errno.h>
#include <openssl/x509_vfy.h>
#include <string.h>

#include "health/certificate.h"
#include "health/expect.h"

#define BODY_BYTES 65536    /* of an answer are kept; a status document has about twenty */

struct cfc_transfer {
    const cfc_probe_conf_t *conf;
    void *owner;
    CURL *easy;
    struct curl_slist *headers;
    struct curl_slist *connect_to;
    bool connects;              /* a connection is all that libcurl makes */
    bool tls;
    size_t length;              /* of body, this run */
    char body[BODY_BYTES];
};

/* Keeps what fits; to take less than offered makes libcurl end the transfer at once. */
static size_t keep_body(char *data, size_t one, size_t length, void *user)
{
    cfc_transfer_t *transfer = user;
    size_t room = BODY_BYTES - transfer->length;
    size_t taken = length < room ? length : room;

    (void)one;
    memcpy(transfer->body + transfer->length, data, taken);
    transfer->length += taken;
    return taken;
}

static const char *host_text(const char *host, apr_pool_t *p)
{
    return strchr(host, ':') != NULL ? apr_pstrcat(p, "[", host, "]", NULL) : host;
}

static const char *make_url(const cfc_transfer_t *transfer, const cfc_node_t *node, apr_pool_t *p)
{
    int port = transfer->conf->port != 0 ? (int)transfer->conf->port : node->port;

    return apr_psprintf(p, "%s://%s:%d/", transfer->tls ? "https" : "http",
                        host_text(node->host, p), port);
}

static bool set_common(cfc_transfer_t *transfer, const char *url)
{
    CURL *easy = transfer->easy;

    return curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer) == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK
           /* For AJP it has to outlive the transfer; it ends with cfc_transfer_end(). */
           && curl_easy_setopt(easy, CURLOPT_FORBID_REUSE,
                               (long)(transfer->conf->kind != CFC_PROBE_AJP)) == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)transfer->conf->timeout_ms)
                  == CURLE_OK
           /* A name look-up that hangs past the deadline is left to its thread; otherwise
            * libcurl would wait for that thread, and all other nodes with it. */
           && curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK;
}

static bool add_header(cfc_transfer_t *transfer, const char *header)
{
    struct curl_slist *longer = curl_slist_append(transfer->headers, header);

    transfer->headers = longer != NULL ? longer : transfer->headers;
    return longer != NULL;
}

static bool set_headers(cfc_transfer_t *transfer, apr_pool_t *p)
{
    const cfc_probe_conf_t *conf = transfer->conf;
    bool added = true;

    if (conf->host != NULL) {
        added = add_header(transfer, apr_pstrcat(p, "Host: ", conf->host, NULL));
    }
    for (int i = 0; conf->headers != NULL && i < conf->headers->nelts; i++) {
        added = added && add_header(transfer, APR_ARRAY_IDX(conf->headers, i, const char *));
    }
    if (conf->secret != NULL) {
        added = added && add_header(transfer, apr_pstrcat(p, "X-CFCluster-Secret: ", conf->secret,
                                                          NULL));
    }
    return added
           && curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers) == CURLE_OK;
}

/* The name that the node is asked for is the name that its certificate has to have. */
static bool set_tls_name(cfc_transfer_t *transfer, const cfc_node_t *node, apr_pool_t *p)
{
    const char *host = transfer->conf->host;
    int port = transfer->conf->port != 0 ? (int)transfer->conf->port : node->port;

    if (host == NULL) {
        return true;
    }
    transfer->connect_to = curl_slist_append(
        NULL, apr_psprintf(p, "::%s:%d", host_text(node->host, p), port));
    return transfer->connect_to != NULL
           && curl_easy_setopt(transfer->easy, CURLOPT_CONNECT_TO, transfer->connect_to)
                  == CURLE_OK
           && curl_easy_setopt(transfer->easy, CURLOPT_URL, apr_pstrcat(p, "https://", host, "/",
                                                                        NULL)) == CURLE_OK;
}

static bool set_tls(cfc_transfer_t *transfer, const cfc_node_t *node, apr_pool_t *p)
{
    CURL *easy = transfer->easy;
    bool verify = transfer->conf->ca != NULL;
    struct curl_blob ca = {.flags = CURL_BLOB_NOCOPY};

    if (verify) {
        ca.data = (void *)(uintptr_t)transfer->conf->ca_pem;
        ca.len = strlen(transfer->conf->ca_pem);
    }
    /* A resumed session brings no certificate: neither its end nor its name would be seen. */
    return curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L) == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_CERTINFO, 1L) == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, (long)verify) == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L) == CURLE_OK
           && (!verify || curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &ca) == CURLE_OK)
           && set_tls_name(transfer, node, p);
}

static bool set_method(cfc_transfer_t *transfer)
{
    switch (transfer->conf->method) {
    case CFC_METHOD_HEAD:
        return curl_easy_setopt(transfer->easy, CURLOPT_NOBODY, 1L) == CURLE_OK;
    case CFC_METHOD_OPTIONS:
        return curl_easy_setopt(transfer->easy, CURLOPT_CUSTOMREQUEST, "OPTIONS") == CURLE_OK;
    default:
        return true;
    }
}

static bool set_http(cfc_transfer_t *transfer, apr_pool_t *p)
{
    CURL *easy = transfer->easy;

    return curl_easy_setopt(easy, CURLOPT_REQUEST_TARGET, transfer->conf->path) == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_USERAGENT, "mod_cfcluster-monitor") == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, keep_body) == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer) == CURLE_OK
           && set_method(transfer) && set_headers(transfer, p);
}

static apr_status_t dispose(void *data)
{
    cfc_transfer_t *transfer = data;

    curl_easy_cleanup(transfer->easy);
    curl_slist_free_all(transfer->headers);
    curl_slist_free_all(transfer->connect_to);
    return APR_SUCCESS;
}

cfc_transfer_t *cfc_transfer_make(const cfc_node_t *node, const cfc_probe_conf_t *conf,
                                  void *owner, apr_pool_t *p)
{
    cfc_transfer_t *transfer = apr_pcalloc(p, sizeof(*transfer));
    bool ready;

    transfer->conf = conf;
    transfer->owner = owner;
    transfer->connects = conf->kind != CFC_PROBE_HTTP;
    transfer->tls = !transfer->connects && node->scheme == CFC_SCHEME_HTTPS;
    transfer->easy = curl_easy_init();
    if (transfer->easy == NULL) {
        return NULL;
    }
    apr_pool_cleanup_register(p, transfer, dispose, apr_pool_cleanup_null);
    ready = set_common(transfer, make_url(transfer, node, p))
            && (transfer->connects
                    ? curl_easy_setopt(transfer->easy, CURLOPT_CONNECT_ONLY, 1L) == CURLE_OK
                    : set_http(transfer, p))
            && (!transfer->tls || set_tls(transfer, node, p));
    return ready ? transfer : NULL;
}

bool cfc_transfer_begin(cfc_transfer_t *transfer, CURLM *multi)
{
    transfer->length = 0;
    return curl_multi_add_handle(multi, transfer->easy) == CURLM_OK;
}

void cfc_transfer_end(cfc_transfer_t *transfer, CURLM *multi)
{
    curl_multi_remove_handle(multi, transfer->easy);
}

static void conclude(cfc_evidence_t *ev, cfc_verdict_t verdict, const char *reason)
{
    ev->verdict = verdict;
    apr_cpystrn(ev->reason, reason, sizeof(ev->reason));
}

/* A connection could not be made. Trouble of our own, as no free port, is no proof that nobody
 * listens there. */
static void judge_connect(cfc_transfer_t *transfer, cfc_evidence_t *ev)
{
    long error = 0;

    curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &error);
    switch (error) {
    case ECONNREFUSED:
        conclude(ev, CFC_VERDICT_HARD, CFC_NOBODY_LISTENS);
        break;
    case EHOSTUNREACH:
    case ENETUNREACH:
        conclude(ev, CFC_VERDICT_HARD, "no route to host");
        break;
    default:
        conclude(ev, CFC_VERDICT_SOFT, "no connection: ");
        apr_strerror((apr_status_t)error, ev->reason + strlen(ev->reason),
                     sizeof(ev->reason) - strlen(ev->reason));
        break;
    }
}

static void judge_certificate(cfc_transfer_t *transfer, cfc_evidence_t *ev)
{
    long result = X509_V_ERR_UNSPECIFIED;

    curl_easy_getinfo(transfer->easy, CURLINFO_SSL_VERIFYRESULT, &result);
    ev->verdict = CFC_VERDICT_SOFT;
    apr_snprintf(ev->reason, sizeof(ev->reason), "certificate: %s",
                 result == X509_V_ERR_UNSPECIFIED || result == X509_V_OK
                     ? "it is for another name"     /* which libcurl looks at, not OpenSSL */
                     : X509_verify_cert_error_string(result));
}

static void say_late(const cfc_transfer_t *transfer, const char *missing, cfc_evidence_t *ev)
{
    ev->verdict = CFC_VERDICT_SOFT;
    apr_snprintf(ev->reason, sizeof(ev->reason), "%s within %" APR_INT64_T_FMT "ms", missing,
                 transfer->conf->timeout_ms);
}

static void judge_timeout(cfc_transfer_t *transfer, cfc_evidence_t *ev)
{
    curl_off_t request_ready_us = 0;
    const char *missing = "no connection";

    curl_easy_getinfo(transfer->easy, CURLINFO_PRETRANSFER_TIME_T, &request_ready_us);
    if (ev->code != 0) {
        missing = "no complete answer";
    }
    else if (request_ready_us > 0) {
        missing = "no answer";
    }
    say_late(transfer, missing, ev);
}

static void judge_broken(cfc_transfer_t *transfer, CURLcode result, cfc_evidence_t *ev)
{
    switch (result) {
    case CURLE_COULDNT_CONNECT:
        judge_connect(transfer, ev);
        break;
    case CURLE_PEER_FAILED_VERIFICATION:
        judge_certificate(transfer, ev);
        break;
    case CURLE_COULDNT_RESOLVE_HOST:
        /* Which of all our nodes alike, when our resolver restarts, and says nothing of them:
         * requests go on over addresses that are known. */
        conclude(ev, CFC_VERDICT_SOFT, "host unknown");
        break;
    case CURLE_OPERATION_TIMEDOUT:
        judge_timeout(transfer, ev);
        break;
    case CURLE_GOT_NOTHING:
        conclude(ev, CFC_VERDICT_SOFT, "connection closed without an answer");
        break;
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
        conclude(ev, CFC_VERDICT_SOFT, "connection reset");
        break;
    case CURLE_PARTIAL_FILE:
        conclude(ev, CFC_VERDICT_SOFT, "answer broken off");
        break;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
        conclude(ev, CFC_VERDICT_SOFT, "answer is not HTTP");
        break;
    default:
        conclude(ev, CFC_VERDICT_SOFT, curl_easy_strerror(result));
        break;
    }
}

/* libcurl gives "Key:value" lines of each certificate; the first one is the node's own. */
static apr_time_t certificate_end(const cfc_transfer_t *transfer)
{
    static const char key[] = "Expire date:";
    struct curl_certinfo *certificates = NULL;

    if (!transfer->tls
        || curl_easy_getinfo(transfer->easy, CURLINFO_CERTINFO, &certificates) != CURLE_OK
        || certificates == NULL || certificates->num_of_certs < 1) {
        return 0;
    }
    for (struct curl_slist *line = certificates->certinfo[0]; line != NULL; line = line->next) {
        if (strncmp(line->data, key, sizeof(key) - 1) == 0) {
            return cfc_certificate_end(line->data + sizeof(key) - 1);
        }
    }
    return 0;
}

void cfc_transfer_judge(cfc_transfer_t *transfer, CURLcode result, cfc_evidence_t *ev)
{
    curl_off_t total_us = 0;
    long code = 0;

    curl_easy_getinfo(transfer->easy, CURLINFO_TOTAL_TIME_T, &total_us);
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &code);
    ev->at = apr_time_now();
    ev->duration_ms = (int32_t)(total_us / 1000);
    ev->code = (int)code;
    ev->certificate_end = certificate_end(transfer);
    ev->weight_pct = 0;
    /* The only error that keep_body() brings about: the answer is there, its body too long. */
    if (result != CURLE_OK && result != CURLE_WRITE_ERROR) {
        judge_broken(transfer, result, ev);
    }
    else if (transfer->connects) {
        conclude(ev, CFC_VERDICT_GOOD, "connection made");
    }
    else {
        cfc_answer_t answer = {(int)code, transfer->body, transfer->length,
                               result == CURLE_WRITE_ERROR};

        cfc_expect_judge(transfer->conf, &answer, ev);
    }
}

int cfc_transfer_socket(cfc_transfer_t *transfer)
{
    curl_socket_t fd = CURL_SOCKET_BAD;

    curl_easy_getinfo(transfer->easy, CURLINFO_ACTIVESOCKET, &fd);
    return fd == CURL_SOCKET_BAD ? -1 : (int)fd;
}

void cfc_transfer_judge_ajp(const cfc_transfer_t *transfer, cfc_ajp_result_t result,
                            cfc_evidence_t *ev)
{
    ev->at = apr_time_now();
    ev->code = 0;
    ev->certificate_end = 0;
    ev->weight_pct = 0;
    switch (result) {
    case CFC_AJP_CPONG:
        conclude(ev, CFC_VERDICT_GOOD, "CPONG");
        break;
    case CFC_AJP_OTHER:
        conclude(ev, CFC_VERDICT_SOFT, "answer is not AJP");
        break;
    case CFC_AJP_CLOSED:
        conclude(ev, CFC_VERDICT_SOFT, "connection closed without an answer");
        break;
    case CFC_AJP_RESET:
        conclude(ev, CFC_VERDICT_SOFT, "connection reset");
        break;
    case CFC_AJP_WAITS:
        say_late(transfer, "no answer", ev);
        break;
    }
}

void *cfc_transfer_owner(CURL *easy)
{
    cfc_transfer_t *transfer = NULL;

    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
    return transfer->owner;
}
