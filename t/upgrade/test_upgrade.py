# SPDX-License-Identifier: Apache-2.0
"""Whole upgrades of a real site: Tomcats, a database with its replica, httpd, users."""

import re

import pytest

from equipment.client import spread
from equipment.night import Night, Visitors

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
    assert night.served() == {"new"}
    assert night.pages() == night.pages("replica") == [["new", "what users wrote"]]
    assert not night.snapshots


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
    assert "Step 20 of" in said and "deploy" not in said.partition("--- Back")[0]
    assert visitors.kinds() == {(200, "old"), (503, "page")}
    assert night.served() == {"old"}
    assert night.pages() == night.pages("replica") == [["old", "what users wrote"]]
    assert not night.snapshots
    assert "undone: announce, maintenance" in said and "left: nothing" in said


def test_a_rolling_upgrade_loses_no_request(night):
    with Visitors(night.cluster) as visitors:
        code, said = night.upgrade("rolling")
    assert code == 0, said
    assert visitors.kinds() == {(200, "old"), (200, "new")}
    assert night.served() == {"new"}
    assert "0 of " in said.partition("observe:node2")[2]


def test_a_staging_copy_has_the_data_and_disturbs_nobody(night):
    with Visitors(night.cluster) as visitors:
        code, said = night.upgrade("staging-copy")
    assert code == 0, said
    assert visitors.kinds() == {(200, "old")}
    node, database = night.staging
    assert node.version == "new" and database.sql("SELECT text FROM confluence.pages") == [
        ["what users wrote"]]
    assert night.served() == {"old"}


def test_a_node_that_starts_as_first_run_is_not_waited_for(night, monkeypatch):
    def start_wrong(name):
        monkeypatch.undo()
        night.start_node(name)
        night.nodes[name].wait_ready().set_state("FIRST_RUN")

    monkeypatch.setattr(night, "start_node", start_wrong)
    code, said = night.upgrade("rolling", ["go", "abort"])
    assert code == 1, said
    assert "node1 says 200 FIRST_RUN: setup is not complete, never used, so it is not" in said
    assert "left: nothing" in said
    assert night.served() == {"old"}
