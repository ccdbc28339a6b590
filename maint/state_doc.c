/* SPDX-License-Identifier: Apache-2.0
 * state_doc.c: see state_doc.h. A file that anybody may have edited: checked whole first, used
 * after that. Which record wins over what is store.c's business. Pure. */
#include "maint/state_doc.h"

#include <apr_strings.h>
#include <string.h>

#include "maint/text.h"

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

/* text_key: "reason" of a node, "message" of a cluster. A record always says since when. */
static bool note_read(const json_t *record, const char *text_key, cfc_note_t *note)
{
    memset(note, 0, sizeof(*note));
    return text_read(record, text_key, note->text, sizeof(note->text))
           && text_read(record, "who", note->who, sizeof(note->who))
           && instant_read(record, "since", &note->since)
           && instant_read(record, "until", &note->until) && note->since > 0;
}

static bool admin_read(const json_t *record, const char *key, cfc_admin_t *admin)
{
    const char *word = json_string_value(json_object_get(record, key));

    return word != NULL && cfc_admin_parse(word, admin);
}

static bool node_read(const json_t *json, cfc_node_record_t *record)
{
    memset(record, 0, sizeof(*record));
    return json_is_object(json) && admin_read(json, "admin", &record->admin)
           && admin_read(json, "configured", &record->configured)
           && note_read(json, "reason", &record->note);
}

/* @return false: malformed; *known tells whether the cluster itself was ever changed */
static bool cluster_read(const json_t *json, cfc_cluster_record_t *record, bool *known)
{
    const json_t *state = json_object_get(json, "state");
    const char *word = json_string_value(state);

    memset(record, 0, sizeof(*record));
    *known = state != NULL;
    if (!*known) {
        return true;
    }
    if (word == NULL || (strcmp(word, "open") != 0 && strcmp(word, "maintenance") != 0)) {
        return false;
    }
    record->closed = strcmp(word, "maintenance") == 0;
    return note_read(json, "message", &record->note);
}

static const char *cluster_check(const char *name, json_t *cluster, apr_pool_t *p)
{
    json_t *nodes = json_object_get(cluster, "nodes"), *node;
    cfc_cluster_record_t record;
    cfc_node_record_t node_record;
    const char *node_name;
    bool known;

    if (!json_is_object(cluster) || (nodes != NULL && !json_is_object(nodes))
        || !cluster_read(cluster, &record, &known)) {
        return apr_psprintf(p, "the record of cluster %s is malformed", cfc_text_clean(name, p));
    }
    json_object_foreach(nodes, node_name, node) {
        if (!node_read(node, &node_record)) {
            return apr_psprintf(p, "the record of cluster %s, node %s is malformed",
                                cfc_text_clean(name, p), cfc_text_clean(node_name, p));
        }
    }
    return NULL;
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

static json_t *cluster_of(const json_t *doc, const char *cluster)
{
    return json_object_get(json_object_get(doc, "clusters"), cluster);
}

bool cfc_doc_node(const json_t *doc, const char *cluster, const char *node,
                  cfc_node_record_t *record)
{
    const json_t *nodes = json_object_get(cluster_of(doc, cluster), "nodes");
    const json_t *json = json_object_get(nodes, node);

    memset(record, 0, sizeof(*record));
    return json != NULL && node_read(json, record);
}

bool cfc_doc_cluster(const json_t *doc, const char *cluster, cfc_cluster_record_t *record)
{
    const json_t *json = cluster_of(doc, cluster);
    bool known = false;

    memset(record, 0, sizeof(*record));
    return json != NULL && cluster_read(json, record, &known) && known;
}

/* The object `key` of parent, made when it is missing. */
static json_t *child(json_t *parent, const char *key)
{
    if (parent != NULL && json_object_get(parent, key) == NULL) {
        json_object_set_new(parent, key, json_object());
    }
    return json_object_get(parent, key);
}

static bool text_set(json_t *record, const char *key, const char *text, apr_pool_t *p)
{
    if (text[0] == '\0') {
        json_object_del(record, key);
        return true;
    }
    return json_object_set_new(record, key, json_string(cfc_text_clean(text, p))) == 0;
}

static bool note_set(json_t *record, const char *text_key, const cfc_note_t *note, apr_pool_t *p)
{
    return text_set(record, text_key, note->text, p) && text_set(record, "who", note->who, p)
           && text_set(record, "since", cfc_time_iso(note->since, p), p)
           && text_set(record, "until", note->until ? cfc_time_iso(note->until, p) : "", p);
}

bool cfc_doc_node_set(json_t *doc, const char *cluster, const char *node,
                      const cfc_node_record_t *record, apr_pool_t *p)
{
    json_t *nodes, *json;

    if (record == NULL) {
        json_object_del(json_object_get(cluster_of(doc, cluster), "nodes"), node);
        return true;
    }
    nodes = child(child(json_object_get(doc, "clusters"), cluster), "nodes");
    json = child(nodes, node);
    return json != NULL && text_set(json, "admin", cfc_admin_word(record->admin), p)
           && text_set(json, "configured", cfc_admin_word(record->configured), p)
           && note_set(json, "reason", &record->note, p);
}

bool cfc_doc_cluster_set(json_t *doc, const char *cluster, const cfc_cluster_record_t *record,
                         apr_pool_t *p)
{
    json_t *json;

    if (record == NULL) {
        json_object_del(cluster_of(doc, cluster), "state");
        return true;
    }
    json = child(json_object_get(doc, "clusters"), cluster);
    return json != NULL && text_set(json, "state", record->closed ? "maintenance" : "open", p)
           && note_set(json, "message", &record->note, p);
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
