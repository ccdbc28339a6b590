/* SPDX-License-Identifier: Apache-2.0
 * text.c: see text.h. Pure.
 * Source: RFC 3629 section 4 (well-formed UTF-8); RFC 3339 section 5.6 (instants). */
#include "maint/text.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

#define REPLACEMENT "\xEF\xBF\xBD"

/* Length of the well-formed character that begins at s; 0: there is none. Never reads past a
 * NUL, since a NUL is no continuation byte. */
static size_t utf8_length(const unsigned char *s)
{
    unsigned char low = 0x80, high = 0xBF;
    size_t length;

    if (s[0] < 0x80) {
        return 1;
    }
    if (s[0] < 0xC2 || s[0] > 0xF4) {
        return 0;
    }
    length = s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;
    low = s[0] == 0xE0 ? 0xA0 : s[0] == 0xF0 ? 0x90 : low;      /* not overlong */
    high = s[0] == 0xED ? 0x9F : s[0] == 0xF4 ? 0x8F : high;    /* no surrogate, in range */
    if (s[1] < low || s[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < length; i++) {
        if (s[i] < 0x80 || s[i] > 0xBF) {
            return 0;
        }
    }
    return length;
}

const char *cfc_text_clean(const char *text, apr_pool_t *p)
{
    const unsigned char *s = (const unsigned char *)text;
    char *clean = apr_palloc(p, strlen(text) * (sizeof(REPLACEMENT) - 1) + 1);
    char *to = clean;

    while (*s != '\0') {
        size_t length = utf8_length(s);

        if (length == 0) {
            memcpy(to, REPLACEMENT, sizeof(REPLACEMENT) - 1);
            to += sizeof(REPLACEMENT) - 1;
            s++;
        }
        else if (length == 1 && apr_iscntrl(*s)) {
            *to++ = ' ';
            s++;
        }
        else {
            memcpy(to, s, length);
            to += length;
            s += length;
        }
    }
    *to = '\0';
    return clean;
}

void cfc_text_fit(char *to, size_t bytes, const char *text)
{
    size_t length = strlen(text);

    if (length >= bytes) {
        length = bytes - 1;
        while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80) {
            length--;
        }
    }
    memcpy(to, text, length);
    memset(to + length, 0, bytes - length);
}

const char *cfc_time_iso(apr_time_t at, apr_pool_t *p)
{
    apr_time_exp_t t;

    apr_time_exp_gmt(&t, at);
    return apr_psprintf(p, "%04d-%02d-%02dT%02d:%02d:%02dZ", t.tm_year + 1900, t.tm_mon + 1,
                        t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec);
}

/* Exactly `digits` digits and then `after` ('\0': nothing is taken); moves *text behind it. */
static bool number(const char **text, int digits, char after, int *value)
{
    const char *s = *text;

    *value = 0;
    for (int i = 0; i < digits; i++, s++) {
        if (!apr_isdigit(*s)) {
            return false;
        }
        *value = *value * 10 + (*s - '0');
    }
    if (after != '\0' && *s++ != after) {
        return false;
    }
    *text = s;
    return true;
}

/* "Z", "+02:00" or "-05:30", and then the end. */
static bool zone(const char *s, apr_int32_t *offset_s)
{
    int sign = *s == '-' ? -1 : 1;
    int hours, minutes;

    *offset_s = 0;
    if (strcmp(s, "Z") == 0) {
        return true;
    }
    if (*s != '+' && *s != '-') {
        return false;
    }
    s++;
    if (!number(&s, 2, ':', &hours) || !number(&s, 2, '\0', &minutes) || *s != '\0'
        || hours > 14 || minutes > 59) {
        return false;
    }
    *offset_s = sign * (hours * 3600 + minutes * 60);
    return true;
}

/* Whether a day like February 30th was moved to another one by the calendar. */
static bool exists(const apr_time_exp_t *wanted, apr_time_t at)
{
    apr_time_exp_t got;

    apr_time_exp_tz(&got, at, wanted->tm_gmtoff);
    return got.tm_year == wanted->tm_year && got.tm_mon == wanted->tm_mon
           && got.tm_mday == wanted->tm_mday && got.tm_hour == wanted->tm_hour
           && got.tm_min == wanted->tm_min && got.tm_sec == wanted->tm_sec;
}

bool cfc_time_read(const char *text, apr_time_t *at)
{
    apr_time_exp_t t = {0};
    int year, month;

    *at = 0;
    if (!number(&text, 4, '-', &year) || !number(&text, 2, '-', &month)
        || !number(&text, 2, 'T', &t.tm_mday) || !number(&text, 2, ':', &t.tm_hour)
        || !number(&text, 2, '\0', &t.tm_min)) {
        return false;
    }
    if (*text == ':') {
        text++;
        if (!number(&text, 2, '\0', &t.tm_sec)) {
            return false;
        }
    }
    t.tm_year = year - 1900;
    t.tm_mon = month - 1;
    if (year < 1970 || month < 1 || month > 12 || !zone(text, &t.tm_gmtoff)
        || apr_time_exp_gmt_get(at, &t) != APR_SUCCESS || !exists(&t, *at)) {
        *at = 0;
        return false;
    }
    return true;
}

const char *cfc_time_span(apr_time_t span, apr_pool_t *p)
{
    apr_int64_t seconds = span > 0 ? apr_time_sec(span) : 0;

    if (seconds < 60) {
        return apr_psprintf(p, "%d s", (int)seconds);
    }
    if (seconds < 3600) {
        return apr_psprintf(p, "%d min", (int)(seconds / 60));
    }
    if (seconds < 10 * 3600 && seconds % 3600 >= 60) {
        return apr_psprintf(p, "%d h %d min", (int)(seconds / 3600), (int)(seconds / 60 % 60));
    }
    if (seconds < 2 * 86400) {
        return apr_psprintf(p, "%d h", (int)(seconds / 3600));
    }
    return apr_psprintf(p, "%" APR_INT64_T_FMT " d", seconds / 86400);
}
