# SPDX-License-Identifier: Apache-2.0
"""The client of one balancer's status page: docs/status.md in Python. Says what happened, by
Trouble; what to do about it, and who is asked in which order, is others' business."""

import base64
import http.client
import ipaddress
import json
import socket
import ssl
import time
import urllib.parse

ANSWER_BYTES_MAX = 32 << 20
SECONDS = 15            # for an answer; the server's own waits come on top
FRESH_WITHIN = 10       # for the look that a gate may have to wait for
WAIT_SLICE = 10         # seconds: a wait is asked for again so often, which outlives reloads;
                        # the first time after one, which shows what there is

# What can go wrong, and the exit code of it. They are in docs/cfclusterctl.md.
FAILED, USAGE, REFUSED, CONFLICT, TIMED_OUT, UNREACHABLE, NOT_AUTHORISED, NOT_MET = range(1, 9)
PARTLY = 9

_RESULTS = {"failed": FAILED, "bad": USAGE, "unknown": USAGE, "refused": REFUSED,
            "conflict": CONFLICT, "timeout": TIMED_OUT, "busy": TIMED_OUT,
            "forbidden": NOT_AUTHORISED}


class Trouble(Exception):
    """It did not come about. code is one of the above, str() a sentence for a person, answer
    what the balancer said as JSON, if it did."""

    def __init__(self, code, text, answer=None):
        super().__init__(text)
        self.code, self.answer = code, answer or {}


def _tls(ca):
    """Verifies the certificate and its name. There is no other way."""
    try:
        return ssl.create_default_context(cafile=ca)
    except (OSError, ssl.SSLError) as e:
        raise Trouble(USAGE, f"ca = {ca}: {e.strerror or e}; a file of PEM certificates is "
                             "expected") from None


def _loopback(host):
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _header(name, value):
    """Nothing that would begin another header."""
    if any(ord(c) < 32 for c in value):
        raise Trouble(USAGE, f"the {name} has a control character in it")
    return value


def _words(error):
    """An OSError as a person says it."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, socket.gaierror):
        return "its name is not known"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


class Balancer:
    """One balancer. Nothing is kept between two requests, so that one that was restarted is not
    noticed."""

    def __init__(self, url, name=None, user=None, password=None, ca=None, ask=None):
        """url: of the status page. ca: a file of certificates, trusted in place of the
        system's.
        ask: called as ask(self) when the balancer wants a login; sets user and password and
        returns True, or False."""
        self.url, self.name = url, name or url
        self.user, self.password = user, password
        parts = urllib.parse.urlsplit(url)
        if "@" in parts.netloc:
            raise Trouble(USAGE, "an address has no user and password in it; they belong into "
                                 "the configuration file")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Trouble(USAGE, f"{url!r} is not the address of a status page; write it like "
                                 "https://wiki.example.com/cluster")
        try:
            self._at = parts.hostname, parts.port
        except ValueError as e:
            raise Trouble(USAGE, f"{url!r}: {e}") from None
        self._path = urllib.parse.quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
        self._tls = _tls(ca) if parts.scheme == "https" else None
        self._ask = ask

    # what there is

    def status(self):
        """The status, as docs/status.md describes it."""
        return self._get(format="json")

    def events(self, since=0):
        """{"events": [...], "last": number, "lost": number}: those after number since."""
        return self._get(events_since=since)

    def gate(self, cluster, gate, patience=0):
        """The answer to a gate, its verdict "met", "not-met" or "unknown". gate is NAME or
        NAME:ARGUMENT. What it rests on may be old and is looked at when it is asked: it is asked
        again for so many seconds until that has been done."""
        end = time.monotonic() + patience
        while True:
            answer = self._get(format="json", cluster=cluster, gate=gate)
            if not answer.get("stale") or time.monotonic() >= end:
                return answer
            time.sleep(0.2)

    def wait(self, cluster, node, what, seconds, tell=None):
        """Wait until a node is "drained", "up" or "out", also over a reload of httpd. Returns
        the evidence as a sentence; Trouble TIMED_OUT with it. tell(text) is called with what is
        there meanwhile."""
        end, piece = time.monotonic() + seconds, 1
        while True:
            left = max(0.0, end - time.monotonic())
            slice_ms = max(1, int(1000 * min(left, piece)))
            piece = WAIT_SLICE
            try:
                return self._get(format="json", cluster=cluster, node=node, wait=what,
                                 timeout=f"{slice_ms}ms", _seconds=WAIT_SLICE + SECONDS)["text"]
            except Trouble as e:
                if e.code not in (TIMED_OUT, UNREACHABLE):
                    raise
                trouble, pause = e, 0.5 if e.answer.get("result") != "timeout" else 0.05
            if time.monotonic() + pause >= end:
                raise trouble
            if tell:
                tell(str(trouble))
            time.sleep(pause)

    # changes

    def order(self, cluster, action, **fields):
        """Carry out an action; fields as in docs/status.md, without those that are None. Returns
        the answer, its result "done" or "unchanged"; whatever else it is, is Trouble."""
        order = {"cluster": cluster, "action": action, **fields}
        body = json.dumps({name: value for name, value in order.items() if value is not None})
        return self._ask_for("POST", self._path, body.encode(), SECONDS)

    # the way there and back

    def _get(self, _seconds=SECONDS, **query):
        path = self._path + "?" + urllib.parse.urlencode(query)
        return self._ask_for("GET", path, None, _seconds)

    def _ask_for(self, method, path, body, seconds):
        status, headers, text = self._exchange(method, path, body, seconds)
        if status == 401 and self._ask and self._ask(self):
            status, headers, text = self._exchange(method, path, body, seconds)
        try:
            answer = json.loads(text)
        except ValueError:
            answer = None
        if not isinstance(answer, dict) or "version" not in answer:
            raise self._not_ours(status, headers)
        if answer["version"] != 1:
            raise Trouble(FAILED, f"{self.name}: its answers have version {answer['version']}; "
                                  "this program knows version 1")
        if status == 200:
            return answer
        raise Trouble(_RESULTS.get(answer.get("result"), FAILED),
                      f"{self.name}: {answer.get('text', status)}", answer)

    def _not_ours(self, status, headers):
        """Somebody else has answered: httpd itself, or another server."""
        if status == 401:
            what = "the login was refused" if self.password else \
                "it wants a login; give user and password in the configuration file"
            return Trouble(NOT_AUTHORISED, f"{self.name}: {what}")
        if status == 403:
            return Trouble(NOT_AUTHORISED, f"{self.name}: its Require does not admit you")
        what = f"no status page of mod_cfcluster is at {self.url} (it answered {status}"
        if "location" in headers:
            what += f", see {headers['location']}"
        return Trouble(UNREACHABLE, f"{self.name}: {what})")

    def _headers(self):
        headers = {"Accept": "application/json", "X-CFCluster": "1",
                   "Content-Type": "application/json", "Connection": "close",
                   "User-Agent": "cfclusterctl"}
        if self.user is not None and self.password is not None:
            if not self._tls and not _loopback(self._at[0]):
                raise Trouble(USAGE, f"{self.name}: over http:// anybody on the way could read "
                                     "the password; use https://")
            login = f"{_header('user', self.user)}:{_header('password', self.password)}"
            headers["Authorization"] = "Basic " + base64.b64encode(login.encode()).decode()
        return headers

    def _exchange(self, method, path, body, seconds):
        host, port = self._at
        kind = http.client.HTTPSConnection if self._tls else http.client.HTTPConnection
        more = {"context": self._tls} if self._tls else {}
        connection = kind(host, port, timeout=seconds, **more)
        headers = self._headers()
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text = answer.read(ANSWER_BYTES_MAX)
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, text
        except (OSError, http.client.HTTPException) as e:
            raise Trouble(UNREACHABLE, f"{self.name} cannot be reached at {self.url}: "
                                       f"{_words(e)}") from None
        finally:
            connection.close()
