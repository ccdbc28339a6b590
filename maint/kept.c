/* SPDX-License-Identifier: Apache-2.0
 * kept.c: see kept.h. Where in shared memory each kind lives; whether a change is wise, and
 * whether it may be made, is others' business. */
#include "maint/kept.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "maint/parts.h"

static_assert(sizeof(cfc_plan_t) <= CFC_RECORD_BYTES, "a plan is one record");

static cfc_subject_t subject_named(cfc_subject_t subject, const char *name)
{
    strncpy(subject.name, name, sizeof(subject.name) - 1);
    return subject;
}

const char *cfc_subject_noun(const cfc_kind_t *kind, const cfc_subject_t *subject)
{
    return subject->part ? "path" : kind->noun;
}

bool cfc_kept_read(const cfc_record_t *plan, const cfc_record_t *texts, cfc_kept_t *kept)
{
    cfc_record_read(plan, &kept->plan, sizeof(kept->plan));
    cfc_record_read(texts, kept->texts, sizeof(kept->texts));
    for (int i = 0; i < CFC_KEPT_TEXTS; i++) {
        kept->texts[i][CFC_KEPT_TEXT_BYTES - 1] = '\0';
    }
    return kept->plan.note.since != 0;
}

/* Admin states of nodes */

static int node_count(const cfc_cluster_t *cl)
{
    return cl->nodes->nelts;
}

static cfc_subject_t node_subject(const cfc_cluster_t *cl, int i)
{
    const cfc_node_t *node = cfc_cluster_nodes(cl)[i];

    return subject_named((cfc_subject_t){.cl = cl, .node = node}, node->name);
}

static uint32_t node_configured(const cfc_subject_t *subject)
{
    return (uint32_t)subject->node->admin;
}

static _Atomic uint32_t *node_settled(const cfc_subject_t *subject)
{
    return &subject->node->slot->admin_configured;
}

static bool node_now(const cfc_subject_t *subject, cfc_kept_t *kept)
{
    const cfc_node_slot_t *slot = subject->node->slot;

    kept->state = (uint32_t)cfc_slot_admin(slot);
    kept->configured = atomic_load(&slot->admin_configured) - 1;
    cfc_record_read(&slot->admin_note, &kept->plan, sizeof(kept->plan));
    return kept->plan.note.since != 0;
}

/* The report of a drain is kept through the stop that follows it; and when the node is active
 * again, for whoever tells of that. */
static void follow_drain(const cfc_subject_t *subject, cfc_admin_t was, uint32_t state)
{
    cfc_node_slot_t *slot = subject->node->slot;
    apr_time_t now = apr_time_now();

    if (state == CFC_ADMIN_DRAIN && was != CFC_ADMIN_DRAIN) {
        cfc_drain_begin(&slot->drain, cfc_sessions_count(&slot->sessions, now,
                                                         subject->cl->sticky.window_ms), now);
    }
    else if (state == CFC_ADMIN_STOP && was == CFC_ADMIN_ACTIVE) {
        cfc_drain_none(&slot->drain);
    }
}

/* Whoever orders that a node returns when it was restarted means the restart that comes. */
static void follow_return(const cfc_subject_t *subject, const cfc_plan_t *plan)
{
    cfc_node_slot_t *slot = subject->node->slot;
    cfc_plan_t was = {.how = CFC_RETURN_ORDERED};

    cfc_record_read(&slot->admin_note, &was, sizeof(was));
    if (plan->how == CFC_RETURN_RESTART && was.how != CFC_RETURN_RESTART) {
        atomic_store(&slot->risen_at, 0);
    }
}

/* The note goes first: it never explains a state that is not there yet for longer than the
 * next statement takes, and a state is never without its note. A stopped node has lost its
 * sessions to others, a drained one still has them. */
static void node_apply(const cfc_subject_t *subject, const cfc_kept_t *kept)
{
    cfc_node_slot_t *slot = subject->node->slot;
    cfc_admin_t was = cfc_slot_admin(slot);

    follow_return(subject, &kept->plan);
    follow_drain(subject, was, kept->state);
    if (kept->state == CFC_ADMIN_ACTIVE && was != CFC_ADMIN_ACTIVE) {
        cfc_slot_returned(slot, apr_time_now(), was == CFC_ADMIN_STOP);
    }
    cfc_record_write(&slot->admin_note, &kept->plan, sizeof(kept->plan));
    atomic_store(&slot->admin, kept->state);
}

static const char *const return_words[] = {"ordered", "until", "restart", NULL};

const cfc_kind_t cfc_kind_node = {
    .section = "nodes", .event = CFC_EVENT_ADMIN, .noun = "node", .text_key = "reason",
    .words = cfc_admin_words,
    .at_key = "deadline", .how_key = "return", .hows = return_words,
    .count = node_count, .subject = node_subject, .configured = node_configured,
    .settled = node_settled, .now = node_now, .apply = node_apply,
};

/* Maintenance: of the cluster, which is subject 0, and of parts of it, by path. Nobody can
 * configure it, so that parts are settled with their cluster. */

static int cluster_count(const cfc_cluster_t *cl)
{
    (void)cl;
    return 1 + CFC_PARTS_MAX;
}

cfc_subject_t cfc_subject_part(const cfc_cluster_t *cl, const char *path)
{
    return subject_named((cfc_subject_t){.cl = cl, .part = true}, path);
}

static cfc_subject_t cluster_subject(const cfc_cluster_t *cl, int i)
{
    char path[CFC_NAME_MAX];

    if (i == 0) {
        return subject_named((cfc_subject_t){.cl = cl}, "/");
    }
    cfc_part_path(&cl->slot->parts[i - 1], path);
    return cfc_subject_part(cl, path);
}

static uint32_t cluster_configured(const cfc_subject_t *subject)
{
    (void)subject;
    return CFC_CLUSTER_OPEN;
}

static _Atomic uint32_t *cluster_settled(const cfc_subject_t *subject)
{
    return &subject->cl->slot->settled;
}

static bool cluster_now(const cfc_subject_t *subject, cfc_kept_t *kept)
{
    cfc_cluster_slot_t *slot = subject->cl->slot;
    cfc_part_slot_t *part = subject->part ? cfc_part_find(slot, subject->name) : NULL;

    memset(kept, 0, sizeof(*kept));
    if (subject->part && part == NULL) {
        return false;
    }
    kept->state = atomic_load(part != NULL ? &part->state : &slot->maintenance);
    cfc_record_read(part != NULL ? &part->note : &slot->maintenance_note, &kept->plan,
                    sizeof(kept->plan));
    return kept->plan.note.since != 0;
}

static void cluster_apply(const cfc_subject_t *subject, const cfc_kept_t *kept)
{
    cfc_cluster_slot_t *slot = subject->cl->slot;

    if (subject->part) {
        cfc_part_set(slot, subject->name, (cfc_cluster_state_t)kept->state, &kept->plan);
        return;
    }
    cfc_record_write(&slot->maintenance_note, &kept->plan, sizeof(kept->plan));
    atomic_store(&slot->maintenance, kept->state);
}

static const char *const cluster_words[] = {"open", "maintenance", "scheduled", NULL};
static const char *const end_words[] = {"ordered", "by-itself", NULL};

const cfc_kind_t cfc_kind_maintenance = {
    .section = "maintenance", .event = CFC_EVENT_MAINTENANCE, .noun = NULL, .text_key = "message",
    .words = cluster_words,
    .at_key = "from", .how_key = "end", .hows = end_words,
    .count = cluster_count, .subject = cluster_subject, .configured = cluster_configured,
    .settled = cluster_settled, .now = cluster_now, .apply = cluster_apply,
};

/* Planned outages of dependencies. The configuration knows of none. */

static int dependency_count(const cfc_cluster_t *cl)
{
    return cl->dependencies->nelts;
}

static cfc_subject_t dependency_subject(const cfc_cluster_t *cl, int i)
{
    const cfc_dependency_t *dependency = cfc_cluster_dependencies(cl)[i];

    return subject_named((cfc_subject_t){.cl = cl, .dependency = dependency}, dependency->name);
}

static uint32_t dependency_configured(const cfc_subject_t *subject)
{
    (void)subject;
    return CFC_DEPENDENCY_WATCHED;
}

static _Atomic uint32_t *dependency_settled(const cfc_subject_t *subject)
{
    return &subject->dependency->slot->settled;
}

static bool dependency_now(const cfc_subject_t *subject, cfc_kept_t *kept)
{
    const cfc_dependency_slot_t *slot = subject->dependency->slot;

    kept->state = atomic_load(&slot->acknowledged_until) != 0 ? CFC_DEPENDENCY_ACKNOWLEDGED
                                                              : CFC_DEPENDENCY_WATCHED;
    kept->configured = CFC_DEPENDENCY_WATCHED;
    cfc_record_read(&slot->acknowledged_note, &kept->plan, sizeof(kept->plan));
    return kept->plan.note.since != 0;
}

static void dependency_apply(const cfc_subject_t *subject, const cfc_kept_t *kept)
{
    cfc_dependency_slot_t *slot = subject->dependency->slot;
    bool acknowledged = kept->state == CFC_DEPENDENCY_ACKNOWLEDGED;

    cfc_record_write(&slot->acknowledged_note, &kept->plan, sizeof(kept->plan));
    atomic_store(&slot->acknowledged_until, acknowledged ? kept->plan.note.until : 0);
}

static const char *const dependency_words[] = {"watched", "acknowledged", NULL};

const cfc_kind_t cfc_kind_dependency = {
    .section = "dependencies", .event = CFC_EVENT_DEPENDENCY, .noun = "dependency",
    .text_key = "reason", .words = dependency_words,
    .count = dependency_count, .subject = dependency_subject,
    .configured = dependency_configured, .settled = dependency_settled, .now = dependency_now,
    .apply = dependency_apply,
};

const cfc_kind_t *const cfc_kinds[] = {&cfc_kind_node, &cfc_kind_maintenance,
                                       &cfc_kind_dependency, &cfc_kind_tester,
                                       &cfc_kind_tester_key, &cfc_kind_walk, NULL};
