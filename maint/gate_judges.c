/* SPDX-License-Identifier: Apache-2.0
 * gate_judges.c: when each gate is met. Reads the status, nothing else. What may not be seen, is
 * not fresh, or is in doubt is UNKNOWN, never MET: whoever asks is about to do what cannot be
 * undone. */
#include "maint/gate_judges.h"

#include <apr_strings.h>
#include <assert.h>
#include <string.h>

#include "health/evidence.h"
#include "maint/text.h"

#define MET CFC_GATE_MET
#define NOT_MET CFC_GATE_NOT_MET
#define UNKNOWN CFC_GATE_UNKNOWN

/* What was so that long ago may be otherwise by now, however rarely it is looked at. */
#define FRESH_FOR apr_time_from_sec(5)
/* Whether a server works is asked before it is used, not before it is cut off. */
#define WORKS_FOR apr_time_from_sec(30)

static cfc_gate_finding_t finding(cfc_gate_verdict_t verdict, const char *evidence)
{
    return (cfc_gate_finding_t){.verdict = verdict, .evidence = evidence};
}

/* A finding that rests on a look, which proves nothing when it is too old.
 * @param at when the look ended; 0: there was none yet
 * @param timeout_ms how long the next one may take */
static cfc_gate_finding_t as_of(const cfc_gate_ask_t *ask, cfc_gate_finding_t found, apr_time_t at,
                                apr_int64_t timeout_ms, apr_interval_time_t fresh_for)
{
    apr_interval_time_t age = ask->status->now - at;
    apr_interval_time_t limit = fresh_for + apr_time_from_msec(timeout_ms);

    found.at = at;
    found.stale = at == 0 || age > limit || age < -limit;   /* that is a clock that was set back */
    if (found.stale && found.verdict == MET) {
        found.verdict = UNKNOWN;
    }
    if (found.stale && at != 0) {
        found.evidence = apr_psprintf(ask->p, "%s, as of %s ago", found.evidence,
                                      cfc_time_span(age, ask->p));
    }
    return found;
}

static apr_time_t older(apr_time_t one, apr_time_t other)
{
    return one == 0 || (other != 0 && other < one) ? other : one;
}

/* Of several, the worst, with the evidence of all that are not met, or of all. Of none: UNKNOWN. */
static cfc_gate_finding_t all_of(const cfc_gate_finding_t *each, int count, apr_pool_t *p)
{
    cfc_gate_finding_t all = finding(count > 0 ? MET : UNKNOWN, "");

    for (int i = 0; i < count; i++) {
        all.verdict = each[i].verdict < all.verdict ? each[i].verdict : all.verdict;
        all.at = older(all.at, each[i].at);
        all.stale = all.stale || each[i].stale;
    }
    for (int i = 0; i < count; i++) {
        if (all.verdict == MET || each[i].verdict != MET) {
            all.evidence = apr_pstrcat(p, all.evidence, all.evidence[0] != '\0' ? "; " : "",
                                       each[i].evidence, NULL);
        }
    }
    return all;
}

static bool silent(const cfc_gate_ask_t *ask, cfc_gate_finding_t *found)
{
    if (!ask->status->monitor_silent) {
        return false;
    }
    *found = finding(UNKNOWN, "the monitor is silent, so health is only as last known");
    return true;
}

/* --- nodes ----------------------------------------------------------------------------------- */

/* "node1 is down (connection refused)" */
static const char *health_of(const cfc_node_view_t *node, apr_pool_t *p)
{
    return node->probe.reason[0] != '\0'
               ? apr_psprintf(p, "%s is %s (%s)", node->name, cfc_health_word(node->health),
                              node->probe.reason)
               : apr_psprintf(p, "%s is %s", node->name, cfc_health_word(node->health));
}

/* Only the refusal of its host's kernel proves that nobody listens: a node that is silent may hang,
 * and a host that is not reached may go on without us. */
static cfc_gate_verdict_t down_is_stopped(const cfc_probe_view_t *probe)
{
    const cfc_probe_result_t *last = probe->history;

    if (probe->history_count > 0 && last->code != 0) {
        return NOT_MET;
    }
    return probe->history_count > 0 && strcmp(last->reason, CFC_NOBODY_LISTENS) == 0 ? MET
                                                                                       : UNKNOWN;
}

static cfc_gate_verdict_t probe_says_stopped(const cfc_probe_view_t *probe)
{
    switch (probe->health) {
    case CFC_HEALTH_UP:
    case CFC_HEALTH_STARTING:
    case CFC_HEALTH_RECOVERING:
        return NOT_MET;
    case CFC_HEALTH_DOWN:
        return down_is_stopped(probe);
    case CFC_HEALTH_FAILING:
    case CFC_HEALTH_UNKNOWN:
    case CFC_HEALTH_COUNT:
        break;
    }
    return UNKNOWN;
}

static cfc_gate_finding_t as_of_probe(const cfc_gate_ask_t *ask, cfc_gate_finding_t found,
                                      const cfc_probe_view_t *probe)
{
    return as_of(ask, found, probe->history_count > 0 ? probe->history[0].at : 0,
                 probe->timeout_ms, FRESH_FOR);
}

static const char *probe_evidence(const cfc_node_view_t *node, const cfc_probe_view_t *probe,
                                  apr_pool_t *p)
{
    const char *by = node->probes_count > 1 ? apr_pstrcat(p, " by ", probe->name, NULL) : "";

    return probe->history_count > 0
               ? apr_psprintf(p, "%s is %s%s (%s)", node->name, cfc_health_word(probe->health), by,
                              probe->history[0].reason)
               : apr_psprintf(p, "%s is %s%s", node->name, cfc_health_word(probe->health), by);
}

/* All probes have to say so, advisory ones too: what makes a node's health down may be another
 * process than the one that still runs. */
static cfc_gate_finding_t stopped(const cfc_gate_ask_t *ask, const cfc_node_view_t *node)
{
    int count = node->probes_count;
    cfc_gate_finding_t *each = apr_palloc(ask->p, sizeof(*each) * (size_t)(count + 1)), found;

    if (silent(ask, &found)) {
        return found;
    }
    for (int i = 0; i < count; i++) {
        const cfc_probe_view_t *probe = &node->probes[i];

        each[i] = as_of_probe(ask, finding(probe_says_stopped(probe),
                                           probe_evidence(node, probe, ask->p)), probe);
    }
    return all_of(each, count, ask->p);
}

cfc_gate_finding_t cfc_gate_node_stopped(const cfc_gate_ask_t *ask)
{
    return stopped(ask, ask->node);
}

cfc_gate_finding_t cfc_gate_nodes_stopped(const cfc_gate_ask_t *ask)
{
    int count = ask->cl->nodes_count;
    cfc_gate_finding_t *each = apr_palloc(ask->p, sizeof(*each) * (size_t)(count + 1)), found;

    if (silent(ask, &found)) {
        return found;
    }
    for (int i = 0; i < count; i++) {
        each[i] = stopped(ask, &ask->cl->nodes[i]);
    }
    return all_of(each, count, ask->p);
}

cfc_gate_finding_t cfc_gate_node_running(const cfc_gate_ask_t *ask)
{
    static const cfc_gate_verdict_t verdicts[] = {
        [CFC_HEALTH_UNKNOWN] = UNKNOWN, [CFC_HEALTH_STARTING] = NOT_MET, [CFC_HEALTH_UP] = MET,
        [CFC_HEALTH_FAILING] = UNKNOWN, [CFC_HEALTH_DOWN] = NOT_MET,
        [CFC_HEALTH_RECOVERING] = UNKNOWN,
    };
    cfc_gate_finding_t found;

    static_assert(sizeof(verdicts) / sizeof(verdicts[0]) == CFC_HEALTH_COUNT, "one each");
    if (silent(ask, &found)) {
        return found;
    }
    return as_of_probe(ask, finding(verdicts[ask->node->health], health_of(ask->node, ask->p)),
                       &ask->node->probes[ask->node->deciding]);
}

cfc_gate_finding_t cfc_gate_node_drained(const cfc_gate_ask_t *ask)
{
    static const cfc_users_t nobody = {0, 0};
    const cfc_node_view_t *node = ask->node;
    static const cfc_gate_verdict_t verdicts[] = {
        [CFC_LEFT_SOMEBODY] = NOT_MET, [CFC_LEFT_UNKNOWN] = UNKNOWN, [CFC_LEFT_NOBODY] = MET,
    };
    const cfc_users_t *users = node->admin == CFC_ADMIN_STOP ? &nobody : &node->users;
    cfc_left_t left = cfc_users_left(node->admin, node->in_flight, node->tunnels, users);

    return finding(node->admin == CFC_ADMIN_ACTIVE ? NOT_MET : verdicts[left],
                   apr_psprintf(ask->p, "%s is at %s, with %d requests in flight, %d tunnels and "
                                "%s", node->name, cfc_admin_word(node->admin), node->in_flight,
                                node->tunnels, cfc_users_text(users, "", ask->p)));
}

static cfc_gate_finding_t at_least(const cfc_gate_ask_t *ask, int wanted)
{
    cfc_gate_finding_t found;

    if (silent(ask, &found)) {
        return found;
    }
    return finding(ask->cl->serving >= wanted ? MET : NOT_MET,
                   apr_psprintf(ask->p, "%d of %d nodes serving", ask->cl->serving,
                                ask->cl->nodes_count));
}

cfc_gate_finding_t cfc_gate_all_serving(const cfc_gate_ask_t *ask)
{
    return at_least(ask, ask->cl->nodes_count);
}

cfc_gate_finding_t cfc_gate_serving_at_least(const cfc_gate_ask_t *ask)
{
    return at_least(ask, ask->number);
}

/* --- the cluster ----------------------------------------------------------------------------- */

cfc_gate_finding_t cfc_gate_maintenance_on(const cfc_gate_ask_t *ask)
{
    return ask->cl->closed ? finding(MET, "the cluster is closed: users see the maintenance page")
                           : finding(NOT_MET, "the cluster is open");
}

cfc_gate_finding_t cfc_gate_maintenance_off(const cfc_gate_ask_t *ask)
{
    return ask->cl->closed ? finding(NOT_MET, "the cluster is closed: users see the maintenance "
                                              "page")
                           : finding(MET, "the cluster is open");
}

cfc_gate_finding_t cfc_gate_monitor_alive(const cfc_gate_ask_t *ask)
{
    apr_time_t at = ask->status->monitor_beat_at;

    if (at == 0) {
        return finding(NOT_MET, "the monitor has not begun yet");
    }
    return finding(ask->status->monitor_silent ? NOT_MET : MET,
                   apr_pstrcat(ask->p, "the monitor showed itself last at ",
                               cfc_time_iso(at, ask->p), NULL));
}

/* --- databases and directories --------------------------------------------------------------- */

static bool is_source(const cfc_dependency_view_t *view)
{
    return cfc_gate_is_database(view) && view->conf->of == NULL;
}

typedef bool counts_t(const cfc_dependency_view_t *view);
typedef cfc_gate_finding_t judge_t(const cfc_gate_ask_t *ask, const cfc_dependency_view_t *view);

/* The one that was named, or all of a kind. */
static cfc_gate_finding_t of_dependencies(const cfc_gate_ask_t *ask, counts_t *counts,
                                          judge_t *judge)
{
    cfc_gate_finding_t *each = apr_palloc(ask->p,
                                 sizeof(*each) * (size_t)(ask->cl->dependencies_count + 1));
    int count = 0;

    if (ask->dependency != NULL) {
        return judge(ask, ask->dependency);
    }
    for (int i = 0; i < ask->cl->dependencies_count; i++) {
        if (counts(&ask->cl->dependencies[i])) {
            each[count++] = judge(ask, &ask->cl->dependencies[i]);
        }
    }
    return count > 0 ? all_of(each, count, ask->p)
                     : finding(UNKNOWN, "none is configured, so nothing is known");
}

static cfc_gate_finding_t as_of_look(const cfc_gate_ask_t *ask, cfc_gate_finding_t found,
                                     const cfc_dependency_view_t *view,
                                     apr_interval_time_t fresh_for)
{
    return as_of(ask, found, view->found.at, view->conf->timeout_ms, fresh_for);
}

/* "master is at alarm (no answer within 2s)" */
static const char *state_of(const cfc_gate_ask_t *ask, const cfc_dependency_view_t *view)
{
    return apr_psprintf(ask->p, "%s is at %s (%s)", view->conf->name,
                        cfc_dependency_state_word(view->found.state), view->found.reason);
}

static cfc_gate_finding_t works(const cfc_gate_ask_t *ask, const cfc_dependency_view_t *view)
{
    static const cfc_gate_verdict_t verdicts[] = {
        [CFC_DEPENDENCY_UNKNOWN] = UNKNOWN, [CFC_DEPENDENCY_OK] = MET,
        [CFC_DEPENDENCY_WARNING] = MET, [CFC_DEPENDENCY_ALARM] = NOT_MET,
    };
    int state = view->found.state;

    static_assert(sizeof(verdicts) / sizeof(verdicts[0]) == CFC_DEPENDENCY_COUNT, "one each");
    return as_of_look(ask, finding(state >= 0 && state < CFC_DEPENDENCY_COUNT ? verdicts[state]
                                                                              : UNKNOWN,
                                   state_of(ask, view)), view, WORKS_FOR);
}

cfc_gate_finding_t cfc_gate_database_up(const cfc_gate_ask_t *ask)
{
    return of_dependencies(ask, cfc_gate_is_database, works);
}

/* Any other alarm is of a server that runs, or that may. */
static cfc_gate_finding_t refuses(const cfc_gate_ask_t *ask, const cfc_dependency_view_t *view)
{
    const cfc_found_t *found = &view->found;

    if (found->reached) {
        return finding(NOT_MET, state_of(ask, view));
    }
    return finding(found->state == CFC_DEPENDENCY_ALARM
                           && strcmp(found->reason, CFC_DATABASE_STOPPED) == 0
                       ? MET
                       : UNKNOWN,
                   state_of(ask, view));
}

cfc_gate_finding_t cfc_gate_database_stopped(const cfc_gate_ask_t *ask)
{
    return of_dependencies(ask, cfc_gate_is_database, refuses);
}

cfc_gate_finding_t cfc_gate_directory_up(const cfc_gate_ask_t *ask)
{
    return of_dependencies(ask, cfc_gate_is_directory, works);
}

/* ", from 10.0.0.11 (2), 10.0.0.12 (1)" */
static const char *hosts_of(const cfc_dependency_view_t *view, apr_pool_t *p)
{
    const char *text = "";

    for (int i = 0; i < view->hosts.count; i++) {
        text = apr_psprintf(p, "%s%s%s (%d)", text, i == 0 ? ", from " : ", ",
                            view->hosts.hosts[i].host, (int)view->hosts.hosts[i].count);
    }
    return text;
}

static const char *elsewhere(const cfc_dependency_view_t *view, apr_pool_t *p)
{
    return view->found.elsewhere > 0
               ? apr_psprintf(p, "; %d to other databases there", (int)view->found.elsewhere) : "";
}

static cfc_gate_finding_t connections(const cfc_gate_ask_t *ask, const cfc_dependency_view_t *view)
{
    const cfc_found_t *found = &view->found;

    if (!found->reached) {
        return finding(UNKNOWN, state_of(ask, view));
    }
    if (found->database == CFC_TRUTH_NO) {
        return finding(UNKNOWN, apr_psprintf(ask->p, "no database %s is seen on %s, to others there "
                                             "are %d connections; correct its name in CFDatabase, "
                                             "or GRANT SHOW DATABASES ON *.* to the user",
                                             view->conf->path != NULL ? view->conf->path : "",
                                             view->conf->name, (int)found->elsewhere));
    }
    if (found->connections < 0) {
        return finding(UNKNOWN, apr_pstrcat(ask->p, "the connections to ", view->conf->name,
                                            " may not be seen",
                                            view->words.missing[0] != '\0' ? "; missing: " : "",
                                            view->words.missing, NULL));
    }
    return finding(found->connections == 0 ? MET : NOT_MET,
                   apr_psprintf(ask->p, "%d connections of applications to %s%s%s, at %s",
                                (int)found->connections, view->conf->name,
                                found->connections > 0 ? hosts_of(view, ask->p) : "",
                                elsewhere(view, ask->p), cfc_time_iso(found->at, ask->p)));
}

static cfc_gate_finding_t unused(const cfc_gate_ask_t *ask, const cfc_dependency_view_t *view)
{
    return as_of_look(ask, connections(ask, view), view, FRESH_FOR);
}

cfc_gate_finding_t cfc_gate_no_app_connections(const cfc_gate_ask_t *ask)
{
    return of_dependencies(ask, is_source, unused);
}

static cfc_gate_finding_t sync_of(const cfc_gate_ask_t *ask, const cfc_dependency_view_t *view)
{
    const cfc_found_t *found = &view->found;

    if (found->in_sync != CFC_TRUTH_YES) {
        return finding(found->in_sync == CFC_TRUTH_NO ? NOT_MET : UNKNOWN, state_of(ask, view));
    }
    return finding(MET, apr_psprintf(ask->p, "%s has all that %s had written until %s",
                                     view->conf->name, view->conf->of,
                                     cfc_time_iso(found->in_sync_at, ask->p)));
}

static cfc_gate_finding_t in_sync(const cfc_gate_ask_t *ask, const cfc_dependency_view_t *view)
{
    return as_of_look(ask, sync_of(ask, view), view, FRESH_FOR);
}

cfc_gate_finding_t cfc_gate_replica_in_sync(const cfc_gate_ask_t *ask)
{
    return of_dependencies(ask, cfc_gate_is_replica, in_sync);
}

static const cfc_dependency_view_t *source_of(const cfc_gate_ask_t *ask,
                                              const cfc_dependency_view_t *view)
{
    for (int i = 0; i < ask->cl->dependencies_count; i++) {
        if (strcmp(ask->cl->dependencies[i].conf->name, view->conf->of) == 0) {
            return &ask->cl->dependencies[i];
        }
    }
    return NULL;
}

/* In sync at a moment since when no application could write any more. */
static cfc_gate_finding_t complete(const cfc_gate_ask_t *ask, const cfc_dependency_view_t *view)
{
    const cfc_dependency_view_t *source = source_of(ask, view);
    cfc_gate_finding_t both[] = {in_sync(ask, view), finding(UNKNOWN, "")};

    if (source != NULL) {
        both[1] = unused(ask, source);
    }
    if (both[0].verdict == MET && both[1].verdict == MET
        && (source->found.quiet_since == 0
            || view->found.in_sync_at < source->found.quiet_since)) {
        both[0].verdict = UNKNOWN;
        both[0].evidence = apr_psprintf(ask->p, "%s was in sync before the last application left "
                                        "%s; the next looks decide", view->conf->name,
                                        view->conf->of);
    }
    return all_of(both, 2, ask->p);
}

cfc_gate_finding_t cfc_gate_replica_complete(const cfc_gate_ask_t *ask)
{
    return of_dependencies(ask, cfc_gate_is_replica, complete);
}
