# SPDX-License-Identifier: Apache-2.0
"""Events: every change with who and why, everywhere where they can be read, and none lost."""

import os
import signal
import time

import pytest
import requests

from equipment.events import Observer
from equipment.proc import wait_for


@pytest.fixture
def observer(new_httpd, scripted):
    return Observer(new_httpd, [scripted("node1"), scripted("node2")]).start()


def only(event, *names):
    return tuple(event[name] for name in names)


# What is an event


def test_the_beginning_of_httpd_and_of_the_monitor_are_the_first_events(observer):
    first, second = observer.wait(2)[:2]
    assert only(first, "kind", "about", "before", "after", "severity", "code") == (
        "server", "server", None, "started", "info", "CFC0002")
    assert only(second, "kind", "after", "code") == ("monitor", "alive", "CFC0302")


def test_a_change_is_told_with_who_and_why(observer):
    observer.order(node="node1", action="drain", reason="an update")
    event = observer.find("admin")
    assert only(event, "about", "cluster", "name", "before", "after", "effective") == (
        "node", "confluence", "node1", "active", "drain", "sticky-only")
    assert only(event, "who", "address", "why") == ("127.0.0.1", "127.0.0.1", "an update")
    assert f"{event['code']}: cluster confluence, node node1: active -> drain by 127.0.0.1: " \
        "an update" in observer.httpd.error_log()


def test_how_a_change_ends_and_that_it_was_forced_is_part_of_why(observer):
    observer.order(node="node1", action="drain", reason="an update", **{"return": "restart"})
    assert observer.find("admin")["why"] == "an update, return restart"
    observer.order(node="node2", action="drain", force="1")
    assert observer.find("admin", name="node2")["why"] == "(forced)"


def test_what_happens_by_itself_is_told_as_cfclusters(observer):
    observer.order(node="node1", action="drain", reason="an update", until="1s")
    event = observer.find("admin", after="active")
    assert only(event, "who", "address") == ("cfcluster", "cfcluster")
    assert event["why"] == "drain of 127.0.0.1: its time is over; an update"


def test_a_maintenance_is_told_at_its_beginning_and_end(observer):
    observer.order(action="maintenance-on", message="We are updating.")
    observer.order(action="maintenance-off")
    begun, ended = (observer.find("maintenance", after=after) for after in ("maintenance", "open"))
    assert only(begun, "about", "name", "before", "why") == (
        "cluster", None, "open", "We are updating.")
    assert only(ended, "before", "who") == ("maintenance", "127.0.0.1")


def test_an_order_that_nobody_may_have_meant_is_told_as_refused(observer):
    answer = requests.post(observer.url, data={"cluster": "confluence", "node": "node1",
                                               "action": "stop"}, timeout=10)
    assert answer.status_code == 403
    event = observer.find("refused")
    assert only(event, "severity", "who") == ("warning", "127.0.0.1")
    assert "csrf is missing" in event["why"]


def test_an_order_that_cannot_be_saved_is_told_as_trouble_of_the_store(observer):
    observer.httpd.allow("CFC0402")
    observer.httpd.state_dir.rename(observer.httpd.root / "away")
    observer.order(507, node="node1", action="drain")
    event = observer.find("store")
    assert only(event, "severity", "cluster", "name", "after", "who") == (
        "error", "confluence", "node1", "drain", "127.0.0.1")
    assert "cannot" in event["why"]
    (observer.httpd.root / "away").rename(observer.httpd.state_dir)


def test_a_nodes_end_and_return_are_told_with_their_cause(observer):
    observer.nodes[0].close()
    down = observer.find("health", name="node1", after="down")
    assert only(down, "severity", "before", "effective", "why") == (
        "warning", "failing", "out", "connection refused")
    observer.order(node="node1", action="recover", reason="it is back")
    assert only(observer.find("admin"), "after", "why") == ("recover", "it is back")


def test_a_killed_monitor_is_told_as_lost_and_back(observer):
    observer.httpd.allow("CFC0310")
    observer.wait(2)
    os.kill(observer.httpd.monitor_pid(), signal.SIGKILL)
    lost = observer.find("monitor", after="lost")
    assert only(lost, "severity", "before", "why") == ("warning", "alive", "it has died")
    wait_for(lambda: observer.last()["after"] == "alive", "the next monitor is told of")


def test_a_machine_that_stood_still_is_told_of_when_it_goes_on(observer):
    observer.wait(2)
    monitor = observer.httpd.monitor_pid()
    others = [pid for pid in observer.httpd.processes() if pid != monitor]
    for pid in [*others, monitor]:      # the children would kill a monitor that hangs alone
        os.kill(pid, signal.SIGSTOP)
    silent_at = time.monotonic() + 3.5
    wait_for(lambda: time.monotonic() > silent_at, "more than three seconds are over")
    for pid in [monitor, *others]:
        os.kill(pid, signal.SIGCONT)
    event = observer.find("monitor", before="silent")
    assert only(event, "severity", "after", "code") == ("warning", "alive", "CFC0305")


# Where they can be read


def test_events_are_kept_over_a_reload_and_count_on(observer):
    observer.order(node="node1", action="drain", reason="before")
    before = observer.events()
    observer.httpd.graceful()
    observer.find("server", after="reloaded")
    after = observer.events()
    assert after[:len(before)] == before
    assert [event["seq"] for event in after] == list(range(before[0]["seq"],
                                                           before[0]["seq"] + len(after)))


def test_numbers_grow_over_a_restart(observer):
    last = observer.wait(2)[-1]["seq"]
    observer.httpd.shut_down()
    observer.start()
    assert observer.wait(2)[0]["seq"] > last
    assert observer.events(last) == observer.events()


def test_a_script_reads_on_where_it_was(observer):
    last = observer.read(0)["last"]
    observer.order(node="node1", action="drain", reason="new")
    answer = observer.read(last)
    assert "new" in [event["why"] for event in answer["events"]]
    assert answer["lost"] == 0
    assert observer.read(answer["last"])["events"] == []
    assert requests.get(observer.url, params={"events_since": "x"}, timeout=10).status_code == 400


def test_the_ring_keeps_256_and_tells_what_is_lost(observer):
    since = observer.wait(2)[-1]["seq"]
    for _ in range(150):
        observer.order(node="node1", action="drain")
        observer.order(node="node1", action="activate")
    answer = observer.read(since)
    assert len(answer["events"]) == 256
    assert answer["lost"] == answer["last"] - since - 256 >= 44


def test_the_status_and_the_page_show_the_last_twenty(observer):
    for number in range(21):
        observer.order(action="recover", node="node1", reason=f"<b>number {number}</b>")
    shown = [event["why"] for event in observer.status()["events"] if event["kind"] == "admin"]
    assert shown[-1] == "<b>number 20</b>" and len(observer.status()["events"]) == 20
    page = requests.get(observer.url, headers={"Accept": "text/html"}, timeout=10).text
    assert "&lt;b&gt;number 20&lt;/b&gt;" in page and "<b>number" not in page
    assert page.index("number 20") < page.index("number 19")
