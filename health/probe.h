/* SPDX-License-Identifier: Apache-2.0
 * probe.h: how the nodes of a cluster are probed, as configured. */
#ifndef CFC_HEALTH_PROBE_H
#define CFC_HEALTH_PROBE_H

#include <apr_pools.h>

#include "lb/cluster.h"

typedef enum {
    CFC_PROBE_TCP,          /* a connection can be made */
    CFC_PROBE_HTTP          /* GET path, judged by `expect`; https when the node is https */
} cfc_probe_kind_t;

typedef enum {
    CFC_EXPECT_STATUS,      /* any 2xx or 3xx answer */
    CFC_EXPECT_CONFLUENCE   /* 200 and JSON {"state":"RUNNING"}: 200 alone is also FIRST_RUN */
} cfc_expect_t;

typedef struct cfc_probe_conf {
    int kind;               /* cfc_probe_kind_t */
    const char *path;       /* raw request target, begins with '/'; HTTP only */
    int expect;             /* cfc_expect_t */
    const char *host;       /* Host header; NULL: the node's own host:port */
    apr_int64_t port;       /* to probe instead of the node's; 0: the node's. For ajp nodes */
    apr_int64_t interval_ms;
    apr_int64_t timeout_ms; /* from the first packet to the last byte, whatever the peer does */
    apr_int64_t rise;       /* good results in a row until a down node is up */
    apr_int64_t fall;       /* bad results in a row until an up node is down */
} cfc_probe_conf_t;

#endif
