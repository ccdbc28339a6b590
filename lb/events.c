/* SPDX-License-Identifier: Apache-2.0
 * events.c: see events.h. Places are records of record.h; as these want one writer at a time and
 * a place can have two (one that was stopped inside while 256 others came), each event carries
 * the hash of itself: what two have written is read as nothing. */
#include "lb/events.h"

#include <apr_strings.h>
#include <assert.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include "lb/hash.h"
#include "lb/record.h"

/* A writer needs a microsecond, unless it is stopped or killed inside. */
#define WRITER_PATIENCE apr_time_from_sec(2)

static_assert(sizeof(cfc_event_t) == CFC_EVENT_WORDS * sizeof(uint64_t), "it fills its place");

const char *const cfc_event_kind_words[] = {
    "admin",   "maintenance", "refused", "health", "ejection", "dependency", "tester", "walk",
    "monitor", "server",      "store",   "events", "notify",   NULL,
};
static_assert(sizeof(cfc_event_kind_words) / sizeof(cfc_event_kind_words[0])
              == CFC_EVENT_KINDS + 1, "one each");

static const char *const severities[] = {
    [CFC_LOG_ERROR] = "error",   [CFC_LOG_WARNING] = "warning",
    [CFC_LOG_NOTICE] = "notice", [CFC_LOG_INFO] = "info",
    [CFC_LOG_DEBUG] = "info",
};

static cfc_events_t *installed;

void cfc_events_init(cfc_events_t *ring, apr_time_t now)
{
    ring->base = (uint64_t)apr_time_as_msec(now);
    atomic_store(&ring->last, ring->base);
    atomic_store(&ring->filed, ring->base);
}

void cfc_events_to(cfc_events_t *ring)
{
    installed = ring;
}

static uint64_t hash_of(const cfc_event_t *event)
{
    cfc_event_t bare = *event;

    bare.check = 0;
    return cfc_hash(&bare, sizeof(bare), CFC_HASH_NOTHING);
}

#define COPY(field, text) apr_cpystrn(event->field, (text) != NULL ? (text) : "", \
                                      sizeof(event->field))

static void fill(cfc_event_t *event, const cfc_what_t *what, const char *code)
{
    event->kind = what->kind;
    COPY(code, code);
    COPY(noun, what->noun);
    COPY(cluster, what->cluster);
    COPY(name, what->name);
    COPY(effective, what->effective);
    COPY(before, what->before);
    COPY(after, what->after);
    COPY(who, what->who);
    COPY(address, what->address);
    COPY(why, what->why);
}

static cfc_event_place_t *place_of(const cfc_events_t *ring, uint64_t seq)
{
    return (cfc_event_place_t *)&ring->places[seq % CFC_EVENTS_KEPT];
}

uint64_t cfc_events_add(cfc_events_t *ring, const cfc_what_t *what, cfc_log_level_t severity,
                        const char *code, apr_time_t now)
{
    cfc_event_t event;
    cfc_event_place_t *place;

    memset(&event, 0, sizeof(event));
    fill(&event, what, code);
    event.severity = what->bad && severity > CFC_LOG_WARNING ? CFC_LOG_WARNING : severity;
    event.at = now;
    event.seq = atomic_fetch_add(&ring->last, 1) + 1;
    event.check = hash_of(&event);
    place = place_of(ring, event.seq);
    cfc_words_write(&place->seq, place->words, CFC_EVENT_WORDS, &event, sizeof(event));
    return event.seq;
}

void cfc_event(const cfc_what_t *what, cfc_log_level_t level, apr_status_t status,
               const char *format, ...)
{
    char code[sizeof("CFC0000")];
    va_list args;

    va_start(args, format);
    cfc_log_list(level, status, format, args);
    va_end(args);
    if (installed != NULL) {
        apr_cpystrn(code, format, sizeof(code));
        cfc_events_add(installed, what, level, code, apr_time_now());
    }
}

/* @return false: never written, or by two at once, or its writer is or was killed inside */
static bool read_whole(const cfc_event_place_t *place, cfc_event_t *event)
{
    return cfc_words_read(&place->seq, place->words, CFC_EVENT_WORDS, event, sizeof(*event))
           && event->check == hash_of(event);
}

typedef enum {
    GONE,               /* a newer one is in its place */
    NOT_YET,
    THERE
} found_t;

static found_t find(const cfc_events_t *ring, uint64_t seq, cfc_event_t *event)
{
    uint64_t last = atomic_load(&ring->last);
    bool whole;

    if (seq > last) {
        return NOT_YET;
    }
    if (last - seq >= CFC_EVENTS_KEPT || seq <= ring->base) {
        return GONE;
    }
    whole = read_whole(place_of(ring, seq), event);
    return whole && event->seq == seq ? THERE : whole && event->seq > seq ? GONE : NOT_YET;
}

/* Whether its writer has had its time: others came later, and that long ago. */
static bool given_up(const cfc_events_t *ring, uint64_t seq, apr_time_t now)
{
    uint64_t last = atomic_load(&ring->last);
    cfc_event_t later;

    while (++seq <= last) {
        if (find(ring, seq, &later) == THERE) {
            return now - later.at > WRITER_PATIENCE;
        }
    }
    return false;
}

bool cfc_events_next(const cfc_events_t *ring, uint64_t *seq, apr_time_t now, cfc_event_t *event,
                     uint64_t *lost)
{
    uint64_t oldest = cfc_events_before_last(ring, CFC_EVENTS_KEPT);

    if (*seq < oldest) {
        *lost += oldest - *seq;
        *seq = oldest;
    }
    for (;; (*seq)++, (*lost)++) {
        found_t found = find(ring, *seq + 1, event);

        if (found == THERE) {
            (*seq)++;
            return true;
        }
        if (found == NOT_YET && !given_up(ring, *seq + 1, now)) {
            memset(event, 0, sizeof(*event));
            return false;
        }
    }
}

uint64_t cfc_events_before_last(const cfc_events_t *ring, uint64_t most)
{
    uint64_t last = atomic_load(&ring->last), count = last - ring->base;

    return last - (count < most ? count : most);
}

const char *cfc_event_severity(const cfc_event_t *event)
{
    return event->severity <= CFC_LOG_DEBUG ? severities[event->severity] : "error";
}
