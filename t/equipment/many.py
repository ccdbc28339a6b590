# SPDX-License-Identifier: Apache-2.0
"""Asks a server for very many targets, each exactly as it is written, and notes only who answered,
and which parameters came there. HEAD, because then an answer ends where its head ends."""

import itertools
import re
import socket
from dataclasses import dataclass

import h2.config
import h2.connection
import h2.events
import h2.exceptions

AT_ONCE = 32


@dataclass(frozen=True)
class Brief:
    """status is 0 when there was no answer; servlet and node are None when httpd answered.
    parameters: the names of those that a guard may refuse, with commas."""
    status: int
    servlet: str
    node: str
    parameters: str = ""


NONE = Brief(0, None, None)
BASE = [("Host", "localhost"), ("X-Test-Brief", "1")]


def heads(port, targets, headers=()):
    """[Brief] for the targets, in order, over HTTP/1.1. headers: [(name, value)] of each."""
    lanes = [_Lane(port, headers) for _ in range(AT_ONCE)]
    answers = []
    for chunk in _chunks(targets):
        for lane, target in zip(lanes, chunk):
            lane.send(target)
        answers += [lane.receive() for lane, _ in zip(lanes, chunk)]
    for lane in lanes:
        lane.close()
    return answers


def _chunks(targets):
    rest = iter(targets)
    return iter(lambda: list(itertools.islice(rest, AT_ONCE)), [])


class _Lane:
    """One connection, kept for as long as the server keeps it, with one request on it."""

    def __init__(self, port, headers):
        self.port = port
        self.headers = "".join(f"{name}: {value}\r\n" for name, value in [*BASE, *headers])
        self.socket = None
        self.message = b""

    def send(self, target):
        self.message = f"HEAD {target} HTTP/1.1\r\n{self.headers}\r\n".encode("latin-1")
        self._send()

    def _send(self):
        if self.socket is None:
            self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=20)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self.socket.sendall(self.message)
        except OSError:
            pass    # receive() finds out

    def receive(self):
        head = self._receive()
        if not head:    # closed just before we sent; a busy machine can also reset a new one
            self.close()
            self._send()
            head = self._receive()
        status = re.match(r"http/1.1 (\d+)", head)
        if status is None or status.group(1) == "400" or "\r\nconnection: close" in head:
            self.close()
        return _brief(int(status.group(1)), head) if status else NONE

    def _receive(self):
        head = b""
        try:
            while b"\r\n\r\n" not in head:
                more = self.socket.recv(65536)
                if not more:
                    return ""
                head += more
        except (ConnectionError, TimeoutError):
            return ""
        return head.decode("latin-1").lower()

    def close(self):
        if self.socket is not None:
            self.socket.close()
            self.socket = None


def _brief(status, head):
    found = dict(re.findall(r"\r\nx-test-(servlet|node|parameters): ([^\r]*)", head))
    return Brief(status, found.get("servlet"), found.get("node"), found.get("parameters", ""))


def heads2(port, targets, headers=()):
    """[Brief] for the targets as :path, in order, over HTTP/2 without TLS. The client checks
    nothing: a :path can hold what HTTP/1.1 has no place for. headers: [(name, value)] of each."""
    answers = {}
    queue = list(enumerate(targets))
    while queue:
        answered = _Session(port, headers).ask(queue[:AT_ONCE])
        answers.update(answered)
        queue = [(i, target) for i, target in queue if i not in answers]
    return [answers[i] for i in range(len(targets))]


class _Session:
    """One connection with a handful of streams. A server may end all of them for the sake of a
    bad one; then they are asked one by one, and the bad one has no answer."""

    def __init__(self, port, headers):
        self.port = port
        self.headers = [(name.lower(), value) for name, value in headers]
        self.answers = {}

    def ask(self, numbered):
        self._exchange(numbered)
        lost = [pair for pair in numbered if pair[0] not in self.answers]
        for pair in lost:
            if len(numbered) > 1:
                self._exchange([pair])
            self.answers.setdefault(pair[0], NONE)
        return self.answers

    def _exchange(self, numbered):
        http2 = h2.connection.H2Connection(h2.config.H2Configuration(
            header_encoding="latin-1", validate_outbound_headers=False,
            normalize_outbound_headers=False))
        numbers = {}
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as s:
            http2.initiate_connection()
            for i, target in numbered:
                stream = http2.get_next_available_stream_id()
                numbers[stream] = i
                http2.send_headers(stream, [
                    (":method", "HEAD"), (":scheme", "http"), (":authority", "localhost"),
                    (":path", target.encode("latin-1")), ("x-test-brief", "1"), *self.headers],
                    end_stream=True)
            try:
                s.sendall(http2.data_to_send())
                self._read(s, http2, numbers)
            except (ConnectionError, TimeoutError, h2.exceptions.ProtocolError):
                pass

    def _read(self, s, http2, open_streams):
        open_streams = dict(open_streams)
        while open_streams:
            data = s.recv(65536)
            if not data:
                return
            for event in http2.receive_data(data):
                if isinstance(event, h2.events.ResponseReceived):
                    headers = dict(event.headers)
                    self.answers[open_streams[event.stream_id]] = Brief(
                        int(headers[":status"]), headers.get("x-test-servlet"),
                        headers.get("x-test-node"), headers.get("x-test-parameters", ""))
                elif isinstance(event, (h2.events.StreamEnded, h2.events.StreamReset)):
                    open_streams.pop(event.stream_id, None)
                elif isinstance(event, h2.events.ConnectionTerminated):
                    return
            s.sendall(http2.data_to_send())
