/* SPDX-License-Identifier: Apache-2.0
 * store.c: see store.h. Decides which of memory, file and configuration wins; who may change
 * what, and whether it is wise, is control.c's business. */
#include "maint/store.h"

#include <apr_strings.h>
#include <string.h>

#include "lb/events.h"
#include "maint/parts.h"
#include "maint/state_doc.h"
#include "maint/state_file.h"

struct cfc_store {
    cfc_state_place_t place;
};

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
        cfc_event(&(cfc_what_t){.kind = CFC_EVENT_STORE, .why = complaint}, CFC_LOG_WARNING,
                  APR_SUCCESS, "CFC0410: %s; changes of nodes and maintenance are refused until "
                  "the server's user can write there", complaint);
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
    cfc_event(&(cfc_what_t){.kind = CFC_EVENT_STORE, .why = *complaint}, CFC_LOG_ERROR,
              APR_SUCCESS, "CFC0411: the saved state in %s cannot be used: %s",
              store->place.dir, *complaint);
    *complaint = cfc_state_set_aside(&store->place, apr_time_now(), &kept, p);
    if (*complaint != NULL) {
        cfc_event(&(cfc_what_t){.kind = CFC_EVENT_STORE, .why = *complaint}, CFC_LOG_ERROR,
                  APR_SUCCESS, "CFC0412: %s; changes are refused until it is moved away",
                  *complaint);
        return NULL;
    }
    cfc_event(&(cfc_what_t){.kind = CFC_EVENT_STORE,
                            .why = apr_pstrcat(p, "the unusable state file was kept as ", kept,
                                               NULL)},
              CFC_LOG_ERROR, APR_SUCCESS, "CFC0413: the unusable state file was kept as %s/%s and "
              "is no longer read", store->place.dir, kept);
    return cfc_doc_new(p);
}

static const char *doc_save(const cfc_store_t *store, const json_t *doc, apr_pool_t *p)
{
    size_t bytes;
    const char *text = cfc_doc_text(doc, &bytes, p);

    return text == NULL ? "out of memory" : cfc_state_write(&store->place, text, bytes, p);
}

/* Call `act` with every thing of every kind that a cluster has, as long as it returns true. */
typedef struct {
    json_t *doc;
    bool edited;            /* the configuration won over something */
    apr_pool_t *p;
} pass_t;

typedef bool act_t(const cfc_kind_t *kind, const cfc_subject_t *subject, pass_t *pass);

static bool each(const cfc_conf_t *conf, act_t *act, pass_t *pass)
{
    cfc_cluster_t **clusters = (cfc_cluster_t **)conf->clusters->elts;

    for (int i = 0; i < conf->clusters->nelts; i++) {
        for (int k = 0; cfc_kinds[k] != NULL; k++) {
            for (int n = 0; n < cfc_kinds[k]->count(clusters[i]); n++) {
                cfc_subject_t subject = cfc_kinds[k]->subject(clusters[i], n);

                if (!act(cfc_kinds[k], &subject, pass)) {
                    return false;
                }
            }
        }
    }
    return true;
}

/* Bring a record up to what shared memory says. A state that has no readable note was written
 * by one who died inside: the file has what that one wanted and is left alone. */
static bool record_update(const cfc_kind_t *kind, const cfc_subject_t *subject, pass_t *pass)
{
    cfc_kept_t kept;

    if (kind->now(subject, &kept)) {
        return cfc_doc_set(pass->doc, kind, subject, &kept, pass->p);
    }
    return kept.state != kept.configured
           || cfc_doc_set(pass->doc, kind, subject, NULL, pass->p);
}

/* Parts without a place in shared memory are open. One who died between the file and that has left
 * their record, and nobody was told that it counts. */
static bool parts_update(json_t *doc, const cfc_cluster_t *cl, apr_pool_t *p)
{
    apr_array_header_t *names = cfc_doc_names(doc, &cfc_kind_maintenance, cl, p);
    bool done = true;

    for (int i = 0; i < names->nelts; i++) {
        cfc_subject_t part = cfc_subject_part(cl, APR_ARRAY_IDX(names, i, const char *));

        if (strcmp(part.name, "/") != 0 && cfc_part_find(cl->slot, part.name) == NULL) {
            done = done && cfc_doc_set(doc, &cfc_kind_maintenance, &part, NULL, p);
        }
    }
    return done;
}

/* Bring the document up to what shared memory says, after so many changes. */
static bool doc_update(json_t *doc, const cfc_conf_t *conf, uint64_t changes, apr_pool_t *p)
{
    for (int i = 0; i < conf->clusters->nelts; i++) {
        if (!parts_update(doc, APR_ARRAY_IDX(conf->clusters, i, const cfc_cluster_t *), p)) {
            return false;
        }
    }
    return cfc_doc_set_changes(doc, changes)
           && each(conf, record_update, &(pass_t){.doc = doc, .p = p});
}

/* As configured, without a note: nobody set it. */
static void apply_configured(const cfc_kind_t *kind, const cfc_subject_t *subject)
{
    uint32_t configured = kind->configured(subject);

    kind->apply(subject, &(cfc_kept_t){.state = configured, .configured = configured});
}

/* What the file has is then out of date. */
static void configuration_wins(const cfc_kind_t *kind, const cfc_subject_t *subject, uint32_t was,
                               pass_t *pass)
{
    const cfc_what_t what = {
        .kind = kind->event, .cluster = subject->cl->name, .noun = kind->noun,
        .name = subject->name, .before = kind->words[was],
        .after = kind->words[kind->configured(subject)],
        .why = "its configuration was edited",
    };

    apply_configured(kind, subject);
    pass->edited = true;
    cfc_event(&what, CFC_LOG_NOTICE, APR_SUCCESS, "CFC0414: cluster %s, %s %s: %s -> %s: its "
              "configuration was edited, which wins over what was set on the status page",
              what.cluster, what.noun, what.name, what.before, what.after);
}

static bool record_settle(const cfc_kind_t *kind, const cfc_subject_t *subject, pass_t *pass)
{
    uint32_t configured = kind->configured(subject);
    uint32_t before = atomic_exchange(kind->settled(subject), 1 + configured);
    cfc_kept_t kept;

    if (before == 1 + configured) {
        return true;
    }
    if (before != 0) {
        kind->now(subject, &kept);
        configuration_wins(kind, subject, kept.state, pass);
    }
    else if (!cfc_doc_get(pass->doc, kind, subject, &kept)) {
        apply_configured(kind, subject);
    }
    else if (kept.configured != configured) {
        configuration_wins(kind, subject, kept.state, pass);
    }
    else {
        kind->apply(subject, &kept);
    }
    return true;
}

/* Without this the old record would come back when the edit is taken back. */
static void forget_replaced(const cfc_store_t *store, const cfc_conf_t *conf, json_t *doc,
                            apr_pool_t *p)
{
    uint64_t changes = atomic_fetch_add(&conf->segment->changes, 1) + 1;
    const char *complaint = doc_update(doc, conf, changes, p) ? doc_save(store, doc, p)
                                                              : "out of memory";

    if (complaint != NULL) {
        cfc_event(&(cfc_what_t){.kind = CFC_EVENT_STORE, .why = complaint}, CFC_LOG_WARNING,
                  APR_SUCCESS, "CFC0415: %s; the state that the configuration replaced is still "
                  "in the state file, until the next change", complaint);
    }
}

/* What is closed of a cluster by its path is known from the file alone. */
static void parts_settle(const cfc_cluster_t *cl, const json_t *doc, apr_pool_t *p)
{
    apr_array_header_t *names = cfc_doc_names(doc, &cfc_kind_maintenance, cl, p);

    for (int i = 0; i < names->nelts && atomic_load(&cl->slot->settled) == 0; i++) {
        cfc_subject_t part = cfc_subject_part(cl, APR_ARRAY_IDX(names, i, const char *));
        cfc_kept_t kept;

        if (strcmp(part.name, "/") != 0
            && cfc_doc_get(doc, &cfc_kind_maintenance, &part, &kept)) {
            cfc_kind_maintenance.apply(&part, &kept);
        }
    }
}

void cfc_store_load(const cfc_store_t *store, const cfc_conf_t *conf, apr_pool_t *ptemp)
{
    const char *unlocked, *complaint;
    pass_t pass = {.p = ptemp};
    json_t *saved;
    int lock;

    unlocked = cfc_state_lock(&store->place, &lock, ptemp);
    saved = doc_load(store, &complaint, ptemp);
    pass.doc = saved != NULL ? saved : cfc_doc_new(ptemp);
    for (int i = 0; i < conf->clusters->nelts; i++) {
        parts_settle(APR_ARRAY_IDX(conf->clusters, i, const cfc_cluster_t *), pass.doc, ptemp);
    }
    if (cfc_doc_changes(pass.doc) > atomic_load(&conf->segment->changes)) {
        atomic_store(&conf->segment->changes, cfc_doc_changes(pass.doc));
    }
    each(conf, record_settle, &pass);
    if (pass.edited && unlocked == NULL && saved != NULL) {
        forget_replaced(store, conf, saved, ptemp);
    }
    if (unlocked == NULL) {
        cfc_state_unlock(lock);
    }
}

/* With the lock held. */
static const char *change_save(const cfc_store_t *store, const cfc_conf_t *conf,
                               const cfc_change_t *change, const cfc_kept_t *kept, apr_pool_t *p)
{
    bool vanishes = (change->kind->vanishes || change->subject.part) && kept->state == 0;
    const char *complaint;
    json_t *doc = doc_load(store, &complaint, p);

    if (doc == NULL) {
        return complaint;
    }
    if (vanishes) {
        kept = NULL;
    }
    if (!doc_update(doc, conf, change->generation + 1, p)
        || !cfc_doc_set(doc, change->kind, &change->subject, kept, p)) {
        return "out of memory";
    }
    return doc_save(store, doc, p);
}

cfc_change_verdict_t cfc_store_change(const cfc_store_t *store, const cfc_conf_t *conf,
                                      const cfc_change_t *change, const char **complaint,
                                      apr_pool_t *ptemp)
{
    cfc_kept_t kept = change->kept;
    int lock;

    *complaint = cfc_state_lock(&store->place, &lock, ptemp);
    if (*complaint != NULL) {
        return CFC_CHANGE_FAILED;
    }
    if (atomic_load(&conf->segment->changes) != change->generation) {
        cfc_state_unlock(lock);
        return CFC_CHANGE_STALE;
    }
    kept.configured = atomic_load(change->kind->settled(&change->subject)) - 1;
    *complaint = change_save(store, conf, change, &kept, ptemp);
    if (*complaint == NULL) {
        change->kind->apply(&change->subject, &kept);
        atomic_fetch_add(&conf->segment->changes, 1);
    }
    cfc_state_unlock(lock);
    return *complaint == NULL ? CFC_CHANGE_DONE : CFC_CHANGE_FAILED;
}
