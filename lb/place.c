/* SPDX-License-Identifier: Apache-2.0
 * place.c: takes and leaves places. Which node is choose.c's, the queue itself queue.c's; here
 * is what a request does while it has no place. */
#include "lb/place.h"

#include <unistd.h>

#include "lb/queue.h"

#define FIRST_PROBE_WAIT_MS 3000
#define FIRST_PROBE_LOOK_MS 20

/* A place may also become free without being handed over: a node came back, a limit was
 * raised. So whoever waits looks again this often. */
#define LOOK_MS 100

typedef struct {
    const cfc_cluster_t *cl;
    cfc_ask_t *ask;
    int child;
    cfc_choice_t *choice;
    cfc_waiter_t *waiter;
    apr_time_t joined_at;
} wait_t;

/* Right after httpd's start wait for the first probes rather than turn users away. */
static apr_status_t choose(const cfc_cluster_t *cl, cfc_ask_t *ask, cfc_choice_t *choice)
{
    for (int waited = 0;; waited += FIRST_PROBE_LOOK_MS) {
        apr_status_t status;

        ask->now = apr_time_now();
        status = cfc_choose(cl, ask, choice);
        if (status != APR_ENOENT || waited >= FIRST_PROBE_WAIT_MS || !cfc_choice_pending(cl)) {
            return status;
        }
        apr_sleep(apr_time_from_msec(FIRST_PROBE_LOOK_MS));
    }
}

/* A counted place that nobody has in his books: to the one that waits for it, or to nobody. */
static void pass_on(const cfc_cluster_t *cl, cfc_node_slot_t *slot)
{
    if (!cfc_queue_hand_over(&cl->slot->queue, slot->owner.number)) {
        cfc_slot_free(slot);
    }
}

void cfc_place_leave(const cfc_cluster_t *cl, const cfc_node_t *node, int child)
{
    if (node->max > 0
        && atomic_load_explicit(&cl->slot->queue.length, memory_order_relaxed) > 0) {
        cfc_slot_unbook(node->slot, child);
        pass_on(cl, node->slot);
        return;
    }
    cfc_slot_end(node->slot, child);
}

/* @return NULL: this configuration does not have it. Another generation's child may have been about
 * to grant it to whoever waited by the same record before. */
static cfc_node_t *node_numbered(const cfc_cluster_t *cl, int32_t number)
{
    cfc_node_t **nodes = cfc_cluster_nodes(cl);

    for (int i = 0; i < cl->nodes->nelts; i++) {
        if (nodes[i]->slot->owner.number == (uint32_t)number) {
            return nodes[i];
        }
    }
    return NULL;
}

/* A granted place is counted at its node already; the books of this child are not. */
static bool use_granted(wait_t *w, int32_t number)
{
    cfc_node_t *node = node_numbered(w->cl, number);

    if (node == NULL || !cfc_choose_takes(w->cl, w->ask, node, w->choice)) {
        return false;
    }
    cfc_slot_book(node->slot, w->child);
    return true;
}

static void pass_on_granted(const wait_t *w, int32_t number)
{
    pass_on(w->cl, cfc_slot_numbered(cfc_cluster_nodes(w->cl)[0]->slot, (uint32_t)number));
}

static bool take_free(wait_t *w)
{
    return choose(w->cl, w->ask, w->choice) == APR_SUCCESS
           && cfc_slot_try_begin(w->choice->node->slot, w->child, w->choice->node->max);
}

/* Say where a place would be taken, as things stand. */
static void say_wants(wait_t *w)
{
    cfc_places_t wants;

    cfc_choose_wants(w->cl, w->ask, w->choice, &wants);
    cfc_queue_want(w->waiter, &wants);
}

/* Wait until a place is granted that can be used, or there is something to look at. */
static bool take_granted(wait_t *w, apr_int64_t wait_ms)
{
    int32_t granted;

    say_wants(w);
    granted = cfc_queue_wait(w->waiter, (int)(wait_ms < LOOK_MS ? wait_ms : LOOK_MS));
    if (granted == CFC_QUEUE_NONE) {
        return false;
    }
    w->ask->now = apr_time_now();
    if (use_granted(w, granted)) {
        return true;
    }
    say_wants(w);       /* not this one any more, or it would be handed over to us again */
    pass_on_granted(w, granted);
    return false;
}

/* Out of the queue; a place that was granted at the last moment is used or passed on. */
static bool leave_queue(wait_t *w, bool has_place)
{
    int32_t granted = cfc_queue_leave(&w->cl->slot->queue, w->waiter);

    if (granted == CFC_QUEUE_NONE) {
        return has_place;
    }
    if (!has_place && use_granted(w, granted)) {
        return true;
    }
    pass_on_granted(w, granted);
    return has_place;
}

/* Near the end of its time a request rather loses its session than its answer. */
static void give_way(wait_t *w, apr_int64_t waited_ms)
{
    if (!w->cl->sticky.strict && waited_ms * 5 >= w->cl->queue.timeout_ms * 4) {
        w->ask->anywhere = true;
    }
}

static bool join_queue(wait_t *w)
{
    cfc_places_t wants;

    cfc_choose_wants(w->cl, w->ask, w->choice, &wants);
    w->joined_at = apr_time_now();
    w->waiter = cfc_queue_join(&w->cl->slot->queue, (uint32_t)w->cl->queue.depth, &wants,
                               getpid());
    return w->waiter != NULL;
}

static bool wait_for_place(wait_t *w, apr_int64_t *waited_ms)
{
    apr_int64_t timeout_ms = w->cl->queue.timeout_ms, ms = 0;
    bool taken, over;

    if (!join_queue(w)) {
        return false;
    }
    /* Look once more: a place may have become free before anybody saw us wait. */
    do {
        give_way(w, ms);
        taken = take_free(w) || (ms < timeout_ms && take_granted(w, timeout_ms - ms));
        over = ms >= timeout_ms;
        ms = apr_time_as_msec(apr_time_now() - w->joined_at);
    } while (!taken && !over);
    taken = leave_queue(w, taken);
    *waited_ms += apr_time_as_msec(apr_time_now() - w->joined_at);
    return taken;
}

cfc_place_t cfc_place_take(const cfc_cluster_t *cl, cfc_ask_t *ask, int child,
                           cfc_choice_t *choice, apr_int64_t *waited_ms)
{
    wait_t w = {.cl = cl, .ask = ask, .child = child, .choice = choice};
    apr_status_t status = choose(cl, ask, choice);

    if (status == APR_ENOENT) {
        return CFC_PLACE_NONE;
    }
    if (status == APR_SUCCESS
        && cfc_slot_try_begin(choice->node->slot, child, choice->node->max)) {
        return CFC_PLACE_TAKEN;
    }
    return wait_for_place(&w, waited_ms) ? CFC_PLACE_TAKEN : CFC_PLACE_BUSY;
}
