# SPDX-License-Identifier: Apache-2.0
"""The monitor process: that there is always one, never two, and that it leaves nothing behind."""

import os
import signal
import time

import pytest

from equipment import proc
from equipment.proc import wait_for

GAP = 2.0       # seconds within which a monitor is replaced


def monitors(httpd):
    """Living monitors, those of configurations before included."""
    table = proc.table()
    return [pid for pid in httpd.processes() if table.get(pid, [None] * 4)[3] == "cfc-monitor"]


def assert_gaps(gaps):
    """A busy machine may be slow to start one or two of many."""
    *_, third, _, longest = sorted(gaps)
    assert third < GAP and longest < 3 * GAP, sorted(gaps)[-5:]


def a_new_monitor(httpd, old):
    return wait_for(lambda: httpd.monitor_pid() not in (old, None) and httpd.monitor_pid(),
                    "a new monitor", 10)


def test_a_monitor_killed_ten_times_is_replaced_each_time(new_cluster, scripted, heartbeat):
    node = scripted("node1")
    cluster = new_cluster(members=[node]).start()
    cluster.httpd.allow("CFC0310")
    for _ in range(10):
        old, probes = cluster.httpd.monitor_pid(), len(node.probed)
        os.kill(old, signal.SIGKILL)
        a_new_monitor(cluster.httpd, old)
        wait_for(lambda: len(node.probed) >= probes + 2, "probing goes on")
        assert cluster.node("node1")["effective"] == "serving"
    assert_gaps(heartbeat.gaps(node.probed))
    assert len(monitors(cluster.httpd)) == 1


def test_a_monitor_that_hangs_is_replaced(new_cluster, scripted, heartbeat):
    node = scripted("node1")
    cluster = new_cluster(members=[node]).start()
    cluster.httpd.allow("CFC0310|CFC0313")
    old, since = cluster.httpd.monitor_pid(), len(node.probed)
    os.kill(old, signal.SIGSTOP)
    a_new_monitor(cluster.httpd, old)
    wait_for(lambda: len(node.probed) > since + 11, "probing goes on")
    gaps = heartbeat.gaps(node.probed[since - 1:])
    assert max(gaps) < 2 * GAP, gaps     # once: it may be the slow one
    assert cluster.httpd.error_log().count("CFC0313") == 1
    assert old not in proc.table()
    assert len(monitors(cluster.httpd)) == 1


@pytest.mark.once
def test_a_hundred_graceful_restarts_leave_exactly_one(new_cluster, scripted, heartbeat):
    node = scripted("node1")
    cluster = new_cluster(members=[node]).start()
    for _ in range(100):
        cluster.httpd.graceful()
    wait_for(lambda: len(monitors(cluster.httpd)) == 1, "one monitor is left")
    assert cluster.node("node1")["effective"] == "serving"
    assert_gaps(heartbeat.gaps(node.probed))
    since = len(node.probed)
    wait_for(lambda: len(node.probed) > since + 20, "the last one probes")
    between = [b - a for a, b in zip(node.probed[since:], node.probed[since + 1:])]
    assert sorted(between)[10] > 0.09, "they are one monitor's probes"


def resources(pid):
    """(KiB of its own, descriptors, threads) of a process."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as f:
        status = dict(line.split(":\t", 1) for line in f if ":\t" in line)
    return (int(status["RssAnon"].split()[0]), len(os.listdir(f"/proc/{pid}/fd")),
            int(status["Threads"]))


@pytest.mark.once
def test_probes_that_fail_leave_nothing_behind_in_the_process(new_cluster, nodes, scripted):
    """1500 bad results of three kinds, and as many good ones as come meanwhile. Of memory only a
    whole answer kept would be seen here; less than a byte is by t/unit/test_soak.c."""
    helpers = [scripted(health, health=health) for health in ("half", "loop", "down", "drip")]
    inside = "\n".join(
        [f"CFProbe http /status name={node.name} role=advisory port={node.port} interval=100ms "
         "timeout=300ms" for node in helpers]
        + [f"CFProbe ajp name=ajp role=advisory port={nodes[0].ajp_port} interval=100ms"])
    cluster = new_cluster(inside=inside).start()
    pid = cluster.httpd.monitor_pid()

    def probed(count):
        begun = [len(node.probed) for node in helpers]
        wait_for(lambda: all(len(node.probed) - b >= count for node, b in zip(helpers[:3], begun)),
                 f"{count} probes of each", 300)

    probed(100)                                     # all memory that it will ever need
    memory, descriptors, threads = resources(pid)
    probed(500)
    assert resources(pid)[0] < memory + 512
    wait_for(lambda: resources(pid)[1] <= descriptors, "all sockets are closed")
    wait_for(lambda: resources(pid)[2] <= threads, "all threads have ended")
    assert cluster.httpd.monitor_pid() == pid
    assert [p for p, row in proc.table().items() if row[0] == pid] == []    # no zombie either


def test_a_stop_does_not_wait_for_a_probe(new_cluster, scripted, heartbeat):
    slow = scripted("slow", health="silent")
    cluster = new_cluster(members=[slow], probe="CFProbe http /status timeout=60s")
    cluster.httpd.start()
    wait_for(lambda: slow.probed, "a probe is under way")
    cluster.httpd.graceful()
    wait_for(lambda: len(slow.probed) >= 2, "the next monitor probes")
    wait_for(lambda: len(monitors(cluster.httpd)) == 1, "the first one has ended", 50)
    begun = time.monotonic()
    cluster.httpd.proc.signal(signal.SIGWINCH)      # graceful stop
    wait_for(lambda: not monitors(cluster.httpd), "no monitor is left", 50)     # timeout= is 60
    assert heartbeat.since(begun) < 5
