/* SPDX-License-Identifier: Apache-2.0
 * presets.c: the tables behind the presets' names. One row is one door; what can be seen of a
 * door in Confluence's web.xml, its documentation or its published exploits stands beside it.
 * Pure: constant data. */
#include "guard/presets.h"

#include <stddef.h>
#include <string.h>

/* "list" is Atlassian's own: "Using Apache to limit access to the Confluence administration
 * interface". Struts' package json extends admin, admin extends setup: /json/ runs them all. */
static const cfc_rule_t admin_console[] = {
    {CFC_RULE_PREFIX, "/admin"},                    /* list; Struts namespace */
    {CFC_RULE_PREFIX, "/setup"},                    /* Struts namespace; CVE-2023-22515 */
    {CFC_RULE_PREFIX, "/bootstrap"},                /* web.xml: second half of the set-up */
    {CFC_RULE_PREFIX, "/json"},                     /* inherits admin and setup; CVE-2023-22518 */
    {CFC_RULE_PREFIX, "/johnson/events/dismiss"},   /* web.xml: clears start-up errors */
    {CFC_RULE_ACTION, "/server-info.action"},       /* trigger of CVE-2023-22515 */
    {CFC_RULE_ACTION, "/authenticate.action"},      /* WebSudo: what every admin action needs */
    {CFC_RULE_ACTION, "/doauthenticate.action"},    /* WebSudo: takes the password */
    {CFC_RULE_PREFIX, "/template"},                 /* raw templates; CVE-2023-22527 */
    {CFC_RULE_SUFFIX, ".vm"},                       /* web.xml: templates wherever they lie */

    {CFC_RULE_ACTION, "/pages/listpermissionpages.action"},                 /* list */
    {CFC_RULE_ACTION, "/pages/templates/listpagetemplates.action"},         /* list */
    {CFC_RULE_ACTION, "/pages/templates/createpagetemplate.action"},        /* list */
    {CFC_RULE_ACTION, "/spaces/spacepermissions.action"},                   /* list */
    {CFC_RULE_ACTION, "/spaces/removespace.action"},                        /* list */
    {CFC_RULE_ACTION, "/spaces/importmbox.action"},                         /* list */
    {CFC_RULE_ACTION, "/spaces/viewmailaccounts.action"},                   /* list */
    {CFC_RULE_ACTION, "/spaces/addmailaccount.action"},                     /* reads a mailbox */
    {CFC_RULE_ACTION, "/spaces/importpages.action"},                        /* from the disk */
    {CFC_RULE_ACTION, "/spaces/flyingpdf/flyingpdf.action"},                /* bulk export */
    {CFC_RULE_ACTION, "/spaces/exportspacehtml.action"},                    /* bulk export */
    {CFC_RULE_ACTION, "/spaces/exportspacexml.action"},                     /* bulk export */

    {CFC_RULE_PREFIX, "/plugins/servlet/oauth/consumers"},                  /* list */
    {CFC_RULE_PREFIX, "/plugins/servlet/oauth/service-providers"},          /* list */
    {CFC_RULE_PREFIX, "/plugins/servlet/oauth/view-consumer-info"},         /* list */
    {CFC_RULE_PREFIX, "/plugins/servlet/oauth/update-consumer-info"},       /* list */
    {CFC_RULE_PREFIX, "/plugins/servlet/applinks"},             /* application links */
    {CFC_RULE_PREFIX, "/plugins/servlet/embedded-crowd"},       /* user directories */
    {CFC_RULE_PREFIX, "/plugins/servlet/upm"},                  /* app manager */
    {CFC_RULE_PREFIX, "/plugins/servlet/audit"},                /* audit log */
    {CFC_RULE_PREFIX, "/plugins/servlet/auditing"},             /* audit log */
    {CFC_RULE_PREFIX, "/plugins/servlet/scriptrunner"},         /* app: runs code */
    {CFC_RULE_PREFIX, "/plugins/servlet/stp"},                  /* support zip: logs, settings */
    {CFC_RULE_PREFIX, "/plugins/servlet/troubleshooting"},      /* its newer name */

    {CFC_RULE_PREFIX, "/rest/api/admin"},                       /* creates users */
    {CFC_RULE_PREFIX, "/rest/api/latest/admin"},                /* its other name */
    {CFC_RULE_PREFIX, "/rest/api/backup-restore"},              /* whole-site export, import */
    {CFC_RULE_PREFIX, "/rest/api/latest/backup-restore"},       /* its other name */
    {CFC_RULE_PREFIX, "/rest/applinks"},                        /* application links */
    {CFC_RULE_PREFIX, "/rest/atlassian-cluster-monitoring"},    /* nodes, addresses */
    {CFC_RULE_PREFIX, "/rest/auditing"},                        /* audit log */
    {CFC_RULE_PREFIX, "/rest/license"},                         /* licence keys */
    {CFC_RULE_PREFIX, "/rest/plugins"},                         /* app manager: installs code */
    {CFC_RULE_PREFIX, "/rest/scriptrunner"},                    /* app: runs code */
    {CFC_RULE_PREFIX, "/rest/troubleshooting"},                 /* support zip */
    {CFC_RULE_PREFIX, "/rest/zdu"},                             /* rolling upgrade */
    {CFC_RULE_PREFIX, NULL}
};

static const cfc_rule_t admin_console_allowed[] = {
    {CFC_RULE_EXACT, "/json/startheartbeatactivity.action"},    /* the editor, every few seconds */
    {CFC_RULE_EXACT, "/json/stopheartbeatactivity.action"},     /* the editor, when it closes */
    {CFC_RULE_EXACT, "/rest/applinks/1.0/manifest"},            /* linked Jira asks who we are */
    {CFC_RULE_EXACT, "/rest/applinks/latest/manifest"},
    {CFC_RULE_PREFIX, "/display"},      /* web.xml: not a template, a page with such a title */
    {CFC_RULE_PREFIX, "/download"},     /* web.xml: not a template, an attachment */
    {CFC_RULE_PREFIX, NULL}
};

/* Doors for programs that the browser UI never uses. /rest is not one of them: page views,
 * saving and the login itself go over it. */
static const cfc_rule_t remote_api[] = {
    {CFC_RULE_PREFIX, "/rpc"},                                  /* XML-RPC, SOAP, JSON-RPC */
    {CFC_RULE_PREFIX, "/plugins/servlet/soap-axis1"},           /* where /rpc/soap-axis lands */
    {CFC_RULE_PREFIX, "/plugins/servlet/confluence/default"},   /* WebDAV */
    {CFC_RULE_PREFIX, NULL}
};

static const cfc_area_t presets[] = {
    {"admin-console", admin_console, admin_console_allowed},
    {"remote-api",    remote_api,    NULL},
};

const char *const cfc_preset_names[] = {"admin-console", "remote-api", NULL};

const cfc_area_t *cfc_preset_find(const char *name)
{
    for (size_t i = 0; i < sizeof(presets) / sizeof(presets[0]); i++) {
        if (strcmp(presets[i].name, name) == 0) {
            return &presets[i];
        }
    }
    return NULL;
}
