/* SPDX-License-Identifier: Apache-2.0
 * combine.c: the order of combine.h. Pure. */
#include "health/combine.h"

static int badness(const cfc_standing_t *standing)
{
    bool soft = standing->cause == CFC_CAUSE_SOFT;

    if (standing->cause == CFC_CAUSE_REFUSED) {
        return 8;
    }
    switch (standing->health) {
    case CFC_HEALTH_DOWN:
        return soft ? 3 : 7;
    case CFC_HEALTH_STARTING:
        return 6;
    case CFC_HEALTH_RECOVERING:
        return soft ? 2 : 5;
    case CFC_HEALTH_FAILING:
        return 1;
    case CFC_HEALTH_UP:
        return 0;
    case CFC_HEALTH_UNKNOWN:
    case CFC_HEALTH_COUNT:
        break;
    }
    return 4;
}

int cfc_combine(const cfc_vote_t *votes, int count)
{
    int worst = -1, decides = 0;

    for (int i = 0; i < count; i++) {
        int bad = badness(&votes[i].standing);

        if (votes[i].required && bad > worst) {
            worst = bad;
            decides = i;
        }
    }
    return decides;
}
