/* SPDX-License-Identifier: Apache-2.0
 * task.c: reads an order: which action, of what, with which fields. Whether it is wise is
 * judge.c's business. Pure. */
#include "maint/task.h"

#include <apr_strings.h>
#include <string.h>

#include "conf/opt.h"
#include "maint/parts.h"
#include "maint/text.h"

#define UNTIL_MAX_MS ((apr_int64_t)90 * 86400 * 1000)

#define UNTIL CFC_TAKES_UNTIL
#define DEADLINE CFC_TAKES_DEADLINE
#define RETURN CFC_TAKES_RETURN
#define ENDS (CFC_TAKES_UNTIL | CFC_NEEDS_UNTIL)
#define FROM CFC_TAKES_FROM
#define PATH CFC_TAKES_PATH
#define WALK CFC_TAKES_WALK

static const cfc_action_t actions[] = {
    {"activate",        &cfc_kind_node,        true,  CFC_ADMIN_ACTIVE,   0},
    {"drain",           &cfc_kind_node,        true,  CFC_ADMIN_DRAIN,    UNTIL | DEADLINE | RETURN},
    {"stop",            &cfc_kind_node,        true,  CFC_ADMIN_STOP,     UNTIL | RETURN},
    {"recover",         &cfc_kind_node,        false, 0,                  0},
    {"maintenance-on",  &cfc_kind_maintenance, true,  CFC_CLUSTER_CLOSED, UNTIL | FROM | PATH},
    {"maintenance-off", &cfc_kind_maintenance, true,  CFC_CLUSTER_OPEN,   PATH},
    {"ack",             &cfc_kind_dependency,  true,  CFC_DEPENDENCY_ACKNOWLEDGED, ENDS},
    {"unack",           &cfc_kind_dependency,  true,  CFC_DEPENDENCY_WATCHED, 0},
    {"tester-link",     &cfc_kind_tester,      true,  CFC_TESTER_GOOD,    ENDS | CFC_TAKES_NODE},
    {"tester-revoke",   &cfc_kind_tester,      true,  CFC_TESTER_NONE,    0},
    {"tester-rotate",   &cfc_kind_tester_key,  true,  CFC_TESTER_GOOD,    0},
    {"walk",            &cfc_kind_walk,        true,  CFC_WALK_WALKED,    ENDS | WALK},
    {"walk-leave",      &cfc_kind_walk,        true,  CFC_WALK_LEFT,      WALK},
    {"walk-end",        &cfc_kind_walk,        true,  CFC_WALK_NONE,      WALK},
};
#define ACTIONS (sizeof(actions) / sizeof(actions[0]))

static bool given(const char *field)
{
    return field != NULL && field[0] != '\0';
}

/* @param key the field's name
 * @param base from when durations count
 * @return NULL, or why its text is no instant to come; *at stays 0 when nothing was given */
static const char *instant_read(const cfc_task_t *t, const char *key, const char *text,
                                apr_time_t base, int64_t *at)
{
    apr_int64_t ms;
    apr_time_t read;

    if (!given(text)) {
        return NULL;
    }
    if (cfc_duration_read(text, &ms)) {
        read = base + apr_time_from_msec(ms < UNTIL_MAX_MS ? ms : UNTIL_MAX_MS + 1);
    }
    else if (!cfc_time_read(text, &read)) {
        return apr_psprintf(t->p, "%s=%s is neither a duration nor an instant with its zone; "
                            "write for example 2h, 90m or %s", key, cfc_text_clean(text, t->p),
                            cfc_time_iso(t->now + apr_time_from_sec(7200), t->p));
    }
    if (read <= t->now) {
        return apr_psprintf(t->p, "%s=%s is not in the future", key, text);
    }
    if (read > base + apr_time_from_msec(UNTIL_MAX_MS)) {
        return apr_psprintf(t->p, "%s=%s is more than 90 days away", key, text);
    }
    *at = read;
    return NULL;
}

/* @return NULL, or why it is not said how the node comes back */
static const char *return_read(cfc_task_t *t)
{
    const char *word = t->order->comes_back;
    bool until = given(t->order->until);
    int how = given(word) ? cfc_word_index(word, t->action->kind->hows) : (int)until;

    if (how < 0) {
        return apr_psprintf(t->p, "return=%s is not known; %s", cfc_text_clean(word, t->p),
                            cfc_did_you_mean(cfc_text_clean(word, t->p), t->action->kind->hows,
                                             t->p));
    }
    if (until != (how == CFC_RETURN_UNTIL)) {
        return until ? apr_psprintf(t->p, "until= says when the node returns, return=%s says "
                                    "otherwise; give one of them", word)
                     : "return=until needs until=, for example until=2h";
    }
    t->asked.how = (uint32_t)how;
    return NULL;
}

/* @return NULL, or why it is not said when and how the maintenance ends */
static const char *end_read(cfc_task_t *t)
{
    const char *word = t->order->end;
    const char *const *words = t->action->kind->hows;
    int how = given(word) ? cfc_word_index(word, words) : CFC_END_ORDERED;

    if (how < 0) {
        word = cfc_text_clean(word, t->p);
        return apr_psprintf(t->p, "end=%s is not known; %s", word,
                            cfc_did_you_mean(word, words, t->p));
    }
    if (how == CFC_END_BY_ITSELF && t->asked.note.until == 0) {
        return "end=by-itself needs until=, for example until=2h";
    }
    if (t->asked.note.until != 0 && t->asked.note.until <= t->asked.at) {
        return apr_psprintf(t->p, "until=%s is not after from=%s", t->order->until,
                            t->order->from);
    }
    t->asked.how = (uint32_t)how;
    return NULL;
}

/* @return NULL, or why the text that the action takes cannot be kept */
static const char *text_read(cfc_task_t *t)
{
    const cfc_order_t *o = t->order;
    const struct {
        const char *key, *text;
    } texts[] = {{"reason", o->reason}, {"message", o->message}, {"step", o->step}};
    const char *key = t->action->kind->text_key, *text = NULL;
    size_t room = sizeof(t->asked.note.text);

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (strcmp(texts[i].key, key) == 0) {
            text = texts[i].text;
        }
        else if (given(texts[i].text)) {
            return apr_psprintf(t->p, "%s takes %s=, not %s=", t->action->word, key,
                                texts[i].key);
        }
    }
    text = cfc_text_clean(text != NULL ? text : "", t->p);
    if (strlen(text) >= room) {
        return apr_psprintf(t->p, "the %s is too long; at most %d bytes can be kept", key,
                            (int)room - 1);
    }
    cfc_text_fit(t->asked.note.text, room, text);
    return NULL;
}

/* The field that names what the action is about. @return NULL: the whole cluster */
static const char *naming_field(const cfc_action_t *action)
{
    if (action->takes & CFC_TAKES_NODE) {
        return "node";
    }
    return action->kind == &cfc_kind_tester_key ? NULL : action->kind->noun;
}

/* @return NULL, or why the action is not about what is named in this field */
static const char *name_check(const cfc_task_t *t, const char *field, const char *name)
{
    const char *takes = naming_field(t->action);

    if (!given(name) || (takes != NULL && strcmp(takes, field) == 0)) {
        return NULL;
    }
    return takes != NULL
               ? apr_psprintf(t->p, "%s takes %s=, not %s=", t->action->word, takes, field)
               : apr_psprintf(t->p, "%s is for a whole cluster; leave %s= out", t->action->word,
                              field);
}

static const char *names_check(const cfc_task_t *t)
{
    const char *complaint = name_check(t, "node", t->order->node);

    if (complaint == NULL) {
        complaint = name_check(t, "dependency", t->order->dependency);
    }
    return complaint != NULL ? complaint : name_check(t, "tester", t->order->tester);
}

/* @return NULL, or which field the action does not take, or is without */
static const char *fields_check(const cfc_task_t *t)
{
    const cfc_order_t *o = t->order;
    const struct {
        const char *name, *text;
        unsigned bit;
    } fields[] = {{"until", o->until, UNTIL}, {"deadline", o->deadline, DEADLINE},
                  {"return", o->comes_back, RETURN}, {"from", o->from, FROM},
                  {"end", o->end, FROM}, {"path", o->path, PATH}, {"walk", o->walk, WALK},
                  {"walker", o->walker, WALK}, {"instead", o->instead, WALK}};

    if ((t->action->takes & CFC_NEEDS_UNTIL) && !given(o->until)) {
        return apr_psprintf(t->p, "%s needs until=, for example until=4h", t->action->word);
    }
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (!(t->action->takes & fields[i].bit) && given(fields[i].text)) {
            return apr_psprintf(t->p, "%s takes no %s=", t->action->word, fields[i].name);
        }
    }
    return NULL;
}

/* @return NULL, or which field is malformed */
static const char *fields_read(cfc_task_t *t)
{
    const char *complaint = fields_check(t);

    if (complaint == NULL) {
        complaint = text_read(t);
    }
    if (complaint == NULL && (t->action->takes & FROM)) {
        complaint = instant_read(t, "from", t->order->from, t->now, &t->asked.at);
    }
    if (complaint == NULL) {
        complaint = instant_read(t, "until", t->order->until,
                                 t->asked.at != 0 ? t->asked.at : t->now, &t->asked.note.until);
    }
    if (complaint == NULL && (t->action->takes & FROM)) {
        complaint = end_read(t);
    }
    if (complaint == NULL && (t->action->takes & DEADLINE)) {
        complaint = instant_read(t, "deadline", t->order->deadline, t->now, &t->asked.at);
    }
    if (complaint == NULL && (t->action->takes & RETURN)) {
        complaint = return_read(t);
    }
    if (complaint == NULL && cfc_walk_task(t)) {
        complaint = cfc_walk_read(t);
    }
    if (complaint == NULL && t->action->kind == &cfc_kind_tester
        && t->asked.note.until > t->now + CFC_TESTER_LONGEST) {
        complaint = apr_psprintf(t->p, "until=%s is more than 7 days away; a tester link is good "
                                 "for at most that", t->order->until);
    }
    return complaint;
}

static cfc_result_t unknown_action(const char *word, apr_pool_t *p)
{
    const char *words[ACTIONS + 1] = {NULL};

    for (size_t i = 0; i < ACTIONS; i++) {
        words[i] = actions[i].word;
    }
    word = cfc_text_clean(word, p);
    return cfc_result(CFC_OUTCOME_BAD,
                      apr_psprintf(p, "action=%s is not an action; %s", word,
                                   cfc_did_you_mean(word, words, p)));
}

static const cfc_action_t *action_find(const char *word)
{
    for (size_t i = 0; i < ACTIONS; i++) {
        if (strcmp(actions[i].word, word) == 0) {
            return &actions[i];
        }
    }
    return NULL;
}

/* What the order calls the thing that it is about. */
static const char *name_of(const cfc_task_t *t, const char *field)
{
    const char *name = "";

    if (field != NULL) {
        name = strcmp(field, "node") == 0         ? t->order->node
               : strcmp(field, "dependency") == 0 ? t->order->dependency
                                                  : t->order->tester;
    }
    return name != NULL ? name : "";
}

/* The cluster, or any path of it: what is not in maintenance is open.
 * @return NULL, or why the path is none */
static const char *place_read(cfc_task_t *t, const cfc_cluster_t *cl)
{
    const char *path = given(t->order->path) ? t->order->path : "/", *complaint;
    char kept[CFC_NAME_MAX];

    if (strcmp(path, "/") == 0) {
        t->change.subject = cfc_kind_maintenance.subject(cl, 0);
        return NULL;
    }
    complaint = cfc_part_read(path, kept);
    t->change.subject = cfc_subject_part(cl, kept);
    return complaint == NULL ? NULL
                             : apr_psprintf(t->p, "path=%s %s", cfc_text_clean(path, t->p),
                                            complaint);
}

/* The thing of that name among those of the action's kind. Of a tester's link only whether its
 * node is there: the link itself is found when it is decided. @return false: there is none */
static bool subject_find(cfc_task_t *t, const cfc_cluster_t *cl, const char *name)
{
    const cfc_kind_t *kind = t->action->kind;

    if (cfc_tester_task(t)) {
        t->change.subject.cl = cl;
        return !(t->action->takes & CFC_TAKES_NODE) || cfc_cluster_node(cl, name) != NULL;
    }
    if (cfc_walk_task(t)) {
        t->change.subject = kind->subject(cl, 0);
        return true;
    }
    for (int i = 0; i < kind->count(cl); i++) {
        t->change.subject = kind->subject(cl, i);
        if (strcmp(t->change.subject.name, name) == 0) {
            return true;
        }
    }
    return false;
}

bool cfc_task_read(cfc_task_t *t, cfc_result_t *bad)
{
    const char *action = t->order->action != NULL ? t->order->action : "";
    const char *cluster = t->order->cluster != NULL ? t->order->cluster : "";
    const cfc_cluster_t *cl;
    const char *complaint, *name, *field;

    if ((t->action = action_find(action)) == NULL) {
        *bad = unknown_action(action, t->p);
        return false;
    }
    if ((cl = cfc_conf_cluster(t->conf, cluster)) == NULL) {
        *bad = cfc_result(CFC_OUTCOME_UNKNOWN,
                          apr_psprintf(t->p, "there is no cluster \"%s\"",
                                       cfc_text_clean(cluster, t->p)));
        return false;
    }
    complaint = names_check(t);
    if (complaint == NULL && t->action->kind == &cfc_kind_maintenance) {
        complaint = place_read(t, cl);
    }
    if (complaint != NULL) {
        *bad = cfc_result(CFC_OUTCOME_BAD, complaint);
        return false;
    }
    field = naming_field(t->action);
    name = name_of(t, field);
    if (t->action->kind != &cfc_kind_maintenance && !subject_find(t, cl, name)) {
        *bad = cfc_result(CFC_OUTCOME_UNKNOWN,
                          apr_psprintf(t->p, "cluster %s has no %s \"%s\"", cl->name, field,
                                       cfc_text_clean(name, t->p)));
        return false;
    }
    complaint = fields_read(t);
    *bad = cfc_result(CFC_OUTCOME_BAD, complaint);
    t->change.kind = t->action->kind;
    t->change.kept.state = t->action->kind == &cfc_kind_maintenance && t->asked.at != 0
                               ? CFC_CLUSTER_SCHEDULED
                               : t->action->state;
    return complaint == NULL;
}

const char *cfc_task_name(const cfc_task_t *t)
{
    return t->action->kind == &cfc_kind_tester ? t->change.kept.texts[CFC_TESTER_ID]
           : cfc_walk_task(t)                  ? t->change.kept.texts[CFC_WALK_ID]
                                               : t->change.subject.name;
}

const char *cfc_task_text(const cfc_task_t *t)
{
    const char *text = t->change.kept.plan.note.text;

    return cfc_walk_task(t) ? apr_pstrcat(t->p, text, text[0] != '\0' ? ", by " : "by ",
                                          t->change.kept.texts[CFC_WALK_WALKER], NULL)
                            : text;
}

const char *cfc_task_subject(const cfc_task_t *t)
{
    const cfc_subject_t *subject = &t->change.subject;

    if ((t->action->takes & CFC_TAKES_NODE) && t->order->check) {
        return apr_pstrcat(t->p, "a link for ", t->order->node, " of cluster ", subject->cl->name,
                           NULL);
    }
    if (t->action->kind == &cfc_kind_tester) {
        return apr_psprintf(t->p, "tester link %s of cluster %s", cfc_task_name(t),
                            subject->cl->name);
    }
    if (cfc_walk_task(t)) {
        return apr_psprintf(t->p, "upgrade %s of cluster %s", cfc_task_name(t), subject->cl->name);
    }
    return cfc_subject_noun(t->action->kind, subject) != NULL
                   && t->action->kind != &cfc_kind_tester_key
               ? apr_psprintf(t->p, "%s of cluster %s", subject->name, subject->cl->name)
               : apr_psprintf(t->p, "cluster %s", subject->cl->name);
}
