/* SPDX-License-Identifier: Apache-2.0
 * words.h: the vocabulary of DESIGN 3 as enumerators, and the words that people, JSON and
 * files see for them. Zero is what zeroed shared memory must mean: always the value that
 * gives a node no traffic it should not have. */
#ifndef CFC_LB_WORDS_H
#define CFC_LB_WORDS_H

#include <stdbool.h>

/** What people want of a node. Zero is the ordinary case: an untouched node is in service. */
typedef enum {
    CFC_ADMIN_ACTIVE,       /* in service */
    CFC_ADMIN_DRAIN,        /* keeps its sessions, takes no new ones */
    CFC_ADMIN_STOP,         /* gets nothing */
    CFC_ADMIN_COUNT
} cfc_admin_t;

/** What probes and traffic say of a node. */
typedef enum {
    CFC_HEALTH_UNKNOWN,     /* nothing heard yet */
    CFC_HEALTH_STARTING,    /* the node itself says that it is not ready yet */
    CFC_HEALTH_UP,          /* good */
    CFC_HEALTH_FAILING,     /* was up; bad results, fewer than `fall` in a row */
    CFC_HEALTH_DOWN,        /* `fall` bad results in a row */
    CFC_HEALTH_RECOVERING,  /* was down; good results, fewer than `rise` in a row */
    CFC_HEALTH_COUNT
} cfc_health_t;

/** Why a node is not up, which decides whether it may serve when nobody else can. */
typedef enum {
    CFC_CAUSE_NONE,         /* it is up, or nothing is known */
    CFC_CAUSE_SOFT,         /* slow, 5xx, reset: it may still serve, better than nobody */
    CFC_CAUSE_HARD,         /* nothing listens, no route, no application, or none yet: there is
                             * nobody to ask */
    CFC_CAUSE_REFUSED,      /* it says what must never get users: FIRST_RUN, ERROR, unknown */
    CFC_CAUSE_COUNT
} cfc_cause_t;

/** What a node gets, derived from the two axes by cfc_effective(). */
typedef enum {
    CFC_EFFECTIVE_OUT,          /* nothing */
    CFC_EFFECTIVE_LAST_RESORT,  /* only what no other node can take */
    CFC_EFFECTIVE_STICKY_ONLY,  /* requests of its own sessions */
    CFC_EFFECTIVE_WARMING,      /* its sessions, and a growing part of its share of new ones */
    CFC_EFFECTIVE_SERVING,      /* everything */
    CFC_EFFECTIVE_COUNT
} cfc_effective_t;

/** Words for the values above, static strings; "?" for a value that is none of them. */
const char *cfc_admin_word(cfc_admin_t admin);
const char *cfc_health_word(cfc_health_t health);
const char *cfc_cause_word(cfc_cause_t cause);
const char *cfc_effective_word(cfc_effective_t effective);

/** Read an admin state's word. @return false: no such word, *admin is then untouched */
bool cfc_admin_parse(const char *word, cfc_admin_t *admin);

/** The words of cfc_admin_t, NULL-ended, for option rows and messages. */
extern const char *const cfc_admin_words[];

#endif
