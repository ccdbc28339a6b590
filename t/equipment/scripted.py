# SPDX-License-Identifier: Apache-2.0
"""A node that does exactly what a test tells it, at the moment it is told: what no real server
does on demand. It also remembers each request byte for byte."""

import contextlib
import functools
import http
import itertools
import json
import socket
import ssl
import struct
import threading
import time
import urllib.parse
from dataclasses import dataclass

from . import ajp, ports, tls

_RUNNING = b'{"state":"RUNNING"}'
_RESET = struct.pack("ii", 1, 0)    # SO_LINGER: on, for no time at all


@dataclass
class Received:
    """One request as it arrived. headers: (name, value) in order, names as sent."""
    method: str
    target: str
    headers: list
    body: bytes

    def header(self, name):
        """All values of a header, in order."""
        return [value for n, value in self.headers if n.lower() == name.lower()]

    def query(self, name):
        """The value of a parameter of the target; None without it."""
        values = urllib.parse.parse_qs(self.target.partition("?")[2]).get(name)
        return values[0] if values else None


class ScriptedNode:
    """Listens from the start and until close(), and speaks http, https or ajp. On /status it does
    what `health` names, unless probes_too is set, and notes when (time.monotonic()) in `probed`:

    running  says RUNNING
    half     says so, but hangs up half-way
    huge     says so, with 100 MB after it
    loop     redirects to itself
    drip     says so, one byte every 50 ms
    weight   says so, and that it wants `weight` percent
    down     503
    silent   nothing, until it is closed

    To every other request it does what `script` names:

    answer   200, with its name as the body; after ?ms=N milliseconds
    close    reads all of the request and hangs up
    reset    the same, with a reset of the connection
    half     the beginning of an answer, then hangs up
    busy     503 of its own
    broken   500
    once     answers the first request of each connection, and hangs up on the second
    stale    the same, but without reading the second: it never came
    slow     the beginning of an answer, and the rest when `go_on` is set
    silent   nothing, until it is closed

    Who expects 100 Continue gets it, and then what is named here.

    Each connection is accepted only after accept_pause seconds.
    """

    def __init__(self, name, script="answer", scheme="http", health="running", certificate=None):
        """certificate: (certificate, key) as files, other than the usual one."""
        self.name = name
        self._certificate = certificate
        self.script = script
        self.probes_too = False
        self.accept_pause = 0
        self.health = health
        self.weight = 100
        self.probed = []
        self.sent = 0           # bytes of huge answers
        self.scheme = scheme
        self.port = ports.free()
        self.url = f"http://127.0.0.1:{self.port}"
        self.https_url = f"https://127.0.0.1:{self.port}"
        self.ajp_url = f"ajp://127.0.0.1:{self.port}"
        self.received = []      # whole requests
        self.begun = 0          # requests whose head has arrived
        self.go_on = threading.Event()
        self._lock = threading.Lock()
        self._open = set()
        self.listen()

    def listen(self):
        """Listen again after refuse()."""
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def refuse_more(self):
        """From now on connections are refused; those that exist stay."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def refuse(self):
        """From now on connections are refused; those that exist are closed."""
        if self._listener.fileno() >= 0:
            self.refuse_more()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):      # the other side was first
                    connection.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.go_on.set()
        self.refuse()

    remove = close      # as a Tomcat's

    def _accept(self, listener):
        while True:
            time.sleep(self.accept_pause)
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            # Head and body are sent apart: without this the second waits for the first one's ACK.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            if self.scheme == "https":
                connection = self._over_tls(connection)
            with connection.makefile("rb") as stream:
                for number in itertools.count():
                    if not self._one(connection, stream, number):
                        break
        except (OSError, ValueError):       # a chunked body that ends halfway has no next size
            pass
        with self._lock:
            self._open.discard(connection)
        connection.close()

    def _over_tls(self, plain):
        connection = _server_tls(self._certificate).wrap_socket(
            plain, server_side=True, do_handshake_on_connect=False)
        with self._lock:
            self._open.discard(plain)
            self._open.add(connection)
        connection.do_handshake()
        return connection

    def _one(self, connection, stream, number):
        """Read a request and do as told. Returns whether the connection stays."""
        if number > 0 and self.script == "stale" and stream.peek(1):
            return self._reset(connection)  # as a kernel does with what comes after the close
        request = self._read_head(connection, stream)
        if request is None:
            return False
        self.begun += request.target != "/status"
        if request.header("Expect") == ["100-continue"]:
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._read_body(request, connection, stream)
        if request.target == "/status" and not self.probes_too:
            self.probed.append(time.monotonic())
            return getattr(self, "_health_" + self.health)(connection, stream, request)
        act = getattr(self, "_" + self.script)      # before anybody can see that it is here
        with self._lock:
            self.received.append(request)
        return act(connection, stream, number, request)

    def journal(self):
        """Every "METHOD id" that has ever come here."""
        with self._lock:
            return [f"{r.method} {r.query('id')}" for r in self.received if r.query("id")]

    def _health_running(self, connection, _, request):
        return self._send(connection, request, 200, _RUNNING, ("Content-Type", "application/json"))

    def _health_half(self, connection, *_):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + _RUNNING)
        return False

    def _health_huge(self, connection, *_):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n" + _RUNNING)
        for _ in range(1600):
            connection.sendall(b" " * 65536)
            self.sent += 65536
        return False

    def _health_loop(self, connection, _, request):
        return self._send(connection, request, 302, b"", ("Location", "/status"))

    def _health_drip(self, connection, *_):
        for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\n" + _RUNNING:
            connection.sendall(bytes([byte]))
            time.sleep(0.05)
        return True

    def _health_weight(self, connection, _, request):
        return self._send(connection, request, 200, json.dumps(
            {"state": "RUNNING", "load": {"weight": self.weight}}).encode())

    def _health_silent(self, connection, stream, _):
        return self._silent(connection, stream)

    def _health_down(self, connection, _, request):
        return self._send(connection, request, 503, b"")

    def _read_head(self, connection, stream):
        """A request without its body; None at the end of the connection."""
        if self.scheme == "ajp":
            head = ajp.read_head(connection, stream)
        else:
            head = _read_http_head(stream)
        return head and Received(*head, b"")

    def _read_body(self, request, connection, stream):
        length = (request.header("Content-Length") or ["0"])[0]
        if request.header("Transfer-Encoding") == ["chunked"]:
            length = None
        if self.scheme == "ajp":
            request.body = ajp.read_body(connection, stream, length and int(length))
        elif length is None:
            request.body = b"".join(_chunks(stream))
        else:
            request.body = stream.read(int(length))

    def _send(self, connection, request, status, body, *headers, missing=0):
        """Send an answer, but for so many bytes at its end. Returns whether it was whole."""
        headers = [("Content-Length", str(len(body) + missing)), *headers]
        reason = http.HTTPStatus(status).phrase
        if self.scheme == "ajp":
            ajp.send_head(connection, status, reason, headers)
        else:
            lines = [f"HTTP/1.1 {status} {reason}", *(": ".join(h) for h in headers), "", ""]
            connection.sendall("\r\n".join(lines).encode("latin-1"))
        return self._send_body(connection, b"" if request.method == "HEAD" else body, missing)

    def _send_body(self, connection, part, missing=0):
        if self.scheme == "ajp":
            ajp.send_body(connection, part, end=not missing)
        else:
            connection.sendall(part)
        return not missing

    def _answer(self, connection, _, __, request):
        time.sleep(int(request.query("ms") or 0) / 1000)
        return self._send(connection, request, 200, self.name.encode(), ("X-Test-Node", self.name),
                          ("X-Test-Bytes", str(len(request.body))))

    _stale = _answer

    def _once(self, connection, stream, number, request):
        return number == 0 and self._answer(connection, stream, number, request)

    def _busy(self, connection, _, __, request):
        return self._send(connection, request, 503, b"busy", ("X-Test-Node", self.name))

    def _broken(self, connection, _, __, request):
        return self._send(connection, request, 500, f"{self.name} is broken".encode(),
                          ("X-Test-Node", self.name))

    def _close(self, *_):
        return False

    def _reset(self, connection, *_):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        return False

    def _half(self, connection, _, __, request):
        return self._send(connection, request, 200, b"the beginning", missing=987)

    def _slow(self, connection, _, __, request):
        self._send(connection, request, 200, b"the beginning", ("X-Test-Node", self.name),
                   missing=len(b" and the end"))
        self.go_on.wait()
        return self._send_body(connection, b" and the end")

    def _silent(self, _, stream, *__):
        stream.read(1)
        return False


@functools.cache
def _server_tls(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*(certificate or tls.certificate()))
    return context


def _read_http_head(stream):
    first = stream.readline().decode("latin-1").rstrip("\r\n")
    if not first:
        return None
    lines = iter(lambda: stream.readline().decode("latin-1").rstrip("\r\n"), "")
    method, target, _ = first.split(" ")
    return method, target, [tuple(line.split(": ", 1)) for line in lines]


def _chunks(stream):
    size = int(stream.readline(), 16)
    while size:
        yield stream.read(size)
        stream.readline()
        size = int(stream.readline(), 16)
    stream.readline()
