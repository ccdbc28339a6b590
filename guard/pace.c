/* SPDX-License-Identifier: Apache-2.0
 * pace.c: counts lines by the second. */
#include "guard/pace.h"

bool cfc_pace(cfc_pace_t *pace, uint32_t now_s, uint32_t *withheld)
{
    *withheld = 0;
    if (atomic_exchange(&pace->second, now_s) != now_s) {
        atomic_store(&pace->lines, 0);
    }
    if (atomic_fetch_add(&pace->lines, 1) >= CFC_PACE_LINES) {
        atomic_fetch_add(&pace->withheld, 1);
        return false;
    }
    *withheld = atomic_exchange(&pace->withheld, 0);
    return true;
}
