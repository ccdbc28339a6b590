# SPDX-License-Identifier: Apache-2.0
"""Runs the operator's commands. Their output goes to a file, so that a command lives on when
whoever started it does not, and is shown from there line by line."""

import os
import signal
import subprocess
import time

EVERY_S = 0.1
FIRST_S = 0.005     # most checks are quick


class Running:
    """One command of sh -c in a process group of its own, its output in a file."""

    def __init__(self, command, environment, output, show):
        self._show = show
        with open(output, "ab") as out:
            self._at = out.tell()
            self._popen = subprocess.Popen(
                ["sh", "-c", command], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                env={**os.environ, **environment}, start_new_session=True)
        self._output = open(output, "rb")
        self._rest = b""

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
            self._show(line.decode(errors="replace").rstrip("\r"))
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
        self.look()
        self._output.close()


def run(command, environment, timeout, output, show, interrupted):
    """Run it to its end. Returns "", or why it did not end well. interrupted() is asked now and
    then; when it says so the command is ended."""
    running = Running(command, environment, output, show)
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
