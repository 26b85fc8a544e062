"""Drives headless Chromium over the pipe of its DevTools protocol; the standard library only."""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time


def find_chromium():
    """The browser's path, or None."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium")


class Chromium:
    """One browser with a fresh profile and no network. Use as a context manager."""

    def __init__(self, path):
        self.profile = tempfile.mkdtemp(prefix="tare-chromium-")
        to_read, self.to_write = os.pipe()
        self.from_read, from_write = os.pipe()
        os.set_inheritable(to_read, True)
        os.set_inheritable(from_write, True)
        # The protocol's pipes are descriptors 3 and 4 of the browser; a shell puts them there.
        self.process = subprocess.Popen(
            [
                "/bin/sh", "-c", f'exec "$@" 3<&{to_read} 4>&{from_write}', "sh",
                path, "--headless", "--no-sandbox", "--disable-gpu",
                "--disable-background-networking", "--disable-component-update",
                "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
                "--host-resolver-rules=MAP * ~NOTFOUND",
                f"--user-data-dir={self.profile}", "--remote-debugging-pipe", "about:blank",
            ],
            close_fds=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_read)
        os.close(from_write)
        self.buffer = b""
        self.last_id = 0
        self.events = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Asks the browser to end, and makes it."""
        try:
            self.call("Browser.close", timeout=10)
        except (OSError, RuntimeError, TimeoutError):
            pass
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.to_write)
        os.close(self.from_read)
        shutil.rmtree(self.profile, ignore_errors=True)

    def receive(self, deadline):
        """The next message of the browser."""
        while b"\0" not in self.buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.from_read], [], [], left)[0]:
                raise TimeoutError("the browser does not answer")
            data = os.read(self.from_read, 1 << 20)
            if not data:
                raise RuntimeError("the browser has ended")
            self.buffer += data
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, params=None, session=None, timeout=60):
        """Calls a method and returns its result; events that come in between are kept."""
        self.last_id += 1
        request = {"id": self.last_id, "method": method, "params": params or {}}
        if session:
            request["sessionId"] = session
        os.write(self.to_write, json.dumps(request).encode() + b"\0")
        deadline = time.monotonic() + timeout
        while True:
            message = self.receive(deadline)
            if message.get("id") == self.last_id:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']['message']}")
                return message["result"]
            if "method" in message:
                self.events.append(message)

    def page(self, **options):
        """A new page; see Page."""
        return Page(self, **options)


class Page:
    """One tab with a size, a colour scheme and scripts on or off."""

    def __init__(self, browser, width=1280, height=900, dark=False, scripts=True):
        self.browser = browser
        target = browser.call("Target.createTarget", {"url": "about:blank"})["targetId"]
        self.target = target
        self.session = browser.call(
            "Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})
        self.call("Emulation.setEmulatedMedia", {"features": [
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce"}]})
        if not scripts:
            self.call("Emulation.setScriptExecutionDisabled", {"value": True})

    def call(self, method, params=None, timeout=60):
        """A method of this page."""
        return self.browser.call(method, params, self.session, timeout)

    def open(self, path, fragment="", timeout=60):
        """Loads a file and waits for its load event; seconds from asking to then."""
        self.browser.events.clear()
        begin = time.monotonic()
        self.call("Page.navigate", {"url": f"file://{os.path.abspath(path)}{fragment}"})
        while not self.seen("Page.loadEventFired"):
            message = self.browser.receive(begin + timeout)
            if "method" in message:
                self.browser.events.append(message)
        return time.monotonic() - begin

    def seen(self, method):
        """The parameters of every event of that name since the page was opened."""
        return [event["params"] for event in self.browser.events
                if event["method"] == method and event.get("sessionId") == self.session]

    def run(self, expression):
        """The value of an expression; a promise is waited for."""
        answer = self.call("Runtime.evaluate", {
            "expression": expression, "returnByValue": True, "awaitPromise": True})
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"]["description"])
        return answer["result"].get("value")

    def complaints(self):
        """What the browser logged or threw: policy violations, script errors, failed loads."""
        texts = [entry["entry"]["text"] for entry in self.seen("Log.entryAdded")]
        texts += [thrown["exceptionDetails"]["text"]
                  for thrown in self.seen("Runtime.exceptionThrown")]
        return texts

    def requests(self):
        """Every address asked for apart from the page's own and data."""
        urls = [sent["request"]["url"] for sent in self.seen("Network.requestWillBeSent")]
        return [url for url in urls[1:] if not url.startswith("data:")]

    def close(self):
        """Closes the tab."""
        self.browser.call("Target.closeTarget", {"targetId": self.target})

    def picture(self, path, whole=False):
        """Writes a PNG of what is seen, or of the whole page."""
        answer = self.call("Page.captureScreenshot", {
            "format": "png", "captureBeyondViewport": whole})
        with open(path, "wb") as file:
            file.write(base64.b64decode(answer["data"]))

    def pdf(self, path):
        """Prints the page."""
        answer = self.call("Page.printToPDF", {"preferCSSPageSize": False}, timeout=120)
        with open(path, "wb") as file:
            file.write(base64.b64decode(answer["data"]))
