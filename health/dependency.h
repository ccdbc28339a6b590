/* SPDX-License-Identifier: Apache-2.0
 * dependency.h: what the nodes of a cluster depend on, databases and directories: as configured,
 * and as found, which is what stands in shared memory. They are looked at, shown and warned of;
 * no request ever goes another way because of them. */
#ifndef CFC_HEALTH_DEPENDENCY_H
#define CFC_HEALTH_DEPENDENCY_H

#include <apr_pools.h>
#include <apr_time.h>
#include <stdbool.h>

#include "health/db_facts.h"
#include "lb/cluster.h"

typedef enum {
    CFC_DEPENDENCY_MYSQL,
    CFC_DEPENDENCY_LDAP
} cfc_dependency_kind_t;

/** How it is with one, in the order of what fresh memory must say. */
typedef enum {
    CFC_DEPENDENCY_UNKNOWN,     /* not looked at yet, or what decides may not be seen */
    CFC_DEPENDENCY_OK,
    CFC_DEPENDENCY_WARNING,     /* it works; somebody should look at it in good time */
    CFC_DEPENDENCY_ALARM,       /* it does not do what it is there for */
    CFC_DEPENDENCY_COUNT
} cfc_dependency_state_t;

/** tls= of CFDatabase. */
typedef enum {
    CFC_TLS_OFF,                /* as the option file says, which without a word is: none */
    CFC_TLS_ON,                 /* or no connection; whose certificate it is does not matter */
    CFC_TLS_VERIFY              /* the certificate must be this host's and from a known authority */
} cfc_tls_t;

/** outage-page= of CFDatabase. */
typedef enum {
    CFC_OUTAGE_PAGE_OFF,
    CFC_OUTAGE_PAGE_ON          /* users are told when it is why they get no page */
} cfc_outage_page_t;

/** One CFDatabase or CFDirectory line. */
typedef struct cfc_dependency {
    const char *name;               /* unique among the cluster's dependencies */
    int kind;                       /* cfc_dependency_kind_t */
    const char *host;               /* IPv6 addresses without brackets */
    int port;
    const char *address;            /* host:port, for people */
    const char *user;               /* MySQL; NULL: the option file's */
    const char *path;               /* MySQL: the applications' database; LDAP: the base DN.
                                       NULL: none */
    const char *of;                 /* name of its source; NULL: it is no replica */
    struct cfc_dependency *source;  /* the same, found; before it in the array of its cluster */
    const char *file;               /* option file, or DN and password; absolute; NULL: none */
    const char *ca;                 /* PEM file of authorities, absolute; NULL: the system's */
    int tls;                        /* cfc_tls_t; LDAP: VERIFY for ldaps, else OFF */
    apr_int64_t interval_ms;
    apr_int64_t timeout_ms;         /* of one look, whatever the other side does */
    apr_int64_t cert_days;          /* from how many days before its end a certificate is a warning */
    int outage_page;                /* cfc_outage_page_t */
    cfc_where_t where;
    struct cfc_dependency_slot *slot;   /* in shared memory, from post_config on */
} cfc_dependency_t;

/* What follows are records (lb/record.h) in a slot; the monitor writes them. Zeroed: not looked
 * at yet. Numbers are CFC_DB_NUMBER_UNKNOWN when they are not known. */

/** The verdict and the facts that it rests on. */
typedef struct {
    int64_t at;                     /* apr_time_t of the end of the last look */
    int64_t since;                  /* and of the last change of state */
    int64_t certificate_end;        /* 0: not known */
    int64_t quiet_since;            /* since then no look saw a connection of an application;
                                       0: the last one did, or could not tell */
    int64_t silent_since;           /* since then nobody there has said a word; 0: somebody did */
    int64_t in_sync_at;             /* all that its source had written until then was here */
    int64_t lag_s, delay_s, threads_connected, threads_running;
    int64_t connections, elsewhere; /* of applications; and those to databases not named */
    double queries_per_s, slow_per_s, bytes_in_per_s, bytes_out_per_s;
    int32_t duration_ms;
    int32_t state;                  /* cfc_dependency_state_t */
    int32_t reached;                /* 1: what follows was read at this look */
    int32_t replica, read_only, super_read_only, io, sql, in_sync;      /* cfc_truth_t */
    int32_t database;               /* likewise: whether the one that is named is there */
    char reason[256];
} cfc_found_t;

/** What is longer. */
typedef struct {
    char version[64];
    char source[160];               /* host:port that a replica says it follows; "" : none */
    char missing[96];               /* privileges, as GRANT takes them */
} cfc_found_words_t;

typedef struct {
    int32_t count;
    cfc_db_host_t hosts[CFC_DB_HOSTS];
} cfc_found_hosts_t;

const char *cfc_dependency_kind_word(int kind);         /* "mysql", "ldap" */
const char *cfc_dependency_state_word(int state);       /* "unknown", "ok", "warning", "alarm" */
const char *cfc_truth_word(int truth);                  /* "unknown", "no", "yes" */

/** The dependencies of a cluster as a plain array; its length is cl->dependencies->nelts. */
static inline cfc_dependency_t **cfc_cluster_dependencies(const cfc_cluster_t *cl)
{
    return (cfc_dependency_t **)cl->dependencies->elts;
}

/** @return NULL: none of that name */
cfc_dependency_t *cfc_cluster_dependency(const cfc_cluster_t *cl, const char *name);

/**
 * What tells it from another one that has its name in another configuration: where it is, and of
 * what server it is a replica. Never 0.
 */
uint64_t cfc_dependency_identity(const cfc_dependency_t *dependency);

/** Whether somebody said that it may fail now. Any thread. */
bool cfc_dependency_acknowledged(const cfc_dependency_t *dependency, apr_time_t now);

/**
 * What is true of a dependency now: the record, if it is of this one and not of another one that had
 * its name before a reload; or, when it has not been looked at for three
 * intervals (there is no monitor), UNKNOWN with that as its reason. What is in_sync and how many
 * connections there are may be relied on as it is here: whatever was not read is unknown.
 * @param found reason is NUL-ended whatever stands in shared memory
 */
void cfc_dependency_look(const cfc_dependency_t *dependency, apr_time_t now, cfc_found_t *found);

#endif
