/* SPDX-License-Identifier: Apache-2.0
 * test_queue.c: first come, first served, and nobody's place is lost. */
#include <check.h>
#include <pthread.h>
#include <stdlib.h>

#include "lb/queue.h"
#include "suites.h"

#define NONE CFC_QUEUE_NONE
#define ANY (-1)        /* every node */
#define PID 4711

static cfc_queue_t *queue;

static void setup(void)
{
    queue = calloc(1, sizeof(*queue));
}

static void teardown(void)
{
    free(queue);
}

static cfc_places_t wants(int node)
{
    cfc_places_t wants = {{0}};

    for (int i = 0; i < CFC_QUEUE_NODES; i++) {
        if (node == ANY || node == i) {
            cfc_places_add(&wants, (uint32_t)i);
        }
    }
    return wants;
}

static cfc_waiter_t *join_as(int64_t pid, uint32_t depth, int node)
{
    const cfc_places_t these = wants(node);

    return cfc_queue_join(queue, depth, &these, pid);
}

static cfc_waiter_t *join(int node)
{
    cfc_waiter_t *waiter = join_as(PID, 10, node);

    ck_assert_ptr_nonnull(waiter);
    return waiter;
}

static void want(cfc_waiter_t *waiter, int node)
{
    const cfc_places_t these = wants(node);

    cfc_queue_want(waiter, &these);
}

START_TEST(a_place_goes_to_the_one_that_came_first)
{
    cfc_waiter_t *first = join(ANY), *second = join(ANY);

    ck_assert(cfc_queue_hand_over(queue, 3));
    ck_assert_int_eq(cfc_queue_wait(first, 0), 3);
    ck_assert_int_eq(cfc_queue_wait(second, 0), NONE);
    ck_assert_int_eq(cfc_queue_leave(queue, first), NONE);
    ck_assert(cfc_queue_hand_over(queue, 4));
    ck_assert_int_eq(cfc_queue_wait(second, 0), 4);
    ck_assert_int_eq(cfc_queue_leave(queue, second), NONE);
    ck_assert(!cfc_queue_hand_over(queue, 5));
}
END_TEST

START_TEST(the_first_is_the_first_whatever_record_it_has)
{
    cfc_waiter_t *gone = join(ANY), *first = join(ANY), *second;

    cfc_queue_leave(queue, gone);
    second = join(ANY);     /* in the record of the one that left, before the first one's */
    ck_assert_ptr_eq(second, gone);
    ck_assert(cfc_queue_hand_over(queue, 0));
    ck_assert_int_eq(cfc_queue_wait(first, 0), 0);
    ck_assert_int_eq(cfc_queue_wait(second, 0), NONE);
}
END_TEST

START_TEST(who_waits_for_a_node_gets_no_other)
{
    cfc_waiter_t *sticky = join(1), *any = join(ANY);

    ck_assert(cfc_queue_hand_over(queue, 0));
    ck_assert_int_eq(cfc_queue_wait(any, 0), 0);
    cfc_queue_leave(queue, any);
    ck_assert(!cfc_queue_hand_over(queue, 0));
    ck_assert(cfc_queue_hand_over(queue, 1));
    ck_assert_int_eq(cfc_queue_wait(sticky, 0), 1);
}
END_TEST

START_TEST(who_gives_way_gets_any_and_keeps_its_ticket)
{
    cfc_waiter_t *sticky = join(1), *any = join(ANY);

    want(sticky, ANY);
    ck_assert(cfc_queue_hand_over(queue, 0));
    ck_assert_int_eq(cfc_queue_wait(sticky, 0), 0);
    ck_assert_int_eq(cfc_queue_wait(any, 0), NONE);
}
END_TEST

START_TEST(a_place_granted_at_the_last_moment_is_told_to_the_one_that_leaves)
{
    cfc_waiter_t *waiter = join(ANY);

    ck_assert(cfc_queue_hand_over(queue, 7));
    ck_assert_int_eq(cfc_queue_leave(queue, waiter), 7);
    ck_assert_int_eq(queue->length, 0);
    ck_assert(!cfc_queue_hand_over(queue, 7));
}
END_TEST

START_TEST(who_passes_a_place_on_keeps_its_ticket)
{
    cfc_waiter_t *first = join(ANY), *second = join(ANY);

    ck_assert(cfc_queue_hand_over(queue, 7));
    ck_assert_int_eq(cfc_queue_wait(first, 0), 7);
    want(first, 8);
    ck_assert(cfc_queue_hand_over(queue, 7));
    ck_assert_int_eq(cfc_queue_wait(first, 0), NONE);
    ck_assert_int_eq(cfc_queue_wait(second, 0), 7);
    ck_assert(cfc_queue_hand_over(queue, 8));
    ck_assert_int_eq(cfc_queue_wait(first, 0), 8);
    ck_assert_int_eq(queue->length, 2);
}
END_TEST

START_TEST(every_slot_of_the_segment_can_be_wanted)
{
    for (int node = 0; node < CFC_QUEUE_NODES; node++) {
        cfc_waiter_t *waiter = join(node);

        for (int other = 0; other < CFC_QUEUE_NODES; other++) {
            ck_assert(other == node || !cfc_queue_hand_over(queue, (uint32_t)other));
        }
        ck_assert(cfc_queue_hand_over(queue, (uint32_t)node));
        ck_assert_int_eq(cfc_queue_leave(queue, waiter), node);
    }
}
END_TEST

START_TEST(the_depth_is_kept)
{
    cfc_waiter_t *waiter = NULL;

    ck_assert_ptr_null(join_as(PID, 0, ANY));
    for (int i = 0; i < 10; i++) {
        waiter = join(ANY);
    }
    ck_assert_ptr_null(join_as(PID, 10, ANY));
    cfc_queue_leave(queue, waiter);
    join(ANY);
    ck_assert_int_eq(queue->length, 10);
}
END_TEST

START_TEST(all_records_can_be_used_and_no_more)
{
    for (int i = 0; i < CFC_QUEUE_MAX; i++) {
        ck_assert_ptr_nonnull(join_as(PID, CFC_QUEUE_MAX, ANY));
    }
    ck_assert_ptr_null(join_as(PID, CFC_QUEUE_MAX + 10, ANY));
    ck_assert_int_eq(queue->length, CFC_QUEUE_MAX);
}
END_TEST

static bool nobody_alive(int64_t pid)
{
    (void)pid;
    return false;
}

START_TEST(the_dead_leave_the_queue)
{
    join(ANY);
    join(1);
    cfc_queue_hand_over(queue, 1);
    cfc_queue_repair(queue, nobody_alive);
    ck_assert_int_eq(queue->length, 0);
    ck_assert(!cfc_queue_hand_over(queue, 1));
}
END_TEST

static void killed_before_it_waited(void)
{
    atomic_fetch_add(&queue->length, 1);
}

static void killed_with_a_record(void)
{
    killed_before_it_waited();
    atomic_store(&queue->waiters[3].pid, PID);
}

static void killed_while_it_waited(void)
{
    join(ANY);
}

static void killed_with_a_place(void)
{
    join(ANY);
    cfc_queue_hand_over(queue, 1);
}

static void killed_when_it_left(void)
{
    atomic_store(&join(ANY)->state, 0);
}

static void killed_when_it_had_left(void)
{
    cfc_queue_leave(queue, join(ANY));
    killed_before_it_waited();
}

static const struct {
    const char *label;
    void (*happens)(void);
} deaths[] = {
    {"before it waited",    killed_before_it_waited},
    {"with a record",       killed_with_a_record},
    {"while it waited",     killed_while_it_waited},
    {"with a place",        killed_with_a_place},
    {"when it left",        killed_when_it_left},
    {"when it had left",    killed_when_it_had_left},
};

static bool alive_but_one(int64_t pid)
{
    return pid != PID;
}

START_TEST(a_child_killed_at_any_moment_leaves_nothing_in_the_queue)
{
    cfc_waiter_t *other = join_as(PID + 1, 10, ANY);

    deaths[_i].happens();
    for (int i = 0; i < 3; i++) {
        cfc_queue_repair(queue, alive_but_one);
    }
    ck_assert_msg(queue->length == 1, "%s: length %u", deaths[_i].label, queue->length);
    cfc_queue_leave(queue, other);
    for (int i = 0; i < CFC_QUEUE_MAX; i++) {
        ck_assert_msg(join_as(PID, CFC_QUEUE_MAX, ANY) != NULL, "%s: record %d",
                      deaths[_i].label, i);
    }
}
END_TEST

START_TEST(a_length_that_changes_is_not_repaired)
{
    join(ANY);
    for (int i = 0; i < 10; i++) {
        killed_before_it_waited();      /* each time it is wrong by another number */
        cfc_queue_repair(queue, alive_but_one);
    }
    ck_assert_int_eq(queue->length, 10);
}
END_TEST

/* One place at a node, and threads that take it, hand it over, and count how many have it. */
#define THREADS 6
#define ROUNDS 3000

static _Atomic int place_free, inside, broken;

static void *visitor(void *unused)
{
    (void)unused;
    for (int i = 0; i < ROUNDS; i++) {
        int one = 1;

        if (!atomic_compare_exchange_strong(&place_free, &one, 0)) {
            cfc_waiter_t *waiter = join_as(PID, THREADS, 0);
            bool taken = false;

            while (!taken) {
                one = 1;
                taken = cfc_queue_wait(waiter, 1) != NONE
                        || atomic_compare_exchange_strong(&place_free, &one, 0);
            }
            /* Two places would be ours for a moment: impossible with one. */
            broken += cfc_queue_leave(queue, waiter) != NONE;
        }
        broken += atomic_fetch_add(&inside, 1) != 0;
        inside--;
        if (!cfc_queue_hand_over(queue, 0)) {
            place_free = 1;
        }
    }
    return NULL;
}

START_TEST(one_place_is_never_anybodys_twice_and_never_lost)
{
    pthread_t threads[THREADS];

    place_free = 1;
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, visitor, NULL), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    ck_assert_int_eq(broken, 0);
    ck_assert_int_eq(place_free, 1);
    ck_assert_int_eq(queue->length, 0);
}
END_TEST

Suite *cfc_queue_suite(void)
{
    Suite *suite = suite_create("queue");
    TCase *tcase = tcase_create("queue");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, a_place_goes_to_the_one_that_came_first);
    tcase_add_test(tcase, the_first_is_the_first_whatever_record_it_has);
    tcase_add_test(tcase, who_waits_for_a_node_gets_no_other);
    tcase_add_test(tcase, who_gives_way_gets_any_and_keeps_its_ticket);
    tcase_add_test(tcase, a_place_granted_at_the_last_moment_is_told_to_the_one_that_leaves);
    tcase_add_test(tcase, who_passes_a_place_on_keeps_its_ticket);
    tcase_add_test(tcase, every_slot_of_the_segment_can_be_wanted);
    tcase_add_test(tcase, the_depth_is_kept);
    tcase_add_test(tcase, all_records_can_be_used_and_no_more);
    tcase_add_test(tcase, the_dead_leave_the_queue);
    tcase_add_loop_test(tcase, a_child_killed_at_any_moment_leaves_nothing_in_the_queue, 0,
                        CFC_ROWS(deaths));
    tcase_add_test(tcase, a_length_that_changes_is_not_repaired);
    tcase_add_test(tcase, one_place_is_never_anybodys_twice_and_never_lost);
    suite_add_tcase(suite, tcase);
    return suite;
}
