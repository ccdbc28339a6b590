# SPDX-License-Identifier: Apache-2.0
"""A node that takes requests and never answers: those that wait on it are freed as soon as the
probes say so, long before any timeout, and go to the other node where they may."""

import concurrent.futures
import hashlib
import time

import pytest

from equipment.client import Load, spread
from equipment.httpd import mpm
from equipment.proc import wait_for
from equipment.transports import SCHEMES, over
from equipment.tunnel import Watched

# mod_proxy logs the connections that are shut down under it.
PROXY = r"\[proxy\w*:(error|warn)\]"

# The answer timeout is five minutes: whoever is answered within this was freed.
FREED_MS = 20_000


@pytest.fixture
def hang(cluster):
    """Freezes the node of a user, with requests of that user waiting on it."""
    cluster.httpd.allow(PROXY)
    user = cluster.new_user()
    return cluster, user, cluster.nodes[user.node]


def in_flight(cluster):
    return sum(node["traffic"]["in_flight"] for node in cluster.status()["nodes"])


def test_a_get_that_waits_on_a_hung_node_is_answered_by_the_other(hang):
    cluster, user, node = hang
    node.freeze()
    begun = time.monotonic()
    answer = user.get("/page")
    assert (time.monotonic() - begun) * 1000 < FREED_MS
    assert spread([answer]) == f"{cluster.other(node.name)}: 1"
    assert cluster.node(node.name)["effective"] in ("out", "last-resort")


def test_a_put_goes_to_the_other_node_with_its_whole_body(hang):
    cluster, user, node = hang
    body = b"0123456789" * 6400
    node.freeze()
    answer = user.request("PUT", "/upload?id=hung", data=body)
    assert spread([answer]) == f"{cluster.other(node.name)}: 1"
    assert answer.json()["sha256"] == hashlib.sha256(body).hexdigest()


def test_a_post_is_told_and_not_sent_twice(hang):
    cluster, user, node = hang
    node.freeze()
    begun = time.monotonic()
    answer = user.post("/unique?id=hung")
    assert (time.monotonic() - begun) * 1000 < FREED_MS
    assert answer.status_code in (502, 504)
    node.thaw()
    cluster.wait_effective(node.name, "serving")
    other = cluster.nodes[cluster.other(node.name)]
    assert "hung" not in other.counters()["ids"]


def test_many_waiting_requests_are_all_freed_and_none_stays_in_flight(hang):
    cluster, user, node = hang
    waiting = 4 if mpm() == "prefork" else 20
    node.freeze()
    with concurrent.futures.ThreadPoolExecutor(waiting) as pool:
        users = [cluster.user() for _ in range(waiting)]
        for u in users:
            u.session.cookies.update(user.session.cookies)
        answers = list(pool.map(lambda u: u.get("/page"), users))
    assert spread(answers) == f"{cluster.other(node.name)}: {waiting}"
    node.thaw()
    cluster.wait_effective(node.name, "serving")
    wait_for(lambda: in_flight(cluster) == 0, "no request in flight")


def test_requests_that_have_no_other_node_wait_until_theirs_wakes(hang):
    cluster, _, node = hang
    cluster.stop_node(cluster.other(node.name))
    node.freeze()
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(cluster.user().get, "/page") for _ in range(4)]
        wait_for(lambda: cluster.node(node.name)["health"]["state"] == "down", "the verdict")
        node.thaw()
        assert spread(answer.result() for answer in answers) == f"{node.name}: 4"


def at_rest(cluster):
    status = cluster.status()
    return status["waiting"] == 0 and all(
        (node["traffic"]["in_flight"], node["traffic"]["tunnels"]) == (0, 0)
        for node in status["nodes"])


def test_nodes_that_hang_again_and_again_under_load_cost_no_request(cluster):
    cluster.httpd.allow(PROXY)
    with Load(cluster.httpd.port, users=8, pause=0.02) as load:
        for name in ["node1", "node2"] * 3:
            tunnel = Watched(cluster.httpd.url, cookie=f"JSESSIONID=A.{name}")
            cluster.nodes[name].freeze()
            wait_for(lambda: tunnel.closed_at, f"the tunnel to {name} is ended")
            cluster.nodes[name].thaw()
            cluster.wait_effective(name, "serving")
            answered = len(load.hits)
            wait_for(lambda: len(load.hits) > answered + 20, "20 more answers")
    assert load.errors() == []
    wait_for(lambda: at_rest(cluster), "nothing is in flight, tunnels or waits")


@pytest.fixture
def place(new_cluster, scripted, nodes):
    """Makes (cluster, node1): node1 scripted, node2 a Tomcat, both reached over this scheme. Their
    probe connects and no more, so node1 is down when it refuses connections, whatever it does with
    those that it has."""
    def make(scheme, script):
        node1 = scripted("node1", scheme=scheme)
        cluster = new_cluster(members=[node1, nodes[1]], **over(
            scheme, probe="CFProbe tcp interval=100ms fall=2 rise=2")).start()
        cluster.httpd.allow(PROXY)
        node1.script = script
        return cluster, node1

    return make


@pytest.mark.parametrize("scheme", SCHEMES)
def test_requests_that_wait_on_a_node_of_any_scheme_are_freed_when_it_is_down(place, scheme):
    cluster, node1 = place(scheme, "silent")
    body = b"0123456789" * 6400
    asks = [("GET", None), ("PUT", body), ("POST", body)]
    with concurrent.futures.ThreadPoolExecutor(len(asks)) as pool:
        waiting = [pool.submit(cluster.user().request, method, "/upload?id=hung", data=data,
                               headers={"Cookie": "JSESSIONID=A.node1"}) for method, data in asks]
        wait_for(lambda: len(node1.received) == len(asks), "all wait on node1")
        begun = time.monotonic()
        node1.refuse_more()
        get, put, post = [answer.result() for answer in waiting]
    assert (time.monotonic() - begun) * 1000 < FREED_MS
    assert spread([get, put]) == "node2: 2"
    assert put.json()["sha256"] == hashlib.sha256(body).hexdigest()
    assert post.status_code in (502, 504)
    assert sorted(request.method for request in node1.received) == ["GET", "POST", "PUT"]
    assert "POST hung" not in cluster.nodes["node2"].counters()["ids"]
    wait_for(lambda: in_flight(cluster) == 0, "no request in flight")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_an_answer_that_has_begun_may_end_after_its_node_is_down(place, scheme):
    cluster, node1 = place(scheme, "slow")
    answer = cluster.user().get("/page", headers={"Cookie": "JSESSIONID=A.node1"}, stream=True)
    node1.refuse_more()
    cluster.wait_effective("node1", "out")
    node1.go_on.set()
    assert answer.content == b"the beginning and the end"
