# SPDX-License-Identifier: Apache-2.0
"""How new sessions are spread over the nodes, and what a node that cannot be reached costs."""

import concurrent.futures
import contextlib

import pytest

from equipment.client import Load, User, spread
from equipment.cluster import ONE_PROBE
from equipment.proc import wait_for

# What mod_proxy says of a node that it cannot connect to.
REFUSED = "AH00957|AH01114"


def weighted(**weights):
    return lambda node: f"CFNode {node.name} {node.url} weight={weights[node.name]}"


def new_sessions(cluster, count):
    return spread(cluster.new_user().last for _ in range(count))


def test_round_robin_takes_turns(new_cluster):
    cluster = new_cluster(inside="CFBalance round-robin").start()
    assert new_sessions(cluster, 20) == "node1: 10, node2: 10"


def test_round_robin_takes_turns_by_weight(new_cluster):
    cluster = new_cluster(inside="CFBalance round-robin", line=weighted(node1=3, node2=1)).start()
    assert new_sessions(cluster, 20) == "node1: 15, node2: 5"


def test_round_robin_counts_new_sessions_not_requests(new_cluster):
    cluster = new_cluster(inside="CFBalance round-robin").start()
    users = [cluster.new_user(), cluster.new_user()]
    for _ in range(10):
        users[0].get("/page")
    assert new_sessions(cluster, 10) == "node1: 5, node2: 5"


@contextlib.contextmanager
def busy(cluster, **counts):
    """Scripted nodes are busy with so many requests each until the block ends."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        for name, count in counts.items():
            node = cluster.nodes[name]
            node.script = "slow"
            for _ in range(count):
                pool.submit(User(cluster.httpd.url).get, "/page",
                            headers={"Cookie": f"JSESSIONID=A.{name}"})
            wait_for(lambda: len(node.received) == count, f"{count} requests in {name}")
            node.script = "answer"
        yield
        for name in counts:
            cluster.nodes[name].go_on.set()


@pytest.fixture
def least_busy(new_cluster, scripted):
    return lambda **weights: new_cluster(
        inside="CFBalance least-busy", members=[scripted(name) for name in weights],
        line=weighted(**weights)).start()


def test_least_busy_avoids_the_busy_node(least_busy):
    cluster = least_busy(node1=1, node2=1)
    with busy(cluster, node1=2):
        assert new_sessions(cluster, 10) == "node2: 10"
    wait_for(lambda: cluster.counter("node1", "in_flight") == 0, "nothing is in flight")


def test_least_busy_weighs_by_weight(least_busy):
    cluster = least_busy(node1=4, node2=1)
    with busy(cluster, node1=2, node2=1):
        assert new_sessions(cluster, 10) == "node1: 10"     # 2/4 is less than 1/1


def test_least_busy_gives_idle_nodes_their_share_by_weight(new_cluster):
    cluster = new_cluster(line=weighted(node1=1, node2=99)).start()
    cluster.new_user()
    got = [cluster.new_user().node for _ in range(100)].count("node2")
    assert got > 85     # expected 99, standard deviation 1


def test_many_users_at_once_are_spread_and_stay(new_cluster):
    cluster = new_cluster(inside="CFBalance round-robin").start()
    load = Load(cluster.httpd.port, users=20, total=400).run()
    assert (load.errors(), load.strays()) == ([], {})
    first = [nodes[0] for nodes in load.nodes().values()]
    # Two who choose at the same moment may take the same turn.
    assert min(first.count("node1"), first.count("node2")) >= 8


def refusing(new_cluster, scripted, nodes, **more):
    """A cluster whose node1 refuses connections, which nobody knows yet; node2 is a Tomcat."""
    gone = scripted("node1")
    cluster = new_cluster(members=[gone, nodes[1]], probe=ONE_PROBE, **more).start()
    cluster.httpd.allow(REFUSED)
    gone.refuse()
    return cluster


def test_a_refused_connection_costs_nobody_anything(new_cluster, scripted, nodes):
    cluster = refusing(new_cluster, scripted, nodes, inside="CFBalance round-robin")
    assert new_sessions(cluster, 20) == "node2: 20"
    assert cluster.counter("node1", "connect_failures") > 0


def test_users_of_a_node_that_refuses_are_moved_without_an_error(new_cluster, scripted, nodes):
    cluster = refusing(new_cluster, scripted, nodes)
    user = cluster.user()
    user.session.cookies.set("JSESSIONID", "ABC.node1")
    assert spread(user.get("/page") for _ in range(5)) == "node2: 5"
    assert user.page()["hits"] == 6


def test_when_all_nodes_refuse_the_outage_page_says_so(new_cluster, scripted):
    both = [scripted("node1"), scripted("node2")]
    cluster = new_cluster(members=both, probe=ONE_PROBE).start()
    cluster.httpd.allow(REFUSED)
    for node in both:
        node.refuse()
    answer = cluster.user().get("/page")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (503, "no-store")
    assert int(answer.headers["Retry-After"]) > 0
    assert [cluster.counter(name, "connect_failures") for name in cluster.nodes] == [1, 1]
    assert [cluster.counter(name, "in_flight") for name in cluster.nodes] == [0, 0]


def test_no_more_attempts_are_made_than_configured(new_cluster, scripted):
    members = [scripted(f"node{n}") for n in range(1, 6)]
    cluster = new_cluster(members=members, probe=ONE_PROBE, inside="CFRetry attempts=2").start()
    cluster.httpd.allow(REFUSED)
    for node in members:
        node.refuse()
    assert cluster.user().get("/page").status_code == 503
    assert sum(cluster.counter(n.name, "connect_failures") for n in members) == 2


@pytest.mark.parametrize("state, got", [("drain", "node2: 10"), ("stop", "node2: 10"),
                                        ("active", "node1: 5, node2: 5")])
def test_a_node_starts_in_the_state_that_is_configured(new_cluster, state, got):
    cluster = new_cluster(inside="CFBalance round-robin", line=lambda n: (
        f"CFNode {n.name} {n.url}" + f" state={state}" * (n.name == "node1")))
    cluster.httpd.start()
    cluster.wait_serving("node2")
    wait_for(lambda: cluster.node("node1")["health"]["state"] == "up", "node1 was probed")
    assert new_sessions(cluster, 10) == got


def test_the_reason_for_a_choice_can_be_logged(new_cluster):
    cluster = new_cluster(outside='LogFormat "%U %{CFC_NODE}e %{CFC_WHY}e %{CFC_ATTEMPTS}e" why\n'
                                  "CustomLog logs/why.log why").start()
    user = cluster.new_user()
    first = user.node
    user.get("/page")
    cluster.stop_node(first)
    user.get("/page")
    lines = wait_for(lambda: pages(cluster, 3), "three lines in the log")
    other = cluster.other(first)
    assert lines == [f"/page {first} new 1", f"/page {first} sticky 1",
                     f"/page {other} moved:stopped 1"]


def pages(cluster, count):
    lines = (cluster.httpd.root / "logs/why.log").read_text().splitlines()
    found = [line for line in lines if line.startswith("/page ")]
    return found if len(found) == count else None
