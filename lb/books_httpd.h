/* SPDX-License-Identifier: Apache-2.0
 * books_httpd.h: what an answered request tells of its node beyond its counters: how soon it
 * answers, and how many clients it has. */
#ifndef CFC_LB_BOOKS_HTTPD_H
#define CFC_LB_BOOKS_HTTPD_H

#include <httpd.h>

#include "lb/carry_httpd.h"
#include "lb/choose.h"

/**
 * Book one attempt, after it was carried.
 *
 * Latency, up to the first byte of the answer, is that of safe methods only, because the time
 * that a body takes is the client's. An answer of 500 and above is not measured, and an attempt
 * that failed counts as a slow one: else a node that fails fast would be taken for a fast one.
 *
 * A client is known by the session id that it sends (CFSticky session=), or else by its address
 * and User-Agent: our own route cookie says the node and no more. So where no session id is
 * looked at, users behind one proxy with the same browser count as one. It counts from the first
 * request that belongs to the node, in general its second: the first one of many programs is
 * also the last one that anybody sees of them.
 *
 * @param ask    as the choice was made; its routes say who the client is
 * @param choice node, reason and time
 */
void cfc_books_attempt(const request_rec *r, const cfc_cluster_t *cl, const cfc_ask_t *ask,
                       const cfc_choice_t *choice, const cfc_attempt_t *attempt);

#endif
