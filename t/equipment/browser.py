# SPDX-License-Identifier: Apache-2.0
"""A real browser, Debian's Chromium without a window, driven over its DevTools protocol. One
process for a test run (the fixture `browser`); each page has cookies and a cache of its own."""

import base64
import json
import shutil
import tempfile
from pathlib import Path

import websocket

from . import places, proc

_FLAGS = """--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run
    --disable-background-networking --disable-component-update --disable-sync --disable-extensions
    --disable-default-apps --hide-scrollbars --mute-audio --remote-debugging-port=0""".split()
_LOOPBACK_ONLY = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"

# What a keyboard sends: key, code of the key, virtual key code, the text it makes.
_KEYS = {
    "Tab": ("Tab", "Tab", 9, ""),
    "Enter": ("Enter", "Enter", 13, "\r"),
    "Space": (" ", "Space", 32, " "),
    "Escape": ("Escape", "Escape", 27, ""),
    "Down": ("ArrowDown", "ArrowDown", 40, ""),
    "Up": ("ArrowUp", "ArrowUp", 38, ""),
}


class Gone(Exception):
    """The document that was asked has just been replaced by another."""


class Browser:
    """page() opens one. Everything is asked from the thread that made it."""

    def __init__(self):
        self.base = Path(tempfile.mkdtemp(prefix="cfc-browser-"))
        self.proc = proc.Proc(["chromium", *_FLAGS, _LOOPBACK_ONLY,
                               f"--user-data-dir={self.base}/profile", "about:blank"],
                              self.base / "output", {"HOME": str(self.base)})
        port = self.base / "profile/DevToolsActivePort"
        lines = proc.wait_for(lambda: self._lines(port), "Chromium is ready", 60)
        self.socket = websocket.create_connection(f"ws://127.0.0.1:{lines[0]}{lines[1]}",
                                                  timeout=30, suppress_origin=True)
        self.number = 0
        self.pages = {}

    def _lines(self, path):
        if not self.proc.alive():
            raise AssertionError("Chromium has ended:\n" + self.proc.text())
        lines = path.read_text().split() if path.exists() else []
        return lines if len(lines) == 2 else None

    def page(self, width=1280, height=900, dark=False, scripts=True):
        """A page with a new profile. dark: the user prefers dark colours."""
        return Page(self, width, height, dark, scripts)

    def call(self, method, session=None, **params):
        """Send a command; returns its result. Events that come meanwhile go to their pages."""
        self.number += 1
        number = self.number
        self.socket.send(json.dumps({"id": number, "method": method, "params": params,
                                     **({"sessionId": session} if session else {})}))
        while True:
            message = json.loads(self.socket.recv())
            if message.get("id") == number:
                break
            self._deliver(message)
        if "error" in message:
            if "context" in message["error"]["message"] or "navigated" in str(message["error"]):
                raise Gone(message["error"]["message"])
            raise AssertionError(f"{method}: {message['error']}")
        return message["result"]

    def _deliver(self, message):
        page = self.pages.get(message.get("sessionId"))
        if page and "method" in message:
            page.happened(message["method"], message["params"])

    def remove(self):
        """End it, every process of it, and remove its files."""
        self.socket.close()
        family = proc.family(self.proc.pid)
        self.proc.stop()
        proc.wait_for(lambda: not set(family) & set(proc.family(self.proc.pid)),
                      "no process of Chromium is left")
        shutil.rmtree(self.base, ignore_errors=True)


class Page:
    """One tab. complaints: what went wrong in it (a policy broken, a script's error, a dialog);
    requests: every address it asked for."""

    def __init__(self, browser, width, height, dark, scripts):
        self.browser = browser
        self.complaints, self.requests = [], []
        self.loads = 0
        self.context = browser.call("Target.createBrowserContext")["browserContextId"]
        target = browser.call("Target.createTarget", url="about:blank",
                              browserContextId=self.context)["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=target,
                                    flatten=True)["sessionId"]
        browser.pages[self.session] = self
        for domain in "Page", "Runtime", "Log", "Network":
            self.call(f"{domain}.enable")
        self.call("Emulation.setFocusEmulationEnabled", enabled=True)
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.colours(dark)
        self.size(width, height)

    def call(self, method, **params):
        return self.browser.call(method, self.session, **params)

    def happened(self, method, params):
        """An event of the browser's."""
        if method == "Page.loadEventFired":
            self.loads += 1
        elif method == "Page.javascriptDialogOpening":
            self.complaints.append(f"dialog: {params['message']}")
            self.browser.number += 1
            self.browser.socket.send(json.dumps(
                {"id": self.browser.number, "sessionId": self.session,
                 "method": "Page.handleJavaScriptDialog", "params": {"accept": True}}))
        elif method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(f"script: {params['exceptionDetails'].get('text')}")
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.complaints.append(params["entry"]["text"])

    # as what it is seen

    def size(self, width, height=900):
        """Narrow ones are phones."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=width < 600)

    def colours(self, dark):
        self.call("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce"}])

    # what one does

    def open(self, url):
        """Go there, and wait until all of it is loaded."""
        return self.loading(lambda: self.call("Page.navigate", url=url))

    def loading(self, action):
        """Do what makes the browser load a page, and wait until it has."""
        loads = self.loads
        action()
        self.wait(lambda: self.ask("document.readyState") == "complete" and self.loads > loads,
                  "the page is loaded", 30)
        return self

    def ask(self, expression):
        """The value of an expression of the page's, also where scripts are switched off."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True,
                           awaitPromise=True)
        if "exceptionDetails" in result:
            raise AssertionError(f"{expression}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def wait(self, condition, what, seconds=15):
        """Until an expression of the page's, or a function of ours, is true; returns its value."""
        def holds():
            try:
                return condition() if callable(condition) else self.ask(condition)
            except Gone:
                return None
        return proc.wait_for(holds, what, seconds)

    def text(self, selector):
        """What a person reads there; of the first such element. None: there is none."""
        return self.ask(f"document.querySelector({json.dumps(selector)})?.innerText")

    def click(self, selector):
        """With the mouse, in the element's middle."""
        box = self.ask(f"""(() => {{
            const element = document.querySelector({json.dumps(selector)});
            if (!element) return null;
            element.scrollIntoView({{block: "center", behavior: "instant"}});
            const box = element.getBoundingClientRect();
            return [box.x + box.width / 2, box.y + box.height / 2];
        }})()""")
        assert box, f"there is no {selector} to click"
        for kind in "mousePressed", "mouseReleased":
            self.call("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left",
                      clickCount=1)

    def press(self, *keys):
        """Keys by name: Tab, Shift+Tab, Enter, Space, Escape, Down, Up."""
        for name in keys:
            shift, _, key = name.rpartition("+")
            word, code, number, text = _KEYS[key]
            event = {"key": word, "code": code, "windowsVirtualKeyCode": number,
                     "modifiers": 8 if shift else 0}
            self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown",
                      **event, **({"text": text} if text else {}))
            self.call("Input.dispatchKeyEvent", type="keyUp", **event)

    def type(self, text):
        """Into whatever has the focus."""
        self.call("Input.insertText", text=text)

    def focused(self):
        """The id of what has the focus."""
        return self.ask("document.activeElement.id")

    def screenshot(self, name):
        """All of the page, as build/screenshots/NAME.png; returns its path."""
        whole = self.call("Page.getLayoutMetrics")["cssContentSize"]
        png = self.call("Page.captureScreenshot", captureBeyondViewport=True,
                        clip={**whole, "scale": 1})["data"]
        path = places.TOP / f"build/screenshots/{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(png))
        return path

    def close(self):
        del self.browser.pages[self.session]
        self.browser.call("Target.disposeBrowserContext", browserContextId=self.context)
