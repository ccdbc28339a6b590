/* SPDX-License-Identifier: Apache-2.0
 * parent.h: httpd's parent notices at once that a child has ended. */
#ifndef CFC_CONF_PARENT_H
#define CFC_CONF_PARENT_H

#include <apr_pools.h>

/**
 * From now on the end of a child ends the parent's sleep, until pconf is cleared. Does nothing
 * when somebody else handles SIGCHLD.
 */
void cfc_parent_wakes(apr_pool_t *pconf);

/** For a child, which the parent's handler is none of: SIGCHLD is as without us. */
void cfc_parent_sleeps(void);

#endif
