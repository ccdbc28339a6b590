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

    def add(self, labels, value):
        key = frozenset(labels.items())
        assert key not in self._samples, f"twice: {labels}"
        self._samples[key] = value

    def value(self, labels):
        return self._samples[frozenset(labels.items())]

    def labels(self):
        return [dict(key) for key in self._samples]


def read(text):
    """{name: Family}"""
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
            assert kind in {"counter", "gauge"}, line
            assert current.endswith("_total") == (kind == "counter"), line
            families[current] = Family(kind)
        else:
            sample = _SAMPLE.fullmatch(line)
            assert sample, f"no sample: {line}"
            assert sample[1] == current and current in families, f"not with its type: {line}"
            labels = re.findall(_LABEL, sample[2] or "")
            assert len(dict(labels)) == len(labels), line
            families[current].add(dict(labels), float(sample[sample.lastindex]))
    assert helped <= set(families)
    return families
