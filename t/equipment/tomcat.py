# SPDX-License-Identifier: Apache-2.0
"""A real Tomcat, Debian's, with the small application of webapp/ as its only one."""

import contextlib
import hashlib
import http.client
import json
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from . import places, ports, proc, tls

AJP_SECRET = "between-httpd-and-tomcat"


@contextlib.contextmanager
def running(*tomcats):
    """These Tomcats, started side by side and removed at the end."""
    try:
        for tomcat in tomcats:
            tomcat.start()
        for tomcat in tomcats:
            tomcat.wait_ready()
        yield tomcats
    finally:
        for tomcat in tomcats:
            tomcat.remove()


def webapp():
    """The application's directory."""
    sources = {file.name: file.read_text()
               for file in sorted((places.HERE / "webapp").glob("*.java"))}
    return compiled(sources, places.CATALINA_HOME / "lib/*")


def compiled(sources, libraries):
    """A directory of an application; compiled when its sources, {name of a file: text}, are not
    those of the last time."""
    def make(home):
        with tempfile.TemporaryDirectory() as directory:
            files = [Path(directory) / name for name in sources]
            for file in files:
                file.write_text(sources[file.name])
            subprocess.run(
                [places.JAVA_HOME / "bin/javac", "--release", "17",
                 "-Xlint:all,-serial,-path", "-Werror", "-cp", libraries,
                 "-d", home / "WEB-INF/classes", *files], check=True)

    digest = hashlib.sha256("".join(sources.values()).encode()).hexdigest()[:16]
    return places.once(f"webapp-{digest}", make)


class Tomcat:
    """start() returns at once, so that several can start together; wait_ready() waits."""

    server = "server.xml"
    classpath = ":".join(f"{places.CATALINA_HOME}/bin/{jar}"
                         for jar in ("bootstrap.jar", "tomcat-juli.jar"))

    def __init__(self, name, port=None):
        self.name = name
        self.port = port or ports.free()
        self.ajp_port = ports.free()
        self.https_port = ports.free()
        self.url = f"http://127.0.0.1:{self.port}"
        self.ajp_url = f"ajp://127.0.0.1:{self.ajp_port}"
        self.https_url = f"https://127.0.0.1:{self.https_port}"
        self.base = Path(tempfile.mkdtemp(prefix=f"cfc-{name}-"))
        (self.base / "conf").mkdir()
        (self.base / "temp").mkdir()
        shutil.copy(places.HERE / self.server, self.base / "conf/server.xml")
        self.proc = None
        self.frozen = False

    @property
    def pid(self):
        return self.proc.pid

    def alive(self):
        return self.proc is not None and self.proc.alive()

    def settings(self):
        """Java's system properties; server.xml asks for them."""
        cert, key = tls.certificate()
        return {
            "catalina.home": places.CATALINA_HOME, "catalina.base": self.base,
            "java.io.tmpdir": self.base / "temp", "cfc.node": self.name, "cfc.webapp": webapp(),
            "cfc.journal": self.base / "ids",
            "cfc.http": self.port, "cfc.ajp": self.ajp_port, "cfc.secret": AJP_SECRET,
            "cfc.https": self.https_port, "cfc.cert": cert, "cfc.key": key,
        }

    def start(self):
        self.proc = proc.Proc(
            [places.JAVA_HOME / "bin/java", "-Xms32m", "-Xmx96m", "-XX:+UseSerialGC",
             "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData",
             *(f"-D{name}={value}" for name, value in self.settings().items()),
             "-cp", self.classpath,
             "org.apache.catalina.startup.Bootstrap", "start"],
            self.base / "tomcat.log")
        return self

    def wait_ready(self, seconds=60):
        proc.wait_for(self._ready, f"Tomcat {self.name} answers", seconds)
        return self

    def _ready(self):
        if not self.alive():
            raise AssertionError(f"Tomcat {self.name} has ended:\n{self.proc.text()}")
        try:
            return self.counters() is not None
        except OSError:
            return False

    def stop(self):
        """As an administrator would; also wakes it first when it is frozen."""
        self.frozen = False
        self.proc.stop()

    def kill(self):
        self.frozen = False
        self.proc.kill()

    def freeze(self):
        """Connections are still accepted by the kernel, nothing is answered."""
        self.frozen = True
        self.proc.signal(signal.SIGSTOP)
        proc.wait_for(lambda: proc.stopped(self.pid), f"{self.name} stands still")

    def thaw(self):
        self.frozen = False
        self.proc.signal(signal.SIGCONT)

    def set_state(self, state):
        """What /status says from now on: a state of Confluence, or HANG, DRIP, GARBAGE."""
        self._control("POST", f"/_test/state?state={state}")

    def counters(self):
        """What the node has seen: requests, ids, active, probes, sessions."""
        return self._control("GET", "/_test/counters")

    def journal(self):
        """Every "METHOD id" that has ever come here, also to processes that were killed since."""
        return (self.base / "ids").read_text().splitlines()

    def reset(self):
        """Bring it back to how it was when it was new, whatever a test did to it."""
        if self.frozen:
            self.thaw()
        if not self.alive():
            self.start().wait_ready()
        # What a test left running there, its client being gone, would count in the next one.
        proc.wait_for(lambda: self.counters()["active"] == 0, f"no request in {self.name}", 30)
        self._control("POST", "/_test/reset")

    def remove(self):
        """End it and remove its files."""
        if self.alive():
            self.kill()
        shutil.rmtree(self.base, ignore_errors=True)

    def _control(self, method, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise AssertionError(f"{method} {path} on {self.name}: {answer.status} {body!r}")
        return json.loads(body)
