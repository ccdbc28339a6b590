# SPDX-License-Identifier: Apache-2.0
"""What docs/logging.md promises for LogFormat, and for the header X-CFCluster."""

import pytest

from equipment.cluster import ONE_PROBE
from equipment.proc import wait_for

pytestmark = pytest.mark.any_mpm

FORMAT = ('LogFormat "%U %{CFC_CLUSTER}e %{CFC_NODE}e %{CFC_WHY}e %{CFC_ATTEMPTS}e %{CFC_NODE_MS}e '
          '%{BALANCER_NAME}e %{BALANCER_WORKER_NAME}e %{BALANCER_WORKER_ROUTE}e '
          '%{BALANCER_SESSION_ROUTE}e %{BALANCER_SESSION_STICKY}e '
          '%{BALANCER_ROUTE_CHANGED}e" told\n'
          'CustomLog logs/told.log told\n'
          'Header set X-Changed 1 env=BALANCER_ROUTE_CHANGED\n'
          'Header set X-Told "%{CFC_NODE}e %{CFC_WHY}e %{CFC_ATTEMPTS}e"')


@pytest.fixture
def place(new_cluster, scripted, nodes):
    node1 = scripted("node1")
    cluster = new_cluster(members=[node1, nodes[1]], probe=ONE_PROBE, outside=FORMAT).start()
    cluster.httpd.allow(r"\[proxy(_http)?:(error|warn)\]")
    return cluster, node1


def logged(cluster, path):
    """What was logged of the request for a path: the words of FORMAT after it."""
    log = cluster.httpd.root / "logs" / "told.log"
    wait_for(lambda: f"{path} " in log.read_text(), f"a line of {path}")
    return next(line.split()[1:] for line in log.read_text().splitlines()
                if line.split()[0] == path)


def test_a_sticky_request(place):
    cluster, _ = place
    cluster.user().get("/sticky", headers={"Cookie": "JSESSIONID=A.node2"})
    words = logged(cluster, "/sticky")
    assert words[:4] == ["confluence", "node2", "sticky", "1"] and words[4].isdigit()
    assert words[5:] == ["confluence", cluster.nodes["node2"].url, "node2", "node2", "JSESSIONID",
                         "-"]


def test_a_request_that_our_own_cookie_leads(place):
    cluster, _ = place
    user = cluster.new_user()
    user.get("/cookie")
    assert logged(cluster, "/cookie")[8:] == [user.node, "CFROUTE", "-"]


def test_a_new_session(place):
    cluster, _ = place
    cluster.user().get("/new")
    words = logged(cluster, "/new")
    assert words[2:4] == ["new", "1"]
    assert words[8:] == ["-", "-", "1"]


def test_a_request_that_another_node_answered(place):
    cluster, node1 = place
    node1.script = "close"
    cluster.user().get("/moved", headers={"Cookie": "JSESSIONID=A.node1"})
    words = logged(cluster, "/moved")
    assert words[:4] == ["confluence", "node2", "moved:failed", "2"]
    assert words[5:] == ["confluence", cluster.nodes["node2"].url, "node2", "node1", "JSESSIONID",
                         "1"]


def test_a_request_whose_node_was_stopped(place):
    cluster, _ = place
    cluster.stop_node("node1")
    cluster.user().get("/stopped", headers={"Cookie": "JSESSIONID=A.node1"})
    assert logged(cluster, "/stopped")[:4] == ["confluence", "node2", "moved:stopped", "1"]


def test_other_modules_can_say_it_in_the_answer(place):
    cluster, node1 = place

    def said(node):
        headers = cluster.user().get("/page", headers={"Cookie": f"JSESSIONID=A.{node}"}).headers
        return headers["X-Told"], headers.get("X-Changed")

    assert said("node1") == ("node1 sticky 1", None)
    node1.script = "busy"
    assert said("node1") == ("node2 moved:failed 2", "1")
    assert said("node2") == ("node2 sticky 1", None)


def test_a_request_that_no_node_got_says_nothing(place):
    cluster, _ = place
    cluster.close(message="closed")
    assert cluster.user().get("/closed").status_code == 503
    assert logged(cluster, "/closed") == ["-"] * 11


@pytest.mark.once
def test_answers_tell_nothing_unless_told_to(place):
    cluster, _ = place
    assert "X-CFCluster" not in cluster.user().get("/silent").headers


@pytest.mark.once
def test_answers_tell_their_node_and_why_on_demand(new_cluster, scripted, nodes):
    node1 = scripted("node1")
    cluster = new_cluster(members=[node1, nodes[1]], probe=ONE_PROBE, inside="CFTell on").start()
    cluster.httpd.allow(r"\[proxy(_http)?:(error|warn)\]")

    def told(node, path="/page"):
        return cluster.user().get(path, headers={"Cookie": f"JSESSIONID=A.{node}"}).headers

    assert told("nowhere")["X-CFCluster"] in ("node1; new", "node2; new")
    assert told("node1")["X-CFCluster"] == "node1; sticky"
    assert told("node2", "/answer?status=404")["X-CFCluster"] == "node2; sticky"
    node1.script = "close"
    # Three, if the connection to it was one of before: then node1 was asked once more.
    assert told("node1")["X-CFCluster"] in ("node2; moved:failed; attempt 2",
                                            "node2; moved:failed; attempt 3")
    cluster.close()
    assert "X-CFCluster" not in told("node2")
