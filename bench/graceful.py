# SPDX-License-Identifier: Apache-2.0
"""What graceful restarts cost those who are there: the steady load of the tests, httpd told to
reload once a second meanwhile, and the times of the requests of these seconds. Each setting of
httpd's is measured in turns with the others, and so is mod_proxy_balancer. Prints a table in
Markdown."""

import collections
import os
import socket
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from equipment.httpd import Httpd
from equipment.load import SteadyLoad, percentile
from equipment.scripted import ScriptedNode

from . import contestants
from .compare import version

RELOADS = 10
BEFORE_S, AFTER_S = 3, 2
ROUNDS, QUICK_ROUNDS = 2, 1

# Downloads and exports: so many begin before each reload, and go on for so long.
LONG, LONG_MS = 30, 20_000

# What Debian installs for the event MPM.
DEBIAN = """\
StartServers 2
MinSpareThreads 25
MaxSpareThreads 75
ThreadsPerChild 25
MaxRequestWorkers 150
"""

# As in docs/performance.md and examples/confluence-full.conf.
RECOMMENDED = """\
StartServers 4
ThreadsPerChild 25
MaxRequestWorkers 400
MinSpareThreads 75
MaxSpareThreads 400
ServerLimit 64
"""

SETTINGS = [("Debian's", DEBIAN), ("recommended", RECOMMENDED)]
BALANCERS = [
    ("mod_proxy_balancer", False, lambda nodes: contestants.balancer_text(nodes, ajp=False)),
    ("mod_cfcluster", True, lambda nodes: contestants.cfcluster_text(nodes, ajp=False)),
]


def say(text):
    print(text, file=sys.stderr, flush=True)


def begin_long_answers(stack, port):
    for _ in range(LONG):
        connection = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
        connection.sendall(f"GET /?ms={LONG_MS} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())


def reload_again_and_again(httpd, long_answers):
    """Returns when it began and when it was over."""
    begun = time.monotonic()
    with ExitStack() as stack:
        for number in range(RELOADS):
            if long_answers:
                begin_long_answers(stack, httpd.port)
            time.sleep(max(0, begun + number - time.monotonic()))
            httpd.graceful()
        time.sleep(1)
    return begun, time.monotonic()


def measure(text, with_module, long_answers, directory):
    """The Shots that were due while httpd was reloaded."""
    httpd = Httpd(text, with_module=with_module)
    try:
        httpd.start()
        steady = SteadyLoad(httpd.port, BEFORE_S + RELOADS + AFTER_S, directory)
        time.sleep(BEFORE_S)
        begun, ended = reload_again_and_again(httpd, long_answers)
        return [shot for shot in steady.results() if begun <= shot.at <= ended]
    finally:
        if httpd.proc is not None:
            httpd.shut_down()
        httpd.remove()


def cases():
    for long_answers in False, True:
        for label, settings in SETTINGS:
            for who, with_module, text in BALANCERS:
                yield who, label, settings, with_module, text, long_answers


def print_table(shots):
    print("| | settings | long answers | p50, ms | p95, ms | p99, ms | longest, ms | over 1 s "
          "| failed | sent again |")
    print("|---" * 10 + "|")
    for (who, label, long_answers), of in shots.items():
        times = " | ".join(f"{percentile(of, share):.0f}" for share in (0.5, 0.95, 0.99, 1))
        print(f"| {who} | {label} | {'yes' if long_answers else 'no'} | {times} "
              f"| {sum(s.ms > 1000 for s in of)} | {sum(s.failed for s in of)} of {len(of)} "
              f"| {sum(s.resent for s in of)} |")


def main():
    rounds = QUICK_ROUNDS if "--quick" in sys.argv[1:] else ROUNDS
    load_before = os.getloadavg()[0]
    shots = collections.defaultdict(list)
    nodes = [ScriptedNode("node1"), ScriptedNode("node2")]
    with tempfile.TemporaryDirectory() as directory:
        for number in range(rounds):
            for who, label, settings, with_module, text, long_answers in cases():
                say(f"round {number + 1} of {rounds}: {who}, {label}, {long_answers}")
                shots[who, label, long_answers] += measure(
                    settings + text(nodes), with_module, long_answers, Path(directory))
    for node in nodes:
        node.close()
    print(f"{os.cpu_count()} cores, httpd {version('apache2-bin')}; {RELOADS} reloads, one a "
          f"second, {rounds} times; load average before: {load_before:.1f}\n")
    print_table(shots)


if __name__ == "__main__":
    main()
