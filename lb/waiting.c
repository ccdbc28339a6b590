/* SPDX-License-Identifier: Apache-2.0
 * waiting.c: the records of waiting.h. No lock: an attempt costs a few atomic stores. When to
 * look is release_httpd.c's. */
#include "lb/waiting.h"

#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "lb/segment.h"

enum { FREE, CLAIMED, WAITING, ANSWERED, TUNNEL, SHUTTING, RELEASED, CLOSED };

static _Atomic(cfc_waiting_t *) all;

/* This child ends: nobody shall wait for a node any more. */
static _Atomic bool ending;

/* The record this thread used last: nearly always free again, so nobody searches the list. */
static _Thread_local cfc_waiting_t *last;

static bool claim(cfc_waiting_t *waiting)
{
    uint32_t is = FREE;

    return waiting != NULL && atomic_compare_exchange_strong(&waiting->state, &is, CLAIMED);
}

static cfc_waiting_t *find(void)
{
    for (cfc_waiting_t *at = atomic_load(&all); at != NULL; at = at->next) {
        if (claim(at)) {
            return at;
        }
    }
    return NULL;
}

static cfc_waiting_t *make(void)
{
    cfc_waiting_t *made = calloc(1, sizeof(*made));

    if (made != NULL) {
        atomic_store(&made->state, CLAIMED);
        made->next = atomic_load(&all);
        while (!atomic_compare_exchange_weak(&all, &made->next, made)) {
        }
    }
    return made;
}

cfc_waiting_t *cfc_waiting_begin(const cfc_node_slot_t *slot, apr_time_t now)
{
    cfc_waiting_t *mine = claim(last) ? last : find();

    if (mine == NULL) {
        mine = make();
    }
    last = mine;
    if (mine != NULL) {
        mine->slot = slot;
        mine->began_at = now;
        mine->elsewhere = NULL;
    }
    return mine;
}

void cfc_waiting_ask(cfc_waiting_t *waiting, bool (*elsewhere)(const void *owner),
                     const void *owner)
{
    if (waiting != NULL) {
        waiting->elsewhere = elsewhere;
        waiting->owner = owner;
    }
}

void cfc_waiting_watch(cfc_waiting_t *waiting, int fd, const void *connection)
{
    if (atomic_load(&waiting->state) == CLAIMED) {
        waiting->fd = fd;
        atomic_store(&waiting->connection, connection);
        atomic_store(&waiting->state, WAITING);
        if (atomic_load(&ending)) {     /* the sweep may have been here before us */
            cfc_waiting_end_all();
        }
    }
}

static bool move(cfc_waiting_t *waiting, uint32_t from, uint32_t to)
{
    return atomic_compare_exchange_strong(&waiting->state, &from, to);
}

/* Go on from WAITING, and from ANSWERED or TUNNEL; a look of the releasing thread, which may end
 * in any of these again, is waited for. */
static void leave(cfc_waiting_t *waiting, uint32_t from_waiting, uint32_t from_later)
{
    for (;;) {
        uint32_t is = atomic_load(&waiting->state);

        if (is == SHUTTING) {
            sched_yield();
        }
        else if ((is != WAITING && is != ANSWERED && is != TUNNEL)
                 || move(waiting, is, is == WAITING ? from_waiting : from_later)) {
            return;
        }
    }
}

void cfc_waiting_answered(cfc_waiting_t *waiting)
{
    leave(waiting, ANSWERED, ANSWERED);
}

void cfc_waiting_tunnel(cfc_waiting_t *waiting, struct cfc_tunnel *tunnel)
{
    waiting->tunnel = tunnel;
    leave(waiting, TUNNEL, TUNNEL);
}

/* What was answered does not wait again: its request cannot be repeated. */
void cfc_waiting_forget(cfc_waiting_t *waiting, const void *connection)
{
    if (atomic_load(&waiting->connection) == connection) {
        leave(waiting, CLAIMED, CLOSED);
    }
}

bool cfc_waiting_end(cfc_waiting_t *waiting)
{
    bool released;

    if (waiting == NULL) {
        return false;
    }
    leave(waiting, CLAIMED, CLAIMED);
    released = atomic_load(&waiting->state) == RELEASED;
    atomic_store(&waiting->connection, NULL);
    atomic_store_explicit(&waiting->state, FREE, memory_order_release);
    return released;
}

bool cfc_waiting_may_leave(const cfc_waiting_t *waiting)
{
    cfc_cause_t cause;

    return cfc_slot_health(waiting->slot, &cause) == CFC_HEALTH_DOWN
           && atomic_load(&waiting->slot->health_at) > waiting->began_at
           && (waiting->elsewhere == NULL || waiting->elsewhere(waiting->owner));
}

/* Asks about a tunnel; what of an attempt that is none is asked needs no context. */
typedef struct {
    bool (*ends)(struct cfc_tunnel *tunnel, void *context);
    void *context;
} question_t;

static bool may_leave(const cfc_waiting_t *waiting, const question_t *unused)
{
    (void)unused;
    return cfc_waiting_may_leave(waiting);
}

static bool tunnel_ends(const cfc_waiting_t *waiting, const question_t *question)
{
    return question->ends(waiting->tunnel, question->context);
}

static bool always(const cfc_waiting_t *waiting, const question_t *unused)
{
    (void)waiting;
    (void)unused;
    return true;
}

/* Shut the socket down if the attempt is in this state, and if there is reason to. Under SHUTTING
 * the attempt cannot end: slot, time, tunnel and descriptor stay its own. */
static bool shut(cfc_waiting_t *waiting, uint32_t state,
                 bool (*reason)(const cfc_waiting_t *, const question_t *),
                 const question_t *question)
{
    if (atomic_load_explicit(&waiting->state, memory_order_acquire) != state
        || !move(waiting, state, SHUTTING)) {
        return false;
    }
    if (!reason(waiting, question)) {
        atomic_store_explicit(&waiting->state, state, memory_order_release);
        return false;
    }
    shutdown(waiting->fd, SHUT_RDWR);
    atomic_store_explicit(&waiting->state, RELEASED, memory_order_release);
    return true;
}

int cfc_waiting_release(void)
{
    int count = 0;

    for (cfc_waiting_t *at = atomic_load(&all); at != NULL; at = at->next) {
        count += shut(at, WAITING, may_leave, NULL);
    }
    return count;
}

int cfc_waiting_end_tunnels(bool (*ends)(struct cfc_tunnel *, void *), void *context)
{
    const question_t question = {ends, context};
    int count = 0;

    for (cfc_waiting_t *at = atomic_load(&all); at != NULL; at = at->next) {
        count += shut(at, TUNNEL, tunnel_ends, &question);
    }
    return count;
}

int cfc_waiting_end_all(void)
{
    int count = 0;

    atomic_store(&ending, true);
    for (cfc_waiting_t *at = atomic_load(&all); at != NULL; at = at->next) {
        count += shut(at, WAITING, always, NULL) || shut(at, ANSWERED, always, NULL)
                 || shut(at, TUNNEL, always, NULL);
    }
    return count;
}
