/* SPDX-License-Identifier: Apache-2.0
 * sign.c: see sign.h. Pure; time is a parameter. Source: RFC 2104 (HMAC). */
#include "maint/sign.h"

#include <apr_strings.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "lb/segment.h"

#define TOKEN_HOURS 3   /* this one and those before it */

const char *cfc_sign(const unsigned char *secret, const char *purpose, const char *text,
                     apr_pool_t *p)
{
    static const char digits[] = "0123456789abcdef";
    const char *signed_text = apr_pstrcat(p, purpose, "\n", text, NULL);
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned int bytes = 0;
    char *hex;

    if (HMAC(EVP_sha256(), secret, CFC_SECRET_BYTES, (const unsigned char *)signed_text,
             strlen(signed_text), mac, &bytes) == NULL) {
        return NULL;
    }
    hex = apr_palloc(p, 2 * bytes + 1);
    for (unsigned int i = 0; i < bytes; i++) {
        hex[2 * i] = digits[mac[i] >> 4];
        hex[2 * i + 1] = digits[mac[i] & 15];
    }
    hex[2 * bytes] = '\0';
    return hex;
}

bool cfc_sign_check(const unsigned char *secret, const char *purpose, const char *text,
                    const char *signature, apr_pool_t *p)
{
    const char *right = cfc_sign(secret, purpose, text, p);

    return right != NULL && strlen(signature) == strlen(right)
           && CRYPTO_memcmp(signature, right, strlen(right)) == 0;
}

static const char *token_text(const char *who, apr_int64_t hour, apr_pool_t *p)
{
    return apr_psprintf(p, "%" APR_INT64_T_FMT "\n%s", hour, who);
}

const char *cfc_form_token(const unsigned char *secret, const char *who, apr_time_t now,
                           apr_pool_t *p)
{
    return cfc_sign(secret, "form", token_text(who, apr_time_sec(now) / 3600, p), p);
}

bool cfc_form_token_check(const unsigned char *secret, const char *who, apr_time_t now,
                          const char *token, apr_pool_t *p)
{
    apr_int64_t hour = apr_time_sec(now) / 3600;
    bool good = false;

    for (apr_int64_t i = 0; i < TOKEN_HOURS; i++) {
        good = cfc_sign_check(secret, "form", token_text(who, hour - i, p), token, p) || good;
    }
    return good;
}
