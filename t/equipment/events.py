# SPDX-License-Identifier: Apache-2.0
"""An httpd over a few nodes, and whoever reads its events."""

import json

import requests

from .cluster import STATUS_PAGE
from .proc import wait_for


class Observer:
    """Its nodes are asked by TCP, often; nothing else happens unless the test does it."""

    def __init__(self, new_httpd, nodes, outside=""):
        members = "\n".join(f"CFNode {node.name} {node.url}" for node in nodes)
        self.nodes = nodes
        self.httpd = new_httpd(f"<CFCluster confluence>\n{members}\nCFProbe tcp interval=100ms\n"
                               f"</CFCluster>\n{STATUS_PAGE}{outside}\n")
        self.url = self.httpd.url + "/cluster"

    def start(self):
        self.httpd.start()
        wait_for(lambda: self.status()["level"] == "ok", "all nodes serve")
        return self

    def status(self):
        return requests.get(self.url, params={"format": "json"}, timeout=10).json()

    def read(self, since):
        return requests.get(self.url, params={"events_since": since}, timeout=10).json()

    def events(self, since=0):
        return self.read(since)["events"]

    def wait(self, count):
        """Until there are so many; returns all."""
        return wait_for(lambda: len(events := self.events()) >= count and events,
                        f"{count} events")

    def last(self):
        return self.events()[-1]

    def find(self, kind, **fields):
        """Wait for an event of this kind with these fields, and return it."""
        def there():
            return [event for event in self.events() if event["kind"] == kind
                    and all(event[name] == value for name, value in fields.items())]
        return wait_for(there, f"an event {kind} {fields}")[-1]

    def order(self, status=200, **fields):
        answer = requests.post(self.url, data={"cluster": "confluence", **fields}, timeout=10,
                               headers={"X-CFCluster": "1"})
        assert answer.status_code == status, f"{fields}: {answer.status_code} {answer.text}"

    # the file

    @property
    def file(self):
        return self.httpd.state_dir / "events.jsonl"

    def filed(self, path=None):
        """The events in the file, as it is just now."""
        path = path or self.file
        text = path.read_text() if path.exists() else ""
        return [json.loads(line) for line in text.rpartition("\n")[0].splitlines()]    # whole ones

    def wait_filed(self):
        """Until all events are in the file; returns their numbers."""
        def there():
            seqs = [event["seq"] for event in self.filed()]
            return seqs and seqs[-1] == self.last()["seq"] and seqs
        return wait_for(there, "all events are in the file")


class Program:
    """A program for CFNotify: notes what it was told, then does what the test wants."""

    def __init__(self, directory, name="program", then="exit 0"):
        self.notes = directory / f"{name}.notes"
        self.notes.touch()
        self.notes.chmod(0o666)
        self.path = directory / name
        self.does(then)

    def does(self, then):
        """Replace it at once, as an update would."""
        new = self.path.with_suffix(".new")
        new.write_text("#!/bin/sh\nread -r event\n"
                       "echo \"$event # $* # $CFC_KIND # $(env | tr '\\n' ';')\" "
                       f">> {self.notes}\n{then}\n")
        new.chmod(0o755)
        new.rename(self.path)

    def told(self):
        """The events that it was told, in their order."""
        return [json.loads(line.split(" # ")[0]) for line in self.lines()]

    def lines(self):
        """Whole ones: the program may be writing just now."""
        return self.notes.read_text().rpartition("\n")[0].splitlines()

    def seqs(self):
        return [event["seq"] for event in self.told()]
