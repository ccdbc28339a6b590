# SPDX-License-Identifier: Apache-2.0
"""WebSockets as tunnels: counted apart from requests, and ended when their node is down or
stopped, when a maintenance begins and when httpd restarts; never all at one time if people did
it."""

import os
import re
import signal
import time

import pytest
import requests

from equipment.cluster import ONE_PROBE, node_line
from equipment.proc import wait_for
from equipment.transports import made
from equipment.tunnel import Watched, connect, node_of, works

TO_NODE1 = "JSESSIONID=A.node1"
TO_NODE2 = "JSESSIONID=A.node2"
COUNT = 6

# The golden ratio's first six multiples lie between 0.09 and 0.85 of the time. A child looks once
# a second, so it may find a reason, and a socket that is due, a second late each.
LATE_S = 2
SLACK_S = 8         # what a busy machine may take besides


def counts(cluster, name="node1"):
    traffic = cluster.node(name)["traffic"]
    return traffic["tunnels"], traffic["in_flight"]


def opened(cluster, count=COUNT, cookie=TO_NODE1, **more):
    tunnels = [Watched(cluster.httpd.url, cookie=cookie, **more) for _ in range(count)]
    assert {tunnel.node for tunnel in tunnels} == {cookie.rpartition(".")[2]}
    return tunnels


def wait_closed(tunnels, seconds=20):
    wait_for(lambda: all(tunnel.closed_at for tunnel in tunnels), "all tunnels are closed", seconds)


def times(tunnels, since):
    return sorted(tunnel.closed_at - since for tunnel in tunnels)


@pytest.fixture(params=["http"])
def cluster(request, new_cluster):
    """The tunnels of its nodes are to end within eight seconds."""
    cluster = made(new_cluster, request.param, inside="CFTimeout tunnel-end=8s")
    cluster.httpd.allow(r"\[proxy\w*:(error|warn)\]")
    return cluster


both = pytest.mark.parametrize("cluster", ["http", "https"], indirect=True)


# --- counting -------------------------------------------------------------------------------

@both
def test_a_tunnel_is_counted_apart_until_it_is_closed(cluster):
    tunnels = opened(cluster, 3, TO_NODE2)
    assert counts(cluster, "node2") == (3, 0)
    before = cluster.node("node2")["traffic"]
    assert (before["requests"], before["answers"]["1xx"]) == (3, 3)
    tunnels[0].close()
    wait_for(lambda: counts(cluster, "node2") == (2, 0), "one is closed")
    for tunnel in tunnels[1:]:
        tunnel.close()
    wait_for(lambda: counts(cluster, "node2") == (0, 0), "all are closed")
    after = cluster.node("node2")["traffic"]
    assert (after["requests"], after["answers"]) == (before["requests"], before["answers"])
    assert after["bytes_from"] > before["bytes_from"]


def test_tunnels_take_no_place_from_requests(new_cluster):
    cluster = new_cluster(inside="CFQueue depth=0",
                          line=lambda node: node_line(node) + " max=1").start()
    tunnels = opened(cluster, 3)
    user = cluster.user()
    assert user.get("/page", headers={"Cookie": TO_NODE1}).status_code == 200
    assert user.node == "node1"
    assert counts(cluster) == (3, 0)
    for tunnel in tunnels:
        tunnel.close()


def test_tunnels_of_a_killed_child_are_counted_no_more(cluster):
    cluster.httpd.allow("exit signal Killed|AH00052")
    tunnels = opened(cluster, 4)
    for pid in cluster.httpd.children():
        os.kill(pid, signal.SIGKILL)
    wait_closed(tunnels)
    wait_for(lambda: counts(cluster) == (0, 0), "the books are repaired", 30)
    again = opened(cluster, 2)
    assert counts(cluster) == (2, 0)
    for tunnel in again:
        tunnel.close()


def test_a_client_that_goes_away_holds_nothing_at_a_node_that_hangs(new_cluster):
    cluster = new_cluster(probe=ONE_PROBE).start()
    tunnel, = opened(cluster, 1)
    cluster.nodes["node1"].freeze()
    tunnel.close()
    wait_for(lambda: counts(cluster) == (0, 0), "it is closed")


# --- nodes that die -------------------------------------------------------------------------

@both
@pytest.mark.parametrize("die", [lambda node: node.kill(), lambda node: node.freeze()],
                         ids=["kill -9", "SIGSTOP"])
def test_a_dead_nodes_tunnels_end_and_their_clients_find_the_other_node(cluster, die):
    user = cluster.new_user()
    cookie = "; ".join(f"{name}={value}" for name, value in user.cookies.items())
    tunnels = [Watched(cluster.httpd.url, cookie=cookie) for _ in range(COUNT)]
    other = cluster.other(user.node)
    kept = Watched(cluster.httpd.url, cookie=f"JSESSIONID=A.{other}")
    die(cluster.nodes[user.node])
    wait_closed(tunnels)            # the answer timeout is five minutes
    again = connect(cluster.httpd.url, cookie=cookie)
    assert (node_of(again), works(again)) == (other, True)
    assert "CFROUTE=" in again.getheaders()["set-cookie"], "not tied to its new node"
    wait_for(lambda: counts(cluster, user.node)[0] == 0, "none is counted")
    assert kept.closed_at is None
    again.close()
    kept.close()


# --- what people do -------------------------------------------------------------------------

def test_a_stopped_nodes_tunnels_end_one_after_the_other_within_the_time(cluster):
    tunnels, kept = opened(cluster), opened(cluster, 1, TO_NODE2)
    stopped = time.monotonic()
    cluster.stop_node("node1")
    wait_closed(tunnels)
    closed = times(tunnels, stopped)
    assert closed[-1] < 8 + LATE_S + SLACK_S
    assert closed[-1] - closed[0] > 1, f"all at one time: {closed}"
    assert counts(cluster) == (0, 0)
    again = connect(cluster.httpd.url, cookie=TO_NODE1)
    assert (node_of(again), works(again)) == ("node2", True)
    assert kept[0].closed_at is None
    again.close()
    kept[0].close()


@pytest.mark.once
def test_a_drain_tells_what_it_did_when_the_stop_after_it_is_complete(cluster):
    tunnels = opened(cluster, 2)
    cluster.drain("node1")
    assert cluster.node("node1")["drain"]["cut_tunnels"] == 0
    cluster.stop_node("node1")
    for _ in range(3):
        answer = requests.get(cluster.httpd.url + "/page", headers={"Cookie": TO_NODE1}, timeout=10)
        assert answer.status_code == 200
    wait_closed(tunnels)
    report = wait_for(lambda: re.search(r"CFC0408: cluster \S+, node node1: stopped, .*: (.*)",
                                        cluster.httpd.error_log()), "the drain was reported")
    assert report.group(1) == "about 1 session moved to other nodes, 0 requests and 2 tunnels " \
        "were cut"
    drain = cluster.node("node1")["drain"]
    assert (drain["moved"], drain["cut_requests"], drain["cut_tunnels"]) == (1, 0, 2)
    cluster.activate("node1")
    assert cluster.node("node1")["drain"] is None
    assert "node node1: active again, " in cluster.httpd.error_log()


@pytest.mark.once
def test_a_node_that_is_active_again_in_time_keeps_the_rest(new_cluster):
    cluster = made(new_cluster, "http", inside="CFTimeout tunnel-end=10s")
    cluster.httpd.allow(r"\[proxy\w*:(error|warn)\]")
    tunnels = opened(cluster)
    cluster.stop_node("node1")
    wait_for(lambda: any(tunnel.closed_at for tunnel in tunnels), "the first one is closed")
    cluster.activate("node1")
    back = time.monotonic()
    left = [tunnel for tunnel in tunnels if not tunnel.closed_at]
    # One look may still be under way when the node is active again; it closes what is due.
    wait_for(lambda: time.monotonic() - back > 10 + LATE_S, "the time is over")
    late = [tunnel for tunnel in left if tunnel.closed_at]
    assert all(tunnel.closed_at - back < LATE_S + 1 for tunnel in late), times(late, back)
    kept = [tunnel for tunnel in left if not tunnel.closed_at]
    assert kept
    assert counts(cluster) == (len(kept), 0)
    for tunnel in kept:
        tunnel.close()


def test_a_maintenance_ends_the_tunnels_of_all_but_testers(new_cluster):
    cluster = new_cluster(inside="CFTimeout tunnel-end=1s\nCFTesters 127.0.0.2").start()
    users, testers = opened(cluster, 2), opened(cluster, 2, source="127.0.0.2")
    cluster.close("back soon")
    wait_closed(users)
    later = Watched(cluster.httpd.url, cookie=TO_NODE1, source="127.0.0.2")
    assert [tunnel.closed_at for tunnel in [*testers, later]] == [None] * 3
    assert counts(cluster) == (3, 0)
    for tunnel in [*testers, later]:
        tunnel.close()


# --- restarts -------------------------------------------------------------------------------

def test_a_graceful_restart_ends_the_tunnels_of_old_children_and_so_them(cluster):
    old = set(cluster.httpd.children())
    tunnels = opened(cluster)
    begun = time.monotonic()
    cluster.httpd.graceful()
    new = opened(cluster, 1)
    wait_closed(tunnels)
    closed = times(tunnels, begun)
    assert closed[-1] - closed[0] > 1, f"all at one time: {closed}"
    wait_for(lambda: not old & set(cluster.httpd.children()), "the old children are gone", 30)
    assert new[0].closed_at is None
    assert counts(cluster) == (1, 0)
    new[0].close()


# --- the log --------------------------------------------------------------------------------

@pytest.mark.once
@pytest.mark.parametrize("end, word", [
    (lambda cluster, tunnel: tunnel.close(), "closed"),
    (lambda cluster, tunnel: cluster.nodes["node1"].freeze(), "node-down"),
    (lambda cluster, tunnel: cluster.stop_node("node1"), "node-stopped"),
    (lambda cluster, tunnel: cluster.close(), "maintenance"),
    (lambda cluster, tunnel: cluster.httpd.graceful(), "restart"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_the_access_log_says_what_ended_it(new_cluster, end, word):
    cluster = new_cluster(inside="CFTimeout tunnel-end=0s", outside=(
        'LogFormat "%s %{CFC_NODE}e %{CFC_TUNNEL}e" tunnels\nCustomLog logs/tunnels.log tunnels\n'
    )).start()
    tunnel, = opened(cluster, 1)
    end(cluster, tunnel)
    log = cluster.httpd.root / "logs/tunnels.log"
    wait_for(lambda: f"101 node1 {word}\n" in log.read_text(), "a line of the tunnel")
