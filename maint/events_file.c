/* SPDX-License-Identifier: Apache-2.0
 * events_file.c: see events_file.h. Writing waits for the disk, so it is an errand (errand.h): on
 * a thread of its own, and the loop goes on if the disk never answers.
 *
 * An event is in the file once, unless a monitor is killed between writing and saying so; then it
 * stands there twice, with the same number. */
#include "maint/events_file.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/conf.h"
#include "health/errand.h"
#include "maint/event_json.h"

/* --- the file -------------------------------------------------------------------------------- */

static const char *complain(const char *what, const char *path, apr_pool_t *p)
{
    char why[128];

    apr_strerror(errno, why, sizeof(why));
    return apr_psprintf(p, "cannot %s %s: %s", what, path, why);
}

/* The lines of all events that are not in the file; *seq is then the number of the last one. */
static const char *lines_after(const cfc_events_t *ring, uint64_t *seq, uint64_t *lost,
                               apr_pool_t *p)
{
    apr_array_header_t *lines = apr_array_make(p, 8, sizeof(const char *));
    cfc_event_t event;

    while (cfc_events_next(ring, seq, apr_time_now(), &event, lost)) {
        const char *line = cfc_event_line(&event, p);

        if (line != NULL) {
            APR_ARRAY_PUSH(lines, const char *) = line;
        }
    }
    return apr_array_pstrcat(p, lines, 0);
}

static bool write_whole(int fd, const char *text, size_t bytes)
{
    while (bytes > 0) {
        ssize_t done = write(fd, text, bytes);

        if (done < 0) {
            return false;
        }
        text += done;
        bytes -= (size_t)done;
    }
    return true;
}

/* A line that a killed writer left half is ended first; half a line of ours is taken back. */
static const char *append(int fd, const char *text, const char *path, apr_pool_t *p)
{
    const char *complaint;
    struct stat st;
    char end = '\n';

    if (fstat(fd, &st) != 0) {
        return complain("look at", path, p);
    }
    if (!S_ISREG(st.st_mode)) {
        return apr_psprintf(p, "%s is not a plain file", path);
    }
    if (st.st_size > 0 && pread(fd, &end, 1, st.st_size - 1) == 1 && end != '\n') {
        text = apr_pstrcat(p, "\n", text, NULL);
    }
    if (write_whole(fd, text, strlen(text))) {
        return NULL;
    }
    complaint = complain("write", path, p);
    if (ftruncate(fd, st.st_size) != 0) {
        return apr_pstrcat(p, complaint, "; half a line is left there", NULL);
    }
    return complaint;
}

const char *cfc_events_file_append(const char *dir, cfc_events_t *ring, uint64_t *lost,
                                   apr_pool_t *p)
{
    const char *path = apr_pstrcat(p, dir, "/events.jsonl", NULL);
    const char *complaint = NULL, *text;
    uint64_t seq, gone = 0;
    int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0640);

    if (fd < 0) {
        return complain("open", path, p);
    }
    if (flock(fd, LOCK_EX) != 0) {
        complaint = complain("lock", path, p);
    }
    seq = atomic_load(&ring->filed);
    text = lines_after(ring, &seq, &gone, p);
    if (complaint == NULL && text[0] != '\0') {
        complaint = append(fd, text, path, p);
    }
    if (complaint == NULL) {
        atomic_store(&ring->filed, seq);
        *lost += gone;
    }
    close(fd);
    return complaint;
}

/* --- the job --------------------------------------------------------------------------------- */

#define PATIENCE_MS 10000       /* with the disk, before it is told that it does not answer */
#define AGAIN_MS 1000           /* after a try that came to nothing */
#define LAST_MS 300             /* for what is left when httpd is stopped */
#define STEP_US 10000

typedef struct {
    char *dir;
    cfc_events_t *ring;
    char complaint[512];        /* of the last try; "" : it was written */
    uint64_t lost;
} work_t;

typedef struct {
    const cfc_work_t *loop;
    const char *dir;
    cfc_events_t *ring;
    work_t *work;               /* the errand's */
    cfc_errand_t *errand;
    uint64_t tried;             /* the ring's last event at the last try, */
    int64_t tried_ms;           /* and when that was */
    bool failing;
} job_t;

static void write_events(void *data)
{
    work_t *work = data;
    const char *complaint = "out of memory";
    apr_pool_t *p;

    if (apr_pool_create_unmanaged(&p) == APR_SUCCESS) {
        complaint = cfc_events_file_append(work->dir, work->ring, &work->lost, p);
        apr_cpystrn(work->complaint, complaint != NULL ? complaint : "", sizeof(work->complaint));
        apr_pool_destroy(p);
    }
}

static void hang_up(void *data)
{
    (void)data;                 /* nothing can end a call that waits for a disk */
}

static void drop(void *data)
{
    work_t *work = data;

    free(work->dir);
    free(work);
}

static const cfc_errand_kind_t errand_kind = {write_events, hang_up, drop};

static void *begin(const cfc_work_t *loop, apr_pool_t *p)
{
    job_t *job = apr_pcalloc(p, sizeof(*job));

    job->loop = loop;
    job->dir = cfc_conf()->state_dir;
    job->ring = &loop->monitor->segment->events;
    job->work = calloc(1, sizeof(*job->work));
    if (job->work != NULL) {
        job->work->dir = strdup(job->dir);
        job->work->ring = job->ring;
    }
    job->errand = cfc_errand_make(&errand_kind, job->work, PATIENCE_MS);
    if (job->errand == NULL || job->work->dir == NULL) {
        return NULL;
    }
    cfc_errand_due(job->errand, CFC_ERRAND_WHEN_TOLD);
    return job;
}

static void tell_failure(job_t *job, const char *complaint)
{
    if (!job->failing) {
        job->failing = true;
        cfc_event(&(cfc_what_t){.kind = CFC_EVENT_EVENTS, .after = "failing", .why = complaint},
                  CFC_LOG_WARNING, APR_SUCCESS, "CFC0420: events are not written to "
                  "%s/events.jsonl: %s; it is tried again every second, the last %d are kept in "
                  "memory", job->dir, complaint, CFC_EVENTS_KEPT);
    }
}

static void tell_result(job_t *job)
{
    uint64_t lost = job->work->lost;

    if (job->work->complaint[0] != '\0') {
        tell_failure(job, job->work->complaint);
        return;
    }
    if (job->failing) {
        job->failing = false;
        cfc_event(&(cfc_what_t){.kind = CFC_EVENT_EVENTS, .before = "failing", .after = "written"},
                  CFC_LOG_NOTICE, APR_SUCCESS, "CFC0421: events are written to "
                  "%s/events.jsonl again", job->dir);
    }
    if (lost > 0) {
        job->work->lost = 0;
        cfc_event(&(cfc_what_t){.kind = CFC_EVENT_EVENTS, .bad = true, .after = "lost",
                                .why = "more than could be kept, or a process was killed in the "
                                       "middle of one"},
                  CFC_LOG_NOTICE, APR_SUCCESS, "CFC0422: %d events are missing in "
                  "%s/events.jsonl", (int)lost, job->dir);
    }
}

/* Whether there is something to write. Not again at once what came to nothing. */
static bool wants_writing(const job_t *job, int64_t now_ms)
{
    uint64_t last = atomic_load(&job->ring->last);

    return last != atomic_load(&job->ring->filed)
           && ((last != job->tried && !job->failing) || now_ms - job->tried_ms >= AGAIN_MS);
}

static int64_t run(void *data, int64_t now_ms)
{
    job_t *job = data;

    if (wants_writing(job, now_ms)) {
        cfc_errand_due(job->errand, now_ms);
    }
    switch (cfc_errand_tend(job->errand, now_ms)) {
    case CFC_ERRAND_BEGIN:
        job->tried = atomic_load(&job->ring->last);
        job->tried_ms = now_ms;
        break;
    case CFC_ERRAND_BACK:
        tell_result(job);
        break;
    case CFC_ERRAND_OVERDUE:
        tell_failure(job, "the disk does not answer");
        break;
    case CFC_ERRAND_NOTHING:
    case CFC_ERRAND_STUCK:      /* a new monitor would wait for the same disk */
        break;
    }
    return cfc_errand_due_ms(job->errand);
}

static void end(void *data)
{
    job_t *job = data;

    /* The next monitor goes on where this one was; when httpd is stopped there is none. */
    for (int64_t ms = 0; *job->loop->monitor->stop && ms < LAST_MS
                         && atomic_load(&job->ring->last) != atomic_load(&job->ring->filed);
         ms += STEP_US / 1000) {
        run(job, job->tried_ms + AGAIN_MS);
        usleep(STEP_US);
    }
    cfc_errand_end(job->errand);
}

const cfc_job_kind_t cfc_events_file_job = {"events", begin, run, end};
