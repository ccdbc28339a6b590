/* SPDX-License-Identifier: Apache-2.0
 * expect.c: the tables of expect.h. Pure. What comes from the node is not trusted: its words
 * are compared with known ones and never copied into a reason. */
#include "health/expect.h"

#include <apr_strings.h>
#include <jansson.h>
#include <string.h>

static const struct {
    const char *word;
    cfc_verdict_t verdict;
    const char *reason;
} states[] = {
    {"RUNNING", CFC_VERDICT_GOOD, "RUNNING"},
    {"STARTING", CFC_VERDICT_STARTING, "STARTING"},
    {"STOPPING", CFC_VERDICT_STARTING, "STOPPING"},
    {"MAINTENANCE", CFC_VERDICT_STARTING, "MAINTENANCE"},
    {"FIRST_RUN", CFC_VERDICT_REFUSED, "FIRST_RUN: setup is not complete, never used"},
    {"ERROR", CFC_VERDICT_REFUSED, "ERROR: the application has stopped itself, never used"},
};
#define STATES (sizeof(states) / sizeof(states[0]))

static void conclude(cfc_evidence_t *ev, cfc_verdict_t verdict, const char *reason)
{
    ev->verdict = verdict;
    apr_snprintf(ev->reason, sizeof(ev->reason), "%d %s", ev->code, reason);
}

static void judge_status(cfc_evidence_t *ev)
{
    if (ev->code >= 200 && ev->code < 400) {
        conclude(ev, CFC_VERDICT_GOOD, "as expected");
    }
    else {
        conclude(ev, CFC_VERDICT_SOFT, "where 2xx or 3xx is expected");
    }
}

static void judge_state(const char *word, cfc_evidence_t *ev)
{
    size_t i = 0;

    while (i < STATES && strcmp(word, states[i].word) != 0) {
        i++;
    }
    if (i == STATES) {
        conclude(ev, CFC_VERDICT_REFUSED, "with a state that is not known, never used");
    }
    else if (states[i].verdict == CFC_VERDICT_GOOD && ev->code != 200) {
        conclude(ev, CFC_VERDICT_SOFT, "RUNNING, where 200 is expected");
    }
    else {
        conclude(ev, states[i].verdict, states[i].reason);
    }
}

static void judge_without_state(cfc_evidence_t *ev)
{
    switch (ev->code) {
    case 200:
        conclude(ev, CFC_VERDICT_REFUSED, "without the state of a Confluence, never used");
        break;
    case 404:
        conclude(ev, CFC_VERDICT_HARD, "not found: application not deployed, or wrong probe path");
        break;
    default:
        conclude(ev, CFC_VERDICT_SOFT, "where 200 RUNNING is expected");
        break;
    }
}

static void judge_confluence(const cfc_answer_t *answer, cfc_evidence_t *ev)
{
    json_t *root = NULL;
    const char *word;

    if (!answer->truncated) {
        /* Twice the same key is two answers: which one another reader takes is not known. */
        root = json_loadb(answer->body, answer->length, JSON_REJECT_DUPLICATES, NULL);
    }
    word = json_string_value(json_object_get(root, "state"));
    if (word != NULL) {
        judge_state(word, ev);
    }
    else {
        judge_without_state(ev);
    }
    json_decref(root);
}

void cfc_expect_judge(cfc_expect_t expect, const cfc_answer_t *answer, cfc_evidence_t *ev)
{
    ev->code = answer->code;
    switch (expect) {
    case CFC_EXPECT_STATUS:
        judge_status(ev);
        break;
    case CFC_EXPECT_CONFLUENCE:
        judge_confluence(answer, ev);
        break;
    }
}
