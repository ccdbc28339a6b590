/* SPDX-License-Identifier: Apache-2.0
 * control.h: what people order on the status page or by script, and what becomes of it. */
#ifndef CFC_MAINT_CONTROL_H
#define CFC_MAINT_CONTROL_H

#include <apr_pools.h>
#include <apr_time.h>
#include <stdbool.h>

#include "conf/conf.h"
#include "maint/store.h"
#include "maint/tester.h"

/** One order, as the fields of a form have it. NULL: the field was not given. */
typedef struct {
    const char *cluster;
    const char *node;           /* for activate, drain, stop, recover, tester-link */
    const char *dependency;     /* for ack, unack: a database or directory */
    const char *path;           /* for maintenance-on, -off: of this path only */
    const char *tester;         /* for tester-revoke: the id of a link, or "all" */
    const char *walk;           /* for walk, walk-leave, walk-end: the id of an upgrade, its
                                 * walker's */
    const char *walker;         /* for walk: who walks it; the user if left out */
    const char *step;           /* for walk: where it is; may be left out */
    const char *instead;        /* for walk: the id of one that was left and is given up for it */
    const char *action;         /* activate, drain, stop, recover, maintenance-on, -off, ack,
                                 * unack, tester-link, -revoke, -rotate, walk, walk-leave,
                                 * walk-end */
    const char *reason;         /* for all but maintenance-on and walks; may be left out */
    const char *message;        /* for maintenance-on: what users read; may be left out */
    const char *until;          /* 2h, 90m, or 2026-11-23T15:00Z. For maintenance-on the end that
                                 * is announced, a duration counts from its beginning; for drain
                                 * and stop when the node is active again; for ack, which needs it,
                                 * until when it may fail; for tester-link likewise until when it
                                 * is good; for walk likewise until when nobody else may walk */
    const char *deadline;       /* for drain, likewise: the node is stopped then */
    const char *comes_back;     /* for drain and stop, "return" in forms: "restart" when the node
                                 * has been down and is up again; "until" may be said of until */
    const char *from;           /* for maintenance-on, written like until: it begins then */
    const char *end;            /* for maintenance-on: "by-itself" at until, or "ordered" */
    const char *wait;           /* what to wait for afterwards, see wait.h; not control's business */
    const char *timeout;        /* likewise for how long */
    const char *generation;     /* do it only if this is still the number of changes made */
    bool force;                 /* do it even if it leaves users without a node */
    bool check;                 /* only say what would become of it */
    bool again;                 /* that it could not be saved was told already */
    const char *who;            /* user name; the address when there is none */
    const char *address;        /* of the client */
} cfc_order_t;

typedef enum {
    CFC_OUTCOME_FAILED,         /* could not be saved; nothing changed */
    CFC_OUTCOME_BAD,            /* the order makes no sense */
    CFC_OUTCOME_FORBIDDEN,      /* it is not shown that the person meant it; see status_httpd.c */
    CFC_OUTCOME_UNKNOWN,        /* no such cluster or node */
    CFC_OUTCOME_REFUSED,        /* foolish; done when repeated with force */
    CFC_OUTCOME_CONFLICT,       /* somebody changed something since the generation given */
    CFC_OUTCOME_TIMEOUT,        /* done, and what was to be waited for has not come */
    CFC_OUTCOME_BUSY,           /* done, and too many wait already */
    CFC_OUTCOME_UNCHANGED,      /* it was so already */
    CFC_OUTCOME_DONE,           /* saved, and in effect in every child */
    CFC_OUTCOME_COUNT
} cfc_outcome_t;

/** A tester link that was made. */
typedef struct {
    const cfc_cluster_t *cl;
    cfc_tester_claim_t claim;   /* until when its browsers are testers */
    apr_time_t open_until;      /* it can be opened */
    const char *token;          /* for the link */
    const char *url;            /* the link; status_httpd.c knows where httpd is */
} cfc_tester_made_t;

/** What becomes of an order: the outcome, and one sentence for page, JSON and log alike. */
typedef struct {
    cfc_outcome_t outcome;
    const char *text;           /* clean UTF-8 */
    cfc_tester_made_t *made;    /* by tester-link; else NULL */
} cfc_result_t;

static inline cfc_result_t cfc_result(cfc_outcome_t outcome, const char *text)
{
    return (cfc_result_t){.outcome = outcome, .text = text};
}

/** The outcome as a word of the API, and as an HTTP status. */
const char *cfc_outcome_word(cfc_outcome_t outcome);
int cfc_outcome_status(cfc_outcome_t outcome);

/**
 * Carry an order out: idempotent, refused when it would leave users without a node (unless
 * forced, or the cluster is in maintenance anyway). A change is one line in the log.
 * Any thread of any child; waits for the disk.
 * @param now for notes and the announced end
 */
cfc_result_t cfc_control(const cfc_conf_t *conf, const cfc_order_t *order, apr_time_t now,
                         apr_pool_t *p);

/** Whose order it is, for sentences: "anna (10.0.9.3)", or the address alone. */
const char *cfc_order_by(const char *who, const char *address, apr_pool_t *p);

#endif
