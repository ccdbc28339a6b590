# SPDX-License-Identifier: Apache-2.0
"""Databases for the whole run: a source and its replica, set up anew for each test. And httpds
that look at databases and directories."""

import os
import shutil
import tempfile

import pytest

from equipment.mariadb import MariaDB, add_users, option_file
from equipment.watcher import Watcher

@pytest.fixture(scope="session")
def pair():
    both = [MariaDB(1), MariaDB(2)]
    try:
        yield [server.start() for server in both]
    finally:
        for server in both:
            server.remove()


@pytest.fixture
def databases(pair):
    """(source, replica): the replica follows, is read-only and has all."""
    source, replica = pair
    for server in pair:
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
    yield source, replica
    for server in pair:
        if server.frozen:
            server.thaw()


@pytest.fixture
def watch(new_httpd, scripted):
    """Makes a Watcher with lines in which {file} is an option file for the databases."""
    def make(*lines, **more):
        httpd = new_httpd()
        file = option_file(httpd.root / "db.cnf", **more)
        return Watcher(httpd, scripted("node1"), *(line.format(file=file) for line in lines))

    return make


@pytest.fixture
def authority():
    """Copies a certificate to where httpd's user can read it."""
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        yield lambda cert: shutil.copy(cert, directory)
