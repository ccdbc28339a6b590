/* SPDX-License-Identifier: Apache-2.0
 * retry.c: the table of retry.h. Pure. */
#include "lb/retry.h"

#include <assert.h>
#include <string.h>

static const char *const words[] = {
    "yes",
    "the node had begun to answer",
    "the method must not be sent twice",
    "the body is too long to be sent again",
    "all attempts are used up",
    "the time for attempts is over",
};
static_assert(sizeof(words) / sizeof(words[0]) == CFC_RETRY_COUNT, "words for each verdict");

cfc_retry_t cfc_retry(const cfc_retry_ask_t *ask)
{
    if (ask->client_has_bytes || ask->reach == CFC_REACH_ANSWERED) {
        return CFC_RETRY_ANSWERED;
    }
    if (ask->reach == CFC_REACH_SENT && ask->method == CFC_METHOD_UNSAFE) {
        return CFC_RETRY_METHOD;
    }
    if (ask->body_lost) {
        return CFC_RETRY_BODY;
    }
    if (ask->attempts >= ask->attempts_max) {
        return CFC_RETRY_ATTEMPTS;
    }
    if (ask->spent_ms >= ask->budget_ms) {
        return CFC_RETRY_BUDGET;
    }
    return CFC_RETRY_YES;
}

const char *cfc_retry_word(cfc_retry_t verdict)
{
    return (unsigned)verdict < CFC_RETRY_COUNT ? words[verdict] : "?";
}

cfc_method_class_t cfc_method_class(const char *method)
{
    /* "safe" and "idempotent" columns of the IANA HTTP Method Registry; WebDAV's included,
     * because Confluence serves WebDAV. */
    static const struct {
        const char *name;
        cfc_method_class_t is;
    } known[] = {
        {"GET", CFC_METHOD_SAFE},          {"HEAD", CFC_METHOD_SAFE},
        {"OPTIONS", CFC_METHOD_SAFE},      {"TRACE", CFC_METHOD_SAFE},
        {"PROPFIND", CFC_METHOD_SAFE},     {"REPORT", CFC_METHOD_SAFE},
        {"SEARCH", CFC_METHOD_SAFE},       {"PUT", CFC_METHOD_IDEMPOTENT},
        {"DELETE", CFC_METHOD_IDEMPOTENT}, {"COPY", CFC_METHOD_IDEMPOTENT},
        {"MOVE", CFC_METHOD_IDEMPOTENT},   {"MKCOL", CFC_METHOD_IDEMPOTENT},
        {"UNLOCK", CFC_METHOD_IDEMPOTENT}, {"PROPPATCH", CFC_METHOD_IDEMPOTENT},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(method, known[i].name) == 0) {
            return known[i].is;
        }
    }
    return CFC_METHOD_UNSAFE;
}
