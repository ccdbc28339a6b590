# SPDX-License-Identifier: Apache-2.0
"""A real httpd, Debian's, with a configuration of the test's own and the module under test.

Environment: CFC_MPM is event (the default), worker or prefork; CFC_MODULE is the module's file;
CFC_SANITIZE=1 says that it was built with sanitizers.
"""

import os
import re
import resource
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from . import places, ports, proc, tls

# Some of these are built into Debian's httpd, and then have no file.
MODULES = """log_config unixd authz_core authz_host authz_user authn_core authn_file auth_basic
    access_compat alias dir mime env setenvif headers rewrite remoteip status socache_shmcb
    ssl proxy proxy_http proxy_ajp""".split()

# MinSpareThreads: below the default, 75, a third child would begin a second after the start, just
# when short tests end. httpd's handler of SIGTERM destroys pools, and a child that begins has it
# until its signals are blocked: it can abort (just_die in mod_mpm_event, above initgroups).
_THREADS = ("StartServers 2\nThreadsPerChild 32\nMaxRequestWorkers 128\n"
            "MinSpareThreads 16\nMaxSpareThreads 128")

MPMS = {
    "event": _THREADS,
    "worker": _THREADS,
    "prefork": "StartServers 16\nMinSpareServers 16\nMaxSpareServers 100\nServerLimit 100\n"
               "MaxRequestWorkers 100",
}

BASE = """\
ServerRoot {root}
ServerName localhost
Listen 127.0.0.1:{port}
PidFile {root}/run/httpd.pid
DefaultRuntimeDir {root}/run
LoadModule mpm_{mpm}_module {modules}/mod_mpm_{mpm}.so
{loads}
{mpm_settings}
{user}
ErrorLog {root}/logs/error.log
CoreDumpDirectory {root}/cores
LogLevel notice {own_level}
LogFormat "%a %t \\"%r\\" %>s %O %D" short
CustomLog {root}/logs/access.log short
<IfModule ssl_module>
    SSLSessionCache shmcb:{root}/run/tls-sessions
</IfModule>
TypesConfig {root}/mime.types
DocumentRoot {root}/htdocs
<Directory />
    AllowOverride None
    Require all denied
</Directory>
<Directory {root}/htdocs>
    Require all granted
</Directory>
"""

_BAD_LEVEL = re.compile(r"^\[[^]]*\] \[\w*:(emerg|alert|crit|error|warn)\] ")
_CRASH = re.compile(r"exit signal|Segmentation fault")
_OF_SMALL_HTTPDS = "AH10159"    # few workers, and old children of a reload among them
_OF_THE_MACHINE = "AH01882"     # Debian's httpd is newer than its OpenSSL, until all is upgraded
_OF_A_SLOW_MACHINE = "AH00045"  # a child needed more than 3 s to end; if it never does: AH00046
_NOBODYS_FAULT = re.compile(f"{_OF_SMALL_HTTPDS}|{_OF_THE_MACHINE}|{_OF_A_SLOW_MACHINE}")
# Who crashes leaves a core file, where the kernel's core_pattern is a plain name.
resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)

_READY = "resuming normal operations"


def module_file(name):
    return places.HTTPD_MODULES / f"mod_{name}.so"


def load(name):
    """The line that loads one of httpd's modules."""
    return f"LoadModule {name}_module {module_file(name)}"


def _stacks(core):
    """What each thread of a dead process was doing."""
    if shutil.which("gdb") is None:
        return f"{core}: no gdb here to look into it"
    command = ["gdb", "-batch", "-ex", "thread apply all backtrace 24", places.HTTPD, core]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                          errors="replace", check=False).stdout


def mpm():
    return os.environ.get("CFC_MPM", "event")


class Httpd:
    """Configuration is text, given at once or piece by piece with add(); start() writes it.
    Whoever starts it stops it, with stop(), which also judges its error log."""

    def __init__(self, config="", port=None, with_module=True, without=()):
        """without: names of httpd's modules that are not to be loaded."""
        self.port = port or ports.free()
        self.ports = [self.port]
        self.url = f"http://127.0.0.1:{self.port}"
        self.root = Path(tempfile.mkdtemp(prefix="cfc-httpd-"))
        self.conf = self.root / "httpd.conf"
        self.state_dir = self.root / "state"
        self.pieces = [config]
        self.module = places.module() if with_module else None
        self.without = without
        self.allowed = []
        self.environment = {}       # of its processes, beside this one's
        self.proc = None
        self._lay_out()

    def _lay_out(self):
        """The children run as www-data when we are root: they must read all, write some."""
        self.root.chmod(0o755)
        for name in "htdocs", "logs", "run", "state", "reports", "cores":
            (self.root / name).mkdir()
        for name in "reports", "cores":
            (self.root / name).chmod(0o777)
        (self.root / "mime.types").write_text("text/html html\ntext/plain txt\n")
        (self.root / "htdocs/index.html").write_text("<!DOCTYPE html><title>httpd</title>httpd\n")
        if os.geteuid() == 0:
            shutil.chown(self.state_dir, "www-data", "www-data")

    # configuration

    def add(self, text):
        """Append configuration; takes effect with the next start, restart or graceful."""
        self.pieces.append(text)
        return self

    def listen_tls(self, config=""):
        """Append a virtual host with TLS (and HTTP/2); returns its https:// address."""
        port = ports.free()
        self.ports.append(port)
        cert, key = tls.certificate()
        self.add(f"""Listen 127.0.0.1:{port}
            <VirtualHost *:{port}>
                SSLEngine on
                SSLCertificateFile {cert}
                SSLCertificateKeyFile {key}
                Protocols h2 http/1.1
                {config}
            </VirtualHost>""")
        return f"https://127.0.0.1:{port}"

    def write(self):
        names = MODULES + ["http2"] * (mpm() != "prefork")     # httpd warns of that pair
        loads = [load(name) for name in names
                 if name not in self.without and module_file(name).exists()]
        if self.module:
            loads += [f"LoadModule cfcluster_module {self.module}",
                      f"CFClusterStateDir {self.state_dir}"]
        base = BASE.format(
            root=self.root, port=self.port, mpm=mpm(), modules=places.HTTPD_MODULES,
            loads="\n".join(loads), mpm_settings=MPMS[mpm()],
            user="User www-data\nGroup www-data" if os.geteuid() == 0 else "",
            own_level="cfcluster:info" if self.module else "")
        self.conf.write_text("\n".join([base, *self.pieces, ""]))

    def configtest(self):
        """(exit code, everything it said) of httpd -t."""
        self.write()
        done = subprocess.run(self._command("-t"), env={**os.environ, **self._environment()},
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False)
        return done.returncode, done.stdout

    def _command(self, *more):
        return [str(places.HTTPD), "-d", str(self.root), "-f", str(self.conf), *more]

    def _environment(self):
        if os.environ.get("CFC_SANITIZE") != "1":
            return self.environment
        runtime = subprocess.run(["gcc", "-print-file-name=libasan.so"], check=True,
                                 stdout=subprocess.PIPE, text=True).stdout.strip()
        log = f"log_path={self.root}/reports/report"
        return {**self.environment, "LD_PRELOAD": runtime, "ASAN_OPTIONS": f"detect_leaks=0:{log}",
                "UBSAN_OPTIONS": f"print_stacktrace=1:{log}"}

    # life

    def start(self):
        self.write()
        begun = self._times_ready()
        self.proc = proc.Proc(self._command("-DFOREGROUND"), self.root / "output",
                              self._environment(), end_signal="TERM")
        self._await_ready(begun)
        return self

    def graceful(self):
        self._again(signal.SIGUSR1)

    def restart(self):
        self._await_quiet()
        self._again(signal.SIGHUP)

    def _await_quiet(self):
        """Wait until no connection is just being closed, if that comes soon. httpd 2.4.71 itself
        can crash in that moment: told to end, a child aborts the sockets on its workers' list,
        and a worker frees a socket before it takes it off (apr_os_sock_get in mod_mpm_event)."""
        def quiet():
            return not ports.closing(self.ports) and not any(map(proc.runs, self.children()))
        try:
            proc.wait_for(quiet, "httpd is quiet", 3)
        except AssertionError:
            pass    # a node hangs, or so

    def _again(self, number):
        self.write()
        begun = self._times_ready()
        self.proc.signal(number)
        self._await_ready(begun)

    def _times_ready(self):
        return self.error_log().count(_READY)

    def _await_ready(self, begun):
        def ready():
            if not self.proc.alive():
                raise AssertionError("httpd has ended:\n" + self.proc.text() + self.error_log())
            return self._times_ready() > begun and ports.answers(self.port)
        proc.wait_for(ready, "httpd is ready", 30)

    def stop(self):
        """Stop it, every process of it, and fail on what it should not have logged."""
        if self.proc is None:
            return
        complaints = self.shut_down() + self.complaints()
        if complaints:
            raise AssertionError("httpd is not well:\n" + "\n".join(complaints))

    def shut_down(self):
        """Stop it, every process of it. Returns what had to be ended by force, in words."""
        left = []

        def end_others():
            left.extend(self.processes())
            self._kill_all()

        self._await_quiet()
        ended = self.proc.stop(20, end_others)
        self.proc = None
        return [] if ended and not left else [f"did not stop by itself; killed {left}"]

    def kill9(self):
        """End every process of it at once, as a power cut would."""
        self.allow("AH00098")       # the next start finds the pid file
        self.proc.kill(self._kill_all)

    def _kill_all(self):
        def gone():
            for pid in self.processes():
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            return not self.processes()
        proc.wait_for(gone, f"no process of httpd {self.pid} is left")

    def remove(self):
        shutil.rmtree(self.root, ignore_errors=True)

    # what it does

    @property
    def pid(self):
        return self.proc.pid

    def processes(self):
        return proc.family(self.pid)

    def children(self):
        """Ids of the processes that serve requests."""
        return [p for p, name in self._named_children() if name != "cfc-monitor"]

    def monitor_pid(self):
        """Id of the monitor process; None when there is none just now."""
        return next((p for p, name in self._named_children() if name == "cfc-monitor"), None)

    def _named_children(self):
        return [(p, name) for p, (parent, _, state, name) in sorted(proc.table().items())
                if parent == self.pid and state != "Z"]

    def error_log(self):
        log = self.root / "logs/error.log"
        return log.read_text(errors="replace") if log.exists() else ""

    def access_log(self):
        return (self.root / "logs/access.log").read_text(errors="replace")

    def allow(self, pattern):
        """Lines of the error log that match may be there, whatever their level."""
        self.allowed.append(re.compile(pattern))

    def complaints(self):
        """Lines at warn and above that nobody declared, crashes, and sanitizers' reports."""
        lines = [line for line in self.error_log().splitlines()
                 if _CRASH.search(line)
                 or (_BAD_LEVEL.match(line) and not _NOBODYS_FAULT.search(line))]
        found = [line for line in lines if not any(a.search(line) for a in self.allowed)]
        reports = sorted((self.root / "reports").iterdir())
        crashed = any(_CRASH.search(line) for line in found)
        return (found + [report.read_text(errors="replace") for report in reports]
                + (self._post_mortem() if crashed else []))

    def _post_mortem(self):
        """What can be known of a crash once: it may not come again for a thousand runs."""
        cores = sorted((self.root / "cores").iterdir())
        stacks = [_stacks(core) for core in cores] or ["no core file was left"]
        return stacks + ["the error log's end:"] + self.error_log().splitlines()[-20:]


# Ways in which httpd begins anew, beside Httpd.graceful().

def stop_and_start(httpd):
    assert httpd.shut_down() == []
    httpd.start()


def kill_and_start(httpd):
    httpd.kill9()
    httpd.start()
