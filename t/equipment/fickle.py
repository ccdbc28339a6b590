# SPDX-License-Identifier: Apache-2.0
"""A way to a server that breaks off some connections, as a server does that begins or ends."""

import contextlib
import socket
import threading

from . import ports


class Fickle:
    """Passes connections on to a port of this machine, but for the first of every so many, which
    it accepts and closes."""

    def __init__(self, target, every):
        self.target = target
        self.every = every
        self.accepted = 0
        self.port = ports.free()
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            if self.accepted % self.every == 1:
                connection.close()
                continue
            server = socket.create_connection(("127.0.0.1", self.target))
            for pair in (connection, server), (server, connection):
                threading.Thread(target=_pass_on, args=pair, daemon=True).start()


def _pass_on(source, sink):
    """All that comes from one, to the other; then both are at their end."""
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for end in source, sink:
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
