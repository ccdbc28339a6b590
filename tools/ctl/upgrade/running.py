# SPDX-License-Identifier: Apache-2.0
"""Runs the operator's commands. Their output goes to a file, so that a command lives on when
whoever started it does not, and is shown from there line by line."""

import contextlib
import os
import re
import signal
import subprocess
import time

EVERY_S = 0.1
FIRST_S = 0.005     # most checks are quick

# It begins when it is told to, so never before its process is noted; not at all when nobody is left
# to tell it.
_COMMAND = 'read go && exec sh -c "$1" </dev/null'
# It ends with whoever reads it, however that ends: the line to it is cut then.
_FOLLOWER = 'sh -c "$1" </dev/null & read end; kill 0'


class Running:
    """One command of sh -c in a process group of its own, its output in a file. Raises OSError."""

    def __init__(self, command, environment, output, show, noted=lambda pid: None, script=_COMMAND):
        """noted(pid): called before the command begins; what it raises keeps it from beginning."""
        self._show = show
        self._rest = b""
        # The bytes of the plan, which is UTF-8 whatever this terminal speaks.
        more = {name: value.encode() for name, value in environment.items()}
        with open(output, "ab") as out:
            self._at = out.tell()
            self._popen = subprocess.Popen(
                ["sh", "-c", script, "sh", command.encode()], stdin=subprocess.PIPE, stdout=out,
                stderr=out, env={**os.environ, **more}, start_new_session=True)
        self._output = open(output, "rb")
        if script == _COMMAND:
            try:
                noted(self._popen.pid)
                self._popen.stdin.write(b"go\n")
            finally:
                self._hang_up()

    def look(self):
        """Show what is new. Returns the exit code, None while it runs."""
        code = self._popen.poll()
        self._output.seek(self._at)
        new = self._output.read()
        self._at += len(new)
        *lines, self._rest = (self._rest + new).split(b"\n")
        if code is not None and self._rest:
            lines, self._rest = [*lines, self._rest], b""
        for line in lines:
            self._show(_readable(line))
        return code

    def end(self):
        """End it and all it has started, politely first."""
        for number, patience_s in (signal.SIGTERM, 5), (signal.SIGKILL, 5):
            if self._popen.poll() is not None:
                break
            os.killpg(self._popen.pid, number)
            try:
                self._popen.wait(patience_s)
            except subprocess.TimeoutExpired:
                pass
        self._hang_up()
        self.look()
        self._output.close()

    def _hang_up(self):
        with contextlib.suppress(OSError):      # it has ended already
            self._popen.stdin.close()


def follow(command, environment, output, show):
    """A Running that prints for as long as it is looked at, and never outlives the walk."""
    return Running(command, environment, output, show, script=_FOLLOWER)


def _readable(line):
    """As it looks at a terminal: of a line that was written over itself, what came last; without
    colours."""
    text = line.decode(errors="replace").rstrip("\r").rpartition("\r")[2]
    return re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text).expandtabs()


def run(command, environment, timeout, output, show, interrupted, noted=lambda pid: None):
    """Run it to its end. Returns "", or why it did not end well. interrupted() is asked now and
    then; when it says so the command is ended. noted: as of Running."""
    try:
        running = Running(command, environment, output, show, noted)
    except OSError as e:
        return f"it could not be begun: {e.strerror}"
    deadline = time.monotonic() + timeout
    nap_s = FIRST_S
    try:
        while (code := running.look()) is None:
            if time.monotonic() > deadline:
                return f"it did not end within {timeout:g} s and was ended"
            if interrupted():
                return "it was interrupted"
            time.sleep(nap_s)
            nap_s = min(EVERY_S, nap_s * 2)
    finally:
        running.end()
    if code < 0:
        return f"signal {-code} ended it"
    return f"it ended with exit code {code}" if code else ""


# whether a command of a walk that was killed lives on

def known_as(pid):
    """What tells a process from all others, before and after it, on this machine."""
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        boot = file.read().strip()
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
        state, *fields = file.read().rpartition(")")[2].split()
    return f"{pid} {fields[18]} {boot}" if state != "Z" else ""


def lives(known):
    """Whether the process that was known as this still runs."""
    with contextlib.suppress(OSError):
        return bool(known) and known_as(known.partition(" ")[0]) == known
    return False
