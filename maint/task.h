/* SPDX-License-Identifier: Apache-2.0
 * task.h: an order on its way, between reading it (task.c), judging it (judge.c) and carrying it
 * out (control.c). Nobody else's business. */
#ifndef CFC_MAINT_TASK_H
#define CFC_MAINT_TASK_H

#include <apr_pools.h>
#include <apr_time.h>
#include <stdbool.h>

#include "conf/conf.h"
#include "maint/control.h"
#include "maint/kept.h"
#include "maint/store.h"

/** What can be ordered: one row an action. */
typedef struct {
    const char *word;
    const cfc_kind_t *kind; /* of what it is about */
    bool kept;              /* it sets what is kept; false: it is done and over */
    uint32_t state;         /* of the kind's words: what is to be */
    unsigned takes;         /* CFC_TAKES_*, besides the fields that every action takes */
} cfc_action_t;

#define CFC_TAKES_UNTIL 1u
#define CFC_TAKES_DEADLINE 2u
#define CFC_TAKES_RETURN 4u
#define CFC_NEEDS_UNTIL 8u
#define CFC_TAKES_FROM 16u      /* and how it ends */
#define CFC_TAKES_PATH 32u
#define CFC_TAKES_NODE 64u      /* though it is about something else */
#define CFC_TAKES_WALK 128u     /* its id, and what goes with it */

typedef struct {
    const cfc_conf_t *conf;
    const cfc_order_t *order;
    const cfc_action_t *action;
    cfc_plan_t asked;       /* as ordered; note.since is 0, unless cfc_walk_prepare() knows it */
    cfc_change_t change;    /* what the store is to do; its plan by the last decision */
    apr_time_t now;
    apr_pool_t *p;
} cfc_task_t;

/**
 * Find out what the order is about. Pure.
 * @param task conf, order, now and p are set
 * @return true: understood; false: *bad says what is not
 */
bool cfc_task_read(cfc_task_t *task, cfc_result_t *bad);

/** The name of what the order is about, for log and events. */
const char *cfc_task_name(const cfc_task_t *task);

/** What was said of it, for log and events: reason, message; step and who walks. "" : nothing */
const char *cfc_task_text(const cfc_task_t *task);

/** What the order is about, for sentences: "node1 of cluster confluence". */
const char *cfc_task_subject(const cfc_task_t *task);

/**
 * For an order about testers: set the slot that it is about by what is there now, and what is to be
 * in it. May have a key made first, which is one change more. Before each decision.
 * @return false: there is nothing to decide, and *outcome says why
 */
bool cfc_tester_prepare(cfc_task_t *task, cfc_result_t *outcome);

/** Whether the order is about testers. */
bool cfc_tester_task(const cfc_task_t *task);

/** @return NULL, or who is no tester any more when the oldest key goes */
const char *cfc_tester_harm(const cfc_task_t *task);

/** What is true after an order about testers. */
const char *cfc_tester_sentence(const cfc_task_t *task);

/** The link that was made. @return NULL: out of memory */
cfc_tester_made_t *cfc_tester_made(const cfc_task_t *task);

/** Whether the order is about the upgrade that is walked. */
bool cfc_walk_task(const cfc_task_t *task);

/** Read what goes with such an order. @return NULL, or which field is malformed */
const char *cfc_walk_read(cfc_task_t *task);

/**
 * For such an order: find out what is there now, end another walk that it takes the place of,
 * renew the lease. Before each decision.
 * @return false: there is nothing to decide, and *outcome says why
 */
bool cfc_walk_prepare(cfc_task_t *task, cfc_result_t *outcome);

/** What is true after such an order. */
const char *cfc_walk_sentence(const cfc_task_t *task);

/** @return NULL: nobody is harmed; or what users would see, as the second half of a sentence */
const char *cfc_judge_harm(const cfc_task_t *task);

/** @return NULL; or what is worse for users after it, though they are served, likewise */
const char *cfc_judge_warning(const cfc_task_t *task);

/** Why the order is refused because of this harm, and what to do instead. */
const char *cfc_judge_refusal(const cfc_task_t *task, const char *harm);

/** @return NULL; or what nobody knows of from now on: that a watched dependency is not well */
const char *cfc_judge_trouble(const cfc_task_t *task);

/** What is true after the order, as a sentence without its full stop. */
const char *cfc_judge_sentence(const cfc_task_t *task);

#endif
