/* SPDX-License-Identifier: Apache-2.0
 * tunnel.c: the books and the end of tunnels. Whoever ends many at a time sends all their clients
 * to the other node at one time; so each has a moment of its own within the time given. The
 * multiples of the golden ratio, taken between 0 and 1, put every next one into the widest gap of
 * those before (D. Knuth, The Art of Computer Programming, 6.4): tunnels in the order of their
 * beginning are spread evenly, with nothing for children to agree on. How a socket is shut
 * down safely is waiting.c's, who looks when is release_httpd.c's. */
#include "lb/tunnel.h"

#include <assert.h>
#include <stddef.h>

#include "lb/segment.h"

#define GOLDEN UINT32_C(2654435769)     /* 2^32 / 1.618... */

static const char *const words[] = {"closed", "node-down", "node-stopped", "maintenance",
                                    "restart"};
static_assert(sizeof(words) / sizeof(words[0]) == CFC_TUNNEL_COUNT, "a word for each end");

const char *cfc_tunnel_word(cfc_tunnel_end_t end)
{
    return (unsigned)end < CFC_TUNNEL_COUNT ? words[end] : "?";
}

static bool stopped(const cfc_tunnel_t *tunnel)
{
    return cfc_slot_admin(tunnel->node->slot) == CFC_ADMIN_STOP;
}

void cfc_tunnel_begin(cfc_tunnel_t *tunnel, const cfc_cluster_t *cl, const cfc_node_t *node,
                      const cfc_tester_t *tester, int child, cfc_waiting_t *waiting)
{
    *tunnel = (cfc_tunnel_t){.cl = cl, .node = node, .tester = *tester, .waiting = waiting,
                             .part_closed = tunnel->part_closed, .request = tunnel->request};
    tunnel->turn = (uint32_t)cfc_slot_tunnel_begin(node->slot, child) * GOLDEN;
    tunnel->let_in = cfc_tester_passes(tester) && stopped(tunnel);
    if (waiting != NULL) {
        cfc_waiting_tunnel(waiting, tunnel);
    }
}

void cfc_tunnel_end(const cfc_tunnel_t *tunnel, int child)
{
    if (tunnel->ended_by == CFC_TUNNEL_NODE_DOWN || tunnel->ended_by == CFC_TUNNEL_NODE_STOPPED) {
        cfc_drain_cut_tunnel(&tunnel->node->slot->drain);
    }
    cfc_slot_tunnel_end(tunnel->node->slot, child);
}

typedef struct {
    bool leaving;
    int64_t now_ms;
    int64_t next_ms;
} look_t;

static bool in_maintenance(const cfc_tunnel_t *tunnel)
{
    const cfc_cluster_slot_t *slot = tunnel->cl->slot;

    return cfc_slot_closed(slot)
           || (cfc_slot_parts_closed(slot) && tunnel->part_closed(tunnel->request));
}

static cfc_tunnel_end_t reason_for(const cfc_tunnel_t *tunnel, const look_t *look)
{
    if (cfc_waiting_may_leave(tunnel->waiting)) {
        return CFC_TUNNEL_NODE_DOWN;
    }
    if (stopped(tunnel) && !tunnel->let_in) {
        return CFC_TUNNEL_NODE_STOPPED;
    }
    if (!cfc_tester_passes(&tunnel->tester) && in_maintenance(tunnel)) {
        return CFC_TUNNEL_MAINTENANCE;
    }
    return look->leaving ? CFC_TUNNEL_RESTART : CFC_TUNNEL_CLOSED;
}

/* How long after its reason came up; a second reason does not begin the time anew. */
static int64_t due_ms(const cfc_tunnel_t *tunnel)
{
    return tunnel->reason == CFC_TUNNEL_NODE_DOWN
               ? 0
               : (int64_t)((uint64_t)tunnel->cl->tunnel_end_ms * tunnel->turn >> 32);
}

static bool ends(cfc_tunnel_t *tunnel, void *context)
{
    look_t *look = context;
    cfc_tunnel_end_t was = tunnel->reason;
    int64_t left_ms;

    tunnel->let_in = tunnel->let_in && cfc_tester_passes(&tunnel->tester) && stopped(tunnel);
    tunnel->reason = reason_for(tunnel, look);
    if (tunnel->reason == CFC_TUNNEL_CLOSED) {
        return false;
    }
    if (was == CFC_TUNNEL_CLOSED) {
        tunnel->reason_ms = look->now_ms;
    }
    left_ms = tunnel->reason_ms + due_ms(tunnel) - look->now_ms;
    if (left_ms <= 0) {
        tunnel->ended_by = tunnel->reason;
        return true;
    }
    look->next_ms = left_ms < look->next_ms ? left_ms : look->next_ms;
    return false;
}

int64_t cfc_tunnels_look(bool leaving, int64_t now_ms)
{
    look_t look = {.leaving = leaving, .now_ms = now_ms, .next_ms = INT64_MAX};

    cfc_waiting_end_tunnels(ends, &look);
    return look.next_ms;
}
