/* SPDX-License-Identifier: Apache-2.0
 * combine.h: how the standings of a node's probes become the health of the node. */
#ifndef CFC_HEALTH_COMBINE_H
#define CFC_HEALTH_COMBINE_H

#include "health/rise_fall.h"

/** One probe's part. */
typedef struct {
    cfc_standing_t standing;
    bool required;              /* advisory ones are passed over */
} cfc_vote_t;

/**
 * The node is as well as its worst required probe. From the worst on:
 *
 *   cause refused, whatever the health      never used
 *   down, not soft                          out
 *   starting                                out
 *   recovering, not soft                    out
 *   unknown                                 out
 *   down, soft                              last resort
 *   recovering, soft                        last resort
 *   failing                                 serves
 *   up                                      serves
 *
 * Threads: pure.
 * Source:  the order is that of what such a node may get, lb/effective.h.
 *
 * @param count of votes; at least one is required
 * @return which probe decides: the first of the worst ones
 */
int cfc_combine(const cfc_vote_t *votes, int count);

#endif
