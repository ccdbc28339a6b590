# SPDX-License-Identifier: Apache-2.0
"""Who is measured, and the nodes behind them. Every httpd has the same modules loaded, the same
MPM settings, one serving process, and an access log; each balancer is configured as its own
documentation has it for two nodes with sticky sessions."""

from equipment import client, places
from equipment.httpd import Httpd, load
from equipment.tomcat import AJP_SECRET

# httpd takes it for a file of this name, the test application for a page: the same bytes.
TARGET = "/download?bytes=1024"
SESSIONS_PER_NODE = 16

JK_PACKAGE = places.TOP / "build/unpacked/libapache2-mod-jk"       # where bench/run has unpacked it

# One process, so that all connections to nodes are in one pool. Nobody's kept connections may
# end while others have their turn.
SETTINGS = """\
ServerLimit 1
StartServers 1
ThreadsPerChild 64
MaxRequestWorkers 64
MinSpareThreads 1
MaxSpareThreads 65
KeepAliveTimeout 120
MaxKeepAliveRequests 0
"""

CFCLUSTER = """\
<CFCluster bench>
    {members}
    {sticky}
</CFCluster>
CFClusterPass "/" bench
"""

BALANCER = """\
{loads}
<Proxy balancer://bench>
    {members}
    ProxySet stickysession={sticky}
</Proxy>
ProxyPreserveHost On
ProxyPass "/" "balancer://bench/"
"""

# From the documentation of mod_proxy_balancer, "Examples of a balancer configuration".
BALANCER_COOKIE = ('Header add Set-Cookie "ROUTEID=.%{BALANCER_WORKER_ROUTE}e; path=/"'
                   " env=BALANCER_ROUTE_CHANGED\n")

JK = """\
LoadModule jk_module {package}/usr/lib/apache2/modules/mod_jk.so
JkWorkersFile {root}/workers.properties
JkLogFile {root}/logs/jk.log
JkShmFile {root}/run/jk.shm
JkMount /* bench
"""

JK_WORKERS = "worker.list=bench\nworker.bench.type=lb\nworker.bench.balance_workers=node1,node2\n"


def _httpd(config, with_module=False):
    httpd = Httpd(SETTINGS + config, with_module=with_module)
    # Written as ever, but a million lines need not be kept.
    (httpd.root / "logs/access.log").symlink_to("/dev/null")
    return httpd


def static(name):
    """An httpd with one small file: the floor, or a node faster than any Tomcat."""
    httpd = _httpd(f"Header set X-Test-Node {name}\n")
    httpd.name = name
    (httpd.root / "htdocs/download").write_bytes(client.download_body(1024))
    return httpd


def _members(nodes, line):
    return "\n    ".join(line(node) for node in nodes)


def cfcluster(nodes, ajp):
    return _httpd(cfcluster_text(nodes, ajp), with_module=True)


def cfcluster_text(nodes, ajp):
    if ajp:
        members = _members(nodes, lambda n: f"CFNode {n.name} {n.ajp_url} secret={AJP_SECRET}")
        sticky = "CFSticky session=JSESSIONID"
    else:
        members = _members(nodes, lambda n: f"CFNode {n.name} {n.url}")
        sticky = ""
    return CFCLUSTER.format(members=members, sticky=sticky)


def balancer(nodes, ajp):
    return _httpd(balancer_text(nodes, ajp))


def balancer_text(nodes, ajp):
    if ajp:
        members = _members(nodes, lambda n: f"BalancerMember {n.ajp_url} route={n.name}"
                                            f" secret={AJP_SECRET}")
    else:
        members = _members(nodes, lambda n: f"BalancerMember {n.url} route={n.name}")
    loads = "\n".join(map(load, ["slotmem_shm", "proxy_balancer", "lbmethod_byrequests"]))
    config = BALANCER.format(loads=loads, members=members,
                             sticky="JSESSIONID|jsessionid" if ajp else "ROUTEID")
    return config + ("" if ajp else BALANCER_COOKIE)


def mod_jk(nodes):
    httpd = _httpd("")
    httpd.add(JK.format(package=JK_PACKAGE, root=httpd.root))
    (httpd.root / "workers.properties").write_text(JK_WORKERS + "".join(
        f"worker.{n.name}.type=ajp13\nworker.{n.name}.host=127.0.0.1\n"
        f"worker.{n.name}.port={n.ajp_port}\nworker.{n.name}.secret={AJP_SECRET}\n"
        for n in nodes))
    return httpd


def sessions(httpd):
    """Cookie headers of as many users of each node, each of whom was seen to stay there."""
    users = {"node1": [], "node2": []}
    for _ in range(1000):
        user = client.User(httpd.url)
        user.get("/")
        if len(users.get(user.node, [])) < SESSIONS_PER_NODE and user.node:
            users[user.node].append(user)
        if all(len(have) == SESSIONS_PER_NODE for have in users.values()):
            break
    else:
        raise AssertionError(f"{httpd.url}: new users do not spread over both nodes: {users}")
    for node, have in users.items():
        for user in have:
            answer = user.get(TARGET)
            assert (answer.status_code, user.node) == (200, node), f"{httpd.url} is not sticky"
    return ["; ".join(f"{name}={value}" for name, value in user.cookies.items())
            for pair in zip(*users.values()) for user in pair]
