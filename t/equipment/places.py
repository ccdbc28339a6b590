# SPDX-License-Identifier: Apache-2.0
"""Where things are: this checkout, its build directory, and what Debian installs."""

import contextlib
import fcntl
import os
import re
import shutil
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
HERE = TOP / "t" / "equipment"

HTTPD = Path("/usr/sbin/apache2")
HTTPD_MODULES = Path("/usr/lib/apache2/modules")
CATALINA_HOME = Path("/usr/share/tomcat10")
JAVA_HOME = Path("/usr/lib/jvm/default-java")


def module():
    """The built module: CFC_MODULE, or that of ./build, or that of a build in the tree."""
    chosen = os.environ.get("CFC_MODULE")
    known = [TOP / "build/.libs/mod_cfcluster.so", TOP / ".libs/mod_cfcluster.so"]
    for path in [Path(chosen)] if chosen else known:
        if path.exists():
            return path
    raise FileNotFoundError(f"{chosen or known[0]} is not there; build first, or set CFC_MODULE")


def make_variable(name):
    """What configure found, from the Makefile beside the module."""
    text = (module().parents[1] / "Makefile").read_text()
    return re.search(rf"^{name} = (.*)$", text, re.M).group(1)


def cache():
    """A directory for what is made once and used by every run: classes, a certificate."""
    path = TOP / "build" / "equipment"
    path.mkdir(parents=True, exist_ok=True)
    return path


@contextlib.contextmanager
def alone(file):
    """Whoever else on this machine is within alone() of this file is waited for."""
    with open(file, "a", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def once(name, make):
    """A directory of the cache, which make() fills when it is asked for first. Several runs may
    ask at the same time."""
    home = cache() / name
    with alone(cache() / "lock"):
        if not home.exists():
            made = Path(tempfile.mkdtemp(dir=cache()))
            made.chmod(0o755)
            try:
                make(made)
                made.rename(home)
            except BaseException:
                shutil.rmtree(made)
                raise
    return home
