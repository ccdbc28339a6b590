# SPDX-License-Identifier: Apache-2.0
"""Two people with two directories on one cluster: one of them walks, the other is told who."""

import re
import signal
import subprocess
import sys

import pytest

from equipment import places
from equipment.cluster import Cluster, config
from equipment.proc import wait_for

pytestmark = pytest.mark.once


def program(plan, what):
    return [sys.executable, "-I", places.TOP / "tools/cfclusterctl", "upgrade", what,
            "--plan", plan]


def upgrade(plan, what, answers=""):
    """(exit code, what was said), with these answers, each once, in their order."""
    done = subprocess.run(program(plan, what), input="\n".join([*answers.split(), ""]),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=60, check=False)
    return done.returncode, done.stdout


class Person:
    """One who walks, from a directory of their own."""

    def __init__(self, directory, plan):
        self.plan, self.output, self.popen = plan, directory / f"{plan.stem}.said", None

    def begin(self, what):
        with open(self.output, "wb") as out:
            self.popen = subprocess.Popen(program(self.plan, what), stdin=subprocess.PIPE,
                                          stdout=out, stderr=out)
        return self

    def type(self, word):
        self.popen.stdin.write(word.encode() + b"\n")
        self.popen.stdin.flush()

    def wait_said(self, text):
        wait_for(lambda: text in self.output.read_text(), f"{text!r} is said", 60)

    def end(self):
        """Exit code and what was said."""
        code = self.popen.wait(60)
        self.popen.stdin.close()
        return code, self.output.read_text()


# Over the pretended site


@pytest.fixture
def anna(site, tmp_path):
    return Person(tmp_path, site.plan(tmp_path / "anna.ini"))


@pytest.fixture
def ben(site, tmp_path):
    plan = site.plan(tmp_path / "ben.ini")
    plan.write_text(plan.read_text().replace("/journal", "/bens"))
    return Person(tmp_path, plan)


def left(person, answers):
    """The person walks as far as these answers go, and leaves. Returns what was said."""
    code, said = upgrade(person.plan, "offline", answers)
    assert code == 9, said
    return said


def test_each_step_is_told_and_the_end(site, anna):
    code, said = upgrade(anna.plan, "offline", "go go go go")
    assert code == 0, said
    steps = [step for action, step in site.walks if action == "walk"]
    assert steps[0].startswith("offline, ") and steps[0].endswith(" steps")
    assert any(re.fullmatch(r"offline, step \d+ of \d+, [\w:-]+", step) for step in steps), steps
    assert site.walks[-1] == ("walk-end", None) and site.walk is None


def test_the_way_back_is_told(site, anna):
    left(anna, "go")
    assert site.walk["state"] == "left" and "testers:node1" in site.walk["text"]
    code, said = upgrade(anna.plan, "abort")
    assert code == 0, said
    assert any("offline, on the way back, " in (step or "") for _, step in site.walks)
    assert site.walk is None


def test_a_second_one_is_refused_with_who_walks_and_where(site, anna, ben):
    anna.begin("offline").type("go")
    anna.wait_said("Does everything work on node1?")
    wait_for(lambda: "testers:node1" in site.walk["text"], "the step is told")
    orders = list(site.orders)
    code, said = upgrade(ben.plan, "rolling", "go")
    assert code == 4 and "walks: offline, step" in said and "testers:node1" in said, said
    assert site.orders == orders
    assert upgrade(ben.plan, "status")[1].startswith("No walk is under way")
    for word in "go", "go", "go":
        anna.type(word)
    assert anna.end()[0] == 0
    assert upgrade(ben.plan, "rolling", "go")[0] == 9


def test_a_walk_that_was_left_is_given_up_by_a_person_only(site, anna, ben):
    left(anna, "go")
    code, said = upgrade(ben.plan, "rolling", "go leave")
    assert code == 4 and "has left: offline, step" in said, said
    assert upgrade(ben.plan, "rolling", "go")[0] == 4       # nobody there to answer
    assert site.walk["state"] == "left"
    code, said = upgrade(ben.plan, "packages", "go instead")
    assert code == 9, said
    code, said = upgrade(anna.plan, "resume", "leave")
    assert code == 4 and "has left: packages, " in said
    code, said = upgrade(anna.plan, "resume", "instead go go go")
    assert code == 0, said


def test_a_left_walk_whose_journal_is_lost_is_forgotten(site, anna, ben):
    left(anna, "go")
    told = dict(site.walk)
    code, said = upgrade(anna.plan, "forget")
    assert code == 4 and "Its journal is here: upgrade resume or upgrade abort ends it" in said
    site.walk = {**told, "state": "walked", "text": "anna walks"}
    code, said = upgrade(ben.plan, "forget")
    assert code == 4 and "anna walks. Only a walk that was left can be forgotten" in said
    site.walk = told
    code, said = upgrade(ben.plan, "forget")
    assert code == 0 and f"tells no more: {told['text']}" in said and site.walk is None
    assert upgrade(ben.plan, "forget") == (0, "Nothing is told of a walk of cluster confluence.\n")


def test_who_was_killed_is_followed_by_whoever_resumes(site, anna):
    anna.begin("offline").type("go")
    anna.wait_said("Does everything work on node1?")
    anna.popen.kill()
    anna.end()
    assert site.walk["state"] == "walked"
    code, said = upgrade(anna.plan, "resume", "go go go")
    assert code == 0 and site.walk is None, said


def test_whoever_is_overtaken_leaves_and_says_by_whom(site, anna):
    anna.begin("offline").type("go")
    anna.wait_said("Does everything work on node1?")
    site.walk = {"id": "bens", "state": "walked", "text": "ben@admin2 walks: rolling"}
    anna.type("go")                 # the next step is told, and refused
    code, said = anna.end()
    assert code == 4, said
    assert "Somebody else walks now. " in said and "ben@admin2 walks: rolling" in said
    assert said.rstrip().endswith("upgrade abort goes back.")
    assert site.walk["id"] == "bens"


# Without a process of its own


class Balancer:
    """Answers as told: a Trouble's code, or None for well."""

    def __init__(self, name, *codes):
        self.name, self.codes, self.orders = name, list(codes), []

    def status(self):
        return {"clusters": [{"name": "confluence", "walk": None}]}

    def order(self, _, action, **fields):
        from ctl import api

        code = self.codes.pop(0) if self.codes else None
        self.orders.append((action, fields.get("step"), fields.get("check")))
        if code:
            raise api.Trouble(code, f"{self.name} says {code}")


@pytest.fixture
def leases(monkeypatch):
    """leases(*balancers): a lease that is renewed all the time."""
    from ctl.upgrade import lease, world

    monkeypatch.setattr(lease, "RENEW_S", 0.01)
    made = []

    def make(*balancers):
        made.append(lease.Lease(world.World(balancers, "confluence", 1), "w1", "anna@admin1",
                                lambda: None))
        return made[-1]

    yield make
    for one in made:
        one.stop()


def taken(lease):
    said = []
    lease.take("begins", lambda _: False, said.append)
    return said


def test_a_lease_is_renewed_until_it_is_left(leases):
    one = Balancer("lb1")
    lease = leases(one)
    assert taken(lease) == []
    wait_for(lambda: one.orders.count(("walk", "begins", None)) > 5, "renewals")
    lease.at("the next step")
    wait_for(lambda: ("walk", "the next step", None) in one.orders, "the step is told")
    lease.leave()
    lease.leave()
    lease.end()
    assert one.orders[-1][0] == "walk-leave" and one.orders.count(one.orders[-1]) == 1


def test_a_balancer_that_does_not_answer_is_told_later(leases):
    from ctl import api

    one, two = Balancer("lb1"), Balancer("lb2", *[api.UNREACHABLE] * 5)
    lease = leases(one, two)
    assert taken(lease) == ["lb2 does not answer, and is told later that you walk"]
    wait_for(lambda: not two.codes and two.orders[-1][0] == "walk", "it is told")
    assert not lease.lost


def test_what_one_balancer_refuses_is_taken_from_none(leases):
    from ctl import api
    from ctl.upgrade import journal

    for codes, orders in ([api.REFUSED], []), ([None, api.REFUSED], ["walk", "walk-leave"]):
        one, two = Balancer("lb1"), Balancer("lb2", *codes)
        with pytest.raises(journal.JournalError, match="lb2 says"):
            taken(leases(one, two))
        assert [action for action, _, check in one.orders if not check] == orders


def test_a_refused_renewal_is_a_lost_lease_and_other_trouble_is_none(leases):
    from ctl import api

    one = Balancer("lb1", None, None, api.FAILED, api.NOT_AUTHORISED, None, api.REFUSED)
    lease = leases(one)
    taken(lease)
    wait_for(lambda: lease.lost, "it is lost")
    assert lease.lost == "lb1 says 3"
    wait_for(lambda: one.orders[-1][0] == "walk-leave", "it leaves")


# Over httpd


@pytest.fixture
def balancer(new_httpd, scripted):
    nodes = [scripted("node1"), scripted("node2")]
    return Cluster(new_httpd(config(nodes)), nodes).start()


def packages(cluster, directory, name):
    """A plan whose only work is what people confirm."""
    plan = directory / f"{name}.ini"
    plan.write_text(f"[upgrade]\ncluster = confluence\nbalancer = {cluster.httpd.url}/cluster\n"
                    f"directory = {directory}/{name}\nnodes = node1 node2\n")
    return Person(directory, plan)


def test_one_of_two_walks_and_the_status_says_who_and_where(balancer, tmp_path):
    first, second = (packages(balancer, tmp_path, name) for name in ("first", "second"))
    first.begin("packages").type("go")
    first.type("done")
    wait_for(lambda: (balancer.status()["walk"] or {}).get("step")
             == "packages, step 2 of 7, snapshot-root", "the step is shown", 60)
    code, said = upgrade(second.plan, "packages", "go")
    assert code == 4 and "walks an upgrade of cluster confluence since " in said
    assert "packages, step 2 of 7, snapshot-root" in said
    first.popen.send_signal(signal.SIGTERM)
    assert first.end()[0] == 9
    assert balancer.status()["walk"]["state"] == "left" and not balancer.status()["walk"]["silent"]
    first.begin("resume").type("done")
    wait_for(lambda: balancer.status()["walk"]["step"] == "packages, step 3 of 7, boot-snapshot",
             "it is resumed", 60)
    first.popen.kill()
    first.end()
    balancer.httpd.allow("AH00098")     # the pid file of the one that was killed
    balancer.httpd.kill9()
    balancer.httpd.start()
    assert balancer.status()["walk"]["state"] == "walked"
    code, said = upgrade(second.plan, "packages", "go")
    assert code == 4, said
    code, said = upgrade(first.plan, "resume", "done done go done done go done")
    assert code == 0, said
    assert balancer.status()["walk"] is None
