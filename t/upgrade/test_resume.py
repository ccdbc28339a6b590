# SPDX-License-Identifier: Apache-2.0
"""Walks over the pretended site that are struck down or left, and go on: with what was true then
asked again."""

import errno
import re

import pytest

from equipment.pretended import NODES
from equipment.walk import obliging

from test_walk import GO, OLD, WHOLE, as_before, every_step, ids, strike     # noqa: E402

from ctl.upgrade import journal, steps      # noqa: E402

pytestmark = pytest.mark.once

GO_ON = {row[0]: row[1] for row in WHOLE}


@pytest.mark.parametrize("procedure, step", every_step())
def test_a_walk_struck_down_at_a_step_goes_on_from_there(site, new_walk, procedure, step):
    assert new_walk(procedure, GO, strike(step)).run() == "killed"
    on = new_walk(procedure, obliging)
    assert on.run() == "done", on.text
    assert {site.versions()[node] for node in NODES} == {GO_ON[procedure]}
    assert not site.snapshots() and not site.closed and not site.acknowledged
    assert all(map(site.serving, NODES))
    part = next(one.step.do for one in on.walker.instances if one.id == step)
    twice = {what.strip() for what, times in site.ran().items() if times > 1}
    once_more = f"{part.command} {step.partition(':')[2]}".strip()
    assert twice <= ({once_more} if part.repeat else set())


def stop_after(step, mark):
    """Strikes a walk down as soon as the step has this mark."""
    def killed_by(_):
        return killed_by.walk.journal.mark(step, "do") == mark
    return killed_by


def struck(new_walk, procedure, step, mark):
    killed_by = stop_after(step, mark)
    walk = killed_by.walk = new_walk(procedure, GO, killed_by)
    assert walk.run() == "killed"


AGAIN = [
    # step, mark that it had, gate that holds no more
    ("stop-source:master", journal.ACTED, "nodes-stopped"),
    ("deploy:node1", journal.ACTED, "node-stopped:node1"),
    ("deploy:node1", journal.RUNNING, "node-stopped:node1"),
    ("snapshot-node:node1", journal.ACTED, "node-stopped:node1"),
    ("snapshot-database:master", journal.ACTED, "database-stopped:master"),
    ("testers:node1", journal.RAN, "node-running:node1"),
]


@pytest.mark.parametrize("step, mark, gate", AGAIN, ids=[" ".join(row[:2]) for row in AGAIN])
def test_a_step_that_was_begun_is_taken_up_only_while_its_gates_hold(site, new_walk, step, mark,
                                                                     gate):
    struck(new_walk, "offline", step, mark)
    ran = site.ran()
    site.answers[gate] = "not-met", "somebody has been here", "put it right"
    on = new_walk("offline", [])
    assert on.run() == "left"
    assert f"gate {gate} is not-met: somebody has been here; it was waited for" in on.text
    assert site.ran() == ran
    del site.answers[gate]
    assert new_walk("offline", obliging).run() == "done"


def test_what_is_as_it_is_to_be_needs_no_leave_any_more(site, new_walk):
    struck(new_walk, "staging-copy", "pause-replica:replica", journal.ACTED)
    (site.directory / "replica.runs").unlink()
    on = new_walk("staging-copy", obliging)
    assert on.run() == "done"
    assert ("gate replica-in-sync:replica is not needed any more: met is database-stopped:replica"
            in on.text)


def test_whoever_resumes_at_the_testers_gets_a_new_link(site, new_walk):
    assert new_walk("offline", []).run() == "left"
    on = new_walk("offline", [])
    assert on.run() == "left"
    assert "Testers open https://" in on.text


def test_a_cluster_that_may_have_been_opened_is_gone_back_from_only_when_agreed_to(site, new_walk):
    struck(new_walk, "offline", "open", journal.BEGUN)
    back = new_walk("offline", [], abort=False)
    assert back.run() == "left" and "What they wrote since is lost." in back.text
    assert new_walk("offline", ["agreed"]).run() == "undone"
    as_before(site)


def test_users_may_be_kept_outside_when_the_way_back_has_begun(site, new_walk):
    assert new_walk("offline", [], strike("testers:node1")).run() == "killed"
    assert new_walk("offline", [], strike("stop-node:node2"), abort=False).run() == "killed"
    back = new_walk("offline", [], abort=True)
    assert back.run() == "undone", back.text
    assert site.closed and site.versions() == OLD


def test_a_wish_to_leave_keeps_the_next_command_from_beginning(site, new_walk):
    walk = None

    def leave(line):
        if line.startswith("gate node-stopped:node1") and walk.journal.mark("stop-source:master",
                                                                            "do"):
            walk.talk.signals = 1
        return False

    walk = new_walk("offline", GO, leave)
    assert walk.run() == "left"
    assert "snapshot-node node1" not in site.ran()
    assert new_walk("offline", GO).run() == "done"


def test_events_are_shown_also_those_between_two_walks(site, new_walk):
    def happen(line):
        if line.endswith("deploy:node1: Install the new version"):
            site.happen("health", "node2", "down")
        return False

    site.happen("health", "node1", "before it began")
    walk = new_walk("offline", [], happen)
    assert walk.run() == "left"
    assert walk.talk.said.count("event, notice: health node2 down") == 1
    assert "before it began" not in walk.text
    site.happen("health", "node1", "recovering")
    on = new_walk("offline", [])
    assert on.run() == "left"
    assert on.talk.said.count("event, notice: health node1 recovering") == 1
    assert "node2 down" not in on.text


# what is printed, what is kept

def test_nothing_that_a_terminal_would_obey_is_printed(site, new_walk):
    site.plan(site.directory / "plan.ini", announce=r"printf '\033]0;title\007\033[31mred\t|\n'")
    site.answers["monitor-alive"] = "not-met", "it says \x1b[2J", "see"
    walk = new_walk("offline", [])
    assert walk.run() == "left"
    assert re.search(r"    \| \?\]0;title\?red +\|", walk.text) and "it says ?[2J" in walk.text
    assert "\x1b" not in walk.text + walk.journal.log_path.read_text()


def test_a_log_that_cannot_be_written_ends_no_command(site, new_walk, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(journal.Journal, "log", full)
    walk = new_walk("offline", GO)
    assert walk.run() == "done"
    assert walk.text.count("The log cannot be written: No space left on device") == 1


def test_a_mark_that_cannot_be_made_keeps_the_command_from_beginning(site, new_walk, monkeypatch):
    class Full:
        def write(self, _):
            raise OSError(errno.ENOSPC, "No space left on device")

    walk = new_walk("offline", GO)
    mark = walk.walker._mark

    def fill(instance, way, what, **more):
        if (instance.id, what) == ("deploy:node1", journal.RUNNING):
            walk.journal._file = Full()
        mark(instance, way, what, **more)

    monkeypatch.setattr(walk.walker, "_mark", fill)
    with pytest.raises(journal.WriteError, match="No space left on device. Nothing that is not"):
        walk.run()
    assert "deploy node1" not in site.ran()
    assert new_walk("offline", GO).run() == "done"
    assert site.ran()["deploy node1"] == 1


def test_a_walk_that_ended_is_no_more_when_it_died_before_its_files_were_put_away(
        site, new_walk, monkeypatch):
    walk = new_walk("packages", GO)
    assert walk.run() == "done"
    monkeypatch.setattr(walk.journal, "_put_away", lambda: None)
    walk.journal.finish("done")
    kept = journal.Journal(walk.journal.directory)
    assert kept.load().records == [] and kept.path.exists()
    kept.lock("a test")
    assert kept.load().records == [] and not kept.path.exists()
    assert len(list(kept.directory.glob("*-packages.*"))) == 2


def test_a_step_without_a_way_back_is_undone_by_another_or_left():
    known = {step.id for step in steps.all_steps()}
    for step in steps.all_steps():
        assert step.undo is None or not step.undone_by, step.id
        assert step.undone_by in ("", steps.NOTHING, *known), step.id
    assert set(ids("offline"))
