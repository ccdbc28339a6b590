# SPDX-License-Identifier: Apache-2.0
"""What survives a restart, a crash, and a new configuration: requests, admin states, counters."""

import os
import signal
import time

import pytest

from equipment import other_version
from equipment.client import Load, spread
from equipment.cluster import config
from equipment.httpd import kill_and_start, mpm
from equipment.proc import wait_for

SLOW = "/slow?ms=200"


def test_graceful_restarts_under_load_lose_nothing(cluster):
    with Load(cluster.httpd.port, users=10) as load:
        for _ in range(5):
            answered = len(load.hits)
            wait_for(lambda: len(load.hits) > answered + 50, "50 more answers")
            cluster.httpd.graceful()
    assert (load.errors(), load.strays()) == ([], {})


def asked(nodes):
    """How many GETs have come to these so far."""
    return sum(node.counters()["requests"].get("GET", 0) for node in nodes)


def test_a_request_that_a_graceful_restart_finds_is_finished(cluster, nodes):
    with Load(cluster.httpd.port, users=4, total=4, path="/slow?ms=3000") as load:
        wait_for(lambda: asked(nodes) == 4, "4 slow requests")
        cluster.httpd.graceful()
    assert [(hit.status, hit.error) for hit in load.hits] == [(200, None)] * 4


def wait_over_a_graceful_restart(cluster, nodes, busy):
    """How long somebody new waits while the old child has so many requests to finish, in
    seconds."""
    before = asked(nodes)
    with Load(cluster.httpd.port, users=busy, total=busy, path="/slow?ms=3000"):
        wait_for(lambda: asked(nodes) == before + busy, f"{busy} slow requests")
        begun = time.monotonic()
        cluster.httpd.graceful()
        assert cluster.user().get("/page").status_code == 200
        return time.monotonic() - begun


@pytest.mark.skipif(mpm() == "prefork", reason="always has idle children, which end at once")
def test_a_graceful_restart_lets_nobody_wait_for_the_parent_to_wake(new_cluster, nodes):
    cluster = new_cluster(outside="StartServers 1\nMinSpareThreads 1").start()
    # The parent sleeps for a second. A busy machine may take as long for once.
    assert any(wait_over_a_graceful_restart(cluster, nodes, 8)
               < wait_over_a_graceful_restart(cluster, nodes, 0) + 0.8 for _ in range(3))


def test_httpd_stops_in_good_time_while_a_node_is_silent(new_cluster, scripted):
    node = scripted("node1", script="silent")
    cluster = new_cluster(members=[node]).start()
    cluster.httpd.allow(r"\[proxy(_http)?:error\]")
    with Load(cluster.httpd.port, users=3, total=3):
        wait_for(lambda: len(node.received) == 3, "three requests wait")
        cluster.httpd.stop()        # and fails when httpd complains of a child that does not end


@pytest.mark.once
def test_tomcats_that_are_restarted_one_after_the_other_cost_no_request(cluster):
    cluster.httpd.allow(r"\[proxy\w*:(error|warn)\]")
    with Load(cluster.httpd.port, users=8, pause=0.05) as load:
        for node in cluster.nodes.values():
            node.stop()
            cluster.wait_effective(node.name, "out")
            node.start().wait_ready()
            cluster.wait_effective(node.name, "serving", 30)
            answered = len(load.hits)
            wait_for(lambda: len(load.hits) > answered + 50, "50 more answers")
    assert load.errors() == []
    assert {node for nodes in load.nodes().values() for node in nodes} == {"node1", "node2"}
    wait_for(lambda: in_flight(cluster) == [0, 0], "nothing is in flight any more")


def in_flight(cluster):
    return [cluster.counter(name, "in_flight") for name in cluster.nodes]


def test_a_killed_child_leaves_nothing_in_flight(cluster):
    cluster.httpd.allow("exit signal Killed")
    with Load(cluster.httpd.port, users=8, path=SLOW, timeout=5) as load:
        for _ in range(3):
            wait_for(lambda: sum(in_flight(cluster)) > 0, "requests are in flight")
            os.kill(cluster.httpd.children()[0], signal.SIGKILL)
            answered = len(load.hits)
            wait_for(lambda: len(load.hits) > answered + 8, "more answers")
    wait_for(lambda: in_flight(cluster) == [0, 0], "nothing is in flight any more")
    assert {hit.status for hit in load.hits} <= {200, 0}    # 0: had no answer, its child was killed


def drained_and_closed(cluster):
    """Put the cluster into a state that is to be kept; returns how it looks."""
    cluster.drain("node1", reason="because <of> this")
    cluster.close("back at noon", until="2h")
    return admin_of(cluster)


def admin_of(cluster):
    status = cluster.status()
    return ({key: status[key] for key in ("state", "message", "who", "since", "until")},
            [(node["name"], node["admin"]) for node in status["nodes"]])


MOMENTARY = "in_flight", "requests_per_s", "errors_last_minute", "latency"


def known_of(cluster):
    """What is known of each node, but for what goes on there at this moment."""
    def lasting(node):
        health = {key: node["health"][key] for key in ("state", "since")}
        traffic = {key: count for key, count in node["traffic"].items() if key not in MOMENTARY}
        return node["name"], node["effective"], node["sessions"], health, traffic

    return [lasting(node) for node in cluster.status()["nodes"]]


@pytest.mark.once
def test_another_version_of_the_module_takes_over_what_is_known(new_cluster, nodes):
    cluster = new_cluster().start()
    others = other_version.module()
    for _ in range(10):
        cluster.new_user()
    cluster.drain("node1", reason="because <of> this")
    nodes[1].set_state("STARTING")
    cluster.wait_effective("node2", "out")
    before = admin_of(cluster), known_of(cluster)
    for module in others, cluster.httpd.module:     # there, and back to a segment that is too big
        cluster.httpd.module = module
        cluster.httpd.graceful()
        assert (admin_of(cluster), known_of(cluster)) == before
        assert "what is known of 2 nodes was taken over" in cluster.httpd.error_log()


@pytest.mark.once
def test_nobody_notices_that_the_module_is_replaced_by_another_version(cluster):
    modules = [other_version.module(), cluster.httpd.module]
    with Load(cluster.httpd.port, users=10) as load:
        for module in modules * 2:
            answered = len(load.hits)
            wait_for(lambda: len(load.hits) > answered + 50, "50 more answers")
            cluster.httpd.module = module
            cluster.httpd.graceful()
    assert (load.errors(), load.strays()) == ([], {})
    assert cluster.httpd.error_log().count("what is known of 2 nodes was taken over") == 4
    wait_for(lambda: in_flight(cluster) == [0, 0], "nothing is in flight")


def stop_and_start(httpd):
    httpd.stop()
    httpd.start()


@pytest.mark.parametrize("again", [
    lambda httpd: httpd.graceful(), lambda httpd: httpd.restart(), stop_and_start, kill_and_start],
    ids=["graceful", "restart", "stop and start", "kill -9 of everything and start"])
def test_what_the_administrator_set_is_kept_over(cluster, again):
    before = drained_and_closed(cluster)
    again(cluster.httpd)
    assert admin_of(cluster) == before
    assert cluster.user().get("/page").status_code == 503
    cluster.open()
    cluster.wait_serving("node2")
    assert spread(cluster.new_user().last for _ in range(10)) == "node2: 10"


def test_an_end_of_maintenance_is_kept_as_well(cluster):
    cluster.close()
    cluster.open()
    cluster.stop_node("node2")
    cluster.activate("node2")
    kill_and_start(cluster.httpd)
    assert cluster.status()["state"] == "open"
    assert [node["admin"]["state"] for node in cluster.status()["nodes"]] == ["active", "active"]


def test_users_keep_their_node_over_a_restart_of_everything(cluster):
    users = [cluster.new_user() for _ in range(10)]
    before = [user.node for user in users]
    kill_and_start(cluster.httpd)
    cluster.wait_serving("node1", "node2")
    assert [user.get("/page") and user.node for user in users] == before
    assert all(user.page()["hits"] == 3 for user in users)


def reconfigure(cluster, members, **more):
    """A graceful restart with these nodes in this order; returns when no old child is left that
    could still answer on a kept connection."""
    old = set(cluster.httpd.children())
    cluster.httpd.pieces = [config(members, **more)]
    cluster.httpd.graceful()
    wait_for(lambda: not old & set(cluster.httpd.children()), "the old children are gone", 30)


def counters(cluster):
    return {n["name"]: n["traffic"]["requests"] for n in cluster.status()["nodes"]}


def test_counters_and_states_follow_the_name_when_nodes_change_places(cluster, nodes, scripted):
    users = [cluster.new_user() for _ in range(9)]
    cluster.drain("node1")
    before = counters(cluster)
    assert sum(before.values()) == 9
    third = scripted("node3")
    reconfigure(cluster, [third, nodes[1], nodes[0]])
    assert counters(cluster) == {"node3": 0, **before}
    assert [n["admin"]["state"] for n in cluster.status()["nodes"]] == ["active", "active", "drain"]
    assert all(user.get("/page") and user.node in before for user in users)
    assert sum(counters(cluster).values()) == 18


def test_a_node_that_was_taken_out_gets_nothing_and_its_users_move(cluster, nodes):
    users = [cluster.new_user() for _ in range(6)]
    reconfigure(cluster, [nodes[1]])
    for user in users:
        user.session.close()        # an old child may answer once more on an old connection
    assert spread(user.get("/page") for user in users) == "node2: 6"
    assert list(counters(cluster)) == ["node2"]


def test_a_node_that_comes_back_is_still_drained(cluster, nodes):
    cluster.drain("node1", reason="new disk")
    reconfigure(cluster, [nodes[1]])
    reconfigure(cluster, nodes)
    admin = cluster.node("node1")["admin"]
    assert (admin["state"], admin["reason"]) == ("drain", "new disk")


def test_a_state_in_the_configuration_beats_the_one_that_was_kept(cluster, nodes):
    cluster.drain("node1")
    reconfigure(cluster, nodes, line=lambda n: (
        f"CFNode {n.name} {n.url}" + " state=stop" * (n.name == "node1")))
    assert cluster.node("node1")["admin"]["state"] == "stop"
    cluster.activate("node1")
    cluster.httpd.graceful()            # the configuration says nothing new
    assert cluster.node("node1")["admin"]["state"] == "active"


def test_a_graceful_restart_under_load_can_exchange_the_nodes(cluster, nodes):
    with Load(cluster.httpd.port, users=8) as load:
        for members in [nodes[0]], nodes, [nodes[1]], list(reversed(nodes)):
            answered = len(load.hits)
            wait_for(lambda: len(load.hits) > answered + 50, "50 more answers")
            reconfigure(cluster, members)
    assert load.errors() == []
    wait_for(lambda: in_flight(cluster) == [0, 0], "nothing is in flight any more")


def test_a_state_file_that_cannot_be_read_stops_nothing(cluster):
    cluster.drain("node1")
    cluster.httpd.stop()
    (cluster.httpd.state_dir / "state.json").write_text('{"format": 1, "clus')
    cluster.httpd.allow("CFC04")
    cluster.httpd.start()
    cluster.wait_serving("node1", "node2")
    kept = [path.name for path in cluster.httpd.state_dir.iterdir()]
    assert any(name.startswith("state.json.bad-") for name in kept)
