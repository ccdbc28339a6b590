# SPDX-License-Identifier: Apache-2.0
"""What docs/logging.md promises for LogFormat, and for the header X-CFCluster."""

import pytest

from equipment.cluster import ONE_PROBE
from equipment.proc import wait_for

FORMAT = ('LogFormat "%U %{CFC_CLUSTER}e %{CFC_NODE}e %{CFC_WHY}e %{CFC_ATTEMPTS}e %{CFC_NODE_MS}e '
          '%{BALANCER_NAME}e %{BALANCER_WORKER_NAME}e %{BALANCER_WORKER_ROUTE}e '
          '%{BALANCER_SESSION_ROUTE}e %{BALANCER_ROUTE_CHANGED}e" told\n'
          'CustomLog logs/told.log told')


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
    assert words[5:] == ["confluence", cluster.nodes["node2"].url, "node2", "node2", "-"]


def test_a_new_session(place):
    cluster, _ = place
    cluster.user().get("/new")
    words = logged(cluster, "/new")
    assert words[2:4] == ["new", "1"]
    assert words[8:] == ["-", "1"]


def test_a_request_that_another_node_answered(place):
    cluster, node1 = place
    node1.script = "close"
    cluster.user().get("/moved", headers={"Cookie": "JSESSIONID=A.node1"})
    words = logged(cluster, "/moved")
    assert words[:4] == ["confluence", "node2", "moved", "2"]
    assert words[5:] == ["confluence", cluster.nodes["node2"].url, "node2", "node1", "1"]


def test_a_request_that_no_node_got_says_nothing(place):
    cluster, _ = place
    cluster.close(message="closed")
    assert cluster.user().get("/closed").status_code == 503
    assert logged(cluster, "/closed") == ["-"] * 10


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
    assert told("node1")["X-CFCluster"] in ("node2; moved; attempt 2", "node2; moved; attempt 3")
    cluster.close()
    assert "X-CFCluster" not in told("node2")
