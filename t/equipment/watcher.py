# SPDX-License-Identifier: Apache-2.0
"""An httpd that looks at databases and directories, and what it says of them."""

import re

import requests

from .cluster import STATUS_PAGE
from .proc import wait_for

FAST = "interval=1s timeout=10s"    # no look fails because the machine is slow
HASTY = "interval=1s timeout=1s"    # for servers that hang: they are soon found out


class Watcher:
    """An httpd that looks at databases, over a node that is well."""

    def __init__(self, httpd, node, *lines):
        self.httpd = httpd
        httpd.add("<CFCluster confluence>\n"
                  f"CFNode node1 {node.url}\nCFProbe tcp interval=100ms\n"
                  + "\n".join(lines) + "\n</CFCluster>\n" + STATUS_PAGE)

    def start(self):
        self.httpd.start()
        return self

    def status(self):
        return requests.get(self.httpd.url + "/cluster?format=json", timeout=10).json()

    def cluster(self):
        return self.status()["clusters"][0]

    def found(self, name):
        return next(d for d in self.cluster()["dependencies"] if d["name"] == name)

    def state(self, name):
        found = self.found(name)
        return found["state"], found["reason"]

    def wait(self, name, state, reason, seconds=20):
        """Until it is in that state for a reason that matches; returns what was found then."""
        last = {}

        def there():
            last.update(self.found(name))
            return last["state"] == state and re.search(reason, last["reason"])
        try:
            wait_for(there, "", seconds)
        except AssertionError:
            raise AssertionError(f"{name} is not {state} ({reason}) but {last}") from None
        return last

    def in_sync(self, name="replica"):
        database = self.found(name)["database"]
        return database and database["replication"] and database["replication"]["in_sync"]

    def wait_in_sync(self, truth="yes", seconds=20):
        wait_for(lambda: self.in_sync() == truth, f"in_sync is {truth}", seconds)
