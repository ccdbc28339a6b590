/* SPDX-License-Identifier: Apache-2.0
 * log.c: formats the core's log lines and hands them to the binding. */
#include "lb/log.h"

#include <apr_strings.h>
#include <stddef.h>

#define LINE_BYTES 1024     /* longer ones are cut: evidence from peers may be long */

static cfc_log_writer_t installed;

void cfc_log_to(cfc_log_writer_t writer)
{
    installed = writer;
}

void cfc_log_list(cfc_log_level_t level, apr_status_t status, const char *format, va_list args)
{
    char line[LINE_BYTES];

    if (installed != NULL) {
        apr_vsnprintf(line, sizeof(line), format, args);
        installed(level, status, line);
    }
}

void cfc_log(cfc_log_level_t level, apr_status_t status, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    cfc_log_list(level, status, format, args);
    va_end(args);
}
