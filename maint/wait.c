/* SPDX-License-Identifier: Apache-2.0
 * wait.c: see wait.h. Reads shared memory, changes nothing. */
#include "maint/wait.h"

#include <apr_strings.h>

#include "conf/opt.h"
#include "lb/choose.h"
#include "maint/text.h"
#include "maint/users.h"

static const char *const words[] = {"drained", "up", "out", NULL};

const char *cfc_wait_word(const cfc_wait_t *wait)
{
    return words[wait->what];
}

const char *cfc_wait_read(const cfc_conf_t *conf, const char *cluster, const char *node,
                          const char *word, const char *timeout, cfc_wait_t *wait, apr_pool_t *p)
{
    int what = cfc_word_index(word, words);

    cluster = cluster != NULL ? cluster : "";
    node = node != NULL ? node : "";
    wait->conf = conf;
    wait->cl = cfc_conf_cluster(conf, cluster);
    wait->node = wait->cl != NULL ? cfc_cluster_node(wait->cl, node) : NULL;
    wait->timeout_ms = CFC_WAIT_DEFAULT_MS;
    if (what < 0) {
        word = cfc_text_clean(word, p);
        return apr_psprintf(p, "wait=%s is not known; %s", word, cfc_did_you_mean(word, words, p));
    }
    wait->what = (cfc_wait_for_t)what;
    if (wait->node == NULL) {
        return apr_psprintf(p, "wait=%s needs a node: cluster \"%s\" has no node \"%s\"", words[what],
                            cfc_text_clean(cluster, p), cfc_text_clean(node, p));
    }
    if (timeout != NULL && timeout[0] != '\0'
        && (!cfc_duration_read(timeout, &wait->timeout_ms)
            || wait->timeout_ms > CFC_WAIT_MAX_MS)) {
        return apr_psprintf(p, "timeout=%s is not a duration of at most 1h; write for example 15m",
                            cfc_text_clean(timeout, p));
    }
    return NULL;
}

bool cfc_wait_reached(const cfc_wait_t *wait, apr_time_t now, const char **evidence,
                      apr_pool_t *p)
{
    const cfc_node_slot_t *slot = wait->node->slot;
    cfc_admin_t admin = cfc_slot_admin(slot);
    cfc_effective_t effective = cfc_node_effective(wait->node);
    cfc_users_t users = cfc_users(wait->conf->segment, wait->cl, wait->node, now);
    int in_flight = atomic_load(&slot->traffic.inflight);
    int tunnels = atomic_load(&slot->traffic.tunnels);

    *evidence = apr_psprintf(p, "%s is %s (%s), %d in flight, %d tunnels%s%s", wait->node->name,
                             cfc_effective_word(effective), cfc_admin_word(admin), in_flight,
                             tunnels, admin != CFC_ADMIN_STOP ? ", " : "",
                             admin != CFC_ADMIN_STOP ? cfc_users_text(&users, "", p) : "");
    switch (wait->what) {
    case CFC_WAIT_DRAINED:
        return admin != CFC_ADMIN_ACTIVE
               && cfc_users_left(admin, in_flight, tunnels, &users) == CFC_LEFT_NOBODY;
    case CFC_WAIT_UP:
        return effective == CFC_EFFECTIVE_SERVING || effective == CFC_EFFECTIVE_WARMING;
    case CFC_WAIT_OUT:
        return effective == CFC_EFFECTIVE_OUT && in_flight == 0 && tunnels == 0;
    }
    return false;
}
