/* SPDX-License-Identifier: Apache-2.0
 * tell_httpd.h: what LogFormat and other modules can say of a request, as environment, and
 * what clients are told of it on demand. */
#ifndef CFC_LB_TELL_HTTPD_H
#define CFC_LB_TELL_HTTPD_H

#include <httpd.h>

#include "lb/carry_httpd.h"
#include "lb/choose.h"

/**
 * Say to which node an attempt goes, and why: before it, so that other modules can say it in the
 * answer, and for the last attempt it stays. docs/logging.md has the names, mod_proxy_balancer's
 * among them, so that a LogFormat made for it goes on working. Where the cluster has CFTell on,
 * also in the answer's header X-CFCluster, but never where the node is; an answer that is a
 * WebSocket's upgrade goes without.
 * @param attempts made so far, this one included
 * @param queued_ms spent waiting for a place so far
 */
void cfc_tell(request_rec *r, const cfc_cluster_t *cl, const cfc_ask_t *ask,
              const cfc_choice_t *choice, apr_int64_t attempts, apr_int64_t queued_ms);

/** Say what is known only after an attempt: when the answer began, and how a tunnel ended. */
void cfc_tell_end(request_rec *r, const cfc_choice_t *choice, const cfc_attempt_t *attempt);

#endif
