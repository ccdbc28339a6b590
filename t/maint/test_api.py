# SPDX-License-Identifier: Apache-2.0
"""docs/api.md and docs/status.schema.json: every call and every answer is as they say."""

import copy
import functools
import json
import re
import subprocess
import time

import pytest
import requests

from equipment import places, ports, prometheus, schema
from equipment.cluster import Cluster, config
from equipment.httpd import load
from equipment.proc import wait_for

pytestmark = pytest.mark.once

DOCUMENT = (places.TOP / "docs/api.md").read_text()


@pytest.fixture
def small(new_httpd, scripted):
    """Two nodes of our own, one over TLS, and a database where nobody listens."""
    nodes = [scripted("node1"), scripted("node2", scheme="https")]
    lines = {"node1": nodes[0].url, "node2": nodes[1].https_url}
    text = config(nodes, f"CFDatabase replica mysql://127.0.0.1:{ports.free()} interval=1s",
                  "SSLProxyEngine on\nSSLProxyCheckPeerName off",
                  line=lambda node: f"CFNode {node.name} {lines[node.name]}")
    return Cluster(new_httpd(text), nodes)


def calls():
    """(command, status, names) of every line of curl and the line behind it."""
    for block in re.findall(r"^```sh\n(.*?)^```", DOCUMENT, re.M | re.S):
        lines = block.splitlines()
        assert len(lines) % 2 == 0, f"a call without its answer: {block}"
        for command, answer in zip(lines[::2], lines[1::2]):
            status, names = re.fullmatch(r"# (\d{3}): (.*)", answer).groups()
            yield command, int(status), names


def run(command, url):
    """What a shell makes of a line of the document. @return status, body"""
    done = subprocess.run(["sh", "-c", f'{command} -w "\\n%{{http_code}}"'], text=True, timeout=60,
                          capture_output=True, env={"PATH": "/usr/bin:/bin", "url": url})
    body, _, status = done.stdout.rpartition("\n")
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return int(status), body


def part_of(answer):
    """Which definition of the schema an answer has to follow."""
    return next((part for name, part in (("clusters", "status"), ("events", "events"),
                                         ("gate", "gate_answer")) if name in answer), "result")


def test_every_call_of_the_document_is_answered_as_it_says(small):
    small.start()
    for command, status, names in calls():
        got, body = run(command, small.httpd.url + "/cluster")
        assert got == status, f"{command}: {body}"
        if names == "text":
            assert body and not body.startswith(("{", "<"))
            continue
        answer = json.loads(body)
        assert ", ".join(answer) == names, command
        schema.check(answer, part_of(answer))


def test_every_action_and_field_is_in_the_document():
    actions = re.findall(r'^    {"([\w-]+)", +&cfc_kind_\w+,',
                         (places.TOP / "maint/task.c").read_text(), re.M)
    fields = re.findall(r'{"(\w+)", offsetof\(form_t',
                        (places.TOP / "maint/order_httpd.c").read_text())
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", DOCUMENT, re.M))
    assert re.findall(r"`([\w-]+)`", rows["action"]) == actions
    assert set(fields) - set(rows) == {"csrf"}      # the page's own
    for action in actions:
        assert any(action in command for command, *_ in calls()), f"no call of {action}"


def test_every_answer_is_in_the_document():
    rows = re.findall(r"^\| (\d{3}) \| `(\w+)` \|", DOCUMENT, re.M)
    table = re.search(r"outcomes\[\] = {(.*?)};", (places.TOP / "maint/control.c").read_text(), re.S)
    assert sorted(rows) == sorted((status, word) for word, status
                                  in re.findall(r'{"(\w+)", (\d+)}', table.group(1)))


# Other forms


def form(cluster, headers=None, **params):
    return requests.get(cluster.httpd.url + "/cluster", params=params, headers=headers, timeout=10)


def test_a_check_gets_one_line_that_begins_with_the_level(small):
    small.start()
    wait_for(lambda: small.status()["level"] == "degraded", "a look at replica")
    answer = form(small, format="plain")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert re.fullmatch(r"degraded: It works, but .* needs attention\. confluence: 2 of 2 nodes "
                        r"serving; replica: connecting failed: .*\n", answer.text)


SCRAPER = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;" \
          "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"


def test_the_samples_are_what_the_json_says(small):
    """A strict reader takes them; then a few are compared."""
    small.start()
    small.drain("node1", reason='"quoted\\')
    assert small.user().get("/page").status_code == 200
    wait_for(lambda: small.status()["dependencies"][0]["state"] == "alarm", "a look at replica")
    answer = form(small, headers={"Accept": SCRAPER})
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    families = prometheus.read(answer.text)
    node1 = {"cluster": "confluence", "node": "node1"}

    def value(name, **labels):
        return families["cfcluster_" + name].value(labels)

    assert value("level", level="degraded") == 1 and value("level", level="ok") == 0
    assert value("changes_total") == look(small)["generation"] == 1
    assert value("node_admin", **node1, state="drain") == 1
    assert value("node_effective", **node1, state="sticky-only") == 1
    assert value("node_effective", **node1, state="serving") == 0
    assert value("dependency_state", cluster="confluence", dependency="replica", state="alarm") == 1
    assert value("cluster_nodes", cluster="confluence") == 2
    assert value("node_requests_total", **node1) == sum(
        value("node_answers_total", **node1, status=status)
        for status in ("none", "1xx", "2xx", "3xx", "4xx", "5xx"))
    latency = families["cfcluster_node_latency_seconds"].buckets({**node1, "node": "node2"})
    assert latency[-1] == (float("inf"), 1)
    assert latency == [(float("inf") if edge is None else round(edge / 1000, 6), count)
                       for edge, count in small.node("node2")["traffic"]["latency"]["buckets"]]
    assert value("probe_duration_seconds", **node1, probe="main") < 1
    end = value("probe_certificate_expiry_timestamp_seconds", cluster="confluence", node="node2",
                probe="main")
    assert end > time.time()


def test_the_names_and_labels_of_samples_are_those_that_are_documented(small):
    small.start()
    families = prometheus.read(form(small, format="prometheus").text)
    rows = re.findall(r"^\| (`.*?`) \|(.*?)\| .* \|$",
                      DOCUMENT.partition("## For monitoring systems")[2], re.M)
    documented = {"cfcluster_" + name: set(re.findall(r"`(\w+)`", labels))
                  for names, labels in rows for name in re.findall(r"`(\w+)`", names)}
    assert set(documented) == set(families)
    for name, family in families.items():
        assert {frozenset(labels) for labels in family.labels()} <= {frozenset(documented[name])}


@pytest.mark.parametrize("label, text", [
    ("no end of line", "# TYPE a gauge\na 1"),
    ("a sample before its type", "a 1\n# TYPE a gauge\n"),
    ("a family in two places", "# TYPE a gauge\na 1\n# TYPE b gauge\nb 1\na{c=\"d\"} 1\n"),
    ("a sample twice", "# TYPE a gauge\na 1\na 1\n"),
    ("a label without quotes", "# TYPE a gauge\na{b=c} 1\n"),
    ("a wrong escape", '# TYPE a gauge\na{b="\\x"} 1\n'),
    ("no number", "# TYPE a gauge\na null\n"),
    ("a counter that does not say so", "# HELP a b.\n# TYPE a counter\na 1\n"),
    ("a histogram without its count", '# TYPE a histogram\na_bucket{le="+Inf"} 1\na_sum 1\n'),
    ("a histogram without its sum", '# TYPE a histogram\na_bucket{le="+Inf"} 1\na_count 1\n'),
    ("a histogram that shrinks", '# TYPE a histogram\na_bucket{le="1"} 2\na_bucket{le="+Inf"} 1\n'
                                 'a_sum 1\na_count 1\n'),
    ("a histogram without all", '# TYPE a histogram\na_bucket{le="1"} 1\na_sum 1\na_count 1\n'),
], ids=lambda value: value if "\n" not in value else "")
def test_the_strict_reader_refuses(label, text):
    with pytest.raises(AssertionError):
        prometheus.read(text)
        pytest.fail(label, pytrace=False)


def test_a_form_that_does_not_exist_is_refused_with_what_would_be_right(small):
    answer = form(small.start(), format="promtheus")
    assert answer.status_code == 400 and "did you mean prometheus?" in answer.json()["text"]


# Who may do what


@pytest.fixture
def with_roles(small):
    """ben is a reader, anna an operator, carl is neither."""
    root = small.httpd.root
    text = re.search(r"^```apache\n(.*?)^```", DOCUMENT, re.M | re.S).group(1)
    for name, lines in ("users", "".join(f"{user}:{{SHA}}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n"
                                         for user in ("anna", "ben", "carl"))), \
                       ("groups", "readers: ben\noperators: anna\n"):
        (root / name).write_text(lines)
        text = text.replace(f"/etc/cfcluster/{name}", str(root / name))
    small.httpd.add(load("authz_groupfile") + "\n" + text.replace("/cluster\"", "/roles\""))
    small.httpd.allow("AH01631|AH01757")        # whom httpd does not let in
    return small.start()


ROLES = [
    # user, look, change
    ("anna", 200, 200),
    ("ben", 200, 403),
    ("carl", 403, 403),
    (None, 401, 401),
]


def test_roles_are_httpds_own(with_roles):
    url = with_roles.httpd.url + "/roles"
    order = {"cluster": "confluence", "node": "node1", "action": "drain"}
    for user, look, change in ROLES:
        auth = (user, "password") if user else None
        answers = [requests.get(url, auth=auth, timeout=10),
                   requests.post(url, auth=auth, json=order, timeout=10)]
        assert [answer.status_code for answer in answers] == [look, change], user
    assert with_roles.node("node1")["admin"]["who"] == "anna"


def test_a_readers_page_has_no_buttons_and_logs_no_refusal(with_roles):
    url = with_roles.httpd.url + "/roles"
    pages = {user: requests.get(url, auth=(user, "password"), timeout=10)
             for user in ("anna", "ben")}
    buttons = {user: set(re.findall(r'name="ask" value="([\w-]+)"', page.text))
               for user, page in pages.items()}
    assert {"drain", "maintenance-on", "ack"} < buttons["anna"] and buttons["ben"] == set()
    assert "You may look, not change." in pages["ben"].text
    assert "node1" in pages["ben"].text and "<form" not in pages["ben"].text
    drain = {"ask": "drain", "cluster": "confluence", "node": "node1"}
    asked = requests.get(url, params=drain, auth=("ben", "password"), timeout=10)
    assert asked.status_code == 200 and "<form" not in asked.text
    assert not re.search("AH01631|AH01757", with_roles.httpd.error_log())


# The schema


def look(cluster):
    return requests.get(cluster.httpd.url + "/cluster?format=json", timeout=10).json()


def drained(cluster):
    cluster.drain("node1", deadline="1h", until="2h")


def scheduled(cluster):
    cluster.change(action="maintenance-on", **{"from": "1h", "until": "1h", "end": "by-itself"})


def acknowledged(cluster):
    assert cluster.change(action="ack", dependency="replica", until="1h").status_code == 200


def walked(cluster):
    assert cluster.change(action="walk", walk="w1", until="2m").status_code == 200


def failed(cluster):
    cluster.httpd.allow("AH0|AH1")
    cluster.nodes["node1"].refuse()
    wait_for(lambda: cluster.node("node1")["health"]["state"] == "down", "the verdict")


def stuck(cluster):
    cluster.httpd.allow("CFC0402|CFC0420")
    cluster.httpd.state_dir.rename(cluster.httpd.state_dir.with_name("aside"))
    assert cluster.change(node="node2", action="drain", force="1").status_code == 507


STATES = [("serving", lambda cluster: None),
          ("draining with a deadline", drained),
          ("maintenance scheduled", scheduled),
          ("in maintenance", lambda cluster: cluster.close("soon", until="2h")),
          ("acknowledged", acknowledged),
          ("walked", walked),
          ("a node down", failed),
          ("changes refused", stuck)]


def test_the_status_follows_its_schema_in_every_state(small):
    """One after the other on one httpd: the last shows what all of them left."""
    small.httpd.start()
    schema.check(look(small))       # nothing was probed yet, or just so
    small.wait_serving("node1", "node2")
    wait_for(lambda: small.status()["dependencies"][0]["state"] == "alarm", "a look at replica")
    for label, bring_about in STATES:
        bring_about(small)
        try:
            schema.check(look(small))
        except AssertionError as e:
            raise AssertionError(f"{label}: {e}") from None
    events = requests.get(small.httpd.url + "/cluster?events_since=0", timeout=10).json()
    assert {"server", "health", "admin", "maintenance", "dependency", "store", "walk"} \
        <= {event["kind"] for event in events["events"]}
    schema.check(events, "events")


WRONG = [
    ("a name too many", ["unheard"], 1),
    ("no instant", ["now"], "today"),
    ("another word", ["level"], "fine"),
    ("a name too many of a cluster", ["clusters", 0, "unheard"], 1),
    ("below zero", ["clusters", 0, "nodes", 0, "traffic", "in_flight"], -1),
    ("not a truth", ["clusters", 0, "nodes", 0, "probes", 0, "history", 0, "good"], None),
]


def test_the_schema_notices_what_is_not_in_it(small):
    status = look(small.start())
    schema.check(status)
    for label, (*way, last), value in WRONG:
        changed = copy.deepcopy(status)
        functools.reduce(lambda place, step: place[step], way, changed)[last] = value
        with pytest.raises(AssertionError):
            schema.check(changed)
            pytest.fail(label, pytrace=False)
