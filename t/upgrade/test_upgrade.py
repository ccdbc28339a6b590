# SPDX-License-Identifier: Apache-2.0
"""Whole upgrades of a real site: Tomcats, a database with its replica, httpd, users."""

import re

import pytest

from equipment.client import spread
from equipment.night import Editor, Night, Visitors, newcomer, page, post, put, slow

from ctl.upgrade import steps      # conftest.py knows where

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def kept_night(kept_httpd, tmp_path_factory):
    made = Night(kept_httpd, tmp_path_factory.mktemp("night"))
    yield made
    made.remove()


@pytest.fixture
def night(kept_night):
    kept_night.as_old()
    return kept_night


def is_old(night, left=()):
    """The old version serves, with what users wrote."""
    assert night.served() == {"old"}
    assert night.pages() == night.pages("replica") == [["old", "what users wrote"]]
    assert night.snapshots == set(left)


def test_an_offline_upgrade_shows_users_the_page_and_nothing_else(night):
    code, said = night.upgrade("check")
    assert code == 0, said
    looked = []

    def asked(text):
        """A tester opens each link as soon as it is there; nobody else is let in."""
        for link in re.findall(r"Testers open (\S+)", text)[len(looked):]:
            tester = night.cluster.user()
            assert tester.open(link).status_code == 303
            looked.append((spread(tester.get("/page") for _ in range(4)),
                           tester.page()["deployed"], night.cluster.user().get("/page").status_code))

    with Visitors(night.cluster) as visitors:
        code, said = night.upgrade("offline", asked=asked)
    assert code == 0, said
    assert looked == [("node1: 4", "new", 503), ("node2: 4", "new", 503)]
    assert visitors.kinds() == {(200, "old"), (503, "page"), (200, "new")}
    assert visitors.stories() == {"old page new"}
    assert night.served() == {"new"}
    assert night.pages() == night.pages("replica") == [["new", "what users wrote"]]
    assert not night.snapshots
    assert re.search(r"event, \w+: health node1 ", said)


def test_a_walk_that_was_killed_goes_on_and_can_go_back_to_the_old_version(night):
    questions = []

    def asked(text):
        questions.append(text)
        return "kill" if len(questions) == 2 else None      # the first one is Begin?

    with Visitors(night.cluster) as visitors:
        code, said = night.upgrade("offline", asked=asked)
        assert code == -9 and "Does everything work on node1?" in said, said
        code, said = night.upgrade("resume", ["go", "abort"])
        assert code == 1, said
    assert "testers:node1:" in said and "deploy" not in said.partition("--- Back")[0]
    assert visitors.stories() == {"old page old"}
    is_old(night)
    assert "undone: announce, maintenance" in said and "left: nothing" in said


KINDS = [
    # where a walk is killed: in each command, at the head of each step that has none
    "[announce]", "[stop-node]", "[stop-database]", "[snapshot-node]", "[snapshot-database]",
    "[start-database]", "[deploy]", "[customise]", "[start-node]", "[plugins]",
    "[announce-end]", "[delete-snapshots]", ", maintenance:", ", balancing-off:node1:",
    ", testers:node1:", ", balancing-on:node2:", ", open:", ", all-well:",
]


def test_a_walk_killed_at_each_kind_of_step_goes_on_to_its_end(night):
    """What its command was doing goes on without it, and is done once."""
    left, done = list(KINDS), []

    def killed_at(text):
        found = next((kind for kind in left if kind in text), None)
        if found:
            left.remove(found)
        return found

    night.afterwards = lambda section, name: done.append((section, name))
    code, said = night.upgrade("offline", killed_at=killed_at)
    while code == -9:
        code, more = night.upgrade("resume", killed_at=killed_at, asked=lambda text: (
            "done" if "may have ended well" in text.rpartition("---")[2] else None))
        said += more
    assert code == 0 and not left, (left, said)
    once = [what for what in done if what[0] not in (
        "stop-node", "start-node", "stop-database", "start-database")]
    assert len(set(once)) == len(once)
    assert night.served() == {"new"} and not night.snapshots
    assert night.pages() == night.pages("replica") == [["new", "what users wrote"]]


BEFORE, BEHIND = {"old page old"}, {"old page new page old"}

BACK = [
    # where a walk is killed, what users may see (its order may have been carried out), snapshots
    # that are left: nobody knows whether they were finished
    ("[announce]", {"old"}, ()),
    (", maintenance:", {"old", *BEFORE}, ()),
    (", balancing-off:node2:", BEFORE, ()),
    ("[stop-node] node1", BEFORE, ()),
    ("[stop-database] replica", BEFORE, ()),
    ("[stop-database] master", BEFORE, ()),
    ("[snapshot-node] node2", BEFORE, ["node2"]),
    ("[snapshot-database] master", BEFORE, ["master"]),
    ("[start-database] master", BEFORE, ()),
    ("[deploy] node1", BEFORE, ()),
    ("[customise] node1", BEFORE, ()),
    ("[start-node] node1", BEFORE, ()),
    (", testers:node1:", BEFORE, ()),
    ("[start-node] node2", BEFORE, ()),
    ("[start-database] replica", BEFORE, ()),
    (", balancing-on:node2:", BEFORE, ()),
    (", open:", BEFORE | BEHIND, ()),
    ("[plugins]", BEHIND, ()),
    ("[announce-end]", BEHIND, ()),
    (", all-well:", BEHIND, ()),
]


@pytest.mark.parametrize("kind, stories, left", BACK, ids=[row[0] for row in BACK])
def test_a_walk_killed_at_each_kind_of_step_goes_back_to_what_was(night, kind, stories, left):
    with Visitors(night.cluster, 2) as visitors:
        code, said = night.upgrade("offline", killed_at=lambda text: kind in text)
        assert code == -9, said
        code, said = night.upgrade("abort", asked=lambda text: (
            "agreed" if "What they wrote since is lost." in text else None))
    assert code == 0, said
    assert visitors.stories() <= stories
    is_old(night, left)


def test_there_is_a_way_back_behind_each_kind_of_step():
    """BACK has them all."""
    def is_at(step):
        """Where a walk can be killed there, whatever node or database it is for."""
        return re.compile(rf", {step.id}:" + (rf"|\[{step.do.command}\]" if step.do.command else ""))

    final = [step for group in steps.OFFLINE for step in group.steps if step.final]
    others = [step for group in steps.OFFLINE for step in group.steps if not step.final]
    assert final and [step.id for step in others
                      if not any(is_at(step).match(row[0]) for row in BACK)] == []


def mends(*rows):
    """asked: (what is said at a question, what is done about it): each once, then it is asked
    again."""
    left = list(rows)

    def asked(text):
        last = text.rpartition("---")[2]
        if "What now?" not in last.rpartition("gate ")[2]:
            return None
        for row in left:
            if re.search(row[0], last):
                left.remove(row)
                row[1]()
                return "again"
        return None

    asked.left = left
    return asked


def test_each_gate_refuses_what_is_not_so_and_goes_on_when_it_is(night):
    night.write_plan(settle="4s")
    master, replica = night.databases.values()
    master.sql("CREATE USER IF NOT EXISTS report@'127.0.0.1' IDENTIFIED BY 'report';"
               "GRANT SELECT ON confluence.* TO report@'127.0.0.1'")
    stray = master.connect("report", "report", "confluence")
    replica.sql("STOP SLAVE SQL_THREAD")

    def end_stray():
        stray.kill()
        master.end_connections("report")

    def fail(section, name):
        if (section, name) == ("start-node", "node1"):
            night.say_wrong(name, "ERROR")

    night.afterwards = fail
    asked = mends(
        (r"gate no-app-connections:master is not-met: \d connections of applications to master, "
         r"from 127.0.0.1 \(\d\), at \S+; it was waited for 4s. Stop what still connects", end_stray),
        (r"gate replica-complete:replica is not-met: replica is at alarm \(does not apply .*; "
         r"it was waited for 4s. Stop all applications, and wait",
         lambda: replica.sql("START SLAVE")),
        (r"node1 says 500 ERROR: .*, so it is not waited for; its log says why. Start Confluence",
         lambda: night.nodes["node1"].set_state("RUNNING")))
    code, said = night.upgrade("offline", asked=asked)
    assert code == 0 and not asked.left, (asked.left, said)
    assert night.served() == {"new"}


def test_a_rolling_upgrade_loses_no_request(night):
    with Visitors(night.cluster, 6, (newcomer, page, post, put, slow)) as visitors, \
            Editor(night.cluster.httpd.url) as editor:
        code, said = night.upgrade("rolling")
    assert code == 0, said
    assert visitors.kinds() == {(200, "old"), (200, "new"), (200, "uploaded"), (200, "slow")}
    assert not editor.failed and set(editor.nodes) == {"node1", "node2"}
    assert night.served() == {"new"}
    assert re.search(r"node2: 0 of [1-9]\d* requests failed; the others: 0 of ",
                     said.partition(" observe:node2: ")[2])
    assert not re.search(r"[1-9]\d* of \d+ requests failed", said)


def test_a_staging_copy_has_the_data_and_disturbs_nobody(night):
    with Visitors(night.cluster) as visitors:
        code, said = night.upgrade("staging-copy")
    assert code == 0, said
    assert visitors.kinds() == {(200, "old")}
    node, database = night.staging
    assert node.version == "new" and database.sql("SELECT text FROM confluence.pages") == [
        ["what users wrote"]]
    assert night.served() == {"old"}


def test_the_last_node_is_not_taken_and_a_first_run_is_not_waited_for(night):
    def be_in_the_way(section, name):
        if section == "upgrade-mode":
            night.cluster.drain("node2")
        if (section, name) == ("start-node", "node1"):
            night.afterwards = lambda section, name: None
            night.say_wrong(name, "FIRST_RUN")

    night.write_plan(settle="4s")
    night.afterwards = be_in_the_way
    asked = mends((r"gate others-serve:node1 is not-met: without node1, 0 of 2 nodes serve; "
                   r"the plan wants 1; it was waited for 4s. Bring another node back first",
                   lambda: night.cluster.activate("node2")))

    def answer(text):
        if "so it is not waited for" in text and "--- Back" not in text:
            return "abort"
        return asked(text)

    code, said = night.upgrade("rolling", asked=answer)
    assert code == 1 and not asked.left, said
    assert "node1 says 200 FIRST_RUN: setup is not complete, never used, so it is not" in said
    assert "left: nothing" in said
    assert night.served() == {"old"}
