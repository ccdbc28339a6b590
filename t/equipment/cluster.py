# SPDX-License-Identifier: Apache-2.0
"""An httpd that balances over Tomcats with mod_cfcluster, and what its administrator does."""

import requests

from .client import User
from .proc import wait_for

# Much faster than a default, so that tests need not wait; slow enough for a busy machine.
FAST_PROBE = "CFProbe http /status expect=confluence interval=100ms timeout=800ms rise=2 fall=2"

# For tests in which no probe may fail, however slow the machine is.
PATIENT_PROBE = FAST_PROBE.replace("timeout=800ms", "timeout=30s")

# The first probe is made at once, the second never: what happens later, only requests find out.
# It has time: there may be a Tomcat that was started a moment ago, and its first TLS handshake.
ONE_PROBE = "CFProbe http /status expect=confluence interval=1h timeout=10s"

STATUS_PAGE = """\
<Location "/cluster">
    SetHandler cfcluster-status
    Require ip 127.0.0.1
</Location>
"""


def node_line(node):
    return f"CFNode {node.name} {node.url}"


def config(nodes, inside="", outside="", probe=FAST_PROBE, line=node_line):
    """The smallest sensible configuration; more lines can go into the cluster's section, where a
    later one overrides an earlier one, and after it. line makes the CFNode line of a node. Nodes
    that return are at once in full service."""
    members = "\n".join(f"    {line(node)}" for node in nodes)
    return (f"<CFCluster confluence>\n    CFProfile confluence\n{members}\n    {probe}\n"
            f"    CFSlowStart 0s\n    {inside}\n</CFCluster>\n"
            f"CFClusterPass \"/\" confluence\n{STATUS_PAGE}{outside}\n")


class Cluster:
    """httpd has been given config(nodes, ...) and is started by start()."""

    def __init__(self, httpd, nodes):
        self.httpd = httpd
        self.nodes = {node.name: node for node in nodes}

    def start(self):
        self.httpd.start()
        self.wait_serving(*self.nodes)
        return self

    # users

    def user(self):
        """Somebody who has not asked for anything yet."""
        return User(self.httpd.url)

    def new_user(self):
        """Somebody who has opened a page, and so has a session on a node."""
        user = self.user()
        user.get("/page")
        return user

    def other(self, name):
        """The name of the other node of two."""
        return next(other for other in self.nodes if other != name)

    # the status page

    def status(self):
        """The cluster as the status page's JSON has it."""
        answer = requests.get(self.httpd.url + "/cluster", params={"format": "json"}, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()["clusters"][0]

    def node(self, name):
        """One node of status()."""
        return next(node for node in self.status()["nodes"] if node["name"] == name)

    def wait_effective(self, name, state, seconds=15):
        wait_for(lambda: self.node(name)["effective"] == state, f"{name} is {state}", seconds)

    def counter(self, name, what):
        """One of a node's counters: in_flight, requests, new_sessions, ..."""
        return self.node(name)["traffic"][what]

    def wait_serving(self, *names, seconds=15):
        for name in names:
            self.wait_effective(name, "serving", seconds)

    # changes, as a script makes them

    def change(self, **fields):
        """POST to the status page; returns the answer, whatever it is."""
        return requests.post(
            self.httpd.url + "/cluster", data={"cluster": "confluence", **fields}, timeout=10,
            headers={"X-CFCluster": "1", "Accept": "application/json"})

    def _changed(self, **fields):
        answer = self.change(**fields)
        assert answer.status_code == 200, f"{fields}: {answer.status_code} {answer.text}"

    def drain(self, name, reason="test", **more):
        self._changed(node=name, action="drain", reason=reason, **more)

    def stop_node(self, name, reason="test", **more):
        self._changed(node=name, action="stop", reason=reason, **more)

    def activate(self, name, reason="test", **more):
        self._changed(node=name, action="activate", reason=reason, **more)

    def close(self, message="test", **more):
        """Maintenance begins."""
        self._changed(action="maintenance-on", message=message, **more)

    def open(self):
        """Maintenance ends."""
        self._changed(action="maintenance-off")

    def tester_link(self, name, until="2h", **more):
        """A link for testers of a node, as the answer tells of it: id, link, until, ..."""
        answer = self.change(node=name, action="tester-link", until=until, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()["tester"]

    def tester(self, name, **more):
        """Somebody who has opened a link."""
        user = self.user()
        user.link = self.tester_link(name, **more)
        user.open(user.link["link"])
        return user

    def revoke_testers(self, tester="all"):
        self._changed(action="tester-revoke", tester=tester)
