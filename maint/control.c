/* SPDX-License-Identifier: Apache-2.0
 * control.c: has orders read (task.c) and judged (judge.c), and the store carry them out. Who may
 * send one is httpd's `Require` and status_httpd.c's business. */
#include "maint/control.h"

#include <apr_strings.h>
#include <assert.h>
#include <string.h>

#include "lb/choose.h"
#include "lb/eject.h"
#include "lb/events.h"
#include "maint/drains.h"
#include "maint/parts.h"
#include "maint/task.h"
#include "maint/text.h"

#define DECISIONS_MAX 50    /* others changed something under our hands that often */

static const struct {
    const char *word;
    int status;
} outcomes[] = {
    [CFC_OUTCOME_FAILED] = {"failed", 507},         [CFC_OUTCOME_BAD] = {"bad", 400},
    [CFC_OUTCOME_FORBIDDEN] = {"forbidden", 403},   [CFC_OUTCOME_UNKNOWN] = {"unknown", 404},
    [CFC_OUTCOME_REFUSED] = {"refused", 409},       [CFC_OUTCOME_CONFLICT] = {"conflict", 409},
    [CFC_OUTCOME_TIMEOUT] = {"timeout", 504},       [CFC_OUTCOME_BUSY] = {"busy", 503},
    [CFC_OUTCOME_UNCHANGED] = {"unchanged", 200},   [CFC_OUTCOME_DONE] = {"done", 200},
};
static_assert(sizeof(outcomes) / sizeof(outcomes[0]) == CFC_OUTCOME_COUNT, "one each");

const char *cfc_outcome_word(cfc_outcome_t outcome)
{
    return outcomes[outcome].word;
}

int cfc_outcome_status(cfc_outcome_t outcome)
{
    return outcomes[outcome].status;
}

/* What an order leaves out stays as it is while the state does; of a reason, an empty one too:
 * the page's form always sends the field. */
static void keep_unsaid(cfc_task_t *t, const cfc_plan_t *is)
{
    const cfc_order_t *o = t->order;
    cfc_plan_t *wanted = &t->change.kept.plan;

    if (wanted->note.text[0] == '\0') {
        memcpy(wanted->note.text, is->note.text, sizeof(is->note.text));
    }
    if (o->until == NULL && o->comes_back == NULL) {
        wanted->note.until = is->note.until;
        wanted->how = is->how;
    }
    if (o->deadline == NULL) {
        wanted->at = is->at;
    }
}

/* Likewise of a maintenance, also when one that was scheduled begins. Another begin is another
 * plan, which says its end; whoever gives only another end does not say anew how it ends. */
static void keep_unsaid_of_maintenance(cfc_task_t *t, const cfc_plan_t *is)
{
    const cfc_order_t *o = t->order;
    cfc_plan_t *wanted = &t->change.kept.plan;

    if (o->message == NULL) {
        memcpy(wanted->note.text, is->note.text, sizeof(is->note.text));
    }
    if (o->until == NULL && wanted->at == 0) {
        wanted->note.until = is->note.until;
    }
    if (o->end == NULL && wanted->note.until != 0) {
        wanted->how = is->how;
    }
}

/* Whether all is so already. What began earlier keeps its beginning. */
static bool settled_already(cfc_task_t *t, const cfc_kept_t *is)
{
    cfc_plan_t *wanted = &t->change.kept.plan;

    *wanted = t->asked;
    if (wanted->note.since == 0) {
        wanted->note.since = t->now;
    }
    if (t->action->kind == &cfc_kind_maintenance && t->action->state != CFC_CLUSTER_OPEN
        && is->state != CFC_CLUSTER_OPEN) {
        keep_unsaid_of_maintenance(t, &is->plan);
    }
    if (is->state != t->change.kept.state || cfc_tester_task(t) || cfc_walk_task(t)) {
        return false;       /* what is there of testers and walks, prepare() has seen */
    }
    if (is->plan.note.since != 0) {
        wanted->note.since = is->plan.note.since;
    }
    if (t->action->kind != &cfc_kind_maintenance) {
        keep_unsaid(t, &is->plan);
    }
    return strcmp(wanted->note.text, is->plan.note.text) == 0
           && wanted->note.until == is->plan.note.until && wanted->at == is->plan.at
           && wanted->how == is->plan.how;
}

/* How the state will end by itself, to follow it in a sentence; "" : it will not. */
static const char *ends(const cfc_task_t *t)
{
    const cfc_kind_t *kind = t->action->kind;
    const cfc_plan_t *plan = &t->change.kept.plan;
    const char *text = "";

    if (plan->note.until != 0) {
        text = apr_pstrcat(t->p, " until ", cfc_time_iso(plan->note.until, t->p), NULL);
    }
    if (plan->how != 0 && (plan->note.until == 0 || kind == &cfc_kind_maintenance)) {
        text = apr_psprintf(t->p, "%s, %s %s", text, kind->how_key, kind->hows[plan->how]);
    }
    return plan->at == 0 ? text
                         : apr_psprintf(t->p, "%s, %s %s", text, kind->at_key,
                                        cfc_time_iso(plan->at, t->p));
}

const char *cfc_order_by(const char *who, const char *address, apr_pool_t *p)
{
    return strcmp(who, address) == 0 ? address
                                     : apr_psprintf(p, "%s (%s)", cfc_text_clean(who, p), address);
}

static const char *effective_now(const cfc_task_t *t)
{
    const cfc_node_t *node = t->change.subject.node;

    return node != NULL ? cfc_effective_word(cfc_node_effective(node)) : NULL;
}

/* What the event has of the order. */
static cfc_what_t what_of(const cfc_task_t *t, cfc_event_kind_t kind)
{
    const char *noun = cfc_subject_noun(t->action->kind, &t->change.subject);

    return (cfc_what_t){
        .kind = kind,
        .cluster = t->change.subject.cl->name,
        .noun = noun,
        .name = noun != NULL ? cfc_task_name(t) : NULL,
        .effective = effective_now(t),
        .who = t->order->who,
        .address = t->order->address,
    };
}

/* The reason, and how it ends: "update; until 2026-11-23T22:00:00Z (forced)". */
static const char *why_of(const cfc_task_t *t)
{
    const char *text = cfc_task_text(t), *end = ends(t);
    const char *why = apr_pstrcat(t->p, text, text[0] != '\0' && end[0] == ' ' ? ";" : "", end,
                                  t->order->force ? " (forced)" : "", NULL);

    return why + strspn(why, " ,");
}

static void tell_change(const cfc_task_t *t, uint32_t before)
{
    const cfc_order_t *o = t->order;
    const cfc_kind_t *kind = t->action->kind;
    const char *text = cfc_task_text(t);
    const char *by = cfc_order_by(o->who, o->address, t->p);
    cfc_what_t what = what_of(t, kind->event);
    const char *name = what.noun != NULL
                           ? apr_psprintf(t->p, ", %s %s", what.noun, what.name) : "";

    what.before = kind->words[before];
    what.after = kind->words[t->change.kept.state];
    what.why = why_of(t);
    what.bad = cfc_judge_trouble(t) != NULL
               || (cfc_walk_task(t) && t->change.kept.plan.how == CFC_LEFT_SILENT);
    cfc_event(&what, CFC_LOG_NOTICE, APR_SUCCESS, "CFC0401: cluster %s%s: %s -> %s by %s%s%s%s%s",
              what.cluster, name, what.before, what.after, by, ends(t),
              text[0] != '\0' ? ": " : "", text, o->force ? " (forced)" : "");
    if (kind == &cfc_kind_node && t->change.kept.state == CFC_ADMIN_ACTIVE) {
        cfc_drain_tell(t->change.subject.cl, t->change.subject.node, t->now, t->p);
    }
}

static cfc_result_t failed(const cfc_task_t *t, const char *complaint)
{
    cfc_what_t what = what_of(t, CFC_EVENT_STORE);

    what.after = t->action->word;
    what.why = complaint;
    if (!t->order->again) {
        cfc_event(&what, CFC_LOG_ERROR, APR_SUCCESS, "CFC0402: %s of %s was not done, because it "
                  "could not be saved: %s", t->action->word, cfc_task_subject(t), complaint);
    }
    return cfc_result(CFC_OUTCOME_FAILED,
                      apr_psprintf(t->p, "Nothing was changed, because it could not be saved: %s",
                                   complaint));
}

/* @return false: the order is for another generation than this, and *outcome says so */
static bool same_generation(const cfc_task_t *t, cfc_result_t *outcome)
{
    const char *asked = t->order->generation;
    const char *now = apr_psprintf(t->p, "%" APR_UINT64_T_FMT,
                                   (apr_uint64_t)t->change.generation);

    if (asked == NULL || strcmp(asked, now) == 0) {
        return true;
    }
    *outcome = cfc_result(CFC_OUTCOME_CONFLICT,
                          apr_psprintf(t->p, "Not done: the order is for generation %s, and it is "
                                       "%s by now: somebody changed something. Look again.",
                                       cfc_text_clean(asked, t->p), now));
    return false;
}

static cfc_result_t checked(const cfc_task_t *t)
{
    return cfc_result(CFC_OUTCOME_DONE,
                      apr_psprintf(t->p, "Nothing was changed: %s of %s would be done",
                                   t->action->word, cfc_task_subject(t)));
}

/* @return false: a path more than can be kept, and *outcome says so */
static bool has_room(const cfc_task_t *t, cfc_result_t *outcome)
{
    const cfc_subject_t *subject = &t->change.subject;

    if (!subject->part || t->change.kept.state == CFC_CLUSTER_OPEN
        || cfc_part_room(subject->cl->slot, subject->name)) {
        return true;
    }
    *outcome = cfc_result(CFC_OUTCOME_FAILED,
                          apr_psprintf(t->p, "Nothing was changed: %d paths of cluster %s are in "
                                       "maintenance or scheduled, more cannot be kept; open one of "
                                       "them first, or close the whole cluster", CFC_PARTS_MAX,
                                       subject->cl->name));
    return false;
}

/* What is particular in some orders. @return false: nothing is to be decided, see *outcome */
static bool prepare(cfc_task_t *t, cfc_result_t *outcome)
{
    return cfc_tester_task(t) ? cfc_tester_prepare(t, outcome)
           : !cfc_walk_task(t) || cfc_walk_prepare(t, outcome);
}

/* One decision on what is there now, and its execution. @return false: decide again */
static bool decide(cfc_task_t *t, cfc_result_t *outcome)
{
    const char *harm, *complaint;
    cfc_kept_t is;

    t->change.generation = atomic_load(&t->conf->segment->changes);
    if (!same_generation(t, outcome) || !prepare(t, outcome)) {
        return true;
    }
    t->action->kind->now(&t->change.subject, &is);
    if (settled_already(t, &is)) {
        *outcome = cfc_result(CFC_OUTCOME_UNCHANGED, apr_pstrcat(t->p, cfc_judge_sentence(t),
                                                                 "; it was so already", NULL));
        return true;
    }
    if (!has_room(t, outcome)) {
        return true;
    }
    harm = cfc_judge_harm(t);
    if (harm != NULL && !t->order->force) {
        *outcome = cfc_result(CFC_OUTCOME_REFUSED, cfc_judge_refusal(t, harm));
        return true;
    }
    if (t->order->check) {
        *outcome = checked(t);
        return true;
    }
    switch (cfc_store_change(t->conf->store, t->conf, &t->change, &complaint, t->p)) {
    case CFC_CHANGE_STALE:
        return false;
    case CFC_CHANGE_FAILED:
        *outcome = failed(t, complaint);
        return true;
    case CFC_CHANGE_DONE:
        break;
    }
    tell_change(t, is.state);
    *outcome = cfc_result(CFC_OUTCOME_DONE, apr_pstrcat(t->p, cfc_judge_sentence(t),
                                                        harm != NULL ? "; " : "", harm, NULL));
    if (t->action->takes & CFC_TAKES_NODE) {
        outcome->made = cfc_tester_made(t);
    }
    return true;
}

/* Decide until nobody came in between. */
static cfc_result_t settle(cfc_task_t *t)
{
    cfc_result_t outcome;

    for (int i = 0; i < DECISIONS_MAX; i++) {
        if (decide(t, &outcome)) {
            return outcome;
        }
    }
    return cfc_result(CFC_OUTCOME_FAILED, "Nothing was changed, because others changed something "
                      "at every attempt; try again");
}

/* Nothing that is kept: the node's failures are forgotten and a probe decides anew. */
static cfc_result_t recover(const cfc_task_t *t)
{
    cfc_node_slot_t *slot = t->change.subject.node->slot;
    bool ejected = cfc_ejected(&slot->eject);
    cfc_what_t what;

    if (t->order->check) {
        return checked(t);
    }
    cfc_eject_clear(&slot->eject);
    atomic_store(&slot->probe_wanted, 1);
    what = what_of(t, CFC_EVENT_ADMIN);
    what.before = ejected ? "ejected" : NULL;
    what.after = t->action->word;
    what.why = t->order->reason;
    cfc_event(&what, CFC_LOG_NOTICE, APR_SUCCESS, "CFC0406: cluster %s, node %s: to be tried again "
              "at once, by %s%s", what.cluster, what.name, cfc_text_clean(what.who, t->p),
              ejected ? "; it was ejected" : "");
    return cfc_result(CFC_OUTCOME_DONE,
                      apr_psprintf(t->p, "%s is probed at once%s", cfc_task_subject(t),
                                   ejected ? " and no longer ejected" : ""));
}

/* Each is a change of its own, with its line in the log. */
static cfc_result_t revoke_all(const cfc_conf_t *conf, const cfc_cluster_t *cl,
                               const cfc_order_t *order, apr_time_t now, apr_pool_t *p)
{
    cfc_result_t outcome = cfc_result(CFC_OUTCOME_UNCHANGED, NULL);
    cfc_order_t one = *order;
    int count = 0;

    for (int i = 0; i < CFC_TESTERS_MAX; i++) {
        uint32_t id = atomic_load(&cl->slot->testers[i].id);

        if (id == 0) {
            continue;
        }
        one.tester = apr_psprintf(p, "%08x", id);
        outcome = cfc_control(conf, &one, now, p);
        if (outcome.outcome < CFC_OUTCOME_UNCHANGED) {
            return outcome;
        }
        one.generation = NULL;      /* the first one was given for it */
        count++;
    }
    if (order->check && count > 0) {
        return outcome;
    }
    outcome.text = count == 0 ? apr_psprintf(p, "cluster %s has no tester link; it was so already",
                                             cl->name)
                              : apr_psprintf(p, "%d tester link%s of cluster %s revoked: "
                                             "nobody is a tester by a link", count,
                                             count == 1 ? "" : "s", cl->name);
    return outcome;
}

static bool all_testers(const cfc_order_t *order)
{
    return order->action != NULL && strcmp(order->action, "tester-revoke") == 0
           && order->tester != NULL && strcmp(order->tester, "all") == 0;
}

cfc_result_t cfc_control(const cfc_conf_t *conf, const cfc_order_t *order, apr_time_t now,
                         apr_pool_t *p)
{
    cfc_task_t task = {.conf = conf, .order = order, .now = now, .p = p};
    cfc_result_t outcome;

    if (cfc_task_read(&task, &outcome)) {
        cfc_text_fit(task.asked.note.who, sizeof(task.asked.note.who), cfc_text_clean(order->who, p));
        outcome = all_testers(order)   ? revoke_all(conf, task.change.subject.cl, order, now, p)
                  : task.action->kept ? settle(&task)
                                      : recover(&task);
    }
    outcome.text = cfc_text_clean(outcome.text, p);
    return outcome;
}
