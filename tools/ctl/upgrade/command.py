# SPDX-License-Identifier: Apache-2.0
"""cfclusterctl upgrade: begins, resumes, aborts and shows walks, and checks plans. The walk itself
is walker.py's."""

import difflib
import getpass
import os
import secrets
import signal
import socket
import tempfile

from . import duties, journal, lease, plan, running, steps, talk, walker, world
from .. import api, config

PROCEDURES = {
    "offline": "all nodes at once, behind the maintenance page",
    "rolling": "one node at a time, while the others serve",
    "staging-copy": "copy one node and the replica to the staging server and rehearse there",
    "packages": "rehearse an upgrade of the system's packages on the staging server",
}
OTHERS = {
    "check": "validate the plan, reach every host and balancer, ask the gates; changes nothing",
    "resume": "go on with the walk that was interrupted",
    "abort": "go back, step by step",
    "status": "show how far the walk is",
}


def who():
    return f"{os.environ.get('SUDO_USER') or getpass.getuser()}@{socket.gethostname()}"


def run(args):
    """The command's function: args.what, plan, dry_run, keep_closed and the options that all have.
    Returns the exit code."""
    try:
        return _run(args, plan.read(args.plan))
    except plan.PlanError as e:
        code, text = api.USAGE, str(e)
    except OSError as e:
        code, text = api.USAGE, f"{e.filename or args.plan}: {e.strerror}"
    except journal.JournalError as e:
        code, text = api.CONFLICT, str(e)
    raise api.Trouble(code, text)


def _run(args, read):
    if args.what in PROCEDURES and args.dry_run:
        print("\n".join(dry(args.what, read)))
        return 0
    kept = journal.Journal(read.directory)
    if args.what == "status":
        return _status(read, kept.load())
    clients = config.balancers(read.balancers, args.config, args.user, read.cluster)
    balancers = world.World(clients, read.cluster, read.serving)
    if args.what == "check":
        return _check(read, balancers)
    kept.lock(who())
    return _Session(read, kept.load(), balancers).run(args.what, args.keep_closed)


class _Session:
    """One process that walks."""

    def __init__(self, read, kept, balancers):
        self.plan, self.journal, self.world = read, kept, balancers
        self.talk = talk.Talk(kept)
        self.lease = None

    def run(self, what, keep_closed):
        self.talk.listen()
        if what not in PROCEDURES:
            self._take_up(what)
        elif not self._begin(what):
            return api.PARTLY
        walk = walker.Walker(self.plan, self.journal, self.world, self.talk, who(),
                             self.lease)
        try:
            if what == "abort" and self.journal.way == "do":
                walk.abort(keep_closed)
            result = walk.run()
            self._end(walk, result)
        except talk.Leave:
            return self._left()
        finally:
            self.lease.leave()
        return 0 if result == "done" or what == "abort" else api.FAILED

    def _begin(self, procedure):
        """Whether a person wants it."""
        self.journal.refuse_unfinished()
        found = [one.id for one in steps.instances(procedure, self.plan)]
        self.talk.say(f"upgrade {procedure} of cluster {self.plan.cluster}, {len(found)} steps, "
                      f"plan {self.plan.path}, by {who()}")
        try:
            self.talk.ask("Begin?", walker.GO)
        except talk.Leave:
            self.talk.say("Not begun.")
            return False
        walk_id = secrets.token_hex(4)
        self._take_lease(walk_id, f"{procedure}, {len(found)} steps")
        self.journal.write(walk="begun", id=walk_id, procedure=procedure, who=who(),
                           plan=self.plan.text, steps=found)
        return True

    def _take_up(self, what):
        records = self.journal.records
        if not records:
            raise journal.JournalError(f"no walk is under way in {self.plan.directory}")
        found = [one.id for one in steps.instances(records[0]["procedure"], self.plan)]
        if found != records[0]["steps"]:
            raise journal.JournalError(
                "the plan has other nodes or databases than when the walk began, or this is "
                "another version of cfclusterctl; put back what differs: "
                + _differ(records[0]["steps"], found))
        self._take_lease(records[0]["id"], f"{records[0]['procedure']}, upgrade {what}")
        self.talk.say(f"{who()} takes up the walk: upgrade {what}")
        before = self.journal.last("plan")
        if before != self.plan.text:
            self.talk.say("The plan has changed:")
            for line in difflib.unified_diff(before.splitlines(), self.plan.text.splitlines(),
                                             "before", "now", lineterm="", n=0):
                self.talk.say("    " + line)
            self.journal.write(walk="plan", plan=self.plan.text)

    def _take_lease(self, walk_id, step):
        self.lease = lease.Lease(self.world, walk_id, who(),
                                 lambda: os.kill(os.getpid(), signal.SIGTERM))
        self.lease.take(step, self._give_up, self.talk.say)

    def _give_up(self, other):
        try:
            return self.talk.ask(f"{other} You can give it up, and walk in its place.", {
                "instead": "it is given up: nobody can go on with it", **walker.LEAVE}) == "instead"
        except talk.Leave:
            return False

    def _left(self):
        if self.lease.lost:
            self.talk.say(f"Somebody else walks now. {self.lease.lost}")
        self.talk.say("Left. The cluster stays as it is; upgrade resume goes on, upgrade abort "
                      "goes back.")
        return api.CONFLICT if self.lease.lost else api.PARTLY

    def _end(self, walk, result):
        self.lease.end()
        self.talk.say("The upgrade is done." if result == "done" else "The way back is done.")
        for line in walk.summary():
            self.talk.say(line)
        kept = self.journal.finish(result)
        print(f"The log is {kept}")


def _differ(before, now):
    return ", ".join(sorted(set(before) ^ set(now))) or "their order"


def _status(read, kept):
    if not kept.records:
        print(f"No walk is under way in {read.directory}.")
        return 0
    begun = kept.records[0]
    holder = kept.holder()
    walk = walker.Walker(read, kept, None, None, who())
    print(f"upgrade {begun['procedure']}, begun by {begun['who']} at {begun['at']}, "
          + (f"walked by {holder}" if holder else "walked by nobody now: upgrade resume goes on")
          + (", on the way back" if kept.way == "undo" else ""))
    for instance in walk.instances:
        print(f"  {walk.state(instance) or '-':7} {instance.id}: {instance.step.title}")
    return 0


def dry(procedure, read):
    """Lines: what would be done, checked and run."""
    found = steps.instances(procedure, read)
    lines = [f"upgrade {procedure} of cluster {read.cluster}, {len(found)} steps"]
    for number, instance in enumerate(found, 1):
        lines += ["", f"{number}. {instance.id}: {instance.step.title}"]
        lines += ["   " + line for line in _part_lines(instance, instance.step.do, read)]
        undo = instance.step.undo
        if instance.step.final:
            lines.append("   way back: none from here on")
        elif undo is not None:
            lines += ["   way back: " + line for line in _part_lines(instance, undo, read)]
    return lines


def _part_lines(instance, part, read):
    lines = [part.says.format(**steps.words(instance, read))]
    lines += [f"needs gate {gate}" for gate in steps.gates(part.before, instance, read)]
    if part.act:
        lines.append(duties.told(part.act))
    if part.command:
        lines += _command_lines(part.command, instance, read)
    lines += [f"wants gate {gate}" for gate in steps.gates(part.after, instance, read)]
    if part.then:
        lines.append(duties.told(part.then))
    if part.asks:
        lines.append(f"asks: {part.asks.format(**steps.words(instance, read))}")
    return lines


def _command_lines(name, instance, read):
    given = read.commands.get(name)
    if not given or not given.command and not given.skip:
        return [f"you do it yourself: the plan has no [{name}]"]
    if given.skip:
        return [f"nothing to do: {given.skip}"]
    known = " ".join(f"{key}={value}" for key, value in read.environment(instance).items())
    return ([f"runs, for {given.timeout:g} s at most: {given.command}", f"  with {known}"]
            + ([f"checks: {given.check}"] if given.check else []))


# --- upgrade check

def _check(read, balancers):
    """Prints a line for each thing that is looked at; 0 if all is well."""
    print(f"ok       the plan {read.path}")
    bad = 0
    for line, verdict in [*_check_balancers(read, balancers), *_check_hosts(read)]:
        print(f"{'ok' if not verdict else 'NOT OK':8} {line}" + (f": {verdict}" if verdict else ""))
        bad += bool(verdict)
    print("All is well." if not bad else f"{bad} not ok; nothing was changed.")
    return api.NOT_MET if bad else 0


def _check_balancers(read, balancers):
    for client in balancers.clients:
        one = world.World([client], read.cluster, read.serving)
        try:
            cluster = one.clusters()[0]
        except api.Trouble as e:
            yield client.name, str(e)
            continue
        yield f"{client.name} answers", ""
        yield from _check_names(read, client, cluster)
        yield f"{client.name} takes orders", _takes_orders(one)
        for gate in _gates_of_the_night(read):
            found = one.ask(gate, api.FRESH_WITHIN)
            usable = found.verdict == world.MET or (
                found.verdict == world.NOT_MET and gate.startswith("no-app"))
            yield f"gate {gate} ({found.evidence})", "" if usable else (
                f"{found.verdict}. {found.advice}")


def _check_names(read, client, cluster):
    has = {node["name"] for node in cluster["nodes"]}
    yield f"nodes {' '.join(read.nodes)} are those of {client.name}", (
        "" if has == set(read.nodes) else f"it has {', '.join(sorted(has))}")
    known = {one["name"] for one in cluster["dependencies"]}
    for name in filter(None, (read.source, read.replica)):
        yield f"{client.name} looks at database {name}", (
            "" if name in known else "add it with CFDatabase, or take it out of the plan")


def _takes_orders(one):
    """An order that is only checked shows whether orders would be taken."""
    try:
        one.order(action="maintenance-on", check="1")
    except world.Refused as e:
        return str(e)
    return ""


def _gates_of_the_night(read):
    yield from ("monitor-alive", "all-serving")
    if read.source:
        yield from (f"database-up:{read.source}", f"no-app-connections:{read.source}")
    if read.replica:
        yield f"replica-in-sync:{read.replica}"


def _check_hosts(read):
    reach = read.commands.get("reach")
    if not reach or not reach.command:
        yield "hosts", "the plan has no [reach], so nobody knows whether they can be reached"
        return
    for kind, name in steps.subjects("nodes and databases", read):
        instance = steps.Instance(steps.Step("reach", "", None), kind, name)
        with tempfile.NamedTemporaryFile() as output:
            trouble = running.run(reach.command, read.environment(instance), reach.timeout,
                                  output.name, print, lambda: False)
        yield f"host of {kind} {name}", trouble
