/* SPDX-License-Identifier: Apache-2.0
 * log_httpd.c: the error log as the writer of log.h. LogLevel decides what is kept. */
#include "lb/log_httpd.h"

#include <http_config.h>
#include <http_log.h>

#include "lb/log.h"

APLOG_USE_MODULE(cfcluster);

static server_rec *server;

static const int levels[] = {
    [CFC_LOG_ERROR] = APLOG_ERR,   [CFC_LOG_WARNING] = APLOG_WARNING,
    [CFC_LOG_NOTICE] = APLOG_NOTICE, [CFC_LOG_INFO] = APLOG_INFO,
    [CFC_LOG_DEBUG] = APLOG_DEBUG,
};

static void write_line(cfc_log_level_t level, apr_status_t status, const char *line)
{
    ap_log_error(APLOG_MARK, levels[level], status, server, "%s", line);
}

void cfc_log_install(server_rec *s)
{
    server = s;
    cfc_log_to(write_line);
}
