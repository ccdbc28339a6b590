# SPDX-License-Identifier: Apache-2.0
"""CFNode max= and CFQueue: a node never gets more at one time, and who has to wait is served in
order, or told."""

import concurrent.futures
import os
import signal
import time

import pytest

from equipment.client import spread
from equipment.cluster import config, node_line
from equipment.proc import wait_for


def limited(count):
    return lambda node: f"{node_line(node)} max={count}"


def slow(user, ms):
    return user.get(f"/slow?ms={ms}")


def of_node(cluster, name):
    """A user who belongs to a node."""
    user = cluster.user()
    user.session.cookies.set("JSESSIONID", f"A.{name}")
    return user


class Crowd:
    """Requests made at the same time, each by a user of its own unless one is given."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.pool = concurrent.futures.ThreadPoolExecutor(32)

    def ask(self, ms, user=None):
        return self.pool.submit(slow, user or self.cluster.user(), ms)

    def hold(self, *names):
        """Requests of new users, one for each of these scripted nodes, which end no request before
        let_go()."""
        for name in names:
            self.cluster.nodes[name].script = "slow"
        before = sum(self.in_flight())
        held = [self.ask(0, of_node(self.cluster, name)) for name in names]
        wait_for(lambda: sum(self.in_flight()) == before + len(names), "all are held")
        return held

    def let_go(self):
        for node in self.cluster.nodes.values():
            node.go_on.set()

    def in_flight(self):
        return [node["traffic"]["in_flight"] for node in self.cluster.status()["nodes"]]

    def busy(self, *counts):
        wait_for(lambda: self.in_flight() == list(counts), f"{counts} in flight")

    def waiting(self, count):
        wait_for(lambda: self.cluster.status()["waiting"] == count, f"{count} waiting")


@pytest.fixture
def place(new_cluster):
    made = []

    def make(count, inside="", line=None, **more):
        cluster = new_cluster(inside=inside, line=line or limited(count), **more).start()
        made.append(Crowd(cluster))
        return cluster, made[-1]

    yield make
    for crowd in made:
        crowd.pool.shutdown(cancel_futures=True)


@pytest.fixture
def held_place(place, scripted):
    """The same over scripted nodes, which are told when a request ends."""
    def make(inside, names=("node1", "node2"), count=1):
        return place(count, inside, members=[scripted(name) for name in names])

    return make


def test_a_node_never_has_more_than_its_max_over_all_children(held_place):
    cluster, crowd = held_place("CFQueue timeout=1m", count=2)
    held = crowd.hold("node1", "node1", "node2", "node2")
    more = [crowd.ask(0) for _ in range(6)]
    crowd.waiting(6)
    assert crowd.in_flight() == [2, 2]
    crowd.let_go()
    assert {answer.result().status_code for answer in [*held, *more]} == {200}
    crowd.busy(0, 0)
    crowd.waiting(0)


def test_who_came_first_is_served_first(held_place):
    cluster, crowd = held_place("CFQueue timeout=1m", names=["node1"])
    held = crowd.hold("node1")
    answers = []
    for i in range(5):
        answers.append(crowd.pool.submit(cluster.user().get, f"/page?id={i}"))
        crowd.waiting(i + 1)
    crowd.let_go()
    assert {answer.result().status_code for answer in [*held, *answers]} == {200}
    assert cluster.nodes["node1"].journal() == [f"GET {i}" for i in range(5)]


def test_a_full_queue_is_told_at_once(held_place):
    cluster, crowd = held_place("CFQueue depth=1 timeout=1m")
    held = crowd.hold("node1", "node2")
    waits = crowd.ask(0)
    crowd.waiting(1)
    answer = cluster.user().get("/page", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert answer.json()["state"] == "busy"
    crowd.let_go()
    assert [a.result().status_code for a in [*held, waits]] == [200, 200, 200]


def test_waiting_ends_after_its_time(held_place):
    cluster, crowd = held_place("CFQueue depth=10 timeout=300ms")
    held = crowd.hold("node1", "node2")
    begun = time.monotonic()
    assert cluster.user().get("/page").status_code == 503
    assert time.monotonic() - begun >= 0.3
    crowd.waiting(0)
    crowd.let_go()
    assert [answer.result().status_code for answer in held] == [200, 200]


def test_a_session_waits_for_its_own_node(held_place):
    cluster, crowd = held_place("CFQueue timeout=1m")
    user = cluster.new_user()
    node = user.node
    held = crowd.hold(node)
    waits = crowd.ask(0, user)
    crowd.waiting(1)
    crowd.let_go()
    assert held[0].result().status_code == 200
    assert spread([waits.result()]) == f"{node}: 1"


@pytest.mark.parametrize("strict, want", [("off", 200), ("on", 503)])
def test_near_the_end_of_the_time_it_moves_unless_strict(held_place, strict, want):
    cluster, crowd = held_place("CFSticky cookie=CFROUTE session=JSESSIONID "
                                f"strict={strict}\nCFQueue timeout=500ms")
    user = cluster.new_user()
    node = user.node
    held = crowd.hold(node)
    answer = user.get("/page")
    assert answer.status_code == want
    if want == 200:
        assert spread([answer]) == f"{cluster.other(node)}: 1"
    crowd.let_go()
    assert held[0].result().status_code == 200


def test_who_waits_over_a_reload_gets_a_place_at_the_right_node(held_place, scripted):
    cluster, crowd = held_place("CFQueue timeout=1m")
    held = crowd.hold("node1", "node2")
    sticky = [crowd.ask(0, of_node(cluster, name)) for name in cluster.nodes]
    new = [crowd.ask(0) for _ in range(4)]
    crowd.waiting(6)
    members = [scripted("node3"), cluster.nodes["node2"], cluster.nodes["node1"]]
    cluster.httpd.pieces = [config(members, inside="CFQueue timeout=1m", line=limited(1))]
    cluster.httpd.graceful()        # who waits, waits on in an old child
    younger = [crowd.ask(50) for _ in range(20)]
    wait_for(lambda: sum(answer.done() for answer in younger) >= 5, "node3 hands places over")
    crowd.let_go()
    everybody = [*held, *sticky, *new, *younger]
    while not all(answer.done() for answer in everybody):
        assert max(crowd.in_flight()) <= 1
    assert [spread([answer.result()]) for answer in sticky] == ["node1: 1", "node2: 1"]
    assert {answer.result().status_code for answer in everybody} == {200}
    crowd.busy(0, 0, 0)
    crowd.waiting(0)


def test_a_higher_tier_gets_nobody_while_the_lower_one_is_only_full(place, scripted):
    members = [scripted("node1"), scripted("node2")]
    cluster, crowd = place(1, inside="CFQueue timeout=1m", members=members, line=lambda n: (
        f"{limited(1)(n)} tier={members.index(n)}"))
    held = crowd.hold("node1", "node2")
    new = [crowd.ask(0) for _ in range(4)]
    crowd.waiting(4)
    members[1].go_on.set()
    assert held[1].result().status_code == 200
    crowd.waiting(4)
    crowd.let_go()
    assert spread(answer.result() for answer in new) == "node1: 4"


def test_places_of_a_killed_child_come_back(place):
    cluster, crowd = place(1, "CFQueue timeout=1m")
    cluster.httpd.allow("exit signal Killed|AH00052")
    held = [crowd.ask(8000), crowd.ask(8000)]
    crowd.busy(1, 1)
    waits = crowd.ask(0)
    crowd.waiting(1)
    killed = cluster.httpd.children()
    for number in signal.SIGSTOP, signal.SIGKILL:   # or one lives to get another one's place
        for pid in killed:
            os.kill(pid, number)
    for answer in [*held, waits]:
        assert answer.exception() is not None
    wait_for(lambda: not set(killed) & set(cluster.httpd.children()), "they are gone")
    wait_for(lambda: crowd.in_flight() == [0, 0], "all places", 20)
    wait_for(lambda: cluster.status()["waiting"] == 0, "an empty queue", 20)
    assert spread(cluster.user().get("/page") for _ in range(2)) in (
        "node1: 1, node2: 1", "node1: 2", "node2: 2")
