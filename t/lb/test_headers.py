# SPDX-License-Identifier: Apache-2.0
"""What the node is told about the client, and what of the node's answer is put right for it."""

import functools

import pytest

from equipment import ports
from equipment.client import User, raw, raw_get
from equipment.cluster import node_line
from equipment.tomcat import AJP_SECRET

pytestmark = pytest.mark.any_mpm


@pytest.fixture(scope="module")
def place(kept_cluster):
    """(the cluster, its address with TLS)"""
    cluster = kept_cluster()
    url = cluster.httpd.listen_tls("ServerAlias *")
    return cluster.start(), url


FRONTS = {
    # a virtual host each, for what stands before it
    "plain": "",
    "our proxy": "RemoteIPHeader X-Client\nRemoteIPInternalProxy 127.0.0.1",
    "our two proxies": "RemoteIPHeader X-Forwarded-For\n"
                       "RemoteIPInternalProxy 127.0.0.1 10.1.2.3",
    "another's proxy": "RemoteIPHeader X-Forwarded-For\nRemoteIPTrustedProxy 127.0.0.1",
    "a stranger": "RemoteIPHeader X-Forwarded-For\nRemoteIPTrustedProxy 10.0.0.1",
    "the PROXY protocol": "RemoteIPProxyProtocol On",
    "a TLS proxy": "ServerName https://wiki.example.com",
}


@pytest.fixture(scope="module")
def front(kept_cluster):
    """front(line, name): the port of a FRONTS before nodes with this CFNode line."""
    @functools.cache
    def start(line):
        numbers = {name: ports.free() for name in FRONTS}
        hosts = (f"Listen 127.0.0.1:{numbers[name]}\n<VirtualHost *:{numbers[name]}>\n{directives}"
                 "\n</VirtualHost>" for name, directives in FRONTS.items())
        kept_cluster("CFProbe tcp interval=100ms", "\n".join(hosts), line=line).start()
        return numbers

    return lambda line, name: start(line)[name]


def over_ajp(node):
    return f"CFNode {node.name} {node.ajp_url} secret={AJP_SECRET}"


LINES = pytest.mark.parametrize("line", [node_line, over_ajp], ids=["http", "ajp"])


def page(url, **headers):
    """What the node saw of a request with these headers; _ stands for - in their names."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return User(url).get("/page?format=json", headers=headers).json()


def seen(answer, *names):
    return [answer["headers"].get(name) for name in names]


def test_the_host_that_the_client_asked_for_is_kept(place):
    answer = page(place[0].httpd.url, Host="wiki.example.com:8443")
    assert (answer["serverName"], answer["serverPort"]) == ("wiki.example.com", 8443)
    assert seen(answer, "host") == [["wiki.example.com:8443"]]


FORWARDED = ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port"]


def test_the_node_is_told_who_asks_and_how(place):
    cluster, https = place
    assert seen(page(cluster.httpd.url, Host="wiki"), *FORWARDED) == [
        ["127.0.0.1"], ["http"], ["wiki"], ["80"]]
    assert seen(page(https, Host="wiki:8443"), *FORWARDED) == [
        ["127.0.0.1"], ["https"], ["wiki:8443"], ["8443"]]


SPOOFED = ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port",
           "X-Forwarded-Server", "X-Forwarded-By", "X-Forwarded-Ssl", "X-Forwarded-Scheme",
           "X-Real-IP", "X-Client-IP", "X-Cluster-Client-IP", "X-CFCluster-Secret", "Forwarded",
           "x-forwarded-for", "X-FORWARDED-PROTO", "X_Forwarded_For", "x-forwarded_Proto",
           "ssl_client_cert", "SSL_CLIENT_ESCAPED_CERT", "ssl_cipher", "ssl_session_id",
           "ssl_cipher_usekeysize", "Ssl-Client-Cert"]


@pytest.mark.parametrize("name", SPOOFED)
def test_a_client_cannot_pretend_to_be_another(place, name):
    answer = raw_get(place[0].httpd.port, "/page?format=json", f"{name}: 10.9.8.7",
                     f"{name}: evil, 10.9.8.7")
    assert answer.status == 200
    assert b"10.9.8.7" not in answer.body and b"evil" not in answer.body


NAMED = [
    # what Connection says, in one line or several
    ("the address",             ["X-Forwarded-For"]),
    ("beside another word",     ["close, X-Forwarded-For"]),
    ("behind a semicolon",      ["close;X-Forwarded-For"]),
    ("before a semicolon",      ["X-Forwarded-For;q=1"]),
    ("in quotes",               ['"X-Forwarded-For"']),
    ("in lower case",           ["x-forwarded-for,x-forwarded-proto"]),
    ("with blanks",             ["X-Forwarded-Host\t ,\t X-Forwarded-Port"]),
    ("in a second line",        ["close", "X-Forwarded-For", "X-Forwarded-Host"]),
    ("what was decided by",     ["Cookie, Authorization, Host"]),
    ("what frames the message", ["Content-Length, Transfer-Encoding"]),
]


@pytest.mark.parametrize("label, connection", NAMED, ids=[row[0] for row in NAMED])
@LINES
def test_a_client_cannot_take_headers_away(front, line, label, connection):
    body = b"a body" if "frames" in label else b""
    lines = ["POST /page?format=json HTTP/1.1", "Host: wiki:80", "Cookie: a=b",
             "Authorization: Basic bWU6eA==", f"Content-Length: {len(body)}", "Connection: close",
             *(f"Connection: {value}" for value in connection), "", ""]
    answer = raw(front(line, "plain"), "\r\n".join(lines).encode() + body).json()
    assert seen(answer, *FORWARDED, "host", "cookie", "authorization", "content-length") == [
        ["127.0.0.1"], ["http"], ["wiki:80"], ["80"], ["wiki:80"], ["a=b"], ["Basic bWU6eA=="],
        [str(len(body))]]


@LINES
def test_headers_for_one_hop_do_not_reach_the_node(front, line):
    url = f"http://127.0.0.1:{front(line, 'plain')}"
    answer = page(url, Connection="close, X-Mine;X-Too", X_Mine="1", X_Too="2", X_Kept="3")
    assert seen(answer, "x-mine", "x-too", "x-kept") == [None, None, ["3"]]


def test_a_client_that_names_no_host_gets_the_servers(place):
    answer = raw(place[0].httpd.port, b"GET /page?format=json HTTP/1.0\r\n\r\n").json()
    assert seen(answer, "host", "x-forwarded-host") == [["localhost"], ["localhost"]]


def test_the_host_of_an_absolute_target_counts(place):
    answer = raw(place[0].httpd.port, b"GET http://wiki:99/page?format=json HTTP/1.1\r\n"
                 b"Host: other\r\nConnection: close\r\n\r\n").json()
    assert seen(answer, "host", *FORWARDED) == [
        ["wiki:99"], ["127.0.0.1"], ["http"], ["wiki:99"], ["99"]]


CLIENTS = [
    # who stands before httpd, what it says, whom the node is told
    ("our proxy", "X-Client: 10.1.2.3", "10.1.2.3"),
    ("our proxy", "X-Client: 2001:db8::7", "2001:db8::7"),
    ("our proxy", "X-Forwarded-For: 10.9.8.7", "127.0.0.1"),
    ("our two proxies", "X-Forwarded-For: 10.9.8.7, 192.0.2.7, 10.1.2.3", "192.0.2.7"),
    ("another's proxy", "X-Forwarded-For: 203.0.113.5", "203.0.113.5"),
    ("another's proxy", "X-Forwarded-For: 10.1.2.3", "127.0.0.1"),
    ("a stranger", "X-Forwarded-For: 203.0.113.5", "127.0.0.1"),
    ("the PROXY protocol", "X-Forwarded-For: 10.9.8.7", "192.0.2.9"),
]


@pytest.mark.parametrize("name, header, address", CLIENTS,
                         ids=[f"{name}, {header}" for name, header, _ in CLIENTS])
@LINES
def test_the_client_behind_another_proxy_is_who_mod_remoteip_says(front, line, name, header,
                                                                  address):
    said = (f"GET /page?format=json HTTP/1.1\r\nHost: wiki\r\nConnection: close\r\n{header}"
            "\r\n\r\n")
    if name == "the PROXY protocol":
        said = "PROXY TCP4 192.0.2.9 192.0.2.1 50000 80\r\n" + said
    answer = raw(front(line, name), said.encode()).json()
    assert seen(answer, "x-forwarded-for") == [[address]]
    assert answer["remoteAddr"] == (address if line is over_ajp else "127.0.0.1")


def test_the_scheme_of_servername_counts_where_tls_ends_before_httpd(front):
    answer = raw_get(front(node_line, "a TLS proxy"), "/page?format=json").json()
    assert seen(answer, "x-forwarded-proto", "x-forwarded-port") == [["https"], ["443"]]


def test_headers_and_cookies_of_the_client_reach_the_node(place):
    answer = page(place[0].httpd.url, Cookie="a=b; c=d", X_Atlassian_Token="no-check",
                  Authorization="Basic bWU6eA==", Accept_Language="de")
    assert seen(answer, "cookie", "x-atlassian-token", "authorization", "accept-language") == [
        ["a=b; c=d"], ["no-check"], ["Basic bWU6eA=="], ["de"]]


def test_cookies_of_the_node_reach_the_client_unchanged(place):
    answer = User(place[0].httpd.url).get("/cookie")
    lines = answer.raw.headers.getlist("Set-Cookie")
    assert [line for line in lines if not line.startswith("CFROUTE=")] == [
        "plain=1", "narrow=2; Path=/cookie; HttpOnly; SameSite=Lax",
        next(line for line in lines if line.startswith("lasting=3; Max-Age=3600; Expires="))]


def location(url, to, more=""):
    """Where a client at url is sent when the node says: to."""
    answer = User(url).get(f"/redirect?to={to}{more}", headers={"Host": "wiki.example.com"})
    assert answer.status_code == 302
    return answer.headers["Location"]


def test_redirects_to_elsewhere_are_left_alone(place):
    cluster, https = place
    for to in "/x?y=z", "http://other.example.com/x", "https://127.0.0.1:1/x", "//other/x":
        assert [location(url, to) for url in (cluster.httpd.url, https)] == [to, to]


@pytest.mark.parametrize("name", ["node1", "node2"])
def test_a_redirect_to_the_nodes_own_address_leads_to_the_balancer(place, name):
    cluster, https = place
    own = cluster.nodes[name].url
    headers = {"Host": "wiki", "Cookie": f"JSESSIONID=A.{name}"}
    for url, scheme in (cluster.httpd.url, "http"), (https, "https"):
        answer = User(url).get(f"/redirect?to={own}/x%3Fy", headers=headers)
        assert answer.headers["Location"] == f"{scheme}://wiki/x?y"


def test_a_redirect_to_http_becomes_https_where_the_client_speaks_tls(place):
    cluster, https = place
    assert location(https, "/x", "&absolute=1") == "https://wiki.example.com/x"
    assert location(cluster.httpd.url, "/x", "&absolute=1") == "http://wiki.example.com/x"


def test_answers_of_the_node_are_not_replaced_by_error_documents(new_cluster):
    cluster = new_cluster(outside="\n".join(f'ErrorDocument {status} "of httpd"'
                                            for status in (400, 401, 403, 404, 500, 502, 503)))
    cluster.start()
    user = cluster.user()
    for status in 400, 401, 403, 404, 500, 502, 503:
        user.get(f"/answer?status={status}")
        assert (user.last.status_code, "of httpd" in user.last.text) == (status, False)
        assert user.node is not None


def test_an_error_of_httpd_has_its_error_document(new_cluster):
    cluster = new_cluster(outside='ErrorDocument 403 "of httpd"\n<Location "/x">\n'
                                  "Require all denied\n</Location>")
    cluster.start()
    cluster.httpd.allow("AH01630")
    answer = cluster.user().get("/x")
    assert (answer.status_code, answer.text) == (403, "of httpd")


METHODS = ["GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND", "REPORT", "BREW"]


@pytest.mark.parametrize("method", METHODS)
def test_each_method_reaches_the_node(place, method):
    answer = User(place[0].httpd.url).request(method, "/page?format=json")
    assert (answer.status_code, answer.json()["method"]) == (200, method)


def test_head_has_the_headers_of_get_and_no_body(place):
    user = User(place[0].httpd.url)
    head = user.request("HEAD", "/download?bytes=1000")
    assert (head.status_code, head.headers["Content-Length"], head.content) == (200, "1000", b"")
    assert head.headers["X-Test-Node"]


def test_trace_is_answered_by_nobody(place):
    cluster, _ = place
    before = [node.counters()["requests"].get("TRACE", 0) for node in cluster.nodes.values()]
    User(cluster.httpd.url).request("TRACE", "/page", headers={"X-Secret": "s"})
    after = [node.counters()["requests"].get("TRACE", 0) for node in cluster.nodes.values()]
    assert before == after
