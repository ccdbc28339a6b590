/* SPDX-License-Identifier: Apache-2.0
 * credentials.c: see credentials.h. Read at each look, so that a new password needs no reload. */
#include "health/credentials.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define FILE_BYTES 4096

/* Into the field whose name begins the line. @return what is wrong with it, or NULL */
static const char *read_line(const char *line, size_t length, cfc_credentials_t *credentials)
{
    static const struct {
        const char *name;
        size_t at;
    } fields[] = {{"dn: ", offsetof(cfc_credentials_t, dn)},
                  {"password: ", offsetof(cfc_credentials_t, password)}};

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        size_t name = strlen(fields[i].name);
        char *field = (char *)credentials + fields[i].at;

        if (length > name && strncmp(line, fields[i].name, name) == 0) {
            if (field[0] != '\0') {
                return "it has two lines of one kind";
            }
            if (length - name >= CFC_CREDENTIALS_BYTES) {
                return "a line of it is too long";
            }
            memcpy(field, line + name, length - name);
            field[length - name] = '\0';
            return NULL;
        }
    }
    return "it has a line that begins neither with \"dn: \" nor with \"password: \"";
}

const char *cfc_credentials_parse(const char *text, cfc_credentials_t *credentials)
{
    memset(credentials, 0, sizeof(*credentials));
    while (*text != '\0') {
        size_t length = strcspn(text, "\r\n");
        const char *wrong = length == 0 || text[0] == '#' ? NULL
                                                          : read_line(text, length, credentials);

        if (wrong != NULL) {
            return wrong;
        }
        text += length;
        text += strspn(text, "\r\n");
    }
    /* Without a password a server would say yes to any name: it takes the bind for anonymous. */
    return credentials->dn[0] == '\0'         ? "it has no line \"dn: ...\""
           : credentials->password[0] == '\0' ? "it has no line \"password: ...\""
                                              : NULL;
}

bool cfc_credentials_read(const char *path, cfc_credentials_t *credentials, char *complaint,
                          size_t bytes)
{
    char text[FILE_BYTES] = "";
    FILE *file = fopen(path, "re");
    const char *wrong;

    if (file == NULL) {
        snprintf(complaint, bytes, "credentials=%s cannot be read by httpd's user: %s", path,
                 strerror(errno));
        return false;
    }
    setvbuf(file, NULL, _IONBF, 0);     /* or the password would stay in the buffer's memory */
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    wrong = cfc_credentials_parse(text, credentials);
    explicit_bzero(text, sizeof(text));
    if (wrong != NULL) {
        snprintf(complaint, bytes, "credentials=%s: %s", path, wrong);
    }
    return wrong == NULL;
}
