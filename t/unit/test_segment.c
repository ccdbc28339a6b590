/* SPDX-License-Identifier: Apache-2.0
 * test_segment.c: the shared segment's identity, and slots found again over generations. */
#include "lb/segment.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "t/unit/kit.h"
#include "t/unit/suites.h"

static cfc_segment_t *segment;

static void set_up(void)
{
    segment = cfc_kit_segment();
    cfc_segment_next_generation(segment);
}

static void tear_down(void)
{
    cfc_kit_segment_free(segment);
}

static cfc_node_slot_t *node_in(const char *cluster, const char *name)
{
    return cfc_segment_node(segment, cluster, name);
}

static cfc_node_slot_t *node(const char *name)
{
    return node_in("confluence", name);
}

START_TEST(a_segment_is_usable_by_the_build_that_made_it)
{
    ck_assert(cfc_segment_usable(segment));
    ck_assert_uint_ne(cfc_segment_layout(), 0);
    ck_assert_uint_eq(segment->layout, cfc_segment_layout());
    ck_assert_int_eq(segment->sessions_from, 1);
    ck_assert_str_eq((const char *)segment->secret, "a secret for tests only");
}
END_TEST

START_TEST(memory_of_another_layout_or_of_nobody_is_not_usable)
{
    uint64_t layout = segment->layout;

    segment->layout = layout + 1;
    ck_assert(!cfc_segment_usable(segment));
    segment->layout = layout;
    segment->magic++;
    ck_assert(!cfc_segment_usable(segment));
    memset(segment, 0, sizeof(*segment));
    ck_assert(!cfc_segment_usable(segment));
}
END_TEST

START_TEST(generations_count_from_one)
{
    ck_assert_uint_eq(atomic_load(&segment->generation), 1);
    ck_assert_uint_eq(cfc_segment_next_generation(segment), 2);
    ck_assert_uint_eq(cfc_segment_next_generation(segment), 3);
}
END_TEST

START_TEST(health_and_cause_are_kept_as_one)
{
    cfc_node_slot_t *slot = node("node1");

    for (cfc_health_t health = 0; health < CFC_HEALTH_COUNT; health++) {
        for (cfc_cause_t cause = 0; cause < CFC_CAUSE_COUNT; cause++) {
            cfc_cause_t got = CFC_CAUSE_COUNT;

            cfc_slot_health_set(slot, health, cause);
            ck_assert_int_eq(cfc_slot_health(slot, &got), health);
            ck_assert_int_eq(got, cause);
        }
    }
}
END_TEST

/* --- slots by name --- */

static const struct {
    const char *label, *before, *after;
    const char *kept;           /* of `after`, the nodes that were there before */
} configs[] = {
    {"the same again",            "a b c",   "a b c",     "a b c"},
    {"reordered",                 "a b c",   "c a b",     "c a b"},
    {"one added at the end",      "a b",     "a b c",     "a b"},
    {"one added at the front",    "a b",     "c a b",     "a b"},
    {"two added between",         "a b",     "a c d b",   "a b"},
    {"one removed",               "a b c",   "a c",       "a c"},
    {"one replaced",              "a b c",   "d b c",     "b c"},
    {"all but one replaced",      "a b c d", "x y z d",   "d"},
    {"a longer name of one",      "a",       "ab a a.b",  "a"},
    {"none removed but the last", "a b c",   "c",         "c"},
};

/* Configure nodes; a new slot, which is zeroed, gets a mark by its name. Returns the others. */
static void configure(const char *names, char *found)
{
    char copy[64], *rest;

    found[0] = '\0';
    snprintf(copy, sizeof(copy), "%s", names);
    for (char *name = strtok_r(copy, " ", &rest); name; name = strtok_r(NULL, " ", &rest)) {
        cfc_node_slot_t *slot = node(name);

        ck_assert_ptr_nonnull(slot);
        ck_assert_str_eq(slot->owner.name, name);
        ck_assert_str_eq(slot->owner.cluster, "confluence");
        if (atomic_load(&slot->traffic.attempts) == 0) {
            atomic_store(&slot->traffic.attempts, (uint64_t)name[0]);
            continue;
        }
        ck_assert_uint_eq(atomic_load(&slot->traffic.attempts), (uint64_t)name[0]);
        snprintf(found + strlen(found), 64 - strlen(found), "%s%s", *found ? " " : "", name);
    }
}

static void check_kept(int row, const char *when)
{
    char found[64];

    configure(configs[row].before, found);
    ck_assert_str_eq(found, "");
    cfc_segment_next_generation(segment);
    configure(configs[row].after, found);
    ck_assert_msg(strcmp(found, configs[row].kept) == 0, "%s, %s: kept \"%s\", expected \"%s\"",
                  configs[row].label, when, found, configs[row].kept);
}

START_TEST(a_graceful_restart_finds_every_slot_again)
{
    cfc_segment_child_enter(segment, 100, 1);
    check_kept(_i, "with children of the old generation");
}
END_TEST

START_TEST(a_restart_that_leaves_no_child_finds_every_slot_again)
{
    check_kept(_i, "without children");
}
END_TEST

START_TEST(nodes_of_one_name_in_two_clusters_have_two_slots)
{
    cfc_node_slot_t *slot = node_in("confluence", "node1");

    ck_assert_ptr_ne(node_in("jira", "node1"), slot);
    ck_assert_ptr_eq(node_in("confluence", "node1"), slot);
}
END_TEST

START_TEST(the_longest_name_is_found_again)
{
    char name[CFC_NAME_MAX];

    memset(name, 'n', sizeof(name));
    name[CFC_NAME_MAX - 1] = '\0';
    ck_assert_ptr_eq(node_in(name, name), node_in(name, name));
    ck_assert_str_eq(node_in(name, name)->owner.name, name);
}
END_TEST

/* Configure nodes "n<first>" and on, as many as slots exist. */
static void fill_with_nodes(int first)
{
    char name[16];

    for (int i = first; i < first + CFC_NODES_MAX; i++) {
        snprintf(name, sizeof(name), "n%d", i);
        ck_assert_msg(node(name) != NULL, "no slot for %s", name);
    }
}

START_TEST(a_removed_nodes_slot_is_kept_while_a_child_that_knows_it_lives)
{
    int old, young;

    fill_with_nodes(0);
    old = cfc_segment_child_enter(segment, 100, 1);
    ck_assert_ptr_null(node("new"));
    for (uint32_t generation = 2; generation < 5; generation++) {
        ck_assert_uint_eq(cfc_segment_next_generation(segment), generation);
        ck_assert_ptr_null(node("new"));
    }
    young = cfc_segment_child_enter(segment, 101, 4);
    cfc_segment_child_leave(segment, old);
    cfc_segment_next_generation(segment);
    ck_assert_ptr_nonnull(node("new"));
    cfc_segment_child_leave(segment, young);
}
END_TEST

START_TEST(a_removed_nodes_slot_is_not_reused_by_the_restart_that_removes_it)
{
    fill_with_nodes(0);
    cfc_segment_next_generation(segment);
    ck_assert_ptr_null(node("new"));            /* "n0" may follow in the same configuration */
    cfc_segment_next_generation(segment);
    fill_with_nodes(CFC_NODES_MAX);
    ck_assert_ptr_null(node("new"));
}
END_TEST

START_TEST(a_reused_slot_has_nothing_of_its_last_node)
{
    cfc_node_slot_t *slot = node("old");
    static const cfc_node_slot_t nothing;
    size_t head = sizeof(slot->owner);

    cfc_slot_begin(slot, 3);
    cfc_slot_health_set(slot, CFC_HEALTH_UP, CFC_CAUSE_NONE);
    atomic_store(&slot->admin, CFC_ADMIN_STOP);
    cfc_record_write(&slot->admin_note, "who", 4);
    cfc_segment_next_generation(segment);
    cfc_segment_next_generation(segment);
    ck_assert_ptr_eq(node("new"), slot);
    ck_assert_str_eq(slot->owner.name, "new");
    ck_assert_mem_eq((char *)slot + head, (const char *)&nothing + head, sizeof(nothing) - head);
}
END_TEST

START_TEST(cluster_slots_are_found_and_reused_as_those_of_nodes)
{
    cfc_cluster_slot_t *slots[CFC_CLUSTERS_MAX], *slot;
    char name[16];

    for (int i = 0; i < CFC_CLUSTERS_MAX; i++) {
        snprintf(name, sizeof(name), "c%d", i);
        slots[i] = cfc_segment_cluster(segment, name);
        atomic_store(&slots[i]->maintenance, 1);
    }
    cfc_segment_next_generation(segment);
    ck_assert_ptr_null(cfc_segment_cluster(segment, "new"));
    ck_assert_ptr_eq(cfc_segment_cluster(segment, "c0"), slots[0]);
    cfc_segment_next_generation(segment);
    slot = cfc_segment_cluster(segment, "new");
    ck_assert_ptr_ne(slot, slots[0]);
    ck_assert_str_eq(slot->owner.cluster, "new");
    ck_assert(!cfc_slot_closed(slot));
    ck_assert_ptr_eq(cfc_segment_cluster(segment, "c0"), slots[0]);
    ck_assert(cfc_slot_closed(slots[0]));
}
END_TEST

/* How many pages of it somebody has written to, or read. */
static int pages(const void *memory, size_t bytes)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t begin = (uintptr_t)memory / page * page;
    unsigned char resident[sizeof(cfc_node_slot_t) / 1024] = {0};
    int count = 0;

    ck_assert_int_eq(mincore((void *)begin, (uintptr_t)memory + bytes - begin, resident), 0);
    for (size_t i = 0; i < sizeof(resident); i++) {
        count += resident[i] & 1;
    }
    return count;
}

static bool immortal(int64_t pid)
{
    return pid != 0;
}

START_TEST(a_slot_that_nobody_has_is_hardly_any_memory)
{
    for (int i = 0; i < 10; i++) {
        cfc_slot_begin(node("node1"), cfc_segment_child_enter(segment, 100 + i, 1));
    }
    cfc_segment_repair(segment, immortal);
    for (int i = 1; i < CFC_NODES_MAX; i++) {
        ck_assert_int_le(pages(&segment->nodes[i].sessions, sizeof(cfc_sessions_t)
                               + 2 * sizeof(cfc_book_t)), 1);      /* the next one's owner */
    }
    ck_assert_int_gt(pages(&segment->nodes[0].busy, 2 * sizeof(cfc_book_t)), 0);
}
END_TEST

Suite *cfc_segment_suite(void)
{
    Suite *suite = suite_create("lb/segment");
    TCase *tcase = tcase_create("segment");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, a_segment_is_usable_by_the_build_that_made_it);
    tcase_add_test(tcase, memory_of_another_layout_or_of_nobody_is_not_usable);
    tcase_add_test(tcase, generations_count_from_one);
    tcase_add_test(tcase, a_slot_that_nobody_has_is_hardly_any_memory);
    tcase_add_test(tcase, health_and_cause_are_kept_as_one);
    tcase_add_loop_test(tcase, a_graceful_restart_finds_every_slot_again, 0, CFC_ROWS(configs));
    tcase_add_loop_test(tcase, a_restart_that_leaves_no_child_finds_every_slot_again, 0,
                        CFC_ROWS(configs));
    tcase_add_test(tcase, nodes_of_one_name_in_two_clusters_have_two_slots);
    tcase_add_test(tcase, the_longest_name_is_found_again);
    tcase_add_test(tcase, a_removed_nodes_slot_is_kept_while_a_child_that_knows_it_lives);
    tcase_add_test(tcase, a_removed_nodes_slot_is_not_reused_by_the_restart_that_removes_it);
    tcase_add_test(tcase, a_reused_slot_has_nothing_of_its_last_node);
    tcase_add_test(tcase, cluster_slots_are_found_and_reused_as_those_of_nodes);
    suite_add_tcase(suite, tcase);
    return suite;
}
