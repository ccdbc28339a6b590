/* SPDX-License-Identifier: Apache-2.0
 * secret.h: reads a secret from a file of its own, so that it need not stand in a configuration
 * that many can read. */
#ifndef CFC_CONF_SECRET_H
#define CFC_CONF_SECRET_H

#include <apr_pools.h>

/**
 * Read a file of one line: 16 to 128 of A-Z a-z 0-9 . _ -, so that it can stand in a header and,
 * at the other end, in a regular expression. It must not be open to everybody.
 *
 * @param secret set to the line without its end, or NULL
 * @param p      lives as long as the secret
 * @return NULL, or why it cannot be used (to follow the path and "cannot be used: ")
 */
const char *cfc_secret_read(const char *path, const char **secret, apr_pool_t *p);

#endif
