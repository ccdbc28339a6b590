# SPDX-License-Identifier: Apache-2.0
"""What people's browsers ask a Confluence for passes a guard with every preset, byte for byte: over
HTTP/1.1 and HTTP/2, at the root and below a context path."""

import re

import pytest

from equipment import many
from equipment.cluster import ONE_PROBE
from equipment.httpd import mpm
from equipment.places import TOP

pytestmark = pytest.mark.once

TARGETS = [line for line in (TOP / "t/guard/legitimate_urls.txt").read_text().splitlines()
           if line.startswith("/")]
PRESETS = re.findall(r'"([a-z-]+)"', re.search(
    r"cfc_preset_names\[\] = \{(.*?)\}", (TOP / "guard/presets.c").read_text(), re.S).group(1))

# A page of the same site, with the session of its user.
BROWSER = [("Cookie", "JSESSIONID=0A1B2C3D4E5F60718293A4B5C6D7E8F9.node1"),
           ("Sec-Fetch-Site", "same-origin"), ("Referer", "http://localhost/display/DOC/Home"),
           ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0")]

PROTOCOLS = [
    pytest.param(many.heads, id="HTTP/1.1"),
    pytest.param(many.heads2, id="HTTP/2", marks=pytest.mark.skipif(
        mpm() == "prefork", reason="httpd does not do HTTP/2 in prefork")),
]
CONTEXTS = [
    # label,                context, CFClusterPass
    ("at the root",         "",      "CFClusterPass / confluence"),
    ("below what is passed", "/wiki", "CFClusterPass / confluence context=/wiki"),
    ("passed alone",        "/wiki", "CFClusterPass /wiki confluence"),
]


def test_the_list_is_long_and_has_nothing_twice():
    assert len(TARGETS) > 400 and len(set(TARGETS)) == len(TARGETS)
    assert {"admin-console", "remote-api"} <= set(PRESETS)


@pytest.mark.parametrize("heads", PROTOCOLS)
@pytest.mark.parametrize("context, passes", [row[1:] for row in CONTEXTS],
                         ids=[row[0] for row in CONTEXTS])
def test_what_browsers_ask_for_reaches_the_node_unchanged(new_httpd, scripted, heads, context,
                                                          passes):
    node = scripted("node1")
    protocols = "" if mpm() == "prefork" else "Protocols h2c http/1.1"
    httpd = new_httpd(f"""
        {protocols}
        <CFCluster confluence>
            CFProfile confluence
            CFNode node1 {node.url}
            {ONE_PROBE}
        </CFCluster>
        {passes}
        <CFClusterProtect {' '.join(PRESETS)}>
            Require ip 10.9.9.9
        </CFClusterProtect>""")
    httpd.allow("AH01630|CFC0203")      # the list of what was refused says it better
    httpd.start()
    targets = [context + target for target in TARGETS]
    answers = dict(zip(targets, heads(httpd.port, targets, BROWSER)))
    assert {target: answer for target, answer in answers.items() if answer.status != 200} == {}
    assert sorted(request.target for request in node.received) == sorted(targets)
