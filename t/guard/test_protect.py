# SPDX-License-Identifier: Apache-2.0
"""Who is admitted to an area of <CFClusterProtect>, how that goes together with what httpd itself
decides, and which credentials the node gets to see. What belongs to an area:
test_protect_paths.py; what is refused as configuration: test_protect_config.py."""

import pytest

from equipment.client import User, raw
from equipment.cluster import ONE_PROBE
from equipment.httpd import load
from equipment.site import PASSWORD, Site, area, authorization, location, login

pytestmark = pytest.mark.any_mpm

BEARER = "Bearer of-a-script"

SHUT = """
<CFClusterProtect admin-console>
    Require ip 10.9.9.9
</CFClusterProtect>
"""


# who is admitted

def test_an_area_is_open_to_the_addresses_it_names(new_site):
    site = new_site(area("admin-console", "Require ip 127.0.0.1"),
                    area("remote-api", "Require ip 10.9.9.9"))
    assert [site.status(t) for t in ("/admin/x", "/rpc/x", "/x")] == [200, 403, 200]
    assert [request.target for request in site.node.received] == ["/admin/x", "/x"]


def test_the_address_is_the_one_that_mod_remoteip_says(new_site):
    site = new_site("RemoteIPHeader X-Client\nRemoteIPInternalProxy 127.0.0.1", SHUT)
    assert site.status("/admin", None, "X-Client: 10.9.9.9") == 200
    assert site.status("/admin", None, "X-Client: 10.9.9.8") == 403


def test_an_area_without_require_refuses_everybody(new_site):
    site = new_site(area("admin-console"), area("path /x", login("admins")))
    site.httpd.allow("CFC0201")
    assert [site.status(t, "root") for t in ("/admin", "/x", "/y")] == [403, 403, 200]
    assert [line.partition(" (")[0] for line in site.lines("CFC0201")] == [
        "CFC0201: CFClusterProtect admin-console", "CFC0201: CFClusterProtect path /x"]


def test_a_login_opens_an_area(new_site):
    site = new_site(area("admin-console", login("admins"), "Require valid-user"))
    unknown = site.get("/admin")
    assert (unknown.status, unknown.headers["www-authenticate"]) == (401, 'Basic realm="a"')
    assert site.status("/admin", "root") == 200
    assert site.status("/admin", "alice") == 401
    assert site.status("/admin", "root", password="wrong") == 401
    assert site.status("/admin;x", "Basic !!!!") == 401


def test_either_of_two_conditions_is_enough_where_the_area_says_so(new_site):
    site = new_site(area("admin-console", login("admins"), "<RequireAny>", "Require ip 10.9.9.9",
                         "Require valid-user", "</RequireAny>"))
    assert [site.status("/admin", user) for user in (None, "alice", "root")] == [401, 401, 200]


def test_all_conditions_must_hold_where_the_area_says_so(new_site):
    site = new_site(area("admin-console", "<RequireAll>", "Require all granted",
                         "Require not ip 127.0.0.1", "</RequireAll>"))
    assert site.status("/admin") == 403


def test_what_an_area_refuses_can_have_a_page_of_its_own(new_site):
    site = new_site(area("admin-console", "Require all denied",
                         'ErrorDocument 403 "not for you"'))
    answer = site.get("/admin")
    assert (answer.status, answer.body) == (403, b"not for you")


# several areas, and <Location>

AND = [
    # label,                    areas, in this order,                        anonymous, alice, root
    ("address, then login",     ["Require ip 127.0.0.1", "login"],           [401, 401, 200]),
    ("login, then address",     ["login", "Require ip 127.0.0.1"],           [401, 401, 200]),
    ("login, wrong address",    ["login", "Require ip 10.9.9.9"],            [403, 403, 403]),
    ("wrong address, login",    ["Require ip 10.9.9.9", "login"],            [403, 403, 403]),
    ("two addresses, one wrong", ["Require ip 127.0.0.1", "Require ip 10.9.9.9"], [403] * 3),
    ("all granted, denied",     ["Require all granted", "Require all denied"], [403] * 3),
    ("denied, all granted",     ["Require all denied", "Require all granted"], [403] * 3),
    ("login twice",             ["login", "login"],                          [401, 401, 200]),
]


@pytest.mark.parametrize("inside, answers", [row[1:] for row in AND], ids=[row[0] for row in AND])
def test_all_areas_that_are_reached_must_admit(new_site, inside, answers):
    lines = {"login": f"{login('admins')}\nRequire valid-user"}
    site = new_site(area("admin-console", lines.get(inside[0], inside[0])),
                    area("path /admin/in", lines.get(inside[1], inside[1])))
    assert [site.status("/admin/in", user) for user in (None, "alice", "root")] == answers


LOCATIONS = [
    # label,                          location
    ("Require all granted, above",    location("/", "Require all granted")),
    ("Require all granted, there",    location("/admin", "Require all granted")),
    ("with AuthMerging Or",           location("/", "AuthMerging Or", "Require all granted")),
    ("by pattern",                    "<LocationMatch .>\nRequire all granted\n</LocationMatch>"),
    ("by condition",                  '<If "true">\nRequire all granted\n</If>'),
    ("Allow from all",                location("/", "Order allow,deny", "Allow from all")),
    ("for a proxy",                   "<Proxy *>\nRequire all granted\n</Proxy>"),
]


@pytest.mark.parametrize("text", [row[1] for row in LOCATIONS], ids=[row[0] for row in LOCATIONS])
def test_no_section_of_httpd_opens_an_area(new_site, text):
    site = new_site(SHUT, text)
    assert [site.status(t) for t in ("/admin", "/x/..;/admin", "/x")] == [403, 403, 200]


@pytest.mark.parametrize("lines", [["Require all denied"], ["Order deny,allow", "Deny from all"]],
                         ids=["Require", "Deny"])
def test_an_area_opens_nothing_that_httpd_refuses(new_site, lines):
    site = new_site(area("admin-console", "Require all granted"), location("/admin", *lines))
    site.httpd.allow("AH01797")     # mod_access_compat does not admit
    assert site.status("/admin") == 403


SATISFY = [
    # label,                          what stands in the Location
    ("alone",                         ["Satisfy Any"]),
    ("with Allow",                    ["Order allow,deny", "Allow from all", "Satisfy Any"]),
    ("with Allow and a login",        [login("users"), "Require valid-user", "Order deny,allow",
                                       "Allow from all", "Satisfy Any"]),
    ("for one method",                ["<Limit GET>", "Satisfy Any", "</Limit>"]),
]


@pytest.mark.parametrize("lines", [row[1] for row in SATISFY], ids=[row[0] for row in SATISFY])
def test_satisfy_any_does_not_open_an_area(new_site, lines):
    site = new_site(SHUT, location("/", *lines))
    site.httpd.allow("CFC0205")
    assert site.status("/x") == 200
    assert site.lines("CFC0205") == []
    assert site.status("/admin") == 403
    line, = site.lines("CFC0205")
    assert "request refused with 403: CFClusterProtect admin-console (" in line
    assert "Satisfy Any is in force" in line


def test_two_logins_stand_side_by_side_and_no_request_can_mix_them(new_site):
    site = new_site(area("admin-console", login("admins", "a"), "Require valid-user"),
                    area("path /rpc", login("users", "b"), "Require valid-user"))
    site.httpd.allow("CFC0205")
    assert site.status("/admin", "root") == site.status("/rpc", "alice") == 200
    assert site.status("/admin", "alice") == 401
    assert site.status("/admin/..;/rpc", "root") == site.status("/rpc/..;/admin", "root") == 403
    assert [line.endswith("so does another section with another login; write the same AuthType"
                          " lines in both") for line in site.lines("CFC0205")] == [True, True]


def test_an_area_can_ask_more_of_a_login_that_a_location_makes(new_site):
    site = new_site(location("/", login("users"), "Require valid-user"),
                    area("admin-console", "Require user root"))
    assert [site.status("/x", user) for user in (None, "alice", "root")] == [401, 200, 200]
    assert [site.status("/admin", user) for user in (None, "alice", "root")] == [401, 401, 200]


def test_an_areas_login_takes_the_place_of_a_locations(new_site):
    site = new_site(location("/", login("users", "everybody"), "Require valid-user"),
                    area("admin-console", login("admins", "admins"), "Require valid-user"))
    assert site.get("/admin").headers["www-authenticate"] == 'Basic realm="admins"'
    assert [site.status("/admin", user) for user in ("alice", "root")] == [401, 200]


# virtual hosts

VHOSTS = SHUT + """
<VirtualHost *>
    ServerName a
</VirtualHost>
<VirtualHost *>
    ServerName b
    <CFClusterProtect path /secret>
        Require all denied
    </CFClusterProtect>
</VirtualHost>
<VirtualHost *>
    ServerName c
    <CFClusterProtect admin-console>
        Require all granted
    </CFClusterProtect>
</VirtualHost>
"""


def test_areas_of_the_main_server_hold_in_every_virtual_host(new_site):
    site = new_site(VHOSTS)

    def ask(host, *paths):
        head = f"HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        return [raw(site.httpd.port, f"GET {path} {head}".encode()).status for path in paths]

    assert ask("a", "/admin", "/secret", "/x") == [403, 200, 200]
    assert ask("b", "/admin", "/secret", "/x") == [403, 403, 200]
    assert ask("c", "/admin", "/secret", "/x") == [403, 200, 200]
    assert ask("a", "http://b/secret", "http://b/x") == [403, 200]


# what httpd makes of a request by itself

LOCAL = "CFClusterPass /local !\n"


def local_file(site, name, text):
    directory = site.httpd.root / "htdocs/local"
    directory.mkdir(exist_ok=True)
    (directory / name).write_text(text)


SSI = LOCAL + load("include") + """
<Location "/local">
    Options +Includes
    SetOutputFilter INCLUDES
</Location>
"""


@pytest.mark.parametrize("who, page", [("127.0.0.1", "<p>node1</p>"),
                                       ("10.9.9.9", "<p>refused</p>")], ids=["open", "shut"])
def test_what_a_page_includes_is_a_request_like_any_other(new_site, who, page):
    site = new_site(SSI, area("admin-console", f"Require ip {who}"))
    site.httpd.allow("unable to include")
    local_file(site, "x.html", '<!--#config errmsg="refused" -->'
                               '<p><!--#include virtual="/admin/x" --></p>')
    assert User(site.httpd.url).get("/local/x.html").text == page


REDIRECTS = [
    # label,                          configuration
    ("an error page",                 "ErrorDocument 404 /admin/x"),
    ("a rewrite in a Location",       location("/local", "RewriteEngine on",
                                               "RewriteRule none /admin/x")),
    ("a handler",                     load("actions") + "\n" + location(
        "/local", "Action page /admin/x virtual", "SetHandler page")),
]


@pytest.mark.parametrize("who, arrives", [("127.0.0.1", ["/admin/x"]), ("10.9.9.9", [])],
                         ids=["open", "shut"])
@pytest.mark.parametrize("text", [row[1] for row in REDIRECTS], ids=[row[0] for row in REDIRECTS])
def test_a_redirect_inside_httpd_is_a_request_like_any_other(new_site, text, who, arrives):
    site = new_site(LOCAL, text, area("admin-console", f"Require ip {who}"))
    local_file(site, "index.html", "")
    site.get("/local/none")
    assert [request.target[:8] for request in site.node.received] == arrives


def test_an_error_page_outside_of_the_area_can_come_from_the_node(new_site):
    site = new_site(SHUT, "ErrorDocument 403 /sorry")
    answer = site.get("/admin/x")
    assert (answer.status, answer.body) == (403, b"node1")
    assert [request.target for request in site.node.received] == ["/sorry"]


def test_a_rewrite_rule_neither_opens_an_area_nor_leads_into_it(new_site):
    """What is judged and forwarded is what the client sent."""
    site = new_site("RewriteEngine on\nRewriteRule ^/admin/x$ /page [PT]\n"
                    "RewriteRule ^/go$ /admin/x [PT]", SHUT)
    assert site.status("/admin/x") == 403
    assert site.status("/go") == 200
    assert [request.target for request in site.node.received] == ["/go"]


# whose credentials the node sees

def test_a_login_for_an_area_is_not_forwarded(new_site):
    site = new_site(area("admin-console", login("admins"), "Require valid-user"))
    assert site.forwarded("/admin/x", "root") == []


def test_a_login_for_a_location_is_not_forwarded(new_site):
    site = new_site(location("/", login("users"), "Require valid-user"))
    assert site.forwarded("/x", "alice") == []


def test_a_login_that_httpd_did_not_check_is_forwarded(new_site):
    site = new_site(area("admin-console", login("admins"), "Require valid-user"),
                    area("remote-api", login("admins"), "Require ip 127.0.0.1"))
    assert site.forwarded("/x", "root") == [authorization("root")]
    assert site.forwarded("/x", BEARER) == [BEARER]
    assert site.forwarded("/rpc", BEARER) == [BEARER]       # admitted by the address
    assert site.status("/admin", BEARER) == 401


NODES_OWN = [
    # line of the Location,                                       what arrives
    ("AuthBasicFake bot secret",                                  "Basic Ym90OnNlY3JldA=="),
    ('RequestHeader set Authorization "Bearer abc"',              "Bearer abc"),
    ("RequestHeader set Authorization expr=%{REMOTE_USER}",       "alice"),
]


@pytest.mark.parametrize("line, value", NODES_OWN, ids=["AuthBasicFake", "value", "expression"])
def test_credentials_that_the_configuration_sets_are_forwarded(new_site, line, value):
    site = new_site(location("/", login("users"), "Require valid-user", line))
    assert site.forwarded("/x", "alice") == [value]


def test_a_login_is_not_forwarded_at_a_second_attempt_either(new_cluster, scripted):
    gone, node = scripted("gone"), scripted("node1")
    text = area("admin-console", login("admins"), "Require valid-user")
    site = Site(new_cluster(members=[gone, node], outside=text, probe=ONE_PROBE), node)
    site.httpd.allow("AH00957|AH01114")     # mod_proxy about a node that refuses
    site.cluster.wait_serving("gone", "node1")
    gone.refuse()
    assert site.forwarded("/admin/x;jsessionid=A.gone", "root") == []
    assert site.cluster.counter("gone", "connect_failures") == 1


def test_a_login_is_not_forwarded_with_an_error_page(new_site):
    site = new_site(area("admin-console", login("users"), "Require user root"),
                    "ErrorDocument 401 /sorry")
    for user, password in ("root", "wrong"), ("alice", PASSWORD):
        assert site.get("/admin", user, password=password).body == b"node1"
    assert [(request.target, request.header("Authorization"))
            for request in site.node.received] == [("/sorry", [])] * 2


def test_a_login_is_not_forwarded_for_a_part_of_a_page(new_site):
    site = new_site(SSI, location("/local", login("users"), "Require valid-user"))
    local_file(site, "x.html", '<!--#include virtual="/x" -->')
    answer = User(site.httpd.url).get("/local/x.html", auth=("alice", PASSWORD))
    assert answer.text == "node1"
    assert site.node.received[0].header("Authorization") == []
