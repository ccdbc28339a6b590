# SPDX-License-Identifier: Apache-2.0
"""Big uploads and downloads pass through: httpd's children grow by buffers, not by bodies."""

import subprocess
import threading
from pathlib import Path

import pytest

from equipment.client import User
from equipment.proc import wait_for

# Neither who accepts nor how many children there are changes what one request keeps. Sanitizers
# keep all memory that was ever freed.
pytestmark = pytest.mark.once

UPLOAD, DOWNLOAD = 100 << 20, 1 << 30

# What may be kept to be sent again (256 KiB), HTTP/2's windows, buffers, and malloc's own ways.
GROWTH_KB = 12 << 10


def resident_kb(pid):
    """Memory of its own that a process has; what children share with the parent does not count."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:         # it has ended
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_"))


class Watch:
    """with Watch(httpd) as watch: ...; then watch.growth_kb, the most that any child grew by."""

    def __init__(self, httpd):
        self._httpd = httpd
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.growth_kb = 0

    def __enter__(self):
        self._before = {pid: resident_kb(pid) for pid in self._httpd.children()}
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def _look(self):
        while not self._over.wait(0.02):
            for pid, before in self._before.items():
                self.growth_kb = max(self.growth_kb, resident_kb(pid) - before)


@pytest.fixture(scope="module")
def httpd(kept_cluster):
    """Used a little already, so that what every first request takes does not count."""
    cluster = kept_cluster(outside="Protocols h2c http/1.1\nStartServers 1\n"
                                   "MinSpareThreads 1").start()
    wait_for(lambda: len(cluster.httpd.children()) == 1, "one child")
    for _ in range(40):
        User(cluster.httpd.url).post("/upload", data=b"x" * 300_000)
        curl(cluster.httpd, "/download?bytes=1000000", "--http2-prior-knowledge")
    return cluster.httpd


@pytest.fixture(scope="module")
def body(tmp_path_factory):
    path = tmp_path_factory.mktemp("big") / "body"
    with path.open("wb") as f:
        f.truncate(UPLOAD)
    return path


def curl(httpd, target, *options):
    """(status, bytes that the node got, bytes that came from it)"""
    done = subprocess.run(
        ["curl", "-s", "--max-time", "300", "-o", "/dev/null", "-H", "Expect:",
         "-w", "%{http_code} 0%header{x-test-bytes} %{size_download}", *map(str, options),
         httpd.url + target], stdout=subprocess.PIPE, text=True, check=True)
    return tuple(map(int, done.stdout.split()))


WAYS = [
    # label,               options of curl
    ("HTTP/1.1",           []),
    ("HTTP/1.1, chunked",  ["-H", "Transfer-Encoding: chunked"]),
    ("HTTP/2",             ["--http2-prior-knowledge"]),
]


@pytest.mark.parametrize("method", ["PUT", "POST"])
@pytest.mark.parametrize("options", [way[1] for way in WAYS], ids=[way[0] for way in WAYS])
def test_an_upload_of_100_mb_passes_in_constant_memory(httpd, body, method, options):
    with Watch(httpd) as watch:
        status, up, _ = curl(httpd, "/upload", "-X", method, "-T", body, *options)
    assert (status, up) == (200, UPLOAD)
    assert watch.growth_kb < GROWTH_KB


@pytest.mark.parametrize("options", [WAYS[0][1], WAYS[2][1]], ids=[WAYS[0][0], WAYS[2][0]])
def test_a_download_of_1_gb_passes_in_constant_memory(httpd, options):
    with Watch(httpd) as watch:
        status, _, down = curl(httpd, f"/download?bytes={DOWNLOAD}", *options)
    assert (status, down) == (200, DOWNLOAD)
    assert watch.growth_kb < GROWTH_KB


@pytest.mark.parametrize("options", [WAYS[0][1], WAYS[2][1]], ids=[WAYS[0][0], WAYS[2][0]])
def test_a_slow_client_has_httpd_keep_no_more_of_its_download(httpd, options):
    with Watch(httpd) as watch:
        status, _, down = curl(httpd, f"/download?bytes={UPLOAD}", "--limit-rate", "50M", *options)
    assert (status, down) == (200, UPLOAD)
    assert watch.growth_kb < GROWTH_KB
