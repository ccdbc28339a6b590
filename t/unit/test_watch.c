/* SPDX-License-Identifier: Apache-2.0
 * test_watch.c: what is made of looks that end in another order than they began, by clients that do
 * what the test says. Time is the test's, threads are real. */
#include "health/watch.h"

#include <apr_pools.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "health/client.h"
#include "t/unit/kit.h"
#include "t/unit/suites.h"

#define PATIENCE_S 10
#define HOUR_MS 3600000

/* --- clients ---------------------------------------------------------------------------------- */

typedef struct {
    const cfc_dependency_t *conf;
    _Atomic int looks;              /* that have begun */
    _Atomic bool held;              /* the look does not end */
} client_t;

static client_t *clients[2];        /* of the source, of its replica */
static const char *complaint;

static bool begin(void)
{
    return true;
}

static void *make(const cfc_dependency_t *conf)
{
    client_t *client = calloc(1, sizeof(*client));

    client->conf = conf;
    clients[conf->source != NULL] = client;
    return client;
}

static void run(void *work)
{
    const struct timespec step = {.tv_nsec = 1000000};
    client_t *client = work;

    atomic_fetch_add(&client->looks, 1);
    while (atomic_load(&client->held)) {
        nanosleep(&step, NULL);
    }
}

static void hang_up(void *work)
{
    client_t *client = work;

    atomic_store(&client->held, false);
}

/* Both always have everything. */
static const char *result(const void *work, cfc_db_facts_t *facts)
{
    const client_t *client = work;

    cfc_db_facts_clear(facts);
    facts->server_id = 1;
    facts->mariadb = true;
    facts->logs = CFC_TRUTH_YES;
    facts->written.gtid_known = facts->applied_known = true;
    strcpy(facts->written.gtid, "0-1-15");
    strcpy(facts->applied, "0-1-15");
    if (client->conf->source != NULL) {
        facts->read_only = facts->replica = CFC_TRUTH_YES;
        facts->channels_count = 1;
        facts->channels[0] = (cfc_db_channel_t){.source_id = 1, .io = CFC_TRUTH_YES,
                                                .sql = CFC_TRUTH_YES, .uses_gtid = true};
    }
    return complaint;
}

static int code(const void *work)
{
    (void)work;
    return 1045;
}

static bool silent(const void *work)
{
    (void)work;
    return false;
}

static const char *step(const void *work)
{
    (void)work;
    return "";
}

static const cfc_client_kind_t scripted = {begin, make, {run, hang_up, free}, result, code,
                                           silent, step};

/* --- the job ---------------------------------------------------------------------------------- */

static apr_pool_t *pool;
static cfc_segment_t *segment;
static cfc_dependency_t source, replica;
static cfc_monitor_t monitor;
static cfc_work_t work;
static void *job;
static int64_t now_ms;

static void add(cfc_cluster_t *cl, cfc_dependency_t *dependency, const char *name)
{
    *dependency = (cfc_dependency_t){.name = name, .kind = CFC_DEPENDENCY_MYSQL, .host = name,
                                     .port = 3306, .interval_ms = HOUR_MS,
                                     .timeout_ms = 2 * HOUR_MS};
    dependency->slot = cfc_segment_dependency(segment, cl->name, name);
    APR_ARRAY_PUSH(cl->dependencies, cfc_dependency_t *) = dependency;
}

static void setup(void)
{
    cfc_cluster_t *cl;

    apr_pool_create(&pool, NULL);
    segment = cfc_kit_segment();
    cfc_segment_next_generation(segment);
    cl = apr_pcalloc(pool, sizeof(*cl));
    cl->name = "confluence";
    cl->dependencies = apr_array_make(pool, 2, sizeof(cfc_dependency_t *));
    add(cl, &source, "master");
    add(cl, &replica, "replica");
    replica.of = source.name;
    replica.source = &source;
    monitor = (cfc_monitor_t){.segment = segment,
                              .clusters = apr_array_make(pool, 1, sizeof(cfc_cluster_t *))};
    APR_ARRAY_PUSH((apr_array_header_t *)monitor.clusters, cfc_cluster_t *) = cl;
    complaint = NULL;
    now_ms = 0;
    cfc_watch_kinds[CFC_DEPENDENCY_MYSQL] = &scripted;
    work = (cfc_work_t){.monitor = &monitor};
    job = cfc_watch_job.begin(&work, pool);
    ck_assert_ptr_nonnull(job);
}

static void teardown(void)
{
    cfc_watch_job.end(job);
    cfc_kit_segment_free(segment);
    apr_pool_destroy(pool);
}

static cfc_found_t found_of(const cfc_dependency_t *dependency)
{
    cfc_found_t found;

    cfc_record_read(&dependency->slot->found, &found, sizeof(found));
    return found;
}

static int results_of(const cfc_dependency_t *dependency)
{
    return (int)atomic_load(&dependency->slot->history.count);
}

#define RUN_UNTIL(condition)                                                            \
    do {                                                                                \
        const struct timespec pause = {.tv_nsec = 1000000};                             \
        apr_time_t until = apr_time_now() + apr_time_from_sec(PATIENCE_S);              \
        while (!(condition)) {                                                          \
            ck_assert_msg(apr_time_now() < until, "in vain: %s", #condition);           \
            ck_assert_int_ne(cfc_watch_job.run(job, now_ms), CFC_JOB_FAILED);           \
            nanosleep(&pause, NULL);                                                    \
        }                                                                               \
    } while (0)

START_TEST(what_was_proven_is_of_the_look_at_the_source_that_has_ended)
{
    apr_time_t between;

    atomic_store(&clients[1]->held, true);
    RUN_UNTIL(atomic_load(&clients[1]->looks) == 1);        /* the source's has ended */
    between = apr_time_now();
    atomic_store(&clients[0]->held, true);
    now_ms += HOUR_MS;
    RUN_UNTIL(atomic_load(&clients[0]->looks) == 2);        /* its next one is under way */
    atomic_store(&clients[1]->held, false);
    RUN_UNTIL(results_of(&replica) == 1);
    ck_assert_int_gt(found_of(&replica).in_sync_at, 0);
    ck_assert_int_le(found_of(&replica).in_sync_at, between);
}
END_TEST

START_TEST(whoever_asks_for_fresh_evidence_has_both_looked_at)
{
    complaint = "gone";                         /* so that no doubt hastens the next look */
    RUN_UNTIL(results_of(&replica) == 1);
    now_ms += 5000;
    ck_assert_int_gt(cfc_watch_job.run(job, now_ms), now_ms);
    atomic_store(&replica.slot->look_wanted, 1);
    RUN_UNTIL(results_of(&replica) == 2);
    ck_assert_int_eq(atomic_load(&clients[0]->looks), 2);
    ck_assert_uint_eq(atomic_load(&replica.slot->look_wanted), 0);
}
END_TEST

START_TEST(results_have_the_number_of_what_failed)
{
    cfc_probe_result_t last;

    complaint = "connecting failed: 1045 Access denied";
    RUN_UNTIL(results_of(&source) == 1);
    cfc_history_last(&source.slot->history, &last);
    ck_assert_int_eq(last.code, 1045);
    ck_assert_int_eq(last.good, 0);
}
END_TEST

START_TEST(what_another_one_of_that_name_was_known_for_is_forgotten)
{
    RUN_UNTIL(results_of(&source) == 1);
    cfc_watch_job.end(job);
    job = cfc_watch_job.begin(&work, pool);
    ck_assert_int_eq(results_of(&source), 1);
    cfc_watch_job.end(job);
    source.host = "db9";
    job = cfc_watch_job.begin(&work, pool);
    ck_assert_int_eq(results_of(&source), 0);
    ck_assert_int_eq(found_of(&source).at, 0);
}
END_TEST

Suite *cfc_watch_suite(void)
{
    Suite *suite = suite_create("health/watch");
    TCase *tcase = tcase_create("watch");

    tcase_set_timeout(tcase, 30);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, what_was_proven_is_of_the_look_at_the_source_that_has_ended);
    tcase_add_test(tcase, whoever_asks_for_fresh_evidence_has_both_looked_at);
    tcase_add_test(tcase, results_have_the_number_of_what_failed);
    tcase_add_test(tcase, what_another_one_of_that_name_was_known_for_is_forgotten);
    suite_add_tcase(suite, tcase);
    return suite;
}
