/* SPDX-License-Identifier: Apache-2.0
 * tester.h: links that make a browser a tester: somebody who reaches one node through its stop,
 * its drain and the cluster's maintenance. What travels is a token
 *
 *   8f3a61c2.1795449600.<64 hex digits>.node2
 *   id       until (s)  signature       node
 *
 * once in the link, good for an hour, and once in the cookie that opening it leaves, good until
 * the end that was ordered. The signature is over these, the cluster and what the token is for; of
 * a cookie also over the host that it was given by. The id has to be that of a link in the
 * cluster's slots, so that revoking it ends it at once. A client's address is not in it: phones
 * change theirs. */
#ifndef CFC_MAINT_TESTER_H
#define CFC_MAINT_TESTER_H

#include <apr_pools.h>
#include <apr_time.h>
#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "lb/cluster.h"
#include "lb/segment.h"

#define CFC_TESTER_LONGEST apr_time_from_sec(7 * 86400)     /* that anybody is a tester */
#define CFC_TESTER_OPEN apr_time_from_sec(3600)             /* that a link can be opened */
#define CFC_TESTER_KEY_AGE apr_time_from_sec(30 * 86400)    /* then the next link is signed anew */
#define CFC_TESTER_COOKIE "CFTESTER-"                       /* and the cluster's name */

static_assert(CFC_TESTER_KEY_AGE > CFC_TESTER_LONGEST,
              "what a key has signed is over when the second one after it is made");

typedef enum {
    CFC_TESTER_FOR_LINK,
    CFC_TESTER_FOR_COOKIE
} cfc_tester_use_t;

typedef struct {
    uint32_t id;
    apr_time_t until;           /* whole seconds */
    const char *node;           /* its name */
} cfc_tester_claim_t;

/**
 * A token, signed with the cluster's newest key.
 * @param host that the cookie is given by, in lower case; "" for a link
 * @return NULL: there is no key
 */
const char *cfc_tester_token(const cfc_cluster_t *cl, cfc_tester_use_t use, const char *host,
                             const cfc_tester_claim_t *claim, apr_pool_t *p);

/** What a token is worth. */
typedef enum {
    CFC_TESTER_FORGED,          /* or made for another host, cluster or use, or with a key that is
                                 * gone */
    CFC_TESTER_OVER,            /* its time is */
    CFC_TESTER_REVOKED,         /* or its node is none of the cluster's any more */
    CFC_TESTER_WORTHY
} cfc_tester_worth_t;

/**
 * Judge a token that a client sent.
 * @param claim what it says; set unless it is forged
 * @param slot  of the link if it is worthy, else NULL
 * Threads: any; takes no lock. The time it takes tells nothing of a right signature.
 */
cfc_tester_worth_t cfc_tester_judge(const cfc_cluster_t *cl, cfc_tester_use_t use,
                                    const char *host, const char *token, apr_time_t now,
                                    cfc_tester_claim_t *claim, cfc_tester_slot_t **slot,
                                    apr_pool_t *p);

/** Why a token is refused, as the second half of a sentence. */
const char *cfc_tester_complaint(cfc_tester_worth_t worth);

/** The slot of the link with this id. @return -1: no link that is good has it */
int cfc_tester_find(const cfc_cluster_t *cl, uint32_t id);

/** Read an id: 8 lower-case hex digits. @return 0: it is none */
uint32_t cfc_tester_id_read(const char *text);

/** The place of the newest key. @return -1: there is none; *since is then 0 */
int cfc_tester_key_newest(const cfc_cluster_t *cl, apr_time_t *since);

/** Until when a link can be opened. */
apr_time_t cfc_tester_open_until(apr_time_t since, apr_time_t until);

/**
 * The value of the cookie of this name.
 * @param cookies the Cookie header, several of them joined; NULL: none
 * @return NULL: it is not there
 */
const char *cfc_tester_cookie(const char *cookies, const char *name, apr_pool_t *p);

/**
 * The Cookie header without any tester's cookie, whichever cluster's.
 * @return cookies itself if there is none; NULL: nothing is left
 */
const char *cfc_tester_strip(const char *cookies, apr_pool_t *p);

#endif
