/* SPDX-License-Identifier: Apache-2.0
 * due.c: see due.h. When an order is due; whether it is wise is judge.c's business, which is asked
 * as for a person's: a drain's deadline does not take the last node. */
#include "maint/due.h"

#include <apr_strings.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "lb/hash.h"
#include "lb/log.h"
#include "maint/kept.h"
#include "maint/text.h"

#define LOOK_MS 1000
#define PAUSE_SHORTEST apr_time_from_sec(1)
#define PAUSE_LONGEST apr_time_from_sec(30)

typedef struct {
    const char *action;         /* NULL: nothing is due */
    const char *what;           /* was ordered; before "of anna: " in the reason that is kept */
    const char *because;        /* and after it */
} due_t;

static bool has_come(int64_t at, apr_time_t now)
{
    return at != 0 && at <= now;
}

static due_t node_due(const cfc_subject_t *subject, const cfc_kept_t *kept, apr_time_t now)
{
    const cfc_node_slot_t *slot = subject->node->slot;
    const char *what = kept->state == CFC_ADMIN_DRAIN ? "drain" : "stop";
    cfc_cause_t cause;

    if (kept->state == CFC_ADMIN_ACTIVE) {
        return (due_t){.action = NULL};
    }
    if (kept->plan.how == CFC_RETURN_UNTIL && has_come(kept->plan.note.until, now)) {
        return (due_t){"activate", what, "its time is over"};
    }
    if (kept->plan.how == CFC_RETURN_RESTART && cfc_slot_health(slot, &cause) == CFC_HEALTH_UP
        && atomic_load(&slot->risen_at) > kept->plan.note.since) {
        return (due_t){"activate", what, "the node was restarted and is up"};
    }
    if (kept->state == CFC_ADMIN_DRAIN && has_come(kept->plan.at, now)) {
        return (due_t){"stop", what, "its deadline is over"};
    }
    return (due_t){.action = NULL};
}

static due_t dependency_due(const cfc_subject_t *subject, const cfc_kept_t *kept, apr_time_t now)
{
    (void)subject;
    if (kept->state == CFC_DEPENDENCY_ACKNOWLEDGED && has_come(kept->plan.note.until, now)) {
        return (due_t){"unack", "acknowledgement", "its time is over"};
    }
    return (due_t){.action = NULL};
}

static due_t tester_due(const cfc_subject_t *subject, const cfc_kept_t *kept, apr_time_t now)
{
    (void)subject;
    if (has_come(kept->plan.note.until, now)) {
        return (due_t){"tester-revoke", "tester link", "its time is over"};
    }
    return (due_t){.action = NULL};
}

/* A maintenance whose whole time passed while httpd was down is over. */
static due_t cluster_due(const cfc_subject_t *subject, const cfc_kept_t *kept, apr_time_t now)
{
    (void)subject;
    if (kept->state != CFC_CLUSTER_OPEN && kept->plan.how == CFC_END_BY_ITSELF
        && has_come(kept->plan.note.until, now)) {
        return (due_t){.action = "maintenance-off"};
    }
    if (kept->state == CFC_CLUSTER_SCHEDULED && has_come(kept->plan.at, now)) {
        return (due_t){.action = "maintenance-on"};
    }
    return (due_t){.action = NULL};
}

static due_t walk_due(const cfc_subject_t *subject, const cfc_kept_t *kept, apr_time_t now)
{
    (void)subject;
    return (due_t){.action = kept->state == CFC_WALK_WALKED && !cfc_walk_lives(kept, now)
                                 ? "walk-leave" : NULL};
}

/* Where it was left is there already. */
static void fill_walk(const cfc_subject_t *subject, const cfc_kept_t *kept, const due_t *due,
                      cfc_order_t *order, apr_pool_t *p)
{
    *order = (cfc_order_t){
        .cluster = subject->cl->name,
        .walk = apr_pstrdup(p, kept->texts[CFC_WALK_ID]),
        .action = due->action,
        .who = "cfcluster",
        .address = "cfcluster",
    };
}

/* Whoever scheduled it has begun it; message and end stay as they are when nothing is said of
 * them (control.c). */
static void fill_cluster(const cfc_subject_t *subject, const cfc_kept_t *kept, const due_t *due,
                         cfc_order_t *order, apr_pool_t *p)
{
    *order = (cfc_order_t){
        .cluster = subject->cl->name,
        .path = subject->part ? apr_pstrdup(p, subject->name) : NULL,
        .action = due->action,
        .who = apr_pstrdup(p, kept->plan.note.who),
        .address = "cfcluster",
    };
}

/* What is ordered keeps the reason and the return of what was there: the deadline of a drain for
 * an upgrade makes a stop for that upgrade. */
static void fill(const cfc_subject_t *subject, const cfc_kept_t *kept, const due_t *due,
                 cfc_order_t *order, apr_pool_t *p)
{
    const cfc_plan_t *plan = &kept->plan;
    bool stays = strcmp(due->action, "stop") == 0;

    *order = (cfc_order_t){
        .cluster = subject->cl->name,
        .node = subject->node != NULL ? subject->node->name : NULL,
        .dependency = subject->dependency != NULL ? subject->dependency->name : NULL,
        .tester = kept->texts[CFC_TESTER_ID][0] != '\0'
                      ? apr_pstrdup(p, kept->texts[CFC_TESTER_ID]) : NULL,
        .action = due->action,
        .who = "cfcluster",
        .address = "cfcluster",
    };
    order->reason = apr_psprintf(p, "%s of %s: %s%s%s", due->what, plan->note.who, due->because,
                                 plan->note.text[0] != '\0' ? "; " : "", plan->note.text);
    if (strlen(order->reason) >= sizeof(plan->note.text)) {
        order->reason = due->because;
    }
    if (stays && plan->how == CFC_RETURN_UNTIL) {
        order->until = cfc_time_iso(plan->note.until, p);
    }
    else if (stays && plan->how == CFC_RETURN_RESTART) {
        order->comes_back = cfc_kind_node.hows[plan->how];
    }
}

static const struct {
    const cfc_kind_t *kind;
    due_t (*due)(const cfc_subject_t *subject, const cfc_kept_t *kept, apr_time_t now);
    void (*fill)(const cfc_subject_t *subject, const cfc_kept_t *kept, const due_t *due,
                 cfc_order_t *order, apr_pool_t *p);
} ending[] = {
    {&cfc_kind_node, node_due, fill},
    {&cfc_kind_dependency, dependency_due, fill},
    {&cfc_kind_maintenance, cluster_due, fill_cluster},
    {&cfc_kind_tester, tester_due, fill},
    {&cfc_kind_walk, walk_due, fill_walk},
};

/* What one looks for: passes over `skip` of them. */
typedef struct {
    apr_time_t now;
    uint64_t generation;
    int skip;
    cfc_order_t *order;
    apr_pool_t *p;
} search_t;

static bool due_in(const cfc_cluster_t *cl, size_t row, search_t *search)
{
    const cfc_kind_t *kind = ending[row].kind;

    for (int i = 0; i < kind->count(cl); i++) {
        cfc_subject_t subject = kind->subject(cl, i);
        due_t due = {.action = NULL};
        cfc_kept_t kept = {.state = 0};

        if (kind->now(&subject, &kept)) {
            due = ending[row].due(&subject, &kept, search->now);
        }
        if (due.action != NULL && search->skip-- == 0) {
            ending[row].fill(&subject, &kept, &due, search->order, search->p);
            search->order->generation = apr_psprintf(search->p, "%" APR_UINT64_T_FMT,
                                                     (apr_uint64_t)search->generation);
            return true;
        }
    }
    return false;
}

bool cfc_due(const cfc_conf_t *conf, apr_time_t now, int skip, cfc_order_t *order, apr_pool_t *p)
{
    cfc_cluster_t **clusters = (cfc_cluster_t **)conf->clusters->elts;
    search_t search = {.now = now, .skip = skip, .order = order, .p = p};

    search.generation = atomic_load(&conf->segment->changes);
    for (int i = 0; i < conf->clusters->nelts; i++) {
        for (size_t row = 0; row < sizeof(ending) / sizeof(ending[0]); row++) {
            if (due_in(clusters[i], row, &search)) {
                return true;
            }
        }
    }
    return false;
}

/* What was not carried out is tried again. It has a place, so that it is told of once. */

static uint64_t hash_of(const char *text, uint64_t seed)
{
    text = text != NULL ? text : "";
    return cfc_hash(text, strlen(text) + 1, seed);
}

static uint64_t order_id(const cfc_order_t *order)
{
    const char *const parts[] = {order->cluster, order->action, order->node, order->dependency,
                                 order->tester, order->path};
    uint64_t id = CFC_HASH_NOTHING;

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        id = hash_of(parts[i], id);
    }
    return id;
}

/* The order's place, or one for it. @return NULL: all are taken, nothing is remembered of it */
static cfc_setback_t *setback_of(cfc_setbacks_t *setbacks, uint64_t id)
{
    cfc_setback_t *unused = NULL;

    for (int i = 0; i < CFC_SETBACKS_MAX; i++) {
        cfc_setback_t *place = &setbacks->place[i];

        if (place->order == id) {
            return place;
        }
        if (place->order == 0 && unused == NULL) {
            unused = place;
        }
    }
    if (unused != NULL) {
        *unused = (cfc_setback_t){.order = id};
    }
    return unused;
}

static void forget(cfc_setback_t *setback)
{
    *setback = (cfc_setback_t){.order = 0};
}

static void tell_refused(const cfc_order_t *order, const char *why)
{
    cfc_event(&(cfc_what_t){.kind = CFC_EVENT_REFUSED, .cluster = order->cluster,
                            .noun = cfc_kind_node.noun, .name = order->node,
                            .after = order->action, .who = order->who, .why = why},
              CFC_LOG_WARNING, APR_SUCCESS, "CFC0405: cluster %s, node %s: %s is due and "
              "waits: %s", order->cluster, order->node, order->action, why);
}

/* It was not carried out. A refusal costs nothing and is asked for each second; a disk that took
 * nothing is asked less and less often. */
static void set_back(cfc_setback_t *setback, const cfc_order_t *order, const cfc_result_t *result,
                     apr_time_t now)
{
    cfc_setback_t none = {.order = 0};

    setback = setback != NULL ? setback : &none;
    if (result->outcome == CFC_OUTCOME_REFUSED) {
        uint64_t said = hash_of(result->text, CFC_HASH_NOTHING);

        if (setback->said != said) {
            tell_refused(order, result->text);
        }
        setback->said = said;
        setback->pause = 0;
        return;
    }
    setback->pause = setback->pause == 0 ? PAUSE_SHORTEST : 2 * setback->pause;
    setback->pause = setback->pause < PAUSE_LONGEST ? setback->pause : PAUSE_LONGEST;
    setback->again_at = now + setback->pause;
}

/* Forget what is not due any more. */
static void forget_unseen(cfc_setbacks_t *setbacks)
{
    for (int i = 0; i < CFC_SETBACKS_MAX; i++) {
        if (setbacks->place[i].round != setbacks->round) {
            forget(&setbacks->place[i]);
        }
    }
}

void cfc_due_carry_out(const cfc_conf_t *conf, apr_time_t now, cfc_setbacks_t *setbacks,
                       apr_pool_t *p)
{
    cfc_order_t order;
    int passed = 0;

    setbacks->round++;
    while (cfc_due(conf, now, passed, &order, p)) {
        cfc_setback_t *setback = setback_of(setbacks, order_id(&order));
        cfc_result_t result;

        if (setback != NULL) {
            setback->round = setbacks->round;
        }
        if (setback != NULL && now < setback->again_at) {
            passed++;
            continue;
        }
        order.again = setback != NULL && setback->pause != 0;
        result = cfc_control(conf, &order, now, p);
        if (result.outcome == CFC_OUTCOME_DONE && setback != NULL) {
            forget(setback);
        }
        if (result.outcome == CFC_OUTCOME_DONE || result.outcome == CFC_OUTCOME_CONFLICT) {
            continue;           /* the list is another one now */
        }
        passed++;
        set_back(setback, &order, &result, now);
    }
    forget_unseen(setbacks);
}

/* The job. An order waits for the disk, so it is given on a thread of its own: one at a time,
 * and none is left behind by an end of the process, since what is not on disk did not happen. */

typedef struct {
    int64_t due_ms;
    _Atomic bool busy;
    cfc_setbacks_t setbacks;    /* the thread's */
} due_job_t;

static void *on_thread(void *data)
{
    due_job_t *state = data;
    apr_pool_t *p;

    if (apr_pool_create_unmanaged(&p) == APR_SUCCESS) {
        cfc_due_carry_out(cfc_conf(), apr_time_now(), &state->setbacks, p);
        apr_pool_destroy(p);
    }
    atomic_store(&state->busy, false);
    return NULL;
}

static bool something_due(void)
{
    cfc_order_t order;
    apr_pool_t *p;
    bool due;

    if (apr_pool_create_unmanaged(&p) != APR_SUCCESS) {
        return false;
    }
    due = cfc_due(cfc_conf(), apr_time_now(), 0, &order, p);
    apr_pool_destroy(p);
    return due;
}

static void *begin(const cfc_work_t *work, apr_pool_t *p)
{
    (void)p;
    (void)work;
    return calloc(1, sizeof(due_job_t));    /* not the pool's: a thread may outlive it */
}

static int64_t run(void *job, int64_t now_ms)
{
    due_job_t *state = job;
    pthread_t thread;

    if (now_ms < state->due_ms) {
        return state->due_ms;
    }
    state->due_ms = now_ms + LOOK_MS;
    if (atomic_load(&state->busy)) {
        return state->due_ms;
    }
    if (!something_due()) {
        state->setbacks = (cfc_setbacks_t){.round = 0};
        return state->due_ms;
    }
    atomic_store(&state->busy, true);
    if (pthread_create(&thread, NULL, on_thread, state) == 0) {
        pthread_detach(thread);
    }
    else {
        atomic_store(&state->busy, false);      /* next time */
    }
    return state->due_ms;
}

static void end(void *job)
{
    due_job_t *state = job;

    if (!atomic_load(&state->busy)) {
        free(state);
    }
}

const cfc_job_kind_t cfc_due_job = {"due", begin, run, end};
