# SPDX-License-Identifier: Apache-2.0
"""An httpd with protected areas, and who asks it: sections of its configuration, users with
passwords, and what arrives at the node."""

import base64
import hashlib

from .client import raw, raw_get

# httpd about those it does not admit: address, user, unknown user, password, scheme.
REFUSALS = "AH01630|AH01631|AH01618|AH01617|AH01614"
PASSWORD = "open sesame"


def area(what, *lines):
    return "\n".join([f"<CFClusterProtect {what}>", *lines, "</CFClusterProtect>\n"])


def location(path, *lines):
    return "\n".join([f'<Location "{path}">', *lines, "</Location>\n"])


def login(file, realm="a"):
    """Who is in the file may log in."""
    return f'AuthType Basic\nAuthName {realm}\nAuthUserFile {file}'


def authorization(user, password=PASSWORD):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class Site:
    """An httpd over one node that remembers what it received. Users: alice and root are in the
    file users, root is in admins."""

    def __init__(self, cluster, node):
        self.cluster, self.httpd, self.node = cluster, cluster.httpd, node
        digest = base64.b64encode(hashlib.sha1(PASSWORD.encode()).digest()).decode()
        for file, users in ("users", ["alice", "root"]), ("admins", ["root"]):
            lines = "".join(f"{user}:{{SHA}}{digest}\n" for user in users)
            (self.httpd.root / file).write_text(lines)
        self.httpd.allow(REFUSALS)
        self.httpd.start()

    def get(self, target, user=None, *headers, password=PASSWORD):
        """GET as this user; a word with a blank is sent as the Authorization header itself."""
        if user is not None:
            value = user if " " in user else authorization(user, password)
            headers = (f"Authorization: {value}", *headers)
        return raw_get(self.httpd.port, target, *headers)

    def status(self, target, user=None, *headers, **more):
        return self.get(target, user, *headers, **more).status

    def post(self, target, body, *headers, kind="application/x-www-form-urlencoded"):
        """POST this body; without a type if kind is None."""
        types = [] if kind is None else [f"Content-Type: {kind}"]
        lines = [f"POST {target} HTTP/1.1", "Host: localhost", "Connection: close", *types,
                 f"Content-Length: {len(body)}", *headers, "", ""]
        return raw(self.httpd.port, "\r\n".join(lines).encode("latin-1") + body)

    def forwarded(self, target, user=None, *headers):
        """The Authorization headers with which a request arrives at the node."""
        before = len(self.node.received)
        assert self.status(target, user, *headers) == 200
        request, = self.node.received[before:]
        assert request.target == target
        return request.header("Authorization")

    def lines(self, code):
        """Lines of the error log with this code."""
        return [line for line in self.httpd.error_log().splitlines() if code in line]
