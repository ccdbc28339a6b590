/* SPDX-License-Identifier: Apache-2.0
 * tls_node.h: a node on loopback that speaks TLS, with a certificate of its own making. */
#ifndef CFC_T_UNIT_TLS_NODE_H
#define CFC_T_UNIT_TLS_NODE_H

/** Zeroed but answer. */
typedef struct {
    const char *answer;         /* to whatever is asked; then it closes */
    int port;                   /* set by start */
    int listener;
} cfc_tls_node_t;

/** Listen on a free port and serve, one connection at a time, as long as this process lives. */
void cfc_tls_node_start(cfc_tls_node_t *node);

#endif
