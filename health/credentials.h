/* SPDX-License-Identifier: Apache-2.0
 * credentials.h: the file in which the DN and the password for a directory stand:
 *
 *   dn: cn=monitor,dc=example,dc=org
 *   password: what follows the blank, to the end of the line
 *
 * Empty lines and lines that begin with # are passed over. */
#ifndef CFC_HEALTH_CREDENTIALS_H
#define CFC_HEALTH_CREDENTIALS_H

#include <stdbool.h>
#include <stddef.h>

#define CFC_CREDENTIALS_BYTES 512       /* of each of the two, the NUL included */

typedef struct {
    char dn[CFC_CREDENTIALS_BYTES];
    char password[CFC_CREDENTIALS_BYTES];
} cfc_credentials_t;

/**
 * Read the text of such a file. Pure.
 * @return NULL, or what is wrong with it; never a part of it
 */
const char *cfc_credentials_parse(const char *text, cfc_credentials_t *credentials);

/**
 * Read such a file.
 * @param complaint room for a sentence; set when false is returned
 */
bool cfc_credentials_read(const char *path, cfc_credentials_t *credentials, char *complaint,
                          size_t bytes);

#endif
