/* SPDX-License-Identifier: Apache-2.0
 * answer_httpd.h: the node's answer on its way to the client. */
#ifndef CFC_LB_ANSWER_HTTPD_H
#define CFC_LB_ANSWER_HTTPD_H

#include <httpd.h>

struct cfc_attempt;

/** Registers the filter. Once. */
void cfc_answer_register(void);

/**
 * Watch the answer of one attempt: notes the moment from which the client has bytes of it, and
 * puts Location right first. The filter is r's; put r->output_filters back before another one.
 */
void cfc_answer_watch(request_rec *r, struct cfc_attempt *attempt);

#endif
