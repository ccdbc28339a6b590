/* SPDX-License-Identifier: Apache-2.0
 * logins.h: failed logins by client address: how many one had, and when that is too many. What a
 * failed login is login.h says; what is then done is the binding's business (logins_httpd.h).
 *
 * An address fills a bucket: each failure adds one, and `limit` of them run out again in one
 * `window`. It is over its limit while the bucket is full. So `limit` failures are let through at
 * once, and then one for each window / limit.
 *
 * The table is of fixed size and forgets: when all places that an address could have are taken, the
 * one whose bucket would be empty first is given away, so a flood of addresses with few failures
 * each does not push out one that has many. IPv6 addresses count by their /64, of which a client
 * usually has a whole one. Pure: time is a parameter, no I/O. */
#ifndef CFC_GUARD_LOGINS_H
#define CFC_GUARD_LOGINS_H

#include <apr.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CFC_LOGINS_SETS 2048
#define CFC_LOGINS_PLACES 8         /* in a set: one cache line. 16,384 addresses, 128 KiB */

typedef enum {
    CFC_LOGINS_LOG,                 /* only count and say so */
    CFC_LOGINS_429                  /* refuse logins of an address that is over its limit */
} cfc_logins_answer_t;

typedef enum {
    CFC_LOGINS_PASS,
    CFC_LOGINS_HIDE
} cfc_logins_header_t;

typedef struct cfc_logins_conf {
    apr_int64_t limit;              /* failures that fill the bucket */
    apr_int64_t window_ms;          /* in which a full one runs out */
    int answer;                     /* cfc_logins_answer_t */
    int header;                     /* cfc_logins_header_t: of the node's, for the client */
} cfc_logins_conf_t;

/**
 * In shared memory; any thread of any child. A place is one word: 22 bits that tell its address
 * from others of its set (0: free), and 42 of when its bucket will be empty, in milliseconds
 * since 1970.
 */
typedef struct {
    uint64_t layout;                /* cfc_logins_layout() of the module that made it */
    uint64_t salt[2];               /* random, or addresses could be chosen that share a place */
    alignas(64) _Atomic uint64_t places[CFC_LOGINS_SETS][CFC_LOGINS_PLACES];
} cfc_logins_t;

uint64_t cfc_logins_layout(void);

/**
 * Whose bucket it is.
 * @param cluster its name: each has buckets of its own
 * @param address in network order
 * @param bytes   4 or 16. An IPv4 address within IPv6 counts as what it is
 */
uint64_t cfc_logins_key(const cfc_logins_t *logins, const char *cluster,
                        const unsigned char *address, size_t bytes);

/**
 * Count a failure. No lock; bounded. More at one moment than a window can hold are counted up to
 * ten windows, so trying many passwords at the same time gains little.
 *
 * @return whether the address came over its limit by this one
 */
bool cfc_logins_failed(cfc_logins_t *logins, const cfc_logins_conf_t *conf, uint64_t key,
                       int64_t now_ms);

/** @return milliseconds until the address is below its limit again; 0: it is */
int64_t cfc_logins_over(const cfc_logins_t *logins, const cfc_logins_conf_t *conf, uint64_t key,
                        int64_t now_ms);

#endif
