# SPDX-License-Identifier: Apache-2.0
"""Failed logins: which answers of a real Tomcat count, for whom, and what follows from many."""

import base64

import pytest

from equipment.client import User, raw_get
from equipment.cluster import node_line
from equipment.tomcat import AJP_SECRET

pytestmark = pytest.mark.any_mpm

# The client says who it is, so that a test has as many addresses as it wants.
ANYBODY = "RemoteIPHeader X-Client\nRemoteIPInternalProxy 127.0.0.1"

ABORTED = "AH01095|AH01097|AH02608|AH02822"     # mod_proxy, of a body that ended

BASIC = {"Authorization": "Basic " + base64.b64encode(b"me:wrong").decode()}
FORM = {"os_username": "me", "os_password": "wrong"}
GOOD = {"os_username": "me", "os_password": "me"}
TSV = "/rest/tsv/1.0/authenticate"


def over_ajp(node):
    return f"CFNode {node.name} {node.ajp_url} secret={AJP_SECRET}"


class Site:
    def __init__(self, cluster):
        self.cluster = cluster.start()
        self.httpd = cluster.httpd

    def ask(self, client, method, path, headers=None, **more):
        return User(self.httpd.url).request(method, path, headers={"X-Client": client,
                                                                    **(headers or {})}, **more)

    def fail(self, client):
        assert self.ask(client, "POST", "/dologin.action", data=FORM).status_code == 200

    def lines(self, code):
        """What the lines with this code say after the cluster's name."""
        return [line.partition(": cluster confluence: ")[2]
                for line in self.httpd.error_log().splitlines() if f" {code}: " in line]

    def counted(self, what):
        return self.cluster.status()[what]


@pytest.fixture
def new_site(new_cluster):
    def make(inside="", outside="", **more):
        return Site(new_cluster(inside, ANYBODY + "\n" + outside, **more))

    return make


@pytest.fixture(scope="module")
def sites(kept_cluster):
    """By the scheme of their nodes."""
    return {name: Site(kept_cluster("CFProbe tcp interval=100ms\nCFLogins limit=10000", ANYBODY,
                                    line=line))
            for name, line in (("http", node_line), ("ajp", over_ajp))}


ATTEMPTS = [
    # label, request, status, why it failed (None: it did not)
    ("a good login", ("POST", "/dologin.action", {"data": GOOD}), 302, None),
    ("a wrong password", ("POST", "/dologin.action", {"data": FORM}), 200, "AUTHENTICATED_FAILED"),
    ("a wrong CAPTCHA", ("POST", "/dologin.action", {"data": {"os_username": "captcha"}}), 200,
     "AUTHENTICATION_DENIED"),
    ("a wrong password, new page", ("POST", TSV, {"json": {"username": "me", "password": "x"}}),
     401, "AUTHENTICATED_FAILED"),
    ("a good login, new page", ("POST", TSV, {"json": {"username": "me", "password": "me"}}), 200,
     None),
    ("in the query", ("GET", "/login?os_username=me&os_password=x", {}), 200,
     "AUTHENTICATED_FAILED"),
    ("Basic, refused", ("GET", "/answer?status=401", {"headers": BASIC}), 401, "401"),
    ("Basic, admitted", ("GET", "/answer?status=200", {"headers": BASIC}), 200, None),
    ("a token, refused", ("GET", "/answer?status=401", {"headers": {"Authorization": "Bearer x"}}),
     401, "401"),
    ("nobody, refused", ("GET", "/answer?status=401", {}), 401, None),
    ("Basic, forbidden", ("GET", "/answer?status=403", {"headers": BASIC}), 403, None),
    ("the login page", ("GET", "/login.action", {}), 200, None),
    ("a page", ("GET", "/page", {}), 200, None),
]


@pytest.mark.parametrize("scheme", ["http", "ajp"])
@pytest.mark.parametrize("label, request_, status, why", ATTEMPTS, ids=[r[0] for r in ATTEMPTS])
def test_a_failed_login_is_counted_and_logged(sites, scheme, label, request_, status, why):
    site = sites[scheme]
    method, path, more = request_
    before, lines = site.counted("logins_failed"), site.lines("CFC0211")
    assert site.ask("192.0.2.7", method, path, **more).status_code == status
    assert site.counted("logins_failed") - before == (why is not None)
    assert site.lines("CFC0211") == lines + (
        [f"login failed, client 192.0.2.7: {why}"] if why else [])


def test_by_default_many_failures_are_told_and_nobody_is_refused(new_site):
    site = new_site()
    for _ in range(15):
        site.fail("192.0.2.7")
    assert len(site.lines("CFC0211")) == 15
    assert site.lines("CFC0212") == [
        "client 192.0.2.7 has reached the limit of 10 failed logins in 10m; nothing is done about "
        "it, as CFLogins answer=log says"]
    assert site.counted("logins_refused") == 0


REFUSED = [
    ("the form", "POST", "/dologin.action", {"data": GOOD}),
    ("the form in another spelling", "POST", "/x/..;/%64ologin.action;y", {"data": GOOD}),
    ("the new page", "POST", TSV, {"json": {"username": "me", "password": "me"}}),
    ("in the query of a page", "GET", "/page?os_username=me&os_password=me", {}),
    ("encoded in the query", "GET", "/page?o%73_username=me&%6fs_password=me", {}),
    ("Basic", "GET", "/page", {"headers": BASIC}),
    ("a token", "GET", "/rest/api/content", {"headers": {"Authorization": "Bearer x"}}),
    ("XML-RPC", "POST", "/rpc/xmlrpc", {"data": "<methodCall/>"}),
]

# Their bodies are read on the way to a node, which never gets the end of one.
REFUSED_FORMS = [
    ("a form to any page", {"data": GOOD}),
    ("encoded in a form", {"data": "a=b&o%73_username=me",
                           "headers": {"Content-Type": "application/x-www-form-urlencoded"}}),
    ("an upload", {"files": {"os_username": (None, "me"), "file": ("x", b"x" * 100000)}}),
]

ADMITTED = [
    ("a form without a login", "POST", "/page", {"data": {"title": "os_username"}}),
    ("a page", "GET", "/page", {}),
    ("the login page", "GET", "/login.action?os_destination=%2Fpage", {}),
    ("saving a page", "PUT", "/rest/api/content/1", {"json": {"title": "x"}}),
]


@pytest.fixture(scope="module")
def kept_strict(kept_cluster):
    """By the scheme of their nodes: sites at which 192.0.2.7 and 2001:db8:0:1::7 are over the
    limit."""
    sites = {}
    for name, line in ("http", node_line), ("ajp", over_ajp):
        sites[name] = Site(kept_cluster("CFProbe tcp interval=100ms\n"
                                        "CFLogins limit=3 window=1d answer=429", ANYBODY,
                                        line=line))
        sites[name].httpd.allow(ABORTED)
        for client in "192.0.2.7", "2001:db8:0:1::7":
            for _ in range(3):
                sites[name].fail(client)
    return sites


@pytest.fixture
def strict(kept_strict):
    return kept_strict["http"]


@pytest.mark.parametrize("label, method, path, more", REFUSED, ids=[row[0] for row in REFUSED])
def test_above_the_limit_nothing_that_can_be_a_login_reaches_a_node(strict, label, method, path,
                                                                    more):
    refused = strict.counted("logins_refused")
    asked = sum(node.counters()["requests"].get(method, 0)
                for node in strict.cluster.nodes.values())
    answer = strict.ask("192.0.2.7", method, path, **more)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (429, "no-store")
    assert 1 <= int(answer.headers["Retry-After"]) <= 86400 // 3 + 1
    assert strict.counted("logins_refused") == refused + 1
    assert sum(node.counters()["requests"].get(method, 0)
               for node in strict.cluster.nodes.values()) == asked


@pytest.mark.parametrize("scheme", ["http", "ajp"])
@pytest.mark.parametrize("label, more", REFUSED_FORMS, ids=[row[0] for row in REFUSED_FORMS])
def test_above_the_limit_no_form_with_a_login_reaches_a_node_whole(kept_strict, scheme, label, more):
    site = kept_strict[scheme]
    refused, failed = site.counted("logins_refused"), site.counted("logins_failed")
    answer = site.ask("192.0.2.7", "POST", "/login", **more)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (429, "no-store")
    assert int(answer.headers["Retry-After"]) >= 1
    assert site.counted("logins_refused") == refused + 1
    assert site.counted("logins_failed") == failed
    assert site.cluster.node("node1")["effective"] == site.cluster.node("node2")["effective"]


@pytest.mark.parametrize("label, method, path, more", ADMITTED, ids=[row[0] for row in ADMITTED])
def test_above_the_limit_pages_are_still_served(strict, label, method, path, more):
    assert strict.ask("192.0.2.7", method, path, **more).status_code == 200


OTHERS = [
    ("a neighbour", "192.0.2.8", 302),
    ("the same IPv6 network", "2001:db8:0:1:ffff::9", 429),
    ("another IPv6 network", "2001:db8:0:2::7", 302),
]


@pytest.mark.parametrize("label, client, status", OTHERS, ids=[row[0] for row in OTHERS])
def test_others_are_not_concerned(strict, label, client, status):
    answer = strict.ask(client, "POST", "/dologin.action", data=GOOD)
    assert answer.status_code == status


def test_the_log_says_who_is_refused(strict):
    strict.ask("192.0.2.7", "POST", "/dologin.action", data=GOOD)
    assert ("client 192.0.2.7 has reached the limit of 3 failed logins in 1d; its logins are "
            "refused with 429 for a while") in strict.lines("CFC0212")
    assert strict.lines("CFC0213")[-1].startswith("refused with 429, client 192.0.2.7: over the l")


def test_a_login_that_httpd_has_checked_is_none_of_the_nodes(new_site):
    site = new_site("CFLogins limit=1 answer=429",
                    '<Location "/page">\nAuthType Basic\nAuthName a\nAuthUserFile users\n'
                    "Require valid-user\n</Location>")
    digest = "{SHA}" + "5en6G6MezRroT3XKqkdPOmY/BfQ="        # secret
    (site.httpd.root / "users").write_text(f"me:{digest}\n")
    site.fail("192.0.2.7")
    own = {"Authorization": "Basic " + base64.b64encode(b"me:secret").decode()}
    assert site.ask("192.0.2.7", "GET", "/page", headers=own).status_code == 200
    assert site.ask("192.0.2.7", "GET", "/other", headers=own).status_code == 429


def test_a_good_login_does_not_buy_further_guesses(new_site):
    site = new_site("CFLogins limit=2 window=1d answer=429")
    site.fail("192.0.2.7")
    assert site.ask("192.0.2.7", "POST", "/dologin.action", data=GOOD).status_code == 302
    site.fail("192.0.2.7")
    assert site.ask("192.0.2.7", "POST", "/dologin.action", data=FORM).status_code == 429


def test_counts_outlive_a_reload(new_site):
    site = new_site("CFLogins limit=2 window=1d answer=429")
    site.fail("192.0.2.7")
    site.httpd.graceful()
    site.cluster.wait_serving("node1", "node2")
    site.fail("192.0.2.7")
    site.httpd.graceful()
    site.cluster.wait_serving("node1", "node2")
    assert site.ask("192.0.2.7", "POST", "/dologin.action", data=GOOD).status_code == 429
    assert site.counted("logins_failed") == 2


def test_the_header_can_be_hidden_and_counts_all_the_same(new_site):
    site = new_site("CFLogins header=hide")
    answer = site.ask("192.0.2.7", "POST", "/dologin.action", data=FORM)
    assert "X-Seraph-LoginReason" not in answer.headers
    assert len(site.lines("CFC0211")) == 1


def test_by_default_the_header_is_passed_on(sites):
    answer = sites["http"].ask("192.0.2.7", "POST", "/dologin.action", data=FORM)
    assert answer.headers["X-Seraph-LoginReason"] == "AUTHENTICATED_FAILED"


def test_no_header_of_a_client_changes_who_it_is(sites):
    site = sites["http"]
    before = site.lines("CFC0211")
    for header in "X-Forwarded-For: 9.9.9.9", "Referer: CFC0211: client 9.9.9.9: 401":
        raw_get(site.httpd.port, "/login?os_username=CFC0211:%20client%209.9.9.9&os_password=x",
                "X-Client: 192.0.2.7", header)
    assert site.lines("CFC0211") == before + [
        "login failed, client 192.0.2.7: AUTHENTICATED_FAILED"] * 2
