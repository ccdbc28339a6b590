# SPDX-License-Identifier: Apache-2.0
"""One self-signed certificate for localhost and 127.0.0.1, made once, used by every server."""

import os
import subprocess
import tempfile
from pathlib import Path

from . import places

# Not openssl's own configuration: that one makes an authority's certificate, of which httpd warns.
_CONFIG = """\
[req]
distinguished_name = name
x509_extensions = server
[name]
[server]
basicConstraints = critical, CA:FALSE
subjectAltName = DNS:localhost, IP:127.0.0.1
"""


def certificate():
    """(certificate, key) as PEM files."""
    home = places.cache() / "certificate"
    if not home.exists():
        made = Path(tempfile.mkdtemp(dir=places.cache()))
        (made / "openssl.cnf").write_text(_CONFIG)
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", "3650", "-subj", "/CN=localhost", "-config", made / "openssl.cnf",
             "-keyout", made / "key.pem", "-out", made / "cert.pem"],
            check=True, capture_output=True)
        os.rename(made, home)
    return home / "cert.pem", home / "key.pem"
