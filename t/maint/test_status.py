# SPDX-License-Identifier: Apache-2.0
"""The status page and its API: what they show, who may change what, and that it is kept."""

import html
import json
import os
import re
import shutil
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from equipment.client import spread
from equipment.httpd import kill_and_start, mpm, stop_and_start
from equipment.proc import wait_for

pytestmark = pytest.mark.any_mpm

SCRIPT = {"X-CFCluster": "1"}


def page(cluster, **more):
    answer = requests.get(cluster.httpd.url + "/cluster", timeout=10, **more)
    assert answer.status_code == 200
    return answer


def token(cluster):
    return form(ask(cluster, action="drain", node="node1"))["csrf"]


def ask(cluster, action, **about):
    """The page of an order, as the buttons of the status page lead to it."""
    return page(cluster, params={"ask": action, "cluster": "confluence", **about}).text


def form(text):
    """The fields of its form that one does not fill in, but for the cluster."""
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', text))
    assert fields.pop("cluster") == "confluence"
    return fields


def press(cluster, headers=None, follow=True, **fields):
    """As a browser sends a form of the page."""
    return requests.post(cluster.httpd.url + "/cluster", data={"cluster": "confluence", **fields},
                         headers=headers, allow_redirects=follow, timeout=10)


def admin(cluster, name):
    return cluster.node(name)["admin"]["state"]


def said(answer):
    """The page's answer to what was pressed."""
    found = re.search(r'<div class="answer \w+" role="\w+"><p>(.*?)</p>', answer.text, re.DOTALL)
    return html.unescape(found.group(1)) if found else None


# What it shows


def test_the_page_says_that_all_is_well(cluster):
    answer = page(cluster)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "All is well: every node of confluence is serving." in answer.text
    assert "200 RUNNING" in answer.text


def test_json_is_chosen_by_query_or_by_accept(cluster):
    url = cluster.httpd.url + "/cluster"
    for more in {"params": {"format": "json"}}, {"headers": {"Accept": "application/json"}}:
        answer = requests.get(url, timeout=10, **more)
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.json()["version"] == 1
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    assert requests.get(url, headers=browser, timeout=10).text.startswith("<!DOCTYPE html>")


def test_requests_and_answers_are_counted(cluster):
    user = cluster.new_user()
    for status in 200, 302, 404, 500:
        user.get(f"/answer?status={status}")
    traffic = cluster.node(user.node)["traffic"]
    assert traffic["requests"] == 5
    assert traffic["answers"] == {"none": 0, "1xx": 0, "2xx": 2, "3xx": 1, "4xx": 1, "5xx": 1}


def test_rates_and_latencies_are_those_of_the_node(cluster):
    user = cluster.new_user()
    before = cluster.node(user.node)["traffic"]
    for status in 200, 200, 500:
        user.get(f"/answer?status={status}")
    wait_for(lambda: (cluster.node(user.node)["traffic"]["requests_per_s"] or 0) > 0
             and cluster.node(user.node)["traffic"]["errors_last_minute"] == 1, "the rate is known")
    latency = cluster.node(user.node)["traffic"]["latency"]
    assert latency["answers"] == before["latency"]["answers"] + 3
    assert 0 < latency["p50_ms"] <= latency["p95_ms"] <= latency["p99_ms"] < 10000
    assert latency["buckets"][-1] == [None, latency["answers"]]
    slower = [count for edge, count in latency["buckets"] if edge and edge > latency["p99_ms"] * 2]
    assert set(slower) == {latency["answers"]}
    nobody = cluster.node(cluster.other(user.node))["traffic"]
    assert (nobody["requests_per_s"], nobody["latency"]["p50_ms"]) == (0, None)


def test_a_lost_node_is_told_with_its_reason(cluster, nodes):
    cluster.httpd.allow("AH00957|AH01114")
    nodes[1].kill()
    cluster.wait_effective("node2", "out")
    assert cluster.status()["level"] == "degraded"
    assert "node2 is out: <bdi>health down (connection refused)</bdi>" in page(cluster).text


@pytest.mark.parametrize("path", ["/cluster", "/cluster?format=json", "/cluster/status.css",
                                  "/cluster/status.js"])
def test_nothing_from_outside_and_nothing_kept_by_caches(cluster, path):
    headers = requests.get(cluster.httpd.url + path, timeout=10).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert "unsafe-inline" not in policy
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_the_pages_own_files_are_where_it_says(cluster):
    for name, kind in ("status.css", "text/css"), ("status.js", "text/javascript"):
        assert f'"cluster/{name}"' in page(cluster).text
        answer = requests.get(f"{cluster.httpd.url}/cluster/{name}", timeout=10)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith(kind)


def test_other_methods_are_told_what_is_allowed(cluster):
    answer = requests.put(cluster.httpd.url + "/cluster", data="x", timeout=10)
    assert answer.status_code == 405
    assert {"GET", "HEAD", "POST"} <= set(answer.headers["Allow"].replace(" ", "").split(","))


def test_without_a_cluster_there_is_no_status(new_httpd):
    httpd = new_httpd("<Location /cluster>\nSetHandler cfcluster-status\n</Location>")
    httpd.allow("CFC0404")
    httpd.start()
    assert requests.get(httpd.url + "/cluster", timeout=10).status_code == 404


# Changes


def test_a_button_changes_a_node_and_comes_back_to_the_page(cluster):
    answer = press(cluster, csrf=token(cluster), node="node1", action="drain", reason="upgrade")
    assert [r.status_code for r in answer.history] == [303]
    assert answer.status_code == 200
    assert said(answer).startswith(
        "node1 of cluster confluence is draining: it keeps its users and takes no new ones; "
        "about 0 sessions stay, and maybe more: not all are known until 20")
    assert cluster.node("node1")["admin"]["reason"] == "upgrade"
    assert "active -> drain by 127.0.0.1: upgrade" in cluster.httpd.error_log()


def test_drain_keeps_old_sessions_and_takes_no_new_ones(cluster):
    user = cluster.new_user()
    old, other = user.node, cluster.other(user.node)
    cluster.drain(old)
    assert spread(user.get("/page") for _ in range(5)) == f"{old}: 5"
    assert spread(cluster.new_user().last for _ in range(10)) == f"{other}: 10"


def test_stop_moves_everybody_and_activate_brings_the_node_back(cluster):
    user = cluster.new_user()
    old = user.node
    cluster.stop_node(old)
    assert spread(user.get("/page") for _ in range(5)) == f"{cluster.other(old)}: 5"
    cluster.activate(old)
    assert old in spread(cluster.new_user().last for _ in range(40))


def test_the_last_node_is_stopped_only_when_one_insists(cluster):
    cluster.stop_node("node1")
    answer = press(cluster, csrf=token(cluster), node="node2", action="stop")
    assert answer.status_code == 409
    assert "all users see the outage page" in said(answer)
    assert admin(cluster, "node2") == "active"
    for text in answer.text, ask(cluster, "stop", node="node2"):
        assert "After this no node is left for anybody: all users see the outage page." in text
        assert 'type="checkbox" name="force" value="1"' in text
    answer = press(cluster, **form(answer.text), action="stop", force="1")
    assert answer.status_code == 200
    assert admin(cluster, "node2") == "stop"


def test_a_page_that_was_overtaken_changes_nothing_and_keeps_what_was_typed(cluster):
    fields = form(ask(cluster, "drain", node="node1"))
    cluster.drain("node2")
    answer = press(cluster, **fields, action="drain", reason="a <reason>", deadline="2h")
    assert answer.status_code == 409
    assert "somebody changed something" in said(answer)
    assert 'value="a &lt;reason&gt;"' in answer.text and 'value="2h"' in answer.text
    assert form(answer.text)["generation"] == "1"
    assert admin(cluster, "node1") == "active"


def test_an_order_that_is_not_understood_comes_back_as_it_was_typed(cluster):
    answer = press(cluster, csrf=token(cluster), node="node1", action="drain", deadline="tonight")
    assert answer.status_code == 400
    assert "deadline=tonight is neither a duration nor an instant" in said(answer)
    assert 'name="deadline" id="order-deadline" value="tonight"' in answer.text


@pytest.mark.parametrize("label, about, status, says", [
    ("no such action",  {"ask": "drian", "node": "node1"},          400, "is not an action"),
    ("no such node",    {"ask": "drain", "node": "node3"},          404, "has no node"),
    ("no such cluster", {"ask": "drain", "cluster": "wiki"},        404, "no cluster"),
    ("an evil one",     {"ask": "<script>", "node": "<script>"},    400, "&lt;script&gt;"),
])
def test_there_is_no_page_for_an_order_that_cannot_be(cluster, label, about, status, says):
    answer = requests.get(cluster.httpd.url + "/cluster", timeout=10,
                          params={"cluster": "confluence", **about})
    assert answer.status_code == status, label
    assert says in answer.text and "<script>" not in answer.text


@pytest.mark.parametrize("fields, status, result", [
    ({"node": "node1", "action": "drain"}, 200, "done"),
    ({"node": "node1", "action": "activate"}, 200, "unchanged"),
    ({"node": "node1", "action": "drian"}, 400, "bad"),
    ({"node": "node1", "action": "drain", "reasn": "x"}, 400, "bad"),
    ({"node": "node1", "action": ["drain", "stop"]}, 400, "bad"),
    ({"node": "node1", "action": "drain", "reason": "a\0b"}, 400, "bad"),
    ({"node": "node3", "action": "drain"}, 404, "unknown"),
])
def test_scripts_get_json_and_a_status(cluster, fields, status, result):
    answer = cluster.change(**fields)
    assert (answer.status_code, answer.json()["result"]) == (status, result), answer.text
    assert answer.json()["generation"] == (1 if result == "done" else 0)


def test_a_form_that_is_too_long_is_refused(cluster):
    assert cluster.change(node="node1", action="drain", reason="x" * 9000).status_code == 413
    assert admin(cluster, "node1") == "active"


def test_what_is_neither_a_form_nor_json_is_refused(cluster):
    answer = requests.post(cluster.httpd.url + "/cluster", timeout=10, data="drain node1",
                           headers={**SCRIPT, "Content-Type": "text/plain"})
    assert answer.status_code == 400
    assert admin(cluster, "node1") == "active"


DRAIN = {"cluster": "confluence", "node": "node1", "action": "drain"}


@pytest.mark.parametrize("label, body, status, says", [
    ("an order",            json.dumps(DRAIN),                          200, "is draining"),
    ("nothing in a field",  json.dumps({**DRAIN, "reason": None}),      200, "is draining"),
    ("force as truth",      json.dumps({**DRAIN, "force": True}),       200, "is draining"),
    ("an unknown field",    json.dumps({**DRAIN, "nodes": "node1"}),    400, "no field"),
    ("a list as a field",   json.dumps({**DRAIN, "node": ["node1"]}),   400, "has to be a text"),
    ("a list",              json.dumps([DRAIN]),                        400, "one JSON object"),
    ("no JSON",             "node=node1",                               400, "not JSON: line 1"),
    ("a field twice",       '{"node": "node1", "node": "node2"}',       400, "not JSON"),
    ("too long",            json.dumps({**DRAIN, "reason": "x" * 9000}), 413, ""),
], ids=lambda value: value if isinstance(value, str) and value[:1].isalpha() else "")
def test_scripts_may_send_json(cluster, label, body, status, says):
    answer = requests.post(cluster.httpd.url + "/cluster", data=body, timeout=10,
                           headers={"Content-Type": "application/json"})
    assert answer.status_code == status and says in answer.text, label
    assert admin(cluster, "node1") == ("drain" if status == 200 else "active")


def test_an_order_counts_only_for_the_generation_that_was_looked_at(cluster):
    looked = page(cluster, params={"format": "json"}).json()["generation"]
    assert cluster.change(node="node1", action="drain", generation=looked).status_code == 200
    answer = cluster.change(node="node1", action="stop", generation=looked)
    assert (answer.status_code, answer.json()["result"]) == (409, "conflict")
    assert admin(cluster, "node1") == "drain"
    order = {"cluster": "confluence", "node": "node1", "action": "stop", "generation": looked + 1}
    answer = requests.post(cluster.httpd.url + "/cluster", json=order, timeout=10)
    assert answer.status_code == 200, answer.text


def test_a_page_of_another_site_cannot_send_json(cluster):
    answer = requests.post(cluster.httpd.url + "/cluster", json=DRAIN, timeout=10,
                           headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert admin(cluster, "node1") == "active"


@pytest.mark.parametrize("label, field, value, sent_as, says", [
    ("a word", "check", "true", "data", "check=true is neither 1 nor 0; write check=1"),
    ("another word", "check", "yes", "data", "check=yes is neither"),
    ("a word in JSON", "check", "true", "json", "check=true is neither"),
    ("a number", "check", 2, "json", "check=2 is neither"),
    ("a word for force", "force", "on", "data", "force=on is neither"),
    ("no, said as a word", "force", "false", "json", "force=false is neither"),
    ("what a page of ours shows", "check", "<b>", "data", "check=<b> is neither"),
])
def test_a_check_that_is_not_understood_is_not_carried_out(cluster, label, field, value, sent_as,
                                                           says):
    answer = requests.post(cluster.httpd.url + "/cluster", headers=SCRIPT, timeout=10,
                           **{sent_as: {**DRAIN, field: value}})
    assert (answer.status_code, answer.json()["result"]) == (400, "bad"), label
    assert says in answer.json()["text"]
    assert admin(cluster, "node1") == "active"


@pytest.mark.parametrize("field, value, sent_as, done", [
    ("check", "1", "data", False),
    ("check", True, "json", False),
    ("check", 1, "json", False),
    ("check", "0", "data", True),
    ("check", "", "data", True),
    ("check", False, "json", True),
    ("check", None, "json", True),
    ("force", True, "json", True),
    ("force", "", "data", True),
])
def test_a_check_is_said_by_one_or_true(cluster, field, value, sent_as, done):
    answer = requests.post(cluster.httpd.url + "/cluster", headers=SCRIPT, timeout=10,
                           **{sent_as: {**DRAIN, field: value}})
    assert answer.status_code == 200, answer.text
    assert admin(cluster, "node1") == ("drain" if done else "active")


# What is ordered for later


def test_a_drain_becomes_a_stop_at_its_deadline(cluster):
    answer = cluster.change(node="node1", action="drain", deadline="2s", reason="upgrade")
    assert answer.status_code == 200, answer.text
    told = cluster.node("node1")["admin"]
    assert told["deadline"] is not None or told["state"] == "stop"
    wait_for(lambda: admin(cluster, "node1") == "stop", "the deadline")
    told = cluster.node("node1")["admin"]
    assert told["who"] == "cfcluster" and told["reason"].endswith("deadline is over; upgrade")


def test_a_time_that_passed_while_httpd_was_down_is_made_up_for(cluster):
    """It is set back in the file meanwhile: the node is still stopped when httpd ends."""
    file = cluster.httpd.state_dir / "state.json"
    cluster.change(node="node1", action="stop", until="1h")
    cluster.httpd.stop()
    state = json.loads(file.read_text())
    record = state["clusters"]["confluence"]["nodes"]["node1"]
    assert record["state"] == "stop" and record["until"] > record["since"]
    record["since"], record["until"] = "2026-01-01T10:00:00Z", "2026-01-01T11:00:00Z"
    file.write_text(json.dumps(state))
    cluster.httpd.start()
    wait_for(lambda: admin(cluster, "node1") == "active", "the return")
    assert cluster.node("node1")["admin"]["reason"].endswith("its time is over")


def test_a_stopped_node_returns_when_it_was_restarted(cluster, nodes):
    cluster.httpd.allow("AH00957|AH01114")
    cluster.change(node="node1", action="stop", **{"return": "restart"})
    nodes[0].kill()
    wait_for(lambda: cluster.node("node1")["health"]["state"] == "down", "the verdict")
    assert admin(cluster, "node1") == "stop"
    nodes[0].start()
    nodes[0].wait_ready()
    wait_for(lambda: admin(cluster, "node1") == "active", "the return")


def test_a_deadline_waits_for_another_node(cluster):
    cluster.httpd.allow("CFC0405")
    cluster.stop_node("node2")
    cluster.change(node="node1", action="drain", deadline="1s", force="1")
    wait_for(lambda: "CFC0405: cluster confluence, node node1: stop is due and waits: "
             in cluster.httpd.error_log(), "the warning")
    assert admin(cluster, "node1") == "drain"
    cluster.activate("node2")
    wait_for(lambda: admin(cluster, "node1") == "stop", "the deadline")


# Waiting


def wait(cluster, **fields):
    return requests.get(cluster.httpd.url + "/cluster", timeout=60,
                        params={"cluster": "confluence", "node": "node1", **fields})


def test_a_script_waits_until_a_node_is_drained(cluster):
    user = cluster.new_user()
    name = user.node
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(user.get, "/slow?ms=5000")
        wait_for(lambda: cluster.counter(name, "in_flight") == 1, "the request is there")
        answer = cluster.change(node=name, action="stop", wait="drained", timeout="20s")
        assert slow.result().status_code == 200
    assert answer.status_code == 200, answer.text
    assert f"Waited for drained: {name} is out (stop), 0 in flight" in answer.json()["text"]


def test_a_draining_node_with_live_sessions_is_not_drained(cluster):
    user = cluster.new_user()
    name = user.node
    user.get("/page")
    answer = cluster.change(node=name, action="drain", wait="drained", timeout="300ms")
    assert (answer.status_code, answer.json()["result"]) == (504, "timeout")
    assert f"not so after 300ms; {name} is sticky-only (drain), 0 in flight, 0 tunnels, about 1 sessions" \
        in answer.json()["text"]
    assert admin(cluster, name) == "drain"


def test_waiting_alone_changes_nothing_and_says_what_is(cluster):
    answer = wait(cluster, wait="up")
    assert answer.status_code == 200 and "node1 is serving (active)" in answer.json()["text"]
    assert wait(cluster, wait="out", timeout="100ms").status_code == 504


@pytest.mark.parametrize("fields, says", [
    ({"wait": "draned"}, "did you mean drained?"),
    ({"wait": "up", "timeout": "2h"}, "at most 1h"),
    ({"wait": "up", "node": "node9"}, 'has no node "node9"'),
])
def test_a_wait_that_makes_no_sense_is_refused_before_anything_is_done(cluster, fields, says):
    answer = cluster.change(**{"node": "node1", "action": "drain", **fields})
    assert answer.status_code in (400, 404) and says in answer.json()["text"]
    assert wait(cluster, **fields).status_code == 400
    assert admin(cluster, "node1") == "active"


ONE_CHILD = "ServerLimit 1\nStartServers 1\nMaxRequestWorkers 32\n" \
            "MinSpareThreads 1\nMaxSpareThreads 32\n"


@pytest.mark.skipif(mpm() == "prefork", reason="a child of prefork has one thread")
def test_eight_may_wait_in_a_child_and_hold_up_nobody(new_cluster):
    cluster = new_cluster(outside=ONE_CHILD).start()
    assert len(cluster.httpd.children()) == 1
    with ThreadPoolExecutor(12) as pool:
        waits = [pool.submit(wait, cluster, wait="out", timeout="10m") for _ in range(12)]
        wait_for(lambda: sum(one.done() for one in waits) == 4, "four are told that it is too many")
        assert {one.result().json()["result"] for one in waits if one.done()} == {"busy"}
        assert {one.result().status_code for one in waits if one.done()} == {503}
        for _ in range(5):
            page(cluster)
        assert sum(one.done() for one in waits) == 4
        cluster.stop_node("node1")      # which ends it for the others
        results = [one.result().json() for one in waits]
    assert sorted(result["result"] for result in results) == ["busy"] * 4 + ["done"] * 8, results
    assert cluster.change(node="node1", action="recover", wait="out").json()["result"] == "done"


def test_a_node_is_tried_again_at_once_when_one_knows_better(cluster):
    answer = cluster.change(node="node1", action="recover")
    assert answer.status_code == 200 and "node1 of cluster confluence is probed at once" \
        in answer.json()["text"]
    assert "CFC0406: cluster confluence, node node1: to be tried again" in cluster.httpd.error_log()


# Who meant it


@pytest.mark.parametrize("what, headers, with_token, status", [
    ("a script", SCRIPT, False, 200),
    ("a form of the page", {"Origin": "{url}", "Sec-Fetch-Site": "same-origin"}, True, 200),
    ("nothing that shows it", {}, False, 403),
    ("another value of the header", {"X-CFCluster": "0"}, False, 403),
    ("another site, by Sec-Fetch-Site", {"Sec-Fetch-Site": "cross-site"}, True, 403),
    ("a sibling site", {"Sec-Fetch-Site": "same-site"}, True, 403),
    ("another site, by Origin", {"Origin": "http://evil.example.org"}, True, 403),
    ("another port", {"Origin": "http://127.0.0.1:1"}, True, 403),
    ("a sandboxed frame", {"Origin": "null"}, True, 403),
    ("another site with the script's header",
     {**SCRIPT, "Sec-Fetch-Site": "cross-site", "Origin": "http://evil.example.org"}, False, 403),
])
def test_an_order_counts_only_when_its_sender_meant_it(cluster, what, headers, with_token, status):
    headers = {name: value.format(url=cluster.httpd.url) for name, value in headers.items()}
    more = {"csrf": token(cluster)} if with_token else {}
    answer = press(cluster, headers=headers, node="node1", action="drain", **more)
    assert answer.status_code == status, what
    assert admin(cluster, "node1") == ("drain" if status == 200 else "active"), what


def test_a_wrong_token_is_answered_with_a_page_that_has_the_right_one(cluster):
    answer = press(cluster, csrf="0" * 64, node="node1", action="drain")
    assert answer.status_code == 403
    assert "please press again" in said(answer)
    assert admin(cluster, "node1") == "active"


def test_a_link_cannot_make_the_page_say_something(cluster):
    text = "Send your password to evil.example.org".encode().hex()
    answer = page(cluster, params={"said": text, "outcome": "done", "at": "9" * 16,
                                   "signature": "0" * 64})
    assert said(answer) is None
    assert "password" not in answer.text


def test_a_redirect_leads_nowhere_else(cluster):
    answer = press(cluster, csrf=token(cluster), follow=False, node="node1", action="drain")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("?said=")


EVIL = "\"'><script>alert(1)</script>&\xe4"


def test_whatever_people_write_stays_text(cluster):
    cluster.drain("node1", reason=EVIL)
    cluster.close(EVIL)
    refused = press(cluster, csrf=token(cluster), node=EVIL, action=EVIL)
    for text in page(cluster).text, refused.text:
        assert "alert(1)" in text
        assert "<script>" not in text
    assert cluster.node("node1")["admin"]["reason"] == EVIL
    assert cluster.status()["message"] == EVIL


def test_the_log_has_the_user_and_the_address(new_cluster):
    cluster = new_cluster()
    users = cluster.httpd.root / "users"
    users.write_text("anna:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n")       # password
    cluster.httpd.add(f"""<Location /cluster/by-name>
        SetHandler cfcluster-status
        AuthType Basic
        AuthName status
        AuthUserFile {users}
        Require valid-user
        </Location>""")
    cluster.start()
    answer = requests.post(cluster.httpd.url + "/cluster/by-name", auth=("anna", "password"),
                           headers=SCRIPT, timeout=10,
                           data={"cluster": "confluence", "node": "node1", "action": "drain"})
    assert answer.status_code == 200, answer.text
    assert cluster.node("node1")["admin"]["who"] == "anna"
    assert "active -> drain by anna (127.0.0.1)" in cluster.httpd.error_log()


# What is kept


def all_states(cluster):
    status = cluster.status()
    return [status["state"], status["message"], status["until"],
            *(node["admin"] for node in status["nodes"])]


@pytest.mark.parametrize("again", [
    lambda httpd: httpd.graceful(),
    lambda httpd: httpd.restart(),
    stop_and_start,
    kill_and_start,
], ids=["graceful", "restart", "stop and start", "kill -9 and start"])
def test_what_people_ordered_is_kept(cluster, again):
    cluster.drain("node1", reason="upgrade \xe4")
    cluster.stop_node("node2", force=1)
    cluster.close("soon", until="2h")
    before = all_states(cluster)
    again(cluster.httpd)
    assert all_states(cluster) == before


def test_an_edited_configuration_wins_over_what_was_kept(nodes, new_cluster):
    cluster = new_cluster().start()
    cluster.drain("node1")
    edited = cluster.httpd.pieces[0].replace(f"CFNode node1 {nodes[0].url}",
                                             f"CFNode node1 {nodes[0].url} state=stop")
    cluster.httpd.pieces = [edited]
    cluster.httpd.graceful()
    assert admin(cluster, "node1") == "stop"
    assert "CFC0414: cluster confluence, node node1: drain -> stop" in cluster.httpd.error_log()
    stop_and_start(cluster.httpd)
    assert admin(cluster, "node1") == "stop"


@pytest.mark.parametrize("content", ["", "not json", '{"format": 2, "clusters": {}}'])
def test_a_state_file_that_cannot_be_used_stops_nothing(new_cluster, content):
    cluster = new_cluster()
    (cluster.httpd.state_dir / "state.json").write_text(content)
    cluster.httpd.allow("CFC041[13]")
    cluster.start()
    assert admin(cluster, "node1") == "active"
    kept = list(cluster.httpd.state_dir.glob("state.json.bad-*"))
    assert [path.read_text() for path in kept] == [content]
    cluster.drain("node1")


def test_a_directory_that_takes_nothing_refuses_changes_and_says_so(cluster):
    cluster.httpd.allow("CFC0402|CFC0420")
    cluster.drain("node1")
    aside = cluster.httpd.state_dir.with_name("aside")
    cluster.httpd.state_dir.rename(aside)
    answer = cluster.change(node="node2", action="drain", force=1)
    assert answer.status_code == 507
    assert "No such file or directory" in answer.json()["text"]
    assert [admin(cluster, name) for name in ("node1", "node2")] == ["drain", "active"]
    assert "Changes are refused, because they could not be kept" in page(cluster).text
    aside.rename(cluster.httpd.state_dir)
    cluster.drain("node2", force=1)


@pytest.mark.skipif(os.geteuid() != 0, reason="the server's user is ours")
def test_a_directory_of_another_user_is_one_warning_at_start(new_cluster):
    cluster = new_cluster()
    cluster.httpd.allow("CFC0410|CFC0402|CFC0420")
    shutil.chown(cluster.httpd.state_dir, "root", "root")
    cluster.start()
    assert cluster.httpd.error_log().count("CFC0410") == 1
    assert cluster.change(node="node1", action="drain").status_code == 507


def test_a_missing_directory_is_made_for_the_servers_user(new_cluster):
    cluster = new_cluster()
    cluster.httpd.state_dir.rmdir()
    cluster.start()
    cluster.drain("node1")
    assert (cluster.httpd.state_dir / "state.json").exists()
    assert cluster.httpd.state_dir.stat().st_mode & 0o777 == 0o750
