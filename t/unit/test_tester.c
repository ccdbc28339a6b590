/* SPDX-License-Identifier: Apache-2.0
 * test_tester.c: tester links and their tokens: who is recognised, and who is not. */
#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#include "lb/choose.h"
#include "lb/events.h"
#include "maint/control.h"
#include "maint/due.h"
#include "maint/kept.h"
#include "maint/task.h"
#include "maint/tester.h"
#include "t/unit/small_cluster.h"
#include "t/unit/suites.h"

#define NOW apr_time_from_sec(1795442400)       /* 2026-11-23T14:00:00Z */
#define HOUR apr_time_from_sec(3600)
#define HOST "wiki.example.com"

static cfc_small_cluster_t small;

static void begin(void)
{
    cfc_small_cluster_make(&small);
}

static void end(void)
{
    cfc_small_cluster_end(&small);
}

static cfc_result_t give_at(apr_time_t now, cfc_order_t order)
{
    order.cluster = "confluence";
    order.who = "anna";
    order.address = "10.0.9.3";
    return cfc_control(small.conf, &order, now, small.p);
}

static cfc_result_t give(cfc_order_t order)
{
    return give_at(NOW, order);
}

static cfc_tester_made_t make_at(apr_time_t now, const char *node, const char *until)
{
    cfc_result_t result = give_at(now, (cfc_order_t){.action = "tester-link", .node = node,
                                                     .until = until});

    ck_assert_msg(result.outcome == CFC_OUTCOME_DONE && result.made != NULL, "%s", result.text);
    return *result.made;
}

static cfc_tester_made_t make(const char *node)
{
    return make_at(NOW, node, "2h");
}

static cfc_result_t rotate(apr_time_t now, bool force)
{
    return give_at(now, (cfc_order_t){.action = "tester-rotate", .force = force});
}

static const char *cookie_of(const cfc_tester_made_t *made)
{
    const char *cookie = cfc_tester_token(small.cl, CFC_TESTER_FOR_COOKIE, HOST, &made->claim,
                                          small.p);

    ck_assert_ptr_nonnull(cookie);
    return cookie;
}

static cfc_tester_worth_t worth(cfc_tester_use_t use, const char *host, const char *token,
                                apr_time_t now)
{
    cfc_tester_claim_t claim;
    cfc_tester_slot_t *slot;
    cfc_tester_worth_t got = cfc_tester_judge(small.cl, use, host, token, now, &claim, &slot,
                                              small.p);

    ck_assert_int_eq(slot != NULL, got == CFC_TESTER_WORTHY);
    return got;
}

static cfc_tester_worth_t cookie_worth(const char *cookie)
{
    return worth(CFC_TESTER_FOR_COOKIE, HOST, cookie, NOW + 1);
}

START_TEST(a_cookie_names_the_node_until_its_end_and_a_link_for_an_hour)
{
    cfc_tester_made_t made = make("node2");
    cfc_tester_claim_t claim;
    cfc_tester_slot_t *slot;

    ck_assert_int_eq(cfc_tester_judge(small.cl, CFC_TESTER_FOR_COOKIE, HOST, cookie_of(&made),
                                      NOW + 2 * HOUR - 1, &claim, &slot, small.p),
                     CFC_TESTER_WORTHY);
    ck_assert_str_eq(claim.node, "node2");
    ck_assert_int_eq(claim.until, NOW + 2 * HOUR);
    ck_assert_int_eq(made.open_until, NOW + HOUR);
    ck_assert_int_eq(worth(CFC_TESTER_FOR_LINK, "", made.token, NOW + HOUR - 1),
                     CFC_TESTER_WORTHY);
}
END_TEST

/* What a client could send instead of the cookie that it was given. */
static const struct {
    const char *label;
    cfc_tester_use_t use;
    const char *host;
    apr_time_t later;
    cfc_tester_worth_t want;
} elsewhere[] = {
    {"as it was given",   CFC_TESTER_FOR_COOKIE, HOST, 1,            CFC_TESTER_WORTHY},
    {"as a link",         CFC_TESTER_FOR_LINK,   "",   1,            CFC_TESTER_FORGED},
    {"as a host's link",  CFC_TESTER_FOR_LINK,   HOST, 1,            CFC_TESTER_FORGED},
    {"to another host",   CFC_TESTER_FOR_COOKIE, "jira.example.com", 1, CFC_TESTER_FORGED},
    {"to a longer host",  CFC_TESTER_FOR_COOKIE, HOST ".evil.org", 1, CFC_TESTER_FORGED},
    {"to no host",        CFC_TESTER_FOR_COOKIE, "",   1,            CFC_TESTER_FORGED},
    {"at its end",        CFC_TESTER_FOR_COOKIE, HOST, 2 * HOUR,     CFC_TESTER_OVER},
    {"a year later",      CFC_TESTER_FOR_COOKIE, HOST, 8760 * HOUR,  CFC_TESTER_OVER},
};

START_TEST(a_cookie_is_good_at_its_host_until_its_end_and_nowhere_else)
{
    cfc_tester_made_t made = make("node2");
    cfc_tester_worth_t got = worth(elsewhere[_i].use, elsewhere[_i].host, cookie_of(&made),
                                   NOW + elsewhere[_i].later);

    ck_assert_msg(got == elsewhere[_i].want, "%s: %s", elsewhere[_i].label,
                  cfc_tester_complaint(got));
}
END_TEST

START_TEST(a_link_is_no_cookie)
{
    cfc_tester_made_t made = make("node2");

    ck_assert_int_eq(worth(CFC_TESTER_FOR_COOKIE, "", made.token, NOW + 1), CFC_TESTER_FORGED);
    ck_assert_int_eq(cookie_worth(made.token), CFC_TESTER_FORGED);
    ck_assert_int_eq(worth(CFC_TESTER_FOR_LINK, "", made.token, NOW + HOUR), CFC_TESTER_OVER);
}
END_TEST

START_TEST(a_token_changed_at_any_byte_is_forged)
{
    cfc_tester_made_t made = make("node2");
    const char *cookie = cookie_of(&made);

    for (size_t i = 0; i < strlen(cookie); i++) {
        for (const char *with = "0a.9zN\x7f\xc3"; *with != '\0'; with++) {
            char *forged = apr_pstrdup(small.p, cookie);

            forged[i] = *with;
            ck_assert_msg(cookie_worth(forged) == CFC_TESTER_FORGED
                              || strcmp(forged, cookie) == 0, "%s", forged);
        }
        ck_assert_int_eq(cookie_worth(apr_pstrmemdup(small.p, cookie, i)), CFC_TESTER_FORGED);
        ck_assert_int_eq(cookie_worth(cookie + i + 1), CFC_TESTER_FORGED);
    }
    ck_assert_int_eq(cookie_worth(apr_pstrcat(small.p, cookie, "x", NULL)), CFC_TESTER_FORGED);
}
END_TEST

START_TEST(what_is_no_token_is_forged)
{
    static const char *const texts[] = {
        "", ".", "...", "00000000.1.0.node2", "8f3a61c2.99999999999999999999.0.node2",
        "8F3A61C2.1795449600.0.node2",
    };

    make("node2");
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        ck_assert_msg(cookie_worth(texts[i]) == CFC_TESTER_FORGED, "%s", texts[i]);
    }
    ck_assert_int_eq(cookie_worth(memset(apr_pcalloc(small.p, 9000), 'a', 8999)),
                     CFC_TESTER_FORGED);
}
END_TEST

START_TEST(nothing_is_good_where_no_link_was_made)
{
    cfc_tester_claim_t claim = {.id = 1, .until = NOW + HOUR, .node = "node1"};

    ck_assert_ptr_null(cfc_tester_token(small.cl, CFC_TESTER_FOR_COOKIE, HOST, &claim, small.p));
    ck_assert_int_eq(cookie_worth(apr_psprintf(small.p, "00000001.1795449600.%064d.node1", 0)),
                     CFC_TESTER_FORGED);
}
END_TEST

START_TEST(another_cluster_signs_otherwise)
{
    cfc_tester_made_t made = make("node2");
    const char *cookie = cookie_of(&made);

    small.cl->name = "jira";
    ck_assert_int_eq(cookie_worth(cookie), CFC_TESTER_FORGED);
    small.cl->name = "confluence";
    ck_assert_int_eq(cookie_worth(cookie), CFC_TESTER_WORTHY);
}
END_TEST

START_TEST(a_revoked_link_is_refused_at_once_and_the_others_are_not)
{
    cfc_tester_made_t one = make("node1"), two = make("node2");
    const char *cookies[] = {cookie_of(&one), cookie_of(&two)};
    const char *id = apr_psprintf(small.p, "%08x", one.claim.id);
    cfc_order_t order = {.action = "tester-revoke", .tester = id};

    ck_assert_int_eq(give(order).outcome, CFC_OUTCOME_DONE);
    ck_assert_int_eq(cookie_worth(cookies[0]), CFC_TESTER_REVOKED);
    ck_assert_int_eq(cookie_worth(cookies[1]), CFC_TESTER_WORTHY);
    ck_assert_int_eq(give(order).outcome, CFC_OUTCOME_UNCHANGED);
    make("node1");          /* in the same slot */
    ck_assert_int_eq(cookie_worth(cookies[0]), CFC_TESTER_REVOKED);
    order.tester = "all";
    ck_assert_str_eq(give(order).text, "2 tester links of cluster confluence revoked: nobody is "
                                       "a tester by a link");
    ck_assert_int_eq(cookie_worth(cookies[1]), CFC_TESTER_REVOKED);
    ck_assert_int_eq(give(order).outcome, CFC_OUTCOME_UNCHANGED);
}
END_TEST

START_TEST(links_are_good_after_a_stop_and_a_start)
{
    cfc_tester_made_t made = make("node2"), revoked = make("node1");
    const char *cookie = cookie_of(&made), *dead = cookie_of(&revoked);
    const char *id = apr_psprintf(small.p, "%08x", revoked.claim.id);

    give((cfc_order_t){.action = "tester-revoke", .tester = id});
    ck_assert_ptr_null(strstr(cfc_small_cluster_file(&small), id));
    cfc_small_cluster_restart(&small);
    ck_assert_int_eq(cookie_worth(cookie), CFC_TESTER_WORTHY);
    ck_assert_int_eq(worth(CFC_TESTER_FOR_LINK, "", made.token, NOW + 1), CFC_TESTER_WORTHY);
    ck_assert_int_eq(cookie_worth(dead), CFC_TESTER_REVOKED);
    cfc_small_cluster_graceful(&small);
    ck_assert_int_eq(cookie_worth(cookie), CFC_TESTER_WORTHY);
}
END_TEST

START_TEST(a_link_ends_by_itself)
{
    cfc_tester_made_t made = make("node2");
    cfc_order_t order;

    ck_assert(!cfc_due(small.conf, NOW + 2 * HOUR - 1, 0, &order, small.p));
    ck_assert(cfc_due(small.conf, NOW + 2 * HOUR, 0, &order, small.p));
    ck_assert_str_eq(order.action, "tester-revoke");
    ck_assert_str_eq(order.tester, apr_psprintf(small.p, "%08x", made.claim.id));
    ck_assert_str_eq(order.reason, "tester link of anna: its time is over");
    ck_assert_int_eq(cfc_control(small.conf, &order, NOW + 2 * HOUR, small.p).outcome,
                     CFC_OUTCOME_DONE);
    ck_assert_int_eq(cfc_tester_find(small.cl, made.claim.id), -1);
    ck_assert(!cfc_due(small.conf, NOW + 2 * HOUR, 0, &order, small.p));
}
END_TEST

START_TEST(a_new_key_leaves_the_links_good_and_the_one_after_it_is_refused_while_they_are)
{
    cfc_tester_made_t old = make("node2"), new;
    const char *old_cookie = cookie_of(&old), *new_cookie;
    cfc_result_t refused;

    ck_assert_int_eq(rotate(NOW + HOUR, false).outcome, CFC_OUTCOME_DONE);
    ck_assert_str_ne(cookie_of(&old), old_cookie);
    new = make_at(NOW + HOUR, "node2", "30m");
    new_cookie = cookie_of(&new);
    ck_assert_int_eq(cookie_worth(old_cookie), CFC_TESTER_WORTHY);
    ck_assert_int_eq(cookie_worth(new_cookie), CFC_TESTER_WORTHY);

    refused = rotate(NOW + HOUR + 1, false);
    ck_assert_int_eq(refused.outcome, CFC_OUTCOME_REFUSED);
    ck_assert_str_eq(refused.text, "Not done: after making a new key, 1 tester link is good no "
                                   "more. Make new links for them, or wait until they are over.");
    ck_assert_int_eq(cookie_worth(old_cookie), CFC_TESTER_WORTHY);
    ck_assert_int_eq(rotate(NOW + HOUR + 1, true).outcome, CFC_OUTCOME_DONE);
    ck_assert_int_eq(cookie_worth(old_cookie), CFC_TESTER_FORGED);
    ck_assert_int_eq(cookie_worth(new_cookie), CFC_TESTER_WORTHY);
}
END_TEST

START_TEST(an_old_key_is_replaced_when_the_next_link_is_made)
{
    apr_time_t first, second;

    make("node1");
    cfc_tester_key_newest(small.cl, &first);
    ck_assert_int_eq(first, NOW);
    make_at(NOW + CFC_TESTER_KEY_AGE - 1, "node1", "1h");
    cfc_tester_key_newest(small.cl, &second);
    ck_assert_int_eq(second, first);
    make_at(NOW + CFC_TESTER_KEY_AGE, "node1", "1h");
    cfc_tester_key_newest(small.cl, &second);
    ck_assert_int_eq(second, NOW + CFC_TESTER_KEY_AGE);
}
END_TEST

START_TEST(the_secret_is_in_the_file_and_in_nothing_that_is_said)
{
    cfc_subject_t key = cfc_kind_tester_key.subject(small.cl, 0);
    cfc_kept_t kept;
    cfc_result_t said = rotate(NOW, false);

    ck_assert(cfc_kind_tester_key.now(&key, &kept));
    ck_assert_uint_eq(strlen(kept.texts[CFC_TESTER_SECRET]), 2 * CFC_SECRET_BYTES);
    ck_assert_ptr_nonnull(strstr(cfc_small_cluster_file(&small), kept.texts[CFC_TESTER_SECRET]));
    ck_assert_str_eq(said.text, "tester links of cluster confluence are signed with a new key");
}
END_TEST

static const struct {
    cfc_order_t order;
    cfc_outcome_t want;
    const char *says;
} orders[] = {
    {{.action = "tester-link", .node = "node2"}, CFC_OUTCOME_BAD, "tester-link needs until="},
    {{.action = "tester-link", .node = "node2", .until = "8d"}, CFC_OUTCOME_BAD,
     "until=8d is more than 7 days away; a tester link is good for at most that"},
    {{.action = "tester-link", .node = "node3", .until = "2h"}, CFC_OUTCOME_UNKNOWN,
     "cluster confluence has no node \"node3\""},
    {{.action = "tester-link", .until = "2h"}, CFC_OUTCOME_UNKNOWN, "has no node \"\""},
    {{.action = "tester-link", .until = "2h", .tester = "all"}, CFC_OUTCOME_BAD,
     "tester-link takes node=, not tester="},
    {{.action = "tester-revoke"}, CFC_OUTCOME_BAD, "tester= is not the id of a link"},
    {{.action = "tester-revoke", .tester = "8F3A61C2"}, CFC_OUTCOME_BAD, "8 hex digits, or all"},
    {{.action = "tester-revoke", .tester = "8f3a61c2"}, CFC_OUTCOME_UNCHANGED,
     "nobody is a tester of cluster confluence by link 8f3a61c2; it was so already"},
    {{.action = "tester-revoke", .node = "node1"}, CFC_OUTCOME_BAD,
     "tester-revoke takes tester=, not node="},
    {{.action = "tester-rotate", .node = "node1"}, CFC_OUTCOME_BAD,
     "tester-rotate is for a whole cluster; leave node= out"},
    {{.action = "drain", .tester = "8f3a61c2"}, CFC_OUTCOME_BAD, "drain takes node=, not tester="},
};

START_TEST(orders_that_make_no_sense_are_refused_with_what_would)
{
    cfc_result_t got = give(orders[_i].order);

    ck_assert_msg(got.outcome == orders[_i].want && strstr(got.text, orders[_i].says) != NULL,
                  "%s: %s", cfc_outcome_word(got.outcome), got.text);
}
END_TEST

START_TEST(there_are_at_most_32_links_and_another_one_when_one_was_revoked)
{
    cfc_tester_made_t last = {.token = NULL};
    cfc_result_t refused;

    for (int i = 0; i < CFC_TESTERS_MAX; i++) {
        last = make("node1");
    }
    refused = give((cfc_order_t){.action = "tester-link", .node = "node1", .until = "1h"});
    ck_assert_int_eq(refused.outcome, CFC_OUTCOME_REFUSED);
    ck_assert_ptr_nonnull(strstr(refused.text, "32 tester links of cluster confluence are good"));
    give((cfc_order_t){.action = "tester-revoke",
                       .tester = apr_psprintf(small.p, "%08x", last.claim.id)});
    make("node2");
}
END_TEST

START_TEST(a_generation_that_was_asked_for_is_kept_though_a_key_is_made_as_well)
{
    cfc_order_t order = {.action = "tester-link", .node = "node1", .until = "1h",
                         .generation = "0"};

    ck_assert_int_eq(give(order).outcome, CFC_OUTCOME_DONE);
    ck_assert_int_eq(give(order).outcome, CFC_OUTCOME_CONFLICT);
}
END_TEST

/* Somebody else's change comes between the decision and the key: the key is not made, not told of,
 * and the decision is not good any more. */
START_TEST(a_key_that_was_not_made_since_others_were_faster_is_not_told_of)
{
    cfc_order_t order = {.cluster = "confluence", .action = "tester-link", .node = "node1",
                         .until = "1h", .who = "anna", .address = "10.0.9.3"};
    cfc_task_t task = {.conf = small.conf, .order = &order, .now = NOW, .p = small.p};
    cfc_result_t outcome;
    cfc_event_t event;
    uint64_t seq = 0, lost = 0, decided_on = 7;
    apr_time_t since;

    cfc_events_to(&small.conf->segment->events);
    ck_assert(cfc_task_read(&task, &outcome));
    atomic_store(&small.conf->segment->changes, decided_on + 1);
    task.change.generation = decided_on;
    ck_assert(cfc_tester_prepare(&task, &outcome));
    ck_assert_uint_eq(task.change.generation, decided_on);
    ck_assert_int_eq(cfc_tester_key_newest(small.cl, &since), -1);
    ck_assert(!cfc_events_next(&small.conf->segment->events, &seq, NOW, &event, &lost));
    cfc_events_to(NULL);
}
END_TEST

START_TEST(a_check_makes_neither_a_link_nor_a_key_and_revokes_nothing)
{
    cfc_order_t order = {.action = "tester-link", .node = "node1", .until = "1h", .check = true};
    cfc_result_t checked = give(order);
    apr_time_t since;

    ck_assert_str_eq(checked.text, "Nothing was changed: tester-link of a link for node1 of "
                                   "cluster confluence would be done");
    ck_assert_ptr_null(checked.made);
    ck_assert_int_eq(cfc_tester_key_newest(small.cl, &since), -1);
    ck_assert_uint_eq(atomic_load(&small.conf->segment->changes), 0);
    make("node1");
    order = (cfc_order_t){.action = "tester-revoke", .tester = "all", .check = true};
    ck_assert_int_eq(give(order).outcome, CFC_OUTCOME_DONE);
    ck_assert_int_ne(atomic_load(&small.cl->slot->testers[0].id), 0);
}
END_TEST

START_TEST(a_link_of_a_node_that_is_gone_is_refused)
{
    cfc_tester_made_t made = make("node2");
    const char *cookie = cookie_of(&made);

    small.node2->name = "node9";
    ck_assert_int_eq(cookie_worth(cookie), CFC_TESTER_REVOKED);
}
END_TEST

static const struct {
    const char *cookies, *value, *stripped;
} headers[] = {
    {NULL, NULL, NULL},
    {"", NULL, ""},
    {"a=1; b=2", NULL, "a=1; b=2"},
    {"CFTESTER-c=x", "x", NULL},
    {"CFTESTER-c=x; a=1", "x", "a=1"},
    {"a=1; CFTESTER-c=x; b=2,3", "x", "a=1; b=2,3"},
    {"a=1;CFTESTER-c=x", "x", "a=1"},
    {"a=1, CFTESTER-c=x", "x", "a=1"},
    {"CFTESTER-cc=y; CFTESTER-c=x;CFTESTER-d=", "x", NULL},
    {"aCFTESTER-c=x; b=CFTESTER-c=y", NULL, "aCFTESTER-c=x; b=CFTESTER-c=y"},
    {"CFTESTER-c; a=1", NULL, "a=1"},
    {"; ;,CFTESTER-c=x;; ,", "x", NULL},
};

START_TEST(the_cookie_is_found_and_no_cluster_s_is_left_in_what_a_node_gets)
{
    const char *value = cfc_tester_cookie(headers[_i].cookies, "CFTESTER-c", small.p);
    const char *stripped = cfc_tester_strip(headers[_i].cookies, small.p);

    ck_assert_pstr_eq(value, headers[_i].value);
    ck_assert_pstr_eq(stripped, headers[_i].stripped);
}
END_TEST

/* Every state of a node, to a tester of it and to one of the other. */
START_TEST(a_tester_gets_his_node_in_any_state_and_no_other_one)
{
    cfc_choice_t choice;

    for (int admin = 0; admin < CFC_ADMIN_COUNT; admin++) {
        for (int health = 0; health < CFC_HEALTH_COUNT; health++) {
            cfc_ask_t ask = {.forced = small.node2, .bound = true, .now = NOW};

            atomic_store(&small.node2->slot->admin, (uint32_t)admin);
            cfc_slot_health_set(small.node2->slot, (cfc_health_t)health, CFC_CAUSE_REFUSED);
            ck_assert_int_eq(cfc_choose(small.cl, &ask, &choice), APR_SUCCESS);
            ck_assert_ptr_eq(choice.node, small.node2);
            ck_assert_int_eq(choice.why, CFC_WHY_FORCED);
            ck_assert(!cfc_choose_takes(small.cl, &ask, small.node1, &choice));
            cfc_tried_add(&ask.tried, small.cl, small.node2);
            ck_assert_int_eq(cfc_choose(small.cl, &ask, &choice), APR_ENOENT);
        }
    }
}
END_TEST

Suite *cfc_tester_suite(void)
{
    Suite *suite = suite_create("tester");
    TCase *tcase = tcase_create("tester");

    tcase_add_checked_fixture(tcase, begin, end);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, a_cookie_names_the_node_until_its_end_and_a_link_for_an_hour);
    tcase_add_loop_test(tcase, a_cookie_is_good_at_its_host_until_its_end_and_nowhere_else, 0,
                        CFC_ROWS(elsewhere));
    tcase_add_test(tcase, a_link_is_no_cookie);
    tcase_add_test(tcase, a_token_changed_at_any_byte_is_forged);
    tcase_add_test(tcase, what_is_no_token_is_forged);
    tcase_add_test(tcase, nothing_is_good_where_no_link_was_made);
    tcase_add_test(tcase, another_cluster_signs_otherwise);
    tcase_add_test(tcase, a_revoked_link_is_refused_at_once_and_the_others_are_not);
    tcase_add_test(tcase, links_are_good_after_a_stop_and_a_start);
    tcase_add_test(tcase, a_link_ends_by_itself);
    tcase_add_test(tcase,
                   a_new_key_leaves_the_links_good_and_the_one_after_it_is_refused_while_they_are);
    tcase_add_test(tcase, an_old_key_is_replaced_when_the_next_link_is_made);
    tcase_add_test(tcase, the_secret_is_in_the_file_and_in_nothing_that_is_said);
    tcase_add_loop_test(tcase, orders_that_make_no_sense_are_refused_with_what_would, 0,
                        CFC_ROWS(orders));
    tcase_add_test(tcase, there_are_at_most_32_links_and_another_one_when_one_was_revoked);
    tcase_add_test(tcase, a_generation_that_was_asked_for_is_kept_though_a_key_is_made_as_well);
    tcase_add_test(tcase, a_key_that_was_not_made_since_others_were_faster_is_not_told_of);
    tcase_add_test(tcase, a_check_makes_neither_a_link_nor_a_key_and_revokes_nothing);
    tcase_add_test(tcase, a_link_of_a_node_that_is_gone_is_refused);
    tcase_add_loop_test(tcase, the_cookie_is_found_and_no_cluster_s_is_left_in_what_a_node_gets, 0,
                        CFC_ROWS(headers));
    tcase_add_test(tcase, a_tester_gets_his_node_in_any_state_and_no_other_one);
    suite_add_tcase(suite, tcase);
    return suite;
}
