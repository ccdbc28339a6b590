/* SPDX-License-Identifier: Apache-2.0
 * log_httpd.h: sends the core's log lines to httpd's error log. */
#ifndef CFC_LB_LOG_HTTPD_H
#define CFC_LB_LOG_HTTPD_H

#include <httpd.h>

/**
 * Log to the error log of s from now on. Again after each restart, before any thread is started;
 * forked processes inherit it.
 */
void cfc_log_install(server_rec *s);

#endif
