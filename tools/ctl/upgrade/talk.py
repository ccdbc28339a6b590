# SPDX-License-Identifier: Apache-2.0
"""What the walker and the person at the terminal say to each other. All of it is in the log too.
Ctrl-C, a lost connection and SIGTERM ask to leave: at a question or while gates are waited for at
once, during a command when that has ended, or when they come again."""

import contextlib
import signal
import time

from ..show import clean


class Leave(Exception):
    """The person has gone; the walk is resumed later."""


class Talk:
    def __init__(self, journal):
        self._journal = journal
        self._asking = False
        self._logged = True
        self.signals = 0        # how many have asked to leave

    def listen(self):
        for number in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
            signal.signal(number, self._asked_to_leave)

    def _asked_to_leave(self, *_):
        self.signals += 1
        if self._asking:
            raise Leave

    def say(self, line):
        """To the terminal, if it is still there, and to the log; without anything that a terminal
        would obey, whoever said it."""
        for one in map(clean, line.split("\n")):
            self._log(one)
            self._print(one)

    def _print(self, line):
        with contextlib.suppress(OSError):
            print(f"{time.strftime('%H:%M:%S')} {line}", flush=True)

    def _log(self, line):
        """What is done does not depend on it: the journal keeps that."""
        try:
            self._journal.log(line)
            self._logged = True
        except OSError as e:
            if self._logged:
                self._print(f"The log cannot be written: {e.strerror}. Lines are missing in it.")
            self._logged = False

    def output(self, line):
        """A line that a command has printed."""
        self.say("    | " + line)

    def ask(self, question, answers):
        """One of the answers, a dictionary of words and what they do; typed out in full."""
        self.say(question)
        for word, meaning in answers.items():
            self.say(f"    {word}: {meaning}")
        while True:
            typed = self.read(f"[{'/'.join(answers)}] ").lower()
            if typed in answers:
                return typed
            self.say(f"Type one of: {', '.join(answers)}.")

    def read(self, prompt):
        """A line that the person types. Raises Leave when there is nobody to type."""
        if self.signals:
            raise Leave
        self._asking = True
        try:
            typed = input(prompt).strip()
        except (EOFError, OSError, KeyboardInterrupt):
            raise Leave from None
        finally:
            self._asking = False
        self._log(clean(f"typed: {typed}"))
        return typed
