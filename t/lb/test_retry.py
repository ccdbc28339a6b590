# SPDX-License-Identifier: Apache-2.0
"""What happens to a request whose node fails it: it goes to the other node whole, or the client is
told; it is never sent twice where that could do harm, and its body never arrives shortened.

node1 is scripted, node2 a Tomcat. Every request here carries a session of node1."""

import hashlib
import json
import subprocess
import time

import pytest

from equipment.client import download_body, raw
from equipment.httpd import mpm
from equipment.proc import wait_for
from equipment.transports import SCHEMES_ONCE, over, probe

TO_NODE1 = {"Cookie": "JSESSIONID=ABC.node1"}

# mod_proxy logs what a node does to it.
PROXY = r"\[proxy\w*:(error|warn)\]"


@pytest.fixture
def place(new_cluster, scripted, nodes):
    """Makes (cluster, node1), with node1 doing as told."""
    def make(script, scheme="http", **more):
        node1 = scripted("node1", scheme=scheme)
        more["inside"] = "CFEject failures=0\n" + more.get("inside", "")
        more = over(scheme, probe=probe(scheme, "interval=1h timeout=10s"), **more)
        cluster = new_cluster(members=[node1, nodes[1]], **more).start()
        cluster.httpd.allow(PROXY)
        node1.script = script
        if script == "refuse":
            node1.refuse()
        return cluster, node1

    return make


def upload(cluster, body, method="POST", **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return cluster.user().request(method, "/upload?id=u", data=body,
                                  headers={**TO_NODE1, **headers})


def receipt(body, method="POST"):
    """What node2 says of a body that arrived whole."""
    return {"node": "node2", "method": method, "bytes": len(body),
            "sha256": hashlib.sha256(body).hexdigest()}


def is_whole(answer, body, method="POST"):
    return answer.status_code == 200 and receipt(body, method).items() <= answer.json().items()


SIZES = [0, 1, 8192, 16384, 16385, 100_000, 262_144, 262_145, 3_000_000]


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_body_arrives_whole_when_the_first_node_refuses(place, framing):
    cluster, _ = place("refuse")
    for size in SIZES:
        body = download_body(size)
        data = body if framing == "length" else iter([body[:1], body[1:]])
        assert is_whole(upload(cluster, data), body), size


def test_a_body_that_is_waited_for_arrives_whole_when_the_first_node_refuses(place):
    cluster, _ = place("refuse")
    for size in 10, 100_000, 3_000_000:
        done = curl(cluster, size, "-H", "Expect: 100-continue")
        assert receipt(download_body(size)).items() <= done.items()


@pytest.mark.parametrize("script", ["close", "reset", "silent"])
def test_a_node_that_has_only_said_continue_has_not_answered(place, script):
    cluster, node1 = place(script, inside="CFTimeout answer=2s")
    for size in 10, 200_000:
        done = curl(cluster, size, "-X", "PUT", "-H", "Expect: 100-continue")
        assert receipt(download_body(size), "PUT").items() <= done.items()
    assert [len(request.body) for request in node1.received] == [10, 200_000]


@pytest.mark.skipif(mpm() == "prefork", reason="httpd does not do HTTP/2 in prefork")
def test_a_body_over_http2_arrives_whole_when_the_first_node_refuses(place):
    cluster, _ = place("refuse", outside="Protocols h2c http/1.1")
    for size in 10, 100_000, 3_000_000:
        done = curl(cluster, size, "--http2-prior-knowledge")
        assert receipt(download_body(size)).items() <= done.items()


def curl(cluster, size, *options):
    """Upload by curl; returns the receipt."""
    file = cluster.httpd.root / "body"
    file.write_bytes(download_body(size))
    done = subprocess.run(
        ["curl", "-s", "--max-time", "20", "--data-binary", f"@{file}", *options,
         "-H", "Cookie: JSESSIONID=ABC.node1", cluster.httpd.url + "/upload"],
        stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("scheme", SCHEMES_ONCE)
@pytest.mark.parametrize("script", ["close", "reset"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PROPFIND"])
def test_a_safe_request_that_was_not_answered_is_answered_by_the_other(place, method, script,
                                                                       scheme):
    cluster, node1 = place(script, scheme)
    user = cluster.user()
    user.request(method, "/page", headers=TO_NODE1)
    assert (user.last.status_code, user.node, len(node1.received)) == (200, "node2", 1)
    assert cluster.counter("node1", "retried_elsewhere") == 1


@pytest.mark.parametrize("script", ["close", "reset"])
@pytest.mark.parametrize("framing", ["length", "chunked"])
@pytest.mark.parametrize("size, scheme", [
    (0, "http"), (1, "http"), (16385, "http"), (262_144, "http"), (262_144, "https"), (0, "ajp"),
    (262_144, "ajp")])
def test_a_put_is_repeated_with_its_whole_body(place, size, scheme, framing, script):
    cluster, node1 = place(script, scheme)
    body = download_body(size)
    data = body if framing == "length" else iter([body])
    assert is_whole(upload(cluster, data, "PUT"), body, "PUT")
    assert [received.body for received in node1.received] == [body]


@pytest.mark.parametrize("scheme", SCHEMES_ONCE)
@pytest.mark.parametrize("script", ["close", "reset"])
def test_a_put_whose_body_is_too_long_to_keep_is_not_repeated(place, script, scheme, nodes):
    cluster, node1 = place(script, scheme, inside="CFRetry body=16K")
    assert upload(cluster, download_body(16384), "PUT").status_code == 200
    assert upload(cluster, download_body(16385), "PUT").status_code == 502
    assert len(node1.received) == 2
    assert nodes[1].counters()["ids"] == {"PUT u": 1}


@pytest.mark.parametrize("script", ["close", "reset", "half"])
@pytest.mark.parametrize("method, scheme", [     # AJP has no others
    ("POST", "http"), ("PATCH", "http"), ("BREW", "http"), ("POST", "https"), ("POST", "ajp")])
def test_what_must_not_happen_twice_is_sent_once(place, method, scheme, script, nodes):
    cluster, node1 = place(script, scheme)
    answer = raw(cluster.httpd.port, (
        f"{method} /unique?id=once HTTP/1.1\r\nHost: x\r\nCookie: JSESSIONID=A.node1\r\n"
        "Connection: close\r\nContent-Length: 3\r\n\r\na=b").encode())
    assert answer.status == 502 if script != "half" else len(answer.body) < 1000
    assert [(r.method, r.body) for r in node1.received] == [(method, b"a=b")]
    assert nodes[1].counters()["ids"] == {}


@pytest.mark.parametrize("scheme", SCHEMES_ONCE)
def test_an_answer_that_has_begun_is_not_begun_again(place, scheme, nodes):
    cluster, node1 = place("half", scheme)
    answer = raw(cluster.httpd.port, b"GET /page HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                                     b"Cookie: JSESSIONID=A.node1\r\n\r\n")
    # mod_proxy_ajp drops the length: a chunk, and no end.
    beginnings = [(200, b"the beginning"), (200, b"d\r\nthe beginning\r\n")]
    assert answer.status == 502 or (answer.status, answer.body) in beginnings
    assert b"<title>node2" not in answer.body
    assert len(node1.received) == 1
    assert nodes[1].counters()["requests"].get("GET", 0) == 0


@pytest.mark.parametrize("scheme", SCHEMES_ONCE)
def test_the_nodes_own_503_to_a_post_is_its_answer(place, scheme, nodes):
    cluster, node1 = place("busy", scheme)
    answer = cluster.user().post("/unique?id=once", data="a=b", headers=TO_NODE1)
    assert (answer.status_code, answer.text, len(node1.received)) == (503, "busy", 1)
    assert nodes[1].counters()["ids"] == {}


@pytest.mark.parametrize("scheme", SCHEMES_ONCE)
def test_a_silent_node_costs_its_timeout_and_then_the_other_answers(place, scheme):
    cluster, node1 = place("silent", scheme, inside="CFTimeout answer=3s")     # also node2's
    user = cluster.user()
    user.get("/page", headers=TO_NODE1)
    assert (user.last.status_code, user.node, len(node1.received)) == (200, "node2", 1)


@pytest.mark.parametrize("scheme", SCHEMES_ONCE)
def test_a_post_that_a_silent_node_has_is_not_repeated(place, scheme, nodes):
    cluster, node1 = place("silent", scheme, inside="CFTimeout answer=1s")
    answer = cluster.user().post("/unique?id=once", data="a=b", headers=TO_NODE1)
    assert (answer.status_code, len(node1.received)) == (504, 1)
    assert nodes[1].counters()["ids"] == {}


def test_no_attempt_is_made_when_the_time_for_them_is_over(place):
    cluster, node1 = place("silent", inside="CFTimeout answer=1s\nCFRetry budget=500ms")
    answer = cluster.user().get("/page", headers=TO_NODE1)
    assert (answer.status_code, len(node1.received)) == (504, 1)
    assert "the time for attempts is over" in cluster.httpd.error_log()


def test_the_time_for_attempts_begins_when_the_first_one_has_failed(place):
    cluster, _ = place("close", inside="CFRetry budget=500ms")

    def slowly():
        yield b"a"
        time.sleep(1)
        yield b"b"

    assert is_whole(upload(cluster, slowly(), "PUT"), b"ab", "PUT")


@pytest.mark.parametrize("scheme", SCHEMES_ONCE)
def test_with_one_attempt_nothing_is_repeated(place, scheme):
    cluster, node1 = place("close", scheme, inside="CFRetry attempts=1")
    answer = cluster.user().get("/page", headers=TO_NODE1)
    assert (answer.status_code, len(node1.received)) == (502, 1)
    assert "all attempts are used up" in cluster.httpd.error_log()


@pytest.mark.parametrize("scheme", SCHEMES_ONCE)
def test_a_kept_connection_that_the_node_gives_up_is_no_reason_to_leave_it(place, scheme):
    cluster, node1 = place("once", scheme)
    user = cluster.user()
    for _ in range(4):
        user.get("/page", headers=TO_NODE1)
        assert (user.last.status_code, user.node) == (200, "node1")
    assert len(node1.received) == 7     # each but the first twice: over the old one, over a new one


@pytest.mark.parametrize("scheme", SCHEMES_ONCE)
def test_silence_on_a_kept_connection_is_a_reason_to_leave_it(place, scheme):
    cluster, node1 = place("answer", scheme, inside="CFTimeout answer=1s\nCFEject failures=1")
    user = cluster.user()
    user.get("/page", headers=TO_NODE1)
    assert user.node == "node1"
    node1.script = "silent"
    user.get("/page", headers=TO_NODE1)
    assert (user.last.status_code, user.node, len(node1.received)) == (200, "node2", 2)
    assert cluster.node("node1")["effective"] == "last-resort"


# What cannot be sent again when the node closes the connection that it is sent over.
SENT_ONCE = [
    # method, bytes, in chunks
    ("POST", 0, False),
    ("POST", 3, False),
    ("PUT", 16385, False),
    ("PUT", 16385, True),
]


@pytest.mark.parametrize("method, size, in_chunks, scheme", [
    *[(*what, scheme) for what in SENT_ONCE for scheme in ("http", "https", "ajp")],
    ("PATCH", 3, False, "http")])       # AJP has none
def test_what_cannot_be_sent_again_goes_over_no_connection_that_the_node_closes(
        place, method, size, in_chunks, scheme):
    cluster, node1 = place("stale", scheme, inside="CFRetry body=16K")
    body = b"b" * size
    for number in range(4):
        answer = upload(cluster, iter([body]) if in_chunks else body, method)
        assert (answer.status_code, answer.text) == (200, "node1"), number
    assert [request.body for request in node1.received] == [body] * 4


def test_a_failed_post_leaves_the_clients_connection_usable(place):
    cluster, node1 = place("close")
    message = (b"POST /a HTTP/1.1\r\nHost: x\r\nCookie: JSESSIONID=A.node1\r\n"
               b"Content-Length: 3\r\n\r\na=b")
    answer = raw(cluster.httpd.port, message + b"GET /page?format=json HTTP/1.1\r\nHost: x\r\n"
                 b"Cookie: JSESSIONID=A.node2\r\nConnection: close\r\n\r\n")
    assert answer.status == 502
    assert b'"node":"node2"' in answer.body and len(node1.received) == 1


def test_retries_leave_nothing_in_flight(place):
    cluster, _ = place("close")
    for _ in range(2):
        cluster.user().get("/page", headers=TO_NODE1)
    wait_for(lambda: [cluster.counter(n, "in_flight") for n in cluster.nodes] == [0, 0],
             "nothing is in flight")
    assert [cluster.counter(n, "requests") for n in cluster.nodes] == [2, 2]


def test_a_user_who_was_moved_is_told_once(place):
    cluster, _ = place("close")
    answer = cluster.user().get("/page", headers=TO_NODE1)
    cookies = answer.raw.headers.getlist("Set-Cookie")
    assert len([cookie for cookie in cookies if cookie.startswith("CFROUTE=")]) == 1
