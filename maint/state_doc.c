/* SPDX-License-Identifier: Apache-2.0
 * state_doc.c: see state_doc.h. A file that anybody may have edited: checked whole first, used
 * after that. Which record wins over what is store.c's business. Pure. */
#include "maint/state_doc.h"

#include <apr_strings.h>
#include <string.h>

#include "maint/parts.h"
#include "maint/text.h"

/* What a number of JSON holds in every language. More than that nobody has made. */
#define CHANGES_MAX (INT64_C(1) << 53)

static apr_status_t doc_end(void *doc)
{
    json_decref(doc);
    return APR_SUCCESS;
}

static json_t *owned(json_t *doc, apr_pool_t *p)
{
    if (doc != NULL) {
        apr_pool_cleanup_register(p, doc, doc_end, apr_pool_cleanup_null);
    }
    return doc;
}

json_t *cfc_doc_new(apr_pool_t *p)
{
    return owned(json_pack("{s:i, s:{}}", "format", 1, "clusters"), p);
}

static bool text_read(const json_t *record, const char *key, char *to, size_t bytes)
{
    const json_t *value = json_object_get(record, key);

    if (value == NULL) {
        return true;
    }
    if (!json_is_string(value) || json_string_length(value) >= bytes) {
        return false;
    }
    memcpy(to, json_string_value(value), json_string_length(value));
    return true;
}

static bool instant_read(const json_t *record, const char *key, int64_t *at)
{
    const json_t *value = json_object_get(record, key);
    apr_time_t read = 0;

    if (value != NULL && (!json_is_string(value)
                          || !cfc_time_read(json_string_value(value), &read))) {
        return false;
    }
    *at = read;
    return true;
}

/* A record always says since when. */
static bool note_read(const json_t *record, const char *text_key, cfc_note_t *note)
{
    return text_read(record, text_key, note->text, sizeof(note->text))
           && text_read(record, "who", note->who, sizeof(note->who))
           && instant_read(record, "since", &note->since)
           && instant_read(record, "until", &note->until) && note->since > 0;
}

static bool state_read(const json_t *record, const char *key, const char *const *words,
                       uint32_t *state)
{
    const char *word = json_string_value(json_object_get(record, key));

    for (*state = 0; word != NULL && words[*state] != NULL; ++*state) {
        if (strcmp(words[*state], word) == 0) {
            return true;
        }
    }
    return false;
}

/* What the record does not say is the ordinary case. */
static bool plan_read(const json_t *json, const cfc_kind_t *kind, cfc_plan_t *plan)
{
    return note_read(json, kind->text_key, &plan->note)
           && (kind->at_key == NULL || instant_read(json, kind->at_key, &plan->at))
           && (kind->how_key == NULL || json_object_get(json, kind->how_key) == NULL
               || state_read(json, kind->how_key, kind->hows, &plan->how));
}

static bool texts_read(const json_t *json, const cfc_kind_t *kind, cfc_kept_t *kept)
{
    for (int i = 0; kind->text_keys != NULL && kind->text_keys[i] != NULL; i++) {
        if (!text_read(json, kind->text_keys[i], kept->texts[i], sizeof(kept->texts[i]))) {
            return false;
        }
    }
    return true;
}

static bool record_read(const json_t *json, const cfc_kind_t *kind, cfc_kept_t *kept)
{
    memset(kept, 0, sizeof(*kept));
    return json_is_object(json) && state_read(json, "state", kind->words, &kept->state)
           && state_read(json, "configured", kind->words, &kept->configured)
           && plan_read(json, kind, &kept->plan) && texts_read(json, kind, kept);
}

/* A path that cannot be understood would stay open. Names of other kinds are looked up. */
static bool name_ok(const cfc_kind_t *kind, const char *name)
{
    char path[CFC_NAME_MAX];

    return kind != &cfc_kind_maintenance || strcmp(name, "/") == 0
           || (cfc_part_read(name, path) == NULL && strcmp(name, path) == 0);
}

static const char *section_check(const char *cluster, json_t *section, const cfc_kind_t *kind,
                                 apr_pool_t *p)
{
    const char *name;
    json_t *record;
    cfc_kept_t kept;

    if (section != NULL && !json_is_object(section)) {
        return apr_psprintf(p, "\"%s\" of cluster %s is no object", kind->section,
                            cfc_text_clean(cluster, p));
    }
    json_object_foreach(section, name, record) {
        if (!record_read(record, kind, &kept) || !name_ok(kind, name)) {
            return apr_psprintf(p, "the record of cluster %s, %s %s is malformed",
                                cfc_text_clean(cluster, p), kind->section,
                                cfc_text_clean(name, p));
        }
    }
    return NULL;
}

static const char *cluster_check(const char *name, const json_t *cluster, apr_pool_t *p)
{
    const char *complaint = NULL;

    if (!json_is_object(cluster)) {
        return apr_psprintf(p, "the record of cluster %s is malformed", cfc_text_clean(name, p));
    }
    for (int i = 0; cfc_kinds[i] != NULL && complaint == NULL; i++) {
        complaint = section_check(name, json_object_get(cluster, cfc_kinds[i]->section),
                                  cfc_kinds[i], p);
    }
    return complaint;
}

static const char *doc_check(const json_t *doc, apr_pool_t *p)
{
    const json_t *format = json_object_get(doc, "format");
    json_t *clusters = json_object_get(doc, "clusters"), *cluster;
    const char *name, *complaint = NULL;

    if (!json_is_integer(format)) {
        return "it does not say its format";
    }
    if (json_integer_value(format) != 1) {
        return apr_psprintf(p, "its format is %" JSON_INTEGER_FORMAT "; this version of the "
                            "module reads format 1", json_integer_value(format));
    }
    if (!json_is_object(clusters)) {
        return "it has no object \"clusters\"";
    }
    json_object_foreach(clusters, name, cluster) {
        complaint = complaint != NULL ? complaint : cluster_check(name, cluster, p);
    }
    return complaint;
}

json_t *cfc_doc_read(const char *text, size_t bytes, const char **complaint, apr_pool_t *p)
{
    json_error_t error;
    json_t *doc = owned(json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &error), p);

    *complaint = NULL;
    if (doc == NULL) {
        *complaint = bytes == 0 ? "it is empty"
                                : apr_psprintf(p, "it is not JSON, or ends early, at line %d, "
                                               "column %d", error.line, error.column);
        return NULL;
    }
    *complaint = doc_check(doc, p);
    return *complaint == NULL ? doc : NULL;
}

static json_t *section_of(const json_t *doc, const cfc_kind_t *kind, const char *cluster)
{
    return json_object_get(json_object_get(json_object_get(doc, "clusters"), cluster),
                           kind->section);
}

bool cfc_doc_get(const json_t *doc, const cfc_kind_t *kind, const cfc_subject_t *subject,
                 cfc_kept_t *kept)
{
    const json_t *section = section_of(doc, kind, subject->cl->name);
    const json_t *json = json_object_get(section, subject->name);

    memset(kept, 0, sizeof(*kept));
    return json != NULL && record_read(json, kind, kept);
}

apr_array_header_t *cfc_doc_names(const json_t *doc, const cfc_kind_t *kind,
                                  const cfc_cluster_t *cl, apr_pool_t *p)
{
    apr_array_header_t *names = apr_array_make(p, 4, sizeof(const char *));
    json_t *section = section_of(doc, kind, cl->name), *record;
    const char *name;

    json_object_foreach(section, name, record) {
        APR_ARRAY_PUSH(names, const char *) = apr_pstrdup(p, name);
    }
    return names;
}

/* The object `key` of parent, made when it is missing. */
static json_t *child(json_t *parent, const char *key)
{
    if (parent != NULL && json_object_get(parent, key) == NULL) {
        json_object_set_new(parent, key, json_object());
    }
    return json_object_get(parent, key);
}

uint64_t cfc_doc_changes(const json_t *doc)
{
    const json_t *changes = json_object_get(doc, "changes");
    json_int_t count = json_is_integer(changes) ? json_integer_value(changes) : 0;

    return count > 0 && count <= CHANGES_MAX ? (uint64_t)count : 0;
}

bool cfc_doc_set_changes(json_t *doc, uint64_t changes)
{
    return json_object_set_new(doc, "changes", json_integer((json_int_t)changes)) == 0;
}

static bool text_set(json_t *record, const char *key, const char *text, apr_pool_t *p)
{
    if (text[0] == '\0') {
        json_object_del(record, key);
        return true;
    }
    return json_object_set_new(record, key, json_string(cfc_text_clean(text, p))) == 0;
}

static bool instant_set(json_t *record, const char *key, int64_t at, apr_pool_t *p)
{
    return text_set(record, key, at != 0 ? cfc_time_iso(at, p) : "", p);
}

static bool plan_set(json_t *record, const cfc_kind_t *kind, const cfc_plan_t *plan,
                     apr_pool_t *p)
{
    return text_set(record, kind->text_key, plan->note.text, p)
           && text_set(record, "who", plan->note.who, p)
           && instant_set(record, "since", plan->note.since, p)
           && instant_set(record, "until", plan->note.until, p)
           && (kind->at_key == NULL || instant_set(record, kind->at_key, plan->at, p))
           && (kind->how_key == NULL
               || text_set(record, kind->how_key, plan->how ? kind->hows[plan->how] : "", p));
}

static bool texts_set(json_t *record, const cfc_kind_t *kind, const cfc_kept_t *kept,
                      apr_pool_t *p)
{
    for (int i = 0; kind->text_keys != NULL && kind->text_keys[i] != NULL; i++) {
        if (!text_set(record, kind->text_keys[i], kept->texts[i], p)) {
            return false;
        }
    }
    return true;
}

bool cfc_doc_set(json_t *doc, const cfc_kind_t *kind, const cfc_subject_t *subject,
                 const cfc_kept_t *kept, apr_pool_t *p)
{
    json_t *cluster, *json;

    if (kept == NULL) {
        json_object_del(section_of(doc, kind, subject->cl->name), subject->name);
        return true;
    }
    cluster = child(json_object_get(doc, "clusters"), subject->cl->name);
    json = child(child(cluster, kind->section), subject->name);
    return json != NULL && text_set(json, "state", kind->words[kept->state], p)
           && text_set(json, "configured", kind->words[kept->configured], p)
           && plan_set(json, kind, &kept->plan, p) && texts_set(json, kind, kept, p);
}

const char *cfc_doc_text(const json_t *doc, size_t *bytes, apr_pool_t *p)
{
    char *dumped = json_dumps(doc, JSON_INDENT(2));
    const char *text;

    *bytes = 0;
    if (dumped == NULL) {
        return NULL;
    }
    text = apr_pstrcat(p, dumped, "\n", NULL);
    *bytes = strlen(text);
    free(dumped);
    return text;
}
