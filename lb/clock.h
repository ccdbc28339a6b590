/* SPDX-License-Identifier: Apache-2.0
 * clock.h: a clock that nobody sets, for what is measured within one process. */
#ifndef CFC_LB_CLOCK_H
#define CFC_LB_CLOCK_H

#include <stdint.h>
#include <time.h>

/** Milliseconds since some moment before this process began; never goes back. Any thread. */
static inline int64_t cfc_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#endif
