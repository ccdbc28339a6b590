# SPDX-License-Identifier: Apache-2.0
"""A refusal whose page comes from the cluster: it stays the refusal that it was."""

import pytest

from equipment.cluster import ONE_PROBE
from equipment.site import Site, area, login

pytestmark = pytest.mark.any_mpm

OTHERS = "Require ip 10.9.9.9"

REFUSALS = [
    # label,          status, target,       section
    ("forbidden",     403,    "/admin",     area("admin-console", OTHERS)),
    ("no login",      401,    "/admin",     area("admin-console", login("users"),
                                                 "Require valid-user")),
    ("malformed",     400,    "/a%5cb",     area("admin-console", OTHERS)),
    ("a known attack", 403,   "/setup",     ""),
]


@pytest.fixture
def refusing(new_site):
    def make(*texts):
        site = new_site(*texts)
        site.httpd.allow("CFC0203|CFC0207")
        return site

    return make


@pytest.mark.parametrize("status, target, section", [row[1:] for row in REFUSALS],
                         ids=[row[0] for row in REFUSALS])
def test_a_page_from_the_node_keeps_the_refusals_status(refusing, status, target, section):
    site = refusing(section, f"ErrorDocument {status} /sorry")
    answer = site.get(target)
    assert (answer.status, answer.body) == (status, b"node1")
    assert ("www-authenticate" in answer.headers) == (status == 401)
    request, = site.node.received
    assert (request.target, request.header("Content-Length")) == ("/sorry", [])


@pytest.mark.parametrize("status, target, section", [row[1:] for row in REFUSALS],
                         ids=[row[0] for row in REFUSALS])
def test_a_page_in_a_protected_area_is_not_shown(refusing, status, target, section):
    site = refusing(section, f"ErrorDocument {status} /secret/sorry",
                    area("path /secret", OTHERS))
    assert site.status(target) == status
    assert site.node.received == []


def test_the_body_of_a_refused_request_does_not_come_along(refusing):
    site = refusing(area("admin-console", OTHERS), "ErrorDocument 403 /sorry")
    for body in b"a=b", 100000 * b"x":
        answer = site.post("/admin", body)
        assert (answer.status, answer.body) == (403, b"node1")
    assert [(request.method, request.body) for request in site.node.received] == [("GET", b"")] * 2


def test_a_page_that_fails_at_one_node_comes_from_the_next_with_the_refusals_status(
        new_cluster, scripted):
    gone, node = scripted("gone"), scripted("node1")
    made = new_cluster(members=[gone, node], probe=ONE_PROBE,
                       outside=area("admin-console", OTHERS) + "ErrorDocument 403 /sorry")
    site = Site(made, node)
    site.httpd.allow("AH00957|AH01114")     # mod_proxy about a node that refuses
    made.wait_serving("gone", "node1")
    gone.refuse()
    answer = site.get("/admin", None, "Cookie: JSESSIONID=A.gone")
    assert (answer.status, answer.body) == (403, b"node1")


def test_an_answer_of_the_nodes_own_keeps_its_status(refusing):
    site = refusing("ErrorDocument 503 /sorry")
    site.node.script = "busy"
    assert site.status("/x") == 503
    assert [request.target for request in site.node.received] == ["/x"]
