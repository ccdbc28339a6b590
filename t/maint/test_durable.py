# SPDX-License-Identifier: Apache-2.0
"""What httpd said is changed stays changed, and wholly: over a hundred reloads and twenty ends
without warning while people go on changing things, and with a disk that takes nothing."""

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

from equipment.cluster import Cluster, config
from equipment.proc import wait_for

pytestmark = pytest.mark.once


@pytest.fixture
def small(new_httpd, scripted):
    nodes = [scripted("node1"), scripted("node2")]
    return Cluster(new_httpd(config(nodes)), nodes)


class Writer(threading.Thread):
    """Changes one node again and again, each time in all that is kept of it, by a number that
    grows. What it was told of each change is remembered."""

    STATES = ["drain", "stop", "active"]

    def __init__(self, url, node):
        super().__init__(daemon=True)
        self.url, self.node = url, node
        self.sent = self.kept = 0       # the last number, and the last that was answered with 200
        self.wrong = []                 # answers that were none of "done" and httpd's own 5xx
        self._go_on = True

    def run(self):
        while self._go_on:
            self.sent += 1
            try:
                answer = requests.post(self.url, json=self.order(self.sent), timeout=10)
            except requests.RequestException:
                time.sleep(0.01)        # nobody is there; it may have been carried out or not
                continue
            if answer.status_code == 200:
                self.kept = self.sent
            elif answer.headers["Content-Type"] == "application/json":
                self.wrong.append(answer.text)

    def stop(self):
        self._go_on = False
        self.join(20)
        assert not self.is_alive()

    def order(self, number):
        state = self.STATES[number % 3]
        end = {"return": "restart"} if state != "active" else {}
        return {"cluster": "confluence", "node": self.node, "reason": f"change {number}",
                "action": "activate" if state == "active" else state, "force": True, **end}

    def check(self, admin, least):
        """One change is there as a whole, and none before the number `least`."""
        if admin["reason"] is None:     # nothing was changed yet
            assert least == 0 and admin["state"] == "active"
            return
        number = int(admin["reason"].split()[1])
        assert least <= number <= self.sent, f"{self.node}: {admin}"
        order = self.order(number)
        assert (admin["state"], admin["return"]) \
            == (self.STATES[number % 3], order.get("return", "ordered")), f"{self.node}: {admin}"


@contextlib.contextmanager
def writing(cluster):
    writers = [Writer(cluster.httpd.url + "/cluster", name) for name in cluster.nodes]
    for writer in writers:
        writer.start()
    try:
        yield writers
    finally:
        for writer in writers:
            writer.stop()
    assert [writer.wrong for writer in writers] == [[], []]


def check(cluster, writers):
    least = {writer.node: writer.kept for writer in writers}    # before it is looked
    for writer in writers:
        writer.check(cluster.node(writer.node)["admin"], least[writer.node])


def let_change(writers, count):
    before = [writer.kept for writer in writers]
    wait_for(lambda: all(writer.kept >= was + count for writer, was in zip(writers, before)),
             f"{count} changes each", every=0.002)


def test_a_hundred_reloads_lose_no_change(small):
    small.start()
    with writing(small) as writers:
        for _ in range(100):
            let_change(writers, 1)
            small.httpd.graceful()
            check(small, writers)
    assert all(writer.kept > 100 for writer in writers)
    check(small, writers)
    assert small.httpd.shut_down() == []
    small.httpd.start()
    check(small, writers)


def test_twenty_times_kill_9_lose_no_change(small):
    small.start()
    kept = {name: 0 for name in small.nodes}
    for _ in range(20):
        with writing(small) as writers:
            let_change(writers, 2)
            small.httpd.kill9()
        small.httpd.start()
        check(small, writers)
        assert not list(small.httpd.state_dir.glob("state.json.bad-*"))
        kept = {writer.node: kept[writer.node] + writer.kept for writer in writers}
    assert all(count > 40 for count in kept.values()), kept


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
    small.stop_node("node1", reason="third")
