# SPDX-License-Identifier: Apache-2.0
"""What the node is told about the client, and what of the node's answer is put right for it."""

import pytest

from equipment.client import User, raw_get


@pytest.fixture(scope="module")
def place(kept_cluster):
    """(the cluster, its address with TLS)"""
    cluster = kept_cluster()
    url = cluster.httpd.listen_tls("ServerAlias *")
    return cluster.start(), url


def page(url, **headers):
    """What the node saw of a request with these headers; _ stands for - in their names."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return User(url).get("/page?format=json", headers=headers).json()


def seen(answer, *names):
    return [answer["headers"].get(name) for name in names]


def test_the_host_that_the_client_asked_for_is_kept(place):
    answer = page(place[0].httpd.url, Host="wiki.example.com:8443")
    assert (answer["serverName"], answer["serverPort"]) == ("wiki.example.com", 8443)
    assert seen(answer, "host") == [["wiki.example.com:8443"]]


FORWARDED = ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port"]


def test_the_node_is_told_who_asks_and_how(place):
    cluster, https = place
    assert seen(page(cluster.httpd.url, Host="wiki"), *FORWARDED) == [
        ["127.0.0.1"], ["http"], ["wiki"], ["80"]]
    assert seen(page(https, Host="wiki:8443"), *FORWARDED) == [
        ["127.0.0.1"], ["https"], ["wiki:8443"], ["8443"]]


SPOOFED = ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port",
           "X-Forwarded-Server", "X-Forwarded-By", "X-Forwarded-Ssl", "X-Real-IP", "Forwarded",
           "x-forwarded-for", "X-FORWARDED-PROTO"]


@pytest.mark.parametrize("name", SPOOFED)
def test_a_client_cannot_pretend_to_be_another(place, name):
    answer = raw_get(place[0].httpd.port, "/page?format=json", f"{name}: 10.9.8.7",
                     f"{name}: evil, 10.9.8.7")
    assert answer.status == 200
    assert b"10.9.8.7" not in answer.body and b"evil" not in answer.body


@pytest.mark.parametrize("connection", [
    "X-Forwarded-For", "close, X-Forwarded-For", "x-forwarded-for,x-forwarded-proto",
    "X-Forwarded-Host , X-Forwarded-Port"])
def test_a_client_cannot_take_headers_away(place, connection):
    answer = page(place[0].httpd.url, Host="wiki", Connection=connection)
    assert seen(answer, *FORWARDED) == [["127.0.0.1"], ["http"], ["wiki"], ["80"]]


def test_headers_for_one_hop_do_not_reach_the_node(place):
    answer = page(place[0].httpd.url, Connection="close, X-Mine", X_Mine="1", TE="trailers",
                  X_Kept="2")
    assert seen(answer, "x-mine", "te", "x-kept") == [None, None, ["2"]]


def test_the_client_behind_another_proxy_is_who_mod_remoteip_says(new_cluster):
    cluster = new_cluster(outside="RemoteIPHeader X-Client\nRemoteIPInternalProxy 127.0.0.1")
    cluster.start()
    answer = page(cluster.httpd.url, X_Client="10.1.2.3", X_Forwarded_For="10.9.8.7")
    assert seen(answer, "x-forwarded-for") == [["10.1.2.3"]]


def test_headers_and_cookies_of_the_client_reach_the_node(place):
    answer = page(place[0].httpd.url, Cookie="a=b; c=d", X_Atlassian_Token="no-check",
                  Authorization="Basic bWU6eA==", Accept_Language="de")
    assert seen(answer, "cookie", "x-atlassian-token", "authorization", "accept-language") == [
        ["a=b; c=d"], ["no-check"], ["Basic bWU6eA=="], ["de"]]


def test_cookies_of_the_node_reach_the_client_unchanged(place):
    answer = User(place[0].httpd.url).get("/cookie")
    lines = answer.raw.headers.getlist("Set-Cookie")
    assert [line for line in lines if not line.startswith("CFROUTE=")] == [
        "plain=1", "narrow=2; Path=/cookie; HttpOnly; SameSite=Lax",
        next(line for line in lines if line.startswith("lasting=3; Max-Age=3600; Expires="))]


def location(url, to, more=""):
    """Where a client at url is sent when the node says: to."""
    answer = User(url).get(f"/redirect?to={to}{more}", headers={"Host": "wiki.example.com"})
    assert answer.status_code == 302
    return answer.headers["Location"]


def test_redirects_to_elsewhere_are_left_alone(place):
    cluster, https = place
    for to in "/x?y=z", "http://other.example.com/x", "https://127.0.0.1:1/x", "//other/x":
        assert [location(url, to) for url in (cluster.httpd.url, https)] == [to, to]


@pytest.mark.parametrize("name", ["node1", "node2"])
def test_a_redirect_to_the_nodes_own_address_leads_to_the_balancer(place, name):
    cluster, https = place
    own = cluster.nodes[name].url
    headers = {"Host": "wiki", "Cookie": f"JSESSIONID=A.{name}"}
    for url, scheme in (cluster.httpd.url, "http"), (https, "https"):
        answer = User(url).get(f"/redirect?to={own}/x%3Fy", headers=headers)
        assert answer.headers["Location"] == f"{scheme}://wiki/x?y"


def test_a_redirect_to_http_becomes_https_where_the_client_speaks_tls(place):
    cluster, https = place
    assert location(https, "/x", "&absolute=1") == "https://wiki.example.com/x"
    assert location(cluster.httpd.url, "/x", "&absolute=1") == "http://wiki.example.com/x"


def test_answers_of_the_node_are_not_replaced_by_error_documents(new_cluster):
    cluster = new_cluster(outside="\n".join(f'ErrorDocument {status} "of httpd"'
                                            for status in (400, 401, 403, 404, 500, 502, 503)))
    cluster.start()
    user = cluster.user()
    for status in 400, 401, 403, 404, 500, 502, 503:
        user.get(f"/answer?status={status}")
        assert (user.last.status_code, "of httpd" in user.last.text) == (status, False)
        assert user.node is not None


def test_an_error_of_httpd_has_its_error_document(new_cluster):
    cluster = new_cluster(outside='ErrorDocument 403 "of httpd"\n<Location "/x">\n'
                                  "Require all denied\n</Location>")
    cluster.start()
    cluster.httpd.allow("AH01630")
    answer = cluster.user().get("/x")
    assert (answer.status_code, answer.text) == (403, "of httpd")


METHODS = ["GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND", "REPORT", "BREW"]


@pytest.mark.parametrize("method", METHODS)
def test_each_method_reaches_the_node(place, method):
    answer = User(place[0].httpd.url).request(method, "/page?format=json")
    assert (answer.status_code, answer.json()["method"]) == (200, method)


def test_head_has_the_headers_of_get_and_no_body(place):
    user = User(place[0].httpd.url)
    head = user.request("HEAD", "/download?bytes=1000")
    assert (head.status_code, head.headers["Content-Length"], head.content) == (200, "1000", b"")
    assert head.headers["X-Test-Node"]


def test_trace_is_answered_by_nobody(place):
    cluster, _ = place
    before = [node.counters()["requests"].get("TRACE", 0) for node in cluster.nodes.values()]
    User(cluster.httpd.url).request("TRACE", "/page", headers={"X-Secret": "s"})
    after = [node.counters()["requests"].get("TRACE", 0) for node in cluster.nodes.values()]
    assert before == after
