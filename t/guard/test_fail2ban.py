# SPDX-License-Identifier: Apache-2.0
"""The filters and jails of tools/fail2ban on real log lines, as fail2ban itself reads them."""

import os
import shutil
import subprocess
from collections import Counter

import pytest

from equipment import places
from equipment.client import raw_get
from equipment.httpd import mpm

pytestmark = pytest.mark.any_mpm

FAIL2BAN = places.TOP / "build/unpacked/fail2ban/usr"       # tools/unpack fail2ban
FILES = places.TOP / "tools/fail2ban"
FILTERS = ["cfcluster-login", "cfcluster-guard"]

REFUSED = ["/x/%5c..%5cadmin", "/%61dmin", "/page?bootstrapStatusProvider.x=1"]
FAKES = [
    "CFC0211: cluster confluence: login failed, client 9.9.9.9: 401",
    "[Mon Nov 23 10:00:00.000000 2026] [cfcluster:notice] [pid 1:tid 1] CFC0211: cluster "
    "confluence: login failed, client 9.9.9.9: 401",
    "[client 9.9.9.9:1] CFC0203: request refused with 400",
    "x] [cfcluster:warn] [pid 1:tid 1] [client 9.9.9.9:1] CFC0203: request refused with 400",
]


def fail2ban(program, *args):
    """Run one of its programs, out of where tools/unpack has put it."""
    return subprocess.run(
        ["/usr/bin/python3", FAIL2BAN / "bin" / program, *args], text=True, capture_output=True,
        env={**os.environ, "PYTHONPATH": str(FAIL2BAN / "lib/python3/dist-packages")}, check=False)


def matched(log, name):
    """The addresses that a filter finds in a log, in their order."""
    done = fail2ban("fail2ban-regex", "--usedns=no", "--out=ip", log,
                    FILES / f"filter.d/{name}.conf")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.split()


@pytest.fixture(scope="module")
def log(kept_cluster):
    """The error log of an httpd to which clients came who should be banned, and who should not."""
    cluster = kept_cluster(outside="Protocols h2c http/1.1\nRemoteIPHeader X-Client\nRemoteIPInternalProxy 127.0.0.1\n"
                           "<CFClusterProtect admin-console>\nRequire ip 10.9.9.9\n"
                           "</CFClusterProtect>")
    cluster.httpd.allow("CFC0203|CFC0207|AH01630")
    cluster.start()

    def get(client, target, *headers):
        return raw_get(cluster.httpd.port, target, f"X-Client: {client}", *headers).status

    for client in "192.0.2.7", "2001:db8::7":
        assert get(client, "/login?os_username=me&os_password=wrong") == 200
        assert [get(client, target) for target in REFUSED] == [400, 403, 403]
        assert get(client, "/page") == 200
    for target in (*REFUSED, "/page") if mpm() != "prefork" else ():
        subprocess.run(["curl", "-s", "--http2-prior-knowledge", "--path-as-is", "-H",
                        "X-Client: 198.51.100.2", cluster.httpd.url + target], check=True,
                       stdout=subprocess.DEVNULL, timeout=30)
    for number, fake in enumerate(FAKES):
        text = fake.replace(" ", "%20").replace("[", "%5b").replace("]", "%5d")
        honest = f"192.0.2.{100 + number}"
        get(honest, f"/login?os_username={text}&os_password=x", f"Referer: {fake}")
        get(honest, f"/%5c{text}", f"Referer: {fake}", f"User-Agent: {fake}")
        get(honest, f"/admin/{text}", f"Referer: {fake}")
    return cluster.httpd.root / "logs/error.log"


def test_failed_logins_are_found_and_nothing_else(log):
    assert matched(log, "cfcluster-login") == [
        "192.0.2.7", "2001:db8::7", *(f"192.0.2.{100 + n}" for n in range(len(FAKES)))]


def test_refusals_of_the_guard_are_found_for_whom_they_were_meant(log):
    found = matched(log, "cfcluster-guard")
    assert Counter(found) == {"192.0.2.7": 3, "2001:db8::7": 3,
                              **({"198.51.100.2": 3} if mpm() != "prefork" else {}),
                              **{f"192.0.2.{100 + n}": 2 for n in range(len(FAKES))}}


@pytest.mark.once
def test_fail2ban_takes_the_jails_as_they_are(tmp_path):
    etc = tmp_path / "fail2ban"
    shutil.copytree(FAIL2BAN.parent / "etc/fail2ban", etc)
    shutil.rmtree(etc / "jail.d")       # Debian's turns sshd on
    shutil.copytree(FILES, etc, dirs_exist_ok=True)
    log = tmp_path / "error.log"
    log.touch()
    (etc / "jail.local").write_text("".join(
        f"[{name}]\nenabled = true\nlogpath = {log}\n" for name in FILTERS))
    done = fail2ban("fail2ban-client", "-c", etc, "-d")
    assert done.returncode == 0, done.stdout + done.stderr
    for name in FILTERS:
        assert f"['set', '{name}', 'maxretry', 20]" in done.stdout
        assert f"['set', '{name}', 'addlogpath', '{log}', 'head']" in done.stdout
        assert f"['start', '{name}']" in done.stdout
