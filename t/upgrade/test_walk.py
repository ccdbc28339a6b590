# SPDX-License-Identifier: Apache-2.0
"""Walks over a pretended site: whole ones, ones that are struck down or aborted at each step, and
gates that refuse. Walks over real servers are test_upgrade.py's."""

from types import SimpleNamespace

import pytest

from equipment.pretended import COMMANDS, DATABASES, NODES

from ctl.upgrade import journal, steps      # conftest.py knows where

pytestmark = pytest.mark.once

PLAN = SimpleNamespace(nodes=NODES, source="master", replica="replica", copied="node2")
GO = ["go"] * 9     # to all questions that there may be
OLD = dict.fromkeys((*NODES, *DATABASES), "old")


def ids(procedure):
    return [one.id for one in steps.instances(procedure, PLAN)]


def every_step():
    return [(procedure, step) for procedure in ("offline", "rolling", "staging-copy")
            for step in ids(procedure)]


def as_before(site):
    """The old version serves, with the old data, and nobody is kept out."""
    assert site.versions() == OLD
    assert not site.closed and all(map(site.serving, NODES)) and not site.acknowledged


def strike(step):
    """Strikes a walk down in the middle of a step: after its order or command, before that is
    noted; at its begin when it has neither."""
    here = False
    instance = step.partition(":")[0]
    one = next(one for one in steps.all_steps() if one.id == instance)
    works = one.do.command or one.do.act and one.do.act != "observe"

    def killed_by(line):
        nonlocal here
        if line.startswith("--- "):
            here = f" {step}:" in line
            return here and not works
        return here and not line.startswith(("gate ", "$ ")) and line not in texts(step, one)

    return killed_by


def texts(step, one):
    name = step.partition(":")[2]
    return [one.do.says.format(node=name, database=name, any=name, source="master",
                               replica="replica")]


WHOLE = [
    # procedure, version of the nodes afterwards, fewest nodes that served, goes that were needed
    ("offline", "new", 0, 3),
    ("rolling", "new", 1, 3),
    ("staging-copy", "old", 1, 1),
    ("packages", "old", 2, 2),
]


@pytest.mark.parametrize("procedure, version, least, goes", WHOLE, ids=[row[0] for row in WHOLE])
def test_a_whole_walk_runs_each_command_once(site, new_walk, procedure, version, least, goes):
    walk = new_walk(procedure, ["go"] * goes)
    assert walk.run() == "done", walk.text
    assert {site.versions()[node] for node in NODES} == {version}
    assert not site.snapshots()
    assert site.least == least
    assert not site.closed and all(map(site.serving, NODES)) and not site.acknowledged
    twice = {what: times for what, times in site.ran().items() if times > 1}
    assert not twice
    assert [line for line in walk.walker.progress.summary() if "nothing" not in line] == [
        "done: " + ", ".join(ids(procedure))]


@pytest.mark.parametrize("procedure, step", every_step())
def test_a_walk_struck_down_at_a_step_goes_back_to_what_was(site, new_walk, procedure, step):
    final = [one for one in ids(procedure) if one.startswith(("delete-snapshots", "finalise"))]
    walk = new_walk(procedure, GO, strike(step))
    assert walk.run() == "killed", walk.text
    if final and ids(procedure).index(step) >= ids(procedure).index(final[0]):
        with pytest.raises(journal.JournalError, match="there is no way back"):
            new_walk(procedure, ["agreed"], abort=False).run()
        return
    back = new_walk(procedure, ["agreed"], abort=False)
    assert back.run() == "undone", back.text
    as_before(site)


REFUSALS = [
    # label, procedure, step, gate, verdict, evidence, advice, what is asked then
    ("the replica lags", "offline", "stop-replica:replica", "replica-complete:replica", "not-met",
     "replica is at alarm (42 s behind)", "wait, or repair the replication"),
    ("an application is still connected", "offline", "stop-replica:replica",
     "no-app-connections:master", "not-met",
     "2 connections of applications to master, from 10.0.0.11 (2)", "stop what connects"),
    ("a node still runs", "offline", "stop-node:node2", "node-stopped:node2", "not-met",
     "node2 is up (200 RUNNING)", "stop Confluence on it"),
    ("a node hangs", "offline", "stop-node:node1", "node-stopped:node1", "unknown",
     "node1 is down (no answer)", "see on its host that no process is left"),
    ("the cluster is not closed", "offline", "maintenance", "maintenance-on", "not-met",
     "the cluster is open", "begin a maintenance"),
    ("not all nodes serve", "offline", "open", "all-serving", "not-met", "1 of 2 nodes serving",
     "see at each node why"),
    ("the replica is not in sync when its copy is wanted", "staging-copy", "pause-replica:replica",
     "replica-in-sync:replica", "not-met", "replica is behind", "wait"),
    ("the monitor is dead", "offline", "maintenance", "monitor-alive", "not-met", "silent",
     "see CFC0310"),
]


@pytest.mark.parametrize("procedure, step, gate, verdict, evidence, advice",
                         [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS])
def test_a_gate_that_is_not_met_stops_the_walk_and_says_what_to_do(
        site, new_walk, procedure, step, gate, verdict, evidence, advice):
    site.answers[gate] = verdict, evidence, advice
    walk = new_walk(procedure, GO)
    assert walk.run() == "left"
    last = walk.text.rpartition("--- ")[2]
    assert f", {step}:" in last
    assert f"gate {gate} is {verdict}: {evidence}; it was waited for" in last
    assert advice in last
    assert ("checked:" in last) == (verdict == "unknown")
    after = ids(procedure)[ids(procedure).index(step) + 1]
    assert not walk.journal.mark(after, "do")
    del site.answers[gate]
    assert new_walk(procedure, GO).run() == "done"


def test_the_last_node_is_not_drained(site, new_walk):
    site.admin["node2"] = "drain"
    site.answers["all-serving"] = "met", "let us say so", None
    walk = new_walk("rolling", GO)
    assert walk.run() == "left"
    assert ("gate others-serve:node1 is not-met: without node1, 0 of 2 nodes serve; the plan wants "
            "1; it was waited for 2m. Bring another node back first" in walk.text)
    assert ("drain", "node1") not in site.orders


def test_a_person_vouches_only_for_what_cannot_be_told(site, new_walk):
    site.answers["node-stopped:node1"] = "unknown", "node1 is silent", "look on its host"
    walk = new_walk("offline", ["checked", "ps shows no java", "leave"])
    site.answers["node-stopped:node2"] = "not-met", "node2 runs", "stop it"
    assert walk.run() == "left"
    assert "a test vouches for node-stopped:node1: ps shows no java" in walk.text
    assert {"vouched": "node-stopped:node1", "how": "ps shows no java"}.items() <= next(
        r for r in walk.journal.records if "vouched" in r).items()


NEVER_WELL = [
    ("ERROR", "500 ERROR: the application has stopped itself, never used"),
    ("FIRST_RUN", "200 FIRST_RUN: setup is not complete, never used"),
]


@pytest.mark.parametrize("reason", [row[1] for row in NEVER_WELL],
                         ids=[row[0] for row in NEVER_WELL])
def test_a_node_that_never_will_be_well_is_not_waited_for(site, new_walk, reason):
    site.health["node1"] = "down", "refused", reason
    site.answers["node-running:node1"] = "not-met", f"node1 is down ({reason})", "see its log"
    walk = new_walk("offline", GO)
    walk.plan.seconds.update(start=3600)
    assert walk.run() == "left"
    assert f"node1 says {reason}, so it is not waited for; its log says why. see" in walk.text


def test_a_node_that_says_starting_is_waited_for_longer(site, new_walk):
    site.health["node1"] = "starting", "none", "503 STARTING"
    walk = new_walk("offline", GO)
    walk.plan.seconds.update(start=0, starting=0.1)
    assert walk.run() == "left"
    assert "gate node-running:node1 is not-met: it is not so; it was waited for 6h" in walk.text
    site.health["node1"] = "down", "soft", "no answer"
    walk = new_walk("offline", GO)
    assert walk.run() == "left"
    assert "gate node-running:node1 is not-met: it is not so; it was waited for 10m" in walk.text
    del site.health["node1"]
    assert new_walk("offline", GO).run() == "done"


def test_the_log_of_a_node_is_shown_while_it_starts(site, new_walk):
    site.plan(site.directory / "plan.ini", **{
        "follow": "echo $NODE begins; touch $NODE.follows; sleep 60",
        "start-node": "while [ ! -e $NODE.follows ]; do sleep 0.01; done; "
                      + COMMANDS["start-node"]})
    walk = new_walk("offline", GO)
    assert walk.run() == "done"
    assert "    node1| node1 begins" in walk.talk.said


def test_a_failed_command_is_run_again_or_done_by_hand(site, new_walk):
    site.plan(site.directory / "plan.ini", deploy="echo no room on $NODE; exit 3")
    walk = new_walk("offline", ["repeat", "leave"])
    assert walk.run() == "left"
    assert walk.text.count("    | no room on node1") == 2
    assert "[deploy] it ended with exit code 3" in walk.text
    for name in NODES:
        (site.directory / f"{name}.install").write_text("new\n")
    assert new_walk("offline", ["done", "done", *GO]).run() == "done"
    assert site.versions()["node1"] == "new"


def test_a_check_that_says_no_is_asked_again(site, new_walk):
    text = (site.directory / "plan.ini").read_text().replace(
        "[deploy]\n", f"[deploy]\ncheck = test -e {site.directory}/checked\n")
    (site.directory / "plan.ini").write_text(text)
    walk = new_walk("offline", ["again"])
    assert walk.run() == "left"
    assert walk.text.count("check of [deploy] says no: it ended with exit code 1") == 2
    (site.directory / "checked").touch()
    assert new_walk("offline", GO).run() == "done"
    assert site.ran()["deploy node1"] == 1


def test_a_step_without_a_command_is_the_persons(site, new_walk):
    plan = site.directory / "plan.ini"
    plan.write_text(plan.read_text().replace("[customise]\ncommand", "[customise]\nskip = none; x"))
    plan.write_text(plan.read_text().replace("[plugins]", "[delete-root-snapshot]\n[x]").replace(
        "[delete-root-snapshot]\n[x]\n", "[node node1]\nhost = a\nx"))
    walk = new_walk("offline", GO)
    assert walk.run() == "left"
    assert "Do this now; the plan has no command for it ([plugins])." in walk.text
    assert "nothing to do: none; x" in walk.text
    assert new_walk("offline", ["done", *GO]).run() == "done"


def test_users_may_be_kept_outside_on_the_way_back(site, new_walk):
    assert new_walk("offline", [], strike("testers:node1")).run() == "killed"
    back = new_walk("offline", [], abort=True)
    assert back.run() == "undone"
    assert site.closed and set(site.admin.values()) == {"stop"} and site.versions() == OLD
    assert back.walker.progress.summary()[-1] == (
        "left: maintenance, balancing-off:node1, balancing-off:node2")


def test_going_back_after_users_have_worked_has_to_be_agreed_to(site, new_walk):
    assert new_walk("offline", ["go", "go"]).run() == "left"
    back = new_walk("offline", [], abort=False)
    assert back.run() == "left"
    assert "What they wrote since is lost." in back.text and not site.closed
    assert new_walk("offline", ["agreed"]).run() == "undone"
    as_before(site)


def test_what_cannot_be_undone_is_left_and_said(site, new_walk):
    site.plan(site.directory / "plan.ini", **{"revert-node": "echo $NODE has none; false"})
    assert new_walk("offline", [], strike("testers:node1")).run() == "killed"
    back = new_walk("offline", ["skip", "repeat", "skip"], abort=False)
    assert back.run() == "undone"
    assert back.text.count("    | node1 has none") == 2
    assert back.walker.progress.summary()[-1] == (
        "left: snapshot-node:node1, snapshot-node:node2, deploy:node1, deploy:node2, "
        "customise:node1")
    assert site.versions() == {**OLD, "node1": "new", "node2": "new"} and not site.closed


def test_an_unfinished_snapshot_is_never_gone_back_to(site, new_walk):
    assert new_walk("offline", [], strike("snapshot-node:node1")).run() == "killed"
    (site.directory / "node1.snapshot").write_text("half of it")
    back = new_walk("offline", [], abort=False)
    assert back.run() == "undone"
    assert "snapshot-node:node1 is left as it is: it was not finished" in back.text
    as_before(site)


WORSE = [
    # label, what the pretended site is told, evidence
    ("it fails more", ("failed", 50), "node1: 50 of 500 requests failed; the others: 0 of 0"),
    ("it is slower", ("takes_ms", 900),
     "half of its requests within 1000 ms, of the others' 16 ms"),
]


@pytest.mark.parametrize("told, evidence", [row[1:] for row in WORSE],
                         ids=[row[0] for row in WORSE])
def test_a_node_that_is_worse_than_the_others_pauses_the_walk(site, new_walk, told, evidence):
    assert new_walk("rolling", ["go"], strike("observe:node1")).run() == "killed"

    def get_worse(line):
        if "requests failed" in line:
            getattr(site, told[0])["node1"] = told[1]

    walk = new_walk("rolling", [], get_worse)
    walk.plan.seconds["observe"] = 5
    assert walk.run() == "left"
    assert "node1 is worse than the others: node1: " in walk.text and evidence in walk.text
    assert "accept: go on nevertheless" in walk.text
    walk = new_walk("rolling", ["accept", "leave"])
    assert walk.run() == "left" and walk.journal.mark("observe:node1", "do") == journal.DONE


def test_a_node_that_failed_to_start_is_started_once_more(site, new_walk):
    site.plan(site.directory / "plan.ini",
              **{"start-node": "test -e mended && cp $NODE.install $NODE.runs; touch mended"})
    walk = new_walk("offline", ["repeat", *GO])
    assert walk.run() == "done", walk.text
    assert site.ran()["start-node node1"] == 2 and site.ran()["start-node node2"] == 1
