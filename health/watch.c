/* SPDX-License-Identifier: Apache-2.0
 * watch.c: see watch.h. When a thread works is errand.c's, how it looks db_client.c's and
 * directory_client.c's, what a look is worth db_judge.c's. */
#include "health/watch.h"

#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#include "health/certificate.h"
#include "health/client.h"
#include "health/db_judge.h"
#include "health/dependency.h"
#include "health/errand.h"
#include "lb/events.h"
#include "lb/log.h"
#include "lb/segment.h"

#define IN_DOUBT_MS 1000
#define FLOOR_MS 1000               /* the shortest pause between two looks that somebody wants */

const cfc_client_kind_t *cfc_watch_kinds[] = {
    [CFC_DEPENDENCY_MYSQL] = &cfc_db_client,
    [CFC_DEPENDENCY_LDAP] = &cfc_directory_client,
};

typedef struct target {
    const cfc_cluster_t *cl;
    const cfc_dependency_t *conf;
    struct target *source;          /* NULL: it goes by its interval */
    cfc_errand_t *errand;
    void *client;                   /* the errand's */
    int64_t began_ms;               /* of the last look that has begun, monotonic */
    apr_time_t began_at;
    apr_time_t looked_at;           /* began_at of the last one that has ended, as what follows:
                                       the next one may be under way */
    int64_t took_ms;
    char complaint[256];            /* "" : facts are those that it found */
    int code;                       /* of the complaint; 0: it has none */
    bool silent;                    /* at it nobody there said a word */
    cfc_db_facts_t facts;
    cfc_db_facts_t before;          /* of the look before, for what is counted by the second */
    apr_time_t before_at;           /* when that began; 0: there is none */
    cfc_db_memory_t memory;
} target_t;

typedef struct {
    apr_array_header_t *targets;    /* target_t *, a source before its replicas */
    apr_pool_t *scratch;            /* cleared after each look */
} watch_t;

static const cfc_client_kind_t *kind_of(const cfc_dependency_t *conf)
{
    return cfc_watch_kinds[conf->kind];
}

static target_t *target_at(const watch_t *watch, int i)
{
    return APR_ARRAY_IDX(watch->targets, i, target_t *);
}

/* --- what was found, into shared memory ------------------------------------------------------ */

/* A counter that has begun anew, with its server, says nothing. */
static bool restarted(const target_t *target)
{
    return target->facts.uptime_s < target->before.uptime_s;
}

static double per_second(int64_t now, int64_t before, apr_interval_time_t span)
{
    if (now == CFC_DB_NUMBER_UNKNOWN || before == CFC_DB_NUMBER_UNKNOWN || now < before
        || span <= 0) {
        return CFC_DB_NUMBER_UNKNOWN;
    }
    return (double)(now - before) * APR_USEC_PER_SEC / (double)span;
}

static void note_rates(const target_t *target, cfc_found_t *found)
{
    const cfc_db_facts_t *now = &target->facts, *before = &target->before;
    apr_interval_time_t span = target->before_at != 0 && !restarted(target)
                                   ? target->looked_at - target->before_at : 0;

    found->queries_per_s = per_second(now->queries, before->queries, span);
    found->slow_per_s = per_second(now->slow_queries, before->slow_queries, span);
    found->bytes_in_per_s = per_second(now->bytes_in, before->bytes_in, span);
    found->bytes_out_per_s = per_second(now->bytes_out, before->bytes_out, span);
}

static void note_facts(const target_t *target, const cfc_db_channel_t *channel,
                       cfc_found_t *found)
{
    const cfc_db_facts_t *facts = &target->facts;
    bool is_replica = facts->replica == CFC_TRUTH_YES;

    found->certificate_end = facts->certificate_end;
    found->replica = facts->replica;
    found->read_only = facts->read_only;
    found->super_read_only = facts->super_read_only;
    found->io = channel->io;
    found->sql = channel->sql;
    found->lag_s = is_replica ? channel->lag_s : CFC_DB_NUMBER_UNKNOWN;
    found->delay_s = is_replica ? channel->delay_s : CFC_DB_NUMBER_UNKNOWN;
    found->database = facts->database;
    found->connections = facts->connections;
    found->elsewhere = facts->elsewhere;
    found->threads_connected = facts->threads_connected;
    found->threads_running = facts->threads_running;
    note_rates(target, found);
}

static void note_words(const target_t *target, const cfc_db_channel_t *channel)
{
    const cfc_db_facts_t *facts = &target->facts;
    cfc_found_words_t words = {.version = ""};
    cfc_found_hosts_t hosts = {.count = facts->hosts_count};

    apr_cpystrn(words.version, facts->version, sizeof(words.version));
    if (facts->channels_count > 0) {
        apr_cpystrn(words.source, channel->source, sizeof(words.source));
    }
    cfc_db_missing_text(facts, words.missing, sizeof(words.missing));
    memcpy(hosts.hosts, facts->hosts, sizeof(hosts.hosts));
    cfc_record_write(&target->conf->slot->words, &words, sizeof(words));
    cfc_record_write(&target->conf->slot->hosts, &hosts, sizeof(hosts));
}

static void log_change(const target_t *target, int was, const cfc_found_t *found)
{
    const cfc_what_t what = {
        .kind = CFC_EVENT_DEPENDENCY,
        .bad = found->state >= CFC_DEPENDENCY_WARNING
               && !cfc_dependency_acknowledged(target->conf, found->at),
        .cluster = target->cl->name, .noun = "dependency", .name = target->conf->name,
        .before = cfc_dependency_state_word(was), .after = cfc_dependency_state_word(found->state),
        .why = found->reason,
    };

    cfc_event(&what, CFC_LOG_NOTICE, APR_SUCCESS, "CFC0330: cluster %s, dependency %s: %s -> %s: "
              "%s", what.cluster, what.name, what.before, what.after, what.why);
}

static void note(const target_t *target, const cfc_db_verdict_t *verdict)
{
    cfc_dependency_slot_t *slot = target->conf->slot;
    const cfc_db_channel_t *channel = &target->facts.channels[verdict->channel];
    cfc_found_t was, found = {.at = apr_time_now()};
    cfc_probe_result_t result;

    cfc_record_read(&slot->found, &was, sizeof(was));
    found.duration_ms = (int32_t)target->took_ms;
    found.state = verdict->state;
    found.in_sync = verdict->in_sync;
    found.in_sync_at = verdict->in_sync_at;
    found.since = was.at != 0 && was.state == found.state ? was.since : found.at;
    apr_cpystrn(found.reason, verdict->reason, sizeof(found.reason));
    found.reached = target->complaint[0] == '\0';
    if (target->silent) {
        found.silent_since = was.silent_since != 0 ? was.silent_since : found.at;
    }
    if (found.reached && target->facts.connections == 0) {
        found.quiet_since = was.quiet_since != 0 ? was.quiet_since : found.at;
    }
    if (found.reached) {
        note_facts(target, channel, &found);
        note_words(target, channel);
    }
    cfc_record_write(&slot->found, &found, sizeof(found));
    result = (cfc_probe_result_t){.at = found.at, .duration_ms = found.duration_ms,
                                  .code = target->code,
                                  .good = found.state == CFC_DEPENDENCY_OK};
    apr_cpystrn(result.reason, found.reason, sizeof(result.reason));
    cfc_history_add(&slot->history, &result);
    if (was.state != found.state) {
        log_change(target, was.state, &found);
    }
}

/* --- judging --------------------------------------------------------------------------------- */

static cfc_db_look_t look_of(const target_t *target)
{
    return (cfc_db_look_t){
        .name = target->conf->name,
        .complaint = target->complaint[0] != '\0' ? target->complaint : NULL,
        .facts = &target->facts,
        .began_at = target->looked_at,
    };
}

/* What works today and will not work soon; never in the place of something worse. */
static void heed_certificate(const target_t *target, apr_time_t now, cfc_db_verdict_t *verdict,
                             apr_pool_t *p)
{
    apr_time_t end = target->complaint[0] == '\0' ? target->facts.certificate_end : 0;
    cfc_certificate_t certificate = cfc_certificate_judge(end, now, target->conf->cert_days);

    if (verdict->state < CFC_DEPENDENCY_WARNING && certificate >= CFC_CERTIFICATE_ENDING) {
        verdict->state = CFC_DEPENDENCY_WARNING;
        verdict->reason = apr_pstrcat(p, "its certificate ", cfc_certificate_text(end, now, p),
                                      NULL);
    }
}

/* The one by whose looks all looks at it go. */
static target_t *root_of(target_t *target)
{
    while (target->source != NULL) {
        target = target->source;
    }
    return target;
}

static void hasten(target_t *target, int64_t when_ms)
{
    target = root_of(target);
    if (cfc_errand_due_ms(target->errand) > when_ms) {
        cfc_errand_due(target->errand, when_ms);
    }
}

static void judge_directory(const cfc_db_look_t *look, cfc_db_verdict_t *verdict)
{
    bool answers = look->complaint == NULL;

    *verdict = (cfc_db_verdict_t){
        .state = answers ? CFC_DEPENDENCY_OK : CFC_DEPENDENCY_ALARM,
        .reason = answers ? "answers" : look->complaint,
    };
}

static void judge(const watch_t *watch, target_t *target)
{
    cfc_db_look_t look = look_of(target);
    apr_time_t now = apr_time_now();
    cfc_db_verdict_t verdict;

    if (target->conf->kind == CFC_DEPENDENCY_LDAP) {
        judge_directory(&look, &verdict);
    }
    else if (target->source != NULL) {
        cfc_db_look_t source = look_of(target->source);

        cfc_db_judge_replica(&look, &source, now, &target->memory, &verdict, watch->scratch);
    }
    else {
        cfc_db_judge_source(&look, &verdict, watch->scratch);
    }
    heed_certificate(target, now, &verdict, watch->scratch);
    note(target, &verdict);
    if (verdict.look_again) {
        hasten(target, target->began_ms + IN_DOUBT_MS);
    }
    apr_pool_clear(watch->scratch);
}

/* --- the job --------------------------------------------------------------------------------- */

static const char *step_of(const target_t *target)
{
    return kind_of(target->conf)->step(target->client);
}

static void keep_result(target_t *target)
{
    const char *complaint = kind_of(target->conf)->result(target->client, &target->facts);

    target->looked_at = target->began_at;
    apr_cpystrn(target->complaint, complaint != NULL ? complaint : "", sizeof(target->complaint));
    target->code = kind_of(target->conf)->code(target->client);
    target->silent = kind_of(target->conf)->silent(target->client);
    target->took_ms = cfc_errand_took_ms(target->errand);
}

static void keep_silence(target_t *target, int64_t now_ms)
{
    int64_t late_s = (now_ms - target->began_ms - target->conf->timeout_ms) / 1000;
    const char *step = step_of(target);
    char hangs[64] = "";

    target->looked_at = target->began_at;
    target->code = 0;
    target->silent = true;
    target->took_ms = now_ms - target->began_ms;
    if (late_s > 0) {
        snprintf(hangs, sizeof(hangs), ", and its thread hangs since %d s", (int)late_s);
    }
    snprintf(target->complaint, sizeof(target->complaint), "no answer within %d ms%s%s%s",
             (int)target->conf->timeout_ms, step[0] != '\0' ? ", while " : "", step, hangs);
}

static void begin_look(target_t *target, int64_t now_ms)
{
    if (target->complaint[0] == '\0' && target->looked_at != 0) {
        target->before = target->facts;
        target->before_at = target->looked_at;
    }
    target->began_ms = now_ms;
    target->began_at = apr_time_now();
}

/* The next look at this one, and now one at each of its replicas. */
static void plan_next(const watch_t *watch, const target_t *target, int64_t now_ms)
{
    int64_t due_ms = target->began_ms + target->conf->interval_ms;

    if (target->source == NULL) {
        cfc_errand_due(target->errand,
                       due_ms > now_ms ? due_ms : now_ms + target->conf->interval_ms);
    }
    for (int i = 0; i < watch->targets->nelts; i++) {
        if (target_at(watch, i)->source == target) {
            cfc_errand_due(target_at(watch, i)->errand, now_ms);
        }
    }
}

/* @return false: its thread will never come back */
static bool tend(const watch_t *watch, target_t *target, int64_t now_ms)
{
    switch (cfc_errand_tend(target->errand, now_ms)) {
    case CFC_ERRAND_NOTHING:
        return true;
    case CFC_ERRAND_BEGIN:
        begin_look(target, now_ms);
        return true;
    case CFC_ERRAND_BACK:
        keep_result(target);
        break;
    case CFC_ERRAND_OVERDUE:
        keep_silence(target, now_ms);
        break;
    case CFC_ERRAND_STUCK:
        cfc_event(&(cfc_what_t){.kind = CFC_EVENT_MONITOR, .cluster = target->cl->name,
                                .noun = "dependency", .name = target->conf->name,
                                .after = "ends", .why = step_of(target)},
                  CFC_LOG_ERROR, APR_SUCCESS, "CFC0331: cluster %s, dependency %s: the thread that "
                  "looks at it hangs (%s); the monitor ends, httpd starts another one",
                  target->cl->name, target->conf->name, step_of(target));
        return false;
    }
    plan_next(watch, target, now_ms);
    judge(watch, target);
    return true;
}

/* Somebody has asked for fresh evidence. A look that is under way is fresh enough. */
static void heed_wishes(const watch_t *watch, int64_t now_ms)
{
    for (int i = 0; i < watch->targets->nelts; i++) {
        target_t *target = target_at(watch, i);

        if (atomic_load(&target->conf->slot->look_wanted) != 0
            && atomic_exchange(&target->conf->slot->look_wanted, 0) != 0) {
            int64_t soonest_ms = root_of(target)->began_ms + FLOOR_MS;

            hasten(target, soonest_ms > now_ms ? soonest_ms : now_ms);
        }
    }
}

static int64_t run(void *job, int64_t now_ms)
{
    const watch_t *watch = job;
    int64_t next = CFC_ERRAND_WHEN_TOLD;

    heed_wishes(watch, now_ms);

    for (int i = 0; i < watch->targets->nelts; i++) {
        target_t *target = target_at(watch, i);
        int64_t due;

        if (!tend(watch, target, now_ms)) {
            return CFC_JOB_FAILED;
        }
        due = cfc_errand_due_ms(target->errand);
        next = due < next ? due : next;
    }
    return next;
}

static target_t *target_of(const watch_t *watch, const cfc_dependency_t *conf)
{
    for (int i = 0; i < watch->targets->nelts; i++) {
        if (target_at(watch, i)->conf == conf) {
            return target_at(watch, i);
        }
    }
    return NULL;
}

/* What was found of another one that had its name is nothing that is known of this one. */
static void begin_slot(const cfc_dependency_t *conf)
{
    static const cfc_found_t found;
    static const cfc_found_words_t words;
    static const cfc_found_hosts_t hosts;
    cfc_dependency_slot_t *slot = conf->slot;

    if (atomic_load(&slot->identity) != cfc_dependency_identity(conf)) {
        cfc_record_write(&slot->found, &found, sizeof(found));
        cfc_record_write(&slot->words, &words, sizeof(words));
        cfc_record_write(&slot->hosts, &hosts, sizeof(hosts));
        memset(&slot->history, 0, sizeof(slot->history));
        atomic_store(&slot->identity, cfc_dependency_identity(conf));
    }
}

static bool add_target(watch_t *watch, const cfc_cluster_t *cl, const cfc_dependency_t *conf,
                       apr_pool_t *p)
{
    target_t *target = apr_pcalloc(p, sizeof(*target));

    begin_slot(conf);
    target->cl = cl;
    target->conf = conf;
    target->source = conf->source != NULL ? target_of(watch, conf->source) : NULL;
    target->client = kind_of(conf)->make(conf);
    target->errand = cfc_errand_make(&kind_of(conf)->errand, target->client, conf->timeout_ms);
    if (target->errand == NULL) {
        return false;
    }
    if (target->source != NULL) {
        cfc_errand_due(target->errand, CFC_ERRAND_WHEN_TOLD);
    }
    APR_ARRAY_PUSH(watch->targets, target_t *) = target;
    return true;
}

static void end(void *job)
{
    const watch_t *watch = job;

    for (int i = 0; i < watch->targets->nelts; i++) {
        cfc_errand_end(target_at(watch, i)->errand);
    }
}

static bool add_targets(watch_t *watch, const cfc_cluster_t *cl, apr_pool_t *p)
{
    for (int i = 0; i < cl->dependencies->nelts; i++) {
        if (!add_target(watch, cl, cfc_cluster_dependencies(cl)[i], p)) {
            return false;
        }
    }
    return true;
}

static void *begin(const cfc_work_t *work, apr_pool_t *p)
{
    const apr_array_header_t *clusters = work->monitor->clusters;
    watch_t *watch = apr_pcalloc(p, sizeof(*watch));
    bool begun = cfc_db_client.begin() && cfc_directory_client.begin();

    watch->targets = apr_array_make(p, 4, sizeof(target_t *));
    apr_pool_create(&watch->scratch, p);
    for (int i = 0; begun && i < clusters->nelts; i++) {
        begun = add_targets(watch, APR_ARRAY_IDX(clusters, i, const cfc_cluster_t *), p);
    }
    if (!begun) {
        end(watch);
        return NULL;
    }
    return watch;
}

const cfc_job_kind_t cfc_watch_job = {"watch", begin, run, end};
