# SPDX-License-Identifier: Apache-2.0
"""The page of a closed cluster in a real browser: it tells when, and takes its reader on."""

import time

import pytest

pytestmark = pytest.mark.once

# The browser looks again by itself every 30 seconds; also when its page is shown again.
SHOWN_AGAIN = "document.dispatchEvent(new Event('visibilitychange'))"


@pytest.fixture(scope="module")
def kept(kept_cluster):
    """Answers 502 while there is a file of that name."""
    return kept_cluster(outside="RewriteEngine on\nRewriteCond %{DOCUMENT_ROOT}/broken -f\n"
                                "RewriteRule ^/page - [R=502]").start()


@pytest.fixture
def cluster(kept):
    yield kept
    kept.open()


@pytest.fixture
def reader(new_page):
    page = new_page()
    page.call("Emulation.setTimezoneOverride", timezoneId="Asia/Tokyo")
    page.call("Emulation.setLocaleOverride", locale="de-DE")
    return page


def test_the_page_tells_the_end_by_the_readers_clock_and_counts_down(cluster, reader):
    ordered = time.time()
    cluster.close("An update", until="100s")
    ends = range(int(ordered) + 100, int(time.time()) + 102)
    reader.open(cluster.httpd.url + "/page?id=7#below")
    assert reader.text(".end b")[-5:] in {time.strftime("%H:%M", time.gmtime(end + 9 * 3600))
                                          for end in ends}
    left = reader.text(".left")
    assert left.endswith(" s") and 0 < int(left.split()[0]) <= 100
    reader.wait(f"document.querySelector('.left').innerText !== '{left}'", "it counts")
    assert [c for c in reader.complaints if "503" not in c] == []


def test_the_reader_is_taken_on_to_where_he_was(cluster, reader):
    cluster.close("An update")
    reader.open(cluster.httpd.url + "/page?id=7#below")
    assert reader.text(".message") == "An update"
    cluster.close("It is nearly done")
    reader.loading(lambda: reader.ask(SHOWN_AGAIN))
    assert reader.text(".message") == "It is nearly done"
    cluster.open()
    reader.loading(lambda: reader.ask(SHOWN_AGAIN))
    assert reader.ask("document.querySelector('main')") is None
    assert reader.ask("location.href") == cluster.httpd.url + "/page?id=7#below"
    assert [c for c in reader.complaints if "503" not in c] == []


def test_the_reader_is_not_taken_on_to_an_error(cluster, reader):
    """As a node answers that is not ready yet. The page with that would look no further."""
    cluster.close("An update")
    reader.open(cluster.httpd.url + "/page?id=7")
    broken = cluster.httpd.root / "htdocs/broken"
    broken.touch()
    cluster.open()
    reader.ask(SHOWN_AGAIN)
    reader.wait(lambda: reader.ask("1") and [c for c in reader.complaints if "502" in c],
                "it has looked")
    broken.unlink()
    reader.loading(lambda: reader.ask(SHOWN_AGAIN))     # by this page, which is still there
    assert reader.ask("document.querySelector('main')") is None
    assert reader.ask("location.href") == cluster.httpd.url + "/page?id=7"


def test_whoever_sent_something_is_told_that_it_is_lost_and_not_taken_on(cluster, reader):
    reader.open(cluster.httpd.url + "/page")
    cluster.close("An update")
    reader.loading(lambda: reader.ask("""{
        const form = document.createElement("form");
        form.method = "post";
        form.action = "/page?sent";
        document.body.append(form);
        form.submit(); }"""))
    assert "has not arrived" in reader.text(".foot")
    cluster.open()
    reader.ask(SHOWN_AGAIN)
    reader.wait("document.title === 'The service is back'", "it says that the service is back")
    assert reader.ask("location.search") == "?sent"


def test_without_scripts_the_page_is_asked_for_anew(cluster, new_page):
    cluster.close("An update", until="2h")
    page = new_page(scripts=False, width=360, dark=True)
    page.open(cluster.httpd.url + "/page")
    assert "in about 2 h" in page.text(".end")
    assert page.ask("document.querySelector('noscript meta').content") == "30"
    assert page.ask("document.documentElement.scrollWidth") <= 360
    page.screenshot("closed-phone-dark")
