# SPDX-License-Identifier: Apache-2.0
"""Whether a node that was just upgraded does worse than the others. Pure: two looks at a cluster
are given."""

from dataclasses import dataclass

from .world import node_of, serves

# A node is worse when more than this share of its requests failed, more than twice that of the
# others, and so many that it is no accident.
SHARE = 0.01
TIMES = 2
LEAST = 5
# Or when its median latency is more than this many times that of the others, and above this.
SLOWER = 2
SLOW_MS = 100
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
    own_ms, rest_ms = _median(now, [name]), _median(now, others)
    if own_ms is not None and rest_ms is not None:
        text += f"; half of its requests within {own_ms:g} ms, of the others' {rest_ms:g} ms"
        worse = worse or own_ms > SLOW_MS and own_ms > SLOWER * rest_ms
    return Comparison(worse, text)


def _sums(before, now, names):
    """(requests, failed) of these nodes. Counters that fell began anew with httpd."""
    requests = failed = 0
    for name in names:
        old, new = (_counters(node_of(cluster, name)) for cluster in (before, now))
        if old is None or new is None or new[0] < old[0]:
            continue
        requests += new[0] - old[0]
        failed += new[1] - old[1]
    return requests, failed


def _counters(node):
    if node is None:
        return None
    traffic = node["traffic"]
    return traffic["requests"], traffic["answers"]["5xx"] + traffic["answers"]["none"]


def _share(sums):
    return sums[1] / sums[0] if sums[0] else 0


def _told(sums):
    return f"{sums[1]} of {sums[0]} requests failed"


def _median(cluster, names):
    """The largest of the nodes' medians; None when there were too few answers."""
    latencies = [node_of(cluster, name)["traffic"]["latency"] for name in names]
    found = [one["p50_ms"] for one in latencies if one["answers"] >= ANSWERS]
    return max(found) if found else None
