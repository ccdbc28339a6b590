/* SPDX-License-Identifier: Apache-2.0
 * db_position.h: whether a replica has applied all that its source had written at some moment. */
#ifndef CFC_HEALTH_DB_POSITION_H
#define CFC_HEALTH_DB_POSITION_H

#include "health/db_facts.h"

/**
 * Whether each GTID of one set is in another, sets as MySQL writes them:
 * "3e11fa47-...:1-5:7, 4f22...:tag:1-9", blanks and line ends anywhere between. Threads: pure.
 * @return UNKNOWN: one of them is no such set
 */
cfc_truth_t cfc_gtid_mysql_within(const char *part, const char *whole);

/**
 * The same for MariaDB's "0-1-15,2-1-7": for each domain of part, whole has the same sequence
 * number or a later one.
 */
cfc_truth_t cfc_gtid_mariadb_within(const char *part, const char *whole);

/**
 * Whether `applied`, a place in the same server's binary log, is not before `written`. Files go
 * by the number at their end; names that differ before it cannot be compared.
 */
cfc_truth_t cfc_log_reached(const char *written_file, uint64_t written_offset,
                            const char *applied_file, uint64_t applied_offset);

/**
 * Whether the replica, on this channel, has applied what its source had written.
 * GTIDs if the channel goes by them, else places in the source's log.
 * @param why in words when the answer is UNKNOWN; else NULL
 */
cfc_truth_t cfc_db_reached(const cfc_db_position_t *written, const cfc_db_facts_t *replica,
                           const cfc_db_channel_t *channel, const char **why);

#endif
