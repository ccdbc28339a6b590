/* SPDX-License-Identifier: Apache-2.0
 * log.h: how the core speaks to the error log without knowing httpd. The binding installs the
 * writer; without one (unit tests) lines go nowhere. */
#ifndef CFC_LB_LOG_H
#define CFC_LB_LOG_H

#include <apr_errno.h>
#include <stdarg.h>

typedef enum {
    CFC_LOG_ERROR,      /* something does not work and someone must act */
    CFC_LOG_WARNING,    /* it works, less well or less safely than configured */
    CFC_LOG_NOTICE,     /* a change of state worth a line each time */
    CFC_LOG_INFO,       /* what is being done */
    CFC_LOG_DEBUG
} cfc_log_level_t;

typedef void (*cfc_log_writer_t)(cfc_log_level_t level, apr_status_t status, const char *line);

/** Install the writer. Once in each process, before any thread is started. */
void cfc_log_to(cfc_log_writer_t writer);

/**
 * Write one line. Any thread.
 * @param status an APR status whose text is of use to the reader; APR_SUCCESS: none
 * @param format begins with the line's number: "CFC0301: cluster confluence, node node1: ..."
 */
void cfc_log(cfc_log_level_t level, apr_status_t status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** The same with the format's arguments as a list. */
void cfc_log_list(cfc_log_level_t level, apr_status_t status, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

#endif
