/* SPDX-License-Identifier: Apache-2.0
 * ajp.c: the exchange of ajp.h as a state machine: what was sent and received so far. */
#include "health/ajp.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/types.h>

static const unsigned char cping[CFC_AJP_BYTES] = {0x12, 0x34, 0x00, 0x01, 0x0a};
static const unsigned char cpong[CFC_AJP_BYTES] = {0x41, 0x42, 0x00, 0x01, 0x09};

void cfc_ajp_begin(cfc_ajp_t *ajp, int fd)
{
    *ajp = (cfc_ajp_t){.fd = fd};
}

static cfc_ajp_result_t trouble(void)
{
    return errno == EAGAIN || errno == EINTR ? CFC_AJP_WAITS : CFC_AJP_RESET;
}

cfc_ajp_result_t cfc_ajp_step(cfc_ajp_t *ajp)
{
    while (ajp->sent < CFC_AJP_BYTES) {
        ssize_t sent = send(ajp->fd, cping + ajp->sent, (size_t)(CFC_AJP_BYTES - ajp->sent),
                            MSG_NOSIGNAL | MSG_DONTWAIT);

        if (sent < 0) {
            return trouble();
        }
        ajp->sent += (int)sent;
    }
    while (ajp->received < CFC_AJP_BYTES) {
        unsigned char byte;
        ssize_t got = recv(ajp->fd, &byte, 1, MSG_DONTWAIT);

        if (got < 0) {
            return trouble();
        }
        if (got == 0) {
            return CFC_AJP_CLOSED;
        }
        if (byte != cpong[ajp->received]) {
            return CFC_AJP_OTHER;
        }
        ajp->received++;
    }
    return CFC_AJP_CPONG;
}
