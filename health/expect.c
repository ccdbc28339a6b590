/* SPDX-License-Identifier: Apache-2.0
 * expect.c: the tables of expect.h. Pure. What comes from the node is not trusted: its words
 * are compared with known ones and never copied into a reason. */
#include "health/expect.h"

#include <apr_strings.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define KEY_BYTES 128   /* one word of a dotted key */

static const char *const products[] = {
    [CFC_EXPECT_CONFLUENCE] = "Confluence",
    [CFC_EXPECT_JIRA] = "Jira",
    [CFC_EXPECT_BITBUCKET] = "Bitbucket",
};

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

/* What a dotted key leads to; NULL: nothing. */
static const json_t *look_up(const json_t *root, const char *key)
{
    while (root != NULL && *key != '\0') {
        size_t length = strcspn(key, ".");
        char word[KEY_BYTES];

        apr_cpystrn(word, key, length < KEY_BYTES ? length + 1 : KEY_BYTES);
        root = json_object_get(root, word);
        key += length + (key[length] == '.');
    }
    return root;
}

/* Whether KEY=VALUE holds. Numbers and the like are compared as JSON writes them. */
static bool json_holds(const json_t *root, const char *wanted)
{
    const char *equals = strchr(wanted, '=');
    char key[KEY_BYTES * 2];
    const json_t *value;
    char *text;
    bool same;

    apr_cpystrn(key, wanted, (size_t)(equals - wanted) < sizeof(key)
                                 ? (size_t)(equals - wanted) + 1 : sizeof(key));
    value = look_up(root, key);
    if (value == NULL || json_is_string(value)) {
        return value != NULL && strcmp(json_string_value(value), equals + 1) == 0;
    }
    text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    same = text != NULL && strcmp(text, equals + 1) == 0;
    free(text);
    return same;
}

static bool status_fits(const cfc_probe_conf_t *conf, int code)
{
    return cfc_codes_none(&conf->status) ? code >= 200 && code < 400
                                         : cfc_codes_has(&conf->status, code);
}

static bool body_holds(const cfc_answer_t *answer, const char *wanted)
{
    return memmem(answer->body, answer->length, wanted, strlen(wanted)) != NULL;
}

static void judge_status(const cfc_probe_conf_t *conf, const cfc_answer_t *answer,
                         const json_t *root, cfc_evidence_t *ev)
{
    if (!status_fits(conf, answer->code)) {
        conclude(ev, CFC_VERDICT_SOFT, cfc_codes_none(&conf->status)
                                           ? "where 2xx or 3xx is expected"
                                           : "which status= does not name");
    }
    else if (conf->body != NULL && !body_holds(answer, conf->body)) {
        conclude(ev, CFC_VERDICT_SOFT, "without the text of body=");
    }
    else if (conf->json != NULL && !json_holds(root, conf->json)) {
        conclude(ev, CFC_VERDICT_SOFT, root != NULL ? "where json= does not hold"
                                                    : "without JSON, which json= asks for");
    }
    else {
        conclude(ev, CFC_VERDICT_GOOD, "as expected");
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

static void judge_without_state(const char *product, cfc_evidence_t *ev)
{
    switch (ev->code) {
    case 200:
        ev->verdict = CFC_VERDICT_REFUSED;
        apr_snprintf(ev->reason, sizeof(ev->reason), "200 without the state of a %s, never used",
                     product);
        break;
    case 404:
        conclude(ev, CFC_VERDICT_HARD, "not found: application not deployed, or wrong probe path");
        break;
    default:
        conclude(ev, CFC_VERDICT_SOFT, "where 200 RUNNING is expected");
        break;
    }
}

static int weight_of(const json_t *root, const char *key)
{
    const json_t *value = look_up(root, key);
    double number = json_number_value(value);

    if (!json_is_number(value)) {
        return 0;
    }
    return number >= 100 ? 100 : number >= 1 ? (int)(number + 0.5) : 1;
}

void cfc_expect_judge(const cfc_probe_conf_t *conf, const cfc_answer_t *answer, cfc_evidence_t *ev)
{
    json_t *root = NULL;
    const char *word;

    ev->code = answer->code;
    ev->weight_pct = 0;
    if (!answer->truncated) {
        /* Twice the same key is two answers: which one another reader takes is not known. */
        root = json_loadb(answer->body, answer->length, JSON_REJECT_DUPLICATES, NULL);
    }
    word = json_string_value(json_object_get(root, "state"));
    if (conf->expect == CFC_EXPECT_STATUS) {
        judge_status(conf, answer, root, ev);
    }
    else if (word != NULL) {
        judge_state(word, ev);
    }
    else {
        judge_without_state(products[conf->expect], ev);
    }
    if (conf->weight_key != NULL) {
        ev->weight_pct = weight_of(root, conf->weight_key);
    }
    json_decref(root);
}
