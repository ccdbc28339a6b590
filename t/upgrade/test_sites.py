# SPDX-License-Identifier: Apache-2.0
"""Walks over pretended sites of other shapes: several balancers, more nodes, no database."""

import pytest

from equipment.pretended import NODES, Pretended
from equipment.walk import obliging

from test_walk import GO, strike

from ctl.upgrade import journal

pytestmark = pytest.mark.once

FOUR = ("node1", "node2", "node3", "node4")


@pytest.fixture
def second(site):
    """Another balancer over the same nodes and databases."""
    made = Pretended(site.directory, site.nodes)
    yield made
    made.close()


def test_each_of_two_balancers_gets_each_order(site, second, new_walk):
    walk = new_walk("rolling", obliging, other=second)
    assert walk.run() == "done", walk.text
    assert site.orders == second.orders and ("drain", "node2") in site.orders
    assert all(map(second.serving, NODES))


def test_a_gate_is_as_good_as_at_the_worst_balancer(site, second, new_walk):
    second.answers["node-drained:node1"] = "not-met", "3 sessions", "wait"
    walk = new_walk("rolling", GO, other=second)
    assert walk.run() == "left"
    assert "gate node-drained:node1 is not-met: second: 3 sessions" in walk.text


def test_an_order_that_one_balancer_refuses_is_told_with_who_has_done_it(site, second, new_walk):
    second.refused = "drain"
    walk = new_walk("rolling", GO, other=second)
    assert walk.run() == "left"
    assert "not done: it will not; done already by pretended" in walk.text
    second.refused = ""
    assert new_walk("rolling", obliging, other=second).run() == "done"


def test_a_node_is_worse_when_it_is_so_at_one_balancer(site, second, new_walk):
    assert new_walk("rolling", ["go"], strike("observe:node1"), other=second).run() == "killed"

    def get_worse(line):
        if "requests failed" in line:
            second.failed["node1"] = 50

    walk = new_walk("rolling", [], get_worse, other=second)
    walk.plan.seconds["observe"] = 60
    assert walk.run() == "left"
    assert "node1 is worse than the others: node1: 50 of 500 requests failed" in walk.text


def test_a_node_that_no_longer_serves_is_seen_while_it_is_observed(site, new_walk):
    assert new_walk("rolling", ["go"], strike("observe:node1")).run() == "killed"

    def fail(line):
        if "requests failed" in line:
            site.health["node1"] = "down", "hard", "connection refused"

    walk = new_walk("rolling", [], fail)
    walk.plan.seconds["observe"] = 60
    assert walk.run() == "left"
    assert "not done: node1 is worse than the others: node1 is out" in walk.text


@pytest.mark.parametrize("site", [FOUR], indirect=True)
@pytest.mark.parametrize("serving", [1, 2, 3])
def test_four_nodes_are_upgraded_one_at_a_time(site, new_walk, serving):
    site.plan(site.directory / "plan.ini", settings=f"serving = {serving}")
    walk = new_walk("rolling", obliging)
    assert walk.run() == "done", walk.text
    assert {site.versions()[node] for node in FOUR} == {"new"} and site.least == 3


@pytest.mark.parametrize("site", [FOUR], indirect=True)
def test_so_many_nodes_as_the_plan_wants_go_on_serving(site, new_walk):
    site.plan(site.directory / "plan.ini", settings="serving = 3")
    site.admin["node4"] = "drain"
    site.answers["all-serving"] = "met", "let us say so", None
    walk = new_walk("rolling", GO)
    assert walk.run() == "left"
    assert ("without node1, 2 of 4 nodes serve: node2, node3; the plan wants 3" in walk.text
            and ("drain", "node1") not in site.orders)


def test_a_node_is_stopped_only_while_the_others_still_serve(site, new_walk):
    def fail(line):
        if line.startswith("gate node-drained:node1 is met"):
            site.health["node2"] = "down", "hard", "connection refused"

    walk = new_walk("rolling", GO, fail)
    assert walk.run() == "left"
    assert "gate others-serve:node1 is not-met: without node1, 0 of 2 nodes serve" in walk.text
    assert site.runs("node1") and walk.journal.mark("stop-node:node1", "do") == ""


def test_own_gates_are_unknown_while_the_monitor_is_silent(site, new_walk):
    site.monitored = False
    walk = new_walk("rolling", GO)
    assert walk.run() == "left"
    assert "gate others-serve:node1 is unknown: the monitor is silent" in walk.text
    assert walk.journal.mark("upgrade-mode", "do") == journal.DONE and not site.orders


def test_without_a_database_in_the_plan_the_way_back_says_what_it_cannot_do(site, new_walk):
    plan = site.directory / "plan.ini"
    plan.write_text(plan.read_text().replace("database = master\nreplica = replica\n", ""))
    assert new_walk("offline", GO, strike("testers:node1")).run() == "killed"
    back = new_walk("offline", GO, abort=False)
    assert back.run() == "undone"
    assert "The plan names no database=" in back.text


STARTING = [
    # label, looks at the node, how long it may take, how it ends
    ("it starts and is about to be up", ["starting"] * 8 + ["recovering"] * 4, "done"),
    ("it starts and falls silent", ["starting"] * 8 + ["down"] * 99, "left"),
    ("it is silent for a moment between", ["starting"] * 8 + ["down"] + ["recovering"], "done"),
]


@pytest.mark.parametrize("looks, end", [row[1:] for row in STARTING],
                         ids=[row[0] for row in STARTING])
def test_a_node_may_be_silent_for_a_while_after_it_said_starting(site, new_walk, monkeypatch, looks,
                                                                 end):
    """start= has long passed since the begin when the last words come."""
    now, left = [0.0], list(looks)
    monkeypatch.setattr("ctl.upgrade.walker.time.monotonic", lambda: now[0])
    walk = new_walk("offline", GO)
    walk.plan.seconds.update(start=3, starting=1000)
    real = walk.walker._probed

    def probed(name):
        node = real(name)
        if left and walk.journal.mark(f"start-node:{name}", "do") == journal.RAN:
            now[0] += 2
            node["health"] = {"state": left.pop(0), "cause": "none"}
        site.health.clear()
        if left:
            site.health["node1"] = "starting", "none", "503 STARTING"
        return node

    monkeypatch.setattr(walk.walker, "_probed", probed)
    monkeypatch.setattr(walk.walker, "pause", lambda _: None)
    site.health["node1"] = "starting", "none", "503 STARTING"
    assert walk.run() == end, walk.text
    if end == "left":
        assert "it was waited for 10m" in walk.text
