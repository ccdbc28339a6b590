/* SPDX-License-Identifier: Apache-2.0
 * presets.c: the tables behind the presets' names. One row is one door; what can be seen of a
 * door in Confluence's web.xml, its documentation or its published exploits stands beside it.
 * Pure: constant data. */
#include "guard/presets.h"

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
    {CFC_RULE_ACTION, "/dropauthentication.action"},    /* WebSudo: ends it */
    {CFC_RULE_PREFIX, "/template"},                 /* raw templates; CVE-2023-22527 */
    {CFC_RULE_SUFFIX, ".vm"},                       /* web.xml: templates wherever they lie */

    {CFC_RULE_ACTION, "/pages/listpermissionpages.action"},                 /* list */
    {CFC_RULE_ACTION, "/pages/templates/listpagetemplates.action"},         /* list */
    {CFC_RULE_ACTION, "/pages/templates/createpagetemplate.action"},        /* list */
    {CFC_RULE_ACTION, "/pages/docreatepagetemplate.action"},                /* what that sends */
    {CFC_RULE_ACTION, "/spaces/spacepermissions.action"},                   /* list */
    {CFC_RULE_ACTION, "/spaces/editspacepermissions.action"},               /* its form */
    {CFC_RULE_ACTION, "/spaces/doeditspacepermissions.action"},             /* what that sends */
    {CFC_RULE_ACTION, "/spaces/removespace.action"},                        /* list */
    {CFC_RULE_ACTION, "/spaces/doremovespace.action"},                      /* what that sends */
    {CFC_RULE_ACTION, "/spaces/importmbox.action"},                         /* list */
    {CFC_RULE_ACTION, "/spaces/viewmailaccounts.action"},                   /* list */
    {CFC_RULE_ACTION, "/spaces/addmailaccount.action"},                     /* reads a mailbox */
    {CFC_RULE_ACTION, "/spaces/importpages.action"},                        /* from the disk */
    {CFC_RULE_ACTION, "/spaces/doimportpages.action"},                      /* what that sends */
    {CFC_RULE_ACTION, "/spaces/flyingpdf/flyingpdf.action"},                /* bulk export */
    {CFC_RULE_ACTION, "/spaces/exportspacehtml.action"},                    /* bulk export */
    {CFC_RULE_ACTION, "/spaces/exportspacexml.action"},                     /* bulk export */
    {CFC_RULE_ACTION, "/spaces/doexportspace.action"},                      /* what these send */

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
    {CFC_RULE_EXACT, "/json/draftchanges.action"},              /* the editor */
    {CFC_RULE_EXACT, "/json/addlabelactivity.action"},          /* Confluence's own scripts */
    {CFC_RULE_EXACT, "/json/removelabelactivity.action"},
    {CFC_RULE_EXACT, "/json/validatelabel.action"},
    {CFC_RULE_EXACT, "/json/autocompletelabel.action"},
    {CFC_RULE_EXACT, "/json/addfavourite.action"},              /* "save for later" */
    {CFC_RULE_EXACT, "/json/removefavourite.action"},
    {CFC_RULE_EXACT, "/json/contentnamesearch.action"},         /* search while one types */
    {CFC_RULE_EXACT, "/json/pageincludesearch.action"},
    {CFC_RULE_EXACT, "/json/getpagepermissions.action"},        /* the page's padlock */
    {CFC_RULE_EXACT, "/json/setpagepermissions.action"},
    {CFC_RULE_EXACT, "/json/stoplongrunningtask.action"},       /* a user's own export */
    {CFC_RULE_EXACT, "/rest/applinks/1.0/manifest"},            /* linked Jira asks who we are */
    {CFC_RULE_EXACT, "/rest/applinks/latest/manifest"},
    {CFC_RULE_EXACT, "/plugins/servlet/applinks/oauth/login-dance/authorize"},  /* a Jira macro */
    {CFC_RULE_EXACT, "/plugins/servlet/applinks/oauth/login-dance/access"},     /* its way back */
    {CFC_RULE_EXACT, "/plugins/servlet/applinks/proxy"},        /* scripts of Jira macros */
    {CFC_RULE_PREFIX, "/display"},      /* web.xml: not a template, a page with such a title */
    {CFC_RULE_PREFIX, "/download"},     /* web.xml: not a template, an attachment */
    {CFC_RULE_PREFIX, NULL}
};

/* Doors for programs that the browser UI never uses. */
static const cfc_rule_t remote_api[] = {
    {CFC_RULE_PREFIX, "/rpc"},                                  /* XML-RPC, SOAP, JSON-RPC */
    {CFC_RULE_PREFIX, "/plugins/servlet/soap-axis1"},           /* where /rpc/soap-axis lands */
    {CFC_RULE_PREFIX, "/plugins/servlet/confluence/default"},   /* WebDAV */
    {CFC_RULE_PREFIX, NULL}
};

/* The door that both use: page views, saving and the login itself go over it. */
static const cfc_rule_t rest_api[] = {
    {CFC_RULE_PREFIX, "/rest"},
    {CFC_RULE_PREFIX, NULL}
};

static const cfc_rule_t rest_login[] = {
    {CFC_RULE_EXACT, "/rest/tsv/1.0/authenticate"},             /* the login page has no session */
    {CFC_RULE_EXACT, "/rest/tsv/latest/authenticate"},
    {CFC_RULE_PREFIX, NULL}
};

/* Logins that come along with a request, whatever its path: Seraph takes them everywhere. */
const cfc_rule_t cfc_credential_keys[] = {
    {CFC_RULE_KEY, "os_username"},              /* Seraph */
    {CFC_RULE_KEY, "os_password"},              /* Seraph */
    {CFC_RULE_KEY, "os_authtype=basic"},        /* Seraph; "none" is what pages send themselves */
    {CFC_RULE_KEY, "os_authtype=any"},          /* Seraph */
    {CFC_RULE_KEY, NULL}
};

static const cfc_rule_t form_login[] = {
    {CFC_RULE_EXACT, "/dologin.action"},                        /* the older login page's form */
    {CFC_RULE_EXACT, "/rest/tsv/1.0/authenticate"},             /* the newer one's */
    {CFC_RULE_EXACT, "/rest/tsv/latest/authenticate"},
    {CFC_RULE_EXACT, NULL}
};

static const cfc_rule_t authorization[] = {
    {CFC_RULE_SCHEME, "basic"},                 /* user and password */
    {CFC_RULE_SCHEME, "bearer"},                /* a personal access token */
    {CFC_RULE_SCHEME, NULL}
};

/* What published attacks need and honest requests do not have. */
static const cfc_rule_t known_cves[] = {
    {CFC_RULE_PREFIX, "/setup"},                            /* CVE-2023-22515 */
    {CFC_RULE_PREFIX, "/bootstrap"},                        /* CVE-2023-22515 */
    {CFC_RULE_ACTION, "/setup-restore.action"},             /* CVE-2023-22518, any namespace */
    {CFC_RULE_ACTION, "/setup-restore-local.action"},       /* CVE-2023-22518 */
    {CFC_RULE_ACTION, "/setup-restore-progress.action"},    /* CVE-2023-22518 */
    {CFC_RULE_SUFFIX, ".vm"},                               /* CVE-2023-22527 */
    {CFC_RULE_PREFIX, "/web-inf"},                          /* CVE-2021-26085 */
    {CFC_RULE_PREFIX, "/meta-inf"},                         /* CVE-2021-26085 */
    {CFC_RULE_PREFIX, NULL}
};

static const cfc_rule_t known_cves_allowed[] = {
    {CFC_RULE_PREFIX, "/display"},      /* a page with such a title */
    {CFC_RULE_PREFIX, "/download"},     /* an attachment with such a name */
    {CFC_RULE_PREFIX, NULL}
};

/* Without exceptions: what carries these out does not look at the rest of the path. */
static const cfc_rule_t injections[] = {
    {CFC_RULE_KEY_PART, "bootstrapstatusprovider"},         /* CVE-2023-22515 */
    {CFC_RULE_PART, NULL}
};

/* By itself, because a page can have such a title: a site that is patched can open it alone.
 * "#{" is none: neither XWork nor Struts looks for expressions in it. */
static const cfc_rule_t expressions[] = {
    {CFC_RULE_PART, "${"},                                  /* CVE-2022-26134: OGNL in the path */
    {CFC_RULE_PART, "%{"},                                  /* OGNL, Struts' way to write it */
    {CFC_RULE_PART, NULL}
};

static const cfc_area_t admin_console_areas[] = {
    {"admin-console", admin_console, admin_console_allowed, false},
};

static const cfc_area_t remote_api_areas[] = {
    {"remote-api", remote_api, NULL, false},
    {"remote-api", rest_api, rest_login, true},
};

static const cfc_area_t credentials_areas[] = {
    {"api-credentials", cfc_credential_keys, form_login, false},
    {"api-credentials", authorization, NULL, false},
};

static const cfc_area_t known_cves_areas[] = {
    {"known-cves", known_cves, known_cves_allowed, false},
    {"known-cves", injections, NULL, false},
};

static const cfc_area_t ognl_areas[] = {
    {"ognl", expressions, NULL, false},
};

#define PRESET(name, areas, closed) {name, areas, sizeof(areas) / sizeof((areas)[0]), closed}

static const cfc_preset_t presets[] = {
    PRESET("admin-console", admin_console_areas, false),
    PRESET("remote-api", remote_api_areas, false),
    PRESET("api-credentials", credentials_areas, false),
    PRESET("known-cves", known_cves_areas, true),
    PRESET("ognl", ognl_areas, true),
};

const char *const cfc_preset_names[] = {"admin-console", "remote-api", "api-credentials",
                                        "known-cves", "ognl", NULL};

const cfc_preset_t *cfc_preset_find(const char *name)
{
    for (size_t i = 0; i < sizeof(presets) / sizeof(presets[0]); i++) {
        if (strcmp(presets[i].name, name) == 0) {
            return &presets[i];
        }
    }
    return NULL;
}
