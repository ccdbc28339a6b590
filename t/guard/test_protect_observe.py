# SPDX-License-Identifier: Apache-2.0
"""Sections that observe: they refuse nothing, and say exactly what they would refuse."""

import pytest

from equipment.client import User
from equipment.proc import wait_for
from equipment.site import area, authorization, location, login

pytestmark = pytest.mark.once

OTHERS = "Require ip 10.9.9.9"


@pytest.fixture
def observed(new_site):
    """What a section with the word observe said about requests: (site, ask)."""
    def make(what, *lines, others=()):
        site = new_site(area(f"observe {what}", *lines), *others)
        site.httpd.allow("CFC0206|CFC0201")
        return site

    return make


def said(site):
    return [line.partition("CFC0206: ")[2] for line in site.lines("CFC0206")]


def test_what_would_be_refused_passes_and_is_told(observed):
    site = observed("admin-console path /x", OTHERS)
    assert [site.status(target) for target in ("/x/..;/admin?a=b", "/display")] == [200, 200]
    line, = site.lines("CFC0206")
    assert "[client 127.0.0.1:" in line and "warn" in line
    assert said(site) == [
        f"observed: CFClusterProtect observe admin-console path /x ({site.httpd.root}/httpd.conf:"
        f"{said(site)[0].partition('httpd.conf:')[2].partition(')')[0]}) would refuse with 403, "
        "its path lies there: GET /x/..;/admin"]


def test_what_would_be_admitted_is_not_told(observed):
    site = observed("admin-console", "Require ip 127.0.0.1")
    assert site.status("/admin") == 200
    assert site.lines("CFC0206") == []


def test_a_section_without_require_would_refuse_everybody(observed):
    site = observed("path /x")
    assert site.status("/x") == 200
    assert len(said(site)) == 1


def test_nobody_is_asked_for_a_login(observed):
    site = observed("admin-console", login("admins"), "Require valid-user")
    answer = site.get("/admin")
    assert (answer.status, "www-authenticate" in answer.headers) == (200, False)
    assert " would ask for a login, its path lies there: GET /admin" in said(site)[0]


def test_a_user_whom_a_location_has_let_in_is_asked_about(observed):
    site = observed("admin-console", "Require user root",
                    others=[location("/", login("users"), "Require valid-user")])
    assert [site.status("/admin", user) for user in ("root", "alice")] == [200, 200]
    assert len(said(site)) == 1


def test_a_section_beside_it_refuses_as_ever(observed):
    site = observed("path /x", "Require all granted", others=[area("path /x/y", OTHERS)])
    assert [site.status("/x"), site.status("/x/y")] == [200, 403]
    assert said(site) == []


def test_it_takes_nothing_from_the_section_that_holds(observed):
    """Neither its login nor what else stands inside."""
    site = observed("path /x", login("admins", "observed"), "Require valid-user",
                    "Header set X-Observed x",
                    others=[area("path /x", login("users", "real"), "Require valid-user")])
    assert site.get("/x").headers["www-authenticate"] == 'Basic realm="real"'
    answer = site.get("/x", "alice")
    assert (answer.status, "x-observed" in answer.headers) == (200, False)


def test_malformed_targets_are_refused_nevertheless(observed):
    site = observed("path /", OTHERS)
    site.httpd.allow("CFC0203")
    assert site.status("/a%5cb") == 400


BODIES = [
    # label,                 target, headers,                          body,              said
    ("a query",              "/x?os_username=a", [],                   None,
     "its query has the parameter os_username: GET /x"),
    ("a login",              "/x", ["Authorization: " + authorization("root")], None,
     "it brings a basic login: GET /x"),
    ("a form",               "/x", [],                                 b"a=b&os_username=c",
     "its body has the parameter os_username: POST /x"),
]


@pytest.mark.parametrize("target, headers, body, text", [row[1:] for row in BODIES],
                         ids=[row[0] for row in BODIES])
def test_logins_that_would_be_refused_pass_and_are_told(observed, target, headers, body, text):
    site = observed("api-credentials", OTHERS)
    answer = site.get(target, None, *headers) if body is None else site.post(target, body, *headers)
    assert answer.status == 200
    assert site.node.received[0].body == (body or b"")
    line, = said(site)
    assert line.endswith(f" would refuse with 403, {text}")


def test_a_flood_is_told_of_in_few_lines_which_say_how_many_are_missing(observed):
    site = observed("path /x", OTHERS)
    user = User(site.httpd.url)

    def told():
        user.get("/x")
        return "lines before this were left out" in said(site)[-1]

    for _ in range(60):
        assert user.get("/x").status_code == 200
    wait_for(told, "the next second's first line")
