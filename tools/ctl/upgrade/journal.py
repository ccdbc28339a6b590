# SPDX-License-Identifier: Apache-2.0
"""What a walk has done, kept so that it survives Ctrl-C, a lost connection, a crash and a reboot:
journal.jsonl, a line a mark, on disk before the next thing is done; log.txt, the same and more for
people; lock, held by the one who walks. When a walk is over both files get its date in their
name."""

import fcntl
import json
import os
import time
from pathlib import Path

# Marks of one direction of a step, in the order in which they come.
BEGUN, ACTED, RUNNING, FAILED, RAN, DONE = "begun", "acted", "running", "failed", "ran", "done"
# And for a step that is not undone, with why.
LEFT = "left"


class JournalError(Exception):
    """Somebody else walks, or the journal cannot be used; says what to do."""


class WriteError(Exception):
    """A mark cannot be made, so nothing may be begun; says what to do."""


class Journal:
    def __init__(self, directory):
        self.directory = Path(directory)
        self.path = self.directory / "journal.jsonl"
        self.log_path = self.directory / "log.txt"
        self._lock = None
        self._file = None
        self.records = []

    # the lock

    def lock(self, who):
        """Be the only one who walks. Raises JournalError with who else does."""
        self.directory.mkdir(parents=True, exist_ok=True)
        file = open(self.directory / "lock", "a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as e:
            file.seek(0)
            other = file.read().strip() or "somebody"
            file.close()
            raise JournalError(f"{other} walks already (lock in {self.directory}); wait, or ask "
                               "that person") from e
        file.seek(0)
        file.truncate()
        file.write(f"{who} (process {os.getpid()})\n")
        file.flush()
        self._lock = file

    def unlock(self):
        self._lock.close()

    def holder(self):
        """Who holds the lock; "" if nobody does."""
        try:
            with open(self.directory / "lock", "r+", encoding="utf-8") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                    return ""
                except OSError:
                    return file.read().strip()
        except FileNotFoundError:
            return ""

    # the records

    def load(self):
        """Read what there is; a last line that was cut off by a crash never counted. A walk that
        was ended, and whose files were not put away, is no more."""
        self._read()
        if self.records and self.records[-1].get("walk") == "ended":
            if self._lock:
                self._put_away()
            self.records = []
        return self

    def _read(self):
        self.records = []
        if self.path.exists():
            lines = self.path.read_bytes().split(b"\n")
            for number, line in enumerate(lines[:-1], 1):
                try:
                    self.records.append(json.loads(line))
                except ValueError as e:
                    raise JournalError(f"{self.path}, line {number} is not JSON; move the file "
                                       "away if the walk is over, or repair the line") from e

    def refuse_unfinished(self):
        """Raises JournalError when there is a walk already."""
        if self.records:
            raise JournalError(f"a walk is not finished yet ({self.path}); upgrade resume or "
                               "upgrade abort ends it, upgrade status shows it")

    def write(self, **record):
        """On disk when it returns. Raises WriteError."""
        record = {"at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), **record}
        try:
            if self._file is None:
                self._repair()
                self._file = open(self.path, "ab", buffering=0)
                self._sync_directory()
            rest = json.dumps(record).encode() + b"\n"
            while rest:
                rest = rest[self._file.write(rest):]
            os.fsync(self._file.fileno())
        except OSError as e:
            self._file = None       # whatever came of it has to be looked at
            raise WriteError(
                f"{self.path} cannot be written: {e.strerror}. Nothing that is not noted is begun. "
                "Mend it, then go on with upgrade resume") from e
        self.records.append(record)

    def _repair(self):
        """Cut off half a line, or the next record would be glued to it."""
        if self.path.exists():
            whole = self.path.read_bytes().rpartition(b"\n")
            os.truncate(self.path, len(whole[0]) + len(whole[1]))

    def _sync_directory(self):
        handle = os.open(self.directory, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)

    def log(self, line):
        """A line for people."""
        with open(self.log_path, "a", encoding="utf-8", errors="replace") as file:
            file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S %z')} {line}\n")

    def finish(self, result):
        """The walk is over; returns where its log is kept."""
        self.write(walk="ended", result=result)
        return self._put_away()

    def _put_away(self):
        """The log first: without its records nobody would know whose it is."""
        begun = self.records[0]["at"].replace(":", "")
        name = f"{begun}-{self.records[0]['procedure']}"
        kept = self.directory / f"{name}.log"
        for path, to in (self.log_path, kept), (self.path, self.directory / f"{name}.jsonl"):
            if path.exists():
                os.rename(path, to)
        self._sync_directory()
        return kept

    # what the records say

    def last(self, key):
        """The value of the last record that has this key; None without one."""
        return next((r[key] for r in reversed(self.records) if key in r), None)

    def mark(self, step, way):
        """The last mark of a direction ("do", "undo") of a step; "" without one."""
        return next((r["mark"] for r in reversed(self.records)
                     if r.get("step") == step and r.get("way") == way), "")

    @property
    def way(self):
        """In which direction the walk goes: "do", or "undo" after an abort."""
        return "undo" if any(r.get("walk") == "abort" for r in self.records) else "do"
