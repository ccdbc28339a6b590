# SPDX-License-Identifier: Apache-2.0
"""What is said of directories: a real OpenLDAP server, and ones that waste one's time."""

import os
import time

import pytest

from equipment import ports, schema, tls
from equipment.dripping import Dripping
from equipment.fickle import Fickle
from equipment.proc import wait_for
from equipment.slapd import BASE, PASSWORD, Slapd, credentials
from equipment.watcher import FAST, HASTY

pytestmark = pytest.mark.once       # threads of the monitor, which is the same in every MPM


@pytest.fixture(scope="module")
def slapd():
    server = Slapd().start()
    yield server
    server.remove()


@pytest.fixture
def expired(tmp_path):
    server = Slapd(tls.expired(tmp_path)).start()
    yield server
    server.remove()


def plain(server, base=BASE, when=FAST):
    return f"CFDirectory ad ldap://127.0.0.1:{server.port}/{base} {when}"


def by_tls(server, more, base=BASE):
    return f"CFDirectory ad ldaps://127.0.0.1:{server.tls_port}/{base} {FAST} {more}"


def test_a_directory_answers_and_its_time_is_shown(watch, slapd):
    watcher = watch(plain(slapd)).start()
    found = watcher.wait("ad", "ok", "^answers$")
    assert (found["kind"], found["address"]) == ("ldap", f"127.0.0.1:{slapd.port}")
    assert found["database"] is found["certificate"] is None
    assert 0 <= found["duration_ms"] < 10_000
    assert watcher.status()["level"] == "ok"


def test_without_a_base_the_root_of_the_directory_is_read(watch, slapd):
    watch(plain(slapd, base="")).start().wait("ad", "ok", "^answers$")


def test_a_base_that_is_not_there_is_an_alarm(watch, slapd):
    watcher = watch(plain(slapd, base="dc=other,dc=org")).start()
    watcher.wait("ad", "alarm", "reading the base entry failed: 32 No such object")
    assert watcher.status()["level"] == "degraded"


def test_a_certificate_of_a_known_authority_is_verified_and_its_end_shown(watch, slapd,
                                                                          authority):
    watcher = watch(by_tls(slapd, f"ca={authority(tls.certificate()[0])}")).start()
    found = watcher.wait("ad", "ok", "^answers$")
    assert found["certificate"]["state"] == "valid" and found["certificate"]["days"] > 365
    schema.check(watcher.status())


def test_a_certificate_that_ends_soon_is_a_warning(watch, tmp_path, authority):
    cert, key = tls.short_lived(tmp_path, days=20)
    server = Slapd((cert, key)).start()
    try:
        watcher = watch(by_tls(server, f"ca={authority(cert)} cert-days=30")).start()
        watcher.wait("ad", "warning", "its certificate expires in (19|20) days, on ")
    finally:
        server.remove()


def test_a_certificate_of_an_unknown_authority_is_an_alarm(watch, slapd):
    watch(by_tls(slapd, "")).start().wait(
        "ad", "alarm", "its certificate is of no known authority, or not this host's")


def test_a_certificate_of_another_host_is_an_alarm(watch, slapd, authority):
    line = by_tls(slapd, f"ca={authority(tls.certificate()[0])}").replace("127.0.0.1", "127.0.0.2")
    watch(line).start().wait(
        "ad", "alarm", "its certificate is of no known authority, or not this host's")


def test_a_connection_that_broke_off_once_is_not_put_down_to_the_certificate(watch, slapd,
                                                                             authority):
    starting = Fickle(slapd.tls_port, every=3)      # each look's first connection
    line = by_tls(slapd, f"ca={authority(tls.certificate()[0])}")
    watcher = watch(line.replace(f":{slapd.tls_port}/", f":{starting.port}/")).start()
    try:
        watcher.wait("ad", "alarm", "connecting failed: -1 Can't contact LDAP server")
        seen = starting.accepted
        wait_for(lambda: starting.accepted > seen + 3, "it is looked at again")
        assert "certificate" not in watcher.state("ad")[1] + watcher.httpd.error_log()
    finally:
        starting.close()


def test_an_expired_certificate_is_an_alarm_that_says_so(watch, expired, authority):
    cert = authority(expired.base / "cert.pem")
    watch(by_tls(expired, f"ca={cert}")).start().wait("ad", "alarm", "its certificate has expired")


def with_credentials(watch, slapd, authority, **more):
    file = "@FILE@"
    watcher = watch(by_tls(slapd, f"ca={authority(tls.certificate()[0])} credentials={file}"))
    path = credentials(watcher.httpd.root / "ad.credentials", **more)
    watcher.httpd.pieces = [piece.replace(file, str(path)) for piece in watcher.httpd.pieces]
    return watcher


def test_credentials_come_from_a_file(watch, slapd, authority):
    watcher = with_credentials(watch, slapd, authority).start()
    watcher.wait("ad", "ok", "^answers$")
    assert PASSWORD not in watcher.httpd.error_log() + str(watcher.status())


def test_a_wrong_password_is_an_alarm_and_a_right_one_needs_no_reload(watch, slapd, authority):
    watcher = with_credentials(watch, slapd, authority, password="wrong-secret").start()
    watcher.wait("ad", "alarm", "binding failed: 49 Invalid credentials")
    assert watcher.found("ad")["history"][0]["code"] == 49
    assert "wrong-secret" not in watcher.httpd.error_log() + str(watcher.status())
    credentials(watcher.httpd.root / "ad.credentials")
    watcher.wait("ad", "ok", "^answers$")


def test_credentials_that_are_malformed_are_named(watch, slapd, authority):
    watcher = with_credentials(watch, slapd, authority)
    (watcher.httpd.root / "ad.credentials").write_text("cn=monitor\nsecret\n")
    watcher.start()
    watcher.wait("ad", "alarm", 'credentials=.*: it has a line that begins neither with "dn: "')
    assert "secret" not in str(watcher.status())


def test_a_directory_that_is_gone_is_an_alarm_until_it_is_back(watch, slapd):
    watcher = watch(plain(slapd)).start()
    watcher.wait("ad", "ok", "^answers$")
    slapd.stop()
    watcher.wait("ad", "alarm", "connecting failed: -1 Can't contact LDAP server")
    slapd.start()
    watcher.wait("ad", "ok", "^answers$")


def test_a_directory_that_hangs_is_an_alarm(watch, slapd):
    watcher = watch(plain(slapd, when=HASTY)).start()
    watcher.wait("ad", "ok", "^answers$")
    slapd.freeze()
    try:
        watcher.wait("ad", "alarm", "no answer within 1000 ms, while binding|failed: -[15] ")
    finally:
        slapd.thaw()
    watcher.wait("ad", "ok", "^answers$")


# The head of a TLS record that promises 16 KiB, and of an LDAP answer that promises 100 bytes.
TLS_HEAD = b"\x16\x03\x03\x40\x00\x02" + b"\0" * 60
LDAP_HEAD = b"\x30\x64" + b"\0" * 60


def test_servers_that_waste_time_are_given_up_each_time(watch, heartbeat):
    begun_at = time.monotonic()
    servers = {
        # name:          (scheme, server)
        "ldap-dripping":  ("ldap", Dripping(LDAP_HEAD, pause=0.3)),
        "ldaps-dripping": ("ldaps", Dripping(TLS_HEAD, pause=0.3)),
        "ldaps-silent":   ("ldaps", Dripping()),
    }
    watcher = watch(*(f"CFDirectory {name} {scheme}://127.0.0.1:{server.port} interval=1s "
                      "timeout=1500ms" for name, (scheme, server) in servers.items())).start()
    try:
        for name in servers:
            watcher.wait(name, "alarm", "no answer within 1500 ms|failed: -")
            lost = 1000 * heartbeat.lost(begun_at, time.monotonic())
            assert watcher.found(name)["duration_ms"] < 5000 + lost
        begun = {name: server.accepted for name, (_, server) in servers.items()}
        for name, (_, server) in servers.items():
            wait_for(lambda: server.accepted >= begun[name] + 2, f"{name} is tried again")
            wait_for(lambda: server.hung_up >= begun[name] + 1, f"{name} is hung up on")
        monitor = watcher.httpd.monitor_pid()
        wait_for(lambda: len(os.listdir(f"/proc/{monitor}/task")) <= 2 + len(servers),
                 "none is left of looks that were given up")
    finally:
        for _, server in servers.values():
            server.close()


def test_a_port_that_nobody_listens_at_is_an_alarm(watch):
    watcher = watch(f"CFDirectory ad ldap://127.0.0.1:{ports.free()} {FAST}").start()
    watcher.wait("ad", "alarm", "connecting failed: -1 Can't contact LDAP server")
