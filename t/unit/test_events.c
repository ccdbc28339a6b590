/* SPDX-License-Identifier: Apache-2.0
 * test_events.c: the ring of events under many writers, and what becomes of a killed one. */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lb/events.h"
#include "suites.h"

#define START apr_time_from_sec(1000)
#define FIRST UINT64_C(1000001)         /* one after its milliseconds */
#define LATER (START + apr_time_from_sec(60))
#define WRITERS 4
#define WRITTEN 3000                    /* by each */
#define KILLED_WRITERS 40

static cfc_events_t *ring;

static void setup(void)
{
    ring = mmap(NULL, sizeof(*ring), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(ring, MAP_FAILED);
    cfc_events_init(ring, START);
}

static void teardown(void)
{
    munmap(ring, sizeof(*ring));
}

/* An event whose texts all tell who wrote it: a mixed one is seen. */
static uint64_t add(const char *who, apr_time_t now)
{
    return cfc_events_add(ring, &(cfc_what_t){.kind = CFC_EVENT_ADMIN, .cluster = who, .name = who,
                                              .who = who, .why = who},
                          CFC_LOG_NOTICE, "CFC0401", now);
}

static bool of_one(const cfc_event_t *event)
{
    return strcmp(event->cluster, event->why) == 0 && strcmp(event->name, event->why) == 0
           && strcmp(event->who, event->why) == 0 && strcmp(event->code, "CFC0401") == 0;
}

START_TEST(a_new_ring_has_no_events)
{
    uint64_t seq = 0, lost = 0;
    cfc_event_t event = {.seq = 7};

    ck_assert(!cfc_events_next(ring, &seq, LATER, &event, &lost));
    ck_assert_uint_eq(event.seq, 0);
    ck_assert_uint_eq(cfc_events_before_last(ring, 20), FIRST - 1);
}
END_TEST

START_TEST(an_event_is_read_as_it_was_told)
{
    const cfc_what_t what = {
        .kind = CFC_EVENT_HEALTH, .bad = true, .cluster = "confluence", .noun = "node",
        .name = "node1", .effective = "out", .before = "failing", .after = "down",
        .why = "connection refused",
    };
    uint64_t seq = 0, lost = 0;
    cfc_event_t event;

    ck_assert_uint_eq(cfc_events_add(ring, &what, CFC_LOG_NOTICE, "CFC0301", START + 5), FIRST);
    seq = FIRST - 1;
    ck_assert(cfc_events_next(ring, &seq, START, &event, &lost));
    ck_assert_uint_eq(seq, FIRST);
    ck_assert_uint_eq(event.seq, FIRST);
    ck_assert_int_eq(event.at, START + 5);
    ck_assert_uint_eq(event.kind, CFC_EVENT_HEALTH);
    ck_assert_str_eq(cfc_event_severity(&event), "warning");
    ck_assert_str_eq(event.code, "CFC0301");
    ck_assert_str_eq(event.noun, "node");
    ck_assert_str_eq(event.cluster, "confluence");
    ck_assert_str_eq(event.name, "node1");
    ck_assert_str_eq(event.effective, "out");
    ck_assert_str_eq(event.before, "failing");
    ck_assert_str_eq(event.after, "down");
    ck_assert_str_eq(event.who, "");
    ck_assert_str_eq(event.why, "connection refused");
    ck_assert(!cfc_events_next(ring, &seq, LATER, &event, &lost));
    ck_assert_uint_eq(lost, 0);
}
END_TEST

START_TEST(a_text_that_is_too_long_is_cut)
{
    char text[5000];
    uint64_t seq = FIRST - 1, lost = 0;
    cfc_event_t event;

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    add(text, START);
    ck_assert(cfc_events_next(ring, &seq, START, &event, &lost));
    ck_assert_uint_eq(strlen(event.why), sizeof(event.why) - 1);
    ck_assert_uint_eq(strlen(event.cluster), sizeof(event.cluster) - 1);
}
END_TEST

static const struct {
    const char *label;
    unsigned added, since, most;    /* since: the number of the event that was read last */
    unsigned read, lost;
} rows[] = {
    {"from the beginning",          10,   0,   256, 10,  0},
    {"the rest",                    10,   7,   256, 3,   0},
    {"all were read",               10,   10,  256, 0,   0},
    {"just full",                   256,  0,   256, 256, 0},
    {"one was overwritten",         257,  0,   256, 256, 1},
    {"many times around",           2000, 100, 256, 256, 1644},
    {"only the last ones",          2000, 0,   20,  20,  0},
    {"only the last ones of few",   5,    0,   20,  5,   0},
};

START_TEST(a_reader_gets_what_is_there_and_knows_what_was_lost)
{
    uint64_t seq, lost = 0;
    unsigned read = 0;
    cfc_event_t event;

    for (unsigned i = 1; i <= rows[_i].added; i++) {
        char who[16];

        snprintf(who, sizeof(who), "%u", i);
        add(who, START);
    }
    seq = rows[_i].most < CFC_EVENTS_KEPT ? cfc_events_before_last(ring, rows[_i].most)
                                          : FIRST - 1 + rows[_i].since;
    while (cfc_events_next(ring, &seq, START, &event, &lost)) {
        char who[16];

        snprintf(who, sizeof(who), "%u", (unsigned)(seq - FIRST + 1));
        ck_assert_str_eq(event.who, who);
        ck_assert(of_one(&event));
        read++;
    }
    ck_assert_msg(read == rows[_i].read && lost == rows[_i].lost, "%s: read %u, lost %u",
                  rows[_i].label, read, (unsigned)lost);
    ck_assert_uint_eq(seq, FIRST - 1 + rows[_i].added);
}
END_TEST

START_TEST(an_event_whose_writer_is_not_done_is_waited_for_and_then_given_up)
{
    uint64_t seq = FIRST - 1, lost = 0;
    cfc_event_t event;

    atomic_fetch_add(&ring->last, 1);               /* as cfc_events_add() begins ... */
    ck_assert(!cfc_events_next(ring, &seq, LATER, &event, &lost));
    add("next", START);
    ck_assert(!cfc_events_next(ring, &seq, START + 1, &event, &lost));
    ck_assert_uint_eq(seq, FIRST - 1);
    ck_assert(cfc_events_next(ring, &seq, LATER, &event, &lost));
    ck_assert_str_eq(event.who, "next");
    ck_assert_uint_eq(lost, 1);
}
END_TEST

START_TEST(what_two_have_written_into_one_place_reads_as_nothing)
{
    uint64_t seq = FIRST - 1, lost = 0;
    cfc_event_t event;

    add("anna", START);
    add("bert", START);
    atomic_fetch_add(&ring->places[FIRST % CFC_EVENTS_KEPT].words[60], 1);
    ck_assert(cfc_events_next(ring, &seq, LATER, &event, &lost));
    ck_assert_str_eq(event.who, "bert");
    ck_assert_uint_eq(lost, 1);
}
END_TEST

static pid_t start_writer(int number, int events)
{
    char who[24];
    pid_t writer = fork();

    ck_assert_int_ge(writer, 0);
    if (writer == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        snprintf(who, sizeof(who), "writer %d", number);
        for (int i = 0; events == 0 || i < events; i++) {
            add(who, START);
        }
        _exit(0);
    }
    return writer;
}

START_TEST(many_writers_never_mix_and_each_event_is_read_or_counted)
{
    uint64_t seq = FIRST - 1, lost = 0, read = 0;
    cfc_event_t event;
    int running = WRITERS;

    for (int i = 0; i < WRITERS; i++) {
        start_writer(i, WRITTEN);
    }
    do {
        running -= waitpid(-1, NULL, WNOHANG) > 0;
        while (cfc_events_next(ring, &seq, running > 0 ? START : LATER, &event, &lost)) {
            ck_assert(of_one(&event));
            ck_assert_uint_eq(event.seq, seq);
            read++;
        }
    } while (running > 0);
    ck_assert_uint_eq(read + lost, WRITERS * WRITTEN);
    /* A writer that 256 others overtook may have spoilt the newer event at its place. */
    ck_assert_uint_ge(read, CFC_EVENTS_KEPT - WRITERS);
}
END_TEST

START_TEST(a_writer_killed_at_any_moment_costs_its_own_event_only)
{
    for (int i = 0; i < KILLED_WRITERS; i++) {
        uint64_t before = atomic_load(&ring->last), seq, lost = 0;
        pid_t writer = start_writer(i, 0);
        cfc_event_t event;
        int read = 0;

        while (atomic_load(&ring->last) < before + 10) {
        }
        kill(writer, SIGKILL);
        ck_assert_int_eq(waitpid(writer, NULL, 0), writer);
        add("after it", START);
        seq = cfc_events_before_last(ring, CFC_EVENTS_KEPT);
        while (cfc_events_next(ring, &seq, LATER, &event, &lost)) {
            ck_assert(of_one(&event));
            read++;
        }
        ck_assert_str_eq(event.who, "");
        ck_assert_uint_eq(seq, atomic_load(&ring->last));
        ck_assert_uint_le(lost, (unsigned)(i + 1));
        ck_assert_int_gt(read, 10);
    }
}
END_TEST

static char line[256];

static void keep_line(cfc_log_level_t level, apr_status_t status, const char *text)
{
    (void)level;
    (void)status;
    snprintf(line, sizeof(line), "%s", text);
}

START_TEST(one_call_writes_the_event_and_its_line)
{
    uint64_t seq = FIRST - 1, lost = 0;
    cfc_event_t event;

    cfc_log_to(keep_line);
    cfc_events_to(ring);
    cfc_event(&(cfc_what_t){.kind = CFC_EVENT_STORE, .why = "disk full"}, CFC_LOG_ERROR,
              APR_SUCCESS, "CFC0402: not done: %s", "disk full");
    ck_assert_str_eq(line, "CFC0402: not done: disk full");
    ck_assert(cfc_events_next(ring, &seq, START, &event, &lost));
    ck_assert_str_eq(event.code, "CFC0402");
    ck_assert_str_eq(cfc_event_severity(&event), "error");
    cfc_events_to(NULL);
    cfc_log_to(NULL);
}
END_TEST

Suite *cfc_events_suite(void)
{
    Suite *suite = suite_create("lb/events");
    TCase *tcase = tcase_create("events");

    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_new_ring_has_no_events);
    tcase_add_test(tcase, an_event_is_read_as_it_was_told);
    tcase_add_test(tcase, a_text_that_is_too_long_is_cut);
    tcase_add_loop_test(tcase, a_reader_gets_what_is_there_and_knows_what_was_lost, 0,
                        CFC_ROWS(rows));
    tcase_add_test(tcase, an_event_whose_writer_is_not_done_is_waited_for_and_then_given_up);
    tcase_add_test(tcase, what_two_have_written_into_one_place_reads_as_nothing);
    tcase_add_test(tcase, many_writers_never_mix_and_each_event_is_read_or_counted);
    tcase_add_test(tcase, a_writer_killed_at_any_moment_costs_its_own_event_only);
    tcase_add_test(tcase, one_call_writes_the_event_and_its_line);
    suite_add_tcase(suite, tcase);
    return suite;
}
