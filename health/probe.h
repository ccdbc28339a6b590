/* SPDX-License-Identifier: Apache-2.0
 * probe.h: how the nodes of a cluster are probed, as configured. */
#ifndef CFC_HEALTH_PROBE_H
#define CFC_HEALTH_PROBE_H

#include <apr_pools.h>
#include <stdbool.h>
#include <stdint.h>

#include "lb/cluster.h"

/** The name of the probe that a profile or a CFProbe line without name= sets. */
#define CFC_PROBE_MAIN "main"

typedef enum {
    CFC_PROBE_TCP,          /* a connection can be made */
    CFC_PROBE_HTTP,         /* a request, judged by what is expected; https when the node is */
    CFC_PROBE_AJP           /* CPING is answered by CPONG */
} cfc_probe_kind_t;

typedef enum {
    CFC_ROLE_REQUIRED,      /* the node is as well as its worst required probe */
    CFC_ROLE_ADVISORY       /* shown, and decides nothing */
} cfc_role_t;

typedef enum {
    CFC_METHOD_GET,
    CFC_METHOD_HEAD,
    CFC_METHOD_OPTIONS
} cfc_probe_method_t;

typedef enum {
    CFC_EXPECT_STATUS,      /* a status, and whatever else is configured */
    CFC_EXPECT_CONFLUENCE,  /* 200 and JSON {"state":"RUNNING"}: 200 alone is also FIRST_RUN */
    CFC_EXPECT_JIRA,        /* these two say it in the same way */
    CFC_EXPECT_BITBUCKET
} cfc_expect_t;

typedef struct cfc_probe_conf {
    const char *name;       /* unique in its cluster */
    int kind;               /* cfc_probe_kind_t */
    int role;               /* cfc_role_t */
    apr_int64_t port;       /* to probe instead of the node's; 0: the node's */

    /* HTTP only */
    const char *path;       /* raw request target, begins with '/' */
    int method;             /* cfc_probe_method_t */
    const char *host;       /* name[:port] for the Host header, and for TLS; NULL: the node's own */
    apr_array_header_t *headers;    /* const char *, "Name: value"; NULL: none */
    const char *secret;     /* X-CFCluster-Secret header, as requests have it; NULL: none */
    int expect;             /* cfc_expect_t; what follows is for CFC_EXPECT_STATUS */
    cfc_codes_t status;     /* good ones; none: 2xx and 3xx */
    const char *body;       /* must be somewhere in the body; NULL: anything */
    const char *json;       /* KEY=VALUE, as written; NULL: anything */
    const char *weight_key; /* of a JSON number, percent of its share that the node wants; NULL */
    const char *ca;         /* file of the authorities trusted; NULL: nothing is verified */
    const char *ca_pem;     /* what it holds */
    apr_int64_t cert_days;  /* warn so many days before a certificate ends */

    apr_int64_t interval_ms;
    apr_int64_t fast_ms;    /* the interval while in doubt; 0: half of interval_ms */
    apr_int64_t down_ms;    /* the interval while down or starting; 0: interval_ms */
    apr_int64_t timeout_ms; /* from the first packet to the last byte, whatever the peer does */
    apr_int64_t rise;       /* good results in a row until it is up again */
    apr_int64_t fall;       /* bad results in a row until it is down */
} cfc_probe_conf_t;

/**
 * What tells a node, or a probe, from another one that has its name in another configuration: where
 * it is, and what the probe asks for. Never 0.
 */
uint64_t cfc_node_identity(const cfc_node_t *node);
uint64_t cfc_probe_identity(const cfc_probe_conf_t *conf);

/**
 * Whether what is known by a probe is known of this node and by this probe. Not so in the moment
 * between a reload that changes one of them and the beginning of the new monitor, which forgets it.
 * Any thread.
 * @param place of the probe among the cluster's
 */
bool cfc_probe_is_of(const cfc_node_t *node, const cfc_probe_conf_t *conf, int place);

/** The words after CFProbe, in the order of cfc_probe_kind_t, NULL-ended. */
extern const char *const cfc_probe_kinds[];

/** The probes of a cluster as a plain array; its length is cl->probes->nelts. */
static inline const cfc_probe_conf_t *cfc_probe_at(const cfc_cluster_t *cl, int i)
{
    return APR_ARRAY_IDX(cl->probes, i, const cfc_probe_conf_t *);
}

#endif
