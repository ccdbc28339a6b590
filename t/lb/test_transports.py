# SPDX-License-Identifier: Apache-2.0
"""The same over http, https and ajp nodes; and WebSockets, which pass over http and https."""

import hashlib

import pytest
import websocket

from equipment.client import download_body, raw_get, spread
from equipment.cluster import ONE_PROBE
from equipment.proc import wait_for
from equipment.transports import SCHEMES, made
from equipment.tunnel import connect, node_of

TO_NODE1 = {"Cookie": "JSESSIONID=A.node1"}


@pytest.fixture(scope="module", params=SCHEMES)
def cluster(request, kept_cluster):
    return made(kept_cluster, request.param)


def test_users_are_spread_and_stay(cluster):
    users = [cluster.new_user() for _ in range(31)]
    assert {user.node for user in users} == {"node1", "node2"}
    for user in users[:4]:
        assert spread(user.get("/page") for _ in range(5)) == f"{user.node}: 5"


def test_a_session_id_leads_to_its_node(cluster):
    for name in "node1", "node2":
        for headers, path in (["Cookie: JSESSIONID=A." + name], "/page"), ([], "/page;jsessionid=A."
                                                                            + name):
            answer = raw_get(cluster.httpd.port, path, *headers)
            assert (answer.status, answer.headers["x-test-node"]) == (200, name)


@pytest.mark.parametrize("target", [
    "/display/KEY/Some+Title%20x", "/a%3bb;c/%61?q=%20%3b&x", "/%C3%A4", "/a//b"])
def test_the_target_arrives_as_it_was_sent(cluster, target):
    answer = raw_get(cluster.httpd.port, target, "Accept: application/json")
    path, _, query = target.partition("?")
    assert answer.status == 200
    assert f'"uri":"{path}"'.encode() in answer.body
    assert not query or f'"query":"{query}"'.encode() in answer.body


def test_the_node_is_told_who_asks_and_how(cluster):
    user = cluster.user()
    user.get("/page?format=json", headers={"Host": "wiki:81", "X-Forwarded-For": "10.9.8.7"})
    told = user.last.json()["headers"]
    assert [told["host"], told["x-forwarded-for"], told["x-forwarded-proto"]] == [
        ["wiki:81"], ["127.0.0.1"], ["http"]]


@pytest.mark.parametrize("size", [0, 1, 8186, 16385, 2_000_000])
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_uploads_arrive_whole(cluster, framing, size):
    body = download_body(size)
    data = body if framing == "length" else iter([body[:1], body[1:]])
    receipt = cluster.user().post("/upload", data=data).json()
    assert (receipt["bytes"], receipt["sha256"]) == (size, hashlib.sha256(body).hexdigest())


@pytest.mark.parametrize("size", [0, 1, 8186, 2_000_000])
def test_downloads_arrive_whole(cluster, size):
    assert cluster.user().get(f"/download?bytes={size}").content == download_body(size)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "PROPFIND"])
def test_methods_reach_the_node(cluster, method):
    answer = cluster.user().request(method, "/page?format=json")
    assert (answer.status_code, answer.json()["method"]) == (200, method)


def test_head_has_no_body(cluster):
    answer = cluster.user().request("HEAD", "/download?bytes=100")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers.get("Content-Length", "100") == "100"     # mod_proxy_ajp drops it


@pytest.mark.parametrize("status", [204, 304, 401, 404, 500, 503])
def test_the_nodes_status_is_passed_on(cluster, status):
    user = cluster.user()
    assert user.get(f"/answer?status={status}").status_code == status
    assert user.node


def test_cookies_and_redirects_are_passed_on(cluster):
    user = cluster.user()
    lines = user.get("/cookie").raw.headers.getlist("Set-Cookie")
    assert sorted(line.partition("=")[0] for line in lines) == [
        "CFROUTE", "lasting", "narrow", "plain"]
    assert user.get("/redirect?to=/x").headers["Location"] == "/x"


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_node_that_refuses_costs_nobody_anything(new_cluster, nodes, scripted, scheme):
    gone = scripted("node1", scheme=scheme)
    cluster = made(new_cluster, scheme, members=[gone, nodes[1]], probe="CFProbe tcp interval=1h")
    cluster.httpd.allow(r"\[proxy\w*:(error|warn)\]")
    gone.refuse()
    body = download_body(100_000)
    for method in "GET", "POST":
        user = cluster.user()
        user.request(method, "/upload", data=body if method == "POST" else None, headers=TO_NODE1)
        assert (user.last.status_code, user.node) == (200, "node2")
    assert user.last.json()["bytes"] == 100_000
    assert cluster.counter("node1", "in_flight") == 0


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_node_that_is_killed_takes_no_request_with_it(new_cluster, nodes, scheme):
    cluster = made(new_cluster, scheme, inside="CFEject failures=0",
                   probe="CFProbe tcp interval=1h")
    cluster.httpd.allow(r"\[proxy\w*:(error|warn)\]")
    users = [cluster.user() for _ in range(4)]
    for user in users:
        user.get("/page", headers=TO_NODE1)     # a connection is kept
    nodes[0].kill()
    for user in users:
        for method in "GET", "PUT", "DELETE", "POST":
            user.request(method, "/unique?id=killed", headers=TO_NODE1)
            assert (user.last.status_code, user.node) == (200, "node2")
    assert set(nodes[1].counters()["ids"].values()) == {len(users)}
    wait_for(lambda: cluster.counter("node1", "in_flight") == 0, "nothing is in flight")


def test_a_node_whose_certificate_is_not_trusted_gets_nothing(new_cluster, nodes):
    cluster = new_cluster(outside="SSLProxyEngine on\nSSLProxyVerify require\n",
                          line=lambda n: f"CFNode {n.name} {n.https_url}", probe=ONE_PROBE).start()
    cluster.httpd.allow(r"\[(ssl|proxy\w*):(error|warn)\]|AH01961")
    assert cluster.user().get("/page").status_code >= 500
    assert [node.counters()["requests"] for node in nodes] == [{}, {}]


# --- WebSockets -----------------------------------------------------------------------------

@pytest.fixture(params=["http", "https"])
def tunnels(request, new_cluster):
    """A cluster that WebSockets pass over."""
    return made(new_cluster, request.param)


def test_a_websocket_carries_messages_both_ways(tunnels):
    tunnel = connect(tunnels.httpd.url)
    for size in 0, 1, 125, 126, 8192:       # the last is all that Tomcat takes at once
        message = "x" * size
        tunnel.send(message)
        assert tunnel.recv() == message
    tunnel.send_binary(bytes(range(256)))
    assert tunnel.recv() == bytes(range(256))
    for n in range(50):
        tunnel.send(str(n))
    assert [tunnel.recv() for _ in range(50)] == [str(n) for n in range(50)]
    tunnel.close()


def test_a_websocket_over_tls_carries_messages(new_cluster):
    cluster = new_cluster()
    url = cluster.httpd.listen_tls()
    cluster.start()
    tunnel = connect(url)
    tunnel.send("hello")
    assert tunnel.recv() == "hello"
    tunnel.close()


def test_a_websocket_goes_to_the_users_node(tunnels):
    for name in ["node1", "node2"] * 3:
        tunnel = connect(tunnels.httpd.url, cookie=f"JSESSIONID=A.{name}")
        assert node_of(tunnel) == name
        tunnel.close()


def test_a_websocket_outlives_a_drain_of_its_node(tunnels):
    tunnel = connect(tunnels.httpd.url, cookie="JSESSIONID=A.node1")
    tunnels.drain("node1")
    tunnel.send("still here")
    assert tunnel.recv() == "still here"
    other = connect(tunnels.httpd.url)
    assert node_of(other) == "node2"
    tunnel.close()
    other.close()


def test_a_websocket_that_is_refused_by_its_node_goes_to_the_other(new_cluster, scripted, nodes):
    gone = scripted("node1")
    cluster = new_cluster(members=[gone, nodes[1]], probe=ONE_PROBE).start()
    cluster.httpd.allow("AH00957|AH01114")
    gone.refuse()
    tunnel = connect(cluster.httpd.url, cookie="JSESSIONID=A.node1")
    tunnel.send("hello")
    assert (tunnel.recv(), node_of(tunnel)) == ("hello", "node2")
    tunnel.close()


def test_an_upgrade_that_the_node_does_not_want_is_answered_by_it(tunnels):
    with pytest.raises(websocket.WebSocketBadStatusException) as caught:
        websocket.create_connection(tunnels.httpd.url.replace("http", "ws") + "/answer?status=403",
                                    timeout=10)
    assert caught.value.status_code == 403


def test_a_closed_cluster_takes_no_websockets(tunnels):
    tunnels.close("back soon")
    with pytest.raises(websocket.WebSocketBadStatusException) as caught:
        connect(tunnels.httpd.url)
    assert caught.value.status_code == 503


def test_httpd_stops_in_good_time_with_a_websocket_open(tunnels):
    tunnel = connect(tunnels.httpd.url)
    tunnel.send("hello")
    assert tunnel.recv() == "hello"
    tunnels.httpd.stop()        # and fails when httpd complains of a child that does not end
