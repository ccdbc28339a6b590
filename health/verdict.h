/* SPDX-License-Identifier: Apache-2.0
 * verdict.h: what one result of one probe does to shared memory: the probe's own standing and
 * history, the health of its node, what follows from a change of that, and the line in the log.
 * The rules are pure and elsewhere: rise_fall.c, flap.c, combine.c. */
#ifndef CFC_HEALTH_VERDICT_H
#define CFC_HEALTH_VERDICT_H

#include "health/evidence.h"
#include "lb/cluster.h"
#include "lb/segment.h"

/**
 * Prepare the slot of a node and its probes. What was another node's, by its address, begins as a
 * node that nobody knows; what people want of it stays. A probe's that was another one's begins
 * with the standing of the node, so that a probe that comes into the configuration of a running
 * cluster has to fail `fall` times like any other before it takes a node out.
 * The monitor, at its start.
 */
void cfc_verdict_begin(const cfc_cluster_t *cl, const cfc_node_t *node);

/**
 * Take a result into account. The monitor only.
 * @param place of the probe among the cluster's
 */
void cfc_verdict_record(cfc_segment_t *segment, const cfc_cluster_t *cl, const cfc_node_t *node,
                        int place, const cfc_evidence_t *ev);

#endif
