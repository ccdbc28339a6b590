/* SPDX-License-Identifier: Apache-2.0
 * test_store.c: what is kept over restarts, what wins, and what a damaged file or a disk that
 * does not take a change does. */
#include <apr_strings.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "maint/control.h"
#include "maint/store.h"
#include "t/unit/small_cluster.h"
#include "t/unit/suites.h"

static cfc_small_cluster_t small;

static void begin(void)
{
    cfc_small_cluster_make(&small);
}

static void end(void)
{
    cfc_small_cluster_end(&small);
}

static cfc_change_t change_of(const cfc_kind_t *kind, cfc_subject_t subject, uint32_t state,
                              const char *text)
{
    cfc_change_t change = {.kind = kind, .subject = subject, .kept.state = state};

    change.generation = atomic_load(&small.conf->segment->changes);
    change.kept.plan.note.since = apr_time_from_sec(1795442400);
    strcpy(change.kept.plan.note.who, "anna");
    apr_cpystrn(change.kept.plan.note.text, text, sizeof(change.kept.plan.note.text));
    return change;
}

static cfc_change_t admin_of(const cfc_node_t *node, cfc_admin_t admin, const char *reason)
{
    return change_of(&cfc_kind_node,
                     cfc_kind_node.subject(small.cl, cfc_cluster_place(small.cl, node)), admin,
                     reason);
}

static cfc_change_verdict_t apply(const cfc_change_t *change)
{
    const char *complaint;

    return cfc_store_change(small.conf->store, small.conf, change, &complaint, small.p);
}

static void set_admin(const cfc_node_t *node, cfc_admin_t admin, const char *reason)
{
    cfc_change_t change = admin_of(node, admin, reason);

    ck_assert_int_eq(apply(&change), CFC_CHANGE_DONE);
}

static void close_cluster(const char *message)
{
    cfc_change_t change = change_of(&cfc_kind_maintenance,
                                    cfc_kind_maintenance.subject(small.cl, 0),
                                    CFC_CLUSTER_CLOSED, message);

    change.kept.plan.note.until = apr_time_from_sec(1795449600);
    ck_assert_int_eq(apply(&change), CFC_CHANGE_DONE);
}

static const char *reason_of(const cfc_node_t *node)
{
    static cfc_note_t note;

    cfc_record_read(&node->slot->admin_note, &note, sizeof(note));
    return note.text;
}

static void assert_admin(const cfc_node_t *node, cfc_admin_t admin)
{
    ck_assert_str_eq(cfc_admin_word(cfc_slot_admin(node->slot)), cfc_admin_word(admin));
}

START_TEST(state_is_back_after_a_stop_and_a_start)
{
    cfc_note_t note;

    set_admin(small.node1, CFC_ADMIN_DRAIN, "upgrade");
    close_cluster("back soon");
    cfc_small_cluster_restart(&small);
    assert_admin(small.node1, CFC_ADMIN_DRAIN);
    ck_assert_str_eq(reason_of(small.node1), "upgrade");
    assert_admin(small.node2, CFC_ADMIN_ACTIVE);
    ck_assert(cfc_slot_closed(small.cl->slot));
    ck_assert(cfc_record_read(&small.cl->slot->maintenance_note, &note, sizeof(note)));
    ck_assert_str_eq(note.text, "back soon");
    ck_assert_str_eq(note.who, "anna");
    ck_assert_int_eq(note.since, apr_time_from_sec(1795442400));
    ck_assert_int_eq(note.until, apr_time_from_sec(1795449600));
}
END_TEST

START_TEST(an_acknowledgement_is_back_with_its_end_after_a_stop_and_a_start)
{
    apr_time_t until = apr_time_from_sec(1795449600);
    cfc_change_t change;
    cfc_note_t note;

    cfc_small_cluster_depend(&small);
    change = change_of(&cfc_kind_dependency, cfc_kind_dependency.subject(small.cl, 1),
                       CFC_DEPENDENCY_ACKNOWLEDGED, "backup");
    change.kept.plan.note.until = until;
    ck_assert_int_eq(apply(&change), CFC_CHANGE_DONE);
    cfc_small_cluster_restart(&small);
    ck_assert(cfc_dependency_acknowledged(small.replica, until - 1));
    ck_assert(!cfc_dependency_acknowledged(small.replica, until));
    ck_assert(!cfc_dependency_acknowledged(small.master, until - 1));
    ck_assert(cfc_record_read(&small.replica->slot->acknowledged_note, &note, sizeof(note)));
    ck_assert_str_eq(note.text, "backup");
    ck_assert_str_eq(note.who, "anna");
}
END_TEST

START_TEST(the_file_says_words_and_utc)
{
    json_error_t error;
    json_t *doc, *node;

    set_admin(small.node1, CFC_ADMIN_STOP, "disk \"sda\" broken");
    doc = json_loads(cfc_small_cluster_file(&small), 0, &error);
    ck_assert_ptr_nonnull(doc);
    ck_assert_int_eq(json_unpack(doc, "{s:{s:{s:{s:o}}}}", "clusters", "confluence", "nodes",
                                 "node1", &node), 0);
    ck_assert_str_eq(json_string_value(json_object_get(node, "state")), "stop");
    ck_assert_str_eq(json_string_value(json_object_get(node, "configured")), "active");
    ck_assert_str_eq(json_string_value(json_object_get(node, "reason")), "disk \"sda\" broken");
    ck_assert_str_eq(json_string_value(json_object_get(node, "since")), "2026-11-23T14:00:00Z");
    json_decref(doc);
}
END_TEST

START_TEST(the_file_is_for_its_owner_and_group_only)
{
    struct stat st;

    set_admin(small.node1, CFC_ADMIN_DRAIN, "");
    ck_assert_int_eq(stat(apr_pstrcat(small.p, small.dir, "/state.json", NULL), &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0640 & ~umask(umask(0)));
    ck_assert_int_eq(cfc_small_cluster_files(&small, ".tmp"), 0);
}
END_TEST

START_TEST(a_graceful_restart_leaves_memory_as_it_is)
{
    set_admin(small.node1, CFC_ADMIN_DRAIN, "upgrade");
    cfc_small_cluster_write(&small, "{}", 2);
    cfc_small_cluster_graceful(&small);
    assert_admin(small.node1, CFC_ADMIN_DRAIN);
    ck_assert_str_eq(reason_of(small.node1), "upgrade");
}
END_TEST

/* 0: stop and start; 1: graceful */
START_TEST(an_edited_configuration_wins_over_saved_state)
{
    set_admin(small.node1, CFC_ADMIN_STOP, "broken");
    set_admin(small.node2, CFC_ADMIN_DRAIN, "upgrade");
    small.node1->admin = CFC_ADMIN_DRAIN;
    (_i == 0 ? cfc_small_cluster_restart : cfc_small_cluster_graceful)(&small);
    assert_admin(small.node1, CFC_ADMIN_DRAIN);
    ck_assert_str_eq(reason_of(small.node1), "");
    assert_admin(small.node2, CFC_ADMIN_DRAIN);
    ck_assert_str_eq(reason_of(small.node2), "upgrade");
}
END_TEST

START_TEST(an_edit_taken_back_does_not_bring_old_state_back)
{
    set_admin(small.node1, CFC_ADMIN_STOP, "broken");
    small.node1->admin = CFC_ADMIN_DRAIN;
    (_i == 0 ? cfc_small_cluster_restart : cfc_small_cluster_graceful)(&small);
    small.node1->admin = CFC_ADMIN_ACTIVE;
    cfc_small_cluster_restart(&small);
    assert_admin(small.node1, CFC_ADMIN_ACTIVE);
}
END_TEST

START_TEST(a_node_commented_out_for_a_night_comes_back_drained)
{
    set_admin(small.node2, CFC_ADMIN_DRAIN, "upgrade");
    apr_array_pop(small.cl->nodes);
    cfc_small_cluster_restart(&small);
    set_admin(small.node1, CFC_ADMIN_DRAIN, "something else");
    APR_ARRAY_PUSH(small.cl->nodes, cfc_node_t *) = small.node2;
    cfc_small_cluster_restart(&small);
    assert_admin(small.node2, CFC_ADMIN_DRAIN);
    ck_assert_str_eq(reason_of(small.node2), "upgrade");
}
END_TEST

static const struct {
    const char *label, *text;
} bad_files[] = {
    {"empty", ""},
    {"not JSON", "hello"},
    {"no format", "{\"clusters\": {}}"},
    {"a format of the future", "{\"format\": 2, \"clusters\": {}}"},
    {"a format that is no number", "{\"format\": \"1\", \"clusters\": {}}"},
    {"no clusters", "{\"format\": 1}"},
    {"clusters are no object", "{\"format\": 1, \"clusters\": []}"},
    {"a cluster that is none", "{\"format\": 1, \"clusters\": {\"confluence\": 7}}"},
    {"nodes are no object", "{\"format\": 1, \"clusters\": {\"confluence\": {\"nodes\": []}}}"},
    {"a state nobody knows",
     "{\"format\": 1, \"clusters\": {\"confluence\": {\"maintenance\": {\"/\": {"
     "\"state\": \"shut\", \"configured\": \"open\", \"since\": "
     "\"2026-11-23T14:00:00Z\"}}}}}"},
    {"an admin state nobody knows",
     "{\"format\": 1, \"clusters\": {\"confluence\": {\"nodes\": {\"node1\": {\"state\": \"off\", "
     "\"configured\": \"active\", \"since\": \"2026-11-23T14:00:00Z\"}}}}}"},
    {"an admin state as a number",
     "{\"format\": 1, \"clusters\": {\"confluence\": {\"nodes\": {\"node1\": {\"state\": 1, "
     "\"configured\": \"active\", \"since\": \"2026-11-23T14:00:00Z\"}}}}}"},
    {"a day that does not exist",
     "{\"format\": 1, \"clusters\": {\"confluence\": {\"nodes\": {\"node1\": {\"state\": "
     "\"drain\", \"configured\": \"active\", \"since\": \"2026-02-30T14:00:00Z\"}}}}}"},
    {"a record that does not say since when",
     "{\"format\": 1, \"clusters\": {\"confluence\": {\"nodes\": {\"node1\": {\"state\": "
     "\"drain\", \"configured\": \"active\"}}}}}"},
    {"one bad record beside a good one",
     "{\"format\": 1, \"clusters\": {\"confluence\": {\"nodes\": {\"node1\": {\"state\": "
     "\"drain\", \"configured\": \"active\", \"since\": \"2026-11-23T14:00:00Z\"}, "
     "\"node9\": {}}}}}"},
    {"a key twice", "{\"format\": 1, \"format\": 1, \"clusters\": {}}"},
};

START_TEST(a_file_that_cannot_be_used_is_kept_aside_and_all_is_as_configured)
{
    cfc_small_cluster_write(&small, bad_files[_i].text, strlen(bad_files[_i].text));
    cfc_small_cluster_restart(&small);
    ck_assert_msg(cfc_slot_admin(small.node1->slot) == CFC_ADMIN_ACTIVE, "%s", bad_files[_i].label);
    ck_assert_msg(!cfc_slot_closed(small.cl->slot), "%s", bad_files[_i].label);
    ck_assert_msg(cfc_small_cluster_files(&small, "state.json.bad-") == 1, "%s",
                  bad_files[_i].label);
    set_admin(small.node1, CFC_ADMIN_DRAIN, "works again");
}
END_TEST

/* Every prefix of a real file, every byte of it flipped: the whole state, or none of it. */
static void assert_whole_or_nothing(const char *label, size_t at)
{
    bool drained, stopped, closed;

    cfc_small_cluster_restart(&small);
    drained = cfc_slot_admin(small.node1->slot) == CFC_ADMIN_DRAIN;
    stopped = cfc_slot_admin(small.node2->slot) == CFC_ADMIN_STOP;
    closed = cfc_slot_closed(small.cl->slot);
    ck_assert_msg(drained == stopped && stopped == closed, "%s at byte %zu: %d %d %d", label, at,
                  drained, stopped, closed);
}

START_TEST(a_file_cut_at_any_byte_gives_the_whole_state_or_none)
{
    const char *whole;
    size_t bytes, defaults = 0;

    set_admin(small.node1, CFC_ADMIN_DRAIN, "upgrade");
    set_admin(small.node2, CFC_ADMIN_STOP, "disk \xc3\xa4");
    close_cluster("back soon");
    whole = cfc_small_cluster_file(&small);
    bytes = strlen(whole);
    for (size_t i = 0; i <= bytes; i++) {
        cfc_small_cluster_write(&small, whole, i);
        assert_whole_or_nothing("cut", i);
        defaults += cfc_slot_admin(small.node1->slot) == CFC_ADMIN_ACTIVE;
    }
    ck_assert_uint_eq(defaults, bytes - 1);     /* only the last newline may be missing */
}
END_TEST

START_TEST(a_file_with_any_byte_damaged_crashes_nothing)
{
    const char *whole;
    char *damaged;

    set_admin(small.node1, CFC_ADMIN_DRAIN, "upgrade");
    close_cluster("back soon");
    whole = cfc_small_cluster_file(&small);
    for (size_t i = 0; i < strlen(whole); i++) {
        damaged = apr_pstrdup(small.p, whole);
        damaged[i] = (char)(damaged[i] ^ (i % 2 ? 0x80 : 0x02));
        cfc_small_cluster_write(&small, damaged, strlen(whole));
        cfc_small_cluster_restart(&small);
        ck_assert_uint_lt(cfc_slot_admin(small.node1->slot), CFC_ADMIN_COUNT);
    }
}
END_TEST

START_TEST(a_link_in_the_files_place_is_not_followed)
{
    const char *file = apr_pstrcat(small.p, small.dir, "/state.json", NULL);
    const char *elsewhere = apr_pstrcat(small.p, small.dir, "/elsewhere", NULL);
    struct stat before, after;

    set_admin(small.node1, CFC_ADMIN_DRAIN, "a state like ours");
    ck_assert_int_eq(rename(file, elsewhere), 0);
    ck_assert_int_eq(symlink(elsewhere, file), 0);
    ck_assert_int_eq(stat(elsewhere, &before), 0);
    cfc_small_cluster_restart(&small);
    assert_admin(small.node1, CFC_ADMIN_ACTIVE);
    set_admin(small.node2, CFC_ADMIN_DRAIN, "");
    ck_assert_int_eq(stat(elsewhere, &after), 0);
    ck_assert_int_eq(after.st_ino, before.st_ino);
    ck_assert_int_eq(after.st_size, before.st_size);
}
END_TEST

/* Ends the process: a child that has lost root's rights, to whom permissions mean something. */
static void as_nobody(void)
{
    if (geteuid() == 0) {
        ck_assert_int_eq(setgid(65534), 0);
        ck_assert_int_eq(setuid(65534), 0);
    }
}

START_TEST(a_change_that_cannot_be_saved_does_not_happen)
{
    cfc_change_t change;
    const char *complaint;
    int status;

    set_admin(small.node1, CFC_ADMIN_DRAIN, "upgrade");
    change = admin_of(small.node2, CFC_ADMIN_STOP, "broken");
    ck_assert_int_eq(chmod(small.dir, 0555), 0);
    if (fork() == 0) {
        as_nobody();
        _exit(cfc_store_change(small.conf->store, small.conf, &change, &complaint, small.p)
                      == CFC_CHANGE_FAILED
                  && strstr(complaint, "Permission denied") != NULL
                  && cfc_store_trouble(small.conf->store, small.p) != NULL
                  ? 0 : 1);
    }
    wait(&status);
    ck_assert_int_eq(chmod(small.dir, 0755), 0);
    ck_assert_int_eq(status, 0);
    assert_admin(small.node1, CFC_ADMIN_DRAIN);
    assert_admin(small.node2, CFC_ADMIN_ACTIVE);
    ck_assert_uint_eq(atomic_load(&small.conf->segment->changes), change.generation);
    ck_assert_ptr_null(strstr(cfc_small_cluster_file(&small), "broken"));
}
END_TEST

START_TEST(a_missing_directory_is_made_and_a_missing_parent_is_trouble)
{
    const char *dir = apr_pstrcat(small.p, small.dir, "/new", NULL);
    const char *deep = apr_pstrcat(small.p, small.dir, "/no/where", NULL);
    cfc_store_t *store = cfc_store_open(dir, geteuid(), getegid(), small.p);

    ck_assert_ptr_null(cfc_store_trouble(store, small.p));
    ck_assert_int_eq(rmdir(dir), 0);
    ck_assert_ptr_nonnull(cfc_store_trouble(store, small.p));
    store = cfc_store_open(deep, geteuid(), getegid(), small.p);
    ck_assert_ptr_nonnull(strstr(cfc_store_trouble(store, small.p), deep));
}
END_TEST

static const struct {
    const char *label;
    cfc_admin_t before, after;
    bool returns;
    uint64_t sessions;          /* of one that it had */
} returns[] = {
    {"stays active",        CFC_ADMIN_ACTIVE, CFC_ADMIN_ACTIVE, false, 1},
    {"is drained",          CFC_ADMIN_ACTIVE, CFC_ADMIN_DRAIN,  false, 1},
    {"is stopped",          CFC_ADMIN_ACTIVE, CFC_ADMIN_STOP,   false, 1},
    {"was drained",         CFC_ADMIN_DRAIN,  CFC_ADMIN_ACTIVE, true,  1},
    {"was stopped",         CFC_ADMIN_STOP,   CFC_ADMIN_ACTIVE, true,  0},
    {"drained after stop",  CFC_ADMIN_STOP,   CFC_ADMIN_DRAIN,  false, 1},
};

START_TEST(a_node_that_is_made_active_has_returned)
{
    cfc_node_slot_t *slot = small.node1->slot;

    set_admin(small.node1, returns[_i].before, "before");
    cfc_sessions_note(&slot->sessions, 1, apr_time_now(), small.cl->sticky.window_ms);
    atomic_store(&slot->returned_at, 0);
    set_admin(small.node1, returns[_i].after, "after");
    ck_assert_msg((atomic_load(&slot->returned_at) != 0) == returns[_i].returns, "%s",
                  returns[_i].label);
    ck_assert_msg(cfc_sessions_count(&slot->sessions, apr_time_now(), small.cl->sticky.window_ms)
                      == returns[_i].sessions, "%s", returns[_i].label);
}
END_TEST

START_TEST(httpds_start_is_no_return_of_a_node)
{
    set_admin(small.node1, CFC_ADMIN_DRAIN, "upgrade");
    cfc_small_cluster_restart(&small);
    ck_assert_int_eq(atomic_load(&small.node1->slot->returned_at), 0);
    ck_assert_int_eq(atomic_load(&small.node2->slot->returned_at), 0);
}
END_TEST

START_TEST(a_change_decided_on_old_state_is_stale)
{
    cfc_change_t change = admin_of(small.node1, CFC_ADMIN_DRAIN, "first");

    set_admin(small.node2, CFC_ADMIN_STOP, "somebody was faster");
    ck_assert_int_eq(apply(&change), CFC_CHANGE_STALE);
    assert_admin(small.node1, CFC_ADMIN_ACTIVE);
}
END_TEST

#define WRITERS 4
#define CHANGES_EACH 25

/* Each has a node of its own and writes its number; nothing of the others may be lost. */
static void write_much(const cfc_node_t *node)
{
    for (int i = 1; i <= CHANGES_EACH; i++) {
        cfc_change_t change;

        do {
            change = admin_of(node, i % 2 ? CFC_ADMIN_STOP : CFC_ADMIN_DRAIN,
                               apr_psprintf(small.p, "%d", i));
        } while (apply(&change) == CFC_CHANGE_STALE);
    }
}

START_TEST(writers_in_many_processes_lose_nothing)
{
    cfc_node_t *nodes[WRITERS] = {small.node1, small.node2};
    int status;

    for (int i = 2; i < WRITERS; i++) {
        nodes[i] = apr_pmemdup(small.p, small.node1, sizeof(cfc_node_t));
        nodes[i]->name = apr_psprintf(small.p, "node%d", i + 1);
        APR_ARRAY_PUSH(small.cl->nodes, cfc_node_t *) = nodes[i];
    }
    cfc_small_cluster_graceful(&small);
    for (int i = 0; i < WRITERS; i++) {
        if (fork() == 0) {
            write_much(nodes[i]);
            _exit(0);
        }
    }
    for (int i = 0; i < WRITERS; i++) {
        wait(&status);
        ck_assert_int_eq(status, 0);
    }
    ck_assert_uint_eq(atomic_load(&small.conf->segment->changes), WRITERS * CHANGES_EACH);
    cfc_small_cluster_restart(&small);
    for (int i = 0; i < WRITERS; i++) {
        assert_admin(nodes[i], CFC_ADMIN_STOP);
        ck_assert_str_eq(reason_of(nodes[i]), "25");
    }
}
END_TEST

START_TEST(a_writer_killed_inside_shared_memory_does_not_lose_the_saved_state)
{
    set_admin(small.node1, CFC_ADMIN_DRAIN, "upgrade");
    atomic_fetch_add(&small.node1->slot->admin_note.seq, 1);    /* as if inside the note */
    set_admin(small.node2, CFC_ADMIN_DRAIN, "next change");
    cfc_small_cluster_restart(&small);
    assert_admin(small.node1, CFC_ADMIN_DRAIN);
    ck_assert_str_eq(reason_of(small.node1), "upgrade");
}
END_TEST

/* As if a child was killed when the file had the order already: nobody was told that it counts. */
START_TEST(a_path_that_was_only_written_to_the_file_is_open_after_the_next_change)
{
    cfc_order_t order = {.cluster = "confluence", .action = "maintenance-on", .path = "/synchrony",
                         .who = "anna", .address = "10.0.9.3"};
    const char *text;

    ck_assert_int_eq(cfc_control(small.conf, &order, apr_time_now(), small.p).outcome,
                     CFC_OUTCOME_DONE);
    memset(small.cl->slot->parts, 0, sizeof(small.cl->slot->parts));
    atomic_store(&small.cl->slot->parts_closed, 0);
    set_admin(small.node1, CFC_ADMIN_DRAIN, "next change");
    text = cfc_small_cluster_file(&small);
    ck_assert_msg(strstr(text, "/synchrony") == NULL, "%s", text);
    cfc_small_cluster_restart(&small);
    ck_assert(!cfc_slot_parts_closed(small.cl->slot));
}
END_TEST

START_TEST(the_count_of_changes_goes_on_after_a_stop_and_a_start)
{
    const char *text = "{\"format\": 1, \"clusters\": {}}";

    set_admin(small.node1, CFC_ADMIN_DRAIN, "upgrade");
    set_admin(small.node2, CFC_ADMIN_DRAIN, "upgrade");
    cfc_small_cluster_restart(&small);
    ck_assert_uint_eq(atomic_load(&small.conf->segment->changes), 2);
    set_admin(small.node1, CFC_ADMIN_ACTIVE, "over");
    cfc_small_cluster_graceful(&small);
    ck_assert_uint_eq(atomic_load(&small.conf->segment->changes), 3);
    cfc_small_cluster_write(&small, text, strlen(text));
    cfc_small_cluster_restart(&small);
    ck_assert_uint_eq(atomic_load(&small.conf->segment->changes), 0);
}
END_TEST

static const struct {
    const char *changes;
    uint64_t count;
} counts[] = {
    {"7", 7}, {"-1", 0}, {"\"7\"", 0}, {"7.5", 0}, {"null", 0}, {"9223372036854775807", 0},
};

START_TEST(a_count_of_changes_that_is_none_leaves_the_rest_of_the_file_good)
{
    const char *text = apr_psprintf(small.p, "{\"format\": 1, \"changes\": %s, \"clusters\": {}}",
                                    counts[_i].changes);

    cfc_small_cluster_write(&small, text, strlen(text));
    cfc_small_cluster_restart(&small);
    ck_assert_uint_eq(atomic_load(&small.conf->segment->changes), counts[_i].count);
    ck_assert_int_eq(cfc_small_cluster_files(&small, "bad"), 0);
}
END_TEST

Suite *cfc_store_suite(void)
{
    Suite *suite = suite_create("store");
    TCase *tcase = tcase_create("store");

    tcase_add_checked_fixture(tcase, begin, end);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, state_is_back_after_a_stop_and_a_start);
    tcase_add_test(tcase, an_acknowledgement_is_back_with_its_end_after_a_stop_and_a_start);
    tcase_add_test(tcase, the_file_says_words_and_utc);
    tcase_add_test(tcase, the_file_is_for_its_owner_and_group_only);
    tcase_add_test(tcase, a_graceful_restart_leaves_memory_as_it_is);
    tcase_add_loop_test(tcase, an_edited_configuration_wins_over_saved_state, 0, 2);
    tcase_add_loop_test(tcase, an_edit_taken_back_does_not_bring_old_state_back, 0, 2);
    tcase_add_test(tcase, a_node_commented_out_for_a_night_comes_back_drained);
    tcase_add_loop_test(tcase, a_file_that_cannot_be_used_is_kept_aside_and_all_is_as_configured,
                        0, CFC_ROWS(bad_files));
    tcase_add_test(tcase, a_file_cut_at_any_byte_gives_the_whole_state_or_none);
    tcase_add_test(tcase, a_file_with_any_byte_damaged_crashes_nothing);
    tcase_add_test(tcase, a_link_in_the_files_place_is_not_followed);
    tcase_add_test(tcase, a_change_that_cannot_be_saved_does_not_happen);
    tcase_add_test(tcase, a_missing_directory_is_made_and_a_missing_parent_is_trouble);
    tcase_add_loop_test(tcase, a_node_that_is_made_active_has_returned, 0, CFC_ROWS(returns));
    tcase_add_test(tcase, httpds_start_is_no_return_of_a_node);
    tcase_add_test(tcase, a_change_decided_on_old_state_is_stale);
    tcase_add_test(tcase, writers_in_many_processes_lose_nothing);
    tcase_add_test(tcase, a_writer_killed_inside_shared_memory_does_not_lose_the_saved_state);
    tcase_add_test(tcase, a_path_that_was_only_written_to_the_file_is_open_after_the_next_change);
    tcase_add_test(tcase, the_count_of_changes_goes_on_after_a_stop_and_a_start);
    tcase_add_loop_test(tcase, a_count_of_changes_that_is_none_leaves_the_rest_of_the_file_good, 0,
                        CFC_ROWS(counts));
    suite_add_tcase(suite, tcase);
    return suite;
}
