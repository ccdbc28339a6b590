# SPDX-License-Identifier: Apache-2.0
"""The equipment itself: what the other tests take for granted about it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time

import pytest
import requests
import websocket

from . import client, many, places, ports, proc
from .client import Load, User, raw_get
from .load import NEW, SteadyLoad

pytestmark = pytest.mark.once

STATES = [
    # label,                      state,       code, body
    ("running is 200",            "RUNNING",   200, '{"state":"RUNNING"}'),
    ("not set up is 200 as well", "FIRST_RUN", 200, '{"state":"FIRST_RUN"}'),
    ("starting is 503",           "STARTING",  503, '{"state":"STARTING"}'),
    ("stopping is 503",           "STOPPING",  503, '{"state":"STOPPING"}'),
    ("an error is 500",           "ERROR",     500, '{"state":"ERROR"}'),
    ("garbage is 200",            "GARBAGE",   200, "<html>RUNNING, or so it seems</html>"),
]


@pytest.mark.parametrize("state, code, body", [row[1:] for row in STATES],
                         ids=[row[0] for row in STATES])
def test_status_answers_as_confluence_does(nodes, state, code, body):
    nodes[0].set_state(state)
    answer = requests.get(nodes[0].url + "/status", timeout=5)
    assert (answer.status_code, answer.text) == (code, body)


@pytest.mark.parametrize("state", ["HANG", "DRIP"])
def test_misbehaving_status_does_not_finish(nodes, state):
    nodes[0].set_state(state)
    with pytest.raises(requests.exceptions.RequestException):
        requests.get(nodes[0].url + "/status", timeout=0.5, stream=False).json()


REACHED = [
    # label,                              target,                                   servlet
    ("a page",                            "/display/KEY/Some+Title",                "page"),
    ("the console",                       "/admin/console.action",                  "admin"),
    ("parameters do not hide a path",     "/;x/admin;y/console.action",             "admin"),
    ("setup",                             "/setup/setupstart.action",               "setup"),
    ("a template",                        "/template/aui/text-inline.vm",           "velocity"),
    ("XML-RPC",                           "/rpc/xmlrpc",                            "rpc"),
    ("SOAP by its second door",           "/plugins/servlet/soap-axis1/x",          "soap-axis1"),
    ("plugin manager",                    "/plugins/servlet/upm",                   "upm"),
    ("REST",                              "/rest/api/content",                      "rest"),
    ("REST for administrators",           "/rest/api/latest/admin/user",            "rest-admin"),
    ("an action",                         "/pages/viewpage.action",                 "page"),
    ("an action for administrators",      "/spaces/removespace.action",             "action"),
    ("that action, deeper",               "/spaces/x/removespace!y.action",         "action"),
    ("a second login in any namespace",   "/pages/doauthenticate.action",           "action"),
    ("no such action in the namespace",   "/pages/removespace.action",              "page"),
    ("a page with a template's name",     "/display/KEY/x.vm",                      "page"),
    ("json inherits the console",         "/json/console.action",                   "admin"),
    ("json inherits setup",               "/json/setup-restore.action",             "setup"),
    ("json has actions of its own",       "/json/startheartbeatactivity.action",    "json"),
    ("/s/ forwards",                      "/s/x/_/admin/console.action",            "admin"),
    ("/s/ forwards a decoded path",       "/s/x/_/%61dmin/console.action",          "admin"),
    ("/s/ decodes again and again",       "/s/x/_/%252561dmin/console.action",      "admin"),
    ("/s/ with parameters",               "/s/x/_/;/admin/console.action",          "admin"),
    ("/s/ with NOCACHE",                  "/s/x/NOCACHE1/_/rpc/xmlrpc",             "rpc"),
    ("/s/ takes the last marker",         "/s/x/_/y/_/rpc/xmlrpc",                  "rpc"),
    ("/s/ to /s/",                        "/s/x/_/s/y/%5f/rpc/xmlrpc",              "rpc"),
    ("/s/ takes images for images",       "/s/x/_/download/images/..;/rpc/xmlrpc",  "rpc"),
    ("/s/ keeps other downloads",         "/s/x/_/download/i/..;/rpc/xmlrpc",       "page"),
    ("Struts reads the raw path",
     "/./spaces/viewspace.action/removespace.action;/../../viewspace.action",       "action"),
    ("Struts trusts a path that ends so",
     "/spaces/viewspace.action/removespace.action;/../../../spaces/viewspace.action", "page"),
    ("Struts in the json namespace",
     "/./json/startheartbeatactivity.action/console.action;/../../"
     "startheartbeatactivity.action",                                               "admin"),
]


@pytest.mark.parametrize("target, servlet", [row[1:] for row in REACHED],
                         ids=[row[0] for row in REACHED])
def test_paths_reach_what_they_reach_in_confluence(nodes, target, servlet):
    answer = raw_get(nodes[0].port, target)
    assert (answer.status, answer.headers.get("x-test-servlet")) == (200, servlet)


@pytest.mark.parametrize("target", [
    "/s/x/_/WEB-INF/web.xml", "/s/x/_/;/Meta-INF/x", "/s/x/_/+/rpc/xmlrpc", "/s/x/no/marker", "/WEB-INF/web.xml"])
def test_forward_refuses(nodes, target):
    answer = raw_get(nodes[0].port, target)
    assert (answer.status, answer.headers.get("x-test-servlet")) == (404, None)


PARAMETERS = [
    # target,                                       the parameters that came there
    ("/x?a=b&os_username=me&os_password=x",         "os_username,os_password"),
    ("/s/x/_/x%3fa=b%26os_username=me",             "os_username"),
    ("/s/x/_/x%253fbootstrapStatusProvider.y=1?z",  "bootstrapstatusprovider.y"),
    ("/x%3fos_username=me",                         ""),
]


def test_a_brief_answer_names_parameters_that_a_guard_may_refuse(nodes):
    answers = many.heads(nodes[0].port, [target for target, _ in PARAMETERS])
    assert [answer.parameters for answer in answers] == [names for _, names in PARAMETERS]


def test_page_keeps_count_in_a_session(nodes):
    user = User(nodes[1].url)
    first, second = user.page(), user.page("/display/KEY/a%20b?x=%20")
    assert (first["new"], first["hits"], second["new"], second["hits"]) == (True, 1, False, 2)
    assert first["session"] == second["session"] and first["session"].endswith(".node2")
    assert (second["uri"], second["query"]) == ("/display/KEY/a%20b", "x=%20")


LOGINS = [
    # label,     name,      password, reason,                  form, api
    ("right",    "anna",    "anna",   "OK",                    302,  200),
    ("wrong",    "anna",    "x",      "AUTHENTICATED_FAILED",  200,  401),
    ("captcha",  "captcha", "x",      "AUTHENTICATION_DENIED", 200,  403),
]


@pytest.mark.parametrize("name, password, reason, form, api", [row[1:] for row in LOGINS],
                         ids=[row[0] for row in LOGINS])
def test_login_tells_its_result_in_a_header(nodes, name, password, reason, form, api):
    user = User(nodes[0].url)
    by_form = user.post("/dologin.action", data={"os_username": name, "os_password": password})
    by_api = user.post("/rest/tsv/1.0/authenticate", json={"username": name, "password": password})
    assert [a.headers["X-Seraph-LoginReason"] for a in (by_form, by_api)] == [reason, reason]
    assert (by_form.status_code, by_api.status_code) == (form, api)


def test_synchrony_echoes_and_beats(nodes):
    socket = websocket.create_connection(nodes[0].url.replace("http", "ws") + "/synchrony")
    socket.send("hello")
    assert socket.recv() == "hello"
    socket.close()
    assert requests.get(nodes[0].url + "/synchrony/heartbeat", timeout=5).text == "OK"


def test_a_request_made_twice_is_seen_twice(nodes):
    for times in 1, 2:
        answer = requests.post(nodes[0].url + "/unique?id=a", data={"x": "y"}, timeout=5).json()
        assert answer["times"] == times
    assert nodes[0].counters()["ids"] == {"POST a": 2}
    nodes[0].reset()
    assert nodes[0].counters()["ids"] == {}


def test_frozen_and_killed_nodes_come_back(nodes):
    nodes[0].freeze()
    with pytest.raises(requests.exceptions.Timeout):
        requests.get(nodes[0].url + "/page", timeout=0.3)
    nodes[0].thaw()
    assert requests.get(nodes[0].url + "/page", timeout=10).status_code == 200
    nodes[0].kill()
    with pytest.raises(requests.exceptions.ConnectionError):
        requests.get(nodes[0].url + "/page", timeout=1)
    nodes[0].reset()
    assert requests.get(nodes[0].url + "/page", timeout=10).status_code == 200


def plain_proxy(node):
    """Without the module: httpd and Tomcat alone, so that only the equipment is tested."""
    return f"ProxyPass / {node.url}/\n"


def test_bodies_pass_unchanged_both_ways(nodes, new_httpd):
    httpd = new_httpd(plain_proxy(nodes[0]), with_module=False).start()
    body = client.download_body(1_000_003)
    assert User(httpd.url).get("/download?bytes=1000003").content == body
    receipt = User(httpd.url).post("/upload", data=body).json()
    assert (receipt["bytes"], len(receipt["sha256"])) == (1_000_003, 64)


def test_load_keeps_sessions_and_counts_every_request(nodes, new_httpd):
    httpd = new_httpd(plain_proxy(nodes[0]), with_module=False).start()
    load = Load(httpd.port, users=5, total=100).run()
    assert (len(load.hits), load.errors(), load.strays()) == (100, [], {})
    assert nodes[0].counters()["sessions"] == 5


def test_load_asks_again_when_a_kept_connection_was_closed(nodes, new_httpd):
    config = "KeepAliveTimeout 1\n" + plain_proxy(nodes[0])
    httpd = new_httpd(config, with_module=False).start()
    with Load(httpd.port, users=1, pause=1.5) as load:
        proc.wait_for(lambda: load.resent() >= 1, "a request is sent again")
    assert load.errors() == []


def test_an_undeclared_line_in_the_error_log_fails(new_httpd):
    httpd = new_httpd("ProxyPass / http://127.0.0.1:1/\n", with_module=False).start()
    assert User(httpd.url).get("/").status_code == 503
    with pytest.raises(AssertionError, match="AH00957.*attempt to connect"):
        httpd.stop()


def test_a_declared_line_in_the_error_log_passes(new_httpd):
    httpd = new_httpd("ProxyPass / http://127.0.0.1:1/\n", with_module=False).start()
    httpd.allow("AH00957|AH01114")
    assert User(httpd.url).get("/").status_code == 503
    httpd.stop()


def test_a_crashed_child_fails(new_httpd):
    httpd = new_httpd(with_module=False).start()
    os.kill(httpd.children()[0], signal.SIGSEGV)
    proc.wait_for(lambda: "Segmentation fault" in httpd.error_log(), "the crash is logged")
    with pytest.raises(AssertionError, match="exit signal Segmentation fault") as failure:
        httpd.stop()
    assert "no core file was left" in str(failure.value) or "Thread 1" in str(failure.value)


def test_a_sanitizer_report_fails(new_httpd):
    httpd = new_httpd(with_module=False).start()
    (httpd.root / "reports/report.1").write_text("ERROR: AddressSanitizer: heap-use-after-free\n")
    with pytest.raises(AssertionError, match="heap-use-after-free"):
        httpd.stop()


def test_configtest_says_what_is_wrong(new_httpd):
    code, output = new_httpd("NoSuchDirective on\n", with_module=False).configtest()
    assert code == 1 and "Invalid command 'NoSuchDirective'" in output


def test_httpd_keeps_its_process_over_restarts_and_leaves_none(new_httpd):
    httpd = new_httpd(with_module=False).start()
    pid, before = httpd.pid, httpd.children()
    httpd.graceful()
    httpd.restart()
    assert httpd.pid == pid and before and not set(before) & set(httpd.children())
    httpd.kill9()
    assert proc.family(pid) == []


def test_no_server_outlives_whoever_started_it():
    script = ("import sys, time; sys.path.insert(0, sys.argv[1]);"
              "from equipment.httpd import Httpd; h = Httpd(with_module=False).start();"
              "print(h.pid, h.root, flush=True); time.sleep(600)")
    with subprocess.Popen([sys.executable, "-c", script, places.TOP / "t"],
                          stdout=subprocess.PIPE, text=True) as starter:
        pid, root = starter.stdout.readline().split()
        assert len(proc.family(int(pid))) > 1
        starter.kill()
    proc.wait_for(lambda: not proc.family(int(pid)), "httpd ends with the one who started it")
    shutil.rmtree(root)


@pytest.mark.parametrize("script, share_failed", [("answer", 0), ("close", 1), ("busy", 1)])
def test_a_steady_load_sends_what_it_should_and_tells_what_failed(scripted, tmp_path, script,
                                                                  share_failed):
    node = scripted("node1")
    load = SteadyLoad(node.port, 1, tmp_path)
    proc.wait_for(lambda: len(node.received) >= 50, "all users have a session")
    node.script, since = script, time.monotonic()
    shots = load.results()
    assert len(shots) >= 210            # more if the sessions took long
    assert abs(sum(shot.user == NEW for shot in shots) - len(shots) / 21) <= 1
    late = [shot for shot in shots if shot.at > since]
    assert sum(shot.failed for shot in late) == share_failed * len(late)
    assert {shot.id for shot in shots if shot.method == "POST" and not shot.failed} <= {
        line.removeprefix("POST ") for line in node.journal()}


def test_whose_connections_a_process_holds_is_known():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as one, \
                socket.create_connection(("127.0.0.1", port)):
            accepted, _ = server.accept()
            assert ports.clients(os.getpid(), port) == {one.getsockname()[1]}
            assert ports.clients(os.getppid(), port) == set()
            accepted.close()


def test_two_runs_at_the_same_time_are_given_different_ports():
    mine = [ports.free() for _ in range(50)]
    ask = ("import sys; from equipment import ports; ports._RANGE = list(map(int, sys.argv[1:]))\n"
           "print(ports.free())")
    above = ports._RANGE.stop           # of all that are given out; clients' are higher still
    nobodys = range(above, above + 50)
    given = subprocess.run([sys.executable, "-c", ask, *map(str, [*mine, *nobodys])], check=True,
                           capture_output=True, text=True, timeout=30,
                           env={**os.environ, "PYTHONPATH": str(places.TOP / "t")}).stdout
    assert int(given) in nobodys


def test_what_is_made_once_is_there_whole_or_not_at_all():
    name = f"test-{os.getpid()}"

    def fail(home):
        (home / "half").touch()
        raise OSError

    try:
        with pytest.raises(OSError):
            places.once(name, fail)
        assert not (places.cache() / name).exists()
        home = places.once(name, lambda home: (home / "whole").touch())
        assert places.once(name, fail) == home
        assert [file.name for file in home.iterdir()] == ["whole"]
    finally:
        shutil.rmtree(places.cache() / name)
