/* SPDX-License-Identifier: Apache-2.0
 * handler_httpd.h: the life of a claimed request: maintenance, choice, attempts, books. */
#ifndef CFC_LB_HANDLER_HTTPD_H
#define CFC_LB_HANDLER_HTTPD_H

#include <httpd.h>

/** handler hook for CFC_HANDLER_FORWARD; declines everything else. */
int cfc_forward_handler(request_rec *r);

#endif
