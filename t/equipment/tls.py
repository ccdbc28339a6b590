# SPDX-License-Identifier: Apache-2.0
"""A self-signed certificate for localhost and 127.0.0.1, made once, used by every server; and
others of the kind for tests about certificates."""

import subprocess

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
    home = places.once("certificate", lambda made: short_lived(made, days=3650))
    return home / "cert.pem", home / "key.pem"


def short_lived(directory, days=1):
    """Another one, made in a directory of the caller's, which ends after so many days."""
    (directory / "openssl.cnf").write_text(_CONFIG)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", str(days), "-subj", "/CN=localhost",
         "-config", directory / "openssl.cnf",
         "-keyout", directory / "key.pem", "-out", directory / "cert.pem"],
        check=True, capture_output=True)
    return directory / "cert.pem", directory / "key.pem"


def expired(directory):
    """Another one, which ended a day ago."""
    cert, key = short_lived(directory)
    over = directory / "expired.pem"
    subprocess.run(["openssl", "x509", "-in", cert, "-signkey", key, "-days", "-1", "-out", over],
                   check=True, capture_output=True)
    return over, key
