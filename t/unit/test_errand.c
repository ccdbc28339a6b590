/* SPDX-License-Identifier: Apache-2.0
 * test_errand.c: when work on threads begins and ends, and who cleans up after it. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "health/errand.h"
#include "t/unit/suites.h"

#define TOLD CFC_ERRAND_WHEN_TOLD
#define STUCK_AT (1000 + 300 + CFC_ERRAND_STUCK_MS)     /* of what began at 1000 with 300 ms */

static const struct {
    const char *label;
    cfc_errand_plan_t plan;
    bool ended;
    int64_t now;
    cfc_errand_event_t want;
    cfc_errand_phase_t phase;
} rows[] = {
    {"not due yet", {CFC_ERRAND_HOME, 300, 1001, 0}, true, 1000, CFC_ERRAND_NOTHING,
     CFC_ERRAND_HOME},
    {"due", {CFC_ERRAND_HOME, 300, 1000, 0}, true, 1000, CFC_ERRAND_BEGIN, CFC_ERRAND_OUT},
    {"only when told", {CFC_ERRAND_HOME, 300, TOLD, 0}, true, 1000, CFC_ERRAND_NOTHING,
     CFC_ERRAND_HOME},
    {"out, in time", {CFC_ERRAND_OUT, 300, TOLD, 1000}, false, 1299, CFC_ERRAND_NOTHING,
     CFC_ERRAND_OUT},
    {"back in time", {CFC_ERRAND_OUT, 300, TOLD, 1000}, true, 1299, CFC_ERRAND_BACK,
     CFC_ERRAND_HOME},
    {"back, and seen only after the deadline", {CFC_ERRAND_OUT, 300, TOLD, 1000}, true, 5000,
     CFC_ERRAND_BACK, CFC_ERRAND_HOME},
    {"out at its deadline", {CFC_ERRAND_OUT, 300, TOLD, 1000}, false, 1300, CFC_ERRAND_OVERDUE,
     CFC_ERRAND_LATE},
    {"late", {CFC_ERRAND_LATE, 300, TOLD, 1000}, false, 2000, CFC_ERRAND_NOTHING,
     CFC_ERRAND_LATE},
    {"late and not due again yet", {CFC_ERRAND_LATE, 300, 2001, 1000}, false, 2000,
     CFC_ERRAND_NOTHING, CFC_ERRAND_LATE},
    {"late and due again", {CFC_ERRAND_LATE, 300, 2000, 1000}, false, 2000, CFC_ERRAND_OVERDUE,
     CFC_ERRAND_LATE},
    {"back too late", {CFC_ERRAND_LATE, 300, TOLD, 1000}, true, 2000, CFC_ERRAND_NOTHING,
     CFC_ERRAND_HOME},
    {"late for nearly five minutes", {CFC_ERRAND_LATE, 300, TOLD, 1000}, false, STUCK_AT - 1,
     CFC_ERRAND_NOTHING, CFC_ERRAND_LATE},
    {"late for five minutes", {CFC_ERRAND_LATE, 300, TOLD, 1000}, false, STUCK_AT, CFC_ERRAND_STUCK,
     CFC_ERRAND_LATE},
    {"late for an hour", {CFC_ERRAND_LATE, 300, TOLD, 1000}, false, 3600000, CFC_ERRAND_STUCK,
     CFC_ERRAND_LATE},
    {"back after that", {CFC_ERRAND_LATE, 300, TOLD, 1000}, true, 3600000, CFC_ERRAND_NOTHING,
     CFC_ERRAND_HOME},
};

START_TEST(an_errand_goes_by_the_table)
{
    cfc_errand_plan_t plan = rows[_i].plan;
    cfc_errand_event_t got = cfc_errand_plan(&plan, rows[_i].ended, rows[_i].now);

    ck_assert_msg(got == rows[_i].want, "%s: got event %d", rows[_i].label, got);
    ck_assert_msg(plan.phase == rows[_i].phase, "%s: got phase %d", rows[_i].label, plan.phase);
    if (got == CFC_ERRAND_BEGIN) {
        ck_assert_int_eq(plan.began_ms, rows[_i].now);
        ck_assert_int_eq(plan.due_ms, TOLD);
    }
}
END_TEST

/* --- with threads ---------------------------------------------------------------------------- */

typedef struct {
    pthread_mutex_t lock;
    pthread_cond_t change;
    bool may_end, deaf;     /* deaf: does not hear hang_up() */
    int runs;
    pthread_t thread;
} work_t;

static _Atomic int dropped;

static void work_run(void *data)
{
    work_t *work = data;

    pthread_mutex_lock(&work->lock);
    while (!work->may_end) {
        pthread_cond_wait(&work->change, &work->lock);
    }
    work->runs++;
    work->thread = pthread_self();
    pthread_mutex_unlock(&work->lock);
}

static void let_end(work_t *work)
{
    pthread_mutex_lock(&work->lock);
    work->may_end = true;
    pthread_cond_broadcast(&work->change);
    pthread_mutex_unlock(&work->lock);
}

static void work_hang_up(void *data)
{
    work_t *work = data;

    if (!work->deaf) {
        let_end(work);
    }
}

static void work_drop(void *data)
{
    free(data);
    dropped++;
}

static const cfc_errand_kind_t kind = {work_run, work_hang_up, work_drop};

static work_t *new_work(void)
{
    work_t *work = calloc(1, sizeof(*work));

    ck_assert_ptr_nonnull(work);
    pthread_mutex_init(&work->lock, NULL);
    pthread_cond_init(&work->change, NULL);
    dropped = 0;
    return work;
}

static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
}

static cfc_errand_event_t await_event(cfc_errand_t *errand, int64_t now)
{
    for (int i = 0; i < 5000; i++) {
        cfc_errand_event_t event = cfc_errand_tend(errand, now);

        if (event != CFC_ERRAND_NOTHING) {
            return event;
        }
        nap();
    }
    return CFC_ERRAND_NOTHING;
}

static void await_drop(void)
{
    for (int i = 0; i < 5000 && dropped == 0; i++) {
        nap();
    }
    ck_assert_int_eq(dropped, 1);
}

START_TEST(it_runs_once_each_time_it_is_due)
{
    work_t *work = new_work();
    cfc_errand_t *errand = cfc_errand_make(&kind, work, 300);

    work->may_end = true;
    for (int64_t now = 1000; now < 4000; now += 1000) {
        cfc_errand_due(errand, now);
        ck_assert_int_eq(cfc_errand_tend(errand, now - 1), CFC_ERRAND_NOTHING);
        ck_assert_int_eq(cfc_errand_tend(errand, now), CFC_ERRAND_BEGIN);
        ck_assert_int_eq(await_event(errand, now), CFC_ERRAND_BACK);
    }
    ck_assert_int_eq(work->runs, 3);
    cfc_errand_end(errand);
    await_drop();
}
END_TEST

START_TEST(at_its_deadline_it_is_hung_up_on_and_can_begin_again)
{
    work_t *work = new_work();
    cfc_errand_t *errand = cfc_errand_make(&kind, work, 300);

    ck_assert_int_eq(cfc_errand_tend(errand, 1000), CFC_ERRAND_BEGIN);
    ck_assert_int_eq(cfc_errand_tend(errand, 1300), CFC_ERRAND_OVERDUE);
    do {        /* until the thread has ended it is OVERDUE again each time */
        nap();
        cfc_errand_due(errand, 1400);
    } while (cfc_errand_tend(errand, 1400) != CFC_ERRAND_BEGIN);
    ck_assert_int_eq(await_event(errand, 1400), CFC_ERRAND_BACK);
    ck_assert_int_eq(work->runs, 2);
    cfc_errand_end(errand);
    await_drop();
}
END_TEST

START_TEST(one_that_hears_nothing_is_stuck_and_never_begun_twice)
{
    work_t *work = new_work();
    cfc_errand_t *errand = cfc_errand_make(&kind, work, 300);

    work->deaf = true;
    ck_assert_int_eq(cfc_errand_tend(errand, 1000), CFC_ERRAND_BEGIN);
    ck_assert_int_eq(cfc_errand_tend(errand, 1300), CFC_ERRAND_OVERDUE);
    cfc_errand_due(errand, 2000);
    ck_assert_int_eq(cfc_errand_tend(errand, 1999), CFC_ERRAND_NOTHING);
    ck_assert_int_eq(cfc_errand_tend(errand, 2000), CFC_ERRAND_OVERDUE);
    ck_assert_int_eq(cfc_errand_tend(errand, 2001), CFC_ERRAND_NOTHING);
    ck_assert_int_eq(cfc_errand_tend(errand, STUCK_AT), CFC_ERRAND_STUCK);
    cfc_errand_end(errand);
    ck_assert_int_eq(dropped, 0);
    let_end(work);
    await_drop();
}
END_TEST

START_TEST(one_that_never_began_is_given_back_at_once)
{
    cfc_errand_end(cfc_errand_make(&kind, new_work(), 300));
    ck_assert_int_eq(dropped, 1);
}
END_TEST

START_TEST(all_runs_are_on_one_thread)
{
    work_t *work = new_work();
    cfc_errand_t *errand = cfc_errand_make(&kind, work, 300);
    pthread_t first;

    work->may_end = true;
    ck_assert_int_eq(cfc_errand_tend(errand, 1000), CFC_ERRAND_BEGIN);
    ck_assert_int_eq(await_event(errand, 1000), CFC_ERRAND_BACK);
    first = work->thread;
    cfc_errand_due(errand, 2000);
    ck_assert_int_eq(cfc_errand_tend(errand, 2000), CFC_ERRAND_BEGIN);
    ck_assert_int_eq(await_event(errand, 2000), CFC_ERRAND_BACK);
    ck_assert(pthread_equal(first, work->thread));
    cfc_errand_end(errand);
    await_drop();
}
END_TEST

START_TEST(one_that_is_out_at_the_end_cleans_up_itself)
{
    cfc_errand_t *errand = cfc_errand_make(&kind, new_work(), 300);

    ck_assert_int_eq(cfc_errand_tend(errand, 1000), CFC_ERRAND_BEGIN);
    cfc_errand_end(errand);
    await_drop();
}
END_TEST

Suite *cfc_errand_suite(void)
{
    Suite *suite = suite_create("health/errand");
    TCase *table = tcase_create("plan"), *threads = tcase_create("threads");

    tcase_add_loop_test(table, an_errand_goes_by_the_table, 0, CFC_ROWS(rows));
    tcase_set_timeout(threads, 60);
    tcase_add_test(threads, it_runs_once_each_time_it_is_due);
    tcase_add_test(threads, at_its_deadline_it_is_hung_up_on_and_can_begin_again);
    tcase_add_test(threads, one_that_hears_nothing_is_stuck_and_never_begun_twice);
    tcase_add_test(threads, one_that_never_began_is_given_back_at_once);
    tcase_add_test(threads, all_runs_are_on_one_thread);
    tcase_add_test(threads, one_that_is_out_at_the_end_cleans_up_itself);
    suite_add_tcase(suite, table);
    suite_add_tcase(suite, threads);
    return suite;
}
