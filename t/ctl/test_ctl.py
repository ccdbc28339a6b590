# SPDX-License-Identifier: Apache-2.0
"""cfclusterctl against two balancers over the demonstration's Tomcats: commands, exit codes,
terminals, several balancers, configuration files, TLS."""

import copy
import json
import re
import shutil
import signal
import ssl
import subprocess
import threading

import pytest

from equipment import ports, tls
from equipment.client import spread
from equipment.ctl import STATUS, Ctl, FakeBalancer
from equipment.site import PASSWORD, REFUSALS, location, login

pytestmark = pytest.mark.once

RED, GREEN = "\x1b[31m", "\x1b[32m"

# A directory that nobody runs, for planned outages.
NEEDS = "CFDirectory ad ldap://127.0.0.1:1"


@pytest.fixture(scope="module")
def pair(kept_cluster):
    """Two clusters, each an httpd of its own, over the same nodes. The first has TLS at .secure,
    and at .locked a status page that wants alice's password."""
    digest = subprocess.run(["openssl", "passwd", "-apr1", PASSWORD], check=True,
                            stdout=subprocess.PIPE, text=True).stdout
    both = [kept_cluster(inside=NEEDS) for _ in range(2)]
    for cluster in both:
        users = cluster.httpd.root / "users"
        users.write_text("alice:" + digest)
        handler = "SetHandler cfcluster-status"
        cluster.httpd.add(location("/locked", handler, login(users), "Require valid-user"))
        cluster.httpd.add(location("/forbidden", handler, "Require all denied"))
        cluster.httpd.allow(REFUSALS)
        cluster.secure = cluster.httpd.listen_tls() + "/cluster"
        cluster.url = cluster.httpd.url + "/cluster"
        cluster.locked, cluster.forbidden = cluster.httpd.url + "/locked", \
            cluster.httpd.url + "/forbidden"
        cluster.start()
    return both


@pytest.fixture
def clusters(pair):
    """The two, everything active and open."""
    for cluster in pair:
        cluster.open()
        cluster.change(action="unack", dependency="ad")
        for name in cluster.nodes:
            cluster.activate(name)
    return pair


@pytest.fixture
def homes():
    made = []

    def make(*balancers):
        made.append(Ctl(*balancers))
        return made[-1]

    yield make
    for one in made:
        shutil.rmtree(one.home)


@pytest.fixture
def ctl(clusters, homes):
    """The program, with the first balancer."""
    return homes(clusters[0].url)


@pytest.fixture
def nowhere():
    return f"http://127.0.0.1:{ports.free()}/cluster"


# what the commands do

ORDERS = [
    ("a drain", ["drain", "node1", "--reason", "update"],
     "admin", "node1", {"state": "drain", "reason": "update"}, "keeps its users"),
    ("a drain that ends after a restart", ["drain", "node1", "--return", "restart"],
     "admin", "node1", {"state": "drain", "return": "restart"}, "keeps its users"),
    ("a stop", ["stop", "node1"],
     "admin", "node1", {"state": "stop"}, "it gets no requests"),
    ("a maintenance", ["maintenance", "on", "--message", "Back soon", "--until", "2h"],
     "cluster", None, {"state": "maintenance", "message": "Back soon"}, "users see the page"),
    ("a planned maintenance",
     ["maintenance", "schedule", "--from", "2h", "--until", "4h", "--end", "by-itself"],
     "cluster", None, {"state": "scheduled", "end": "by-itself"}, "in maintenance from"),
]


@pytest.mark.parametrize("label, args, kind, name, want, text", ORDERS,
                         ids=[row[0] for row in ORDERS])
def test_an_order_is_carried_out_and_may_be_repeated(clusters, ctl, label, args, kind, name, want,
                                                     text):
    assert text in ctl.done(*args)
    found = clusters[0].node(name)["admin"] if kind == "admin" else clusters[0].status()
    assert {field: found[field] for field in want} == want
    code, answer = ctl.json(*args)
    assert code == 0
    if "2h" not in args:        # that is another moment by now
        assert answer["balancers"][0]["result"] == "unchanged"


def test_what_was_ordered_is_taken_back(clusters, ctl):
    clusters[0].stop_node("node1")
    clusters[0].close()
    assert "takes new users" in ctl.done("activate", "node1", "--wait")
    assert "is open" in ctl.done("maintenance", "off")
    assert clusters[0].node("node1")["effective"] in ("serving", "warming")
    assert clusters[0].status()["state"] == "open"
    assert "probed at once" in ctl.done("recover", "node1")


def test_a_planned_outage_begins_and_ends(clusters, ctl):
    def note():
        return clusters[0].status()["dependencies"][0]["acknowledged"]

    assert "may fail until" in ctl.done("ack", "ad", "--until", "4h", "--reason", "backup")
    assert note()["reason"] == "backup"
    assert "planned outage until" in ctl.done("status")
    ctl.done("unack", "ad")
    assert note() is None


def test_a_tester_link_leads_to_its_node_behind_the_page(clusters, ctl):
    clusters[0].stop_node("node2")
    clusters[0].close()
    said, link = ctl.done("tester-link", "node2", "--for", "30m", "--reason", "look").splitlines()
    assert "node2" in said
    user = clusters[0].user()
    user.open(link)
    assert spread(user.get("/page") for _ in range(4)) == "node2: 4"
    assert clusters[0].user().get("/page").status_code == 503
    code, document = ctl.json("tester-link", "node1", "--for", "30m")
    made = document["balancers"][0]["tester"]
    assert (code, made["node"], made["link"] != link) == (0, "node1", True)
    clusters[0].revoke_testers()


def test_a_path_is_closed_and_opened_alone(clusters, ctl):
    user = clusters[0].user()
    assert "/synchrony" in ctl.done("maintenance", "on", "--path", "/synchrony", "--message",
                                    "No editing")
    assert [user.get(path).status_code for path in ("/synchrony/page", "/page")] == [503, 200]
    assert clusters[0].status()["parts"][0]["message"] == "No editing"
    ctl.done("maintenance", "off", "--path", "/synchrony")
    assert user.get("/synchrony/page").status_code != 503
    assert clusters[0].status()["parts"] == []


def test_a_stop_can_be_waited_for(clusters, ctl):
    out = ctl.done("stop", "node1", "--wait", "--timeout", "20s").splitlines()
    assert len(out) == 2 and "it gets no requests" in out[0] and "Waited for out" in out[1]


def test_the_status_is_a_table_for_people_and_json_for_programs(clusters, ctl):
    clusters[0].drain("node1", reason="update")
    out = ctl.done("status")
    head, row1, row2 = [line for line in out.splitlines() if line.startswith(("NODE", "node"))]
    assert head.split()[:4] == ["NODE", "GETS", "ADMIN", "HEALTH"]
    assert row1.split()[:4] == ["node1", "sticky-only", "drain", "up"] and "update" in row1
    assert row2.split()[:4] == ["node2", "serving", "active", "up"]
    assert "\x1b" not in out
    code, document = ctl.json("status")
    assert code == 0
    cluster = document["balancers"][0]["status"]["clusters"][0]
    assert [node["name"] for node in cluster["nodes"]] == ["node1", "node2"]


def test_gates_are_answered(ctl):
    out = ctl.done("gates")
    assert "maintenance-on" in out and "all-serving" in out
    out = ctl.done("gates", "all-serving", "node-running:node1")
    assert len(out.splitlines()) == 3 and out.count("met") == 2


def test_events_are_shown_and_followed(clusters, ctl):
    clusters[0].drain("node1", reason="of-before")
    assert "of-before" in ctl.done("events").splitlines()[-1]
    follower = ctl.start("events", "--follow", "--json")
    try:
        lines = iter(follower.stdout.readline, "")
        assert any("of-before" in line for line in lines)
        clusters[0].drain("node1", reason="of-now")
        event = json.loads(next(line for line in lines if "of-now" in line))
        assert (event["kind"], event["after"]) == ("admin", "drain")
        follower.send_signal(signal.SIGINT)
        assert follower.wait(20) == 0
    finally:
        follower.kill()
        follower.communicate()


# exit codes

CODES = [
    (0, "done", ["drain", "node1"]),
    (0, "gate met", ["gates", "maintenance-off"]),
    (2, "no such command", ["dance"]),
    (2, "no such option", ["status", "--tls-verify=no"]),
    (2, "no such node", ["drain", "node3"]),
    (2, "no such dependency", ["unack", "other"]),
    (2, "no such cluster", ["drain", "node1", "--cluster", "jira"]),
    (2, "no such gate", ["gates", "open"]),
    (2, "no duration", ["wait", "node1", "up", "--timeout", "5 minutes"]),
    (2, "no time", ["drain", "node1", "--until", "25:99"]),
    (2, "a timeout without a wait", ["drain", "node1", "--timeout", "5m"]),
    (2, "an end that the balancer does not take", ["ack", "ad", "--until", "2026-01-01T00:00Z"]),
    (2, "no beginning", ["maintenance", "schedule"]),
    (2, "a beginning of on", ["maintenance", "on", "--from", "2h"]),
    (2, "a tester of no node", ["tester-link", "node3", "--for", "1h"]),
    (2, "a tester for too long", ["tester-link", "node1", "--for", "30d"]),
    (2, "an end of off", ["maintenance", "off", "--until", "2h"]),
    (2, "--watch without a terminal", ["status", "--watch"]),
    (2, "no balancer of that name", ["status", "--balancer", "nobody"]),
    (2, "a password in the address", ["status", "--balancer", "https://a:b@127.0.0.1/"]),
    (5, "no user is gone yet", ["wait", "node1", "out", "--timeout", "200ms"]),
    (6, "nobody listens", ["status", "--balancer", "NOWHERE"]),
    (6, "another page", ["status", "--balancer", "OTHER"]),
    (7, "no password", ["status", "--balancer", "LOCKED"]),
    (7, "not admitted", ["status", "--balancer", "FORBIDDEN"]),
    (8, "gate not met", ["gates", "maintenance-off", "maintenance-on"]),
]


@pytest.mark.parametrize("code, label, args", CODES, ids=[row[1] for row in CODES])
def test_the_exit_code_says_what_became_of_it(clusters, ctl, nowhere, code, label, args):
    first = clusters[0]
    places = {"NOWHERE": nowhere, "OTHER": first.httpd.url + "/nothing", "LOCKED": first.locked,
              "FORBIDDEN": first.forbidden}
    got, out, err = ctl.run(*(places.get(arg, arg) for arg in args))
    assert got == code, out + err
    assert bool(err.strip()) == (code not in (0, 8)), err
    assert "Traceback" not in err


def test_the_last_node_is_not_taken_unless_forced(clusters, ctl):
    clusters[0].drain("node1")
    code, _, err = ctl.run("drain", "node2")
    assert code == 3 and "outage page" in err
    assert clusters[0].node("node2")["admin"]["state"] == "active"
    ctl.done("drain", "node2", "--force")


DONE = (200, {"version": 1, "result": "done", "text": "It is so.", "generation": 1})
ANSWERS = [
    (1, "not saved", (507, {"version": 1, "result": "failed", "text": "disk full"}), "disk full"),
    (1, "another version", (200, {"version": 2}), "version 2"),
    (4, "changed meanwhile", (409, {"version": 1, "result": "conflict", "text": "Look again."}),
     "Look again."),
    (6, "not JSON", (503, b"<!DOCTYPE html>"), "answered 503"),
    (7, "not meant", (403, {"version": 1, "result": "forbidden", "text": "Not meant."}),
     "Not meant."),
]


@pytest.mark.parametrize("code, label, answer, text", ANSWERS, ids=[row[1] for row in ANSWERS])
def test_what_a_balancer_answers_becomes_an_exit_code_and_its_words(homes, code, label, answer,
                                                                    text):
    with FakeBalancer(answer) as fake:
        got, _, err = homes(fake.url).run("drain", "node1")
    assert (got, text in err) == (code, True), err


# several balancers

def test_one_order_goes_to_all_balancers(clusters, homes):
    both = homes(*(cluster.url for cluster in clusters))
    out = both.done("stop", "node1", "--wait").splitlines()
    assert len(out) == 4 and all("/cluster: " in line for line in out)
    assert [c.node("node1")["admin"]["state"] for c in clusters] == ["stop", "stop"]
    code, document = both.json("activate", "node1")
    assert code == 0 and [b["result"] for b in document["balancers"]] == ["done", "done"]


def test_nothing_is_changed_unless_all_would(clusters, homes, nowhere):
    clusters[1].drain("node2")
    both = homes(*(cluster.url for cluster in clusters))
    code, _, err = both.run("drain", "node1")
    assert code == 3 and clusters[1].url in err
    one_is_away = homes(clusters[0].url, nowhere)
    code, _, err = one_is_away.run("drain", "node1")
    assert code == 6 and nowhere in err
    assert clusters[0].node("node1")["admin"]["state"] == "active"


def test_what_is_done_on_some_only_is_reported(clusters, homes):
    late = (409, {"version": 1, "result": "conflict", "text": "Look again."})
    with FakeBalancer(DONE, late) as fake, FakeBalancer(DONE) as third:
        code, document = homes(clusters[0].url, fake.url, third.url).json("drain", "node1")
        checked, ordered = fake.orders
        assert (checked["check"], ordered.get("check"), ordered["generation"]) == (True, None, 0)
        assert [order.get("check") for order in third.orders] == [True]
    assert code == 9
    assert [b["result"] for b in document["balancers"]] == ["done", "conflict", None]
    assert clusters[0].node("node1")["admin"]["state"] == "drain"


def test_a_status_that_is_missing_does_not_hide_the_others(clusters, homes, nowhere):
    code, out, err = homes(nowhere, clusters[0].url).run("status")
    assert code == 6 and "cannot be reached" in err and "node2" in out


def test_a_wait_is_for_all_balancers(clusters, homes):
    clusters[0].stop_node("node1")
    code, document = homes(*(cluster.url for cluster in clusters)).json(
        "wait", "node1", "out", "--timeout", "300ms")
    assert (code, [b["result"] for b in document["balancers"]]) == (5, ["reached", "timeout"])


# terminals

COLOURS = [
    ("on a terminal", [], {}, True),
    ("with NO_COLOR", [], {"NO_COLOR": "1"}, False),
    ("on a dumb terminal", [], {"TERM": "dumb"}, False),
    ("never", ["--color", "never"], {}, False),
    ("always", ["--color", "always"], {"NO_COLOR": "1"}, True),
]


@pytest.mark.parametrize("label, args, env, coloured", COLOURS, ids=[row[0] for row in COLOURS])
def test_words_of_state_have_colours_on_a_terminal(ctl, label, args, env, coloured):
    terminal = ctl.terminal("status", *args, **env)
    assert terminal.end() == 0
    assert (f"{GREEN}serving" in terminal.text) == coloured
    assert "serving" in terminal.text


def test_watch_keeps_the_screen_current_and_gives_it_back(clusters, ctl):
    terminal = ctl.terminal("status", "--watch")
    terminal.wait_for("serving")
    clusters[0].stop_node("node1")
    terminal.wait_for(f"{RED}out")
    terminal.type("\x03")
    assert terminal.end() == 0
    begin, _, rest = terminal.text.partition("\x1b[H")
    assert "\x1b[?1049h" in begin and "\x1b[2J" not in rest
    assert rest.rstrip().endswith("\x1b[?1049l")


def test_a_wait_is_interrupted(ctl):
    terminal = ctl.terminal("wait", "node1", "out")
    terminal.wait_for("not so after")
    terminal.type("\x03")
    assert terminal.end() == 130


def test_a_login_is_asked_for_on_a_terminal(clusters, ctl):
    terminal = ctl.terminal("status", "--balancer", clusters[0].locked)
    terminal.wait_for("User at")
    terminal.type("alice\n")
    terminal.wait_for("Password of alice")
    terminal.type(PASSWORD + "\n")
    assert terminal.end() == 0
    assert "serving" in terminal.text and PASSWORD not in terminal.text


def test_what_a_balancer_says_cannot_command_the_terminal(homes):
    status = copy.deepcopy(STATUS)
    status["clusters"][0]["nodes"][0]["why"] = "\x1b[2Jgone\r\u202e"
    with FakeBalancer(status=status) as fake:
        assert "?[2Jgone??" in homes(fake.url).done("status")


def test_the_upgrade_that_is_walked_stands_above_the_nodes(clusters, ctl):
    assert clusters[0].change(action="walk", walk="w1", walker="anna@admin1", until="2m",
                              step="rolling, step 3 of 9").status_code == 200
    shown = ctl.done("status")
    assert re.search(r"An upgrade is under way by anna@admin1 since \d\d:\d\d:\d\d: "
                     r"rolling, step 3 of 9\n(.*\n)*NODE", shown), shown
    assert clusters[0].change(action="walk-end", walk="w1").status_code == 200
    assert "upgrade" not in ctl.done("status")


def test_a_gate_whose_evidence_is_too_old_is_asked_again(homes):
    status = {**STATUS, "gate": "node-stopped", "argument": "node1", "verdict": "unknown",
              "evidence": "as of an hour ago", "advice": None, "stale": True}
    with FakeBalancer(status=status) as fake:
        fresh = threading.Timer(1, status.update, kwargs={
            "verdict": "met", "evidence": "just now", "stale": False})
        fresh.start()
        assert "just now" in homes(fake.url).done("gates", "node-stopped:node1")


# configuration files, logins, TLS

def locked_section(cluster, password=PASSWORD):
    return f"[wiki]\nurl = {cluster.locked}\nuser = alice\npassword = {password}\n"


def test_a_file_names_the_balancers_and_logs_in(clusters, homes):
    both = homes()
    both.configure(locked_section(clusters[0]) + f"[other]\nurl = {clusters[1].url}\n")
    _, document = both.json("status")
    assert [b["name"] for b in document["balancers"]] == ["wiki", "other"]
    assert all("status" in b for b in document["balancers"])
    _, document = both.json("status", "--balancer", "other")
    assert [b["name"] for b in document["balancers"]] == ["other"]
    ran = both.run("drain", "node1")
    assert ran[0] == 0, ran
    assert clusters[0].node("node1")["admin"]["who"] == "alice"


def test_the_environment_logs_in_too(clusters, homes):
    one = homes(clusters[0].locked)
    assert one.run("status", CFCLUSTER_USER="alice", CFCLUSTER_PASSWORD=PASSWORD)[0] == 0
    code, _, err = one.run("status", CFCLUSTER_USER="alice", CFCLUSTER_PASSWORD="wrong")
    assert code == 7 and "the login was refused" in err


FILES = [
    ("readable by all, with a password", "[a]\nurl = URL\nuser = u\npassword = p\n", 0o644,
     "chmod 600"),
    ("writable by all", "[a]\nurl = URL\n", 0o666, "chmod 600"),
    ("a misspelt setting", "[a]\nurl = URL\npasword = p\n", 0o600, "did you mean password?"),
    ("no url", "[a]\nuser = u\n", 0o600, "[a] has no url"),
    ("no INI", "url = URL\n", 0o600, "cannot be read"),
    ("no text", "[a]\nurl = \udcff\n", 0o600, "cannot be read"),
    ("no address", "[a]\nurl = wiki.example.com\n", 0o600, "not the address of a status page"),
    ("no certificates", "[a]\nurl = https://127.0.0.1/\nca = /dev/null\n", 0o600, "ca = /dev/null"),
    ("a password over http", "[a]\nurl = http://192.0.2.1/\nuser = u\npassword = p\n", 0o600,
     "use https://"),
    ("empty", "", 0o600, "no balancer is known"),
]


@pytest.mark.parametrize("label, text, mode, answer", FILES, ids=[row[0] for row in FILES])
def test_a_file_that_cannot_be_used_is_refused(homes, label, text, mode, answer):
    one = homes()
    one.config.write_bytes(text.replace("URL", "http://127.0.0.1:1/").encode(
        errors="surrogateescape"))
    one.config.chmod(mode)
    code, _, err = one.run("status")
    assert (code, answer in err) == (2, True), err


def test_a_file_that_is_missing_is_said(homes):
    code, _, err = homes().run("status", "--config", "/nowhere/ctl.conf")
    assert code == 2 and "/nowhere/ctl.conf: No such file" in err


def test_certificates_are_verified(clusters, homes):
    one = homes(clusters[0].secure)
    code, _, err = one.run("status")
    assert code == 6 and "not trusted" in err
    one.configure(f"[wiki]\nurl = {clusters[0].secure}\nca = {tls.certificate()[0]}\n")
    assert one.run("status")[0] == 0


def test_a_certificate_of_another_name_is_refused(homes):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*tls.certificate())
    with FakeBalancer(host="127.0.0.2", tls=context) as fake:
        one = homes()
        one.configure(f"[wiki]\nurl = {fake.url}\nca = {tls.certificate()[0]}\n")
        code, _, err = one.run("status")
    assert code == 6 and "127.0.0.2" in err and "not trusted" in err
