# SPDX-License-Identifier: Apache-2.0
"""Hosts whose names cannot be looked up, because no server of names answers."""

import subprocess
import time

import pytest

from equipment import places
from equipment.proc import wait_for
from equipment.watcher import HASTY

pytestmark = pytest.mark.once       # threads of the monitor, which is the same in every MPM

HOST = "hangs.example.org"


@pytest.fixture
def slow_names(tmp_path):
    """A library; preloaded, it never finds HOST."""
    library = tmp_path / "slow_names.so"
    subprocess.run(["gcc", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC",
                    "-o", library, places.HERE / "slow_names.c", "-ldl"], check=True)
    return library


def test_a_look_up_that_hangs_delays_nobody_and_is_said(watch, unchanged, slow_names,
                                                        heartbeat):
    watcher = watch(
        f"CFNode node2 http://{HOST}:8090",
        f"CFDatabase lost mysql://{HOST} {HASTY}",
        f"CFDirectory ad ldap://{HOST} {HASTY}",
        f"CFDatabase master mysql://127.0.0.1:{unchanged[0].port} option-file={{file}} "
        "interval=1s timeout=30s")
    watcher.httpd.environment["LD_PRELOAD"] = str(slow_names)
    begun = time.monotonic()
    watcher.start()
    monitor = watcher.httpd.monitor_pid()
    for name in "lost", "ad":
        watcher.wait(name, "alarm", "^no answer within 1000 ms, while connecting, and its thread "
                                    "hangs since [0-9]+ s$")

    def node(number):
        return watcher.cluster()["nodes"][number]

    wait_for(lambda: node(1)["health"]["state"] == "down", "node2 is down")
    assert node(1)["probe"]["reason"].startswith("no connection within ")
    looks, probes = set(), set()

    def all_goes_on():
        looks.add(watcher.found("master")["at"])
        probes.add(node(0)["probe"]["at"])
        return len(looks) > 3 and len(probes) > 10

    wait_for(all_goes_on, "the others are probed and looked at", 30)
    assert watcher.state("master")[0] == "ok"
    assert node(0)["health"]["state"] == "up"
    assert watcher.httpd.monitor_pid() == monitor
    if heartbeat.lost(begun, time.monotonic()) < 2:     # else the machine stood still
        assert "CFC0305" not in watcher.httpd.error_log()   # its loop waited for none of them
