# SPDX-License-Identifier: Apache-2.0
"""What clients get from a closed cluster and from one without nodes, and who may pass."""

import re
import socket
import subprocess
import time
import xmlrpc.client
from xml.etree import ElementTree

import pytest
import requests

from equipment.client import User, raw, spread
from equipment.proc import wait_for

pytestmark = pytest.mark.any_mpm

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Sec-Fetch-Dest": "document"}
HTML = "text/html; charset=utf-8"

# mod_proxy's words about a node that is not there.
NOT_THERE = "AH00957|AH01114"


def get(cluster, path="/page", **headers):
    return requests.get(cluster.httpd.url + path, headers=headers or BROWSER, timeout=10,
                        allow_redirects=False)


def test_a_closed_cluster_answers_browsers_with_a_page(cluster):
    cluster.close("Back at <three> & \"well\"", until="2h")
    answer = get(cluster)
    assert answer.status_code == 503
    assert answer.headers["Content-Type"] == HTML
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Retry-After"] == "3600"
    assert "Back at &lt;three&gt; &amp; &quot;well&quot;" in answer.text
    assert "Expected back at" in answer.text
    assert 'http-equiv="refresh"' in answer.text
    assert spread([answer]) == "503: 1"
    cluster.open()
    assert get(cluster).status_code == 200


@pytest.mark.parametrize("who, path, headers, content_type", [
    ("curl", "/page", {"Accept": "*/*"}, HTML),
    ("an API client", "/rest/api", {"Accept": "application/json"}, "application/json"),
    ("a page's script", "/x", {"X-Requested-With": "XMLHttpRequest"}, "application/json"),
    ("REST without Accept", "/rest/api", {"Accept": None}, "application/json"),
    ("an image", "/logo", {"Sec-Fetch-Dest": "image"}, "image/gif"),
    ("a style", "/batch.css", {"Accept": "text/css,*/*;q=0.1"}, "text/css; charset=utf-8"),
    ("a script", "/batch.js", {"Accept": "*/*"}, "text/javascript; charset=utf-8"),
    ("a WebSocket", "/synchrony", {"Connection": "Upgrade", "Upgrade": "websocket",
                                   "Sec-WebSocket-Key": "x", "Sec-WebSocket-Version": "13"}, None),
])
def test_each_client_gets_503_in_a_form_it_can_use(cluster, who, path, headers, content_type):
    cluster.close()
    answer = get(cluster, path, **headers)
    assert answer.status_code == 503, who
    assert answer.headers.get("Content-Type") == content_type, who
    assert answer.headers["Retry-After"] == "300", who
    if content_type == "application/json":
        assert answer.json() == {"status": 503, "state": "maintenance", "message": "test",
                                 "retry_after_s": 300}
    if content_type is None:
        assert answer.content == b"", who


def test_programs_that_call_by_xml_get_a_fault_they_can_read(cluster):
    cluster.close("Back at <three>")
    answer = requests.post(cluster.httpd.url + "/rpc/xmlrpc", timeout=10,
                           data=xmlrpc.client.dumps(("u", "p"), "confluence2.login"),
                           headers={"Content-Type": "text/xml"})
    assert answer.status_code == 503
    assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"
    with pytest.raises(xmlrpc.client.Fault, match="Down for maintenance: Back at <three>"):
        xmlrpc.client.loads(answer.content)
    answer = requests.post(cluster.httpd.url + "/rpc/soap-axis/confluenceservice-v2", timeout=10,
                           data="<x/>", headers={"SOAPAction": '""'})
    assert answer.status_code == 503
    fault = ElementTree.fromstring(answer.content)
    assert fault.findtext(".//faultstring") == "Down for maintenance: Back at <three>"


def test_head_has_the_headers_of_get_and_no_body(cluster):
    cluster.close()
    url = cluster.httpd.url + "/page"
    head, page = (requests.request(m, url, headers=BROWSER, timeout=10) for m in ("HEAD", "GET"))
    assert head.status_code == 503
    assert head.content == b""
    assert head.headers["Content-Length"] == str(len(page.content))


def test_a_body_that_is_not_wanted_costs_nobody_his_answer(cluster):
    cluster.close()
    answer = requests.post(cluster.httpd.url + "/upload", data=b"x" * 5_000_000, timeout=30)
    assert answer.status_code == 503


def test_a_body_in_chunks_is_read_to_its_end_and_a_broken_one_is_refused(cluster):
    cluster.close("in chunks")
    head = b"POST /upload HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" \
           b"Transfer-Encoding: chunked\r\n\r\n"
    answer = raw(cluster.httpd.port,
                 head + b"1000\r\n%s\r\n" % (b"x" * 4096) * 200 + b"0\r\n\r\n")
    assert answer.status == 503
    assert b"in chunks" in answer.body
    assert raw(cluster.httpd.port, head + b"x\r\n").status == 400


def test_a_client_that_asks_first_is_not_told_to_send_its_body(cluster):
    cluster.close()
    answer = raw(cluster.httpd.port, b"POST /upload HTTP/1.1\r\nHost: localhost\r\n"
                 b"Content-Length: 5000000\r\nExpect: 100-continue\r\n\r\n")
    assert answer.status == 503


def test_an_error_document_does_not_take_the_pages_place(new_cluster):
    cluster = new_cluster(outside="ErrorDocument 503 \"from ErrorDocument\"").start()
    cluster.close("from maintenance")
    assert "from maintenance" in get(cluster).text


def test_http2_clients_get_the_page_too(new_cluster, tmp_path):
    cluster = new_cluster()
    url = cluster.httpd.listen_tls()
    cluster.start()
    cluster.close("over HTTP/2")
    body = tmp_path / "body"
    body.write_bytes(b"x" * 5_000_000)
    for label, more in ("a page", []), ("a body", ["--data-binary", f"@{body}"]), ("HEAD", ["-I"]):
        asked = subprocess.run(["curl", "-sSki", "--http2", "-H", "Accept: text/html", *more,
                                url + "/page"], stdout=subprocess.PIPE, text=True, check=True)
        assert re.match(r"HTTP/\S+ 503", asked.stdout), label
        assert ("over HTTP/2" in asked.stdout) == (label != "HEAD"), label


def test_closing_is_in_effect_in_every_child_when_the_answer_is_there(cluster):
    users = [cluster.new_user() for _ in range(20)]     # connections to every child
    for _ in range(5):
        cluster.close()
        assert spread(user.get("/page") for user in users) == "503: 20"
        cluster.open()
        assert "503" not in spread(user.get("/page") for user in users)


@pytest.mark.once
def test_a_scheduled_maintenance_begins_and_ends_by_itself(cluster):
    cluster.close("an update", **{"from": "1h", "until": "1h", "end": "by-itself"})
    assert cluster.status()["state"] == "scheduled"
    assert cluster.status()["end"] == "by-itself"
    assert get(cluster).status_code == 200
    cluster.close("an update", **{"from": "2s", "until": "1h", "end": "by-itself"})
    wait_for(lambda: "an update" in get(cluster).text, "it has begun", 30)
    assert cluster.status()["state"] == "maintenance"
    assert cluster.status()["from"] is None
    cluster.close("an update", until="2s", end="by-itself")
    wait_for(lambda: get(cluster).status_code == 200, "it is over", 30)
    assert cluster.status()["state"] == "open"


@pytest.mark.once
def test_a_begin_that_passed_while_httpd_was_down_is_made_up_for(cluster):
    cluster.close("an update", **{"from": "6s", "until": "2h"})
    begin = cluster.status()["from"]
    cluster.httpd.stop()
    wait_for(lambda: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()) > begin, "its begin", 30)
    cluster.httpd.start()
    wait_for(lambda: "an update" in get(cluster).text, "it has begun", 30)


def test_a_scheduled_maintenance_that_is_cancelled_does_not_begin(cluster):
    cluster.close("an update", **{"from": "1h"})
    cluster.open()
    assert cluster.status()["state"] == "open"
    assert cluster.status()["from"] is None


def test_answers_of_httpd_itself_are_counted(cluster):
    cluster.close()
    before = cluster.status()["refused"]
    for _ in range(3):
        get(cluster)
    assert cluster.status()["refused"] == before + 3


def test_without_any_node_users_see_the_outage_page(cluster, nodes):
    cluster.httpd.allow(NOT_THERE)
    for node in nodes:
        node.kill()
    for node in nodes:
        cluster.wait_effective(node.name, "out")
    answer = get(cluster)
    assert answer.status_code == 503
    assert "Temporarily unavailable" in answer.text
    assert answer.headers["Retry-After"] == "30"
    assert get(cluster, Accept="application/json").json()["state"] == "outage"
    cluster.close("We are on it")
    assert "We are on it" in get(cluster).text


def test_testers_pass_and_others_do_not(new_cluster):
    cluster = new_cluster(inside="CFTesters 10.0.9.0/24 127.0.0.1").start()
    cluster.close()
    assert get(cluster).status_code == 200


def test_an_address_beside_the_testers_does_not_pass(new_cluster):
    cluster = new_cluster(inside="CFTesters 127.0.0.2 2001:db8::/32").start()
    cluster.close()
    assert get(cluster).status_code == 503


def test_testers_are_known_by_the_address_that_mod_remoteip_found(new_cluster):
    cluster = new_cluster(inside="CFTesters 10.0.9.3",
                          outside="RemoteIPHeader X-Forwarded-For\n"
                                  "RemoteIPInternalProxy 127.0.0.1").start()
    cluster.close()
    assert get(cluster, **{"X-Forwarded-For": "10.0.9.3"}).status_code == 200
    assert get(cluster, **{"X-Forwarded-For": "10.0.9.4"}).status_code == 503


def test_own_pages_are_filled_and_sent_each_for_its_case(new_cluster, nodes, tmp_path):
    page = tmp_path / "page.html"
    page.write_text("<!DOCTYPE html><title>Ours</title>{{message}} {{else}} \u00e4")
    outage = tmp_path / "outage.html"
    outage.write_text("<title>{{title}}</title>Call 123.{{end}} {{message}}")
    cluster = new_cluster(inside=f"CFMaintenancePage {page}\nCFOutagePage {outage}").start()
    page.unlink()
    cluster.close("1 < 2")
    answer = get(cluster)
    assert answer.headers["Content-Type"] == HTML
    assert answer.content.decode() == "<!DOCTYPE html><title>Ours</title>1 &lt; 2 {{else}} \u00e4"
    assert get(cluster, Accept="application/json").json()["state"] == "maintenance"
    cluster.open()
    for node in nodes:
        cluster.stop_node(node.name, force=1)
    assert get(cluster).text == ("<title>Temporarily unavailable</title>Call 123. The service "
                                 "cannot be reached right now. It should be back shortly.")


def test_pictures_and_styles_of_the_own_page_stay_reachable(new_cluster):
    cluster = new_cluster()
    folder = cluster.httpd.root / "for-the-page"
    folder.mkdir()
    (folder / "style.txt").write_text("b {}")
    cluster.httpd.add(f"""
        CFClusterPass "/maintenance" !
        Alias "/maintenance" {folder}
        <Directory {folder}>
            Require all granted
        </Directory>""")
    cluster.start()
    cluster.close()
    answer = get(cluster, "/maintenance/style.txt")
    assert (answer.status_code, answer.text) == (200, "b {}")
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert get(cluster, "/maintenancex").status_code == 503


@pytest.mark.once
@pytest.mark.parametrize("lines, complaint", [
    ("CFTesters 10.0.9.x", 'CFTesters: "10.0.9.x" is not an address or network; write for example'),
    ("CFTesters 10.0.9.0/33", '"10.0.9.0/33" is not an address or network'),
    ("CFTesters wiki.example.org", '"wiki.example.org" is not an address or network'),
    ("CFMaintenancePage {dir}/missing", "/missing cannot be used: No such file or directory"),
    ("CFMaintenancePage {dir}", "cannot be used: it is not a file"),
    ("CFMaintenancePage {dir}/empty", "cannot be used: it is empty"),
    ("CFMaintenancePage {dir}/huge", "cannot be used: it is larger than 1 MiB"),
    ("CFOutagePage {dir}/missing", "CFOutagePage: {dir}/missing cannot be used: No such file"),
    ("CFMaintenancePage {dir}/good\nCFMaintenancePage {dir}/good", "is the second one of this cluster"),
])
def test_what_cannot_be_right_is_refused_by_configtest(new_cluster, tmp_path, lines, complaint):
    (tmp_path / "empty").write_text("")
    (tmp_path / "huge").write_text("x" * (1024 * 1024 + 1))
    (tmp_path / "good").write_text("good")
    code, said = new_cluster(inside=lines.format(dir=tmp_path)).httpd.configtest()
    assert code != 0
    assert complaint.format(dir=tmp_path) in said


def test_a_slow_body_holds_up_nobody_else(cluster):
    """A client that trickles its body into a closed cluster keeps one thread, no lock."""
    cluster.close()
    with socket.create_connection(("127.0.0.1", cluster.httpd.port), timeout=10) as slow:
        slow.sendall(b"POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nx")
        assert get(cluster).status_code == 503
        cluster.open()
        assert User(cluster.httpd.url).get("/page").status_code == 200
        slow.setblocking(False)
        with pytest.raises(BlockingIOError):    # it is still at it
            slow.recv(1)
