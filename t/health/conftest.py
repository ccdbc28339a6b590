# SPDX-License-Identifier: Apache-2.0
"""Databases for the whole run: a source and its replica. And httpds
that look at databases and directories."""

import os
import shutil
import tempfile

import pytest

from equipment.heartbeat import Heartbeat
from equipment.mariadb import MariaDB, add_users, option_file
from equipment.watcher import Watcher


class Pair:
    """A source and its replica, which follows, is read-only and has all when they are as new."""

    def __init__(self):
        self.servers = [MariaDB(1), MariaDB(2)]
        self.changed = True     # they may be other than as new
        self.renewed = 0        # how often they were made so

    def as_new(self):
        if not self.changed:
            return
        source, replica = self.servers
        for server in self.servers:
            if not server.alive():
                server.start()
            # Whatever a test did to it.
            server.sql("SET GLOBAL read_only=OFF; STOP ALL SLAVES; RESET SLAVE ALL;"
                       "DROP DATABASE IF EXISTS confluence;" + add_users())
        replica.sql("RESET MASTER; SET GLOBAL gtid_slave_pos=''; SET GLOBAL read_only=ON")
        source.sql("RESET MASTER; CREATE DATABASE confluence;"
                   "CREATE TABLE confluence.pages (id INT PRIMARY KEY);"
                   "INSERT INTO confluence.pages VALUES (1)")
        replica.follow(source)
        self.changed = False
        self.renewed += 1


@pytest.fixture(scope="session")
def pair():
    made = Pair()
    try:
        yield made
    finally:
        for server in made.servers:
            server.remove()


@pytest.fixture
def databases(pair):
    """(source, replica), as new, to do anything to."""
    pair.as_new()
    pair.changed = True
    yield pair.servers
    for server in pair.servers:
        if server.frozen:
            server.thaw()


@pytest.fixture
def unchanged(pair):
    """The same for a test that leaves them as they are; that saves setting them up."""
    pair.as_new()
    return pair.servers


@pytest.fixture
def watch(new_httpd, scripted):
    """Makes a Watcher with lines in which {file} is an option file for the databases."""
    def make(*lines, **more):
        httpd = new_httpd()
        file = option_file(httpd.root / "db.cnf", **more)
        return Watcher(httpd, scripted("node1"), *(line.format(file=file) for line in lines))

    return make


@pytest.fixture
def heartbeat():
    beating = Heartbeat()
    yield beating
    beating.close()


@pytest.fixture
def authority():
    """Copies a certificate to where httpd's user can read it."""
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        yield lambda cert: shutil.copy(cert, directory)
