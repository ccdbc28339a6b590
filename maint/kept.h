/* SPDX-License-Identifier: Apache-2.0
 * kept.h: the kinds of things that people set and that are kept over restarts: one row of
 * cfc_kinds a kind. The state file (state_doc.h), its use (store.h) and the orders (control.h)
 * know kinds only, so another one is another row. */
#ifndef CFC_MAINT_KEPT_H
#define CFC_MAINT_KEPT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "health/dependency.h"
#include "lb/cluster.h"
#include "lb/events.h"
#include "lb/segment.h"

/** What goes with a state, and with it into one cfc_record_t. */
typedef struct {
    cfc_note_t note;        /* since is 0: as configured, nobody changed it */
    int64_t at;             /* apr_time_t of what is to happen by itself; 0: nothing. Of a node:
                             * its drain becomes a stop; of a cluster: its maintenance begins.
                             * Of a walk: when it was left */
    uint32_t how;           /* a place in the kind's hows: how the state ends */
} cfc_plan_t;

#define CFC_KEPT_TEXTS 2
#define CFC_KEPT_TEXT_BYTES 72          /* the NUL included */

/** What is set of one thing. Zeroed: nobody ever changed it. */
typedef struct {
    uint32_t state;         /* its place in the kind's words */
    uint32_t configured;    /* likewise, what the configuration said when this was set */
    cfc_plan_t plan;
    char texts[CFC_KEPT_TEXTS][CFC_KEPT_TEXT_BYTES];    /* the kind's text_keys name them */
} cfc_kept_t;

/** One thing that something can be set of. */
typedef struct {
    const cfc_cluster_t *cl;
    const cfc_node_t *node;     /* NULL: it is no node */
    const cfc_dependency_t *dependency;     /* NULL: it is none */
    bool part;                  /* a path of the cluster; it has a record only while not open */
    char name[CFC_NAME_MAX];    /* in the state file; "" : a part's place that is free */
    int place;                  /* what its kind's subject() was asked for */
} cfc_subject_t;

typedef struct {
    const char *section;        /* of a cluster's record in the state file */
    cfc_event_kind_t event;     /* of its changes */
    const char *noun;           /* in the log, before the name, and the field of an order that
                                 * names it; NULL: see cfc_subject_noun() */
    const char *text_key;       /* what the note's text is in file and orders: reason, message */
    const char *const *words;   /* of state, NULL-ended; the first one is the ordinary case */
    const char *at_key;         /* what plan.at is called in file and orders; NULL: never set */
    const char *how_key;        /* likewise plan.how */
    const char *const *hows;    /* its words, NULL-ended; the first one is the ordinary case */
    const char *const *text_keys;   /* what kept.texts are called in the file, NULL-ended; NULL:
                                     * there are none */
    bool vanishes;              /* the ordinary case leaves nothing to keep */

    /** The subjects that the cluster has, from 0; one without a name is none. */
    int (*count)(const cfc_cluster_t *cl);
    cfc_subject_t (*subject)(const cfc_cluster_t *cl, int i);

    /** What the configuration says of it, and where shared memory has 1 + what it said when the
     * state was settled (0: not settled yet). */
    uint32_t (*configured)(const cfc_subject_t *subject);
    _Atomic uint32_t *(*settled)(const cfc_subject_t *subject);

    /** The state in shared memory. @return false: without a note that says who and when */
    bool (*now)(const cfc_subject_t *subject, cfc_kept_t *kept);

    /** Put it there; the holder of the store's lock only. */
    void (*apply)(const cfc_subject_t *subject, const cfc_kept_t *kept);
} cfc_kind_t;

/** How the drain or stop of a node ends: the hows of cfc_kind_node. */
typedef enum {
    CFC_RETURN_ORDERED,     /* somebody makes it active */
    CFC_RETURN_UNTIL,       /* when note.until has come */
    CFC_RETURN_RESTART      /* when it has been down and is up again */
} cfc_return_t;

/** How a maintenance ends: the hows of cfc_kind_maintenance, whose words are those of
 * cfc_cluster_state_t. */
typedef enum {
    CFC_END_ORDERED,        /* somebody opens the cluster; note.until is only announced */
    CFC_END_BY_ITSELF       /* when note.until has come */
} cfc_end_t;

/** The words of cfc_kind_dependency. */
typedef enum {
    CFC_DEPENDENCY_WATCHED,         /* it is said when it is not well */
    CFC_DEPENDENCY_ACKNOWLEDGED     /* until note.until somebody knows that it is not */
} cfc_dependency_care_t;

/** The words of cfc_kind_tester, and those of cfc_kind_tester_key. */
typedef enum {
    CFC_TESTER_NONE,
    CFC_TESTER_GOOD             /* until note.until; for a key: for good */
} cfc_tester_state_t;

/** Which of cfc_kept_t.texts of a tester link, and of a key. */
enum {
    CFC_TESTER_NODE,
    CFC_TESTER_ID               /* 8 hex digits */
};
/** The words of cfc_kind_walk. */
typedef enum {
    CFC_WALK_NONE,
    CFC_WALK_WALKED,            /* its walker is heard of again before note.until */
    CFC_WALK_LEFT               /* since plan.at: to be resumed, aborted or given up */
} cfc_walk_state_t;

/** How a walk was left: the hows of cfc_kind_walk. */
typedef enum {
    CFC_LEFT_ORDERED,
    CFC_LEFT_SILENT             /* its walker was heard of no more */
} cfc_walk_left_t;

/** Which of cfc_kept_t.texts of a walk. */
enum {
    CFC_WALK_WALKER,            /* "anna@admin1": a login may be that of several people */
    CFC_WALK_ID                 /* its walker's name for it */
};

#define CFC_WALK_LEASE apr_time_from_sec(120)   /* what a walker has after a start of httpd */

#define CFC_TESTER_SECRET 0     /* 2 * CFC_SECRET_BYTES hex digits */

extern const cfc_kind_t cfc_kind_node;          /* the admin states; words of cfc_admin_t */
extern const cfc_kind_t cfc_kind_maintenance;   /* of a whole cluster, and of paths of it */
extern const cfc_kind_t cfc_kind_dependency;    /* databases and directories: planned outages */
extern const cfc_kind_t cfc_kind_tester;        /* tester links; a subject is a slot for one */
extern const cfc_kind_t cfc_kind_tester_key;    /* likewise the keys that sign them */
extern const cfc_kind_t cfc_kind_walk;          /* the upgrade that is walked, or was left */

/** All of them, NULL-ended. */
extern const cfc_kind_t *const cfc_kinds[];

/** Read what goes with a state from where its kind has it in shared memory.
 *  @return false: without a note that says who and when */
bool cfc_kept_read(const cfc_record_t *plan, const cfc_record_t *texts, cfc_kept_t *kept);

/** A path of a cluster as something that maintenance can be set of, whether it is now or not. */
cfc_subject_t cfc_subject_part(const cfc_cluster_t *cl, const char *path);

/** Whether somebody walks, so that nobody else may. */
bool cfc_walk_lives(const cfc_kept_t *kept, apr_time_t now);

/** What stands before the subject's name in a sentence. @return NULL: it is the cluster itself */
const char *cfc_subject_noun(const cfc_kind_t *kind, const cfc_subject_t *subject);

#endif
