# SPDX-License-Identifier: Apache-2.0
"""A strict reader of the text format of Prometheus, version 0.0.4: what that server would refuse
or complain of fails, and so does what its naming rules forbid."""

import re

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"'
_SAMPLE = re.compile(rf"({_NAME})(?:{{({_LABEL}(?:,{_LABEL})*)}})? (-?[0-9]+(?:\.[0-9]+)?)")


class Family:
    """All samples of one name."""

    def __init__(self, kind):
        self.kind = kind
        self._samples = {}

    def add(self, suffix, labels, value):
        assert suffix == "", f"only a histogram's samples have {suffix}"
        key = frozenset(labels.items())
        assert key not in self._samples, f"twice: {labels}"
        self._samples[key] = value

    def value(self, labels):
        return self._samples[frozenset(labels.items())]

    def labels(self):
        return [dict(key) for key in self._samples]

    def finish(self):
        """Called when all samples are there."""


class Histogram:
    """Buckets, their sum and how many are in them, of each set of labels."""

    def __init__(self):
        self.kind = "histogram"
        self._parts = {suffix: Family("counter") for suffix in ("_bucket", "_sum", "_count")}

    def add(self, suffix, labels, value):
        assert suffix in self._parts and ("le" in labels) == (suffix == "_bucket"), \
            f"{suffix} {labels}"
        self._parts[suffix].add("", labels, value)

    def value(self, part, labels):
        return self._parts["_" + part].value(labels)

    def labels(self):
        return self._parts["_count"].labels()

    def buckets(self, labels):
        """[(edge, how many took less)] in order."""
        return sorted((float(one["le"]), self.value("bucket", one))
                      for one in self._parts["_bucket"].labels()
                      if one == {**labels, "le": one["le"]})

    def finish(self):
        assert len(self.labels()) == len(self._parts["_sum"].labels())
        assert sum(len(self.buckets(labels)) for labels in self.labels()) \
            == len(self._parts["_bucket"].labels())
        for labels in self.labels():
            self.value("sum", labels)
            counts = [count for _, count in self.buckets(labels)]
            assert counts == sorted(counts), f"not cumulative: {labels}"
            assert self.buckets(labels)[-1] == (float("inf"), self.value("count", labels)), labels


def _family_of(name, families):
    """(the family that a sample is of, what its name has after that)"""
    base, _, part = name.rpartition("_")
    if name not in families and isinstance(families.get(base), Histogram):
        return base, "_" + part
    return name, ""


def read(text):
    """{name: Family or Histogram}"""
    assert text.endswith("\n")
    families, helped, current = {}, set(), None
    for line in text[:-1].split("\n"):
        if line.startswith("# HELP "):
            current = line.split(" ")[2]
            assert current not in helped and current not in families, f"not together: {line}"
            helped.add(current)
        elif line.startswith("# TYPE "):
            current, kind = line.split(" ")[2:]
            assert current not in families and re.fullmatch(_NAME, current), line
            assert kind in {"counter", "gauge", "histogram"}, line
            assert current.endswith("_total") == (kind == "counter"), line
            families[current] = Histogram() if kind == "histogram" else Family(kind)
        else:
            sample = _SAMPLE.fullmatch(line)
            assert sample, f"no sample: {line}"
            name, suffix = _family_of(sample[1], families)
            assert name == current and current in families, f"not with its type: {line}"
            labels = re.findall(_LABEL, sample[2] or "")
            assert len(dict(labels)) == len(labels), line
            families[current].add(suffix, dict(labels), float(sample[sample.lastindex]))
    assert helped <= set(families)
    for family in families.values():
        family.finish()
    return families
