/* SPDX-License-Identifier: Apache-2.0
 * certificate.h: what the end of a TLS certificate means, for nodes, databases and directories
 * alike: how many days are left, how bad that is, and the words for it. Pure. How the end was
 * found out is the probe's business. */
#ifndef CFC_HEALTH_CERTIFICATE_H
#define CFC_HEALTH_CERTIFICATE_H

#include <apr_pools.h>
#include <apr_time.h>
#include <stdbool.h>

typedef enum {
    CFC_CERTIFICATE_NONE,       /* none was seen */
    CFC_CERTIFICATE_VALID,
    CFC_CERTIFICATE_ENDING,     /* less than the settable number of days are left */
    CFC_CERTIFICATE_EXPIRED,
    CFC_CERTIFICATE_COUNT
} cfc_certificate_t;

/** "none", "valid", "ending", "expired": for JSON. */
const char *cfc_certificate_word(cfc_certificate_t certificate);

/**
 * Read an end of validity as OpenSSL prints it: "Dec  5 12:00:00 2026 GMT". So do libcurl
 * (CERTINFO, "Expire date"), MySQL and MariaDB (status variable Ssl_server_not_after).
 * @return 0: it is none
 */
apr_time_t cfc_certificate_end(const char *text);

/**
 * Judge.
 * @param end       the last moment at which it is valid; 0: no certificate was seen
 * @param warn_days from how many days before on it is ENDING
 */
cfc_certificate_t cfc_certificate_judge(apr_time_t end, apr_time_t now, apr_int64_t warn_days);

/** Whole days left; negative: days since it expired, begun ones included. */
int cfc_certificate_days(apr_time_t end, apr_time_t now);

/**
 * In words: "expires in 12 days, on 2026-12-05", "expires within a day, on 2026-12-05",
 * "expired on 2026-12-05". Days are UTC's.
 * @param end not 0
 */
const char *cfc_certificate_text(apr_time_t end, apr_time_t now, apr_pool_t *p);

#endif
