# SPDX-License-Identifier: Apache-2.0
"""A steady load, sent at fixed times whatever becomes of it, as many users send it: whoever waits
does not ask less. It runs as a program of its own, so that nothing a test does slows it down.

50 users, each of whom belongs to a node by his cookies, send 200 requests a second in sum; besides
ten new users a second come without a cookie and ask once. A quarter of the requests takes 300 ms
on the node. A user has up to six connections, as a browser has; a request that finds none free is
waiting already. When a reused connection ends before a byte of the answer, a request other than
POST is sent once more, as browsers do, and its Shot says so."""

import asyncio
import dataclasses
import itertools
import json
import random
import statistics
import sys
import time
from pathlib import Path

from . import places, proc

USERS = 50
PER_SECOND = 200
NEW_PER_SECOND = 10
CONNECTIONS = 6
GIVE_UP_S = 30
SLOW_SHARE, SLOW_MS = 0.25, 300

KINDS = [
    # share, method, bytes of its body
    (60, "GET", 0),
    (6, "HEAD", 0),
    (6, "DELETE", 0),
    (7, "PUT", 2_000),
    (7, "PUT", 64_000),
    (7, "POST", 2_000),
    (7, "POST", 64_000),
]


@dataclasses.dataclass
class Shot:
    """One request. at is when it was due (monotonic clock), ms how long it took from then on, and
    late_ms is what of it this program lost before it began, as others had the processor.
    status is 0 when there was no answer, and error says why. port is that of its connection, at
    this end; 0: it had none."""
    user: int               # NEW: somebody without a cookie
    method: str
    id: str
    at: float
    late_ms: float
    ms: float
    status: int
    node: str
    error: str
    resent: bool
    port: int
    closed_idle: bool = False   # httpd closed its idle connection just as a POST was sent over it

    @property
    def failed(self):
        return bool(self.error) or self.status >= 400


NEW = -1


class SteadyLoad:
    """Begins at once, lasts for so many seconds, or until results() is called if that is later;
    results() waits for its end and returns the Shots."""

    def __init__(self, port, seconds, directory):
        self.output = Path(directory) / f"load-{port}.json"
        self._seconds = seconds
        self._proc = proc.Proc(
            [sys.executable, "-m", "equipment.load", port, seconds, self.output],
            self.output.with_suffix(".log"), {"PYTHONPATH": str(places.TOP / "t")})

    def results(self):
        enough(self.output).touch()
        try:
            self._proc.popen.wait(self._seconds + GIVE_UP_S + 30)
        finally:
            self._proc.kill()
        if not self.output.exists():
            raise AssertionError("the load generator failed:\n" + self._proc.text())
        return [Shot(**shot) for shot in json.loads(self.output.read_text())]


def enough(output):
    """The file that says that the load may end."""
    return Path(output).with_suffix(".enough")


def percentile(shots, share):
    """The time, in ms, within which this share of the shots was answered."""
    times = sorted(shot.ms for shot in shots) or [0]
    return times[min(len(times) - 1, int(len(times) * share))]


# the program

class _Dropped(Exception):
    """The connection ended before a byte of the answer."""


class _Connection:
    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.port = writer.get_extra_info("sockname")[1]
        self.used = False

    @classmethod
    async def open(cls, port):
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    def usable(self):
        return not (self.reader.at_eof() or self.writer.is_closing())

    def close(self):
        self.writer.close()

    async def ask(self, head, body, has_body):
        """(status, headers, whether the connection stays); headers: (lower-case name, value)."""
        self.used = True
        try:
            self.writer.write(head + body)
            first = await self.reader.readline()
        except OSError as e:
            raise _Dropped(repr(e)) from e
        if not first:
            raise _Dropped("closed without an answer")
        headers = []
        while (line := await self.reader.readline()) != b"\r\n":
            if not line:
                raise EOFError("closed within the head of the answer")
            name, _, value = line.decode("latin-1").rstrip("\r\n").partition(": ")
            headers.append((name.lower(), value))
        names = dict(headers)
        if has_body:
            await self._read_body(names)
        return int(first.split()[1]), headers, names.get("connection", "").lower() != "close"

    async def _read_body(self, headers):
        if headers.get("transfer-encoding") == "chunked":
            while (size := int(await self.reader.readline(), 16)):
                await self.reader.readexactly(size + 2)
            await self.reader.readline()
        elif "content-length" in headers:
            await self.reader.readexactly(int(headers["content-length"]))
        else:
            await self.reader.read()


class _User:
    def __init__(self, number, port):
        self.number, self.port = number, port
        self.cookies = {}
        self.idle = []
        self.slots = asyncio.Semaphore(CONNECTIONS)

    async def shoot(self, method, ident, target, size, due):
        """One request and all that becomes of it, as a Shot."""
        late_ms = (time.monotonic() - due) * 1000
        shot = Shot(self.number, method, ident, due, late_ms, 0.0, 0, "", "", False, 0)
        try:
            async with self.slots, asyncio.timeout(GIVE_UP_S):
                await self._ask(shot, target, size)
        except (OSError, EOFError, ValueError, _Dropped, TimeoutError) as e:
            shot.error = repr(e)
        shot.ms = (time.monotonic() - due) * 1000
        return shot

    async def _ask(self, shot, target, size):
        head = self._head(shot.method, target, size)
        connection = await self._connection()
        try:
            try:
                reused, shot.port = connection.used, connection.port
                answer = await connection.ask(head, b"b" * size, shot.method != "HEAD")
            except _Dropped:
                connection.close()
                shot.closed_idle = reused and shot.method == "POST"
                if not reused or shot.closed_idle:
                    raise
                shot.resent = True
                connection = await _Connection.open(self.port)
                shot.port = connection.port
                answer = await connection.ask(head, b"b" * size, shot.method != "HEAD")
        except BaseException:
            connection.close()
            raise
        self._take(shot, answer, size, connection)

    def _head(self, method, target, size):
        lines = [f"{method} {target} HTTP/1.1", "Host: localhost"]
        if size:
            lines += [f"Content-Length: {size}", "Content-Type: application/octet-stream"]
        if self.cookies:
            lines.append("Cookie: " + "; ".join(f"{k}={v}" for k, v in self.cookies.items()))
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    async def _connection(self):
        while self.idle:
            connection = self.idle.pop()
            if connection.usable():
                return connection
            connection.close()
        return await _Connection.open(self.port)

    def _take(self, shot, answer, size, connection):
        shot.status, headers, stays = answer
        for name, value in headers:
            if name == "x-test-node":
                shot.node = value
            elif name == "set-cookie":
                key, _, rest = value.split(";")[0].partition("=")
                self.cookies[key] = rest
            elif name == "x-test-bytes" and int(value) != size:
                shot.error = f"the node got {value} bytes of {size}"
        if stays:
            self.idle.append(connection)
        else:
            connection.close()

    def leave(self):
        for connection in self.idle:
            connection.close()


async def _new_user(port, number, due):
    user = _User(NEW, port)
    shot = await user.shoot("GET", f"{port}-new-{number}", "/page", 0, due)
    user.leave()
    return shot


def _times(begin, per_second, seconds, output):
    """(number, when) of each request, for as long as the load lasts."""
    for number in itertools.count():
        if number >= seconds * per_second and enough(output).exists():
            return
        yield number, begin + number / per_second


def _plan(port):
    """(method, id, target, size) of each request, the same in each run."""
    chance = random.Random(1)
    for number in itertools.count():
        _, method, size = chance.choices(KINDS, [kind[0] for kind in KINDS])[0]
        ms = SLOW_MS if chance.random() < SLOW_SHARE else 0
        ident = f"{port}-{number}"
        yield method, ident, f"/upload?id={ident}&ms={ms}", size


async def _sign_in(users):
    for user in users:
        shot = await user.shoot("GET", "", "/page", 0, time.monotonic())
        if shot.failed:
            raise AssertionError(f"no session to begin with: {shot}")


async def _at(moment, task):
    await asyncio.sleep(moment - time.monotonic())
    return asyncio.create_task(task)


async def _new_users(port, times):
    tasks = []
    for number, due in times:
        tasks.append(await _at(due, _new_user(port, number, due)))
    return await asyncio.gather(*tasks)


async def _old_users(users, port, times):
    tasks = []
    for (number, due), (method, ident, target, size) in zip(times, _plan(port)):
        user = users[number % len(users)]
        tasks.append(await _at(due, user.shoot(method, ident, target, size, due)))
    return await asyncio.gather(*tasks)


async def _run(port, seconds, output):
    users = [_User(number, port) for number in range(USERS)]
    await _sign_in(users)
    begin = time.monotonic() + 0.1
    both = await asyncio.gather(
        _old_users(users, port, _times(begin, PER_SECOND, seconds, output)),
        _new_users(port, _times(begin, NEW_PER_SECOND, seconds, output)))
    made = Path(output).with_suffix(".part")
    made.write_text(json.dumps([dataclasses.asdict(shot) for part in both for shot in part]))
    made.rename(output)


if __name__ == "__main__":
    asyncio.run(_run(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3]))
