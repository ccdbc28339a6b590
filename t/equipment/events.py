# SPDX-License-Identifier: Apache-2.0
"""An httpd over a few nodes, and whoever reads its events."""

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
