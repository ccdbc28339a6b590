# SPDX-License-Identifier: Apache-2.0
"""A change is in effect in every child of httpd before its answer is sent. That is shown by the
order of events and not by a time, which a busy machine would make untrue: whoever begins to ask
after the answer is never told what was so before. How long a change took is kept with the results
of the tests, and by how much this machine was late meanwhile."""

import http.client
import itertools
import re
import threading
import time
from dataclasses import dataclass

import pytest

from equipment.cluster import ONE_PROBE
from equipment.proc import wait_for

ASKERS = 8
ROUNDS = 5

# One line for each request: which child, and which request.
LOG = 'LogFormat "%P %q" children\nCustomLog logs/children.log children\n'


@dataclass
class Seen:
    """One request: when it was begun (monotonic clock) and what came."""
    id: str
    begun: float
    status: int
    node: str


class Asker(threading.Thread):
    """Asks for a page again and again, each time over a connection of its own, so that it comes to
    any child."""

    def __init__(self, name, port, path, cookie, over):
        super().__init__(daemon=True)
        self.port, self.path, self.over = port, path, over
        self.prefix = name
        self.headers = {"Connection": "close", **({"Cookie": cookie} if cookie else {})}
        self.seen = []
        self.failed = None

    def run(self):
        try:
            for number in itertools.count():
                if self.over.is_set():
                    break
                self.seen.append(self._ask(f"{self.prefix}.{number}"))
        except (OSError, http.client.HTTPException) as e:
            self.failed = repr(e)

    def _ask(self, name):
        begun = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", f"{self.path}?{name}", headers=self.headers)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return Seen(name, begun, answer.status, answer.headers.get("X-Test-Node"))


class Lateness(threading.Thread):
    """By how much at most this machine woke somebody up too late who slept for a millisecond."""

    def __init__(self, over):
        super().__init__(daemon=True)
        self.over = over
        self.most = 0

    def run(self):
        while not self.over.is_set():
            begun = time.monotonic()
            time.sleep(0.001)
            self.most = max(self.most, time.monotonic() - begun - 0.001)


def closed(seen):
    return seen.status == 503


def elsewhere(seen):
    return seen.status == 200 and seen.node != "node1"


def at_home(seen):
    return seen.node == "node1"


def let_in(seen):
    return seen.status == 200


# label, the order, what whoever asks then gets, the order that takes it back, what they get then;
# whether they ask as a user of node1. After a drain new users may, and need not, get node1.
FLIPS = [
    ("maintenance", {"action": "maintenance-on"}, closed, {"action": "maintenance-off"}, let_in,
     False),
    ("a path", {"action": "maintenance-on", "path": "/page"}, closed,
     {"action": "maintenance-off", "path": "/page"}, let_in, False),
    ("stop", {"action": "stop", "node": "node1"}, elsewhere,
     {"action": "activate", "node": "node1"}, at_home, True),
    ("drain", {"action": "drain", "node": "node1"}, elsewhere,
     {"action": "activate", "node": "node1"}, let_in, False),
]


class Crowd:
    """People who ask, and what they were answered by which child."""

    def __init__(self, cluster, cookie):
        self.cluster = cluster
        self.over = threading.Event()
        self.lateness = Lateness(self.over)
        self.askers = [Asker(f"{number}", cluster.httpd.port, "/page", cookie, self.over)
                       for number in range(ASKERS)]

    def __enter__(self):
        for thread in [*self.askers, self.lateness]:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in [*self.askers, self.lateness]:
            thread.join(60)

    def seen(self):
        return [seen for asker in self.askers for seen in list(asker.seen)]

    def children(self):
        """{id of a request: child}"""
        log = (self.cluster.httpd.root / "logs/children.log").read_text()
        return {query: int(pid) for pid, query in re.findall(r"^(\d+) \?([\d.]+)$", log, re.M)}

    def asked_all(self, since):
        """Whether every child has answered a request that was begun after that."""
        assert [asker.failed for asker in self.askers] == [None] * ASKERS
        by = self.children()
        return set(self.cluster.httpd.children()) \
            <= {by.get(seen.id) for seen in self.seen() if seen.begun > since}

    def order(self, fields, obeys):
        """Give an order, and fail if anybody is answered against it who began to ask after its
        answer. Returns how long it took, and until when (both in seconds from its begin) somebody
        began to ask who was still answered as before."""
        begun = time.monotonic()
        answer = self.cluster.change(**fields)
        answered = time.monotonic()
        assert answer.status_code == 200, answer.text
        wait_for(lambda: self.asked_all(answered), f"{fields}: every child was asked", 60, 0.1)
        seen = self.seen()
        wrong = [one for one in seen if one.begun > answered and not obeys(one)]
        assert wrong == [], f"{fields}, answered after {answered - begun:.3f} s, and yet: {wrong}"
        old = [one.begun - begun for one in seen
               if begun < one.begun <= answered and not obeys(one)]
        return answered - begun, max(old, default=0)


@pytest.mark.parametrize("label, order, obeys, back, obeys_back, at_node1", FLIPS,
                         ids=[flip[0] for flip in FLIPS])
def test_whoever_asks_after_the_answer_meets_the_change_in_every_child(
        new_cluster, record_testsuite_property, label, order, obeys, back, obeys_back, at_node1):
    cluster = new_cluster(outside=LOG, probe=ONE_PROBE).start()
    user = cluster.new_user()
    while at_node1 and user.node != "node1":
        user = cluster.new_user()
    cookie = "; ".join(f"{name}={value}" for name, value in user.cookies.items() if at_node1)
    took, last = [], []
    with Crowd(cluster, cookie) as crowd:
        for _ in range(ROUNDS):
            for fields, so in (order, obeys), (back, obeys_back):
                whole, old = crowd.order(fields, so)
                took.append(whole)
                last.append(old)
    for name, seconds in ("an order took at most", max(took)), \
            ("whoever was answered as before asked at most so long after the order", max(last)), \
            ("this machine was late by at most", crowd.lateness.most):
        record_testsuite_property(f"{label}: {name}, ms", round(1000 * seconds, 1))
