# SPDX-License-Identifier: Apache-2.0
"""What httpd said is changed stays changed, and wholly: over a hundred reloads and twenty ends
without warning while people go on changing things, and with a disk that takes nothing."""

import collections
import contextlib
import errno
import os
import resource
import shutil
import subprocess
import threading
import time

import pytest
import requests

from equipment import ports
from equipment.cluster import Cluster, config
from equipment.proc import wait_for

pytestmark = pytest.mark.once

# What is answered when others have held the file's lock for five seconds: nothing was acknowledged.
LOCK_WAS_HELD = "another change has held"


@pytest.fixture
def small(new_httpd, scripted):
    nodes = [scripted("node1"), scripted("node2")]
    return Cluster(new_httpd(config(nodes)), nodes)


@pytest.fixture
def with_all(new_httpd, scripted):
    """As small, and with a database, so that all is there that can be kept."""
    nodes = [scripted("node1"), scripted("node2")]
    database = f"CFDatabase replica mysql://127.0.0.1:{ports.free()} interval=1s"
    return Cluster(new_httpd(config(nodes, database)), nodes)


class Writer(threading.Thread):
    """Changes one thing again and again, each time in all that is kept of it, by a number that
    grows. What it was told of each change is remembered. An even number is the ordinary case."""

    def __init__(self, url):
        super().__init__(daemon=True)
        self.url = url
        self.sent = self.kept = 0       # the last number, and the last that was answered with 200
        self.wrong = []                 # answers that were none of "done" and httpd's own 5xx
        self._go_on = True

    def run(self):
        while self._go_on:
            self.sent += 1
            try:
                answer = requests.post(self.url, timeout=10,
                                       json={"cluster": "confluence", **self.order(self.sent)})
            except requests.RequestException:
                time.sleep(0.01)        # nobody is there; it may have been carried out or not
                continue
            if answer.status_code == 200:
                self.kept = self.sent
            elif answer.headers["Content-Type"] == "application/json" \
                    and LOCK_WAS_HELD not in answer.text:
                self.wrong.append(answer.text)

    def stop(self):
        self._go_on = False
        self.join(20)
        assert not self.is_alive()

    def number(self, text, least):
        """Of a text that one of the orders has put there."""
        number = int(text.split()[1])
        assert least <= number <= self.sent, f"{self}: {text}"
        return number

    def under_way(self, number, least):
        """Whether this one may just be put into shared memory: its text goes first. It was not
        acknowledged yet."""
        return self.is_alive() and number > least

    def ordinary(self, least):
        """The ordinary case is there, so an even number was the last."""
        assert any(number % 2 == 0 for number in range(least, self.sent + 1)), f"{self}: {least}"


class NodeWriter(Writer):
    STATES = ["drain", "stop", "active"]

    def __init__(self, url, node):
        super().__init__(url)
        self.node = node

    def order(self, number):
        state = self.STATES[number % 3]
        end = {"return": "restart"} if state != "active" else {}
        return {"node": self.node, "reason": f"change {number}",
                "action": "activate" if state == "active" else state, "force": True, **end}

    def check(self, status, least):
        """One change is there as a whole, and none before the number `least`."""
        admin = next(node for node in status["nodes"] if node["name"] == self.node)["admin"]
        if admin["reason"] is None:     # nothing was changed yet
            assert least == 0 and admin["state"] == "active"
            return
        number = self.number(admin["reason"], least)
        assert admin["return"] == self.order(number).get("return", "ordered"), admin
        assert admin["state"] == self.STATES[number % 3] or self.under_way(number, least), admin


class MaintenanceWriter(Writer):
    """Of the whole cluster, or of a path of it."""

    def __init__(self, url, path="/"):
        super().__init__(url)
        self.path = path

    def order(self, number):
        if number % 2 == 0:
            return {"action": "maintenance-off", "path": self.path}
        return {"action": "maintenance-on", "path": self.path, "message": f"change {number}",
                "until": "2h", "end": "by-itself"}

    def check(self, status, least):
        parts = {"/": status, **{part["path"]: part for part in status["parts"]}}
        found = parts.get(self.path, {"state": "open"})
        if found["state"] == "open":
            self.ordinary(least)
        elif found["message"] is None:
            assert self.under_way(self.sent, least), found
        else:
            assert self.number(found["message"], least) % 2 == 1, found
            assert (found["state"], found["end"]) == ("maintenance", "by-itself") and found["until"]


class AcknowledgementWriter(Writer):
    def order(self, number):
        order = {"action": "ack", "until": "2h"} if number % 2 else {"action": "unack"}
        return {**order, "dependency": "replica", "reason": f"change {number}"}

    def check(self, status, least):
        found = status["dependencies"][0]["acknowledged"]
        if found is None:
            self.ordinary(least)
            return
        number = self.number(found["reason"], least)
        assert number % 2 == 1 and found["until"] or self.under_way(number, least), found


class LinkWriter(Writer):
    """An odd number makes a link, an even one revokes all there are."""

    def order(self, number):
        if number % 2 == 0:
            return {"action": "tester-revoke", "tester": "all"}
        return {"action": "tester-link", "node": "node1", "until": "2h",
                "reason": f"change {number}"}

    def check(self, status, least):
        numbers = [int(tester["reason"].split()[1]) for tester in status["testers"]]
        assert all(number <= self.sent and number % 2 == 1 for number in numbers), numbers
        if least % 2 == 0:
            assert all(number > least for number in numbers), f"{numbers}: revoked by {least}"
        else:
            assert least in numbers or self.sent > least, f"{numbers}: {least} was made"


@contextlib.contextmanager
def writing(cluster):
    url = cluster.httpd.url + "/cluster"
    writers = [*(NodeWriter(url, name) for name in cluster.nodes), MaintenanceWriter(url),
               MaintenanceWriter(url, "/synchrony"), AcknowledgementWriter(url), LinkWriter(url)]
    for writer in writers:
        writer.start()
    try:
        yield writers
    finally:
        for writer in writers:
            writer.stop()
    assert [writer.wrong for writer in writers] == [[]] * len(writers)


def check(cluster, writers):
    least = {writer: writer.kept for writer in writers}     # before it is looked
    status = cluster.status()
    for writer in writers:
        writer.check(status, least[writer])


def let_change(writers, count):
    before = [writer.kept for writer in writers]
    wait_for(lambda: all(writer.kept >= was + count for writer, was in zip(writers, before)),
             f"{count} changes each", 60, every=0.002)


def test_a_hundred_reloads_lose_no_change(with_all):
    with_all.httpd.allow("CFC0402")     # the lock was held
    with_all.start()
    with writing(with_all) as writers:
        for _ in range(100):
            let_change(writers, 1)
            with_all.httpd.graceful()
            check(with_all, writers)
    assert all(writer.kept >= 100 for writer in writers)
    check(with_all, writers)
    assert with_all.httpd.shut_down() == []
    with_all.httpd.start()
    check(with_all, writers)


def test_twenty_times_kill_9_lose_no_change(with_all):
    with_all.httpd.allow("CFC0402")     # the lock was held
    with_all.start()
    kept = collections.Counter()
    generation = 0
    for _ in range(20):
        with writing(with_all) as writers:
            let_change(writers, 2)
            with_all.httpd.kill9()
        with_all.httpd.start()
        check(with_all, writers)
        assert not list(with_all.httpd.state_dir.glob("state.json.bad-*"))
        generation, before = number_of_changes(with_all), generation
        assert generation > before
        kept.update({str(number): writer.kept for number, writer in enumerate(writers)})
        clean(with_all)
    assert len(kept) == 6 and all(count >= 40 for count in kept.values()), kept


def number_of_changes(cluster):
    return requests.get(cluster.httpd.url + "/cluster?format=json", timeout=10).json()["generation"]


def clean(cluster):
    """The next writers begin with nothing."""
    cluster.open()
    for fields in {"action": "maintenance-off", "path": "/synchrony"}, \
            {"action": "unack", "dependency": "replica"}, \
            {"action": "tester-revoke", "tester": "all"}, {"action": "activate", "node": "node1"}, \
            {"action": "activate", "node": "node2"}:
        assert cluster.change(**fields).status_code == 200, fields


# A disk that takes nothing


def mounted(directory):
    """A file system of 64 KiB in this place. @return whether we may do that"""
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(directory)],
                          capture_output=True, check=False)
    return done.returncode == 0


def fill(path):
    with contextlib.suppress(OSError), open(path, "wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)


@contextlib.contextmanager
def own_disk(cluster):
    """Yields how its disk is filled, how it is emptied, and the error in between: a file system of
    its own where we may mount one, else a limit to the size of files."""
    directory = cluster.httpd.state_dir
    if os.geteuid() != 0 or not mounted(directory):
        yield (lambda: limit(cluster.httpd.children(), 0),
               lambda: limit(cluster.httpd.children(), resource.RLIM_INFINITY), errno.EFBIG)
        return
    shutil.chown(directory, "www-data", "www-data")
    try:
        yield (lambda: fill(directory / "filler"), (directory / "filler").unlink, errno.ENOSPC)
    finally:
        cluster.httpd.shut_down()
        subprocess.run(["umount", str(directory)], check=True)


def limit(children, size):
    for child in children:
        try:
            resource.prlimit(child, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
        except PermissionError:
            pytest.skip("we may neither mount a file system nor limit processes of other users")


def test_a_full_disk_takes_no_change_and_leaves_the_last(small):
    small.httpd.allow("CFC0402|CFC0420")
    with own_disk(small) as (full, free, code):
        small.start()
        small.drain("node1", reason="first")
        full()
        answer = small.change(node="node1", action="stop", reason="second")
        assert (answer.status_code, answer.json()["result"]) == (507, "failed")
        assert os.strerror(code) in answer.json()["text"]
        assert answer.json()["text"].startswith("Nothing was changed")
        assert small.node("node1")["admin"]["reason"] == "first"
        small.httpd.kill9()
        small.httpd.start()
        assert small.node("node1")["admin"]["reason"] == "first"
        small.wait_effective("node1", "sticky-only")
        free()
        small.wait_serving("node2")
        small.stop_node("node1", reason="third")
        assert small.node("node1")["admin"]["reason"] == "third"


def test_a_directory_that_nobody_may_write_in_takes_no_change(small):
    """The lock and the old file are there, so it is the new one that cannot be made."""
    small.httpd.allow("CFC0402|CFC0410|CFC0420")
    small.start()
    small.drain("node1", reason="first")
    small.httpd.state_dir.chmod(0o550)
    answer = small.change(node="node1", action="stop", reason="second")
    assert answer.status_code == 507 and "Permission denied" in answer.json()["text"]
    assert small.httpd.shut_down() == []
    small.httpd.start()
    told = small.node("node1")["admin"]
    assert (told["state"], told["reason"]) == ("drain", "first")
    small.httpd.state_dir.chmod(0o750)
    small.wait_serving("node2")
    small.stop_node("node1", reason="third")
