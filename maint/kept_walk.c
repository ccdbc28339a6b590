/* SPDX-License-Identifier: Apache-2.0
 * kept_walk.c: the upgrade of a cluster that somebody walks or has left, as a kind of what is kept
 * (kept.h). Its one subject is "1", and the configuration knows of none. Who may take it from whom
 * is walk_order.c's business. */
#include <string.h>

#include "maint/kept.h"

bool cfc_walk_lives(const cfc_kept_t *kept, apr_time_t now)
{
    return kept->state == CFC_WALK_WALKED && kept->plan.note.until > now;
}

static cfc_walk_slot_t *slot_of(const cfc_subject_t *subject)
{
    return &subject->cl->slot->walk;
}

static int count(const cfc_cluster_t *cl)
{
    (void)cl;
    return 1;
}

static cfc_subject_t subject(const cfc_cluster_t *cl, int i)
{
    return (cfc_subject_t){.cl = cl, .name = "1", .place = i};
}

static uint32_t configured(const cfc_subject_t *subject)
{
    (void)subject;
    return CFC_WALK_NONE;
}

static _Atomic uint32_t *settled(const cfc_subject_t *subject)
{
    return &slot_of(subject)->settled;
}

/* The lease is where it is renewed, not in the plan. */
static bool now(const cfc_subject_t *subject, cfc_kept_t *kept)
{
    const cfc_walk_slot_t *slot = slot_of(subject);
    bool whole;

    memset(kept, 0, sizeof(*kept));
    kept->state = atomic_load(&slot->state);
    if (kept->state == CFC_WALK_NONE) {
        return false;
    }
    whole = cfc_kept_read(&slot->plan, &slot->texts, kept);
    if (kept->state == CFC_WALK_WALKED) {
        kept->plan.note.until = atomic_load(&slot->until);
    }
    return whole;
}

/* Nobody could renew a lease while httpd was down, and what is in the file may be hours old: after
 * a start the walker gets a whole one to show that it lives. The slot is then as yet unwritten. */
static int64_t lease(const cfc_walk_slot_t *slot, const cfc_kept_t *kept)
{
    int64_t until = kept->plan.note.until, fresh = apr_time_now() + CFC_WALK_LEASE;
    cfc_plan_t before;

    return cfc_record_read(&slot->plan, &before, sizeof(before)) || until > fresh ? until : fresh;
}

/* The state goes last when there is a walk, and first when there is none: whoever sees it finds
 * the rest. */
static void apply(const cfc_subject_t *subject, const cfc_kept_t *kept)
{
    cfc_walk_slot_t *slot = slot_of(subject);

    if (kept->state == CFC_WALK_NONE) {
        atomic_store(&slot->state, CFC_WALK_NONE);
    }
    else {
        atomic_store(&slot->until, lease(slot, kept));
    }
    cfc_record_write(&slot->plan, &kept->plan, sizeof(kept->plan));
    cfc_record_write(&slot->texts, kept->texts, sizeof(kept->texts));
    atomic_store(&slot->state, kept->state);
}

static const char *const walk_words[] = {"none", "walked", "left", NULL};
static const char *const left_words[] = {"ordered", "silent", NULL};
static const char *const walk_texts[] = {"walker", "id", NULL};

const cfc_kind_t cfc_kind_walk = {
    .section = "walks", .event = CFC_EVENT_WALK, .noun = "walk", .text_key = "step",
    .words = walk_words, .at_key = "at", .how_key = "left", .hows = left_words,
    .text_keys = walk_texts, .vanishes = true,
    .count = count, .subject = subject, .configured = configured,
    .settled = settled, .now = now, .apply = apply,
};
