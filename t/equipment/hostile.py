# SPDX-License-Identifier: Apache-2.0
"""Makes up targets that try to reach a protected path in disguise: a grammar of the techniques
known from Tomcat, Confluence and their exploits, several at a time, and random mutation of what
has worked. The same seed makes the same targets."""

import re

# Protected paths, each with the servlet that the test application reaches by it.
DOORS = """
    /admin /admin/ /admin/console.action /admin/x/y /setup/setupadministrator.action
    /bootstrap/selectsetupstep.action /rpc/xmlrpc /rpc/soap-axis/confluenceservice-v2
    /plugins/servlet/soap-axis1/x /plugins/servlet/upm /plugins/servlet/upm/osgi
    /json/setup-restore.action /json/console.action /template/aui/text-inline.vm /x/y.vm
    /rest/plugins/1.0/ /rest/api/admin/user /rest/api/latest/admin/user /server-info.action
    /pages/x/doauthenticate!x.action /spaces/removespace.action /spaces/x/spacepermissions.action
    /pages/templates/listpagetemplates.action /spaces/flyingpdf/flyingpdf.action
    /secret /secret/x.png /secret/display/x
""".split()

NOT_PROTECTED = "/x /x/y /display/DOC/Home /download/a.css /s /s/x /rest/api /status /".split()
PARAMETERS = ["", "x", "a=b", "jsessionid=0A1B.node1", "..", "%2f..", "/../x", "%00", "a/b", "%3b",
              "x;y", ";"]
ANY = ["abc", "1a-CDN/en/8703/h/1.0", "abc/NOCACHE1", "a/_/b", "x/../y", "a;b", "..%2fx", "_", "",
       "a/s/b", "%2e%2e", "abc/NOCACHE/_/x", "%255f"]
TAILS = ["/", "/.", "/x/..", "/x/../", ";", ";x", ";/", "/;", "%3f.css", "%23.css", "%253fx", "?",
         "?x=/display", "#x", "%20", "%2520", ".", "..", "/..;/admin", ".css", ";.css", "%3b.css",
         "%3fos_username=x", "?os_username=x", "!x.action", "/x.action", "%00.css", "%0a", "%2500",
         "/%2e", "/%252e%252e/x", "%5c", "\\"]
HEADS = ["/", "//", "/.", "/;", "/;x", "/.;x", "/./", "/..", "/..;", "/x/..", "/x/..;", "/x;y/..",
         "/%2e%2e", "/x/%2e%2e", "/x/%252e%252e", "/x/%2e.;a", "/x%2f..", "/x%252f..", "/x\\..",
         "/x%5c..", "/x%255c..", "/y%2fz/%2e%2e", "/y%252fz/%2e%2e", "/y%5cz/%2e%2e", "/%2f",
         "/x/y/../..", "/x//..", "/x//../..", "/display/..;", "/download/%2e%2e", "/%3b", "/%20",
         "/download/images/..;", "/x%3b/..", "/x/..%3b", "/x/..%00", "/x/..%2f",
         "/x/%%32%65%%32%65", "/%u002e%u002e",
         "/x/%c0%ae%c0%ae", "/x/..%c0%af", "/x/%e0%80%ae.", "/+/..", "/x/.%2e", "/x/...", "/*"]
AUTHORITIES = ["localhost", "localhost:8090", "wiki.example.org", "u:p@localhost", "", "[::1]",
               "localhost\\@x", "LOCALHOST"]
TOKENS = ["/", "//", ".", "..", "/../", "/./", ";", ";x", "%", "%25", "%2f", "%2F", "%5c", "\\",
          "%2e", "%2e%2e", "%252e", "%3b", "%3f", "%23", "?", "%00", "%0d%0a", "%09", "+", "%20",
          "/s/", "/_/", "/s/x/_/", "/download/images", "os_username=x", "_", "s", "%c0%af",
          "%c0%ae", "%u002f", "%ff", "%c3%bc", "\xfc",
          "admin", "/admin", "|", "[", "^", "`", "{", "}", "<", '"', "~", "*", "!", ":",
          "@", "&", "=", "$", ",", "'", "%7f", "%80", "%1", "%zz", "\x01", "\x7f"]

LONGEST = 7000      # a request line of httpd holds 8190


class Hostile:
    """more: doors beside those above."""

    def __init__(self, random, more=()):
        self.random = random
        self.doors = [*DOORS, *more]
        self.techniques = [
            (self._parameter, 4), (self._climb, 4), (self._slashes, 2), (self._forward, 4),
            (self._encode_some, 4), (self._encode_slash, 2), (self._encode_percents, 2),
            (self._backslash, 1), (self._tail, 3), (self._overlong, 1), (self._capitals, 1),
            (self._json, 1), (self._detour, 2), (self._image, 2), (self._ask, 2),
            (self._open_action, 2), (self._flood, 0.1)]

    def targets(self, count, parents=()):
        """Some of them mutations of these parents."""
        return [self._mutated(self.random.choice(parents))
                if parents and self.random.random() < 0.4 else self._made()
                for _ in range(count)]

    def _made(self):
        path = self.random.choice(self.doors)
        steps, weights = zip(*self.techniques)
        count = self.random.choice([1, 1, 2, 2, 3, 4, 6])
        for step in self.random.choices(steps, weights, k=count):
            path = step(path)
        if self.random.random() < 0.15:
            path = self._mutated(path)
        if self.random.random() < 0.05:
            path = self.random.choice(["http", "https", "HTTP", "ws", ""]) + "://" \
                + self.random.choice(AUTHORITIES) + path
        return path[:LONGEST]

    def _mutated(self, path):
        for _ in range(self.random.choice([1, 1, 1, 2, 3, 5])):
            at = self.random.randint(0, len(path))
            end = min(len(path), at + self.random.choice([0, 0, 1, 1, 2, 3, 8]))
            kind = self.random.random()
            if kind < 0.5:
                path = path[:at] + self.random.choice(TOKENS) + path[end:]
            elif kind < 0.7:
                path = path[:at] + path[end:]
            elif kind < 0.9:
                path = path[:at] + path[at:end] * 2 + path[end:]
            else:
                path = self.random.choice([self._encode_some, self._climb, self._parameter])(path)
        return path[:LONGEST] or "/"

    # techniques: each makes another spelling of a path

    def _slash(self, path):
        """Where a segment begins, or the end."""
        return self.random.choice([m.start() for m in re.finditer("/", path)] + [len(path)])

    def _parameter(self, path):
        at = self._slash(path)
        return path[:at] + (";" if at else "/;") + self.random.choice(PARAMETERS) + path[at:]

    def _climb(self, path):
        at = self._slash(path)
        return path[:at] + self.random.choice(HEADS) + path[at:]

    def _slashes(self, path):
        at = self._slash(path)
        return path[:at] + self.random.choice(["/", "//", "/./", "/;/"]) + path[at:]

    def _detour(self, path):
        start = self.random.choice(NOT_PROTECTED)
        back = "".join(self.random.choice(["/..", "/..;", "/..;x", "/%2e%2e", "/.%2E", "/%252e."])
                       for segment in start.split("/") if segment)
        return start + back + path

    def _forward(self, path):
        mark = self.random.choice(["_", "_", "_", "%5f", "_;x", "%255f", "_;"])
        s = self.random.choice(["s", "s", "s", "%73", "S", "s;x", "%2573"])
        return f"/{s}/{self.random.choice(ANY)}/{mark}" + path

    def _image(self, path):
        """Forwarded with one directory less."""
        return self._forward("/download/images" + self.random.choice(["", "", "x", ";x", "/x/.."])
                             + self.random.choice(["/..;", "/..;x", "/%2e%2e;"]) + path)

    def _ask(self, path):
        """A parameter for a path that anybody may ask for, mostly in what becomes the query."""
        path = self.random.choice(NOT_PROTECTED)
        if self.random.random() < 0.8:
            path = self._forward(path)
        return path + self.random.choice(["%3f", "%3f", "%3Fa=b%26", "%253f", "?", "%3fa%23?"]) \
            + self.random.choice(["os_username=x", "os%5fpassword=x", "OS_username=x",
                                  "bootstrapStatusProvider.x=1", "os_username"])

    def _encode_some(self, path):
        """The same letter or sign wherever it stands, or letters here and there."""
        if self.random.random() < 0.5:
            sign = self.random.choice(path or "/")
            chosen = [i for i, c in enumerate(path) if c == sign]
        else:
            chosen = [i for i in range(len(path)) if self.random.random() < 0.15]
        levels = self.random.choice([1, 1, 1, 2, 2, 3, 4, 9])
        few = set(chosen[:60])
        return "".join(self._encoded(c, levels) if i in few else c
                       for i, c in enumerate(path))

    def _encoded(self, sign, levels):
        digits = f"{ord(sign):02x}"
        if self.random.random() < 0.5:
            digits = digits.upper()
        return "%" + "25" * (levels - 1) + digits

    def _encode_slash(self, path):
        at = self._slash(path)
        return path[:at] + self.random.choice(["%2f", "%2F", "%252f", "%25252f"]) + path[at + 1:]

    def _encode_percents(self, path):
        return path.replace("%", "%25")

    def _backslash(self, path):
        at = self._slash(path)
        return path[:at] + self.random.choice(["\\", "%5c", "%255c"]) + path[at + 1:]

    def _tail(self, path):
        return path + self.random.choice(TAILS)

    def _overlong(self, path):
        """A byte in more bytes of UTF-8 than it needs."""
        at = self.random.randrange(len(path) or 1)
        code = ord(path[at:at + 1] or "/")
        long = self.random.choice([
            [0xC0 | code >> 6, 0x80 | code & 63], [0xE0, 0x80 | code >> 6, 0x80 | code & 63],
            [0xF0, 0x80, 0x80 | code >> 6, 0x80 | code & 63]])
        return path[:at] + "".join(f"%{byte & 255:02x}" for byte in long) + path[at + 1:]

    def _capitals(self, path):
        return "".join(c.upper() if self.random.random() < 0.3 else c for c in path)

    def _json(self, path):
        return re.sub(r"^/admin|^/setup", "/json", path)

    def _open_action(self, path):
        """The path of another action of the same namespace, for whoever resolves it; Struts reads
        the raw path, from where the resolved one first stands in it."""
        space, slash, name = path.rpartition("/")
        other = self.random.choice(["viewspace", "viewspace", "startheartbeatactivity"])
        lead = self.random.choice(["/.", "/./.", "/;x", "/x/..", "/x/..;", "/display", ""])
        ups = "/.." * (lead == "/display") * (space.count("/") + 1)
        end = f"{ups}{space if ups else ''}/{other}.action" + self.random.choice(["", "", ";"])
        return f"{lead}{space}/{other}.action{slash}{name};/../..{end}"

    def _flood(self, path):
        at = self._slash(path)
        piece = self.random.choice([";", "/", "/.", "%25", "/_", "/x/..", ";x/..", "/s/x/_"])
        return path[:at] + piece * self.random.choice([10, 40, 300, 2000]) + path[at:]
