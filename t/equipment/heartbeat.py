# SPDX-License-Identifier: Apache-2.0
"""How long this machine had no time for us, which nothing is to be blamed for."""

import threading
import time

PAUSE = 0.01


class Heartbeat:
    """A thread that wants to run every PAUSE seconds and notes how much later it did. On a machine
    that stands still, or has too much to do, everything else is as late."""

    def __init__(self):
        self._late = []         # (when it ran, monotonic; seconds by which that was late)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)
        self._thread.start()

    def close(self):
        self._ended.set()
        self._thread.join()

    def _beat(self):
        due = time.monotonic() + PAUSE
        while not self._ended.wait(max(0, due - time.monotonic())):
            now = time.monotonic()
            self._late.append((now, now - due))
            due = now + PAUSE

    def lost(self, begun, ended):
        """Seconds between two instants in which nothing could be done."""
        return sum(max(0, min(ended, now) - max(begun, now - late))
                   for now, late in list(self._late))

    def since(self, begun):
        """Seconds since an instant, but for those."""
        now = time.monotonic()
        return now - begun - self.lost(begun, now)

    def gaps(self, instants):
        """Seconds from each to the next, but for those."""
        return [b - a - self.lost(a, b) for a, b in zip(instants, instants[1:])]
