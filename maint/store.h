/* SPDX-License-Identifier: Apache-2.0
 * store.h: the admin state (what people want of nodes and clusters), kept over restarts.
 * At run time it is read from the slots in shared memory, by everybody and without a lock;
 * this interface settles it at start-up and changes it. Behind it is the state file; another
 * store (DESIGN 11) would stand behind the same three functions. */
#ifndef CFC_MAINT_STORE_H
#define CFC_MAINT_STORE_H

#include <apr_pools.h>
#include <stdint.h>
#include <sys/types.h>

#include "conf/conf.h"
#include "maint/kept.h"

/** Where the state is kept. Read-only after cfc_store_open. */
typedef struct cfc_store cfc_store_t;

/**
 * Prepare the store: makes its directory if it is missing (its parent must be there). In the
 * parent, once a configuration pass. When the directory cannot be used this is one warning in
 * the log; changes are then refused until it can.
 * @param dir absolute
 * @param uid whom the children run as; looked at only when this process is root's
 * @param gid likewise
 * @param p   lives as long as the store
 */
cfc_store_t *cfc_store_open(const char *dir, uid_t uid, gid_t gid, apr_pool_t *p);

/**
 * Settle everything that is kept (kept.h) in its slot. In the parent, after the
 * slots have been found, before the children run.
 *
 *   slot         saved record        configuration since        result
 *   fresh        none                -                          as configured
 *   fresh        there               the same                   the saved state
 *   fresh        there               says something else now    as configured, logged
 *   not fresh    not looked at       the same                   stays as it is
 *   not fresh    not looked at       says something else now    as configured, logged
 *
 * A file that cannot be used is set aside and logged; everything is then as configured.
 * Never fails.
 */
void cfc_store_load(const cfc_store_t *store, const cfc_conf_t *conf, apr_pool_t *ptemp);

/** One change of one thing. */
typedef struct {
    const cfc_kind_t *kind;
    cfc_subject_t subject;
    cfc_kept_t kept;            /* what is to be; plan.note.since is not 0, texts are clean UTF-8;
                                 * `configured` is the store's */
    uint64_t generation;        /* segment->changes as read before this was decided on */
} cfc_change_t;

typedef enum {
    CFC_CHANGE_FAILED,          /* nothing was changed: see the complaint */
    CFC_CHANGE_STALE,           /* somebody else changed something meanwhile: decide again */
    CFC_CHANGE_DONE             /* saved, and in effect in every child */
} cfc_change_verdict_t;

/**
 * Save one change and put it into effect, in this order: what is not on disk does not happen.
 * Any thread of any child. Waits for other changes up to five seconds, and for the disk.
 * @param complaint set when the verdict is CFC_CHANGE_FAILED
 */
cfc_change_verdict_t cfc_store_change(const cfc_store_t *store, const cfc_conf_t *conf,
                                      const cfc_change_t *change, const char **complaint,
                                      apr_pool_t *ptemp);

/**
 * Why changes would be refused now, judged without writing.
 * @return NULL: nothing speaks against them
 */
const char *cfc_store_trouble(const cfc_store_t *store, apr_pool_t *p);

#endif
