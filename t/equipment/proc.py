# SPDX-License-Identifier: Apache-2.0
"""Starts, watches and ends server processes. None outlives the process that started it: the
kernel sends each its ending signal when that one dies, however it dies."""

import os
import signal
import subprocess
import threading
import time


def wait_for(condition, what, seconds=15, every=0.02):
    """Ask until the answer is true and return it; fail, saying what, at the deadline."""
    end = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(every)


class Proc:
    """One child process, in a session of its own, its output in a file."""

    def __init__(self, command, output, env=None, end_signal="KILL"):
        # The kernel's parent-death signal follows the thread that forked, not the process.
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("start processes from the main thread; they end with their thread")
        self.output = output
        with open(output, "ab") as out:
            self.popen = subprocess.Popen(
                ["setpriv", "--pdeathsig", end_signal, *map(str, command)],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                env={**os.environ, **(env or {})}, start_new_session=True)
        self.pid = self.popen.pid

    def alive(self):
        return self.popen.poll() is None

    def signal(self, number):
        """Send a signal, unless the process has been seen to end (its id may be another's)."""
        if self.alive():
            os.kill(self.pid, number)

    def stop(self, seconds=10, then=lambda: None):
        """Ask politely, then end it. Returns whether it ended by itself. then(): called when it has
        ended, while its id is still no other process's."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        by_itself = self._ends(seconds)
        self.kill(then)
        return by_itself

    def kill(self, then=lambda: None):
        """then: as of stop()."""
        if self.popen.returncode is None:
            os.kill(self.pid, signal.SIGKILL)       # nothing, if it has ended
            self._ends(60)
        then()
        self.popen.wait()

    def _ends(self, seconds):
        """Whether it has ended in time. Its id is kept until popen.wait()."""
        end = time.monotonic() + seconds
        while self.popen.returncode is None:
            if os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                return True
            if time.monotonic() > end:
                return False
            time.sleep(0.005)
        return True

    def text(self):
        return self.output.read_text(errors="replace") if self.output.exists() else ""


def table():
    """Every process: {pid: (parent, session, state letter, name)}."""
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                found[int(entry)] = _stat(f"/proc/{entry}")
            except OSError:
                continue
    return found


def _stat(directory):
    with open(directory + "/stat", encoding="utf-8", errors="replace") as f:
        head, _, tail = f.read().rpartition(")")
    state, parent, _, session = tail.split()[:4]
    return int(parent), int(session), state, head.partition("(")[2]


def _thread_states(pid):
    try:
        tasks = os.listdir(f"/proc/{pid}/task")
        return [_stat(f"/proc/{pid}/task/{task}")[2] for task in tasks]
    except OSError:
        return []


def runs(pid):
    """Whether a thread of the process has something to do just now."""
    return any(state in "RD" for state in _thread_states(pid))


def stopped(pid):
    """Whether all threads of the process heed a SIGSTOP, which takes them a moment."""
    return all(state == "T" for state in _thread_states(pid))


def family(pid):
    """Living processes of the session that a Proc leads, itself and its children included."""
    return sorted(p for p, (parent, session, state, _) in table().items()
                  if pid in (p, parent, session) and state != "Z")
