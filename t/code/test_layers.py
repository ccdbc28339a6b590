# SPDX-License-Identifier: Apache-2.0
"""The architecture as the folders tell it: the core without httpd, dependencies one way."""

import re
import shlex
import subprocess

import pytest

from equipment.places import TOP, make_variable, module

pytestmark = pytest.mark.once

BUILD = module().parents[1]
FOLDERS = ["conf", "guard", "health", "lb", "maint"]
SOURCES = sorted(p.relative_to(TOP).as_posix() for f in FOLDERS for p in (TOP / f).glob("*.[ch]"))
CORE = [s for s in SOURCES if "_httpd." not in s]
HEADERS = [s for s in SOURCES if s.endswith(".h")]

# What a folder's core may include of ours. conf/ fills everybody's plain structs.
MAY_INCLUDE = {
    "guard": {"guard"},
    "lb": {"lb"},
    "health": {"health", "lb"},
    "maint": {"maint", "health", "lb", "conf", "guard"},
    "conf": {"conf", "guard", "health", "lb", "maint"},
}


def includes(source):
    return re.findall(r'^#include [<"]([^>"]+)[>"]', (TOP / source).read_text(), re.M)


@pytest.mark.parametrize("header", HEADERS)
def test_each_header_compiles_alone(header):
    flags = make_variable("CORE_CPPFLAGS") + " " + make_variable("JANSSON_CFLAGS")
    if "_httpd." in header:
        flags += " " + make_variable("HTTPD_CPPFLAGS")
    done = subprocess.run(["gcc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only",
                           "-x", "c", f"-I{TOP}", *shlex.split(flags), "-include", header,
                           "/dev/null"], cwd=TOP, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("source", CORE)
def test_the_core_includes_only_what_its_folder_may(source):
    folder = source.split("/")[0]
    for name in includes(source):
        if "/" in name and name.split("/")[0] in FOLDERS:
            assert name.split("/")[0] in MAY_INCLUDE[folder], f"{source} includes {name}"
            assert "_httpd." not in name, f"{source} includes {name}"
        else:
            assert name not in {"httpd.h", "mod_proxy.h"}, f"{source} includes {name}"
            assert not name.startswith(("http_", "ap_", "util_filter")), f"{source}: {name}"


def test_the_core_calls_nothing_of_httpd():
    objects = sorted((BUILD).glob("*/.libs/libcore_la-*.o")) or \
        sorted((BUILD).glob("*/libcore_la-*.o"))
    assert len(objects) >= 20
    out = subprocess.run(["nm", "--undefined-only", *objects], capture_output=True, text=True,
                         check=True).stdout
    assert re.findall(r"U (ap_\w+)", out) == []


def test_every_file_says_its_licence_first():
    listed = subprocess.run(["git", "ls-files", "*.c", "*.h", "*.py", "*.java", "*.sh", "tools/*"],
                            cwd=TOP, capture_output=True, text=True)
    files = listed.stdout.split() if listed.returncode == 0 else SOURCES
    missing = [f for f in files if "SPDX-License-Identifier: Apache-2.0"
               not in "".join((TOP / f).read_text().splitlines(True)[:3])]
    assert missing == []
