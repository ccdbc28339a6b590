/* SPDX-License-Identifier: Apache-2.0
 * certificate.c: the arithmetic and the words of certificate.h. Pure: time is a parameter. */
#include "health/certificate.h"

#include <apr_strings.h>
#include <assert.h>
#include <stdio.h>
#include <string.h>

#define DAY (APR_USEC_PER_SEC * 24 * 60 * 60)

static const char *const words[] = {"none", "valid", "ending", "expired"};
static_assert(sizeof(words) / sizeof(words[0]) == CFC_CERTIFICATE_COUNT, "a word for each");

const char *cfc_certificate_word(cfc_certificate_t certificate)
{
    return words[certificate];
}

static int month_of(const char *name)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const char *found = strlen(name) == 3 ? strstr(months, name) : NULL;

    return found != NULL && (found - months) % 3 == 0 ? (int)(found - months) / 3 : -1;
}

apr_time_t cfc_certificate_end(const char *text)
{
    apr_time_exp_t parts = {0};
    char month[4], zone[4];
    apr_time_t end;

    if (sscanf(text, "%3s %2d %2d:%2d:%2d %4d %3s", month, &parts.tm_mday, &parts.tm_hour,
               &parts.tm_min, &parts.tm_sec, &parts.tm_year, zone) != 7
        || strcmp(zone, "GMT") != 0) {
        return 0;
    }
    parts.tm_mon = month_of(month);
    parts.tm_year -= 1900;
    if (parts.tm_mon < 0 || parts.tm_mday < 1 || parts.tm_mday > 31 || parts.tm_hour < 0
        || parts.tm_min < 0 || parts.tm_sec < 0 || parts.tm_year < 70
        || apr_time_exp_gmt_get(&end, &parts) != APR_SUCCESS) {
        return 0;
    }
    return end;
}

cfc_certificate_t cfc_certificate_judge(apr_time_t end, apr_time_t now, apr_int64_t warn_days)
{
    if (end == 0) {
        return CFC_CERTIFICATE_NONE;
    }
    if (end < now) {
        return CFC_CERTIFICATE_EXPIRED;
    }
    return end - now < warn_days * DAY ? CFC_CERTIFICATE_ENDING : CFC_CERTIFICATE_VALID;
}

int cfc_certificate_days(apr_time_t end, apr_time_t now)
{
    apr_time_t left = end - now;

    return (int)(left >= 0 ? left / DAY : (left - (DAY - 1)) / DAY);
}

const char *cfc_certificate_text(apr_time_t end, apr_time_t now, apr_pool_t *p)
{
    int days = cfc_certificate_days(end, now);
    apr_time_exp_t at;
    const char *date;

    apr_time_exp_gmt(&at, end);
    date = apr_psprintf(p, "%04d-%02d-%02d", at.tm_year + 1900, at.tm_mon + 1, at.tm_mday);
    if (days < 0) {
        return apr_pstrcat(p, "expired on ", date, NULL);
    }
    if (days == 0) {
        return apr_pstrcat(p, "expires within a day, on ", date, NULL);
    }
    return apr_psprintf(p, "expires in %d day%s, on %s", days, days == 1 ? "" : "s", date);
}
