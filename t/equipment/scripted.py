# SPDX-License-Identifier: Apache-2.0
"""A node that does exactly what a test tells it, at the moment it is told: what no real server
does on demand. It also remembers each request byte for byte."""

import itertools
import json
import socket
import struct
import threading
from dataclasses import dataclass

from . import ports

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


class ScriptedNode:
    """Listens from the start and until close(). It says RUNNING on /status, always; to every
    other request it does what `script` names:

    answer   200, with its name as the body
    close    reads all of the request and hangs up
    reset    the same, with a reset of the connection
    half     the beginning of an answer, then hangs up
    busy     503 of its own
    once     answers the first request of each connection, and hangs up on the second
    silent   nothing, until it is closed
    """

    def __init__(self, name, script="answer"):
        self.name = name
        self.script = script
        self.port = ports.free()
        self.url = f"http://127.0.0.1:{self.port}"
        self.received = []      # whole requests
        self.begun = 0          # requests whose head has arrived
        self._lock = threading.Lock()
        self._open = set()
        self.listen()

    def listen(self):
        """Listen again after refuse()."""
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def refuse(self):
        """From now on connections are refused; those that exist are closed."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for connection in self._open:
                connection.shutdown(socket.SHUT_RDWR)

    def close(self):
        if self._listener.fileno() >= 0:
            self.refuse()

    def _accept(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            with connection.makefile("rb") as stream:
                for number in itertools.count():
                    if not self._one(connection, stream, number):
                        break
        except OSError:
            pass
        with self._lock:
            self._open.discard(connection)
        connection.close()

    def _one(self, connection, stream, number):
        """Read a request and do as told. Returns whether the connection stays."""
        request = _read_head(stream)
        if request is None:
            return False
        self.begun += request.target != "/status"
        _read_body(request, stream)
        if request.target == "/status":
            _send(connection, "200 OK", json.dumps({"state": "RUNNING"}).encode(),
                  "Content-Type: application/json")
            return True
        with self._lock:
            self.received.append(request)
        return getattr(self, "_" + self.script)(connection, stream, number)

    def _answer(self, connection, *_):
        _send(connection, "200 OK", self.name.encode(), f"X-Test-Node: {self.name}")
        return True

    def _once(self, connection, _, number):
        return number == 0 and self._answer(connection)

    def _busy(self, connection, *_):
        _send(connection, "503 Service Unavailable", b"busy", f"X-Test-Node: {self.name}")
        return True

    def _close(self, *_):
        return False

    def _reset(self, connection, *_):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        return False

    def _half(self, connection, *_):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nthe beginning")
        return False

    def _silent(self, _, stream, __):
        stream.read(1)
        return False


def _read_head(stream):
    """A request without its body; None at the end of the connection."""
    first = stream.readline().decode("latin-1").rstrip("\r\n")
    if not first:
        return None
    lines = iter(lambda: stream.readline().decode("latin-1").rstrip("\r\n"), "")
    method, target, _ = first.split(" ")
    return Received(method, target, [tuple(line.split(": ", 1)) for line in lines], b"")


def _read_body(request, stream):
    if request.header("Transfer-Encoding") == ["chunked"]:
        request.body = b"".join(_chunks(stream))
    else:
        request.body = stream.read(int((request.header("Content-Length") or ["0"])[0]))


def _chunks(stream):
    size = int(stream.readline(), 16)
    while size:
        yield stream.read(size)
        stream.readline()
        size = int(stream.readline(), 16)
    stream.readline()


def _send(connection, status, body, *headers):
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    connection.sendall("\r\n".join(lines).encode("latin-1") + body)
