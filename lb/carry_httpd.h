/* SPDX-License-Identifier: Apache-2.0
 * carry_httpd.h: the transport. Carries one attempt of a request to one node and says how far
 * it got. It is mod_proxy's scheme handlers today; everything that knows mod_proxy is behind
 * this interface, so that it can be replaced. */
#ifndef CFC_LB_CARRY_HTTPD_H
#define CFC_LB_CARRY_HTTPD_H

#include <httpd.h>
#include <http_config.h>

#include "conf/conf.h"
#include "lb/interim.h"
#include "lb/retry.h"

struct cfc_tunnel;

/** What is asked and told while an attempt is carried. */
typedef struct {
    /** An answer begins: whether to withhold it, because another node will be asked, or, with
     * attempt->replaced set, because the client will get one of ours. */
    bool (*withhold)(void *journey, int status);
    /** The node has turned down meanwhile: whether to give it up. In another thread. */
    bool (*elsewhere)(const void *journey);
    /** It is not withheld: its headers are complete, and the client has nothing yet. */
    void (*answered)(void *journey);
    /** The node has answered with an upgrade: from here on it is a tunnel. @return it */
    struct cfc_tunnel *(*upgrade)(void *journey);
    void *journey;
    /** Over a connection made for this attempt, which the node cannot be closing just now. */
    bool fresh;
} cfc_terms_t;

/** One attempt, as cfc_carry() leaves it. */
typedef struct cfc_attempt {
    const cfc_node_t *node;
    const request_rec *r;
    struct cfc_waiting *waiting;    /* until the node answers; see waiting.h */
    int status;             /* OK: answered; else the HTTP error */
    int answer;             /* the status that the node answered with; 0: it did not */
    int error;              /* the status that the answer is an ErrorDocument of; 0: it is none */
    cfc_reach_t reach;
    bool failed;            /* it came to nothing, and not by the client's doing */
    bool broken;            /* the answer ended before its end, likewise */
    bool reused;            /* went over a connection kept from an earlier request */
    bool stale;             /* failed as that turned out to be closed (the keep-alive race) */
    bool released;          /* ended by us: its node had turned down, or this child ends */
    bool client_has_bytes;  /* something of an answer was passed on */
    bool withheld;          /* by the terms; its status is in status, unless it is replaced */
    bool replaced;          /* withheld for an answer of ours: for the node all went as ever */
    const struct cfc_tunnel *tunnel;    /* that it became; NULL: it did not */
    cfc_terms_t terms;
    cfc_head_t head;        /* where in the answer's head the node is; AJP: unused */
    apr_time_t sent_at;     /* when the last of it went out; AJP: the first; 0: nothing did */
    apr_time_t answered_at; /* when the first byte came back; 0: none */
    apr_off_t sent;         /* bytes to the node, headers included; AJP: 0 */
    apr_off_t received;     /* bytes from the node, likewise, but for interim answers */
} cfc_attempt_t;

/** Whether how an attempt ended speaks against its node. A node may close an idle connection, and
 * what we ended ourselves is no news of it. */
static inline bool cfc_attempt_blames(const cfc_attempt_t *attempt)
{
    return (attempt->failed || attempt->broken) && !attempt->stale && !attempt->released;
}

/**
 * Whether mod_proxy and the scheme's module are loaded, and before us.
 * @return NULL, or the complaint, with the LoadModule line to write
 */
const char *cfc_carry_complaint(cfc_scheme_t scheme);

/** Whether mod_proxy itself can be called. Nothing else here may be, if not. */
bool cfc_carry_ready(void);

/** Hooks and filters. Called once from the module's register_hooks. */
void cfc_carry_register(apr_pool_t *p);

/**
 * Make every node known to mod_proxy: sets their carrier. In post_config, after mod_proxy's.
 * @param s the main server
 * @return NULL, or the complaint
 */
const char *cfc_carry_define(const cfc_conf_t *conf, server_rec *s, apr_pool_t *pconf);

/** What a request needs once, before its first attempt. */
void cfc_carry_prepare(request_rec *r);

/**
 * Carry one attempt. r is left as mod_proxy leaves it; put it back before another attempt.
 * @param target the client's own path and query
 */
void cfc_carry(request_rec *r, const cfc_node_t *node, const char *target,
               const cfc_terms_t *terms, cfc_attempt_t *attempt);

#endif
