/* SPDX-License-Identifier: Apache-2.0
 * kept_testers.c: tester links and their keys as kinds of what is kept (kept.h). A cluster has a
 * fixed number of slots for either, and these are the subjects: "1", "2" and so on. The
 * configuration knows of none. What a link is good for is tester.c's business. */
#include <stdio.h>

#include "maint/kept.h"
#include "maint/tester.h"

static cfc_subject_t subject(const cfc_cluster_t *cl, int i)
{
    cfc_subject_t subject = {.cl = cl, .place = i};

    snprintf(subject.name, sizeof(subject.name), "%d", i + 1);
    return subject;
}

static uint32_t configured(const cfc_subject_t *subject)
{
    (void)subject;
    return CFC_TESTER_NONE;
}

static const cfc_kept_t nothing;

/* Links */

static int link_count(const cfc_cluster_t *cl)
{
    (void)cl;
    return CFC_TESTERS_MAX;
}

static cfc_tester_slot_t *link_slot(const cfc_subject_t *subject)
{
    return &subject->cl->slot->testers[subject->place];
}

static _Atomic uint32_t *link_settled(const cfc_subject_t *subject)
{
    return &link_slot(subject)->settled;
}

static bool link_now(const cfc_subject_t *subject, cfc_kept_t *kept)
{
    const cfc_tester_slot_t *slot = link_slot(subject);

    *kept = nothing;
    if (atomic_load(&slot->id) == 0) {
        return false;
    }
    kept->state = CFC_TESTER_GOOD;
    return cfc_kept_read(&slot->plan, &slot->texts, kept);
}

/* The id goes last when a link is made, and first when it ends: whoever finds it finds the rest. */
static void link_apply(const cfc_subject_t *subject, const cfc_kept_t *kept)
{
    cfc_tester_slot_t *slot = link_slot(subject);
    bool good = kept->state == CFC_TESTER_GOOD;

    atomic_store(&slot->id, 0);
    if (!good) {
        kept = &nothing;
    }
    cfc_record_write(&slot->plan, &kept->plan, sizeof(kept->plan));
    cfc_record_write(&slot->texts, kept->texts, sizeof(kept->texts));
    atomic_store(&slot->opened, 0);
    atomic_store(&slot->uses, 0);
    atomic_store(&slot->used_at, 0);
    atomic_store(&slot->id, good ? cfc_tester_id_read(kept->texts[CFC_TESTER_ID]) : 0);
}

static const char *const link_words[] = {"none", "good", NULL};
static const char *const link_texts[] = {"node", "id", NULL};

const cfc_kind_t cfc_kind_tester = {
    .section = "testers", .event = CFC_EVENT_TESTER, .noun = "tester", .text_key = "reason",
    .words = link_words, .text_keys = link_texts, .vanishes = true,
    .count = link_count, .subject = subject, .configured = configured,
    .settled = link_settled, .now = link_now, .apply = link_apply,
};

/* Keys */

static int key_count(const cfc_cluster_t *cl)
{
    (void)cl;
    return CFC_TESTER_KEYS;
}

static cfc_tester_key_slot_t *key_slot(const cfc_subject_t *subject)
{
    return &subject->cl->slot->tester_keys[subject->place];
}

static _Atomic uint32_t *key_settled(const cfc_subject_t *subject)
{
    return &key_slot(subject)->settled;
}

static bool key_now(const cfc_subject_t *subject, cfc_kept_t *kept)
{
    const cfc_tester_key_slot_t *slot = key_slot(subject);

    *kept = nothing;
    if (!cfc_kept_read(&slot->plan, &slot->texts, kept)) {
        return false;
    }
    kept->state = CFC_TESTER_GOOD;
    return true;
}

static void key_apply(const cfc_subject_t *subject, const cfc_kept_t *kept)
{
    cfc_tester_key_slot_t *slot = key_slot(subject);

    cfc_record_write(&slot->plan, &kept->plan, sizeof(kept->plan));
    cfc_record_write(&slot->texts, kept->texts, sizeof(kept->texts));
}

static const char *const key_words[] = {"none", "made", NULL};
static const char *const key_texts[] = {"secret", NULL};

const cfc_kind_t cfc_kind_tester_key = {
    .section = "tester-keys", .event = CFC_EVENT_TESTER, .noun = "tester key",
    .text_key = "reason", .words = key_words, .text_keys = key_texts, .vanishes = true,
    .count = key_count, .subject = subject, .configured = configured,
    .settled = key_settled, .now = key_now, .apply = key_apply,
};
