# SPDX-License-Identifier: Apache-2.0
"""What users notice of a fault: one of two nodes fails, or httpd itself, while 50 users send 200
requests a second and ten new ones come each second. All directives are at their defaults,
but the slow start is short enough to be over before the load ends.

Rows run side by side, as many as the machine bears, and with no other tests beside them. What came
of each is written to build/fault-matrix.md, and from there comes the table of
docs/performance.md."""

import asyncio
import collections
import os
import re
import signal
import time
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from equipment import places, ports
from equipment.cluster import Cluster, config
from equipment.httpd import Httpd
from equipment.load import NEW, SteadyLoad, percentile
from equipment.proc import wait_for
from equipment.scripted import ScriptedNode
from equipment.tomcat import Tomcat

pytestmark = pytest.mark.once

SECONDS = 30
BREAK_S, BROKEN_S = 5, 7        # into the load; after that

# The last seconds of the load, in which new users go to both nodes again.
BALANCED_S = 5

# With the default probes a node that hangs is down after 2.6 s at the latest, and then those are
# freed that wait on it, but for what a busy machine adds to that; nobody may wait a second longer.
VERDICT_S = 2.6
FREED_S = 3
# As late as the load was by the machine's fault, each of these may be: httpd, its monitor, a node.
LATE_TOO = 3

# What docs/performance.md recommends.
MPM = """\
StartServers 4
ThreadsPerChild 25
MaxRequestWorkers 400
MinSpareThreads 75
MaxSpareThreads 400
ServerLimit 64
"""

# mod_proxy logs what a node does to it.
PROXY = r"\[proxy(_http)?:(error|warn)\]"


class Place:
    """One cluster under load, and what a fault needs of it."""

    def __init__(self, nodes):
        self.nodes = nodes
        self.node = nodes[0]
        text = config(nodes, inside="CFSlowStart 5s", probe="", outside=MPM)
        self.cluster = Cluster(Httpd(text), nodes)
        self.cluster.httpd.allow(PROXY)
        self.killed_at = None       # when a child of httpd was killed
        self.killed_ports = set()   # whose connections it held, by the ports at the users' end

    async def over(self):
        await asyncio.sleep(BROKEN_S)

    async def wait_serving(self, node):
        await asyncio.to_thread(self.cluster.wait_effective, node.name, "serving", 60)


# What happens, from its beginning to its end. Processes are started here, in the main thread,
# because they end with the thread that started them; what only waits has one of its own.

async def node_killed(place):
    place.node.kill()
    await place.over()
    await asyncio.to_thread(place.node.start().wait_ready)


async def node_hangs(place):
    place.node.freeze()
    await place.over()
    place.node.thaw()


async def both_restarted(place):
    for node in place.nodes:
        node.refuse()
        await asyncio.sleep(3)
        node.listen()
        await place.wait_serving(node)


async def reloaded(place):
    for _ in range(10):
        await asyncio.to_thread(place.cluster.httpd.graceful)
        await asyncio.sleep(1)


async def child_killed(place):
    httpd = place.cluster.httpd
    httpd.allow("exit signal Killed")
    child = httpd.children()[0]
    os.kill(child, signal.SIGSTOP)      # from here on it takes no other connection
    place.killed_at = time.monotonic()
    place.killed_ports = ports.clients(child, httpd.port)
    os.kill(child, signal.SIGKILL)


def script(name, probes_too):
    async def fault(place):
        place.node.probes_too = probes_too
        place.node.script = name
        await place.over()
        place.node.script = "answer"
        place.node.probes_too = False
    return fault


async def accepts_slowly(place):
    place.node.accept_pause = 1
    await place.over()
    place.node.accept_pause = 0


# Tomcats where a process is killed or stopped, one row of them at a time. Elsewhere not: a Java
# that has just started and gets everything is slow, which is not what is measured here.
ROWS = [
    # label,                                       nodes,        fault
    ("a node is killed",                           Tomcat,       node_killed),
    ("a node resets everything",                   ScriptedNode, script("reset", True)),
    ("a node resets requests, its probe is good",  ScriptedNode, script("reset", False)),
    ("a node closes everything",                   ScriptedNode, script("close", True)),
    ("a node closes requests, its probe is good",  ScriptedNode, script("close", False)),
    ("a node hangs",                               Tomcat,       node_hangs),
    ("both nodes restart, one after the other",    ScriptedNode, both_restarted),
    ("a node answers 503 to everything",           ScriptedNode, script("busy", True)),
    ("a node answers 503, its probe is good",      ScriptedNode, script("busy", False)),
    ("a node closes idle connections on reuse",    ScriptedNode, script("stale", False)),
    ("a node accepts slowly",                      ScriptedNode, accepts_slowly),
    ("a child of httpd is killed",                 ScriptedNode, child_killed),
    ("httpd is reloaded ten times",                ScriptedNode, reloaded),
]
LABELS = [row[0] for row in ROWS]

# What sum_s() is on a machine of which five rows take 60 % of two processors.
AT_A_TIME, BORNE_S = 5, 0.06


def sum_s():
    begun = time.monotonic()
    sum(i * i for i in range(1_000_000))
    return time.monotonic() - begun


def at_a_time():
    """How many rows this machine bears side by side at the moment. All their scripted nodes are in
    this process, and with more of them they would miss the default probe's time without any
    fault."""
    return max(1, min(AT_A_TIME, int(AT_A_TIME * BORNE_S / min(sum_s() for _ in range(5)))))


@dataclass
class Outcome:
    """Of one row: each Shot of the load, and how the cluster was when it was over."""
    shots: list = field(repr=False)
    executed: collections.Counter = field(repr=False)   # "POST id": how often a node has read it
    killed_at: float
    killed_ports: set
    verdict_s: float            # from the fault to the node being down; 0: it never was
    starved: bool               # too little processor time, as is_starved() tells
    in_flight: list
    complaints: list

    def of(self, *methods):
        return [shot for shot in self.shots if shot.user != NEW and shot.method in methods]

    def new(self):
        return [shot for shot in self.shots if shot.user == NEW]

    def failed(self, shots):
        """But for those that a child held when it was killed."""
        return [shot for shot in shots if shot.failed and not self._died_with_a_child(shot)]

    def lost(self):
        """POSTs that failed, but for those that no node has read since httpd closed an idle
        connection to the client as they were sent: it does so when all threads of a child are busy,
        in whatever module is loaded."""
        return [shot for shot in self.failed(self.of("POST"))
                if not shot.closed_idle or f"POST {shot.id}" in self.executed]

    def _died_with_a_child(self, shot):
        return (self.killed_at is not None and shot.status == 0
                and shot.port in self.killed_ports
                and shot.at + shot.ms / 1000 > self.killed_at)

    def spread_at_the_end(self):
        """Which node got what in the last seconds: (of old users, of new users)."""
        end = max(shot.at for shot in self.shots)
        late = [shot for shot in self.shots if shot.at > end - BALANCED_S]
        return (collections.Counter(shot.node for shot in late if shot.user != NEW),
                collections.Counter(shot.node for shot in late if shot.user == NEW))

    def late_ms(self):
        """How late the load was by the machine's fault."""
        return max(shot.late_ms for shot in self.shots)

    def verdict_limit_s(self):
        return FREED_S + self.late_ms() * LATE_TOO / 1000

    def patience_ms(self):
        """How long a request may take."""
        return (max(self.verdict_s, VERDICT_S) + 1) * 1000 + self.late_ms() * (1 + LATE_TOO)

    def unseen(self):
        """Answered POSTs that no node has noted: there are none, or twice() means nothing."""
        return {f"POST {shot.id}" for shot in self.of("POST") if not shot.failed} \
            - set(self.executed)

    def twice(self):
        return {ident: n for ident, n in self.executed.items() if n > 1}


REPEATABLE = ["GET", "HEAD", "PUT", "DELETE"]


async def play(kind, fault, directory):
    nodes = [kind("node1"), kind("node2")]
    place = Place(nodes)
    httpd = place.cluster.httpd
    try:
        if kind is Tomcat:
            await asyncio.gather(*[asyncio.to_thread(n.start().wait_ready) for n in nodes])
        httpd.start()
        for node in nodes:
            await place.wait_serving(node)
        load = SteadyLoad(httpd.port, SECONDS, directory)
        await asyncio.sleep(BREAK_S)
        broken_at = datetime.now()
        await fault(place)
        for node in nodes:
            await place.wait_serving(node)
        await asyncio.sleep(BALANCED_S)
        shots = await asyncio.to_thread(load.results)
        in_flight = await asyncio.to_thread(at_rest, place.cluster)
        complaints = await asyncio.to_thread(httpd.shut_down)
        return Outcome(shots, posts(nodes), place.killed_at, place.killed_ports,
                       verdict_s(httpd.error_log(), broken_at), is_starved(httpd, fault),
                       in_flight, complaints + httpd.complaints())
    except AssertionError as e:
        e.starved = is_starved(httpd, fault)
        raise
    finally:
        if httpd.proc is not None:
            httpd.shut_down()
        httpd.remove()
        for node in nodes:
            node.remove()


def verdict_s(log, broken_at):
    """How long after that a node was found down for the first time; 0: it was not."""
    for said in re.findall(r"^\[(.*?)\].* CFC0301: .* -> down:", log, re.M):
        late = (datetime.strptime(said, "%a %b %d %H:%M:%S.%f %Y") - broken_at).total_seconds()
        if late > 0:
            return late
    return 0


def is_starved(httpd, fault):
    """Whether a node that nobody had touched was found down."""
    return (fault is not both_restarted
            and re.search(r" CFC0301: .* node node2: \S+ -> down:", httpd.error_log()) is not None)


def posts(nodes):
    return collections.Counter(
        line for node in nodes for line in node.journal() if line.startswith("POST "))


def at_rest(cluster):
    """Requests in flight by each node's counter, once nobody asks any more."""
    def counters():
        return [node["traffic"]["in_flight"] for node in cluster.status()["nodes"]]
    try:
        wait_for(lambda: not any(counters()), "nothing in flight", 10)
    except AssertionError:
        pass        # told by what is returned
    return counters()


async def play_all(rows, directory):
    """{label: its Outcome, or the exception that ended it}; all at the same time."""
    done = await asyncio.gather(*[play(*row[1:], directory) for row in rows],
                                return_exceptions=True)
    return {row[0]: outcome for row, outcome in zip(rows, done)}


@pytest.fixture(scope="module")
def outcomes():
    """What is known so far."""
    found = {}
    yield found
    report = places.cache().parent / "fault-matrix.md"
    report.write_text(table({k: v for k, v in found.items() if isinstance(v, Outcome)}))


@pytest.fixture
def outcome(request, outcomes, tmp_path, label):
    if label not in outcomes:
        wanted = {item.callspec.params["label"] for item in request.session.items
                  if item.module is request.module}
        rows = [row for row in ROWS if row[0] in wanted and row[0] not in outcomes]
        outcomes.update(asyncio.run(play_all(rows[:at_a_time()], tmp_path)))
        for row in rows:
            if getattr(outcomes.get(row[0]), "starved", False):
                outcomes.update(asyncio.run(play_all([row], tmp_path)))
    if isinstance(outcomes[label], BaseException):
        raise outcomes[label]
    return outcomes[label]


@pytest.mark.parametrize("label", LABELS)
def test_users_notice_nothing_when(outcome, label):
    assert outcome.failed(outcome.of(*REPEATABLE)) == []
    assert outcome.failed(outcome.new()) == []
    assert outcome.verdict_s < outcome.verdict_limit_s()
    assert max(shot.ms for shot in outcome.shots) < outcome.patience_ms()
    assert (outcome.twice(), outcome.unseen()) == ({}, set())
    old, new = outcome.spread_at_the_end()
    lighter = min("node1", "node2", key=lambda name: old[name])
    assert new[lighter] > 0.1 * sum(new.values()), f"no balance: old users {old}, new {new}"
    assert outcome.in_flight == [0, 0]
    assert outcome.complaints == []


@pytest.mark.parametrize("label", ["a node closes idle connections on reuse"])
def test_no_post_is_lost_either_when(outcome, label):
    assert outcome.lost() == []


def table(found):
    lines = ["| when | failed GET, HEAD, PUT, DELETE | failed POST | executed twice | new users "
             "failed | p50, ms | p99, ms | longest wait, ms |", "|---" * 8 + "|"]
    for label, outcome in found.items():
        repeatable, posted = outcome.of(*REPEATABLE), outcome.of("POST")
        cells = [label, f"{len(outcome.failed(repeatable))} of {len(repeatable)}",
                 f"{len(outcome.failed(posted))} of {len(posted)}", len(outcome.twice()),
                 f"{len(outcome.failed(outcome.new()))} of {len(outcome.new())}",
                 *[f"{percentile(outcome.shots, share):.0f}" for share in (0.5, 0.99, 1)]]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines) + "\n"
