/* SPDX-License-Identifier: Apache-2.0
 * queue.h: requests that wait for a place at a node (CFNode max=), over all children together.
 * First come, first served: whoever leaves a node hands its place to the one that has waited
 * longest for it, so nobody who comes later can slip in between, and only that one wakes.
 *
 *   FREE -> WAITING   a request takes a ticket                   its thread
 *   -> GRANTED        a place is handed to it, already counted   whoever leaves a node
 *   -> WAITING        it takes that place, or passes it on       its thread
 *   -> FREE           it goes, or gives up                       its thread
 */
#ifndef CFC_LB_QUEUE_H
#define CFC_LB_QUEUE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "lb/bell.h"
#include "lb/drift.h"

#define CFC_QUEUE_MAX 512       /* waiting requests of a cluster, at most */
#define CFC_QUEUE_NODES 128     /* that can be told apart: as many as the segment has slots */
#define CFC_QUEUE_NONE (-1)     /* no node */

/** Some of the nodes, each by the number of its slot (cfc_owner_t), which it has in every
 * generation: a request of an old child may be handed a new child's place, and the other way. */
typedef struct {
    uint64_t bits[CFC_QUEUE_NODES / 64];
} cfc_places_t;

static inline void cfc_places_add(cfc_places_t *wants, uint32_t node)
{
    wants->bits[node / 64] |= UINT64_C(1) << (node % 64);
}

static inline bool cfc_places_has(const cfc_places_t *wants, uint32_t node)
{
    return wants->bits[node / 64] >> (node % 64) & 1u;
}

/** One waiting request, in shared memory. */
typedef struct {
    _Atomic int64_t pid;        /* of its child; 0: the record is free */
    _Atomic uint32_t state;     /* GRANTED + the node's number, so that both change as one */
    cfc_bell_t bell;            /* rung when it is granted a place */
    _Atomic uint64_t ticket;    /* lower came earlier */
    _Atomic uint64_t wants[CFC_QUEUE_NODES / 64];       /* a cfc_places_t */
} cfc_waiter_t;

typedef struct {
    _Atomic uint32_t length;    /* taken records */
    _Atomic uint64_t tickets;   /* handed out so far */
    cfc_drift_t drift;          /* of length; cfc_queue_repair()'s own */
    cfc_waiter_t waiters[CFC_QUEUE_MAX];
} cfc_queue_t;

/**
 * Join the queue.
 * @param depth at most so many wait; 0: none
 * @param wants the nodes at which it would take a place
 * @return NULL: it is full
 */
cfc_waiter_t *cfc_queue_join(cfc_queue_t *queue, uint32_t depth, const cfc_places_t *wants,
                             int64_t pid);

/** Change what a waiting request wants. */
void cfc_queue_want(cfc_waiter_t *waiter, const cfc_places_t *wants);

/**
 * Wait until a place is granted. It is then the caller's to use or to pass on, who is in the queue
 * until he leaves, with the same ticket.
 * @return its node; CFC_QUEUE_NONE: none within the time
 */
int32_t cfc_queue_wait(cfc_waiter_t *waiter, int timeout_ms);

/**
 * Leave the queue. Once, by whoever joined.
 * @return the node whose place was granted meanwhile, likewise; CFC_QUEUE_NONE: none
 */
int32_t cfc_queue_leave(cfc_queue_t *queue, cfc_waiter_t *waiter);

/**
 * Hand a place at a node to the one that has waited longest for it.
 * @return false: nobody wants it; the place is free
 */
bool cfc_queue_hand_over(cfc_queue_t *queue, uint32_t node);

/** Free the records of a child that was killed. Any process. */
void cfc_queue_strike_out(cfc_queue_t *queue, int64_t pid);

/** Free the records of all children that were killed. Monitor only. */
void cfc_queue_repair(cfc_queue_t *queue, bool (*alive)(int64_t pid));

#endif
