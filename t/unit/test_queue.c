/* SPDX-License-Identifier: Apache-2.0
 * test_queue.c: first come, first served, and nobody's place is lost. */
#include <check.h>
#include <pthread.h>
#include <stdlib.h>

#include "lb/queue.h"
#include "suites.h"

#define ANY CFC_QUEUE_ANY
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

static cfc_waiter_t *join(int32_t wants)
{
    cfc_waiter_t *waiter = cfc_queue_join(queue, 10, wants, PID);

    ck_assert_ptr_nonnull(waiter);
    return waiter;
}

START_TEST(a_place_goes_to_the_one_that_came_first)
{
    cfc_waiter_t *first = join(ANY), *second = join(ANY);

    ck_assert(cfc_queue_hand_over(queue, 3));
    ck_assert_int_eq(cfc_queue_wait(first, 0), 3);
    ck_assert_int_eq(cfc_queue_wait(second, 0), ANY);
    ck_assert(cfc_queue_hand_over(queue, 4));
    ck_assert_int_eq(cfc_queue_wait(second, 0), 4);
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
    ck_assert_int_eq(cfc_queue_wait(second, 0), ANY);
}
END_TEST

START_TEST(who_waits_for_a_node_gets_no_other)
{
    cfc_waiter_t *sticky = join(1), *any = join(ANY);

    ck_assert(cfc_queue_hand_over(queue, 0));
    ck_assert_int_eq(cfc_queue_wait(any, 0), 0);
    ck_assert(!cfc_queue_hand_over(queue, 0));
    ck_assert(cfc_queue_hand_over(queue, 1));
    ck_assert_int_eq(cfc_queue_wait(sticky, 0), 1);
}
END_TEST

START_TEST(who_gives_way_gets_any_and_keeps_its_ticket)
{
    cfc_waiter_t *sticky = join(1), *any = join(ANY);

    cfc_queue_want(sticky, ANY);
    ck_assert(cfc_queue_hand_over(queue, 0));
    ck_assert_int_eq(cfc_queue_wait(sticky, 0), 0);
    ck_assert_int_eq(cfc_queue_wait(any, 0), ANY);
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

START_TEST(the_depth_is_kept)
{
    cfc_waiter_t *waiter = NULL;

    ck_assert_ptr_null(cfc_queue_join(queue, 0, ANY, PID));
    for (int i = 0; i < 10; i++) {
        waiter = join(ANY);
    }
    ck_assert_ptr_null(cfc_queue_join(queue, 10, ANY, PID));
    cfc_queue_leave(queue, waiter);
    join(ANY);
    ck_assert_int_eq(queue->length, 10);
}
END_TEST

START_TEST(all_records_can_be_used_and_no_more)
{
    for (int i = 0; i < CFC_QUEUE_MAX; i++) {
        ck_assert_ptr_nonnull(cfc_queue_join(queue, CFC_QUEUE_MAX, ANY, PID));
    }
    ck_assert_ptr_null(cfc_queue_join(queue, CFC_QUEUE_MAX + 10, ANY, PID));
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
            cfc_waiter_t *waiter = cfc_queue_join(queue, THREADS, 0, PID);
            bool taken = false;

            while (!taken && cfc_queue_wait(waiter, 1) == ANY) {
                one = 1;
                taken = atomic_compare_exchange_strong(&place_free, &one, 0);
            }
            if (cfc_queue_leave(queue, waiter) != ANY && taken && !cfc_queue_hand_over(queue, 0)) {
                place_free = 1;     /* two places were ours for a moment: impossible with one */
                broken++;
            }
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
    tcase_add_test(tcase, the_depth_is_kept);
    tcase_add_test(tcase, all_records_can_be_used_and_no_more);
    tcase_add_test(tcase, the_dead_leave_the_queue);
    tcase_add_test(tcase, one_place_is_never_anybodys_twice_and_never_lost);
    suite_add_tcase(suite, tcase);
    return suite;
}
