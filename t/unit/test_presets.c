/* SPDX-License-Identifier: Apache-2.0
 * test_presets.c: a preset holds what it promises, however the path is spelt, and leaves alone
 * what Confluence's users need. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guard/keys.h"
#include "guard/presets.h"
#include "guard/target.h"

Suite *cfc_presets_suite(void);

typedef enum { OPEN, PROTECTED, REFUSED } verdict_t;

static const char *const words[] = {"open", "protected", "refused"};

static bool reaches(const cfc_area_t *area, const char *path, const cfc_readings_t *readings,
                    const char *context, bool browser)
{
    bool spared = true;
    cfc_keys_t keys;

    for (size_t i = 0; i < readings->count; i++) {
        if (!(area->browsers && browser)
            && cfc_area_covers(area, readings->path[i], context)) {
            return true;
        }
        spared = spared && cfc_area_allows(area, readings->path[i], context);
    }
    return !spared && cfc_keys_queries(&keys, path, readings, area->rules) != CFC_KEYS_NONE;
}

/* As the binding asks: target, readings, areas. */
static verdict_t judge_as(bool browser, const char *preset, const char *target,
                          const char *context)
{
    const cfc_preset_t *found = cfc_preset_find(preset);
    const char *path = cfc_target_path(target);
    char *scratch;
    cfc_readings_t readings;
    verdict_t verdict = OPEN;

    if (path == NULL) {
        return REFUSED;
    }
    scratch = malloc(cfc_target_scratch_bytes(path));
    if (cfc_target_read(path, false, scratch, &readings) != NULL) {
        verdict = REFUSED;
    }
    for (size_t i = 0; readings.count > 0 && i < found->count; i++) {
        if (reaches(&found->areas[i], path, &readings, context, browser)) {
            verdict = PROTECTED;
        }
    }
    free(scratch);
    return verdict;
}

static verdict_t judge(const char *preset, const char *target, const char *context)
{
    return judge_as(false, preset, target, context);
}

/* Nearly all of these reached, or could reach, the admin servlet of a real Tomcat behind one of
 * ProxyPass, nocanon, mod_proxy_ajp, mod_jk, mapping=servlet and Atlassian's LocationMatch. "%s"
 * stands for the protected word. */
static const struct {
    const char *label, *format;
    verdict_t want;
} techniques[] = {
    {"plain",                           "/%s/console.action",                   PROTECTED},
    {"absolute target",                 "http://localhost/%s/console.action",   PROTECTED},
    {"absolute target and parameters",  "http://h/x/..;/%s/console.action",     PROTECTED},
    {"parameter",                       "/%s;x/console.action",                 PROTECTED},
    {"empty parameter",                 "/%s;/console.action",                  PROTECTED},
    {"parameter at the end",            "/%s;",                                 PROTECTED},
    {"parameter before",                "/;x/%s/console.action",                PROTECTED},
    {"parameters in a row",             "/%s;a;b=c;d/console.action",           PROTECTED},
    {"dots with parameter",             "/x/..;/%s/console.action",             PROTECTED},
    {"dots with named parameter",       "/x/..;y=z/%s/console.action",          PROTECTED},
    {"dot with parameter",              "/.;/%s/console.action",                PROTECTED},
    {"dots",                            "/x/../%s/console.action",              PROTECTED},
    {"dot",                             "/./%s/console.action",                 PROTECTED},
    {"slashes",                         "//%s//console.action",                 PROTECTED},
    {"encoded semicolon",               "/%s%%3bx/console.action",              PROTECTED},
    {"dots, encoded semicolon",         "/x/..%%3b/%s/console.action",          PROTECTED},
    {"encoded slash in parameter",      "/%s;%%2f../console.action",            REFUSED},
    {"encoded slash",                   "/x%%2f..%%2f%s/console.action",        REFUSED},
    {"raw backslash",                   "/x\\..\\%s/console.action",            REFUSED},
    {"encoded backslash",               "/x%%5c..%%5c%s/console.action",        REFUSED},
    {"overlong slash",                  "/x/..%%c0%%af%s/console.action",       REFUSED},
    {"encoded dots",                    "/x/%%2e%%2e/%s/console.action",        PROTECTED},
    {"half encoded dots",               "/x/.%%2e/%s/console.action",           PROTECTED},
    {"dots encoded twice",              "/x/%%252e%%252e/%s/console.action",    PROTECTED},
    {"encoded NUL",                     "/%s%%00/console.action",               REFUSED},
    {"forwarded",                       "/s/abc/_/%s/console.action",           PROTECTED},
    {"forwarded, NOCACHE",              "/s/abc/NOCACHE1/_/%s/console.action",  PROTECTED},
    {"forwarded, capital",              "/S/abc/_/%s/console.action",           PROTECTED},
    {"forwarded, parameter",            "/s/abc/_/;/%s/console.action",         PROTECTED},
    {"forwarded, parameter on s",       "/s;x/abc/_/%s/console.action",         PROTECTED},
    {"forwarded, encoded",              "/s/abc/%%5f/%s/console.action",        PROTECTED},
    {"forwarded, encoded twice",        "/s/abc/%%255f/%s/console.action",      PROTECTED},
    {"forwarded twice",                 "/s/a/_/s/b/_/%s/console.action",       PROTECTED},
    {"forwarded, deep dots",            "/s/abc/_/x%%252f..%%252f%s/a.action",  PROTECTED},
    {"forwarded, plus and dots",        "/s/abc/_/+/../%s/console.action",      PROTECTED},
    {"forwarded, above the root",       "/s/abc/_/../%s/console.action",        REFUSED},
    {"forwarded with a query",          "/s/abc/_/%s%%3fx.css",                 PROTECTED},
    {"another method",                  "/%s/console!doDefault.action",         PROTECTED},
    {"query",                           "/%s?x",                                PROTECTED},
};

static void check_technique(const char *preset, const char *word, int i)
{
    char target[128];
    verdict_t got;

    snprintf(target, sizeof(target), techniques[i].format, word);
    got = judge(preset, target, NULL);
    ck_assert_msg(got == techniques[i].want, "%s: %s is %s", techniques[i].label, target,
                  words[got]);
}

START_TEST(the_admin_console_is_protected_however_it_is_spelt)
{
    check_technique("admin-console", "admin", _i);
    check_technique("admin-console", "ADMIN", _i);
    check_technique("admin-console", "%61dmi%6e", _i);
    check_technique("admin-console", "%2561dmin", _i);
    check_technique("admin-console", "setup", _i);
    check_technique("admin-console", "json", _i);
}
END_TEST

START_TEST(the_remote_api_is_protected_however_it_is_spelt)
{
    check_technique("remote-api", "rpc", _i);
    check_technique("remote-api", "%72pc", _i);
    check_technique("remote-api", "plugins/servlet/soap-axis1", _i);
    check_technique("remote-api", "plugins/x/../servlet/confluence/default", _i);
}
END_TEST

static const struct {
    const char *preset, *path;
} doors[] = {
    {"admin-console", "/admin"},
    {"admin-console", "/admin/default.jsp"},
    {"admin-console", "/setup/setupadministrator.action"},
    {"admin-console", "/bootstrap/selectsetupstep.action"},
    {"admin-console", "/json/setup-restore.action"},
    {"admin-console", "/json/console.action"},
    {"admin-console", "/json/startheartbeatactivity!x.action"},
    {"admin-console", "/json/x/startheartbeatactivity.action"},
    {"admin-console", "/server-info.action?bootstrapStatusProvider.x=false"},
    {"admin-console", "/x/server-info.action"},
    {"admin-console", "/doauthenticate.action"},
    {"admin-console", "/pages/doauthenticate!x.action"},
    {"admin-console", "/ajax/dropauthentication.action"},
    {"admin-console", "/template/aui/text-inline.vm"},
    {"admin-console", "/anything/x.vm"},
    {"admin-console", "/display/../anything/x.vm"},
    {"admin-console", "/display/..;/anything/x.vm"},
    {"admin-console", "/s/x/_/anything/x.vm%3f.js"},
    {"admin-console", "/pages/listpermissionpages.action?key=A"},
    {"admin-console", "/pages/templates/docreatepagetemplate.action"},
    {"admin-console", "/spaces/editspacepermissions.action?key=A&edit=Edit"},
    {"admin-console", "/spaces/doeditspacepermissions.action?key=A"},
    {"admin-console", "/spaces/doremovespace.action?key=A"},
    {"admin-console", "/spaces/doimportpages.action"},
    {"admin-console", "/spaces/doexportspace.action?key=A&type=TYPE_XML"},
    {"admin-console", "/spaces/x/removespace.action"},
    {"admin-console", "/./spaces/viewspace.action/removespace.action;/../../viewspace.action"},
    {"admin-console", "/x/..;/spaces/a.action/removespace.action;/%2e%2e/../a.action"},
    {"admin-console", "/display/spaces/a.action/removespace.action;/../../../../spaces/a.action;"},
    {"admin-console", "/s/x/_/./spaces/a.action/removespace.action;/../../a.action"},
    {"admin-console", "/./json/startheartbeatactivity.action/console.action;/../../"
                      "startheartbeatactivity.action"},
    {"admin-console", "/json/startheartbeatactivity.action;x/y"},
    {"admin-console", "/plugins/servlet/applinks/listapplicationlinks"},
    {"admin-console", "/plugins/servlet/applinks/proxy/..;/listapplicationlinks"},
    {"admin-console", "/s/x/_/download/images/..;/admin/console.action"},
    {"admin-console", "/s/x/_/download/images%2541/..;/admin/console.action"},
    {"admin-console", "/plugins/servlet/oauth/consumers/list"},
    {"admin-console", "/plugins/servlet/oauth/service-providers/add"},
    {"admin-console", "/plugins/servlet/upm/marketplace"},
    {"admin-console", "/plugins/servlet/embedded-crowd/directories/list"},
    {"admin-console", "/plugins/servlet/auditing"},
    {"admin-console", "/rest/plugins/1.0/"},
    {"admin-console", "/rest;/plugins/1.0/"},
    {"admin-console", "/rest/api/admin/user"},
    {"admin-console", "/rest/api/latest/backup-restore/jobs"},
    {"admin-console", "/rest/zdu/cluster/zdu/start"},
    {"admin-console", "/rest/applinks/1.0/applicationlink"},
    {"remote-api", "/rpc/xmlrpc"},
    {"remote-api", "/rpc/soap-axis/confluenceservice-v2?wsdl"},
    {"remote-api", "/rpc/json-rpc/confluenceservice-v2/getPage"},
    {"remote-api", "/plugins/servlet/soap-axis1/confluenceservice-v2"},
    {"remote-api", "/plugins/servlet/confluence/default/Global/DOC"},
    {"remote-api", "/rest/api/content"},
    {"remote-api", "/rest"},
    {"remote-api", "/s/x/_/rest/api/content"},
    {"remote-api", "/rest/tsv/1.0/authenticate/..;/../../api/content"},
    {"api-credentials", "/display/DOC?os_username=root"},
    {"api-credentials", "/?x=1&os%5Fpassword=secret"},
    {"api-credentials", "/rest/api/content?os_authType=BASIC"},
    {"api-credentials", "/x?os_authType=any&x"},
    {"api-credentials", "/dologin.action/..;/display?os_username=root"},
    {"api-credentials", "/display/dologin.action?os_username=root"},
    {"api-credentials", "/s/x/_/login.action%3fos_username=root%26os_password=x"},
    {"api-credentials", "/s/x/_/dologin.action%3fos_username=root"},
    {"api-credentials", "/s/x/_/x%253fa=b%2526os%255fpassword=x"},
    {"api-credentials", "/dologin.action;x/y?os_username=root"},
    {"known-cves", "/setup/setupadministrator.action"},
    {"known-cves", "/setup"},
    {"known-cves", "/bootstrap/selectsetupstep.action"},
    {"known-cves", "/json/setup-restore.action"},
    {"known-cves", "/json/setup-restore-local.action?x"},
    {"known-cves", "/admin/setup-restore-progress!x.action"},
    {"known-cves", "/setup-restore.action"},
    {"known-cves", "/server-info.action?bootstrapStatusProvider.applicationConfig.setupComplete=0"},
    {"known-cves", "/display/DOC?bootstrapStatusProvider.x"},
    {"known-cves", "/s/x/_/login.action%3fbootstrapStatusProvider.x=false"},
    {"known-cves", "/x?y=1&%62ootstrapStatusProvider[x]=1"},
    {"known-cves", "/x?top['BootstrapStatusProvider']=1"},
    {"known-cves", "/template/aui/text-inline.vm"},
    {"known-cves", "/s/x/_/template/aui/text-inline.vm%3f.js"},
    {"ognl", "/%24%7B7*7%7D/"},
    {"ognl", "/display/%24%7B7*7%7D/x.action"},
    {"ognl", "/%2524%257B7*7%257D/"},
    {"ognl", "/x/%25%7B7*7%7D/index.action"},
    {"known-cves", "/s/123cfx/_/;/WEB-INF/web.xml"},
    {"known-cves", "/s/123cfx/_/%2577EB-INF/web.xml"},
    {"known-cves", "/s/x/_/META-INF/maven"},
    {"known-cves", "/WEB-INF/web.xml"},
};

START_TEST(every_known_door_is_in_its_preset)
{
    verdict_t got = judge(doors[_i].preset, doors[_i].path, NULL);
    char inside[128];

    ck_assert_msg(got == PROTECTED, "%s: %s is %s", doors[_i].preset, doors[_i].path, words[got]);
    snprintf(inside, sizeof(inside), "/confluence%s", doors[_i].path);
    got = judge(doors[_i].preset, inside, "/confluence");
    ck_assert_msg(got == PROTECTED, "%s: %s is %s", doors[_i].preset, inside, words[got]);
}
END_TEST

/* What browsers ask for while people read, write, search and log in. */
static const char *const needed[] = {
    "/",
    "/status",
    "/login.action?os_destination=%2Fadmin%2Fconsole.action",
    "/dologin.action",
    "/dashboard.action;jsessionid=0A1B2C.node1",
    "/display/DOC/Admin",
    "/display/DOC/100%25+sure",
    "/display/DOC/How+the+admin%3Aconsole+works",
    "/display/DOC/macros.vm",
    "/display/DOC/%C3%9Cber+%2B+unter",
    "/display/~admin",
    "/display/DOC/[admin]",
    "/download/attachments/42/velocity%20macros.vm",
    "/administrators",
    "/admin.action",
    "/administrator/x",
    "/setupguide",
    "/pages/viewpage.action?pageId=1&title=a/../../admin;x%5c%2f",
    "/pages/editpage.action?pageId=1",
    "/spaces/viewspace.action?key=DOC",
    "/json/startheartbeatactivity.action",
    "/json/stopheartbeatactivity.action",
    "/s/1a2b-CDN/en_GB/8703/h/1.0/_/download/batch/com.atlassian.x:admin/x.js",
    "/s/1a2b/_/images/icons/admin.png",
    "/s/1a2b/8703/h/_/styles/colors.css?spaceKey=admin",
    "/plugins/servlet/oauth/authorize",
    "/plugins/servlet/applinks/oauth/login-dance/authorize?applicationLinkID=0a-1b",
    "/plugins/servlet/applinks/oauth/login-dance/access?applicationLinkID=0a-1b",
    "/plugins/servlet/applinks/proxy?appId=0a-1b&path=https%3A%2F%2Fjira%2Frest%2Fapi%2F2",
    "/plugins/servlet/streams",
    "/plugins/servlet/confluence/editinword/42/attachments/a.doc",
    "/rest/api/content/42?status=draft",
    "/rest/api/search?cql=text~%22admin%22",
    "/rest/api/user/current",
    "/rest/tsv/1.0/authenticate?os_authType=none",
    "/rest/webResources/1.0/resources",
    "/rest/mywork/latest/status/notification/count",
    "/rest/synchrony-interop/enable",
    "/rest/applinks/1.0/manifest",
    "/synchrony/v1/bayeux-sync1",
    "/x/AgAB",
    "/label/DOC/rpc",
    "/display/DOC/WEB-INF",
    "/display/DOC/setup-restore.action",
    "/display/DOC/%7Bcode%7D+and+%24HOME",
    "/display/DOC/Ruby%27s+%23%7Bx%7D",
    "/display/DOC/Who+are+you%3F",
    "/display/json/console",
    "/spaces/DOC/pages/42/How+to+remove+a+space",
    "/display/DOC/100%25+%7Bdone%7D",
    "/dosearchsite.action?queryString=%24%7Bjndi%7D+bootstrapStatusProvider",
    "/dosearchsite.action?queryString=x%26bootstrapStatusProvider.y%3d1",
    "/pages/viewpage.action?title=os_username%3D",
    "/download/attachments/42/setup-restore.action",
    "/download/resources/x:y/z.png?os_authType=none",
    "/login.action?os_destination=%2F&os_cookie=true",
    "/json/addlabelactivity.action",
    "/json/startheartbeatactivity.action;jsessionid=0A1B2C.node1",
    "/rest/applinks/1.0/manifest;jsessionid=0A1B2C.node1",
    "/json/removelabelactivity.action",
    "/json/contentnamesearch.action?query=setup",
    "/json/setpagepermissions.action",
};

/* As browsers ask, with a session. */
START_TEST(what_users_need_is_in_no_preset)
{
    char inside[128];
    verdict_t got;

    snprintf(inside, sizeof(inside), "/confluence%s", needed[_i]);
    for (int i = 0; cfc_preset_names[i] != NULL; i++) {
        got = judge_as(true, cfc_preset_names[i], needed[_i], NULL);
        ck_assert_msg(got == OPEN, "%s is %s by %s", needed[_i], words[got], cfc_preset_names[i]);
        got = judge_as(true, cfc_preset_names[i], inside, "/confluence");
        ck_assert_msg(got == OPEN, "%s is %s by %s", inside, words[got], cfc_preset_names[i]);
    }
}
END_TEST

START_TEST(logging_in_needs_no_session_and_may_carry_a_login)
{
    static const char *const targets[] = {"/rest/tsv/1.0/authenticate?os_authType=none",
                                          "/rest/tsv/1.0/authenticate?os_username=root",
                                          "/dologin.action?os_username=root&os_password=x",
                                          "/dologin.action;jsessionid=0A.n?os_username=root"};

    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        ck_assert_int_eq(judge("remote-api", targets[i], NULL), OPEN);
        ck_assert_int_eq(judge("api-credentials", targets[i], NULL), OPEN);
    }
}
END_TEST

static bool is_lower(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text >= 'A' && *text <= 'Z') {
            return false;
        }
    }
    return true;
}

/* A rule that is not written as readings and parameters are could never match one. */
static void check_rules(const char *preset, const cfc_rule_t *rules)
{
    for (; rules != NULL && rules->text != NULL; rules++) {
        char path[128];
        cfc_rule_t rule;

        ck_assert_msg(is_lower(rules->text) && strlen(rules->text) > 0
                      && strlen(rules->text) <= CFC_KEY_MAX, "%s: %s", preset, rules->text);
        if (rules->kind >= CFC_RULE_PART) {
            continue;
        }
        snprintf(path, sizeof(path), "%s%s", rules->kind == CFC_RULE_SUFFIX ? "/x" : "",
                 rules->text);
        ck_assert_msg(cfc_rule_read(path, false, &rule) == NULL, "%s: %s", preset, rules->text);
        ck_assert_msg(strstr(path, rules->text) != NULL, "%s: %s ends with a slash", preset,
                      rules->text);
        ck_assert_msg(rule.kind != CFC_RULE_ACTION || rules->kind != CFC_RULE_PREFIX,
                      "%s: %s is an action", preset, rules->text);
    }
}

/* 0: paths, 1: parameters, 2: logins */
static int sort_of(const cfc_rule_t *rule)
{
    return (rule->kind >= CFC_RULE_KEY) + (rule->kind >= CFC_RULE_SCHEME);
}

static void check_one_sort(const cfc_area_t *area)
{
    for (const cfc_rule_t *rule = area->rules; rule->text != NULL; rule++) {
        ck_assert_msg(sort_of(rule) == sort_of(area->rules), "%s: %s", area->name, rule->text);
    }
    for (const cfc_rule_t *rule = area->allowed; rule != NULL && rule->text != NULL; rule++) {
        ck_assert_msg(sort_of(rule) == 0, "%s: %s", area->name, rule->text);
    }
}

START_TEST(every_preset_has_a_name_and_rules_that_can_match)
{
    for (int i = 0; cfc_preset_names[i] != NULL; i++) {
        const cfc_preset_t *preset = cfc_preset_find(cfc_preset_names[i]);

        ck_assert_ptr_nonnull(preset);
        ck_assert_str_eq(preset->name, cfc_preset_names[i]);
        for (size_t j = 0; j < preset->count; j++) {
            check_rules(preset->name, preset->areas[j].rules);
            check_rules(preset->name, preset->areas[j].allowed);
            check_one_sort(&preset->areas[j]);
        }
    }
    ck_assert_ptr_null(cfc_preset_find("admin"));
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

Suite *cfc_presets_suite(void)
{
    Suite *suite = suite_create("guard/presets");
    TCase *tcase = tcase_create("presets");

    tcase_add_loop_test(tcase, the_admin_console_is_protected_however_it_is_spelt, 0,
                        ROWS(techniques));
    tcase_add_loop_test(tcase, the_remote_api_is_protected_however_it_is_spelt, 0,
                        ROWS(techniques));
    tcase_add_loop_test(tcase, every_known_door_is_in_its_preset, 0, ROWS(doors));
    tcase_add_loop_test(tcase, what_users_need_is_in_no_preset, 0, ROWS(needed));
    tcase_add_test(tcase, logging_in_needs_no_session_and_may_carry_a_login);
    tcase_add_test(tcase, every_preset_has_a_name_and_rules_that_can_match);
    suite_add_tcase(suite, tcase);
    return suite;
}
