# SPDX-License-Identifier: Apache-2.0
"""Events: every change with who and why, everywhere where they can be read, and none lost."""

import json
import os
import pathlib
import re
import signal
import tempfile
import time

import pytest
import requests

from equipment import places
from equipment.events import Observer, Program
from equipment.proc import wait_for

pytestmark = pytest.mark.any_mpm


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


# The file


def test_every_event_is_one_line_of_the_file(observer):
    observer.order(node="node1", action="drain", reason='a "quoted"\nreason \u00e9')
    observer.wait_filed()
    assert observer.filed() == observer.events()
    assert observer.filed()[-1]["why"] == 'a "quoted" reason \u00e9'
    assert oct(observer.file.stat().st_mode & 0o777) == "0o640"


def test_the_file_may_be_renamed_and_removed_at_any_moment(observer):
    observer.wait_filed()
    old = observer.file.rename(observer.file.with_name("old"))
    observer.order(node="node1", action="drain", reason="renamed")
    seqs = [event["seq"] for event in observer.filed(old)] + observer.wait_filed()
    assert seqs == [event["seq"] for event in observer.events()]
    observer.file.unlink()
    observer.order(node="node1", action="activate", reason="removed")
    observer.wait_filed()
    assert [event["why"] for event in observer.filed()] == ["removed"]


def test_half_a_line_that_a_killed_writer_left_harms_no_other(observer):
    observer.wait_filed()
    with observer.file.open("a") as f:
        f.write('{"seq":')
    observer.order(node="node1", action="drain")
    wait_for(lambda: observer.file.read_text().endswith("}\n"), "the next line is there")
    assert observer.file.read_text().splitlines()[-2] == '{"seq":'


def test_no_event_is_lost_when_the_monitor_is_killed_again_and_again(observer):
    observer.httpd.allow("CFC0310")
    for number in range(3):
        observer.wait_filed()
        os.kill(wait_for(observer.httpd.monitor_pid, "there is a monitor"), signal.SIGKILL)
        observer.order(node="node1", action="drain", reason=f"round {number}")
        observer.order(node="node1", action="activate")
    # An event may be there twice, if its monitor was killed before it could note that it is.
    assert sorted(set(observer.wait_filed())) == [event["seq"] for event in observer.events()]


def test_reloads_and_a_stop_lose_no_event(observer):
    for number in range(3):
        observer.order(node="node1", action="drain", reason=f"round {number}")
        observer.httpd.graceful()
        observer.order(node="node1", action="activate")
    first = observer.events()[0]["seq"]
    observer.httpd.shut_down()
    filed = observer.filed()
    assert filed[-1]["after"] == "stopped"
    assert [event["seq"] for event in filed] == list(range(first, filed[-1]["seq"] + 1))


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone can take a directory from www-data")
def test_a_directory_that_cannot_be_written_in_is_told_and_made_up_for(observer):
    observer.httpd.allow("CFC0420")
    observer.wait_filed()
    old = observer.file.rename(observer.file.with_name("old"))
    os.chown(observer.httpd.state_dir, 0, 0)
    observer.order(action="recover", node="node1", reason="unwritten")
    failing = observer.find("events", after="failing")
    assert failing["severity"] == "warning" and "Permission denied" in failing["why"]
    stat = old.stat()
    os.chown(observer.httpd.state_dir, stat.st_uid, stat.st_gid)
    observer.find("events", after="written")
    observer.wait_filed()
    assert [event["seq"] for event in observer.filed(old) + observer.filed()] == [
        event["seq"] for event in observer.events()]


# CFNotify


@pytest.fixture
def notifying(new_httpd, scripted):
    def make(*lines):
        made = Observer(new_httpd, [scripted("node1"), scripted("node2")], "\n".join(lines))
        return made.start()
    return make


@pytest.fixture(scope="module")
def open_to_all():
    """A directory for httpd's user, too, for as long as any httpd lives: pytest's own is below one
    for root alone, and a run of somebody else would close that again."""
    with tempfile.TemporaryDirectory(prefix="cfc-events-") as name:
        os.chmod(name, 0o755)
        yield name


@pytest.fixture
def tmp_path(open_to_all):
    path = pathlib.Path(tempfile.mkdtemp(dir=open_to_all))
    path.chmod(0o755)
    return path


@pytest.fixture
def program(tmp_path):
    return lambda *args, **more: Program(tmp_path, *args, **more)


def test_a_program_is_told_every_event_in_order(notifying, program):
    told = program()
    observer = notifying(f"CFNotify {told.path} --to 'two words'")
    observer.order(node="node1", action="drain", reason="an update")
    wait_for(lambda: told.seqs()[-1:] == [observer.last()["seq"]], "the last one is told")
    assert told.told() == observer.events()
    kind, env = told.lines()[-1].split(" # ")[2:]
    assert " # --to two words # " in told.lines()[-1] and kind == "admin"
    for variable in ("CFC_WHY=an update", "CFC_NAME=node1", "CFC_BEFORE=active", "CFC_AFTER=drain",
                     "CFC_WHO=127.0.0.1", "CFC_EFFECTIVE=sticky-only", "PATH=/usr/local/sbin"):
        assert f";{variable}" in ";" + env
    assert "APACHE" not in env


def test_a_program_is_told_the_kinds_that_it_is_for(notifying, program):
    some = program()
    observer = notifying(f"CFNotify {some.path} events=maintenance,server")
    observer.order(node="node1", action="drain")
    observer.order(action="maintenance-on")
    wait_for(lambda: len(some.told()) == 2, "two events are told")
    assert [event["kind"] for event in some.told()] == ["server", "maintenance"]


def by_seq(events):
    """Two programs run at a time, so their order is not quite that of the events."""
    return sorted(events, key=lambda event: event["seq"])


def test_a_reload_tells_no_event_twice_and_none_too_few(notifying, program):
    told = program()
    observer = notifying(f"CFNotify {told.path}")
    observer.httpd.graceful()
    observer.order(node="node1", action="drain")
    wait_for(lambda: {*told.seqs()} >= {event["seq"] for event in observer.events()},
             "all are told")
    assert by_seq(told.told()) == by_seq(observer.events())
    observer.httpd.shut_down()
    wait_for(lambda: told.told()[-1]["after"] == "stopped", "the stop is told")


def test_a_line_that_is_new_is_not_told_the_past(notifying, program):
    observer = notifying()
    observer.order(node="node1", action="drain")
    told = program()
    observer.httpd.add(f"CFNotify {told.path}")
    observer.httpd.graceful()
    wait_for(told.told, "an event is told")
    assert told.told()[0]["after"] == "reloaded"


def test_a_program_that_fails_is_logged_once_until_it_works(notifying, program):
    told = program(then="exit 3")
    observer = notifying(f"CFNotify {told.path}")
    observer.httpd.allow("CFC0430")
    wait_for(lambda: len(told.told()) >= 2, "two events were told")
    assert "it ended with status 3" in observer.find("notify", after="failing")["why"]
    told.does("exit 0")
    observer.order(node="node1", action="drain")
    assert "failed for" in observer.find("notify", after="working")["why"]
    assert observer.httpd.error_log().count("CFC0430") == 1


def test_a_program_that_hangs_is_killed_with_all_that_it_started(notifying, program, tmp_path):
    pids = tmp_path / "pids"
    pids.touch()
    pids.chmod(0o666)
    told = program(then=f"sleep 600 & echo $! $$ >> {pids}; wait")
    observer = notifying(f"CFNotify {told.path} events=server timeout=1s")
    observer.httpd.allow("CFC0430")
    assert "it was not done within 1s and was killed" in observer.find("notify")["why"]
    for pid in pids.read_text().split():
        wait_for(lambda: not alive(int(pid)), f"process {pid} is gone")


def alive(pid):
    try:
        return open(f"/proc/{pid}/stat", encoding="ascii").read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_program_that_is_not_there_any_more_is_told_of(notifying, program):
    told = program()
    observer = notifying(f"CFNotify {told.path}")
    observer.httpd.allow("CFC0430")
    observer.wait(4)
    wait_for(lambda: told.seqs()[-1:] == [observer.last()["seq"]], "nothing is left to tell")
    told.path.unlink()
    observer.order(node="node1", action="drain")
    assert "it cannot be run: No such file or directory" in observer.find("notify")["why"]


def test_a_slow_program_holds_up_neither_probes_nor_other_programs(notifying, program, tmp_path):
    gate = tmp_path / "gate"
    slow = program("slow", then=f"while [ ! -e {gate} ]; do sleep 0.02; done")
    quick = program("quick")
    observer = notifying(f"CFNotify {slow.path} timeout=10m", f"CFNotify {quick.path}")
    wait_for(slow.told, "the slow one is at it")
    observer.order(node="node1", action="drain")
    wait_for(lambda: quick.seqs()[-1:] == [observer.last()["seq"]], "the quick one knows all")
    observer.nodes[0].close()
    observer.find("health", name="node1", after="down")
    wait_for(lambda: observer.status()["monitor"]["alive"], "the monitor shows itself")
    assert len(slow.told()) == 1
    gate.touch()


def test_a_flood_is_dropped_counted_and_the_newest_are_told(notifying, program, tmp_path):
    gate = tmp_path / "gate"
    told = program(then=f"while [ ! -e {gate} ]; do sleep 0.02; done")
    observer = notifying(f"CFNotify {told.path} timeout=10m")
    wait_for(told.told, "the first event was told")
    for _ in range(150):
        observer.order(node="node1", action="drain")
        observer.order(node="node1", action="activate")
    gate.touch()
    wait_for(lambda: told.seqs()[-1] >= observer.last()["seq"] - 1, "it has caught up", 240)
    dropped = observer.find("notify", after="dropped")
    told_of = [event for event in told.told() if event["kind"] != "notify"]
    count = int(re.search(r": (\d+) events came faster", dropped["why"]).group(1))
    all_events = observer.last()["seq"] - told.seqs()[0] + 1
    assert count > 40
    assert len(told_of) + count == all_events - 1       # the dropped one itself is told to nobody


def test_the_sample_mails_an_event(notifying, program, tmp_path):
    mail = tmp_path / "mail"
    mail.touch()
    mail.chmod(0o666)
    sendmail = tmp_path / "sendmail"
    sendmail.write_text(f"#!/bin/sh\n{{ echo \"args: $*\"; cat; }} >> {mail}\n")
    sample = tmp_path / "mail-event"
    sample.write_text((places.TOP / "tools/notify/mail-event").read_text().replace(
        "sendmail=/usr/sbin/sendmail", f"sendmail={sendmail}"))
    for file in sendmail, sample:
        file.chmod(0o755)
    observer = notifying(f"CFNotify {sample} anna@example.org bert@example.org events=admin")
    observer.order(node="node1", action="drain", reason="line\nBcc: everybody@example.org")
    text = wait_for(lambda: "}\n" in mail.read_text() and mail.read_text(), "a mail was sent")
    head, _, body = text.partition("\n\n")
    assert "args: -oi -t" in head and "To: anna@example.org, bert@example.org" in head
    assert "Subject: [notice] node1: active -> drain" in head and "Bcc" not in head
    assert "\nwhy        line Bcc: everybody@example.org\n" in body
    assert json.loads(body.splitlines()[-1])["name"] == "node1"


def test_the_sample_for_logrotate_needs_nothing_of_httpd():
    text = (places.TOP / "tools/logrotate/cfcluster").read_text()
    assert "events.jsonl {" in text and "copytruncate" not in text and "postrotate" not in text
