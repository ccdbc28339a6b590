# SPDX-License-Identifier: Apache-2.0
"""The balancers of a plan as the walker sees them: orders go to each of them, a gate is as good as
at the worst of them. And the gates that the status itself answers: node-serving, others-serve."""

from dataclasses import dataclass

from .. import api

MET, NOT_MET, UNKNOWN = "met", "not-met", "unknown"
_WORST_FIRST = (NOT_MET, UNKNOWN, MET)


@dataclass(frozen=True)
class Finding:
    """What a gate was answered."""
    verdict: str
    evidence: str
    advice: str = ""


class Refused(Exception):
    """An order that was not carried out; in words."""


class World:
    def __init__(self, clients, cluster, serving):
        """serving: how many nodes always have to serve."""
        self.clients = clients
        self.name = cluster
        self.serving = serving

    # gates

    def ask(self, gate, patience=0):
        """The Finding about a gate. patience: seconds for which a balancer may look anew, if what it
        knows is old."""
        found = [self._ask(client, gate, patience) for client in self.clients]
        worst = min(found, key=lambda one: _WORST_FIRST.index(one.verdict))
        if len(found) > 1 and worst.verdict != MET:
            name = self.clients[found.index(worst)].name
            return Finding(worst.verdict, f"{name}: {worst.evidence}", worst.advice)
        return worst

    def _ask(self, client, gate, patience):
        own = _OWN.get(gate.partition(":")[0])
        try:
            if own:
                return self._ask_own(own, client, gate.partition(":")[2])
            answer = client.gate(self.name, gate, patience)
        except api.Trouble as e:
            return Finding(UNKNOWN, str(e), "See that the balancer answers")
        verdict = answer["verdict"] if answer["verdict"] in _WORST_FIRST else UNKNOWN
        return Finding(verdict, answer["evidence"], answer["advice"] or "")

    def _ask_own(self, own, client, name):
        status = client.status()
        if not status["monitor"]["alive"]:
            return Finding(UNKNOWN, "the monitor is silent, so health is only as last known",
                           "Look for CFC0310 in httpd's log; httpd starts another one by itself")
        return own(self, self.cluster(client, status), name)

    # the status

    def cluster(self, client, status=None):
        """The cluster as this balancer sees it. Raises api.Trouble."""
        for cluster in (status or client.status())["clusters"]:
            if cluster["name"] == self.name:
                return cluster
        raise api.Trouble(api.USAGE, f"{client.name} has no cluster {self.name}")

    def clusters(self):
        """The cluster as each balancer sees it. Raises api.Trouble."""
        return [self.cluster(client) for client in self.clients]

    def node(self, name):
        """One node as the first balancer sees it."""
        return node_of(self.clusters()[0], name)

    def events(self, seen):
        """Lines about what has happened since, and what is seen then. seen: {balancer: number of
        its last event}; of one that is not in it nothing is told."""
        lines, now = [], dict(seen)
        for client in self.clients:
            try:
                answer = client.events(seen.get(client.name, 0))
            except api.Trouble:
                continue        # gates and orders say it
            if client.name in seen:
                lines += [line for line in map(self._event, answer["events"]) if line]
            now[client.name] = answer["last"]
        return lines, now

    def _event(self, event):
        if event["cluster"] not in (None, self.name) or event["kind"] == "walk":
            return ""       # the walk's own steps
        what = " ".join(str(event[key]) for key in ("kind", "name", "after") if event[key])
        return f"{event['severity']}: {what}" + (f" ({event['why']})" if event["why"] else "")

    # orders

    def order(self, **fields):
        """To each balancer. Returns the answer of the first. Raises Refused with who did what."""
        answers, done = [], []
        for client in self.clients:
            try:
                answers.append(client.order(self.name, **fields))
            except api.Trouble as e:
                told = f"; done already by {', '.join(done)}" if done else ""
                raise Refused(f"{e}{told}") from e
            done.append(client.name)
        return answers[0]


def node_of(cluster, name):
    return next((node for node in cluster["nodes"] if node["name"] == name), None)


def serves(node):
    return node["effective"] in ("serving", "warming")


def _node_serving(_, cluster, name):
    node = node_of(cluster, name)
    if node is None:
        return Finding(UNKNOWN, f"{name} is not a node of {cluster['name']}", "Correct the plan")
    why = f" ({node['why']})" if node["why"] else ""
    return Finding(MET if serves(node) else NOT_MET, f"{name} is {node['effective']}{why}",
                   "" if serves(node) else "The status says why it is not serving")


def _others_serve(world, cluster, name):
    others = [node["name"] for node in cluster["nodes"] if serves(node) and node["name"] != name]
    enough = len(others) >= world.serving
    return Finding(
        MET if enough else NOT_MET,
        f"without {name}, {len(others)} of {len(cluster['nodes'])} nodes serve"
        f"{': ' if others else ''}{', '.join(others)}; the plan wants {world.serving}",
        "" if enough else "Bring another node back first, or lower serving= of the plan")


_OWN = {"node-serving": _node_serving, "others-serve": _others_serve}
