/* SPDX-License-Identifier: Apache-2.0
 * queue.c: the queue of queue.h: an array that is searched only while somebody waits, and no
 * lock. Who waits for what and how long is place.c's business. */
#include "lb/queue.h"

#include <stddef.h>

/* FREE: nobody waits by this record, even if it has a pid: its request comes, or goes. */
enum { FREE, WAITING, GRANTED };

void cfc_queue_want(cfc_waiter_t *waiter, const cfc_places_t *wants)
{
    for (int i = 0; i < CFC_QUEUE_NODES / 64; i++) {
        atomic_store(&waiter->wants[i], wants->bits[i]);
    }
}

cfc_waiter_t *cfc_queue_join(cfc_queue_t *queue, uint32_t depth, const cfc_places_t *wants,
                             int64_t pid)
{
    if (atomic_fetch_add(&queue->length, 1) >= depth) {
        atomic_fetch_sub(&queue->length, 1);
        return NULL;
    }
    for (size_t i = 0; i < CFC_QUEUE_MAX; i++) {
        cfc_waiter_t *waiter = &queue->waiters[i];
        int64_t nobody = 0;

        /* By its pid, so that whoever is killed from here on leaves no record without one. */
        if (atomic_compare_exchange_strong(&waiter->pid, &nobody, pid)) {
            cfc_queue_want(waiter, wants);
            atomic_store(&waiter->ticket, atomic_fetch_add(&queue->tickets, 1));
            atomic_store(&waiter->state, WAITING);
            return waiter;
        }
    }
    atomic_fetch_sub(&queue->length, 1);
    return NULL;
}

static int32_t node_of(uint32_t state)
{
    return state >= GRANTED ? (int32_t)(state - GRANTED) : CFC_QUEUE_NONE;
}

int32_t cfc_queue_wait(cfc_waiter_t *waiter, int timeout_ms)
{
    uint32_t seen = cfc_bell_look(&waiter->bell);

    if (node_of(atomic_load(&waiter->state)) == CFC_QUEUE_NONE) {
        cfc_bell_wait(&waiter->bell, seen, timeout_ms);
    }
    return node_of(atomic_exchange(&waiter->state, WAITING));
}

int32_t cfc_queue_leave(cfc_queue_t *queue, cfc_waiter_t *waiter)
{
    uint32_t state = atomic_exchange(&waiter->state, FREE);

    atomic_store(&waiter->pid, 0);
    atomic_fetch_sub(&queue->length, 1);
    return node_of(state);
}

static bool would_take(const cfc_waiter_t *waiter, uint32_t node)
{
    return atomic_load(&waiter->state) == WAITING
           && atomic_load(&waiter->wants[node / 64]) >> (node % 64) & 1u;
}

/* The one that has waited longest of those that would take a place at this node. */
static cfc_waiter_t *first_for(cfc_queue_t *queue, uint32_t node)
{
    cfc_waiter_t *first = NULL;
    uint64_t lowest = UINT64_MAX;

    for (size_t i = 0; i < CFC_QUEUE_MAX; i++) {
        cfc_waiter_t *waiter = &queue->waiters[i];

        if (would_take(waiter, node) && atomic_load(&waiter->ticket) < lowest) {
            first = waiter;
            lowest = atomic_load(&waiter->ticket);
        }
    }
    return first;
}

bool cfc_queue_hand_over(cfc_queue_t *queue, uint32_t node)
{
    cfc_waiter_t *first;

    while (atomic_load(&queue->length) > 0 && (first = first_for(queue, node)) != NULL) {
        uint32_t is = WAITING;

        if (atomic_compare_exchange_strong(&first->state, &is, GRANTED + node)) {
            cfc_bell_ring(&first->bell);
            return true;
        }
    }
    return false;
}

void cfc_queue_strike_out(cfc_queue_t *queue, int64_t pid)
{
    for (size_t i = 0; i < CFC_QUEUE_MAX; i++) {
        if (atomic_load(&queue->waiters[i].pid) == pid) {
            cfc_queue_leave(queue, &queue->waiters[i]);
        }
    }
}

/* Those who were killed before they had a record, or after they had left it, are still in the
 * length. */
static void repair_length(cfc_queue_t *queue)
{
    uint32_t length = atomic_load(&queue->length), taken = 0;
    int32_t off;

    for (size_t i = 0; i < CFC_QUEUE_MAX; i++) {
        taken += atomic_load(&queue->waiters[i].pid) != 0;
    }
    off = cfc_drift_look(&queue->drift, length == atomic_load(&queue->length)
                                            ? (int32_t)(length - taken) : 0);
    atomic_fetch_sub(&queue->length, (uint32_t)off);
}

void cfc_queue_repair(cfc_queue_t *queue, bool (*alive)(int64_t pid))
{
    for (size_t i = 0; i < CFC_QUEUE_MAX; i++) {
        cfc_waiter_t *waiter = &queue->waiters[i];
        int64_t pid = atomic_load(&waiter->pid);

        if (pid != 0 && !alive(pid)) {
            cfc_queue_leave(queue, waiter);
        }
    }
    repair_length(queue);
}
