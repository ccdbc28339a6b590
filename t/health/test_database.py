# SPDX-License-Identifier: Apache-2.0
"""What is said of databases: real MariaDB servers, and one that wastes one's time."""

import os
import re
import time

import pytest
import requests

from equipment import places, ports, proc, schema, tls
from equipment.dripping import Dripping
from equipment.mariadb import PASSWORD, USER, add_users, option_file
from equipment.proc import wait_for
from equipment.watcher import FAST, HASTY, Watcher

pytestmark = pytest.mark.once       # threads of the monitor, which is the same in every MPM


def address(server, database=""):
    return f"mysql://127.0.0.1:{server.port}/{database}"


def both(source, replica, when=FAST):
    timeout = when.partition(" ")[2]    # a replica has no interval
    return (f"CFDatabase master {address(source, 'confluence')} option-file={{file}} {when}",
            f"CFDatabase replica {address(replica)} of=master option-file={{file}} {timeout}")


@pytest.fixture(scope="module")
def kept(pair, kept_httpd, kept_scripted):
    """One httpd for all tests of this module that do not want their own."""
    pair.as_new()
    httpd = kept_httpd()
    file = option_file(httpd.root / "db.cnf")
    return Watcher(httpd, kept_scripted("node1"),
                   *(line.format(file=file) for line in both(*pair.servers))).start()


@pytest.fixture(scope="module")
def in_sync(pair, kept):
    """Waits until both were looked at, and the replica is in sync, since they are as new."""
    seen = 0

    def wait():
        nonlocal seen
        if seen != pair.renewed:
            before = {name: kept.found(name)["at"] or "" for name in ("master", "replica")}
            wait_for(lambda: all((kept.found(name)["at"] or "") > at
                                 for name, at in before.items()), "later looks")
            seen = pair.renewed
        kept.wait("master", "ok", "answers")
        kept.wait("replica", "ok", "^in sync$")
        return kept

    return wait


@pytest.fixture
def watcher(databases, in_sync):
    """Of a test that may do anything to them."""
    return in_sync()


@pytest.fixture
def reader(unchanged, in_sync):
    """Of a test that leaves both as they are."""
    return in_sync()


def test_a_replica_that_has_all_is_in_sync_and_all_of_both_is_shown(reader, unchanged):
    source, replica = unchanged
    assert reader.state("master") == ("ok", "answers, and can be written to")
    assert reader.state("replica") == ("ok", "in sync")
    assert (reader.status()["level"], reader.cluster()["warnings"]) == ("ok", [])
    wait_for(lambda: reader.found("master")["database"]["queries_per_s"] is not None, "a rate")
    master, slave = reader.found("master")["database"], reader.found("replica")["database"]
    assert "MariaDB" in master["version"]
    assert (master["read_only"], slave["read_only"]) == ("no", "yes")
    assert (master["is_replica"], slave["is_replica"]) == ("no", "yes")
    assert master["replication"] is None
    assert slave["replication"]["source"] == f"127.0.0.1:{source.port}"
    assert [slave["replication"][name] for name in ("io", "sql", "lag_s", "delay_s")] == [
        "yes", "yes", 0, 0]
    assert master["connections"] == slave["connections"] == 0
    assert master["missing_privileges"] is slave["missing_privileges"] is None
    assert master["threads_connected"] >= 2 and master["bytes_in_per_s"] > 0
    found = reader.found("replica")
    assert (found["kind"], found["of"]) == ("mysql", "master")
    assert found["address"] == f"127.0.0.1:{replica.port}"
    assert 1 <= len(found["history"]) <= 20 and found["history"][0]["good"] is True


def test_in_sync_is_confirmed_by_a_second_look_and_keeps_being_true(reader):
    first = reader.found("replica")["database"]["replication"]["in_sync_at"]
    wait_for(lambda: reader.found("replica")["database"]["replication"]["in_sync_at"] > first,
             "a later look confirms it")
    assert reader.in_sync() == "yes"


@pytest.mark.parametrize("thread, reason", [("IO_THREAD", "gets nothing from .* IO thread"),
                                            ("SQL_THREAD", "does not apply .* SQL thread")],
                         ids=["IO thread", "SQL thread"])
def test_a_stopped_thread_is_an_alarm_although_nothing_is_lacking_yet(watcher, databases, thread,
                                                                      reason):
    _, replica = databases
    replica.sql(f"STOP SLAVE {thread}")
    watcher.wait("replica", "alarm", reason)
    assert watcher.in_sync() == "no"
    assert watcher.status()["level"] == "degraded"
    assert "replica: " in watcher.cluster()["text"]
    replica.sql("START SLAVE")
    watcher.wait("replica", "ok", "in sync")
    wait_for(lambda: watcher.status()["level"] == "ok", "all is well")


def test_a_frozen_source_leaves_it_unknown_although_the_replica_sees_nothing(watch, databases):
    source, replica = databases
    watcher = watch(*both(source, replica, HASTY)).start()
    watcher.wait_in_sync()
    source.freeze()
    watcher.wait("master", "alarm", "no answer within 1000 ms, while connecting")
    watcher.wait("replica", "unknown", "master could not be read")
    row = replica.sql("SHOW ALL SLAVES STATUS")[0]
    assert row.count("Yes") >= 2            # it says itself that it is well
    assert watcher.in_sync() == "unknown"
    source.thaw()
    watcher.wait_in_sync()


def test_a_duplicate_key_is_an_alarm_with_the_servers_words(watcher, databases):
    source, replica = databases
    replica.sql("SET sql_log_bin=0; INSERT INTO confluence.pages VALUES (2)")
    source.sql("INSERT INTO confluence.pages VALUES (2)")
    watcher.wait("replica", "alarm", "does not apply .*Duplicate entry '2'")
    assert watcher.in_sync() == "no"


def test_a_delayed_replica_is_behind_and_no_alarm(watcher, databases):
    source, replica = databases
    replica.sql("STOP SLAVE; CHANGE MASTER TO MASTER_DELAY=600; START SLAVE")
    source.sql("INSERT INTO confluence.pages VALUES (2)")
    found = watcher.wait("replica", "ok", "behind, as it is configured to be: delayed by 600 s")
    assert found["database"]["replication"]["delay_s"] == 600
    assert watcher.in_sync() == "no"


def test_places_in_the_log_do_as_well_as_GTIDs(watch, databases):
    source, replica = databases
    replica.follow(source, gtid="no")
    watcher = watch(*both(source, replica)).start()
    watcher.wait_in_sync()
    replica.sql("STOP SLAVE SQL_THREAD")
    source.sql("INSERT INTO confluence.pages VALUES (2)")
    watcher.wait("replica", "alarm", "SQL thread")
    replica.sql("START SLAVE")
    watcher.wait_in_sync()


PRIVILEGES = [
    # label, privileges, name, state, reason, what is missing
    ("replication hidden", "BINLOG MONITOR, PROCESS", "replica", "unknown",
     r"may not be seen; GRANT SLAVE MONITOR ON \*\.\*", "SLAVE MONITOR"),
    ("binary log hidden, GTIDs tell", "SLAVE MONITOR, PROCESS", "replica", "ok", "^in sync$",
     "BINLOG MONITOR"),
    ("other connections hidden", "BINLOG MONITOR, SLAVE MONITOR", "master", "ok", "answers",
     "PROCESS"),
]


@pytest.mark.parametrize("privileges, name, state, reason, missing",
                         [row[1:] for row in PRIVILEGES], ids=[row[0] for row in PRIVILEGES])
def test_a_missing_privilege_is_named_and_makes_nothing_up(watch, databases, privileges, name,
                                                           state, reason, missing):
    for server in databases:
        server.sql(add_users(privileges))
    watcher = watch(*both(*databases)).start()
    found = watcher.wait(name, state, reason)
    assert found["database"]["missing_privileges"] == missing
    if missing == "PROCESS":
        assert found["database"]["connections"] is None
    if missing == "SLAVE MONITOR":
        assert watcher.in_sync() == "unknown"


def test_a_hidden_binary_log_leaves_places_unknown(watch, databases):
    source, replica = databases
    source.sql(add_users("SLAVE MONITOR, PROCESS"))
    replica.follow(source, gtid="no")
    watcher = watch(*both(*databases)).start()
    watcher.wait("replica", "unknown", r"master may not be seen; there, GRANT BINLOG MONITOR ON")


def test_connections_of_applications_are_counted_and_no_others(watcher, databases):
    source, _ = databases
    source.sql("CREATE OR REPLACE USER app@'127.0.0.1' IDENTIFIED BY 'app';"
               "GRANT SELECT ON confluence.* TO app@'127.0.0.1'")
    pool = [source.connect("app", "app", "confluence") for _ in range(2)]
    pool.append(source.connect("app", "app"))       # not in the applications' database
    try:
        wait_for(lambda: watcher.found("master")["database"]["connections"] == 2, "both count")
        assert watcher.found("master")["database"]["hosts"] == [{"host": "127.0.0.1", "count": 2}]
    finally:
        for connection in pool:
            connection.kill()
    source.sql("".join(f"KILL {row[0]};" for row in source.sql(
        "SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'app'")))
    wait_for(lambda: watcher.found("master")["database"]["connections"] == 0, "none is left")


def test_connections_are_of_the_database_that_is_named_if_there_is_one(watch, databases):
    source, _ = databases
    source.sql(f"GRANT SELECT ON confluence.* TO {USER}@'127.0.0.1';"
               "CREATE OR REPLACE USER app@'127.0.0.1' IDENTIFIED BY 'app'")
    pool = [source.connect(USER, PASSWORD, "confluence")]   # the account that looks, too
    watcher = watch(*(f"CFDatabase {name} {address(source, database)} option-file={{file}} {FAST}"
                      for name, database in (("right", "confluence"), ("upper", "CONFLUENCE"),
                                             ("wrong", "confluenc"), ("any", "")))).start()

    def wait_counts(**wanted):
        def counts(name):
            found = watcher.found(name)["database"] or {}
            return found.get("connections"), found.get("connections_elsewhere")

        wait_for(lambda: {name: counts(name) for name in wanted} == wanted, wanted)

    try:
        wait_counts(right=(1, 0), upper=(1, 0), wrong=(None, 1), any=(1, None))
        pool.append(source.connect("app", "app"))           # in no database
        wait_counts(right=(1, 1), wrong=(None, 2), any=(2, None))
        pool[0].kill()
        source.sql("".join(f"KILL {row[0]};" for row in source.sql(
            "SELECT ID FROM information_schema.PROCESSLIST WHERE DB = 'confluence'")))
        wait_counts(right=(0, 1), upper=(0, 1), wrong=(None, 1), any=(1, None))
    finally:
        for connection in pool:
            connection.kill()
    source.sql("".join(f"KILL {row[0]};" for row in source.sql(
        "SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'app'")))
    wait_counts(right=(0, 0), wrong=(0, 0), any=(0, None))


def test_both_writable_is_an_alarm(watcher, databases):
    _, replica = databases
    replica.sql("SET GLOBAL read_only=OFF")
    watcher.wait("replica", "alarm", "can be written to, and so can master: set read_only=ON here$")
    replica.sql("STOP SLAVE")
    watcher.wait("replica", "alarm", "can be written to, and so can master: set read_only=ON here; "
                                     "it does not apply")


def test_a_source_that_cannot_be_written_to_is_an_alarm(watcher, databases):
    source, _ = databases
    source.sql("SET GLOBAL read_only=ON")
    watcher.wait("master", "alarm", r"read-only: .*\(read_only=ON\)")


def test_a_replica_of_another_server_is_an_alarm(watch, databases):
    source, replica = databases
    watcher = watch(f"CFDatabase other {address(replica)} option-file={{file}} {FAST}",
                    f"CFDatabase replica {address(replica)} of=other option-file={{file}}").start()
    watcher.wait("replica", "alarm", f"follows 127.0.0.1:{source.port}, which is not other")


def test_a_replica_that_is_none_is_an_alarm(watcher, databases):
    _, replica = databases
    replica.sql("STOP SLAVE; RESET SLAVE ALL")
    watcher.wait("replica", "alarm", "is not a replica of any server")


def test_a_server_that_is_gone_is_an_alarm_until_it_is_back(watcher, databases):
    source, _ = databases
    source.stop()
    watcher.wait("master", "alarm", "connecting failed: connection refused")
    assert watcher.found("master")["database"] is None
    source.start()
    watcher.wait("master", "ok", "answers")
    watcher.wait_in_sync()


def test_a_wrong_password_is_an_alarm_and_no_password_is_shown(watch, unchanged):
    watcher = watch(*both(*unchanged), password="wrong-secret").start()
    watcher.wait("master", "alarm", "connecting failed: 1045 Access denied for user 'monitor'")
    assert watcher.found("master")["history"][0]["code"] == 1045
    texts = watcher.httpd.error_log() + str(watcher.status())
    monitor = watcher.httpd.monitor_pid()
    with open(f"/proc/{monitor}/cmdline", encoding="utf-8") as cmdline:
        texts += cmdline.read()
    assert "wrong-secret" not in texts and PASSWORD not in texts


def test_a_user_in_the_address_comes_before_that_of_the_file(watch, unchanged):
    source, _ = unchanged
    line = f"mysql://{USER}@127.0.0.1:{source.port}"
    watcher = watch(f"CFDatabase master {line} option-file={{file}} {FAST}", user="other").start()
    watcher.wait("master", "ok", "answers")


@pytest.mark.skipif(os.geteuid() != 0, reason="httpd's user is then who owns the file")
def test_an_option_file_that_httpds_user_cannot_read_is_named(watch, unchanged):
    watcher = watch(*both(*unchanged))
    file = watcher.httpd.root / "db.cnf"
    os.chown(file, 0, 0)
    watcher.start()
    watcher.wait("master", "alarm", f"option-file={file} cannot be read by httpd's user")


def test_an_option_file_that_everybody_can_read_is_warned_of(watch, unchanged):
    watcher = watch(*both(*unchanged), mode=0o644)
    watcher.httpd.allow("CFC0332")
    watcher.start()
    file = watcher.httpd.root / "db.cnf"
    assert f"everybody on this machine can read {file}" in watcher.httpd.error_log()


# TLS

def with_tls(server, more):
    return f"CFDatabase master {address(server)} option-file={{file}} {FAST} {more}"


def test_a_certificate_of_a_known_authority_is_verified_and_its_end_shown(watch, unchanged,
                                                                          authority):
    watcher = watch(with_tls(unchanged[0], f"tls=verify ca={authority(tls.certificate()[0])}"))
    watcher.start()
    found = watcher.wait("master", "ok", "answers")
    assert found["certificate"]["state"] == "valid" and found["certificate"]["days"] > 365


def test_a_certificate_of_an_unknown_authority_is_refused(watch, unchanged):
    watcher = watch(with_tls(unchanged[0], "tls=verify")).start()
    watcher.wait("master", "alarm", "connecting failed: 2026 .*ertificate")


def test_a_certificate_of_another_host_is_refused(watch, unchanged, authority):
    line = with_tls(unchanged[0], f"tls=verify ca={authority(tls.certificate()[0])}")
    watch(line.replace("127.0.0.1", "127.0.0.2")).start().wait(
        "master", "alarm", "connecting failed: 2026 ")


def test_a_certificate_that_ends_soon_is_a_warning(watch, unchanged, tmp_path):
    watcher = watch(with_tls(unchanged[0], "tls=on cert-days=30"))
    unchanged[0].show_certificate(*tls.short_lived(tmp_path, days=20))
    try:
        watcher.start()
        watcher.wait("master", "warning", "its certificate expires in (19|20) days, on ")
        assert watcher.status()["level"] == "degraded"
    finally:
        unchanged[0].show_certificate(*tls.certificate())
    watcher.wait("master", "ok", "answers")


def test_an_expired_certificate_is_refused_when_it_is_verified(watch, unchanged, tmp_path,
                                                              authority):
    cert, key = tls.expired(tmp_path)
    unchanged[0].show_certificate(cert, key)
    try:
        watcher = watch(with_tls(unchanged[0], f"tls=verify ca={authority(cert)}")).start()
        watcher.wait("master", "alarm", "connecting failed: 2026 .*expired")
    finally:
        unchanged[0].show_certificate(*tls.certificate())


# servers that waste one's time

# The beginning of what a MariaDB says first; it would take a minute.
GREETING = b"\x5a\x00\x00\x00\x0a10.11.19-MariaDB\x00" + b"x" * 60


def threads(pid):
    return len(os.listdir(f"/proc/{pid}/task"))


def test_servers_that_waste_time_delay_nobody_and_leave_nothing(watch, unchanged, heartbeat):
    begun_at = time.monotonic()
    servers = {"silent": Dripping(), "dripping": Dripping(GREETING)}
    watcher = watch(with_tls(unchanged[0], ""),
                    *(f"CFDatabase {name} mysql://127.0.0.1:{server.port} option-file={{file}} "
                      "interval=1s timeout=1500ms" for name, server in servers.items())).start()
    try:
        for name in servers:
            watcher.wait(name, "alarm",
                         "no answer within 1500 ms, while connecting|connecting failed")
            lost = 1000 * heartbeat.lost(begun_at, time.monotonic())
            assert 1000 <= watcher.found(name)["duration_ms"] < 5000 + lost
        begun = {name: server.accepted for name, server in servers.items()}
        for name, server in servers.items():
            wait_for(lambda: server.accepted >= begun[name] + 2, f"{name} is tried again")
            wait_for(lambda: server.hung_up >= begun[name] + 1, f"{name} is hung up on")
        wait_for(lambda: threads(watcher.httpd.monitor_pid()) <= 5,
                 "none is left of looks that were given up")
        assert watcher.state("master")[0] == "ok"
        assert watcher.cluster()["nodes"][0]["probe"]["at"] is not None
    finally:
        for server in servers.values():
            server.close()
    assert "CFC0310" not in watcher.httpd.error_log()


def test_a_look_that_hangs_keeps_no_monitor_from_ending(watch):
    dripping = Dripping()
    watcher = watch(f"CFDatabase slow mysql://127.0.0.1:{dripping.port} interval=1s timeout=60s")
    watcher.start()
    try:
        wait_for(lambda: dripping.accepted == 1, "it is being looked at")
        old = watcher.httpd.monitor_pid()
        watcher.httpd.graceful()
        wait_for(lambda: old not in proc.table(), "the old monitor ends", 30)    # timeout= is 60
        wait_for(lambda: dripping.accepted == 2, "the new one looks")
    finally:
        watcher.httpd.stop()            # fails when a process does not end by itself
        dripping.close()


def test_what_was_found_is_kept_over_a_graceful_restart(reader):
    since = reader.found("master")["since"]
    reader.httpd.graceful()
    assert reader.found("master")["since"] == since
    assert reader.state("master")[0] == "ok"
    reader.wait_in_sync()


def test_the_status_page_has_a_row_for_each(reader):
    page = requests.get(reader.httpd.url + "/cluster", timeout=10).text
    for name in "master", "replica":
        assert f'<th scope="row">{name}<span' in page
    assert "in sync" in page


def test_a_port_that_nobody_listens_at_is_an_alarm(watch):
    watcher = watch(f"CFDatabase master mysql://127.0.0.1:{ports.free()} {FAST}").start()
    watcher.wait("master", "alarm", "connecting failed: connection refused")


def test_the_fields_of_a_dependency_are_those_that_are_documented(reader):
    wait_for(lambda: reader.found("replica")["database"]["replication"], "the replica was read")
    text = (places.TOP / "docs/status.md").read_text()
    text = text.partition("## JSON of databases and directories")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.*?`) \| ", text, re.M)
    documented = [field for row in rows for field in re.findall(r"`([^`]+)`", row)]
    found = {**reader.found("replica"), "certificate": {"expires": "", "days": 0, "state": ""},
             "acknowledged": {"who": "", "since": "", "until": "", "reason": ""}}
    assert sorted(documented) == sorted(fields(found))
    schema.check(reader.status())


def fields(value, prefix=""):
    """The fields of an object, those of objects in it with a dot, lists with []."""
    for name, inner in value.items():
        if isinstance(inner, dict):
            yield from fields(inner, f"{prefix}{name}.")
        else:
            yield prefix + name + "[]" * isinstance(inner, list)
