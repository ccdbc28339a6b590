# SPDX-License-Identifier: Apache-2.0
"""Measures the contestants in turns, A B C A B C, and prints tables in Markdown.

CPU time is that of all of a contestant's processes, user and system, from /proc: what the
balancer costs, whatever load generator and nodes do beside it. A ratio is made within each round,
so that a machine that slows down does so for both."""

import gzip
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from equipment import places, proc
from equipment.tomcat import Tomcat

from . import contestants
from .contestants import TARGET

CONNECTIONS = 16
ROUNDS, SECONDS = 8, 2
QUICK_ROUNDS, QUICK_SECONDS = 3, 1

SCRIPT = places.TOP / "bench/sessions.lua"
CHOICE = places.TOP / "build/bench-choice"
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")

OURS, BALANCER, JK, FLOOR = "mod_cfcluster", "mod_proxy_balancer", "mod_jk", "static file"


def say(text):
    print(text, file=sys.stderr, flush=True)


@dataclass
class Series:
    """One line of the table: a contestant under one kind of requests, one reading a round."""
    who: str
    carries: str            # "http" or "ajp"; "" for the floor
    users: str              # "sticky" or "new"; "" for the floor
    httpd: contestants.Httpd
    cookies: list
    cpu_us: list = field(default_factory=list)      # CPU time of a request
    rate: list = field(default_factory=list)        # requests a second

    @property
    def label(self):
        return " ".join(filter(None, [self.who, self.carries, self.users]))

    def read(self, seconds):
        """One reading, not kept yet: (CPU microseconds of a request, requests a second)."""
        before = cpu_seconds(self.httpd.pid)
        count, rate = load(self.httpd.url + TARGET, self.cookies, seconds, self.label)
        return (cpu_seconds(self.httpd.pid) - before) / count * 1e6, rate

    def keep(self, reading):
        self.cpu_us.append(reading[0])
        self.rate.append(reading[1])


def cpu_seconds(pid):
    """User and system time of a server's processes until now; none of them ends meanwhile."""
    stats = [Path(f"/proc/{p}/stat").read_text() for p in proc.family(pid)]
    fields = [stat.rpartition(")")[2].split() for stat in stats]
    return sum(int(f[11]) + int(f[12]) for f in fields) / TICKS_PER_SECOND


def load(url, cookies, seconds, label):
    """(requests answered, requests a second); any answer but 200 ends the run."""
    output = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", SCRIPT, url, "--", *cookies],
        check=True, stdout=subprocess.PIPE, text=True).stdout
    if "Non-2xx" in output or "Socket errors" in output:
        raise AssertionError(f"{label}: requests failed\n{output}")
    count = re.search(r"(\d+) requests in", output)
    rate = re.search(r"Requests/sec: *([\d.]+)", output)
    return int(count.group(1)), float(rate.group(1))


# servers

def start_all(stack):
    """Every server started, to be ended by the stack; the Series to measure, in their order."""
    nodes = [contestants.static("node1"), contestants.static("node2")]
    tomcats = [Tomcat("node1"), Tomcat("node2")]
    for tomcat in tomcats:
        stack.callback(tomcat.remove)
        tomcat.start()
    for tomcat in tomcats:
        tomcat.wait_ready()
    floor = contestants.static("floor")
    balancers = [
        (OURS, "http", contestants.cfcluster(nodes, ajp=False)),
        (BALANCER, "http", contestants.balancer(nodes, ajp=False)),
        (OURS, "ajp", contestants.cfcluster(tomcats, ajp=True)),
        (BALANCER, "ajp", contestants.balancer(tomcats, ajp=True)),
        (JK, "ajp", contestants.mod_jk(tomcats)),
    ]
    for httpd in [*nodes, floor, *(httpd for _, _, httpd in balancers)]:
        stack.callback(httpd.remove)
        stack.callback(httpd.stop)
        httpd.start()
    cookies = {httpd: contestants.sessions(httpd) for _, _, httpd in balancers}
    return [Series(FLOOR, "", "", floor, [])] + [
        Series(who, carries, users, httpd, cookies[httpd] if users == "sticky" else [])
        for users in ("sticky", "new") for who, carries, httpd in balancers]


def measure(rounds, seconds):
    with ExitStack() as stack:
        say("starting servers")
        series = start_all(stack)
        say("warming up")
        for one in series:
            if one.users == "sticky":
                one.read(1)
        for number in range(rounds):
            say(f"round {number + 1} of {rounds}")
            for one in series:
                one.keep(one.read(seconds))
        say("stopping servers")
    return series


# tables

def cell(values, form):
    return (f"{statistics.median(values):{form}} "
            f"({min(values):{form}}-{max(values):{form}})")


def print_series(series):
    floor = statistics.median(series[0].cpu_us)
    print("| | carries | requests | CPU for a request, µs | above the floor, µs "
          "| requests a second |")
    print("|---|---|---|---|---|---|")
    for one in series:
        above = statistics.median(one.cpu_us) - floor
        print(f"| {one.who} | {one.carries} | {one.users} | {cell(one.cpu_us, '.1f')} "
              f"| {above:.1f} | {cell(one.rate, '.0f')} |")


def print_ratios(series):
    print(f"| {OURS} : | carries | requests | CPU for a request | requests a second |")
    print("|---|---|---|---|---|")
    for peer in series:
        if peer.who not in (BALANCER, JK):
            continue
        ours = next(one for one in series
                    if (one.who, one.carries, one.users) == (OURS, peer.carries, peer.users))
        cpu = [a / b for a, b in zip(ours.cpu_us, peer.cpu_us)]
        rate = [a / b for a, b in zip(ours.rate, peer.rate)]
        print(f"| {peer.who} | {peer.carries} | {peer.users} | {cell(cpu, '.2f')} "
              f"| {cell(rate, '.2f')} |")


def version(package):
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    return done.stdout or "?"


def jk_version():
    """Unpacked, not installed: its changelog begins "name (version) ..."."""
    changes = contestants.JK_PACKAGE / "usr/share/doc/libapache2-mod-jk/changelog.Debian.gz"
    return re.search(r"\((.*?)\)", gzip.open(changes, "rt").readline()).group(1)


def print_machine(rounds, seconds, load_before):
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    print(f"{os.cpu_count()} cores of {model.group(1) if model else platform.machine()}, "
          f"Linux {platform.release()}; httpd {version('apache2-bin')}, "
          f"mod_jk {jk_version()}, Tomcat {version('libtomcat10-java')}; "
          f"{rounds} rounds of {seconds} s, {CONNECTIONS} connections; "
          f"load average before: {load_before:.1f}")


def main():
    quick = "--quick" in sys.argv[1:]
    rounds, seconds = (QUICK_ROUNDS, QUICK_SECONDS) if quick else (ROUNDS, SECONDS)
    begun, load_before = time.monotonic(), os.getloadavg()[0]
    series = measure(rounds, seconds)
    say("choice and guard")
    choice = subprocess.run([CHOICE], check=True, stdout=subprocess.PIPE, text=True).stdout
    print_machine(rounds, seconds, load_before)
    print()
    print_series(series)
    print()
    print_ratios(series)
    print()
    print(choice, end="")
    say(f"done in {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()
