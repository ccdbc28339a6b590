# SPDX-License-Identifier: Apache-2.0
"""CFSticky strict=on: who belongs to a node stays, whatever happens to it."""

import pytest

from equipment.client import spread
from equipment.cluster import ONE_PROBE, config
from equipment.proc import wait_for

pytestmark = pytest.mark.any_mpm

STRICT = "CFSticky cookie=CFROUTE session=JSESSIONID strict=on"
TO_NODE1 = {"Cookie": "JSESSIONID=A.node1"}


@pytest.fixture
def cluster(new_cluster):
    return new_cluster(inside=STRICT).start()


@pytest.fixture
def place(new_cluster, scripted, nodes):
    """(cluster, node1): node1 scripted, node2 a Tomcat."""
    node1 = scripted("node1")
    cluster = new_cluster(members=[node1, nodes[1]], probe=ONE_PROBE, inside=STRICT).start()
    cluster.httpd.allow(r"\[proxy(_http)?:(error|warn)\]")
    return cluster, node1


def is_outage(answer):
    return answer.status_code == 503 and answer.headers["Cache-Control"] == "no-store"


def test_a_user_of_a_stopped_node_gets_the_outage_page_until_it_is_back(cluster):
    user = cluster.new_user()
    node, cookies = user.node, user.cookies
    cluster.stop_node(node)
    assert is_outage(user.get("/page")) and is_outage(user.post("/page"))
    assert user.cookies == cookies
    assert spread(cluster.user().get("/page") for _ in range(10)) == f"{cluster.other(node)}: 10"
    cluster.activate(node)
    assert (user.page()["hits"], user.node) == (2, node)


def test_a_draining_node_keeps_its_users(cluster):
    user = cluster.new_user()
    node = user.node
    cluster.drain(node)
    assert spread(user.get("/page") for _ in range(5)) == f"{node}: 5"


def reconfigure(cluster, members, user):
    """Have these nodes only, and no child left that knows others."""
    old = set(cluster.httpd.children())
    cluster.httpd.pieces = [config(members, STRICT)]
    cluster.httpd.graceful()
    user.session.close()        # its connection, which a child would wait for
    wait_for(lambda: not old & set(cluster.httpd.children()), "the old children are gone")
    cluster.wait_serving(*(node.name for node in members))


def test_a_user_of_a_node_that_is_configured_no_more_gets_another(cluster, nodes):
    user = cluster.new_user()
    other = cluster.other(user.node)
    reconfigure(cluster, [node for node in nodes if node.name == other], user)
    assert spread(user.get("/page") for _ in range(3)) == f"{other}: 3"
    reconfigure(cluster, nodes, user)
    assert spread(user.get("/page") for _ in range(3)) == f"{other}: 3"


@pytest.mark.parametrize("script", ["close", "reset"])
def test_what_its_node_does_not_answer_goes_to_no_other(place, nodes, script):
    cluster, node1 = place
    node1.script = script
    answer = cluster.user().get("/page", headers=TO_NODE1)
    assert (answer.status_code, len(node1.received)) == (502, 1)
    assert "Set-Cookie" not in answer.headers
    assert nodes[1].counters()["requests"].get("GET", 0) == 0


def test_the_nodes_own_503_is_the_answer(place):
    cluster, node1 = place
    node1.script = "busy"
    answer = cluster.user().get("/page", headers=TO_NODE1)
    assert (answer.status_code, answer.text, len(node1.received)) == (503, "busy", 1)


def test_a_node_that_refuses_is_an_outage_for_its_users(place):
    cluster, node1 = place
    node1.refuse()
    assert is_outage(cluster.user().get("/page", headers=TO_NODE1))


def test_a_connection_that_its_node_has_closed_meanwhile_is_nobodys_outage(place):
    cluster, node1 = place
    node1.script = "once"
    answers = []

    def happened():
        answers.append(cluster.user().get("/page", headers=TO_NODE1))
        return node1.begun >= len(answers) + 3

    wait_for(happened, "three connections were closed as they were used again")
    assert spread(answers) == f"node1: {len(answers)}"


def test_a_new_user_is_tied_to_the_node_that_answers_not_to_one_that_failed(place):
    cluster, node1 = place
    node1.script = "close"
    for _ in range(8):
        user = cluster.new_user()
        assert (user.node, user.get("/page").status_code, user.node) == ("node2", 200, "node2")
