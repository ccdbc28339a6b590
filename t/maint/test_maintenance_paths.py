# SPDX-License-Identifier: Apache-2.0
"""Paths of a cluster that are in maintenance by themselves."""

import pytest

from equipment.client import raw
from equipment.proc import wait_for
from equipment.tunnel import Watched

pytestmark = pytest.mark.any_mpm


@pytest.fixture(scope="module")
def kept(kept_cluster):
    return kept_cluster(inside="CFTimeout tunnel-end=1s").start()


@pytest.fixture
def cluster(kept):
    yield kept
    for part in kept.status()["parts"]:
        kept.change(action="maintenance-off", path=part["path"])


def status_of(cluster, target):
    """Of a target as it is, which no client of ours may tidy up."""
    return raw(cluster.httpd.port, b"GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
               % target.encode()).status


def test_a_closed_path_is_closed_however_it_is_spelled_and_nothing_else(cluster):
    cluster.close("Editing is off", path="/synchrony")
    for target in ("/synchrony", "/synchrony/", "/synchrony/v1/x?y", "/SYNCHRONY", "//synchrony/x",
                   "/x/../synchrony/a", "/%73ynchrony", "/synchrony;a=b/c", "/s/1/_/synchrony/x",
                   "/./synchrony"):
        assert status_of(cluster, target) == 503, target
    for target in ("/page", "/synchronyx", "/x/synchrony?synchrony"):
        assert status_of(cluster, target) != 503, target
    assert raw(cluster.httpd.port, b"GET /synchrony HTTP/1.1\r\nHost: localhost\r\n"
               b"Connection: close\r\nAccept: text/html\r\n\r\n").body.count(b"Editing is off") == 1
    cluster.change(action="maintenance-off", path="/synchrony")
    assert status_of(cluster, "/synchrony/x") != 503


def test_closed_paths_are_in_the_status_and_outlive_a_restart(cluster):
    cluster.close("Editing is off", path="/Synchrony/", until="2h")
    cluster.close(path="/plugins/x", **{"from": "1h"})
    cluster.httpd.restart()
    wait_for(lambda: cluster.status()["serving"] == 2, "both nodes serve")
    editing, plugin = cluster.status()["parts"]
    assert (editing["path"], editing["state"], editing["message"], editing["who"]) == \
        ("/synchrony", "maintenance", "Editing is off", "127.0.0.1")
    assert editing["until"] is not None
    assert (plugin["path"], plugin["state"]) == ("/plugins/x", "scheduled")
    assert cluster.status()["state"] == "open"
    assert "/synchrony is in maintenance" in cluster.status()["text"]
    assert status_of(cluster, "/synchrony") == 503
    assert status_of(cluster, "/plugins/x") != 503


def test_open_tunnels_of_a_closed_path_are_ended(cluster):
    tunnel = Watched(cluster.httpd.url)
    cluster.close(path="/elsewhere")
    cluster.close(path="/synchrony")
    wait_for(lambda: tunnel.closed_at is not None, "the tunnel has ended")


@pytest.mark.once
def test_a_path_is_closed_and_opened_on_the_status_page(cluster, new_page):
    page = new_page(width=400)
    page.open(cluster.httpd.url + "/cluster")
    page.click("#c0-maintenance-on")
    page.wait("document.querySelector('dialog').open", "the order is asked")
    page.click("#order-path")
    page.type("/Synchrony")
    page.loading(lambda: page.click("#order-do"))
    assert [part["path"] for part in cluster.status()["parts"]] == ["/synchrony"]
    assert "/synchrony" in page.text("#c0-maintenance")
    page.click("#c0p0-maintenance-off")
    page.wait("document.querySelector('dialog').open", "the order is asked")
    assert page.text("#order h2") == "End maintenance of /synchrony"
    page.loading(lambda: page.click("#order-do"))
    assert cluster.status()["parts"] == []
    assert page.complaints == []
