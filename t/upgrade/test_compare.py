# SPDX-License-Identifier: Apache-2.0
"""When a node that was upgraded does worse than the others, by two looks at the cluster."""

import random
import re

import pytest

from ctl.upgrade.compare import compare, worst     # conftest.py knows where

pytestmark = pytest.mark.once

EDGES = (8, 64, 96, 128, 192, 256, 384, 512, 768, 1024)


def node(name, times=(), failed=0, requests=None, effective="serving"):
    """As the status tells of one, after answers that took so many milliseconds each."""
    return {"name": name, "effective": effective, "why": None, "health": {"state": "up"},
            "traffic": {"requests": len(times) if requests is None else requests,
                        "answers": {"5xx": failed, "none": 0},
                        "latency": {"buckets": [
                            *[[edge, sum(ms < edge for ms in times)] for edge in EDGES],
                            [None, len(times)]]}}}


def look(*nodes):
    return {"name": "confluence", "nodes": list(nodes)}


BEFORE = look(node("node1"), node("node2"), node("node3"))

ROWS = [
    # label, times at node1, at node2, node1 is worse, what is told
    ("alike", [5] * 50, [5] * 50, False, "half of its requests within 8 ms, of the others' 8 ms"),
    ("nobody came", [], [5] * 50, False, "node1: 0 of 0 requests failed; the others: 0 of 50 req"),
    ("too few came to it", [900] * 19, [5] * 50, False, "the others: 0 of 50 requests failed$"),
    ("too few came to the others", [900] * 50, [5] * 19, False, "0 of 19 requests failed$"),
    ("slower, but quick", [90] * 50, [5] * 50, False, "within 96 ms, of the others' 8 ms"),
    ("much slower", [400] * 20, [5] * 20, True, "within 510 ms, of the others' 8 ms"),
    ("twice as slow where all is slow", [700] * 50, [300] * 50, False, "within 770 ms, .* 380 ms"),
    ("thrice as slow where all is slow", [1000] * 50, [300] * 50, True, "1000 ms, .* 380 ms"),
    ("its half is slow by chance", [5] * 9 + [200] * 11, [5] * 11 + [200] * 9, False,
     "within 260 ms, of the others' 8 ms"),
    ("its half is slow, and not by chance", [5] * 90 + [200] * 110, [5] * 180 + [200] * 20, True,
     "within 260 ms, of the others' 8 ms"),
    ("a few are very slow", [5] * 60 + [1000] * 40, [5] * 100, False, "within 8 ms"),
    ("all are slower than the last edge", [2000] * 50, [5] * 50, True, "within inf ms"),
]


@pytest.mark.parametrize("own, other, worse, text", [row[1:] for row in ROWS],
                         ids=[row[0] for row in ROWS])
def test_a_node_is_slower_when_that_is_no_accident(own, other, worse, text):
    found = compare(BEFORE, look(node("node1", own), node("node2", other[::2]),
                                 node("node3", other[1::2])), "node1")
    assert found.worse == worse
    assert re.search(text, found.text), found.text


def test_what_was_before_the_first_look_does_not_count():
    before = look(node("node1", [900] * 500, failed=100), node("node2", [5] * 500))
    now = look(node("node1", [900] * 500 + [5] * 50, failed=100), node("node2", [5] * 550))
    found = compare(before, now, "node1")
    assert not found.worse
    assert found.text == ("node1: 0 of 50 requests failed; the others: 0 of 50 requests failed; "
                          "half of its requests within 8 ms, of the others' 8 ms")


def test_nodes_that_are_alike_are_never_called_slower_by_chance():
    """Half of the requests is quick, half is slow: their medians say nothing."""
    chance = random.Random(7)
    for _ in range(200):
        own, other = [], []
        for _ in range(30):
            for times in own, other:
                times += [chance.choice((5, 200)) for _ in range(10)]
            now = look(node("node1", own), node("node2", other))
            assert not compare(look(node("node1"), node("node2")), now, "node1").worse


FAILED = [
    # label, requests and failed of node1, of node2, node1 is worse
    ("none", (100, 0), (100, 0), False),
    ("too few to say", (20, 4), (100, 0), False),
    ("more than one in a hundred", (400, 5), (400, 0), True),
    ("fewer than one in a hundred", (600, 5), (600, 0), False),
    ("as many as elsewhere", (100, 20), (100, 15), False),
    ("more than twice as many", (100, 20), (100, 9), True),
]


@pytest.mark.parametrize("own, other, worse", [row[1:] for row in FAILED],
                         ids=[row[0] for row in FAILED])
def test_a_node_is_worse_when_more_of_its_requests_fail(own, other, worse):
    now = look(*[node(name, requests=requests, failed=failed)
                 for name, (requests, failed) in (("node1", own), ("node2", other))])
    before = look(node("node1", requests=0), node("node2", requests=0))
    assert compare(before, now, "node1").worse == worse


def test_counters_that_began_anew_with_httpd_are_left_out():
    before = look(node("node1", [5] * 100), node("node2", [5] * 100))
    now = look(node("node1", [900] * 50), node("node2", [5] * 200))
    found = compare(before, now, "node1")
    assert not found.worse and "node1: 0 of 0 requests failed" in found.text


def test_a_node_that_does_not_serve_is_worse_and_so_is_one_that_is_gone():
    out = node("node1", effective="out")
    out["why"] = "health down"
    assert compare(BEFORE, look(out, node("node2")), "node1").text == "node1 is out (health down)"
    assert compare(BEFORE, look(node("node2")), "node1").text == "node1 is gone"


def test_of_several_balancers_the_worst_counts():
    good = look(node("node1", [5] * 50), node("node2", [5] * 50))
    bad = look(node("node1", [900] * 50), node("node2", [5] * 50))
    before = look(node("node1"), node("node2"))
    assert worst([before] * 2, [good, bad], "node1").worse
    assert not worst([before] * 2, [good, good], "node1").worse
