/* SPDX-License-Identifier: Apache-2.0
 * table.c: looks things up in the answer to a query. Pure. */
#include "health/table.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <strings.h>

static int column_of(const cfc_table_t *table, const char *name)
{
    for (int i = 0; name != NULL && i < table->columns; i++) {
        if (strcasecmp(table->names[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

const char *cfc_table_cell(const cfc_table_t *table, int row, const char *name, const char *older)
{
    int column = column_of(table, name);

    if (column < 0) {
        column = column_of(table, older);
    }
    return column >= 0 && row < table->rows ? table->cells[row * table->columns + column] : NULL;
}

const char *cfc_table_value(const cfc_table_t *table, const char *name)
{
    for (int row = 0; table->columns >= 2 && row < table->rows; row++) {
        char **cells = &table->cells[row * table->columns];

        if (cells[0] != NULL && strcasecmp(cells[0], name) == 0) {
            return cells[1];
        }
    }
    return NULL;
}

int64_t cfc_table_number(const char *text, int64_t otherwise)
{
    char *end;
    long long number;

    if (text == NULL || text[0] == '\0') {
        return otherwise;
    }
    errno = 0;
    number = strtoll(text, &end, 10);
    return errno == 0 && *end == '\0' ? number : otherwise;
}
