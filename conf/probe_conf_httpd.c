/* SPDX-License-Identifier: Apache-2.0
 * probe_conf_httpd.c: CFProbe: its kinds, which options go together, and what a line that only
 * changes some of them starts from. The options' bounds are rows.c's. */
#include "conf/probe_conf_httpd.h"

#include <apr_file_io.h>
#include <apr_strings.h>
#include <http_core.h>
#include <string.h>
#include <strings.h>

#include "conf/cluster_httpd.h"
#include "conf/node_url.h"
#include "conf/opt.h"
#include "conf/rows.h"
#include "health/probe.h"
#include "lb/segment.h"

#define CA_BYTES_MAX (4 * 1024 * 1024)  /* Debian's bundle of all authorities has 220 KB */

static cfc_probe_conf_t *main_probe(const cfc_cluster_t *cl)
{
    return APR_ARRAY_IDX(cl->probes, 0, cfc_probe_conf_t *);
}

void cfc_probe_conf_begin(cfc_cluster_t *cl, apr_pool_t *p)
{
    cfc_probe_conf_t *probe = apr_pcalloc(p, sizeof(*probe));

    cfc_opt_preset(cfc_probe_rows, probe);
    probe->name = CFC_PROBE_MAIN;
    cl->probes = apr_array_make(p, CFC_PROBES_MAX, sizeof(cfc_probe_conf_t *));
    APR_ARRAY_PUSH(cl->probes, cfc_probe_conf_t *) = probe;
}

static const char *read_kind(cfc_probe_conf_t *probe, int *argc, char *const **argv, apr_pool_t *p)
{
    const char *word = *argc > 0 ? (*argv)[0] : "", *path = *argc > 1 ? (*argv)[1] : "";
    int kind = cfc_word_index(word, cfc_probe_kinds);
    int words = kind == CFC_PROBE_HTTP ? 2 : 1;

    if (kind < 0) {
        return apr_psprintf(p, "CFProbe: \"%s\" is not a kind of probe; %s", word,
                            cfc_did_you_mean(word, cfc_probe_kinds, p));
    }
    if (kind == CFC_PROBE_HTTP && path[0] != '/') {
        return apr_psprintf(p, "CFProbe http: write the path to ask for, beginning with /, not "
                               "\"%s\"; for example CFProbe http /status", path);
    }
    if (kind == CFC_PROBE_HTTP) {
        for (const char *c = path; *c != '\0'; c++) {
            if (*c <= ' ' || *c > '~') {
                return apr_psprintf(p, "CFProbe http: \"%s\" has a blank or a byte that is not "
                                       "ASCII; write it as %%20 and the like", path);
            }
        }
        probe->path = apr_pstrdup(p, path);
    }
    probe->kind = kind;
    *argc -= words;
    *argv += words;
    return NULL;
}

/* What the line starts from. Without name= all that it does not say stays as the profile has it:
 * a line that only sets another interval must not lose expect=confluence, or a node that says
 * FIRST_RUN would be served. */
static void start_from(cfc_probe_conf_t *probe, const cfc_cluster_t *cl, bool named)
{
    const cfc_probe_conf_t said = *probe;

    cfc_opt_preset(cfc_probe_rows, probe);
    if (!named && main_probe(cl)->kind == said.kind) {
        *probe = *main_probe(cl);
        probe->headers = NULL;      /* those of this line take the place of the others */
    }
    probe->kind = said.kind;
    probe->path = said.path;
}

static const char *check_name(const cfc_cluster_t *cl, const char *name, apr_pool_t *p)
{
    if (!cfc_name_ok(name)) {
        return apr_psprintf(p, "CFProbe: name=%s is not a name; write 1 to 63 of A-Z a-z 0-9 . _ "
                               "-, for example name=synchrony", name);
    }
    for (int i = 0; i < cl->probes->nelts; i++) {
        if (strcmp(cfc_probe_at(cl, i)->name, name) == 0) {
            return apr_psprintf(p, "CFProbe: name=%s is taken; %s", name,
                                i == 0 ? "\"main\" is the probe of the line without name="
                                       : "each probe of a cluster has its own");
        }
    }
    return cl->probes->nelts < CFC_PROBES_MAX
               ? NULL
               : apr_psprintf(p, "CFProbe: name=%s is one too many; a cluster has at most %d "
                                 "probes", name, CFC_PROBES_MAX);
}

static const char *http_option(const cfc_probe_conf_t *probe)
{
    return probe->expect != CFC_EXPECT_STATUS   ? "expect"
           : !cfc_codes_none(&probe->status)    ? "status"
           : probe->body != NULL                ? "body"
           : probe->json != NULL                ? "json"
           : probe->method != CFC_METHOD_GET    ? "method"
           : probe->host != NULL                ? "host"
           : probe->headers != NULL             ? "header"
           : probe->ca != NULL                  ? "ca"
           : probe->weight_key != NULL          ? "weight-key"
                                                : NULL;
}

/* Which of the options that look at the answer were given. */
static const char *answer_option(const cfc_probe_conf_t *probe)
{
    return !cfc_codes_none(&probe->status) ? "status"
           : probe->body != NULL           ? "body"
           : probe->json != NULL           ? "json"
                                           : NULL;
}

static const char *body_option(const cfc_probe_conf_t *probe)
{
    return probe->expect != CFC_EXPECT_STATUS ? "expect"
           : probe->body != NULL              ? "body"
           : probe->json != NULL              ? "json"
           : probe->weight_key != NULL        ? "weight-key"
                                              : NULL;
}

static const char *check_header(const char *header, apr_pool_t *p)
{
    size_t name = strcspn(header, ": \t");

    if (name == 0 || header[name] != ':' || strpbrk(header, "\r\n") != NULL) {
        return apr_psprintf(p, "CFProbe http: header=%s is not a header; write "
                               "\"header=Name: value\"", header);
    }
    return strncasecmp(header, "Host:", 5) == 0
               ? "CFProbe http: write host=NAME instead of header=Host:" : NULL;
}

static bool host_ok(const char *host)
{
    size_t name = strspn(host, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");
    const char *port = host + name + 1;

    return name > 0
           && (host[name] == '\0'
               || (host[name] == ':' && *port != '\0' && strlen(port) <= 5
                   && port[strspn(port, "0123456789")] == '\0'));
}

static const char *check_http(const cfc_probe_conf_t *probe, apr_pool_t *p)
{
    const char *option = answer_option(probe), *complaint = NULL;

    if (probe->expect != CFC_EXPECT_STATUS && option != NULL) {
        return apr_psprintf(p, "CFProbe http: expect= names an application, which says itself how "
                               "it is; remove %s=, or write expect=status", option);
    }
    option = body_option(probe);
    if (probe->method == CFC_METHOD_HEAD && option != NULL) {
        return apr_psprintf(p, "CFProbe http: the answer to method=HEAD has no body for %s= to "
                               "look at; write method=GET", option);
    }
    if (probe->json != NULL && (probe->json[0] == '=' || strchr(probe->json, '=') == NULL)) {
        return apr_psprintf(p, "CFProbe http: json=%s is not of the form KEY=VALUE; for example "
                               "json=database.state=up", probe->json);
    }
    if (probe->host != NULL && !host_ok(probe->host)) {
        return apr_psprintf(p, "CFProbe http: host=%s is not a name with or without a port; for "
                               "example host=wiki.example.com", probe->host);
    }
    for (int i = 0; complaint == NULL && probe->headers && i < probe->headers->nelts; i++) {
        complaint = check_header(APR_ARRAY_IDX(probe->headers, i, const char *), p);
    }
    return complaint;
}

static const char *check_line(const cfc_probe_conf_t *probe, apr_pool_t *p)
{
    const char *option = http_option(probe);

    if (probe->fast_ms > probe->interval_ms) {
        return apr_psprintf(p, "CFProbe: fast-interval=%s is longer than interval=%s; it is for a "
                               "node in doubt, write a shorter one",
                            cfc_duration_text(probe->fast_ms, p),
                            cfc_duration_text(probe->interval_ms, p));
    }
    if (probe->kind != CFC_PROBE_HTTP && option != NULL) {
        return apr_psprintf(p, "CFProbe %s: %s= is for http probes; remove it, or write CFProbe "
                               "http /PATH", cfc_probe_kinds[probe->kind], option);
    }
    return probe->kind == CFC_PROBE_HTTP ? check_http(probe, p) : NULL;
}

/* Read by the parent, as root: the monitor runs as another user. */
static const char *read_ca(cmd_parms *cmd, cfc_probe_conf_t *probe)
{
    const char *path = ap_server_root_relative(cmd->pool, probe->ca);
    apr_file_t *file;
    apr_finfo_t info;
    apr_status_t status;
    char *pem;

    status = apr_file_open(&file, path, APR_READ | APR_BINARY, 0, cmd->temp_pool);
    if (status == APR_SUCCESS) {
        status = apr_file_info_get(&info, APR_FINFO_SIZE | APR_FINFO_TYPE, file);
    }
    if (status == APR_SUCCESS && (info.filetype != APR_REG || info.size > CA_BYTES_MAX)) {
        status = APR_EGENERAL;
    }
    if (status == APR_SUCCESS) {
        pem = apr_pcalloc(cmd->pool, (apr_size_t)info.size + 1);
        status = apr_file_read_full(file, pem, (apr_size_t)info.size, NULL);
        probe->ca_pem = pem;
    }
    if (status != APR_SUCCESS || strstr(probe->ca_pem, "-----BEGIN") == NULL) {
        return apr_psprintf(cmd->pool, "CFProbe http: ca=%s is not a file of certificates that "
                                       "can be read; write one in PEM form, for example "
                                       "/etc/ssl/certs/ca-certificates.crt", probe->ca);
    }
    return NULL;
}

const char *cfc_probe_conf_line(cmd_parms *cmd, cfc_cluster_t *cl, int argc, char *const argv[])
{
    cfc_probe_conf_t probe = {0};
    const char *complaint = read_kind(&probe, &argc, &argv, cmd->pool);
    bool named = false;

    for (int i = 0; complaint == NULL && i < argc; i++) {
        named = named || strncmp(argv[i], "name=", 5) == 0;
    }
    if (complaint == NULL) {
        start_from(&probe, cl, named);
        complaint = cfc_options(cmd, "CFProbe", cfc_probe_rows, &probe, argc, argv);
    }
    if (complaint == NULL && named) {
        complaint = check_name(cl, probe.name, cmd->pool);
    }
    if (complaint == NULL) {
        complaint = check_line(&probe, cmd->pool);
    }
    if (complaint == NULL && probe.ca != NULL) {
        complaint = read_ca(cmd, &probe);
    }
    if (complaint != NULL) {
        return complaint;
    }
    if (named) {
        APR_ARRAY_PUSH(cl->probes, cfc_probe_conf_t *) = apr_pmemdup(cmd->pool, &probe,
                                                                     sizeof(probe));
    }
    else {
        if (probe.headers == NULL && probe.kind == main_probe(cl)->kind) {
            probe.headers = main_probe(cl)->headers;
        }
        probe.name = CFC_PROBE_MAIN;
        *main_probe(cl) = probe;
    }
    return NULL;
}

const char *cfc_probe_conf_check(const cfc_cluster_t *cl, apr_pool_t *p)
{
    const cfc_probe_conf_t *weigher = NULL;
    int required = 0;

    for (int i = 0; i < cl->probes->nelts; i++) {
        const cfc_probe_conf_t *probe = cfc_probe_at(cl, i);

        required += probe->role == CFC_ROLE_REQUIRED;
        if (probe->weight_key != NULL && weigher != NULL) {
            return apr_psprintf(p, "<CFCluster %s>: the probes %s and %s both have weight-key=; "
                                   "a node has one weight, remove one of them",
                                cl->name, weigher->name, probe->name);
        }
        weigher = probe->weight_key != NULL ? probe : weigher;
    }
    return required > 0 ? NULL
                        : apr_psprintf(p, "<CFCluster %s>: every CFProbe has role=advisory, so "
                                          "nothing says whether a node is well; leave it out in "
                                          "one of them", cl->name);
}

const char *cfc_probe_conf_check_node(const cfc_cluster_t *cl, const cfc_node_t *node,
                                      apr_pool_t *p)
{
    for (int i = 0; i < cl->probes->nelts; i++) {
        const cfc_probe_conf_t *probe = cfc_probe_at(cl, i);

        if (probe->port == 0 && probe->kind == CFC_PROBE_HTTP && node->scheme == CFC_SCHEME_AJP) {
            return apr_psprintf(p, "CFNode %s: an ajp:// node cannot be probed over http at its "
                                   "AJP port; add port=N of its HTTP connector to CFProbe, or "
                                   "write CFProbe ajp", node->name);
        }
        if (probe->port == 0 && probe->kind == CFC_PROBE_AJP && node->scheme != CFC_SCHEME_AJP) {
            return apr_psprintf(p, "CFNode %s: %s does not speak AJP; add port=N of its AJP "
                                   "connector to CFProbe ajp, or write CFProbe tcp", node->name,
                                node->url);
        }
    }
    return NULL;
}
