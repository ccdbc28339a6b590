# SPDX-License-Identifier: Apache-2.0
"""A walk over the pretended site without a process and a terminal of its own: answers are given
beforehand, and it can be struck down at any line that it says. t/upgrade/conftest.py makes it."""

from ctl import api
from ctl.upgrade import journal, lease, plan, steps, talk, walker, world


class Killed(BaseException):
    """What kill -9 is to a process: nothing is done any more."""


class Talk(talk.Talk):
    """Answers from a list, then leaves, or as a function of the prompt says; says to a list."""

    def __init__(self, kept, answers, killed_by):
        super().__init__(kept)
        self.answers = answers if callable(answers) else list(answers)
        self.said, self._killed_by = [], killed_by

    def _print(self, line):
        self.said.append(line)
        if self._killed_by(line):
            raise Killed

    def read(self, prompt):
        if self.signals:
            raise talk.Leave
        if callable(self.answers):
            return self.answers(prompt)
        if not self.answers:
            raise talk.Leave
        return self.answers.pop(0)


def obliging(prompt):
    """Says yes to everything."""
    return next(word for word in ("done", "agreed", "go") if word in prompt)


class _Client:
    def __init__(self, site, name="pretended"):
        self.name = name
        self.status = site.status
        self.events = site.happened
        self._site = site

    def gate(self, _, gate, patience):
        return dict(zip(("verdict", "evidence", "advice"), self._site.gate(gate)))

    def order(self, _, action, **fields):
        answer = self._site.order({"action": action, **fields})
        if answer["result"] != "done":
            code = api.REFUSED if answer["result"] == "refused" else api.USAGE
            raise api.Trouble(code, answer["text"], answer)
        return answer


class Walk:
    """run() walks from where the site's journal is, or from the begin."""

    def __init__(self, site, procedure, answers=(), killed_by=lambda line: False, abort=None,
                 other=None):
        """abort: keep_closed, or None to walk on. other: a second balancer, a site too."""
        self.plan = plan.read(site.directory / "plan.ini")
        self.plan.seconds.update(settle=0.1, drained=0.1, start=0.1, observe=0.1)
        self.journal = journal.Journal(self.plan.directory)
        self.journal.lock("a test")
        self.journal.load()
        self.talk = Talk(self.journal, answers, killed_by)
        if not self.journal.records:
            self.journal.write(walk="begun", id="a-test", procedure=procedure, who="a test",
                               plan=self.plan.text, steps=[
                                   one.id for one in steps.instances(procedure, self.plan)])
        clients = [_Client(site), *([_Client(other, "second")] if other else [])]
        balancers = world.World(clients, self.plan.cluster, self.plan.serving)
        self.lease = lease.Lease(balancers, "a-test", "a test", lambda: None)
        self.walker = walker.Walker(self.plan, self.journal, balancers, self.talk, "a test",
                                    self.lease)
        self._abort = abort

    def run(self):
        """"done", "undone", "left" or "killed"."""
        try:
            self.lease.take("taken up", lambda _: False, self.talk.say)
            if self._abort is not None and (self.journal.way == "do" or self._abort):
                self.walker.abort(self._abort)
            return self.walker.run()
        except talk.Leave:
            return "left"
        except Killed:
            return "killed"
        finally:
            self.lease.stop()
            self.journal.unlock()

    @property
    def text(self):
        return "\n".join(self.talk.said)

