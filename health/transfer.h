/* SPDX-License-Identifier: Apache-2.0
 * transfer.h: the probe of one node on the wire, by libcurl. When to probe is monitor.c's. */
#ifndef CFC_HEALTH_TRANSFER_H
#define CFC_HEALTH_TRANSFER_H

#include <apr_pools.h>
#include <curl/curl.h>
#include <stdbool.h>

#include "health/ajp.h"
#include "health/evidence.h"
#include "health/probe.h"
#include "lb/cluster.h"

/** The probe of one node, prepared once and run over and over. */
typedef struct cfc_transfer cfc_transfer_t;

/**
 * Prepare the probe of a node.
 *
 * Each run makes a connection of its own, so that it tests accepting, too; follows no redirect;
 * uses no proxy; ends at timeout_ms, name look-up included, whatever the peer does. An AJP probe
 * is only connected by it: the rest is ajp.c's, over the socket of cfc_transfer_socket(), which
 * stays open until cfc_transfer_end(). Without conf->ca the certificate of an https node is not
 * verified: the probe asks whether the node works, sends nothing secret, and the requests of users
 * go over another connection with rules of its own. When the certificate ends is noted anyway.
 *
 * Owner:   the pool, which must not be destroyed while the transfer is a multi's.
 * Threads: one at a time.
 *
 * @param owner handed back by cfc_transfer_owner()
 * @return NULL: libcurl has no memory
 */
cfc_transfer_t *cfc_transfer_make(const cfc_node_t *node, const cfc_probe_conf_t *conf,
                                  void *owner, apr_pool_t *p);

/** Start it; it is then multi's until cfc_transfer_end(). @return false: libcurl cannot */
bool cfc_transfer_begin(cfc_transfer_t *transfer, CURLM *multi);

/** Take it out of multi, finished or not. */
void cfc_transfer_end(cfc_transfer_t *transfer, CURLM *multi);

/**
 * What the run found out; call between the message that it is done and cfc_transfer_end().
 * @param result from libcurl's message
 */
void cfc_transfer_judge(cfc_transfer_t *transfer, CURLcode result, cfc_evidence_t *ev);

/** The socket of an AJP probe that was connected; -1: it has gone. */
int cfc_transfer_socket(cfc_transfer_t *transfer);

/**
 * The same as cfc_transfer_judge() of what ajp.c did then; duration_ms is the caller's to set.
 * @param result CFC_AJP_WAITS: its time is over
 */
void cfc_transfer_judge_ajp(const cfc_transfer_t *transfer, cfc_ajp_result_t result,
                            cfc_evidence_t *ev);

/** The owner of the transfer that a libcurl handle belongs to. */
void *cfc_transfer_owner(CURL *easy);

#endif
