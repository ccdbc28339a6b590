/* SPDX-License-Identifier: Apache-2.0
 * rows.c: every option=value setting: its bounds and its default stand here and nowhere else. */
#include "conf/rows.h"

#include "guard/logins.h"
#include "health/dependency.h"
#include "health/probe.h"
#include "lb/cluster.h"
#include "maint/notify.h"

/* The order of the words is that of the enums in cluster.h, logins.h and probe.h. */
static const char *const strict_words[] = {"off", "on", NULL};
static const char *const samesite_words[] = {"lax", "strict", "none", NULL};
static const char *const secure_words[] = {"auto", "always", NULL};
static const char *const answer_words[] = {"log", "429", NULL};
static const char *const header_words[] = {"pass", "hide", NULL};
static const char *const tls_words[] = {"off", "on", "verify", NULL};
static const char *const outage_page_words[] = {"off", "on", NULL};
static const char *const expect_words[] = {"status", "confluence", "jira", "bitbucket", NULL};
static const char *const role_words[] = {"required", "advisory", NULL};
static const char *const probe_method_words[] = {"GET", "HEAD", "OPTIONS", NULL};

#define MS(name, type, field, low, high, preset, example) \
    {name, CFC_OPT_MS, offsetof(type, field), low, high, preset, NULL, NULL, example}
#define BYTES(name, type, field, low, high, preset, example) \
    {name, CFC_OPT_BYTES, offsetof(type, field), low, high, preset, NULL, NULL, example}
#define COUNT(name, type, field, low, high, preset, example) \
    {name, CFC_OPT_COUNT, offsetof(type, field), low, high, preset, NULL, NULL, example}
#define WORD(name, type, field, words, preset) \
    {name, CFC_OPT_WORD, offsetof(type, field), 0, 0, preset, NULL, words, NULL}
#define TEXT(name, type, field, preset, example) \
    {name, CFC_OPT_TEXT, offsetof(type, field), 0, 0, 0, preset, NULL, example}
#define CODES(name, type, field, low, high, preset, example) \
    {name, CFC_OPT_CODES, offsetof(type, field), low, high, preset, NULL, NULL, example}
#define LIST(name, type, field, example) \
    {name, CFC_OPT_LIST, offsetof(type, field), 0, 0, 0, NULL, NULL, example}
#define END {NULL, CFC_OPT_TEXT, 0, 0, 0, 0, NULL, NULL, NULL}

const cfc_opt_t cfc_node_rows[] = {
    COUNT("weight", cfc_node_t, weight, 1, 100, 1, "2"),
    COUNT("max", cfc_node_t, max, 0, 100000, 0, "150"),
    COUNT("tier", cfc_node_t, tier, 0, 9, 0, "1"),
    TEXT("route", cfc_node_t, route, NULL, "node1"),
    TEXT("secret", cfc_node_t, secret, NULL, "the-secret-of-the-AJP-connector"),
    WORD("state", cfc_node_t, admin, cfc_admin_words, CFC_ADMIN_ACTIVE),
    END,
};

const cfc_opt_t cfc_sticky_rows[] = {
    TEXT("cookie", cfc_sticky_t, cookie, NULL, "CFROUTE"),
    TEXT("session", cfc_sticky_t, session, NULL, "JSESSIONID"),
    WORD("strict", cfc_sticky_t, strict, strict_words, CFC_STRICT_OFF),
    TEXT("path", cfc_sticky_t, path, NULL, "/wiki"),
    TEXT("domain", cfc_sticky_t, domain, NULL, "example.com"),
    MS("lifetime", cfc_sticky_t, lifetime_ms, 60000, 31536000000, 0, "8h"),
    WORD("samesite", cfc_sticky_t, samesite, samesite_words, CFC_SAMESITE_LAX),
    WORD("secure", cfc_sticky_t, secure, secure_words, CFC_SECURE_AUTO),
    MS("window", cfc_sticky_t, window_ms, 60000, 86400000, 1800000, "30m"),
    MS("rehome", cfc_sticky_t, rehome_ms, 1000, 86400000, 0, "10m"),
    END,
};

/* attempts: a cluster of two needs two; the third is for a stale connection on the way.
 * body: mod_proxy reads up to 16K of a body before it connects, so less could not even save
 * a request that was never sent. */
const cfc_opt_t cfc_retry_rows[] = {
    COUNT("attempts", cfc_retry_conf_t, attempts, 1, 10, 3, "3"),
    MS("budget", cfc_retry_conf_t, budget_ms, 0, 600000, 10000, "10s"),
    BYTES("body", cfc_retry_conf_t, body_bytes, 16 * 1024, 16 * 1024 * 1024, 256 * 1024, "256K"),
    CODES("on-status", cfc_retry_conf_t, on_status, 400, 599, 503, "502,503"),
    END,
};

/* depth: at most CFC_QUEUE_MAX, the places that shared memory has for them. */
const cfc_opt_t cfc_queue_rows[] = {
    COUNT("depth", cfc_queue_conf_t, depth, 0, 512, 200, "200"),
    MS("timeout", cfc_queue_conf_t, timeout_ms, 100, 600000, 5000, "5s"),
    END,
};

const cfc_opt_t cfc_eject_rows[] = {
    COUNT("failures", cfc_eject_conf_t, failures, 0, 100, 3, "3"),
    MS("time", cfc_eject_conf_t, time_ms, 1000, 3600000, 10000, "10s"),
    MS("max", cfc_eject_conf_t, max_ms, 1000, 86400000, 300000, "5m"),
    END,
};

/* answer: Confluence's exports and PDFs are silent for minutes, so not httpd's 60 seconds.
 * tunnel-end: who stops a node waits for it, and all its clients come back to others within. */
const cfc_opt_t cfc_timeout_rows[] = {
    MS("connect", cfc_cluster_t, connect_ms, 100, 60000, 2000, "2s"),
    MS("answer", cfc_cluster_t, answer_ms, 1000, 3600000, 300000, "5m"),
    MS("tunnel-end", cfc_cluster_t, tunnel_end_ms, 0, 3600000, 30000, "30s"),
    END,
};

/* answer: whoever shares an address with somebody who guesses must not be locked out by default. */
const cfc_opt_t cfc_logins_rows[] = {
    COUNT("limit", cfc_logins_conf_t, limit, 1, 10000, 10, "10"),
    MS("window", cfc_logins_conf_t, window_ms, 60000, 86400000, 600000, "10m"),
    WORD("answer", cfc_logins_conf_t, answer, answer_words, CFC_LOGINS_LOG),
    WORD("header", cfc_logins_conf_t, header, header_words, CFC_LOGINS_PASS),
    END,
};

/* fast-interval, down-interval: 0 stands for what follows from interval (health/probe.h). */
const cfc_opt_t cfc_probe_rows[] = {
    TEXT("name", cfc_probe_conf_t, name, NULL, "synchrony"),
    WORD("role", cfc_probe_conf_t, role, role_words, CFC_ROLE_REQUIRED),
    COUNT("port", cfc_probe_conf_t, port, 1, 65535, 0, "8090"),
    WORD("expect", cfc_probe_conf_t, expect, expect_words, CFC_EXPECT_STATUS),
    CODES("status", cfc_probe_conf_t, status, 100, 599, 0, "200,204"),
    TEXT("body", cfc_probe_conf_t, body, NULL, "OK"),
    TEXT("json", cfc_probe_conf_t, json, NULL, "database.state=up"),
    WORD("method", cfc_probe_conf_t, method, probe_method_words, CFC_METHOD_GET),
    TEXT("host", cfc_probe_conf_t, host, NULL, "wiki.example.com"),
    LIST("header", cfc_probe_conf_t, headers, "\"X-Probe: yes\""),
    TEXT("ca", cfc_probe_conf_t, ca, NULL, "/etc/ssl/certs/ca-certificates.crt"),
    COUNT("cert-days", cfc_probe_conf_t, cert_days, 0, 365, 14, "14"),
    TEXT("weight-key", cfc_probe_conf_t, weight_key, NULL, "load.weight"),
    MS("interval", cfc_probe_conf_t, interval_ms, 100, 3600000, 1000, "1s"),
    MS("fast-interval", cfc_probe_conf_t, fast_ms, 100, 3600000, 0, "500ms"),
    MS("down-interval", cfc_probe_conf_t, down_ms, 100, 3600000, 0, "5s"),
    MS("timeout", cfc_probe_conf_t, timeout_ms, 50, 60000, 800, "800ms"),
    COUNT("rise", cfc_probe_conf_t, rise, 1, 100, 2, "2"),
    COUNT("fall", cfc_probe_conf_t, fall, 1, 100, 2, "2"),
    END,
};

/* A replica has no interval: it is looked at after its source. */
const cfc_opt_t cfc_database_rows[] = {
    TEXT("of", cfc_dependency_t, of, NULL, "master"),
    TEXT("option-file", cfc_dependency_t, file, NULL, "/etc/cfcluster/db.cnf"),
    WORD("tls", cfc_dependency_t, tls, tls_words, CFC_TLS_OFF),
    TEXT("ca", cfc_dependency_t, ca, NULL, "/etc/cfcluster/ca.pem"),
    MS("interval", cfc_dependency_t, interval_ms, 1000, 3600000, 5000, "5s"),
    MS("timeout", cfc_dependency_t, timeout_ms, 500, 60000, 3000, "3s"),
    COUNT("cert-days", cfc_dependency_t, cert_days, 1, 365, 14, "30"),
    WORD("outage-page", cfc_dependency_t, outage_page, outage_page_words, CFC_OUTAGE_PAGE_OFF),
    END,
};

const cfc_opt_t cfc_directory_rows[] = {
    TEXT("credentials", cfc_dependency_t, file, NULL, "/etc/cfcluster/ad.credentials"),
    TEXT("ca", cfc_dependency_t, ca, NULL, "/etc/cfcluster/ca.pem"),
    MS("interval", cfc_dependency_t, interval_ms, 1000, 3600000, 15000, "15s"),
    MS("timeout", cfc_dependency_t, timeout_ms, 500, 60000, 3000, "3s"),
    COUNT("cert-days", cfc_dependency_t, cert_days, 1, 365, 14, "30"),
    END,
};

/* timeout: a mail program that looks up a name which nobody answers for gives up by itself. */
const cfc_opt_t cfc_notify_rows[] = {
    TEXT("events", cfc_notify_t, events, NULL, "health,dependency"),
    MS("timeout", cfc_notify_t, timeout_ms, 1000, 600000, 30000, "30s"),
    END,
};
