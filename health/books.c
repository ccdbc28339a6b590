/* SPDX-License-Identifier: Apache-2.0
 * books.c: when the books are kept, and over which nodes. How is lb/segment.c's, lb/sessions.c's,
 * lb/rates.c's and lb/spread.c's. */
#include "health/books.h"

#include <unistd.h>

#include "lb/cluster.h"
#include "lb/segment.h"

#define BOOKS_MS 1000

typedef struct {
    const cfc_monitor_t *monitor;
    int64_t due_ms;
} books_t;

static void *begin(const cfc_work_t *work, apr_pool_t *p)
{
    books_t *books = apr_pcalloc(p, sizeof(*books));

    books->monitor = work->monitor;
    return books;
}

static void count(const cfc_cluster_t *cl, cfc_node_slot_t *slot, apr_time_t now)
{
    cfc_traffic_t *traffic = &slot->traffic;

    cfc_sessions_mark(&slot->sessions, atomic_load(&traffic->picked), now, cl->sticky.window_ms);
    cfc_rates_look(&slot->rates, atomic_load(&traffic->attempts),
                   atomic_load(&traffic->by_class[5]) + atomic_load(&traffic->by_class[0]), now);
    cfc_spread_mark(&slot->spread, now);
}

/* All of httpd's processes are of one group: another one's has a dead child's pid by now. */
static bool alive(int64_t pid)
{
    return getpgid((pid_t)pid) == getpgrp();
}

static int64_t run(void *job, int64_t now_ms)
{
    books_t *books = job;
    const apr_array_header_t *clusters = books->monitor->clusters;

    if (now_ms >= books->due_ms) {
        books->due_ms = now_ms + BOOKS_MS;
        cfc_segment_repair(books->monitor->segment, alive);
        for (int i = 0; i < clusters->nelts; i++) {
            const cfc_cluster_t *cl = APR_ARRAY_IDX(clusters, i, const cfc_cluster_t *);

            for (int j = 0; j < cl->nodes->nelts; j++) {
                count(cl, cfc_cluster_nodes(cl)[j]->slot, apr_time_now());
            }
        }
    }
    return books->due_ms;
}

const cfc_job_kind_t cfc_books_job = {"books", begin, run, NULL};
