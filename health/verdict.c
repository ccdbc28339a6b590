/* SPDX-License-Identifier: Apache-2.0
 * verdict.c: see verdict.h. Decides nothing itself but what is worth a line in the log. */
#include "health/verdict.h"

#include <apr_strings.h>
#include <string.h>

#include "health/combine.h"
#include "health/flap.h"
#include "health/probe.h"
#include "lb/choose.h"
#include "lb/effective.h"
#include "lb/events.h"
#include "lb/log.h"

/* A weight that a node reports holds for so many intervals. */
#define WEIGHT_INTERVALS 3

static cfc_standing_t checked(cfc_health_t health, cfc_cause_t cause, uint32_t streak)
{
    if (health >= CFC_HEALTH_COUNT || cause >= CFC_CAUSE_COUNT) {
        return (cfc_standing_t){CFC_HEALTH_UNKNOWN, CFC_CAUSE_NONE, 0};
    }
    return (cfc_standing_t){health, cause, streak};
}

static cfc_standing_t standing_of(const cfc_probe_slot_t *slot)
{
    cfc_cause_t cause;
    cfc_health_t health = cfc_probe_health(slot, &cause);

    return checked(health, cause, atomic_load(&slot->streak));
}

static cfc_standing_t node_standing(const cfc_node_slot_t *slot)
{
    cfc_cause_t cause;
    cfc_health_t health = cfc_slot_health(slot, &cause);

    return checked(health, cause, 0);
}

static void forget(cfc_node_slot_t *slot)
{
    cfc_slot_health_set(slot, CFC_HEALTH_UNKNOWN, CFC_CAUSE_NONE);
    atomic_store(&slot->health_at, 0);
    atomic_store(&slot->returned_at, 0);
    atomic_store(&slot->reported, 0);
    cfc_eject_clear(&slot->eject);
    memset(slot->probes, 0, sizeof(slot->probes));
}

static void begin_node(const cfc_node_t *node)
{
    uint64_t was = atomic_load(&node->slot->identity), is = cfc_node_identity(node);

    if (was != 0 && was != is) {
        forget(node->slot);
    }
    atomic_store(&node->slot->identity, is);
}

void cfc_verdict_begin(const cfc_cluster_t *cl, const cfc_node_t *node)
{
    cfc_standing_t is;

    begin_node(node);
    is = node_standing(node->slot);
    for (int i = 0; i < cl->probes->nelts; i++) {
        const cfc_probe_conf_t *conf = cfc_probe_at(cl, i);
        cfc_probe_slot_t *slot = &node->slot->probes[i];

        if (atomic_load(&slot->identity) == cfc_probe_identity(conf)) {
            continue;
        }
        memset(slot, 0, sizeof(*slot));
        atomic_store(&slot->rise, (uint32_t)conf->rise);
        if (conf->role == CFC_ROLE_REQUIRED) {
            cfc_probe_health_set(slot, is.health, is.cause);
        }
        atomic_store(&slot->identity, cfc_probe_identity(conf));
    }
}

static const char *what_happens_now(const cfc_node_slot_t *slot, const cfc_standing_t *standing)
{
    switch (cfc_effective(cfc_slot_admin(slot), standing->health, standing->cause)) {
    case CFC_EFFECTIVE_SERVING:
    case CFC_EFFECTIVE_WARMING:
        return "it gets requests";
    case CFC_EFFECTIVE_STICKY_ONLY:
        return "it gets the requests of its sessions";
    case CFC_EFFECTIVE_LAST_RESORT:
        return "it gets only what no other node can take";
    case CFC_EFFECTIVE_OUT:
    case CFC_EFFECTIVE_COUNT:
        break;
    }
    return "it gets no requests";
}

/* Back in service; not from unknown, which is httpd's start and not the node's. */
static bool has_returned(cfc_health_t was, cfc_health_t is)
{
    return is == CFC_HEALTH_UP && (was == CFC_HEALTH_STARTING || was == CFC_HEALTH_DOWN
                                   || was == CFC_HEALTH_RECOVERING);
}

/* Into the node's slot, with all that a change brings about. */
static void apply(cfc_segment_t *segment, cfc_node_slot_t *slot, const cfc_standing_t *was,
                  const cfc_standing_t *is, apr_time_t at)
{
    if (is->health != was->health) {
        atomic_store(&slot->health_at, at);
    }
    if (has_returned(was->health, is->health)) {
        cfc_slot_returned(slot, at, true);
        atomic_store(&slot->risen_at, at);
    }
    cfc_slot_health_set(slot, is->health, is->cause);
    if (is->health == CFC_HEALTH_UP && was->health != CFC_HEALTH_UP
        && was->health != CFC_HEALTH_FAILING) {
        cfc_eject_clear(&slot->eject);  /* it was away: what it did before counts no more */
    }
    if (is->health == CFC_HEALTH_DOWN && was->health != CFC_HEALTH_DOWN) {
        cfc_bell_ring(&segment->downs);
    }
}

/* @return the node's new standing, as its probes have it */
static cfc_standing_t combined(const cfc_cluster_t *cl, const cfc_node_slot_t *slot, int *deciding)
{
    cfc_vote_t votes[CFC_PROBES_MAX];
    int count = cl->probes->nelts;

    for (int i = 0; i < count; i++) {
        votes[i].standing = standing_of(&slot->probes[i]);
        votes[i].required = cfc_probe_at(cl, i)->role == CFC_ROLE_REQUIRED;
    }
    *deciding = cfc_combine(votes, count);
    return votes[*deciding].standing;
}

/* The deciding probe's reason; another's result can only have made way for it. */
static const char *reason_of(const cfc_cluster_t *cl, const cfc_node_slot_t *slot, int deciding,
                             char *text, size_t bytes)
{
    cfc_probe_result_t last;

    cfc_history_last(&slot->probes[deciding].history, &last);
    if (cl->probes->nelts == 1) {
        apr_cpystrn(text, last.reason, bytes);
    }
    else {
        apr_snprintf(text, bytes, "%s: %s", cfc_probe_at(cl, deciding)->name,
                     last.at != 0 ? last.reason : "not probed yet");
    }
    return text;
}

static void tell(const cfc_cluster_t *cl, const cfc_node_t *node, const cfc_standing_t *was,
                 const cfc_standing_t *is, const char *reason)
{
    const cfc_what_t what = {
        .kind = CFC_EVENT_HEALTH,
        .bad = is->health == CFC_HEALTH_DOWN || is->cause == CFC_CAUSE_REFUSED,
        .cluster = cl->name, .noun = "node", .name = node->name,
        .effective = cfc_effective_word(cfc_node_effective(node)),
        .before = cfc_health_word(was->health), .after = cfc_health_word(is->health),
        .why = reason,
    };

    cfc_event(&what, CFC_LOG_NOTICE, APR_SUCCESS, "CFC0301: cluster %s, node %s: %s -> %s: %s; %s",
              what.cluster, what.name, what.before, what.after, what.why,
              what_happens_now(node->slot, is));
}

static void settle_node(cfc_segment_t *segment, const cfc_cluster_t *cl, const cfc_node_t *node,
                        apr_time_t at)
{
    const cfc_standing_t was = node_standing(node->slot);
    char reason[CFC_NAME_MAX + CFC_REASON_BYTES];
    int deciding;
    const cfc_standing_t is = combined(cl, node->slot, &deciding);

    atomic_store(&node->slot->deciding, (uint32_t)deciding);
    apply(segment, node->slot, &was, &is, at);
    if (is.health != was.health
        || (is.cause == CFC_CAUSE_REFUSED && was.cause != CFC_CAUSE_REFUSED)) {
        tell(cl, node, &was, &is, reason_of(cl, node->slot, deciding, reason, sizeof(reason)));
    }
}

static void note(cfc_probe_slot_t *slot, const cfc_evidence_t *ev)
{
    cfc_probe_result_t result = {
        .at = ev->at,
        .duration_ms = ev->duration_ms,
        .code = ev->code,
        .good = ev->verdict == CFC_VERDICT_GOOD,
    };

    apr_cpystrn(result.reason, ev->reason, sizeof(result.reason));
    cfc_history_add(&slot->history, &result);
    if (ev->certificate_end != 0) {
        atomic_store(&slot->certificate_end, ev->certificate_end);
    }
}

/* @return whether it is worth a line */
static bool settle_probe(cfc_probe_slot_t *slot, const cfc_probe_conf_t *conf,
                         const cfc_evidence_t *ev, cfc_health_t *was)
{
    cfc_flaps_t flaps = {slot->falls, slot->fell_at};
    cfc_standing_t standing = standing_of(slot);
    uint32_t rise = cfc_flap_rise(&flaps, (uint32_t)conf->rise, ev->at);
    bool notable;

    *was = standing.health;
    notable = cfc_rise_fall(&standing, ev->verdict, rise, (uint32_t)conf->fall);
    cfc_flap_note(&flaps, *was, standing.health, ev->at);
    slot->falls = flaps.count;
    slot->fell_at = flaps.at;
    atomic_store(&slot->rise, cfc_flap_rise(&flaps, (uint32_t)conf->rise, ev->at));
    atomic_store(&slot->streak, standing.streak);
    cfc_probe_health_set(slot, standing.health, standing.cause);
    return notable;
}

void cfc_verdict_record(cfc_segment_t *segment, const cfc_cluster_t *cl, const cfc_node_t *node,
                        int place, const cfc_evidence_t *ev)
{
    const cfc_probe_conf_t *conf = cfc_probe_at(cl, place);
    cfc_probe_slot_t *slot = &node->slot->probes[place];
    cfc_health_t was, is;
    cfc_cause_t cause;
    bool notable;

    note(slot, ev);
    notable = settle_probe(slot, conf, ev, &was);
    if (ev->weight_pct != 0) {
        cfc_slot_report(node->slot, ev->weight_pct,
                        ev->at + apr_time_from_msec(WEIGHT_INTERVALS * conf->interval_ms));
    }
    if (conf->role == CFC_ROLE_REQUIRED) {
        settle_node(segment, cl, node, ev->at);
    }
    else if (notable) {
        is = cfc_probe_health(slot, &cause);
        cfc_log(CFC_LOG_NOTICE, APR_SUCCESS, "CFC0306: cluster %s, node %s: probe %s: %s -> %s: "
                "%s; it is advisory, the node gets what it got before",
                cl->name, node->name, conf->name, cfc_health_word(was), cfc_health_word(is),
                ev->reason);
    }
}
