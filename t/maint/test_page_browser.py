# SPDX-License-Identifier: Apache-2.0
"""The status page in a real browser."""

import base64
import http.server
import json
import socketserver
import struct
import threading

import pytest
import requests

from equipment import ports
from equipment.proc import wait_for

pytestmark = pytest.mark.once

EVIL = "<img src=x onerror=alert(1)>\"'><script>alert(2)</script>"
EVIL_PATH = "/<img/src=x/onerror=alert(3)>"     # which has no blank

# An element's text has to stand out from what is behind it: WCAG 2, 1.4.3.
CONTRAST = """(() => {
    const parts = text => (text.match(/[\\d.]+/g) || []).map(Number);
    const light = rgb => rgb.slice(0, 3).map(c => c / 255)
        .map(c => c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
        .reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
    const behind = e => {
        for (; e; e = e.parentElement) {
            const c = parts(getComputedStyle(e).backgroundColor);
            if (c.length === 3 || c[3] === 1) return c;
        }
        return [255, 255, 255];
    };
    return [...document.querySelectorAll("body *")].filter(e => e.offsetParent &&
            [...e.childNodes].some(n => n.nodeType === Node.TEXT_NODE && n.data.trim()))
        .map(e => {
            const [a, b] = [parts(getComputedStyle(e).color), behind(e)].map(light);
            return [e.textContent.trim().slice(0, 40),
                    (Math.max(a, b) + .05) / (Math.min(a, b) + .05)];
        }).filter(([, ratio]) => ratio < 4.5);
})()"""


class Stranger(http.server.ThreadingHTTPServer):
    """Another origin: a node that says evil things of itself, and a page that gives orders."""

    daemon_threads = True

    class RequestHandlerClass(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            kind, body = self.server.answers(self.path)
            self.send_response(200, EVIL)
            self.send_header("Content-Type", kind)
            self.send_header("Server", EVIL)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    def __init__(self):
        super().__init__(("127.0.0.1", ports.free()), self.RequestHandlerClass)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.victim = None
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def answers(self, path):
        if path == "/status":
            return "application/json", json.dumps({"state": EVIL}).encode()
        return "text/html", f"""<!DOCTYPE html><title>stranger</title>
            <form id=form method=post action="{self.victim}" target=frame>
            <input name=cluster value=confluence><input name=node value=node1>
            <input name=action value=drain></form>
            <iframe name=frame></iframe><iframe src="{self.victim}"></iframe>""".encode()


class EvilDatabase(socketserver.BaseRequestHandler):
    """Greets with an error, in MySQL's protocol, which says evil things."""

    def handle(self):
        error = b"\xff" + struct.pack("<H", 1130) + EVIL.encode()
        self.request.sendall(struct.pack("<I", len(error)) + error)     # its number is 0


class EvilDirectory(socketserver.BaseRequestHandler):
    """Refuses whatever it is asked, in LDAP, with a word that says evil things."""

    def handle(self):
        while asked := self.request.recv(4096):
            number, answer = asked[4:5], {0x60: 0x61, 0x63: 0x65}.get(asked[5])
            if answer is None:
                break
            said = b"\x0a\x01\x31\x04\x00" + part(0x04, EVIL.encode())
            self.request.sendall(part(0x30, part(0x02, number) + part(answer, said)))


def part(tag, content):
    """Of a message of LDAP; shorter than 128 bytes."""
    return bytes([tag, len(content)]) + content


@pytest.fixture(scope="module")
def evil_ports():
    """Of the database and of the directory."""
    made = [socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler)
            for handler in (EvilDatabase, EvilDirectory)]
    for server in made:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
    yield [server.server_address[1] for server in made]
    for server in made:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def stranger():
    made = Stranger()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture(scope="module")
def kept(kept_cluster, stranger, evil_ports):
    database, directory = evil_ports
    cluster = kept_cluster(
        outside=f"<CFCluster strange>\nCFNode odd {stranger.url}\n"
                "CFProbe http /status expect=confluence interval=100ms\n"
                f"CFDatabase evil mysql://127.0.0.1:{database} interval=1s\n"
                f"CFDirectory evil-ad ldap://127.0.0.1:{directory} interval=1s\n</CFCluster>")
    users = cluster.httpd.root / "users"
    users.write_text("{}:{{SHA}}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n".format(EVIL))      # password
    cluster.httpd.add(f"""<Location /cluster/by-name>
        SetHandler cfcluster-status
        AuthType Basic
        AuthName cluster
        AuthUserFile {users}
        Require valid-user
        </Location>""")
    stranger.victim = cluster.httpd.url + "/cluster"
    return cluster.start()


@pytest.fixture
def cluster(kept):
    yield kept
    kept.open()
    for node in "node1", "node2":
        kept.activate(node)


@pytest.fixture
def status(cluster, new_page):
    """Opens the status page."""
    return lambda **more: new_page(**more).open(cluster.httpd.url + "/cluster")


def all_of(cluster):
    """The whole status, of all clusters."""
    return requests.get(cluster.httpd.url + "/cluster?format=json", timeout=10).json()


def reasons(cluster):
    """What the strange cluster's database and directory are at, and why."""
    return [one["reason"] or "" for one in all_of(cluster)["clusters"][1]["dependencies"]]


def admin(cluster, name):
    return cluster.node(name)["admin"]["state"]


def dialog_open(page):
    return page.wait("document.querySelector('dialog').open", "the dialog is open")


def test_it_keeps_itself_current_and_breaks_no_rule_of_its_own(cluster, status):
    page = status()
    cluster.drain("node2")
    page.wait("document.querySelector('#overview').innerText.includes('node2 is sticky-only')",
              "the page shows the drain")
    assert page.text("#c0n1 .word.care") == "sticky-only"
    cluster.activate("node2")
    page.wait("!document.querySelector('#overview').innerText.includes('node2')",
              "the page shows that it is over")
    assert page.complaints == []
    assert {url.split("/cluster")[0] for url in page.requests} == {cluster.httpd.url}


def test_an_update_disturbs_neither_focus_nor_what_is_open_or_typed(cluster, status):
    page = status()
    page.click("#c0n0-summary")
    page.ask("document.getElementById('c0n0-drain').focus()")
    cluster.activate("node2", reason="first")
    page.wait("document.querySelector('#c0n1').innerText.includes('first')", "an update")
    assert page.focused() == "c0n0-drain"
    assert page.ask("document.querySelector('#c0n0-summary').parentElement.open")
    page.press("Enter")
    dialog_open(page)
    page.type("a long reason")
    cluster.activate("node2", reason="second")
    page.wait("document.querySelector('#c0n1').innerText.includes('second')", "an update")
    assert page.focused() == "order-reason"
    page.type(", typed slowly")
    page.loading(lambda: page.press("Enter"))
    assert "somebody changed something" in page.text("div.answer")
    assert page.ask("document.getElementById('order-reason').value") \
        == "a long reason, typed slowly"
    page.loading(lambda: page.click("#order-do"))
    assert "node1 of cluster confluence is draining" in page.text("div.answer")
    assert cluster.node("node1")["admin"]["reason"] == "a long reason, typed slowly"


def test_everything_works_without_scripts(cluster, status):
    page = status(scripts=False)
    page.loading(lambda: page.click("#c0n0-stop"))
    assert page.text("h2") == "Stop node1"
    assert "node2 at the next click" in page.text("#order")
    page.click("#order-reason")
    page.type("no scripts here")
    page.loading(lambda: page.click("#order-do"))
    assert "node1 of cluster confluence is stopped" in page.text("div.answer")
    assert cluster.node("node1")["admin"]["reason"] == "no scripts here"
    page.loading(lambda: page.click("#c0n1-stop"))
    assert "all users see the outage page" in page.text("#order div.answer")
    page.click("#order-do")
    assert page.text("h2") == "Stop node2", "the box is not ticked: the browser sends nothing"
    page.loading(lambda: page.click("#order-leave"))
    page.loading(lambda: page.click("#c0-maintenance-on"))
    page.loading(lambda: page.click("#order-do"))
    assert "cluster confluence is in maintenance" in page.text("div.answer")
    assert admin(cluster, "node2") == "active"
    assert page.complaints == []


def test_the_keyboard_alone_will_do(cluster, status):
    page = status()
    for _ in range(30):
        page.press("Tab")
        assert page.ask("getComputedStyle(document.activeElement).outlineStyle") != "none"
        if page.focused() == "c0n0-drain":
            break
    page.press("Space")
    dialog_open(page)
    page.press("Escape")
    page.wait("!document.querySelector('dialog').open", "Escape leaves it")
    assert page.focused() == "c0n0-drain"
    page.press("Enter")
    dialog_open(page)
    assert page.focused() == "order-reason"
    page.type("by keyboard")
    page.press("Tab")
    page.type("2h")
    while page.focused() != "order-do":
        page.press("Tab")
        assert page.focused().startswith("order-"), "the focus stays in the dialog"
    page.loading(lambda: page.press("Space"))
    node = cluster.node("node1")["admin"]
    assert (node["state"], node["reason"]) == ("drain", "by keyboard")
    assert node["deadline"]


@pytest.mark.parametrize("width", [320, 360, 768, 1216, 1217, 1920])
def test_nothing_is_wider_than_the_window(cluster, status, width):
    cluster.drain("node1", reason="a-reason-that-has-no-blank-in-it-" * 8)
    cluster.close("another-text-without-a-single-blank-" * 8)
    page = status(width=width)
    wide = "document.documentElement.scrollWidth > innerWidth"
    assert not page.ask(wide)
    page.click("#c0n0-summary")
    page.click("#c0n0-drain")
    dialog_open(page)
    assert not page.ask(wide)
    assert page.ask("document.querySelector('dialog').getBoundingClientRect().right") <= width
    page.open(cluster.httpd.url + "/cluster?ask=drain&cluster=confluence&node=node1")
    assert not page.ask(wide)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_text_stands_out_from_its_ground(cluster, status, dark):
    cluster.drain("node1", reason="upgrade")
    page = status(dark=dark)
    page.screenshot("status-dark" if dark else "status")
    assert page.ask(CONTRAST) == []
    ground = page.ask("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, ground[4:-1].split(","))) < 150) == dark
    page.open(cluster.httpd.url + "/cluster?ask=stop&cluster=confluence&node=node2")
    page.screenshot("order-dark" if dark else "order")
    assert page.ask(CONTRAST) == []
    page.size(390, 844)
    page.open(cluster.httpd.url + "/cluster")
    page.screenshot("status-phone-dark" if dark else "status-phone")
    assert page.ask(CONTRAST) == []


def test_what_clients_nodes_and_people_say_stays_text(cluster, new_page):
    by_name = cluster.httpd.url + "/cluster/by-name"
    login = (EVIL, "password")
    for fields in {"action": "drain", "node": "node1", "reason": EVIL}, \
            {"action": "maintenance-on", "message": EVIL}, \
            {"action": "maintenance-on", "path": EVIL_PATH, "message": EVIL}, \
            {"action": "tester-link", "node": "node2", "until": "1h", "reason": EVIL}, \
            {"cluster": "strange", "action": "ack", "dependency": "evil", "until": "1h",
             "reason": EVIL}:
        done = requests.post(by_name, auth=login, timeout=10, headers={"X-CFCluster": "1"},
                             data={"cluster": "confluence", **fields})
        assert done.status_code == 200, done.text
    wait_for(lambda: all(EVIL[:4] in reason for reason in reasons(cluster)), "both were looked at")
    cluster.new_user().get("/page", headers={"User-Agent": EVIL})
    odd = wait_for(lambda: all_of(cluster)["clusters"][1]["nodes"][0]["probe"],
                   "the strange node was probed")
    page = new_page()
    page.call("Network.setExtraHTTPHeaders", headers={
        "Authorization": "Basic " + base64.b64encode(":".join(login).encode()).decode()})
    page.open(by_name)
    page.wait("document.body.innerText.includes('strange')", "it is there")
    assert EVIL in page.text("#c0n0"), "who and why"
    assert EVIL in page.text("#c0-maintenance")
    assert EVIL in page.text("#c0-testers"), "who and why"
    for said in odd["reason"], EVIL_PATH, *reasons(cluster):
        assert said in page.ask("document.body.textContent")
    assert page.ask("document.body.textContent").count(EVIL) >= 6
    for action in "ask=drain&node=node1", "ask=maintenance-on", f"ask={EVIL}&node={EVIL}":
        assert page.ask("document.querySelectorAll('img, script:not([src])').length") == 0
        page.open(f"{by_name}?{action}&cluster=confluence")
    assert page.ask("document.querySelectorAll('img, script:not([src])').length") == 0
    assert [c for c in page.complaints if "400" not in c] == []
    closed = new_page().open(cluster.httpd.url + "/page")
    assert closed.text(".message") == EVIL
    assert closed.ask("document.querySelectorAll('img, [src]').length") == 0
    assert [c for c in closed.complaints if "503" not in c] == []
    for host in EVIL, 'x"><img src=x>', "wiki.example.com":
        answer = requests.get(by_name, auth=login, headers={"Host": host}, timeout=10)
        assert "<img" not in answer.text and answer.status_code in (200, 400), host
    for fields in {"action": "maintenance-off", "path": EVIL_PATH}, \
            {"action": "tester-revoke", "tester": "all"}:
        assert cluster.change(**fields).status_code == 200


def test_another_site_can_neither_give_orders_nor_show_the_page(cluster, stranger, new_page):
    page = new_page().open(stranger.url)
    wait_for(lambda: page.ask("1") and [c for c in page.complaints if "frame-ancestors" in c],
             "the page is in nobody's frame")
    generation = all_of(cluster)["generation"]
    page.ask("document.getElementById('form').submit()")
    wait_for(lambda: page.ask("1") and [c for c in page.complaints if "403" in c],
             "the form is refused")
    sent = page.ask(f"""Promise.allSettled(["text/plain", "application/json",
        "application/x-www-form-urlencoded"].map(kind => fetch("{stranger.victim}", {{
            method: "POST", credentials: "include", headers: {{"Content-Type": kind,
                ...(kind === "application/json" ? {{"X-CFCluster": "1"}} : {{}})}},
            body: "cluster=confluence&node=node1&action=drain"}})))
        .then(all => all.map(one => one.status))""")
    assert sent == ["rejected"] * 3
    assert all_of(cluster)["generation"] == generation
    assert admin(cluster, "node1") == "active"
