# SPDX-License-Identifier: Apache-2.0
"""cfclusterctl upgrade: begins, resumes, aborts and shows walks. The walk itself is walker.py's."""

import difflib
import getpass
import json
import os
import secrets
import signal
import socket

from . import check, dry, journal, lease, plan, progress, steps, talk, walker, world
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
    "forget": "have the balancers tell no more of a walk that was left and whose journal is lost",
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
    except journal.WriteError as e:
        code, text = api.PARTLY, str(e)
    raise api.Trouble(code, text)


def _refuse_options(args):
    """What an option has no meaning for is not passed over in silence."""
    walks = args.what in PROCEDURES or args.what in ("resume", "abort")
    for given, name, fits in (
            (args.dry_run, "--dry-run", walks),
            (args.keep_closed, "--keep-closed", args.what == "abort"),
            (args.json, "--json", args.what in ("check", "status")),
            (args.color == "always", "--color", False)):
        if given and not fits:
            raise api.Trouble(api.USAGE, f"upgrade {args.what} takes no {name}")


def _run(args, read):
    _refuse_options(args)
    if args.what in PROCEDURES:
        plan.refuse(read, args.what)
    if args.what in PROCEDURES and args.dry_run:
        print("\n".join(dry.begin(args.what, read)))
        return 0
    kept = journal.Journal(read.directory)
    if args.what == "status":
        return (_status_json if args.json else _status)(read, kept.load())
    if args.dry_run:
        _refuse_to_go_on(read, kept.load(), args.keep_closed)
        print("\n".join(dry.on(args.what, read, kept, args.keep_closed)))
        return 0
    clients = config.balancers(read.balancers, args.config, args.user, read.cluster)
    balancers = world.World(clients, read.cluster, read.serving)
    if args.what == "check":
        return check.run(read, balancers, args.json)
    if args.what == "forget":
        records = kept.load().records
        print("\n".join(lease.forget(balancers, records[0]["id"] if records else None)))
        return 0
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
            self._take_up(what, keep_closed)
        elif not self._begin(what):
            return api.PARTLY
        walk = walker.Walker(self.plan, self.journal, self.world, self.talk, who(),
                             self.lease)
        try:
            if what == "abort" and (self.journal.way == "do" or keep_closed):
                walk.abort(keep_closed)
            result = walk.run()
            self._end(walk, result)
        except talk.Leave:
            return self._left()
        except OSError as e:
            raise journal.WriteError(f"{e.filename or 'it'}: {e.strerror}. Left; mend it, then go "
                                     "on with upgrade resume") from e
        finally:
            self.lease.leave()
        return 0 if result == "done" or what == "abort" else api.FAILED

    def _begin(self, procedure):
        """Whether a person wants it."""
        self.journal.refuse_unfinished()
        found = [one.id for one in steps.instances(procedure, self.plan)]
        self.talk.say(f"upgrade {procedure} of cluster {self.plan.cluster}, {len(found)} steps, "
                      f"plan {self.plan.path}, by {who()}")
        for line in steps.warnings(procedure, self.plan):
            self.talk.say(line)
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

    def _take_up(self, what, keep_closed):
        _refuse_to_go_on(self.plan, self.journal, keep_closed)
        begun = self.journal.records[0]
        self._take_lease(begun["id"], f"{begun['procedure']}, upgrade {what}")
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
        for line in walk.progress.summary():
            self.talk.say(line)
        kept = self.journal.finish(result)
        print(f"The log is {kept}")


def _differ(before, now):
    return ", ".join(sorted(set(before) ^ set(now))) or "their order"


def _refuse_to_go_on(read, kept, keep_closed):
    """What resume and abort cannot begin with."""
    records = kept.records
    if not records:
        raise journal.JournalError(f"no walk is under way in {read.directory}")
    procedure = records[0]["procedure"]
    if keep_closed and procedure != "offline":
        raise api.Trouble(api.USAGE, f"--keep-closed is for offline: {procedure} closes nothing")
    found = [one.id for one in steps.instances(procedure, read)]
    if found != records[0]["steps"]:
        raise journal.JournalError(
            "the plan has other nodes or databases than when the walk began, or this is "
            "another version of cfclusterctl; put back what differs: "
            + _differ(records[0]["steps"], found))


def _status(read, kept):
    if not kept.records:
        print(f"No walk is under way in {read.directory}.")
        return 0
    begun = kept.records[0]
    holder = kept.holder()
    walk = progress.Progress(kept, read)
    print(f"upgrade {begun['procedure']}, begun by {begun['who']} at {begun['at']}, "
          + (f"walked by {holder}" if holder else "walked by nobody now: upgrade resume goes on")
          + (", on the way back" if kept.way == "undo" else ""))
    for instance in walk.instances:
        print(f"  {walk.state(instance) or '-':7} {instance.id}: {instance.step.title}")
    return 0


def _status_json(read, kept):
    """The same for programs; walk is null when none is under way."""
    walk = None
    if kept.records:
        begun, far = kept.records[0], progress.Progress(kept, read)
        walk = {"procedure": begun["procedure"], "who": begun["who"], "at": begun["at"],
                "way": kept.way, "holder": kept.holder() or None,
                "steps": [{"step": one.id, "title": one.step.title,
                           "state": far.state(one) or None} for one in far.instances]}
    print(json.dumps({"version": 1, "walk": walk}, indent=2, ensure_ascii=False))
    return 0
