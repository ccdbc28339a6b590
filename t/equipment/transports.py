# SPDX-License-Identifier: Apache-2.0
"""A cluster over each kind of connection to its nodes."""

from . import tls
from .tomcat import AJP_SECRET

_FAST = "interval=100ms timeout=800ms rise=2 fall=2"

# scheme: (what follows a node's name in its CFNode line, the probe, more configuration)
TRANSPORTS = {
    "http": (lambda n: n.url, f"CFProbe http /status expect=confluence {_FAST}", ""),
    "https": (lambda n: n.https_url, f"CFProbe http /status expect=confluence {_FAST}",
              # The name would be compared with the host that the client asked for.
              "SSLProxyEngine on\nSSLProxyVerify require\nSSLProxyCheckPeerName off\n"
              f"SSLProxyCACertificateFile {tls.certificate()[0]}\n"),
    "ajp": (lambda n: f"{n.ajp_url} secret={AJP_SECRET}", f"CFProbe tcp {_FAST}", ""),
}


def made(new, scheme, outside="", **more):
    """A running cluster whose nodes are reached over this scheme."""
    address, probe, needs = TRANSPORTS[scheme]
    settings = {"probe": probe, "line": lambda n: f"CFNode {n.name} {address(n)}", **more}
    return new(outside=needs + outside, **settings).start()
