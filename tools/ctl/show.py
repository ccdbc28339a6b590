# SPDX-License-Identifier: Apache-2.0
"""Tables and colours for people. What comes from a balancer is made harmless for terminals."""

import os
import re
import sys
import unicodedata

from .times import local, localised

GREEN, YELLOW, RED, BOLD = "32", "33", "31", "1"

_COLOURS = {
    GREEN: "ok serving up active open met done unchanged info in-sync",
    YELLOW: "warming sticky-only last-resort drain stop starting failing recovering unknown "
            "maintenance scheduled degraded warning notice conflict timeout busy",
    RED: "out down outage alarm error not-met refused failed unreachable",
}
_COLOUR_OF = {word: colour for colour, words in _COLOURS.items() for word in words.split()}


def colour_wanted(choice, stream):
    """choice: always, never, auto."""
    if choice != "auto":
        return choice == "always"
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def clean(text):
    """One line without anything that a terminal would obey."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", "?", str(text))


def _columns(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else not unicodedata.combining(c)
               for c in text)


def _cut(text, width):
    while _columns(text) > width:
        text = text[:-1]
    return text


class Screen:
    """Lines of text, each a list of (text, colour). Knows how they become bytes."""

    def __init__(self, coloured):
        self.coloured, self.lines = coloured, []

    def line(self, *cells):
        """A line of cells, each a text or a (text, colour)."""
        pairs = [cell if isinstance(cell, tuple) else (cell, None) for cell in cells]
        self.lines.append([(clean(localised(text)), colour) for text, colour in pairs])

    def table(self, head, rows):
        """Columns as wide as they need to be; those of numbers to the right. A cell that is a
        word of state has its colour; columns without any content are left out."""
        kept = [i for i in range(len(head)) if any(row[i] not in ("", None) for row in rows)]
        texts = [[clean(localised(str("" if row[i] is None else row[i]))) for i in kept]
                 for row in rows]
        titles = [head[i] for i in kept]
        numbers = [all(isinstance(row[i], (int, type(None))) for row in rows) for i in kept]
        widths = [max(map(_columns, column)) for column in zip(titles, *texts)]
        for row in [titles, *texts]:
            self.lines.append(self._row(row, widths, numbers, row is titles))

    @staticmethod
    def _row(row, widths, numbers, is_title):
        cells = []
        for i, text in enumerate(row):
            room = " " * (widths[i] - _columns(text))
            last = i == len(row) - 1
            before, after = (room, "") if numbers[i] else ("", "" if last else room)
            colour = BOLD if is_title else _COLOUR_OF.get(text)
            cells += [(before, None), (text, colour), (after + ("" if last else "  "), None)]
        return cells

    def word(self, text):
        """A word of state in its colour."""
        return text, _COLOUR_OF.get(text)

    def text(self, width=None, height=None):
        """All of it; no more of it than fits. Ends with a newline only if there is no height."""
        lines = [self._bytes(line, width) for line in self.lines[:height]]
        return "\n".join(lines) if height else "".join(line + "\n" for line in lines)

    def _bytes(self, line, width):
        out = ""
        for text, colour in line:
            if width is not None:
                text = _cut(text, width)
                width -= _columns(text)
            out += f"\x1b[{colour}m{text}\x1b[0m" if colour and text and self.coloured else text
        return out if width is not None else out.rstrip()


def tell(text):
    """For the person beside the answer: progress, complaints."""
    print(clean(localised(text)), file=sys.stderr, flush=True)


# the status

def _ends(admin):
    """How a drain or stop ends by itself."""
    if admin["deadline"]:
        yield f"stopped at {local(admin['deadline'])}"
    if admin["return"] == "until":
        yield f"active again at {local(admin['until'])}"
    if admin["return"] == "restart":
        yield "active again after a restart"


def _remark(node):
    admin = node["admin"]
    since = local(admin["since"]) if admin["state"] != "active" else ""
    parts = [node["why"], since and f"since {since}", *_ends(admin)]
    return "; ".join(part for part in parts if part)


def _node_row(node):
    traffic = node["traffic"]
    return (node["name"], node["effective"], node["admin"]["state"], node["health"]["state"],
            node["sessions"], traffic["in_flight"], traffic["tunnels"], _remark(node))


def _dependency_row(dependency):
    note = dependency["acknowledged"]
    remark = dependency["reason"]
    if note:
        remark = (f"planned outage until {local(note['until'])} by {note['who']}: "
                  f"{note['reason'] or ''}; {remark}")
    return dependency["name"], dependency["state"], dependency["address"], remark


def _closing(cluster):
    """What is said of a maintenance."""
    for word, at in ("from", cluster["from"]), ("until", cluster["until"]):
        if at:
            yield f"{word} {local(at)}"
    if cluster["state"] != "open" and cluster["who"]:
        yield f"by {cluster['who']}"
    if cluster["state"] != "open" and cluster["message"]:
        yield f"\"{cluster['message']}\""


def _cluster(screen, cluster):
    screen.line((cluster["name"], BOLD), " ", screen.word(cluster["state"]),
                "".join(f", {part}" for part in _closing(cluster)), ": ",
                (cluster["text"], _COLOUR_OF.get(cluster["level"])))
    for line in ([cluster["walk"]["text"]] if cluster["walk"] else []) + cluster["warnings"]:
        screen.line("  ", (line, YELLOW))
    screen.table(("NODE", "GETS", "ADMIN", "HEALTH", "SESSIONS", "IN FLIGHT", "TUNNELS", ""),
                 [_node_row(node) for node in cluster["nodes"]])
    if cluster["dependencies"]:
        screen.table(("NEEDS", "STATE", "ADDRESS", ""),
                     [_dependency_row(one) for one in cluster["dependencies"]])


def status(screen, balancer, found, several):
    """One balancer: found is its status, or the Trouble that there was."""
    if isinstance(found, Exception):
        screen.line((str(found), RED))
        return
    if several:
        screen.line((balancer.name, BOLD), "  ", (found["text"], _COLOUR_OF.get(found["level"])))
    if not found["monitor"]["alive"]:
        screen.line(("The monitor is silent: health is what it was.", RED))
    if not found["store"]["writable"]:
        screen.line((f"Changes cannot be saved: {found['store']['trouble']}", RED))
    for cluster in found["clusters"]:
        if balancer.cluster in (None, cluster["name"]):
            _cluster(screen, cluster)


# gates, events, orders

def gates(screen, rows):
    """rows: (balancer's name or "", answer to a gate)."""
    screen.table(("BALANCER", "GATE", "", "EVIDENCE", "DO"),
                 [(name, gate["gate"] + (f":{gate['argument']}" if gate["argument"] else ""),
                   gate["verdict"], gate["evidence"], gate["advice"]) for name, gate in rows])


def event(screen, name, ev):
    """One event as a line."""
    subject = " ".join(filter(None, [ev["cluster"], ev["name"]]))
    change = " -> ".join(filter(None, [ev["before"], ev["after"]]))
    by = f" by {ev['who']}" if ev["who"] else ""
    screen.line(local(ev["at"]), " ", f"{name} " if name else "", screen.word(ev["severity"]), " ",
                " ".join(filter(None, [ev["kind"], subject])), f" {change}" if change else "", by,
                f": {ev['why']}" if ev["why"] else "", f" ({ev['code']})" if ev["code"] else "")
