# SPDX-License-Identifier: Apache-2.0
"""CFNodeSecret: nodes that refuse whoever goes around httpd, by the recipe of the documentation."""

import re

import pytest
import requests

from equipment import places
from equipment.client import raw_get
from equipment.cluster import node_line
from equipment.proc import wait_for
from equipment.tomcat import AJP_SECRET, Tomcat

pytestmark = pytest.mark.once

SECRET = "in-the-tests.0123456789abcdef"


def recipe(language):
    """A block of the documentation's section."""
    text = (places.TOP / "docs/directives.md").read_text()
    section = text.partition("\n## CFNodeSecret\n")[2].partition("\n## ")[0]
    return re.search(rf"^```{language}\n(.*?)^```", section, re.M | re.S).group(1)


@pytest.fixture(scope="module")
def shy():
    """A Tomcat with the recipe in force; the equipment's own questions are let through."""
    node = Tomcat("shy")
    server = node.base / "conf/server.xml"
    host = '<Host name="localhost"'
    head, start, tail = server.read_text().partition(host)
    server.write_text(head + start + tail.replace(">", ">\n" + recipe("xml"), 1))
    rules = node.base / "conf/Catalina/localhost/rewrite.config"
    rules.parent.mkdir(parents=True)
    rules.write_text("RewriteRule ^/_test/.*$ - [L]\n" + recipe("text").replace("SECRET", SECRET))
    try:
        yield node.start().wait_ready()
    finally:
        node.remove()


def over_ajp(node):
    return f"CFNode {node.name} {node.ajp_url} secret={AJP_SECRET}"


@pytest.fixture
def new_site(shy, new_cluster):
    def make(inside, line=node_line, secret=SECRET):
        cluster = new_cluster(members=[shy], inside=inside, line=line)
        file = cluster.httpd.root / "secret"
        file.write_text(secret + "\n")
        file.chmod(0o600)
        return cluster

    return make


LINES = [
    ("http", node_line, "CFNodeSecret secret"),
    ("ajp", over_ajp, "CFProbe tcp interval=100ms\nCFNodeSecret secret"),
]


@pytest.mark.parametrize("label, line, inside", LINES, ids=[row[0] for row in LINES])
def test_a_node_answers_those_who_come_through_httpd_only(new_site, shy, label, line, inside):
    assert requests.get(shy.url + "/page", timeout=10).status_code == 403
    guess = {"X-CFCluster-Secret": SECRET + "x"}
    assert requests.get(shy.url + "/page", headers=guess, timeout=10).status_code == 403
    cluster = new_site(inside, line).start()       # and its probes are answered
    for headers in {}, {"X-CFCluster-Secret": "mine"}, {"Connection": "X-CFCluster-Secret"}:
        answer = cluster.user().get("/page?format=json", headers=headers)
        assert answer.status_code == 200, headers
        assert answer.json()["headers"]["x-cfcluster-secret"] == [SECRET]


def test_a_node_with_another_secret_is_down(new_site, shy):
    cluster = new_site("CFNodeSecret secret", secret="x" * 16)
    cluster.httpd.start()
    wait_for(lambda: cluster.node("shy")["health"]["state"] == "down", "the node is down")
    assert cluster.node("shy")["probe"]["code"] == 403


def test_the_secret_is_neither_logged_nor_shown(new_site, shy):
    cluster = new_site("CFNodeSecret secret")
    cluster.httpd.add('LogLevel cfcluster:trace8\nLogFormat "%r %{X-CFCluster-Secret}i" all\n'
                      "CustomLog logs/access.log all")
    cluster.start()
    cluster.user().get("/page")

    def logs():
        return "".join(log.read_text() for log in (cluster.httpd.root / "logs").iterdir())

    wait_for(lambda: "GET /page HTTP/1.1 -" in logs(), "a line of the request")
    shown = requests.get(cluster.httpd.url + "/cluster?format=json", timeout=10).text
    assert SECRET not in logs() + shown
    assert SECRET not in str(cluster.change(node="shy", action="activate").text)


def test_without_the_directive_the_header_reaches_no_node(new_cluster, scripted):
    node = scripted("node1")
    cluster = new_cluster(members=[node])
    cluster.start()
    for name in "X-CFCluster-Secret", "x_cfcluster_secret":
        raw_get(cluster.httpd.port, "/", f"{name}: x")
    assert [received.header("X-CFCluster-Secret") for received in node.received] == [[], []]
