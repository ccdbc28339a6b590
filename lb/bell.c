/* SPDX-License-Identifier: Apache-2.0
 * bell.c: the bell is a futex on Linux. Elsewhere a waiter looks every few milliseconds.
 * Source: futex(2); not the private flavour, since it works across processes. */
#include "lb/bell.h"

#include <time.h>
#include <unistd.h>

#ifdef __linux__
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>

void cfc_bell_ring(cfc_bell_t *bell)
{
    atomic_fetch_add_explicit(&bell->rung, 1, memory_order_release);
    syscall(SYS_futex, &bell->rung, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

void cfc_bell_wait(cfc_bell_t *bell, uint32_t seen, int timeout_ms)
{
    const struct timespec timeout = {timeout_ms / 1000, timeout_ms % 1000 * 1000000L};

    syscall(SYS_futex, &bell->rung, FUTEX_WAIT, seen, &timeout, NULL, 0);
}

#else
#define LOOK_MS 20

void cfc_bell_ring(cfc_bell_t *bell)
{
    atomic_fetch_add_explicit(&bell->rung, 1, memory_order_release);
}

void cfc_bell_wait(cfc_bell_t *bell, uint32_t seen, int timeout_ms)
{
    const struct timespec pause = {0, LOOK_MS * 1000000L};

    for (int waited = 0; waited < timeout_ms && cfc_bell_look(bell) == seen; waited += LOOK_MS) {
        nanosleep(&pause, NULL);
    }
}
#endif
