# SPDX-License-Identifier: Apache-2.0
"""The presets of <CFClusterProtect> against real Tomcats: no way to spell a protected path leads
there, what users need passes, and what layers read differently is refused with its reason. What
each reading of a path is: t/unit/test_target.c and test_presets.c; who is admitted:
test_protect.py."""

import re
import subprocess

import pytest

from equipment.client import raw, raw_get
from equipment.httpd import mpm

pytestmark = pytest.mark.any_mpm

SHUT = """
<CFClusterProtect admin-console remote-api>
    Require ip 10.9.9.9
</CFClusterProtect>
"""
REFUSALS = "AH01630|CFC0203|CFC0207|AH10244"    # not admitted; our 400, 403; httpd's own 400

# What stands for {} below, and the servlet of the test application behind it.
DOORS = {"admin": "admin", "setup": "setup", "rpc": "rpc",
         "plugins/servlet/soap-axis1": "soap-axis1"}
SPELT = [*DOORS, "%61dmi%6e", "%2561dmin", "%252561dmin", "ADMIN", "json", "bootstrap"]

# What does not reach the door when nothing guards it does so behind another proxy that decodes,
# or in another Tomcat.
TECHNIQUES = [
    # label,                         target,                                   reaches, status
    ("as it is",                     "/{}/console.action",                       True,  403),
    ("with nothing below",           "/{}",                                      True,  403),
    ("with a query",                 "/{}?x=/display",                           True,  403),
    ("another method",               "/{}/console!doDefault.action",             True,  403),
    ("like an image",                "/{}/x.png",                                True,  403),
    ("absolute",                     "http://localhost/{}/console.action",       True,  403),
    ("absolute, dots, parameter",    "http://localhost/x/..;/{}/console.action", True,  403),
    ("absolute, another host",       "http://wiki.example.org/{}/console.action", False, 403),
    ("absolute, with a user",        "http://u:p@localhost/{}/console.action",   False, 400),

    ("a parameter",                  "/{};x/console.action",                     True,  403),
    ("an empty parameter",           "/{};/console.action",                      True,  403),
    ("a parameter at the end",       "/{};",                                     True,  403),
    ("parameters in a row",          "/{};a;b=c;d/console.action",               True,  403),
    ("a session id",                 "/{};jsessionid=0A1B.node1/console.action", True,  403),
    ("a parameter before",           "/;x/{}/console.action",                    True,  403),
    ("an encoded semicolon",         "/{}%3bx/console.action",                   False, 403),

    ("dots",                         "/x/../{}/console.action",                  True,  403),
    ("dots at the end",              "/{}/x/..",                                 True,  403),
    ("a dot",                        "/./{}/console.action",                     True,  403),
    ("a dot with parameter",         "/.;/{}/console.action",                    True,  403),
    ("dots with parameter",          "/x/..;/{}/console.action",                 True,  403),
    ("dots with named parameters",   "/x/y/..;a=b/..;c/{}/console.action",       True,  403),
    ("dots, encoded semicolon",      "/x/..%3b/{}/console.action",               False, 403),
    ("above the root",               "/../{}/console.action",                    False, 400),
    ("above the root, parameters",   "/..;x/{}/console.action",                  False, 400),

    ("slashes",                      "///{}//console.action",                    True,  403),
    ("slash in a parameter",         "/{};%2f../console.action",                 True,  404),
    ("an encoded slash",             "/x%2f..%2f{}/console.action",              False, 404),
    ("a slash encoded twice",        "/x%252f..%252f{}/console.action",          False, 403),
    ("backslashes",                  "/x\\..\\{}/console.action",                False, 400),
    ("encoded backslashes",          "/x%5c..%5c{}/console.action",              False, 400),
    ("backslashes encoded twice",    "/x%255c..%255c{}/console.action",          False, 403),

    ("encoded dots",                 "/x/%2e%2E/{}/console.action",              True,  403),
    ("half encoded dots",            "/x/.%2e/{}/console.action",                True,  403),
    ("encoded dots, parameter",      "/x/%2e%2e;/{}/console.action",             True,  403),
    ("dots encoded twice",           "/x/%252e%252e/{}/console.action",          False, 403),
    ("dots encoded by halves",       "/x/%%32%65%%32%65/{}/console.action",      False, 400),
    ("dots of another encoding",     "/x/%u002e%u002e/{}/console.action",        False, 400),
    ("overlong dots",                "/x/%c0%ae%c0%ae/{}/console.action",        False, 400),
    ("an overlong slash",            "/x/..%c0%af{}/console.action",             False, 400),
    ("an encoded NUL",               "/{}%00/console.action",                    False, 404),
    ("a NUL encoded twice",          "/{}%2500/console.action",                  False, 400),
    ("a line end",                   "/{}%0d%0aX:y/console.action",              False, 400),
    ("encoded too many times",       "/{}/%252525252525252561",                  True,  400),

    ("forwarded",                    "/s/abc/_/{}/console.action",               True,  403),
    ("forwarded, longer",            "/s/1a-CDN/en/8703/h/1.0/_/{}/x.action",    True,  403),
    ("forwarded, NOCACHE",           "/s/abc/NOCACHE1/_/{}/console.action",      True,  403),
    ("forwarded, parameter",         "/s/abc/_/;/{}/console.action",             True,  403),
    ("forwarded, parameter first",   "/s/abc;x/_/{}/console.action",             True,  403),
    ("forwarded, s encoded",         "/%73/abc/_/{}/console.action",             True,  403),
    ("forwarded, mark encoded",      "/s/abc/%5f/{}/console.action",             True,  403),
    ("forwarded, mark encoded 2x",   "/s/abc/%255f/{}/console.action",           True,  403),
    ("forwarded, two marks",         "/s/a/_/b/_/{}/console.action",             True,  403),
    ("forwarded twice",              "/s/a/_/s/b/_/{}/console.action",           True,  403),
    ("forwarded, dots",              "/s/abc/_/x/../{}/console.action",          True,  403),
    ("forwarded, dots before",       "/s/x/../y/_/{}/console.action",            True,  403),
    ("forwarded, dots encoded 2x",   "/s/abc/_/x/%252e%252e/{}/x.action",        True,  403),
    ("forwarded, slashes 2x",        "/s/abc/_/x%252f..%252f{}/x.action",        True,  403),
    ("forwarded, slashes 3x",        "/s/abc/_/x%25252f..%25252f{}/x.action",    True,  403),
    ("forwarded, encoded semicolon", "/s/abc/_/%3b/{}/console.action",           True,  403),
    ("forwarded, plus and dots",     "/s/abc/_/+/../{}/console.action",          False, 403),
    ("forwarded, from a download",   "/s/abc/_/download/..;/{}/x.css",           True,  403),
    ("forwarded, encoded query",     "/s/abc/_/{}%3fx.css",                      True,  403),
    ("forwarded, encoded fragment",  "/s/abc/_/{}/%23x.css",                     True,  403),
    ("forwarded, capital",           "/S/abc/_/{}/console.action",               False, 403),
    ("forwarded, s with parameter",  "/s;x/abc/_/{}/console.action",             False, 403),
    ("forwarded, above the root",    "/s/abc/_/../{}/console.action",            False, 400),
]
REACHING = [row for row in TECHNIQUES if row[2]]
PATHS = [row for row in TECHNIQUES if row[1].startswith("/")]      # all that HTTP/2 has

# Doors of other kinds, and the servlet behind them if the test application has one.
OTHER_DOORS = [
    # label,                          target,                                     servlet
    ("a template",                    "/template/aui/text-inline.vm",             "velocity"),
    ("a template elsewhere",          "/x/y.vm",                                  "velocity"),
    ("a template behind a page",      "/display/..;/x/y.vm",                      "velocity"),
    ("a template forwarded",          "/s/abc/_/x/y.vm%3f.js",                    "velocity"),
    ("setup by json",                 "/json/setup-restore.action",               "setup"),
    ("the console by json",           "/json/console.action",                     "admin"),
    ("json's own, another method",    "/json/startheartbeatactivity!x.action",    None),
    ("json's own, deeper",            "/json/x/startheartbeatactivity.action",    None),
    ("app manager",                   "/plugins/servlet/upm",                     "upm"),
    ("app manager's REST",            "/rest;/plugins/1.0/",                      "rest-admin"),
    ("administration's REST",         "/rest/api/admin/user",                     "rest-admin"),
    ("a start parameter",             "/server-info.action?bootstrapStatusProvider.x=false",
     "action"),
    ("second login",                  "/doauthenticate.action",                   "action"),
    ("second login, deeper",          "/pages/x/doauthenticate!x.action",         "action"),
    ("forwarded as an image",         "/s/abc/_/download/images/..;/admin/x.png", "admin"),
    ("forwarded as a longer name",    "/s/abc/_/download/imagesX/..;/%61dmin/x.png", "admin"),
    ("a space's end",                 "/spaces/x/removespace.action",             "action"),
    ("a space's end, as Struts reads on",
     "/./spaces/viewspace.action/removespace.action;/../../viewspace.action",     "action"),
    ("a space's end, behind a page's path",
     "/display/spaces/a.action/removespace.action;/../../../../spaces/a.action;", "action"),
    ("the console, as Struts reads on",
     "/./json/startheartbeatactivity.action/console.action;/../../startheartbeatactivity.action",
     "admin"),
]

# What browsers ask for while people read, write, search and log in; and paths that only look
# like protected ones.
SESSION = ("Cookie: JSESSIONID=0A1B2C", "Sec-Fetch-Site: same-origin")      # as browsers ask
NEEDED = """
    / /status /login /login.action?os_destination=%2Fadmin%2Fconsole.action /dologin.action
    /logout.action /index.action /dashboard.action;jsessionid=0A1B2C.node1 /homepage.action
    /display/DOC /display/DOC/Home /display/DOC/Some+Title /display/DOC/Some%20Title
    /display/DOC/Admin /display/DOC/admin/console /display/DOC/100%25+sure /display/DOC/C%2B%2B
    /display/DOC/What+is+%252F /display/DOC/C%23 /display/DOC/why%3F /display/DOC/[draft]|x
    /display/DOC/How+the+admin%3Aconsole+works /display/DOC/macros.vm /display/~admin
    /display/DOC/%C3%9Cber+%2B+unter /display/DOC/%F0%9F%98%80 /display/DOC/a..b...c
    /download/attachments/42/velocity%20macros.vm /download/thumbnails/42/rpc.png?api=v2
    /download/attachments/42/.profile /download//attachments/42/a.pdf
    /administrators /administrator/x /admin.action /setupguide /rpcs /jsonp /x/AgAB /label/DOC/rpc
    /pages/viewpage.action?pageId=1&title=a/../../admin;x%5c%2f%00
    /pages/editpage.action?pageId=1 /pages/doeditpage.action?pageId=1 /pages/createpage.action
    /pages/doenterpagevariables.action /pages/viewrecentblogposts.action?key=DOC
    /spaces/viewspace.action?key=DOC /spaces/viewspacesummary.action?key=DOC
    /dosearchsite.action?queryString=100% /dosearchsite.action?queryString=${x}
    /json/startheartbeatactivity.action /json/stopheartbeatactivity.action
    /s/1a2b-CDN/en_GB/8703/h/1.0/_/download/batch/com.atlassian.x:admin/x.js
    /s/1a2b/_/images/icons/admin.png /s/1a2b/8703/h/_/styles/colors.css?spaceKey=admin
    /plugins/servlet/oauth/authorize /plugins/servlet/streams /plugins/servlet/soap-axis
    /plugins/servlet/confluence/editinword/42/attachments/a.doc
    /rest/api/content/42?status=draft /rest/api/search?cql=text~%22admin%22
    /rest/api/user/current /rest/webResources/1.0/resources /rest/api/latest/content
    /rest/mywork/latest/status/notification/count /rest/analytics/1.0/publish/bulk
    /rest/inlinecomments/1.0/comments /rest/quickreload/latest/42 /rest/tinymce/1/drafts
    /rest/likes/1.0/content/42/likes /rest/ui/1.0/content/42/labels
    /rest/synchrony-interop/enable /rest/applinks/1.0/manifest /synchrony/heartbeat
""".split()

# What our own 400 says. httpd itself refuses the rest of what is refused: %zz, %00, /.., #
COMPLAINTS = [
    # label,                     target,                       reason
    ("a backslash",              "/a\\b",                      "has a raw backslash"),
    ("a dollar and braces",      "/${x}",
     "has a raw character that must be percent-encoded"),
    ("raw UTF-8",                "/\xc3\xa4",
     "has a raw character that must be percent-encoded"),
    ("an encoded backslash",     "/a%5Cb",                     "has an encoded backslash"),
    ("an encoded slash",         "/a%2fb/../c",                "has an encoded slash"),
    ("a line end",               "/a%0d%0ab",                  "has an encoded control character"),
    ("a line end encoded twice", "/a%250ab",                   "has an encoded control character"),
    ("Latin-1",                  "/a%fcb",                     "is not UTF-8"),
    ("a surrogate",              "/a%ed%a0%80b",               "is not UTF-8"),
    ("dots with a parameter",    "/..;/a",                     "climbs above its root"),
    ("dots encoded twice",       "/%252e%252e/a",              "climbs above its root"),
    ("nine times encoded",       "/%252525252525252561",       "is encoded too many times"),
    ("forwards in a row",        "/s/" + 40 * "/_/",           "can be read in too many ways"),
    ("no path",                  "http://localhost?b",         "is missing"),
    ("a query",                  "/a%5Cb?os_password=secret",  "has an encoded backslash"),
    ("a path of more than 8 KiB", "/" + 8192 * "a",            "is longer than 8 KiB"),
]


def ids(rows):
    return [row[0] for row in rows]


@pytest.fixture(scope="module")
def cluster(kept_cluster):
    h2c = "" if mpm() == "prefork" else "Protocols h2c http/1.1\n"
    made = kept_cluster(outside=f"{h2c}LimitRequestLine 20000\n{SHUT}").start()
    made.httpd.allow(REFUSALS)
    return made


def reached(answer):
    """(status, the servlet that answered, or the node if that did without one; None: httpd)"""
    headers = answer.headers
    return answer.status, headers.get("x-test-servlet", headers.get("x-test-node"))


@pytest.mark.parametrize("target", [row[1] for row in REACHING], ids=ids(REACHING))
def test_the_spelling_leads_there_when_nothing_guards(tomcats, target):
    got = {word: reached(raw_get(tomcats[0].port, target.format(word))) for word in DOORS}
    assert got == {word: (200, servlet) for word, servlet in DOORS.items()}


@pytest.mark.parametrize("target, status", [(row[1], row[3]) for row in TECHNIQUES],
                         ids=ids(TECHNIQUES))
def test_no_spelling_leads_through_the_guard(cluster, target, status):
    got = {word: reached(raw_get(cluster.httpd.port, target.format(word))) for word in SPELT}
    assert got == dict.fromkeys(SPELT, (status, None))


@pytest.mark.skipif(mpm() == "prefork", reason="httpd does not do HTTP/2 in prefork")
@pytest.mark.parametrize("target", [row[1] for row in PATHS], ids=ids(PATHS))
def test_no_spelling_leads_through_the_guard_over_http2(cluster, target):
    status, head = http2(cluster, target.format("admin"))
    assert status in (400, 403, 404)
    assert "x-test-" not in head


def http2(cluster, target):
    """(status, all of the answer's head)"""
    done = subprocess.run(
        ["curl", "-s", "--max-time", "10", "--http2-prior-knowledge", "--request-target", target,
         "-D", "-", "-o", "/dev/null", cluster.httpd.url], stdout=subprocess.PIPE, text=True,
        check=True)
    version, status = done.stdout.split()[:2]
    assert version == "HTTP/2"
    return int(status), done.stdout.lower()


@pytest.mark.parametrize("target, servlet", [row[1:] for row in OTHER_DOORS], ids=ids(OTHER_DOORS))
def test_no_other_door_stands_open(cluster, tomcats, target, servlet):
    if servlet is not None:
        assert reached(raw_get(tomcats[0].port, target)) == (200, servlet)
    assert reached(raw_get(cluster.httpd.port, target)) == (403, None)


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PROPFIND", "FOO"])
def test_no_method_leads_through_the_guard(cluster, method):
    answer = raw(cluster.httpd.port, f"{method} /admin/x HTTP/1.1\r\nHost: localhost\r\n"
                                     "Connection: close\r\nContent-Length: 0\r\n\r\n".encode())
    assert reached(answer) == (403, None)


def test_no_websocket_leads_through_the_guard(cluster):
    answer = raw_get(cluster.httpd.port, "/admin/x", "Upgrade: websocket", "Sec-WebSocket-Key: x",
                     "Sec-WebSocket-Version: 13")
    assert reached(answer) == (403, None)


def test_pipelined_requests_are_each_judged(cluster):
    answer = raw(cluster.httpd.port, b"GET /display/DOC HTTP/1.1\r\nHost: x\r\n\r\n"
                                     b"GET /admin/x HTTP/1.1\r\nHost: x\r\n\r\n"
                                     b"GET /x/..;/rpc HTTP/1.1\r\nHost: x\r\n"
                                     b"Connection: close\r\n\r\n")
    assert reached(answer) == (200, "page")
    assert re.findall(rb"HTTP/1.1 (\d+)", answer.body) == [b"403", b"403"]


@pytest.mark.parametrize("target", NEEDED)
def test_what_users_need_passes(cluster, tomcats, target):
    """It gets what the node gives without us."""
    answer, direct = (raw_get(port, target, *SESSION)
                      for port in (cluster.httpd.port, tomcats[0].port))
    assert answer.headers["x-test-node"] in ("node1", "node2")
    assert answer.headers.get("x-test-servlet") == direct.headers.get("x-test-servlet")
    assert answer.status == direct.status < 500


@pytest.mark.parametrize("setting", ["On", "NoDecode"])
def test_encoded_slashes_that_httpd_allows_open_no_door(new_cluster, setting):
    cluster = new_cluster(outside=f"AllowEncodedSlashes {setting}\n{SHUT}").start()
    cluster.httpd.allow(REFUSALS)
    for target in "/x/..%2fadmin", "/admin;%2f../console.action", "/s/abc/_/x%2f..%2fadmin":
        assert reached(raw_get(cluster.httpd.port, target)) == (403, None)
    assert reached(raw_get(cluster.httpd.port, "/x/..%2f%5cadmin")) == (400, None)
    assert reached(raw_get(cluster.httpd.port, "/display/DOC;%2f/x")) == (200, "page")


@pytest.mark.parametrize("target, reason", [row[1:] for row in COMPLAINTS], ids=ids(COMPLAINTS))
def test_a_refusal_is_one_line_in_the_log_that_says_why(cluster, target, reason):
    before = len(cluster.httpd.error_log())
    assert reached(raw_get(cluster.httpd.port, target)) == (400, None)
    line, = [line for line in cluster.httpd.error_log()[before:].splitlines() if "CFC0203" in line]
    path = target.partition("?")[0]     # a query can hold a password
    written = path.encode("unicode_escape").decode()[:8000]     # httpd escapes, and cuts lines
    assert f"CFC0203: request refused with 400, its path {reason}: {written}" in line
    assert "?" not in line


OWN = """
<CFClusterProtect path /secret/ /Pages/Drop.action "/with blank">
    Require ip 10.9.9.9
</CFClusterProtect>
"""
OWN_PATHS = [
    # target,                         status
    ("/secret",                       403),
    ("/secret/x?y",                   403),
    ("/SECRET;x/y",                   403),
    ("/s/abc/_/%2573ecret",           403),
    ("/secrets",                      200),
    ("/x/secret",                     200),
    ("/pages/drop.action",            403),
    ("/pages/drop!now.action",        403),
    ("/pages/x/DROP.action;y",        403),
    ("/pages/drop",                   200),
    ("/pages/backdrop.action",        200),
    ("/other/drop.action",            200),
    ("/with%20blank/x",               403),
    ("/with+blank/x",                 200),
    ("/admin/x",                      200),     # no preset is in the section
]


def test_own_paths_hold_what_is_below_them_and_nothing_else(new_cluster):
    cluster = new_cluster(outside=OWN).start()
    cluster.httpd.allow(REFUSALS)
    got = [(target, raw_get(cluster.httpd.port, target).status) for target, _ in OWN_PATHS]
    assert got == OWN_PATHS


IN_CONTEXT = [
    # target,                         status, node asked
    ("/wiki",                         200, True),
    ("/wiki/display/DOC/Home",        200, True),
    ("/wiki/display/DOC/macros.vm",   200, True),
    ("/wiki/admin",                   403, False),
    ("/WIKI/..;/wiki/admin",          404, False),      # httpd knows no parameters: not passed
    ("/wiki/..;/wiki/admin",          403, False),
    ("/wiki/s/abc/_/admin",           403, False),
    ("/wiki/admin/x.vm",              403, False),
    ("/wiki/..;/manager/html",        400, False),
    ("/wiki/%252e%252e/manager/html", 400, False),
    ("/admin",                        404, False),      # not passed
]


def test_presets_count_from_the_path_that_is_passed(new_httpd, scripted):
    node = scripted("node1")
    httpd = new_httpd(f"""
        <CFCluster confluence>
            CFNode node1 {node.url}
            CFProbe tcp
        </CFCluster>
        CFClusterPass /wiki confluence
        {SHUT}""").start()
    httpd.allow(REFUSALS)
    got = []
    for target, _, _ in IN_CONTEXT:
        answer = raw_get(httpd.port, target)
        got.append((target, answer.status, "x-test-node" in answer.headers))
    assert got == IN_CONTEXT
    assert "its path leaves the path that CFClusterPass passes: /wiki/..;/man" in httpd.error_log()


@pytest.mark.parametrize("context, status", [("", 200), (" context=/wiki", 403)],
                         ids=["nothing is said of it", "it is named"])
def test_the_application_may_be_below_the_path_that_is_passed(scripted, new_httpd, context, status):
    """A Tomcat that is passed whole, with Confluence in it at /wiki."""
    httpd = new_httpd(f"""
        <CFCluster confluence>
            CFNode node1 {scripted("node1").url}
        </CFCluster>
        CFClusterPass / confluence{context}
        {SHUT}""")
    httpd.allow(REFUSALS)
    httpd.start()
    assert raw_get(httpd.port, "/wiki;x/%61dmin/console.action").status == status
    assert raw_get(httpd.port, "/admin/console.action").status == 403
    assert raw_get(httpd.port, "/wiki/display/admin").status == 200
