# SPDX-License-Identifier: Apache-2.0
"""Which requests go to which cluster: CFClusterPass, virtual hosts, what httpd serves itself."""

import pytest

from equipment.client import User, raw_get
from equipment.cluster import FAST_PROBE, Cluster, config

pytestmark = pytest.mark.any_mpm


def cluster_of(name, node):
    return f"<CFCluster {name}>\nCFProfile confluence\nCFNode {node.name} {node.url}\n" \
           f"{FAST_PROBE}\n</CFCluster>\n"


def who(url, path, **headers):
    """Who answers: a node, or httpd by its status."""
    answer = User(url).get(path, headers=headers)
    return answer.headers.get("X-Test-Node") or str(answer.status_code)


@pytest.fixture(scope="module")
def httpd(kept_httpd, kept_scripted):
    """Two clusters of one node each; the longer paths stand before and after the shorter ones."""
    one, two = kept_scripted("one"), kept_scripted("two")
    httpd = kept_httpd(cluster_of("first", one) + cluster_of("second", two) + """
        CFClusterPass /wiki/deep second
        CFClusterPass /wiki first
        CFClusterPass /wiki/static !
        CFClusterPass /wiki/static/dynamic/ second
        Alias /wiki/static htdocs
        Alias /wiki/aliased htdocs
        CFClusterPass "/with blank" first
    """)
    return httpd.start()


MAPPED = [
    # path, who answers
    ("/wiki",                             "one"),
    ("/wiki/",                            "one"),
    ("/wiki/x?y",                         "one"),
    ("/wiki;x=y",                         "404"),   # httpd does not know parameters
    ("/wikipedia",                        "404"),
    ("/Wiki/x",                           "404"),
    ("/w%69ki/x",                         "one"),
    ("//wiki/x",                          "one"),
    ("/other",                            "404"),
    ("/wiki/deep",                        "two"),
    ("/wiki/deep/x",                      "two"),
    ("/wiki/deeper",                      "one"),
    ("/wiki/static/index.html",           "200"),
    ("/wiki/static/missing",              "404"),
    ("/wiki/statics",                     "one"),
    ("/wiki/static/dynamic",              "two"),
    ("/wiki/static/dynamic/x",            "two"),
    ("/wiki/aliased/index.html",          "one"),   # a pass comes before an Alias
    ("/with%20blank/x",                   "one"),
    ("/index.html",                       "200"),
]


@pytest.mark.parametrize("path, answers", MAPPED, ids=[row[0] for row in MAPPED])
def test_the_longest_path_decides(httpd, path, answers):
    answer = raw_get(httpd.port, path)
    assert answer.headers.get("x-test-node", str(answer.status)) == answers


VHOST = """
<VirtualHost *>
    ServerName {name}
    CFClusterPass / {passed}
    <Location "/cluster">
        SetHandler cfcluster-status
    </Location>
</VirtualHost>
"""


def test_virtual_hosts_share_one_cluster(new_httpd, nodes):
    text = config(nodes, inside="CFBalance round-robin").partition("CFClusterPass")[0]
    httpd = new_httpd(text + VHOST.format(name="a", passed="confluence")
                      + VHOST.format(name="b", passed="confluence")
                      + VHOST.format(name="c", passed="!"))
    Cluster(httpd, nodes).start()
    assert sorted(who(httpd.url, "/page", Host=host) for host in "aabb") == [
        "node1", "node1", "node2", "node2"]
    assert who(httpd.url, "/page", Host="c") == "404"
    assert [requests_counted(httpd, host) for host in "abc"] == [[2, 2]] * 3


def requests_counted(httpd, host):
    answer = User(httpd.url).get("/cluster?format=json", headers={"Host": host})
    return [n["traffic"]["requests"] for n in answer.json()["clusters"][0]["nodes"]]


def test_a_virtual_host_has_the_main_servers_passes_too(new_cluster):
    cluster = new_cluster(outside="<VirtualHost *>\nCFClusterPass /index.html !\n</VirtualHost>")
    cluster.start()
    assert who(cluster.httpd.url, "/index.html") == "200"
    assert who(cluster.httpd.url, "/page") in ("node1", "node2")


def test_the_status_page_is_httpds_own_under_a_path_that_is_passed(new_cluster):
    cluster = new_cluster().start()
    for path in "/cluster", "/cluster?format=json", "/cluster/status.css":
        answer = cluster.user().get(path)
        assert (answer.status_code, answer.headers.get("X-Test-Node")) == (200, None)
    assert who(cluster.httpd.url, "/clusters") in ("node1", "node2")


def test_who_may_not_see_the_status_page_does_not_reach_a_node_instead(new_cluster):
    cluster = new_cluster(outside='<Location "/cluster">\nRequire all denied\n</Location>')
    cluster.httpd.start()
    cluster.httpd.allow("AH01630")
    assert who(cluster.httpd.url, "/cluster") == "403"


def test_redirects_of_httpd_come_before_a_pass(new_cluster):
    cluster = new_cluster(outside="RewriteEngine on\nRewriteRule ^/old$ /new [R=301,L]").start()
    answer = cluster.user().get("/old")
    assert (answer.status_code, answer.headers["Location"]) == (301, cluster.httpd.url + "/new")


def test_a_pass_comes_before_a_proxypass_of_the_same_path(new_cluster, scripted):
    other = scripted("other")
    cluster = new_cluster(outside=f"ProxyPass / {other.url}/").start()
    assert who(cluster.httpd.url, "/page") in ("node1", "node2")
    assert other.received == []


def test_a_proxypass_goes_on_beside_a_pass(new_cluster, scripted):
    other = scripted("other")
    cluster = new_cluster(outside=f"CFClusterPass /other !\nProxyPass /other {other.url}").start()
    assert who(cluster.httpd.url, "/other/x") == "other"


def test_a_cluster_and_a_proxypass_to_the_same_address_do_not_mix(new_cluster, scripted):
    node = scripted("node1")
    cluster = new_cluster(members=[node], outside=(
        f"CFClusterPass /direct !\nProxyPass /direct {node.url}/direct connectiontimeout=9"))
    cluster.start()
    assert who(cluster.httpd.url, "/direct/x") == who(cluster.httpd.url, "/x") == "node1"
    assert cluster.counter("node1", "requests") == 1
