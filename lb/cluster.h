/* SPDX-License-Identifier: Apache-2.0
 * cluster.h: a cluster and its nodes as configured. Plain structs that conf/ fills once at
 * start-up and everybody reads; what changes at run time is in the slots (segment.h). */
#ifndef CFC_LB_CLUSTER_H
#define CFC_LB_CLUSTER_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <stdbool.h>

#include "lb/codes.h"
#include "lb/eject.h"
#include "lb/words.h"

struct cfc_cluster_slot;
struct cfc_logins_conf;
struct cfc_maint_conf;
struct cfc_method;
struct cfc_node_slot;
struct cfc_probe_conf;
struct cfc_protect_conf;

/** Where something was configured, for messages. */
typedef struct {
    const char *file;
    int line;
} cfc_where_t;

typedef enum {
    CFC_SCHEME_HTTP,
    CFC_SCHEME_HTTPS,
    CFC_SCHEME_AJP
} cfc_scheme_t;

typedef struct cfc_node {
    const char *name;               /* unique in its cluster */
    cfc_scheme_t scheme;
    const char *host;               /* IPv6 addresses without brackets */
    int port;
    const char *url;                /* scheme://host:port, no path; requests add their raw target */
    const char *route;              /* Tomcat's jvmRoute, the part after '.' of a session id */
    const char *token;              /* what our route cookie says for this node; see route.h */
    const char *secret;             /* AJP secret; NULL: none */
    apr_int64_t weight;             /* 1..100 */
    apr_int64_t max;                /* requests at one time, over all children; 0: no limit */
    apr_int64_t tier;               /* 0..9; used when no lower one has anybody */
    int admin;                      /* cfc_admin_t: the configured state, unless changed later */
    cfc_where_t where;
    struct cfc_node_slot *slot;     /* in shared memory, from post_config on */
    void *carrier;                  /* the transport's: for mod_proxy, its proxy_worker */
} cfc_node_t;

typedef enum {
    CFC_SAMESITE_LAX,
    CFC_SAMESITE_STRICT,
    CFC_SAMESITE_NONE
} cfc_samesite_t;

typedef enum {
    CFC_STRICT_OFF,
    CFC_STRICT_ON                   /* who belongs to a node never moves to another one */
} cfc_strict_t;

typedef enum {
    CFC_SECURE_AUTO,                /* Secure if the client came over TLS */
    CFC_SECURE_ALWAYS
} cfc_secure_t;

typedef enum {
    CFC_TELL_OFF,
    CFC_TELL_ON                     /* each answer says which node gave it, and why */
} cfc_tell_t;

typedef struct {
    const char *cookie;             /* our own route cookie; NULL: none is set */
    const char *session;            /* session cookie and path parameter; NULL: none looked at */
    int strict;                     /* cfc_strict_t */
    const char *path, *domain;      /* of our own cookie; NULL: "/", and this host only */
    apr_int64_t lifetime_ms;        /* of our own cookie; 0: until the browser is closed */
    int samesite;                   /* cfc_samesite_t of our own cookie */
    int secure;                     /* cfc_secure_t of our own cookie */
    apr_int64_t window_ms;          /* a session that was quiet for so long is not counted */
    apr_int64_t rehome_ms;          /* who pauses for so long is moved from a draining node; 0:
                                     * nobody */
} cfc_sticky_t;

typedef struct {
    apr_int64_t attempts;           /* at most, the first one included */
    apr_int64_t budget_ms;          /* no new attempt later than this after the first failure */
    apr_int64_t body_bytes;         /* of a request body are kept for a second attempt */
    cfc_codes_t on_status;          /* answers that mean: ask another node */
} cfc_retry_conf_t;

typedef struct {
    apr_int64_t depth;              /* requests that may wait; 0: none */
    apr_int64_t timeout_ms;         /* how long each may wait */
} cfc_queue_conf_t;

typedef struct cfc_cluster {
    const char *name;
    const char *profile;            /* NULL: none */
    apr_array_header_t *nodes;      /* cfc_node_t *, in the order configured */
    const struct cfc_method *method;
    apr_int64_t slow_start_ms;      /* 0: none */
    cfc_sticky_t sticky;
    cfc_retry_conf_t retry;
    cfc_eject_conf_t eject;
    cfc_queue_conf_t queue;
    int tell;                       /* cfc_tell_t */
    apr_int64_t connect_ms;         /* how long connecting to a node may take */
    apr_int64_t answer_ms;          /* how long a node may be silent in an answer */
    apr_int64_t tunnel_end_ms;      /* within this the tunnels of a stopped node are ended */
    const char *node_secret;        /* what tells a node that a request is ours; NULL: nothing */
    struct cfc_logins_conf *logins; /* what is done about failed logins */
    apr_array_header_t *probes;     /* struct cfc_probe_conf *; the first one is that of the
                                     * profile or of CFProbe without name=; never empty */
    apr_array_header_t *dependencies;   /* struct cfc_dependency *, in the order configured */
    struct cfc_maint_conf *maint;
    struct cfc_protect_conf *protect;   /* sections of its own; never NULL after it is read */
    cfc_where_t where;
    struct cfc_cluster_slot *slot;  /* in shared memory, from post_config on */
} cfc_cluster_t;

/** Find a node by name. @return NULL: no such node */
cfc_node_t *cfc_cluster_node(const cfc_cluster_t *cl, const char *name);

/** A node's place in its cluster, from 0, in the order configured. @return -1: it is not in it */
int cfc_cluster_place(const cfc_cluster_t *cl, const cfc_node_t *node);

/** The nodes as a plain array; its length is cl->nodes->nelts. */
static inline cfc_node_t **cfc_cluster_nodes(const cfc_cluster_t *cl)
{
    return (cfc_node_t **)cl->nodes->elts;
}

#endif
