/* SPDX-License-Identifier: Apache-2.0
 * probe.c: the words of probe.h. */
#include "health/probe.h"

#include <stddef.h>

const char *const cfc_probe_kinds[] = {"tcp", "http", "ajp", NULL};
