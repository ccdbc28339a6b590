# SPDX-License-Identifier: Apache-2.0
"""Whether a node that was just upgraded does worse than the others. Pure: two looks at a cluster
are given."""

import math
from dataclasses import dataclass

from .world import node_of, serves

# A node is worse when more than this share of its requests failed, more than twice that of the
# others, and so many that it is no accident.
SHARE = 0.01
TIMES = 2
LEAST = 5
# Or when half of its answers take longer than this many times what half of the others' take, and
# longer than this, and that is no accident either: so many standard deviations more than elsewhere.
SLOWER = 2
SLOW_MS = 100
DEVIATIONS = 5
ANSWERS = 20        # of fewer a median says nothing


@dataclass(frozen=True)
class Comparison:
    worse: bool
    text: str


def worst(before, now, name):
    """The same over several balancers: before and now are the looks of each."""
    found = [compare(*looks, name) for looks in zip(before, now)]
    return max(found, key=lambda one: one.worse)


def compare(before, now, name):
    """What happened between two looks at the node of this name and at all others together."""
    node = node_of(now, name)
    if node is None or not serves(node):
        return Comparison(True, f"{name} is {node['effective'] if node else 'gone'}"
                                f"{' (' + node['why'] + ')' if node and node['why'] else ''}")
    others = [node["name"] for node in now["nodes"] if node["name"] != name]
    mine, rest = _sums(before, now, [name]), _sums(before, now, others)
    worse = (mine[1] >= LEAST and _share(mine) > SHARE and _share(mine) > TIMES * _share(rest))
    text = f"{name}: {_told(mine)}; the others: {_told(rest)}"
    own, other = _latency(before, now, [name]), _latency(before, now, others)
    if min(_answers(own), _answers(other)) >= ANSWERS:
        text += (f"; half of its requests within {_round(_median(own))} ms, "
                 f"of the others' {_round(_median(other))} ms")
        worse = worse or _is_slower(own, other)
    return Comparison(worse, text)


def _pairs(before, now, names):
    """The traffic of these nodes at both looks. Counters that fell began anew with httpd."""
    for name in names:
        old, new = node_of(before, name), node_of(now, name)
        if old and new and new["traffic"]["requests"] >= old["traffic"]["requests"]:
            yield old["traffic"], new["traffic"]


def _sums(before, now, names):
    """(requests, failed) of these nodes."""
    requests = failed = 0
    for old, new in _pairs(before, now, names):
        requests += new["requests"] - old["requests"]
        failed += _failed(new) - _failed(old)
    return requests, failed


def _failed(traffic):
    return traffic["answers"]["5xx"] + traffic["answers"]["none"]


def _share(sums):
    return sums[1] / sums[0] if sums[0] else 0


def _told(sums):
    return f"{sums[1]} of {sums[0]} requests failed"


# Latency: {milliseconds: how many answers of these nodes took less}, in order, infinity at last.

def _latency(before, now, names):
    less = {}
    for old, new in _pairs(before, now, names):
        for (edge, was), (_, count) in zip(old["latency"]["buckets"], new["latency"]["buckets"]):
            edge = math.inf if edge is None else edge
            less[edge] = less.get(edge, 0) + count - was
    return less


def _answers(less):
    return less.get(math.inf, 0)


def _median(less):
    """The first edge that half of the answers took less than."""
    return next(edge for edge, count in less.items() if 2 * count >= _answers(less))


def _is_slower(own, other):
    limit = max(SLOW_MS, SLOWER * _median(other))
    edge = next(edge for edge in own if edge >= limit)
    n, m = _answers(own), _answers(other)
    slow, elsewhere = n - own[edge], m - other[edge]
    share = (slow + elsewhere) / (n + m)        # if the nodes were alike
    deviation = math.sqrt(share * (1 - share) * (1 / n + 1 / m))
    return 2 * slow > n and slow / n - elsewhere / m > DEVIATIONS * deviation


def _round(ms):
    """With two digits, as more are not known."""
    return f"{float(f'{ms:.2g}'):g}"
