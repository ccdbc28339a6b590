# SPDX-License-Identifier: Apache-2.0
"""A WebSocket client, as the editor in a browser is one."""

import socket
import threading
import time
from urllib.parse import urlsplit

import websocket

from . import tls

# What recv() raises when the other side has closed, with or without a word.
GONE = (websocket.WebSocketConnectionClosedException, ConnectionError)


def connect(url, source="127.0.0.1", **more):
    """Open one to the test application, from one of our addresses."""
    parts = urlsplit(url)
    if parts.scheme == "http":
        more["socket"] = socket.create_connection((parts.hostname, parts.port), 10,
                                                  source_address=(source, 0))
    return websocket.create_connection(
        url.replace("http", "ws", 1) + "/synchrony", timeout=10,
        sslopt={"ca_certs": str(tls.certificate()[0])}, **more)


def node_of(tunnel):
    return tunnel.getheaders()["x-test-node"]


def works(tunnel, message="hello"):
    """Whether a message comes back."""
    try:
        tunnel.send(message)
        return tunnel.recv() == message
    except GONE:
        return False


class Watched:
    """An open tunnel, and the moment at which it was closed from the other side."""

    def __init__(self, url, **more):
        self.tunnel = connect(url, **more)
        self.closed_at = None       # time.monotonic()
        if not works(self.tunnel):
            raise AssertionError("a tunnel that carries nothing")
        self.tunnel.settimeout(None)
        threading.Thread(target=self._watch, daemon=True).start()

    @property
    def node(self):
        return node_of(self.tunnel)

    def _watch(self):
        try:
            self.tunnel.recv()
        except GONE:
            pass
        self.closed_at = time.monotonic()

    def close(self):
        """Without a word, as when the computer is shut."""
        self.tunnel.sock.shutdown(socket.SHUT_RDWR)
