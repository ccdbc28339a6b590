/* SPDX-License-Identifier: Apache-2.0
 * effective.h: what a node may get, from what people want and what probes say. */
#ifndef CFC_LB_EFFECTIVE_H
#define CFC_LB_EFFECTIVE_H

#include "lb/words.h"

/**
 * What a node may get. Admin wins over health.
 *
 *   admin    health               cause           effective
 *   stop     any                  any             out
 *   any      unknown, starting    any             out          never, not even as last resort
 *   any      any                  refused         out          FIRST_RUN and the like: never
 *   active   up, failing          none,soft,hard  serving
 *   drain    up, failing          none,soft,hard  sticky-only
 *   active   down, recovering     soft            last-resort
 *   active   down, recovering     none,hard       out
 *   drain    down, recovering     any             out          its sessions move
 *
 * Threads: pure; reads nothing but its arguments.
 * Source:  DESIGN 3; mod_jk's two axes (activation and state).
 */
cfc_effective_t cfc_effective(cfc_admin_t admin, cfc_health_t health, cfc_cause_t cause);

#endif
