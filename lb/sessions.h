/* SPDX-License-Identifier: Apache-2.0
 * sessions.h: how many different clients a node has served lately, in constant memory. Whom a
 * request comes from is route.c's and books_httpd.c's to say; here it is 64 random bits.
 *
 * One sketch, a HyperLogLog, counts whom it was told of since it was cleared. A node has six of
 * them: time is cut into slices, a sixth of the window each, and the window's count is that of the
 * six laid over each other.
 *
 *   slice:  [ epoch, 8 bytes ][ 8192 registers, two to a byte ]
 *   epoch      number of the slice since 1970; 0: never used; all bits turned: being cleared
 *   register   for the hashes whose low 13 bits are its number: the most zero bits that any
 *              of them had after these, plus one, at most 15; 0: there was none
 *
 * The current slice covers a part of its time only, so what was last seen between 5/6 and the
 * whole of the window ago may still be counted or not. An epoch that does not fit (six slices
 * ago, from before the clock was set, from another window) is not counted, and the slice is
 * cleared by whoever needs it first.
 *
 * Error: 1.04 / sqrt(8192) = 1.15 % standard, so one look in a hundred is off by more than 3 %;
 * less below some thousands, and a handful is counted exactly. Four bits are enough for a register:
 * it would count beyond 15 for one hash in 32,768 that it gets, which for ten millions of clients
 * costs 0.2 %. No sparse form: the room is reserved anyway, and a page of it that nobody wrote to
 * is no memory.
 * Limits: who sends a new session with each request is counted with each.
 * Source: P. Flajolet and others, "HyperLogLog", AofA 2007; the estimator is that of O. Ertl,
 * "New cardinality estimation algorithms for HyperLogLog sketches", 2017, which needs neither
 * tables nor a change of formula for small counts.
 * Cost: noting is two loads and at most one atomic maximum; counting reads 24 KiB in some 20 us, so
 * it is not for the request path: see cfc_sessions_mark(). */
#ifndef CFC_LB_SESSIONS_H
#define CFC_LB_SESSIONS_H

#include <apr_time.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define CFC_SESSIONS_SLICES 6
#define CFC_SKETCH_REGISTERS 8192

/** One sketch alone. Zeroed: nobody. */
typedef struct {
    _Atomic uint8_t pairs[CFC_SKETCH_REGISTERS / 2];    /* registers 2n and, in the high half,
                                                         * 2n + 1 */
} cfc_sketch_t;

typedef struct {
    _Atomic uint64_t epoch;
    cfc_sketch_t sketch;
} cfc_sessions_slice_t;

typedef struct {
    _Atomic uint64_t mark;      /* high half: the count; low half: `picked`, when it was made */
    cfc_sessions_slice_t slices[CFC_SESSIONS_SLICES];
} cfc_sessions_t;

/**
 * 64 bits about a text, evenly spread over all of them as HyperLogLog needs it.
 * @param seed 0, or the hash of what goes before
 * @return never 0
 */
uint64_t cfc_sessions_hash(const char *text, size_t length, uint64_t seed);

/** Note somebody, count whom was noted, forget all. Any thread of any process; waits for nobody.
 *  @param hash from cfc_sessions_hash() */
void cfc_sketch_note(cfc_sketch_t *sketch, uint64_t hash);
uint64_t cfc_sketch_count(const cfc_sketch_t *sketch);
void cfc_sketch_clear(cfc_sketch_t *sketch);

/**
 * Note that a client was served. Any thread of any child; waits for nobody.
 * @param hash   from cfc_sessions_hash()
 * @param window_ms of the count, in milliseconds; the same for everybody who uses this node
 */
void cfc_sessions_note(cfc_sessions_t *sessions, uint64_t hash, apr_time_t now,
                       apr_int64_t window_ms);

/** How many different ones were noted within the window, in 32 bits. Any thread of any process. */
uint64_t cfc_sessions_count(const cfc_sessions_t *sessions, apr_time_t now,
                            apr_int64_t window_ms);

/** Forget all: the node's sessions have gone elsewhere. Any process. */
void cfc_sessions_clear(cfc_sessions_t *sessions);

/**
 * Count, and leave the result where cfc_sessions_live() finds it. The monitor, once a second.
 * @param picked new sessions given to the node until now
 */
void cfc_sessions_mark(cfc_sessions_t *sessions, uint64_t picked, apr_time_t now,
                       apr_int64_t window_ms);

/** The count of the last mark, and the new sessions given since. Any thread; one load. */
uint64_t cfc_sessions_live(const cfc_sessions_t *sessions, uint64_t picked);

#endif
