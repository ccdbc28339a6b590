/* SPDX-License-Identifier: Apache-2.0
 * db_position.c: compares GTIDs and places in binary logs. What is malformed is unknown, never
 * reached. Pure; linear in MariaDB's GTIDs, quadratic in MySQL's sets, which a length bounds. */
#include "health/db_position.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- MySQL: uuid[:tag]:first[-last][:...][, ...] --------------------------------------------- */

/* One interval of a set and whose it is, as places in the text. */
typedef struct {
    const char *at;             /* where to read on */
    const char *uuid, *tag;
    size_t uuid_length, tag_length;
    uint64_t first, last;
    bool broken;
} interval_t;

static void skip_blanks(interval_t *it)
{
    while (isspace((unsigned char)*it->at)) {
        it->at++;
    }
}

static bool read_number(interval_t *it, uint64_t *number)
{
    char *end;

    if (!isdigit((unsigned char)*it->at)) {
        return false;
    }
    *number = strtoull(it->at, &end, 10);
    it->at = end;
    return *number > 0;
}

static bool read_colon(interval_t *it)
{
    return *it->at == ':' && it->at++;
}

static bool read_tag(interval_t *it)
{
    if (!isalpha((unsigned char)*it->at) && *it->at != '_') {
        return true;            /* none here: that of the interval before holds on */
    }
    it->tag = it->at;
    it->tag_length = strcspn(it->at, ":,");
    it->at += it->tag_length;
    return read_colon(it);
}

static bool read_interval(interval_t *it)
{
    if (!read_colon(it) || !read_tag(it) || !read_number(it, &it->first)) {
        return false;
    }
    it->last = it->first;
    if (*it->at == '-') {
        it->at++;
        return read_number(it, &it->last) && it->last >= it->first;
    }
    return true;
}

/* Step to the next interval. @return false: there is none, or the text is broken */
static bool next_interval(interval_t *it)
{
    bool first = it->uuid == NULL;

    skip_blanks(it);
    if (*it->at == '\0') {
        return false;
    }
    if (first || *it->at == ',') {
        it->at += !first;
        skip_blanks(it);
        it->uuid = it->at;
        it->uuid_length = strcspn(it->at, ":,");
        it->at += it->uuid_length;
        it->tag_length = 0;
    }
    it->broken = it->uuid_length == 0 || !read_interval(it);
    return !it->broken;
}

static bool same_source(const interval_t *a, const interval_t *b)
{
    return a->uuid_length == b->uuid_length && a->tag_length == b->tag_length
           && strncasecmp(a->uuid, b->uuid, a->uuid_length) == 0
           && strncasecmp(a->tag, b->tag, a->tag_length) == 0;
}

/* Servers write sets with intervals merged: one that is contained lies in a single one. */
static cfc_truth_t contains(const char *whole, const interval_t *part)
{
    interval_t it = {.at = whole, .tag = ""};

    while (next_interval(&it)) {
        if (same_source(&it, part) && it.first <= part->first && part->last <= it.last) {
            return CFC_TRUTH_YES;
        }
    }
    return it.broken ? CFC_TRUTH_UNKNOWN : CFC_TRUTH_NO;
}

cfc_truth_t cfc_gtid_mysql_within(const char *part, const char *whole)
{
    interval_t it = {.at = part, .tag = ""};

    while (next_interval(&it)) {
        cfc_truth_t found = contains(whole, &it);

        if (found != CFC_TRUTH_YES) {
            return found;
        }
    }
    return it.broken ? CFC_TRUTH_UNKNOWN : CFC_TRUTH_YES;
}

/* --- MariaDB: domain-server-sequence, separated by commas ------------------------------------ */

static bool read_gtid(const char **at, unsigned long long *domain, unsigned long long *sequence)
{
    char *end;

    if (!isdigit((unsigned char)**at)) {
        return false;
    }
    *domain = strtoull(*at, &end, 10);
    if (*end != '-' || !isdigit((unsigned char)end[1])) {
        return false;
    }
    (void)strtoull(end + 1, &end, 10);
    if (*end != '-' || !isdigit((unsigned char)end[1])) {
        return false;
    }
    *sequence = strtoull(end + 1, &end, 10);
    if (*end != ',' && *end != '\0') {
        return false;
    }
    *at = *end == ',' ? end + 1 : end;
    return true;
}

static cfc_truth_t domain_reached(const char *whole, unsigned long long domain,
                                  unsigned long long sequence)
{
    unsigned long long d, s;

    while (*whole != '\0') {
        if (!read_gtid(&whole, &d, &s)) {
            return CFC_TRUTH_UNKNOWN;
        }
        if (d == domain) {
            return s >= sequence ? CFC_TRUTH_YES : CFC_TRUTH_NO;
        }
    }
    return CFC_TRUTH_NO;
}

cfc_truth_t cfc_gtid_mariadb_within(const char *part, const char *whole)
{
    unsigned long long domain, sequence;

    while (*part != '\0') {
        cfc_truth_t found;

        if (!read_gtid(&part, &domain, &sequence)) {
            return CFC_TRUTH_UNKNOWN;
        }
        found = domain_reached(whole, domain, sequence);
        if (found != CFC_TRUTH_YES) {
            return found;
        }
    }
    return CFC_TRUTH_YES;
}

/* --- places in binary logs ------------------------------------------------------------------- */

static bool log_number(const char *file, size_t *stem, unsigned long long *number)
{
    const char *dot = strrchr(file, '.');
    char *end;

    if (dot == NULL || !isdigit((unsigned char)dot[1])) {
        return false;
    }
    *stem = (size_t)(dot - file);
    *number = strtoull(dot + 1, &end, 10);
    return *end == '\0';
}

cfc_truth_t cfc_log_reached(const char *written_file, uint64_t written_offset,
                            const char *applied_file, uint64_t applied_offset)
{
    unsigned long long written, applied;
    size_t written_stem, applied_stem;

    if (!log_number(written_file, &written_stem, &written)
        || !log_number(applied_file, &applied_stem, &applied) || written_stem != applied_stem
        || strncmp(written_file, applied_file, written_stem) != 0) {
        return CFC_TRUTH_UNKNOWN;
    }
    return applied > written || (applied == written && applied_offset >= written_offset)
               ? CFC_TRUTH_YES
               : CFC_TRUTH_NO;
}

cfc_truth_t cfc_db_reached(const cfc_db_position_t *written, const cfc_db_facts_t *replica,
                           const cfc_db_channel_t *channel, const char **why)
{
    cfc_truth_t reached = CFC_TRUTH_UNKNOWN;

    *why = NULL;
    if (channel->uses_gtid) {
        if (written->gtid_known && replica->applied_known) {
            reached = replica->mariadb
                          ? cfc_gtid_mariadb_within(written->gtid, replica->applied)
                          : cfc_gtid_mysql_within(written->gtid, replica->applied);
        }
        if (reached == CFC_TRUTH_UNKNOWN) {
            *why = "the GTIDs of the two cannot be compared";
        }
        return reached;
    }
    if (written->file[0] == '\0') {
        *why = "the place in the source's binary log is not known";
        return CFC_TRUTH_UNKNOWN;
    }
    reached = cfc_log_reached(written->file, written->offset, channel->file, channel->offset);
    if (reached == CFC_TRUTH_UNKNOWN) {
        *why = "the places in the binary logs cannot be compared";
    }
    return reached;
}
