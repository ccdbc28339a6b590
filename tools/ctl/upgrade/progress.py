# SPDX-License-Identifier: Apache-2.0
"""How far a walk is, and what is before it, by its journal. Changes nothing."""

from . import journal, steps


class Progress:
    def __init__(self, kept, plan):
        """kept: a journal of a walk that was begun."""
        self._journal = kept
        self.procedure = kept.records[0]["procedure"]
        self.instances = steps.instances(self.procedure, plan)

    def to_do(self):
        """The steps that are not done."""
        return [one for one in self.instances if self._journal.mark(one.id, "do") != journal.DONE]

    def to_undo(self):
        """(step, why it stays as it is or "") of each that the way back comes to, in its order."""
        for instance in reversed(self.instances):
            if self._journal.mark(instance.id, "undo") in (journal.DONE, journal.LEFT):
                continue
            if self._journal.mark(instance.id, "do") and instance.step.undo is not None:
                yield instance, self._stays(instance)

    def _stays(self, instance):
        if instance.step.public and self._journal.last("keep_closed"):
            return "users are to stay outside"
        finished = self._journal.mark(instance.id, "do") == journal.DONE
        if not finished and not instance.step.undo_unfinished:
            return "it was not finished, so nothing depends on it; remove what is left of it"
        return ""

    def no_way_back(self):
        """Why there is none any more; "" if there is."""
        for instance in self.instances:
            if instance.step.final and self._journal.mark(instance.id, "do"):
                return (f"{instance.id} has begun, and behind it there is no way back; upgrade "
                        "resume goes on")
        return ""

    def state(self, instance):
        """What has become of a step: "done", "undone", "left" (half done, or not undone), or ""
        when it was not begun."""
        do, undo = (self._journal.mark(instance.id, way) for way in ("do", "undo"))
        if not do:
            return ""
        if self._journal.way == "do":
            return "done" if do == journal.DONE else "left"
        if instance.step.undo is None:
            return "undone" if self._undone_elsewhere(instance) else "left"
        return "undone" if undo == journal.DONE else "left"

    def _undone_elsewhere(self, instance):
        """Whether it changes nothing, or all that it has changed was put back by another step."""
        by = [one for one in self.instances if one.step.id == instance.step.undone_by
              and instance.subject in ("", one.subject)]
        return (instance.step.undone_by == steps.NOTHING
                or bool(by) and all(self.state(one) == "undone" for one in by))

    def summary(self):
        """Lines: what was done, what was undone, what is left."""
        sorted_out = {"done": [], "undone": [], "left": []}
        for instance in self.instances:
            state = self.state(instance)
            if state:
                sorted_out[state].append(instance.id)
        return [f"{word}: {', '.join(ids) or 'nothing'}" for word, ids in sorted_out.items()]
