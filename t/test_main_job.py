# SPDX-License-Identifier: Apache-2.0
"""The main job, end to end, on one cluster: what an administrator is promised, as one would try
it out. What it measures is printed, and kept in the report as properties."""

import threading
import time

from equipment.client import Load, User, spread
from equipment.proc import wait_for

# mod_proxy's words for a node that has gone: cannot connect, hung up, cannot send.
GONE = r"AH00957|AH01114|AH01102|AH00898|AH01084|AH01097"


def test_fifty_users_keep_their_session_and_node_through_a_thousand_requests(cluster):
    load = Load(cluster.httpd.port, users=50, total=1000).run()
    assert (len(load.hits), load.errors(), load.strays()) == (1000, [], {})
    first = [nodes[0] for nodes in load.nodes().values()]
    assert set(first) == {"node1", "node2"}
    sessions = sum(node.counters()["sessions"] for node in cluster.nodes.values())
    assert sessions == 50


def test_a_killed_node_costs_no_user_an_error_and_comes_back(cluster, nodes):
    cluster.httpd.allow(GONE)
    users = [cluster.new_user() for _ in range(50)]
    there = [user for user in users if user.node == "node1"]
    assert 0 < len(there) < 50
    nodes[0].kill()
    assert spread(user.get("/page") for user in users) == "node2: 50"
    cluster.wait_effective("node1", "out")
    assert spread(cluster.new_user().last for _ in range(20)) == "node2: 20"

    nodes[0].start().wait_ready()
    cluster.wait_effective("node1", "serving")
    assert spread(user.get("/page") for user in users) == "node2: 50"
    wait_for(lambda: cluster.new_user().node == "node1", "somebody new comes to node1")


def test_a_node_killed_under_load_costs_no_get_that_it_had_not_begun_to_answer(cluster, nodes):
    cluster.httpd.allow(GONE)
    with Load(cluster.httpd.port, users=20) as load:
        wait_for(lambda: len(load.hits) > 200, "users are at work")
        nodes[0].kill()
        cluster.wait_effective("node1", "out")
        answered = len(load.hits)
        wait_for(lambda: len(load.hits) > answered + 200, "they go on")
    assert load.errors() == []
    assert [nodes[-1] for nodes in load.nodes().values()] == ["node2"] * 20
    assert max(map(len, load.nodes().values())) == 2        # moved once, not to and fro


def test_a_drained_node_keeps_its_users_and_gets_no_new_ones(cluster):
    users = [cluster.new_user() for _ in range(40)]
    there = [user for user in users if user.node == "node1"]
    assert there
    cluster.drain("node1", reason="upgrade")
    assert spread(user.get("/page") for user in there) == f"node1: {len(there)}"
    assert spread(cluster.new_user().last for _ in range(40)) == "node2: 40"
    cluster.activate("node1")
    wait_for(lambda: cluster.new_user().node == "node1", "somebody new comes to node1")


PIDS = 'LogFormat "%P %>s" pids\nCustomLog logs/pids.log pids'


class Watch:
    """Users who never stop asking; knows when each began to ask and what he got. They come over
    new connections, so that every child of httpd takes part."""

    def __init__(self, url, count=8):
        self.url = url
        self.seen = []      # (asked at, status)
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=self._ask, daemon=True) for _ in range(count)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join()

    def _ask(self):
        while not self.ended.is_set():
            at = time.monotonic()
            status = User(self.url).get("/page", headers={"Connection": "close"}).status_code
            self.seen.append((at, status))

    def late(self, since, status):
        """How long after `since` somebody began a request and did not get this, in ms."""
        wrong = [at - since for at, got in list(self.seen) if at > since and got != status]
        return max(wrong, default=0) * 1000

    def more(self, count):
        goal = len(self.seen) + count
        wait_for(lambda: len(self.seen) > goal, f"{count} more answers", 30)


def test_maintenance_begins_and_ends_for_everybody_at_once(new_cluster, record_property):
    cluster = new_cluster(outside=PIDS).start()
    late = {}
    with Watch(cluster.httpd.url) as watch:
        for status, change in ((503, cluster.close), (200, cluster.open)) * 3:
            watch.more(50)
            asked = time.monotonic()
            change()
            changed = time.monotonic()
            watch.more(50)
            late.setdefault(f"{status}: order carried out in ms", []).append(
                (changed - asked) * 1000)
            late.setdefault(f"{status}: last wrong answer after that in ms", []).append(
                watch.late(changed, status))
    for what, values in late.items():
        print(what, [round(value, 1) for value in values])
        record_property(what, max(values))
    assert max(late["503: last wrong answer after that in ms"]) < 100
    assert max(late["200: last wrong answer after that in ms"]) < 100
    assert len(answered_both_ways(cluster)) >= 2    # so it was more than one child's knowledge


def answered_both_ways(cluster):
    """The children that gave both kinds of answers."""
    lines = (cluster.httpd.root / "logs/pids.log").read_text().split("\n")[:-1]
    seen = {status: {int(line.split()[0]) for line in lines if line.endswith(status)}
            for status in ("200", "503")}
    return seen["200"] & seen["503"]


def test_a_maintenance_shows_browsers_a_page_and_programs_json(cluster):
    cluster.close("Back at noon", until="30m")
    user = cluster.user()
    page = user.get("/page", headers={"Accept": "text/html"})
    data = user.get("/rest/api/content", headers={"Accept": "application/json"})
    for answer, kind in (page, "text/html"), (data, "application/json"):
        assert answer.status_code == 503
        assert answer.headers["Content-Type"].startswith(kind)
        assert answer.headers["Cache-Control"] == "no-store"
        assert 0 < int(answer.headers["Retry-After"]) <= 1800
        assert "Back at noon" in answer.text


def test_a_tester_passes_a_maintenance(new_cluster):
    cluster = new_cluster(inside="CFTesters 127.0.0.1").start()
    cluster.close()
    assert cluster.new_user().node in ("node1", "node2")


def test_graceful_restarts_under_load_lose_no_request_and_no_state(cluster):
    cluster.drain("node1", reason="kept")
    with Load(cluster.httpd.port, users=20) as load:
        for _ in range(5):
            answered = len(load.hits)
            wait_for(lambda: len(load.hits) > answered + 100, "users are at work")
            cluster.httpd.graceful()
    assert (load.errors(), load.strays()) == ([], {})
    assert {nodes[0] for nodes in load.nodes().values()} == {"node2"}
    admin = cluster.node("node1")["admin"]
    assert (admin["state"], admin["reason"]) == ("drain", "kept")
    print(f"{len(load.hits)} requests over 5 graceful restarts, {load.resent()} asked again")

