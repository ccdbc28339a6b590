/* SPDX-License-Identifier: Apache-2.0
 * judge.c: says what an order does to users: before it is carried out, to refuse what is foolish,
 * and afterwards, to whoever gave it. What a state does to traffic is lb/effective.h's. */
#include "maint/task.h"

#include <apr_strings.h>

#include "conf/opt.h"
#include "lb/effective.h"
#include "maint/text.h"
#include "maint/users.h"

/* How many nodes take new users, and how many serve anybody at all, if `node` were `admin`; and of
 * those that take new users the last resorts. node NULL: as it is. */
typedef struct {
    int for_new;
    int at_all;
    int last_resorts;
    const char *last_resort;    /* the name of one; NULL: there is none */
} usable_t;

static usable_t usable(const cfc_cluster_t *cl, const cfc_node_t *node, cfc_admin_t admin)
{
    cfc_node_t **nodes = cfc_cluster_nodes(cl);
    usable_t count = {.last_resort = NULL};

    for (int i = 0; i < cl->nodes->nelts; i++) {
        cfc_cause_t cause;
        cfc_health_t health = cfc_slot_health(nodes[i]->slot, &cause);
        cfc_admin_t is = nodes[i] == node ? admin : cfc_slot_admin(nodes[i]->slot);
        cfc_effective_t gets = cfc_effective(is, health, cause);

        count.for_new += cfc_takes_others(is, gets);
        count.at_all += gets != CFC_EFFECTIVE_OUT;
        if (gets == CFC_EFFECTIVE_LAST_RESORT) {
            count.last_resorts++;
            count.last_resort = nodes[i]->name;
        }
    }
    return count;
}

const char *cfc_judge_harm(const cfc_task_t *t)
{
    const cfc_subject_t *subject = &t->change.subject;
    usable_t before, after;
    cfc_kept_t is;

    if (t->action->kind == &cfc_kind_maintenance) {
        t->action->kind->now(subject, &is);
        return t->change.kept.state == CFC_CLUSTER_SCHEDULED && is.state == CFC_CLUSTER_CLOSED
                   ? "it is open until then: its maintenance ends at once"
                   : NULL;
    }
    if (cfc_tester_task(t)) {
        return cfc_tester_harm(t);
    }
    if (subject->node == NULL || cfc_slot_closed(subject->cl->slot)) {
        return NULL;
    }
    before = usable(subject->cl, NULL, CFC_ADMIN_ACTIVE);
    after = usable(subject->cl, subject->node, (cfc_admin_t)t->change.kept.state);
    if (before.at_all > 0 && after.at_all == 0) {
        return "no node is left for anybody: all users see the outage page";
    }
    if (before.for_new > 0 && after.for_new == 0) {
        return "no node is left for new users: they see the outage page; those who have a "
               "session keep it";
    }
    return NULL;
}

const char *cfc_judge_warning(const cfc_task_t *t)
{
    const cfc_subject_t *subject = &t->change.subject;
    usable_t after;

    if (subject->node == NULL || t->change.kept.state == CFC_ADMIN_ACTIVE
        || cfc_slot_closed(subject->cl->slot)) {
        return NULL;
    }
    after = usable(subject->cl, subject->node, (cfc_admin_t)t->change.kept.state);
    if (after.last_resorts == 0 || after.for_new > after.last_resorts) {
        return NULL;
    }
    return after.last_resorts == 1
               ? apr_psprintf(t->p, "new users have only a last resort: %s, whose probes fail",
                              after.last_resort)
               : apr_psprintf(t->p, "new users have only last resorts: %d nodes whose probes fail",
                              after.last_resorts);
}

const char *cfc_judge_refusal(const cfc_task_t *t, const char *harm)
{
    if (t->action->kind == &cfc_kind_maintenance) {
        return apr_psprintf(t->p, "Not done: after scheduling a maintenance of %s, %s. End this "
                            "one first, or leave from= out to change its message and end.",
                            cfc_task_subject(t), harm);
    }
    if (cfc_tester_task(t)) {
        return apr_psprintf(t->p, "Not done: after making a new key, %s. Make new links for them, "
                            "or wait until they are over.", harm);
    }
    return apr_psprintf(t->p, "Not done: after %s %s, %s. Bring another node back first, or begin "
                        "a maintenance.",
                        t->change.kept.state == CFC_ADMIN_STOP ? "stopping" : "draining",
                        cfc_task_subject(t), harm);
}

/* What becomes of a node's sessions. */
static const char *consequence(const cfc_task_t *t)
{
    const cfc_subject_t *subject = &t->change.subject;
    cfc_users_t users = cfc_users(t->conf->segment, subject->cl, subject->node, t->now);
    uint64_t count = users.sessions;
    bool stays = t->change.kept.state == CFC_ADMIN_DRAIN;

    if (t->change.kept.state == CFC_ADMIN_ACTIVE) {
        return "";
    }
    if (users.known_at != 0) {
        return apr_pstrcat(t->p, "; ", cfc_users_text(&users, stays ? " stay" : " move", t->p),
                           NULL);
    }
    if (count < 2) {
        return count == 0 ? "; it has no session" : stays ? "; 1 session stays"
                                                          : "; 1 session moves";
    }
    return apr_psprintf(t->p, "; about %" APR_UINT64_T_FMT " sessions %s", (apr_uint64_t)count,
                        stays ? "stay" : "move");
}

/* What becomes of its tunnels, if it has any. */
static const char *tunnels(const cfc_task_t *t)
{
    const cfc_subject_t *subject = &t->change.subject;
    int count = atomic_load(&subject->node->slot->traffic.tunnels);
    const char *one = count == 1 ? "" : "s";

    if (t->change.kept.state == CFC_ADMIN_ACTIVE || count <= 0) {
        return "";
    }
    if (t->change.kept.state == CFC_ADMIN_DRAIN) {
        return apr_psprintf(t->p, "; %d open tunnel%s stay%s", count, one, count == 1 ? "s" : "");
    }
    return apr_psprintf(t->p, "; %d open tunnel%s end%s within %s", count, one,
                        count == 1 ? "s" : "",
                        cfc_duration_text(subject->cl->tunnel_end_ms, t->p));
}

static const char *node_sentence(const cfc_task_t *t)
{
    static const char *const texts[] = {
        [CFC_ADMIN_ACTIVE] = "is active: it takes new users whenever its health allows",
        [CFC_ADMIN_DRAIN] = "is draining: it keeps its users and takes no new ones",
        [CFC_ADMIN_STOP] = "is stopped: it gets no requests, its users move to other nodes",
    };

    const char *warning = cfc_judge_warning(t);

    return apr_pstrcat(t->p, cfc_task_subject(t), " ", texts[t->change.kept.state],
                       consequence(t), tunnels(t), warning != NULL ? "; " : "", warning, NULL);
}

static const char *maintenance_sentence(const cfc_task_t *t)
{
    const char *text = "is open";

    if (t->change.kept.state == CFC_CLUSTER_SCHEDULED) {
        text = apr_pstrcat(t->p, "is open, and in maintenance from ",
                           cfc_time_iso(t->change.kept.plan.at, t->p), NULL);
    }
    else if (t->change.kept.state == CFC_CLUSTER_CLOSED) {
        text = "is in maintenance: users see the page";
    }
    else if (!t->change.subject.part
             && usable(t->change.subject.cl, NULL, CFC_ADMIN_ACTIVE).for_new == 0) {
        text = "is open, but no node is serving: users see the outage page";
    }
    return apr_pstrcat(t->p, cfc_task_subject(t), " ", text, NULL);
}

const char *cfc_judge_trouble(const cfc_task_t *t)
{
    const cfc_dependency_t *dependency = t->change.subject.dependency;
    cfc_found_t found;

    if (dependency == NULL || t->change.kept.state == CFC_DEPENDENCY_ACKNOWLEDGED) {
        return NULL;
    }
    cfc_dependency_look(dependency, t->now, &found);
    return found.state < CFC_DEPENDENCY_WARNING
               ? NULL
               : apr_pstrcat(t->p, cfc_dependency_state_word(found.state), ": ", found.reason,
                             NULL);
}

static const char *dependency_sentence(const cfc_task_t *t)
{
    const char *until = cfc_time_iso(t->change.kept.plan.note.until, t->p);
    const char *trouble = cfc_judge_trouble(t);

    if (t->change.kept.state == CFC_DEPENDENCY_ACKNOWLEDGED) {
        return apr_pstrcat(t->p, cfc_task_subject(t), " may fail until ", until,
                           ": until then it is no alarm", NULL);
    }
    return apr_pstrcat(t->p, cfc_task_subject(t), " is watched: when it is not well it is an alarm",
                       trouble != NULL ? "; now it is at " : "", trouble, NULL);
}

const char *cfc_judge_sentence(const cfc_task_t *t)
{
    if (t->action->kind == &cfc_kind_dependency) {
        return dependency_sentence(t);
    }
    if (cfc_tester_task(t)) {
        return cfc_tester_sentence(t);
    }
    if (cfc_walk_task(t)) {
        return cfc_walk_sentence(t);
    }
    return t->action->kind == &cfc_kind_node ? node_sentence(t) : maintenance_sentence(t);
}
