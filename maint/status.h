/* SPDX-License-Identifier: Apache-2.0
 * status.h: one look at all run-time state, taken at one moment, and its renderings. Texts
 * in it are clean UTF-8 whoever said them; escaping is the renderings' business. */
#ifndef CFC_MAINT_STATUS_H
#define CFC_MAINT_STATUS_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>
#include <stdbool.h>
#include <stdint.h>

#include "conf/conf.h"
#include "health/certificate.h"
#include "maint/control.h"
#include "maint/kept.h"
#include "maint/preview.h"
#include "maint/status_dependencies.h"
#include "maint/status_events.h"
#include "maint/status_parts.h"
#include "maint/status_testers.h"
#include "maint/status_walk.h"
#include "maint/users.h"

/** How things are, in the order of how much they need a person. */
typedef enum {
    CFC_LEVEL_OUTAGE,           /* open, and no node takes new users */
    CFC_LEVEL_DEGRADED,         /* it works, and something is not as it should be */
    CFC_LEVEL_MAINTENANCE,      /* closed by people, or paths of it are */
    CFC_LEVEL_OK,
    CFC_LEVEL_COUNT
} cfc_level_t;

const char *cfc_level_word(cfc_level_t level);

/** One probe of a node. */
typedef struct {
    const char *name;
    const char *kind;               /* the word after CFProbe */
    bool required;                  /* false: advisory */
    apr_int64_t timeout_ms;
    cfc_health_t health;            /* by this probe alone */
    cfc_cause_t cause;
    int streak;
    int rise;                       /* good results in a row that it needs at present */
    apr_time_t certificate_end;     /* 0: no certificate was seen */
    cfc_certificate_t certificate;
    int history_count;
    cfc_probe_result_t *history;    /* the last results, the newest first */
} cfc_probe_view_t;

typedef struct {
    const char *name;
    const char *url;
    const char *route;
    apr_int64_t weight;
    apr_int64_t tier;
    cfc_admin_t admin;
    cfc_admin_t configured;
    cfc_plan_t plan;                /* note.since is 0: as configured */
    cfc_health_t health;
    cfc_cause_t cause;
    apr_time_t health_at;           /* 0: never changed */
    int streak;
    apr_time_t ejected_until;       /* 0: requests say nothing against it */
    cfc_effective_t effective;
    int share_pct;                  /* of its share of new sessions; under 100: warming */
    const char *why;                /* why it is not serving, or not all; NULL: it is */
    cfc_probe_result_t probe;       /* the last of the deciding one; at is 0: none yet */
    int deciding;                   /* which of probes makes health what it is */
    int probes_count;
    cfc_probe_view_t *probes;       /* in the order configured */
    int reported_pct;               /* of its share that it wants; 100: all, or it says nothing */
    int in_flight;
    int tunnels;
    cfc_users_t users;
    cfc_drain_report_t drain;       /* since is 0: it does not drain, nor was stopped after that */
    uint64_t attempts;
    uint64_t by_class[6];
    uint64_t new_sessions;
    uint64_t connect_failures;
    uint64_t retried;
    uint64_t bytes_to;
    uint64_t bytes_from;
    cfc_rates_view_t rates;
    cfc_percentiles_t spread;
    cfc_histogram_t histogram;
} cfc_node_view_t;

typedef struct {
    const char *name;
    bool closed;
    bool scheduled;                 /* a maintenance begins at plan.at */
    cfc_plan_t plan;                /* note.since is 0: nobody ever closed or opened it */
    int parts_count;
    cfc_part_view_t *parts;         /* paths that are closed by themselves, or will be */
    uint64_t refused;
    uint64_t logins_failed;
    uint64_t logins_refused;
    int waiting;                    /* requests in the queue */
    cfc_level_t level;
    const char *text;               /* "1 of 2 nodes serving; node2 ..." */
    apr_array_header_t *warnings;   /* const char *: what a person should see to although every
                                       node may be serving; makes the level degraded */
    int serving;                    /* warming ones included */
    int nodes_count;
    cfc_node_view_t *nodes;
    int dependencies_count;
    cfc_dependency_view_t *dependencies;
    uint64_t testers_refused;       /* links and cookies */
    int testers_count;
    cfc_tester_view_t *testers;
    cfc_walk_view_t *walk;          /* NULL: no upgrade is walked, or was left */
} cfc_cluster_view_t;

typedef struct {
    apr_time_t now;
    uint64_t generation;            /* admin changes made */
    bool monitor_silent;            /* health is as last known */
    apr_time_t monitor_beat_at;     /* 0: it has not begun yet */
    const char *store_trouble;      /* why changes would be refused; NULL: they would not */
    cfc_level_t level;              /* the worst of all */
    const char *text;               /* one sentence for all */
    int clusters_count;
    cfc_cluster_view_t *clusters;
    cfc_event_list_t events;        /* the last CFC_EVENTS_SHOWN */
} cfc_status_t;

/* The parts of looking that are about the probes of a node. The second one adds to warnings. */
void cfc_status_probes(const cfc_cluster_t *cl, const cfc_node_t *node, apr_time_t now,
                       cfc_node_view_t *view, apr_pool_t *p);
void cfc_status_probe_warnings(const cfc_node_view_t *node, apr_time_t now,
                               apr_array_header_t *warnings, apr_pool_t *p);

/** Look. Any thread of any child; takes no lock. */
cfc_status_t *cfc_status_look(const cfc_conf_t *conf, apr_time_t now, apr_pool_t *p);

/** The status as JSON, version 1. @return NULL: out of memory */
const char *cfc_status_json(const cfc_status_t *status, apr_pool_t *p);

/** The status in the text format of Prometheus, version 0.0.4. */
const char *cfc_status_prometheus(const cfc_status_t *status, apr_pool_t *p);

/** The status as one line: level, colon, texts. */
const char *cfc_status_plain(const cfc_status_t *status, apr_pool_t *p);

/** What became of an order, as JSON, version 1. @return NULL: out of memory */
const char *cfc_result_json(const cfc_result_t *result, uint64_t generation, apr_pool_t *p);

/** What a page needs besides the status. */
typedef struct {
    const char *server;             /* name of this httpd, as clients know it */
    const char *base;               /* relative URL of where status.css and status.js are */
    const char *token;              /* from cfc_form_token */
    bool read_only;                 /* whoever looks may change nothing */
    const cfc_result_t *answer;     /* to an order just given; NULL: none was */
    const cfc_preview_t *preview;   /* NULL; or the page is that of one order, which it is about */
    const cfc_order_t *order;       /* that one, with all that was sent */
} cfc_status_page_t;

/** The status as a page for people. */
const char *cfc_status_html(const cfc_status_t *status, const cfc_status_page_t *page,
                            apr_pool_t *p);

#endif
