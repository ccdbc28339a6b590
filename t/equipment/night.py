# SPDX-License-Identifier: Apache-2.0
"""A real site to upgrade: two Tomcats with an application that has a version, a database with its
replica, httpd over them; and cfclusterctl upgrade, run as a person runs it. What the plan's
commands do, the test's own process does for them, since it is the one that starts servers."""

import itertools
import os
import re
import select
import shutil
import subprocess
import sys
import threading
import time
from xml.etree import ElementTree

import requests

from . import places
from .cluster import Cluster, config
from .mariadb import MariaDB, add_users, option_file
from .proc import wait_for
from .tomcat import Tomcat, webapp
from .tunnel import connect, node_of, works
from .watcher import FAST

COMMANDS = """announce announce-abort announce-end stop-node start-node stop-database start-database
    snapshot-node revert-node snapshot-database revert-database delete-snapshots deploy customise
    plugins upgrade-mode upgrade-mode-off finalise stop-staging copy start-staging-database
    configure-staging deploy-staging customise-staging start-staging run-checks""".split()

# Asks the test's process and waits for its answer, but not when that has given up.
ASK = """#!/bin/sh
echo "$1 $NODE$DATABASE" >{0}/asking && mv {0}/asking {0}/asked || exit 1
tries=0
while [ ! -e {0}/answered ]; do
    sleep 0.02
    tries=$((tries + 1))
    [ $tries -lt 20000 ] && [ ! -e {0}/given-up ] || exit 1
done
cat {0}/answered; rm {0}/answered
"""


class Deployed(Tomcat):
    """A Tomcat with an installation and a home of its own, which can be replaced."""

    def __init__(self, name):
        super().__init__(name)
        self._listen_to_http_alone()
        self.app, self.home = self.base / "app", self.base / "home"
        self.home.mkdir()
        self.deploy("old")

    def _listen_to_http_alone(self):
        """It starts so often that a quick start matters."""
        conf = self.base / "conf/server.xml"
        tree = ElementTree.parse(conf)
        service = tree.find("Service")
        for connector in service.findall("Connector")[1:]:
            service.remove(connector)
        tree.write(conf)

    def settings(self):
        return {**super().settings(), "cfc.webapp": self.app}

    def deploy(self, version):
        if self.app.exists():
            shutil.rmtree(self.app)
        shutil.copytree(webapp(), self.app)
        (self.app / "WEB-INF/version").write_text(version)

    @property
    def version(self):
        return (self.app / "WEB-INF/version").read_text()

    def places(self):
        return self.app, self.home


class Database(MariaDB):
    """Ends in order, so that its files are whole."""

    def shut_down(self):
        self.sql("SHUTDOWN")
        self.proc.popen.wait(60)

    def end_connections(self, user):
        """It does not notice by itself that the clients of sleeping statements are gone."""
        def gone():
            rows = self.sql(f"SELECT ID FROM information_schema.PROCESSLIST WHERE USER = '{user}'")
            for row in rows:
                self._client(f"KILL {row[0]}")      # it may have ended by now
            return not rows

        wait_for(gone, f"no connection of {user} is left", 60)

    def places(self):
        return (self.base / "data",)


def replace(source, target):
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)


class Night:
    """The site, with version old. snapshots are copies of directories."""

    def __init__(self, new_httpd, directory):
        self.directory = directory
        self.nodes = {name: Deployed(name) for name in ("node1", "node2")}
        self.databases = {"master": Database(1), "replica": Database(2)}
        self.staging = Deployed("staging"), Database(3)
        self.pools = {}             # connections of the applications to the database
        self.snapshots = set()
        self.afterwards = lambda section, name: None    # for a test that is in the way
        self._start()
        self.httpd = new_httpd()
        file = option_file(self.httpd.root / "db.cnf")
        master, replica = self.databases.values()
        # Nodes end. Whoever was given one in the moment it was taken out goes to another.
        self.httpd.allow("CFC03[0-9]{2}|AH01102|AH00898|AH00957|AH01114")
        self.httpd.add(config(list(self.nodes.values()), "\n".join([
            f"CFDatabase master mysql://127.0.0.1:{master.port}/confluence option-file={file} "
            f"{FAST}",
            f"CFDatabase replica mysql://127.0.0.1:{replica.port} of=master option-file={file} "
            "timeout=1s", "CFTimeout tunnel-end=1s",
            "CFSlowStart 3s"])))        # over while a node is observed: it has to get somebody
        self.cluster = Cluster(self.httpd, self.nodes.values()).start()
        self.write_plan()

    def _start(self):
        for node in self.nodes.values():
            node.start()
        master, replica = (database.start() for database in self.databases.values())
        master.sql("RESET MASTER; CREATE DATABASE confluence;"
                   "CREATE TABLE confluence.pages (version VARCHAR(9), text VARCHAR(99));"
                   "INSERT INTO confluence.pages VALUES ('old', 'what users wrote');"
                   "CREATE USER app@'127.0.0.1' IDENTIFIED BY 'app';"
                   "GRANT ALL ON confluence.* TO app@'127.0.0.1';" + add_users())
        replica.sql("RESET MASTER; SET GLOBAL gtid_slave_pos=''; SET GLOBAL read_only=ON;"
                    + add_users())
        replica.sql("RESET MASTER")
        replica.follow(master)
        for name, node in self.nodes.items():
            node.wait_ready()
            self._connect(name)

    def remove(self):
        for server in (*self.nodes.values(), *self.databases.values(), *self.staging):
            server.remove()
        for pool in self.pools.values():
            pool.kill()

    # what there is

    def pages(self, name="master"):
        """The rows of the one table, as they are."""
        return self.databases[name].sql("SELECT version, text FROM confluence.pages")

    def served(self):
        """{version that users get}"""
        return {self.cluster.user().page()["deployed"] for _ in range(6)}

    def as_old(self):
        """As it was at first, whatever a walk has done to it."""
        self.afterwards = lambda section, name: None
        self.write_plan()
        for name in list(self.snapshots):
            self.delete(name)
        for name, node in self.nodes.items():
            if node.version != "old":
                self.stop_node(name)
                node.deploy("old")
                self.start_node(name)
        self.databases["master"].sql("UPDATE confluence.pages SET version = 'old'")
        self.cluster.wait_serving(*self.nodes, seconds=60)
        wait_for(lambda: self.gate("replica-in-sync") == "met", "the replica has all", 60)

    def gate(self, name):
        return requests.get(self.httpd.url + "/cluster", timeout=10,
                            params={"format": "json", "gate": name}).json()["verdict"]

    # what the plan's commands do; starting and stopping may be done twice, as systemctl may

    def _connect(self, name):
        self.pools[name] = self.databases["master"].connect("app", "app", "confluence")

    def stop_node(self, name):
        self.nodes[name].stop()
        if name in self.pools:
            self.pools.pop(name).kill()
        if not self.pools and self.databases["master"].alive():
            self.databases["master"].end_connections("app")

    def start_node(self, name):
        """A newer application upgrades the database while it starts."""
        node = self.nodes[name]
        if node.alive():
            return
        self._connect(name)
        self.databases["master"].sql(f"UPDATE confluence.pages SET version = '{node.version}'")
        node.start()

    def say_wrong(self, name, state):
        """A node that has started says this, and the balancer has seen it."""
        self.nodes[name].wait_ready().set_state(state)
        wait_for(lambda: self.cluster.node(name)["health"]["cause"] == "refused",
                 f"{name} is seen to say {state}", 60)

    def stop_database(self, name):
        if self.databases[name].alive():
            self.databases[name].shut_down()

    def start_database(self, name):
        database = self.databases[name]
        if not database.alive():
            database.start()
        if name == "replica":
            database.sql("SET GLOBAL read_only=ON; START SLAVE")

    def _each_place(self, name):
        server = self.nodes.get(name) or self.databases[name]
        return [(place, place.with_name(place.name + ".before")) for place in server.places()]

    def snapshot(self, name):
        for place, copy in self._each_place(name):
            shutil.copytree(place, copy)
        self.snapshots.add(name)

    def revert(self, name):
        for place, copy in self._each_place(name):
            replace(copy, place)
        self.delete(name)

    def delete(self, name):
        for _, copy in self._each_place(name):
            shutil.rmtree(copy)
        self.snapshots.discard(name)

    def deploy(self, name):
        self.nodes[name].deploy("new")

    def customise(self, name):
        (self.nodes[name].home / "customised").write_text("yes")

    def copy(self, name):
        node, database = self.staging
        replace(self.nodes[name].home, node.home)
        replace(self.databases["replica"].base / "data", database.base / "data")

    def start_staging(self, _):
        node, database = self.staging
        database.start()
        node.deploy("new")
        node.start().wait_ready()

    def work(self, look):
        """Do what a command of the plan has asked for, if one has. look(text) is told first."""
        asked = self.directory / "asked"
        if not asked.exists():
            return
        section, _, name = asked.read_text().strip().partition(" ")
        asked.unlink()
        look(f"[{section}] {name}")
        self._carry_out(section, name)
        part = self.directory / "answering"
        part.write_text(f"{section} {name} was carried out\n")
        part.rename(self.directory / "answered")

    def _carry_out(self, section, name):
        work = {"stop-node": self.stop_node, "start-node": self.start_node,
                "stop-database": self.stop_database, "start-database": self.start_database,
                "snapshot-node": self.snapshot, "snapshot-database": self.snapshot,
                "revert-node": self.revert, "revert-database": self.revert,
                "delete-snapshots": self.delete, "deploy": self.deploy,
                "customise": self.customise, "copy": self.copy,
                "start-staging": self.start_staging}.get(section)
        if work:
            work(name)
        self.afterwards(section, name)

    # the walk

    def write_plan(self, settle="1m"):
        self.plan = self.directory / "plan.ini"
        ask = self.directory / "ask"
        ask.write_text(ASK.format(self.directory))
        self.plan.write_text(
            f"[upgrade]\ncluster = confluence\nbalancer = {self.httpd.url}/cluster\n"
            f"directory = {self.directory}/journal\nnodes = node1 node2\ndatabase = master\n"
            "replica = replica\ndrain = 2s\nobserve = 10s\nmessage = We are upgrading.\n"
            f"until = 1h\nsettle = {settle}\n[reach]\ncommand = true\n"
            + "".join(f"[{name}]\ncommand = sh {ask} {name}\n" for name in COMMANDS))

    def upgrade(self, what, answers=None, asked=lambda text: None, killed_at=lambda text: False):
        """Run cfclusterctl upgrade to its end and answer what it asks: with these answers, or yes
        to everything. asked is called before with all that was said, and may return an answer, or
        "kill". killed_at(text) likewise of each command, "[SECTION] NAME", before it is done, and
        of each piece of output. Returns the exit code and all that was said."""
        popen = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", sys.executable, "-I",
             places.TOP / "tools/cfclusterctl", "upgrade", what, "--plan", self.plan],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return _Terminal(self, popen, answers, asked, killed_at).serve()


PROMPT = re.compile(r"^\[([a-z/]+)\] ", re.M)


def yes(text):
    """What somebody types who agrees. A node that has just been started on a busy machine may be
    slow; that it fails is another thing."""
    words = PROMPT.findall(text)[-1].split("/")
    if "accept" in words and re.search(r"others: \w+: 0 of \d+ requests failed",
                                       text.rpartition("not done:")[2]):
        return "accept"
    return next((word for word in ("go", "again") if word in words), None)


class _Terminal:
    def __init__(self, night, popen, answers, asked, killed_at):
        self.night, self.popen, self.asked, self.killed_at = night, popen, asked, killed_at
        left = iter(answers or ())
        self.answer = yes if answers is None else lambda _: next(left, None)
        self.text, self.answered = "", 0

    def serve(self, seconds=1200):
        end = time.monotonic() + seconds
        given_up = self.night.directory / "given-up"
        given_up.unlink(missing_ok=True)
        try:
            while self._read() or self.popen.poll() is None:
                assert time.monotonic() < end, f"the walk does not end:\n{self.text}"
                self.night.work(self._look)
        except BaseException:
            given_up.touch()
            self.popen.kill()
            raise
        finally:
            self.popen.stdin.close()
            self.popen.stdout.close()
            self.popen.wait()
        return self.popen.returncode, self.text

    def _look(self, text):
        if self.killed_at(text):
            self.popen.kill()

    def _read(self):
        if not select.select([self.popen.stdout], [], [], 0.02)[0]:
            return False
        new = os.read(self.popen.stdout.fileno(), 65536).decode()
        self.text += new
        self._look(new)
        if len(PROMPT.findall(self.text)) > self.answered:      # events may follow it
            self.answered += 1
            self._type(self.asked(self.text) or self.answer(self.text))
        return bool(new)

    def _type(self, word):
        if word == "kill":
            self.popen.kill()
        elif word:
            try:
                self.popen.stdin.write(word.encode() + b"\n")
                self.popen.stdin.flush()
            except BrokenPipeError:     # it was killed
                pass
        else:
            self.popen.stdin.close()


# What visitors do: each returns (status, what it was).

def page(user):
    answer = user.get("/page", headers={"Accept": "text/html"})
    version = re.search(r"<th>deployed<td>(\w+)", answer.text)
    closed = "We are upgrading." in answer.text
    return answer.status_code, version[1] if version else "page" if closed else answer.text[:200]


def newcomer(user):
    """Somebody else each time: a new session, which any node may get."""
    user.session.cookies.clear()
    return page(user)


def post(user, method="POST"):
    answer = user.request(method, "/upload?ms=200", data=b"x" * 20_000)
    whole = answer.headers.get("X-Test-Bytes") == "20000"
    return answer.status_code, "uploaded" if whole else answer.text[:200]


def put(user):
    return post(user, "PUT")


def slow(user):
    return user.get("/slow?ms=700").status_code, "slow"


class Visitors:
    """Users who do things in turn, and go on until the end of the with block. seen: for each of
    them all (status, what)."""

    def __init__(self, cluster, users=4, things=(page,)):
        self.seen = [[] for _ in range(users)]
        self._things = things
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._visit, args=(cluster.user(), seen))
                         for seen in self.seen]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, failed, *_):
        """Everybody meets what there is at the end: the second thing from now on begins after now."""
        counts = [len(seen) + 2 for seen in self.seen]
        try:
            if not failed:
                wait_for(lambda: all(len(seen) >= count for seen, count in zip(self.seen, counts)),
                         "every visitor came once more", 60)
        finally:
            self._over.set()
            for thread in self._threads:
                thread.join()

    def _visit(self, user, seen):
        things = itertools.cycle(self._things)
        while not self._over.wait(0.1):
            try:
                seen.append(next(things)(user))
            except requests.RequestException as e:
                seen.append((0, repr(e)))

    def kinds(self):
        return {what for seen in self.seen for what in seen}

    def stories(self):
        """What each met one after the other, without repetitions: {"old page new"}."""
        return {" ".join(what for what, _ in itertools.groupby(what for _, what in seen))
                for seen in self.seen}


class Editor:
    """Somebody with a WebSocket, who opens another one as soon as it is closed, until the end of
    the with block. nodes: on which they were; failed: what went wrong."""

    def __init__(self, url):
        self.nodes, self.failed = [], []
        self._url = url
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._edit)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def _edit(self):
        while not self._over.is_set():
            try:
                tunnel = connect(self._url)
                self.nodes.append(node_of(tunnel))
                if not works(tunnel):
                    self.failed.append("it was closed at once")
                while not self._over.wait(0.1) and works(tunnel):
                    pass
                tunnel.close()
            except Exception as e:      # pylint: disable=broad-except
                self.failed.append(repr(e))
