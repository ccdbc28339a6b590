# SPDX-License-Identifier: Apache-2.0
"""What tools/demo shows: two Tomcats behind httpd with mod_cfcluster, until Ctrl-C.

Started by tools/demo, which sets CFC_DEMO_PORT, CFC_DEMO_NODE1_PORT and CFC_DEMO_NODE2_PORT.
"""

import os
import select
import signal
import subprocess
import sys
import time

from . import places, ports
from .cluster import Cluster, config
from .httpd import Httpd
from .tomcat import Tomcat

PROBE = "CFProbe http /status expect=confluence interval=200ms timeout=800ms rise=2 fall=2"

PROTECTION = """\
<CFClusterProtect admin-console>
    AuthType Basic
    AuthName "Admin console"
    AuthBasicProvider file
    AuthUserFile {users}
    Require valid-user
</CFClusterProtect>
"""

GUIDE = """
  The pages of the cluster     {url}/
  Its status page              {url}/cluster
  httpd's configuration        {conf}
  Logs                         {logs}

Three things to try:

  1. Open {url}/ and load it again: the same node, the same session.
     Then end that node the hard way, with one of
         kill -9 {pids[0]}      (node1)
         kill -9 {pids[1]}      (node2)
     and load the page again: the other node answers. To start the dead one again,
     type its number here, 1 or 2, and Enter.

  2. On {url}/cluster, drain the node that you are on: you stay there;
     whoever comes new (a private window, or: curl -s {url}/ | grep title)
     goes to the other. Then close the cluster for maintenance, look, and open it again.

  3. Open {url}/admin/console.action: it asks for a login
     (admin, password admin). So do its other doors, such as
     {url}/s/x/_/%2561dmin/console.action

Ctrl-C here stops everything.
"""

_begun = time.monotonic()


def say(text):
    print(f"[{time.monotonic() - _begun:6.1f} s] {text}", flush=True)


def chosen_port(option):
    """The number that an option, or its environment variable, or its default, has set."""
    variable = "CFC_DEMO_" + option.lstrip("-").replace("-", "_").upper()
    text = os.environ[variable]
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        sys.exit(f"tools/demo: {option} \"{text}\" is not a port; write a number up to 65535,"
                 f" for example {option} 8180")
    return int(text)


def chosen_ports():
    """The three ports, all different and none in use; else says which option to change."""
    chosen = {option: chosen_port(option) for option in ("--port", "--node1-port", "--node2-port")}
    if len(set(chosen.values())) < len(chosen):
        sys.exit("tools/demo: --port, --node1-port and --node2-port must differ")
    for option, port in chosen.items():
        if ports.taken(port):
            sys.exit(f"tools/demo: port {port} is in use; choose another one"
                     f" with {option} N")
    return chosen.values()


def users_file(httpd):
    """A password file with the one user admin, password admin."""
    line = subprocess.run(["openssl", "passwd", "-apr1", "admin"], check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    path = httpd.root / "users"
    path.write_text("admin:" + line)
    return path


class Demo:
    def __init__(self):
        port, *node_ports = chosen_ports()
        self.nodes = [Tomcat(f"node{i}", node_port) for i, node_port in enumerate(node_ports, 1)]
        self.httpd = Httpd(port=port)
        self.httpd.add(config(self.nodes, probe=PROBE,
                              outside=PROTECTION.format(users=users_file(self.httpd))))
        self.missed = set()

    def run(self):
        say("Building mod_cfcluster (the first time takes a minute)")
        subprocess.run([places.TOP / "tools/build"], check=True)
        say("Starting two Tomcats, node1 and node2")
        for node in self.nodes:
            node.start()
        for node in self.nodes:
            node.wait_ready()
            say(f"{node.name} answers at {node.url} (process {node.pid})")
        say(f"Starting httpd at {self.httpd.url}")
        Cluster(self.httpd, self.nodes).start()
        say(f"The cluster is ready (httpd is process {self.httpd.pid})")
        print(GUIDE.format(url=self.httpd.url, conf=self.httpd.conf,
                           logs=self.httpd.root / "logs", pids=[n.pid for n in self.nodes]),
              flush=True)
        self.wait()

    def wait(self):
        """Until interrupted: notice a node that has ended, start it again when asked to."""
        inputs = [sys.stdin.fileno()]
        while self.httpd.proc.alive():
            for i, node in enumerate(self.nodes, 1):
                if not node.alive() and node not in self.missed:
                    self.missed.add(node)
                    say(f"{node.name} has ended. To start it again: {i} and Enter")
            if select.select(inputs, [], [], 0.2)[0]:
                typed = os.read(inputs[0], 1024).decode(errors="replace")
                if not typed:
                    inputs = []
                self.revive(typed.split())
        raise AssertionError("httpd has ended:\n" + self.httpd.error_log())

    def revive(self, numbers):
        for i, node in enumerate(self.nodes, 1):
            if str(i) in numbers and not node.alive():
                node.start().wait_ready()
                self.missed.discard(node)
                say(f"{node.name} answers again (process {node.pid}); its next probes bring it in")

    def end(self):
        if self.httpd.proc:
            self.httpd.shut_down()
        for node in self.nodes:
            node.remove()
        self.httpd.remove()


def interrupt(*_):
    raise KeyboardInterrupt


def main():
    for number in signal.SIGTERM, signal.SIGHUP:
        signal.signal(number, interrupt)
    demo = Demo()
    code = 1
    try:
        demo.run()
    except KeyboardInterrupt:
        code = 0
    except subprocess.CalledProcessError:
        pass        # tools/build has said why
    except AssertionError as e:
        print(f"\n{e}", file=sys.stderr)
    finally:
        for number in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
            signal.signal(number, signal.SIG_IGN)
        print(flush=True)
        say("Stopping everything")
        demo.end()
        say("Stopped")
    sys.exit(code)


if __name__ == "__main__":
    main()
