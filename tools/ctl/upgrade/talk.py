# SPDX-License-Identifier: Apache-2.0
"""What the walker and the person at the terminal say to each other. All of it is in the log too.
Ctrl-C, a lost connection and SIGTERM ask to leave: at a question or while gates are waited for at
once, during a command when that has ended, or when they come again."""

import contextlib
import os
import select
import signal
import sys
import time

from ..show import clean


class Leave(Exception):
    """The person has gone; the walk is resumed later."""


LOOK_EVERY_S = 0.5
_STDIN = 0


class Talk:
    def __init__(self, journal):
        self._journal = journal
        self.meanwhile = lambda: None       # called now and then while a question waits
        self._typed = b""                   # what the person has typed ahead
        self._prompt_stands = False
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
        lead, self._prompt_stands = "\n" if self._prompt_stands else "", False
        with contextlib.suppress(OSError):
            print(f"{lead}{time.strftime('%H:%M:%S')} {line}", flush=True)

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
        self._asking = True
        try:
            if self.signals:
                raise Leave
            print(prompt, end="", flush=True)
            self._prompt_stands = True
            typed = self._line(prompt).strip()
            self._prompt_stands = False
        except (EOFError, OSError, KeyboardInterrupt):
            raise Leave from None
        finally:
            self._asking = False
        self._log(clean(f"typed: {typed}"))
        return typed

    def _line(self, prompt):
        """As input() has it. Whatever is shown meanwhile goes above the prompt."""
        while b"\n" not in self._typed:
            if not select.select([_STDIN], [], [], LOOK_EVERY_S)[0]:
                self._look_around(prompt)
                continue
            more = os.read(_STDIN, 4096)
            if not more and not self._typed:
                raise EOFError
            self._typed += more or b"\n"
        line, _, self._typed = self._typed.partition(b"\n")
        return line.decode(errors="replace")

    def _look_around(self, prompt):
        """What is being noted is noted to its end, whoever wants to leave."""
        self._asking = False
        self.meanwhile()
        self._asking = True
        if self.signals:
            raise Leave
        if not self._prompt_stands and sys.stdout.isatty():
            print(prompt, end="", flush=True)
            self._prompt_stands = True
