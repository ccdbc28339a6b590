# SPDX-License-Identifier: Apache-2.0
"""Walks a procedure forward, and back after an abort. Each part of a step is: its gates before,
our own act, the operator's command, its gates and check after, a person's go. Gates decide: what
is not met is shown with evidence and advice, and asked again. Each mark is on disk before the next
thing is done, so a walk goes on where it was, whatever ended it."""

import contextlib
import time

from . import duties, journal, running, steps, world
from .. import api
from .talk import Leave

LOOK_EVERY_S = 0.5
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
        self.instances = steps.instances(kept.records[0]["procedure"], plan)
        self._ways_out = {}
        self._followed = None

    def run(self):
        """Walk on in the journal's direction. Returns how it ended, "done" or "undone". Raises
        Leave when it is to be resumed."""
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
        for instance in self.instances:
            if instance.step.final and self.journal.mark(instance.id, "do"):
                raise journal.JournalError(
                    f"{instance.id} has begun, and behind it there is no way back; upgrade resume "
                    "goes on")
        self.journal.write(walk="abort", who=self.who, keep_closed=keep_closed)
        self.talk.say(f"{self.who} goes back"
                      + (", and users stay outside" if keep_closed else ""))

    # both directions

    def _forward(self):
        self._ways_out = {**ABORT, **LEAVE}
        for number, instance in enumerate(self.instances, 1):
            if instance.step.final:
                self._ways_out = LEAVE
            if self.journal.mark(instance.id, "do") != journal.DONE:
                self._head(f"Step {number} of {len(self.instances)}", instance)
                self._part(instance, instance.step.do, "do")

    def _back(self):
        self._ways_out = {**SKIP, **LEAVE}
        for instance in reversed(self.instances):
            if self.journal.mark(instance.id, "undo") in (journal.DONE, journal.LEFT):
                continue
            if not self.journal.mark(instance.id, "do") or instance.step.undo is None:
                continue
            why = self._stays(instance)
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

    def _stays(self, instance):
        """Why a step that was begun is not undone; "" if it is."""
        if instance.step.public and self.journal.last("keep_closed"):
            return "users are to stay outside"
        finished = self.journal.mark(instance.id, "do") == journal.DONE
        if not finished and not instance.step.undo_unfinished:
            return "it was not finished, so nothing depends on it; remove what is left of it"
        return ""

    def _warn(self, instance):
        begun = self.journal.mark(instance.id, "undo")
        finished = self.journal.mark(instance.id, "do") == journal.DONE
        if instance.step.warns and finished and not begun:
            self._choose(instance.step.warns, {"agreed": "go back nevertheless"})

    def _head(self, where, instance):
        if self.talk.signals:
            raise Leave
        on = "on the way back" if self.journal.way == "undo" else where.lower()
        self.lease.at(f"{self.journal.records[0]['procedure']}, {on}, {instance.id}")
        self.talk.say(f"--- {where}, {instance.id}: {instance.step.title}")

    def _part(self, instance, part, way):
        mark = self.journal.mark(instance.id, way)
        self.talk.say(part.says.format(**steps.words(instance, self.plan)))
        with self._following(instance, part):
            if mark in ("", journal.BEGUN):
                self._before(instance, part, way)
                self._mark(instance, way, journal.BEGUN)
                self._act(instance, part.act)
                mark = journal.ACTED
                self._mark(instance, way, mark)
            while mark != journal.DONE:
                if mark != journal.RAN:
                    self._command(instance, part, way, mark)
                    self._mark(instance, way, journal.RAN)
                mark = self._after(instance, part)
        self._mark(instance, way, mark)

    def _before(self, instance, part, way):
        """On the way back, what is as it is to be already needs no leave to become so."""
        after = steps.gates(part.after, instance, self.plan)
        if way == "undo" and after and all(self.world.ask(g).verdict == world.MET for g in after):
            return
        self._hold(steps.gates(part.before, instance, self.plan), lambda: "settle")

    def _after(self, instance, part):
        """DONE, or ACTED when the command is to run again."""
        gates = steps.gates(part.after, instance, self.plan)
        patience = self._starting(instance) if part.wait == "starting" else lambda: part.wait
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

    def _hold(self, gates, patience, answers=None):
        """Wait until all are met. patience(): the name of the time for which they may take from
        the begin, or a sentence that says why waiting is in vain. answers: others than usual."""
        for gate in gates:
            while not self._wait_for(gate, patience, answers or {}):
                pass

    def _wait_for(self, gate, patience, answers):
        begin, said = time.monotonic(), ""
        while True:
            found = self.world.ask(gate)
            if found.verdict == world.MET:
                self.talk.say(f"gate {gate} is met: {found.evidence}")
                return True
            if found.evidence != said:
                self.talk.say(f"gate {gate} is {found.verdict}: {found.evidence}")
                said = found.evidence
            limit = patience()
            if limit not in self.plan.seconds:
                return self._not_met(gate, found, limit, answers)
            if time.monotonic() - begin >= self.plan.seconds[limit]:
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
        """Patience: hours for a node that says STARTING, minutes for one that says nothing, none
        for one that says since now that it never will be well."""
        before = self._probed(instance.subject)

        def patience():
            now = self._probed(instance.subject)
            if now and now["health"]["state"] == "starting":
                return "starting"
            if (now and now["health"]["cause"] == "refused"
                    and not (before and before["probe"] and before["probe"] == now["probe"])):
                return (f"{instance.subject} says {now['probe']['reason']}, so it is not waited "
                        "for; its log says why")
            return "start"

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
            if self.talk.signals:
                raise Leave
            if self._followed:
                self._followed.look()
            if time.monotonic() >= end:
                break
            time.sleep(min(running.EVERY_S, duration_s))
        for line in self.world.events():
            self.talk.say(f"event, {line}")

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
            self._mark(instance, way, journal.RUNNING)
            trouble = self._run(given.command, given.timeout, instance)
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

    def _run(self, command, timeout, instance):
        """Why it failed, or "". A first wish to leave waits for its end, a second one ends it."""
        self.talk.say(f"$ {command}")
        before = told = self.talk.signals

        def interrupted():
            nonlocal told
            if self._followed:
                self._followed.look()
            if self.talk.signals > told == before:
                told = self.talk.signals
                self.talk.say("The command may end first; Ctrl-C once more ends it.")
            return self.talk.signals > before + 1

        trouble = running.run(command, self.plan.environment(instance), timeout,
                               self.journal.directory / "output", self.talk.output, interrupted)
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
        """While a node starts its log is shown, if the plan says how."""
        given = self.plan.commands.get("follow")
        if part.wait != "starting" or not given or not given.command:
            yield
            return
        self._followed = running.Running(
            given.command, self.plan.environment(instance), self.journal.directory / "followed",
            lambda line: self.talk.say(f"    {instance.subject}| {line}"))
        try:
            yield
        finally:
            self._followed.end()
            self._followed = None

    def _choose(self, question, answers):
        """One of the answers; those that lead out of the step are taken care of."""
        typed = self.talk.ask(question, {**answers, **self._ways_out})
        if typed == "leave":
            raise Leave
        if typed == "abort":
            raise Abort
        if typed == "skip":
            raise Skip
        return typed

    # the end

    def summary(self):
        """Lines: what was done, what was undone, what is left."""
        sorted_out = {"done": [], "undone": [], "left": []}
        for instance in self.instances:
            state = self.state(instance)
            if state:
                sorted_out[state].append(instance.id)
        return [f"{word}: {', '.join(ids) or 'nothing'}" for word, ids in sorted_out.items()]

    def state(self, instance):
        """What has become of a step: "done", "undone", "left" (half done, or not undone), or ""
        when it was not begun. What has no way back of its own is undone with the others."""
        do, undo = (self.journal.mark(instance.id, way) for way in ("do", "undo"))
        if not do:
            return ""
        if self.journal.way == "do":
            return "done" if do == journal.DONE else "left"
        return "undone" if undo == journal.DONE or instance.step.undo is None else "left"
