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

void cfc_place_leave(const cfc_cluster_t *cl, const cfc_node_t *node, int child)
{
    cfc_queue_t *queue = &cl->slot->queue;

    if (node->max > 0 && atomic_load_explicit(&queue->length, memory_order_relaxed) > 0
        && cfc_node_effective(node) == CFC_EFFECTIVE_SERVING) {
        cfc_slot_unbook(node->slot, child);
        if (!cfc_queue_hand_over(queue, cfc_cluster_place(cl, node))) {
            cfc_slot_free(node->slot);
        }
        return;
    }
    cfc_slot_end(node->slot, child);
}

/* A granted place is counted at its node already; the books of this child are not. */
static bool use_granted(wait_t *w, int32_t place)
{
    cfc_node_t *node = cfc_cluster_nodes(w->cl)[place];

    cfc_slot_book(node->slot, w->child);
    if (!cfc_choose_takes(w->cl, w->ask, node, w->choice)) {
        cfc_place_leave(w->cl, node, w->child);     /* tried already, or down by now */
        return false;
    }
    return true;
}

static bool take_free(wait_t *w)
{
    return choose(w->cl, w->ask, w->choice) == APR_SUCCESS
           && cfc_slot_try_begin(w->choice->node->slot, w->child, w->choice->node->max);
}

/* Out of the queue; a place that was granted at the last moment is used or passed on. */
static bool leave_queue(wait_t *w, bool has_place)
{
    int32_t granted = cfc_queue_leave(&w->cl->slot->queue, w->waiter);

    if (granted == CFC_QUEUE_ANY) {
        return has_place;
    }
    if (has_place) {
        cfc_node_t *node = cfc_cluster_nodes(w->cl)[granted];

        cfc_slot_book(node->slot, w->child);
        cfc_place_leave(w->cl, node, w->child);
        return true;
    }
    return use_granted(w, granted);
}

/* Near the end of its time a request rather loses its session than its answer. */
static void give_way(wait_t *w, apr_int64_t waited_ms)
{
    if (!w->cl->sticky.strict && waited_ms * 5 >= w->cl->queue.timeout_ms * 4) {
        w->ask->anywhere = true;
        cfc_queue_want(w->waiter, CFC_QUEUE_ANY);
    }
}

static bool join_queue(wait_t *w)
{
    bool belongs = w->choice->node != NULL;     /* a method never picks a node that is full */

    w->joined_at = apr_time_now();
    w->waiter = cfc_queue_join(&w->cl->slot->queue, (uint32_t)w->cl->queue.depth,
                               belongs ? cfc_cluster_place(w->cl, w->choice->node) : CFC_QUEUE_ANY,
                               getpid());
    return w->waiter != NULL;
}

static bool wait_for_place(wait_t *w, apr_int64_t *waited_ms)
{
    apr_int64_t timeout_ms = w->cl->queue.timeout_ms;
    bool taken = false;

    if (!join_queue(w)) {
        return false;
    }
    /* Look once more: a place may have become free before anybody saw us wait. */
    for (apr_int64_t ms = 0; !(taken = take_free(w)) && ms < timeout_ms;
         ms = apr_time_as_msec(apr_time_now() - w->joined_at)) {
        apr_int64_t left_ms = timeout_ms - ms;

        give_way(w, ms);
        if (cfc_queue_wait(w->waiter, left_ms < LOOK_MS ? (int)left_ms : LOOK_MS)
            != CFC_QUEUE_ANY) {
            break;
        }
    }
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
