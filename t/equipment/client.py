# SPDX-License-Identifier: Apache-2.0
"""Clients: a user with cookies, a raw socket, and many users at once."""

import collections
import http.client
import itertools
import json
import socket
import threading
import time
from dataclasses import dataclass

import requests


class User:
    """A browser's behaviour as far as it matters here: keeps cookies and connections.
    Does not follow redirects unless told. last is the latest answer, node the one that gave it."""

    def __init__(self, url, timeout=30):
        self.url = url
        self.timeout = timeout
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = False
        self.last = None

    @property
    def node(self):
        return node_of(self.last)

    @property
    def cookies(self):
        return self.session.cookies.get_dict()

    def request(self, method, path, **more):
        more = {"timeout": self.timeout, "allow_redirects": False, **more}
        self.last = self.session.request(method, self.url + path, **more)
        return self.last

    def get(self, path="/", **more):
        return self.request("GET", path, **more)

    def post(self, path, **more):
        return self.request("POST", path, **more)

    def open(self, link, **more):
        """GET an address of this server as a link has it."""
        assert link.startswith(self.url + "/"), link
        return self.get(link[len(self.url):], **more)

    def page(self, path="/page"):
        """What arrived at the node, as its page describes it."""
        return self.get(path, headers={"Accept": "application/json"}).json()


def node_of(answer):
    """The name of the node that gave an answer; None when it came from httpd itself."""
    return answer.headers.get("X-Test-Node")


def spread(answers):
    """Who gave how many answers, as one string: "node1: 5, node2: 5". What no node gave
    counts under its status."""
    counts = collections.Counter(node_of(a) or str(a.status_code) for a in answers)
    return ", ".join(f"{name}: {n}" for name, n in sorted(counts.items()))


@dataclass
class RawAnswer:
    """status is 0 when the connection ended without an answer."""
    status: int
    headers: dict
    body: bytes

    def json(self):
        """The body as JSON; chunks, if it came in chunks, put together."""
        rest, body = self.body, self.body
        if self.headers.get("transfer-encoding") == "chunked":
            body = b""
            while rest:
                size, _, rest = rest.partition(b"\r\n")
                body, rest = body + rest[:int(size, 16)], rest[int(size, 16) + 2:]
        return json.loads(body)


def raw(port, message, timeout=10):
    """Send exactly these bytes, read until the other side closes (so ask it to)."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as s:
        s.sendall(message)
        received = b"".join(iter(lambda: s.recv(65536), b""))
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines if ": " in line)
    return RawAnswer(int(first.split()[1]) if first else 0,
                     {name.lower(): value for name, value in headers.items()}, body)


def raw_get(port, target, *headers):
    """GET exactly this target, which no library has tidied up."""
    lines = [f"GET {target} HTTP/1.1", "Host: localhost", "Connection: close", *headers, "", ""]
    return raw(port, "\r\n".join(lines).encode("latin-1"))


def download_body(size):
    """What /download?bytes=size of the test application sends."""
    return (b"abcdefghijklmnopqrstuvwxyz" * (size // 26 + 1))[:size]


@dataclass
class Hit:
    """One request of a Load. status is 0 when there was no answer, and error says why."""
    user: int
    at: float
    ms: float
    status: int
    node: str
    error: str
    resent: bool


class Load:
    """Users who ask for a page again and again, each with cookies and a connection of his own.

        with Load(httpd.port, users=50) as load:        # until the block ends
            httpd.graceful()
        assert not load.errors()

        hits = Load(httpd.port, users=50, total=1000).run().hits

    A GET whose reused connection closed before any byte of an answer is sent once more on a new
    one, as browsers do, and its Hit says so.
    """

    def __init__(self, port, users=10, total=None, path="/page?format=json", pause=0.0,
                 timeout=30):
        self.port, self.path, self.pause, self.timeout = port, path, pause, timeout
        self.hits = []
        self._numbers = itertools.count() if total is None else iter(range(total))
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._user, args=(n,), daemon=True)
                         for n in range(users)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._join()

    def run(self):
        """Send all of total, then return."""
        self.__enter__()
        self._join()
        return self

    def _join(self):
        for thread in self._threads:
            thread.join()

    # what came of it

    def errors(self):
        """Requests without an answer, or with one of 400 and above."""
        return [hit for hit in self.hits if hit.error or hit.status >= 400]

    def resent(self):
        return sum(hit.resent for hit in self.hits)

    def nodes(self):
        """{user: [nodes in the order met, without repetitions in a row]}."""
        met = collections.defaultdict(list)
        for hit in sorted(self.hits, key=lambda hit: hit.at):
            if hit.node and met[hit.user][-1:] != [hit.node]:
                met[hit.user].append(hit.node)
        return dict(met)

    def strays(self):
        """Users who met more than one node."""
        return {user: nodes for user, nodes in self.nodes().items() if len(nodes) > 1}

    # one user

    def _user(self, number):
        user = _LoadUser(self.port, self.timeout)
        while not self._ended.is_set():
            with self._lock:
                if next(self._numbers, None) is None:
                    break
            hit = user.ask(number, self.path)
            with self._lock:
                self.hits.append(hit)
            self._ended.wait(self.pause)
        user.connection.close()


class _LoadUser:
    def __init__(self, port, timeout):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
        self.reused = False
        self.cookies = {}

    def ask(self, number, path):
        at = time.monotonic()
        status, node, error, resent = 0, None, None, False
        try:
            try:
                answer = self._send(path)
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                if not self.reused:
                    raise
                resent = True
                self.connection.close()
                answer = self._send(path)
            answer.read()
            status, node = answer.status, answer.headers.get("X-Test-Node")
            self._keep_cookies(answer)
        except (OSError, http.client.HTTPException) as e:
            error = repr(e)
            self.connection.close()
        return Hit(number, at, (time.monotonic() - at) * 1000, status, node, error, resent)

    def _send(self, path):
        self.reused = self.connection.sock is not None
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        self.connection.request("GET", path, headers={"Cookie": cookies} if cookies else {})
        return self.connection.getresponse()

    def _keep_cookies(self, answer):
        for line in answer.headers.get_all("Set-Cookie", []):
            name, _, value = line.split(";")[0].partition("=")
            self.cookies[name] = value
