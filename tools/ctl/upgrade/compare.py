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
    own, rest = _pairs(before, now, [name]), _pairs(before, now, others)
    own_sums, rest_sums = _sums(own), _sums(rest)
    worse = (own_sums[1] >= LEAST and _share(own_sums) > SHARE
             and _share(own_sums) > TIMES * _share(rest_sums))
    text = f"{name}: {_told(own_sums)}; the others: {_told(rest_sums)}"
    own_less, rest_less = _latency(own), _latency(rest)
    if min(_answers(own_less), _answers(rest_less)) >= ANSWERS:
        text += (f"; half of its requests within {_round(_median(own_less))} ms, "
                 f"of the others' {_round(_median(rest_less))} ms")
        worse = worse or _is_slower(own_less, rest_less)
    return Comparison(worse, text)


def _pairs(before, now, names):
    """[the traffic of one of these nodes at both looks]. Counters that fell began anew with
    httpd."""
    found = [(node_of(before, name), node_of(now, name)) for name in names]
    return [(old["traffic"], new["traffic"]) for old, new in found
            if old and new and new["traffic"]["requests"] >= old["traffic"]["requests"]]


def _sums(pairs):
    """(requests, failed) of these nodes."""
    requests = failed = 0
    for old, new in pairs:
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

def _latency(pairs):
    less = {}
    for old, new in pairs:
        for (edge, was), (_, count) in zip(old["latency"]["buckets"], new["latency"]["buckets"]):
            edge = math.inf if edge is None else edge
            less[edge] = less.get(edge, 0) + count - was
    return less


def _answers(less):
    return less.get(math.inf, 0)


def _median(less):
    """The first edge that half of the answers took less than."""
    return next(edge for edge, count in less.items() if 2 * count >= _answers(less))


def _is_slower(own, rest):
    limit = max(SLOW_MS, SLOWER * _median(rest))
    edge = next(edge for edge in own if edge >= limit)
    n, m = _answers(own), _answers(rest)
    slow, elsewhere = n - own[edge], m - rest[edge]
    share = (slow + elsewhere) / (n + m)        # if the nodes were alike
    deviation = math.sqrt(share * (1 - share) * (1 / n + 1 / m))
    return 2 * slow > n and slow / n - elsewhere / m > DEVIATIONS * deviation


def _round(ms):
    """With two digits, as more are not known."""
    return f"{float(f'{ms:.2g}'):g}"
