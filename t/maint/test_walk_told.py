# SPDX-License-Identifier: Apache-2.0
"""The upgrade that somebody walks, as the balancers keep and show it. Who tells them is
t/upgrade/test_lease.py's."""

import re

import pytest
import requests

from equipment import schema
from equipment.cluster import Cluster, config
from equipment.httpd import kill_and_start, stop_and_start
from equipment.proc import wait_for

pytestmark = pytest.mark.once

STEP = "offline, step 5 of 22, stop-node:node1"


@pytest.fixture
def small(new_httpd, scripted):
    nodes = [scripted("node1"), scripted("node2")]
    reader = '<Location "/look">\nSetHandler cfcluster-status\n<LimitExcept POST>\n' \
             "Require all granted\n</LimitExcept>\n<Limit POST>\nRequire all denied\n</Limit>\n" \
             "</Location>\n"
    return Cluster(new_httpd(config(nodes, outside=reader)), nodes).start()


def walk(cluster, walk="w1", walker="anna@admin1", step=STEP, until="2m", **more):
    return cluster.change(action="walk", walk=walk, walker=walker, step=step, until=until, **more)


def whole(cluster):
    status = requests.get(cluster.httpd.url + "/cluster?format=json", timeout=10).json()
    schema.check(status)
    return status


def told(cluster):
    """(before, after, severity) of each event of a walk."""
    found = requests.get(cluster.httpd.url + "/cluster?events_since=0", timeout=10).json()
    schema.check(found, "events")
    return [(ev["before"], ev["after"], ev["severity"]) for ev in found["events"]
            if ev["kind"] == "walk"]


@pytest.mark.parametrize("again", [lambda httpd: httpd.graceful(), stop_and_start, kill_and_start],
                         ids=["reload", "restart", "kill -9"])
def test_who_walks_is_kept_and_refuses_others(small, again):
    assert walk(small).status_code == 200
    before = whole(small)["clusters"][0]["walk"]
    again(small.httpd)
    after = whole(small)["clusters"][0]["walk"]
    assert (after["state"], after["walker"], after["step"], after["since"]) \
        == ("walked", "anna@admin1", STEP, before["since"])
    other = walk(small, "w2", "ben@admin2")
    assert other.status_code == 409 and other.json()["result"] == "refused"
    assert "anna@admin1 walks an upgrade of cluster confluence" in other.json()["text"]
    assert STEP in other.json()["text"]
    assert walk(small).status_code == 200


@pytest.mark.parametrize("path", ["/cluster", "/look"])
def test_the_page_shows_it_above_the_nodes(small, path):
    def section():
        page = requests.get(small.httpd.url + path, headers={"Accept": "text/html"}, timeout=10)
        return re.search(r'<div id="c0-walk" data-live>(.*?)</div>\n.*node1', page.text,
                         re.S).group(1)

    assert section() == ""
    walk(small)
    assert f"An upgrade is under way by anna@admin1 since {small.status()['walk']['since']}: " \
           f"{STEP}" in section()
    small.change(action="walk-leave", walk="w1")
    assert f"was left by anna@admin1 at {small.status()['walk']['left_at']}: {STEP}" in section()
    small.change(action="walk-end", walk="w1")
    assert section() == ""


def test_each_step_is_an_event_and_a_renewal_is_none(small):
    walk(small, step="offline, 22 steps")
    walk(small)
    generation = whole(small)["generation"]
    for _ in range(5):
        assert walk(small).json()["generation"] == generation == 2
    small.change(action="walk-leave", walk="w1")
    walk(small, walker="ben@admin2")
    small.change(action="walk-end", walk="w1")
    assert told(small) == [("none", "walked", "notice"), ("walked", "walked", "notice"),
                           ("walked", "left", "notice"), ("left", "walked", "notice"),
                           ("walked", "none", "notice")]


def test_a_walker_that_is_not_heard_of_has_left(small):
    walk(small, until="500ms")
    wait_for(lambda: told(small)[-1] == ("walked", "left", "warning"), "its lease is over")
    found = small.status()["walk"]
    assert found["state"] == "left" and found["silent"] and "without a word: " in found["text"]
    assert small.status()["level"] == "ok"
    assert walk(small, "w2", "ben@admin2").status_code == 409
    assert walk(small, "w2", "ben@admin2", instead="w1").status_code == 200
    assert small.status()["walk"]["walker"] == "ben@admin2"
    assert walk(small).status_code == 409
