# SPDX-License-Identifier: Apache-2.0
"""Which requests stay on which node: by the balancer's own cookie, by the route in Tomcat's
session id, in a cookie or in the path."""

import http.cookies

import pytest

from equipment.client import User, node_of, raw_get, spread
from equipment.cluster import ONE_PROBE

pytestmark = pytest.mark.any_mpm


@pytest.fixture(scope="module")
def cluster(kept_cluster):
    return kept_cluster().start()


def ask(cluster, *headers, target="/page"):
    """The node that a request with exactly these headers went to."""
    answer = raw_get(cluster.httpd.port, target, *headers)
    assert answer.status == 200
    return answer.headers["x-test-node"]


def own_cookie(cluster, name):
    """CFROUTE=... as the balancer gives it to users of this node."""
    while True:
        user = cluster.new_user()
        if user.node == name:
            return f"CFROUTE={user.cookies['CFROUTE']}"


def test_a_user_stays_on_the_node_of_the_first_answer(cluster):
    user = cluster.new_user()
    assert spread(user.get("/page") for _ in range(20)) == f"{user.node}: 20"
    assert user.page()["hits"] == 22


@pytest.mark.parametrize("name", ["node1", "node2"])
def test_the_own_cookie_alone_is_enough(cluster, name):
    cookie = own_cookie(cluster, name)
    assert {ask(cluster, f"Cookie: {cookie}") for _ in range(10)} == {name}


ROUTES = [
    # label, headers and path that lead to node @, by the route in a session id
    ("a session cookie",                   "/page", ["Cookie: JSESSIONID=ABC.@"]),
    ("a session cookie among others",      "/page", ["Cookie: a=b; JSESSIONID=ABC.@; c=d"]),
    ("a session cookie in quotes",         "/page", ['Cookie: JSESSIONID="ABC.@"']),
    ("a session id with dots",             "/page", ["Cookie: JSESSIONID=A.B.C.@"]),
    ("a session cookie in a second header", "/page", ["Cookie: a=b", "Cookie: JSESSIONID=ABC.@"]),
    ("the second of two session cookies",  "/page", ["Cookie: JSESSIONID=A.gone; JSESSIONID=B.@"]),
    ("a session id without a route first", "/page", ["Cookie: JSESSIONID=AB; JSESSIONID=B.@"]),
    ("a path parameter",                   "/page;jsessionid=ABC.@", []),
    ("a path parameter before a query",    "/page;jsessionid=ABC.@?x=y;jsessionid=Q.none", []),
    ("a path parameter among others",      "/page;a=b;jsessionid=ABC.@;c=d", []),
    ("a path parameter in the middle",     "/page;jsessionid=ABC.@/more", []),
    ("a cookie for nobody and a parameter", "/page;jsessionid=ABC.@", ["Cookie: JSESSIONID=A.x"]),
    ("a route cookie for nobody",          "/page", ["Cookie: CFROUTE=x; JSESSIONID=ABC.@"]),
]


@pytest.mark.parametrize("name", ["node1", "node2"])
@pytest.mark.parametrize("target, headers", [row[1:] for row in ROUTES],
                         ids=[row[0] for row in ROUTES])
def test_a_session_id_leads_to_its_node(cluster, target, headers, name):
    headers = [header.replace("@", name) for header in headers]
    assert {ask(cluster, *headers, target=target.replace("@", name)) for _ in range(6)} == {name}


NOBODYS = [
    ("no cookie at all",                      "/page", []),
    ("a route cookie that was made up",       "/page", ["Cookie: CFROUTE=node1"]),
    ("a session id without a route",          "/page", ["Cookie: JSESSIONID=node1"]),
    ("a session id of an unknown node",       "/page", ["Cookie: JSESSIONID=A.node3"]),
    ("a route that only begins like a node",  "/page", ["Cookie: JSESSIONID=A.node1x"]),
    ("a route in another case",               "/page", ["Cookie: JSESSIONID=A.NODE1"]),
    ("a cookie whose name only ends so",      "/page", ["Cookie: XJSESSIONID=A.node1"]),
    ("a session id in the query",             "/page?x=;jsessionid=A.node1", []),
    ("a session id as part of the path",      "/page/jsessionid=A.node1", []),
]


@pytest.mark.parametrize("target, headers", [row[1:] for row in NOBODYS],
                         ids=[row[0] for row in NOBODYS])
def test_what_names_no_node_is_a_new_session(cluster, target, headers):
    # Idle nodes are drawn by chance: 2 ** -30 that one gets all of 31.
    assert {ask(cluster, *headers, target=target) for _ in range(31)} == {"node1", "node2"}


def test_the_own_cookie_counts_before_a_session_id(cluster):
    cookie = own_cookie(cluster, "node2")
    assert {ask(cluster, f"Cookie: JSESSIONID=ABC.node1; {cookie}") for _ in range(6)} == {"node2"}


def test_the_first_of_two_own_cookies_counts(cluster):
    one, two = own_cookie(cluster, "node1"), own_cookie(cluster, "node2")
    assert {ask(cluster, f"Cookie: {one}; {two}") for _ in range(6)} == {"node1"}
    assert {ask(cluster, f"Cookie: {two}; {one}") for _ in range(6)} == {"node2"}


def route_cookie(answer):
    """The balancer's Set-Cookie in an answer, parsed; None without one."""
    lines = [line for line in answer.raw.headers.getlist("Set-Cookie") if "CFROUTE" in line]
    assert len(lines) <= 1
    return http.cookies.SimpleCookie(lines[0])["CFROUTE"] if lines else None


def test_the_own_cookie_is_given_once_and_only_for_http(cluster):
    user = cluster.new_user()
    cookie = route_cookie(user.last)
    assert (cookie["path"], cookie["httponly"], cookie["secure"]) == ("/", True, "")
    assert (cookie["samesite"], cookie["expires"], cookie["max-age"]) == ("Lax", "", "")
    assert route_cookie(user.get("/page")) is None


def test_the_own_cookie_tells_nothing_of_the_node(cluster):
    user = cluster.new_user()
    value = user.cookies["CFROUTE"]
    assert user.node not in value and "127.0.0.1" not in value
    assert all(str(node.port) not in value for node in cluster.nodes.values())


def test_a_user_moved_to_another_node_stays_there(new_cluster):
    cluster = new_cluster().start()
    user = cluster.new_user()
    first, cookie = user.node, user.cookies["CFROUTE"]
    cluster.stop_node(first)
    assert user.get("/page").status_code == 200
    assert user.node == cluster.other(first) and user.cookies["CFROUTE"] != cookie
    cluster.activate(first)
    assert spread(user.get("/page") for _ in range(5)) == f"{cluster.other(first)}: 5"


def test_a_user_whose_node_fails_a_request_gets_one_cookie_that_is_the_other_nodes(
        new_cluster, scripted, nodes):
    node1 = scripted("node1")
    cluster = new_cluster(members=[node1, nodes[1]], probe=ONE_PROBE).start()
    cluster.httpd.allow(r"\[proxy(_http)?:(error|warn)\]")
    first, second = own_cookie(cluster, "node1"), own_cookie(cluster, "node2")
    node1.script = "close"
    answer = cluster.user().get("/page", headers={"Cookie": first})
    assert node_of(answer) == "node2"
    assert f"CFROUTE={route_cookie(answer).value}" == second


def test_a_user_with_two_own_cookies_stays_where_he_was_moved(new_cluster):
    cluster = new_cluster().start()
    one, two = own_cookie(cluster, "node1"), own_cookie(cluster, "node2")
    cluster.stop_node("node1")
    answer = cluster.user().get("/page", headers={"Cookie": f"{one}; {two}"})
    assert node_of(answer) == "node2"
    assert f"CFROUTE={route_cookie(answer).value}" == two
    cluster.activate("node1")
    assert {ask(cluster, f"Cookie: {two}; {one}") for _ in range(6)} == {"node2"}


def test_the_own_cookie_has_the_scope_and_lifetime_that_are_configured(new_cluster):
    cluster = new_cluster(inside="CFSticky cookie=WIKI path=/page domain=example.com lifetime=8h "
                                 "secure=always").start()
    lines = cluster.user().get("/page").raw.headers.getlist("Set-Cookie")
    (line,) = [line for line in lines if line.startswith("WIKI=")]
    assert line.split("; ")[1:] == ["Path=/page", "Domain=example.com", "Max-Age=28800",
                                    "HttpOnly", "SameSite=Lax", "Secure"]


def test_over_tls_the_own_cookie_is_secure_and_samesite_is_as_configured(new_cluster):
    cluster = new_cluster(inside="CFSticky cookie=WIKI samesite=strict")
    url = cluster.httpd.listen_tls()
    cluster.start()
    line = User(url).get("/page").raw.headers.getlist("Set-Cookie")
    assert any(c.startswith("WIKI=") and c.endswith("; SameSite=Strict; Secure") for c in line)


def test_with_sessions_alone_there_is_no_own_cookie(new_cluster):
    cluster = new_cluster(inside="CFSticky session=JSESSIONID").start()
    user = cluster.new_user()
    assert list(user.cookies) == ["JSESSIONID"]
    assert spread(user.get("/page") for _ in range(10)) == f"{user.node}: 10"


def test_with_the_own_cookie_alone_sessions_do_not_lead(new_cluster):
    cluster = new_cluster(inside="CFSticky cookie=CFROUTE").start()
    assert {ask(cluster, "Cookie: JSESSIONID=A.node1") for _ in range(31)} == {"node1", "node2"}


def test_a_route_of_its_own_leads_to_its_node(new_cluster):
    cluster = new_cluster(line=lambda n: f"CFNode {n.name} {n.url} route=r-{n.name}").start()
    assert {ask(cluster, "Cookie: JSESSIONID=A.r-node2") for _ in range(6)} == {"node2"}
    assert {ask(cluster, "Cookie: JSESSIONID=A.node2") for _ in range(31)} == {"node1", "node2"}
