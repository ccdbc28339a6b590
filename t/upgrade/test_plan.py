# SPDX-License-Identifier: Apache-2.0
"""Plans, journals and the document: what is refused with which words, what survives."""

import json
import re

import pytest

from equipment import places

from ctl.upgrade import document, dry, journal, plan, steps      # conftest.py knows where

pytestmark = pytest.mark.once

EXAMPLES = sorted((places.TOP / "examples/upgrade").glob("*.ini"))
GUIDE = places.TOP / "docs/upgrade.md"
GOOD = """\
[upgrade]
cluster = confluence
balancer = http://127.0.0.1/cluster
directory = /tmp/somewhere
nodes = node1 node2
"""


def read(path, text):
    path.write_text(text)
    return plan.read(path)


@pytest.mark.parametrize("example", EXAMPLES, ids=[path.name for path in EXAMPLES])
def test_each_example_is_a_plan(example):
    found = plan.read(example)
    assert dry.begin("offline", found)
    assert found.environment(steps.Instance(steps.DEPLOY, "node", "node1"))["HOST"] == \
        "app1.example.com"


WRONG = [
    # label, what is written after GOOD, what is said
    ("no such setting", "nods = a", "[upgrade] nods= is not known; did you mean nodes? known: "),
    ("no duration", "drain = 15", "[upgrade] drain=15 is not a duration; write a number with its "
                                  "unit, 90s, 15m, 6h or 2d"),
    ("no number", "serving = all", "[upgrade] serving=all is not a number of nodes"),
    ("no node", "copied = node3", "[upgrade] copied=node3 is not one of nodes="),
    ("replica of nothing", "replica = r", "[upgrade] replica= is there and database= is not"),
    ("no such command", "[deplay]\ncommand = x", "[deplay] is not a step's command; did you mean "
                                                 "deploy? known: upgrade, node NAME"),
    ("no such key", "[deploy]\ncomand = x", "[deploy] comand= is not known; did you mean command?"),
    ("both", "[deploy]\ncommand = x\nskip = y", "[deploy] has command= and skip=; write one"),
    ("no timeout", "[deploy]\ntimeout = soon", "[deploy] timeout=soon is not a duration"),
    ("a stranger", "[node node3]\nhost = x", "[node node3] or [database node3] is not named in"),
    ("another home", "[node node1]\nhome = /var/opt", "[node node1] home= would be $HOME in your "
                                                      "commands, which is taken or no name"),
    ("another path", "[node node1]\npath = /opt", "[node node1] path= would be $PATH"),
    ("no variable", "[node node1]\nmy.host = x", "[node node1] my.host= would be $MY.HOST"),
    ("nobody may be taken out", "serving = 2", "[upgrade] serving=2 leaves no node to take out, "
                                               "nodes= names 2"),
    ("no INI", "[deploy\n", "[deploy"),
    ("twice", "[deploy]\n[deploy]", "section 'deploy' already exists"),
]


@pytest.mark.parametrize("text, said", [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_a_wrong_plan_is_refused_with_what_would_be_right(tmp_path, text, said):
    with pytest.raises(plan.PlanError) as refused:
        read(tmp_path / "plan.ini", GOOD + text)
    assert said in str(refused.value)


def test_all_complaints_come_at_once(tmp_path):
    with pytest.raises(plan.PlanError) as refused:
        read(tmp_path / "plan.ini", "[upgrade]\ndrain = x\n[y]\n")
    said = str(refused.value)
    assert all(f"[upgrade] {key}= is missing" in said
               for key in ("cluster", "balancer", "directory", "nodes"))
    assert "drain=x" in said and "[y] is not a step's command" in said


def test_a_directory_is_the_same_from_everywhere(tmp_path):
    with pytest.raises(plan.PlanError, match="directory=walks is not absolute"):
        read(tmp_path / "plan.ini", GOOD.replace("/tmp/somewhere", "walks"))


def test_a_plan_in_another_encoding_is_refused_with_the_place(tmp_path):
    (tmp_path / "plan.ini").write_bytes(GOOD.encode() + "message = für alle\n".encode("latin-1"))
    with pytest.raises(plan.PlanError, match="is not UTF-8 .invalid start byte at byte 125"):
        plan.read(tmp_path / "plan.ini")


@pytest.mark.parametrize("procedure", steps.PROCEDURES)
def test_with_one_node_only_what_closes_the_cluster_can_be_walked(tmp_path, procedure):
    found = read(tmp_path / "plan.ini", GOOD.replace("node1 node2", "node1"))
    if procedure in ("offline", "packages"):
        plan.refuse(found, procedure)
    else:
        with pytest.raises(plan.PlanError, match=f"serving=1 leaves no node.*{procedure} takes"):
            plan.refuse(found, procedure)


def test_without_databases_their_steps_and_gates_are_left_out(tmp_path):
    found = read(tmp_path / "plan.ini", GOOD)
    lines = "\n".join(dry.begin("offline", found))
    assert "The plan names no database=" in lines
    assert "database-up" not in lines and "replica-in-sync" not in lines
    assert "stop-source" not in lines and "deploy:node2" in lines


# the journal

def test_half_a_line_of_a_journal_never_counted(tmp_path):
    kept = journal.Journal(tmp_path)
    kept.write(walk="begun", procedure="offline")
    kept.write(step="announce", way="do", mark="begun")
    with open(kept.path, "ab") as file:
        file.write(b'{"step": "announce", "way": "do", "ma')
    again = journal.Journal(tmp_path).load()
    assert again.mark("announce", "do") == "begun"
    again.write(step="announce", way="do", mark="done")
    assert [json.loads(line) for line in kept.path.read_text().splitlines()] == again.records


def test_a_journal_that_is_no_json_is_refused(tmp_path):
    kept = journal.Journal(tmp_path)
    kept.write(walk="begun")
    kept.path.write_text("x\n" + kept.path.read_text())
    with pytest.raises(journal.JournalError, match="line 1 is not JSON"):
        journal.Journal(tmp_path).load()


def test_only_one_walks(tmp_path):
    first, second = journal.Journal(tmp_path), journal.Journal(tmp_path)
    first.lock("alice@here")
    with pytest.raises(journal.JournalError, match=r"alice@here .process \d+. walks already"):
        second.lock("bob@there")
    assert second.holder().startswith("alice@here")
    first.unlock()
    second.lock("bob@there")


# the document

@pytest.mark.parametrize("title", document.PARTS)
def test_the_guide_says_what_the_program_does(title):
    made = document.PARTS[title]()
    found = re.search(rf"<!-- {title} -->\n(.*?)<!-- end -->", GUIDE.read_text(), re.S)
    assert found, f"docs/upgrade.md has no part {title}"
    assert found[1] == made, "run: tools/ctl-upgrade-guide"


def test_each_command_of_a_step_is_known_to_an_example_or_is_the_persons():
    known = set(steps.commands())
    for example in EXAMPLES:
        assert set(plan.read(example).commands) <= known
