# SPDX-License-Identifier: Apache-2.0
"""CFNode max= and CFQueue: a node never gets more at one time, and who has to wait is served in
order, or told."""

import concurrent.futures
import os
import signal
import time

import pytest

from equipment.client import spread
from equipment.cluster import node_line
from equipment.httpd import mpm
from equipment.proc import wait_for


def limited(count):
    return lambda node: f"{node_line(node)} max={count}"


def slow(user, ms):
    return user.get(f"/slow?ms={ms}")


class Crowd:
    """Requests made at the same time, each by a user of its own unless one is given."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.pool = concurrent.futures.ThreadPoolExecutor(32)

    def ask(self, ms, user=None):
        return self.pool.submit(slow, user or self.cluster.user(), ms)

    def in_flight(self):
        return [node["traffic"]["in_flight"] for node in self.cluster.status()["nodes"]]

    def busy(self, *counts):
        wait_for(lambda: self.in_flight() == list(counts), f"{counts} in flight")

    def waiting(self, count):
        wait_for(lambda: self.cluster.status()["waiting"] == count, f"{count} waiting")


@pytest.fixture
def place(new_cluster):
    made = []

    def make(count, inside="", **more):
        cluster = new_cluster(inside=inside, line=limited(count), **more).start()
        made.append(Crowd(cluster))
        return cluster, made[-1]

    yield make
    for crowd in made:
        crowd.pool.shutdown(cancel_futures=True)


def test_a_node_never_has_more_than_its_max_over_all_children(place):
    cluster, crowd = place(2)
    answers = [crowd.ask(200) for _ in range(10)]
    most = [0, 0]
    while not all(answer.done() for answer in answers):
        most = [max(pair) for pair in zip(most, crowd.in_flight())]
    assert {answer.result().status_code for answer in answers} == {200}
    assert most == [2, 2]
    crowd.busy(0, 0)
    crowd.waiting(0)


def test_who_came_first_is_served_first(place, nodes):
    cluster, crowd = place(1, members=nodes[:1])
    answered = []
    first = crowd.ask(1500)
    crowd.busy(1)
    for i in range(5):
        answer = crowd.ask(400)     # far apart: it is clients that say when they had an answer
        answer.add_done_callback(lambda _, i=i: answered.append(i))
        crowd.waiting(i + 1)
    assert first.result().status_code == 200
    wait_for(lambda: len(answered) == 5, "all answers")
    assert answered == [0, 1, 2, 3, 4]


def test_a_full_queue_is_told_at_once(place):
    cluster, crowd = place(1, inside="CFQueue depth=1 timeout=1m")
    held = [crowd.ask(1500), crowd.ask(1500)]
    crowd.busy(1, 1)
    waits = crowd.ask(0)
    crowd.waiting(1)
    answer = cluster.user().get("/page", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert answer.json()["state"] == "busy"
    assert [a.result().status_code for a in [*held, waits]] == [200, 200, 200]


def test_waiting_ends_after_its_time(place):
    cluster, crowd = place(1, inside="CFQueue depth=10 timeout=300ms")
    held = [crowd.ask(2000), crowd.ask(2000)]
    crowd.busy(1, 1)
    begun = time.monotonic()
    assert cluster.user().get("/page").status_code == 503
    assert time.monotonic() - begun >= 0.3
    crowd.waiting(0)
    assert [answer.result().status_code for answer in held] == [200, 200]


def test_a_session_waits_for_its_own_node(place):
    cluster, crowd = place(1, inside="CFQueue timeout=1m")
    user = cluster.new_user()
    held = crowd.ask(1000, user)
    wait_for(lambda: sum(crowd.in_flight()) == 1, "one in flight")
    other = cluster.user()
    other.session.cookies.update(user.session.cookies)
    assert spread([other.get("/page")]) == f"{user.node or held.result().headers['X-Test-Node']}: 1"


@pytest.mark.parametrize("strict, want", [("off", 200), ("on", 503)])
def test_near_the_end_of_the_time_it_moves_unless_strict(place, strict, want):
    cluster, crowd = place(1, inside="CFSticky cookie=CFROUTE session=JSESSIONID "
                                     f"strict={strict}\nCFQueue timeout=500ms")
    user = cluster.new_user()
    node = user.node
    held = crowd.ask(3000, user)
    wait_for(lambda: sum(crowd.in_flight()) == 1, "one in flight")
    other = cluster.user()
    other.session.cookies.update(user.session.cookies)
    answer = other.get("/page")
    assert answer.status_code == want
    if want == 200:
        assert spread([answer]) == f"{cluster.other(node)}: 1"
    assert held.result().status_code == 200


def test_places_of_a_killed_child_come_back(place):
    cluster, crowd = place(1)
    cluster.httpd.allow("exit signal Killed|AH00052")
    held = [crowd.ask(8000), crowd.ask(8000)]
    crowd.busy(1, 1)
    waits = crowd.ask(0)
    crowd.waiting(1)
    killed = cluster.httpd.children()
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    for answer in [*held, waits]:
        assert answer.exception() is not None
    wait_for(lambda: not set(killed) & set(cluster.httpd.children()), "they are gone")
    wait_for(lambda: crowd.in_flight() == [0, 0], "all places", 20)
    wait_for(lambda: cluster.status()["waiting"] == 0, "an empty queue", 20)
    assert spread(cluster.user().get("/page") for _ in range(2)) in (
        "node1: 1, node2: 1", "node1: 2", "node2: 2")
