/* SPDX-License-Identifier: Apache-2.0
 * store.c: see store.h. Decides which of memory, file and configuration wins; who may change
 * what, and whether it is wise, is control.c's business. */
#include "maint/store.h"

#include <apr_strings.h>

#include "lb/log.h"
#include "maint/state_doc.h"
#include "maint/state_file.h"

struct cfc_store {
    cfc_state_place_t place;
};

static const cfc_note_t no_note;        /* as configured: nobody changed it */

cfc_store_t *cfc_store_open(const char *dir, uid_t uid, gid_t gid, apr_pool_t *p)
{
    cfc_store_t *store = apr_palloc(p, sizeof(*store));
    const char *complaint;

    store->place = (cfc_state_place_t){.dir = apr_pstrdup(p, dir), .uid = uid, .gid = gid};
    complaint = cfc_state_prepare(&store->place, p);
    if (complaint == NULL) {
        complaint = cfc_state_check(&store->place, p);
    }
    if (complaint != NULL) {
        cfc_log(CFC_LOG_WARNING, APR_SUCCESS,
                "CFC0410: %s; changes of nodes and maintenance are refused until the server's "
                "user can write there", complaint);
    }
    return store;
}

const char *cfc_store_trouble(const cfc_store_t *store, apr_pool_t *p)
{
    return cfc_state_check(&store->place, p);
}

/* The document on disk, or an empty one when there is none or it was bad and is now aside.
 * @return NULL: what is there can neither be used nor be set aside */
static json_t *doc_load(const cfc_store_t *store, const char **complaint, apr_pool_t *p)
{
    const char *text, *kept;
    size_t bytes;
    json_t *doc = NULL;

    *complaint = cfc_state_read(&store->place, &text, &bytes, p);
    if (*complaint == NULL && text == NULL) {
        return cfc_doc_new(p);
    }
    if (*complaint == NULL) {
        doc = cfc_doc_read(text, bytes, complaint, p);
    }
    if (doc != NULL) {
        return doc;
    }
    cfc_log(CFC_LOG_ERROR, APR_SUCCESS, "CFC0411: the saved state in %s cannot be used: %s",
            store->place.dir, *complaint);
    *complaint = cfc_state_set_aside(&store->place, apr_time_now(), &kept, p);
    if (*complaint != NULL) {
        cfc_log(CFC_LOG_ERROR, APR_SUCCESS, "CFC0412: %s; changes are refused until it is moved "
                "away", *complaint);
        return NULL;
    }
    cfc_log(CFC_LOG_ERROR, APR_SUCCESS, "CFC0413: the unusable state file was kept as %s/%s and "
            "is no longer read", store->place.dir, kept);
    return cfc_doc_new(p);
}

static const char *doc_save(const cfc_store_t *store, const json_t *doc, apr_pool_t *p)
{
    size_t bytes;
    const char *text = cfc_doc_text(doc, &bytes, p);

    return text == NULL ? "out of memory" : cfc_state_write(&store->place, text, bytes, p);
}

/* A node as shared memory has it. @return false: nobody changed it, it is as configured */
static bool node_now(const cfc_node_t *node, cfc_node_record_t *record)
{
    record->admin = cfc_slot_admin(node->slot);
    record->configured = (cfc_admin_t)(atomic_load(&node->slot->admin_configured) - 1);
    cfc_record_read(&node->slot->admin_note, &record->note, sizeof(record->note));
    return record->note.since != 0;
}

static bool cluster_now(const cfc_cluster_t *cl, cfc_cluster_record_t *record)
{
    record->closed = cfc_slot_closed(cl->slot);
    cfc_record_read(&cl->slot->maintenance_note, &record->note, sizeof(record->note));
    return record->note.since != 0;
}

/* Bring a cluster's records up to what shared memory says. A state that has no readable note
 * was written by one who died inside: the file has what that one wanted and is left alone. */
static bool doc_update(json_t *doc, const cfc_cluster_t *cl, apr_pool_t *p)
{
    cfc_node_t **nodes = cfc_cluster_nodes(cl);
    cfc_cluster_record_t cluster;
    bool noted = cluster_now(cl, &cluster);
    bool ok = true;

    if (noted || !cluster.closed) {
        ok = cfc_doc_cluster_set(doc, cl->name, noted ? &cluster : NULL, p);
    }
    for (int i = 0; i < cl->nodes->nelts && ok; i++) {
        cfc_node_record_t node;

        noted = node_now(nodes[i], &node);
        if (noted || node.admin == node.configured) {
            ok = cfc_doc_node_set(doc, cl->name, nodes[i]->name, noted ? &node : NULL, p);
        }
    }
    return ok;
}

static bool doc_update_all(json_t *doc, const cfc_conf_t *conf, apr_pool_t *p)
{
    cfc_cluster_t **clusters = (cfc_cluster_t **)conf->clusters->elts;
    bool ok = true;

    for (int i = 0; i < conf->clusters->nelts && ok; i++) {
        ok = doc_update(doc, clusters[i], p);
    }
    return ok;
}

/* The note goes first: it never explains a state that is not there yet for longer than the
 * next statement takes, and a state is never without its note. A stopped node has lost its
 * sessions to others, a drained one still has them. */
static void node_apply(cfc_node_slot_t *slot, cfc_admin_t admin, const cfc_note_t *note)
{
    cfc_admin_t was = cfc_slot_admin(slot);

    cfc_record_write(&slot->admin_note, note, sizeof(*note));
    if (admin == CFC_ADMIN_ACTIVE && was != CFC_ADMIN_ACTIVE) {
        cfc_slot_returned(slot, apr_time_now(), was == CFC_ADMIN_STOP);
    }
    atomic_store(&slot->admin, (uint32_t)admin);
}

static void cluster_apply(cfc_cluster_slot_t *slot, bool closed, const cfc_note_t *note)
{
    cfc_record_write(&slot->maintenance_note, note, sizeof(*note));
    atomic_store(&slot->maintenance, closed ? 1 : 0);
}

/* @return true, since what the file has is now out of date */
static bool configuration_wins(const cfc_cluster_t *cl, const cfc_node_t *node, cfc_admin_t was)
{
    node_apply(node->slot, (cfc_admin_t)node->admin, &no_note);
    cfc_log(CFC_LOG_NOTICE, APR_SUCCESS,
            "CFC0414: cluster %s, node %s: %s -> %s: its configuration was edited, which wins "
            "over what was set on the status page", cl->name, node->name, cfc_admin_word(was),
            cfc_admin_word((cfc_admin_t)node->admin));
    return true;
}

static bool node_settle(const cfc_cluster_t *cl, const cfc_node_t *node, const json_t *doc)
{
    uint32_t configured = 1 + (uint32_t)node->admin;
    uint32_t before = atomic_exchange(&node->slot->admin_configured, configured);
    cfc_node_record_t record;

    if (before == configured) {
        return false;
    }
    if (before != 0) {
        return configuration_wins(cl, node, cfc_slot_admin(node->slot));
    }
    if (!cfc_doc_node(doc, cl->name, node->name, &record)) {
        node_apply(node->slot, (cfc_admin_t)node->admin, &no_note);
        return false;
    }
    if (1 + (uint32_t)record.configured != configured) {
        return configuration_wins(cl, node, record.admin);
    }
    node_apply(node->slot, record.admin, &record.note);
    return false;
}

static bool cluster_settle(const cfc_cluster_t *cl, const json_t *doc)
{
    cfc_node_t **nodes = cfc_cluster_nodes(cl);
    cfc_cluster_record_t record;
    bool edited = false;

    if (atomic_exchange(&cl->slot->settled, 1) == 0
        && cfc_doc_cluster(doc, cl->name, &record)) {
        cluster_apply(cl->slot, record.closed, &record.note);
    }
    for (int i = 0; i < cl->nodes->nelts; i++) {
        edited = node_settle(cl, nodes[i], doc) || edited;
    }
    return edited;
}

/* Without this the old record would come back when the edit is taken back. */
static void forget_replaced(const cfc_store_t *store, const cfc_conf_t *conf, json_t *doc,
                            apr_pool_t *p)
{
    const char *complaint = doc_update_all(doc, conf, p) ? doc_save(store, doc, p)
                                                         : "out of memory";

    atomic_fetch_add(&conf->segment->changes, 1);
    if (complaint != NULL) {
        cfc_log(CFC_LOG_WARNING, APR_SUCCESS, "CFC0415: %s; the state that the configuration "
                "replaced is still in the state file, until the next change", complaint);
    }
}

void cfc_store_load(const cfc_store_t *store, const cfc_conf_t *conf, apr_pool_t *ptemp)
{
    cfc_cluster_t **clusters = (cfc_cluster_t **)conf->clusters->elts;
    const char *unlocked, *complaint;
    json_t *saved, *doc;
    bool edited = false;
    int lock;

    unlocked = cfc_state_lock(&store->place, &lock, ptemp);
    saved = doc_load(store, &complaint, ptemp);
    doc = saved != NULL ? saved : cfc_doc_new(ptemp);
    for (int i = 0; i < conf->clusters->nelts; i++) {
        edited = cluster_settle(clusters[i], doc) || edited;
    }
    if (edited && unlocked == NULL && saved != NULL) {
        forget_replaced(store, conf, doc, ptemp);
    }
    if (unlocked == NULL) {
        cfc_state_unlock(lock);
    }
}

static bool doc_change(json_t *doc, const cfc_change_t *change, apr_pool_t *p)
{
    if (change->node == NULL) {
        cfc_cluster_record_t record = {.closed = change->closed, .note = change->note};

        return cfc_doc_cluster_set(doc, change->cl->name, &record, p);
    }
    cfc_node_record_t record = {.admin = change->admin, .note = change->note};

    record.configured =
        (cfc_admin_t)(atomic_load(&change->node->slot->admin_configured) - 1);
    return cfc_doc_node_set(doc, change->cl->name, change->node->name, &record, p);
}

/* With the lock held. */
static const char *change_save(const cfc_store_t *store, const cfc_conf_t *conf,
                               const cfc_change_t *change, apr_pool_t *p)
{
    const char *complaint;
    json_t *doc = doc_load(store, &complaint, p);

    if (doc == NULL) {
        return complaint;
    }
    if (!doc_update_all(doc, conf, p) || !doc_change(doc, change, p)) {
        return "out of memory";
    }
    return doc_save(store, doc, p);
}

cfc_change_verdict_t cfc_store_change(const cfc_store_t *store, const cfc_conf_t *conf,
                                      const cfc_change_t *change, const char **complaint,
                                      apr_pool_t *ptemp)
{
    int lock;

    *complaint = cfc_state_lock(&store->place, &lock, ptemp);
    if (*complaint != NULL) {
        return CFC_CHANGE_FAILED;
    }
    if (atomic_load(&conf->segment->changes) != change->generation) {
        cfc_state_unlock(lock);
        return CFC_CHANGE_STALE;
    }
    *complaint = change_save(store, conf, change, ptemp);
    if (*complaint == NULL) {
        if (change->node != NULL) {
            node_apply(change->node->slot, change->admin, &change->note);
        }
        else {
            cluster_apply(change->cl->slot, change->closed, &change->note);
        }
        atomic_fetch_add(&conf->segment->changes, 1);
    }
    cfc_state_unlock(lock);
    return *complaint == NULL ? CFC_CHANGE_DONE : CFC_CHANGE_FAILED;
}
