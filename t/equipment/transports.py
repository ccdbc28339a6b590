# SPDX-License-Identifier: Apache-2.0
"""The schemes that nodes are reached over, and what each needs in the configuration."""

import pytest

from . import tls
from .tomcat import AJP_SECRET

_FAST = "interval=100ms timeout=800ms rise=2 fall=2"

_ADDRESS = {
    "http": lambda node: node.url,
    "https": lambda node: node.https_url,
    "ajp": lambda node: f"{node.ajp_url} secret={AJP_SECRET}",
}

# The name would be compared with the host that the client asked for.
_OUTSIDE = {"https": "SSLProxyEngine on\nSSLProxyVerify require\nSSLProxyCheckPeerName off\n"
                     f"SSLProxyCACertificateFile {tls.certificate()[0]}\n"}

SCHEMES = list(_ADDRESS)

# For tests of what is the same code in every MPM, and that http rows show there.
SCHEMES_ONCE = ["http", pytest.param("https", marks=pytest.mark.once),
                pytest.param("ajp", marks=pytest.mark.once)]


def probe(scheme, options):
    kind = "tcp" if scheme == "ajp" else "http /status expect=confluence"
    return f"CFProbe {kind} {options}"


def over(scheme, **more):
    """Arguments of new_cluster() for nodes that are reached over this scheme."""
    settings = {"probe": probe(scheme, _FAST),
                "line": lambda node: f"CFNode {node.name} {_ADDRESS[scheme](node)}", **more}
    return {**settings, "outside": _OUTSIDE.get(scheme, "") + more.get("outside", "")}


def made(new, scheme, **more):
    """A running cluster whose nodes are reached over this scheme."""
    return new(**over(scheme, **more)).start()
