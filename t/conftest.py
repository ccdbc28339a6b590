# SPDX-License-Identifier: Apache-2.0
"""Fixtures: two Tomcats for the whole run, and httpds of each test's own.

cluster       httpd over both Tomcats, smallest configuration, both nodes serving
new_cluster   makes one with more configuration: new_cluster(inside=..., outside=...)
new_httpd     makes an httpd with any configuration, not started
nodes         the two Tomcats as new: running, thawed, nothing counted
scripted      makes a node of our own that misbehaves as told
new_page      opens a page in a real browser: new_page(width=..., dark=..., scripts=...)
kept_cluster, kept_httpd, kept_scripted: the same for all tests of one module together
"""

import signal

import pytest

from equipment.browser import Browser
from equipment.cluster import Cluster, config
from equipment.httpd import Httpd
from equipment.scripted import ScriptedNode
from equipment.tomcat import Tomcat, running

# As at a terminal, also for what the tests start: a shell that runs them in the background has it
# ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def tomcats():
    with running(Tomcat("node1"), Tomcat("node2")) as both:
        yield both


@pytest.fixture
def nodes(tomcats):
    return _as_new(tomcats)


def _as_new(tomcats):
    for tomcat in tomcats:
        tomcat.reset()
    return tomcats


@pytest.fixture
def scripted():
    yield from _scripted()


@pytest.fixture(scope="module")
def kept_scripted():
    yield from _scripted()


def _scripted():
    made = []

    def make(name, **more):
        made.append(ScriptedNode(name, **more))
        return made[-1]

    yield make
    for node in made:
        node.close()


@pytest.fixture
def new_httpd(request):
    yield from _httpds(request.node)


@pytest.fixture(scope="module")
def kept_httpd(request):
    yield from _httpds(request.node)


def _httpds(owner):
    made = owner.httpds = []

    def make(text="", **more):
        made.append(Httpd(text, **more))
        return made[-1]

    yield make
    complaints = []
    for httpd in made:
        try:
            httpd.stop()
        except AssertionError as e:
            complaints.append(str(e))
        httpd.remove()
    assert not complaints, "\n".join(complaints)


@pytest.fixture
def new_cluster(nodes, new_httpd):
    return _clusters(nodes, new_httpd)


@pytest.fixture(scope="module")
def kept_cluster(tomcats, kept_httpd):
    return _clusters(_as_new(tomcats), kept_httpd)


def _clusters(tomcats, httpds):
    def make(inside="", outside="", members=tomcats, **more):
        return Cluster(httpds(config(members, inside, outside, **more)), members)

    return make


@pytest.fixture
def cluster(new_cluster):
    return new_cluster().start()


@pytest.fixture(scope="session")
def browser():
    made = Browser()
    yield made
    made.remove()


@pytest.fixture
def new_page(browser):
    made = []

    def make(**more):
        made.append(browser.page(**more))
        return made[-1]

    yield make
    for page in made:
        page.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """A failed test shows what its servers logged."""
    report = (yield).get_result()
    if report.failed:
        module = item.getparent(pytest.Module)
        for httpd in getattr(item, "httpds", []) + getattr(module, "httpds", []):
            report.sections.append((f"error log of {httpd.url}", httpd.error_log()))
