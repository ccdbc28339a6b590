# SPDX-License-Identifier: Apache-2.0
"""A pretended site for what would take minutes with real servers: nodes, databases and snapshots
are files in a directory, a balancer speaks the API and judges by these files. The plan's commands
change the files, so what an upgrade has done can be read off them."""

import itertools
import json
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

NODES = ("node1", "node2")
DATABASES = ("master", "replica")

COMMANDS = {
    # section: what it does to the files; "must" notes each run and fails what cannot be so
    "announce": "true",
    "announce-abort": "true",
    "announce-end": "true",
    "reach": "test -e $NODE$DATABASE.install",
    "stop-node": "rm -f $NODE.runs",
    "start-node": "cp $NODE.install $NODE.runs; cat $NODE.install > master.install",
    "follow": "echo $NODE begins; sleep 60",
    "stop-database": "rm -f $DATABASE.runs",
    "start-database": "cp $DATABASE.install $DATABASE.runs;"
                      "test $DATABASE = master || cp master.install replica.install",
    "snapshot-node": "test ! -e $NODE.snapshot && cp $NODE.install $NODE.snapshot",
    "revert-node": "mv $NODE.snapshot $NODE.install",
    "snapshot-database": "test ! -e $DATABASE.runs && test ! -e $DATABASE.snapshot &&"
                         "cp $DATABASE.install $DATABASE.snapshot",
    "revert-database": "test ! -e $DATABASE.runs && mv $DATABASE.snapshot $DATABASE.install",
    "deploy": "echo new > $NODE.install",
    "customise": "true",
    "plugins": "true",
    "delete-snapshots": "rm $NODE$DATABASE.snapshot",
    "upgrade-mode": "true",
    "upgrade-mode-off": "true",
    "finalise": "true",
    **{name: "true" for name in (
        "stop-staging", "copy", "start-staging-database", "configure-staging", "deploy-staging",
        "customise-staging", "start-staging", "run-checks", "single-user", "snapshot-root",
        "boot-snapshot", "try-packages", "install-packages", "boot-root", "delete-root-snapshot")},
}


class Pretended:
    """The site in a directory, and its balancer at url. Everything runs, with version old."""

    def __init__(self, directory, nodes=NODES):
        self.directory, self.nodes = directory, nodes
        for name in (*nodes, *DATABASES):
            for kind in "install", "runs":
                (directory / f"{name}.{kind}").write_text("old\n")
        self.admin = {name: "active" for name in nodes}
        self.closed = False
        self.monitored = True
        self.refused = ""               # an action that is not carried out
        self.events = []                # as the API has them
        self.acknowledged = set()
        self.orders = []                # (action, of what), without those about the walk
        self.walk = None                # the walk that is told, as the status has it
        self.walks = []                 # (action, step) that were told, without renewals
        self.answers = {}               # {gate: (verdict, evidence, advice)} other than by files
        self.health = {}                # {node: (state, cause, reason)} likewise
        self.failed = {}                # {node: requests that failed}
        self.takes_ms = {}              # {node: how long each of its answers}
        self._answered = {}
        self._probes = itertools.count()
        self.least = len(nodes)         # the fewest nodes that served at any order
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}/cluster"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    # the files

    def runs(self, name):
        return (self.directory / f"{name}.runs").exists()

    def versions(self):
        """{name: the version that runs, "" if it does not run}"""
        return {name: (self.directory / f"{name}.runs").read_text().strip()
                if self.runs(name) else "" for name in (*self.nodes, *DATABASES)}

    def snapshots(self):
        return sorted(path.stem for path in self.directory.glob("*.snapshot"))

    def ran(self):
        """How often each command ran: {"section node1": times}."""
        found = {}
        for line in (self.directory / "ran").read_text().splitlines():
            found[line] = found.get(line, 0) + 1
        return found

    def plan(self, path, commands=None, settings="", **changed):
        """Write a plan; commands: others than COMMANDS, changed: sections with another command."""
        chosen = COMMANDS if commands is None else commands
        text = (f"[upgrade]\ncluster = confluence\nbalancer = {self.url}\n"
                f"directory = {self.directory}/journal\nnodes = {' '.join(self.nodes)}\n"
                f"database = master\nreplica = replica\nobserve = 1s\n{settings}\n")
        for name, command in {**chosen, **changed}.items():
            note = "" if name in ("follow", "reach") else f"echo {name} $NODE$DATABASE >> ran; "
            text += (f"[{name}]\ncommand = cd {self.directory} || exit; {note}"
                     f"{command}\n")
        path.write_text(text)
        return path

    # the balancer

    def serving(self, name):
        return (self.admin[name] == "active" and self.runs(name) and name not in self.health)

    def status(self):
        return {"version": 1, "generation": len(self.orders), "monitor": {"alive": self.monitored},
                "clusters": [{
            "name": "confluence", "state": "maintenance" if self.closed else "open",
            "serving": sum(map(self.serving, self.nodes)), "walk": self.walk,
            "dependencies": [{"name": name} for name in DATABASES],
            "nodes": [self._node(name) for name in self.nodes]}]}

    def _node(self, name):
        state, cause, reason = self.health.get(name) if self.runs(name) and name in self.health \
            else ("up", "none", "200 RUNNING") if self.runs(name) \
            else ("down", "hard", "connection refused")
        bad = self.failed.get(name, 0)
        return {"name": name, "effective": "serving" if self.serving(name) else "out", "why": None,
                "health": {"state": state, "cause": cause},
                "probe": {"reason": reason, "at": next(self._probes)},
                "traffic": {"requests": 1000 + 10 * bad, "answers": {"5xx": 1 + bad, "none": 0},
                            "latency": {"buckets": self._buckets(name)}}}

    def _buckets(self, name):
        """99 more answers at each look."""
        buckets = self._answered.setdefault(name, [[16, 0], [128, 0], [1024, 0], [None, 0]])
        for bucket in buckets:
            if bucket[0] is None or bucket[0] > self.takes_ms.get(name, 10):
                bucket[1] += 99
        return [bucket[:] for bucket in buckets]

    def happen(self, kind, name, after):
        """Something that the balancer tells as an event."""
        self.events.append({"seq": len(self.events) + 2, "cluster": "confluence", "kind": kind,
                            "name": name, "after": after, "severity": "notice", "why": None})

    def happened(self, since):
        return {"events": [event for event in self.events if event["seq"] > since],
                "last": len(self.events) + 1, "lost": 0}

    def gate(self, text):
        if text in self.answers:
            return self.answers[text]
        gate, _, name = text.partition(":")
        up = [node for node in self.nodes if self.runs(node)]
        met = {
            "monitor-alive": lambda: True,
            "maintenance-on": lambda: self.closed,
            "maintenance-off": lambda: not self.closed,
            "all-serving": lambda: all(map(self.serving, self.nodes)),
            "nodes-stopped": lambda: not up,
            "node-stopped": lambda: not self.runs(name),
            "node-running": lambda: self.runs(name) and name not in self.health,
            "node-drained": lambda: self.admin[name] != "active",
            "no-app-connections": lambda: not up,
            "replica-in-sync": lambda: all(map(self.runs, DATABASES)),
            "replica-complete": lambda: all(map(self.runs, DATABASES)) and not up,
            "database-up": lambda: self.runs(name),
            "database-stopped": lambda: not self.runs(name),
        }[gate]()
        if met:
            return "met", "so it is", None
        return "not-met", "it is not so", f"do what {gate} wants"

    def _walked(self, action, fields):
        """A lease without an end."""
        now = self.walk
        if now and now["id"] != fields["walk"]:
            if action != "walk" or (now["state"] == "left" and fields.get("instead") == now["id"]):
                now = None
            else:
                return {"result": "refused", "text": f"Not done: {now['text']}"}
        if action == "walk" and not fields.get("check"):
            self.walk = {"id": fields["walk"], "state": "walked",
                         "text": f"{fields['walker']} walks: {fields['step']}"}
        elif action != "walk" and now:
            self.walk = None if action == "walk-end" else {
                **now, "state": "left", "text": now["text"].replace(" walks: ", " has left: ")}
        told = action, fields.get("step")
        if not fields.get("check") and told != (self.walks or [None])[-1]:
            self.walks.append(told)
        return {"result": "done", "text": "told"}

    def order(self, fields):
        action, node = fields["action"], fields.get("node")
        if action.startswith("walk"):
            return self._walked(action, fields)
        if action == self.refused:
            return {"result": "bad", "text": "it will not"}
        if fields.get("check"):
            return {"result": "done", "text": "it would be done"}
        if action == "tester-link":
            return {"result": "done", "text": "a link", "tester": {
                "link": f"https://wiki.example.com/.cfcluster/tester?token={node}"}}
        if action in ("drain", "stop", "activate"):
            self.admin[node] = {"activate": "active"}.get(action, action)
        elif action in ("maintenance-on", "maintenance-off"):
            self.closed = action == "maintenance-on"
        elif action in ("ack", "unack"):
            getattr(self.acknowledged, "add" if action == "ack" else "discard")(
                fields["dependency"])
        else:
            return {"result": "bad", "text": f"action={action} is not known"}
        self.orders.append((action, node or fields.get("dependency") or ""))
        self.least = min(self.least, sum(map(self.serving, self.nodes)))
        return {"result": "done", "text": f"{action} {node or fields.get('dependency') or ''}"}


def _handler(site):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def _send(self, answer, status=200):
            body = json.dumps({"version": 1, **answer}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            query = dict(urllib.parse.parse_qsl(self.path.partition("?")[2]))
            if "gate" in query:
                verdict, evidence, advice = site.gate(query["gate"])
                self._send({"verdict": verdict, "evidence": evidence, "advice": advice})
            elif "events_since" in query:
                self._send(site.happened(int(query["events_since"])))
            else:
                self._send(site.status())

        def do_POST(self):
            fields = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answer = site.order(fields)
            self._send(answer, {"bad": 400, "refused": 409}.get(answer["result"], 200))

    return Handler
