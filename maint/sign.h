/* SPDX-License-Identifier: Apache-2.0
 * sign.h: texts that this server hands out and recognises when they come back. */
#ifndef CFC_MAINT_SIGN_H
#define CFC_MAINT_SIGN_H

#include <apr_pools.h>
#include <apr_time.h>
#include <stdbool.h>

/**
 * HMAC-SHA256 over purpose and text, in lower-case hex.
 * @param secret  CFC_SECRET_BYTES
 * @param purpose keeps a signature for one thing from being good for another; no NUL, constant
 * @return NULL: the crypto library failed
 */
const char *cfc_sign(const unsigned char *secret, const char *purpose, const char *text,
                     apr_pool_t *p);

/** Whether signature is that of text; takes the same time wherever they differ. */
bool cfc_sign_check(const unsigned char *secret, const char *purpose, const char *text,
                    const char *signature, apr_pool_t *p);

/** The token that forms of `who` carry, and whether one is good: for two to three hours. */
const char *cfc_form_token(const unsigned char *secret, const char *who, apr_time_t now,
                           apr_pool_t *p);
bool cfc_form_token_check(const unsigned char *secret, const char *who, apr_time_t now,
                          const char *token, apr_pool_t *p);

#endif
