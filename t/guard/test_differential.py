# SPDX-License-Identifier: Apache-2.0
"""Thousands of hostile targets, sent straight to real Tomcats and through the balancer: what
leads to a protected servlet in any of them, or brings it a parameter that is refused, the guard
lets through to none.

CFC_SEED repeats a run with the seed that a failure prints; CFC_TARGETS sets how many targets."""

import os
import random
from dataclasses import dataclass

import pytest

from equipment import many
from equipment.hostile import Hostile
from equipment.httpd import mpm
from equipment.lax_tomcat import LaxTomcat, LaxTomcat9
from equipment.ports import free
from equipment.proc import wait_for
from equipment.tomcat import AJP_SECRET, running

pytestmark = pytest.mark.any_mpm

MANY, SAMPLE = 24000, 1500
ROUND = 3000

# What X-Test-Servlet says of what is in the areas below; anything else anybody may reach.
PROTECTED = {"admin", "setup", "bootstrap", "rpc", "rest-admin", "soap-axis1", "upm",
             "embedded-crowd", "applinks", "troubleshooting", "velocity", "action", "secret"}

SHUT = """
<CFClusterProtect admin-console remote-api api-credentials path /secret>
    Require ip 10.9.9.9
</CFClusterProtect>
"""
HALF_SHUT = """
<LocationMatch "(?i)^(/wiki)?/(admin|setup|bootstrap|rpc|secret|json|template)">
    Require ip 10.9.9.9
</LocationMatch>
"""
# Everything that makes httpd itself less strict about a target.
LAX = "AllowEncodedSlashes NoDecode\nMergeSlashes Off\nHttpProtocolOptions Unsafe\n"


# The ways in of a guarded httpd, each to a node of its own.
WAYS = [
    # label,    node,                    passed,   more
    ("strict",  "tomcat10",              "/",      ""),
    ("lax",     "tomcat10 passthrough",  "/",      LAX),
    ("lax 9",   "tomcat9 decode",        "/",      LAX),
    ("ajp",     "tomcat10 ajp",          "/",      LAX),
    ("context", "tomcat10 decode",       "/wiki",  LAX),
]

# A Tomcat that refuses a target does not say its name, so httpd does.
COMMON = """
LimitRequestLine 20000
MaxKeepAliveRequests 0
Header always set X-Test-Node %{CFC_NODE}e env=CFC_NODE
"""


@dataclass
class Door:
    """One way in, and its port."""
    label: str
    port: int


@pytest.fixture(scope="module")
def lax_tomcats():
    with running(LaxTomcat("tomcat10"), LaxTomcat9("tomcat9")) as both:
        yield both


@pytest.fixture(scope="module")
def connectors(lax_tomcats):
    """{label: port} of all that read a path in their own way."""
    return {f"{tomcat.name} {label}".strip(): port
            for tomcat in lax_tomcats for label, port in tomcat.ports.items()}


def virtual_host(name, port, node, passed, more):
    """A cluster of one node, on a port. A log line for each refusal would be a hundred thousand."""
    protocols = "Protocols h2c http/1.1" if mpm() != "prefork" else ""
    return f"""
        <CFCluster {name}>
            CFProfile confluence
            CFNode node1 {node}
            CFProbe tcp interval=1h
        </CFCluster>
        Listen 127.0.0.1:{port}
        <VirtualHost *:{port}>
            LogLevel emerg
            {protocols}
            {more}
            CFClusterPass {passed} {name}
        </VirtualHost>"""


def serves(port):
    """Whether anything gets through to the node, under either path."""
    return any(answer.node for answer in many.heads(port, ["/x", "/wiki/x"]))


@pytest.fixture(scope="module")
def new_doors(kept_httpd, lax_tomcats, connectors):
    """Makes an httpd with this guard, and returns its doors."""
    nodes = {label: f"http://127.0.0.1:{port}" for label, port in connectors.items()}
    nodes["tomcat10 ajp"] = f"{lax_tomcats[0].ajp_url} secret={AJP_SECRET}"

    def make(guard):
        httpd = kept_httpd(COMMON + guard)
        doors = [Door(label, free()) for label, *_ in WAYS]
        for number, (door, (_, node, *rest)) in enumerate(zip(doors, WAYS)):
            httpd.ports.append(door.port)
            httpd.add(virtual_host(f"c{number}", door.port, nodes[node], *rest))
        httpd.start()
        for door in doors:
            wait_for(lambda port=door.port: serves(port), f"{door.label} serves")
        return doors

    return make


@pytest.fixture(scope="module")
def guarded(new_doors):
    return new_doors(SHUT)


def leads_in(answer):
    return answer.servlet in PROTECTED or answer.parameters != ""


class Hunt:
    """Rounds of targets; those that led to something protected are parents of the next round's.
    A leak is a target that a door forwards although it leads in, there or in any connector."""

    def __init__(self, connectors, doors, heads=many.heads):
        self.connectors, self.doors, self.heads = connectors, doors, heads
        self.seed = int(os.environ.get("CFC_SEED", random.randrange(10 ** 9)))
        self.sent = self.forwarded = 0
        self.reached = []       # targets that led to something protected, in any connector
        self.leaks = []

    def run(self, count, context=""):
        """context: where the application is as seen by the client"""
        dice = random.Random(self.seed)
        hostile = Hostile(dice, ["/wiki/admin/x", "/wiki/..;/admin/x"] if context else [])
        while self.sent < count:
            parents = self.reached[-2000:]
            self._round([context * (dice.random() < 0.9) + target
                         for target in hostile.targets(min(ROUND, count - self.sent), parents)])
        return self

    def _round(self, targets):
        direct = {label: many.heads(port, targets) for label, port in self.connectors.items()}
        for label, answers in direct.items():
            lost = [target for target, answer in zip(targets, answers) if answer == many.NONE]
            assert lost == [], f"seed {self.seed}: {label} does not answer, so who knows where" \
                               f" they lead: {lost}"
        through = {door.label: self.heads(door.port, targets) for door in self.doors}
        for i, target in enumerate(targets):
            led = {label: (answers[i].servlet, answers[i].parameters)
                   for label, answers in direct.items() if leads_in(answers[i])}
            if led:
                self.reached.append(target)
            for label, answers in through.items():
                self._judge(label, target, answers[i], led)
        self.sent += len(targets)

    def _judge(self, label, target, answer, led):
        if answer.node is None:
            return
        self.forwarded += 1
        if leads_in(answer) or led:
            self.leaks.append(f"{label}: {target!r} gets {answer.servlet} {answer.parameters};"
                              f" directly {led}")

    def report(self):
        return (f"seed {self.seed}: {len(self.leaks)} leaks among {self.sent} targets"
                f" ({len(self.reached)} lead in, {self.forwarded} forwarded), repeat with"
                f" CFC_SEED={self.seed}:\n" + "\n".join(self.leaks[:20]))


def amount(part):
    return int(int(os.environ.get("CFC_TARGETS", MANY)) * part)


def hunt(connectors, doors, count, context="", heads=many.heads):
    found = Hunt(connectors, doors, heads).run(count, context)
    print(found.report())
    assert found.leaks == [], found.report()
    # else the targets are too tame, or the balancer refuses everything
    assert len(found.reached) > count / 10 and found.forwarded > count / 40, found.report()


@pytest.mark.once
def test_nothing_that_leads_to_a_protected_servlet_is_forwarded(connectors, guarded):
    hunt(connectors, guarded[:4], amount(0.8))


@pytest.mark.once
def test_nothing_leads_out_of_the_context_path_or_into_its_areas(connectors, guarded):
    hunt(connectors, guarded[4:], amount(0.2), context="/wiki")


def test_a_sample_under_every_mpm(connectors, guarded):
    hunt(connectors, guarded[:2], SAMPLE)


@pytest.mark.skipif(mpm() == "prefork", reason="httpd does not do HTTP/2 in prefork")
def test_a_sample_over_http2(connectors, guarded):
    hunt(connectors, guarded[:2], SAMPLE, heads=many.heads2)


@pytest.mark.once
def test_the_hunt_finds_what_a_location_leaves_open(connectors, new_doors):
    found = Hunt(connectors, new_doors(HALF_SHUT)[:2]).run(SAMPLE)
    assert len(found.leaks) > SAMPLE / 20
