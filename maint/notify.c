/* SPDX-License-Identifier: Apache-2.0
 * notify.c: see notify.h. How a program is run is program.c's business.
 *
 * An event counts as told when its program was started: a monitor that is replaced then leaves
 * the program alone, and its successor goes on with the next event. */
#include "maint/notify.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <unistd.h>

#include "conf/conf.h"
#include "conf/opt.h"
#include "maint/event_json.h"
#include "maint/program.h"

#define LOOK_MS 20              /* at a program that runs */
#define ORPHAN_S 5              /* more than its timeout has a program whose monitor is gone */
#define TELL_LOST_MS 60000      /* at most this often is told what came too fast */
#define LAST_MS 300             /* for what is left when httpd is stopped */
#define STEP_US 10000

typedef struct {
    const cfc_notify_t *conf;
    _Atomic uint64_t *told;
    pid_t pid;                  /* 0: it does not run */
    uint64_t seq;               /* the event of which it is told */
    int64_t began_ms;
    bool killed;
    unsigned failures;          /* since it last worked */
    uint64_t lost;              /* events that were overwritten, not logged yet */
    int64_t lost_told_ms;
} line_t;

typedef struct {
    const cfc_work_t *loop;
    const cfc_events_t *ring;
    int count;
    line_t lines[CFC_NOTIFY_MAX];
    apr_pool_t *scratch;        /* cleared after each use */
    int64_t now_ms;
} notify_t;

const char *cfc_notify_kinds(const char *events, uint32_t *kinds, apr_pool_t *p)
{
    char *rest, *word;

    *kinds = (UINT32_C(1) << CFC_EVENT_NOTIFY) - 1;
    if (events == NULL) {
        return NULL;
    }
    *kinds = 0;
    for (word = apr_strtok(apr_pstrdup(p, events), ",", &rest); word != NULL;
         word = apr_strtok(NULL, ",", &rest)) {
        int kind = cfc_word_index(word, cfc_event_kind_words);

        if (kind < 0) {
            return apr_psprintf(p, "\"%s\" is not a kind of event; %s", word,
                                cfc_did_you_mean(word, cfc_event_kind_words, p));
        }
        if (kind == CFC_EVENT_NOTIFY) {
            return "\"notify\" is told to no program, because it is about these; it is on the "
                   "status page";
        }
        *kinds |= UINT32_C(1) << kind;
    }
    return *kinds == 0 ? "\"\" is no kind of event; write for example events=health,dependency"
                       : NULL;
}

void cfc_notify_settle(cfc_events_t *ring, int count)
{
    for (int i = 0; i < CFC_NOTIFY_MAX; i++) {
        if (i >= count) {
            atomic_store(&ring->told[i], 0);
        }
        else if (atomic_load(&ring->told[i]) == 0) {
            atomic_store(&ring->told[i], atomic_load(&ring->last));
        }
    }
}

const char *const *cfc_notify_env(const cfc_event_t *event, apr_pool_t *p)
{
    apr_array_header_t *env = apr_array_make(p, 20, sizeof(const char *));

    APR_ARRAY_PUSH(env, const char *) = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
                                        "/sbin:/bin";
    for (const cfc_event_field_t *field = cfc_event_fields; field->name != NULL; field++) {
        const char *text = field->text(event, p);

        if (text != NULL) {
            char *variable = apr_pstrcat(p, "CFC_", field->name, "=", text, NULL);

            for (char *c = variable; *c != '='; c++) {
                *c = (char)apr_toupper(*c);
            }
            APR_ARRAY_PUSH(env, const char *) = variable;
        }
    }
    APR_ARRAY_PUSH(env, const char *) = NULL;
    return (const char *const *)env->elts;
}

/* --- what is said of them -------------------------------------------------------------------- */

/* The first failure of several: a mail server that is away is away for the next event, too. */
static void tell_failure(const notify_t *notify, line_t *line, const char *complaint)
{
    const char *program = line->conf->argv[0];

    if (line->failures++ > 0) {
        return;
    }
    cfc_event(&(cfc_what_t){.kind = CFC_EVENT_NOTIFY, .after = "failing",
                            .why = apr_psprintf(notify->scratch, "%s: %s", program, complaint)},
              CFC_LOG_WARNING, APR_SUCCESS, "CFC0430: CFNotify %s: event %s: %s; this is logged "
              "again when it has worked meanwhile", program,
              apr_psprintf(notify->scratch, "%" APR_UINT64_T_FMT, (apr_uint64_t)line->seq),
              complaint);
}

static void tell_success(const notify_t *notify, line_t *line)
{
    const char *program = line->conf->argv[0];
    unsigned failures = line->failures;

    line->failures = 0;
    if (failures == 0) {
        return;
    }
    cfc_event(&(cfc_what_t){.kind = CFC_EVENT_NOTIFY, .before = "failing", .after = "working",
                            .why = apr_psprintf(notify->scratch, "%s: failed for %u events",
                                                program, failures)},
              CFC_LOG_NOTICE, APR_SUCCESS, "CFC0431: CFNotify %s: works again; it failed for %d "
              "events", program, (int)failures);
}

static void tell_lost(const notify_t *notify, line_t *line)
{
    const char *program = line->conf->argv[0];
    int lost = (int)line->lost;

    if (lost == 0 || (line->lost_told_ms != 0
                      && notify->now_ms - line->lost_told_ms < TELL_LOST_MS)) {
        return;
    }
    line->lost = 0;
    line->lost_told_ms = notify->now_ms;
    cfc_event(&(cfc_what_t){.kind = CFC_EVENT_NOTIFY, .bad = true, .after = "dropped",
                            .why = apr_psprintf(notify->scratch, "%s: %d events came faster than "
                                                "it took them", program, lost)},
              CFC_LOG_NOTICE, APR_SUCCESS, "CFC0432: CFNotify %s: %d events were not told, because "
              "they came faster than it took them", program, lost);
}

/* --- running them ---------------------------------------------------------------------------- */

static void start(const notify_t *notify, line_t *line, const cfc_event_t *event)
{
    apr_pool_t *p = notify->scratch;
    unsigned longest_s = (unsigned)(line->conf->timeout_ms / 1000) + ORPHAN_S;
    const char *input = cfc_event_line(event, p), *complaint = "out of memory";

    line->seq = event->seq;
    line->began_ms = notify->now_ms;
    line->killed = false;
    if (input != NULL) {
        complaint = cfc_program_start(line->conf->argv, cfc_notify_env(event, p), input, longest_s,
                                      &line->pid, p);
    }
    if (complaint != NULL) {
        tell_failure(notify, line, complaint);
    }
}

/* Until one is started that the line is for, or there is none. */
static void start_next(const notify_t *notify, line_t *line)
{
    uint64_t seq = atomic_load(line->told);
    cfc_event_t event;

    while (line->pid == 0
           && cfc_events_next(notify->ring, &seq, apr_time_now(), &event, &line->lost)) {
        if (event.kind < CFC_EVENT_KINDS && (line->conf->kinds >> event.kind & 1u)) {
            start(notify, line, &event);
        }
    }
    atomic_store(line->told, seq);
    tell_lost(notify, line);
}

static void look_after(const notify_t *notify, line_t *line)
{
    const char *complaint;

    if (!cfc_program_ended(line->pid, &complaint, notify->scratch)) {
        if (!line->killed && notify->now_ms - line->began_ms >= line->conf->timeout_ms) {
            line->killed = true;
            cfc_program_kill(line->pid);
        }
        return;
    }
    if (line->killed) {
        complaint = apr_psprintf(notify->scratch, "it was not done within %s and was killed",
                                 cfc_duration_text(line->conf->timeout_ms, notify->scratch));
    }
    line->pid = 0;
    if (complaint != NULL) {
        tell_failure(notify, line, complaint);
    }
    else {
        tell_success(notify, line);
    }
}

/* --- the job --------------------------------------------------------------------------------- */

static void *begin(const cfc_work_t *loop, apr_pool_t *p)
{
    const apr_array_header_t *lines = cfc_conf()->notify;
    cfc_events_t *ring = &loop->monitor->segment->events;
    notify_t *notify = apr_pcalloc(p, sizeof(*notify));

    notify->loop = loop;
    notify->ring = ring;
    notify->count = lines->nelts;
    for (int i = 0; i < lines->nelts; i++) {
        notify->lines[i].conf = &APR_ARRAY_IDX(lines, i, const cfc_notify_t);
        notify->lines[i].told = &ring->told[i];
    }
    return apr_pool_create(&notify->scratch, p) == APR_SUCCESS ? notify : NULL;
}

static int64_t run(void *job, int64_t now_ms)
{
    notify_t *notify = job;
    int64_t next = INT64_MAX;

    notify->now_ms = now_ms;
    for (int i = 0; i < notify->count; i++) {
        line_t *line = &notify->lines[i];

        if (line->pid != 0) {
            look_after(notify, line);
        }
        if (line->pid == 0) {
            start_next(notify, line);
        }
        if (line->pid != 0) {
            next = now_ms + LOOK_MS;
        }
        apr_pool_clear(notify->scratch);
    }
    return next;
}

static bool all_told(const notify_t *notify)
{
    uint64_t last = atomic_load(&notify->ring->last);

    for (int i = 0; i < notify->count; i++) {
        if (atomic_load(notify->lines[i].told) < last) {
            return false;
        }
    }
    return true;
}

/* The next monitor goes on; when httpd is stopped there is none, and this is told quickly. */
static void end(void *job)
{
    notify_t *notify = job;

    for (int64_t ms = 0; *notify->loop->monitor->stop && ms < LAST_MS && !all_told(notify);
         ms += STEP_US / 1000) {
        run(job, notify->now_ms + STEP_US / 1000);
        usleep(STEP_US);
    }
}

const cfc_job_kind_t cfc_notify_job = {"notify", begin, run, end};
