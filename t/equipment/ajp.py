# SPDX-License-Identifier: Apache-2.0
"""AJP/1.3 as a container speaks it, as far as a scripted node needs it.
Source: the protocol reference of Tomcat's connectors (ajpv13a)."""

import struct

_METHODS = dict(enumerate("OPTIONS GET HEAD POST PUT DELETE TRACE PROPFIND".split(), 1))
_HEADERS = dict(enumerate(
    "Accept Accept-Charset Accept-Encoding Accept-Language Authorization Connection Content-Type"
    " Content-Length Cookie Cookie2 Host Pragma Referer User-Agent".split(), 0xA001))
_CPING, _FORWARD = 10, 2
_CHUNK, _HEAD, _END, _MORE, _CPONG = 3, 4, 5, 6, 9
_CHUNK_BYTES = 8186


class _Message:
    """The content of a packet, read from its beginning."""

    def __init__(self, data):
        self.data = data

    def take(self, count):
        taken, self.data = self.data[:count], self.data[count:]
        return taken

    def number(self, form):
        return struct.unpack(">" + form, self.take(struct.calcsize(">" + form)))[0]

    def text(self):
        size = self.number("H")
        return None if size == 0xFFFF else self.take(size + 1)[:-1].decode("latin-1")

    def name(self):
        """A header's: a code, or text."""
        if self.data[0] == 0xA0:
            return _HEADERS[self.number("H")]
        return self.text()


def _packet(stream):
    head = stream.read(4)
    return _Message(stream.read(struct.unpack(">HH", head)[1])) if len(head) == 4 else None


def _reply(connection, kind, data=b""):
    connection.sendall(struct.pack(">2sHB", b"AB", 1 + len(data), kind) + data)


def _text(text):
    return struct.pack(">H", len(text)) + text.encode("latin-1") + b"\0"


def read_head(connection, stream):
    """(method, target, headers), after answering pings; None at the end of the connection."""
    while (message := _packet(stream)) and (kind := message.number("B")) == _CPING:
        _reply(connection, _CPONG)
    if message is None:
        return None
    assert kind == _FORWARD, kind
    method = _METHODS[message.number("B")]
    message.text()                                      # the protocol
    path = message.text()
    for _ in range(3):                                  # the client's address and name, the server
        message.text()
    message.take(3)                                     # its port, and whether over TLS
    headers = [(message.name(), message.text()) for _ in range(message.number("H"))]
    query = ""
    while (code := message.number("B")) != 0xFF:        # attributes
        if code == 0x0A:                                # with a name of its own
            message.text()
        value = message.text()
        query = f"?{value}" if code == 0x05 else query
    return method, path + query, headers


def read_body(connection, stream, length):
    """length is None when it is not known."""
    body = b""
    first = length is not None                          # comes without being asked for
    while length is None or len(body) < length:
        if not first:
            _reply(connection, _MORE, struct.pack(">H", _CHUNK_BYTES))
        first = False
        message = _packet(stream)
        if message is None or not message.data or not (size := message.number("H")):
            break
        body += message.take(size)
    return body


def send_head(connection, status, reason, headers):
    head = struct.pack(">H", status) + _text(reason) + struct.pack(">H", len(headers))
    _reply(connection, _HEAD, head + b"".join(_text(n) + _text(v) for n, v in headers))


def send_body(connection, part, end):
    """end: nothing follows; else what there is goes to the client at once."""
    _reply(connection, _CHUNK, struct.pack(">H", len(part)) + part + b"\0")
    if end:
        _reply(connection, _END, b"\1")
    else:
        _reply(connection, _CHUNK, b"\0\0\0")
