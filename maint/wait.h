/* SPDX-License-Identifier: Apache-2.0
 * wait.h: what a script can wait for after an order, or alone. Says whether it has come; who
 * waits, and how, is wait_httpd.h's business. */
#ifndef CFC_MAINT_WAIT_H
#define CFC_MAINT_WAIT_H

#include <apr_pools.h>
#include <apr_time.h>
#include <stdbool.h>

#include "conf/conf.h"

#define CFC_WAIT_MAX_MS 3600000         /* an hour */
#define CFC_WAIT_DEFAULT_MS 60000

typedef enum {
    CFC_WAIT_DRAINED,       /* nothing of users is left on the node, see cfc_wait_reached() */
    CFC_WAIT_UP,            /* it takes new users */
    CFC_WAIT_OUT            /* it gets nothing, and nothing is under way */
} cfc_wait_for_t;

typedef struct {
    const cfc_conf_t *conf;
    const cfc_cluster_t *cl;
    const cfc_node_t *node;
    cfc_wait_for_t what;
    apr_int64_t timeout_ms;
} cfc_wait_t;

/**
 * Read what is to be waited for.
 * @param word    drained, up or out
 * @param timeout a duration, at most an hour; NULL or "": a minute
 * @return NULL, or what is wrong with it
 */
const char *cfc_wait_read(const cfc_conf_t *conf, const char *cluster, const char *node,
                          const char *word, const char *timeout, cfc_wait_t *wait,
                          apr_pool_t *p);

/** "drained", "up", "out" */
const char *cfc_wait_word(const cfc_wait_t *wait);

/**
 * Whether it has come. A node is drained when it is not active, and nobody is left there by
 * users.h. Any thread.
 * @param evidence set to what is there now, in words
 */
bool cfc_wait_reached(const cfc_wait_t *wait, apr_time_t now, const char **evidence,
                      apr_pool_t *p);

#endif
