# SPDX-License-Identifier: Apache-2.0
"""Users are told that the database is why they get no page: CFDatabase outage-page=on."""

import pytest

from equipment.client import raw_get, spread
from equipment.cluster import Cluster, config
from equipment.mariadb import USER, add_users, option_file
from equipment.proc import wait_for
from equipment.watcher import FAST

# The database is looked at by the monitor, and what a node answers is replaced as in a retry.
pytestmark = pytest.mark.once

TEXT = "cannot reach its database"
TOLD, NOT_TOLD = "503: 1", "node1: 1"


@pytest.fixture(scope="module")
def place(pair, kept_httpd, kept_scripted):
    """(cluster, node1, node2, database), the database with outage-page=on."""
    nodes = [kept_scripted(name) for name in ("node1", "node2")]
    httpd = kept_httpd()
    file = option_file(httpd.root / "db.cnf")
    database, pair.changed = pair.servers[0], True
    if not database.alive():
        database.start()
    httpd.add(config(nodes, f"CFDatabase master mysql://127.0.0.1:{database.port} {FAST} "
                            f"option-file={file} outage-page=on"))
    yield Cluster(httpd, nodes).start(), *nodes, database
    if database.frozen:
        database.thaw()


@pytest.fixture
def broken(place):
    """Both nodes fail every request with 500, and nothing is held against them."""
    cluster, *nodes, _ = place
    for node in nodes:
        node.script = "broken"
        cluster.change(node=node.name, action="recover")
    cluster.wait_serving("node1", "node2")
    return place


@pytest.fixture
def silent(broken):
    """And the database says nothing."""
    cluster, *_, database = broken
    if not database.frozen:
        database.freeze()
    wait_state(cluster, "alarm", "no answer within")
    return broken


@pytest.fixture
def answering(broken):
    """And the database is well."""
    cluster, *_, database = broken
    if database.frozen:
        database.thaw()
    if not database.alive():
        database.start()
    database.sql(add_users())
    wait_state(cluster, "ok")
    return broken


def wait_state(cluster, state, reason=""):
    def there():
        found = cluster.status()["dependencies"][0]
        return found["state"] == state and reason in found["reason"]
    wait_for(there, f"the database is {state} {reason}", 40)


def ask(cluster, node="node1", method="GET", **headers):
    """A browser with a session of that node opens a page."""
    return cluster.user().request(method, "/page", headers={
        "Cookie": f"JSESSIONID=ABC.{node}", "Accept": "text/html", **headers})


def told(cluster, node="node1"):
    """Who answers it, as spread() says it."""
    answer = ask(cluster, node)
    assert (TEXT in answer.text) == (spread([answer]) == TOLD)
    return spread([answer])


def test_a_node_that_works_meanwhile_shows_that_it_is_not_the_database(answering):
    cluster, _, node2, database = answering
    database.freeze()
    wait_state(cluster, "alarm", "no answer within")
    node2.script = "answer"
    assert told(cluster, "node2") == "node2: 1"
    assert told(cluster) == NOT_TOLD
    node2.script = "broken"
    assert told(cluster, "node2") == TOLD
    assert told(cluster) == TOLD


def test_users_are_told_while_every_node_fails_and_the_database_is_silent(silent):
    cluster, _, node2, _ = silent
    answer = ask(cluster)
    assert answer.status_code == 503 and TEXT in answer.text
    assert (answer.headers["Retry-After"], answer.headers["Cache-Control"]) == ("30", "no-store")
    assert "Set-Cookie" not in answer.headers
    assert "CFC0125: cluster confluence, node node1: failed with 500 while the database master " \
        "does not answer; the client gets the outage page" in cluster.httpd.error_log()
    assert told(cluster, "node2") == TOLD
    node2.script = "answer"
    assert told(cluster, "node2") == "node2: 1"     # a page that needs no database
    assert told(cluster) == TOLD


@pytest.mark.parametrize("who, method, headers", [
    ("who sends something", "POST", {}),
    ("a script", "GET", {"Accept": "application/json"}),
    ("an image", "GET", {"Sec-Fetch-Dest": "image"}),
])
def test_only_who_opens_a_page_is_told(silent, who, method, headers):
    cluster = silent[0]
    answer = ask(cluster, method=method, **headers)
    assert (answer.status_code, answer.text) == (500, "node1 is broken"), who
    assert told(cluster) == TOLD


def test_neither_the_database_nor_the_page_takes_a_node_out(silent):
    cluster, node1, *_ = silent
    assert [told(cluster) for _ in range(4)] == [TOLD] * 4
    assert [node["effective"] for node in cluster.status()["nodes"]] == ["serving"] * 2
    assert "CFC0122" not in cluster.httpd.error_log()
    node1.script = "answer"
    assert told(cluster) == "node1: 1"


@pytest.mark.parametrize("script, status, is_told", [("half", 200, False), ("close", 503, True),
                                                     ("busy", 503, True)])
def test_nodes_that_fail_in_another_way(silent, script, status, is_told):
    """Who hangs up has failed, too; who got a part of an answer keeps it."""
    cluster, node1, node2, _ = silent
    cluster.httpd.allow(r"\[proxy\w*:(error|warn)\]")
    node1.script = node2.script = script
    answer = raw_get(cluster.httpd.port, "/page", "Accept: text/html")
    assert (answer.status, TEXT.encode() in answer.body) == (status, is_told)


def test_without_any_node_the_outage_page_says_why(silent):
    cluster, *nodes, _ = silent
    for node in nodes:
        node.refuse()
    try:
        for node in nodes:
            cluster.wait_effective(node.name, "out")
        answer = ask(cluster, Accept="application/json")
    finally:
        for node in nodes:
            node.listen()
    assert (answer.status_code, answer.json()["state"]) == (503, "outage")
    assert TEXT in answer.json()["message"]


def test_a_database_that_is_gone_is_silent_and_its_return_ends_it(answering):
    cluster, *_, database = answering
    assert told(cluster) == NOT_TOLD
    database.stop()
    wait_state(cluster, "alarm", "connecting failed: connection refused")
    assert told(cluster) == TOLD
    database.start()
    wait_state(cluster, "ok")
    assert told(cluster) == NOT_TOLD


def test_a_database_that_refuses_the_monitor_is_there(answering):
    cluster, *_, database = answering
    database.sql(f"SET PASSWORD FOR {USER}@'127.0.0.1' = PASSWORD('another')")
    wait_state(cluster, "alarm", "connecting failed: 1045")
    assert told(cluster) == NOT_TOLD
