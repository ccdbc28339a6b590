# SPDX-License-Identifier: Apache-2.0
"""cfclusterctl without a balancer: times, what is written from its table of commands, the
installation."""

import datetime
import os
import py_compile
import subprocess
import sys
import time

import pytest

from equipment.places import TOP, module

sys.path.insert(0, str(TOP / "tools"))

from ctl import commands, config, manual, show, times  # noqa: E402  (they are found only now)
from ctl.api import Trouble  # noqa: E402

pytestmark = pytest.mark.once

PYTHON = sorted([*(TOP / "tools/ctl").rglob("*.py"), TOP / "tools/cfclusterctl",
                 TOP / "tools/ctl-pages", TOP / "tools/ctl-upgrade-guide"])


@pytest.fixture
def berlin(monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


DURATIONS = [("90s", 90), ("15m", 900), ("2h", 7200), ("1d", 86400), ("500ms", 0.5)]


@pytest.mark.parametrize("text, want", DURATIONS)
def test_a_duration_has_its_unit(text, want):
    assert times.seconds(text) == want


@pytest.mark.parametrize("text", ["", "15", "m", "1.5h", "-2h", "2 h", "2h30m", "1w"])
def test_anything_else_is_no_duration(text):
    with pytest.raises(Trouble, match="is not a duration"):
        times.seconds(text)


INSTANTS = [
    ("a duration stays one", "2h", None, "2h"),
    ("UTC", "2026-11-24T05:00Z", None, "2026-11-24T05:00:00Z"),
    ("with a zone", "2026-11-24T05:00+02:00", None, "2026-11-24T03:00:00Z"),
    ("local, winter", "2026-11-24 06:00", None, "2026-11-24T05:00:00Z"),
    ("local, summer", "2026-07-24 06:00", None, "2026-07-24T04:00:00Z"),
    ("a clock after another", "06:00", "2026-11-24T21:00:00Z", "2026-11-25T05:00:00Z"),
    ("a clock later that day", "23:30", "2026-11-24T21:00:00Z", "2026-11-24T22:30:00Z"),
    ("a clock over the change of time", "06:00", "2026-10-24T20:00:00Z", "2026-10-25T05:00:00Z"),
    ("nothing", None, None, None),
]


@pytest.mark.parametrize("label, text, after, want", INSTANTS, ids=[row[0] for row in INSTANTS])
def test_a_moment_is_what_the_api_takes(berlin, label, text, after, want):
    assert times.instant(text, after) == want


def test_a_clock_time_is_the_next_one(berlin):
    got = datetime.datetime.fromisoformat(times.instant("06:00"))
    now = datetime.datetime.now(datetime.timezone.utc)
    assert now < got <= now + datetime.timedelta(hours=25)


@pytest.mark.parametrize("text", ["6", "25:00", "tomorrow", "2026-13-01"])
def test_anything_else_is_no_moment(text):
    with pytest.raises(Trouble, match="is not a time"):
        times.instant(text)


def test_sentences_have_local_times(berlin):
    assert times.localised("closed until 2020-01-01T22:00:00Z, then open") == \
        "closed until 2020-01-01 23:00, then open"


def test_a_screen_cuts_what_does_not_fit_and_aligns_wide_characters():
    screen = show.Screen(True)
    screen.table(("NAME", "IS"), [("日本", "up"), ("node1", "down")])
    assert screen.text(8, 2) == "\x1b[1mNAME\x1b[0m   \x1b[1mI\x1b[0m\n日本   \x1b[32mu\x1b[0m"


# what is written from the table

@pytest.mark.parametrize("name, write", manual.PAGES, ids=[name for name, _ in manual.PAGES])
def test_the_pages_are_those_that_the_table_makes(name, write):
    assert (TOP / name).read_text() == write(), "run tools/ctl-pages"


@pytest.mark.parametrize("table", [manual.commands_table, manual.options_table,
                                   manual.exits_table], ids=["commands", "options", "exits"])
def test_the_document_has_the_tables_of_the_program(table):
    assert table() in (TOP / "docs/cfclusterctl.md").read_text(), "tools/ctl-pages prints it"


def test_every_setting_of_the_file_is_in_the_man_page():
    assert tuple(manual.KEY_HELP) == config.KEYS


def test_the_man_page_is_understood():
    done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", TOP / "man/cfclusterctl.1"],
                          capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "cfclusterctl - show and change clusters" in done.stdout


COMPLETIONS = [
    ("a command", ["dr"], "drain"),
    ("an option", ["drain", "node1", "--dead"], "--deadline"),
    ("a choice", ["maintenance", "sch"], "schedule"),
    ("the choice of an option", ["drain", "node1", "--return", ""], "restart"),
    ("nothing after free text", ["drain", "node1", "--reason", ""], ""),
]


@pytest.mark.parametrize("label, words, want", COMPLETIONS, ids=[row[0] for row in COMPLETIONS])
def test_bash_completes(label, words, want):
    script = ('. "$0"; COMP_WORDS=(cfclusterctl "$@"); COMP_CWORD=$#; _cfclusterctl; '
              'echo "${COMPREPLY[*]}"')
    done = subprocess.run(["bash", "-c", script, TOP / "tools/completion/bash/cfclusterctl",
                           *words], capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == (want, "")


def test_no_name_of_a_command_or_option_is_used_twice():
    names = [command.name for command in commands.COMMANDS]
    assert len(set(names)) == len(names)
    for command in commands.COMMANDS:
        options = [opt.name for opt in (*command.opts, *commands.COMMON)]
        assert len(set(options)) == len(options), command.name


@pytest.mark.parametrize("path", PYTHON, ids=[path.name for path in PYTHON])
def test_its_python_compiles(path, tmp_path):
    py_compile.compile(str(path), cfile=str(tmp_path / "compiled"), doraise=True)


def test_what_is_installed_runs_from_anywhere(tmp_path):
    subprocess.run(["make", "-s", "-C", module().parents[1], "install-ctlSCRIPTS",
                    "install-ctlmodulesDATA", "install-ctlupgradeDATA",
                    "install-bashcompletionDATA", "install-zshcompletionDATA", "install-man", "install-exec-hook",
                    f"DESTDIR={tmp_path}", "prefix=/usr", "mandir=/usr/share/man"], check=True)
    moved = tmp_path.parent / (tmp_path.name + "-moved")
    os.rename(tmp_path, moved)
    done = subprocess.run([moved / "usr/bin/cfclusterctl", "--help"], cwd="/",
                          capture_output=True, text=True)
    assert done.returncode == 0 and "exit codes" in done.stdout, done.stderr
    names = {path.name for path in moved.rglob("*") if path.is_file()}
    assert {"cfclusterctl.1", "_cfclusterctl"} <= names
    assert {path.name for path in (TOP / "tools/ctl").rglob("*.py")} - names == {
        "manual.py", "document.py"}     # these only write what is installed
    os.rename(moved, tmp_path)
