# SPDX-License-Identifier: Apache-2.0
"""The announcement of a maintenance: a document that everybody may read, and a banner from it."""

from datetime import datetime, timedelta, timezone

import pytest
import requests

from equipment import places

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def kept(kept_cluster):
    cluster = kept_cluster()
    folder = cluster.httpd.root / "banner"
    folder.mkdir()
    folder.joinpath("banner.js").write_text(
        (places.TOP / "examples/maintenance-banner.js").read_text())
    folder.joinpath("page.html").write_text(
        '<!DOCTYPE html><title>A page</title><p>Text</p><script src="banner.js" '
        'data-announcement="/maintenance.json" defer></script>')
    cluster.httpd.add(f"""
        <Location "/maintenance.json">
            SetHandler cfcluster-maintenance
        </Location>
        <Location "/elsewhere">
            SetHandler cfcluster-maintenance
        </Location>
        CFClusterPass "/elsewhere" !
        CFClusterPass "/maintenance" !
        Alias "/maintenance" {folder}
        AddType text/html .html
        AddType text/javascript .js
        <Directory {folder}>
            Require all granted
        </Directory>""")
    return cluster.start()


@pytest.fixture
def cluster(kept):
    yield kept
    kept.open()


def announcement(cluster, **more):
    return requests.get(cluster.httpd.url + "/maintenance.json", timeout=10, **more)


def test_everybody_may_read_what_users_may_know(cluster):
    answer = announcement(cluster)
    assert answer.json() == {"state": "open", "message": None, "from": None, "until": None,
                             "parts": []}
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "public, max-age=5"
    cluster.close("An update", until="2h", **{"from": "1h"})
    told = announcement(cluster).json()
    assert (told["state"], told["message"]) == ("scheduled", "An update")
    plan = cluster.status()
    assert (told["from"], told["until"]) == (plan["from"], plan["until"])
    cluster.close("An update")
    answer = announcement(cluster)
    assert (answer.status_code, answer.json()["state"]) == (200, "maintenance")
    assert "127.0.0.1" not in answer.text and "node1" not in answer.text


def test_it_is_read_only_and_of_one_cluster(cluster):
    answer = requests.post(cluster.httpd.url + "/maintenance.json", data="x", timeout=10)
    assert (answer.status_code, "GET" in answer.headers["Allow"]) == (405, True)
    cluster.httpd.allow("CFC0407")
    assert requests.get(cluster.httpd.url + "/elsewhere", timeout=10).status_code == 404


def test_a_banner_shows_what_is_announced_to_a_reader_in_his_own_time(cluster, new_page):
    page = new_page(width=360)
    page.call("Emulation.setTimezoneOverride", timezoneId="Asia/Tokyo")
    page.call("Emulation.setLocaleOverride", locale="de-DE")
    begin = datetime.now(timezone.utc).replace(hour=20, minute=0) + timedelta(days=2)
    cluster.close("An <b>update</b>", until="2h", **{"from": f"{begin:%Y-%m-%dT%H:%MZ}"})
    page.open(cluster.httpd.url + "/maintenance/page.html")
    page.wait("document.querySelector('#maintenance-banner') !== null", "the banner is there")
    day = f"{begin + timedelta(days=1):%d.%m.%Y}"
    assert page.text("#maintenance-banner") == \
        f"Maintenance from {day}, 05:00 until {day}, 07:00. An <b>update</b>"
    assert page.complaints == []
