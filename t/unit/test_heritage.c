/* SPDX-License-Identifier: Apache-2.0
 * test_heritage.c: what a new version takes over from the segment of another one. */
#include "lb/heritage.h"

#include <stdio.h>
#include <string.h>

#include "lb/segment.h"
#include "t/unit/kit.h"
#include "t/unit/suites.h"

static cfc_segment_t *segment;

static void set_up(void)
{
    segment = cfc_kit_segment();
}

static void tear_down(void)
{
    cfc_kit_segment_free(segment);
}

/* --- from the same layout --- */

START_TEST(what_is_known_of_a_node_is_taken_over_and_what_goes_on_there_is_not)
{
    cfc_segment_t *old = cfc_kit_segment();
    cfc_node_slot_t *was = cfc_segment_node(old, "confluence", "node1"), *is;
    const cfc_note_t note = {.since = 7, .who = "anna", .text = "upgrade"};
    cfc_note_t got;
    cfc_cause_t cause;

    atomic_store(&was->admin, CFC_ADMIN_DRAIN);
    atomic_store(&was->admin_configured, 1);
    cfc_record_write(&was->admin_note, &note, sizeof(note));
    cfc_slot_health_set(was, CFC_HEALTH_DOWN, CFC_CAUSE_SOFT);
    atomic_store(&was->health_at, 9);
    atomic_store(&was->risen_at, 10);
    atomic_store(&was->identity, 13);
    atomic_store(&was->eject.until, 11);
    atomic_store(&was->traffic.by_class[2], 200);
    cfc_sessions_mark(&was->sessions, 5, 1, 1800000);
    cfc_slot_begin(was, 0);
    atomic_store(&was->probe_wanted, 1);

    ck_assert_int_eq(cfc_heritage_take(segment, old), 1);
    is = cfc_segment_node(segment, "confluence", "node1");
    ck_assert_uint_eq(atomic_load(&is->admin), CFC_ADMIN_DRAIN);
    ck_assert_uint_eq(atomic_load(&is->admin_configured), 1);
    ck_assert(cfc_record_read(&is->admin_note, &got, sizeof(got)));
    ck_assert_mem_eq(&got, &note, sizeof(note));
    ck_assert_int_eq(cfc_slot_health(is, &cause), CFC_HEALTH_DOWN);
    ck_assert_int_eq(cause, CFC_CAUSE_SOFT);
    ck_assert_int_eq(atomic_load(&is->health_at), 9);
    ck_assert_int_eq(atomic_load(&is->risen_at), 10);
    ck_assert_uint_eq(atomic_load(&is->identity), 13);
    ck_assert_int_eq(atomic_load(&is->eject.until), 11);
    ck_assert_uint_eq(atomic_load(&is->traffic.by_class[2]), 200);
    ck_assert_mem_eq(&is->sessions, &was->sessions, sizeof(is->sessions));
    ck_assert_int_eq(atomic_load(&is->traffic.inflight), 0);
    ck_assert_uint_eq(atomic_load(cfc_book_entry(&is->busy, 0)), 0);
    ck_assert_uint_eq(atomic_load(&is->probe_wanted), 0);
    cfc_kit_segment_free(old);
}
END_TEST

START_TEST(what_is_known_of_clusters_and_of_everything_is_taken_over)
{
    cfc_segment_t *old = cfc_kit_segment();
    cfc_cluster_slot_t *was = cfc_segment_cluster(old, "confluence"), *is;

    atomic_store(&was->maintenance, 1);
    atomic_store(&was->settled, 1);
    atomic_store(&was->refused, 5);
    atomic_store(&was->parts_closed, 2);
    atomic_store(&was->parts[1].state, CFC_CLUSTER_CLOSED);
    atomic_store(&was->walk.until, 7);
    cfc_queue_join(&was->queue, 1, &(cfc_places_t){{1}}, 1);
    atomic_store(&old->changes, 42);
    old->sessions_from = 12345;
    memset(old->secret, 'x', sizeof(old->secret));
    cfc_segment_next_generation(old);

    ck_assert_int_eq(cfc_heritage_take(segment, old), 0);   /* nodes */
    is = cfc_segment_cluster(segment, "confluence");
    ck_assert(cfc_slot_closed(is));
    ck_assert_uint_eq(atomic_load(&is->settled), 1);
    ck_assert_uint_eq(atomic_load(&is->refused), 5);
    ck_assert_uint_eq(atomic_load(&is->parts_closed), 2);
    ck_assert_uint_eq(atomic_load(&is->parts[1].state), CFC_CLUSTER_CLOSED);
    ck_assert_int_eq(atomic_load(&is->walk.until), 7);
    ck_assert_uint_eq(atomic_load(&is->queue.length), 0);
    ck_assert_uint_eq(atomic_load(&segment->changes), 42);
    ck_assert_int_eq(segment->sessions_from, 12345);
    ck_assert_mem_eq(segment->secret, old->secret, sizeof(old->secret));
    cfc_kit_segment_free(old);
}
END_TEST

/* --- from another one --- */

#define OTHER_NODES (CFC_NODES_MAX + 2)

/* As another version could have it: other places, other sizes, a field that nobody here knows. */
typedef struct {
    uint64_t magic, layout;
    cfc_heritage_t heritage;
    struct {
        uint64_t new_here;
        uint32_t standing;
        uint16_t admin;                 /* 4 bytes here */
        char cluster[CFC_NAME_MAX], name[CFC_NAME_MAX];
        uint64_t attempts;
    } nodes[OTHER_NODES];
} other_t;

static other_t other;

#define OTHER(key, member) \
    {key, CFC_IN_NODE, (uint32_t)(offsetof(other_t, nodes[0].member) - offsetof(other_t, nodes)), \
     sizeof(other.nodes[0].member)}

static void make_other(int nodes)
{
    static const cfc_heritage_field_t fields[] = {
        OTHER("new here", new_here), OTHER("name", name),     OTHER("cluster", cluster),
        OTHER("attempts", attempts), OTHER("standing", standing), OTHER("admin", admin),
    };

    memset(&other, 0, sizeof(other));
    other.magic = CFC_HERITAGE_MAGIC;
    other.heritage.fields = CFC_ROWS(fields);
    memcpy(other.heritage.field, fields, sizeof(fields));
    other.heritage.array[CFC_IN_SEGMENT].bytes = sizeof(other);
    other.heritage.array[CFC_IN_SEGMENT].count = 1;
    other.heritage.array[CFC_IN_NODE].offset = offsetof(other_t, nodes);
    other.heritage.array[CFC_IN_NODE].bytes = sizeof(other.nodes[0]);
    other.heritage.array[CFC_IN_NODE].count = OTHER_NODES;
    for (int i = 0; i < nodes; i++) {
        snprintf(other.nodes[i].cluster, CFC_NAME_MAX, "confluence");
        snprintf(other.nodes[i].name, CFC_NAME_MAX, "n%d", i);
        other.nodes[i].new_here = UINT64_MAX;
        other.nodes[i].standing = CFC_HEALTH_UP;
        other.nodes[i].admin = CFC_ADMIN_STOP;
        other.nodes[i].attempts = 100 + (uint64_t)i;
    }
}

START_TEST(what_both_versions_know_is_taken_over_from_another_layout)
{
    make_other(3);
    ck_assert_int_eq(cfc_heritage_take(segment, &other), 3);
    for (int i = 0; i < 3; i++) {
        cfc_node_slot_t *slot = cfc_segment_node(segment, "confluence", other.nodes[i].name);
        cfc_cause_t cause;

        ck_assert_int_eq(cfc_slot_health(slot, &cause), CFC_HEALTH_UP);
        ck_assert_uint_eq(atomic_load(&slot->traffic.attempts), 100 + (uint64_t)i);
        ck_assert_uint_eq(atomic_load(&slot->admin), 0);    /* of another size */
        ck_assert_uint_eq(atomic_load(&slot->turns), 0);    /* unknown there */
    }
}
END_TEST

START_TEST(more_nodes_than_there_are_slots_are_taken_over_as_far_as_they_go)
{
    make_other(OTHER_NODES);
    ck_assert_int_eq(cfc_heritage_take(segment, &other), CFC_NODES_MAX);
}
END_TEST

static void other_magic(void) { other.magic++; }
static void too_many_fields(void) { other.heritage.fields = CFC_HERITAGE_FIELDS_MAX + 1; }
static void unknown_container(void) { other.heritage.field[0].in = CFC_IN_COUNT; }
static void field_outside(void) { other.heritage.field[0].offset = sizeof(other.nodes[0]); }
static void field_far_outside(void) { other.heritage.field[0].offset = UINT32_MAX - 1; }
static void array_outside(void) { other.heritage.array[CFC_IN_NODE].count++; }
static void array_far_outside(void) { other.heritage.array[CFC_IN_NODE].bytes = UINT32_MAX; }
static void no_end_of_name(void) { memset(other.nodes[0].cluster, 'c', CFC_NAME_MAX); }
static void no_names(void) { other.heritage.field[2].key[0] = 'C'; }

static const struct {
    const char *label;
    void (*damage)(void);
} damages[] = {
    {"a table of another form",             other_magic},
    {"more fields than the table holds",    too_many_fields},
    {"a field in nobody knows what",        unknown_container},
    {"a field beyond the end of its slot",  field_outside},
    {"the same, by a sum that overflows",   field_far_outside},
    {"slots beyond the end of the segment", array_outside},
    {"the same, by far",                    array_far_outside},
    {"a name without an end",               no_end_of_name},
    {"slots without names",                 no_names},
};

START_TEST(a_table_that_cannot_be_right_is_not_used)
{
    make_other(1);
    damages[_i].damage();
    ck_assert_msg(cfc_heritage_take(segment, &other) == 0, "%s", damages[_i].label);
    ck_assert_msg(segment->nodes[0].owner.cluster[0] == '\0', "%s", damages[_i].label);
}
END_TEST

Suite *cfc_heritage_suite(void)
{
    Suite *suite = suite_create("lb/heritage");
    TCase *tcase = tcase_create("heritage");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, what_is_known_of_a_node_is_taken_over_and_what_goes_on_there_is_not);
    tcase_add_test(tcase, what_is_known_of_clusters_and_of_everything_is_taken_over);
    tcase_add_test(tcase, what_both_versions_know_is_taken_over_from_another_layout);
    tcase_add_test(tcase, more_nodes_than_there_are_slots_are_taken_over_as_far_as_they_go);
    tcase_add_loop_test(tcase, a_table_that_cannot_be_right_is_not_used, 0, CFC_ROWS(damages));
    suite_add_tcase(suite, tcase);
    return suite;
}
