/* SPDX-License-Identifier: Apache-2.0
 * test_choose.c: which node a request gets, by the states of all nodes and what it asks for. */
#include "lb/choose.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "lb/method.h"
#include "t/unit/kit.h"
#include "t/unit/suites.h"

#define NODES 3

typedef struct {
    cfc_admin_t admin;
    cfc_health_t health;
    cfc_cause_t cause;
    bool ejected;
} state_t;

#define STATE(admin, health, cause) \
    {CFC_ADMIN_##admin, CFC_HEALTH_##health, CFC_CAUSE_##cause, false}
#define EJECTED(admin) {CFC_ADMIN_##admin, CFC_HEALTH_UP, CFC_CAUSE_NONE, true}
#define UP STATE(ACTIVE, UP, NONE)
#define FAILING STATE(ACTIVE, FAILING, SOFT)
#define SLOW STATE(ACTIVE, DOWN, SOFT)
#define GONE STATE(ACTIVE, DOWN, HARD)
#define BACK STATE(ACTIVE, RECOVERING, HARD)
#define SETUP STATE(ACTIVE, DOWN, REFUSED)
#define NEW STATE(ACTIVE, UNKNOWN, NONE)
#define STARTING STATE(ACTIVE, STARTING, NONE)
#define DRAIN STATE(DRAIN, UP, NONE)
#define DRAIN_GONE STATE(DRAIN, DOWN, HARD)
#define DRAIN_SLOW STATE(DRAIN, DOWN, SOFT)
#define BLACK EJECTED(ACTIVE)
#define DRAIN_BLACK EJECTED(DRAIN)
#define STOP STATE(STOP, UP, NONE)
#define STOP_NEW STATE(STOP, UNKNOWN, NONE)

/* node1 is always less busy than node2, and node2 less than node3. */
static const struct {
    const char *label;
    state_t states[NODES];
    const char *routes, *tried;         /* names, best first */
    const char *want;                   /* "node why", or "none" */
} rows[] = {
    {"new session",                        {UP, UP, UP},             "", "", "node1 new"},
    {"new session, one drains",            {DRAIN, UP, UP},          "", "", "node2 new"},
    {"new session, one is stopped",        {STOP, UP, UP},           "", "", "node2 new"},
    {"new session, one is gone",           {GONE, UP, UP},           "", "", "node2 new"},
    {"new session, one is not back yet",   {BACK, UP, UP},           "", "", "node2 new"},
    {"new session, one was never probed",  {NEW, STARTING, UP},      "", "", "node3 new"},
    {"new session, one is failing",        {FAILING, UP, UP},        "", "", "node1 new"},
    {"own node up",                        {UP, UP, UP},             "node3", "", "node3 sticky"},
    {"own node failing",                   {UP, FAILING, UP},        "node2", "", "node2 sticky"},
    {"own node drains",                    {UP, DRAIN, UP},          "node2", "", "node2 sticky"},
    {"own node drains and is gone",        {UP, DRAIN_GONE, UP},     "node2", "", "node1 moved"},
    {"own node is stopped",                {UP, STOP, UP},           "node2", "", "node1 moved"},
    {"own node is gone",                   {UP, GONE, UP},           "node2", "", "node1 moved"},
    {"own node is slow",                   {UP, SLOW, UP},           "node2", "", "node1 moved"},
    {"own node is being set up",           {UP, SETUP, UP},          "node2", "", "node1 moved"},
    {"own node was never probed",          {UP, NEW, UP},            "node2", "", "node1 moved"},
    {"own node tried",                     {UP, UP, UP},             "node1", "node1",
     "node2 moved"},
    {"two nodes tried",                    {UP, UP, UP},             "", "node1 node2",
     "node3 new"},
    {"all nodes tried",                    {UP, UP, UP},             "node1", "node3 node1 node2",
     "none"},
    {"moved, the cheapest drains",         {DRAIN, UP, STOP},        "node3", "", "node2 moved"},
    {"moved, all others drain",            {DRAIN, DRAIN, STOP},     "node3", "", "none"},
    {"two routes, both up",                {UP, UP, UP},             "node3 node2", "",
     "node3 sticky"},
    {"two routes, the first is gone",      {UP, UP, GONE},           "node3 node2", "",
     "node2 sticky"},
    {"two routes, the first was tried",    {UP, UP, UP},             "node3 node2", "node3",
     "node2 sticky"},
    {"a slow one beside a serving one",    {SLOW, UP, GONE},         "", "", "node2 new"},
    {"only a slow one",                    {GONE, SLOW, GONE},       "", "", "node2 new"},
    {"slow ones, the cheapest first",      {GONE, SLOW, SLOW},       "", "", "node2 new"},
    {"slow ones, own one of them",         {SLOW, GONE, SLOW},       "node3", "", "node3 sticky"},
    {"slow ones, own one gone",            {GONE, SLOW, SLOW},       "node1", "", "node2 moved"},
    {"slow and draining",                  {GONE, DRAIN_SLOW, GONE}, "", "", "none"},
    {"slow and draining, own one",         {GONE, DRAIN_SLOW, GONE}, "node2", "", "node2 sticky"},
    {"slow and draining, one serves",      {GONE, DRAIN_SLOW, UP},   "node2", "", "node3 moved"},
    {"slow and draining, another's",       {GONE, DRAIN_SLOW, GONE}, "node1", "", "none"},
    {"ejected beside a serving one",       {BLACK, UP, GONE},        "", "", "node2 new"},
    {"ejected, own one",                   {UP, BLACK, UP},          "node2", "", "node1 moved"},
    {"ejected, nobody else",               {BLACK, GONE, GONE},      "", "", "node1 new"},
    {"ejected and draining, own one",      {UP, DRAIN_BLACK, UP},    "node2", "", "node1 moved"},
    {"ejected and draining, all others drain", {DRAIN, DRAIN_BLACK, STOP}, "node2", "",
     "node2 sticky"},
    {"ejected and draining, nobody else",  {GONE, DRAIN_BLACK, GONE}, "node2", "",
     "node2 sticky"},
    {"ejected and draining, new session",  {GONE, DRAIN_BLACK, GONE}, "", "", "none"},
    {"ejected and draining, a slow one",   {SLOW, DRAIN_BLACK, GONE}, "", "", "node1 new"},
    {"ejected and stopped",                {GONE, EJECTED(STOP), GONE}, "node2", "", "none"},
    {"the slow one after all that serve",  {SLOW, UP, GONE},         "", "node2", "node1 new"},
    {"all gone",                           {GONE, GONE, GONE},       "", "", "none"},
    {"all gone, sticky",                   {GONE, GONE, GONE},       "node1", "", "none"},
    {"all never probed",                   {NEW, NEW, STARTING},     "", "", "none"},
    {"all being set up",                   {SETUP, SETUP, SETUP},    "node1", "", "none"},
    {"all stopped",                        {STOP, STOP, STOP},       "", "", "none"},
    {"all drain, new session",             {DRAIN, DRAIN, DRAIN},    "", "", "none"},
};

static cfc_node_t *named(const cfc_kit_t *kit, const char *name)
{
    cfc_node_t *node = cfc_cluster_node(kit->cl, name);

    ck_assert_msg(node != NULL, "the test names no node: %s", name);
    return node;
}

static cfc_ask_t ask_for(const cfc_kit_t *kit, const char *routes, const char *tried)
{
    cfc_ask_t ask = {.dice = cfc_kit_dice()};
    char *rest, *name;

    for (name = apr_strtok(apr_pstrdup(kit->pool, routes), " ", &rest); name != NULL;
         name = apr_strtok(NULL, " ", &rest)) {
        ask.routes.nodes[ask.routes.count++] = named(kit, name);
    }
    for (name = apr_strtok(apr_pstrdup(kit->pool, tried), " ", &rest); name != NULL;
         name = apr_strtok(NULL, " ", &rest)) {
        cfc_tried_add(&ask.tried, kit->cl, named(kit, name));
    }
    return ask;
}

static const char *choice_text(const cfc_kit_t *kit, const cfc_ask_t *ask)
{
    cfc_choice_t choice;
    apr_status_t status = cfc_choose(kit->cl, ask, &choice);

    if (status != APR_SUCCESS) {
        ck_assert_int_eq(status, APR_ENOENT);
        ck_assert_ptr_null(choice.node);
        return "none";
    }
    return apr_pstrcat(kit->pool, choice.node->name, " ", cfc_why_word(choice.why), NULL);
}

static void set_states(const cfc_kit_t *kit, const state_t *states)
{
    cfc_node_t **nodes = cfc_cluster_nodes(kit->cl);

    for (int i = 0; i < NODES; i++) {
        cfc_kit_state(nodes[i], states[i].admin, states[i].health, states[i].cause);
        atomic_store(&nodes[i]->slot->eject.until, states[i].ejected);
        atomic_store(&nodes[i]->slot->traffic.inflight, i);
    }
}

START_TEST(a_request_gets_the_node_that_the_states_allow)
{
    cfc_kit_t kit = cfc_kit_open("node1 node2 node3");
    cfc_ask_t ask = ask_for(&kit, rows[_i].routes, rows[_i].tried);
    const char *got;

    set_states(&kit, rows[_i].states);
    got = choice_text(&kit, &ask);
    ck_assert_msg(strcmp(got, rows[_i].want) == 0, "%s: got %s, expected %s", rows[_i].label, got,
                  rows[_i].want);
    cfc_kit_close(&kit);
}
END_TEST

#define FREE CFC_STRICT_OFF
#define STRICT CFC_STRICT_ON

/* What rules of httpd and strict=on make of it. */
static const struct {
    const char *label;
    state_t states[NODES];
    cfc_strict_t strict;
    const char *forced;                 /* NULL: not */
    const char *routes, *tried;
    const char *want;
} bound[] = {
    {"forced, no session",         {UP, UP, UP},       FREE, "node3", "", "", "node3 forced"},
    {"forced from the own node",   {UP, UP, UP},       FREE, "node3", "node2", "", "node3 forced"},
    {"forced to the own node",     {UP, UP, UP},       FREE, "node3", "node3", "", "node3 forced"},
    {"forced where it drains",     {UP, UP, DRAIN},    FREE, "node3", "", "", "node3 forced"},
    {"forced to a failing one",    {UP, UP, FAILING},  FREE, "node3", "", "", "node3 forced"},
    {"forced to a last resort",    {UP, UP, SLOW},     FREE, "node3", "", "", "node3 forced"},
    {"forced to a stopped one",    {UP, UP, STOP},     FREE, "node3", "", "", "node1 new"},
    {"forced to one set up",       {UP, UP, SETUP},    FREE, "node3", "", "", "node1 new"},
    {"forced to one never probed", {UP, UP, NEW},      FREE, "node3", "", "", "node1 new"},
    {"forced to one that starts",  {UP, UP, STARTING}, FREE, "node3", "", "", "node1 new"},
    {"forced to a gone one",       {UP, UP, GONE},     FREE, "node3", "node2", "", "node2 sticky"},
    {"forced, tried",              {UP, UP, UP},       FREE, "node3", "", "node3", "node1 new"},
    {"forced, tried, own node",    {UP, UP, UP},       FREE, "node3", "node2", "node3",
     "node2 sticky"},
    {"forced, tried, own gone",    {UP, GONE, UP},     FREE, "node3", "node2", "node3",
     "node1 moved"},
    {"strict, no session",         {UP, UP, UP},       STRICT, NULL, "", "", "node1 new"},
    {"strict, no session, tried",  {UP, UP, UP},       STRICT, NULL, "", "node1", "node2 new"},
    {"strict, only a slow one",    {GONE, SLOW, GONE}, STRICT, NULL, "", "", "node2 new"},
    {"strict, own node up",        {UP, UP, UP},       STRICT, NULL, "node3", "", "node3 sticky"},
    {"strict, own node drains",    {UP, UP, DRAIN},    STRICT, NULL, "node3", "", "node3 sticky"},
    {"strict, own node slow",      {UP, UP, SLOW},     STRICT, NULL, "node3", "", "node3 sticky"},
    {"strict, own node gone",      {UP, UP, GONE},     STRICT, NULL, "node3", "", "none"},
    {"strict, own node stopped",   {UP, UP, STOP},     STRICT, NULL, "node3", "", "none"},
    {"strict, own node tried",     {UP, UP, UP},       STRICT, NULL, "node3", "node3", "none"},
    {"strict, others are slow",    {SLOW, SLOW, GONE}, STRICT, NULL, "node3", "", "none"},
    {"strict, the second route",   {UP, UP, GONE},     STRICT, NULL, "node3 node2", "",
     "node2 sticky"},
    {"strict and forced",          {UP, UP, UP},       STRICT, "node3", "node2", "",
     "node3 forced"},
    {"strict, forced, it is gone", {UP, UP, GONE},     STRICT, "node3", "node2", "", "none"},
    {"strict, forced, tried",      {UP, UP, UP},       STRICT, "node3", "", "node3", "none"},
};

START_TEST(a_forced_or_strict_request_gets_its_node_or_what_its_rule_allows)
{
    cfc_kit_t kit = cfc_kit_open("node1 node2 node3");
    cfc_ask_t ask = ask_for(&kit, bound[_i].routes, bound[_i].tried);
    const char *got;

    kit.cl->sticky.strict = bound[_i].strict;
    ask.forced = bound[_i].forced ? named(&kit, bound[_i].forced) : NULL;
    set_states(&kit, bound[_i].states);
    got = choice_text(&kit, &ask);
    ck_assert_msg(strcmp(got, bound[_i].want) == 0, "%s: got %s, expected %s", bound[_i].label,
                  got, bound[_i].want);
    cfc_kit_close(&kit);
}
END_TEST

/* Of node3, whose user has paused. */
static const struct {
    const char *label;
    state_t states[NODES];
    cfc_strict_t strict;
    const char *forced;                 /* NULL: not */
    const char *tried;
    const char *want;
} leaving[] = {
    {"others serve",              {UP, UP, DRAIN},     FREE, NULL, "", "node1 rehomed"},
    {"one other serves",          {STOP, UP, DRAIN},   FREE, NULL, "", "node2 rehomed"},
    {"the others drain",          {DRAIN, DRAIN, DRAIN}, FREE, NULL, "", "node3 sticky"},
    {"the others are gone",       {GONE, STOP, DRAIN}, FREE, NULL, "", "node3 sticky"},
    {"the others are slow",       {SLOW, SLOW, DRAIN}, FREE, NULL, "", "node3 sticky"},
    {"the new one failed",        {UP, UP, DRAIN},     FREE, NULL, "node1", "node2 rehomed"},
    {"all new ones failed",       {UP, UP, DRAIN},     FREE, NULL, "node1 node2", "node3 sticky"},
    {"forced to stay",            {UP, UP, DRAIN},     FREE, "node3", "", "node3 forced"},
    {"nobody may move",           {UP, UP, DRAIN},     STRICT, NULL, "", "node3 sticky"},
};

START_TEST(whoever_leaves_a_draining_node_gets_another_if_one_serves)
{
    cfc_kit_t kit = cfc_kit_open("node1 node2 node3");
    cfc_ask_t ask = ask_for(&kit, "node3", leaving[_i].tried);
    const char *got;

    kit.cl->sticky.strict = leaving[_i].strict;
    ask.leaves = true;
    ask.forced = leaving[_i].forced ? named(&kit, leaving[_i].forced) : NULL;
    set_states(&kit, leaving[_i].states);
    got = choice_text(&kit, &ask);
    ck_assert_msg(strcmp(got, leaving[_i].want) == 0, "%s: got %s, expected %s", leaving[_i].label,
                  got, leaving[_i].want);
    cfc_kit_close(&kit);
}
END_TEST

/* node1 is ejected, and its time is over. */
static const struct {
    const char *label;
    cfc_admin_t admin;                  /* of node1 */
    cfc_strict_t strict;
    const char *forced, *routes;
    bool want;
} trials[] = {
    {"no session",                   CFC_ADMIN_ACTIVE, FREE,   NULL,    "",      true},
    {"a session of its own",         CFC_ADMIN_ACTIVE, FREE,   NULL,    "node1", true},
    {"another node's session",       CFC_ADMIN_ACTIVE, FREE,   NULL,    "node2", false},
    {"forced elsewhere",             CFC_ADMIN_ACTIVE, FREE,   "node2", "",      false},
    {"forced there",                 CFC_ADMIN_ACTIVE, FREE,   "node1", "",      false},
    {"strict, no session",           CFC_ADMIN_ACTIVE, STRICT, NULL,    "",      true},
    {"strict, a session of its own", CFC_ADMIN_ACTIVE, STRICT, NULL,    "node1", false},
    {"draining, no session",         CFC_ADMIN_DRAIN,  FREE,   NULL,    "",      false},
    {"draining, its own session",    CFC_ADMIN_DRAIN,  FREE,   NULL,    "node1", true},
    {"draining, another's session",  CFC_ADMIN_DRAIN,  FREE,   NULL,    "node2", false},
    {"stopped, its own session",     CFC_ADMIN_STOP,   FREE,   NULL,    "node1", false},
};

START_TEST(an_ejected_node_is_tried_with_what_can_go_elsewhere)
{
    cfc_kit_t kit = cfc_kit_open("node1 node2");
    cfc_ask_t ask = ask_for(&kit, trials[_i].routes, "");
    cfc_choice_t choice;
    bool got;

    kit.cl->sticky.strict = trials[_i].strict;
    ask.forced = trials[_i].forced ? named(&kit, trials[_i].forced) : NULL;
    atomic_store(&named(&kit, "node1")->slot->eject.until, 1);
    atomic_store(&named(&kit, "node1")->slot->admin, trials[_i].admin);
    got = cfc_choose_trial(kit.cl, &ask, apr_time_from_sec(10), &choice);
    ck_assert_msg(got == trials[_i].want, "%s", trials[_i].label);
    if (got) {
        ck_assert_str_eq(choice.node->name, "node1");
        ck_assert_int_eq(choice.why, CFC_WHY_TRIAL);
    }
    cfc_kit_close(&kit);
}
END_TEST

static const state_t any_state[] = {UP, UP, UP, FAILING, SLOW, GONE, SETUP, DRAIN, DRAIN_SLOW,
                                    BLACK, DRAIN_BLACK, STOP};

/* Whatever the states, tiers, routes, what was tried and what is strict. */
static void draw_scene(const cfc_kit_t *kit, cfc_ask_t *ask)
{
    cfc_node_t **nodes = cfc_cluster_nodes(kit->cl);

    *ask = (cfc_ask_t){.dice = cfc_kit_dice(), .anywhere = cfc_kit_dice() % 4 == 0};
    kit->cl->sticky.strict = cfc_kit_dice() % 4 == 0;
    for (int i = 0; i < NODES; i++) {
        const state_t *state = &any_state[cfc_kit_dice() % CFC_ROWS(any_state)];

        cfc_kit_state(nodes[i], state->admin, state->health, state->cause);
        atomic_store(&nodes[i]->slot->eject.until, state->ejected);
        nodes[i]->max = 1;
        nodes[i]->tier = cfc_kit_dice() % 2;
        if (cfc_kit_dice() % 4 == 0) {
            cfc_tried_add(&ask->tried, kit->cl, nodes[i]);
        }
        if (cfc_kit_dice() % 4 == 0) {
            ask->routes.nodes[ask->routes.count++] = nodes[i];
        }
    }
    if (cfc_kit_dice() % 8 == 0) {
        ask->forced = nodes[0];
        ask->bound = cfc_kit_dice() % 2;
    }
}

static void all_inflight(const cfc_kit_t *kit, int count)
{
    for (int i = 0; i < NODES; i++) {
        atomic_store(&cfc_cluster_nodes(kit->cl)[i]->slot->traffic.inflight, count);
    }
}

START_TEST(who_waits_takes_a_place_where_it_could_have_gone_and_nowhere_else)
{
    cfc_kit_t kit = cfc_kit_open("node1 node2 node3");
    cfc_node_t **nodes = cfc_cluster_nodes(kit.cl);
    unsigned waited = 0;

    for (int i = 0; i < 50000; i++) {
        cfc_choice_t free, full, taken;
        cfc_places_t wants;
        cfc_ask_t ask;
        apr_status_t status;

        draw_scene(&kit, &ask);
        all_inflight(&kit, 0);
        status = cfc_choose(kit.cl, &ask, &free);
        all_inflight(&kit, 1);
        ck_assert_int_eq(cfc_choose(kit.cl, &ask, &full) == APR_ENOENT, status == APR_ENOENT);
        if (status == APR_ENOENT) {
            continue;
        }
        waited++;
        cfc_choose_wants(kit.cl, &ask, &full, &wants);
        ck_assert(cfc_places_has(&wants, free.node->slot->owner.number));
        for (int j = 0; j < NODES; j++) {
            bool wanted = cfc_places_has(&wants, nodes[j]->slot->owner.number);

            ck_assert_int_eq(cfc_choose_takes(kit.cl, &ask, nodes[j], &taken), wanted);
            ck_assert(!wanted || (taken.node == nodes[j] && nodes[j]->tier == free.node->tier));
        }
    }
    ck_assert_uint_gt(waited, 20000);
    cfc_kit_close(&kit);
}
END_TEST

START_TEST(choosing_changes_nothing)
{
    cfc_kit_t kit = cfc_kit_open("node1 node2 node3");
    cfc_ask_t ask = ask_for(&kit, "node2", "");
    cfc_segment_t *before = malloc(sizeof(*before));

    memcpy(before, kit.segment, sizeof(*before));
    ck_assert_str_eq(choice_text(&kit, &ask), "node2 sticky");
    ck_assert_mem_eq(kit.segment, before, sizeof(*before));
    free(before);
    cfc_kit_close(&kit);
}
END_TEST

START_TEST(a_cluster_without_nodes_has_none_to_choose)
{
    cfc_kit_t kit = cfc_kit_open("");
    cfc_ask_t ask = ask_for(&kit, "", "");

    ck_assert_str_eq(choice_text(&kit, &ask), "none");
    ck_assert(!cfc_choice_pending(kit.cl));
    cfc_kit_close(&kit);
}
END_TEST

START_TEST(a_request_tries_each_of_the_most_nodes_once)
{
    char names[CFC_NODES_MAX * 5] = "";
    cfc_ask_t ask = {.dice = 1};
    cfc_choice_t choice;
    cfc_kit_t kit;

    for (int i = 0; i < CFC_NODES_MAX; i++) {
        apr_snprintf(names + strlen(names), sizeof(names) - strlen(names), "n%d ", i);
    }
    kit = cfc_kit_open(names);
    for (int i = 0; i < CFC_NODES_MAX; i++) {
        ck_assert_int_eq(cfc_choose(kit.cl, &ask, &choice), APR_SUCCESS);
        ck_assert_msg(atomic_load(&choice.node->slot->traffic.attempts) == 0, "%s twice",
                      choice.node->name);
        atomic_fetch_add(&choice.node->slot->traffic.attempts, 1);
        cfc_tried_add(&ask.tried, kit.cl, choice.node);
    }
    ck_assert_int_eq(cfc_choose(kit.cl, &ask, &choice), APR_ENOENT);
    cfc_kit_close(&kit);
}
END_TEST

/* Some nodes have had turns, the others none: they were away, or are new. */
static const struct {
    const char *label, *nodes;
    uint64_t turns[NODES];
    int sessions;
    const char *want;
} returns[] = {
    {"one of two",              "node1 node2",         {10000, 0},        11,
     "node1: 5, node2: 6"},
    {"one of three",            "node1 node2 node3",   {10000, 10000, 0}, 10,
     "node1: 3, node2: 3, node3: 4"},
    {"two of three",            "node1 node2 node3",   {10000, 0, 0},     11,
     "node1: 3, node2: 4, node3: 4"},
    {"a heavy one",             "node1 node2:4",       {10000, 0},        11,
     "node1: 2, node2: 9"},
    {"beside a heavy one",      "node1:4 node2",       {2500, 0},         11,
     "node1: 8, node2: 3"},
    {"two turns behind: owed",  "node1 node2",         {3, 0},            5,
     "node1: 1, node2: 4"},
    {"three turns behind",      "node1 node2",         {4, 0},            5,
     "node1: 2, node2: 3"},
};

START_TEST(a_node_that_returns_does_not_take_every_new_session)
{
    cfc_kit_t kit = cfc_kit_open(returns[_i].nodes);
    unsigned given[NODES] = {0};
    const char *spread;

    kit.cl->method = cfc_method_find("round-robin");
    for (int i = 0; i < kit.cl->nodes->nelts; i++) {
        atomic_store(&cfc_cluster_nodes(kit.cl)[i]->slot->turns, returns[_i].turns[i] * CFC_TURN);
    }
    for (int i = 0; i < returns[_i].sessions; i++) {
        cfc_ask_t ask = {.dice = cfc_kit_dice()};
        cfc_choice_t choice;

        ck_assert_int_eq(cfc_choose(kit.cl, &ask, &choice), APR_SUCCESS);
        cfc_choice_taken(kit.cl, &choice);
        for (int j = 0; j < kit.cl->nodes->nelts; j++) {
            given[j] += cfc_cluster_nodes(kit.cl)[j] == choice.node;
        }
    }
    spread = cfc_kit_spread(&kit, given);
    ck_assert_msg(strcmp(spread, returns[_i].want) == 0, "%s: %s, expected %s", returns[_i].label,
                  spread, returns[_i].want);
    cfc_kit_close(&kit);
}
END_TEST

START_TEST(turns_of_nodes_that_do_not_serve_lift_nobody)
{
    cfc_kit_t kit = cfc_kit_open("node1 node2");
    cfc_choice_t choice = {.node = named(&kit, "node2"), .why = CFC_WHY_NEW};

    kit.cl->method = cfc_method_find("round-robin");
    atomic_store(&named(&kit, "node1")->slot->turns, 10000 * CFC_TURN);
    cfc_kit_state(named(&kit, "node1"), CFC_ADMIN_DRAIN, CFC_HEALTH_UP, CFC_CAUSE_NONE);
    cfc_choice_taken(kit.cl, &choice);
    ck_assert_uint_eq(atomic_load(&choice.node->slot->turns), CFC_TURN);
    ck_assert_uint_eq(atomic_load(&choice.node->slot->traffic.picked), 1);
    cfc_kit_close(&kit);
}
END_TEST

START_TEST(turns_of_another_tier_lift_nobody)
{
    cfc_kit_t kit = cfc_kit_open("node1 node2");
    cfc_choice_t choice = {.node = named(&kit, "node2"), .why = CFC_WHY_NEW};

    kit.cl->method = cfc_method_find("round-robin");
    atomic_store(&named(&kit, "node1")->slot->turns, 10000 * CFC_TURN);
    named(&kit, "node2")->tier = 1;
    cfc_choice_taken(kit.cl, &choice);
    ck_assert_uint_eq(atomic_load(&choice.node->slot->turns), CFC_TURN);
    cfc_kit_close(&kit);
}
END_TEST

START_TEST(a_node_that_returns_begins_with_a_long_turn)
{
    cfc_kit_t kit = cfc_kit_open("node1 node2");
    cfc_choice_t choice = {.node = named(&kit, "node2"), .why = CFC_WHY_NEW,
                           .at = apr_time_from_sec(1795000000)};

    kit.cl->method = cfc_method_find("round-robin");
    kit.cl->slow_start_ms = 60000;
    atomic_store(&named(&kit, "node1")->slot->turns, 10000 * CFC_TURN);
    cfc_slot_returned(choice.node->slot, choice.at, true);
    cfc_choice_taken(kit.cl, &choice);
    ck_assert_uint_eq(atomic_load(&choice.node->slot->turns), 10019 * CFC_TURN);
    cfc_kit_close(&kit);
}
END_TEST

static const struct {
    const char *label;
    state_t states[NODES];
    bool want;
} pending[] = {
    {"none was probed yet",        {NEW, NEW, NEW},            true},
    {"one was not probed yet",     {GONE, GONE, NEW},          true},
    {"all were probed",            {GONE, SLOW, SETUP},        false},
    {"one is starting",            {GONE, GONE, STARTING},     false},
    {"the unprobed one is stopped", {GONE, GONE, STOP_NEW},    false},
};

START_TEST(waiting_helps_while_a_node_in_service_was_not_probed_yet)
{
    cfc_kit_t kit = cfc_kit_open("node1 node2 node3");

    set_states(&kit, pending[_i].states);
    ck_assert_msg(cfc_choice_pending(kit.cl) == pending[_i].want, "%s", pending[_i].label);
    cfc_kit_close(&kit);
}
END_TEST

START_TEST(a_garbled_why_has_the_word_question_mark)
{
    ck_assert_str_eq(cfc_why_word(CFC_WHY_COUNT), "?");
}
END_TEST

Suite *cfc_choose_suite(void)
{
    Suite *suite = suite_create("lb/choose");
    TCase *tcase = tcase_create("choose");

    tcase_add_loop_test(tcase, a_request_gets_the_node_that_the_states_allow, 0, CFC_ROWS(rows));
    tcase_add_loop_test(tcase, a_forced_or_strict_request_gets_its_node_or_what_its_rule_allows,
                        0, CFC_ROWS(bound));
    tcase_add_loop_test(tcase, whoever_leaves_a_draining_node_gets_another_if_one_serves, 0,
                        CFC_ROWS(leaving));
    tcase_add_loop_test(tcase, an_ejected_node_is_tried_with_what_can_go_elsewhere, 0,
                        CFC_ROWS(trials));
    tcase_add_test(tcase, who_waits_takes_a_place_where_it_could_have_gone_and_nowhere_else);
    tcase_add_test(tcase, choosing_changes_nothing);
    tcase_add_test(tcase, a_cluster_without_nodes_has_none_to_choose);
    tcase_add_test(tcase, a_request_tries_each_of_the_most_nodes_once);
    tcase_add_loop_test(tcase, a_node_that_returns_does_not_take_every_new_session, 0,
                        CFC_ROWS(returns));
    tcase_add_test(tcase, turns_of_nodes_that_do_not_serve_lift_nobody);
    tcase_add_test(tcase, turns_of_another_tier_lift_nobody);
    tcase_add_test(tcase, a_node_that_returns_begins_with_a_long_turn);
    tcase_add_loop_test(tcase, waiting_helps_while_a_node_in_service_was_not_probed_yet, 0,
                        CFC_ROWS(pending));
    tcase_add_test(tcase, a_garbled_why_has_the_word_question_mark);
    suite_add_tcase(suite, tcase);
    return suite;
}
