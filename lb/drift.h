/* SPDX-License-Identifier: Apache-2.0
 * drift.h: when a total in shared memory is believed to be wrong. Who counts is killed between two
 * words now and then; but a total that does not agree with its parts may as well be right, and
 * somebody between the two at this moment. */
#ifndef CFC_LB_DRIFT_H
#define CFC_LB_DRIFT_H

#include <stdint.h>

/** One total, of whoever repairs it; zeroed: nothing is suspected. */
typedef struct {
    int32_t by;                 /* how wrong it was, */
    uint32_t seen;              /* and how often in a row; 0: it was right */
} cfc_drift_t;

/* How often in a row an untouched total must be wrong by the same number. */
#define CFC_DRIFT_PROOFS 3u

/**
 * Note how a look has found a total.
 * @param by what it is too much by; 0: it is right, or was touched meanwhile
 * @return what is to be taken out of it now; 0: nothing
 */
static inline int32_t cfc_drift_look(cfc_drift_t *drift, int32_t by)
{
    drift->seen = by == 0 ? 0 : by == drift->by ? drift->seen + 1 : 1;
    drift->by = by;
    if (drift->seen < CFC_DRIFT_PROOFS) {
        return 0;
    }
    drift->seen = 0;
    return by;
}

#endif
