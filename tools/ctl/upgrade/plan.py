# SPDX-License-Identifier: Apache-2.0
"""Reads a plan: an INI file that names cluster, nodes, databases and the operator's commands.
Says all that is wrong with it at once. What the commands are for is steps.py's."""

import configparser
import difflib
import re
from dataclasses import dataclass, field

from . import steps

SETTINGS = {
    # key: (kind, default or None for "has to be there", what it is)
    "cluster": ("text", None, "the cluster's name, as in `<CFCluster NAME>`"),
    "balancer": ("words", None, "the addresses of the status page, or names of balancers of "
                                "cfclusterctl's configuration, with blanks; all get each order"),
    "directory": ("text", None, "where the journal, the lock and the logs are kept, the same for "
                                "all who may walk"),
    "nodes": ("words", None, "the nodes in the order in which they are upgraded; all that the "
                             "cluster has"),
    "database": ("text", "", "the `CFDatabase` that the nodes write to"),
    "replica": ("text", "", "the `CFDatabase` that replicates it"),
    "message": ("text", "", "what the maintenance page says"),
    "until": ("duration", "", "how long the maintenance is announced to take"),
    "serving": ("count", "1", "rolling and staging copy: so many nodes always serve"),
    "copied": ("text", "", "staging copy: the node whose home is copied; the last one of nodes="),
    "drain": ("duration", "15m", "how long the users of a node may stay on it; then they are "
                                 "moved"),
    "starting": ("duration", "6h", "how long a node may say STARTING"),
    "start": ("duration", "10m", "how long a started node may say nothing at all"),
    "settle": ("duration", "2m", "how long other gates may take to be met"),
    "sync": ("duration", "2h", "how long a replica may take to be in sync again"),
    "observe": ("duration", "10m", "rolling: how long a node is compared with the others"),
    "tester": ("duration", "2h", "how long the link for testers is good"),
}
COMMAND_KEYS = {
    "command": "what is done, for `sh -c`",
    "check": "what has to end with 0 afterwards",
    "timeout": "how long the command may take, 10m by default; the check a minute",
    "skip": "instead of a command: why there is nothing to do",
}
# What a command needs as it is, or is told by us.
_TAKEN = {"HOME", "PATH", "IFS", "SSH_AUTH_SOCK", "LD_PRELOAD", "LD_LIBRARY_PATH",
          "NODE", "DATABASE", "CLUSTER", "STEP"}
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class PlanError(Exception):
    """complaints: one line each."""

    def __init__(self, complaints):
        super().__init__("\n".join(complaints))
        self.complaints = complaints


@dataclass(frozen=True)
class Command:
    command: str = ""
    check: str = ""
    timeout: float = 600
    skip: str = ""


@dataclass
class Plan:
    path: str
    text: str
    cluster: str = ""
    balancers: list = field(default_factory=list)
    directory: str = ""
    nodes: list = field(default_factory=list)
    source: str = ""
    replica: str = ""
    message: str = ""
    until: str = ""
    serving: int = 1
    copied: str = ""
    seconds: dict = field(default_factory=dict)         # of each duration
    values: dict = field(default_factory=dict)          # as written
    commands: dict = field(default_factory=dict)        # {section: Command}
    facts: dict = field(default_factory=dict)           # {node or database: {VARIABLE: value}}

    def environment(self, instance):
        """What a command of a step is told."""
        known = {"CLUSTER": self.cluster, "STEP": instance.id}
        if instance.kind:
            known[instance.kind.upper()] = instance.subject
            known.update(self.facts.get(instance.subject, {}))
        return known


def seconds(text):
    """Of "90s", "15m", "6h", "2d"; None for anything else."""
    match = re.fullmatch(r"(\d{1,6})([smhd])", text)
    return int(match[1]) * _UNITS[match[2]] if match else None


def _like(word, known):
    near = difflib.get_close_matches(word, known, 1)
    return f"did you mean {near[0]}? " if near else ""


def _no_room(plan):
    return (f"[upgrade] serving={plan.serving} leaves no node to take out, nodes= names "
            f"{len(plan.nodes)}; write less, or name more nodes")


def refuse(plan, procedure):
    """Raises PlanError when a plan is not one for this procedure."""
    if procedure in ("rolling", "staging-copy") and plan.serving >= len(plan.nodes):
        raise PlanError([f"{plan.path}: {_no_room(plan)}. {procedure} takes one out at a time"])


def read(path):
    """The plan in a file. Raises PlanError, or OSError when it cannot be read."""
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except UnicodeDecodeError as e:
        raise PlanError([f"{path} is not UTF-8 ({e.reason} at byte {e.start}); save it as "
                         "UTF-8"]) from e
    parser = configparser.ConfigParser(interpolation=None, default_section="")
    try:
        parser.read_string(text, str(path))
    except configparser.Error as e:
        raise PlanError([str(e).replace("\n", " ")]) from e
    return _Reading(path, text, parser).plan()


class _Reading:
    def __init__(self, path, text, parser):
        self.parser = parser
        self.made = Plan(str(path), text)
        self.complaints = []

    def plan(self):
        if not self.parser.has_section("upgrade"):
            raise PlanError([f"{self.made.path}: there is no [upgrade] section; it names cluster, "
                             "balancer, directory and nodes"])
        self._settings()
        for section in self.parser.sections():
            if section != "upgrade":
                self._section(section)
        self._agreement()
        if self.complaints:
            raise PlanError([f"{self.made.path}: {line}" for line in self.complaints])
        return self.made

    def _settings(self):
        given = self.parser["upgrade"]
        self._known("upgrade", given, SETTINGS)
        for key, (kind, default, what) in SETTINGS.items():
            value = given.get(key, default or "").strip()
            if default is None and not value:
                self.complaints.append(f"[upgrade] {key}= is missing: {what}")
            self.made.values[key] = value
            if kind == "duration" and value:
                self.made.seconds[key] = self._duration("upgrade", key, value)
        self._take()

    def _take(self):
        values, plan = self.made.values, self.made
        plan.cluster, plan.directory = values["cluster"], values["directory"]
        plan.balancers, plan.nodes = values["balancer"].split(), values["nodes"].split()
        plan.source, plan.replica = values["database"], values["replica"]
        plan.message, plan.until = values["message"], values["until"]
        # The last users of a node are moved when drain= is over, and that takes a moment.
        plan.seconds["drained"] = plan.seconds["drain"] + plan.seconds["settle"]
        values["drained"] = f"{values['drain']} and {values['settle']}"
        plan.copied = values["copied"] or (plan.nodes[-1] if plan.nodes else "")
        if not re.fullmatch(r"[1-9]\d{0,2}", values["serving"]):
            self.complaints.append(f"[upgrade] serving={values['serving']} is not a number of "
                                   "nodes; write 1 or more")
        else:
            plan.serving = int(values["serving"])

    def _duration(self, section, key, value):
        found = seconds(value)
        if not found:
            self.complaints.append(f"[{section}] {key}={value} is not a duration; write a number "
                                   "with its unit, 90s, 15m, 6h or 2d")
        return found or 0

    def _known(self, section, given, known):
        for key in given:
            if key not in known:
                self.complaints.append(f"[{section}] {key}= is not known; {_like(key, known)}"
                                       f"known: {', '.join(known)}")

    def _section(self, section):
        kind, _, name = section.partition(" ")
        if kind in ("node", "database") and name:
            self.made.facts[name.strip()] = dict(self._facts(section))
        elif section in steps.commands():
            self._command(section)
        else:
            known = list(steps.commands())
            self.complaints.append(
                f"[{section}] is not a step's command; {_like(section, known)}known: upgrade, "
                f"node NAME, database NAME, {', '.join(known)}")

    def _facts(self, section):
        for key, value in self.parser[section].items():
            variable = key.upper().replace("-", "_")
            if variable in _TAKEN or not re.fullmatch(r"[A-Z_][A-Z0-9_]*", variable):
                self.complaints.append(f"[{section}] {key}= would be ${variable} in your commands, "
                                       "which is taken or no name; write another word")
            yield variable, value

    def _command(self, section):
        given = self.parser[section]
        self._known(section, given, COMMAND_KEYS)
        texts = {key: given.get(key, "").strip() for key in COMMAND_KEYS}
        if texts["command"] and texts["skip"]:
            self.complaints.append(f"[{section}] has command= and skip=; write one of them")
        timeout = (self._duration(section, "timeout", texts["timeout"]) if texts["timeout"]
                   else Command.timeout)
        self.made.commands[section] = Command(texts["command"], texts["check"], timeout,
                                              texts["skip"])

    def _agreement(self):
        """What no line is wrong about alone."""
        plan = self.made
        if plan.directory and not plan.directory.startswith("/"):
            self.complaints.append(f"[upgrade] directory={plan.directory} is not absolute, so "
                                   "another directory from elsewhere; begin it with /")
        if "serving" in self.parser["upgrade"] and plan.serving >= len(plan.nodes) > 0:
            self.complaints.append(_no_room(plan))
        if len(set(plan.nodes)) < len(plan.nodes):
            self.complaints.append("[upgrade] nodes= names a node twice")
        if plan.replica and not plan.source:
            self.complaints.append("[upgrade] replica= is there and database= is not; name the "
                                   "database that it replicates")
        if plan.nodes and plan.copied not in plan.nodes:
            self.complaints.append(f"[upgrade] copied={plan.copied} is not one of nodes=")
        for name in plan.facts:
            if name not in [*plan.nodes, plan.source, plan.replica]:
                self.complaints.append(f"[node {name}] or [database {name}] is not named in "
                                       "nodes=, database= or replica= of [upgrade]")
