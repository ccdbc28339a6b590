# SPDX-License-Identifier: Apache-2.0
"""Bodies of any size and framing pass both ways unchanged, over HTTP/1.1 and HTTP/2."""

import hashlib
import socket
import subprocess

import pytest

from equipment import proc
from equipment.client import User, download_body, raw
from equipment.httpd import mpm

SIZES = [0, 1, 8191, 16384, 16385, 300_000, 5_000_000]


@pytest.fixture(scope="module")
def httpd(kept_cluster):
    h2c = "" if mpm() == "prefork" else "Protocols h2c http/1.1"
    return kept_cluster(outside=h2c).start().httpd


def sha256(body):
    return hashlib.sha256(body).hexdigest()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_an_upload_with_its_length_arrives_whole(httpd, method, size):
    body = download_body(size)
    got = User(httpd.url).request(method, "/upload", data=body).json()
    assert (got["bytes"], got["contentLength"], got["sha256"]) == (size, size, sha256(body))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_an_upload_in_chunks_arrives_whole(httpd, method, size):
    body = download_body(size)
    pieces = (body[at:at + 7777] for at in range(0, size, 7777))
    got = User(httpd.url).request(method, "/upload", data=pieces).json()
    assert (got["bytes"], got["sha256"]) == (size, sha256(body))


@pytest.mark.parametrize("size", SIZES)
def test_a_download_arrives_whole(httpd, size):
    assert User(httpd.url).get(f"/download?bytes={size}").content == download_body(size)


@pytest.mark.skipif(mpm() == "prefork", reason="httpd does not do HTTP/2 in prefork")
@pytest.mark.parametrize("size", SIZES)
def test_bodies_pass_both_ways_over_http2(httpd, tmp_path, size):
    sent, got = tmp_path / "sent", tmp_path / "got"
    sent.write_bytes(download_body(size))
    subprocess.run(["curl", "-sf", "--max-time", "20", "--http2-prior-knowledge", "-o", got,
                    "--data-binary", f"@{sent}", "-H", "Content-Type: text/plain",
                    httpd.url + "/echo"], check=True)
    assert (got.read_bytes() if got.exists() else b"") == sent.read_bytes()


def test_a_client_that_waits_to_send_is_told_to_go_on(httpd):
    done = subprocess.run(
        ["curl", "-sv", "--max-time", "20", "-H", "Expect: 100-continue", "-H",
         "Content-Type: text/plain", "--expect100-timeout", "15", "--data-binary", "hello",
         httpd.url + "/echo"], capture_output=True, text=True, check=True)
    assert "< HTTP/1.1 100" in done.stderr
    assert done.stdout == "hello"


def test_a_form_post_arrives_as_it_was_written(httpd):
    user = User(httpd.url)
    user.post("/echo", data="a=%20&b=+&c=\xe4".encode("latin-1"),
              headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert user.last.content == b"a=%20&b=+&c=\xe4"


def test_a_length_that_contradicts_the_framing_is_refused(httpd):
    answer = raw(httpd.port, b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
                             b"Content-Length: 4\r\nConnection: close\r\n\r\nabcd")
    assert answer.status == 400


def test_an_upload_is_passed_on_while_it_comes_in(new_cluster, scripted):
    node = scripted("node1")
    port = new_cluster(members=[node]).start().httpd.port
    head = b"PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=10) as s:
        s.sendall(head + b"a" * 50_000)
        proc.wait_for(lambda: node.begun, "the node has the beginning of the request")
        s.sendall(b"a" * 50_000)
        assert s.recv(12) == b"HTTP/1.1 200"
    assert node.received[0].body == b"a" * 100_000


def test_an_answer_is_passed_on_while_it_comes_in(new_cluster, scripted):
    node = scripted("node1", script="slow")
    cluster = new_cluster(members=[node]).start()
    with cluster.user().get("/x", stream=True) as answer:
        assert answer.raw.read(13) == b"the beginning"
        node.go_on.set()        # only now does it send the rest
        assert answer.raw.read() == b" and the end"
