# SPDX-License-Identifier: Apache-2.0
"""The request target arrives at the node as the client sent it, byte for byte: whoever decodes
and encodes it again changes what it means."""

import subprocess

import pytest

from equipment.client import raw, raw_get
from equipment.httpd import mpm

pytestmark = pytest.mark.any_mpm

TARGETS = [
    # label, target
    ("plain",                          "/display/KEY/Title"),
    ("a plus sign",                    "/display/KEY/Some+Title"),
    ("an encoded blank",               "/display/KEY/Some%20Title"),
    ("UTF-8",                          "/display/KEY/%C3%A4%e2%82%ac"),
    ("unreserved letters encoded",     "/%61%7e%2D%2e%5F"),
    ("reserved letters encoded",       "/a%3bb%3Ac%40d%26e%3Df%2Bg%24h%2Ci"),
    ("an encoded percent sign",        "/a%25b%2525c"),
    ("an encoded question mark",       "/a%3fb%23c"),
    ("path parameters",                "/x;a=b;c/y;d/;e"),
    ("a session id",                   "/page;jsessionid=0123ABC.node1"),
    ("all at once",                    "/a%3bb/x;jsessionid=Q.node1//y/%61?q=%20%3b"),
    ("slashes in a row",               "/a//b///c"),
    ("slashes at the beginning",       "//a/b"),
    ("a slash at the end",             "/a/b/"),
    ("dot segments",                   "/a/./b/../c"),
    ("dots that are no segments",      "/.well-known/a..b/...c/d."),
    ("every mark that may stand there", "/-._~!$&'()*+,:@="),
    ("brackets and a bar",             "/a[0]|b"),
    ("upper and lower case",           "/aB%4a%4A/Cd"),
    ("an empty query",                 "/a?"),
    ("a query of everything",          "/a?b=c&d;e=/f?g[h]={i}&%zz%00%2f%5c=|^`\"<>"),
    ("a query that looks like a path", "/a?/../b;c//d"),
    ("a long path",                    "/" + "a/%62" * 1200),
    ("a long query",                   "/a?" + "b=%63&" * 1000),
]
IDS = [row[0] for row in TARGETS]


@pytest.fixture(scope="module")
def place(kept_cluster, kept_scripted):
    """(port of httpd, the only node behind it)"""
    node = kept_scripted("node1")
    h2c = "" if mpm() == "prefork" else "Protocols h2c http/1.1"
    cluster = kept_cluster(members=[node], outside=h2c).start()
    cluster.httpd.allow("CFC0203|AH10244")      # what is refused with 400 is logged
    return cluster.httpd.port, node


@pytest.mark.parametrize("target", [row[1] for row in TARGETS], ids=IDS)
def test_the_target_arrives_as_it_was_sent(place, target):
    port, node = place
    assert raw_get(port, target).status == 200
    assert node.received[-1].target == target


@pytest.mark.parametrize("target, arrives", [
    ("http://localhost/a%3bb;c?d", "/a%3bb;c?d"), ("HTTP://localhost:80/%61", "/%61"),
    ("http://localhost", "/"), ("http://localhost//a", "//a")])
def test_an_absolute_target_arrives_as_its_path(place, target, arrives):
    port, node = place
    assert raw_get(port, target).status == 200
    assert node.received[-1].target == arrives


@pytest.mark.parametrize("target", [
    "http://localhost?x", "ftp://localhost/", "localhost/a", "*", "/a%2fb", "/a%00b", "/a%zz",
    "/a%5cb", "/..", "/a/../../b", "/a#b"])
def test_a_target_that_means_nothing_is_not_passed_on(place, target):
    port, node = place
    before = len(node.received)
    assert raw_get(port, target).status in (400, 404)
    assert len(node.received) == before


@pytest.mark.skipif(mpm() == "prefork", reason="httpd does not do HTTP/2 in prefork")
@pytest.mark.parametrize("target", [row[1] for row in TARGETS], ids=IDS)
def test_the_target_arrives_as_it_was_sent_over_http2(place, target):
    port, node = place
    done = subprocess.run(
        ["curl", "-s", "--max-time", "10", "--http2-prior-knowledge", "--request-target", target,
         "-w", "%{http_version} %{http_code}", "-o", "/dev/null", f"http://127.0.0.1:{port}/"],
        stdout=subprocess.PIPE, text=True, check=True)
    assert done.stdout == "2 200"
    assert node.received[-1].target == target


def test_encoded_slashes_arrive_where_httpd_allows_them(new_cluster, scripted):
    node = scripted("node1")
    cluster = new_cluster(members=[node], outside="AllowEncodedSlashes NoDecode").start()
    assert raw_get(cluster.httpd.port, "/display/A%2FB%2fC").status == 200
    assert node.received[-1].target == "/display/A%2FB%2fC"


def test_a_rewrite_rule_does_not_change_what_arrives(new_cluster, scripted):
    node = scripted("node1")
    cluster = new_cluster(members=[node], outside="RewriteEngine on\nRewriteRule ^/a /b [PT]")
    cluster.start()
    assert raw_get(cluster.httpd.port, "/a%3b").status == 200
    assert node.received[-1].target == "/a%3b"


def test_requests_on_one_connection_do_not_run_into_each_other(place):
    port, node = place
    before = len(node.received)
    answer = raw(port, b"GET /one HTTP/1.1\r\nHost: x\r\n\r\n"
                       b"POST /two HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
                       b"GET /three HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer.status == 200
    arrived = [(r.method, r.target, r.body) for r in node.received[before:]]
    assert arrived == [("GET", "/one", b""), ("POST", "/two", b"abc"), ("GET", "/three", b"")]
