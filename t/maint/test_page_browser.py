# SPDX-License-Identifier: Apache-2.0
"""The pages that people see, in a real browser."""

import pytest

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def cluster(kept_cluster):
    return kept_cluster().start()


def status(cluster, page):
    return page.open(cluster.httpd.url + "/cluster")


def test_the_status_page_keeps_itself_current_and_breaks_no_rule_of_its_own(cluster, new_page):
    page = status(cluster, new_page())
    assert page.text("#overview").startswith("All is well")
    cluster.drain("node2")
    page.wait("document.querySelector('#overview').innerText.includes('node2 is sticky-only')",
              "the page shows the drain")
    cluster.activate("node2")
    page.wait("document.querySelector('#overview').innerText.startsWith('All is well')",
              "the page shows that it is over")
    assert page.complaints == []
    assert {url.split("/cluster")[0] for url in page.requests} == {cluster.httpd.url}
    page.screenshot("status")
