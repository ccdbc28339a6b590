# SPDX-License-Identifier: Apache-2.0
"""What httpd -t says about a configuration that is wrong: the directive, what was written, what
would be right, and the line of the file."""

import pytest

from equipment import places
from equipment.client import User
from equipment.httpd import load

# A configuration is read before there is an MPM at work.
pytestmark = pytest.mark.once

NODE = "CFNode node1 http://127.0.0.1:1"
SECOND = "CFNode node2 http://127.0.0.1:2"


def within(*lines):
    """A cluster whose first extra line is line 3 of the file."""
    return "\n".join(["<CFCluster c>", NODE, *lines, "</CFCluster>"])


def protect(what, *lines):
    """A protected area whose first inner line is line 2 of the file."""
    return "\n".join([f"<CFClusterProtect {what}>", *lines, "</CFClusterProtect>"])


SECTIONS = [
    # label, line, configuration, what is said
    ("a cluster without a name", 1, f"<CFCluster>\n{NODE}\n</CFCluster>",
     ['<CFCluster>: "" is not a name; write one word of 1 to 63', "<CFCluster confluence>"]),
    ("a cluster with two names", 1, f"<CFCluster a b>\n{NODE}\n</CFCluster>",
     ['<CFCluster>: "a b" is not a name; write one word']),
    ("a cluster's name with a slash", 1, f"<CFCluster a/b>\n{NODE}\n</CFCluster>",
     ['<CFCluster>: "a/b" is not a name', "A-Z a-z 0-9 . _ -"]),
    ("a cluster's name that is too long", 1, f"<CFCluster {'n' * 64}>\n{NODE}\n</CFCluster>",
     [f'"{"n" * 64}" is not a name; write one word of 1 to 63']),
    ("a section's line without its end", 1, f"<CFCluster a\n{NODE}\n</CFCluster>",
     ["<CFCluster: the line must end with '>'; for example <CFCluster confluence>"]),
    ("a section that is not closed", 1, f"<CFCluster a>\n{NODE}\n", ["<CFCluster> was not closed"]),
    ("a cluster without a node", 2, "\n<CFCluster a>\n</CFCluster>",
     ["<CFCluster a>: has no CFNode; add one for each node", "CFNode node1 http://10.0.0.11:8090"]),
    ("a cluster twice", 4, within() + "\n" + within(),
     ["<CFCluster c>: already defined at ", "test.conf:1; clusters are shared"]),
    ("a cluster in a virtual host", 2, f"<VirtualHost *:1>\n{within()}\n</VirtualHost>",
     ["<CFCluster", "VirtualHost"]),
    ("a cluster in a Location", 2, f"<Location />\n{within()}\n</Location>",
     ["<CFCluster", "not allowed"]),
    ("a cluster in a cluster", 3, within(within(SECOND)),
     ["<CFCluster>: <CFCluster> cannot stand inside; move it out of the section"]),
    ("another's directive in a cluster", 3, within("ProxyPass / http://127.0.0.1:1/"),
     ["<CFCluster>: ProxyPass cannot stand inside; move it out of the section"]),
    ("a pass in a cluster", 3, within("CFClusterPass / c"),
     ["<CFCluster>: CFClusterPass cannot stand inside; move it out of the section"]),
    ("the state directory twice", 1, "CFClusterStateDir /tmp",
     ["CFClusterStateDir: given twice; all clusters share one directory, keep one line"]),
    ("the state directory without a directory", 1, "CFClusterStateDir",
     ["CFClusterStateDir takes one argument", "CFClusterStateDir DIRECTORY"]),
    ("the state directory in a virtual host", 2,
     "<VirtualHost *:1>\nCFClusterStateDir /tmp\n</VirtualHost>",
     ["CFClusterStateDir", "VirtualHost"]),
    ("a notification without a program", 1, "CFNotify", ["CFNotify: a program has to follow"]),
    ("a notification by a relative program", 1, "CFNotify bin/true",
     ['CFNotify: "bin/true" is not an absolute path']),
    ("a notification by what is not there", 1, "CFNotify /nonexistent/x",
     ["CFNotify: /nonexistent/x cannot be run: No such file or directory"]),
    ("a notification by a directory", 1, "CFNotify /tmp",
     ["CFNotify: /tmp cannot be run: it is not a file"]),
    ("a notification by what may not be run", 1, "CFNotify /etc/passwd",
     ["CFNotify: /etc/passwd cannot be run: Permission denied; it has to be a program"]),
    ("a notification of what does not exist", 1, "CFNotify /bin/true x events=admin,nodes",
     ['CFNotify: events=admin,nodes: "nodes" is not a kind of event']),
    ("a notification of notifications", 1, "CFNotify /bin/true events=notify",
     ['CFNotify: events=notify: "notify" is told to no program']),
    ("a notification of nothing", 1, "CFNotify /bin/true events=,",
     ["CFNotify: events=,: ", "no kind of event; write for example"]),
    ("a notification's events twice", 1, "CFNotify /bin/true events=admin events=health",
     ["CFNotify: events= is given twice"]),
    ("a notification's time without a unit", 1, "CFNotify /bin/true timeout=5",
     ["CFNotify: timeout=5 is not a duration"]),
    ("five notifications", 5, "CFNotify /bin/true\n" * 5,
     ["CFNotify /bin/true: there are 4 lines already"]),
    ("a notification in a virtual host", 2,
     "<VirtualHost *:1>\nCFNotify /bin/true\n</VirtualHost>", ["CFNotify", "VirtualHost"]),
]

NODES = [
    ("a node with nothing", 3, within("CFNode"),
     ["CFNode: write a name and an address, for example CFNode node1 http://10.0.0.11:8090"]),
    ("a node without an address", 3, within("CFNode node2"), ["CFNode: write a name and an add"]),
    ("a node's name with a blank", 3, within('CFNode "node 2" http://127.0.0.1:2'),
     ['CFNode: "node 2" is not a name; write 1 to 63 of A-Z a-z 0-9 . _ -, for example node1']),
    ("a node without a scheme", 3, within("CFNode node2 10.0.0.12:8090"),
     ['CFNode node2: "10.0.0.12:8090" has no scheme; write http://10.0.0.12:8090, https://']),
    ("a node's scheme that is none", 3, within("CFNode node2 ftp://127.0.0.1:2"),
     ['"ftp://127.0.0.1:2": nodes are reached over http, https or ajp, not ftp']),
    ("a node without a host", 3, within("CFNode node2 http://:8090"),
     ['CFNode node2: "http://:8090" names no host; for example http://10.0.0.11:8090']),
    ("a node's port that is none", 3, within("CFNode node2 http://127.0.0.1:99999"),
     ['CFNode node2: "http://127.0.0.1:99999"']),
    ("a node's port zero", 3, within("CFNode node2 http://127.0.0.1:0"),
     ['port "0" is not a number from 1 to 65535']),
    ("a node with a password", 3, within("CFNode node2 http://me:secret@127.0.0.1:2"),
     ["CFNode node2", "write no user or password into a node's address"]),
    ("a node with a path", 3, within("CFNode node2 http://127.0.0.1:2/wiki"),
     ["CFNode node2", "has a path; write http://127.0.0.1:2 only", "CFClusterPass"]),
    ("a node with a query", 3, within("CFNode node2 http://127.0.0.1:2?x"),
     ["CFNode node2", "has a path; write http://127.0.0.1:2 only"]),
    ("a node's name twice", 3, within("CFNode node1 http://127.0.0.1:2"),
     ["CFNode node1: already defined at ", "test.conf:2; names are unique in a cluster"]),
    ("a node's address twice", 3, within("CFNode node2 http://127.0.0.1:1"),
     ["CFNode node2: http://127.0.0.1:1 already belongs to node1 (", "test.conf:2)"]),
    ("a node's address twice, once with the default port", 4,
     within("CFNode node2 http://127.0.0.1", "CFNode node3 http://127.0.0.1:80"),
     ["CFNode node3: http://127.0.0.1:80 already belongs to node2 (", "test.conf:3)"]),
    ("weight of nothing", 3, within(f"{SECOND} weight=0"),
     ["CFNode node2: weight=0 is out of range; allowed is 1 to 100, for example weight=2"]),
    ("weight of too much", 3, within(f"{SECOND} weight=101"), ["weight=101 is out of range"]),
    ("weight of a word", 3, within(f"{SECOND} weight=heavy"),
     ["CFNode node2: weight=heavy is not a whole number; write 1 to 100, for example weight=2"]),
    ("weight below zero", 3, within(f"{SECOND} weight=-1"), ["weight=-1 is not a whole number"]),
    ("weight left empty", 3, within(f"{SECOND} weight="), ["weight= is not a whole number"]),
    ("weight too long for a number", 3, within(f"{SECOND} weight=99999999999999999999"),
     ["weight=99999999999999999999 is not a whole number"]),
    ("weight twice", 3, within(f"{SECOND} weight=1 weight=2"),
     ["CFNode node2: weight= is given twice; keep one of them"]),
    ("an option misspelt", 3, within(f"{SECOND} wieght=2"),
     ['CFNode node2: "wieght" is not an option; did you mean weight? Known: weight, max, tier, route']),
    ("an option without a value", 3, within(f"{SECOND} drain"),
     ['CFNode node2: "drain" is not of the form option=value; known: weight']),
    ("route left empty", 3, within(f"{SECOND} route="),
     ["CFNode node2: route= has no value; for example route=node1"]),
    ("route twice in a cluster", 3, within(f"{SECOND} route=node1"),
     ["CFNode node2: route=node1 already belongs to node1 (", "test.conf:2); give each node its",
      "jvmRoute"]),
    ("secret of a node without AJP", 3, within(f"{SECOND} secret=x"),
     ["CFNode node2: secret= is for ajp:// nodes; remove it"]),
    ("secret left empty", 3, within("CFNode node2 ajp://127.0.0.1:2 secret="),
     ["CFNode node2: secret= has no value"]),
    ("state that is none", 3, within(f"{SECOND} state=paused"),
     ["CFNode node2: state=paused is not known; known: active, drain, stop"]),
    ("state misspelt", 3, within(f"{SECOND} state=drian"), ["did you mean drain?"]),
]

SETTINGS = [
    ("stickiness to nothing", 3, within("CFSticky"),
     ["CFSticky: write cookie=NAME for a cookie of the balancer's own, session=NAME"]),
    ("stickiness by a cookie without a name", 3, within("CFSticky cookie="),
     ["CFSticky: cookie= has no value; for example cookie=CFROUTE"]),
    ("stickiness by a cookie that cannot be", 3, within('CFSticky "cookie=my cookie"'),
     ['CFSticky: "my cookie" cannot be a cookie\'s name']),
    ("stickiness by a session without a name", 3, within("CFSticky session="),
     ["CFSticky: session= has no value; for example session=JSESSIONID"]),
    ("stickiness by a session that cannot be", 3, within("CFSticky session=a;b"),
     ['CFSticky: "a;b" cannot be a cookie\'s name']),
    ("samesite that is none", 3, within("CFSticky cookie=R samesite=no"),
     ["CFSticky: samesite=no is not known; did you mean none? Known: lax, strict, none"]),
    ("a cookie's path that is none", 3, within("CFSticky cookie=R path=wiki"),
     ["CFSticky: path=wiki is not a cookie's path; write it beginning with /"]),
    ("a cookie's path without a cookie", 3, within("CFSticky session=S path=/wiki"),
     ["CFSticky: path= is for a cookie of the balancer's own", "add cookie=NAME"]),
    ("a cookie's domain with a dot before it", 3, within("CFSticky cookie=R domain=.example.com"),
     ["CFSticky: domain=.example.com is not a domain", "for example domain=example.com"]),
    ("a cookie's lifetime without a unit", 3, within("CFSticky cookie=R lifetime=3600"),
     ["CFSticky: lifetime=3600 is not a duration; write 1m to 365d with its unit, for example "
      "lifetime=8h"]),
    ("a cookie's lifetime of seconds", 3, within("CFSticky cookie=R lifetime=30s"),
     ["CFSticky: lifetime=30s is out of range; allowed is 1m to 365d, for example lifetime=8h"]),
    ("secure that is none", 3, within("CFSticky cookie=R secure=on"),
     ["CFSticky: secure=on is not known; known: auto, always"]),
    ("strict that is none", 3, within("CFSticky cookie=R strict=yes"),
     ["CFSticky: strict=yes is not known; known: off, on"]),
    ("stickiness with an option misspelt", 3, within("CFSticky coookie=R"),
     ['CFSticky: "coookie" is not an option; did you mean cookie? Known: cookie, session']),
    ("a method that is none", 3, within("CFBalance fastest"),
     ['CFBalance: "fastest" is not a method; known: least-busy, round-robin, '
      'random-two, latency, sessions']),
    ("a method misspelt", 3, within("CFBalance least-bussy"),
     ['CFBalance: "least-bussy" is not a method; did you mean least-busy?']),
    ("a method left out", 3, within("CFBalance"), ["CFBalance takes one argument"]),
    ("a profile that is none", 2, f"<CFCluster c>\nCFProfile wiki\n{NODE}\n</CFCluster>",
     ['CFProfile: "wiki" is not a profile; known: confluence']),
    ("a profile misspelt", 2, f"<CFCluster c>\nCFProfile confluense\n{NODE}\n</CFCluster>",
     ["did you mean confluence?"]),
    ("a profile that would undo lines before it", 3, within("CFProfile confluence"),
     ["CFProfile: write it first in the section; the lines after it override what it sets"]),
    ("a node's max that is none", 3, within("CFNode node2 http://127.0.0.1:2 max=many"),
     ["CFNode node2: max=many is not a whole number; write 0 to 100000, for example max=150"]),
    ("a queue without its unit", 3, within("CFQueue timeout=5"),
     ["CFQueue: timeout=5 is not a duration; write 100ms to 10m with its unit"]),
    ("a queue that is too deep", 3, within("CFQueue depth=513"),
     ["CFQueue: depth=513 is out of range; allowed is 0 to 512, for example depth=200"]),
    ("statuses that are none", 3, within("CFRetry on-status=5xx"),
     ["CFRetry: on-status=5xx is not a list of statuses; write some of 400 to 599 with commas, or "
      "none, for example on-status=502,503"]),
    ("an ejection longer than the longest", 3, within("CFEject time=1m max=30s"),
     ["CFEject: max=30s is shorter than time=1m"]),
    ("failures that are none", 3, within("CFEject failures=no"),
     ["CFEject: failures=no is not a whole number; write 0 to 100, for example failures=3"]),
    ("no attempts", 3, within("CFRetry attempts=0"),
     ["CFRetry: attempts=0 is out of range; allowed is 1 to 10, for example attempts=3"]),
    ("a budget without its unit", 3, within("CFRetry budget=10"),
     ["CFRetry: budget=10 is not a duration; write 0ms to 10m with its unit"]),
    ("a budget that is too long", 3, within("CFRetry budget=1h"),
     ["CFRetry: budget=1h is out of range; allowed is 0ms to 10m, for example budget=10s"]),
    ("a body that is too small", 3, within("CFRetry body=1K"),
     ["CFRetry: body=1K is out of range; allowed is 16K to 16M, for example body=256K"]),
    ("a body in another notation", 3, within("CFRetry body=1MB"),
     ["CFRetry: body=1MB is not a size; write 16K to 16M, for example body=256K"]),
    ("a retry's option that is none", 3, within("CFRetry tries=3"),
     ['CFRetry: "tries" is not an option; known: attempts, budget, body']),
    ("a time to connect that is too short", 3, within("CFTimeout connect=10ms"),
     ["CFTimeout: connect=10ms is out of range; allowed is 100ms to 1m, for example connect=2s"]),
    ("a time to answer that is too long", 3, within("CFTimeout answer=2h"),
     ["CFTimeout: answer=2h is out of range; allowed is 1s to 1h, for example answer=5m"]),
    ("a timeout's option that is none", 3, within("CFTimeout anwser=5m"),
     ['CFTimeout: "anwser" is not an option; did you mean answer? Known: connect, answer, '
      'tunnel-end']),
    ("tunnels without a unit", 3, within("CFTimeout tunnel-end=30"),
     ["CFTimeout: tunnel-end=30 is not a duration; write 0ms to 1h with its unit, for example "
      "tunnel-end=30s"]),
    ("tunnels for too long", 3, within("CFTimeout tunnel-end=2h"),
     ["CFTimeout: tunnel-end=2h is out of range; allowed is 0ms to 1h, for example tunnel-end=30s"]),
    ("telling that is neither on nor off", 3, within("CFTell yes"),
     ["CFTell: yes is not known; known: off, on"]),
    ("a maintenance page without a file", 3, within("CFMaintenancePage"),
     ["CFMaintenancePage takes one argument", "CFMaintenancePage FILE"]),
    ("a maintenance page that is not there", 3, within("CFMaintenancePage /none/page.html"),
     ["CFMaintenancePage", "/none/page.html"]),
    ("a maintenance page that is a directory", 3, within("CFMaintenancePage /tmp"),
     ["CFMaintenancePage", "/tmp"]),
    ("a maintenance page that is empty", 3, within("CFMaintenancePage /dev/null"),
     ["CFMaintenancePage", "/dev/null"]),
    ("an outage page without a file", 3, within("CFOutagePage"),
     ["CFOutagePage takes one argument", "CFOutagePage FILE"]),
    ("an outage page that is not there", 3, within("CFOutagePage /none/page.html"),
     ["CFOutagePage: /none/page.html cannot be used: No such file or directory"]),
    ("no failed login at all", 3, within("CFLogins limit=0"),
     ["CFLogins: limit=0 is out of range; allowed is 1 to 10000, for example limit=10"]),
    ("a limit of too many failed logins", 3, within("CFLogins limit=10001"),
     ["CFLogins: limit=10001 is out of range"]),
    ("a window without its unit", 3, within("CFLogins window=10"),
     ["CFLogins: window=10 is not a duration; write 1m to 1d with its unit, for example window="]),
    ("a window that is too short", 3, within("CFLogins window=59s"),
     ["CFLogins: window=59s is out of range; allowed is 1m to 1d"]),
    ("an answer to failed logins that is none", 3, within("CFLogins answer=refuse"),
     ["CFLogins: answer=refuse is not known; known: log, 429"]),
    ("a login's header that is neither", 3, within("CFLogins header=drop"),
     ["CFLogins: header=drop is not known; known: pass, hide"]),
    ("a node secret without a file", 3, within("CFNodeSecret"),
     ["CFNodeSecret takes one argument", "CFNodeSecret FILE"]),
    ("a node secret that is not there", 3, within("CFNodeSecret /none/secret"),
     ["CFNodeSecret: /none/secret cannot be used: No such file or directory"]),
    ("a node secret that everybody can read", 3, within("CFNodeSecret /etc/passwd"),
     ["CFNodeSecret: /etc/passwd cannot be used: everybody may read or write it; take that away"]),
    ("testers without an address", 3, within("CFTesters"), ["CFTesters requires at least one arg"]),
    ("a tester's address that is none", 3, within("CFTesters 10.0.0.256"),
     ["CFTesters", "10.0.0.256"]),
    ("the second tester's mask that is none", 3, within("CFTesters 10.0.0.1 10.0.0.0/33"),
     ["CFTesters", "10.0.0.0/33"]),
]

PROBES = [
    ("a probe of no kind", 3, within("CFProbe"),
     ['CFProbe: "" is not a kind of probe', "tcp, http, ajp"]),
    ("a probe of another kind", 3, within("CFProbe ping"),
     ['CFProbe: "ping" is not a kind of probe; known: tcp, http, ajp']),
    ("an http probe without a path", 3, within("CFProbe http"),
     ["CFProbe http: write the path to ask for, beginning with /"]),
    ("an http probe with an option for a path", 3, within("CFProbe http interval=1s"),
     ['beginning with /, not "interval=1s"; for example CFProbe http /status']),
    ("expect that is none", 3, within("CFProbe http /status expect=crowd"),
     ["CFProbe: expect=crowd is not known; known: status, confluence, jira, bitbucket"]),
    ("interval without its unit", 3, within("CFProbe tcp interval=2"),
     ["CFProbe: interval=2 is not a duration; write 100ms to 1h with its unit, for example "
      "interval=1s"]),
    ("interval in a unit that is none", 3, within("CFProbe tcp interval=2x"),
     ["CFProbe: interval=2x is not a duration"]),
    ("interval that is too short", 3, within("CFProbe tcp interval=50ms"),
     ["CFProbe: interval=50ms is out of range; allowed is 100ms to 1h"]),
    ("timeout that is too long", 3, within("CFProbe tcp timeout=2m"),
     ["CFProbe: timeout=2m is out of range; allowed is 50ms to 1m, for example timeout=800ms"]),
    ("rise of nothing", 3, within("CFProbe tcp rise=0"),
     ["CFProbe: rise=0 is out of range; allowed is 1 to 100, for example rise=2"]),
    ("fall of too much", 3, within("CFProbe tcp fall=101"), ["CFProbe: fall=101 is out of range"]),
    ("host left empty", 3, within("CFProbe http / host="), ["CFProbe: host= has no value"]),
    ("port that is none", 3, within("CFProbe tcp port=65536"),
     ["CFProbe: port=65536 is out of range; allowed is 1 to 65535, for example port=8090"]),
    ("an expectation of a tcp probe", 3, within("CFProbe tcp expect=confluence"),
     ["CFProbe tcp: expect= is for http probes; remove it, or write CFProbe http /PATH"]),
    *((f"{name} of an ajp probe", 3, within(f'CFProbe ajp "{name}={value}"'),
       [f"CFProbe ajp: {name}= is for http probes"])
      for name, value in (("status", "200"), ("body", "x"), ("json", "a=b"), ("method", "HEAD"),
                          ("host", "wiki"), ("header", "X: y"), ("ca", "/x"),
                          ("weight-key", "w"))),
    ("a path with a blank", 3, within('CFProbe http "/a b"'), ['CFProbe http: "/a b" has a blank']),
    ("a fast interval that is slow", 3, within("CFProbe tcp interval=1s fast-interval=1001ms"),
     ["CFProbe: fast-interval=1001ms is longer than interval=1s"]),
    ("a probe named as another one", 4, within("CFProbe tcp name=a", "CFProbe tcp name=a"),
     ["CFProbe: name=a is taken"]),
    ("a probe named as the first one", 3, within("CFProbe tcp name=main"),
     ['CFProbe: name=main is taken; "main" is the probe of the line without name=']),
    ("a probe with a name that is none", 3, within("CFProbe tcp name=a/b"),
     ["CFProbe: name=a/b is not a name"]),
    ("a seventh probe", 8, within(*(f"CFProbe tcp name={n}" for n in "abcdef")),
     ["CFProbe: name=f is one too many; a cluster has at most 6 probes"]),
    ("status of a Confluence", 3, within("CFProbe http / expect=confluence status=200"),
     ["expect= names an application, which says itself how it is; remove status="]),
    ("status that is none", 3, within("CFProbe http / status=99"),
     ["CFProbe: status=99 is not a list of statuses; write some of 100 to 599 with commas"]),
    ("a body of HEAD", 3, within("CFProbe http / method=HEAD body=x"),
     ["the answer to method=HEAD has no body for body= to look at"]),
    ("a Confluence asked by HEAD", 3, within("CFProbe http / method=HEAD expect=confluence"),
     ["the answer to method=HEAD has no body for expect="]),
    ("json without a value", 3, within("CFProbe http / json=state"),
     ["CFProbe http: json=state is not of the form KEY=VALUE"]),
    ("json without a key", 3, within("CFProbe http / json==x"),
     ["CFProbe http: json==x is not of the form KEY=VALUE"]),
    ("host with a path", 3, within("CFProbe http / host=a/b"),
     ["CFProbe http: host=a/b is not a name with or without a port"]),
    ("host without its port", 3, within("CFProbe http / host=a:"),
     ["CFProbe http: host=a: is not a name"]),
    ("a header that is none", 3, within("CFProbe http / header=X"),
     ['CFProbe http: header=X is not a header; write "header=Name: value"']),
    ("Host as a header", 3, within('CFProbe http / "header=host: x"'),
     ["CFProbe http: write host=NAME instead of header=Host:"]),
    ("ca that is not there", 3, within("CFProbe http / ca=/no/such/file"),
     ["CFProbe http: ca=/no/such/file is not a file of certificates"]),
    ("ca that is a directory", 3, within("CFProbe http / ca=/etc"),
     ["CFProbe http: ca=/etc is not a file of certificates"]),
    ("ca that is something else", 3, within("CFProbe http / ca=/etc/passwd"),
     ["CFProbe http: ca=/etc/passwd is not a file of certificates"]),
    ("nothing but advice", 1, within("CFProbe tcp role=advisory"),
     ["<CFCluster c>: every CFProbe has role=advisory"]),
    ("two weights", 1, within("CFProbe http / weight-key=a", "CFProbe http / name=b weight-key=a"),
     ["<CFCluster c>: the probes main and b both have weight-key="]),
    ("an ajp probe of an http port", 2, within("CFProbe ajp"),
     ["CFNode node1: http://127.0.0.1:1 does not speak AJP; add port=N"]),
]

DEPENDENCIES = [
    ("a database with nothing", 3, within("CFDatabase"),
     ["CFDatabase: write a name and an address, for example CFDatabase master mysql://monitor@db1"]),
    ("a database's name with a slash", 3, within("CFDatabase a/b mysql://db1"),
     ['CFDatabase: "a/b" is not a name; write 1 to 63 of A-Z a-z 0-9 . _ -, for example CFDat']),
    ("a database without a scheme", 3, within("CFDatabase m db1:3306"),
     ['CFDatabase m: "db1:3306" is not an address; for example mysql://monitor@db1:3306/conf']),
    ("a database over another scheme", 3, within("CFDatabase m postgres://db1"),
     ["databases are reached over mysql, not postgres"]),
    ("a database without a host", 3, within("CFDatabase m mysql://:3306"),
     ['CFDatabase m: "mysql://:3306" names no host']),
    ("a database's port that is none", 3, within("CFDatabase m mysql://db1:0"),
     ['port "0" is not a number from 1 to 65535']),
    ("a database's host that is none", 3, within("CFDatabase m mysql://d!b"),
     ['"d!b" is not a host; write a name, an IPv4 address, or an IPv6 address in brackets']),
    ("a database's address with a query", 3, within('CFDatabase m "mysql://db1/x?y=z"'),
     ["has something after its path; write mysql://monitor@db1:3306/confluence at most"]),
    ("a database of two levels", 3, within("CFDatabase m mysql://db1/a/b"),
     ['"/a/b" is not the name of a database']),
    ("a password in a database's address", 3, within("CFDatabase m mysql://u:tellme@db1"),
     ["CFDatabase m: write no password into the address; put it into a file as password=..."]),
    ("a database twice", 4, within("CFDatabase m mysql://db1", "CFDatabase m mysql://db2"),
     ["CFDatabase m: already defined at ", "test.conf:3; names are unique among the databases"]),
    ("a directory with a database's name", 4,
     within("CFDatabase m mysql://db1", "CFDirectory m ldap://ad1"),
     ["CFDirectory m: already defined at "]),
    ("a replica of nobody", 3, within("CFDatabase r mysql://db2 of=m"),
     ["CFDatabase r: of=m names no CFDatabase above this line; write the line of its source fir"]),
    ("a replica of a directory", 4,
     within("CFDirectory m ldap://ad1", "CFDatabase r mysql://db2 of=m"),
     ["CFDatabase r: of=m names no CFDatabase above this line"]),
    ("a replica with an interval", 4,
     within("CFDatabase m mysql://db1", "CFDatabase r mysql://db2 of=m interval=7s"),
     ["CFDatabase r: interval= is that of its source, m, after which it is always looked at"]),
    ("the outage page at a replica", 4,
     within("CFDatabase m mysql://db1", "CFDatabase r mysql://db2 of=m outage-page=on"),
     ["CFDatabase r: outage-page=on is for a source, which nodes write to; write it at m"]),
    ("an outage page of a third kind", 3, within("CFDatabase m mysql://db1 outage-page=yes"),
     ["CFDatabase m: outage-page=yes is not known; ", "nown: off, on"]),
    ("an option file that is not there", 3, within("CFDatabase m mysql://db1 option-file=none"),
     ["CFDatabase m: option-file=", "/none: there is no such file"]),
    ("a directory as an option file", 3, within("CFDatabase m mysql://db1 option-file=/tmp"),
     ["CFDatabase m: option-file=/tmp: there is no such file"]),
    ("an authority without TLS", 3, within("CFDatabase m mysql://db1 ca=/etc/hostname"),
     ["CFDatabase m: ca= is without effect here; add tls=verify"]),
    ("tls that is none", 3, within("CFDatabase m mysql://db1 tls=verfy"),
     ["CFDatabase m: tls=verfy is not known; did you mean verify? Known: off, on, verify"]),
    ("an option that is none", 3, within("CFDatabase m mysql://db1 password=x"),
     ['CFDatabase m: "password" is not an option; known: of, option-file, tls']),
    ("too long a timeout", 3, within("CFDatabase m mysql://db1 timeout=2m"),
     ["CFDatabase m: timeout=2m is out of range; allowed is 500ms to 1m, for example timeout=3s"]),
    ("a directory with nothing", 3, within("CFDirectory"),
     ["CFDirectory: write a name and an address, for example CFDirectory ad ldaps://ad1.example"]),
    ("a directory over another scheme", 3, within("CFDirectory ad http://ad1"),
     ["directories are reached over ldap or ldaps, not http"]),
    ("a user in a directory's address", 3, within("CFDirectory ad ldaps://me@ad1"),
     ["CFDirectory ad: write no user into the address; put its DN and its password into a file"]),
    ("a base that is badly encoded", 3, within("CFDirectory ad ldaps://ad1/dc=%zz"),
     ['"/dc=%zz" is not a percent-encoded base DN']),
    ("a password in clear text", 3, within("CFDirectory ad ldap://ad1 credentials=/etc/hostname"),
     ["CFDirectory ad: credentials= over ldap:// would send the password in clear text; write"]),
    ("a directory's authority without TLS", 3, within("CFDirectory ad ldap://ad1 ca=/etc/hostname"),
     ["CFDirectory ad: ca= is without effect here; write ldaps:// for TLS"]),
    ("a database outside of a cluster", 1, "CFDatabase m mysql://db1",
     ["CFDatabase: only inside <CFCluster>"]),
    ("too many databases", 1,
     within(*(f"CFDatabase m{n} mysql://db{n}" for n in range(33))),
     ["<CFCluster c>: at most 32 databases and directories can be defined in all clusters"]),
]

PASSES = [
    ("a pass without a cluster", 1, 'CFClusterPass "/"',
     ["CFClusterPass takes two or three arguments", "CFClusterPass PATH CLUSTER|!"]),
    ("a pass with an option that is none", 4, within() + "\nCFClusterPass / c at=/wiki",
     ['CFClusterPass "/": at=/wiki is not known here; known: context=/PATH']),
    ("a context outside of what is passed", 4, within() + "\nCFClusterPass /wiki c context=/docs",
     ['CFClusterPass "/wiki": context=/docs has to be a path at or below that']),
    ("a context that only begins alike", 4, within() + "\nCFClusterPass /wiki c context=/wikis",
     ["context=/wikis has to be a path at or below that"]),
    ("a context that is no path", 4, within() + "\nCFClusterPass / c context=wiki",
     ['CFClusterPass "/": context=wiki has to be a path at or below that, such as context=/wiki']),
    ("a pass of what is no path", 4, within() + "\nCFClusterPass wiki c",
     ['CFClusterPass: "wiki" is not a path; write it as it is after decoding, beginning with /']),
    ("a pass of an encoded path", 4, within() + "\nCFClusterPass /a%20b c",
     ['CFClusterPass: "/a%20b" is not a path']),
    ("a pass of a path with a parameter", 4, within() + "\nCFClusterPass /a;b c",
     ['CFClusterPass: "/a;b" is not a path']),
    ("a path passed twice", 5, within() + "\nCFClusterPass /a c\nCFClusterPass /a/ c",
     ['CFClusterPass "/a/": already passed at ', "test.conf:4; keep one line for a path"]),
    ("a pass in a Location", 5, within() + "\n<Location />\nCFClusterPass / c\n</Location>",
     ["CFClusterPass", "not allowed"]),
    ("a pass to no cluster at all", 1, "CFClusterPass / c",
     ['CFClusterPass "/": there is no cluster "c"; define it with <CFCluster NAME>']),
    ("a pass to a cluster misspelt", 4, within() + "\nCFClusterPass /wiki d",
     ['CFClusterPass "/wiki": there is no cluster "d"; did you mean c? Known: c']),
    ("an AJP node probed over http", 3,
     within("CFNode node2 ajp://127.0.0.1:2", "CFProbe http /status"),
     ["CFNode node2: an ajp:// node cannot be probed over http at its AJP port; add port=N"]),
]

AREAS = [
    ("an area of nothing", 1, "<CFClusterProtect>\n</CFClusterProtect>",
     ["CFClusterProtect: does not say what it protects; write for example <CFCl"]),
    ("an area's line without its end", 1, "<CFClusterProtect admin-console\n</CFClusterProtect>",
     ['CFClusterProtect: the section\'s line does not end in ">"']),
    ("a preset that is none", 1, protect("wiki"),
     ['CFClusterProtect: "wiki" is not a preset; known: admin-console, remote-api, api-credentials, known-cves, ognl; own paths']),
    ("a preset misspelt", 1, protect("admin-consol"), ["did you mean admin-console?"]),
    ("a path without its word", 1, protect("/x"),
     ["CFClusterProtect: /x is a path; write the word path before it: path /x"]),
    ("the word without a path", 1, protect("path"),
     ['CFClusterProtect: "path" is followed by no path']),
    ("an own path that is none", 1, protect("path x"),
     ['CFClusterProtect: path "x" does not start with /']),
    ("an own path with a pattern", 1, protect("path /x/*"),
     ['CFClusterProtect: path "/x/*" has one of % ; ? # * or a backslash; write the plain']),
    ("an own path with dots", 1, protect("path /x/../y"),
     ['CFClusterProtect: path "/x/../y" has an empty or a dot segment']),
    ("an area in a Location", 2, f"<Location />\n{protect('path /x')}\n</Location>",
     ["<CFClusterProtect", "not allowed"]),
    ("the old access control in an area", 2, protect("path /x", "Order deny,allow"),
     ["CFClusterProtect: order is of the old access control", "write Require lines only"]),
    ("Satisfy in an area", 3, protect("path /x", "Require all denied", "Satisfy Any"),
     ["CFClusterProtect: Satisfy is of the old access control"]),
    ("AuthMerging in an area", 2, protect("path /x", "AuthMerging Or"),
     ["CFClusterProtect: AuthMerging has no place here"]),
    ("Limit in an area", 2, protect("path /x", "<Limit GET>", "Require all denied", "</Limit>"),
     ["CFClusterProtect: <Limit> cannot stand here", "<RequireAll>"]),
    ("a Require that httpd does not know", 3, protect("path /x", "", "Require ipp 10.0.0.1"),
     ["Unknown Authz provider: ipp"]),
    ("two logins for one path", 6,
     protect("path /x", "AuthType Basic", "AuthName a", "Require valid-user")
     + "\n" + protect("path /x/y", "AuthType Basic", "AuthName b", "Require valid-user"),
     ["CFC0202: CFClusterProtect path /x/y", "shares paths with CFClusterProtect path /x (",
      "test.conf:1), which has another login", "write the same AuthType lines in both"]),
]

ROWS = SECTIONS + NODES + SETTINGS + PROBES + DEPENDENCIES + PASSES + AREAS

# Lines that only make sense in a cluster, each as it stands outside of one.
INSIDE = ["CFProfile confluence", NODE, "CFSticky cookie=R", "CFBalance least-busy", "CFProbe tcp",
          "CFRetry attempts=2", "CFTimeout connect=1s", "CFMaintenancePage /tmp/x",
          "CFOutagePage /tmp/x",
          "CFTesters 10.0.0.1", "CFNodeSecret /etc/cfcluster/node-secret",
          "CFLogins limit=10"]


def configtest(httpd, text):
    """httpd -t with text as lines 1 to n of test.conf."""
    (httpd.root / "test.conf").write_text(text + "\n")
    httpd.add("Include test.conf")
    return httpd.configtest()


def said_at(httpd, number, output):
    """Whether the complaint is about this line of test.conf, in httpd's words or in ours."""
    file = httpd.root / "test.conf"
    return any(f in output for f in (f"line {number} of {file}:", f"({file}:{number})"))


@pytest.mark.parametrize("number, text, fragments", [row[1:] for row in ROWS],
                         ids=[row[0] for row in ROWS])
def test_broken_configuration_is_refused_with_help(new_httpd, number, text, fragments):
    httpd = new_httpd()
    code, output = configtest(httpd, text)
    assert code != 0
    assert [f for f in fragments if f not in output] == [], output
    assert said_at(httpd, number, output), output


@pytest.mark.parametrize("line", INSIDE, ids=[line.split()[0] for line in INSIDE])
def test_what_belongs_in_a_cluster_is_refused_outside(new_httpd, line):
    httpd = new_httpd()
    code, output = configtest(httpd, line)
    name = line.split()[0]
    assert code != 0 and said_at(httpd, 1, output)
    assert f"{name}: only inside <CFCluster>; move it between <CFCluster NAME>" in output


def test_a_maintenance_page_that_is_too_large_is_refused(new_httpd):
    httpd = new_httpd()
    (httpd.root / "page.html").write_bytes(b"x" * (1024 * 1024 + 1))
    code, output = configtest(httpd, within(f"CFMaintenancePage {httpd.root}/page.html"))
    assert code != 0 and said_at(httpd, 3, output)
    assert "CFMaintenancePage" in output and "page.html" in output


@pytest.mark.parametrize("label, count, nodes_each", [("clusters", 17, 1), ("nodes", 2, 65)],
                         ids=["too many clusters", "too many nodes"])
def test_more_than_there_is_room_for_is_refused(new_httpd, label, count, nodes_each):
    clusters = [["<CFCluster c%d>" % c,
                 *(f"CFNode n{n} http://127.0.0.1:{n + 1}" for n in range(nodes_each)),
                 "</CFCluster>"] for c in range(count)]
    httpd = new_httpd()
    code, output = configtest(httpd, "\n".join(sum(clusters, [])))
    last = 1 + sum(len(cluster) for cluster in clusters[:-1])
    assert code != 0 and said_at(httpd, last, output)
    assert f"<CFCluster c{count - 1}>: at most" in output and f"{label} can be defined" in output


def test_all_contradictions_are_listed_in_one_run(new_httpd):
    httpd = new_httpd()
    code, output = configtest(httpd, within("CFNode node2 ajp://127.0.0.1:2", "CFProbe http /")
                              + "\nCFClusterPass /a d\nCFClusterPass /b dd\n"
                              + "\n".join(protect("path /x", "AuthType Basic", f"AuthName {name}",
                                                  "Require valid-user") for name in "ab"))
    assert code != 0
    assert [said_at(httpd, number, output) for number in (3, 6, 7, 13)] == [True] * 4, output


GOOD = [
    ("every option of a node",
     within("CFNode n2 https://127.0.0.1 weight=100 route=r.2 state=drain",
            "CFNode n3 ajp://[::1]:8009/ weight=1 secret=s state=stop", "CFProbe tcp")),
    ("an http probe's every option",
     within("CFProbe http /status?x=1 expect=confluence host=wiki port=8090 interval=100ms "
            "timeout=1m rise=1 fall=100")),
    ("every other option of a probe",
     within("CFProbe http /x name=x role=advisory status=200,599 body=OK json=a.b=c method=GET "
            '"header=A: b" "header=C: d" host=a:1 ca=/etc/ssl/certs/ca-certificates.crt '
            "cert-days=0 weight-key=w interval=2s fast-interval=100ms down-interval=1h",
            "CFProbe ajp name=y port=8009")),
    ("every other directive",
     within("CFSticky cookie=R session=JSESSIONID samesite=strict", "CFBalance round-robin",
            "CFProbe tcp port=1 interval=1h", "CFRetry attempts=1 budget=0s body=16M",
            "CFTimeout connect=100ms answer=1h", "CFTesters 10.0.0.1 10.0.0.0/8 ::1")),
    ("a later line overrides an earlier one",
     within("CFBalance round-robin", "CFBalance least-busy")),
    ("a quoted name", f'<CFCluster "c">\n{NODE}\n</CFCluster>'),
    ("passes and their exceptions in a virtual host",
     within() + '\nCFClusterPass / c\n<VirtualHost *:1>\nCFClusterPass /static !\n'
     'CFClusterPass "/with blank" c\n</VirtualHost>'),
    ("areas of all kinds",
     within() + "\n" + protect("admin-console remote-api path /x /y.action", "<RequireAny>",
                               "Require ip 10.0.0.1", "Require all denied", "</RequireAny>")),
    ("a cluster that nobody uses", within()),
    ("no cluster at all", ""),
]


@pytest.mark.parametrize("text", [row[1] for row in GOOD], ids=[row[0] for row in GOOD])
def test_good_configuration_passes(new_httpd, text):
    code, output = configtest(new_httpd(), text)
    assert (code, output.strip()) == (0, "Syntax OK")


def test_an_area_that_admits_nobody_is_pointed_out(new_httpd):
    code, output = configtest(new_httpd(), protect("path /x"))
    assert code == 0
    assert "CFC0201: CFClusterProtect path /x" in output and "has no Require, so it ref" in output


MISSING = [
    # scheme, without, what is said
    ("http", ["proxy", "proxy_http", "proxy_ajp"],
     "mod_cfcluster needs mod_proxy, loaded before it; write LoadModule proxy_module"),
    ("http", ["proxy_http"],
     "CFNode node1: needs mod_proxy_http; add LoadModule proxy_http_module"),
    ("ajp", ["proxy_ajp"], "CFNode node1: needs mod_proxy_ajp; add LoadModule proxy_ajp_module"),
    ("https", ["ssl", "http2"], "CFNode node1: needs mod_ssl; add LoadModule ssl_module"),
]


@pytest.mark.parametrize("scheme, without, fragment", MISSING,
                         ids=[f"without {row[1][0]}" for row in MISSING])
def test_a_module_of_httpd_that_is_missing_is_named(new_httpd, scheme, without, fragment):
    code, output = configtest(
        new_httpd(without=without),
        f"<CFCluster c>\nCFNode node1 {scheme}://127.0.0.1:1\nCFProbe tcp\n</CFCluster>")
    assert code != 0 and fragment in output


def test_loaded_before_mod_proxy_it_says_what_to_do(new_httpd):
    late = ["proxy", "proxy_http", "proxy_ajp"]
    httpd = new_httpd(without=late)     # so these come after our module
    code, output = configtest(httpd, "\n".join([*map(load, late), within()]))
    assert code != 0
    assert "mod_cfcluster needs mod_proxy, loaded before it; write LoadModule proxy_mod" in output


def test_without_a_cluster_it_needs_no_mod_proxy(new_httpd):
    httpd = new_httpd(without=["proxy", "proxy_http", "proxy_ajp"]).start()
    assert User(httpd.url).get("/index.html").status_code == 200


# DESIGN 2, "must be about this short"; addresses apart, as printed there and in the README.
SMALLEST = """\
LoadModule cfcluster_module modules/mod_cfcluster.so

<CFCluster confluence>
    CFProfile confluence
    CFNode node1 http://10.0.0.11:8090
    CFNode node2 http://10.0.0.12:8090
</CFCluster>

CFClusterPass "/" confluence

<Location "/cluster">
    SetHandler cfcluster-status
    Require ip 10.0.9.0/24
</Location>
"""


def test_the_readme_prints_the_smallest_configuration():
    indented = "".join(f"    {line}\n" if line else "\n" for line in SMALLEST.splitlines())
    readme = (places.TOP / "README.md").read_text()
    assert SMALLEST in readme or indented in readme


def test_the_smallest_configuration_works_as_printed(nodes, new_httpd):
    text = (SMALLEST.replace("modules/mod_cfcluster.so", str(places.module()))
            .replace("http://10.0.0.11:8090", nodes[0].url)
            .replace("http://10.0.0.12:8090", nodes[1].url)
            .replace("10.0.9.0/24", "127.0.0.1"))
    httpd = new_httpd(with_module=False)
    httpd.add(text + f"CFClusterStateDir {httpd.state_dir}").start()
    user = User(httpd.url)
    first, second = user.page(), user.page()
    assert (second["node"], second["session"]) == (first["node"], first["session"])
    assert (first["hits"], second["hits"]) == (1, 2)
    assert user.get("/cluster").status_code == 200
    user.get("/cluster?format=json")
    assert [n["name"] for n in user.last.json()["clusters"][0]["nodes"]] == ["node1", "node2"]


def test_a_refused_configuration_leaves_the_running_server_alone(new_cluster):
    cluster = new_cluster().start()
    user = cluster.new_user()
    before, processes = user.node, cluster.httpd.processes()
    good = list(cluster.httpd.pieces)
    code, _ = cluster.httpd.add("CFClusterPass /x nowhere").configtest()
    assert code != 0                            # and so apachectl graceful goes no further
    user.get("/page")
    assert (user.node, cluster.httpd.processes()) == (before, processes)
    cluster.httpd.pieces = good
    cluster.httpd.graceful()
    user.session.close()        # httpd closes idle connections then, and this client asks only once
    user.get("/page")
    assert user.node == before
