# SPDX-License-Identifier: Apache-2.0
"""Tomcats whose connectors read a path differently (server-lax.xml): Debian's Tomcat 10, and
Debian's Tomcat 9 from build/unpacked (tools/unpack libtomcat9-java)."""

from . import places, ports, tomcat

TOMCAT9_JARS = places.TOP / "build/unpacked/libtomcat9-java/usr/share/maven-repo/org/apache/tomcat"

# What of the test application paths are about; the rest of it needs a newer servlet API.
PATHS = "Control Door Forward Json Node Page Query Shape Status".split()


class LaxTomcat(tomcat.Tomcat):
    """ports: {label: port} of its connectors."""
    server = "server-lax.xml"

    def __init__(self, name):
        super().__init__(name)
        self.ports = {"": self.port, "decode": ports.free(), "passthrough": ports.free()}

    def settings(self):
        return {**super().settings(), "cfc.decode": self.ports["decode"],
                "cfc.passthrough": self.ports["passthrough"]}


class LaxTomcat9(LaxTomcat):
    classpath = ":".join(map(str, sorted(TOMCAT9_JARS.glob("*/9.0*/*.jar"))))

    def __init__(self, name):
        if not self.classpath:
            raise FileNotFoundError(f"{TOMCAT9_JARS} is not there; tools/unpack libtomcat9-java")
        super().__init__(name)

    def settings(self):
        return {**super().settings(), "catalina.home": self.base, "cfc.webapp": self._webapp(),
                "org.apache.catalina.connector.CoyoteAdapter.ALLOW_BACKSLASH": "true"}

    def _webapp(self):
        """The application in the words of Tomcat 9's time."""
        files = [places.HERE / f"webapp/{name}.java" for name in PATHS]
        return tomcat.compiled({file.name: file.read_text().replace("jakarta.", "javax.")
                                for file in files}, self.classpath)
