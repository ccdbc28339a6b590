/* SPDX-License-Identifier: Apache-2.0
 * scripted_node.h: a node on loopback, in a thread of the test, that answers as told. */
#ifndef CFC_T_UNIT_SCRIPTED_NODE_H
#define CFC_T_UNIT_SCRIPTED_NODE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

typedef enum {
    CFC_NODE_ANSWERS,       /* sends `answer` and closes */
    CFC_NODE_GREETS,        /* sends `answer` to whoever connects, unasked, and closes */
    CFC_NODE_TRICKLES,      /* the same, a byte now and then, and does not close */
    CFC_NODE_ABSENT,        /* nobody listens on its port */
    CFC_NODE_HANGS,         /* accepts, reads, says nothing */
    CFC_NODE_DRIPS,         /* a good answer's head, then a byte of the body now and then */
    CFC_NODE_FLOODS,        /* 200 RUNNING with 100 KB of white space after it */
    CFC_NODE_SLAMS,         /* reads the request and closes */
    CFC_NODE_RESETS         /* reads the request and resets the connection */
} cfc_manner_t;

typedef struct {
    cfc_manner_t manner;
    const char *answer;
    int length;                 /* of answer; 0: it is a string */
    int port;                   /* set by start */
    _Atomic int accepted;       /* connections so far */
    _Atomic bool overlapped;    /* a connection came while the one before was open */
    _Atomic bool heard;         /* request holds the first request */
    char request[1024];
    _Atomic bool stopping;
    int listener;
    pthread_t thread;
} cfc_scripted_node_t;

/** Listen on a free port and serve, one connection at a time. Zeroed but manner, answer, length. */
void cfc_scripted_node_start(cfc_scripted_node_t *node);

void cfc_scripted_node_stop(cfc_scripted_node_t *node);

#endif
