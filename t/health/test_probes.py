# SPDX-License-Identifier: Apache-2.0
"""The kinds of probes, what each can be told to expect, several at one node, and what they bring
along: weights and certificates."""

import re
import time

import pytest

from equipment import tls
from equipment.client import spread
from equipment.cluster import FAST_PROBE, PATIENT_PROBE
from equipment.proc import wait_for
from equipment.tomcat import AJP_SECRET, Tomcat, running

pytestmark = pytest.mark.any_mpm

# Of tests in which no probe may fail, however slow the machine is.
FAST = "interval=100ms timeout=30s"


def health_of(cluster, name):
    health = cluster.node(name)["health"]
    return health["state"], health["cause"]


def probe_of(cluster, node, name="main"):
    return next(p for p in cluster.node(node)["probes"] if p["name"] == name)


def wait_health(cluster, name, *expected):
    wait_for(lambda: health_of(cluster, name) == expected, f"{name} is {expected}")


def wait_reason(cluster, name, reason):
    wait_for(lambda: cluster.node(name)["probe"]["reason"] == reason, f"{name}: {reason}")


# --- nodes that answer badly --------------------------------------------------------------------

BAD_ANSWERS = [
    # health   becomes               reason
    ("half",   ("down", "soft"),     "answer broken off"),
    ("huge",   ("down", "refused"),  "200 without the state of a Confluence, never used"),
    ("loop",   ("down", "soft"),     "302 where 200 RUNNING is expected"),
    ("drip",   ("down", "soft"),     "no answer within 800ms|no complete answer within 800ms"),
    ("down",   ("down", "soft"),     "503 where 200 RUNNING is expected"),
]


@pytest.mark.once
@pytest.mark.parametrize("health, becomes, reason", BAD_ANSWERS, ids=[r[0] for r in BAD_ANSWERS])
def test_a_bad_answer_is_a_bad_result_and_delays_nobody(new_cluster, scripted, heartbeat, health,
                                                        becomes, reason):
    bad, good = scripted("node1"), scripted("node2")
    cluster = new_cluster(members=[bad, good]).start()
    begun = time.monotonic()
    bad.health = health
    wait_health(cluster, "node1", *becomes)
    wait_for(lambda: re.fullmatch(reason, cluster.node("node1")["probe"]["reason"]), reason)
    probe = cluster.node("node1")["probe"]
    assert probe["duration_ms"] < 2000 + 1000 * heartbeat.lost(begun, time.monotonic()), probe
    since = len(good.probed)
    wait_for(lambda: len(good.probed) >= since + 20, "the other node is probed on")
    gaps = heartbeat.gaps(good.probed[since:])
    assert sorted(gaps)[len(gaps) // 2] < 0.4, gaps     # the middle one: machines are busy
    assert bad.sent < 20 * 1024 * 1024 * len(bad.probed)    # what fits the kernel's buffers
    bad.health = "running"
    cluster.wait_effective("node1", "serving")


class Undeployed(Tomcat):
    """A Tomcat in which no application is deployed."""

    def __init__(self, name):
        super().__init__(name)
        conf = self.base / "conf/server.xml"
        conf.write_text(re.sub("<Context .*?</Context>", "", conf.read_text(), flags=re.S))

    def _ready(self):
        return self.alive() and "Server startup in" in self.proc.text()


@pytest.mark.once
def test_a_tomcat_without_its_application_is_as_good_as_none(new_cluster):
    with running(Undeployed("node1")) as members:
        cluster = new_cluster(members=members)
        cluster.httpd.start()
        wait_health(cluster, "node1", "down", "hard")
        node = cluster.node("node1")
        assert node["effective"] == "out"           # not even the last resort
        assert (node["probe"]["code"], node["probe"]["reason"]) == (
            404, "404 not found: application not deployed, or wrong probe path")


# --- kinds --------------------------------------------------------------------------------------

def ajp_line(node):
    return f"CFNode {node.name} {node.ajp_url} secret={AJP_SECRET}"


@pytest.mark.once
def test_an_ajp_probe_asks_tomcat_itself(new_cluster, nodes):
    cluster = new_cluster(line=ajp_line, probe="CFProbe ajp interval=100ms timeout=500ms").start()
    assert cluster.node("node1")["probe"]["reason"] == "CPONG"
    assert spread(cluster.new_user().last for _ in range(20)) in _any_spread(20)
    nodes[0].freeze()
    wait_health(cluster, "node1", "down", "soft")
    assert cluster.node("node1")["probe"]["reason"] == "no answer within 500ms"
    nodes[0].thaw()
    cluster.wait_effective("node1", "serving")
    nodes[0].kill()
    wait_health(cluster, "node1", "down", "hard")


def _any_spread(count):
    return [f"node1: {i}, node2: {count - i}" for i in range(1, count)]


@pytest.mark.once
def test_an_ajp_probe_can_go_to_the_ajp_port_of_an_http_node(new_cluster, nodes):
    cluster = new_cluster(inside=f"CFProbe ajp name=ajp port={nodes[0].ajp_port} {FAST}").start()
    assert probe_of(cluster, "node1", "ajp")["history"][0]["reason"] == "CPONG"


ANSWERS = [
    # options                                           good   reason
    ("status=200",                                      True,  "200 as expected"),
    ("status=201,204",                                  False, "200 which status= does not name"),
    ("body=node",                                       True,  "200 as expected"),
    ("body=Node",                                       False, "200 without the text of body="),
    ("json=state=up",                                   False,
     "200 without JSON, which json= asks for"),
    ("method=HEAD",                                     True,  "200 as expected"),
]


@pytest.mark.once
@pytest.mark.parametrize("options, good, reason", ANSWERS, ids=[r[0] for r in ANSWERS])
def test_what_is_expected_of_an_answer(new_cluster, scripted, options, good, reason):
    node = scripted("node1")
    cluster = new_cluster(members=[node], probe=(
        f"CFProbe tcp {FAST}\nCFProbe http /page name=page role=advisory {FAST} {options}")).start()
    wait_for(lambda: probe_of(cluster, "node1", "page")["history"], "a result")
    result = probe_of(cluster, "node1", "page")["history"][0]
    assert (result["good"], result["reason"]) == (good, reason)


@pytest.mark.once
def test_a_probe_sends_what_it_was_told(new_cluster, scripted):
    node = scripted("node1")
    new_cluster(members=[node], probe=(
        f'CFProbe tcp {FAST}\nCFProbe http /page name=page {FAST} method=OPTIONS '
        f'host=wiki.example.com:8443 "header=X-Probe: a b" "header=X-More: c"')).start()
    request = node.received[0]
    assert (request.method, request.target) == ("OPTIONS", "/page")
    assert request.header("Host") == ["wiki.example.com:8443"]
    assert request.header("X-Probe") == ["a b"] and request.header("X-More") == ["c"]


@pytest.mark.once
def test_json_keys_are_compared(new_cluster, scripted):
    node = scripted("node1", health="weight")       # {"state": "RUNNING", "load": {"weight": 100}}
    cluster = new_cluster(members=[node], inside=(
        f"CFProbe http /status name=same role=advisory {FAST} json=load.weight=100\n"
        f"CFProbe http /status name=other role=advisory {FAST} json=load.weight=10\n"
        f"CFProbe http /status name=word role=advisory {FAST} json=state=RUNNING\n"
        f"CFProbe http /status name=gone role=advisory {FAST} json=no.such=key")).start()
    wait_for(lambda: all(p["history"] for p in cluster.node("node1")["probes"]), "all results")
    good = {p["name"]: p["history"][0]["good"] for p in cluster.node("node1")["probes"]}
    assert good == {"main": True, "same": True, "other": False, "word": True, "gone": False}


# --- several at one node ------------------------------------------------------------------------

def test_a_second_required_probe_takes_a_node_out(new_cluster, nodes, scripted):
    synchrony = scripted("synchrony")
    cluster = new_cluster(probe=PATIENT_PROBE, inside=(
        f"CFProbe http /heartbeat name=synchrony port={synchrony.port} {FAST} "
        "body=synchrony fall=2")).start()
    synchrony.script = "busy"
    wait_health(cluster, "node1", "down", "soft")
    assert cluster.node("node1")["effective"] == "last-resort"
    assert "(synchrony: 503 where 2xx or 3xx is expected)" in cluster.node("node1")["why"]
    assert probe_of(cluster, "node1")["state"] == "up"
    assert "node node1: up -> failing: synchrony: 503" in cluster.httpd.error_log()
    synchrony.script = "answer"
    cluster.wait_effective("node1", "serving")
    nodes[0].set_state("FIRST_RUN")
    wait_health(cluster, "node1", "down", "refused")


def test_an_advisory_probe_is_shown_and_decides_nothing(new_cluster, scripted):
    synchrony = scripted("synchrony")
    cluster = new_cluster(probe=PATIENT_PROBE, inside=(
        f"CFProbe http /heartbeat name=synchrony role=advisory port={synchrony.port} {FAST}"))
    cluster.start()
    wait_for(lambda: cluster.status()["level"] == "ok", "all is well")
    synchrony.script = "busy"
    wait_for(lambda: probe_of(cluster, "node1", "synchrony")["state"] == "down", "it is down")
    assert cluster.node("node1")["effective"] == "serving"
    status = cluster.status()
    assert status["level"] == "degraded"
    assert ("the advisory probe synchrony of node1 is down: 503 where 2xx or 3xx is expected"
            in status["warnings"])
    assert "probe synchrony: failing -> down" in cluster.httpd.error_log()
    synchrony.script = "answer"
    wait_for(lambda: cluster.status()["level"] == "ok", "all is well again")


def test_a_probe_that_comes_with_a_reload_takes_nobody_out_at_once(new_cluster, nodes):
    cluster = new_cluster(inside="CFSlowStart 0s", probe=PATIENT_PROBE).start()
    pieces = cluster.httpd.pieces
    pieces[0] = pieces[0].replace(
        "CFSlowStart 0s\n</", "CFProbe http /page name=extra interval=10s fall=3 status=201\n</")
    cluster.httpd.graceful()
    wait_for(lambda: probe_of(cluster, "node1", "extra")["history"], "the new one was made")
    assert probe_of(cluster, "node1", "extra")["history"][0]["good"] is False
    assert cluster.node("node1")["health"]["state"] == "failing"
    assert cluster.node("node1")["effective"] == "serving"


def test_the_last_twenty_results_are_kept(new_cluster, nodes):
    cluster = new_cluster(probe=PATIENT_PROBE).start()
    nodes[0].set_state("STARTING")
    cluster.wait_effective("node1", "out")
    wait_for(lambda: len(probe_of(cluster, "node1")["history"]) == 20, "twenty results")
    history = probe_of(cluster, "node1")["history"]
    assert history[0]["reason"] == "503 STARTING"
    assert [r["at"] for r in history] == sorted((r["at"] for r in history), reverse=True)
    assert cluster.node("node1")["probe"]["at"] >= history[0]["at"]


@pytest.mark.once
def test_who_falls_again_and_again_must_rise_for_longer(new_cluster, scripted):
    node = scripted("node1")
    cluster = new_cluster(members=[node, scripted("node2")], probe=PATIENT_PROBE).start()
    for rise in 2, 4, 8:
        node.health = "down"
        wait_health(cluster, "node1", "down", "soft")
        assert probe_of(cluster, "node1")["rise"] == rise
        node.health = "running"
        cluster.wait_effective("node1", "serving")
        assert probe_of(cluster, "node1")["streak"] >= rise


def test_intervals_follow_the_health(new_cluster, scripted, heartbeat):
    node = scripted("node1")
    cluster = new_cluster(members=[node], probe=(
        "CFProbe http /status expect=confluence interval=1s fast-interval=100ms "
        "down-interval=1h fall=3 rise=1")).start()
    node.health = "down"
    wait_health(cluster, "node1", "down", "soft")
    fell = node.probed[-3:]
    assert sum(heartbeat.gaps(fell)) < 1.0, fell    # two fast intervals; interval= would be 2 s
    count = len(node.probed)
    time.sleep(1.5)                                 # in which one of interval= would have come
    assert len(node.probed) == count


# --- weights ------------------------------------------------------------------------------------

@pytest.mark.once
def test_a_node_can_ask_for_less_until_it_no_longer_does(new_cluster, scripted):
    small, large = scripted("node1", health="weight"), scripted("node2", health="weight")
    small.weight = 25
    cluster = new_cluster(members=[small, large], inside="CFBalance round-robin",
                          probe=PATIENT_PROBE + " weight-key=load.weight").start()
    wait_for(lambda: cluster.node("node1")["reported_pct"] == 25, "its wish is known")
    assert spread(cluster.new_user().last for _ in range(50)) == "node1: 10, node2: 40"
    small.health = "running"                        # good, and says no weight any more
    wait_for(lambda: cluster.node("node1")["reported_pct"] == 100, "it has expired")
    assert cluster.node("node2")["reported_pct"] == 100


# --- TLS ----------------------------------------------------------------------------------------

def https_line(node):
    return f"CFNode {node.name} {node.https_url}"


@pytest.mark.once
def test_a_certificate_is_seen_and_can_be_verified(new_cluster, nodes):
    ca, _ = tls.certificate()
    cluster = new_cluster(line=https_line, probe=f"{FAST_PROBE} ca={ca}",
                          outside="SSLProxyEngine on").start()
    certificate = probe_of(cluster, "node1")["certificate"]
    assert certificate["state"] == "valid" and certificate["days"] > 14


@pytest.mark.once
def test_a_certificate_of_somebody_unknown_is_a_bad_result(new_cluster, nodes, tmp_path):
    ca, _ = tls.short_lived(tmp_path)
    cluster = new_cluster(line=https_line, probe=f"{FAST_PROBE} ca={ca}",
                          outside="SSLProxyEngine on")
    cluster.httpd.start()
    wait_health(cluster, "node1", "down", "soft")
    wait_reason(cluster, "node1", "certificate: self-signed certificate")


@pytest.mark.once
def test_a_certificate_for_another_name_is_a_bad_result(new_cluster, nodes):
    ca, _ = tls.certificate()
    cluster = new_cluster(line=https_line, outside="SSLProxyEngine on",
                          probe=f"{FAST_PROBE} ca={ca} host=wiki.example.com")
    cluster.httpd.start()
    wait_health(cluster, "node1", "down", "soft")
    wait_reason(cluster, "node1", "certificate: it is for another name")


@pytest.mark.once
def test_a_certificate_that_ends_soon_is_said(new_cluster, scripted, tmp_path):
    node = scripted("node1", scheme="https", certificate=tls.short_lived(tmp_path, days=5))
    cluster = new_cluster(members=[node], line=https_line, outside="SSLProxyEngine on").start()
    certificate = probe_of(cluster, "node1")["certificate"]
    assert certificate["state"] == "ending" and certificate["days"] in (4, 5)
    status = cluster.status()
    assert status["level"] == "degraded"
    assert re.search(r"the certificate of node1 expires in [45] days, on 20", status["text"])
    assert cluster.node("node1")["effective"] == "serving"
    pieces = cluster.httpd.pieces
    pieces[0] = pieces[0].replace("expect=confluence", "expect=confluence cert-days=2")
    cluster.httpd.graceful()
    wait_for(lambda: cluster.status()["level"] == "ok", "no warning is wanted yet")
