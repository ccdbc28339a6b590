/* SPDX-License-Identifier: Apache-2.0
 * events.h: what happened, with who, why, before and after: a ring of the last events in shared
 * memory, and the one function that writes an event and its line of the error log together. What
 * becomes of events (file, programs, status) is maint/'s business.
 *
 *   last --+
 *          v
 *   [n-255] ... [n-1] [n]       event n stands in place n % 256
 *
 * Any process of any generation writes, without a lock: it takes the next number and fills that
 * number's place. A writer killed inside leaves a place that reads as nothing; only its own event
 * is lost. Numbers begin at the milliseconds of the clock at httpd's start, so that they grow over
 * restarts too. */
#ifndef CFC_LB_EVENTS_H
#define CFC_LB_EVENTS_H

#include <apr_errno.h>
#include <apr_time.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "lb/log.h"

#define CFC_EVENTS_KEPT 256
#define CFC_EVENT_WORDS 128
#define CFC_NOTIFY_MAX 4        /* CFNotify lines */

typedef enum {
    CFC_EVENT_ADMIN,            /* what people want of a node was changed */
    CFC_EVENT_MAINTENANCE,      /* a cluster was closed or opened */
    CFC_EVENT_REFUSED,          /* an order that is not carried out, or not yet */
    CFC_EVENT_HEALTH,           /* of a node, by its probes */
    CFC_EVENT_EJECTION,         /* of a node, by its requests; and its return */
    CFC_EVENT_DEPENDENCY,       /* a database or directory */
    CFC_EVENT_TESTER,           /* a tester link: made, opened, refused, over */
    CFC_EVENT_WALK,             /* an upgrade: begun, gone on to a step, left, over */
    CFC_EVENT_MONITOR,          /* the probing process */
    CFC_EVENT_SERVER,           /* httpd started, was reloaded, is stopped */
    CFC_EVENT_STORE,            /* the state file cannot be used as it should */
    CFC_EVENT_EVENTS,           /* the file of events likewise */
    CFC_EVENT_NOTIFY,           /* a CFNotify program likewise; these are told to no program */
    CFC_EVENT_KINDS
} cfc_event_kind_t;

/** Their words, NULL-ended. */
extern const char *const cfc_event_kind_words[];

/** What happened, as the caller knows it. NULL: not so with this event. Texts are copied, and cut
 *  if they are very long. */
typedef struct {
    cfc_event_kind_t kind;
    bool bad;                   /* a warning although its line in the log is a notice */
    const char *cluster;        /* NULL: it is about the whole server */
    const char *noun;           /* what `name` is of the cluster: node, dependency */
    const char *name;
    const char *effective;      /* what the node gets from now on */
    const char *before;         /* a word of that which changed, */
    const char *after;          /* and its word now */
    const char *who;            /* user name, or address; NULL: it came by itself */
    const char *address;        /* of the client */
    const char *why;
} cfc_what_t;

/** One event of the ring; texts are NUL-ended and may hold any bytes. */
typedef struct {
    uint64_t seq;
    int64_t at;                 /* apr_time_t */
    uint64_t check;             /* hash of all else: two writers in one place are found out */
    uint32_t kind;
    uint32_t severity;          /* cfc_log_level_t */
    char code[8];               /* "CFC0301": its line in the log */
    char noun[16];
    char cluster[64];
    char name[64];
    char effective[16];
    char before[32];
    char after[32];
    char who[96];
    char address[48];
    char why[616];              /* fills the record */
} cfc_event_t;

typedef struct {
    _Atomic uint32_t seq;
    _Atomic uint64_t words[CFC_EVENT_WORDS];
} cfc_event_place_t;

typedef struct {
    uint64_t base;                      /* the number before that of the first event */
    _Atomic uint64_t last;              /* of the newest one; base: there is none */
    _Atomic uint64_t filed;             /* all up to this one are in the file; the monitor */
    _Atomic uint64_t told[CFC_NOTIFY_MAX];  /* likewise, to the program of each CFNotify line */
    cfc_event_place_t places[CFC_EVENTS_KEPT];
} cfc_events_t;

/** Make zeroed memory a ring without events. */
void cfc_events_init(cfc_events_t *ring, apr_time_t now);

/** From now on cfc_event() writes there; NULL: to the log only. The parent, before it forks. */
void cfc_events_to(cfc_events_t *ring);

/**
 * Write an event and its line of the error log. Any thread of any process; never waits.
 * @param level  also how grave the event is
 * @param status, format as of cfc_log()
 */
void cfc_event(const cfc_what_t *what, cfc_log_level_t level, apr_status_t status,
               const char *format, ...) __attribute__((format(printf, 4, 5)));

/** Put an event into a ring. Any thread of any process; never waits. @return its number */
uint64_t cfc_events_add(cfc_events_t *ring, const cfc_what_t *what, cfc_log_level_t severity,
                        const char *code, apr_time_t now);

/**
 * Read on: the next event after *seq, which becomes its number. An event whose writer is not done
 * is waited for (false is returned), for two seconds if others have come after it.
 * Any thread of any process.
 * @param lost raised by one for each event that was overwritten, or whose writer was killed
 * @return false: there is no further one as yet; *event is then zeros
 */
bool cfc_events_next(const cfc_events_t *ring, uint64_t *seq, apr_time_t now, cfc_event_t *event,
                     uint64_t *lost);

/** Where to read from for the last `most` events: a number for cfc_events_next(). */
uint64_t cfc_events_before_last(const cfc_events_t *ring, uint64_t most);

/** The word of cfc_event_t.severity: error, warning, notice, info. */
const char *cfc_event_severity(const cfc_event_t *event);

#endif
