/* SPDX-License-Identifier: Apache-2.0
 * wait_httpd.h: lets a request wait until a node is where its sender wants it. */
#ifndef CFC_MAINT_WAIT_HTTPD_H
#define CFC_MAINT_WAIT_HTTPD_H

#include <httpd.h>

#include "maint/control.h"
#include "maint/wait.h"

#define CFC_WAITERS_MAX 8       /* a child; each one holds a thread */

/**
 * Wait, in this request's thread, until it has come, the time is over, httpd ends or is
 * reloaded, or the client is gone. At most CFC_WAITERS_MAX at one time in a child.
 * @param result what the answer will say: its text gets what was waited for; its outcome becomes
 *               CFC_OUTCOME_TIMEOUT or CFC_OUTCOME_BUSY when it has not come
 */
void cfc_wait(request_rec *r, const cfc_wait_t *wait, cfc_result_t *result);

#endif
