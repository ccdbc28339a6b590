/* SPDX-License-Identifier: Apache-2.0
 * maint_conf_httpd.c: see maint_conf_httpd.h. */
#include "maint/maint_conf_httpd.h"

#include <apr_file_io.h>
#include <apr_network_io.h>
#include <apr_strings.h>
#include <http_core.h>
#include <string.h>

#define PAGE_BYTES_MAX (1024 * 1024)

/* @return NULL, or why the file is no page */
static const char *page_read(const char *path, const char **page, apr_pool_t *p,
                             apr_pool_t *ptemp)
{
    apr_file_t *file;
    apr_finfo_t info;
    apr_status_t status = apr_stat(&info, path, APR_FINFO_TYPE | APR_FINFO_SIZE, ptemp);
    char *text, why[128];

    if (status == APR_SUCCESS && info.filetype != APR_REG) {
        return "it is not a file";
    }
    if (status == APR_SUCCESS && info.size == 0) {
        return "it is empty";
    }
    if (status == APR_SUCCESS && info.size > PAGE_BYTES_MAX) {
        return "it is larger than 1 MiB";
    }
    if (status == APR_SUCCESS) {
        status = apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BINARY, 0, ptemp);
    }
    if (status == APR_SUCCESS) {
        text = apr_pcalloc(p, (apr_size_t)info.size + 1);
        status = apr_file_read_full(file, text, (apr_size_t)info.size, NULL);
        *page = text;
    }
    return status == APR_SUCCESS
               ? NULL
               : apr_pstrdup(ptemp, apr_strerror(status, why, sizeof(why)));
}

const char *cfc_maint_set_page(cmd_parms *cmd, const char **page, const char *arg)
{
    const char *path = ap_server_root_relative(cmd->pool, arg);
    const char *complaint;

    if (*page != NULL) {
        return apr_psprintf(cmd->pool, "%s: %s is the second one of this cluster; keep one",
                            cmd->cmd->name, arg);
    }
    if (path == NULL) {
        return apr_psprintf(cmd->pool, "%s: \"%s\" is not a path; write for example "
                            "%s /etc/cfcluster/page.html", cmd->cmd->name, arg,
                            cmd->cmd->name);
    }
    complaint = page_read(path, page, cmd->pool, cmd->temp_pool);
    if (complaint != NULL) {
        return apr_psprintf(cmd->pool, "%s: %s cannot be used: %s; it has to be an HTML file of "
                            "1 byte to 1 MiB that httpd can read when it starts", cmd->cmd->name,
                            path, complaint);
    }
    if (strlen(*page) == 0) {
        return apr_psprintf(cmd->pool, "%s: %s begins with a NUL byte; it has to be an HTML file "
                            "in UTF-8", cmd->cmd->name, path);
    }
    return NULL;
}

const char *cfc_maint_add_tester(cmd_parms *cmd, cfc_maint_conf_t *maint, const char *arg)
{
    char *address = apr_pstrdup(cmd->temp_pool, arg);
    char *mask = strchr(address, '/');
    apr_ipsubnet_t *subnet;

    if (mask != NULL) {
        *mask++ = '\0';
    }
    if (apr_ipsubnet_create(&subnet, address, mask, cmd->pool) != APR_SUCCESS) {
        return apr_psprintf(cmd->pool, "%s: \"%s\" is not an address or network; write for "
                            "example 10.0.9.3, 10.0.9.0/24 or 2001:db8::/32", cmd->cmd->name, arg);
    }
    APR_ARRAY_PUSH(maint->testers, apr_ipsubnet_t *) = subnet;
    return NULL;
}
