/* SPDX-License-Identifier: Apache-2.0
 * test_record.c: a record is read whole or not at all, whatever happens to its writer. */
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lb/record.h"
#include "t/unit/suites.h"

#define READERS 2
#define READS 20000             /* whole ones, by each reader, at least */
#define WRITES 2000             /* beside them, at least */
#define KILLED_WRITERS 30

/* As large as a record can be, every word the same: a torn one is seen at once. */
typedef struct {
    uint64_t word[CFC_RECORD_WORDS];
} page_t;

static page_t page_of(uint64_t number)
{
    page_t page;

    for (int i = 0; i < CFC_RECORD_WORDS; i++) {
        page.word[i] = number;
    }
    return page;
}

static void write_number(cfc_record_t *record, uint64_t number)
{
    page_t page = page_of(number);

    cfc_record_write(record, &page, sizeof(page));
}

static bool whole(const page_t *page)
{
    page_t want = page_of(page->word[0]);

    return memcmp(page, &want, sizeof(want)) == 0;
}

START_TEST(a_record_never_written_reads_as_nothing)
{
    static const cfc_record_t record;
    page_t page = page_of(7);

    ck_assert(!cfc_record_read(&record, &page, sizeof(page)));
    ck_assert_uint_eq(page.word[0], 0);
    ck_assert(whole(&page));
}
END_TEST

START_TEST(every_length_is_read_back_and_nothing_beyond_it_is_touched)
{
    static cfc_record_t record;
    unsigned char in[CFC_RECORD_BYTES], out[CFC_RECORD_BYTES + 1];

    for (size_t bytes = 0; bytes <= sizeof(in); bytes++) {
        memset(in, (int)(bytes % 255) + 1, sizeof(in));
        memset(out, 0xee, sizeof(out));
        cfc_record_write(&record, in, bytes);
        ck_assert(cfc_record_read(&record, out, bytes));
        ck_assert_mem_eq(out, in, bytes);
        ck_assert_uint_eq(out[bytes], 0xee);
    }
}
END_TEST

START_TEST(a_shorter_record_leaves_nothing_of_a_longer_one)
{
    static cfc_record_t record;
    char text[CFC_RECORD_BYTES];

    cfc_record_write(&record, "a long reason", 14);
    cfc_record_write(&record, "short", 6);
    ck_assert(cfc_record_read(&record, text, sizeof(text)));
    ck_assert_str_eq(text, "short");
    for (size_t i = 5; i < sizeof(text); i++) {
        ck_assert_int_eq(text[i], 0);
    }
}
END_TEST

typedef struct {
    cfc_record_t record;
    _Atomic int reading;        /* readers that are not done */
    _Atomic int written;
    _Atomic int torn, backwards;
} stage_t;

static void *read_all(void *data)
{
    stage_t *stage = data;
    uint64_t last = 0;

    for (int reads = 0; reads < READS || atomic_load(&stage->written) < WRITES;) {
        page_t page;

        if (!cfc_record_read(&stage->record, &page, sizeof(page))) {
            continue;           /* the writer was put to sleep inside */
        }
        atomic_fetch_add(&stage->torn, !whole(&page));
        atomic_fetch_add(&stage->backwards, page.word[0] < last);
        last = page.word[0];
        reads++;
    }
    atomic_fetch_sub(&stage->reading, 1);
    return NULL;
}

START_TEST(readers_beside_a_busy_writer_never_see_a_torn_record)
{
    static stage_t stage;
    pthread_t readers[READERS];
    uint64_t number = 1;

    atomic_store(&stage.reading, READERS);
    write_number(&stage.record, number);
    for (int i = 0; i < READERS; i++) {
        ck_assert_int_eq(pthread_create(&readers[i], NULL, read_all, &stage), 0);
    }
    while (atomic_load(&stage.reading) > 0) {
        page_t page;

        write_number(&stage.record, ++number);
        atomic_fetch_add(&stage.written, 1);
        /* Reading takes about as long as writing: as much quiet as noise. */
        ck_assert(cfc_record_read(&stage.record, &page, sizeof(page)));
        ck_assert_uint_eq(page.word[0], number);
    }
    for (int i = 0; i < READERS; i++) {
        pthread_join(readers[i], NULL);
    }
    ck_assert_int_eq(atomic_load(&stage.torn), 0);
    ck_assert_int_eq(atomic_load(&stage.backwards), 0);
}
END_TEST

START_TEST(a_record_whose_writer_died_inside_reads_as_nothing_until_the_next_write)
{
    static cfc_record_t record;
    page_t page;

    write_number(&record, 1);
    atomic_fetch_add(&record.seq, 1);           /* as cfc_record_write() begins ... */
    atomic_store(&record.words[0], 2);          /* ... and no further */
    ck_assert(!cfc_record_read(&record, &page, sizeof(page)));
    ck_assert_uint_eq(page.word[0], 0);
    ck_assert(whole(&page));
    write_number(&record, 3);
    ck_assert(cfc_record_read(&record, &page, sizeof(page)));
    ck_assert_uint_eq(page.word[0], 3);
    ck_assert(whole(&page));
}
END_TEST

static pid_t start_writer(cfc_record_t *record, uint64_t number)
{
    pid_t writer = fork();

    if (writer == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) {
            write_number(record, number++);
        }
    }
    ck_assert_int_gt(writer, 0);
    return writer;
}

/* Kill a writer as soon as it is seen to have written; what is read then must be whole. */
static void kill_a_writer(cfc_record_t *record, uint64_t number)
{
    pid_t writer = start_writer(record, number);
    page_t page = page_of(0);

    while (page.word[0] < number + 10) {
        cfc_record_read(record, &page, sizeof(page));
        ck_assert(whole(&page));
    }
    kill(writer, SIGKILL);
    ck_assert_int_eq(waitpid(writer, NULL, 0), writer);
    cfc_record_read(record, &page, sizeof(page));
    ck_assert(whole(&page));
}

START_TEST(a_record_survives_writers_killed_at_any_moment)
{
    cfc_record_t *record = mmap(NULL, sizeof(*record), PROT_READ | PROT_WRITE,
                                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    page_t page;

    ck_assert_ptr_ne(record, MAP_FAILED);
    for (uint64_t i = 1; i <= KILLED_WRITERS; i++) {
        kill_a_writer(record, i << 40);
        write_number(record, i);
        ck_assert(cfc_record_read(record, &page, sizeof(page)));
        ck_assert_uint_eq(page.word[0], i);
        ck_assert(whole(&page));
    }
    munmap(record, sizeof(*record));
}
END_TEST

Suite *cfc_record_suite(void)
{
    Suite *suite = suite_create("lb/record");
    TCase *tcase = tcase_create("record");

    tcase_set_timeout(tcase, 30);
    tcase_add_test(tcase, a_record_never_written_reads_as_nothing);
    tcase_add_test(tcase, every_length_is_read_back_and_nothing_beyond_it_is_touched);
    tcase_add_test(tcase, a_shorter_record_leaves_nothing_of_a_longer_one);
    tcase_add_test(tcase, readers_beside_a_busy_writer_never_see_a_torn_record);
    tcase_add_test(tcase,
                   a_record_whose_writer_died_inside_reads_as_nothing_until_the_next_write);
    tcase_add_test(tcase, a_record_survives_writers_killed_at_any_moment);
    suite_add_tcase(suite, tcase);
    return suite;
}
