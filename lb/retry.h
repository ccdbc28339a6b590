/* SPDX-License-Identifier: Apache-2.0
 * retry.h: whether a request whose attempt failed may be sent again. */
#ifndef CFC_LB_RETRY_H
#define CFC_LB_RETRY_H

#include <apr.h>
#include <stdbool.h>

/** What a method promises. Source: RFC 9110, section 9.2. */
typedef enum {
    CFC_METHOD_UNSAFE,      /* POST, PATCH and all that is not known: at most once */
    CFC_METHOD_IDEMPOTENT,  /* PUT, DELETE: twice is as good as once */
    CFC_METHOD_SAFE         /* GET, HEAD, OPTIONS, TRACE */
} cfc_method_class_t;

/** How far an attempt got. */
typedef enum {
    CFC_REACH_NOTHING_SENT, /* no byte went to the node: it cannot know of the request */
    CFC_REACH_SENT,         /* something went out, nothing came back */
    CFC_REACH_ANSWERED      /* the node began to answer */
} cfc_reach_t;

typedef struct {
    cfc_method_class_t method;
    cfc_reach_t reach;
    bool client_has_bytes;      /* something of the answer was passed on */
    bool body_lost;             /* a part of the body was read that cannot be given again */
    apr_int64_t attempts;       /* made so far */
    apr_int64_t attempts_max;
    apr_int64_t spent_ms;       /* since an attempt failed for the first time */
    apr_int64_t budget_ms;
} cfc_retry_ask_t;

typedef enum {
    CFC_RETRY_YES,
    CFC_RETRY_ANSWERED,         /* the client has, or gets, the node's own answer */
    CFC_RETRY_METHOD,           /* it may have been executed, and twice would be wrong */
    CFC_RETRY_BODY,             /* the body is gone */
    CFC_RETRY_ATTEMPTS,
    CFC_RETRY_BUDGET,
    CFC_RETRY_COUNT
} cfc_retry_t;

/**
 * Whether to try another node, and if not, why not.
 *
 *   nothing sent              any method                 yes
 *   sent, nothing received    safe, idempotent           yes
 *   sent, nothing received    unsafe                     no: method
 *   received, or the client has bytes                    no: answered
 *   and never with the body lost, attempts used up, or the budget spent
 *
 * Pure. Source: RFC 9110, section 9.2.2; DESIGN 4, item 7.
 */
cfc_retry_t cfc_retry(const cfc_retry_ask_t *ask);

/** Words for the log: "the method may not be sent twice", ... */
const char *cfc_retry_word(cfc_retry_t verdict);

/** The class of a method by its name, as registered with IANA; unknown ones are unsafe. */
cfc_method_class_t cfc_method_class(const char *method);

#endif
