/* SPDX-License-Identifier: Apache-2.0
 * segment.h: all run-time state, in one shared-memory segment that the parent makes once and
 * every process of every generation maps (DESIGN 5). No lock on the request path: C11 atomics.
 *
 *   offset                                            written by
 *   0       cfc_segment_t: magic, layout, heritage,   parent, once
 *           secret
 *           monitor lease and beat                    monitors; taken away by a child, parent
 *           children[]: pid, generation; uncounted[]  each child its own
 *           clusters[]: owner; maintenance, testers,  parent; holder of the store's lock
 *                       the walk and its lease        the same; its lease any child
 *           nodes[]:    owner                         parent
 *             line A    admin, health, ejection       whoever changes them, which is rare
 *             line B..  turns, latency, traffic       every child, at every request
 *                       notes, probe results, rates   holder of the store's lock, the monitor
 *                       live sessions, spread, drain  every child
 *             busy, tunneling: in-flight and        each child its own word
 *                       tunnels by child
 *           dependencies[]: acknowledgement         holder of the store's lock
 *                           what was found          the monitor
 *           events                                  whoever has one to tell
 *
 * A choice looks at every node of its cluster, so what it reads of one lies on two lines: A, which
 * stays in each processor's cache, and B, which goes from one to another anyway.
 *
 * What is worth keeping when the module is replaced by a version with another layout has a row in
 * heritage.c.
 *
 * A graceful restart finds the same slots again by name, so children of the old generation
 * and of the new count in the same place. Slots of removed nodes are reused only when no child
 * of a generation that knew them is left, and not before the restart after the one that removed
 * them. */
#ifndef CFC_LB_SEGMENT_H
#define CFC_LB_SEGMENT_H

#include <apr_time.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lb/bell.h"
#include "lb/drain.h"
#include "lb/drift.h"
#include "lb/eject.h"
#include "lb/events.h"
#include "lb/heritage.h"
#include "lb/history.h"
#include "lb/queue.h"
#include "lb/latency.h"
#include "lb/rates.h"
#include "lb/record.h"
#include "lb/sessions.h"
#include "lb/spread.h"
#include "lb/words.h"

#define CFC_NAME_MAX 64         /* bytes of a cluster's or node's name, the NUL included */
#define CFC_CLUSTERS_MAX 16
#define CFC_NODES_MAX 128       /* over all clusters */
#define CFC_DEPENDENCIES_MAX 32 /* databases and directories, over all clusters */
#define CFC_PROBES_MAX 6        /* of one node */
#define CFC_PARTS_MAX 8         /* paths of one cluster that are in maintenance by themselves */
#define CFC_TESTERS_MAX 32      /* tester links of one cluster that are good at one time */
#define CFC_TESTER_KEYS 2       /* that sign them: the newest one; both are recognised */
#define CFC_CHILDREN_MAX 1024   /* httpd children of all generations that live at one time */
#define CFC_SECRET_BYTES 32
#define CFC_CACHE_LINE 64

/** Why an admin state or a maintenance is as it is. Zeroed: as configured, nobody changed it. */
typedef struct {
    int64_t since;              /* apr_time_t; 0: as configured */
    int64_t until;              /* apr_time_t that was announced as its end; 0: open end */
    char who[96];               /* user name or address; NUL-ended */
    char text[384];             /* the reason, or the message for users; NUL-ended UTF-8 */
} cfc_note_t;

/** What requests did at one node since its slot was made. Only what is open now ever shrinks. */
typedef struct {
    _Atomic int32_t inflight;           /* requests being carried now, over all children */
    _Atomic uint64_t picked;            /* new sessions given to it */
    _Atomic uint64_t attempts;          /* requests sent or tried */
    _Atomic uint64_t by_class[6];       /* answers by status / 100; [0]: attempts with no answer */
    _Atomic uint64_t connect_failures;  /* attempts that never reached it */
    _Atomic uint64_t retried;           /* attempts that failed here and went elsewhere */
    _Atomic uint64_t bytes_to;          /* to the node, headers included; AJP: not counted */
    _Atomic uint64_t bytes_from;        /* from the node, likewise */
    _Atomic uint64_t tunnels_begun;
    _Atomic int32_t tunnels;            /* that are open now; they are not in flight any more */
    _Atomic int64_t good_at;            /* apr_time_t of the last answer below 500; 0: none yet */
    _Atomic int64_t bad_at;             /* of the last other one, or of no answer; likewise */
} cfc_traffic_t;

/** Who adds how much to a total that a killed child leaves wrong. */
typedef struct {
    _Atomic uint32_t children[CFC_CHILDREN_MAX];        /* see cfc_book_entry() */
    cfc_drift_t drift;                  /* cfc_segment_repair()'s own */
} cfc_book_t;

/** One probe of a node. Written by the monitor, read by all. */
typedef struct {
    _Atomic uint64_t identity;          /* cfc_probe_identity(): another one begins anew */
    _Atomic uint32_t standing;          /* health and cause in one word */
    _Atomic uint32_t streak;            /* equal results in a row, the last ones */
    _Atomic uint32_t rise;              /* good ones in a row that it needs at present */
    uint32_t falls;                     /* flap damping, the monitor's own */
    int64_t fell_at;
    _Atomic int64_t certificate_end;    /* apr_time_t; 0: no certificate was seen */
    cfc_history_t history;
} cfc_probe_slot_t;

/** How a slot begins: whose it is. The parent's. */
typedef struct {
    char cluster[CFC_NAME_MAX];         /* "" : the slot is free */
    char name[CFC_NAME_MAX];            /* the node's; "" in a cluster's slot */
    _Atomic uint32_t generation;        /* the last one that has this cluster or node */
    uint32_t number;                    /* of the slot among its like, from 0 */
} cfc_owner_t;

typedef struct cfc_node_slot {
    cfc_owner_t owner;

    /* line A */
    alignas(CFC_CACHE_LINE) _Atomic uint32_t admin;     /* cfc_admin_t; the store's lock holder */
    _Atomic uint32_t standing;          /* health and cause in one word; the monitor */
    _Atomic int64_t returned_at;        /* apr_time_t; 0: never; both of them */
    _Atomic uint64_t reported;          /* the share it wants: cfc_slot_report(); the monitor */
    cfc_eject_t eject;                  /* children; cleared by the monitor */
    _Atomic uint32_t probe_wanted;      /* 1: a request failed, or somebody asks for fresh
                                         * evidence; the monitor probes at once */

    /* line B and on */
    alignas(CFC_CACHE_LINE) _Atomic uint64_t turns;     /* of round-robin, see lb/method.h */
    cfc_latency_t latency;
    cfc_traffic_t traffic;

    /* the store's lock holder */
    alignas(CFC_CACHE_LINE) _Atomic uint32_t admin_configured;  /* 1 + the cfc_admin_t that was
                                         * configured when admin was settled (maint/store.h);
                                         * 0: not settled yet */
    cfc_record_t admin_note;                            /* cfc_note_t */

    /* the monitor */
    alignas(CFC_CACHE_LINE) _Atomic int64_t health_at;  /* apr_time_t of its last change */
    _Atomic int64_t risen_at;           /* apr_time_t when its probes said that it is up again after
                                         * they had said that it is not; 0: never since somebody
                                         * has waited for that, see maint/kept.c */
    _Atomic uint64_t identity;          /* cfc_node_identity() of what health is of; 0: not noted */
    _Atomic uint32_t deciding;          /* the probe that makes its health, a place in probes */
    cfc_probe_slot_t probes[CFC_PROBES_MAX];            /* in the order configured */
    cfc_rates_t rates;

    alignas(CFC_CACHE_LINE) cfc_sessions_t sessions;    /* children; marked and cleared by the
                                                         * monitor */
    alignas(CFC_CACHE_LINE) cfc_spread_t spread;        /* children; marked by the monitor */
    alignas(CFC_CACHE_LINE) cfc_drain_t drain;
    alignas(CFC_CACHE_LINE) cfc_book_t busy;            /* of traffic.inflight */
    alignas(CFC_CACHE_LINE) cfc_book_t tunneling;       /* of traffic.tunnels */
} cfc_node_slot_t;

/** A path of a cluster that is in maintenance by itself, or will be. The store's lock holder. */
typedef struct {
    _Atomic uint32_t state;             /* cfc_cluster_state_t; open: the place is free */
    _Atomic uint32_t path_seq;
    _Atomic uint64_t path[CFC_NAME_MAX / sizeof(uint64_t)];     /* see maint/parts.h */
    cfc_record_t note;                  /* cfc_note_t */
} cfc_part_slot_t;

/** A link that makes whoever opens it a tester (maint/tester.h). */
typedef struct {
    /* the store's lock holder */
    _Atomic uint32_t settled;           /* 1: the saved state was applied (maint/store.h) */
    _Atomic uint32_t id;                /* of the link that is good; 0: the slot is free */
    cfc_record_t plan;                  /* cfc_plan_t */
    cfc_record_t texts;                 /* cfc_kept_t's */

    /* every child */
    _Atomic uint32_t opened;
    _Atomic uint64_t uses;              /* requests by it */
    _Atomic int64_t used_at;            /* apr_time_t of the last one; 0: none */
} cfc_tester_slot_t;

typedef struct {
    _Atomic uint32_t settled;
    cfc_record_t plan, texts;           /* as above */
} cfc_tester_key_slot_t;

/** The upgrade of a cluster that is walked, or was left (maint/walk_order.c). */
typedef struct {
    /* the store's lock holder */
    _Atomic uint32_t settled;           /* 1: the saved state was applied (maint/store.h) */
    _Atomic uint32_t state;             /* cfc_walk_state_t */
    cfc_record_t plan;                  /* cfc_plan_t */
    cfc_record_t texts;                 /* cfc_kept_t's */

    /* every child */
    _Atomic int64_t until;              /* apr_time_t: its walker is heard of again before that */
} cfc_walk_slot_t;

typedef struct cfc_cluster_slot {
    cfc_owner_t owner;
    _Atomic uint32_t settled;           /* 1: the saved state was applied (maint/store.h) */
    _Atomic uint32_t maintenance;       /* 1: closed */
    _Atomic uint32_t parts_closed;      /* one bit for each of parts that is */
    cfc_record_t maintenance_note;      /* cfc_note_t */
    cfc_part_slot_t parts[CFC_PARTS_MAX];
    cfc_queue_t queue;                  /* of requests that wait for a place, any child */
    alignas(CFC_CACHE_LINE) _Atomic uint64_t refused;   /* requests answered with a 503 page */
    _Atomic uint64_t logins_failed;     /* answers that said so */
    _Atomic uint64_t logins_refused;    /* requests answered with 429 */
    _Atomic uint64_t testers_refused;   /* links and cookies that are good no more, or never were */
    cfc_tester_key_slot_t tester_keys[CFC_TESTER_KEYS];
    cfc_tester_slot_t testers[CFC_TESTERS_MAX];
    cfc_walk_slot_t walk;
} cfc_cluster_slot_t;

/** A database or a directory. Its records are those of health/dependency.h. */
typedef struct cfc_dependency_slot {
    cfc_owner_t owner;
    /* the store's lock holder */
    _Atomic uint32_t settled;           /* 1: the saved state was applied (maint/store.h) */
    _Atomic int64_t acknowledged_until; /* apr_time_t; until then it may fail; 0: it may not */
    cfc_record_t acknowledged_note;                     /* cfc_note_t */

    _Atomic uint32_t look_wanted;       /* 1: somebody asks for fresh evidence; every child */

    /* the monitor */
    alignas(CFC_CACHE_LINE) _Atomic uint64_t identity;  /* cfc_dependency_identity() of what was
                                                         * found */
    cfc_record_t found;                                 /* cfc_found_t */
    cfc_record_t words;                                 /* cfc_found_words_t */
    cfc_record_t hosts;                                 /* cfc_found_hosts_t */
    cfc_history_t history;
} cfc_dependency_slot_t;

typedef struct {
    _Atomic int64_t pid;                /* 0: free */
    _Atomic uint32_t generation;
} cfc_child_slot_t;

typedef struct cfc_segment {
    uint64_t magic;
    uint64_t layout;                    /* cfc_segment_layout() of the module that made it */
    cfc_heritage_t heritage;            /* for a version with another layout */
    int64_t sessions_from;              /* apr_time_t since when live sessions are counted: when it
                                         * was made, or the one that it was taken over from */
    unsigned char secret[CFC_SECRET_BYTES];     /* random; signs the status page's forms */
    _Atomic uint32_t generation;        /* of httpd's configuration, from 1 */
    _Atomic uint64_t changes;           /* admin changes made: the API's `generation` */

    alignas(CFC_CACHE_LINE) _Atomic int64_t monitor_pid;    /* holder of the lease; 0: nobody */
    _Atomic uint32_t monitor_generation;
    _Atomic int64_t monitor_beat_at;                        /* apr_time_t */
    _Atomic int64_t watched_at;     /* apr_time_t of the last look of the child that watches it */
    cfc_bell_t downs;                   /* rung by the monitor when a node has turned down */

    alignas(CFC_CACHE_LINE) cfc_child_slot_t children[CFC_CHILDREN_MAX];
    _Atomic int64_t uncounted[CFC_CHILDREN_MAX];    /* pids of those that found no free place; 0 */
    cfc_cluster_slot_t clusters[CFC_CLUSTERS_MAX];
    cfc_node_slot_t nodes[CFC_NODES_MAX];
    cfc_dependency_slot_t dependencies[CFC_DEPENDENCIES_MAX];
    alignas(CFC_CACHE_LINE) cfc_events_t events;
} cfc_segment_t;

/** A hash over the sizes and places of all that a segment holds: equal layouts only. */
uint64_t cfc_segment_layout(void);

/**
 * Make fresh memory a segment.
 * @param memory sizeof(cfc_segment_t) zeroed bytes, aligned to a cache line
 * @param secret CFC_SECRET_BYTES random bytes
 */
cfc_segment_t *cfc_segment_init(void *memory, const unsigned char *secret, apr_time_t now);

/** Whether memory holds a segment that this build of the module can use. */
bool cfc_segment_usable(const void *memory);

/**
 * Begin a new generation: call once in the parent before the find functions.
 * @return its number
 */
uint32_t cfc_segment_next_generation(cfc_segment_t *segment);

/**
 * The slot of a cluster, node or dependency, found by name or newly taken; a new one is zeroed.
 * Parent only.
 * @return NULL: all slots are taken (CFC_CLUSTERS_MAX, CFC_NODES_MAX, CFC_DEPENDENCIES_MAX)
 */
cfc_cluster_slot_t *cfc_segment_cluster(cfc_segment_t *segment, const char *name);
cfc_node_slot_t *cfc_segment_node(cfc_segment_t *segment, const char *cluster, const char *name);
cfc_dependency_slot_t *cfc_segment_dependency(cfc_segment_t *segment, const char *cluster,
                                              const char *name);

/**
 * Take a child's place in the books. Each child once, at its start. Whatever is there by its pid is
 * that of a dead child, and is struck out.
 * @return its index; -1: none free, what the child does is counted in the totals only
 */
int cfc_segment_child_enter(cfc_segment_t *segment, int64_t pid, uint32_t generation);

/** Give it back. What the child still had open is taken out by cfc_segment_repair(), and so is a
 * child that had no place, when its process has ended. */
void cfc_segment_child_leave(cfc_segment_t *segment, int child);

/**
 * Strike dead children out and repair the totals that they left raised. Monitor only, about
 * once a second. A total is corrected only when it was wrong by the same number three times
 * running while nobody changed it, so requests that begin or end meanwhile are never touched.
 *
 * Limits: no total is corrected while a child without a place lives; and of more than
 *         2 * CFC_CHILDREN_MAX at one time those beyond are not known.
 *
 * @param alive tells whether a process still exists, and is httpd's
 * @return how many children were struck out
 */
int cfc_segment_repair(cfc_segment_t *segment, bool (*alive)(int64_t pid));

/**
 * A child's word in a book. Children that start one after another have it on lines of their own:
 * all of them write theirs at every request.
 */
static inline _Atomic uint32_t *cfc_book_entry(cfc_book_t *book, int child)
{
    enum { LINES = sizeof(book->children) / CFC_CACHE_LINE, WORDS = CFC_CHILDREN_MAX / LINES };

    return &book->children[child % LINES * WORDS + child / LINES];
}

/** Count one request in and out at a node. Any thread; wait-free. child as from _enter(). */
void cfc_slot_begin(cfc_node_slot_t *slot, int child);
void cfc_slot_end(cfc_node_slot_t *slot, int child);

/** The same, unless the node has `max` in flight already (0: no limit). @return false: it has */
bool cfc_slot_try_begin(cfc_node_slot_t *slot, int child, apr_int64_t max);

/**
 * Count one tunnel in and out at a node, likewise.
 * @return its number among all that the node ever had, from 1
 */
uint64_t cfc_slot_tunnel_begin(cfc_node_slot_t *slot, int child);
void cfc_slot_tunnel_end(cfc_node_slot_t *slot, int child);

/**
 * The two halves of cfc_slot_begin() and _end(), for a place that is handed from one request to
 * another: the total stays, the books change. free(): the place is nobody's any more.
 */
void cfc_slot_book(cfc_node_slot_t *slot, int child);
void cfc_slot_unbook(cfc_node_slot_t *slot, int child);
void cfc_slot_free(cfc_node_slot_t *slot);

/** The node's slot with this number. @param any any other one of the segment */
static inline cfc_node_slot_t *cfc_slot_numbered(cfc_node_slot_t *any, uint32_t number)
{
    return any - any->owner.number + number;
}

/** A node's health and cause, read and written as one. Any thread reads; the monitor writes. */
static inline cfc_health_t cfc_standing_read(const _Atomic uint32_t *at, cfc_cause_t *cause)
{
    uint32_t standing = atomic_load_explicit(at, memory_order_acquire);

    *cause = (cfc_cause_t)(standing >> 8);
    return (cfc_health_t)(standing & 0xffu);
}

static inline cfc_health_t cfc_slot_health(const cfc_node_slot_t *slot, cfc_cause_t *cause)
{
    return cfc_standing_read(&slot->standing, cause);
}

void cfc_slot_health_set(cfc_node_slot_t *slot, cfc_health_t health, cfc_cause_t cause);

/** The same of one of its probes. */
static inline cfc_health_t cfc_probe_health(const cfc_probe_slot_t *slot, cfc_cause_t *cause)
{
    return cfc_standing_read(&slot->standing, cause);
}

void cfc_probe_health_set(cfc_probe_slot_t *slot, cfc_health_t health, cfc_cause_t cause);

/** Note the percentage of its share that a node wants, and until when that holds. The monitor. */
void cfc_slot_report(cfc_node_slot_t *slot, int pct, apr_time_t until);

/** What is noted; 100 when nothing is, or nothing any more. Any thread. */
static inline int cfc_slot_reported_pct(const cfc_node_slot_t *slot, apr_time_t now)
{
    uint64_t reported = atomic_load_explicit(&slot->reported, memory_order_relaxed);

    return reported != 0 && (apr_time_t)(reported >> 8) > apr_time_as_msec(now)
               ? (int)(reported & 0xffu) : 100;
}

/**
 * Note that a node is in service again, before it is put there.
 * @param emptied its sessions have gone elsewhere meanwhile, so they are not counted any more
 */
void cfc_slot_returned(cfc_node_slot_t *slot, apr_time_t now, bool emptied);

/** The admin state as the request path reads it. Any thread. */
static inline cfc_admin_t cfc_slot_admin(const cfc_node_slot_t *slot)
{
    return (cfc_admin_t)atomic_load_explicit(&slot->admin, memory_order_acquire);
}

/** What people want of a whole cluster: cfc_cluster_slot_t.maintenance. */
typedef enum {
    CFC_CLUSTER_OPEN,
    CFC_CLUSTER_CLOSED,         /* in maintenance */
    CFC_CLUSTER_SCHEDULED       /* open; a maintenance begins later by itself */
} cfc_cluster_state_t;

/** Whether the cluster is closed for maintenance. Any thread. */
static inline bool cfc_slot_closed(const cfc_cluster_slot_t *slot)
{
    return atomic_load_explicit(&slot->maintenance, memory_order_acquire) == CFC_CLUSTER_CLOSED;
}

/** Whether any path of it is. Any thread. */
static inline bool cfc_slot_parts_closed(const cfc_cluster_slot_t *slot)
{
    return atomic_load_explicit(&slot->parts_closed, memory_order_acquire) != 0;
}

#endif
