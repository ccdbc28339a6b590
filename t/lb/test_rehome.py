# SPDX-License-Identifier: Apache-2.0
"""Users who leave a draining node when they open a page after a pause (CFSticky rehome=)."""

import time
from datetime import datetime

import pytest

from equipment.client import spread
from equipment.cluster import ONE_PROBE
from equipment.proc import wait_for

pytestmark = pytest.mark.any_mpm

PAGE = {"Accept": "text/html,*/*;q=0.8"}
SCRIPT = {"Accept": "text/html", "X-Requested-With": "XMLHttpRequest"}
TELLS = "CFTell on"


@pytest.fixture
def drained(new_cluster):
    """make(pause) -> cluster, a user of node1, which drains"""
    def make(pause):
        cluster = new_cluster(TELLS + f"\nCFSticky cookie=CFROUTE rehome={pause}",
                              probe=ONE_PROBE).start()
        user = next(user for user in iter(cluster.new_user, None) if user.node == "node1")
        cluster.drain("node1")
        return cluster, user

    return make


def why(answer):
    return answer.headers["X-CFCluster"]


def pause(cluster):
    """Do nothing until node1 has drained for longer than a second."""
    since = datetime.fromisoformat(cluster.node("node1")["drain"]["since"]).timestamp()
    wait_for(lambda: time.time() - since > 2, "the pause is over")


def test_a_page_after_a_pause_moves_its_user(drained):
    cluster, user = drained("1s")
    pause(cluster)
    assert why(user.get("/page", headers=PAGE)) == "node2; rehomed"
    assert why(user.get("/page", headers=PAGE)) == "node2; sticky"
    assert cluster.node("node1")["drain"]["moved"] == 1
    assert "." not in user.cookies["CFROUTE"]


def test_whoever_works_stays(drained):
    cluster, user = drained("1h")
    before = user.cookies["CFROUTE"]
    assert spread(user.get("/page", headers=PAGE) for _ in range(5)) == "node1: 5"
    token, _, moment = user.cookies["CFROUTE"].partition(".")
    assert token == before and abs(int(moment, 16) - time.time()) < 60
    assert cluster.node("node1")["drain"]["moved"] == 0


@pytest.mark.parametrize("method, headers", [("GET", SCRIPT), ("GET", {}), ("POST", PAGE)],
                         ids=["a script", "a program", "a form"])
def test_only_a_page_moves_its_user(drained, method, headers):
    cluster, user = drained("1s")
    cookie = user.cookies["CFROUTE"]
    pause(cluster)
    for _ in range(3):
        assert why(user.request(method, "/page", headers=headers)) == "node1; sticky"
    at_work = user.cookies["CFROUTE"] != cookie
    assert at_work == (method == "POST")


def test_a_user_stays_when_nobody_else_serves(drained):
    cluster, user = drained("1s")
    cluster.drain("node2", force="1")
    pause(cluster)
    assert why(user.get("/page", headers=PAGE)) == "node1; sticky"


def test_without_the_option_nobody_is_moved_and_cookies_say_nothing(new_cluster):
    cluster = new_cluster(TELLS, probe=ONE_PROBE).start()
    user = next(user for user in iter(cluster.new_user, None) if user.node == "node1")
    cluster.drain("node1")
    pause(cluster)
    assert why(user.get("/page", headers=PAGE)) == "node1; sticky"
    assert "." not in user.cookies["CFROUTE"]
