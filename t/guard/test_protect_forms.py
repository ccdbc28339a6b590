# SPDX-License-Identifier: Apache-2.0
"""Parameters in bodies: found wherever they stand, in bodies of any size, before the node has
them; and uploads pass byte for byte. How names are read: t/unit/test_keys.c."""

import hashlib
import subprocess

import pytest

from equipment.client import node_of, raw
from equipment.cluster import ONE_PROBE, PATIENT_PROBE
from equipment.httpd import mpm
from equipment.proc import wait_for
from equipment.site import Site, area
from equipment.transports import made

pytestmark = pytest.mark.any_mpm

KEY = b"bootstrapStatusProvider.applicationConfig.setupComplete"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b"
ABORTED = "CFC0207|AH01095|AH01097|AH02608|AH02822"     # mod_proxy, of a body that ended


def part(name, value=b"x"):
    return b'--b\r\nContent-Disposition: form-data; name="' + name + b'"\r\n\r\n' + value + b"\r\n"


REFUSED = [
    # label,                      type,                                 body
    ("a form",                    FORM,                                 KEY + b"=false"),
    ("a form, encoded",           FORM, b"a=b&%62ootstrap%53tatusProvider.x=false"),
    ("a form with a charset",     FORM + "; charset=UTF-8",             b"a=b&" + KEY),
    ("a form in UTF-16",          FORM + "; charset=utf-16",            b"a=b"),
    ("a form in EBCDIC",          FORM + "; charset=ibm037",            b"%82%96%96%a3"),
    ("a multipart form",          MULTIPART,                            part(KEY)),
    ("its second part",           MULTIPART,                            part(b"a") + part(KEY)),
    ("its name encoded",          MULTIPART,                            part(b"=?utf-8?q?x?=")),
    ("after 15 KiB",              FORM,                 b"a=" + 15000 * b"x" + b"&" + KEY + b"=x"),
]
LARGE = [
    # label,                      type,                                 body
    ("a form of 200 KiB",         FORM,               b"a=" + 200000 * b"x" + b"&" + KEY + b"=x"),
    ("a multipart form of 4 MiB", MULTIPART, part(b"a", 4000000 * b"\r\nx") + part(KEY)),
]


def chunked(site, target, body, kind):
    head = (f"POST {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            f"Content-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n").encode()
    pieces = [body[i:i + 7] for i in range(0, len(body), 7)]
    return raw(site.httpd.port, head + b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces)
               + b"0\r\n\r\n")


@pytest.fixture
def site(new_site):
    # no probe is to fail because this process, which is the node too, has 4 MiB to read
    site = new_site(probe=PATIENT_PROBE)
    site.httpd.allow(ABORTED)
    return site


@pytest.mark.parametrize("kind, body", [row[1:] for row in REFUSED], ids=[r[0] for r in REFUSED])
def test_a_form_with_the_parameter_is_refused_before_the_node_has_any_of_it(site, kind, body):
    assert site.post("/x.action", body, kind=kind).status == 403
    assert chunked(site, "/x.action", body, kind).status == 403
    assert site.node.begun == 0
    assert ["its body" in line for line in site.lines("CFC0207")] == [True, True]


@pytest.mark.parametrize("kind, body", [row[1:] for row in LARGE], ids=[row[0] for row in LARGE])
def test_of_a_large_form_the_node_never_gets_the_name_nor_the_end(site, kind, body):
    assert site.post("/x.action", body, kind=kind).status == 403
    wait_for(lambda: site.node.begun == len(site.node.received), "the node is done")
    assert [KEY in request.body for request in site.node.received] in ([], [False])
    assert len(site.lines("CFC0207")) == 1
    assert site.cluster.node("node1")["health"]["state"] == "up"     # it is not its fault
    assert site.status("/display") == 200


PASSED = [
    # label,                      type,                                 body
    ("another form",              FORM,            b"q=bootstrapStatusProvider.x&a=%00&b"),
    ("JSON about it",             "application/json; charset=utf-16",   b'{"' + KEY + b'": 1}'),
    ("text about it",             "text/plain",                         KEY + b"=false"),
    ("no type",                   None,                                 KEY + b"=false"),
    ("an upload about it",        MULTIPART,
     b'--b\r\nContent-Disposition: form-data; name="file"; filename="' + KEY + b'.txt"\r\n\r\n'
     + KEY + b"=false\r\n--b--\r\n"),
    ("a large upload",            MULTIPART, part(b"file", bytes(range(256)) * 20000) + b"--b--"),
    ("a large form",              FORM,                                 b"a=" + 300000 * b"%41"),
    ("nothing",                   FORM,                                 b""),
]


@pytest.mark.parametrize("kind, body", [row[1:] for row in PASSED], ids=[row[0] for row in PASSED])
def test_all_other_bodies_pass_byte_for_byte(site, kind, body):
    assert site.post("/x.action", body, kind=kind).status == 200
    request, = site.node.received
    assert hashlib.sha1(request.body).digest() == hashlib.sha1(body).digest()


def test_a_watched_body_is_repeated_whole_at_another_node(new_cluster, scripted):
    busy, node = scripted("busy", script="busy"), scripted("node1")
    cluster = new_cluster(members=[busy, node], inside="CFRetry on-status=503", probe=ONE_PROBE)
    site = Site(cluster, node)
    cluster.wait_serving("busy", "node1")
    raw_put = (b"PUT /x;jsessionid=A.busy HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
               b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 40000\r\n\r\n"
               + 40000 * b"x")
    assert raw(site.httpd.port, raw_put).status == 200
    assert [len(request.body) for request in busy.received + node.received] == [40000, 40000]


CREDENTIALS = [
    # label,                target,                         status
    ("anywhere",            "/display/DOC",                 403),
    ("at the login page",   "/dologin.action",              200),
    ("the newer login",     "/rest/tsv/1.0/authenticate",   200),
    ("almost there",        "/dologin.action/..;/display",  403),
]


@pytest.mark.once
@pytest.mark.parametrize("target, status", [row[1:] for row in CREDENTIALS],
                         ids=[row[0] for row in CREDENTIALS])
def test_a_login_in_a_form_is_for_listed_addresses_and_login_pages(new_site, target, status):
    site = new_site(area("api-credentials", "Require ip 10.9.9.9"))
    site.httpd.allow(ABORTED)
    assert site.post(target, b"os_username=a&os_password=b").status == status


@pytest.mark.once
def test_a_listed_address_may_send_any_form(new_site):
    site = new_site(area("api-credentials known-cves", "Require ip 127.0.0.1"))
    assert site.post("/x", b"os_username=a&" + KEY + b"=x").status == 200


@pytest.mark.once
def test_a_refused_form_has_its_own_error_page(new_site):
    site = new_site("ErrorDocument 403 /sorry")
    site.httpd.allow(ABORTED)
    answer = site.post("/x.action", KEY + b"=false")
    assert (answer.status, answer.body) == (403, b"node1")
    request, = site.node.received
    assert (request.method, request.target, request.body) == ("GET", "/sorry", b"")
    assert request.header("Content-Length") == request.header("Content-Type") == []


@pytest.mark.parametrize("size", [1, 300000])
def test_over_ajp_a_form_is_refused_too(new_cluster, size):
    cluster = made(new_cluster, "ajp")
    cluster.httpd.allow(ABORTED)
    user = cluster.user()
    answer = user.post("/dologin.action", data={"a": size * "x", KEY.decode(): "false"})
    assert (answer.status_code, node_of(answer)) == (403, None)
    assert user.post("/upload", data=size * b"x").json()["bytes"] == size


@pytest.mark.skipif(mpm() == "prefork", reason="httpd does not do HTTP/2 in prefork")
@pytest.mark.parametrize("size", [1, 300000])
def test_over_http2_a_form_of_unknown_length_is_refused_too(new_site, size):
    site = new_site("Protocols h2c http/1.1")
    site.httpd.allow(ABORTED)
    subprocess.run(
        ["curl", "-s", "--max-time", "20", "--http2-prior-knowledge", "-X", "POST", "-T", "-", "-H",
         "Content-Type: " + FORM, "-o", "/dev/null", site.httpd.url + "/x"],
        input=b"a=" + size * b"x" + b"&" + KEY + b"=false", check=False)
    # The stream is reset after the answer, and curl 7.88 then sometimes forgets the answer.
    wait_for(lambda: "POST /x HTTP/2" in site.httpd.access_log(), "the request is over")
    assert '"POST /x HTTP/2.0" 403 ' in site.httpd.access_log()
    assert len(site.lines("CFC0207")) == 1
    assert [KEY in request.body for request in site.node.received] in ([], [False])
