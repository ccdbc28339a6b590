/* SPDX-License-Identifier: Apache-2.0
 * control.c: judges orders and has the store carry them out. Who may send one is httpd's
 * `Require` and status_httpd.c's business; what a state does to traffic is lb/effective.c's. */
#include "maint/control.h"

#include <apr_strings.h>
#include <assert.h>
#include <string.h>

#include "conf/opt.h"
#include "lb/effective.h"
#include "lb/log.h"
#include "maint/text.h"

#define UNTIL_MAX_MS ((apr_int64_t)90 * 86400 * 1000)
#define DECISIONS_MAX 50    /* others changed something under our hands that often */

typedef struct {
    const char *word;
    bool of_node;
    cfc_admin_t admin;      /* of a node */
    bool closed;            /* of a cluster */
} action_t;

static const action_t actions[] = {
    {"activate", true, CFC_ADMIN_ACTIVE, false},
    {"drain", true, CFC_ADMIN_DRAIN, false},
    {"stop", true, CFC_ADMIN_STOP, false},
    {"maintenance-on", false, CFC_ADMIN_ACTIVE, true},
    {"maintenance-off", false, CFC_ADMIN_ACTIVE, false},
};
#define ACTIONS (sizeof(actions) / sizeof(actions[0]))

static const struct {
    const char *word;
    int status;
} outcomes[] = {
    [CFC_OUTCOME_FAILED] = {"failed", 507},         [CFC_OUTCOME_BAD] = {"bad", 400},
    [CFC_OUTCOME_FORBIDDEN] = {"forbidden", 403},   [CFC_OUTCOME_UNKNOWN] = {"unknown", 404},
    [CFC_OUTCOME_REFUSED] = {"refused", 409},       [CFC_OUTCOME_UNCHANGED] = {"unchanged", 200},
    [CFC_OUTCOME_DONE] = {"done", 200},
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

/* An order that was understood: what it is about and what is to be. */
typedef struct {
    const cfc_conf_t *conf;
    const cfc_order_t *order;
    const action_t *action;
    cfc_note_t asked;       /* who, text and until as ordered */
    cfc_change_t change;    /* what the store is to do, by the last decision */
    apr_time_t now;
    apr_pool_t *p;
} task_t;

static cfc_result_t result(cfc_outcome_t outcome, const char *text)
{
    return (cfc_result_t){.outcome = outcome, .text = text};
}

/* @return NULL, or why the announced end is none */
static const char *until_read(task_t *t)
{
    const char *text = t->order->until;
    apr_int64_t ms;
    apr_time_t at;

    if (text == NULL || text[0] == '\0') {
        return NULL;
    }
    if (cfc_duration_read(text, &ms)) {
        at = t->now + apr_time_from_msec(ms < UNTIL_MAX_MS ? ms : UNTIL_MAX_MS + 1);
    }
    else if (!cfc_time_read(text, &at)) {
        return apr_psprintf(t->p, "until=%s is neither a duration nor an instant with its zone; "
                            "write for example 2h, 90m or %s", cfc_text_clean(text, t->p),
                            cfc_time_iso(t->now + apr_time_from_sec(7200), t->p));
    }
    if (at <= t->now) {
        return apr_psprintf(t->p, "until=%s is not in the future", text);
    }
    if (at > t->now + apr_time_from_msec(UNTIL_MAX_MS)) {
        return apr_psprintf(t->p, "until=%s is more than 90 days away", text);
    }
    t->asked.until = at;
    return NULL;
}

/* @return NULL, or why the reason or message cannot be kept */
static const char *text_read(task_t *t)
{
    bool closing = t->action->closed;
    const char *text = closing ? t->order->message : t->order->reason;
    const char *other = closing ? t->order->reason : t->order->message;
    size_t room = sizeof(t->asked.text);

    if (other != NULL && other[0] != '\0') {
        return apr_psprintf(t->p, "%s takes %s=, not %s=", t->action->word,
                            closing ? "message" : "reason", closing ? "reason" : "message");
    }
    text = cfc_text_clean(text != NULL ? text : "", t->p);
    if (strlen(text) >= room) {
        return apr_psprintf(t->p, "the %s is too long; at most %d bytes can be kept",
                            closing ? "message" : "reason", (int)room - 1);
    }
    cfc_text_fit(t->asked.text, room, text);
    return NULL;
}

static cfc_result_t unknown_action(const char *word, apr_pool_t *p)
{
    const char *words[ACTIONS + 1] = {NULL};

    for (size_t i = 0; i < ACTIONS; i++) {
        words[i] = actions[i].word;
    }
    word = cfc_text_clean(word, p);
    return result(CFC_OUTCOME_BAD, apr_psprintf(p, "action=%s is not an action; %s", word,
                                                cfc_did_you_mean(word, words, p)));
}

static const action_t *action_find(const char *word)
{
    for (size_t i = 0; i < ACTIONS; i++) {
        if (strcmp(actions[i].word, word) == 0) {
            return &actions[i];
        }
    }
    return NULL;
}

/* @return NULL, or which field does not fit the action or is malformed */
static const char *fields_read(task_t *t)
{
    const cfc_order_t *o = t->order;
    const char *complaint;

    if (!t->action->of_node && o->node != NULL && o->node[0] != '\0') {
        return apr_psprintf(t->p, "%s is for a whole cluster; leave node= out", t->action->word);
    }
    if (!t->action->closed && o->until != NULL && o->until[0] != '\0') {
        return apr_psprintf(t->p, "%s takes no until=", t->action->word);
    }
    complaint = text_read(t);
    return complaint != NULL ? complaint : until_read(t);
}

/* Find out what the order is about.
 * @return true: understood; false: *bad says what is not */
static bool understand(task_t *t, cfc_result_t *bad)
{
    const char *action = t->order->action != NULL ? t->order->action : "";
    const char *cluster = t->order->cluster != NULL ? t->order->cluster : "";
    const char *node = t->order->node != NULL ? t->order->node : "";
    const char *complaint;

    if ((t->action = action_find(action)) == NULL) {
        *bad = unknown_action(action, t->p);
        return false;
    }
    if ((t->change.cl = cfc_conf_cluster(t->conf, cluster)) == NULL) {
        *bad = result(CFC_OUTCOME_UNKNOWN, apr_psprintf(t->p, "there is no cluster \"%s\"",
                                                        cfc_text_clean(cluster, t->p)));
        return false;
    }
    if (t->action->of_node && (t->change.node = cfc_cluster_node(t->change.cl, node)) == NULL) {
        *bad = result(CFC_OUTCOME_UNKNOWN,
                      apr_psprintf(t->p, "cluster %s has no node \"%s\"", t->change.cl->name,
                                   cfc_text_clean(node, t->p)));
        return false;
    }
    complaint = fields_read(t);
    *bad = result(CFC_OUTCOME_BAD, complaint);
    t->change.admin = t->action->admin;
    t->change.closed = t->action->closed;
    return complaint == NULL;
}

/* How many nodes take new users, and how many serve anybody at all, if `node` were `admin`.
 * node NULL: as it is. */
typedef struct {
    int for_new;
    int at_all;
} usable_t;

static usable_t usable(const cfc_cluster_t *cl, const cfc_node_t *node, cfc_admin_t admin)
{
    cfc_node_t **nodes = cfc_cluster_nodes(cl);
    usable_t count = {0, 0};

    for (int i = 0; i < cl->nodes->nelts; i++) {
        cfc_cause_t cause;
        cfc_health_t health = cfc_slot_health(nodes[i]->slot, &cause);
        cfc_effective_t gets = cfc_effective(
            nodes[i] == node ? admin : cfc_slot_admin(nodes[i]->slot), health, cause);

        count.for_new += gets == CFC_EFFECTIVE_SERVING || gets == CFC_EFFECTIVE_LAST_RESORT;
        count.at_all += gets != CFC_EFFECTIVE_OUT;
    }
    return count;
}

/* @return NULL: nobody is harmed; or what users would see, as the second half of a sentence */
static const char *harm(const task_t *t)
{
    usable_t before, after;

    if (t->change.node == NULL || cfc_slot_closed(t->change.cl->slot)) {
        return NULL;
    }
    before = usable(t->change.cl, NULL, CFC_ADMIN_ACTIVE);
    after = usable(t->change.cl, t->change.node, t->change.admin);
    if (before.at_all > 0 && after.at_all == 0) {
        return "no node is left for anybody: all users see the outage page";
    }
    if (before.for_new > 0 && after.for_new == 0) {
        return "no node is left for new users: they see the outage page; those who have a "
               "session keep it";
    }
    return NULL;
}

/* Whether all is so already. What the order left out stays as it is (of a reason, an empty
 * one too: the page's form always sends the field), and what began earlier keeps its
 * beginning. */
static bool settled_already(task_t *t)
{
    const cfc_order_t *o = t->order;
    cfc_note_t *wanted = &t->change.note, is;
    bool same, silent;

    *wanted = t->asked;
    wanted->since = t->now;
    if (t->change.node != NULL) {
        cfc_record_read(&t->change.node->slot->admin_note, &is, sizeof(is));
        same = cfc_slot_admin(t->change.node->slot) == t->change.admin;
    }
    else {
        cfc_record_read(&t->change.cl->slot->maintenance_note, &is, sizeof(is));
        same = cfc_slot_closed(t->change.cl->slot) == t->change.closed;
    }
    if (!same) {
        return false;
    }
    silent = t->change.closed ? o->message == NULL : t->asked.text[0] == '\0';
    wanted->since = is.since != 0 ? is.since : t->now;
    if (silent) {
        memcpy(wanted->text, is.text, sizeof(is.text));
    }
    if (o->until == NULL) {
        wanted->until = is.until;
    }
    return strcmp(wanted->text, is.text) == 0 && wanted->until == is.until;
}

static const char *subject(const task_t *t)
{
    return t->change.node != NULL
               ? apr_psprintf(t->p, "%s of cluster %s", t->change.node->name, t->change.cl->name)
               : apr_psprintf(t->p, "cluster %s", t->change.cl->name);
}

/* What becomes of a node's sessions. */
static const char *consequence(const task_t *t)
{
    uint64_t count = cfc_sessions_count(&t->change.node->slot->sessions, t->now,
                                        t->change.cl->sticky.window_ms);
    bool stays = t->change.admin == CFC_ADMIN_DRAIN;

    if (t->change.admin == CFC_ADMIN_ACTIVE) {
        return "";
    }
    if (count < 2) {
        return count == 0 ? "; it has no session" : stays ? "; 1 session stays"
                                                          : "; 1 session moves";
    }
    return apr_psprintf(t->p, "; about %" APR_UINT64_T_FMT " sessions %s", (apr_uint64_t)count,
                        stays ? "stay" : "move");
}

/* What is now, as a sentence without its full stop. */
static const char *sentence(const task_t *t)
{
    static const char *const admin_texts[] = {
        [CFC_ADMIN_ACTIVE] = "is active: it takes new users whenever its health allows",
        [CFC_ADMIN_DRAIN] = "is draining: it keeps its users and takes no new ones",
        [CFC_ADMIN_STOP] = "is stopped: it gets no requests, its users move to other nodes",
    };
    const char *text = t->change.node != NULL ? admin_texts[t->change.admin]
                       : t->change.closed     ? "is in maintenance: users see the page"
                                              : "is open";

    if (t->change.node == NULL && !t->change.closed
        && usable(t->change.cl, NULL, CFC_ADMIN_ACTIVE).for_new == 0) {
        text = "is open, but no node is serving: users see the outage page";
    }
    return apr_pstrcat(t->p, subject(t), " ", text,
                       t->change.node != NULL ? consequence(t) : "", NULL);
}

static void log_change(const task_t *t, const char *before, const char *after)
{
    const cfc_order_t *o = t->order;
    const cfc_note_t *note = &t->change.note;
    const char *by = strcmp(o->who, o->address) == 0
                         ? o->who
                         : apr_psprintf(t->p, "%s (%s)", cfc_text_clean(o->who, t->p), o->address);
    const char *until = note->until != 0
                            ? apr_pstrcat(t->p, " until ", cfc_time_iso(note->until, t->p), NULL)
                            : "";

    cfc_log(CFC_LOG_NOTICE, APR_SUCCESS, "CFC0401: cluster %s%s%s: %s -> %s by %s%s%s%s%s",
            t->change.cl->name, t->change.node != NULL ? ", node " : "",
            t->change.node != NULL ? t->change.node->name : "", before, after, by, until,
            note->text[0] ? ": " : "", note->text, o->force ? " (forced)" : "");
}

static const char *state_word(const task_t *t, cfc_admin_t admin, bool closed)
{
    return t->change.node != NULL ? cfc_admin_word(admin) : closed ? "maintenance" : "open";
}

static cfc_result_t refused(const task_t *t, const char *harmed)
{
    return result(CFC_OUTCOME_REFUSED,
                  apr_psprintf(t->p, "Not done: after %s %s, %s. Bring another node back first, "
                               "or begin a maintenance.",
                               t->change.admin == CFC_ADMIN_STOP ? "stopping" : "draining",
                               subject(t), harmed));
}

static cfc_result_t failed(const task_t *t, const char *complaint)
{
    cfc_log(CFC_LOG_ERROR, APR_SUCCESS, "CFC0402: %s of %s was not done, because it could not be "
            "saved: %s", t->action->word, subject(t), complaint);
    return result(CFC_OUTCOME_FAILED, apr_psprintf(t->p, "Nothing was changed, because it could "
                                                   "not be saved: %s", complaint));
}

/* One decision on what is there now, and its execution. @return false: decide again */
static bool decide(task_t *t, cfc_result_t *outcome)
{
    const char *before, *harmed, *complaint;

    t->change.generation = atomic_load(&t->conf->segment->changes);
    if (settled_already(t)) {
        *outcome = result(CFC_OUTCOME_UNCHANGED,
                          apr_pstrcat(t->p, sentence(t), "; it was so already", NULL));
        return true;
    }
    harmed = harm(t);
    if (harmed != NULL && !t->order->force) {
        *outcome = refused(t, harmed);
        return true;
    }
    before = state_word(t, t->change.node ? cfc_slot_admin(t->change.node->slot) : 0,
                        cfc_slot_closed(t->change.cl->slot));
    switch (cfc_store_change(t->conf->store, t->conf, &t->change, &complaint, t->p)) {
    case CFC_CHANGE_STALE:
        return false;
    case CFC_CHANGE_FAILED:
        *outcome = failed(t, complaint);
        return true;
    case CFC_CHANGE_DONE:
        break;
    }
    log_change(t, before, state_word(t, t->change.admin, t->change.closed));
    *outcome = result(CFC_OUTCOME_DONE, harmed == NULL
                                            ? sentence(t)
                                            : apr_pstrcat(t->p, sentence(t), "; ", harmed, NULL));
    return true;
}

/* Decide until nobody came in between. */
static cfc_result_t settle(task_t *t)
{
    cfc_result_t outcome;

    for (int i = 0; i < DECISIONS_MAX; i++) {
        if (decide(t, &outcome)) {
            return outcome;
        }
    }
    return result(CFC_OUTCOME_FAILED, "Nothing was changed, because others changed something at "
                                      "every attempt; try again");
}

cfc_result_t cfc_control(const cfc_conf_t *conf, const cfc_order_t *order, apr_time_t now,
                         apr_pool_t *p)
{
    task_t task = {.conf = conf, .order = order, .now = now, .p = p};
    cfc_result_t outcome;

    if (understand(&task, &outcome)) {
        cfc_text_fit(task.asked.who, sizeof(task.asked.who), cfc_text_clean(order->who, p));
        outcome = settle(&task);
    }
    outcome.text = cfc_text_clean(outcome.text, p);
    return outcome;
}
