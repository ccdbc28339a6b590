/* SPDX-License-Identifier: Apache-2.0
 * dependency.c: words for dependencies, and how they are read from shared memory. */
#include "health/dependency.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "lb/hash.h"
#include "lb/segment.h"

#define STALE_AFTER 3           /* intervals */

static const char *const state_words[] = {"unknown", "ok", "warning", "alarm"};
static const char *const truth_words[] = {"unknown", "no", "yes"};
static_assert(sizeof(state_words) / sizeof(state_words[0]) == CFC_DEPENDENCY_COUNT, "one each");
static_assert(sizeof(truth_words) / sizeof(truth_words[0]) == CFC_TRUTH_COUNT, "one each");
static_assert(sizeof(cfc_found_t) <= CFC_RECORD_BYTES, "a record");
static_assert(sizeof(cfc_found_words_t) <= CFC_RECORD_BYTES, "a record");
static_assert(sizeof(cfc_found_hosts_t) <= CFC_RECORD_BYTES, "a record");

const char *cfc_dependency_kind_word(int kind)
{
    return kind == CFC_DEPENDENCY_LDAP ? "ldap" : "mysql";
}

const char *cfc_dependency_state_word(int state)
{
    return state_words[state > 0 && state < CFC_DEPENDENCY_COUNT ? state : 0];
}

const char *cfc_truth_word(int truth)
{
    return truth_words[truth > 0 && truth < CFC_TRUTH_COUNT ? truth : 0];
}

cfc_dependency_t *cfc_cluster_dependency(const cfc_cluster_t *cl, const char *name)
{
    for (int i = 0; i < cl->dependencies->nelts; i++) {
        cfc_dependency_t *dependency = cfc_cluster_dependencies(cl)[i];

        if (strcmp(dependency->name, name) == 0) {
            return dependency;
        }
    }
    return NULL;
}

uint64_t cfc_dependency_identity(const cfc_dependency_t *dependency)
{
    const uint64_t rest[] = {
        (uint64_t)dependency->kind,
        (uint64_t)dependency->port,
        dependency->source != NULL ? cfc_dependency_identity(dependency->source) : 0,
    };
    uint64_t identity = cfc_hash_text(dependency->host, CFC_HASH_NOTHING);

    return cfc_hash(rest, sizeof(rest), cfc_hash_text(dependency->path, identity)) | 1;
}

static bool is_of(const cfc_dependency_t *dependency)
{
    uint64_t was = atomic_load(&dependency->slot->identity);

    return was == 0 || was == cfc_dependency_identity(dependency);
}

bool cfc_dependency_acknowledged(const cfc_dependency_t *dependency, apr_time_t now)
{
    return atomic_load(&dependency->slot->acknowledged_until) > now;
}

static void know_nothing(cfc_found_t *found)
{
    found->reached = 0;
    found->in_sync_at = 0;
    found->replica = found->read_only = found->super_read_only = CFC_TRUTH_UNKNOWN;
    found->io = found->sql = found->in_sync = CFC_TRUTH_UNKNOWN;
    found->lag_s = found->delay_s = CFC_DB_NUMBER_UNKNOWN;
    found->database = CFC_TRUTH_UNKNOWN;
    found->connections = found->elsewhere = CFC_DB_NUMBER_UNKNOWN;
    found->threads_connected = found->threads_running = CFC_DB_NUMBER_UNKNOWN;
    found->queries_per_s = found->slow_per_s = CFC_DB_NUMBER_UNKNOWN;
    found->bytes_in_per_s = found->bytes_out_per_s = CFC_DB_NUMBER_UNKNOWN;
}

void cfc_dependency_look(const cfc_dependency_t *dependency, apr_time_t now, cfc_found_t *found)
{
    apr_interval_time_t patience = apr_time_from_msec(STALE_AFTER * dependency->interval_ms
                                                      + dependency->timeout_ms);

    cfc_record_read(&dependency->slot->found, found, sizeof(*found));
    if (!is_of(dependency)) {
        memset(found, 0, sizeof(*found));
    }
    found->reason[sizeof(found->reason) - 1] = '\0';
    if (found->at == 0) {
        snprintf(found->reason, sizeof(found->reason), "not looked at yet");
    }
    else if (now - found->at > patience) {
        found->state = CFC_DEPENDENCY_UNKNOWN;
        found->reached = 0;
        found->silent_since = 0;
        snprintf(found->reason, sizeof(found->reason), "not looked at for %d s",
                 (int)apr_time_sec(now - found->at));
    }
    if (!found->reached) {
        know_nothing(found);
    }
}
