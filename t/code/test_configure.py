# SPDX-License-Identifier: Apache-2.0
"""What configure refuses although it is there."""

import subprocess

import pytest

from equipment.places import TOP

pytestmark = pytest.mark.once

# As over GnuTLS, in Debian 12: these options are not built in.
LIMITED = """\
void *curl_easy_init(void) { return (void *)1; }
int curl_easy_setopt(void *easy, int option, ...) { return easy != 0 && option != 0 ? 4 : 43; }
int curl_easy_getinfo(void *easy, int info, ...) { return easy != 0 && info != 0 ? 48 : 43; }
"""


def test_a_libcurl_over_another_tls_library_is_refused(tmp_path):
    (tmp_path / "limited.c").write_text(LIMITED)
    subprocess.run(["gcc", "-c", "limited.c"], cwd=tmp_path, check=True)
    done = subprocess.run([TOP / "configure", "CURL_CFLAGS= ", f"CURL_LIBS={tmp_path}/limited.o"],
                          cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "libcurl uses another TLS library than OpenSSL" in done.stderr
    assert done.stderr.rstrip().endswith("on Debian: apt-get install libcurl4-openssl-dev")
