# SPDX-License-Identifier: Apache-2.0
"""What people's browsers ask a Confluence for passes a guard with every preset, byte for byte."""

import re

import pytest

from equipment.client import raw_get
from equipment.cluster import ONE_PROBE
from equipment.places import TOP

pytestmark = pytest.mark.once

TARGETS = [line for line in (TOP / "t/guard/legitimate_urls.txt").read_text().splitlines()
           if line.startswith("/")]
PRESETS = re.findall(r'"([a-z-]+)"', re.search(
    r"cfc_preset_names\[\] = \{(.*?)\}", (TOP / "guard/presets.c").read_text(), re.S).group(1))

# A page of the same site, with the session of its user.
BROWSER = ["Cookie: JSESSIONID=0A1B2C3D4E5F60718293A4B5C6D7E8F9.node1",
           "Sec-Fetch-Site: same-origin", "Referer: http://localhost/display/DOC/Home",
           "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"]


def test_the_list_is_long_and_has_nothing_twice():
    assert len(TARGETS) > 400 and len(set(TARGETS)) == len(TARGETS)
    assert {"admin-console", "remote-api"} <= set(PRESETS)


def test_what_browsers_ask_for_reaches_the_node_unchanged(new_cluster, scripted):
    node = scripted("node1")
    cluster = new_cluster(members=[node], inside=ONE_PROBE, outside=f"""
        <CFClusterProtect {' '.join(PRESETS)}>
            Require ip 10.9.9.9
        </CFClusterProtect>""").start()
    cluster.httpd.allow("AH01630|CFC0203")      # the list of what was refused says it better
    answers = {target: raw_get(cluster.httpd.port, target, *BROWSER).status for target in TARGETS}
    assert {target: status for target, status in answers.items() if status != 200} == {}
    assert [request.target for request in node.received] == TARGETS
