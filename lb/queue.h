/* SPDX-License-Identifier: Apache-2.0
 * queue.h: requests that wait for a place at a node (CFNode max=), over all children together.
 * First come, first served: whoever leaves a node hands its place to the one that has waited
 * longest for it, so nobody who comes later can slip in between, and only that one wakes.
 *
 *   FREE -> WAITING   a request takes a ticket                   its thread
 *   -> GRANTED        a place is handed to it, already counted   whoever leaves a node
 *   -> FREE           it goes, or gives up                       its thread
 */
#ifndef CFC_LB_QUEUE_H
#define CFC_LB_QUEUE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "lb/bell.h"

#define CFC_QUEUE_MAX 512       /* waiting requests of a cluster, at most */
#define CFC_QUEUE_ANY (-1)      /* no node in particular */

/** One waiting request, in shared memory. */
typedef struct {
    _Atomic uint32_t state;     /* GRANTED + the node's place, so that both change as one */
    _Atomic int32_t wants;      /* a node's place in the cluster, or CFC_QUEUE_ANY */
    _Atomic uint64_t ticket;    /* lower came earlier */
    _Atomic int64_t pid;        /* of its child, to clear up after one that was killed */
    cfc_bell_t bell;            /* rung when it is granted a place */
} cfc_waiter_t;

typedef struct {
    _Atomic uint32_t length;    /* taken records */
    _Atomic uint64_t tickets;   /* handed out so far */
    cfc_waiter_t waiters[CFC_QUEUE_MAX];
} cfc_queue_t;

/**
 * Join the queue.
 * @param depth at most so many wait; 0: none
 * @param wants a node's place in the cluster, or CFC_QUEUE_ANY
 * @return NULL: it is full
 */
cfc_waiter_t *cfc_queue_join(cfc_queue_t *queue, uint32_t depth, int32_t wants, int64_t pid);

/** Wait until a place was granted. @return its node; CFC_QUEUE_ANY: none within the time */
int32_t cfc_queue_wait(cfc_waiter_t *waiter, int timeout_ms);

/**
 * Leave the queue. Once, by whoever joined.
 * @return the node whose place was granted meanwhile and is now the caller's to use or to pass
 *         on; CFC_QUEUE_ANY: none
 */
int32_t cfc_queue_leave(cfc_queue_t *queue, cfc_waiter_t *waiter);

/** Change what a waiting request wants. */
static inline void cfc_queue_want(cfc_waiter_t *waiter, int32_t wants)
{
    atomic_store(&waiter->wants, wants);
}

/**
 * Hand a place at a node to the one that has waited longest for it.
 * @return false: nobody wants it; the place is free
 */
bool cfc_queue_hand_over(cfc_queue_t *queue, int32_t node);

/** Free the records of children that were killed. Monitor only. */
void cfc_queue_repair(cfc_queue_t *queue, bool (*alive)(int64_t pid));

#endif
