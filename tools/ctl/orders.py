# SPDX-License-Identifier: Apache-2.0
"""One order for one or several balancers: first all are asked whether they would, then all are
told. When one of them fails nevertheless, it is said who has done what, and the rest is left
alone: everything may be ordered again, what is so already stays."""

import time
from typing import NamedTuple

from .api import PARTLY, UNREACHABLE, USAGE, Balancer, Trouble


class Target(NamedTuple):
    """A cluster on a balancer, and the generation of what was seen there."""
    balancer: Balancer
    cluster: str
    generation: int
    status: dict            # of the cluster


class Outcome(NamedTuple):
    """What one balancer has made of it. code is 0 or one of api's."""
    balancer: Balancer
    code: int
    text: str
    answer: dict

    def as_json(self):
        return {"name": self.balancer.name, "url": self.balancer.url, "code": self.code,
                **self.answer, "text": self.text}


def _cluster(balancer, status):
    """The cluster that is meant; if nobody said, the only one."""
    clusters = {cluster["name"]: cluster for cluster in status["clusters"]}
    if balancer.cluster is None and len(clusters) == 1:
        return next(iter(clusters.values()))
    if balancer.cluster in clusters:
        return clusters[balancer.cluster]
    what = "say which cluster with --cluster" if balancer.cluster is None else \
        f"there is no cluster {balancer.cluster}"
    raise Trouble(USAGE, f"{balancer.name}: {what}; known: {', '.join(clusters)}")


def _check_name(target, noun, name):
    """That there is such a thing, before anything is done anywhere."""
    known = [one["name"] for one in target.status[noun]]
    if name is not None and name not in known:
        raise Trouble(USAGE, f"{target.balancer.name}: cluster {target.cluster} has no {name}; "
                             f"known: {', '.join(known) or 'none'}")


def look(balancers, node=None, dependency=None):
    """The targets. Trouble unless all of them can be reached and know what is meant."""
    targets = []
    for balancer in balancers:
        status = balancer.status()
        cluster = _cluster(balancer, status)
        target = Target(balancer, cluster["name"], status["generation"], cluster)
        _check_name(target, "nodes", node)
        _check_name(target, "dependencies", dependency)
        targets.append(target)
    return targets


def _one(target, action, fields):
    try:
        answer = target.balancer.order(target.cluster, action, **fields)
        return Outcome(target.balancer, 0, answer["text"], answer)
    except Trouble as e:
        text = str(e)
        if e.code == UNREACHABLE:
            text += "; whether it was done is not known: look, or repeat it"
        return Outcome(target.balancer, e.code, text, e.answer)


def carry_out(targets, action, **fields):
    """The outcomes, in the order of the targets, as far as it came."""
    if len(targets) == 1:
        return [_one(targets[0], action, fields)]
    for target in targets:
        target.balancer.order(target.cluster, action, check=True, generation=target.generation,
                              **fields)
    outcomes = []
    for target in targets:
        outcomes.append(_one(target, action, {**fields, "generation": target.generation}))
        if outcomes[-1].code:
            break
    left = [Outcome(target.balancer, 0, f"{target.balancer.name}: was not told", {"result": None})
            for target in targets[len(outcomes):]]
    return outcomes + left


def exit_code(outcomes):
    """0: all is done. PARTLY: only on some. Else why it is not."""
    bad = [outcome.code for outcome in outcomes if outcome.code]
    done = any(outcome.answer.get("result") in ("done", "unchanged") for outcome in outcomes)
    if not bad:
        return 0
    return PARTLY if done else bad[0]


def wait(targets, node, what, seconds, tell):
    """Wait on all balancers until a node is drained, up or out there, together no longer than
    this."""
    end = time.monotonic() + seconds
    outcomes = []
    for target in targets:
        try:
            text = target.balancer.wait(target.cluster, node, what,
                                        max(0, end - time.monotonic()), tell)
            outcomes.append(Outcome(target.balancer, 0, text, {"result": "reached"}))
        except Trouble as e:
            outcomes.append(Outcome(target.balancer, e.code, str(e), e.answer))
    return outcomes
