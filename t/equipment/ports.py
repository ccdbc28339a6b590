# SPDX-License-Identifier: Apache-2.0
"""Finds TCP ports that nobody listens on, and tells whether one is taken, and by whom."""

import contextlib
import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path

# Below the range that the kernel takes clients' ports from (32768 and up): there, somebody's
# outgoing connection may sit on the port of a server that is being restarted, and a client
# that knocks at a dead server can end up connected to itself.
_RANGE = range(20000, 32000)

# States of a connection, from the kernel's tcp_states.h, that are neither open nor over.
_CLOSING = {"04", "05", "08", "09", "0B"}

# Other runs on this machine choose from the same range, and a port is ours also while its server
# is down. So the byte of this number in a file that all have is locked; the locks end with the
# process.
_LOCKS = Path(tempfile.gettempdir()) / f"cfc-test-ports-{os.geteuid()}"

_given = set()
_locks = None


def free():
    """A port of the loopback that is free now, was not given out before by this process, and is not
    given out by another one."""
    while True:
        port = random.choice(_RANGE)
        if port not in _given and _lock(port) and not taken(port):
            _given.add(port)
            return port


def _lock(port):
    global _locks
    if _locks is None:
        _locks = os.open(_LOCKS, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.lockf(_locks, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError:
        return False
    return True


def taken(port):
    """Whether a server could not listen there; connections still winding down do not count."""
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def answers(port):
    """Whether something accepts connections on the port."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def clients(pid, port):
    """The ports, at their end, of those whose connections to a port this process holds."""
    held = set()
    for fd in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):      # closed meanwhile
            held.add(os.readlink(fd))
    found = set()
    for table in "tcp", "tcp6":
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            local, remote = (int(end.partition(":")[2], 16) for end in fields[1:3])
            if local == port and remote and f"socket:[{fields[9]}]" in held:
                found.add(remote)
    return found


def closing(ports):
    """Whether a server on one of these ports of the loopback is just closing a connection."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, _, state = line.split()[:4]
        if state in _CLOSING and int(local.partition(":")[2], 16) in ports:
            return True
    return False
