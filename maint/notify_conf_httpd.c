/* SPDX-License-Identifier: Apache-2.0
 * notify_conf_httpd.c: see notify_conf_httpd.h. */
#include "maint/notify_conf_httpd.h"

#include <apr_strings.h>
#include <errno.h>
#include <http_core.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/conf.h"
#include "conf/rows.h"
#include "maint/notify.h"

static bool is_option(const char *arg)
{
    const char *equals = strchr(arg, '=');

    for (const cfc_opt_t *row = cfc_notify_rows; equals != NULL && row->name != NULL; row++) {
        if (strlen(row->name) == (size_t)(equals - arg)
            && strncmp(row->name, arg, (size_t)(equals - arg)) == 0) {
            return true;
        }
    }
    return false;
}

/* What can be seen of it before it is run by another user. @return NULL, or the complaint */
static const char *program_check(const char *path, apr_pool_t *p)
{
    const char *why = NULL;
    struct stat st;
    char text[128];

    if (path[0] != '/') {
        return apr_psprintf(p, "CFNotify: \"%s\" is not an absolute path; write for example "
                            "CFNotify /usr/local/lib/cfcluster/mail-event", path);
    }
    if (stat(path, &st) != 0 || (S_ISREG(st.st_mode) && access(path, X_OK) != 0)) {
        why = apr_strerror(errno, text, sizeof(text));
    }
    else if (!S_ISREG(st.st_mode)) {
        why = "it is not a file";
    }
    return why == NULL ? NULL
                       : apr_psprintf(p, "CFNotify: %s cannot be run: %s; it has to be a program "
                                      "that the user of httpd's children may run", path, why);
}

/* The words that are no options are the program and its arguments. */
static const char *read_words(cfc_notify_t *line, int argc, char *const argv[], apr_pool_t *p)
{
    apr_array_header_t *words = apr_array_make(p, argc + 1, sizeof(const char *));
    apr_uint32_t set = 0;

    for (int i = 0; i < argc; i++) {
        if (i > 0 && is_option(argv[i])) {
            const char *complaint = cfc_opt_read(cfc_notify_rows, "CFNotify", argv[i], line, &set,
                                                 p);

            if (complaint != NULL) {
                return complaint;
            }
        }
        else {
            APR_ARRAY_PUSH(words, const char *) = argv[i];
        }
    }
    APR_ARRAY_PUSH(words, const char *) = NULL;
    line->argv = (const char *const *)words->elts;
    return NULL;
}

const char *cfc_notify_add(cmd_parms *cmd, void *unused, int argc, char *const argv[])
{
    apr_array_header_t *lines = cfc_conf()->notify;
    const char *complaint = ap_check_cmd_context(cmd, GLOBAL_ONLY);
    cfc_notify_t line = {.argv = NULL};

    (void)unused;
    cfc_opt_preset(cfc_notify_rows, &line);
    if (complaint != NULL) {
        return complaint;
    }
    if (argc == 0) {
        return "CFNotify: a program has to follow, for example CFNotify "
               "/usr/local/lib/cfcluster/mail-event events=health,dependency";
    }
    if (lines->nelts == CFC_NOTIFY_MAX) {
        return apr_psprintf(cmd->pool, "CFNotify %s: there are %d lines already; let one program "
                            "run several", argv[0], CFC_NOTIFY_MAX);
    }
    complaint = program_check(argv[0], cmd->pool);
    if (complaint == NULL) {
        complaint = read_words(&line, argc, argv, cmd->pool);
    }
    if (complaint != NULL) {
        return complaint;
    }
    complaint = cfc_notify_kinds(line.events, &line.kinds, cmd->pool);
    if (complaint != NULL) {
        return apr_psprintf(cmd->pool, "CFNotify: events=%s: %s", line.events, complaint);
    }
    APR_ARRAY_PUSH(lines, cfc_notify_t) = line;
    return NULL;
}
