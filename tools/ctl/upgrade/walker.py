# SPDX-License-Identifier: Apache-2.0
"""Walks a procedure forward, and back after an abort. Each part of a step is: its gates before,
our own act, the operator's command, its gates and check after, a person's go. Gates decide: what
is not met is shown with evidence and advice, and asked again. Each mark is on disk before the next
thing is done, so a walk goes on where it was, whatever ended it."""

import contextlib
import time

from . import duties, journal, progress, running, steps, world
from .. import api
from .talk import Leave

LOOK_EVERY_S = 0.5
EVENTS_EVERY_S = 1
CHECK_TIMEOUT_S = 60

AGAIN = {"again": "look again"}
CHECKED = {"checked": "you have seen for yourself that it is so, and say how; the log keeps it"}
GO = {"go": "yes, go on"}
DONE = {"done": "it is done; go on"}
REPEAT = {"repeat": "run the command once more"}
ABORT = {"abort": "go back, step by step"}
SKIP = {"skip": "leave this undone and go on with the way back"}
LEAVE = {"leave": "stop here; upgrade resume goes on, upgrade abort goes back"}


class Abort(Exception):
    """A person wants to go back."""


class Repeat(Exception):
    """A person wants the command of a part to run once more."""


class Skip(Exception):
    """A person wants a step of the way back to be left."""


class Walker:
    def __init__(self, plan, kept, balancers, talk, who, lease=None):
        self.lease = lease
        self.plan, self.journal, self.world, self.talk, self.who = plan, kept, balancers, talk, who
        self.progress = progress.Progress(kept, plan)
        self.instances = self.progress.instances
        self._ways_out = {}
        self._followed = None
        self._events_at = 0
        talk.meanwhile = self._look_around

    def run(self):
        """Walk on in the journal's direction. Returns how it ended, "done" or "undone". Raises
        Leave when it is to be resumed, journal.WriteError when nothing more can be noted."""
        self._show_events()
        try:
            if self.journal.way == "do":
                self._forward()
                return "done"
        except Abort:
            self.abort()
        self._back()
        return "undone"

    def abort(self, keep_closed=False):
        """From now on the way is back. Raises journal.JournalError behind a final step."""
        if why := self.progress.no_way_back():
            raise journal.JournalError(why)
        self.journal.write(walk="abort", who=self.who, keep_closed=keep_closed)
        self.talk.say(f"{self.who} goes back"
                      + (", and users stay outside" if keep_closed else ""))
        for line in steps.warnings(self.progress.procedure, self.plan):
            self.talk.say(line)

    # both directions

    def _forward(self):
        self._ways_out = {**ABORT, **LEAVE}
        self._let_end()
        for number, instance in enumerate(self.instances, 1):
            if instance.step.final:
                self._ways_out = LEAVE
            if self.journal.mark(instance.id, "do") != journal.DONE:
                self._head(f"Step {number} of {len(self.instances)}", instance)
                self._part(instance, instance.step.do, "do")

    def _back(self):
        self._ways_out = {**SKIP, **LEAVE}
        self._let_end()
        for instance, why in self.progress.to_undo():
            if not why:
                self._head("Back", instance)
                try:
                    self._warn(instance)
                    self._part(instance, instance.step.undo, "undo")
                    continue
                except Skip:
                    why = "skipped"
            self.talk.say(f"{instance.id} is left as it is: {why}")
            self._mark(instance, "undo", journal.LEFT, why=why)

    def _let_end(self):
        """The command of a walk that was killed may live on: nothing is begun beside it."""
        known = self.journal.last("process")
        if not running.lives(known):
            return
        pid = known.partition(" ")[0]
        self.talk.say(f"The command of the walk that was interrupted still runs, as process {pid}, "
                      f"and is waited for; its output is in {self.journal.directory}/output. "
                      f"kill -- -{pid} ends it, Ctrl-C leaves.")
        while running.lives(known):
            self.pause(LOOK_EVERY_S)
        self.talk.say("It has ended; how, is not known.")

    def _warn(self, instance):
        """Begun is enough: the order that lets users in may have been carried out."""
        if instance.step.warns and not self.journal.mark(instance.id, "undo"):
            self._choose(instance.step.warns, {"agreed": "go back nevertheless"})

    def _heed(self):
        """Nothing more is begun when somebody wants to leave."""
        if self.talk.signals:
            raise Leave

    def _head(self, where, instance):
        self._heed()
        on = "on the way back" if self.journal.way == "undo" else where.lower()
        self.lease.at(f"{self.progress.procedure}, {on}, {instance.id}")
        self.talk.say(f"--- {where}, {instance.id}: {instance.step.title}")

    def _part(self, instance, part, way):
        mark = self.journal.mark(instance.id, way)
        self.talk.say(part.says.format(**steps.words(instance, self.plan)))
        with self._following(instance, part):
            while mark != journal.DONE:
                if mark != journal.RAN or not part.command:
                    self._ready(instance, part, way)
                    self._command(instance, part, way, mark)
                    self._mark(instance, way, journal.RAN)
                mark = self._after(instance, part)
        self._mark(instance, way, mark)

    def _ready(self, instance, part, way):
        """Its gates before and its act; once more whenever its command may run once more, since
        hours may have passed. On the way back and after an interruption, what is as it is to be
        already needs no leave to become so."""
        begun = self.journal.mark(instance.id, way)
        wanted = part.after if begun or way == "undo" else ()
        self._hold(steps.gates(part.before, instance, self.plan), lambda _: ("settle", None),
                   unless=steps.gates(wanted, instance, self.plan))
        self._heed()
        if not begun:
            self._mark(instance, way, journal.BEGUN)
        self._act(instance, part.act)
        if begun in ("", journal.BEGUN):
            self._mark(instance, way, journal.ACTED)

    def _after(self, instance, part):
        """DONE, or ACTED when the command is to run again."""
        gates = steps.gates(part.after, instance, self.plan)
        patience = (self._starting(instance) if part.wait == "starting"
                    else lambda _: (part.wait, None))
        try:
            self._hold(gates, patience, REPEAT if part.command else {})
            self._check(instance, part)
        except Repeat:
            return journal.ACTED
        self._act(instance, part.then)
        if part.asks:
            question = part.asks.format(**steps.words(instance, self.plan))
            self._choose(question, GO)
        return journal.DONE

    def _mark(self, instance, way, mark, **more):
        self.journal.write(step=instance.id, way=way, mark=mark, who=self.who, **more)

    # gates

    def _hold(self, gates, patience, answers=None, unless=()):
        """Wait until all are met, or all of unless are. patience(begin): the name of the time for
        which they may take and since when it counts (None: the begin of the wait), or a sentence
        that says why waiting is in vain. answers: others than usual."""
        for gate in gates:
            while not self._wait_for(gate, patience, answers or {}, unless):
                pass

    def _wait_for(self, gate, patience, answers, unless):
        begin, said = time.monotonic(), ""
        while True:
            found = self.world.ask(gate)
            if found.verdict == world.MET:
                self.talk.say(f"gate {gate} is met: {found.evidence}")
                return True
            if unless and all(self.world.ask(one).verdict == world.MET for one in unless):
                self.talk.say(f"gate {gate} is not needed any more: met is {', '.join(unless)}")
                return True
            if found.evidence != said:
                self.talk.say(f"gate {gate} is {found.verdict}: {found.evidence}")
                said = found.evidence
            limit, since = patience(begin)
            if limit not in self.plan.seconds:
                return self._not_met(gate, found, limit, answers)
            if time.monotonic() - (since or begin) >= self.plan.seconds[limit]:
                why = f"it was waited for {self.plan.values[limit]}"
                return self._not_met(gate, found, why, answers)
            self.pause(LOOK_EVERY_S)

    def _not_met(self, gate, found, why, answers):
        """Whether a person vouches for it; else it is to be asked again."""
        self.talk.say(f"gate {gate} is {found.verdict}: {found.evidence}; {why}. {found.advice}")
        more = CHECKED if found.verdict == world.UNKNOWN else {}
        typed = self._choose("What now?", {**AGAIN, **answers, **more})
        if typed == "repeat":
            raise Repeat
        if typed == "again":
            return False
        how = self.talk.read("How have you checked it? ")
        self.journal.write(vouched=gate, who=self.who, how=how)
        self.talk.say(f"{self.who} vouches for {gate}: {how}")
        return True

    def _starting(self, instance):
        """Patience: hours for a node that says STARTING or is about to be up, minutes for one that
        says nothing, or nothing any more; none for one that says since now that it never will be
        well."""
        before = self._probed(instance.subject)
        word_at = None

        def patience(begin):
            nonlocal word_at
            now = self._probed(instance.subject)
            if now and now["health"]["state"] in ("starting", "recovering"):
                word_at = time.monotonic()
                return "starting", begin
            if (now and now["health"]["cause"] == "refused"
                    and not (before and before["probe"] and before["probe"] == now["probe"])):
                return (f"{instance.subject} says {now['probe']['reason']}, so it is not waited "
                        "for; its log says why"), None
            return "start", word_at

        return patience

    def _probed(self, name):
        """A node as it was last seen; None when that cannot be told."""
        try:
            return self.world.node(name)
        except api.Trouble:
            return None

    def pause(self, duration_s):
        """A moment in which something is waited for: shows what happens, and lets a person go."""
        end = time.monotonic() + duration_s
        while True:
            self._heed()
            if self._followed:
                self._followed.look()
            if time.monotonic() >= end:
                break
            time.sleep(min(running.EVERY_S, duration_s))
        self._show_events()

    def _look_around(self):
        """Shows what happens while a command runs or a person thinks."""
        if self._followed:
            self._followed.look()
        if time.monotonic() - self._events_at >= EVENTS_EVERY_S:
            self._show_events()

    def _show_events(self):
        """What has happened since this was called last, also by a walk before."""
        lines, seen = self.world.events(self.journal.last("seen") or {})
        for line in lines:
            self.talk.say(f"event, {line}")
        if seen != self.journal.last("seen"):
            self.journal.write(seen=seen)
        self._events_at = time.monotonic()

    # acts and commands

    def order(self, **fields):
        """An order to the balancers; what they answer is shown."""
        self.talk.say(self.world.order(**fields)["text"])

    def reason(self, instance):
        return f"upgrade by {self.who}, {instance.id}"

    def _act(self, instance, name):
        while name:
            try:
                getattr(duties, name)(self, instance)
                return
            except (world.Refused, api.Trouble) as e:
                self.talk.say(f"not done: {e}")
                more = {"accept": "go on nevertheless"} if name == "observe" else {}
                if self._choose("What now?", {"again": "try again", **more}) == "accept":
                    return

    def _command(self, instance, part, way, mark):
        """Have it run, by us or by the person, once if it must not be repeated."""
        given = self.plan.commands.get(part.command)
        if not part.command:
            return
        if given and given.skip:
            self.talk.say(f"nothing to do: {given.skip}")
            return
        if not given or not given.command:
            self._choose(f"Do this now; the plan has no command for it ([{part.command}]).", DONE)
            return
        trouble = self._last_time(part, mark)
        while True:
            if trouble:
                self.talk.say(f"[{part.command}] {trouble}")
                if self._choose("What now?", {**REPEAT, **DONE}) == "done":
                    return
                self._ready(instance, part, way)
            trouble = self._run(given.command, given.timeout, instance, lambda pid: self._mark(
                instance, way, journal.RUNNING, process=running.known_as(pid)))
            if not trouble:
                return
            self._mark(instance, way, journal.FAILED, why=trouble)

    def _last_time(self, part, mark):
        """What is to be asked before a command that may have run is run."""
        if mark == journal.FAILED:
            return f"failed: {self.journal.last('why')}"
        if mark == journal.RUNNING and not part.repeat:
            return ("was running when the walk was interrupted, and may have ended well. Look "
                    "whether it did")
        return ""

    def _run(self, command, timeout, instance, noted=lambda pid: None):
        """Why it failed, or "". A first wish to leave waits for its end, a second one ends it."""
        self._heed()
        self.talk.say(f"$ {command}")
        told = False

        def interrupted():
            nonlocal told
            self._look_around()
            if self.talk.signals and not told:
                told = True
                self.talk.say("The command may end first; Ctrl-C once more ends it.")
            return self.talk.signals > 1

        trouble = running.run(command, self.plan.environment(instance), timeout,
                              self.journal.directory / "output", self.talk.output, interrupted,
                              noted)
        self.talk.say(trouble or "it ended well")
        return trouble

    def _check(self, instance, part):
        given = self.plan.commands.get(part.command)
        while given and given.check:
            trouble = self._run(given.check, CHECK_TIMEOUT_S, instance)
            if not trouble:
                return
            self.talk.say(f"check of [{part.command}] says no: {trouble}")
            if self._choose("What now?", {**AGAIN, **REPEAT}) == "repeat":
                raise Repeat

    @contextlib.contextmanager
    def _following(self, instance, part):
        """While a node starts or is observed its log is shown, if the plan says how."""
        given = self.plan.commands.get("follow")
        if not part.follows or not given or not given.command:
            yield
            return
        self._followed = running.follow(
            given.command, self.plan.environment(instance), self.journal.directory / "followed",
            lambda line: self.talk.say(f"    {instance.subject}| {line}"))
        try:
            yield
        finally:
            self._followed.end()
            self._followed = None

    def _choose(self, question, answers):
        """One of the answers; those that lead out of the step are taken care of."""
        self._show_events()
        typed = self.talk.ask(question, {**answers, **self._ways_out})
        self._show_events()
        if typed == "leave":
            raise Leave
        if typed == "abort":
            raise Abort
        if typed == "skip":
            raise Skip
        return typed
