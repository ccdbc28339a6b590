/* SPDX-License-Identifier: Apache-2.0
 * dependency_url.h: reads the addresses of databases and directories. Pure. */
#ifndef CFC_CONF_DEPENDENCY_URL_H
#define CFC_CONF_DEPENDENCY_URL_H

#include <apr_pools.h>

#include "health/dependency.h"

/**
 * Read an address into kind, host, port, address, user, path, and for LDAP tls:
 *
 *   MySQL  mysql://[user@]host[:3306][/database]
 *   LDAP   ldap://host[:389][/base]   ldaps://host[:636][/base]    base percent-encoded
 *
 * A password is refused, and not repeated: what httpd -t says goes to screens and logs.
 *
 * @param kind      which of the two is expected
 * @param directive for messages, for example "CFDatabase master"
 * @param p         lives as long as dependency
 * @return NULL, or the complaint
 */
const char *cfc_dependency_url_read(cfc_dependency_t *dependency, cfc_dependency_kind_t kind,
                                    const char *directive, const char *text, apr_pool_t *p);

#endif
