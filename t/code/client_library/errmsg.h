/* SPDX-License-Identifier: Apache-2.0
 * errmsg.h: numbers of a client library's errors, as in mysql.h beside it. */
#ifndef CFC_T_CODE_ERRMSG_H
#define CFC_T_CODE_ERRMSG_H

#define CR_CONNECTION_ERROR 2002
#define CR_CONN_HOST_ERROR 2003
#define CR_UNKNOWN_HOST 2005
#define CR_SERVER_GONE_ERROR 2006
#define CR_SERVER_LOST 2013

#endif
