/* SPDX-License-Identifier: Apache-2.0
 * waiting.h: the requests of this child that wait for the first byte of a node's answer, so
 * that they can be freed when the node turns out to hang (DESIGN 4, item 8): their sockets are
 * shut down, mod_proxy then sees the node hang up, and the request goes elsewhere where it may.
 * An answered request that has become a tunnel stays here, for tunnel.c to end it.
 *
 *   FREE -> CLAIMED   an attempt begins                      its thread
 *   -> WAITING        its first byte went out, socket known  its thread
 *   -> ANSWERED       a byte came back: the node cannot      its thread
 *                     take it down any more
 *   -> TUNNEL         the answer was an upgrade              its thread
 *   -> SHUTTING       the node is down, or this child ends   the releasing thread
 *   -> RELEASED       its socket was shut down               the releasing thread
 *   -> CLOSED         its connection is closed, after        any thread
 *                     something was answered
 *   -> FREE           the attempt is over                    its thread
 *
 * A descriptor may be closed, and its number given to somebody else, only while nobody is
 * SHUTTING: whoever ends an attempt waits for that, which takes one system call. */
#ifndef CFC_LB_WAITING_H
#define CFC_LB_WAITING_H

#include <apr_time.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct cfc_node_slot;
struct cfc_tunnel;

typedef struct cfc_waiting {
    _Atomic uint32_t state;
    int fd;
    const struct cfc_node_slot *slot;
    apr_time_t began_at;
    bool (*elsewhere)(const void *owner);   /* NULL: not asked */
    const void *owner;
    _Atomic(const void *) connection;   /* whose socket it is; compared, never followed */
    struct cfc_tunnel *tunnel;          /* in TUNNEL */
    struct cfc_waiting *next;           /* in the list of all, for ever */
} cfc_waiting_t;

/**
 * Begin an attempt. Never fails; records are kept for ever and used again, there are as many
 * as there were attempts at one time.
 * @return NULL: no memory; the attempt is then not released
 */
cfc_waiting_t *cfc_waiting_begin(const struct cfc_node_slot *slot, apr_time_t now);

/**
 * Say who knows whether another node could take the request. Who has nowhere to go is not freed:
 * the node may only be slow, and nobody is better off with an error. Its own thread, before
 * cfc_waiting_watch(); waiting may be NULL.
 *
 * Threads: elsewhere is called by the releasing thread; owner does not change meanwhile.
 */
void cfc_waiting_ask(cfc_waiting_t *waiting, bool (*elsewhere)(const void *owner),
                     const void *owner);

/** The attempt's first byte is about to go out over this socket. Its own thread. */
void cfc_waiting_watch(cfc_waiting_t *waiting, int fd, const void *connection);

/** A byte came back. Its own thread. */
void cfc_waiting_answered(cfc_waiting_t *waiting);

/** The answered attempt has become this tunnel, which lives until it ends. Its own thread. */
void cfc_waiting_tunnel(cfc_waiting_t *waiting, struct cfc_tunnel *tunnel);

/** The connection is about to be closed. Any thread; nothing happens if it is another's now. */
void cfc_waiting_forget(cfc_waiting_t *waiting, const void *connection);

/**
 * The attempt is over. Its own thread; waiting may be NULL.
 * @return whether its socket was shut down from here: then the end was not the node's doing
 */
bool cfc_waiting_end(cfc_waiting_t *waiting);

/**
 * Shut down the sockets of all attempts that wait on a node and may leave it. One thread of the
 * child.
 * @return how many were freed
 */
int cfc_waiting_release(void);

/**
 * Whether the attempt's node has turned down since it began, and it has anywhere else to go. An
 * attempt that began later was meant as a last resort. The releasing thread.
 */
bool cfc_waiting_may_leave(const cfc_waiting_t *waiting);

/**
 * Look at all tunnels, and shut down the sockets of those of which `ends` says so. No tunnel
 * comes to its end while `ends` looks at it. One thread of the child.
 * @return how many were shut down
 */
int cfc_waiting_end_tunnels(bool (*ends)(struct cfc_tunnel *tunnel, void *context), void *context);

/**
 * This child ends at once: shut down the sockets of all attempts, answered or not, and from now
 * on of each new one. Otherwise an open WebSocket, or a node that hangs, would hold the child
 * until httpd kills it. Any thread; for good.
 * @return how many were shut down
 */
int cfc_waiting_end_all(void);

#endif
