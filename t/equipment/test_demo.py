# SPDX-License-Identifier: Apache-2.0
"""tools/demo does what the README promises of it."""

import os
import re
import signal
import subprocess

import pytest
import requests

from . import places, ports, proc
from .client import User

pytestmark = pytest.mark.once

OPTIONS = "--port", "--node1-port", "--node2-port"


def arguments(numbers):
    return [str(word) for pair in zip(OPTIONS, numbers) for word in pair]


class Demo:
    """A demonstration on ports of its own, its keyboard a pipe, its screen a file."""

    def __init__(self, tmp_path):
        self.ports = [ports.free() for _ in OPTIONS]
        self.url = f"http://127.0.0.1:{self.ports[0]}"
        self.screen = tmp_path / "screen"
        with open(self.screen, "wb") as screen:
            self.popen = subprocess.Popen(
                [places.TOP / "tools/demo", *arguments(self.ports)],
                stdin=subprocess.PIPE, stdout=screen, stderr=screen, start_new_session=True)

    def sees(self, pattern, seconds=30):
        def look():
            assert self.popen.poll() is None, self.screen.read_text()
            return re.search(pattern, self.screen.read_text())
        return proc.wait_for(look, f"{pattern} on the screen", seconds)

    def types(self, text):
        self.popen.stdin.write(text.encode())
        self.popen.stdin.flush()

    def end(self, number):
        """As Ctrl-C (SIGINT) or a service manager (SIGTERM) would. Returns the exit code."""
        if self.popen.poll() is None:
            os.kill(self.popen.pid, number)
        return self.popen.wait(30)


@pytest.fixture
def demo(tmp_path):
    made = Demo(tmp_path)
    yield made
    made.end(signal.SIGTERM)
    made.popen.stdin.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_demo_survives_a_killed_node_and_leaves_nothing_behind(demo, number):
    demo.sees("Ctrl-C here stops everything", 120)
    user = User(demo.url)
    first = user.page()["session"]
    assert user.page()["session"] == first
    name = user.node
    pid = int(demo.sees(rf"kill -9 (\d+) +\({name}\)").group(1))
    os.kill(pid, signal.SIGKILL)
    user.page()
    assert user.node not in (None, name)

    demo.sees(f"{name} has ended")
    demo.types(name[-1] + "\n")
    demo.sees(f"{name} answers again")
    assert requests.get(demo.url + "/admin/x.action", timeout=5).status_code == 401
    assert requests.get(demo.url + "/admin/x.action", auth=("admin", "admin"),
                        timeout=5).headers["X-Test-Servlet"] == "admin"

    logs = demo.sees(r"Logs +(\S+)/logs").group(1)
    assert demo.end(number) == 0
    assert [port for port in demo.ports if ports.taken(port)] == []
    assert not os.path.exists(logs)


def run_demo(*more):
    done = subprocess.run([places.TOP / "tools/demo", *more], stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
    return done.returncode, done.stdout


def test_demo_names_the_option_of_a_port_in_use(nodes):
    numbers = [ports.free(), nodes[0].port, ports.free()]
    code, output = run_demo(*arguments(numbers))
    assert code == 1
    assert f"port {numbers[1]} is in use; choose another one with --node1-port N" in output
    assert not ports.answers(numbers[0]) and not ports.answers(numbers[2])


REFUSED = [
    # label,              arguments,                            complaint
    ("not a number",      ["--port", "http"],                   '--port "http" is not a port'),
    ("too large",         ["--port", "65536"],                  '--port "65536" is not a port'),
    ("no value",          ["--node2-port"],                     '--node2-port "" is not a port'),
    ("twice the same",    ["--port", "9", "--node1-port", "9"], "must differ"),
    ("unknown option",    ["--prot", "8080"],                   "there is no option --prot"),
]


@pytest.mark.parametrize("more, complaint", [row[1:] for row in REFUSED],
                         ids=[row[0] for row in REFUSED])
def test_demo_refuses_wrong_options_in_words(more, complaint):
    code, output = run_demo(*more)
    assert code != 0 and complaint in output


def test_demo_explains_itself():
    code, output = run_demo("--help")
    assert code == 0 and all(option in output for option in OPTIONS)
