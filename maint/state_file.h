/* SPDX-License-Identifier: Apache-2.0
 * state_file.h: the bytes of the state file on disk: read whole, replaced whole, locked, set
 * aside. What they mean is state_doc.h's business. */
#ifndef CFC_MAINT_STATE_FILE_H
#define CFC_MAINT_STATE_FILE_H

#include <apr_pools.h>
#include <apr_time.h>
#include <stddef.h>
#include <sys/types.h>

#define CFC_STATE_FILE "state.json"

/** A directory and whom the files in it belong to when root writes them. */
typedef struct {
    const char *dir;
    uid_t uid;
    gid_t gid;
} cfc_state_place_t;

/**
 * Make the directory when it is missing; its parent must be there.
 * @return NULL: it is there; or the complaint
 */
const char *cfc_state_prepare(const cfc_state_place_t *place, apr_pool_t *p);

/**
 * Whether the place's owner can write there, judged without writing.
 * @return NULL: yes; or the complaint
 */
const char *cfc_state_check(const cfc_state_place_t *place, apr_pool_t *p);

/**
 * Read the state file.
 * @param text NULL when there is no file, or there is a complaint; NUL-ended
 * @return NULL, or the complaint: unreadable, too large, not a plain file
 */
const char *cfc_state_read(const cfc_state_place_t *place, const char **text, size_t *bytes,
                           apr_pool_t *p);

/**
 * Replace the state file: after a crash at any moment there is the old one or the new one.
 * The caller holds the lock.
 * @return NULL: it is on disk; or the complaint, the old file is then still there unless only
 *         the last step, making the new name durable, failed
 */
const char *cfc_state_write(const cfc_state_place_t *place, const char *text, size_t bytes,
                            apr_pool_t *p);

/**
 * Rename a state file that cannot be used, so that nothing overwrites it.
 * @param kept the new name, for the log; NULL on complaint
 * @return NULL, or the complaint
 */
const char *cfc_state_set_aside(const cfc_state_place_t *place, apr_time_t now, const char **kept,
                                apr_pool_t *p);

/**
 * Take the lock of the place, against other threads and processes alike. Waits at most five
 * seconds. Ends with the process at the latest.
 * @param lock for cfc_state_unlock; -1 on complaint
 * @return NULL, or the complaint
 */
const char *cfc_state_lock(const cfc_state_place_t *place, int *lock, apr_pool_t *p);
void cfc_state_unlock(int lock);

#endif
