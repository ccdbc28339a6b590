/* SPDX-License-Identifier: Apache-2.0
 * queue.c: the queue of queue.h: an array that is searched only while somebody waits, and no
 * lock. Who waits for what and how long is handler_httpd.c's business. */
#include "lb/queue.h"

#include <stddef.h>

enum { FREE, TAKEN, WAITING, GRANTED };

cfc_waiter_t *cfc_queue_join(cfc_queue_t *queue, uint32_t depth, int32_t wants, int64_t pid)
{
    if (atomic_fetch_add(&queue->length, 1) >= depth) {
        atomic_fetch_sub(&queue->length, 1);
        return NULL;
    }
    for (size_t i = 0; i < CFC_QUEUE_MAX; i++) {
        cfc_waiter_t *waiter = &queue->waiters[i];
        uint32_t is = FREE;

        if (atomic_compare_exchange_strong(&waiter->state, &is, TAKEN)) {
            atomic_store(&waiter->pid, pid);
            atomic_store(&waiter->wants, wants);
            atomic_store(&waiter->ticket, atomic_fetch_add(&queue->tickets, 1));
            atomic_store(&waiter->state, WAITING);
            return waiter;
        }
    }
    atomic_fetch_sub(&queue->length, 1);
    return NULL;
}

static int32_t granted(const cfc_waiter_t *waiter)
{
    uint32_t state = atomic_load(&waiter->state);

    return state >= GRANTED ? (int32_t)(state - GRANTED) : CFC_QUEUE_ANY;
}

int32_t cfc_queue_wait(cfc_waiter_t *waiter, int timeout_ms)
{
    uint32_t seen = cfc_bell_look(&waiter->bell);

    if (granted(waiter) == CFC_QUEUE_ANY) {
        cfc_bell_wait(&waiter->bell, seen, timeout_ms);
    }
    return granted(waiter);
}

int32_t cfc_queue_leave(cfc_queue_t *queue, cfc_waiter_t *waiter)
{
    uint32_t is = WAITING;

    /* From WAITING to TAKEN, so that no place is granted any more; then to FREE. */
    atomic_compare_exchange_strong(&waiter->state, &is, TAKEN);
    atomic_store(&waiter->pid, 0);
    is = atomic_exchange(&waiter->state, FREE);
    atomic_fetch_sub(&queue->length, 1);
    return is >= GRANTED ? (int32_t)(is - GRANTED) : CFC_QUEUE_ANY;
}

/* The one that has waited longest of those that would take a place at this node. */
static cfc_waiter_t *first_for(cfc_queue_t *queue, int32_t node)
{
    cfc_waiter_t *first = NULL;
    uint64_t lowest = UINT64_MAX;

    for (size_t i = 0; i < CFC_QUEUE_MAX; i++) {
        cfc_waiter_t *waiter = &queue->waiters[i];
        int32_t wants = atomic_load(&waiter->wants);

        if (atomic_load(&waiter->state) == WAITING && (wants == node || wants == CFC_QUEUE_ANY)
            && atomic_load(&waiter->ticket) < lowest) {
            first = waiter;
            lowest = atomic_load(&waiter->ticket);
        }
    }
    return first;
}

bool cfc_queue_hand_over(cfc_queue_t *queue, int32_t node)
{
    cfc_waiter_t *first;

    while (atomic_load(&queue->length) > 0 && (first = first_for(queue, node)) != NULL) {
        uint32_t is = WAITING;

        if (atomic_compare_exchange_strong(&first->state, &is, GRANTED + (uint32_t)node)) {
            cfc_bell_ring(&first->bell);
            return true;
        }
    }
    return false;
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
}
