# SPDX-License-Identifier: Apache-2.0
"""db_client.c over either client library for MySQL: this machine has one of them, so both are
imitated (client_library/)."""

import shlex
import subprocess

import pytest

from equipment.places import TOP, make_variable

pytestmark = pytest.mark.once

HERE = TOP / "t/code/client_library"

OPTIONS = [
    # library    tls=      what it is told
    ("oracle",   "off",    ""),
    ("oracle",   "on",     "mode=3 "),                  # SSL_MODE_REQUIRED
    ("oracle",   "verify", "mode=5 "),                  # SSL_MODE_VERIFY_IDENTITY
    ("mariadb",  "off",    "verify=0 "),                # else MariaDB's wants TLS, since 3.4
    ("mariadb",  "on",     "enforce=1 verify=0 "),
    ("mariadb",  "verify", "enforce=1 verify=1 "),
]


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """A program for each library."""
    made = {}
    for library, define in ("oracle", []), ("mariadb", ["-DSTUB_MARIADB"]):
        made[library] = tmp_path_factory.mktemp(library) / "options"
        done = subprocess.run(
            ["gcc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", f"-I{HERE}", f"-I{TOP}",
             *shlex.split(make_variable("CORE_CPPFLAGS")), *define, "-o", made[library],
             HERE / "options.c", *(TOP / "health" / name for name in (
                 "db_client.c", "db_facts.c", "table.c", "certificate.c")),
             *shlex.split(make_variable("CRYPTO_LIBS")), *shlex.split(make_variable("APR_LIBS"))],
            capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    return made


@pytest.mark.parametrize("library, tls, told", OPTIONS, ids=[f"{r[0]} {r[1]}" for r in OPTIONS])
def test_either_library_is_told_what_tls_says(programs, library, tls, told):
    said = subprocess.run([programs[library], tls], capture_output=True, text=True, check=True)
    assert said.stdout == f"ca=/dev/null {told}connecting failed: connection refused, silent\n"
