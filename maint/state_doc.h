/* SPDX-License-Identifier: Apache-2.0
 * state_doc.h: what the state file says, as a JSON document of format 1:
 *
 *   { "format": 1,
 *     "changes": 17,
 *     "clusters": {
 *       "confluence": {
 *         "maintenance": {
 *           "/": { "state": "maintenance", "configured": "open", "message": "...",
 *                  "who": "anna", "since": "2026-11-23T14:00:00Z",
 *                  "until": "2026-11-23T16:00:00Z" },
 *           "/synchrony": { "state": "scheduled", "configured": "open", ... } },
 *         "nodes": {
 *           "node1": { "state": "drain", "configured": "active", "reason": "...",
 *                      "who": "anna", "since": "2026-11-23T13:30:00Z",
 *                      "deadline": "2026-11-23T14:30:00Z", "return": "restart" } },
 *         "dependencies": {
 *           "replica": { "state": "acknowledged", "configured": "watched", "reason": "backup",
 *                        "who": "anna", "since": "2026-11-23T13:30:00Z",
 *                        "until": "2026-11-23T17:30:00Z" } } } } }
 *
 * "changes" is the generation of the API, which so goes on after a restart; a file may be without
 * it. The sections and their words are those of kept.h. What nobody ever changed is not in it.
 * "configured" is what the configuration said when the record was made: a configuration edited
 * since then wins. */
#ifndef CFC_MAINT_STATE_DOC_H
#define CFC_MAINT_STATE_DOC_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "maint/kept.h"

/** A document with nothing in it. Ends with the pool, as all documents here. */
json_t *cfc_doc_new(apr_pool_t *p);

/**
 * Read a document and check it whole, so that the functions below meet nothing unexpected.
 * @param complaint NULL, or what is wrong; quotes nothing of the text
 * @return NULL on complaint
 */
json_t *cfc_doc_read(const char *text, size_t bytes, const char **complaint, apr_pool_t *p);

/** Look a record up. @return false: there is none; *kept is then zeroed */
bool cfc_doc_get(const json_t *doc, const cfc_kind_t *kind, const cfc_subject_t *subject,
                 cfc_kept_t *kept);

/** The names that a kind has records of in a cluster: const char *, for p's life. */
apr_array_header_t *cfc_doc_names(const json_t *doc, const cfc_kind_t *kind,
                                  const cfc_cluster_t *cl, apr_pool_t *p);

/** Set a record; NULL takes it out. @return false: out of memory */
bool cfc_doc_set(json_t *doc, const cfc_kind_t *kind, const cfc_subject_t *subject,
                 const cfc_kept_t *kept, apr_pool_t *p);

/** How many changes were made until this document. 0 also if it does not say, or no number. */
uint64_t cfc_doc_changes(const json_t *doc);

/** @return false: out of memory */
bool cfc_doc_set_changes(json_t *doc, uint64_t changes);

/** The document as text for the file. @return NULL: out of memory */
const char *cfc_doc_text(const json_t *doc, size_t *bytes, apr_pool_t *p);

#endif
