/* SPDX-License-Identifier: Apache-2.0
 * books_httpd.c: takes from a request what latency.c, spread.c and sessions.c need of it. */
#include "lb/books_httpd.h"

#include <string.h>

#include "lb/retry.h"

/* As slow as no healthy node is on average; forgotten about half a minute later. */
#define FAILED_US 1000000

static uint64_t client_hash(const request_rec *r, const cfc_routes_t *routes)
{
    const char *agent = apr_table_get(r->headers_in, "User-Agent");
    uint64_t hash;

    if (routes->session != 0) {
        return routes->session;
    }
    hash = cfc_sessions_hash(r->useragent_ip, strlen(r->useragent_ip), 0);
    return agent != NULL ? cfc_sessions_hash(agent, strlen(agent), hash) : hash;
}

void cfc_books_attempt(const request_rec *r, const cfc_cluster_t *cl, const cfc_ask_t *ask,
                       const cfc_choice_t *choice, const cfc_attempt_t *attempt)
{
    cfc_node_slot_t *slot = choice->node->slot;

    if (cfc_attempt_blames(attempt)) {
        cfc_latency_note(&slot->latency, FAILED_US, choice->at);
    }
    if (attempt->failed) {
        return;
    }
    if (attempt->answered_at != 0) {
        cfc_spread_note(&slot->spread, attempt->answered_at - choice->at);
    }
    if (attempt->answered_at != 0 && attempt->answer < HTTP_INTERNAL_SERVER_ERROR
        && !attempt->broken && cfc_method_class(r->method) == CFC_METHOD_SAFE) {
        cfc_latency_note(&slot->latency, attempt->answered_at - choice->at, attempt->answered_at);
    }
    if (choice->why == CFC_WHY_MOVED || choice->why == CFC_WHY_REHOMED) {
        cfc_drain_moved(&ask->routes.nodes[0]->slot->drain, client_hash(r, &ask->routes));
    }
    if (choice->why == CFC_WHY_STICKY) {
        cfc_sessions_note(&slot->sessions, client_hash(r, &ask->routes), choice->at,
                          cl->sticky.window_ms);
    }
}
