/* SPDX-License-Identifier: Apache-2.0
 * secret.c: see secret.h. No complaint quotes what the file holds. */
#include "conf/secret.h"

#include <apr_file_io.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

#define SECRET_MIN 16
#define SECRET_MAX 128

#define FORM "it has to be one line of 16 to 128 of A-Z a-z 0-9 . _ -, for example what " \
             "openssl rand -hex 32 writes"

static const char *check(const char *secret)
{
    size_t length = strlen(secret);

    if (length < SECRET_MIN || length > SECRET_MAX) {
        return FORM;
    }
    for (; *secret != '\0'; secret++) {
        if (!apr_isalnum(*secret) && strchr("._-", *secret) == NULL) {
            return FORM;
        }
    }
    return NULL;
}

/* The file's beginning: its first line, if it is what it should be, and one byte more. */
static apr_status_t read_line(const char *path, char *line, apr_size_t size, apr_pool_t *p)
{
    apr_file_t *file;
    apr_size_t length = 0;
    apr_status_t status = apr_file_open(&file, path, APR_FOPEN_READ, 0, p);

    if (status == APR_SUCCESS) {
        status = apr_file_read_full(file, line, size - 1, &length);
        apr_file_close(file);
    }
    line[length] = '\0';
    line[strcspn(line, "\r\n")] = '\0';
    return APR_STATUS_IS_EOF(status) ? APR_SUCCESS : status;
}

const char *cfc_secret_read(const char *path, const char **secret, apr_pool_t *p)
{
    apr_finfo_t info;
    char line[SECRET_MAX + 2], why[128];
    apr_status_t status = apr_stat(&info, path, APR_FINFO_TYPE | APR_FINFO_PROT, p);

    *secret = NULL;
    if (status == APR_SUCCESS && info.filetype != APR_REG) {
        return "it is not a file";
    }
    if (status == APR_SUCCESS && info.protection & (APR_FPROT_WREAD | APR_FPROT_WWRITE)) {
        return "everybody may read or write it; take that away with chmod 600";
    }
    if (status == APR_SUCCESS) {
        status = read_line(path, line, sizeof(line), p);
    }
    if (status != APR_SUCCESS) {
        return apr_pstrdup(p, apr_strerror(status, why, sizeof(why)));
    }
    *secret = apr_pstrdup(p, line);
    return check(line);
}
