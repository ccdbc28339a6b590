/* SPDX-License-Identifier: Apache-2.0
 * kit.h: a cluster for tests, made by hand as conf/ and the binding would make it. */
#ifndef CFC_T_UNIT_KIT_H
#define CFC_T_UNIT_KIT_H

#include <apr_pools.h>
#include <apr_time.h>
#include <check.h>
#include <stdint.h>

#include "lb/cluster.h"
#include "lb/segment.h"

#define CFC_KIT_CLUSTER "confluence"

typedef struct {
    apr_pool_t *pool;
    cfc_segment_t *segment;     /* in generation 1 */
    cfc_cluster_t *cl;
} cfc_kit_t;

/** An initialised segment that processes forked from this one share. */
cfc_segment_t *cfc_kit_segment(void);
void cfc_kit_segment_free(cfc_segment_t *segment);

/**
 * A cluster of nodes that are active and up, by least-busy, sticky by CFROUTE and JSESSIONID.
 * A node's route is its name; its token is its name with "token-" before it.
 * @param nodes names with their weights if not 1: "node1:2 node2"
 */
cfc_kit_t cfc_kit_open(const char *nodes);
void cfc_kit_close(cfc_kit_t *kit);

/** Set a node's state. */
void cfc_kit_state(cfc_node_t *node, cfc_admin_t admin, cfc_health_t health, cfc_cause_t cause);

/** A distribution as text, "node1: 5, node2: 5". @param counts in the nodes' order */
const char *cfc_kit_spread(const cfc_kit_t *kit, const unsigned *counts);

/** The next of a fixed row of random numbers: the same in every run. */
uint32_t cfc_kit_dice(void);

/** Take one step after another until the condition holds; the test fails after patience_s. */
#define CFC_KIT_WAIT(condition, patience_s, step)                                       \
    do {                                                                                \
        apr_time_t until = apr_time_now() + apr_time_from_sec(patience_s);              \
        while (!(condition)) {                                                          \
            ck_assert_msg(apr_time_now() < until, "in vain: %s", #condition);           \
            step;                                                                       \
        }                                                                               \
    } while (0)

#endif
