/* SPDX-License-Identifier: Apache-2.0
 * tester_order.c: what is particular in orders about testers: slots and keys are chosen, not
 * named. The rest is control.c's, as for any order. */
#include <apr_escape.h>
#include <apr_strings.h>
#include <assert.h>
#include <openssl/rand.h>
#include <string.h>

#include "lb/events.h"
#include "maint/task.h"
#include "maint/text.h"

bool cfc_tester_task(const cfc_task_t *t)
{
    return t->action->kind == &cfc_kind_tester || t->action->kind == &cfc_kind_tester_key;
}

static bool refuse(cfc_result_t *outcome, cfc_outcome_t why, const char *text)
{
    *outcome = (cfc_result_t){.outcome = why, .text = text};
    return false;
}

/* The key that another one takes the place of: not the newest. */
static int oldest_key(const cfc_cluster_t *cl)
{
    apr_time_t since;

    static_assert(CFC_TESTER_KEYS == 2, "the other one of two");
    return cfc_tester_key_newest(cl, &since) == 0 ? 1 : 0;
}

/* A key, as the change is to put it into its place. @return false: no random numbers */
static bool key_make(const cfc_task_t *t, cfc_change_t *change)
{
    unsigned char bytes[CFC_SECRET_BYTES];

    if (RAND_bytes(bytes, sizeof(bytes)) != 1) {
        return false;
    }
    change->kind = &cfc_kind_tester_key;
    change->subject = cfc_kind_tester_key.subject(t->change.subject.cl,
                                                  oldest_key(t->change.subject.cl));
    change->kept.state = CFC_TESTER_GOOD;
    cfc_text_fit(change->kept.texts[CFC_TESTER_SECRET], CFC_KEPT_TEXT_BYTES,
                 apr_pescape_hex(t->p, bytes, sizeof(bytes), 0));
    return true;
}

/* The first key of a cluster, and a new one when the newest is old. */
static bool key_ready(cfc_task_t *t, cfc_result_t *outcome)
{
    const cfc_cluster_t *cl = t->change.subject.cl;
    cfc_change_t change = {.generation = t->change.generation};
    const char *complaint = "no random numbers can be had";
    cfc_change_verdict_t verdict;
    apr_time_t since;

    if (cfc_tester_key_newest(cl, &since) >= 0 && t->now - since < CFC_TESTER_KEY_AGE) {
        return true;
    }
    change.kept.plan.note.since = t->now;
    cfc_text_fit(change.kept.plan.note.who, sizeof(change.kept.plan.note.who), "cfcluster");
    verdict = key_make(t, &change)
                  ? cfc_store_change(t->conf->store, t->conf, &change, &complaint, t->p)
                  : CFC_CHANGE_FAILED;
    if (verdict == CFC_CHANGE_STALE) {
        return true;            /* so is the link's own change, and all is decided again */
    }
    if (verdict == CFC_CHANGE_FAILED) {
        return refuse(outcome, CFC_OUTCOME_FAILED,
                      apr_pstrcat(t->p, "Nothing was changed, because a key could not be saved: ",
                                  complaint, NULL));
    }
    cfc_event(&(cfc_what_t){.kind = CFC_EVENT_TESTER, .cluster = cl->name, .noun = "tester key",
                            .name = change.subject.name, .after = "made", .who = "cfcluster",
                            .why = "the one before is old, or missing"},
              CFC_LOG_NOTICE, APR_SUCCESS, "CFC0442: cluster %s: tester links are signed with a "
              "new key from now on", cl->name);
    t->change.generation++;     /* this one was ours */
    return true;
}

static bool prepare_link(cfc_task_t *t, cfc_result_t *outcome)
{
    const cfc_cluster_t *cl = t->change.subject.cl;
    uint32_t id = 0;
    int place = 0;

    while (place < CFC_TESTERS_MAX && atomic_load(&cl->slot->testers[place].id) != 0) {
        place++;
    }
    if (place == CFC_TESTERS_MAX) {
        return refuse(outcome, CFC_OUTCOME_REFUSED,
                      apr_psprintf(t->p, "Not done: %d tester links of cluster %s are good "
                                   "already, which is all there can be. Revoke one first.",
                                   CFC_TESTERS_MAX, cl->name));
    }
    if (!t->order->check && !key_ready(t, outcome)) {
        return false;
    }
    do {
        if (RAND_bytes((unsigned char *)&id, sizeof(id)) != 1) {
            return refuse(outcome, CFC_OUTCOME_FAILED, "no random numbers can be had");
        }
    } while (id == 0 || cfc_tester_find(cl, id) >= 0);
    t->change.subject = cfc_kind_tester.subject(cl, place);
    cfc_text_fit(t->change.kept.texts[CFC_TESTER_NODE], CFC_KEPT_TEXT_BYTES, t->order->node);
    cfc_text_fit(t->change.kept.texts[CFC_TESTER_ID], CFC_KEPT_TEXT_BYTES,
                 apr_psprintf(t->p, "%08x", id));
    return true;
}

static bool prepare_revocation(cfc_task_t *t, cfc_result_t *outcome)
{
    const cfc_cluster_t *cl = t->change.subject.cl;
    const char *id = t->order->tester != NULL ? t->order->tester : "";
    int place = cfc_tester_find(cl, cfc_tester_id_read(id));
    cfc_kept_t kept;

    if (cfc_tester_id_read(id) == 0) {
        return refuse(outcome, CFC_OUTCOME_BAD,
                      apr_psprintf(t->p, "tester=%s is not the id of a link; write its 8 hex "
                                   "digits, or all", cfc_text_clean(id, t->p)));
    }
    if (place < 0) {
        return refuse(outcome, CFC_OUTCOME_UNCHANGED,
                      apr_psprintf(t->p, "nobody is a tester of cluster %s by link %s; it was so "
                                   "already", cl->name, id));
    }
    t->change.subject = cfc_kind_tester.subject(cl, place);
    cfc_kind_tester.now(&t->change.subject, &kept);
    memcpy(t->change.kept.texts, kept.texts, sizeof(kept.texts));
    return true;
}

bool cfc_tester_prepare(cfc_task_t *t, cfc_result_t *outcome)
{
    if (t->action->kind == &cfc_kind_tester_key) {
        return key_make(t, &t->change)
               || refuse(outcome, CFC_OUTCOME_FAILED, "no random numbers can be had");
    }
    return t->action->state == CFC_TESTER_GOOD ? prepare_link(t, outcome)
                                               : prepare_revocation(t, outcome);
}

/* Those whose links were made before the newest key, and so were signed with the one that goes
 * when another is made. */
const char *cfc_tester_harm(const cfc_task_t *t)
{
    const cfc_cluster_t *cl = t->change.subject.cl;
    apr_time_t newest;
    int count = 0;

    if (t->action->kind != &cfc_kind_tester_key || cfc_tester_key_newest(cl, &newest) < 0) {
        return NULL;
    }
    for (int i = 0; i < CFC_TESTERS_MAX; i++) {
        cfc_subject_t subject = cfc_kind_tester.subject(cl, i);
        cfc_kept_t kept;

        count += cfc_kind_tester.now(&subject, &kept) && kept.plan.note.since < newest;
    }
    return count == 0 ? NULL
                      : apr_psprintf(t->p, "%d tester link%s good no more", count,
                                     count == 1 ? " is" : "s are");
}

const char *cfc_tester_sentence(const cfc_task_t *t)
{
    const cfc_plan_t *plan = &t->change.kept.plan;

    if (t->action->kind == &cfc_kind_tester_key) {
        return apr_psprintf(t->p, "tester links of cluster %s are signed with a new key",
                            t->change.subject.cl->name);
    }
    if (t->change.kept.state == CFC_TESTER_NONE) {
        return apr_pstrcat(t->p, cfc_task_subject(t), " is revoked: nobody is a tester of ",
                           t->change.kept.texts[CFC_TESTER_NODE], " by it", NULL);
    }
    return apr_pstrcat(t->p, cfc_task_subject(t), " makes its browser a tester of ",
                       t->change.kept.texts[CFC_TESTER_NODE], " until ",
                       cfc_time_iso(plan->note.until, t->p), "; it can be opened until ",
                       cfc_time_iso(cfc_tester_open_until(plan->note.since, plan->note.until),
                                    t->p), NULL);
}

cfc_tester_made_t *cfc_tester_made(const cfc_task_t *t)
{
    const cfc_note_t *note = &t->change.kept.plan.note;
    cfc_tester_made_t *made = apr_pcalloc(t->p, sizeof(*made));
    cfc_tester_claim_t for_link;

    made->cl = t->change.subject.cl;
    made->claim = (cfc_tester_claim_t){
        .id = cfc_tester_id_read(t->change.kept.texts[CFC_TESTER_ID]),
        .until = note->until,
        .node = apr_pstrdup(t->p, t->change.kept.texts[CFC_TESTER_NODE]),
    };
    made->open_until = cfc_tester_open_until(note->since, note->until);
    for_link = made->claim;
    for_link.until = made->open_until;
    made->token = cfc_tester_token(made->cl, CFC_TESTER_FOR_LINK, "", &for_link, t->p);
    return made->token != NULL ? made : NULL;
}
