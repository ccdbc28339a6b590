/* SPDX-License-Identifier: Apache-2.0
 * ajp.h: CPING and CPONG over a connection that is already made. Does not wait: whoever drives
 * it polls the socket and keeps the deadline.
 *
 *   balancer -> node   12 34 00 01 0A      CPING
 *   node -> balancer   41 42 00 01 09      CPONG
 *
 * Tomcat answers it before it looks at the connector's secret, and when all its threads are
 * busy not at all: it says that a request would be begun.
 * Source: Tomcat's AJPv13 protocol extensions; org.apache.coyote.ajp.AjpProcessor. */
#ifndef CFC_HEALTH_AJP_H
#define CFC_HEALTH_AJP_H

#include <stdbool.h>

#define CFC_AJP_BYTES 5

typedef struct {
    int fd;                     /* not blocking; the caller's */
    int sent;                   /* bytes of CPING */
    int received;               /* bytes of CPONG */
} cfc_ajp_t;

typedef enum {
    CFC_AJP_WAITS,              /* for the socket: see cfc_ajp_writes() */
    CFC_AJP_CPONG,              /* done, well */
    CFC_AJP_OTHER,              /* done: an answer, and not this one */
    CFC_AJP_CLOSED,             /* done: closed without one */
    CFC_AJP_RESET               /* done: the connection broke */
} cfc_ajp_result_t;

void cfc_ajp_begin(cfc_ajp_t *ajp, int fd);

/** Go on as far as the socket allows. */
cfc_ajp_result_t cfc_ajp_step(cfc_ajp_t *ajp);

/** Whether it waits for the socket to become writable; otherwise readable. */
static inline bool cfc_ajp_writes(const cfc_ajp_t *ajp)
{
    return ajp->sent < CFC_AJP_BYTES;
}

#endif
