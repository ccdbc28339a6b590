/* SPDX-License-Identifier: Apache-2.0
 * walk_order.c: what is particular in orders about the upgrade that is walked: it is a lease, which
 * its walker renews, refuses others while it lives, and leaves or ends. The rest is control.c's, as
 * for any order.
 *
 *   there is        the order is "walk" of     what becomes of it
 *   none            any                        it is taken
 *   walked or left  the same walk              it goes on; if nothing but its end differs only the
 *                                              lease is renewed
 *   walked          another one                refused until its lease is over, unless forced
 *   left            another one                refused unless instead= names it, or forced; then
 *                                              what was there is ended first
 *
 * A renewal comes every half minute, so it changes shared memory only: no file, no event, and no
 * `generation`, which would have every order of a person be one for another generation. */
#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

#include "maint/task.h"
#include "maint/text.h"

#define ID_BYTES_MAX 40

static bool given(const char *field)
{
    return field != NULL && field[0] != '\0';
}

static bool is_id(const char *text)
{
    size_t length = given(text) ? strlen(text) : 0;

    for (size_t i = 0; i < length; i++) {
        if (!apr_isalnum(text[i]) && text[i] != '-') {
            return false;
        }
    }
    return length > 0 && length <= ID_BYTES_MAX;
}

bool cfc_walk_task(const cfc_task_t *t)
{
    return t->action->kind == &cfc_kind_walk;
}

const char *cfc_walk_read(cfc_task_t *t)
{
    const char *id = t->order->walk;
    const char *walker = cfc_text_clean(given(t->order->walker) ? t->order->walker : t->order->who,
                                        t->p);

    if (!is_id(id)) {
        return apr_psprintf(t->p, "walk=%s is not the id of a walk; write 1 to %d letters, digits "
                            "and hyphens", cfc_text_clean(given(id) ? id : "", t->p),
                            ID_BYTES_MAX);
    }
    if (strlen(walker) >= CFC_KEPT_TEXT_BYTES) {
        return apr_psprintf(t->p, "walker= is too long; at most %d bytes can be kept",
                            CFC_KEPT_TEXT_BYTES - 1);
    }
    cfc_text_fit(t->change.kept.texts[CFC_WALK_ID], CFC_KEPT_TEXT_BYTES, id);
    cfc_text_fit(t->change.kept.texts[CFC_WALK_WALKER], CFC_KEPT_TEXT_BYTES, walker);
    return NULL;
}

static bool settle(cfc_result_t *outcome, cfc_outcome_t what, const char *text)
{
    *outcome = cfc_result(what, text);
    return false;
}

/* What the order does not say stays as it is. */
static void keep_unsaid(cfc_task_t *t, const cfc_kept_t *is)
{
    t->asked.note.since = is->plan.note.since;
    if (!given(t->order->step)) {
        memcpy(t->asked.note.text, is->plan.note.text, sizeof(is->plan.note.text));
    }
}

/* A lease whose end has come is left by who has not renewed it, whoever says so. */
static bool prepare_end(cfc_task_t *t, const cfc_kept_t *is, bool own, cfc_result_t *outcome)
{
    if (!own || is->state == t->action->state) {
        return settle(outcome, CFC_OUTCOME_UNCHANGED,
                      apr_psprintf(t->p, "%s is not walked; it was so already",
                                   cfc_task_subject(t)));
    }
    keep_unsaid(t, is);
    memcpy(t->change.kept.texts, is->texts, sizeof(is->texts));
    if (t->action->state == CFC_WALK_LEFT) {
        t->asked.at = cfc_walk_lives(is, t->now) ? t->now : is->plan.note.until;
        t->asked.how = cfc_walk_lives(is, t->now) ? CFC_LEFT_ORDERED : CFC_LEFT_SILENT;
    }
    return true;
}

/* The same walk. A renewal waits for no lock: one that comes while another walk takes the place of
 * this one can at most make the lease of that one a little shorter. */
static bool prepare_on(cfc_task_t *t, const cfc_kept_t *is, cfc_result_t *outcome)
{
    keep_unsaid(t, is);
    if (is->state != CFC_WALK_WALKED || strcmp(t->asked.note.text, is->plan.note.text) != 0
        || strcmp(t->change.kept.texts[CFC_WALK_WALKER], is->texts[CFC_WALK_WALKER]) != 0) {
        return true;
    }
    if (!t->order->check) {
        atomic_store(&t->change.subject.cl->slot->walk.until, t->asked.note.until);
    }
    t->change.kept.plan = t->asked;
    return settle(outcome, CFC_OUTCOME_DONE, cfc_walk_sentence(t));
}

static const char *refusal(const cfc_task_t *t, const cfc_kept_t *is)
{
    const char *id = cfc_text_clean(is->texts[CFC_WALK_ID], t->p);
    const char *walker = cfc_text_clean(is->texts[CFC_WALK_WALKER], t->p);
    const char *step = cfc_text_clean(is->plan.note.text, t->p);
    const char *cluster = t->change.subject.cl->name;

    if (cfc_walk_lives(is, t->now)) {
        return apr_psprintf(t->p, "Not done: %s walks an upgrade of cluster %s since %s (%s; walk "
                            "%s). Wait, or ask that person.", walker, cluster,
                            cfc_time_iso(is->plan.note.since, t->p), step, id);
    }
    return apr_psprintf(t->p, "Not done: an upgrade of cluster %s was left by %s (%s; walk %s). "
                        "Resume or abort it where it was begun, or give it up with instead=%s.",
                        cluster, walker, step, id, id);
}

/* Ending the other one is a change of its own, with its line in the log. */
static bool end_other(cfc_task_t *t, const cfc_kept_t *is, cfc_result_t *outcome)
{
    const cfc_order_t end = {
        .cluster = t->order->cluster, .action = "walk-end",
        .walk = apr_pstrdup(t->p, is->texts[CFC_WALK_ID]),
        .who = t->order->who, .address = t->order->address,
    };

    *outcome = cfc_control(t->conf, &end, t->now, t->p);
    t->change.generation += outcome->outcome == CFC_OUTCOME_DONE;   /* it was ours */
    return outcome->outcome >= CFC_OUTCOME_UNCHANGED;
}

static bool prepare_instead(cfc_task_t *t, const cfc_kept_t *is, cfc_result_t *outcome)
{
    bool named = given(t->order->instead)
                 && strcmp(t->order->instead, is->texts[CFC_WALK_ID]) == 0;

    if (!t->order->force && (!named || cfc_walk_lives(is, t->now))) {
        return settle(outcome, CFC_OUTCOME_REFUSED, refusal(t, is));
    }
    return t->order->check || end_other(t, is, outcome);
}

bool cfc_walk_prepare(cfc_task_t *t, cfc_result_t *outcome)
{
    cfc_kept_t is;
    bool there = cfc_kind_walk.now(&t->change.subject, &is);
    bool own = there && strcmp(is.texts[CFC_WALK_ID], t->order->walk) == 0;

    t->asked.note.since = t->now;
    if (t->action->state != CFC_WALK_WALKED) {
        return prepare_end(t, &is, own, outcome);
    }
    return own ? prepare_on(t, &is, outcome) : !there || prepare_instead(t, &is, outcome);
}

const char *cfc_walk_sentence(const cfc_task_t *t)
{
    const cfc_note_t *note = &t->change.kept.plan.note;
    const char *step = note->text[0] != '\0' ? apr_pstrcat(t->p, " at ", note->text, NULL) : "";

    switch (t->action->state) {
    case CFC_WALK_WALKED:
        return apr_pstrcat(t->p, cfc_task_subject(t), " is walked by ",
                           t->change.kept.texts[CFC_WALK_WALKER], step, "; left from ",
                           cfc_time_iso(note->until, t->p), " on if this is not repeated", NULL);
    case CFC_WALK_LEFT:
        return apr_pstrcat(t->p, cfc_task_subject(t), " is left", step, NULL);
    default:
        return apr_pstrcat(t->p, cfc_task_subject(t), " is over", NULL);
    }
}
