# SPDX-License-Identifier: Apache-2.0
"""What probes make of a node, and the monitor process that runs them."""

import os
import signal

import pytest

from equipment import proc
from equipment.client import spread
from equipment.cluster import FAST_PROBE, ONE_PROBE, PATIENT_PROBE, config
from equipment.proc import wait_for

pytestmark = pytest.mark.any_mpm

# No probe fails because the machine is slow.
FAST_TCP = "CFProbe tcp interval=100ms timeout=30s rise=2 fall=2"
FAST_STATUS = "CFProbe http /status expect=status interval=100ms timeout=30s rise=2 fall=2"

# A node that was up and then says this on /status
STATES = [
    # state,       health,      cause,      effective
    ("RUNNING",    "up",        "none",     "serving"),
    ("STARTING",   "starting",  "none",     "out"),
    ("STOPPING",   "starting",  "none",     "out"),
    ("ERROR",      "down",      "refused",  "out"),
    ("FIRST_RUN",  "down",      "refused",  "out"),
    ("GARBAGE",    "down",      "refused",  "out"),
    ("HANG",       "down",      "soft",     "last-resort"),
    ("DRIP",       "down",      "soft",     "last-resort"),
]


def state_of(cluster, name):
    node = cluster.node(name)
    return node["health"]["state"], node["health"]["cause"], node["effective"]


def wait_state(cluster, name, *expected):
    wait_for(lambda: state_of(cluster, name) == expected, f"{name} is {expected}")


@pytest.mark.parametrize("state, health, cause, effective", STATES, ids=[r[0] for r in STATES])
def test_what_confluence_says_decides(new_cluster, nodes, state, health, cause, effective):
    slow = state in ("HANG", "DRIP")
    cluster = new_cluster(probe=FAST_PROBE if slow else PATIENT_PROBE).start()
    nodes[0].set_state(state)
    wait_state(cluster, "node1", health, cause, effective)

    def as_decided():
        got = spread(cluster.new_user().last for _ in range(20))
        return (got == "node2: 20") == (effective != "serving")

    if slow:        # by a probe with little time, which node2 may miss, too
        cluster.wait_effective("node2", "serving")
        wait_for(as_decided, "all users go to node2")
    else:
        assert as_decided()
    nodes[0].set_state("RUNNING")
    cluster.wait_effective("node1", "serving")


@pytest.mark.parametrize("state", ["FIRST_RUN", "ERROR", "GARBAGE", "STARTING"])
def test_a_node_that_is_no_confluence_yet_is_not_used_even_alone(cluster, nodes, state):
    for node in nodes:
        node.set_state(state)
    for node in nodes:
        cluster.wait_effective(node.name, "out")
    users = [cluster.user() for _ in range(5)]
    assert spread(user.get("/page") for user in users) == "503: 5"
    assert [node.counters()["requests"] for node in nodes] == [{}, {}]


@pytest.mark.parametrize("state, cause", [("FIRST_RUN", "refused"), ("ERROR", "refused"),
                                          ("STARTING", "hard")])
def test_a_node_that_is_no_confluence_is_not_used_when_it_hangs_after_that(cluster, nodes, state,
                                                                          cause):
    cluster.stop_node("node2")
    nodes[0].set_state(state)
    cluster.wait_effective("node1", "out")
    nodes[0].set_state("HANG")
    wait_for(lambda: cluster.node("node1")["probe"]["reason"] == "no answer within 800ms", "")
    assert state_of(cluster, "node1") == ("down", cause, "out")
    assert cluster.user().get("/page").status_code == 503
    assert nodes[0].counters()["requests"] == {}
    nodes[0].set_state("RUNNING")
    cluster.wait_effective("node1", "serving")
    nodes[0].set_state("HANG")
    wait_state(cluster, "node1", "down", "soft", "last-resort")


@pytest.mark.parametrize("state", ["HANG", "DRIP"])
def test_slow_probes_do_not_take_the_last_nodes(cluster, nodes, state):
    for node in nodes:
        node.set_state(state)
    for node in nodes:
        cluster.wait_effective(node.name, "last-resort")
    assert {cluster.new_user().last.status_code for _ in range(5)} == {200}


def test_one_bad_result_is_not_enough(new_cluster, nodes):
    cluster = new_cluster(probe="CFProbe http /status expect=confluence interval=1s fall=50")
    cluster.start()
    nodes[0].set_state("HANG")
    wait_for(lambda: cluster.node("node1")["health"]["state"] == "failing", "a probe has failed")
    assert cluster.node("node1")["effective"] == "serving"
    nodes[0].set_state("RUNNING")
    wait_for(lambda: cluster.node("node1")["health"]["state"] == "up", "a probe has succeeded")


def test_a_node_must_rise_before_it_is_used_again(new_cluster, nodes):
    cluster = new_cluster(probe="CFProbe http /status expect=confluence interval=200ms rise=100")
    cluster.start()
    nodes[0].set_state("STARTING")
    cluster.wait_effective("node1", "out")
    nodes[0].set_state("RUNNING")
    wait_for(lambda: cluster.node("node1")["health"]["streak"] >= 3, "three good results")
    assert state_of(cluster, "node1") == ("recovering", "none", "out")


def test_the_last_probe_is_shown_with_its_reason(cluster, nodes):
    probe = cluster.node("node1")["probe"]
    assert (probe["good"], probe["code"], probe["reason"]) == (True, 200, "200 RUNNING")
    nodes[0].set_state("FIRST_RUN")
    cluster.wait_effective("node1", "out")
    probe = cluster.node("node1")["probe"]
    assert (probe["good"], probe["code"]) == (False, 200)
    assert probe["reason"] == "200 FIRST_RUN: setup is not complete, never used"


@pytest.mark.parametrize("probe", [FAST_TCP, FAST_STATUS], ids=["tcp", "http"])
def test_a_node_that_refuses_connections_is_out_until_it_listens(new_cluster, scripted, probe):
    members = [scripted("node1"), scripted("node2")]
    cluster = new_cluster(members=members, probe=probe).start()
    members[0].refuse()
    wait_state(cluster, "node1", "down", "hard", "out")
    assert spread(cluster.new_user().last for _ in range(5)) == "node2: 5"
    members[0].listen()
    wait_state(cluster, "node1", "up", "none", "serving")


def test_a_tcp_probe_asks_for_nothing(new_cluster, nodes):
    cluster = new_cluster(probe=FAST_TCP).start()
    nodes[0].set_state("FIRST_RUN")         # which a tcp probe cannot see
    before = cluster.node("node1")["probe"]["at"]
    wait_for(lambda: cluster.node("node1")["probe"]["at"] > before, "another probe")
    assert state_of(cluster, "node1") == ("up", "none", "serving")
    assert nodes[0].counters()["probes"] == 0


def test_a_plain_http_probe_wants_a_good_status(new_cluster, nodes):
    cluster = new_cluster(probe=FAST_STATUS).start()
    nodes[0].set_state("GARBAGE")
    nodes[1].set_state("STARTING")
    wait_state(cluster, "node2", "down", "soft", "last-resort")
    assert state_of(cluster, "node1") == ("up", "none", "serving")


def test_a_probe_line_keeps_what_the_profile_expects(new_cluster, nodes):
    nodes[0].set_state("FIRST_RUN")
    cluster = new_cluster(probe="CFProbe http /status interval=100ms")
    cluster.httpd.start()
    wait_state(cluster, "node1", "down", "refused", "out")


def test_a_probe_can_go_to_another_port_and_host(new_cluster, scripted, nodes):
    node = scripted("node1")
    cluster = new_cluster(members=[node], probe=(
        f"CFProbe http /page expect=status port={nodes[0].port} host=wiki.example.com")).start()
    assert node.received == []
    assert nodes[0].counters()["requests"]["GET"] > 0
    assert state_of(cluster, "node1") == ("up", "none", "serving")


def test_without_a_profile_a_node_is_probed_by_tcp(new_httpd, nodes):
    text = config(nodes, probe="").replace("CFProfile confluence", "")
    httpd = new_httpd(text).start()
    wait_for(lambda: httpd.error_log().count("connection made; it gets requests") == 2,
             "both nodes were probed")
    assert [node.counters()["probes"] for node in nodes] == [0, 0]


def test_the_first_probe_comes_at_once_and_first_users_wait_for_it(new_cluster):
    cluster = new_cluster(probe=ONE_PROBE)      # the second would come in an hour
    cluster.httpd.start()
    assert spread(cluster.new_user().last for _ in range(20)).count("503") == 0
    cluster.wait_serving("node1", "node2")


def test_a_killed_tomcat_loses_its_users_to_the_other_and_gets_new_ones_later(cluster, nodes):
    cluster.httpd.allow("AH00957|AH01114|AH0110[29]|AH00898")
    users = [cluster.new_user() for _ in range(10)]
    nodes[0].kill()
    assert spread(user.get("/page") for user in users) == "node2: 10"
    wait_state(cluster, "node1", "down", "hard", "out")
    nodes[0].start().wait_ready()
    cluster.wait_effective("node1", "serving")
    assert spread(user.get("/page") for user in users) == "node2: 10"
    wait_for(lambda: cluster.new_user().node == "node1", "somebody new comes to node1")


def test_a_frozen_tomcat_is_found_out(cluster, nodes):
    nodes[0].freeze()
    wait_state(cluster, "node1", "down", "soft", "last-resort")
    assert spread(cluster.new_user().last for _ in range(5)) == "node2: 5"
    nodes[0].thaw()
    cluster.wait_effective("node1", "serving")


# --- the monitor process ----------------------------------------------------------------------

def monitors(httpd):
    """Living monitors, those of configurations before included."""
    table = proc.table()
    return [pid for pid in httpd.processes() if table.get(pid, [None] * 4)[3] == "cfc-monitor"]


def test_there_is_one_monitor_and_it_runs_as_the_children_do(cluster):
    monitor, = monitors(cluster.httpd)
    owner = os.stat(f"/proc/{cluster.httpd.children()[0]}").st_uid
    assert os.stat(f"/proc/{monitor}").st_uid == owner
    assert cluster.httpd.monitor_pid() == monitor


def test_a_killed_monitor_is_replaced_and_probing_goes_on(cluster, nodes):
    cluster.httpd.allow("CFC0310")
    old = cluster.httpd.monitor_pid()
    os.kill(old, signal.SIGKILL)
    wait_for(lambda: cluster.httpd.monitor_pid() not in (old, None), "a new monitor")
    assert state_of(cluster, "node1") == ("up", "none", "serving")      # as last known
    nodes[0].set_state("STARTING")
    cluster.wait_effective("node1", "out")
    assert len(monitors(cluster.httpd)) == 1


def test_a_monitor_that_keeps_dying_is_replaced_each_time(cluster):
    cluster.httpd.allow("CFC0310")
    for _ in range(3):
        old = cluster.httpd.monitor_pid()
        os.kill(old, signal.SIGKILL)
        wait_for(lambda: cluster.httpd.monitor_pid() not in (old, None), "a new monitor")
    wait_for(lambda: len(monitors(cluster.httpd)) == 1, "one monitor")


def test_the_status_says_when_the_monitor_is_silent(cluster):
    cluster.httpd.allow("CFC0310")
    monitor = cluster.httpd.monitor_pid()
    cluster.httpd.proc.signal(signal.SIGSTOP)       # the parent: nobody replaces the monitor
    try:
        os.kill(monitor, signal.SIGKILL)
        wait_for(lambda: not alive(cluster), "the monitor is called silent")
        assert {cluster.new_user().last.status_code for _ in range(5)} == {200}
    finally:
        cluster.httpd.proc.signal(signal.SIGCONT)
    wait_for(lambda: alive(cluster), "the monitor is called alive")


def alive(cluster):
    return cluster.user().get("/cluster?format=json").json()["monitor"]["alive"]


def test_after_many_graceful_restarts_there_is_one_monitor(cluster, nodes):
    for _ in range(5):
        cluster.httpd.graceful()
    wait_for(lambda: len(monitors(cluster.httpd)) == 1, "one monitor is left")
    cluster.httpd.restart()
    wait_for(lambda: len(monitors(cluster.httpd)) == 1, "one monitor is left")
    nodes[0].set_state("STARTING")
    cluster.wait_effective("node1", "out")


def test_no_monitor_outlives_a_stop(cluster):
    pid = cluster.httpd.pid
    cluster.httpd.stop()                    # fails when it left a process
    assert proc.family(pid) == []


def test_no_monitor_outlives_its_parent(cluster):
    monitor = cluster.httpd.monitor_pid()
    cluster.httpd.proc.kill()               # the parent alone
    wait_for(lambda: monitor not in proc.table(), "the monitor ends")
    cluster.httpd.kill9()                   # its children go on, without it


def test_health_is_kept_over_a_graceful_restart(new_cluster, nodes):
    cluster = new_cluster(probe=PATIENT_PROBE).start()
    nodes[0].set_state("FIRST_RUN")
    cluster.wait_effective("node1", "out")
    since = cluster.node("node1")["health"]["since"]
    cluster.httpd.graceful()
    states = {state_of(cluster, "node1") for _ in range(20)}
    assert states == {("down", "refused", "out")}
    assert {state_of(cluster, "node2") for _ in range(20)} == {("up", "none", "serving")}
    assert cluster.node("node1")["health"]["since"] == since
    assert spread(cluster.new_user().last for _ in range(10)) == "node2: 10"


def test_health_is_not_kept_over_a_stop(new_cluster, nodes):
    cluster = new_cluster(probe=ONE_PROBE).start()
    cluster.httpd.stop()
    for node in nodes:
        node.set_state("FIRST_RUN")
    cluster.httpd.start()
    for node in nodes:
        wait_state(cluster, node.name, "down", "refused", "out")
