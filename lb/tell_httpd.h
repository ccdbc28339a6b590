/* SPDX-License-Identifier: Apache-2.0
 * tell_httpd.h: what LogFormat and other modules can say of a request, as environment, and
 * what clients are told of it on demand. */
#ifndef CFC_LB_TELL_HTTPD_H
#define CFC_LB_TELL_HTTPD_H

#include <httpd.h>

#include "lb/carry_httpd.h"
#include "lb/choose.h"

/**
 * Set the environment of a request after an attempt; the last one's stays. docs/logging.md has
 * the names, mod_proxy_balancer's among them, so that a LogFormat made for it goes on working.
 * @param attempts made so far, this one included
 * @param queued_ms spent waiting for a place so far
 */
void cfc_tell(request_rec *r, const cfc_cluster_t *cl, const cfc_ask_t *ask,
              const cfc_choice_t *choice, const cfc_attempt_t *attempt, apr_int64_t attempts,
              apr_int64_t queued_ms);

/**
 * Say in the answer's header X-CFCluster which node an attempt goes to, and why; never where it
 * is. Before the attempt. An answer that is a WebSocket's upgrade goes without.
 */
void cfc_tell_client(request_rec *r, const cfc_choice_t *choice, apr_int64_t attempts);

#endif
