/* SPDX-License-Identifier: Apache-2.0
 * rehome.h: whether a user of a draining node is moved to another one before he has to be: when he
 * opens a page after a pause, which is the moment at which he loses least by it (CFSticky rehome=).
 * Pure: libc only.
 *
 * When a user was last at work is not known without a table of sessions. So while his node drains
 * his route cookie says it (route.h), and whoever's cookie does not was at work when the drain
 * began, at the latest. A cookie that was forged moves its sender, nobody else. */
#ifndef CFC_LB_REHOME_H
#define CFC_LB_REHOME_H

#include <stdbool.h>
#include <stdint.h>

typedef enum {
    CFC_REHOME_NO,          /* it says nothing about the user, or nobody is moved here */
    CFC_REHOME_AT_WORK,     /* note in his cookie that he is at work now */
    CFC_REHOME_MOVE         /* he opens a page after his pause: another node may have him */
} cfc_rehome_t;

typedef struct {
    int64_t pause_ms;       /* as configured; 0: nobody is moved */
    int64_t drains_since;   /* apr_time_t, microseconds; 0: the node does not drain */
    int64_t at_work_at;     /* by his cookie, likewise; 0: it does not say */
    int64_t now;
    bool safe;              /* the method is one that changes nothing */
    bool document;          /* cfc_is_document() */
} cfc_rehome_ask_t;

/** What one request of a user means, whose route cookie names the node. */
cfc_rehome_t cfc_rehome(const cfc_rehome_ask_t *ask);

/**
 * Whether a request is for a page that a person opens, and not for a part of one, or a script's.
 * Parameters are headers; NULL: not sent.
 * Source: W3C Fetch Metadata: a browser says of each request over TLS what it is for.
 */
bool cfc_is_document(const char *fetch_dest, const char *accept, const char *requested_with);

#endif
