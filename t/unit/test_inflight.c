/* SPDX-License-Identifier: Apache-2.0
 * test_inflight.c: the in-flight books of segment.h, which come right again whatever kills a
 * child. */
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lb/segment.h"
#include "t/unit/kit.h"
#include "t/unit/suites.h"

#define THREADS 4
#define REQUESTS 20000          /* by each thread */
#define KILLED_CHILDREN 30
#define PROOFS 3                /* repairs until a wrong total is believed to be wrong */

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

static cfc_node_slot_t *node(const char *name)
{
    return cfc_segment_node(segment, "confluence", name);
}

static int inflight(const cfc_node_slot_t *slot)
{
    return atomic_load(&slot->traffic.inflight);
}

static bool exists(int64_t pid)
{
    return kill((pid_t)pid, 0) == 0;
}

static bool immortal(int64_t pid)
{
    return pid != 0;
}

static bool not_pid_1(int64_t pid)
{
    return pid != 1;
}

static int repair(int times)
{
    int struck = 0;

    while (times-- > 0) {
        struck += cfc_segment_repair(segment, exists);
    }
    return struck;
}

START_TEST(requests_are_counted_in_and_out)
{
    cfc_node_slot_t *slot = node("node1");
    int child;

    cfc_segment_child_enter(segment, 1, 1);     /* the first one's place says little: it is 0 */
    child = cfc_segment_child_enter(segment, getpid(), 1);
    cfc_slot_begin(slot, child);
    cfc_slot_begin(slot, child);
    cfc_slot_begin(slot, -1);
    ck_assert_int_eq(inflight(slot), 3);
    ck_assert_uint_eq(atomic_load(cfc_book_entry(&slot->busy, child)), 2);
    cfc_slot_end(slot, child);
    cfc_slot_end(slot, -1);
    ck_assert_int_eq(inflight(slot), 1);
    ck_assert_uint_eq(atomic_load(cfc_book_entry(&slot->busy, child)), 1);
    cfc_slot_end(slot, child);
    ck_assert_int_eq(inflight(slot), 0);
    ck_assert_uint_eq(atomic_load(cfc_book_entry(&slot->busy, child)), 0);
}
END_TEST

static void at_once(cfc_node_slot_t *slot, int child)
{
    (void)slot;
    (void)child;
}

static void after_requests(cfc_node_slot_t *slot, int child)
{
    cfc_slot_begin(slot, child);
    cfc_slot_end(slot, child);
}

static void with_requests_in_flight(cfc_node_slot_t *slot, int child)
{
    cfc_slot_begin(slot, child);
    cfc_slot_begin(slot, child);
    cfc_slot_begin(slot, child);
}

static void between_the_counts_of_a_begin(cfc_node_slot_t *slot, int child)
{
    with_requests_in_flight(slot, child);
    atomic_fetch_add(&slot->traffic.inflight, 1);
}

static void between_the_counts_of_an_end(cfc_node_slot_t *slot, int child)
{
    with_requests_in_flight(slot, child);
    atomic_fetch_sub(cfc_book_entry(&slot->busy, child), 1);
}

static const struct {
    const char *label;
    void (*work)(cfc_node_slot_t *slot, int child);
} deaths[] = {
    {"at once",                       at_once},
    {"after requests",                after_requests},
    {"with requests in flight",       with_requests_in_flight},
    {"between the counts of a begin", between_the_counts_of_a_begin},
    {"between the counts of an end",  between_the_counts_of_an_end},
};

static pid_t start_child(void (*work)(cfc_node_slot_t *, int), cfc_node_slot_t *slot)
{
    pid_t pid = fork();

    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        work(slot, cfc_segment_child_enter(segment, getpid(), 1));
        _exit(0);
    }
    ck_assert_int_gt(pid, 0);
    return pid;
}

START_TEST(a_dead_childs_requests_are_taken_out_and_nobody_elses)
{
    cfc_node_slot_t *slot = node("node1"), *other = node("node2");
    int me = cfc_segment_child_enter(segment, getpid(), 1);
    pid_t child;

    cfc_slot_begin(slot, me);
    cfc_slot_begin(other, me);
    cfc_slot_begin(other, me);
    child = start_child(deaths[_i].work, slot);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    ck_assert_msg(repair(PROOFS) == 1, "%s", deaths[_i].label);
    ck_assert_msg(inflight(slot) == 1, "%s: %d left at its node", deaths[_i].label,
                  inflight(slot));
    ck_assert_msg(inflight(other) == 2, "%s: %d left at the other node", deaths[_i].label,
                  inflight(other));
    cfc_slot_end(slot, me);
    cfc_slot_end(other, me);
    cfc_slot_end(other, me);
    repair(PROOFS);
    ck_assert_int_eq(inflight(slot), 0);
    ck_assert_int_eq(inflight(other), 0);
}
END_TEST

static void with_tunnels(cfc_node_slot_t *slot, int child)
{
    with_requests_in_flight(slot, child);
    for (int i = 0; i < 2; i++) {
        cfc_slot_tunnel_begin(slot, child);
        cfc_slot_end(slot, child);
    }
}

START_TEST(tunnels_are_counted_apart_and_a_dead_childs_are_taken_out)
{
    cfc_node_slot_t *slot = node("node1");
    int me = cfc_segment_child_enter(segment, getpid(), 1);
    pid_t child;

    ck_assert_uint_eq(cfc_slot_tunnel_begin(slot, me), 1);
    child = start_child(with_tunnels, slot);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    ck_assert_int_eq(inflight(slot), 1);
    ck_assert_int_eq(atomic_load(&slot->traffic.tunnels), 3);
    repair(PROOFS);
    ck_assert_int_eq(inflight(slot), 0);
    ck_assert_int_eq(atomic_load(&slot->traffic.tunnels), 1);
    ck_assert_uint_eq(cfc_slot_tunnel_begin(slot, -1), 4);
    cfc_slot_tunnel_end(slot, -1);
    cfc_slot_tunnel_end(slot, me);
    ck_assert_int_eq(atomic_load(&slot->traffic.tunnels), 0);
    repair(PROOFS);
    ck_assert_int_eq(atomic_load(&slot->traffic.tunnels), 0);
}
END_TEST

static void serve_for_ever(cfc_node_slot_t *slot, int child)
{
    for (;;) {
        cfc_slot_begin(slot, child);
        cfc_slot_begin(slot + 1, child);
        cfc_slot_end(slot, child);
        cfc_slot_begin(slot, child);
        cfc_slot_end(slot + 1, child);
        cfc_slot_end(slot, child);
        atomic_fetch_add(&slot->traffic.attempts, 1);
    }
}

START_TEST(totals_come_right_after_children_killed_at_any_moment)
{
    cfc_node_slot_t *slot = node("node1"), *next = node("node2");
    int me = cfc_segment_child_enter(segment, getpid(), 1);

    ck_assert_ptr_eq(next, slot + 1);
    cfc_slot_begin(slot, me);
    for (int i = 0; i < KILLED_CHILDREN; i++) {
        uint64_t attempts = atomic_load(&slot->traffic.attempts);
        pid_t child = start_child(serve_for_ever, slot);

        while (atomic_load(&slot->traffic.attempts) < attempts + 10) {
            usleep(100);
        }
        kill(child, SIGKILL);
        ck_assert_int_eq(waitpid(child, NULL, 0), child);
        ck_assert_int_eq(repair(PROOFS), 1);
        ck_assert_int_eq(inflight(slot), 1);
        ck_assert_int_eq(inflight(next), 0);
    }
}
END_TEST

START_TEST(a_total_is_only_mended_when_wrong_by_the_same_three_times_running)
{
    cfc_node_slot_t *slot = node("node1");
    int child = cfc_segment_child_enter(segment, getpid(), 1);

    atomic_store(&slot->traffic.inflight, 2);
    repair(PROOFS - 1);
    ck_assert_int_eq(inflight(slot), 2);
    atomic_store(&slot->traffic.inflight, 1);   /* wrong by another number: proofs begin anew */
    repair(PROOFS - 1);
    ck_assert_int_eq(inflight(slot), 1);
    atomic_fetch_add(cfc_book_entry(&slot->busy, child), 1);    /* right after all: a slow begin */
    repair(1);
    atomic_fetch_sub(cfc_book_entry(&slot->busy, child), 1);
    repair(PROOFS - 1);
    ck_assert_int_eq(inflight(slot), 1);
    repair(1);
    ck_assert_int_eq(inflight(slot), 0);
}
END_TEST

START_TEST(requests_that_end_after_their_child_left_do_not_stay_in_the_books)
{
    cfc_node_slot_t *slot = node("node1");
    int child = cfc_segment_child_enter(segment, 100, 1);

    cfc_slot_begin(slot, child);
    cfc_slot_begin(slot, child);
    cfc_segment_child_leave(segment, child);
    cfc_slot_end(slot, child);                  /* a thread that httpd did not wait for */
    cfc_segment_repair(segment, immortal);
    cfc_segment_repair(segment, immortal);
    cfc_segment_repair(segment, immortal);
    ck_assert_int_eq(inflight(slot), 0);
    ck_assert_int_eq(cfc_segment_child_enter(segment, 101, 2), child);
    ck_assert_uint_eq(atomic_load(cfc_book_entry(&slot->busy, child)), 0);
}
END_TEST

START_TEST(a_child_without_a_place_is_counted_in_the_totals_only)
{
    cfc_node_slot_t *slot = node("node1");

    for (int i = 0; i < CFC_CHILDREN_MAX; i++) {
        ck_assert_int_eq(cfc_segment_child_enter(segment, 1000 + i, 1), i);
    }
    ck_assert_int_eq(cfc_segment_child_enter(segment, 1, 1), -1);
    cfc_slot_begin(slot, -1);
    for (int i = 0; i < 2 * PROOFS; i++) {
        ck_assert_int_eq(cfc_segment_repair(segment, immortal), 0);
    }
    ck_assert_int_eq(inflight(slot), 1);
    cfc_segment_child_leave(segment, -1);
    for (int i = 0; i < 2 * PROOFS; i++) {
        ck_assert_int_eq(cfc_segment_repair(segment, immortal), 0);
    }
    ck_assert_msg(inflight(slot) == 1, "repaired before its process had ended");
    for (int i = 0; i < PROOFS; i++) {
        cfc_segment_repair(segment, not_pid_1);     /* killed, or ended */
    }
    ck_assert_msg(inflight(slot) == 0, "repairs did not begin again after it had ended");
}
END_TEST

START_TEST(a_new_child_strikes_out_a_dead_one_that_had_its_pid)
{
    cfc_node_slot_t *slot = node("node1");
    cfc_cluster_slot_t *cluster = cfc_segment_cluster(segment, "confluence");
    int first = cfc_segment_child_enter(segment, 100, 1), dead, reborn;

    dead = cfc_segment_child_enter(segment, 200, 1);
    cfc_slot_begin(slot, dead);
    cfc_queue_join(&cluster->queue, 1, &(cfc_places_t){{1}}, 200);
    cfc_segment_child_leave(segment, first);
    reborn = cfc_segment_child_enter(segment, 200, 2);
    ck_assert_int_eq(reborn, first);
    ck_assert_int_eq(atomic_load(&segment->children[dead].pid), 0);
    ck_assert_uint_eq(atomic_load(&cluster->queue.length), 0);
    cfc_slot_begin(slot, reborn);
    for (int i = 0; i < PROOFS; i++) {
        ck_assert_int_eq(cfc_segment_repair(segment, immortal), 0);
    }
    ck_assert_int_eq(inflight(slot), 1);
}
END_TEST

START_TEST(a_place_given_back_is_taken_again)
{
    for (int i = 0; i < CFC_CHILDREN_MAX; i++) {
        cfc_segment_child_enter(segment, 1000 + i, 1);
    }
    cfc_segment_child_leave(segment, 77);
    ck_assert_int_eq(cfc_segment_child_enter(segment, 5000, 2), 77);
    ck_assert_int_eq(cfc_segment_child_enter(segment, 5001, 2), -1);
}
END_TEST

typedef struct {
    pthread_t thread;
    pthread_barrier_t *start;
    _Atomic int served;         /* of REQUESTS */
    cfc_node_slot_t *slot;
    int64_t pid;
    int child;
} worker_t;

static void *enter_and_serve(void *data)
{
    worker_t *worker = data;

    pthread_barrier_wait(worker->start);
    worker->child = cfc_segment_child_enter(segment, worker->pid, 1);
    for (int i = 0; i < REQUESTS; i++) {
        cfc_slot_begin(worker->slot, worker->child);
        cfc_slot_end(worker->slot, worker->child);
        atomic_fetch_add(&worker->served, 1);
    }
    return NULL;
}

/* Wait until each has served one more: whoever is kept from the CPU between two counts for three
 * looks would be taken for dead. @return whether one is at work still */
static bool all_went_on(worker_t *workers)
{
    bool working = false;

    for (int i = 0; i < THREADS; i++) {
        int before = atomic_load(&workers[i].served), now;

        while ((now = atomic_load(&workers[i].served)) == before && now < REQUESTS) {
            usleep(100);
        }
        working = working || now < REQUESTS;
    }
    return working;
}

START_TEST(children_that_enter_and_serve_at_the_same_time_keep_apart)
{
    cfc_node_slot_t *slot = node("node1");
    worker_t workers[THREADS];
    pthread_barrier_t start;
    unsigned places = 0;

    pthread_barrier_init(&start, NULL, THREADS);
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (worker_t){.start = &start, .slot = slot, .pid = 1000 + i};
        ck_assert_int_eq(pthread_create(&workers[i].thread, NULL, enter_and_serve, &workers[i]), 0);
    }
    while (all_went_on(workers)) {
        ck_assert_int_eq(cfc_segment_repair(segment, immortal), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(workers[i].thread, NULL);
        places |= 1u << workers[i].child;
        ck_assert_int_eq(atomic_load(&segment->children[workers[i].child].pid), 1000 + i);
    }
    pthread_barrier_destroy(&start);
    ck_assert_uint_eq(places, (1u << THREADS) - 1);
    ck_assert_int_eq(inflight(slot), 0);
}
END_TEST

START_TEST(each_child_has_a_word_of_its_own_in_the_books)
{
    cfc_node_slot_t *slot = node("node1");

    for (int child = 0; child < CFC_CHILDREN_MAX; child++) {
        ck_assert_uint_eq(atomic_fetch_add(cfc_book_entry(&slot->busy, child), 1), 0);
    }
    for (int i = 0; i < CFC_CHILDREN_MAX; i++) {
        ck_assert_uint_eq(atomic_load(&slot->busy.children[i]), 1);
    }
}
END_TEST

Suite *cfc_inflight_suite(void)
{
    Suite *suite = suite_create("lb/inflight");
    TCase *tcase = tcase_create("inflight");

    tcase_set_timeout(tcase, 30);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, requests_are_counted_in_and_out);
    tcase_add_loop_test(tcase, a_dead_childs_requests_are_taken_out_and_nobody_elses, 0,
                        CFC_ROWS(deaths));
    tcase_add_test(tcase, tunnels_are_counted_apart_and_a_dead_childs_are_taken_out);
    tcase_add_test(tcase, totals_come_right_after_children_killed_at_any_moment);
    tcase_add_test(tcase, a_total_is_only_mended_when_wrong_by_the_same_three_times_running);
    tcase_add_test(tcase, requests_that_end_after_their_child_left_do_not_stay_in_the_books);
    tcase_add_test(tcase, each_child_has_a_word_of_its_own_in_the_books);
    tcase_add_test(tcase, a_child_without_a_place_is_counted_in_the_totals_only);
    tcase_add_test(tcase, a_new_child_strikes_out_a_dead_one_that_had_its_pid);
    tcase_add_test(tcase, a_place_given_back_is_taken_again);
    tcase_add_test(tcase, children_that_enter_and_serve_at_the_same_time_keep_apart);
    suite_add_tcase(suite, tcase);
    return suite;
}
