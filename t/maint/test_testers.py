# SPDX-License-Identifier: Apache-2.0
"""Testers: who reaches a chosen node through maintenance, stop and drain, and who does not."""

import html
import re
import subprocess
import time
from urllib.parse import urlsplit

import pytest
import requests

from equipment.client import User, raw, spread
from equipment.httpd import mpm
from equipment.proc import wait_for
from equipment.tunnel import Watched, connect

pytestmark = pytest.mark.any_mpm

DOOR = "/.cfcluster/tester"
COOKIE = "CFTESTER-confluence"

# mod_proxy's words about a node that is not there.
NOT_THERE = "AH00957|AH01114"

LOG = 'LogFormat "%U %{CFC_TESTER}e %{CFC_WHY}e" tested\nCustomLog logs/tested.log tested\n'


@pytest.fixture(scope="module")
def one(kept_cluster):
    """One httpd for all tests, reachable over TLS too."""
    cluster = kept_cluster(inside="CFTimeout tunnel-end=1s\nCFTesters 127.0.0.9", outside=LOG)
    cluster.tls = cluster.httpd.listen_tls()
    return cluster.start()


@pytest.fixture
def cluster(one, nodes):
    """Open, both nodes active, nobody a tester."""
    one.open()
    one.revoke_testers()
    for name in one.nodes:
        one.activate(name)
    one.wait_serving(*one.nodes)
    return one


def refusals(cluster):
    return [line for line in cluster.httpd.error_log().splitlines() if "CFC0441" in line]


def test_a_link_leads_through_maintenance_and_stop_to_its_node(cluster):
    cluster.stop_node("node2")
    cluster.close()
    user = cluster.tester("node2", reason="look at the update")
    opened = user.last
    assert (opened.status_code, opened.headers["Location"]) == (303, "/")
    assert opened.headers["Referrer-Policy"] == "no-referrer"
    assert opened.headers["Cache-Control"] == "no-store"
    assert re.fullmatch(COOKIE + r"=[\w.]+; Path=/; Max-Age=(7200|71\d\d); HttpOnly; SameSite=Lax",
                        opened.headers["Set-Cookie"])
    assert spread(user.get("/page") for _ in range(10)) == "node2: 10"
    assert user.last.headers["X-CFCluster-Tester"] == f"node2 until {user.link['until']}"
    assert cluster.user().get("/page").status_code == 503


def test_two_testers_are_at_two_nodes_and_move_nobody_else(cluster):
    users = [cluster.new_user() for _ in range(4)]
    homes = [user.node for user in users]
    before = [cluster.counter(name, "new_sessions") for name in cluster.nodes]
    testers = {name: cluster.tester(name) for name in cluster.nodes}
    for _ in range(5):
        for name, tester in testers.items():
            assert spread([tester.get("/page")]) == f"{name}: 1"
    assert [user.get("/page") and user.node for user in users] == homes
    assert [cluster.counter(name, "new_sessions") for name in cluster.nodes] == before
    assert all("CFROUTE" not in tester.cookies for tester in testers.values())


def test_a_tester_of_a_draining_node_is_no_session_that_is_waited_for(cluster):
    before = cluster.node("node2")["sessions"]
    tester = cluster.tester("node2")
    cluster.drain("node2")
    assert spread(tester.get("/page") for _ in range(3)) == "node2: 3"
    assert cluster.node("node2")["sessions"] == before


def test_the_cookie_is_not_told_to_the_node_and_the_others_are(cluster):
    tester = cluster.tester("node2")
    tester.session.cookies.set("other", "1")
    tester.session.cookies.set("CFTESTER-jira", "2")
    told = str(tester.page())
    assert "other=1" in told
    assert "CFTESTER" not in told


def test_a_tester_meets_a_node_that_is_starting_and_is_told_of_one_that_is_not_there(cluster,
                                                                                     nodes):
    tester = cluster.tester("node2")
    nodes[1].set_state("STARTING")
    cluster.wait_effective("node2", "out")
    assert spread([tester.get("/page")]) == "node2: 1"
    cluster.httpd.allow(NOT_THERE)
    nodes[1].kill()
    answer = tester.get("/page")
    assert answer.status_code == 503
    assert "Nobody listens at node2" in answer.text
    assert answer.headers["X-CFCluster-Tester"].startswith("node2 until ")
    assert tester.post("/page", data=b"x" * 100_000).status_code == 503
    nodes[1].start().wait_ready()
    assert spread([tester.get("/page")]) == "node2: 1"


def test_a_tester_s_errors_take_no_node_from_users(cluster):
    tester = cluster.tester("node2")
    for _ in range(10):
        assert tester.get("/error?status=503").headers["X-Test-Node"] == "node2"
    assert cluster.node("node2")["effective"] == "serving"


def test_revocation_is_in_effect_in_every_child_when_the_answer_is_there(cluster):
    cluster.close()
    testers = [cluster.tester("node2") for _ in range(2)]
    copies = []
    for _ in range(10):                     # connections to every child
        copies.append(cluster.user())
        copies[-1].session.cookies.update(testers[0].session.cookies)
    assert spread(copy.get("/page") for copy in copies) == "node2: 10"
    logged = len(refusals(cluster))
    cluster.revoke_testers(testers[0].link["id"])
    for copy in copies:
        answer = copy.get("/page")
        assert answer.status_code == 503
        assert answer.headers["Set-Cookie"].startswith(f"{COOKIE}=; Path=/; Max-Age=0;")
        assert COOKIE not in copy.cookies
    assert spread([testers[1].get("/page")]) == "node2: 1"
    lines = refusals(cluster)[logged:]
    assert 1 <= len(lines) <= 16            # one in each child
    assert "[client 127.0.0.1:" in lines[0] and "it was revoked" in lines[0]
    assert cluster.status()["testers_refused"] >= 10


@pytest.mark.once
@pytest.mark.parametrize("label, change, says", [
    ("another node", lambda token: token.replace("node2", "node1"), "its signature is none"),
    ("nonsense", lambda token: "x" * 3000, "its signature is none"),
    ("a broken one", lambda token: token[:-20], "its signature is none"),
])
def test_a_forged_cookie_makes_nobody_a_tester(cluster, label, change, says):
    cluster.close()
    tester = cluster.tester("node2")
    forged = change(tester.cookies[COOKIE])
    logged = len(refusals(cluster))
    for _ in range(3):
        answer = requests.get(cluster.httpd.url + "/page", cookies={COOKIE: forged}, timeout=10)
        assert answer.status_code == 503, label
        assert "Max-Age=0" in answer.headers["Set-Cookie"]
        assert "X-CFCluster-Tester" not in answer.headers
    lines = refusals(cluster)[logged:]
    assert 1 <= len(lines) <= 3 and says in lines[0]


@pytest.mark.once
def test_a_cookie_is_worth_nothing_at_another_host_and_a_link_is_no_cookie(cluster):
    cluster.close()
    tester = cluster.tester("node2")
    head = f"GET /page HTTP/1.1\r\nConnection: close\r\nCookie: {COOKIE}=%s\r\nHost: %s\r\n\r\n"

    def status(token, host):
        return raw(cluster.httpd.port, (head % (token, host)).encode()).status

    link = tester.link["link"].partition("token=")[2]
    assert status(tester.cookies[COOKIE], "127.0.0.1") == 200
    for label, token, host in ("replayed at another host", tester.cookies[COOKIE],
                               "wiki.example.com"), ("a link", link, "127.0.0.1"):
        logged = len(refusals(cluster))
        assert status(token, host) == 503, label
        (line,) = refusals(cluster)[logged:]
        assert "[client 127.0.0.1:" in line and "its signature is none of ours" in line, label


@pytest.mark.once
def test_a_link_that_is_not_good_says_so(cluster):
    link = cluster.tester_link("node2")
    user = cluster.user()
    for token, says in ("nonsense", "its signature is none of ours"), \
            (link["link"].partition("token=")[2], "it was revoked"):
        if says == "it was revoked":
            cluster.revoke_testers(link["id"])
        answer = user.get(f"{DOOR}?token={token}")
        assert answer.status_code == 403
        assert says in answer.text and "Ask for a new one" in answer.text
        assert user.cookies == {}


def short_lived_tester(cluster):
    """A tester for some seconds, and what he got within them; for longer if that was too short."""
    for seconds in 4, 15, 60:
        begun = time.monotonic()
        tester = cluster.tester("node2", until=f"{seconds}s")
        answer = tester.get("/page")
        if time.monotonic() - begun < seconds - 1:
            return tester, answer
        cluster.revoke_testers()
    raise AssertionError("a minute is not enough for three requests")


@pytest.mark.once
def test_a_link_ends_by_itself(cluster):
    cluster.close()
    tester, answer = short_lived_tester(cluster)
    assert tester.link["open_until"] == tester.link["until"]
    assert spread([answer]) == "node2: 1"
    cookies = dict(tester.session.cookies)
    logged = len(refusals(cluster))
    wait_for(lambda: requests.get(cluster.httpd.url + "/page", cookies=cookies,
                                  timeout=10).status_code == 503, "its end", 90)
    wait_for(lambda: cluster.status()["testers"] == [], "it is forgotten", 20)
    lines = refusals(cluster)[logged:]
    assert lines and "[client 127.0.0.1:" in lines[0]
    assert "its time is over" in lines[0]


def test_links_are_kept_over_a_stop_and_a_start(cluster):
    cluster.close()
    tester, gone = cluster.tester("node2"), cluster.tester("node1")
    cluster.revoke_testers(gone.link["id"])
    cluster.httpd.stop()
    cluster.httpd.start()
    cluster.wait_serving(*cluster.nodes)
    assert spread(tester.get("/page") for _ in range(3)) == "node2: 3"
    assert gone.get("/page").status_code == 503
    cluster.httpd.graceful()
    assert spread(tester.get("/page") for _ in range(3)) == "node2: 3"
    assert cluster.user().open(tester.link["link"]).status_code == 303


def test_a_new_key_leaves_testers_what_they_are(cluster):
    tester = cluster.tester("node2")
    assert cluster.change(action="tester-rotate").status_code == 200
    assert tester.get("/page").headers["X-CFCluster-Tester"].startswith("node2 until ")
    assert cluster.change(action="tester-rotate").status_code == 409
    assert cluster.change(action="tester-rotate", force=1).status_code == 200
    assert "X-CFCluster-Tester" not in tester.get("/page").headers


def test_a_tester_s_websocket_goes_through_a_stop_until_the_link_is_revoked(cluster):
    cluster.stop_node("node2")
    cluster.close()
    tester = cluster.tester("node2")
    cookie = f"{COOKIE}={tester.cookies[COOKIE]}"
    tunnel = Watched(cluster.httpd.url, cookie=cookie)
    assert tunnel.node == "node2"
    with pytest.raises(Exception, match="503"):
        connect(cluster.httpd.url)
    cluster.revoke_testers()
    wait_for(lambda: tunnel.closed_at, "the tunnel is ended", 20)


@pytest.mark.skipif(mpm() == "prefork", reason="mod_http2 is not for prefork")
def test_testers_over_tls_and_http2(cluster, tmp_path):
    cluster.close()
    answer = requests.post(cluster.tls + "/cluster", verify=False, timeout=10,
                           headers={"X-CFCluster": "1"},
                           data={"cluster": "confluence", "action": "tester-link",
                                 "node": "node2", "until": "1h"})
    link = answer.json()["tester"]["link"]
    assert link.startswith(cluster.tls + DOOR + "?token=")
    jar = tmp_path / "jar"
    curl = ["curl", "-ski", "--http2", "-b", jar, "-c", jar]
    opened = subprocess.run([*curl, link], capture_output=True, text=True, check=True).stdout
    assert opened.startswith("HTTP/2 303")
    assert re.search(rf"set-cookie: {COOKIE}=.*; Secure", opened)
    page = subprocess.run([*curl, cluster.tls + "/page"], capture_output=True, text=True,
                          check=True).stdout
    assert page.startswith("HTTP/2 200") and "x-test-node: node2" in page
    assert "x-cfcluster-tester: node2 until " in page


@pytest.mark.once
def test_the_page_of_testers_says_what_one_is_and_ends_it(cluster):
    user = cluster.user()
    assert "You are no tester" in user.get(DOOR).text
    tester = cluster.tester("node2")
    text = tester.get(DOOR).text
    assert "You are a tester of node2" in text
    assert f'<form method="post" action="{DOOR}">' in text
    ended = tester.post(DOOR)
    assert (ended.status_code, ended.headers["Location"]) == (303, DOOR)
    assert "You are no tester" in tester.get(DOOR).text
    assert tester.request("PUT", DOOR).status_code == 405


@pytest.mark.once
def test_nothing_beside_that_page_comes_to_a_node(cluster, nodes):
    before = [node.counters()["requests"].get("GET", 0) for node in nodes]
    for path in "/.cfcluster", "/.cfcluster/", "/.cfcluster/x", DOOR + "/x", "/%2ecfcluster/x":
        assert cluster.user().get(path).status_code == 404, path
    assert [node.counters()["requests"].get("GET", 0) for node in nodes] == before


def test_listed_addresses_see_that_they_pass_a_maintenance(cluster):
    user = cluster.user()
    adapter = requests.adapters.HTTPAdapter()
    adapter.init_poolmanager(1, 1, source_address=("127.0.0.9", 0))
    user.session.mount("http://", adapter)
    assert "X-CFCluster-Tester" not in user.get("/page").headers
    cluster.close()
    assert user.get("/page").headers["X-CFCluster-Tester"] == "listed address"
    assert user.get(DOOR).text.count("You pass a maintenance") == 2
    link = cluster.tester_link("node2")
    user.open(link["link"])
    assert spread(user.get("/page") for _ in range(5)) == "node2: 5"


@pytest.mark.once
def test_the_status_tells_who_made_which_link_and_how_much_it_was_used(cluster):
    tester = cluster.tester("node2", reason="look at the update")
    for _ in range(3):
        tester.get("/page/counted")
    (told,) = cluster.status()["testers"]
    assert {name: told[name] for name in ("id", "node", "who", "reason", "opened", "uses")} == {
        "id": tester.link["id"], "node": "node2", "who": "127.0.0.1",
        "reason": "look at the update", "opened": 1, "uses": 3}
    assert told["used_at"] and told["until"] == tester.link["until"]
    log = cluster.httpd.root / "logs/tested.log"
    line = f"/page/counted {tester.link['id']} forced"
    wait_for(lambda: log.read_text().splitlines().count(line) == 3, "it is in the log")
    events = requests.get(cluster.httpd.url + "/cluster?events_since=0", timeout=10).json()
    assert [(event["before"], event["after"]) for event in events["events"]
            if event["kind"] == "tester" and event["name"] == told["id"]] \
        == [("none", "good"), (None, "opened")]


@pytest.mark.once
def test_the_status_page_makes_links_and_revokes_them(cluster):
    page = User(cluster.httpd.url)

    def form(**about):
        """The fields of an order's page, as it has them."""
        text = page.get("/cluster", params={"cluster": "confluence", **about}).text
        text = text[text.index('id="order"'):]
        return dict(re.findall(r'name="(\w+)" [^>]*?value="([^"]*)"', text))

    order = form(ask="tester-link", node="node2")
    assert (order["node"], order["until"], order["action"]) == ("node2", "2h", "tester-link")
    answer = page.post("/cluster", data={**order, "reason": "<b>bold</b>"})
    assert answer.status_code == 200
    assert "&lt;b&gt;bold&lt;/b&gt;" in answer.text and "<b>bold" not in answer.text
    link = html.unescape(re.search(r'readonly value="([^"]+)"', answer.text).group(1))
    assert urlsplit(link).path == DOOR
    assert cluster.user().open(link).status_code == 303
    (told,) = cluster.status()["testers"]
    assert f'name="tester" value="{told["id"]}"' in page.get("/cluster").text
    gone = page.post("/cluster", data=form(ask="tester-revoke", tester=told["id"]))
    assert gone.status_code == 303
    assert cluster.status()["testers"] == []


@pytest.mark.once
def test_the_link_is_for_the_host_that_has_the_cluster(new_cluster):
    cluster = new_cluster(outside="ServerName https://wiki.example.com")
    admin = cluster.httpd.listen_tls('CFClusterPass "/" !\nServerName admin.example.com')
    cluster.httpd.allow("AH01909")      # the certificate is for another name
    cluster.start()
    answer = requests.post(admin + "/cluster", verify=False, timeout=10,
                           headers={"X-CFCluster": "1"},
                           data={"cluster": "confluence", "action": "tester-link",
                                 "node": "node2", "until": "1h"})
    link = answer.json()["tester"]["link"]
    assert link.startswith("https://wiki.example.com")
    assert urlsplit(link).path == DOOR


@pytest.mark.once
def test_an_administrator_becomes_a_tester_with_a_few_clicks(cluster, new_page):
    cluster.stop_node("node2")
    cluster.close()
    page = new_page()
    page.open(cluster.httpd.url + "/cluster")
    page.click("#c0t1-tester-link")
    page.wait("document.querySelector('#dialog[open] #order-do') !== null", "the order is shown")
    page.screenshot("tester-order")
    page.click("#order-do")
    page.wait("document.querySelector('input.link') !== null", "the link is there")
    page.screenshot("tester-made")
    page.loading(lambda: page.click("a[rel=noreferrer]"))
    assert "cluster" not in page.ask("location.pathname")
    assert "node2" in page.ask("document.body.innerText")
    page.open(cluster.httpd.url + DOOR)
    page.screenshot("tester-page")
    page.click("form button")
    page.wait("document.title == 'You are no tester'", "it is over")
    assert page.complaints == []
