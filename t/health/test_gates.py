# SPDX-License-Identifier: Apache-2.0
"""Upgrade gates, asked of real Tomcats, databases and a directory."""

import re

import pytest
import requests

from equipment import places
from equipment.client import spread
from equipment.cluster import Cluster, config
from equipment.mariadb import add_users, option_file
from equipment.proc import wait_for
from equipment.slapd import BASE, Slapd
from equipment.watcher import FAST

pytestmark = pytest.mark.once       # what the monitor finds, which is the same in every MPM


@pytest.fixture
def upgrade(new_httpd, nodes, databases):
    """A cluster of two Tomcats that depends on a source, its replica and what more says."""
    def make(*more):
        source, replica = databases
        httpd = new_httpd()
        file = option_file(httpd.root / "db.cnf")
        httpd.add(config(nodes, "\n".join([
            f"CFDatabase master mysql://127.0.0.1:{source.port}/confluence option-file={file} "
            f"{FAST}",
            f"CFDatabase replica mysql://127.0.0.1:{replica.port} of=master option-file={file} "
            "timeout=10s", *more])))
        return Gates(Cluster(httpd, nodes).start())

    return make


class Gates:
    def __init__(self, cluster):
        self.cluster = cluster

    def get(self, gate, **more):
        return requests.get(self.cluster.httpd.url + "/cluster", timeout=10,
                            params={"format": "json", "gate": gate, **more})

    def ask(self, gate):
        answer = self.get(gate)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def wait(self, gate, verdict, evidence=""):
        """Until it is answered like this; returns the answer."""
        last = {}

        def there():
            last.update(self.ask(gate))
            return last["verdict"] == verdict and re.search(evidence, last["evidence"])

        try:
            wait_for(there, "", 40)
        except AssertionError:
            raise AssertionError(f"{gate} is not {verdict} ({evidence}) but {last}") from None
        return last


def test_the_gates_of_an_offline_upgrade_are_met_one_after_the_other(upgrade, databases, nodes):
    source, _ = databases
    gates = upgrade()
    gates.wait("all-serving", "met", "2 of 2")
    gates.wait("replica-in-sync", "met", "replica has all that master had written until 20")
    assert gates.ask("maintenance-on")["verdict"] == "not-met"
    source.sql("CREATE OR REPLACE USER app@'127.0.0.1' IDENTIFIED BY 'app';"
               "GRANT ALL ON confluence.* TO app@'127.0.0.1'")
    connection = source.connect("app", "app", "confluence")
    gates.wait("no-app-connections", "not-met",
               r"1 connections of applications to master, from 127.0.0.1 \(1\)")
    gates.wait("replica-complete", "not-met", "1 connections")
    assert gates.ask("replica-in-sync")["verdict"] == "met"
    gates.cluster.close()
    assert gates.ask("maintenance-on")["verdict"] == "met"
    assert gates.ask("nodes-stopped")["verdict"] == "not-met"
    for node in nodes:
        node.stop()
    gates.wait("nodes-stopped", "met", "node1 is down .connection refused.; node2 is down")
    connection.kill()
    source.sql("".join(f"KILL {row[0]};" for row in source.sql(
        "SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'app'")))
    gates.wait("no-app-connections", "met", "0 connections")
    gates.wait("replica-complete", "met", "replica has all")
    for node in nodes:
        node.start().wait_ready()
    gates.wait("all-serving", "met")
    gates.cluster.open()
    assert gates.ask("maintenance-off")["verdict"] == "met"


def test_a_frozen_node_is_not_taken_for_a_stopped_one(upgrade, nodes):
    gates = upgrade()
    nodes[0].freeze()
    answer = gates.wait("node-stopped:node1", "unknown", "node1 is down .no answer")
    assert "no process is left" in answer["advice"]
    assert gates.wait("node-running:node1", "not-met")
    nodes[0].thaw()
    answer = gates.wait("node-running:node1", "met", "node1 is up")
    assert answer["advice"] is None


def test_a_gate_is_not_met_by_what_was_so_an_hour_ago(new_cluster, scripted):
    node = scripted("node1")
    probe = "CFProbe http /status expect=confluence interval=100ms down-interval=1h fall=1 rise=1"
    cluster = new_cluster(members=[node], probe=probe).start()
    gates = Gates(cluster)
    node.refuse()
    cluster.wait_effective("node1", "out")
    assert gates.ask("node-stopped:node1")["verdict"] == "met"
    probed = len(node.probed)
    node.listen()           # and nobody looks

    def listed():
        return next(gate for gate in cluster.status()["gates"] if gate["gate"] == "node-stopped")

    wait_for(lambda: listed()["stale"], "the refusal is too old")
    assert listed()["verdict"] == "unknown"
    assert re.fullmatch(r"node1 is down .connection refused., as of \d+ s ago",
                        listed()["evidence"])
    assert len(node.probed) == probed, "it is probed because somebody reads the status"
    answer = gates.ask("node-stopped:node1")
    assert (answer["verdict"], answer["stale"]) == ("unknown", True)
    gates.wait("node-stopped:node1", "not-met", "node1 is up .200 RUNNING.")


def test_a_gate_of_a_database_that_is_looked_at_once_an_hour_is_answered_when_asked(
        new_httpd, nodes, databases):
    source, replica = databases
    httpd = new_httpd()
    file = option_file(httpd.root / "db.cnf")
    httpd.add(config(nodes, f"""
        CFDatabase master mysql://127.0.0.1:{source.port} option-file={file} interval=1h timeout=1s
        CFDatabase replica mysql://127.0.0.1:{replica.port} of=master option-file={file}"""))
    gates = Gates(Cluster(httpd, nodes).start())
    gates.wait("replica-complete", "met")
    listed = {}

    def old():
        listed.update({gate["gate"]: gate for gate in gates.cluster.status()["gates"]})
        return listed["no-app-connections"]["stale"] and listed["replica-complete"]["stale"]

    wait_for(old, "the looks are too old")
    assert listed["no-app-connections"]["verdict"] == "unknown"
    assert listed["database-up"]["verdict"] == "met"
    assert gates.ask("no-app-connections")["stale"]
    gates.wait("no-app-connections", "met")
    gates.wait("replica-complete", "met")
    assert not gates.ask("replica-complete")["stale"]


def test_a_node_is_drained_when_nobody_is_left_on_it(upgrade):
    gates = upgrade("CFSticky cookie=CFROUTE window=1m")
    user = gates.cluster.new_user()
    user.get("/page")
    name = user.node
    assert gates.ask(f"node-drained:{name}")["verdict"] == "not-met"
    gates.cluster.drain(name)
    assert "about 1 sessions" in gates.ask(f"node-drained:{name}")["evidence"]
    gates.cluster.stop_node(name)
    gates.wait(f"node-drained:{name}", "met", "is at stop, with 0 requests in flight")


def test_what_may_not_be_seen_or_does_not_answer_is_unknown(upgrade, databases):
    source, _ = databases
    gates = upgrade()
    gates.wait("replica-complete", "met")
    source.freeze()
    gates.wait("no-app-connections", "unknown", "no answer within")
    gates.wait("replica-in-sync", "unknown", "master could not be read")
    gates.wait("replica-complete", "unknown")
    gates.wait("database-up", "not-met", "master is at alarm")
    gates.wait("database-stopped:master", "unknown", "no answer within")
    source.thaw()
    gates.wait("replica-complete", "met")
    source.sql(add_users("BINLOG MONITOR, SLAVE MONITOR"))
    gates.wait("no-app-connections", "unknown", "may not be seen; missing: PROCESS")


def test_a_replica_that_does_not_replicate_is_not_in_sync_also_when_acknowledged(upgrade,
                                                                               databases):
    _, replica = databases
    gates = upgrade()
    gates.cluster.change(dependency="replica", action="ack", until="4h")
    replica.sql("STOP SLAVE")
    gates.wait("replica-in-sync", "not-met", "replica is at alarm")
    assert gates.cluster.status()["level"] == "ok"


def test_a_directory_and_a_database_that_are_gone_move_no_traffic(upgrade, databases, nodes):
    source, _ = databases
    slapd = Slapd().start()
    try:
        gates = upgrade(f"CFDirectory ad ldap://127.0.0.1:{slapd.port}/{BASE} {FAST}",
                        "CFBalance round-robin",
                        # no probe is to fail because the machine is slow
                        "CFProbe http /status expect=confluence interval=100ms timeout=30s")
        gates.wait("directory-up", "met", "ad is at ok")
        slapd.stop()
        source.stop()
        gates.wait("directory-up", "not-met", "ad is at alarm")
        gates.wait("database-up:master", "not-met")
        gates.wait("database-stopped:master", "met", "connection refused")
    finally:
        slapd.remove()
    assert gates.ask("all-serving")["verdict"] == "met"
    assert spread(gates.cluster.new_user().last for _ in range(10)) == "node1: 5, node2: 5"


def test_the_status_has_all_gates_with_the_documented_fields(upgrade):
    gates = upgrade()
    wait_for(lambda: gates.ask("replica-in-sync")["verdict"] == "met", "all was looked at")
    status = gates.cluster.status()["gates"]
    asked = [f"{gate['gate']}:{gate['argument']}" if gate["argument"] else gate["gate"]
             for gate in status]
    assert "node-stopped:node2" in asked and "replica-complete" in asked
    assert "directory-up" not in asked
    assert all(gates.ask(gate)["gate"] == gate.partition(":")[0] for gate in asked)
    text = (places.TOP / "docs/status.md").read_text()
    text = text.partition("## JSON of gates")[2].partition("\n## ")[0]
    documented = set(re.findall(r"`([^`]+)`", " ".join(re.findall(r"^\| (`.*?) \|", text, re.M))))
    assert documented == set(gates.ask("all-serving"))
    assert set(status[0]) < documented
    page = requests.get(gates.cluster.httpd.url + "/cluster", timeout=10).text
    assert '<th scope="row">node-stopped:node2</th>' in page


NONSENSE = [
    # label, gate, more, status, answer
    ("no such gate", "nodes-stoped", {}, 400, "did you mean nodes-stopped?"),
    ("no such node", "node-stopped:node3", {}, 400, "is not a node of cluster confluence"),
    ("no such cluster", "all-serving", {"cluster": "jira"}, 404, "is not the name of one"),
]


@pytest.mark.parametrize("gate, more, status, said", [row[1:] for row in NONSENSE],
                         ids=[row[0] for row in NONSENSE])
def test_nonsense_is_answered_with_what_would_be_right(cluster, gate, more, status, said):
    answer = Gates(cluster).get(gate, **more)
    assert answer.status_code == status
    assert said in answer.json()["text"]
