# SPDX-License-Identifier: Apache-2.0
"""A node whose probe is good but which fails every request, at great speed, so that it is always
the least busy one. No session may be lost to it, and it must come back by itself."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from equipment.client import raw, spread
from equipment.cluster import ONE_PROBE
from equipment.proc import wait_for
from equipment.transports import SCHEMES_ONCE, over

# mod_proxy logs what a node does to it.
PROXY = r"\[proxy\w*:(error|warn)\]"

WAYS = ["reset", "close", "busy"]


@pytest.fixture
def place(new_cluster, scripted, nodes):
    """Makes (cluster, node1): node1 scripted, with a good probe for ever, node2 a Tomcat."""
    def make(script, scheme="http", inside="CFEject time=1s max=2s", members=2):
        node1 = scripted("node1", scheme=scheme)
        cluster = new_cluster(members=[node1, nodes[1]][:members],
                              **over(scheme, inside=inside)).start()
        cluster.httpd.allow(PROXY)
        node1.script = script
        return cluster, node1

    return make


def new_sessions(cluster, count):
    return [cluster.user().get("/page") for _ in range(count)]


def have_it_ejected(cluster):
    """Send new users, as many as it takes: each comes to it by chance. None notices."""
    def ejected():
        assert spread(new_sessions(cluster, 1)) == "node2: 1"
        return cluster.node("node1")["effective"] == "last-resort"

    wait_for(ejected, "it is ejected")


@pytest.mark.parametrize("scheme", SCHEMES_ONCE)
@pytest.mark.parametrize("way", WAYS)
def test_no_new_session_fails_on_it_and_it_gets_hardly_a_request(place, way, scheme):
    cluster, node1 = place(way, scheme, inside="CFEject time=1h max=1h")
    assert spread(new_sessions(cluster, 60)) == "node2: 60"
    # Three failures in a row eject it, and what was under way by then may add to them.
    assert 3 <= node1.begun <= 6
    node = cluster.node("node1")
    assert (node["health"]["state"], node["effective"]) == ("up", "last-resort")


@pytest.mark.parametrize("scheme", SCHEMES_ONCE)
def test_one_that_breaks_off_its_answers_is_ejected(place, scheme):
    cluster, node1 = place("half", scheme, inside="CFEject time=1h max=1h")
    message = (b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
               b"Cookie: JSESSIONID=A.node1\r\n\r\n")
    for _ in range(3):
        assert cluster.node("node1")["effective"] == "serving"
        raw(cluster.httpd.port, message)
    assert cluster.node("node1")["effective"] == "last-resort"
    assert len(node1.received) == 3


@pytest.mark.parametrize("scheme", SCHEMES_ONCE)
@pytest.mark.parametrize("way", WAYS)
def test_its_sessions_move_without_an_error(place, way, scheme):
    cluster, node1 = place("answer", scheme)
    users = [cluster.new_user() for _ in range(10)]
    node1.script = way
    assert {user.get("/page").status_code for user in users} == {200}


@pytest.mark.parametrize("scheme", SCHEMES_ONCE)
@pytest.mark.parametrize("way", WAYS)
def test_it_comes_back_by_a_trial_when_it_works_again(place, way, scheme):
    cluster, node1 = place(way, scheme)
    have_it_ejected(cluster)
    node1.script = "answer"

    def back():
        assert {answer.status_code for answer in new_sessions(cluster, 1)} == {200}
        return cluster.node("node1")["effective"] == "serving"

    wait_for(back, "a trial")


def test_it_comes_back_with_a_slow_start_and_its_sessions(place):
    cluster, node1 = place("answer", inside="CFEject time=1s max=1s\nCFSlowStart 1h")
    users = [cluster.new_user() for _ in range(30)]
    of_node1 = [user for user in users if "node1" in (user.node, user.last.text)]
    for number, user in enumerate(of_node1):    # by these names none is taken for another
        user.get("/page", headers={"User-Agent": f"browser {number}"})
    sessions = cluster.node("node1")["sessions"]
    assert sessions == len(of_node1) > 0
    node1.script = "reset"
    have_it_ejected(cluster)
    node1.script = "answer"
    wait_for(lambda: new_sessions(cluster, 1) and cluster.node("node1")["health"]["ejected_until"]
             is None, "a trial")
    node = cluster.node("node1")
    assert (node["effective"], node["sessions"]) == ("warming", sessions)
    assert node["share_pct"] < 20


def test_when_it_drains_its_sessions_move_as_well_and_it_gets_nobody_new(place):
    cluster, node1 = place("answer", inside="CFEject time=1h max=1h")
    users = [cluster.new_user() for _ in range(10)]
    while sum(user.node == "node1" for user in users) < 3:      # as many as eject it
        users.append(cluster.new_user())
    cluster.drain("node1")
    node1.script = "reset"
    assert {user.get("/page").status_code for user in users for _ in range(3)} == {200}
    node = cluster.node("node1")
    assert (node["health"]["state"], node["effective"]) == ("up", "last-resort")
    assert "node1 is last-resort: draining by 127.0.0.1: test, and ejected: " \
        in cluster.status()["text"]
    before = node1.begun
    cluster.stop_node("node2", force="1")
    assert cluster.user().get("/page").status_code == 503
    assert node1.begun == before


def test_a_trial_that_hangs_is_the_only_one(place):
    cluster, node1 = place("reset", inside="CFEject time=1s max=1s")
    have_it_ejected(cluster)
    node1.script = "silent"
    known = len(node1.received)
    with ThreadPoolExecutor(1) as pool:
        def hangs():
            trial = pool.submit(cluster.user().get, "/page")
            wait_for(lambda: trial.done() or len(node1.received) > known, "an answer or a trial")
            return None if trial.done() else trial

        trial = wait_for(hangs, "a trial")
        begun = time.monotonic()
        while time.monotonic() - begun < 3:     # one a second would be due
            assert spread(new_sessions(cluster, 5)) == "node2: 5"
        assert len(node1.received) == known + 1
        node1.health = "down"
        assert spread([trial.result()]) == "node2: 1"


def test_trials_are_one_request_a_second(place):
    cluster, node1 = place("reset", inside="CFEject time=1s max=1s")
    have_it_ejected(cluster)
    before, begun = node1.begun, time.monotonic()
    wait_for(lambda: new_sessions(cluster, 5) and node1.begun > before + 1, "two trials")
    assert spread(new_sessions(cluster, 5)) == "node2: 5"
    assert node1.begun - before <= time.monotonic() - begun + 1


def test_a_request_that_fails_has_the_node_probed_at_once(new_cluster, scripted, nodes):
    node1 = scripted("node1")
    cluster = new_cluster(members=[node1, nodes[1]], probe=ONE_PROBE).start()
    cluster.httpd.allow(PROXY)
    probed = len(node1.probed)
    node1.script = "reset"
    assert spread([cluster.user().get("/page", headers={"Cookie": "JSESSIONID=A.node1"})]) \
        == "node2: 1"
    wait_for(lambda: len(node1.probed) > probed, "a probe, the next of which is due in an hour")


def test_as_the_only_node_it_gets_everything(place):
    cluster, node1 = place("busy", members=1)
    answers = new_sessions(cluster, 10)
    assert {answer.status_code for answer in answers} == {503}
    assert node1.begun == 10
    node1.script = "answer"
    assert {answer.status_code for answer in new_sessions(cluster, 5)} == {200}


def test_failures_zero_never_ejects(place):
    cluster, node1 = place("reset", inside="CFEject failures=0")
    assert spread(new_sessions(cluster, 60)) == "node2: 60"
    assert cluster.node("node1")["effective"] == "serving"
    assert node1.begun >= 10


def test_a_post_gets_the_nodes_503_and_is_not_sent_again(place):
    cluster, node1 = place("busy")
    user = cluster.user()
    answer = user.post("/unique?id=once", headers={"Cookie": "JSESSIONID=ABC.node1"})
    assert (answer.status_code, node1.begun) == (503, 1)
    assert "once" not in cluster.nodes["node2"].counters()["ids"]


def test_on_status_none_passes_a_503_on(place):
    cluster, _ = place("busy", inside="CFRetry on-status=none")
    answer = cluster.user().get("/page", headers={"Cookie": "JSESSIONID=ABC.node1"})
    assert answer.status_code == 503
