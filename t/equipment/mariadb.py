# SPDX-License-Identifier: Apache-2.0
"""A real MariaDB server, Debian's, in a directory of its own; it does not wait for disks."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from . import places, ports, proc, tls

SERVER = "/usr/sbin/mariadbd"

# The user who looks, and his password; replicas come as another one.
USER, PASSWORD = "monitor", "a secret' of \"quotes\""


def _template():
    """A data directory as new, made once for this version of the server."""
    version = subprocess.run([SERVER, "--no-defaults", "--version"], check=True,
                             capture_output=True, text=True).stdout.split()[2]
    return places.once(f"mariadb-{version}", lambda home: subprocess.run(
        ["mariadb-install-db", "--no-defaults", f"--datadir={home}", "--skip-test-db",
         "--force",     # or this machine's name has to be known to somebody
         "--auth-root-authentication-method=normal", "--skip-log-bin",
         "--innodb-log-file-size=8M", *_as_user()], check=True, capture_output=True))


def _as_user():
    """The server runs as root only if it is told to; there is no user for it in this system."""
    return ["--user=root"] if os.geteuid() == 0 else []


class MariaDB:
    """sql() speaks to it as its root, over its socket. start() waits until it answers. It listens
    at 127.0.0.2, too, which is not in its certificate."""

    def __init__(self, server_id):
        self.server_id = server_id
        self.port = ports.free()
        self.base = Path(tempfile.mkdtemp(prefix=f"cfc-mariadb{server_id}-"))
        self.socket = self.base / "socket"
        self.proc = None
        self.frozen = False
        shutil.copytree(_template(), self.base / "data")

    def start(self, *more):
        for made, name in zip(tls.certificate(), ("cert.pem", "key.pem")):
            shutil.copy(made, self.base / name)
        self.proc = proc.Proc(
            [SERVER, "--no-defaults", f"--datadir={self.base}/data", f"--socket={self.socket}",
             f"--port={self.port}", "--bind-address=127.0.0.1,127.0.0.2",
             f"--server-id={self.server_id}", f"--pid-file={self.base}/pid",
             "--log-bin=bin", "--relay-log=relay",
             "--skip-name-resolve", "--skip-slave-start", "--master-retry-count=100000",
             "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=16M",
             "--innodb-log-file-size=8M", "--innodb-use-native-aio=0", "--sync-binlog=0",
             "--performance-schema=OFF", "--max-connect-errors=1000000",
             f"--ssl-cert={self.base}/cert.pem", f"--ssl-key={self.base}/key.pem",
             *_as_user(), *more],
            self.base / "mariadb.log")
        proc.wait_for(self._ready, f"MariaDB {self.server_id} answers", 60)
        return self

    def _ready(self):
        if not self.proc.alive():
            raise AssertionError(f"MariaDB {self.server_id} has ended:\n{self.proc.text()}")
        return self._client("SELECT 1").returncode == 0

    def _client(self, text, timeout=30):
        return subprocess.run(
            ["mariadb", "--no-defaults", "-u", "root", f"--socket={self.socket}", "--batch",
             "--skip-column-names"], input=text, capture_output=True, text=True,
            timeout=timeout, check=False)

    def sql(self, text):
        """Run statements; returns rows as lists of strings."""
        done = self._client(text)
        assert done.returncode == 0, f"{text}: {done.stderr}"
        return [line.split("\t") for line in done.stdout.splitlines()]

    def follow(self, source, gtid="slave_pos"):
        """Replicate from another server, from its beginning on, or from where this was."""
        self.sql(f"STOP SLAVE; CHANGE MASTER TO MASTER_HOST='127.0.0.1', "
                 f"MASTER_PORT={source.port}, MASTER_USER='replica', MASTER_PASSWORD='replica', "
                 f"MASTER_CONNECT_RETRY=1, MASTER_USE_GTID={gtid}; START SLAVE")

    def show_certificate(self, cert, key):
        """Use another certificate from now on."""
        shutil.copy(cert, self.base / "cert.pem")
        shutil.copy(key, self.base / "key.pem")
        self.sql("FLUSH SSL")

    def connect(self, user, password, database=""):
        """An idle connection by TCP, as a program that keeps a pool has it; a Proc to stop."""
        return proc.Proc(
            ["mariadb", "--no-defaults", "-h", "127.0.0.1", f"-P{self.port}", f"-u{user}",
             f"-p{password}", "-e", "DO SLEEP(600)", database], self.base / "client.log")

    def freeze(self):
        """Connections are still accepted by the kernel, nothing is answered."""
        self.frozen = True
        self.proc.signal(signal.SIGSTOP)

    def thaw(self):
        self.frozen = False
        self.proc.signal(signal.SIGCONT)

    def alive(self):
        return self.proc is not None and self.proc.alive()

    def stop(self):
        self.frozen = False
        self.proc.kill()        # nothing in it is worth the wait for an orderly end

    def remove(self):
        """End it and remove its files."""
        if self.alive():
            self.stop()
        shutil.rmtree(self.base, ignore_errors=True)


def option_file(path, user=USER, password=PASSWORD, mode=0o600):
    """Credentials as the client libraries read them, for httpd's user alone."""
    escaped = password.replace("\\", "\\\\").replace('"', '\\"')
    path.write_text(f'[client]\nuser={user}\npassword="{escaped}"\n')
    path.chmod(mode)
    if os.geteuid() == 0:
        shutil.chown(path, "www-data", "www-data")
    return path


def add_users(privileges="BINLOG MONITOR, SLAVE MONITOR, PROCESS"):
    """SQL: the user who looks, with these privileges, and the one that replicas come as."""
    password = PASSWORD.replace("'", "''")
    return (f"CREATE OR REPLACE USER {USER}@'127.0.0.1' IDENTIFIED BY '{password}';"
            f"GRANT {privileges} ON *.* TO {USER}@'127.0.0.1';"
            "CREATE OR REPLACE USER replica@'127.0.0.1' IDENTIFIED BY 'replica';"
            "GRANT REPLICATION SLAVE ON *.* TO replica@'127.0.0.1';")
