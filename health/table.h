/* SPDX-License-Identifier: Apache-2.0
 * table.h: the answer to one query, all in strings as the server gave them. */
#ifndef CFC_HEALTH_TABLE_H
#define CFC_HEALTH_TABLE_H

#include <stdint.h>

/** Zeroed: no columns, no rows. */
typedef struct {
    int columns, rows;
    char **names;           /* columns */
    char **cells;           /* rows times columns, row by row; NULL: SQL's NULL */
} cfc_table_t;

/**
 * One cell by its column's name; names are compared without their case.
 * @param older the name that the column has in older servers, or NULL
 * @return NULL: no such column or row, or SQL's NULL
 */
const char *cfc_table_cell(const cfc_table_t *table, int row, const char *name, const char *older);

/** The second cell of the row whose first one is name: SHOW VARIABLES, SHOW STATUS. NULL: none */
const char *cfc_table_value(const cfc_table_t *table, const char *name);

/** A cell that is a whole number. @return otherwise: it is none, or text is NULL */
int64_t cfc_table_number(const char *text, int64_t otherwise);

#endif
