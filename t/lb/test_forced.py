# SPDX-License-Identifier: Apache-2.0
"""CFC_FORCE_NODE: rules of httpd send a request to a node."""

import pytest

from equipment.client import spread
from equipment.cluster import ONE_PROBE
from equipment.proc import wait_for

pytestmark = pytest.mark.any_mpm

RULES = """\
SetEnvIf X-Node "^(.+)$" CFC_FORCE_NODE=$1
RewriteEngine on
RewriteRule ^/reports - [E=CFC_FORCE_NODE:node2]
LogFormat "%U %{CFC_NODE}e %{CFC_WHY}e %{CFC_ATTEMPTS}e %{BALANCER_ROUTE_CHANGED}e" why
CustomLog logs/why.log why
"""

STRICT = "CFSticky cookie=CFROUTE session=JSESSIONID strict=on"
TO_NODE1, TO_NODE2 = {"X-Node": "node1"}, {"X-Node": "node2"}


@pytest.fixture(scope="module")
def cluster(kept_cluster):
    return kept_cluster(outside=RULES).start()


@pytest.fixture
def place(new_cluster, scripted, nodes):
    """Makes (cluster, node1): node1 scripted, node2 a Tomcat."""
    def make(inside=""):
        node1 = scripted("node1")
        cluster = new_cluster(members=[node1, nodes[1]], probe=ONE_PROBE, inside=inside,
                              outside=RULES).start()
        cluster.httpd.allow(r"\[proxy(_http)?:(error|warn)\]")
        return cluster, node1

    return make


def log_line(cluster, path):
    """The line of the only request for this path."""
    log = cluster.httpd.root / "logs/why.log"

    def written():
        return [line for line in log.read_text().splitlines() if line.startswith(path + " ")]

    (line,) = wait_for(written, f"a line for {path}")
    return line


@pytest.mark.parametrize("headers", [TO_NODE1, TO_NODE2], ids=["node1", "node2"])
def test_requests_go_where_a_rule_says(cluster, headers):
    answers = [cluster.user().get("/page", headers=headers) for _ in range(10)]
    assert spread(answers) == f"{headers['X-Node']}: 10"


def test_a_rewrite_rule_can_force_by_path(cluster):
    assert spread(cluster.user().get("/reports/1") for _ in range(10)) == "node2: 10"


def test_the_rule_counts_before_the_users_own_node_and_leaves_him_tied_to_it(cluster):
    user = cluster.new_user()
    node, cookie = user.node, user.cookies["CFROUTE"]
    other = cluster.other(node)
    forced = user.get("/page/away", headers={"X-Node": other})
    assert user.node == other and "CFROUTE" not in forced.headers.get("Set-Cookie", "")
    assert user.cookies["CFROUTE"] == cookie
    assert log_line(cluster, "/page/away") == f"/page/away {other} forced 1 -"
    assert spread(user.get("/page") for _ in range(5)) == f"{node}: 5"


def test_a_user_who_is_forced_from_the_first_request_on_gets_no_route_cookie(cluster):
    before = cluster.counter("node2", "new_sessions")
    user = cluster.user()
    user.get("/page", headers=TO_NODE2)
    assert "CFROUTE" not in user.cookies
    assert cluster.counter("node2", "new_sessions") == before


def test_a_node_that_does_not_exist_is_told_and_forces_nothing(cluster):
    user = cluster.new_user()
    node = user.node
    user.get("/page/nowhere", headers={"X-Node": 'no"de\t9'})
    assert user.node == node
    assert log_line(cluster, "/page/nowhere") == f"/page/nowhere {node} sticky 1 -"
    lines = [line for line in cluster.httpd.error_log().splitlines() if "CFC0124" in line]
    assert len(lines) == 1 and ":info]" in lines[0]
    assert r'CFC_FORCE_NODE=no"de\t9 is none of its nodes' in lines[0]


def test_a_draining_node_can_be_forced_and_a_stopped_one_cannot(new_cluster):
    cluster = new_cluster(outside=RULES).start()
    cluster.drain("node2")
    assert spread(cluster.user().get("/page", headers=TO_NODE2) for _ in range(6)) == "node2: 6"
    cluster.stop_node("node2")
    assert spread(cluster.user().get("/page", headers=TO_NODE2) for _ in range(6)) == "node1: 6"


def test_a_forced_node_that_fails_is_replaced_and_the_user_goes_home(place):
    cluster, node1 = place()
    node1.script = "close"
    answer = cluster.user().get("/page/failed", headers={**TO_NODE1,
                                                         "Cookie": "JSESSIONID=A.node2"})
    assert (spread([answer]), len(node1.received)) == ("node2: 1", 1)
    assert log_line(cluster, "/page/failed") == "/page/failed node2 sticky 2 -"


def test_in_a_strict_cluster_a_forced_request_goes_nowhere_else(place, nodes):
    cluster, node1 = place(STRICT)
    node1.script = "close"
    answer = cluster.user().get("/page", headers=TO_NODE1)
    assert (answer.status_code, len(node1.received)) == (502, 1)
    cluster.stop_node("node1")
    assert cluster.user().get("/page", headers=TO_NODE1).status_code == 503
    assert nodes[1].counters()["requests"].get("GET", 0) == 0
