# SPDX-License-Identifier: Apache-2.0
"""What the presets known-cves, remote-api and api-credentials do to requests: which the profile
closes by itself, whom a section in its place admits, what a browser's session opens, which logins
reach the node. Which paths and parameters they hold: t/unit/test_presets.c."""

import pytest

from equipment.client import raw_get
from equipment.site import area, authorization, location, login

pytestmark = pytest.mark.any_mpm

BEARER = "Bearer of-a-script"
LISTED = "Require ip 127.0.0.1"
OTHERS = "Require ip 10.9.9.9"

# Each of them is refused, and none reaches the node.
ATTACKS = [
    # label,                            target,                                 preset if another
    ("CVE-2023-22515, setup",           "/setup/setupadministrator.action"),
    ("CVE-2023-22515, trigger",
     "/server-info.action?bootstrapStatusProvider.applicationConfig.setupComplete=false"),
    ("CVE-2023-22515, encoded",         "/x.action?a=b&%62ootstrapStatusProvider%2ex=y"),
    ("CVE-2023-22518",                  "/json/setup-restore.action?synchronous=true"),
    ("CVE-2023-22518, elsewhere",       "/admin/;x/setup-restore-local!y.action"),
    ("CVE-2023-22527",                  "/template/aui/text-inline.vm"),
    ("CVE-2023-22515, forwarded",       "/s/x/_/login.action%3fbootstrapStatusProvider.x=false"),
    ("CVE-2022-26134",                  "/%24%7B%40java.lang.Runtime%7D/",          "ognl"),
    ("CVE-2022-26134, encoded twice",   "/%2524%257Bx%257D/index.action",           "ognl"),
    ("CVE-2022-26134, behind a page",   "/display/%24%7Bx%7D",                      "ognl"),
    ("CVE-2021-26085",                  "/s/123cfx/_/;/WEB-INF/web.xml"),
    ("CVE-2021-26085, META-INF",        "/s/123cfx/_/%254d%2545TA-INF/x"),
]
HONEST = ["/display/DOC/WEB-INF", "/dosearchsite.action?queryString=%24%7Bx%7D",
          "/x?q=bootstrapStatusProvider.x", "/download/attachments/1/x.vm", "/setups",
          "/display/DOC/%23%7Bx%7D"]


@pytest.mark.once
@pytest.mark.parametrize("target, preset",
                         [(row[1], (*row, "known-cves")[2]) for row in ATTACKS],
                         ids=[row[0] for row in ATTACKS])
def test_the_profile_closes_what_known_attacks_need(new_site, target, preset):
    site = new_site()
    site.httpd.allow("CFC0207")
    assert site.status(target) == 403
    assert site.node.received == []
    line, = site.lines("CFC0207")
    assert f"request refused with 403: CFClusterProtect {preset} (" in line
    assert line.endswith(": " + target.partition("?")[0])


@pytest.mark.once
def test_the_profile_closes_nothing_that_users_need(new_site):
    site = new_site()
    assert [site.status(target) for target in HONEST] == [200] * len(HONEST)


@pytest.mark.once
def test_without_the_profile_nothing_is_closed(new_httpd, scripted):
    node = scripted("node1")
    httpd = new_httpd(f"<CFCluster wiki>\nCFNode node1 {node.url}\nCFProbe tcp\n</CFCluster>\n"
                      'CFClusterPass "/" wiki').start()
    assert raw_get(httpd.port, "/setup").status == 200


INSTEAD = [
    # label,                   lines in place of the profile's,                 /setup, /x.vm, lines
    ("opened to all",          [area("known-cves", "Require all granted")],     200, 200, 0),
    ("opened to an address",   [area("known-cves", LISTED)],                    200, 200, 0),
    ("opened to another",      [area("known-cves", OTHERS)],                    403, 403, 0),
    ("closed by name",         [area("known-cves")],                            403, 403, 0),
    ("only observed",          [area("known-cves observe")],                    200, 200, 2),
    ("another preset's",       [area("admin-console", LISTED)],                 403, 403, 2),
    ("with another preset",    [area("admin-console known-cves", LISTED)],      200, 200, 0),
]


@pytest.mark.once
@pytest.mark.parametrize("lines, setup, template, logged", [row[1:] for row in INSTEAD],
                         ids=[row[0] for row in INSTEAD])
def test_a_section_of_the_preset_takes_the_place_of_the_profiles(new_site, lines, setup, template,
                                                                 logged):
    site = new_site(*lines)
    site.httpd.allow("CFC020[67]")
    assert (site.status("/setup"), site.status("/x.vm")) == (setup, template)
    assert len(site.lines("CFC0206") + site.lines("CFC0207")) == logged


@pytest.mark.once
def test_titles_that_look_like_an_expression_are_opened_alone(new_site):
    site = new_site(area("ognl", "Require all granted"))
    site.httpd.allow("CFC0207")
    assert site.status("/display/DOC/How+to+use+%24%7Bx%7D") == 200
    assert site.status("/setup") == 403


@pytest.mark.once
def test_a_section_inside_a_cluster_holds_for_that_cluster_alone(new_httpd, scripted):
    wiki, other = scripted("wiki"), scripted("other")
    httpd = new_httpd(f"""
        <CFCluster wiki>
            CFProfile confluence
            CFNode wiki {wiki.url}
            CFProbe tcp
            {area("known-cves", "Require all granted")}
            {area("path /secret", OTHERS)}
        </CFCluster>
        <CFCluster other>
            CFNode other {other.url}
            CFProbe tcp
        </CFCluster>
        CFClusterPass "/" wiki
        CFClusterPass /other other
        {area("path /both", OTHERS)}""")
    httpd.allow("AH01630")
    httpd.start()
    got = [(target, raw_get(httpd.port, target).status)
           for path in ("/secret", "/both", "/setup") for target in (path, "/other" + path)]
    assert got == [("/secret", 403), ("/other/secret", 200), ("/both", 403),
                   ("/other/both", 403), ("/setup", 200), ("/other/setup", 200)]


# remote-api

BROWSER = ["Cookie: JSESSIONID=0A1B2C.node1"]
REST = [
    # label,                       headers,                                          /rest, /rpc
    ("a page's script",            [*BROWSER, "Sec-Fetch-Site: same-origin"],        200, 403),
    ("an address that was typed",  [*BROWSER, "Sec-Fetch-Site: none"],               200, 403),
    ("a page without TLS",         [*BROWSER, "Origin: http://localhost"],           200, 403),
    ("the same, only a Referer",   [*BROWSER, "Referer: http://localhost/display"],  200, 403),
    ("nothing",                    [],                                               403, 403),
    ("a session alone",            BROWSER,                                          403, 403),
    ("no session",                 ["Sec-Fetch-Site: same-origin"],                  403, 403),
    ("another site's page",        [*BROWSER, "Sec-Fetch-Site: cross-site"],         403, 403),
    ("a token with a session",     [*BROWSER, "Sec-Fetch-Site: same-origin",
                                    f"Authorization: {BEARER}"],                     403, 403),
]


@pytest.mark.once
@pytest.mark.parametrize("headers, rest, rpc", [row[1:] for row in REST],
                         ids=[row[0] for row in REST])
def test_rest_is_open_to_a_browsers_own_session(new_site, headers, rest, rpc):
    site = new_site(area("remote-api", OTHERS))
    assert [site.status(target, None, *headers) for target in (
        "/rest/api/content", "/s/x/_/rest/api/content", "/rpc/xmlrpc")] == [rest, rest, rpc]


@pytest.mark.once
def test_rest_is_open_to_listed_addresses_whatever_they_send(new_site):
    site = new_site(area("remote-api", LISTED))
    assert site.forwarded("/rest/api/content", BEARER) == [BEARER]
    assert site.status("/rpc/xmlrpc") == 200


@pytest.mark.once
def test_a_session_with_a_login_in_the_query_is_no_browsers(new_site):
    site = new_site(area("remote-api", OTHERS))
    headers = [*BROWSER, "Sec-Fetch-Site: same-origin"]
    assert site.status("/rest/api/content?os_username=a&os_password=b", None, *headers) == 403
    assert site.status("/rest/api/content?os_authType=none", None, *headers) == 200


@pytest.mark.once
def test_logging_in_needs_no_session(new_site):
    site = new_site(area("remote-api api-credentials", OTHERS))
    for target in "/rest/tsv/1.0/authenticate?os_authType=none", "/dologin.action":
        assert site.post(target, b"os_username=a&os_password=b").status == 200


# api-credentials

LOGINS = [
    # label,                      target,                          Authorization,        status
    ("Basic",                     "/display/DOC",                  authorization("alice"), 403),
    ("basic, in capitals",        "/display/DOC",                  "BASIC eDp5",         403),
    ("a token",                   "/display/DOC",                  BEARER,               403),
    ("a token at the login",      "/dologin.action",               BEARER,               403),
    ("OAuth of a linked server",  "/plugins/servlet/streams",      "OAuth realm=x",      200),
    ("a user's name",             "/display/DOC?os_username=root", None,                 403),
    ("a password",                "/display/DOC?x&os%5fpassword=", None,                 403),
    ("a wish for Basic",          "/createrssfeed.action?os_authType=basic", None,       403),
    ("none",                      "/download/x?os_authType=none",  None,                 200),
    ("nothing",                   "/display/DOC?destination=os_username", None,          200),
    ("a login page",              "/dologin.action?os_username=a", None,                 200),
    ("a path like a login page's", "/x/..;/display/dologin.action?os_username=a", None,  403),
]


@pytest.mark.once
@pytest.mark.parametrize("target, value, status", [row[1:] for row in LOGINS],
                         ids=[row[0] for row in LOGINS])
def test_a_login_that_comes_with_a_request_needs_a_listed_address(new_site, target, value, status):
    site = new_site(area("api-credentials", OTHERS))
    site.httpd.allow("CFC0207")
    assert site.status(target, value) == status
    assert len(site.node.received) == (status == 200)


@pytest.mark.once
def test_a_listed_address_may_bring_any_login(new_site):
    site = new_site(area("api-credentials", LISTED))
    assert site.forwarded("/display/DOC?os_username=root", BEARER) == [BEARER]


@pytest.mark.once
def test_a_login_that_httpd_checks_is_none_of_the_nodes(new_site):
    site = new_site(area("api-credentials", OTHERS), location("/", "AuthMerging Off"),
                    area("path /x", login("users"), "Require valid-user"),
                    area("path /y", login("users"), "<RequireAny>", "Require all granted",
                         "</RequireAny>"))
    site.httpd.allow("CFC0207")
    assert site.forwarded("/x", "alice") == []
    assert site.status("/x", "alice", password="wrong") == 401
    assert site.status("/y", "alice") == 403        # nobody there asks for it


@pytest.mark.once
def test_the_log_says_which_login_was_refused_and_not_what_it_was(new_site):
    site = new_site(area("api-credentials", OTHERS), area("observe path /display", OTHERS))
    site.httpd.allow("CFC020[67]")
    site.status("/display/DOC?os_destination=secret", BEARER)
    line, = site.lines("CFC0207")
    assert "CFClusterProtect api-credentials (" in line
    assert line.endswith("applies, it brings a bearer login: /display/DOC")
    site.status("/x?os_password=secret")
    assert [word for word in ("of-a-script", "secret") if word in site.httpd.error_log()] == []
