# SPDX-License-Identifier: Apache-2.0
"""A server that accepts and then does as slowly as it can what its kind of server would do."""

import socket
import threading

from . import ports


class Dripping:
    """Sends `greeting` one byte at a time, with a pause before each, and then nothing more; it
    never hangs up. Without a greeting it is silent."""

    def __init__(self, greeting=b"", pause=1.0):
        self.greeting = greeting
        self.pause = pause
        self.accepted = 0
        self.hung_up = 0        # connections that the other side has closed
        self.port = ports.free()
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
        self._closed = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._closed.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection:
            try:
                threading.Thread(target=self._drip, args=(connection,), daemon=True).start()
                while connection.recv(4096):
                    pass
            except OSError:
                pass
            self.hung_up += 1

    def _drip(self, connection):
        for byte in self.greeting:
            if self._closed.wait(self.pause):
                return
            try:
                connection.sendall(bytes([byte]))
            except OSError:
                return
