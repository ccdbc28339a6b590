# SPDX-License-Identifier: Apache-2.0
"""cfclusterctl as a person or a program starts it, and a balancer that answers as told."""

import json
import os
import pty
import select
import signal
import subprocess
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from .places import TOP
from .proc import wait_for

PROGRAM = TOP / "tools/cfclusterctl"


class Ctl:
    """Starts the program with a home of its own, so that nobody's configuration is read."""

    def __init__(self, *balancers):
        self.balancers = balancers
        self.home = Path(tempfile.mkdtemp(prefix="cfc-ctl-"))
        self.config = self.home / ".config/cfclusterctl.conf"
        self.config.parent.mkdir()

    def environment(self, **more):
        return {"PATH": os.environ["PATH"], "HOME": str(self.home), "TZ": "Europe/Berlin",
                "TERM": "xterm", "LC_ALL": "C.UTF-8",
                "CFCLUSTER_BALANCER": " ".join(self.balancers), **more}

    def configure(self, text, mode=0o600):
        self.config.write_text(text)
        self.config.chmod(mode)

    def run(self, *args, **env):
        """(exit code, standard output, standard error)"""
        done = subprocess.run([PROGRAM, *args], env=self.environment(**env), timeout=60,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)
        return done.returncode, done.stdout, done.stderr

    def done(self, *args):
        """Its output; it has to succeed."""
        code, out, err = self.run(*args)
        assert code == 0, f"{args}: {code} {out} {err}"
        return out

    def json(self, *args):
        """(exit code, its JSON)"""
        code, out, err = self.run(*args, "--json")
        assert err == "", err
        return code, json.loads(out)

    def start(self, *args):
        """The running program, its output in pipes."""
        return subprocess.Popen([PROGRAM, *args], env=self.environment(), text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)

    def terminal(self, *args, **env):
        """The program on a terminal of its own."""
        return Terminal([str(PROGRAM), *args], self.environment(**env))


class Terminal:
    """A program with a terminal, 100 columns wide: what it writes, and keys pressed there."""

    def __init__(self, command, env):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(command[0], command, {**env, "COLUMNS": "100", "LINES": "30"})
        self.text, self.code = "", None

    def read(self):
        """Everything it has written so far."""
        while select.select([self.fd], [], [], 0)[0]:
            try:
                piece = os.read(self.fd, 65536)
            except OSError:     # it has ended
                break
            if not piece:
                break
            self.text += piece.decode(errors="replace")
        return self.text

    def wait_for(self, text, seconds=20):
        wait_for(lambda: text in self.read(), f"{text!r} on the terminal", seconds)

    def type(self, text):
        os.write(self.fd, text.encode())

    def end(self, seconds=20):
        """Wait for its end. Returns the exit code."""
        end = time.monotonic() + seconds
        while self.code is None:
            self.read()
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
            elif time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
                end += 60
            else:
                time.sleep(0.02)
        self.read()
        os.close(self.fd)
        return self.code


NODE = {
    "name": "node1", "effective": "serving", "why": None, "sessions": 0,
    "admin": {"state": "active", "who": None, "since": None, "reason": None, "deadline": None,
              "return": None, "until": None},
    "health": {"state": "up"}, "traffic": {"in_flight": 0, "tunnels": 0},
}
CLUSTER = {"name": "confluence", "state": "open", "level": "ok", "text": "All is well.",
           "warnings": [], "from": None, "until": None, "who": None, "message": None,
           "nodes": [NODE], "dependencies": [], "gates": [], "walk": None}
STATUS = {"version": 1, "generation": 0, "level": "ok", "text": "All is well.",
          "monitor": {"alive": True}, "store": {"writable": True, "trouble": None},
          "clusters": [CLUSTER]}


class FakeBalancer:
    """Answers GET with its status, and POST with what is next in answers, pairs of an HTTP
    status and an object; orders are what it was sent."""

    def __init__(self, *answers, status=STATUS, host="127.0.0.1", tls=None):
        self.answers, self.status, self.orders = list(answers), status, []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.say(200, fake.status)

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                fake.orders.append(json.loads(body))
                self.say(*fake.answers.pop(0))

            def say(self, code, document):
                text = document if isinstance(document, bytes) else json.dumps(document).encode()
                self.send_response(code)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer((host, 0), Handler)
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.url = f"http{'s' * bool(tls)}://{host}:{self.server.server_port}/cluster"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
