/* SPDX-License-Identifier: Apache-2.0
 * method.h: balance methods. A method compares, nothing else: who may be asked, stickiness
 * and the books are choose.c's. A new method is one row, its cost function, its test and its
 * paragraph in docs/directives.md. */
#ifndef CFC_LB_METHOD_H
#define CFC_LB_METHOD_H

#include <stdint.h>

#include "lb/cluster.h"

typedef struct cfc_method {
    const char *name;                           /* the word after CFBalance */
    uint64_t (*cost)(const cfc_node_t *node);   /* lowest wins; ties are drawn by weight */
} cfc_method_t;

/** Every method, ended by a row without a name. The first one is the default. */
extern const cfc_method_t cfc_methods[];

/** @return NULL: no such method */
const cfc_method_t *cfc_method_find(const char *name);

/** How many turns of round-robin a node had, in units of CFC_TURN, by weight. */
#define CFC_TURN (UINT64_C(1) << 16)
uint64_t cfc_node_turns(const cfc_node_t *node, uint64_t picked);

#endif
