# SPDX-License-Identifier: Apache-2.0
"""Which node gets a new user by each method, tier and weight; how a node that returns is warmed
up; and how live sessions are counted."""

import math
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from equipment.client import User, raw_get, spread
from equipment.cluster import config
from equipment.proc import wait_for

# How a node is chosen is the same code in every MPM.
pytestmark = pytest.mark.once

# Of idle nodes `latency` takes the quicker one; the others share by weight.
SHARING = ["least-busy", "round-robin", "random-two", "sessions"]
METHODS = [*SHARING, "latency"]


def new_sessions(cluster, count):
    return spread(cluster.new_user().last for _ in range(count))


def part_of(cluster, name, count):
    """How many of so many new users a node got."""
    return [cluster.new_user().node for _ in range(count)].count(name)


def part_now(cluster, name):
    """How many of 100 new users a node got, or of those that a slow machine serves in 4 s, and how
    many there were. They are so many in all that no Tomcat is to keep a session for each."""
    end, met = time.monotonic() + 4, []
    while not met or (len(met) < 100 and time.monotonic() < end):
        met.append(raw_get(cluster.httpd.port, "/answer").headers["x-test-node"])
    return met.count(name), len(met)


def within(got, count, low, high):
    """Whether so many of count can be due to a chance between low and high: six standard errors."""
    def room(share):
        return 6 * math.sqrt(count * share * (1 - share)) + 1
    return count * low - room(low) <= got <= count * high + room(high)


def of_node(name, path="/page", **headers):
    """A user who has been on a node before, with a session and no cookie of the balancer's."""
    def visit(cluster, number):
        user = User(cluster.httpd.url)
        user.session.cookies.set("JSESSIONID", f"S{number}.{name}")
        user.get(path, headers=headers)
        assert user.node == name
        return user
    return visit


@pytest.mark.parametrize("method", SHARING)
def test_idle_nodes_get_new_users_by_their_weights(new_cluster, method):
    cluster = new_cluster(inside=f"CFBalance {method}", line=lambda n: (
        f"CFNode {n.name} {n.url} weight={3 if n.name == 'node1' else 1}")).start()
    assert within(part_of(cluster, "node1", 200), 200, 3 / 4, 3 / 4)


def test_a_changed_weight_is_in_effect_at_once(new_cluster, nodes):
    def weighted(**weights):
        return {"inside": "CFBalance round-robin",
                "line": lambda n: f"CFNode {n.name} {n.url} weight={weights[n.name]}"}

    cluster = new_cluster(**weighted(node1=3, node2=1)).start()
    assert new_sessions(cluster, 20) == "node1: 15, node2: 5"
    cluster.httpd.pieces = [config(nodes, **weighted(node1=1, node2=4))]
    cluster.httpd.graceful()
    wait_for(lambda: cluster.node("node2")["weight"] == 4, "the new configuration")
    assert new_sessions(cluster, 20) == "node1: 4, node2: 16"


# slow start

def shares(method, pct):
    """A node's part of new users, at least and at most, when the other one is in full service and
    both are idle. Where its turns or users are fewer it would be given more than one half."""
    if method == "round-robin":
        return (pct / (100 + pct),) * 2
    return pct / 200, pct / (100 if method == "sessions" else 200)


def warm_up(cluster, method):
    """Follows a node that returns until it gets its whole share."""
    cluster.drain("node2")
    cluster.activate("node2")
    looks, warm = [cluster.node("node2")["share_pct"]], False
    assert cluster.node("node2")["effective"] == "warming"
    while not warm:
        got, count = part_now(cluster, "node2")
        warm = looks[-1] == 100
        looks.append(cluster.node("node2")["share_pct"])
        low, high = shares(method, looks[-2])[0], shares(method, looks[-1])[1]
        assert within(got, count, low, high), (method, got, count, looks)
    assert looks == sorted(looks), (method, looks)
    assert cluster.node("node2")["effective"] == "serving"
    return len(set(looks))


def warm_up_seen(cluster, method):
    # A busy machine may hardly have looked before it is over, for once.
    assert any(warm_up(cluster, method) > 3 for _ in range(3)), method


def test_a_node_that_returns_gets_more_and_more_by_each_method(new_cluster):
    clusters = [new_cluster(inside=f"CFBalance {method}\nCFSlowStart 20s").start()
                for method in SHARING]
    with ThreadPoolExecutor() as pool:
        list(pool.map(warm_up_seen, clusters, SHARING))


def test_a_warming_node_keeps_its_own_users(new_cluster):
    cluster = new_cluster(inside="CFSlowStart 1h").start()
    user = cluster.new_user()
    own = user.node
    cluster.drain(own)
    cluster.activate(own)
    assert spread(user.get("/page") for _ in range(20)) == f"{own}: 20"


def test_a_warming_node_is_better_than_none(new_cluster):
    cluster = new_cluster(inside="CFSlowStart 1h").start()
    cluster.stop_node("node2")
    cluster.activate("node2")
    cluster.drain("node1")
    assert new_sessions(cluster, 20) == "node2: 20"


def test_a_node_that_was_down_is_warming_and_one_that_httpd_starts_with_is_not(
        new_cluster, scripted, nodes):
    node = scripted("node1")
    cluster = new_cluster(members=[node, nodes[1]], inside="CFSlowStart 1h").start()
    assert cluster.node("node1")["share_pct"] == 100
    node.refuse()
    cluster.wait_effective("node1", "out")
    node.listen()
    cluster.wait_effective("node1", "warming")
    assert cluster.node("node1")["share_pct"] == 5
    assert cluster.node("node2")["effective"] == "serving"
    assert cluster.status()["level"] == "ok"
    cluster.httpd.graceful()
    assert cluster.node("node1")["effective"] == "warming"


# load

def test_random_two_is_the_less_busy_of_two(new_cluster, scripted):
    members = [scripted(f"node{n}") for n in range(1, 5)]
    cluster = new_cluster(members=members, inside="CFBalance random-two").start()
    got = [cluster.new_user().node for _ in range(200)]
    assert all(within(got.count(node.name), 200, 1 / 4, 1 / 4) for node in members), got


def test_latency_leaves_a_node_alone_that_is_slow(new_cluster):
    cluster = new_cluster(inside="CFBalance latency").start()
    for name in cluster.nodes:
        of_node(name)(cluster, 1)           # both have answered something
    of_node("node1", "/slow?ms=2000")(cluster, 2)
    assert new_sessions(cluster, 20) == "node2: 20"
    of_node("node2", "/slow?ms=6000")(cluster, 2)
    assert new_sessions(cluster, 20) == "node1: 20"


def test_latency_does_not_take_failing_fast_for_fast(new_cluster, scripted, nodes):
    node = scripted("node1")
    cluster = new_cluster(members=[node, nodes[1]],
                          inside="CFBalance latency\nCFEject failures=0").start()
    cluster.httpd.allow("AH")
    for name in cluster.nodes:
        of_node(name)(cluster, 1)
    node.script = "reset"
    before = node.begun
    user = cluster.user()
    user.session.cookies.set("JSESSIONID", "S2.node1")
    assert user.get("/page").status_code == 200     # by node2
    assert new_sessions(cluster, 20) == "node2: 20"
    assert node.begun - before < 10     # a few, if node2 stands still for a second; else one


# tiers

def spare(node):
    return f"CFNode {node.name} {node.url} tier={1 if node.name == 'node2' else 0}"


@pytest.mark.parametrize("method", METHODS)
def test_a_higher_tier_gets_users_only_when_the_lower_one_has_nobody(new_cluster, method):
    cluster = new_cluster(inside=f"CFBalance {method}", line=spare).start()
    assert new_sessions(cluster, 20) == "node1: 20"
    cluster.drain("node1")
    user = cluster.new_user()
    assert new_sessions(cluster, 20) == "node2: 20"
    cluster.activate("node1")
    assert new_sessions(cluster, 20) == "node1: 20"
    assert spread(user.get("/page") for _ in range(5)) == "node2: 5"


def test_a_warming_node_of_a_lower_tier_goes_before_a_higher_one(new_cluster):
    cluster = new_cluster(inside="CFSlowStart 1h", line=spare).start()
    cluster.stop_node("node1")
    cluster.activate("node1")
    assert cluster.node("node1")["effective"] == "warming"
    assert new_sessions(cluster, 20) == "node1: 20"


# live sessions

def test_live_sessions_are_counted_from_the_second_request_on(new_cluster):
    cluster = new_cluster(inside="CFBalance round-robin").start()
    users = [cluster.new_user() for _ in range(6)]
    assert [node["sessions"] for node in cluster.status()["nodes"]] == [0, 0]
    for _ in range(3):
        for user in users:
            user.get("/page")
    # Two of one node may share a register of its sketch.
    assert all(2 <= node["sessions"] <= 3 for node in cluster.status()["nodes"])


def test_without_a_session_id_users_are_known_by_address_and_browser(new_cluster):
    cluster = new_cluster(inside="CFSticky cookie=CFROUTE").start()
    cluster.drain("node2")
    for browser in "one", "two", "two":
        user = User(cluster.httpd.url)
        user.session.headers["User-Agent"] = browser
        user.get("/page")
        user.get("/page")
    assert cluster.node("node1")["sessions"] == 2


def test_who_drains_or_stops_a_node_is_told_how_many_sessions_stay_or_move(new_cluster):
    cluster = new_cluster().start()
    for number in range(5):
        of_node("node1")(cluster, number)
    of_node("node2")(cluster, 9)
    assert "; about 5 sessions stay" in cluster.change(node="node1", action="drain").json()["text"]
    assert "; about 5 sessions move" in cluster.change(node="node1", action="stop").json()["text"]
    cluster.activate("node1")
    assert cluster.node("node1")["sessions"] == 0       # all have gone elsewhere
    assert "; about 1 sessions stay, and maybe more: not all are known until 20" \
        in cluster.change(node="node2", action="drain").json()["text"]


def test_sessions_sends_new_users_to_the_node_that_has_fewer(new_cluster):
    cluster = new_cluster(inside="CFBalance sessions").start()
    for number in range(60):
        of_node("node1")(cluster, number)
    # Once they have been counted. New users who come only once are not, but as picks of the last
    # second, for which the difference has room.
    wait_for(lambda: new_sessions(cluster, 20) == "node2: 20", "20 new users in a row on node2")


def test_a_session_that_moves_is_counted_where_it_is(new_cluster):
    cluster = new_cluster().start()
    user = cluster.new_user()
    user.get("/page")
    old, new = user.node, cluster.other(user.node)
    cluster.stop_node(old)
    user.get("/page")
    user.get("/page")
    assert cluster.node(new)["sessions"] == 1
