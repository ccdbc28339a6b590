/* SPDX-License-Identifier: Apache-2.0
 * program.h: runs somebody else's program from the monitor, which must neither wait for it nor be
 * harmed by it. Knows nothing of events. */
#ifndef CFC_MAINT_PROGRAM_H
#define CFC_MAINT_PROGRAM_H

#include <apr_pools.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CFC_PROGRAM_INPUT_MAX 16384     /* a pipe takes it whole, whether it is read or not */

/**
 * Start a program in a session of its own, in /, with nothing of ours open but standard error,
 * which is the error log. Standard output goes nowhere. Does not wait.
 * @param argv     NULL-ended; the first is the file, absolute
 * @param env      NULL-ended NAME=VALUE; all that it gets
 * @param input    its standard input, at most CFC_PROGRAM_INPUT_MAX bytes
 * @param longest_s after so many seconds the kernel ends it, should nobody be left who does
 * @param pid      for cfc_program_ended() and cfc_program_kill(); 0 on complaint
 * @return NULL, or the complaint: it cannot be started
 */
const char *cfc_program_start(const char *const *argv, const char *const *env, const char *input,
                              unsigned longest_s, pid_t *pid, apr_pool_t *p);

/**
 * Whether it has ended; asks once, does not wait.
 * @param complaint of one that has ended: NULL if its exit status was 0
 */
bool cfc_program_ended(pid_t pid, const char **complaint, apr_pool_t *p);

/** End it and all that it has started, unless these have left its session's process group. */
void cfc_program_kill(pid_t pid);

#endif
