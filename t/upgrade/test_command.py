# SPDX-License-Identifier: Apache-2.0
"""cfclusterctl upgrade as a program: killed, interrupted, resumed, refused."""

import json
import os
import re
import signal
import subprocess
import sys

import pytest

from equipment import places
from equipment.ctl import Terminal
from equipment.pretended import NODES
from equipment.proc import wait_for

pytestmark = pytest.mark.once


@pytest.fixture
def plan(site):
    return site.plan(site.directory / "plan.ini")


def program(plan, what, *more):
    return [sys.executable, "-I", places.TOP / "tools/cfclusterctl", "upgrade", what,
            "--plan", plan, *more]


def upgrade(plan, what, answers="", *more):
    """(exit code, what was said), with these answers, each once, in their order."""
    done = subprocess.run(program(plan, what, *more), input="\n".join([*answers.split(), ""]),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=60, check=False)
    return done.returncode, done.stdout


class Running:
    """One that is walking, its output in a file."""

    def __init__(self, site, plan, what):
        self.output = site.directory / "said"
        with open(self.output, "wb") as out:
            self.popen = subprocess.Popen(program(plan, what), stdin=subprocess.PIPE, stdout=out,
                                          stderr=out)

    def wait_said(self, text):
        wait_for(lambda: text in self.output.read_text(), f"{text!r} is said", 60)

    def type(self, word):
        self.popen.stdin.write(word.encode() + b"\n")
        self.popen.stdin.flush()

    def wait(self):
        self.popen.stdin.close()
        return self.popen.wait(60), self.output.read_text()


def wait_seen(terminal, pattern):
    wait_for(lambda: re.search(pattern, terminal.read().replace("\r\n", "\n")),
             f"{pattern} is seen", 60)


@pytest.fixture
def terminal(plan):
    made = Terminal([str(word) for word in program(plan, "offline")], os.environ)
    yield made
    if made.code is None:
        made.end(0)


@pytest.mark.parametrize("procedure", ["offline", "rolling", "staging-copy"])
def test_a_walk_killed_in_each_command_runs_each_once(site, procedure):
    """Each command kills the walker when it has done its work, the first time it runs."""
    plan = site.plan(site.directory / "plan.ini")
    text = re.sub(r"^(command = .*>> ran; .*)$", r"\1; test -e $STEP.killed || "
                  r"{ touch $STEP.killed; kill -9 $PPID; }", plan.read_text(), flags=re.M)
    plan.write_text(text)
    code, said = upgrade(plan, procedure, "go")
    kills = 0
    while code == -9:
        kills += 1
        assert kills < 40, said
        code, said = upgrade(plan, "resume", "done go done go done go")
    assert code == 0, said
    assert kills == len(list(site.directory.glob("*.killed"))) >= 10
    assert not site.closed and all(map(site.serving, NODES)) and not site.snapshots()
    repeated = {step.partition(" ")[0] for step, times in site.ran().items() if times > 1}
    assert not repeated & {"announce", "deploy", "snapshot-node", "snapshot-database", "customise",
                           "delete-snapshots", "plugins", "copy", "finalise"}
    site.plan(site.directory / "plan.ini")


def slow(site):
    """A plan whose deployment takes until it is told to end."""
    return site.plan(site.directory / "plan.ini", deploy="echo new > $NODE.install; echo deploying;"
                     " touch going; while [ ! -e go ]; do sleep 0.01; done; echo deployed")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP, signal.SIGTERM])
def test_whoever_leaves_lets_the_command_end(site, number):
    plan = slow(site)
    walk = Running(site, plan, "offline")
    walk.type("go")
    walk.wait_said("| deploying")
    walk.popen.send_signal(number)
    (site.directory / "go").touch()
    code, said = walk.wait()
    assert code == 9 and "| deployed" in said and said.rstrip().endswith("upgrade abort goes back.")
    code, said = upgrade(plan, "resume", "go go go")
    assert code == 0 and site.ran()["deploy node1"] == 1, said


def test_events_are_shown_above_the_prompt_while_a_person_thinks(site, terminal):
    wait_seen(terminal, r"\[go\] $")
    terminal.type("go\n")
    wait_seen(terminal, r"Does everything work on node1\?[^$]*\n\[go/abort/leave\] $")
    for state in "recovering", "up":
        site.happen("health", "node2", state)
        wait_seen(terminal, r"\[go/abort/leave\] \n[0-9:]{8} event, notice: health node2 " + state
                  + r"\n\[go/abort/leave\] $")
    terminal.type("leave\n")
    wait_seen(terminal, "Left. ")
    assert terminal.end(60) == 9
    assert terminal.text.count("health node2 up") == 1


def test_a_nodes_log_is_shown_while_a_person_thinks(site):
    plan = site.plan(site.directory / "plan.ini", follow="echo $NODE begins; while [ ! -e late ];"
                     " do sleep 0.01; done; echo a late line; sleep 60")
    site.health["node1"] = "down", "refused", "500 ERROR"
    site.answers["node-running:node1"] = "not-met", "node1 is down", "see its log"
    walk = Running(site, plan, "offline")
    walk.type("go")
    walk.wait_said("so it is not waited for")
    walk.wait_said("[again/repeat/abort/leave] ")
    (site.directory / "late").touch()
    walk.wait_said("    node1| a late line")
    walk.type("leave")
    assert walk.wait()[0] == 9


def test_ctrl_c_twice_ends_the_command(site):
    plan = slow(site)
    walk = Running(site, plan, "offline")
    walk.type("go")
    walk.wait_said("| deploying")
    walk.popen.send_signal(signal.SIGINT)
    walk.wait_said("once more ends it.")
    walk.popen.send_signal(signal.SIGINT)
    code, said = walk.wait()
    assert code == 9 and "it was interrupted" in said, said
    (site.directory / "go").touch()
    code, said = upgrade(plan, "resume", "repeat go go go")
    assert code == 0 and "[deploy] failed: it was interrupted" in said


def test_a_command_that_outlives_its_walk_is_waited_for(site):
    plan = slow(site)
    walk = Running(site, plan, "offline")
    walk.type("go")
    walk.wait_said("| deploying")
    walk.popen.kill()
    assert walk.wait()[0] == -9
    on = Running(site, plan, "resume")
    on.wait_said("The command of the walk that was interrupted still runs, as process ")
    (site.directory / "go").touch()
    on.wait_said("It has ended; how, is not known.")
    on.wait_said("[deploy] was running when the walk was interrupted, and may have ended well.")
    for word in "done", "go", "go", "go":
        on.type(word)
    code, said = on.wait()
    assert code == 0 and site.ran()["deploy node1"] == 1, said


def test_what_follows_a_log_ends_with_the_walk_however_that_ends(site):
    plan = site.plan(site.directory / "plan.ini", **{
        "start-node": "while [ ! -e go ]; do sleep 0.01; done",
        "follow": "echo $$ > follower; echo follows; sleep 600 | cat"})
    walk = Running(site, plan, "offline")
    walk.type("go")
    walk.wait_said("node1| follows")
    walk.popen.kill()
    walk.wait()
    pid = int((site.directory / "follower").read_text())
    wait_for(lambda: not os.path.exists(f"/proc/{pid}"), "nobody follows", 60)
    (site.directory / "go").touch()


def test_what_abort_and_resume_would_do_is_printed_and_not_done(site, plan):
    assert upgrade(plan, "offline", "go")[0] == 9
    orders, ran = list(site.orders), site.ran()
    code, said = upgrade(plan, "abort", "", "--dry-run")
    assert code == 0
    assert re.search(r"^snapshot-node:node2: .*\n   Bring home .*\n"
                     r"   needs gate node-stopped:node2\n   runs, .*revert-node", said, re.M)
    assert said.index("start-node:node1") < said.index("maintenance: ") < said.index("announce: ")
    assert "start-replica" not in said
    code, said = upgrade(plan, "abort", "", "--dry-run", "--keep-closed")
    assert code == 0 and "   is left as it is: users are to stay outside" in said
    code, said = upgrade(plan, "resume", "", "--dry-run")
    assert code == 0 and "testers:node1: Testers look (it was begun: ran)\n" in said
    assert "deploy:node1" not in said and "delete-snapshots:replica" in said
    assert (site.orders, site.ran()) == (orders, ran)
    assert upgrade(plan, "resume", "go go go")[0] == 0


OPTIONS = [
    # what, option, what is said
    ("status", "--dry-run", "upgrade status takes no --dry-run"),
    ("check", "--keep-closed", "upgrade check takes no --keep-closed"),
    ("offline", "--keep-closed", "upgrade offline takes no --keep-closed"),
    ("offline", "--json", "upgrade offline takes no --json"),
    ("resume", "--color=always", "upgrade resume takes no --color"),
]


@pytest.mark.parametrize("what, option, said", OPTIONS, ids=[" ".join(row[:2]) for row in OPTIONS])
def test_an_option_that_would_mean_nothing_is_refused(site, plan, what, option, said):
    code, text = upgrade(plan, what, "go", option)
    assert code == 2 and said in text and not site.orders


def test_users_are_kept_outside_only_by_what_has_closed_the_cluster(site, plan):
    assert upgrade(plan, "rolling", "go")[0] == 9
    code, said = upgrade(plan, "abort", "", "--keep-closed")
    assert code == 2 and "--keep-closed is for offline: rolling closes nothing" in said


def test_status_and_check_are_told_to_programs_too(site, plan):
    assert json.loads(upgrade(plan, "status", "", "--json")[1]) == {"version": 1, "walk": None}
    code, said = upgrade(plan, "check", "", "--json")
    checks = json.loads(said)["checks"]
    assert code == 0 and len(checks) > 9 and all(one["ok"] for one in checks)
    assert upgrade(plan, "offline", "go")[0] == 9
    walk = json.loads(upgrade(plan, "status", "", "--json")[1])["walk"]
    assert (walk["procedure"], walk["way"], walk["holder"]) == ("offline", "do", None)
    states = {one["step"]: one["state"] for one in walk["steps"]}
    assert states["deploy:node1"] == "done" and states["testers:node1"] == "left"
    assert states["open"] is None


def test_what_the_terminal_cannot_show_ends_nothing(site):
    plan = site.plan(site.directory / "plan.ini", announce="echo 'für alle ☃'")
    command = program(plan, "offline")
    command[1:1] = ["-X", "utf8=0"]
    done = subprocess.run(command, input=b"go\n\xff\n", stdout=subprocess.PIPE, timeout=60,
                          env={**os.environ, "LC_ALL": "C"}, check=False)
    assert done.returncode == 9 and rb"    | f\xfcr alle \u2603" in done.stdout


def test_two_do_not_walk_at_once_and_the_status_says_who_does(site, plan):
    walk = Running(site, plan, "offline")
    walk.type("go")
    walk.wait_said("Does everything work on node1?")
    for what in "offline", "resume", "abort":
        code, said = upgrade(plan, what, "go")
        assert code == 4 and f"(process {walk.popen.pid}) walks already" in said
    code, said = upgrade(plan, "status")
    assert code == 0 and "walked by" in said and f"(process {walk.popen.pid})" in said
    assert re.search(r"^  done +start-node:node1: ", said, re.M)
    assert re.search(r"^  left +testers:node1: ", said, re.M)
    assert re.search(r"^  - +open: Open", said, re.M)
    code, _ = walk.wait()
    assert code == 9
    code, said = upgrade(plan, "offline", "go")
    assert code == 4 and "a walk is not finished yet" in said
    code, said = upgrade(plan, "status")
    assert "walked by nobody now: upgrade resume goes on" in said
    code, said = upgrade(plan, "abort")
    assert code == 0 and "left: nothing" in said, said
    assert upgrade(plan, "status")[1].startswith("No walk is under way")
    code, said = upgrade(plan, "resume")
    assert code == 4 and "no walk is under way" in said


def test_a_changed_plan_is_told_and_another_ones_is_refused(site, plan):
    assert upgrade(plan, "offline", "go go")[0] == 9
    text = plan.read_text()
    plan.write_text(text.replace("nodes = node1 node2", "nodes = node1"))
    code, said = upgrade(plan, "resume", "go")
    assert code == 4 and "balancing-off:node2" in said
    plan.write_text(text.replace("observe = 1s", "observe = 2s"))
    code, said = upgrade(plan, "resume", "go go")
    assert code == 0 and "    -observe = 1s\n" in re.sub(r"\d\d:\d\d:\d\d ", "", said)


def test_the_log_can_be_pasted_into_a_ticket(site, plan):
    code, said = upgrade(plan, "offline", "go go go go")
    assert code == 0
    log = open(said.splitlines()[-1].rpartition("The log is ")[2], encoding="utf-8").read()
    assert re.search(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4} gate nodes-stopped is met: ", log,
                     re.M)
    assert "typed: go" in log and "undone: nothing" in log


def test_nothing_is_begun_before_somebody_says_go(site, plan):
    code, said = upgrade(plan, "offline", "leave")
    assert code == 9 and "Not begun." in said and not site.orders
    (site.directory / "journal/journal.jsonl").mkdir()
    code, said = upgrade(plan, "offline", "go")
    assert code == 2 and "Is a directory" in said and not site.orders
    (site.directory / "journal/journal.jsonl").rmdir()
    assert upgrade(plan, "offline", "go", "--dry-run")[0] == 0 and not site.orders


CHECKS = [
    # label, what is wrong, the line about it
    ("a gate", lambda site: site.answers.update({"replica-in-sync:replica": (
        "unknown", "a privilege is missing", "grant it")}),
     "NOT OK   gate replica-in-sync:replica (a privilege is missing): unknown. grant it"),
    ("a host", lambda site: (site.directory / "node2.install").unlink(),
     "NOT OK   host of node node2: it ended with exit code 1"),
    ("the balancer", lambda site: site.close(), "cannot be reached"),
    ("the directory", lambda site: (site.directory / "journal").write_text(""),
     "NOT OK   the directory"),
]


@pytest.mark.parametrize("spoil, line", [row[1:] for row in CHECKS], ids=[row[0] for row in CHECKS])
def test_a_check_finds_what_would_fail_at_night_and_changes_nothing(site, plan, spoil, line):
    code, said = upgrade(plan, "check")
    assert code == 0 and said.endswith("All is well.\n"), said
    spoil(site)
    code, said = upgrade(plan, "check")
    assert code == 8 and line in said, said
    assert not site.closed and set(site.admin.values()) == {"active"}
