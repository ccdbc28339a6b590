# SPDX-License-Identifier: Apache-2.0
"""Planned outages of databases and directories: acknowledged, they are no alarm."""

import re

import pytest
import requests

from equipment import ports
from equipment.proc import wait_for
from equipment.watcher import FAST

pytestmark = pytest.mark.once       # threads of the monitor, which is the same in every MPM


@pytest.fixture
def watcher(watch):
    """A directory that nobody serves: an alarm."""
    made = watch(f"CFDirectory ad ldap://127.0.0.1:{ports.free()} {FAST}").start()
    made.wait("ad", "alarm", "connecting failed")
    assert made.status()["level"] == "degraded"
    return made


def order(watcher, action, **fields):
    answer = requests.post(watcher.httpd.url + "/cluster", timeout=10, json={
        "cluster": "confluence", "dependency": "ad", "action": action, **fields})
    return answer.status_code, answer.json()


def acknowledged(watcher):
    return watcher.found("ad")["acknowledged"]


def test_an_acknowledged_outage_is_shown_and_no_alarm_until_it_is_taken_back(watcher):
    code, answer = order(watcher, "ack", until="4h", reason="update")
    assert (code, answer["result"]) == (200, "done")
    assert "may fail until 20" in answer["text"]
    known = acknowledged(watcher)
    assert (known["who"], known["reason"]) == ("127.0.0.1", "update")
    assert known["until"] > known["since"]
    assert (watcher.status()["level"], watcher.cluster()["warnings"]) == ("ok", [])
    assert watcher.state("ad")[0] == "alarm"
    code, answer = order(watcher, "unack")
    assert (code, answer["result"]) == (200, "done")
    assert "; now it is at alarm: connecting failed" in answer["text"]
    assert acknowledged(watcher) is None
    assert watcher.status()["level"] == "degraded"


def test_an_acknowledgement_ends_by_itself_and_the_log_says_so(watcher):
    order(watcher, "ack", until="1s", reason="update")
    wait_for(lambda: watcher.status()["level"] == "degraded", "it is an alarm again")
    wait_for(lambda: re.search(r"CFC0401: cluster confluence, dependency ad: acknowledged -> "
                               r"watched by cfcluster: acknowledgement of 127.0.0.1: its time is "
                               r"over; update", watcher.httpd.error_log()), "the log says so")


def test_an_acknowledgement_is_kept_over_a_restart(watcher):
    order(watcher, "ack", until="4h", reason="update")
    until = acknowledged(watcher)["until"]
    watcher.httpd.stop()
    watcher.start()
    watcher.wait("ad", "alarm", "connecting failed")
    assert acknowledged(watcher)["until"] == until
    assert watcher.status()["level"] == "ok"


def test_the_form_of_the_page_acknowledges(watcher):
    page = requests.get(watcher.httpd.url + "/cluster", timeout=10, params={
        "ask": "ack", "cluster": "confluence", "dependency": "ad"}).text
    token = re.search(r'name="csrf" value="([^"]+)"', page).group(1)
    assert "Acknowledge ad" in page
    done = requests.post(watcher.httpd.url + "/cluster", timeout=10, data={
        "csrf": token, "cluster": "confluence", "dependency": "ad", "action": "ack", "until": "4h",
        "reason": "<b>"})
    assert "may fail until" in done.text
    assert "acknowledged by <bdi>127.0.0.1</bdi> until" in done.text
    assert "<bdi>&lt;b&gt;</bdi>" in done.text
