/* SPDX-License-Identifier: Apache-2.0
 * waiting.c: the records of waiting.h. No lock: an attempt costs a few atomic stores. When to
 * look is release_httpd.c's. */
#include "lb/waiting.h"

#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "lb/segment.h"

enum { FREE, CLAIMED, WAITING, ANSWERED, SHUTTING, RELEASED };

static _Atomic(cfc_waiting_t *) all;

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
    }
    return mine;
}

void cfc_waiting_watch(cfc_waiting_t *waiting, int fd, const void *connection)
{
    if (atomic_load(&waiting->state) == CLAIMED) {
        waiting->fd = fd;
        atomic_store(&waiting->connection, connection);
        atomic_store_explicit(&waiting->state, WAITING, memory_order_release);
    }
}

/* Leave WAITING for `next`, after a release that is under way. */
static void leave(cfc_waiting_t *waiting, uint32_t next)
{
    uint32_t is = WAITING;

    if (atomic_compare_exchange_strong(&waiting->state, &is, next)) {
        return;
    }
    while (atomic_load(&waiting->state) == SHUTTING) {
        sched_yield();
    }
}

void cfc_waiting_answered(cfc_waiting_t *waiting)
{
    leave(waiting, ANSWERED);
}

void cfc_waiting_forget(cfc_waiting_t *waiting, const void *connection)
{
    if (atomic_load(&waiting->connection) == connection) {
        leave(waiting, CLAIMED);
    }
}

void cfc_waiting_end(cfc_waiting_t *waiting)
{
    if (waiting != NULL) {
        leave(waiting, CLAIMED);
        atomic_store(&waiting->connection, NULL);
        atomic_store_explicit(&waiting->state, FREE, memory_order_release);
    }
}

static bool turned_down(const cfc_waiting_t *waiting)
{
    cfc_cause_t cause;

    return cfc_slot_health(waiting->slot, &cause) == CFC_HEALTH_DOWN
           && atomic_load(&waiting->slot->health_at) > waiting->began_at;
}

int cfc_waiting_release(void)
{
    int count = 0;

    for (cfc_waiting_t *at = atomic_load(&all); at != NULL; at = at->next) {
        uint32_t is = WAITING;

        /* Under SHUTTING the attempt cannot end: slot, time and descriptor stay its own. */
        if (atomic_load_explicit(&at->state, memory_order_acquire) != WAITING
            || !atomic_compare_exchange_strong(&at->state, &is, SHUTTING)) {
            continue;
        }
        if (turned_down(at)) {
            shutdown(at->fd, SHUT_RDWR);
            atomic_store_explicit(&at->state, RELEASED, memory_order_release);
            count++;
        }
        else {
            atomic_store_explicit(&at->state, WAITING, memory_order_release);
        }
    }
    return count;
}
