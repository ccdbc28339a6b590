/* SPDX-License-Identifier: Apache-2.0
 * segment.c: the layout of segment.h: identity, slots by name, the in-flight books. Where the
 * memory comes from is the binding's business (segment_httpd.c). */
#include "lb/segment.h"

#include <assert.h>
#include <string.h>

#include "lb/hash.h"

#define LINE_OF(member) (offsetof(cfc_node_slot_t, member) / CFC_CACHE_LINE)

static_assert(LINE_OF(probe_wanted) == LINE_OF(admin), "line A is one line");
static_assert(LINE_OF(traffic.picked) == LINE_OF(turns), "what methods compare is on line B");

static_assert(sizeof(cfc_node_slot_t) < 64 * 1024, "a node takes less than 64 KiB (DESIGN 12)");
static_assert(CFC_NODES_MAX <= CFC_QUEUE_NODES, "the queue can tell every node apart");

uint64_t cfc_segment_layout(void)
{
    const size_t facts[] = {
        sizeof(cfc_segment_t),
        sizeof(cfc_heritage_t),
        offsetof(cfc_segment_t, monitor_pid),
        offsetof(cfc_segment_t, watched_at),
        offsetof(cfc_segment_t, downs),
        offsetof(cfc_segment_t, children),
        offsetof(cfc_segment_t, uncounted),
        offsetof(cfc_segment_t, clusters),
        offsetof(cfc_segment_t, nodes),
        offsetof(cfc_segment_t, dependencies),
        offsetof(cfc_segment_t, events),
        offsetof(cfc_owner_t, number),
        offsetof(cfc_events_t, places),
        sizeof(cfc_event_t),
        CFC_EVENT_KINDS,
        sizeof(cfc_node_slot_t),
        offsetof(cfc_node_slot_t, admin),
        offsetof(cfc_node_slot_t, standing),
        offsetof(cfc_node_slot_t, returned_at),
        offsetof(cfc_node_slot_t, reported),
        CFC_PROBES_MAX,
        sizeof(cfc_probe_slot_t),
        offsetof(cfc_probe_slot_t, standing),
        offsetof(cfc_probe_slot_t, falls),
        offsetof(cfc_probe_slot_t, history),
        offsetof(cfc_node_slot_t, eject),
        offsetof(cfc_node_slot_t, probe_wanted),
        offsetof(cfc_node_slot_t, turns),
        offsetof(cfc_node_slot_t, latency),
        offsetof(cfc_node_slot_t, traffic),
        offsetof(cfc_node_slot_t, admin_configured),
        offsetof(cfc_node_slot_t, admin_note),
        offsetof(cfc_node_slot_t, health_at),
        offsetof(cfc_node_slot_t, identity),
        offsetof(cfc_node_slot_t, deciding),
        offsetof(cfc_node_slot_t, probes),
        offsetof(cfc_node_slot_t, sessions),
        sizeof(cfc_sessions_t),
        offsetof(cfc_sessions_t, slices),
        offsetof(cfc_node_slot_t, rates),
        sizeof(cfc_rates_t),
        offsetof(cfc_node_slot_t, spread),
        sizeof(cfc_spread_t),
        offsetof(cfc_node_slot_t, drain),
        sizeof(cfc_drain_t),
        offsetof(cfc_drain_t, moved),
        offsetof(cfc_node_slot_t, busy),
        offsetof(cfc_node_slot_t, tunneling),
        sizeof(cfc_dependency_slot_t),
        offsetof(cfc_dependency_slot_t, acknowledged_until),
        offsetof(cfc_dependency_slot_t, acknowledged_note),
        offsetof(cfc_dependency_slot_t, look_wanted),
        offsetof(cfc_dependency_slot_t, identity),
        offsetof(cfc_dependency_slot_t, found),
        offsetof(cfc_dependency_slot_t, history),
        sizeof(cfc_cluster_slot_t),
        offsetof(cfc_cluster_slot_t, maintenance),
        offsetof(cfc_cluster_slot_t, maintenance_note),
        offsetof(cfc_cluster_slot_t, parts),
        sizeof(cfc_part_slot_t),
        offsetof(cfc_cluster_slot_t, queue),
        offsetof(cfc_cluster_slot_t, logins_failed),
        offsetof(cfc_cluster_slot_t, tester_keys),
        offsetof(cfc_cluster_slot_t, testers),
        sizeof(cfc_tester_slot_t),
        offsetof(cfc_cluster_slot_t, walk),
        offsetof(cfc_walk_slot_t, until),
        sizeof(cfc_waiter_t),
        sizeof(cfc_note_t),
        sizeof(cfc_probe_result_t),
        sizeof(cfc_traffic_t),
        offsetof(cfc_traffic_t, by_class),
        offsetof(cfc_traffic_t, bytes_to),
        CFC_ADMIN_COUNT,
        CFC_HEALTH_COUNT,
        CFC_CAUSE_COUNT,
    };

    return cfc_hash(facts, sizeof(facts), CFC_HASH_NOTHING);
}

cfc_segment_t *cfc_segment_init(void *memory, const unsigned char *secret, apr_time_t now)
{
    cfc_segment_t *segment = memory;

    segment->magic = CFC_HERITAGE_MAGIC;
    segment->layout = cfc_segment_layout();
    cfc_heritage_write(&segment->heritage);
    segment->sessions_from = now;
    cfc_events_init(&segment->events, now);
    memcpy(segment->secret, secret, CFC_SECRET_BYTES);
    return segment;
}

bool cfc_segment_usable(const void *memory)
{
    const cfc_segment_t *segment = memory;

    return segment->magic == CFC_HERITAGE_MAGIC && segment->layout == cfc_segment_layout();
}

uint32_t cfc_segment_next_generation(cfc_segment_t *segment)
{
    return atomic_fetch_add(&segment->generation, 1) + 1;
}

/* The oldest generation whose slots may still be in use: that of the oldest child, and at least
 * the one before this. The configuration being read may yet name that one's nodes (a restart
 * leaves no child to tell), and its monitor works on until the new one takes over. */
static uint32_t oldest_generation(const cfc_segment_t *segment, uint32_t now)
{
    uint32_t oldest = now - 1;

    for (int i = 0; i < CFC_CHILDREN_MAX; i++) {
        if (atomic_load(&segment->children[i].pid) != 0) {
            uint32_t generation = atomic_load(&segment->children[i].generation);

            oldest = generation < oldest ? generation : oldest;
        }
    }
    return oldest;
}

/* The slot of an owner, or a spare one made its own. */
static void *slot_of(const cfc_segment_t *segment, void *slots, size_t bytes, int count,
                     const char *cluster, const char *name)
{
    uint32_t now = atomic_load(&segment->generation);
    uint32_t oldest = oldest_generation(segment, now);
    cfc_owner_t *spare = NULL;
    int number = 0;

    for (int i = 0; i < count; i++) {
        cfc_owner_t *owner = (void *)((char *)slots + (size_t)i * bytes);

        if (strcmp(owner->cluster, cluster) == 0 && strcmp(owner->name, name) == 0) {
            atomic_store(&owner->generation, now);
            return owner;
        }
        if (spare == NULL
            && (owner->cluster[0] == '\0' || atomic_load(&owner->generation) < oldest)) {
            spare = owner;
            number = i;
        }
    }
    if (spare != NULL) {
        if (spare->cluster[0] != '\0') {
            memset(spare, 0, bytes);    /* else it is zero, and its pages are no memory yet */
        }
        strncpy(spare->cluster, cluster, CFC_NAME_MAX - 1);
        strncpy(spare->name, name, CFC_NAME_MAX - 1);
        spare->number = (uint32_t)number;
        atomic_store(&spare->generation, now);
    }
    return spare;
}

static_assert(offsetof(cfc_cluster_slot_t, owner) == 0 && offsetof(cfc_node_slot_t, owner) == 0
              && offsetof(cfc_dependency_slot_t, owner) == 0, "a slot begins with its owner");

cfc_cluster_slot_t *cfc_segment_cluster(cfc_segment_t *segment, const char *name)
{
    return slot_of(segment, segment->clusters, sizeof(cfc_cluster_slot_t), CFC_CLUSTERS_MAX, name,
                   "");
}

cfc_node_slot_t *cfc_segment_node(cfc_segment_t *segment, const char *cluster, const char *name)
{
    return slot_of(segment, segment->nodes, sizeof(cfc_node_slot_t), CFC_NODES_MAX, cluster, name);
}

cfc_dependency_slot_t *cfc_segment_dependency(cfc_segment_t *segment, const char *cluster,
                                              const char *name)
{
    return slot_of(segment, segment->dependencies, sizeof(cfc_dependency_slot_t),
                   CFC_DEPENDENCIES_MAX, cluster, name);
}

/* One process has one pid: what is here by it is a dead child's, whom nobody has missed yet. */
static void strike_out(cfc_segment_t *segment, int64_t pid)
{
    for (int i = 0; i < CFC_CHILDREN_MAX; i++) {
        int64_t dead = pid;

        atomic_compare_exchange_strong(&segment->children[i].pid, &dead, 0);
        dead = pid;
        atomic_compare_exchange_strong(&segment->uncounted[i], &dead, 0);
    }
    for (int i = 0; i < CFC_CLUSTERS_MAX; i++) {
        cfc_queue_strike_out(&segment->clusters[i].queue, pid);
    }
}

/* Clean ones. In a slot that is nobody's they are, and stay no memory. */
static void begin_books(cfc_segment_t *segment, int child)
{
    for (int i = 0; i < CFC_NODES_MAX; i++) {
        cfc_node_slot_t *slot = &segment->nodes[i];

        if (slot->owner.cluster[0] != '\0') {
            atomic_store(cfc_book_entry(&slot->busy, child), 0);
            atomic_store(cfc_book_entry(&slot->tunneling, child), 0);
        }
    }
}

int cfc_segment_child_enter(cfc_segment_t *segment, int64_t pid, uint32_t generation)
{
    strike_out(segment, pid);
    for (int i = 0; i < CFC_CHILDREN_MAX; i++) {
        int64_t nobody = 0;

        if (atomic_compare_exchange_strong(&segment->children[i].pid, &nobody, pid)) {
            atomic_store(&segment->children[i].generation, generation);
            begin_books(segment, i);
            return i;
        }
    }
    for (int i = 0; i < CFC_CHILDREN_MAX; i++) {
        int64_t nobody = 0;

        if (atomic_compare_exchange_strong(&segment->uncounted[i], &nobody, pid)) {
            break;
        }
    }
    return -1;
}

void cfc_segment_child_leave(cfc_segment_t *segment, int child)
{
    if (child < 0) {
        return;     /* it can still count requests until its process has ended */
    }
    /* Its books stay as they are: threads that httpd does not wait for at a restart may still
     * end requests in them. Nobody reads them any more, and the next child begins with clean
     * ones. Nor are the totals touched: if this child was killed between its two counts they
     * would be wrong by one more. repair() sees what is too much and mends it. */
    atomic_store(&segment->children[child].generation, 0);
    atomic_store(&segment->children[child].pid, 0);
}

/* By the living children's books; false when the total moved meanwhile. */
static bool counted(const cfc_segment_t *segment, const _Atomic int32_t *total,
                    cfc_book_t *book, int32_t *was, int32_t *sum)
{
    *was = atomic_load(total);
    *sum = 0;
    for (int i = 0; i < CFC_CHILDREN_MAX; i++) {
        if (atomic_load(&segment->children[i].pid) != 0) {
            *sum += (int32_t)atomic_load(cfc_book_entry(book, i));
        }
    }
    return atomic_load(total) == *was;
}

static void repair_total(const cfc_segment_t *segment, _Atomic int32_t *total, cfc_book_t *book)
{
    int32_t was, sum;
    bool steady = counted(segment, total, book, &was, &sum);

    atomic_fetch_sub(total, cfc_drift_look(&book->drift, steady ? was - sum : 0));
}

/* Whether all living children have books. Strikes dead ones out that have none. */
static bool all_counted(cfc_segment_t *segment, bool (*alive)(int64_t pid))
{
    bool all = true;

    for (int i = 0; i < CFC_CHILDREN_MAX; i++) {
        int64_t pid = atomic_load(&segment->uncounted[i]);

        if (pid != 0 && !alive(pid)) {
            atomic_store(&segment->uncounted[i], 0);
        }
        else if (pid != 0) {
            all = false;
        }
    }
    return all;
}

int cfc_segment_repair(cfc_segment_t *segment, bool (*alive)(int64_t pid))
{
    int struck = 0;

    for (int i = 0; i < CFC_CHILDREN_MAX; i++) {
        int64_t pid = atomic_load(&segment->children[i].pid);

        if (pid != 0 && !alive(pid)) {
            cfc_segment_child_leave(segment, i);
            struck++;
        }
    }
    for (int i = 0; i < CFC_CLUSTERS_MAX; i++) {
        cfc_queue_repair(&segment->clusters[i].queue, alive);
    }
    if (all_counted(segment, alive)) {
        for (int i = 0; i < CFC_NODES_MAX; i++) {
            cfc_node_slot_t *slot = &segment->nodes[i];

            if (slot->owner.cluster[0] != '\0') {
                repair_total(segment, &slot->traffic.inflight, &slot->busy);
                repair_total(segment, &slot->traffic.tunnels, &slot->tunneling);
            }
        }
    }
    return struck;
}

static void enter(cfc_book_t *book, int child)
{
    if (child >= 0) {
        atomic_fetch_add_explicit(cfc_book_entry(book, child), 1, memory_order_relaxed);
    }
}

static void strike(cfc_book_t *book, int child)
{
    if (child >= 0) {
        atomic_fetch_sub_explicit(cfc_book_entry(book, child), 1, memory_order_relaxed);
    }
}

void cfc_slot_book(cfc_node_slot_t *slot, int child)
{
    enter(&slot->busy, child);
}

void cfc_slot_unbook(cfc_node_slot_t *slot, int child)
{
    strike(&slot->busy, child);
}

void cfc_slot_free(cfc_node_slot_t *slot)
{
    atomic_fetch_sub_explicit(&slot->traffic.inflight, 1, memory_order_relaxed);
}

void cfc_slot_begin(cfc_node_slot_t *slot, int child)
{
    atomic_fetch_add_explicit(&slot->traffic.inflight, 1, memory_order_relaxed);
    cfc_slot_book(slot, child);
}

bool cfc_slot_try_begin(cfc_node_slot_t *slot, int child, apr_int64_t max)
{
    int32_t inflight = atomic_load_explicit(&slot->traffic.inflight, memory_order_relaxed);

    if (max == 0) {
        cfc_slot_begin(slot, child);
        return true;
    }
    do {
        if (inflight >= max) {
            return false;
        }
    } while (!atomic_compare_exchange_weak(&slot->traffic.inflight, &inflight, inflight + 1));
    cfc_slot_book(slot, child);
    return true;
}

void cfc_slot_end(cfc_node_slot_t *slot, int child)
{
    cfc_slot_unbook(slot, child);
    cfc_slot_free(slot);
}

uint64_t cfc_slot_tunnel_begin(cfc_node_slot_t *slot, int child)
{
    atomic_fetch_add_explicit(&slot->traffic.tunnels, 1, memory_order_relaxed);
    enter(&slot->tunneling, child);
    return atomic_fetch_add_explicit(&slot->traffic.tunnels_begun, 1, memory_order_relaxed) + 1;
}

void cfc_slot_tunnel_end(cfc_node_slot_t *slot, int child)
{
    strike(&slot->tunneling, child);
    atomic_fetch_sub_explicit(&slot->traffic.tunnels, 1, memory_order_relaxed);
}

static void standing_write(_Atomic uint32_t *standing, cfc_health_t health, cfc_cause_t cause)
{
    atomic_store_explicit(standing, (uint32_t)health | (uint32_t)cause << 8,
                          memory_order_release);
}

void cfc_slot_health_set(cfc_node_slot_t *slot, cfc_health_t health, cfc_cause_t cause)
{
    standing_write(&slot->standing, health, cause);
}

void cfc_probe_health_set(cfc_probe_slot_t *slot, cfc_health_t health, cfc_cause_t cause)
{
    standing_write(&slot->standing, health, cause);
}

/* One word, so that no reader sees the one's percentage with the other's end. */
void cfc_slot_report(cfc_node_slot_t *slot, int pct, apr_time_t until)
{
    atomic_store_explicit(&slot->reported, (uint64_t)apr_time_as_msec(until) << 8 | (uint64_t)pct,
                          memory_order_relaxed);
}

void cfc_slot_returned(cfc_node_slot_t *slot, apr_time_t now, bool emptied)
{
    if (emptied) {
        cfc_sessions_clear(&slot->sessions);
    }
    atomic_store(&slot->returned_at, now);
}
