/* SPDX-License-Identifier: Apache-2.0
 * moved.h: why a request did not go where it belongs, for people. */
#ifndef CFC_LB_MOVED_H
#define CFC_LB_MOVED_H

#include "lb/choose.h"

/**
 * Why the node that a request belongs to could not take it, in one word.
 *
 *   failed                               it was asked, and failed it
 *   stopped                              people stopped it
 *   unknown, starting, down, recovering  its health (lb/words.h)
 *   ejected                              requests failed on it one after another
 *   full                                 it was at its max= for too long
 *
 * It is asked after the choice: of a node that has just become fit again it says "down".
 *
 * Threads: any thread of any child; reads shared state.
 *
 * @param ask of a request that belongs somewhere
 * @return a static string
 */
const char *cfc_moved_reason(const cfc_cluster_t *cl, const cfc_ask_t *ask);

#endif
