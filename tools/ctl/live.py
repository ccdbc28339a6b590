# SPDX-License-Identifier: Apache-2.0
"""What goes on until Ctrl-C: the status that redraws itself, events as they come."""

import contextlib
import json
import shutil
import signal
import sys
import time

from .api import USAGE, Trouble
from .show import tell

SECONDS = 2             # between two looks, as the status page does
EVENTS_SECONDS = 1

_OTHER_SCREEN, _BACK = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"
_HOME, _LINE_END, _BELOW = "\x1b[H", "\x1b[K", "\x1b[J"


def _end(*_):
    raise KeyboardInterrupt


@contextlib.contextmanager
def _until_interrupted():
    """Ctrl-C, and a polite kill, are how it ends."""
    before = signal.signal(signal.SIGTERM, _end)
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)


def watch(draw):
    """Redraw what draw() returns, a Screen, in place: each line is overwritten and not cleared
    before, so nothing flickers; a screen of its own leaves what was there as it was."""
    out = sys.stdout
    if not out.isatty():
        raise Trouble(USAGE, "--watch needs a terminal; for programs there is --json")
    with _until_interrupted():
        try:
            out.write(_OTHER_SCREEN)
            while True:
                screen = draw()
                size = shutil.get_terminal_size()
                text = screen.text(size.columns, size.lines)
                out.write(_HOME + text.replace("\n", _LINE_END + "\n") + _LINE_END + _BELOW)
                out.flush()
                time.sleep(SECONDS)
        finally:
            out.write(_BACK)
            out.flush()
    return 0


def watch_json(look):
    """The same for programs: one object a line."""
    with _until_interrupted():
        while True:
            print(json.dumps(look()), flush=True)
            time.sleep(SECONDS)
    return 0


def follow(balancers, since, show):
    """show(balancer, event) for each event after since[balancer], as it comes. A balancer that
    goes away is mentioned once, and asked on."""
    silent = set()
    with _until_interrupted():
        while True:
            for balancer in balancers:
                try:
                    found = balancer.events(since[balancer])
                except Trouble as e:
                    if balancer not in silent:
                        tell(str(e))
                    silent.add(balancer)
                    continue
                silent.discard(balancer)
                since[balancer] = found["last"]
                if found["lost"]:
                    tell(f"{balancer.name}: {found['lost']} events came too fast and are only in "
                         "its file")
                for event in found["events"]:
                    show(balancer, event)
            time.sleep(EVENTS_SECONDS)
    return 0
