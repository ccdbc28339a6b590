/* SPDX-License-Identifier: Apache-2.0
 * test_waiting.c: who is freed from a node that hangs, who is not, and that nobody's socket is
 * ever shut down for somebody else's request. */
#include <check.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kit.h"
#include "lb/waiting.h"
#include "suites.h"

static cfc_kit_t kit;
static cfc_node_slot_t *slot;
static int pair[2];

static void setup(void)
{
    kit = cfc_kit_open("node1 node2");
    slot = cfc_cluster_nodes(kit.cl)[0]->slot;
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
}

static void teardown(void)
{
    close(pair[0]);
    close(pair[1]);
    cfc_kit_close(&kit);
}

static void turn_down(apr_time_t at)
{
    atomic_store(&slot->health_at, at);
    cfc_slot_health_set(slot, CFC_HEALTH_DOWN, CFC_CAUSE_SOFT);
}

/* A socket that was shut down is at its end; one that was not has nothing to read. */
static bool is_shut(void)
{
    char byte;

    return recv(pair[0], &byte, 1, MSG_DONTWAIT) == 0;
}

START_TEST(a_request_that_waits_on_a_node_that_turns_down_is_freed)
{
    cfc_waiting_t *waiting = cfc_waiting_begin(slot, 1000);

    cfc_waiting_watch(waiting, pair[0], &pair);
    turn_down(1001);
    ck_assert_int_eq(cfc_waiting_release(), 1);
    ck_assert(is_shut());
    ck_assert_int_eq(cfc_waiting_release(), 0);
    ck_assert(cfc_waiting_end(waiting));
}
END_TEST

static bool as_told(const void *answer)
{
    return *(const bool *)answer;
}

START_TEST(one_that_has_nowhere_to_go_waits_on_until_it_has)
{
    cfc_waiting_t *waiting = cfc_waiting_begin(slot, 1000);
    bool elsewhere = false;

    cfc_waiting_ask(waiting, as_told, &elsewhere);
    cfc_waiting_watch(waiting, pair[0], &pair);
    turn_down(1001);
    ck_assert_int_eq(cfc_waiting_release(), 0);
    ck_assert(!is_shut());
    elsewhere = true;
    ck_assert_int_eq(cfc_waiting_release(), 1);
    ck_assert(is_shut());
    cfc_waiting_end(waiting);
}
END_TEST

START_TEST(one_that_began_after_the_verdict_is_left_alone)
{
    cfc_waiting_t *waiting = cfc_waiting_begin(slot, 2000);

    cfc_waiting_watch(waiting, pair[0], &pair);
    turn_down(1001);
    ck_assert_int_eq(cfc_waiting_release(), 0);
    ck_assert(!is_shut());
    cfc_waiting_end(waiting);
}
END_TEST

START_TEST(one_that_was_answered_is_left_alone)
{
    cfc_waiting_t *waiting = cfc_waiting_begin(slot, 1000);

    cfc_waiting_watch(waiting, pair[0], &pair);
    cfc_waiting_answered(waiting);
    turn_down(1001);
    ck_assert_int_eq(cfc_waiting_release(), 0);
    ck_assert(!is_shut());
    cfc_waiting_end(waiting);
}
END_TEST

START_TEST(one_that_has_not_sent_anything_is_left_alone)
{
    cfc_waiting_t *waiting = cfc_waiting_begin(slot, 1000);

    turn_down(1001);
    ck_assert_int_eq(cfc_waiting_release(), 0);
    cfc_waiting_end(waiting);
}
END_TEST

START_TEST(a_closed_connection_is_forgotten_before_its_number_is_used_again)
{
    cfc_waiting_t *waiting = cfc_waiting_begin(slot, 1000);

    cfc_waiting_watch(waiting, pair[0], &pair);
    cfc_waiting_forget(waiting, &pair);
    turn_down(1001);
    ck_assert_int_eq(cfc_waiting_release(), 0);
    ck_assert(!is_shut());
    ck_assert(!cfc_waiting_end(waiting));
}
END_TEST

START_TEST(an_answer_whose_connection_is_closed_was_not_ended_from_here)
{
    cfc_waiting_t *waiting = cfc_waiting_begin(slot, 1000);

    cfc_waiting_watch(waiting, pair[0], &pair);
    cfc_waiting_answered(waiting);
    cfc_waiting_forget(waiting, &pair);
    ck_assert(!cfc_waiting_end(waiting));
    ck_assert(!cfc_waiting_end(NULL));
}
END_TEST

START_TEST(another_connections_end_does_not_stop_a_release)
{
    cfc_waiting_t *waiting = cfc_waiting_begin(slot, 1000);

    cfc_waiting_watch(waiting, pair[0], &pair);
    cfc_waiting_forget(waiting, &slot);
    turn_down(1001);
    ck_assert_int_eq(cfc_waiting_release(), 1);
    cfc_waiting_end(waiting);
}
END_TEST

START_TEST(a_healthy_nodes_requests_wait_on)
{
    cfc_waiting_t *waiting = cfc_waiting_begin(slot, 1000);

    cfc_waiting_watch(waiting, pair[0], &pair);
    atomic_store(&slot->health_at, 1001);
    cfc_slot_health_set(slot, CFC_HEALTH_FAILING, CFC_CAUSE_SOFT);
    ck_assert_int_eq(cfc_waiting_release(), 0);
    cfc_waiting_end(waiting);
}
END_TEST

START_TEST(a_record_is_used_again_when_its_attempt_is_over)
{
    cfc_waiting_t *first = cfc_waiting_begin(slot, 1000);
    cfc_waiting_t *second = cfc_waiting_begin(slot, 1000);

    ck_assert_ptr_ne(first, second);
    cfc_waiting_end(second);
    ck_assert_ptr_eq(cfc_waiting_begin(slot, 2000), second);
    cfc_waiting_end(first);
    cfc_waiting_end(second);
}
END_TEST

START_TEST(when_the_child_ends_nobody_waits_any_more)
{
    cfc_waiting_t *waiting = cfc_waiting_begin(slot, 1000);
    cfc_waiting_t *answered = cfc_waiting_begin(slot, 1000);
    cfc_waiting_t *closed = cfc_waiting_begin(slot, 1000);
    cfc_waiting_t *later = cfc_waiting_begin(slot, 1000);
    int other[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, other), 0);
    cfc_waiting_watch(waiting, other[0], &other);
    cfc_waiting_watch(answered, other[0], &other);
    cfc_waiting_answered(answered);
    cfc_waiting_watch(closed, pair[0], &pair);
    cfc_waiting_answered(closed);
    cfc_waiting_forget(closed, &pair);
    ck_assert_int_eq(cfc_waiting_end_all(), 2);
    ck_assert(!is_shut());
    cfc_waiting_watch(later, pair[0], &pair);
    ck_assert(is_shut());
    close(other[0]);
    close(other[1]);
}
END_TEST

/* Threads whose attempts by turns began before the verdict, and wait until they are freed; or
 * began after it, and must never be: their sockets work to the end. */
#define ROUNDS 2000
#define THREADS 4

static _Atomic int broken;
static _Atomic int at_work;

static bool freed(void)
{
    int own[2];
    char byte;
    bool ok = socketpair(AF_UNIX, SOCK_STREAM, 0, own) == 0;
    cfc_waiting_t *waiting = cfc_waiting_begin(slot, 1000);

    cfc_waiting_watch(waiting, own[0], own);
    ok = ok && recv(own[1], &byte, 1, 0) == 0;      /* until the other end is shut down */
    cfc_waiting_forget(waiting, own);
    close(own[0]);
    close(own[1]);
    cfc_waiting_end(waiting);
    return ok;
}

static bool left_alone(const int own[2])
{
    char byte = 'x';
    cfc_waiting_t *waiting = cfc_waiting_begin(slot, 3000);
    bool ok;

    cfc_waiting_watch(waiting, own[0], own);
    ok = send(own[0], &byte, 1, MSG_NOSIGNAL) == 1 && recv(own[1], &byte, 1, 0) == 1;
    cfc_waiting_answered(waiting);
    cfc_waiting_end(waiting);
    return ok;
}

static void *attempts(void *unused)
{
    int own[2];

    (void)unused;
    broken += socketpair(AF_UNIX, SOCK_STREAM, 0, own) != 0;
    for (int i = 0; i < ROUNDS && broken == 0; i++) {
        broken += !freed();
        broken += !left_alone(own);
    }
    close(own[0]);
    close(own[1]);
    at_work--;
    return NULL;
}

START_TEST(each_is_freed_and_no_socket_is_shut_down_for_somebody_elses_request)
{
    pthread_t threads[THREADS];
    int count = 0;

    turn_down(2000);
    at_work = THREADS;
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, attempts, NULL), 0);
    }
    while (at_work > 0) {
        count += cfc_waiting_release();
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    ck_assert_int_eq(broken, 0);
    ck_assert_int_eq(count, THREADS * ROUNDS);
}
END_TEST

Suite *cfc_waiting_suite(void)
{
    Suite *suite = suite_create("waiting");
    TCase *tcase = tcase_create("waiting");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, a_request_that_waits_on_a_node_that_turns_down_is_freed);
    tcase_add_test(tcase, one_that_has_nowhere_to_go_waits_on_until_it_has);
    tcase_add_test(tcase, one_that_began_after_the_verdict_is_left_alone);
    tcase_add_test(tcase, one_that_was_answered_is_left_alone);
    tcase_add_test(tcase, one_that_has_not_sent_anything_is_left_alone);
    tcase_add_test(tcase, a_closed_connection_is_forgotten_before_its_number_is_used_again);
    tcase_add_test(tcase, an_answer_whose_connection_is_closed_was_not_ended_from_here);
    tcase_add_test(tcase, another_connections_end_does_not_stop_a_release);
    tcase_add_test(tcase, a_healthy_nodes_requests_wait_on);
    tcase_add_test(tcase, a_record_is_used_again_when_its_attempt_is_over);
    tcase_add_test(tcase, each_is_freed_and_no_socket_is_shut_down_for_somebody_elses_request);
    tcase_add_test(tcase, when_the_child_ends_nobody_waits_any_more);    /* the last: it is for good */
    suite_add_tcase(suite, tcase);
    return suite;
}
