# SPDX-License-Identifier: Apache-2.0
"""What looks at real servers leave behind. Those that fail are t/unit/test_soak.c's, and so are
probes."""

import subprocess

import pytest

from equipment import places, tls
from equipment.mariadb import option_file
from equipment.slapd import BASE, Slapd, credentials

pytestmark = pytest.mark.once

# A thousand hours at the usual intervals are 720000 looks at a database and 240000 at a directory.
# The first thousand fill what the libraries and malloc keep: 200 KB, most of it by the 600th. The
# second thousand may add 24 bytes for each, less than malloc's smallest piece, which is 32: so what
# is lost at each look is found, and what passes is less than 18 MB in those hours; measured were 5.
LOOKS, ALLOWED = 1000, 24 * 1000


@pytest.fixture
def slapd():
    server = Slapd().start()
    yield server
    server.remove()


@pytest.fixture
def looks():
    """Looks 2 * LOOKS times; returns (bytes, descriptors) that the second half left behind."""
    build = places.module().parents[1]
    subprocess.run(["make", "-s", "-C", build, "looks"], check=True, capture_output=True)

    def run(kind, port, file, base):
        done = subprocess.run(
            [build / "looks", kind, str(port), file, tls.certificate()[0], base, str(LOOKS)],
            capture_output=True, text=True, timeout=400, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return map(int, done.stdout.split())

    return run


def test_looks_at_a_database_leave_nothing_behind(looks, unchanged, tmp_path):
    left, opened = looks("mysql", unchanged[0].port, option_file(tmp_path / "db.cnf"), "confluence")
    assert left < ALLOWED and opened == 0


def test_looks_at_a_directory_leave_nothing_behind(looks, slapd, tmp_path):
    left, opened = looks("ldap", slapd.tls_port, credentials(tmp_path / "ad"), BASE)
    assert left < ALLOWED and opened == 0
