# SPDX-License-Identifier: Apache-2.0
"""A real OpenLDAP server, Debian's slapd, only unpacked (tools/unpack slapd), with one entry."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from . import places, ports, proc, tls

BASE = "dc=example,dc=org"
DN, PASSWORD = f"cn=monitor,{BASE}", "a secret"

_CONF = """\
include {home}/etc/ldap/schema/core.schema
pidfile {base}/pid
TLSCertificateFile {base}/cert.pem
TLSCertificateKeyFile {base}/key.pem
database ldif
directory {base}/data
suffix "{suffix}"
rootdn "{dn}"
rootpw "{password}"
"""

_ENTRY = f"dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: Example\n"


class Slapd:
    """start() waits until it answers, by ldap on port and by ldaps on tls_port; the latter also at
    127.0.0.2, which is not in its certificate."""

    def __init__(self, certificate=None):
        """certificate: (certificate, key) as files, if not that of all servers."""
        self.port, self.tls_port = ports.free(), ports.free()
        self.home = places.TOP / "build/unpacked/slapd"
        self.base = Path(tempfile.mkdtemp(prefix="cfc-slapd-"))
        self.conf = self.base / "slapd.conf"
        self.proc = None
        (self.base / "data").mkdir()
        for made, name in zip(certificate or tls.certificate(), ("cert.pem", "key.pem")):
            shutil.copy(made, self.base / name)
        self.conf.write_text(_CONF.format(home=self.home, base=self.base, suffix=BASE, dn=DN,
                                          password=PASSWORD))

    def _environment(self):
        return {"LD_LIBRARY_PATH": f"{self.home}/usr/lib/x86_64-linux-gnu"}

    def start(self):
        if not any((self.base / "data").iterdir()):
            subprocess.run([self.home / "usr/sbin/slapadd", "-f", self.conf], input=_ENTRY,
                           text=True, check=True, capture_output=True,
                           env={**os.environ, **self._environment()})
        self.proc = proc.Proc(
            [self.home / "usr/sbin/slapd", "-d", "0", "-f", self.conf, "-h",
             f"ldap://127.0.0.1:{self.port} ldaps://127.0.0.1:{self.tls_port} "
             f"ldaps://127.0.0.2:{self.tls_port}"],
            self.base / "slapd.log", self._environment())
        proc.wait_for(self._ready, "slapd answers", 60)
        return self

    def _ready(self):
        if not self.proc.alive():
            raise AssertionError("slapd has ended:\n" + self.proc.text())
        return ports.answers(self.port) and ports.answers(self.tls_port)

    def freeze(self):
        self.proc.signal(signal.SIGSTOP)

    def thaw(self):
        self.proc.signal(signal.SIGCONT)

    def alive(self):
        return self.proc is not None and self.proc.alive()

    def stop(self):
        self.proc.kill()

    def remove(self):
        """End it and remove its files."""
        if self.alive():
            self.stop()
        shutil.rmtree(self.base, ignore_errors=True)


def credentials(path, password=PASSWORD, mode=0o600):
    """A credentials file for httpd's user alone."""
    path.write_text(f"# test\ndn: {DN}\npassword: {password}\n")
    path.chmod(mode)
    if os.geteuid() == 0:
        shutil.chown(path, "www-data", "www-data")
    return path
