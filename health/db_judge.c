/* SPDX-License-Identifier: Apache-2.0
 * db_judge.c: see db_judge.h. Pure: time is a parameter. */
#include "health/db_judge.h"

#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#include "health/db_position.h"

#define MATCHES 2
#define APART apr_time_from_sec(1)
#define BEHIND_LONG apr_time_from_sec(60)

static void say(cfc_db_verdict_t *verdict, cfc_dependency_state_t state, const char *reason)
{
    verdict->state = state;
    verdict->reason = reason;
}

static const char *grant(const cfc_db_facts_t *facts, unsigned needs, apr_pool_t *p)
{
    cfc_db_facts_t wanted = {.mariadb = facts->mariadb, .number = facts->number,
                             .missing = needs};
    char text[96];

    cfc_db_missing_text(&wanted, text, sizeof(text));
    return apr_psprintf(p, "GRANT %s ON *.* to its user", text);
}

void cfc_db_judge_source(const cfc_db_look_t *look, cfc_db_verdict_t *verdict, apr_pool_t *p)
{
    *verdict = (cfc_db_verdict_t){.in_sync = CFC_TRUTH_UNKNOWN};
    if (look->complaint != NULL) {
        say(verdict, CFC_DEPENDENCY_ALARM, look->complaint);
    }
    else if (look->facts->super_read_only == CFC_TRUTH_YES
             || look->facts->read_only == CFC_TRUTH_YES) {
        say(verdict, CFC_DEPENDENCY_ALARM,
            apr_psprintf(p, "read-only: applications cannot write (%s=ON)",
                         look->facts->super_read_only == CFC_TRUTH_YES ? "super_read_only"
                                                                       : "read_only"));
    }
    else {
        say(verdict, CFC_DEPENDENCY_OK, "answers, and can be written to");
    }
}

/* --- a replica ------------------------------------------------------------------------------- */

static void remember_source(cfc_db_memory_t *memory, const cfc_db_look_t *source)
{
    if (source->complaint == NULL) {
        memory->source_id = source->facts->server_id;
        snprintf(memory->source_uuid, sizeof(memory->source_uuid), "%s", source->facts->uuid);
    }
}

/* By identity, since one server goes by many names. UNKNOWN: the two never met. */
static cfc_truth_t follows(const cfc_db_channel_t *channel, const cfc_db_memory_t *memory)
{
    if (channel->source_uuid[0] != '\0' && memory->source_uuid[0] != '\0') {
        return strcmp(channel->source_uuid, memory->source_uuid) == 0 ? CFC_TRUTH_YES
                                                                      : CFC_TRUTH_NO;
    }
    if (channel->source_id != 0 && memory->source_id != 0) {
        return channel->source_id == memory->source_id ? CFC_TRUTH_YES : CFC_TRUTH_NO;
    }
    return CFC_TRUTH_UNKNOWN;
}

/* The channel from its source; the first one when that cannot be told. NULL: none is. */
static const cfc_db_channel_t *channel_of(const cfc_db_facts_t *facts,
                                          const cfc_db_memory_t *memory)
{
    const cfc_db_channel_t *unsure = NULL;

    for (int i = 0; i < facts->channels_count; i++) {
        cfc_truth_t truth = follows(&facts->channels[i], memory);

        if (truth == CFC_TRUTH_YES) {
            return &facts->channels[i];
        }
        if (truth == CFC_TRUTH_UNKNOWN && unsure == NULL) {
            unsure = &facts->channels[i];
        }
    }
    return unsure;
}

/* Why it does not replicate; NULL: it does, on every channel. */
static const char *trouble(const cfc_db_facts_t *facts, apr_pool_t *p)
{
    for (int i = 0; i < facts->channels_count; i++) {
        const cfc_db_channel_t *channel = &facts->channels[i];
        const char *error = channel->error[0] != '\0' ? apr_pstrcat(p, ": ", channel->error, NULL)
                                                      : "";

        if (channel->sql != CFC_TRUTH_YES) {
            return apr_psprintf(p, "does not apply what %s sends: its SQL thread does not run%s",
                                channel->source, error);
        }
        if (channel->io != CFC_TRUTH_YES) {
            return apr_psprintf(p, channel->connecting
                                       ? "cannot connect to %s, and tries again%s"
                                       : "gets nothing from %s: its IO thread does not run%s",
                                channel->source, error);
        }
        if (channel->error[0] != '\0') {
            return apr_psprintf(p, "replication from %s has failed%s", channel->source, error);
        }
    }
    return NULL;
}

/* What makes position and age of no account. @return whether there is such a thing */
static bool judge_state(const cfc_db_look_t *look, const cfc_db_look_t *source,
                        const cfc_db_memory_t *memory, cfc_db_verdict_t *verdict, apr_pool_t *p)
{
    const cfc_db_facts_t *facts = look->facts;
    const char *wrong;

    if (look->complaint != NULL) {
        say(verdict, CFC_DEPENDENCY_ALARM, look->complaint);
        return true;
    }
    if (facts->replica == CFC_TRUTH_UNKNOWN) {
        say(verdict, CFC_DEPENDENCY_UNKNOWN,
            facts->missing & CFC_DB_NEEDS_REPLICA
                ? apr_psprintf(p, "its replication may not be seen; %s",
                               grant(facts, CFC_DB_NEEDS_REPLICA, p))
                : "its replication cannot be read");
        return true;
    }
    verdict->in_sync = CFC_TRUTH_NO;
    if (facts->replica == CFC_TRUTH_NO) {
        say(verdict, CFC_DEPENDENCY_ALARM, "is not a replica of any server");
        return true;
    }
    if (channel_of(facts, memory) == NULL && facts->channels_unseen == 0) {
        say(verdict, CFC_DEPENDENCY_ALARM,
            apr_psprintf(p, "follows %s, which is not %s", facts->channels[0].source,
                         source->name));
        return true;
    }
    wrong = trouble(facts, p);
    if (wrong != NULL) {
        say(verdict, CFC_DEPENDENCY_ALARM, wrong);
        return true;
    }
    if (facts->channels_unseen > 0) {
        verdict->in_sync = CFC_TRUTH_UNKNOWN;
        say(verdict, CFC_DEPENDENCY_UNKNOWN,
            apr_psprintf(p, "replicates from %d servers, of which only %d are looked at",
                         facts->channels_count + facts->channels_unseen, facts->channels_count));
        return true;
    }
    return false;
}

static void forget(cfc_db_memory_t *memory)
{
    memory->matches = 0;
    memory->pending_at = 0;
}

static void judge_reached(const cfc_db_look_t *source, cfc_db_memory_t *memory,
                          cfc_db_verdict_t *verdict)
{
    memory->pending_at = 0;
    if (memory->matches == 0 || source->began_at - memory->matched_at >= APART) {
        memory->matched_at = source->began_at;
        memory->matches += memory->matches < MATCHES;
    }
    verdict->in_sync_at = memory->matched_at;
    if (memory->matches == MATCHES) {
        verdict->in_sync = CFC_TRUTH_YES;
        say(verdict, CFC_DEPENDENCY_OK, "in sync");
    }
    else {
        verdict->in_sync = CFC_TRUTH_UNKNOWN;
        verdict->look_again = true;
        say(verdict, CFC_DEPENDENCY_OK, "in sync at one look; the next one decides");
    }
}

/* How far behind is measured, not asked: a place of the source that was not reached is kept
 * with its time until it is. */
static void judge_behind(const cfc_db_look_t *look, const cfc_db_look_t *source,
                         const cfc_db_channel_t *channel, apr_time_t now, cfc_db_memory_t *memory,
                         cfc_db_verdict_t *verdict, apr_pool_t *p)
{
    const char *ignored;
    apr_interval_time_t behind;

    memory->matches = 0;
    if (memory->pending_at == 0
        || cfc_db_reached(&memory->pending, look->facts, channel, &ignored) == CFC_TRUTH_YES) {
        memory->pending = source->facts->written;
        memory->pending_at = source->began_at;
    }
    behind = now - memory->pending_at;
    if (behind >= BEHIND_LONG + apr_time_from_sec(channel->delay_s)) {
        say(verdict, CFC_DEPENDENCY_WARNING,
            apr_psprintf(p, channel->delay_s > 0
                                ? "behind by at least %d s; it is delayed by %d s"
                                : "behind by at least %d s",
                         (int)apr_time_sec(behind), (int)channel->delay_s));
    }
    else if (channel->delay_s > 0) {
        say(verdict, CFC_DEPENDENCY_OK,
            apr_psprintf(p, "behind, as it is configured to be: delayed by %" APR_INT64_T_FMT
                         " s", channel->delay_s));
    }
    else {
        say(verdict, CFC_DEPENDENCY_OK, "behind by less than a minute");
    }
}

static void judge_unknown(const cfc_db_look_t *source, const char *why,
                          cfc_db_verdict_t *verdict, apr_pool_t *p)
{
    verdict->in_sync = CFC_TRUTH_UNKNOWN;
    if (source->complaint != NULL) {
        why = apr_psprintf(p, "%s could not be read", source->name);
    }
    else if (source->facts->logs == CFC_TRUTH_NO) {
        why = apr_psprintf(p, "%s writes no binary log", source->name);
    }
    else if (source->facts->missing & CFC_DB_NEEDS_BINLOG) {
        why = apr_psprintf(p, "the place in the binary log of %s may not be seen; there, %s",
                           source->name, grant(source->facts, CFC_DB_NEEDS_BINLOG, p));
    }
    say(verdict, CFC_DEPENDENCY_UNKNOWN,
        apr_psprintf(p, "replicates; whether it is in sync is not known: %s", why));
}

/* Both taking writes is how two halves of the data come to differ for good, and all the sooner
 * when nothing is replicated. */
static void judge_writable(const cfc_db_look_t *look, const cfc_db_look_t *source,
                           cfc_db_verdict_t *verdict, apr_pool_t *p)
{
    if (look->complaint == NULL && source->complaint == NULL
        && source->facts->read_only == CFC_TRUTH_NO && look->facts->read_only == CFC_TRUTH_NO) {
        bool more = verdict->state == CFC_DEPENDENCY_ALARM;

        say(verdict, CFC_DEPENDENCY_ALARM,
            apr_psprintf(p, "can be written to, and so can %s: set read_only=ON here%s%s",
                         source->name, more ? "; it " : "", more ? verdict->reason : ""));
    }
}

void cfc_db_judge_replica(const cfc_db_look_t *look, const cfc_db_look_t *source, apr_time_t now,
                          cfc_db_memory_t *memory, cfc_db_verdict_t *verdict, apr_pool_t *p)
{
    cfc_truth_t reached = CFC_TRUTH_UNKNOWN;
    const cfc_db_channel_t *channel;
    const char *why = NULL;

    *verdict = (cfc_db_verdict_t){.in_sync = CFC_TRUTH_UNKNOWN};
    remember_source(memory, source);
    if (judge_state(look, source, memory, verdict, p)) {
        forget(memory);
        judge_writable(look, source, verdict, p);
        return;
    }
    channel = channel_of(look->facts, memory);
    verdict->channel = (int)(channel - look->facts->channels);
    if (source->complaint == NULL) {
        reached = cfc_db_reached(&source->facts->written, look->facts, channel, &why);
    }
    if (reached == CFC_TRUTH_YES) {
        judge_reached(source, memory, verdict);
    }
    else if (reached == CFC_TRUTH_NO) {
        judge_behind(look, source, channel, now, memory, verdict, p);
    }
    else {
        forget(memory);
        judge_unknown(source, why, verdict, p);
    }
    judge_writable(look, source, verdict, p);
}
